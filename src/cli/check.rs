//! `kaslint check`: reports what GitLab would refuse, ignore, or read differently from how it looks.

use std::collections::BTreeMap;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::acceptance::{self, BaselineArguments};
use super::add_ignore::{Accepted, AddIgnoreArguments, Own, own};
use super::check_output::{self, FailOn};
use super::fix::{self, FixArguments, Mode};
use super::known_values;
use super::manners::{self, Manners};
use super::progress::Progress;
use super::reports::Reports;
use super::standard_text::StandardText;
use super::subjects::subjects;
use super::{Exit, output, usable};
use crate::analysis::{self, Subject};
use crate::diagnostic::{Finding, Safety};
use crate::diff_report;
use crate::fixing::{self, Fixed};
use crate::project::files::{Disk, FileSource, Overlay};
use crate::project::{
    Asked, Loader, Neighbours, Options, Project, Request, Scope, Steps, Surroundings, Unusable, changeable_files,
};
use crate::report::Outcome;
use crate::rules;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status:
  0  nothing at or above --fail-on
  1  something is; with --diff, there is something to fix
  2  the call or the settings cannot be used, or a path cannot be read
  3  a rule failed inside; all else is reported

Examples:
  kaslint                                    every configuration project below this folder
  kaslint check --inventory inventory.yaml   ids, agents and jobs are looked up
  kaslint check --diff                       what the safe fixes would change
  kaslint check --format gitlab=gl-code-quality-report.json --format human
  kaslint check - < config.yaml              one configuration on standard input")]
pub(super) struct Arguments {
    /// Files, folders with configuration projects, or `-` for one configuration on standard input [default: .].
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    reports: Reports,
    /// Where the configuration on standard input would lie.
    #[arg(long, value_name = "PATH", help_heading = "What is read")]
    stdin_filename: Option<PathBuf>,
    #[command(flatten)]
    baseline: BaselineArguments,
    #[command(flatten)]
    add_ignore: AddIgnoreArguments,
    /// Only these rules.
    #[arg(long, value_name = "RULES", value_delimiter = ',', help_heading = "Rules",
        value_parser = known_values::rule(), hide_possible_values = true)]
    select: Vec<String>,
    /// Not these rules.
    #[arg(long, value_name = "RULES", value_delimiter = ',', help_heading = "Rules",
        value_parser = known_values::rule(), hide_possible_values = true)]
    ignore: Vec<String>,
    /// From which severity on findings make the exit status 1: error, warning, note or never.
    #[arg(
        long,
        value_enum,
        value_name = "SEVERITY",
        default_value = "warning",
        help_heading = "Rules",
        hide_possible_values = true
    )]
    fail_on: FailOn,
    #[command(flatten)]
    fix: FixArguments,
    #[command(flatten)]
    manners: Manners,
    #[command(flatten)]
    options: Options,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    for name in arguments.select.iter().chain(&arguments.ignore) {
        check_rule_name(name)?;
    }
    arguments.reports.check()?;
    let fixing = arguments.fix.mode()?;
    let baseline = arguments.baseline.read()?;
    let mut exit = Exit::Fine;
    let is_stdin = arguments.paths.iter().any(|path| path == Path::new("-"));
    if is_stdin && arguments.paths.len() > 1 {
        return Err(Unusable::new("`-` stands alone: name either files or standard input".to_owned()));
    }
    if let Some(accepted) = arguments.add_ignore.accepted()? {
        return match is_stdin {
            true => Err(Unusable::new("--add-ignore writes into files: name these in place of `-`".to_owned())),
            false => add_ignores(arguments, &accepted),
        };
    }
    let is_written = matches!(fixing, Some((Mode::Write, _)));
    let stdin = is_stdin
        .then(|| StandardText::read(arguments.stdin_filename.as_deref(), &arguments.options, is_written))
        .transpose()?;
    let mut checked = ManuallyDrop::new(check_paths(arguments, fixing, stdin.as_ref())?);
    for error in &checked.errors {
        output::complain(&format!("error: {error}"));
        exit = Exit::Unusable;
    }
    if let Some(exit) = arguments.baseline.record(&checked.outcome, exit)? {
        return Ok(exit);
    }
    if let Some(baseline) = &baseline {
        let is_whole = arguments.paths.is_empty() && arguments.select.is_empty();
        acceptance::leave_out(baseline, &mut checked.outcome, is_whole);
    }
    let outcome = &checked.outcome;
    match (&checked.difference, fixing) {
        (Some(difference), _) => {
            check_output::show_difference(difference)?;
            exit = exit.max(if difference.is_empty() { Exit::Fine } else { Exit::Found });
        }
        (None, fixing) => {
            arguments.reports.write(outcome, arguments.manners.quiet, is_stdin && fixing.is_some())?;
            if outcome.findings.iter().any(|finding| arguments.fail_on.includes(finding.severity)) {
                exit = exit.max(Exit::Found);
            }
        }
    }
    Ok(if outcome.has_internal_error { Exit::Internal } else { exit })
}

