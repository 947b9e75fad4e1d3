//! `kaslint check`: reports what GitLab would refuse, ignore, or read differently from how it looks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use rayon::prelude::*;

use super::acceptance::{self, BaselineArguments};
use super::check_output::{self, FailOn};
use super::fix::{self, FixArguments, Mode};
use super::manners::{self, Manners};
use super::progress::Progress;
use super::reports::Reports;
use super::{Exit, output};
use crate::agent_config::location::{CI_FILE, Location};
use crate::analysis::{self, Project, Steps};
use crate::diagnostic::Safety;
use crate::diagnostic::Selection;
use crate::fixing::{self, Fixed, Request, Texts};
use crate::gitlab::NEWEST;
use crate::project::Unusable;
use crate::project::ci_files::{MAX_CI_FILE_SIZE, read_pipeline, read_pipeline_of, read_pipeline_with};
use crate::project::discover::{self, Content, Found, FoundFile};
use crate::project::inputs::read_input;
use crate::project::knowledge::{FoundSettings, Knowledge, Known, Listing, Options};
use crate::project::{Context, Input, InputContent};
use crate::report::Outcome;
use crate::rules;
use crate::source::Source;

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
    #[command(flatten)]
    baseline: BaselineArguments,
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
    let knowledge = Knowledge::new(&arguments.options, rules::TABLE, &output::complain)?;
    let mut exit = Exit::Fine;
    let is_stdin = arguments.paths.iter().any(|path| path == Path::new("-"));
    let mut checked = if is_stdin {
        if arguments.paths.len() > 1 {
            return Err(Unusable::new("`-` stands alone: name either files or standard input".to_owned()));
        }
        check_stdin(arguments, &knowledge, fixing)?
    } else {
        check_paths(arguments, &knowledge, fixing)?
    };
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

fn check_paths(
    arguments: &Arguments,
    knowledge: &Knowledge<'_>,
    fixing: Option<(Mode, Safety)>,
) -> Result<Checked, Unusable> {
    let start = Instant::now();
    let search = knowledge.search(&arguments.paths, has_jobs_to_check)?;
    let mut errors = search.errors;
    let asked = |found: &&Found| found.project.is_none() && found.named.as_ref().is_none_or(|named| !named.is_empty());
    let count = search.projects.iter().filter(asked).count();
    let is_only = count == 1;
    if knowledge.names_project() && count > 1 {
        return Err(Unusable::new(format!(
            "--project names one project, and {count} configuration projects were found; check them one by one"
        )));
    }
    let files = search.projects.iter().map(Found::count).sum();
    // Fixes take rounds, of which nobody knows how many; the bar shows the first.
    let progress = match arguments.manners.quiet {
        true => Progress::unwatched(),
        false => Progress::new(start, ("Checking", files), files * (1 + Steps::A_FILE)),
    };
    let read = |found: &Found| {
        let read = read_project(found, is_only, arguments, knowledge);
        progress.steps.add(found.count());
        read
    };
    // Threads cost more to start than a few small files cost to check.
    let results: Vec<Result<ReadProject, Unusable>> = match search.projects.len() {
        0..=4 => search.projects.iter().map(read).collect(),
        _ => search.projects.par_iter().map(read).collect(),
    };
    let mut outcome = Outcome::default();
    let mut projects = Vec::with_capacity(results.len());
    let mut listings = Vec::with_capacity(results.len());
    for result in results {
        let read = result?;
        if let Some(told) = read.told {
            output::complain(&told);
        }
        errors.extend(read.errors);
        outcome.remark(read.remark);
        projects.push(read.project);
        listings.push(read.listing);
    }
    let mut difference = None;
    let (projects, analyses) = match fixing {
        None => {
            let analyses = analysis::analyse_watched(&projects, &progress.steps);
            drop(progress);
            (projects, analyses)
        }
        Some(fixing) => {
            let fixed = fix_paths((&search.projects, &listings), projects, fixing, &progress.steps, &mut errors);
            drop(progress);
            if fixing.0 == Mode::Show {
                difference = Some(fix::difference(&fixed));
                if !arguments.manners.quiet {
                    fix::sum_up(&fixed, fixing.1);
                }
            }
            outcome.add_fixes(&fixed);
            (fixed.projects, fixed.analyses)
        }
    };
    outcome.findings.extend(analysis::unused_settings(&projects, &analyses));
    for (_, analysis) in projects.iter().zip(analyses).filter(|(project, _)| project.is_asked_for()) {
        outcome.add(analysis);
    }
    outcome.findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    outcome.is_incomplete = !errors.is_empty();
    Ok(Checked { outcome, errors, difference })
}

