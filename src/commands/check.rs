//! `kaslint check`: reports what GitLab would refuse, ignore, or read differently from how it looks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::ci_files::read_pipeline;
use super::discover::{self, Content, Found, FoundFile};
use super::knowledge::{FoundSettings, Knowledge, Known, Options};
use super::reports::Reports;
use super::{Exit, Unusable, output};
use crate::analysis::{self, Analysis, Project, Selection};
use crate::baseline::Baseline;
use crate::finding::{Finding, Severity};
use crate::gitlab::NEWEST;
use crate::layout::{ENVIRONMENT_TEMPLATE, Location};
use crate::report::Outcome;
use crate::rules::{Context, Input, InputContent, explain};
use crate::source::Source;
use crate::suppression::{AcceptedFinding, nearest_rule};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Files, folders with configuration projects, or `-` for one configuration on standard input [default: .].
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    reports: Reports,
    /// Where the configuration on standard input would lie.
    #[arg(long, value_name = "PATH")]
    stdin_filename: Option<PathBuf>,
    /// Leave out the findings that are recorded in this file.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Record all findings in this file, to be left out from now on.
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    write_baseline: Option<PathBuf>,
    /// Only these rules.
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    select: Vec<String>,
    /// Not these rules.
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    ignore: Vec<String>,
    /// From which severity on findings make the exit status 1.
    #[arg(long, value_enum, default_value = "warning")]
    fail_on: FailOn,
    #[command(flatten)]
    options: Options,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Note,
    Never,
}

