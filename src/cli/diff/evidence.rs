//! What HEAD changes of what it is judged by.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_yaml::Value;

use super::loaded::Loaded;
use super::states::{MAX_SIZE, is_settings};
use crate::access::Index;
use crate::diff_report::{Evidence, PolicyFinding};
use crate::inventory::{self, Inventory};
use crate::policy::{Policy, Told, violations, weakened};
use crate::project::files::{Content, FileSource, Kind, Walk};
use crate::project::paths::shown_path;
use crate::project::policies_of;
use crate::rules;
use crate::source::Source;
use crate::words::{excerpt, list_and};

/// The keys of settings that say what is told and what is not.
const IGNORES: [&str; 6] = ["rules", "per-path", "exclude", "ignore", "baseline", "min-severity"];

/// So much of a repository is looked through for settings.
const MOST_FILES: usize = 1_000_000;

/// What is told of evidence.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidences {
    pub told: Vec<Evidence>,
    pub findings: Vec<PolicyFinding>,
}

/// What HEAD's inventory adds and counts, in words.
pub(super) fn added(base: &Loaded, _head: &Loaded, adding: Option<&Source>) -> Vec<String> {
    let Some(adding) = adding else { return Vec::new() };
    let loaded = inventory::read(adding);
    if !loaded.problems.is_empty() {
        return Vec::new();
    }
    let Some(file) = base.inventories.first() else { return Vec::new() };
    // BASE was loaded with what is added; what its own text has is known before.
    let before = inventory::read(&file.source).inventory;
    let with: &Inventory = &file.inventory;
    let mut words = Vec::new();
    for group in with.namespaces() {
        if before.find_namespace(&group.path).is_none() {
            words.push(format!("the group {}", excerpt(&group.path)));
        }
    }
    for project in with.projects() {
        match before.find_project(&project.path) {
            None => words.push(format!("the project {}", excerpt(&project.path))),
            Some(known) => {
                let names = |project: &inventory::Project| -> BTreeSet<String> {
                    project.agents.iter().flatten().map(|agent| agent.name.to_string()).collect()
                };
                let known = names(known);
                let new = names(project).into_iter().filter(|name| !known.contains(name));
                words.extend(new.map(|name| format!("the agent {}", excerpt(&format!("{}:{name}", project.path)))));
            }
        }
    }
    words
}

/// A source of files, and the folder that it begins at.
type From<'f> = (&'f dyn FileSource, &'f Path);

/// The settings and inventories that HEAD changes.
pub(super) fn changed(base: From<'_>, head: From<'_>, listed: &[PathBuf], added: &[String]) -> Evidences {
    let mut evidences = Evidences::default();
    for (path, before, after) in changed_settings(base, head) {
        settings(&path, before.as_deref(), after.as_deref(), &mut evidences);
    }
    let (tree, _) = base;
    let (files, top) = head;
    for path in listed {
        if text(tree, path) == text(files, &top.join(path)) {
            continue;
        }
        let with = match added {
            [] => String::new(),
            [only] => format!(", with {only}, which HEAD adds"),
            [first, second, ..] if added.len() > 6 => {
                format!(", with {first}, {second} and {} others that HEAD adds", added.len() - 2)
            }
            all => format!(", with {}, which HEAD adds", list_and(all)),
        };
        let shown = shown_path(path);
        let message =
            format!("HEAD changes the inventory {}; this report goes by that of BASE{with}.", excerpt(&shown));
        evidences.told.push(Evidence { what: "inventory", path: shown, message });
    }
    evidences
}

/// What HEAD changes where each side goes by its own settings: how it is judged, and not by what.
pub(super) fn changed_judgement(base: From<'_>, head: From<'_>) -> Evidences {
    let mut evidences = Evidences::default();
    for (path, before, after) in changed_settings(base, head) {
        settings(&path, before.as_deref(), after.as_deref(), &mut evidences);
    }
    evidences.told.retain(|evidence| evidence.what != "settings");
    evidences
}

/// Settings files whose texts differ, by path from the top.
fn changed_settings(base: From<'_>, head: From<'_>) -> Vec<(PathBuf, Option<String>, Option<String>)> {
    let wanted = |path: &Path, kind: Kind| kind == Kind::File && is_settings(path);
    let mut paths: BTreeSet<PathBuf> = BTreeSet::new();
    for (files, top) in [base, head] {
        let walked =
            files.walk(&Walk { top, wanted: &wanted, limit: MOST_FILES, is_large: true, leaves_out_ignored: false });
        paths.extend(walked.met.iter().map(|(path, _)| path.strip_prefix(top).unwrap_or(path).to_owned()));
    }
    let both = |path: PathBuf| {
        let (before, after) = (text(base.0, &base.1.join(&path)), text(head.0, &head.1.join(&path)));
        (before != after).then_some((path, before, after))
    };
    paths.into_iter().filter_map(both).collect()
}

fn text(files: &dyn FileSource, path: &Path) -> Option<String> {
    match files.read(path, MAX_SIZE) {
        Ok(Content::Text(source)) => Some(source.text().to_owned()),
        _ => None,
    }
}