/// Writes comments for the findings of a rule in place of reporting them.
fn add_ignores(arguments: &Arguments, accepted: &Accepted<'_>) -> Result<Exit, Unusable> {
    let start = Instant::now();
    let surroundings = Surroundings::of_process();
    let loader = Loader::new(&Disk, &arguments.options, &surroundings, rules::TABLE)?;
    let progress = match arguments.manners.quiet {
        true => Progress::unwatched(),
        false => Progress::new(start, "Checking", 1 + Steps::A_FILE),
    };
    let snapshot = usable(loader.load(&Request {
        scope: Scope::Paths(&arguments.paths),
        neighbours: Neighbours::ForJobs,
        with_ci_files: true,
        steps: &progress.steps,
        before: None,
    }))?;
    let mut errors = snapshot.errors;
    let subjects = subjects(&asked(arguments, &arguments.paths), snapshot.projects);
    let analyses = analysis::analyse_watched(&subjects, &progress.steps);
    drop(progress);
    let projects: Vec<Arc<Project>> = subjects.iter().map(|subject| Arc::clone(&subject.project)).collect();
    let mut files: BTreeMap<String, Own> = BTreeMap::new();
    for (project, paths) in projects.iter().zip(own_files(&projects, &subjects, &Disk)) {
        for (shown, path) in paths {
            let is_configuration =
                |input: &&crate::project::Input| input.source.path() == shown && !input.location.is_template();
            let limit = project.inputs.iter().find(is_configuration).map(|_| project.context.max_file_size);
            files.insert(shown, own(&path, &project.folder, limit));
        }
    }
    let asked_for = subjects.iter().zip(&analyses).filter(|(subject, _)| subject.is_asked_for());
    let findings = asked_for.flat_map(|(_, analysis)| &analysis.findings);
    let findings: Vec<&Finding> = findings.filter(|finding| accepted.is_about(finding)).collect();
    let added = accepted.write(&findings, &files);
    errors.extend(added.errors.iter().cloned());
    accepted.tell(&added, arguments.manners.quiet)?;
    for error in &errors {
        output::complain(&format!("error: {error}"));
    }
    Ok(match (errors.is_empty(), added.is_partial()) {
        _ if analyses.iter().any(|analysis| analysis.has_internal_error) => Exit::Internal,
        (false, _) => Exit::Unusable,
        (true, true) => Exit::Found,
        (true, false) => Exit::Fine,
    })
}

/// The files of each project that may be changed; not those that settings exclude.
pub(super) fn own_files(
    projects: &[Arc<Project>],
    subjects: &[Subject],
    files: &dyn FileSource,
) -> Vec<BTreeMap<String, PathBuf>> {
    let mut own = changeable_files(projects, files);
    for (own, excluded) in own.iter_mut().zip(subjects.iter().map(Subject::excluded)) {
        own.retain(|path, _| !excluded.contains(path));
    }
    own
}

/// What a check gives.
struct Checked {
    outcome: Outcome,
    errors: Vec<String>,
    /// What fixes would change, where that was asked for instead of a report.
    difference: Option<String>,
}

fn check_rule_name(name: &str) -> Result<(), Unusable> {
    if rules::TABLE.find(name).is_some() {
        return Ok(());
    }
    Err(Unusable::new(format!("there is no rule `{name}`; {}", rules::TABLE.nearest(name))))
}

