//! `kaslint recommend`: what could be taken away without a job noticing.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use similar::TextDiff;

use super::check::own_files;
use super::progress::Progress;
use super::{Exit, manners, output, usable};
use crate::access::{Index, Settings, World};
use crate::analysis::{Evaluation, Facts, Purpose, Subject};
use crate::diagnostic::Selection;
use crate::diff::Diff;
use crate::diff_report::{DiffReport, State, Stated};
use crate::inventory::Inventory;
use crate::outlet::Outlet;
use crate::project::files::Disk;
use crate::project::{Loader, Neighbours, Options, Request, Scope, Steps, Surroundings, Unusable};
use crate::recommend::{Recommendation, Recommended, UsedBy, recommend};
use crate::rules;
use crate::source::secrets;
use crate::words::{count, excerpt, in_lines};
use crate::writing::InPlace;

/// How many jobs, projects and entries are told of each.
const MOST: usize = 5;

/// How long the smallest difference is looked for; after that a larger one does.
const PATIENCE: Duration = Duration::from_secs(5);

/// What nobody looks at here, and that may need what is recommended to take away.
const NOT_LOOKED_AT: &str = "what the cluster's RBAC allows, what GitLab has stored, which jobs ran, user_access, and whether a job needs the agent's own identity";

#[derive(Debug, clap::Args)]
#[command(
    next_help_heading = "What is looked at",
    after_help = "\
Exit status:
  0  there is nothing to recommend
  1  there is
  2  the call, the settings or the inventory cannot be used, or a file cannot be written

Examples:
  kaslint recommend --inventory inventory/inventory.yaml    what could be taken away, and why
  kaslint recommend --diff                                  the same as a patch
  kaslint recommend --write                                 write it into the files, for a branch"
)]
pub(super) struct Arguments {
    /// Files or folders with configuration projects [default: those of the inventory, else .].
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Take what was not read for nothing: projects without a CI file at hand, includes, scripts, and contexts that hang on variables.
    #[arg(long)]
    assume_read: bool,
    /// Print what would change, as a patch, and write nothing.
    #[arg(long, conflicts_with = "write", help_heading = "Report")]
    diff: bool,
    /// Write it into the files, each as a whole or not at all. It changes who gets in: look at it before it is merged.
    #[arg(long, help_heading = "Report")]
    write: bool,
    /// How to report: human or json.
    #[arg(long, value_enum, default_value = "human", conflicts_with = "diff", help_heading = "Report")]
    format: Format,
    /// Tell on standard error, for each project, where it lies and what is known of it from where.
    #[arg(short, long, help_heading = "Report")]
    verbose: bool,
    #[command(flatten)]
    options: Options,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people, in a terminal.
    Human,
    /// One object.
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    let surroundings = Surroundings::of_process();
    let loader = Loader::new(&Disk, &arguments.options, &surroundings, rules::TABLE)?;
    let progress = Progress::new(Instant::now(), "Reading", 1 + Steps::A_FILE);
    let snapshot = usable(loader.load(&Request {
        scope: Scope::Paths(&arguments.paths),
        neighbours: Neighbours::Always,
        with_ci_files: true,
        steps: &progress.steps,
        before: None,
    }))?;
    if let Some(error) = snapshot.errors.first() {
        return Err(Unusable::new(error.clone()));
    }
    if arguments.verbose {
        snapshot.projects.iter().for_each(|project| manners::tell(project, None));
    }
    snapshot.remarks.iter().for_each(|remark| output::complain(remark));
    let selection = Arc::new(Selection::default());
    let projects = snapshot.projects.iter().cloned();
    let subjects: Vec<Subject> = projects.map(|project| Subject::new(project, Arc::clone(&selection))).collect();
    // Where the files lie, by the paths of reports.
    let mut places: BTreeMap<String, (PathBuf, PathBuf)> = BTreeMap::new();
    for (project, own) in snapshot.projects.iter().zip(own_files(&snapshot.projects, &subjects, &Disk)) {
        places.extend(own.into_iter().map(|(shown, path)| (shown, (path, project.folder.clone()))));
    }
    let evaluation = Evaluation::of(subjects, Purpose::AccessTogether, &progress.steps);
    drop(progress);
    evaluation.with(|facts| {
        let inventory = snapshot.inventories.first().map(|file| &*file.inventory);
        let empty;
        let mut indexes = facts.indexes();
        let index = match (indexes.next(), indexes.next()) {
            (Some(index), None) => index,
            (None, _) => {
                let settings = inventory.map(Settings::of).unwrap_or_default();
                empty = World { inventory, files: Vec::new(), settings }.authorize();
                &empty
            }
            (Some(_), Some(_)) => {
                return Err(Unusable::new(
                    "the projects that were found do not have the same release, licence, instance setting and inventory; give these as options",
                ));
            }
        };
        finish(arguments, facts, index, &places)
    })
}