/// Makes the fixes, and writes them if that is meant.
fn fix_paths(
    (found, listings): (&[Found], &[Option<Arc<Listing>>]),
    projects: Vec<Project>,
    (mode, up_to): (Mode, Safety),
    steps: &Steps,
    errors: &mut Vec<String>,
) -> Fixed {
    let roots: Vec<PathBuf> = found.iter().filter_map(|found| fix::real(&found.root)).collect();
    let own: Vec<BTreeMap<String, PathBuf>> =
        found.iter().zip(&projects).map(|(found, project)| fix::own_files(found, project, &roots)).collect();
    let contexts: Vec<Context> = projects.iter().map(|project| project.context.clone()).collect();
    let read_pipeline = |at: usize, texts: &Texts| {
        let listing = listings.get(at)?.as_deref();
        read_pipeline_with(found.get(at)?, contexts.get(at)?, listing, texts)
    };
    let may_change = |at: usize, path: &str| own.get(at).is_some_and(|own| own.contains_key(path));
    let request = Request { up_to, may_change: &may_change, read_pipeline: &read_pipeline, steps };
    let mut fixed = fixing::fix(projects, &request);
    if mode == Mode::Write {
        let files = own.iter().flatten().map(|(shown, path)| (shown.clone(), path.clone())).collect();
        let failed = fix::write(&fixed, &files);
        if !failed.is_empty() {
            // What is left is left in the files as they are.
            fixed.take_back(&fix::paths(&failed), &request);
        }
        errors.extend(failed.into_iter().map(|(_, error)| error));
    }
    fixed
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
    listing: Option<Arc<Listing>>,
    /// What `--verbose` tells.
    told: Option<String>,
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
        match read_input(file, &known.context, &Texts::new()) {
            Ok(input) => inputs.push(input),
            Err(unusable) => errors.push(unusable.message),
        }
    }
    let selection = selection(arguments, &known.settings);
    let pipeline = read_pipeline(found, &known);
    let is_asked_for = found.named.as_ref().is_none_or(|named| !named.is_empty());
    let told = (arguments.manners.verbose && is_asked_for).then(|| {
        let is_meant = |file: &&FoundFile| found.named.as_ref().is_none_or(|named| named.contains(&file.path));
        let configurations = found.files.iter().filter(is_meant).map(|file| discover::shown_path(&file.path));
        let ci_files = pipeline.iter().filter(|_| has_jobs_to_check(found)).flat_map(|pipeline| &pipeline.sources);
        let files = configurations.chain(ci_files.map(|source| source.path().to_owned())).collect();
        manners::tell(&found.root, &known, files, Some(&selection))
    });
    let mut project = Project::new(inputs, known.context, selection);
    project.pipeline = pipeline;
    project.named = found.named.as_ref().map(|named| named.iter().map(|path| discover::shown_path(path)).collect());
    Ok(ReadProject { project, errors, remark, listing: known.listing, told })
}

fn selection(arguments: &Arguments, found: &FoundSettings) -> Selection {
    Selection {
        only: arguments.select.clone(),
        without: arguments.ignore.clone(),
        levels: found.settings.levels.clone(),
        accepted: (found.settings.ignore.clone(), found.shown_folder()),
    }
}