/// Checks files and folders; `stdin` is a text that goes before the file of that path, with the bytes that it came as.
fn check_paths(
    arguments: &Arguments,
    fixing: Option<(Mode, Safety)>,
    stdin: Option<&StandardText>,
) -> Result<Checked, Unusable> {
    let start = Instant::now();
    let texts = stdin.map(StandardText::overlay).unwrap_or_default();
    let files = Overlay::new(&Disk, &texts);
    let surroundings = Surroundings::of_process();
    // The process ends soon. To free what thousands of projects hold takes a twentieth of the time.
    let loader = ManuallyDrop::new(Loader::new(&files, &arguments.options, &surroundings, rules::TABLE)?);
    // Fixes take rounds, of which nobody knows how many; the bar shows the first.
    let progress = match arguments.manners.quiet {
        true => Progress::unwatched(),
        false => Progress::new(start, "Checking", 1 + Steps::A_FILE),
    };
    let named = stdin.map_or(&arguments.paths[..], |stdin| std::slice::from_ref(&stdin.path));
    let snapshot = loader.load(&Request {
        scope: Scope::Paths(named),
        neighbours: Neighbours::ForJobs,
        with_ci_files: true,
        steps: &progress.steps,
        before: None,
    });
    let snapshot = usable(snapshot)?;
    let _inventories = ManuallyDrop::new(snapshot.inventories);
    let mut errors = snapshot.errors;
    let mut outcome = Outcome::default();
    snapshot.remarks.into_iter().for_each(|remark| outcome.remark(Some(remark)));
    let subjects = subjects(&asked(arguments, named), snapshot.projects);
    if arguments.manners.verbose {
        for subject in subjects.iter().filter(|subject| subject.is_asked_for()) {
            manners::tell(&subject.project, Some(subject));
        }
    }
    let mut difference = None;
    let (subjects, analyses) = match fixing {
        None => {
            let mut analyses = analysis::analyse_watched(&subjects, &progress.steps);
            fixing::judge(&subjects, &mut analyses, diff_report::sentences);
            drop(progress);
            (subjects, analyses)
        }
        Some((mode, up_to)) => {
            let projects: Vec<Arc<Project>> = subjects.iter().map(|subject| Arc::clone(&subject.project)).collect();
            let own = own_files(&projects, &subjects, &files);
            let may_change = |at: usize, path: &str| own.get(at).is_some_and(|own| own.contains_key(path));
            let request = fixing::Request {
                up_to,
                may_change: &may_change,
                files: &files,
                steps: &progress.steps,
                tell: diff_report::sentences,
            };
            let mut fixed = fixing::fix(subjects, &request);
            match (mode, stdin) {
                (Mode::Show, _) => {}
                (Mode::Write, Some(stdin)) => stdin.print(&fixed)?,
                (Mode::Write, None) => write_fixes(&mut fixed, (&projects, &own), &request, &mut errors),
            }
            drop(progress);
            if mode == Mode::Show {
                difference = Some(fix::difference(&fixed));
                if !arguments.manners.quiet {
                    fix::sum_up(&fixed, up_to);
                }
            }
            outcome.add_fixes(&fixed);
            (fixed.subjects, fixed.analyses)
        }
    };
    let subjects = ManuallyDrop::new(subjects);
    outcome.findings.extend(analysis::unused_settings(&subjects, &analyses));
    for (_, analysis) in subjects.iter().zip(analyses).filter(|(subject, _)| subject.is_asked_for()) {
        outcome.add(analysis);
    }
    outcome.findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    outcome.is_incomplete = !errors.is_empty();
    Ok(Checked { outcome, errors, difference })
}

/// What the caller says about which rules run; `named` are the files that are looked at although settings exclude them.
fn asked<'a>(arguments: &'a Arguments, named: &'a [PathBuf]) -> Asked<'a> {
    Asked {
        select: &arguments.select,
        ignore: &arguments.ignore,
        paths: named,
        is_isolated: arguments.options.isolated,
    }
}

/// Writes what was fixed. What cannot be written is taken back, so that what is reported is what lies there.
fn write_fixes(
    fixed: &mut Fixed,
    (projects, own): (&[Arc<Project>], &[BTreeMap<String, PathBuf>]),
    request: &fixing::Request<'_>,
    errors: &mut Vec<String>,
) {
    let mut files: BTreeMap<&str, (&Path, &Path)> = BTreeMap::new();
    for (project, own) in projects.iter().zip(own) {
        files.extend(own.iter().map(|(shown, path)| (&**shown, (&**path, &*project.folder))));
    }
    let failed = fix::write(fixed, &files);
    if !failed.is_empty() {
        fixed.take_back(&fix::paths(&failed), request);
    }
    errors.extend(failed.into_iter().map(|(_, error)| error));
}
