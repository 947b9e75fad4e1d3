//! What `check` and the editor find, and what `--verbose` tells of each project.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::call::{Caller, Run};
use crate::claims::{About, Fact, Ledger, Source};
use crate::contract;
use crate::repository::{FOLDERS_BELOW, Place, Repository};

/// One finding, alike for all sources.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub rule: String,
    pub severity: &'static str,
    /// Line and column of both ends, 1-based.
    pub range: [u64; 4],
    /// Message and help.
    pub text: String,
}

/// Findings by path.
#[derive(Debug, Default)]
pub struct Findings(BTreeMap<String, Vec<Finding>>);

const SEVERITIES: [&str; 3] = ["error", "warning", "note"];

impl Findings {
    /// The findings of `check --format json`.
    pub fn of_check(report: &Json, caller: &Caller<'_>) -> Self {
        let mut found = Self::default();
        for one in report["findings"].as_array().into_iter().flatten() {
            let text = |key: &str| one[key].as_str().unwrap_or_default();
            let at = |end: &str, key: &str| one["range"][end][key].as_u64().unwrap_or_default();
            let help = if text("help").is_empty() { String::new() } else { format!("\nhelp: {}", text("help")) };
            found.0.entry(caller.relative(text("path"))).or_default().push(Finding {
                rule: text("rule").to_owned(),
                severity: SEVERITIES.into_iter().find(|known| *known == text("severity")).unwrap_or_default(),
                range: [at("start", "line"), at("start", "column"), at("end", "line"), at("end", "column")],
                text: caller.with_relative_paths(&format!("{}{help}", text("message"))),
            });
        }
        found
    }

    /// The diagnostics of an editor. All texts here are ASCII, so that columns are the same in any count.
    pub fn of_editor(diagnostics: &BTreeMap<String, Vec<Json>>, caller: &Caller<'_>) -> Self {
        let mut found = Self::default();
        for (path, diagnostics) in diagnostics {
            for one in diagnostics {
                let at = |end: &str, key: &str| one["range"][end][key].as_u64().unwrap_or_default() + 1;
                let severity = one["severity"].as_u64().and_then(|number| SEVERITIES.get(number as usize - 1));
                found.0.entry(path.clone()).or_default().push(Finding {
                    rule: one["code"].as_str().unwrap_or_default().to_owned(),
                    severity: severity.copied().unwrap_or_default(),
                    range: [at("start", "line"), at("start", "character"), at("end", "line"), at("end", "character")],
                    text: caller.with_relative_paths(one["message"].as_str().unwrap_or_default()),
                });
            }
        }
        found
    }

    fn at(&self, path: &str) -> &[Finding] {
        self.0.get(path).map_or(&[], Vec::as_slice)
    }

    /// The findings about a file, a text each.
    pub fn of(&self, path: &str) -> BTreeSet<String> {
        let one = |finding: &Finding| {
            let [line, column, end, end_column] = finding.range;
            let text = finding.text.replace('\n', " / ");
            format!("{line}:{column}-{end}:{end_column} {}[{}] {text}", finding.severity, finding.rule)
        };
        self.at(path).iter().map(one).collect()
    }

    /// Whether a rule found something in a file.
    pub fn has(&self, path: &str, rule: &str) -> bool {
        self.at(path).iter().any(|finding| finding.rule == rule)
    }

    /// The rules that found something in a line, 1-based.
    pub fn rules_at(&self, path: &str, line: usize) -> BTreeSet<&str> {
        let here = self.at(path).iter().filter(|finding| finding.range[0] == line as u64);
        here.map(|finding| finding.rule.as_str()).collect()
    }

    /// What a rule says of a line, 1-based.
    pub fn texts_at(&self, path: &str, line: usize, rule: &str) -> Vec<&str> {
        let here = self.at(path).iter().filter(|finding| finding.range[0] == line as u64 && finding.rule == rule);
        here.map(|finding| finding.text.as_str()).collect()
    }

    /// How often one and the same finding is told.
    pub fn most(&self) -> usize {
        let mut counts: BTreeMap<(&str, &Finding), usize> = BTreeMap::new();
        for (path, findings) in &self.0 {
            findings.iter().for_each(|finding| *counts.entry((path, finding)).or_default() += 1);
        }
        counts.into_values().max().unwrap_or_default()
    }