impl FailOn {
    fn includes(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Note => true,
            Self::Never => false,
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    for name in arguments.select.iter().chain(&arguments.ignore) {
        check_rule_name(name)?;
    }
    arguments.reports.check()?;
    let knowledge = Knowledge::new(&arguments.options)?;
    let mut exit = Exit::Fine;
    let baseline = arguments.baseline.as_deref().map(read_baseline).transpose()?;
    let mut outcome = if arguments.paths.iter().any(|path| path == Path::new("-")) {
        if arguments.paths.len() > 1 {
            return Err(Unusable("`-` stands alone: name either files or standard input".to_owned()));
        }
        check_stdin(arguments, &knowledge)?
    } else {
        let (outcome, errors) = check_paths(arguments, &knowledge)?;
        for error in &errors {
            output::complain(&format!("error: {error}"));
            exit = Exit::Unusable;
        }
        outcome
    };
    if let Some(file) = &arguments.write_baseline {
        return record(file, &outcome, exit);
    }
    if let Some(baseline) = baseline {
        let (left_out, gone) = baseline.apply(&mut outcome.findings);
        outcome.in_baseline = left_out;
        if gone > 0 && arguments.paths.is_empty() && arguments.select.is_empty() {
            let are = if gone == 1 { "finding of the baseline is" } else { "findings of the baseline are" };
            outcome.remark(Some(format!("{gone} {are} gone; `--write-baseline` records anew what is left.")));
        }
    }
    arguments.reports.write(&outcome)?;
    if outcome.findings.iter().any(|finding| arguments.fail_on.includes(finding.severity)) {
        exit = exit.max(Exit::Found);
    }
    Ok(if outcome.has_internal_error { Exit::Internal } else { exit })
}

/// The largest baseline that is read, in bytes.
const MAX_BASELINE_SIZE: u64 = 1 << 26;

fn read_baseline(file: &Path) -> Result<Baseline, Unusable> {
    let shown = discover::shown_path(file);
    if !file.exists() {
        return Err(Unusable(format!("there is no baseline {shown}; `--write-baseline {shown}` makes one")));
    }
    let Content::Text(bytes) = discover::read_file(file, MAX_BASELINE_SIZE)? else {
        return Err(Unusable(format!("cannot read a baseline from {shown}")));
    };
    Baseline::read(&String::from_utf8_lossy(&bytes)).map_err(|error| Unusable(format!("cannot use {shown}: {error}")))
}

/// Records the findings of a run in place of reporting them.
fn record(file: &Path, outcome: &Outcome, exit: Exit) -> Result<Exit, Unusable> {
    let baseline = Baseline::of(&outcome.findings);
    output::to_file(file, &|out| out.write_all(baseline.text().as_bytes()))?;
    let findings = if baseline.len() == 1 { "finding" } else { "findings" };
    let shown = discover::shown_path(file);
    output::to_stdout(&|out| {
        writeln!(
            out,
            "Recorded {} {findings} in {shown}. From now on, `--baseline {shown}` leaves them out.",
            baseline.len()
        )
    })?;
    Ok(if outcome.has_internal_error { Exit::Internal } else { exit })
}

fn check_rule_name(name: &str) -> Result<(), Unusable> {
    if explain(name).is_some() {
        return Ok(());
    }
    Err(Unusable(format!("there is no rule `{name}`; {}", nearest_rule(name))))
}

fn check_paths(arguments: &Arguments, knowledge: &Knowledge<'_>) -> Result<(Outcome, Vec<String>), Unusable> {
    let search = knowledge.search(&arguments.paths, has_jobs_to_check)?;
    let mut errors = search.errors;
    let asked = |found: &&Found| found.project.is_none() && found.named.as_ref().is_none_or(|named| !named.is_empty());
    let count = search.projects.iter().filter(asked).count();
    let is_only = count == 1;
    if knowledge.names_project() && count > 1 {
        return Err(Unusable(format!(
            "--project names one project, and {count} configuration projects were found; check them one by one"
        )));
    }
    let read = |found: &Found| read_project(found, is_only, arguments, knowledge);
    // Threads cost more to start than a few small files cost to check.
    let results: Vec<Result<ReadProject, Unusable>> = match search.projects.len() {
        0..=4 => search.projects.iter().map(read).collect(),
        _ => search.projects.par_iter().map(read).collect(),
    };
    let mut outcome = Outcome::default();
    let mut projects = Vec::with_capacity(results.len());
    for result in results {
        let read = result?;
        errors.extend(read.errors);
        outcome.remark(read.remark);
        projects.push(read.project);
    }
    let analyses = analysis::analyse(&projects);
    outcome.findings.extend(unused_settings(&projects, &analyses));
    for (_, analysis) in projects.iter().zip(analyses).filter(|(project, _)| project.is_asked_for()) {
        outcome.add(analysis);
    }
    outcome.findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    outcome.is_incomplete = !errors.is_empty();
    Ok((outcome, errors))
}

/// What settings files accept and is not there any more. Said only where a file's projects were looked at as a whole, with
/// all rules.
fn unused_settings(projects: &[Project], analyses: &[Analysis]) -> Vec<Finding> {
    let mut by_place: BTreeMap<(String, usize), (&AcceptedFinding, bool)> = BTreeMap::new();
    for (project, analysis) in projects.iter().zip(analyses) {
        let is_whole = project.named.is_none() && project.selection.only.is_empty();
        for (at, accepted) in project.selection.accepted.0.iter().enumerate() {
            let could_run = explain(accepted.rule).is_some_and(|rule| {
                project.selection.runs(rule) && !analysis.unchecked.iter().any(|(missing, _)| missing.name == rule.name)
            });
            let key = (accepted.place.source.path().to_owned(), accepted.place.span.start);
            let is_used = analysis.met.contains(&at) || !could_run || !is_whole;
            let entry = by_place.entry(key).or_insert((accepted, false));
            entry.1 |= is_used;
        }
    }
    by_place.into_values().filter(|(_, is_used)| !is_used).map(|(accepted, _)| accepted.unused()).collect()
}

/// Whether the project's jobs are to be checked, which may use agents of any other project.
fn has_jobs_to_check(found: &Found) -> bool {
    let is_meant = |file: &PathBuf| found.named.as_ref().is_none_or(|named| named.contains(file));
    found.ci_file.as_ref().is_some_and(is_meant)
}

struct ReadProject {
    project: Project,
    errors: Vec<String>,
    remark: Option<String>,
}

fn read_project(
    found: &Found,
    is_only: bool,
    arguments: &Arguments,
    knowledge: &Knowledge<'_>,
) -> Result<ReadProject, Unusable> {
    let known = knowledge.context_for(&found.root, found.project.as_deref(), is_only)?;
    let remark = remark_on_version(knowledge, &known);
    let mut errors = Vec::new();
    let mut inputs = Vec::with_capacity(found.files.len());
    for file in &found.files {
        match read_input(file, &known.context) {
            Ok(input) => inputs.push(input),
            Err(unusable) => errors.push(unusable.0),
        }
    }
    let selection = selection(arguments, &known.settings);
    let pipeline = read_pipeline(found, &known);
    let mut project = Project::new(inputs, known.context, selection);
    project.pipeline = pipeline;
    project.named = found.named.as_ref().map(|named| named.iter().map(|path| discover::shown_path(path)).collect());
    Ok(ReadProject { project, errors, remark })
}

fn selection(arguments: &Arguments, found: &FoundSettings) -> Selection {
    Selection {
        only: arguments.select.clone(),
        without: arguments.ignore.clone(),
        levels: found.settings.levels.clone(),
        accepted: (found.settings.ignore.clone(), found.shown_folder()),
    }
}

fn read_input(file: &FoundFile, context: &Context) -> Result<Input, Unusable> {
    let shown = discover::shown_path(&file.path);
    let empty = |content| Input::without_text(file.location.clone(), Arc::new(Source::new(shown.clone(), "")), content);
    let metadata =
        std::fs::symlink_metadata(&file.path).map_err(|error| Unusable(format!("cannot read {shown}: {error}")))?;
    if metadata.is_symlink() && file.location != Location::Loose {
        let target = std::fs::read_link(&file.path).unwrap_or_default();
        return Ok(empty(InputContent::Link(target.to_string_lossy().into_owned())));
    }
    Ok(match discover::read_file(&file.path, context.max_file_size)? {
        Content::Text(bytes) => {
            let source = Arc::new(Source::from_bytes(shown, &bytes));
            Input { has_template: has_template(file), ..Input::text(file.location.clone(), source) }
        }
        Content::TooLarge(size) => empty(InputContent::TooLarge(size)),
        Content::NoFile(what) => empty(InputContent::NoFile(what)),
    })
}

/// Whether the agent has an environment template of its own beside its configuration.
fn has_template(file: &FoundFile) -> Option<bool> {
    let folder = file.path.parent().filter(|_| matches!(file.location, Location::Config { .. }))?;
    Some(folder.join(ENVIRONMENT_TEMPLATE).is_file())
}

fn check_stdin(arguments: &Arguments, knowledge: &Knowledge<'_>) -> Result<Outcome, Unusable> {
    let name = arguments.stdin_filename.clone().unwrap_or_else(|| PathBuf::from("-"));
    let (root, location) = discover::locate(&name);
    let known = knowledge.context_for(&root, None, true)?;
    let shown = discover::shown_path(&name);
    let (source, content) = match discover::read_stdin(known.context.max_file_size)? {
        Content::Text(bytes) => (Source::from_bytes(shown, &bytes), InputContent::Text),
        Content::TooLarge(size) => (Source::new(shown, ""), InputContent::TooLarge(size)),
        Content::NoFile(what) => (Source::new(shown, ""), InputContent::NoFile(what)),
    };
    let input = Input::without_text(location.unwrap_or(Location::Loose), Arc::new(source), content);
    let selection = selection(arguments, &known.settings);
    let mut outcome = Outcome::default();
    outcome.remark(remark_on_version(knowledge, &known));
    for analysis in analysis::analyse(&[Project::new(vec![input], known.context, selection)]) {
        outcome.add(analysis);
    }
    Ok(outcome)
}

fn remark_on_version(knowledge: &Knowledge<'_>, known: &Known) -> Option<String> {
    let version = knowledge.newer_version(known)?;
    Some(format!("GitLab {version} is newer than this kaslint knows; it was taken as {NEWEST}."))
}