/// What of a settings file is changed: policies, what is told, or anything else.
fn settings(path: &Path, before: Option<&str>, after: Option<&str>, evidences: &mut Evidences) {
    let read =
        |text: Option<&str>| -> Value { text.and_then(|text| serde_yaml::from_str(text).ok()).unwrap_or_default() };
    let (old, new) = (read(before), read(after));
    let keys = |value: &Value| -> BTreeSet<String> {
        let mapping = value.as_mapping().into_iter().flatten();
        mapping.filter_map(|(key, _)| key.as_str().map(str::to_owned)).collect()
    };
    let mut kinds: BTreeSet<&'static str> = BTreeSet::new();
    for key in keys(&old).union(&keys(&new)) {
        if old.get(key.as_str()) != new.get(key.as_str()) {
            kinds.insert(match key.as_str() {
                "policy" => "policy",
                key if IGNORES.contains(&key) => "ignores",
                _ => "settings",
            });
        }
    }
    // What can be read by nobody is another text all the same; comments are none.
    if kinds.is_empty() && (old.is_null() || new.is_null()) && (before.is_some() != after.is_some() || old != new) {
        kinds.insert("settings");
    }
    let shown = shown_path(path);
    if kinds.contains("policy") || kinds.contains("ignores") {
        evidences.findings.extend(weaker(&shown, (before, &old), (after, &new)));
    }
    for kind in kinds {
        let (what, which) = match kind {
            "policy" => ("the policies in", "those"),
            "ignores" => ("what is told, in", "what BASE has"),
            _ => ("the settings", "those"),
        };
        let of = if kind == "ignores" { "" } else { " of BASE" };
        let message = format!("HEAD changes {what} {}; this report goes by {which}{of}.", excerpt(&shown));
        evidences.told.push(Evidence { what: kind, path: shown.clone(), message });
    }
}

/// What HEAD breaks of BASE's policies and BASE does not.
pub(super) fn newly_broken(base: &Index<'_>, head: &Index<'_>, policies: &[Policy]) -> Vec<PolicyFinding> {
    if policies.is_empty() {
        return Vec::new();
    }
    let before: HashSet<String> = violations(base, policies).into_iter().map(|told| told.key).collect();
    let new = violations(head, policies).into_iter().filter(|told| !before.contains(&told.key));
    let finding = |told: Told| PolicyFinding {
        rule: VIOLATION,
        policy: told.policy.to_string(),
        message: format!("{}.", told.message),
        path: told.path,
        line: told.line,
    };
    new.map(finding).collect()
}

/// The rule that policies are held by.
const VIOLATION: &str = "policy-violation";

/// The policies of BASE that HEAD weakens, and those that it no longer tells of.
fn weaker(
    path: &str,
    (before, old): (Option<&str>, &Value),
    (after, new): (Option<&str>, &Value),
) -> Vec<PolicyFinding> {
    let read = |text: Option<&str>| {
        let source = Arc::new(Source::new(path.to_owned(), text.unwrap_or_default().to_owned()));
        policies_of(&source, rules::TABLE)
    };
    // Settings that nobody can use hold to no policy.
    let (Some(before), after) = (read(before), read(after).unwrap_or_default()) else { return Vec::new() };
    let finding = |policy: &str, message: String, line| PolicyFinding {
        rule: "policy-weakened",
        policy: policy.to_owned(),
        message,
        path: path.to_owned(),
        line,
    };
    let mut all: Vec<PolicyFinding> = Vec::new();
    for weakened in weakened(&before, &after) {
        let line = weakened.line();
        all.push(finding(&weakened.policy, weakened.message, line));
    }
    let is_told_less = level(new) < level(old) || ignored(new) > ignored(old);
    for policy in before.iter().filter(|_| is_told_less) {
        if all.iter().all(|known| known.policy != *policy.name) {
            let message =
                format!("The policy {} is weakened: `{VIOLATION}` is turned down or ignored.", excerpt(&policy.name));
            all.push(finding(&policy.name, message, None));
        }
    }
    all
}

/// How severe a violation is by `rules`; an error where they say nothing.
fn level(settings: &Value) -> usize {
    let level = settings.get("rules").and_then(|rules| rules.get(VIOLATION)).and_then(Value::as_str);
    ["off", "note", "warning"].iter().position(|name| Some(*name) == level).unwrap_or(3)
}

/// How many items of `ignore`, and of `per-path`, are about violations.
fn ignored(settings: &Value) -> usize {
    let list = |key: &str| settings.get(key).and_then(Value::as_sequence).map(Vec::as_slice).unwrap_or_default();
    let is_about = |item: &&Value| item.get("rule").and_then(Value::as_str) == Some(VIOLATION);
    let lowers = |item: &&Value| item.get("rules").is_some_and(|rules| rules.get(VIOLATION).is_some());
    list("ignore").iter().filter(is_about).count() + list("per-path").iter().filter(lowers).count()
}