fn finish(
    arguments: &Arguments,
    facts: &Facts<'_>,
    index: &Index<'_>,
    places: &BTreeMap<String, (PathBuf, PathBuf)>,
) -> Result<Exit, Unusable> {
    let found = recommend(facts, index, arguments.assume_read);
    let report = Report { found: &found, settings: index.settings(), inventory: index.inventory(), arguments };
    if arguments.diff {
        let patch = difference(&found);
        output::to_stdout(&|out| out.difference(&patch).map(|_| ()))?;
    } else {
        output::to_stdout(&|out| match arguments.format {
            Format::Human => report.human(out),
            Format::Json => out.json(&report.json()),
        })?;
    }
    if arguments.write {
        let mut in_place = InPlace::default();
        for (path, (before, after)) in &found.files {
            let written = match places.get(path) {
                Some((place, within)) => in_place.replace(place, within, (before, after)),
                None => Err("no project has it".to_owned()),
            };
            written.map_err(|error| Unusable::new(format!("cannot write {path}: {error}")))?;
        }
    }
    Ok(if found.list.is_empty() { Exit::Fine } else { Exit::Found })
}

/// The differences of all files as `diff -u` writes them, without secrets.
fn difference(found: &Recommended) -> String {
    let mut text = String::new();
    for (path, (before, after)) in &found.files {
        let (before, after) = (secrets::mask(before.text()), secrets::mask(after.text()));
        let difference = TextDiff::configure().timeout(PATIENCE).diff_lines(&*before, &*after);
        text.push_str(&difference.unified_diff().header(path, path).to_string());
    }
    text
}

struct Report<'r> {
    found: &'r Recommended,
    settings: Settings,
    inventory: Option<&'r Inventory>,
    arguments: &'r Arguments,
}