    /// What the findings about an agent's file say of it: a rule that refuses the whole file names the step that does.
    pub fn verdict(&self, path: &str) -> Vec<Fact> {
        let is_error = |rules: &[&str]| {
            self.at(path).iter().any(|finding| finding.severity == "error" && rules.contains(&finding.rule.as_str()))
        };
        match () {
            // At another place, a link, or no file: the findings do not tell which.
            () if is_error(&["unread-file"]) => {
                vec![Fact::NeverRead, Fact::RefusedAt("read"), Fact::RefusedAt("decode")]
            }
            () if is_error(&["file-too-large"]) => vec![Fact::RefusedAt("size")],
            () if is_error(&["invalid-yaml"]) => vec![Fact::RefusedAt("yaml")],
            () if is_error(&["unknown-key", "removed-key", "too-new-key", "wrong-type"]) => {
                vec![Fact::RefusedAt("decode")]
            }
            () if is_error(&["invalid-value"]) => vec![Fact::RefusedAt("decode"), Fact::RefusedAt("validate")],
            () => vec![Fact::Counts],
        }
    }
}

/// What `--verbose` tells of one project.
struct Told {
    /// Its folder, relative to the top.
    folder: String,
    path: String,
    from: Option<String>,
    /// The other lines, in order.
    known: Vec<String>,
}

fn told(run: &Run, caller: &Caller<'_>) -> Vec<Told> {
    let mut all: Vec<Told> = Vec::new();
    for line in run.stderr.lines() {
        if let Some(folder) = line.strip_prefix("project ") {
            let folder = caller.relative(folder);
            all.push(Told { folder, path: String::new(), from: None, known: Vec::new() });
        }
        let Some(told) = all.last_mut() else { continue };
        let Some((key, value)) = line.strip_prefix("  ").and_then(|rest| rest.split_once(' ')) else { continue };
        match key {
            "path" => {
                let (path, from) = split_origin(value.trim());
                (told.path, told.from) = (path.to_owned(), from.map(str::to_owned));
            }
            "settings" | "inventory" | "GitLab" | "licence" => {
                let value = caller.with_relative_paths(value.trim());
                told.known.push(format!("{key} {value}"));
            }
            _ => {}
        }
    }
    all
}

fn split_origin(value: &str) -> (&str, Option<&str>) {
    match value.strip_suffix(')').and_then(|value| value.split_once(" (")) {
        Some((path, from)) => (path, Some(from)),
        None => (value, None),
    }
}

/// The paths of all projects that `--verbose` tells.
pub fn paths(run: &Run) -> Vec<String> {
    let lines = run.stderr.lines().filter_map(|line| line.strip_prefix("  path "));
    lines.map(|line| split_origin(line.trim()).0.to_owned()).collect()
}

/// What a run with `--verbose` tells of projects, those of which are expected to be told.
pub fn told_projects(
    repository: &Repository,
    caller: &Caller<'_>,
    (run, source): (&Run, Source),
    expected: &[Place<'_>],
    ledger: &mut Ledger,
) {
    if !run.is_done() {
        return;
    }
    let all = told(run, caller);
    for place in expected {
        let folder = contract::shown(&place.folder);
        let told: Vec<&Told> = all.iter().filter(|told| told.folder == folder).collect();
        // A folder that is no project need not be told.
        let is_open = place.is_mere_folder() || !repository.has_certain_top();
        if told.len() > 1 || (told.is_empty() && !is_open) {
            ledger.fault(source, format!("the project in {folder} is told {} times", told.len()));
        }
        let Some(told) = told.first() else { continue };
        let path = (told.path != "unknown").then(|| told.path.clone());
        let origin = path.clone().zip(told.from.clone());
        ledger.claim(About::Path, &folder, source, [Fact::Path(path)]);
        ledger.claim(About::Origin, &folder, source, [Fact::From(origin)]);
        ledger.claim(About::Known, format!("the project in {folder}"), source, [Fact::Known(told.known.clone())]);
    }
    if matches!(source, Source::CheckVerbose | Source::AccessVerbose) {
        // What belongs to none of several projects is left out, and not without a word.
        let is_nobodys = |told: &&Told| told.path == "unknown";
        let is_left_out = repository.pipeline.is_some()
            && repository.project.is_none()
            && !repository.has_certain_top()
            && all.iter().filter(is_nobodys).count() > 1;
        if is_left_out && !format!("{}{}", run.stdout, run.stderr).contains("CI_PROJECT_PATH (") {
            ledger.fault(source, "CI_PROJECT_PATH is nobody's, and it does not say so");
        }
        let is_compared = |folder: &&str| repository.is_below_searched() || !FOLDERS_BELOW.contains(folder);
        let mut folders: Vec<String> =
            all.iter().map(|told| told.folder.as_str()).filter(is_compared).map(str::to_owned).collect();
        folders.sort();
        ledger.claim(About::Known, "all projects", source, [Fact::Known(folders)]);
    }
}