fn check_stdin(
    arguments: &Arguments,
    knowledge: &Knowledge<'_>,
    fixing: Option<(Mode, Safety)>,
) -> Result<Checked, Unusable> {
    let name = arguments.stdin_filename.clone().unwrap_or_else(|| PathBuf::from("-"));
    let is_ci_file = name.file_name().is_some_and(|file| file == CI_FILE);
    let (root, location) = match is_ci_file {
        true => (name.parent().map(Path::to_owned).unwrap_or_default(), None),
        false => discover::locate(&name),
    };
    let known = knowledge.context_for(&root, None, true)?;
    let shown = discover::shown_path(&name);
    let limit = if is_ci_file { MAX_CI_FILE_SIZE } else { known.context.max_file_size };
    let mut bytes = Vec::new();
    let (source, content) = match discover::read_stdin(limit)? {
        Content::Text(read) => {
            bytes = read;
            (Source::from_bytes(shown.clone(), &bytes), InputContent::Text)
        }
        Content::TooLarge(_) if is_ci_file || matches!(fixing, Some((Mode::Write, _))) => {
            return Err(Unusable::new("standard input is too large".to_owned()));
        }
        Content::TooLarge(size) => (Source::new(shown.clone(), ""), InputContent::TooLarge(size)),
        Content::NoFile(what) => (Source::new(shown.clone(), ""), InputContent::NoFile(what)),
    };
    let source = Arc::new(source);
    let selection = selection(arguments, &known.settings);
    if arguments.manners.verbose {
        output::complain(&manners::tell(&root, &known, vec![shown.clone()], Some(&selection)));
    }
    let found = is_ci_file.then(|| discover::at_root(&root).unwrap_or_else(|| Found::nothing_at(&root)));
    let context = known.context.clone();
    let pipeline = |texts: &Texts| {
        let main = texts.get(&shown).unwrap_or(&source);
        Some(read_pipeline_of(main, found.as_ref()?, &context, known.listing.as_deref(), texts))
    };
    let mut project = Project::new(Vec::new(), known.context.clone(), selection);
    match &found {
        // What lies beside it is there to be known.
        Some(found) => {
            project.inputs =
                found.files.iter().filter_map(|file| read_input(file, &context, &Texts::new()).ok()).collect();
            project.named = Some(BTreeSet::from([shown.clone()]));
            project.pipeline = pipeline(&Texts::new());
        }
        None => {
            let location = location.unwrap_or(Location::Loose);
            project.inputs.push(Input::without_text(location, Arc::clone(&source), content));
        }
    }
    let mut outcome = Outcome::default();
    outcome.remark(remark_on_version(knowledge, &known));
    let projects = vec![project];
    let mut difference = None;
    let analyses = match fixing {
        None => analysis::analyse(&projects),
        Some((mode, up_to)) => {
            let may_change = |_: usize, path: &str| path == shown;
            let request = Request {
                up_to,
                may_change: &may_change,
                read_pipeline: &|_, texts| pipeline(texts),
                steps: &Steps::default(),
            };
            let fixed = fixing::fix(projects, &request);
            if mode == Mode::Show {
                difference = Some(fix::difference(&fixed));
                if !arguments.manners.quiet {
                    fix::sum_up(&fixed, up_to);
                }
            } else {
                let after = fixed.files.first().and_then(|file| file.after.to_bytes());
                output::bytes_to_stdout(&after.unwrap_or(bytes))?;
            }
            outcome.add_fixes(&fixed);
            fixed.analyses
        }
    };
    for analysis in analyses {
        outcome.add(analysis);
    }
    Ok(Checked { outcome, errors: Vec::new(), difference })
}

fn remark_on_version(knowledge: &Knowledge<'_>, known: &Known) -> Option<String> {
    let version = knowledge.newer_version(known)?;
    Some(format!("GitLab {version} is newer than this kaslint knows; it was taken as {NEWEST}."))
}