impl Report<'_> {
    /// What a comparison comes to, in sentences.
    fn sentences(&self, diff: &Diff) -> Vec<String> {
        let stated = |name: &str| Stated { state: State::Path(name.to_owned()), settings: self.settings };
        let report = DiffReport {
            diff,
            base: stated("now"),
            head: stated("recommended"),
            evidence: Vec::new(),
            findings: Vec::new(),
            is_whole: true,
            inventory: self.inventory,
            width: output::DEFAULT_WIDTH,
        };
        report.sentences()
    }

    fn human(&self, out: &mut Outlet<'_>) -> io::Result<()> {
        let found = self.found;
        let width = output::width().min(100);
        let wrapped = |out: &mut Outlet<'_>, first: &str, indent: &str, text: &str| {
            let mut lines = in_lines(text, width, first, indent).into_iter();
            lines.try_for_each(|line| out.line(format_args!("{line}")))
        };
        for one in &found.list {
            wrapped(out, "", "    ", &heading(one))?;
            wrapped(out, "    ", "    ", &format!("{}.", upper_first(&one.title)))?;
            for sentence in self.sentences(&one.diff).iter().take(MOST) {
                wrapped(out, "    ", "    ", sentence)?;
            }
            if one.used_by.is_empty() {
                let text = format!("No job of {} uses it.", projects_read(found.read));
                wrapped(out, "    ", "    ", &text)?;
            } else {
                out.line(format_args!("    Used by"))?;
                for job in one.used_by.iter().take(MOST) {
                    wrapped(out, "      ", "        ", &job_in_words(job))?;
                }
                if let Some(more) = one.used_by.len().checked_sub(MOST).filter(|more| *more > 0) {
                    out.line(format_args!("      and {more} more"))?;
                }
            }
            out.empty_line()?;
        }
        let mut tail = Vec::new();
        tail.push(match found.list.len() {
            0 => "Nothing to recommend.".to_owned(),
            number => {
                let written = if self.arguments.write { " Written." } else { "" };
                format!(
                    "{}, together proved to let nobody in who was not, and to leave every use as it is.{written}",
                    count(number, "recommendation")
                )
            }
        });
        let jobs = if found.uses == 1 { "1 job uses".to_owned() } else { format!("{} jobs use", found.uses) };
        tail.push(format!(
            "Looked at: {} in full. By case, {jobs} an agent, and {} more may.",
            count(found.read, "project"),
            found.possible
        ));
        if found.dropped > 0 {
            tail.push(format!("Dropped, since not proved: {}.", found.dropped));
        }
        if found.is_cut {
            tail.push("A file has more entries than are tried.".to_owned());
        }
        if !found.unread.is_empty() {
            let names: Vec<String> =
                found.unread.iter().take(MOST).map(|(path, why)| format!("{} ({why})", excerpt(path))).collect();
            let more = found.unread.len().saturating_sub(MOST);
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            tail.push(format!("Not all read: {}{more}.", names.join(", ")));
        }
        for kept in found.kept.iter().take(MOST) {
            tail.push(format!(
                "{}:{}: {} stays as it is, since {} may use it; --assume-read takes it that nothing does.",
                kept.path,
                kept.line,
                kept.route,
                excerpt(&kept.project)
            ));
        }
        if let Some(more) = found.kept.len().checked_sub(MOST).filter(|more| *more > 0) {
            tail.push(format!("{} stay for the like.", count(more, "more edit")));
        }
        if self.arguments.assume_read {
            tail.push("What was not read counts as nothing (--assume-read).".to_owned());
        }
        tail.push(format!("Not looked at: {NOT_LOOKED_AT}."));
        tail.iter().try_for_each(|text| wrapped(out, "", "    ", text))
    }

    fn json(&self) -> Json {
        let found = self.found;
        let job = |job: &UsedBy| json!({"project": job.project, "job": job.job, "environment": job.environment, "path": job.path, "line": job.line});
        let one = |one: &Recommendation| {
            json!({
                "rule": one.kind.name(),
                "severity": "note",
                "agent": one.context,
                "path": one.path,
                "line": one.line,
                "entry": one.route,
                "names": one.target,
                "title": one.title,
                "safety": "unsafe",
                "used_by": one.used_by.iter().map(job).collect::<Vec<_>>(),
                "changes": self.sentences(&one.diff),
                "verdict": one.diff.verdict.name(),
            })
        };
        let file = |(path, (_, after)): (&String, &(Arc<crate::source::Source>, Arc<crate::source::Source>))| json!({"path": path, "text": secrets::mask(after.text())});
        json!({
            "recommendations": found.list.iter().map(one).collect::<Vec<_>>(),
            "files": found.files.iter().map(file).collect::<Vec<_>>(),
            "uses": found.uses,
            "possible_uses": found.possible,
            "projects_read": found.read,
            "dropped": found.dropped,
            "is_cut": found.is_cut,
            "unread": found.unread.iter().map(|(path, why)| json!({"project": path, "why": why})).collect::<Vec<_>>(),
            "kept": found.kept.iter().map(|kept| json!({"path": kept.path, "line": kept.line, "entry": kept.route, "project": kept.project})).collect::<Vec<_>>(),
            "assume_read": self.arguments.assume_read,
            "not_looked_at": ["rbac", "live", "seen", "user_access", "identity"],
        })
    }
}

fn heading(one: &Recommendation) -> String {
    let target = one.target.as_ref().map(|target| format!(" ({})", excerpt(target))).unwrap_or_default();
    format!("{}:{}: {}: {}{target}", one.path, one.line, one.kind.name(), one.route)
}

fn job_in_words(job: &UsedBy) -> String {
    let environment = job.environment.as_ref().map(|name| format!(", environment {}", excerpt(name)));
    format!(
        "{} of {}{} ({}:{})",
        excerpt(&job.job),
        excerpt(&job.project),
        environment.unwrap_or_default(),
        job.path,
        job.line
    )
}

fn projects_read(number: usize) -> String {
    if number == 1 { "the project that was read".to_owned() } else { format!("the {number} projects that were read") }
}

fn upper_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
