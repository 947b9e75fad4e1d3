//! `kaslint diff`: what a change lets in.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::progress::Progress;
use super::{Exit, output, usable};
use crate::access::{Index, Settings, World};
use crate::analysis::{Evaluation, Facts, Purpose, Subject};
use crate::diagnostic::Selection;
use crate::diff::{Diff, Sides, Verdict, compare};
use crate::diff_report::{DiffReport, Format, State, Stated};
use crate::gitlab::{Tier, Version};
use crate::inventory::Inventory;
use crate::project::files::{Disk, FileSource};
use crate::project::paths::shown_path;
use crate::project::{Loader, Neighbours, Options, Request, Scope, Snapshot, Surroundings, Unusable};
use crate::rules;

#[derive(Debug, clap::Args)]
#[command(
    next_help_heading = "What is compared",
    after_help = "\
Exit status:
  0  nothing happened that --fail-on names
  1  it happened
  2  the states could not be compared

Examples:
  kaslint diff main                       what the working tree lets in that main does not
  kaslint diff ./before ./after           two folders
  kaslint diff ./inventory ./inventory --base-gitlab-version 18.9 --gitlab-version 19.5
                                          what an upgrade does to access"
)]
pub(super) struct Arguments {
    /// What was: a folder (./DIR) or a revision of git.
    #[arg(value_name = "BASE")]
    base: String,
    /// What is to be: the same, or the working tree where it is left out.
    #[arg(value_name = "HEAD")]
    head: Option<String>,
    /// Inventory of BASE, where it is another one than that of HEAD.
    #[arg(long, value_name = "FILE")]
    base_inventory: Option<PathBuf>,
    /// BASE under the rules of this release.
    #[arg(long, value_name = "X.Y")]
    base_gitlab_version: Option<Version>,
    /// BASE under this licence.
    #[arg(long, value_name = "TIER", ignore_case = true)]
    base_tier: Option<Tier>,
    /// What ends with status 1.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = FailOn::Widened)]
    fail_on: FailOn,
    /// Let pass what is not proved.
    #[arg(long)]
    allow_unproved: bool,
    /// Tell all changes, and not the first 20 alone.
    #[arg(long, help_heading = "Report")]
    all: bool,
    /// How to report: human, markdown (for a merge request comment), json or gitlab (Code Quality). FORMAT=FILE writes to a file; may be given
    /// several times.
    #[arg(long, value_name = "FORMAT[=FILE]", default_value = "human", value_parser = format, help_heading = "Report")]
    format: Vec<Choice>,
    #[command(flatten)]
    options: Options,
}

/// What ends with status 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// Everything but a proof that nobody is let in.
    Widened,
    /// Any change as well.
    Changed,
    /// Nothing.
    Never,
}

/// A format, and the file that it goes to.
#[derive(Clone, Debug)]
struct Choice {
    format: Format,
    file: Option<PathBuf>,
}

fn format(text: &str) -> Result<Choice, String> {
    let (name, file) = match text.split_once('=') {
        Some((_, "")) => return Err("a file's name belongs behind `=`".to_owned()),
        Some((name, file)) => (name, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let format = <Format as clap::ValueEnum>::from_str(name, false)
        .map_err(|_| format!("there is no format `{name}`; choose one of human, markdown, json, gitlab"))?;
    Ok(Choice { format, file })
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    if arguments.format.iter().filter(|choice| choice.file.is_none()).count() > 1 {
        return Err(Unusable::new(
            "only one format can go to standard output; name a file for the others: --format json=FILE",
        ));
    }
    let head = arguments.head.as_deref().unwrap_or(".");
    let (base, head) = (folder(&arguments.base)?, folder(head)?);
    let mut base_options = arguments.options.clone();
    base_options.gitlab_version = arguments.base_gitlab_version.or(base_options.gitlab_version);
    base_options.tier = arguments.base_tier.or(base_options.tier);
    base_options.inventory = arguments.base_inventory.clone().or(base_options.inventory);
    let base = Loaded::of(&Disk, &base, base_options)?;
    let head = Loaded::of(&Disk, &head, arguments.options.clone())?;
    base.with(|base_index, base_inventory| {
        head.with(|head_index, _| {
            let sides = Sides { base: base_index, head: head_index, in_force: None };
            let diff = compare(&sides);
            let report = DiffReport {
                diff: &diff,
                base: Stated { state: State::Path(base.name.clone()), settings: base_index.settings() },
                head: Stated { state: State::Path(head.name.clone()), settings: head_index.settings() },
                evidence: Vec::new(),
                findings: Vec::new(),
                is_whole: arguments.all,
                inventory: head_index.inventory().or(base_inventory),
                width: output::width(),
            };
            deliver(arguments, &report)?;
            Ok(exit(arguments, &diff, &report))
        })
    })
}

fn exit(arguments: &Arguments, diff: &Diff, report: &DiffReport<'_>) -> Exit {
    let is_proved = match diff.verdict {
        Verdict::NoNewAccess => true,
        Verdict::NotProved => arguments.allow_unproved,
        Verdict::NewAccess => false,
    };
    let is_fine = match arguments.fail_on {
        FailOn::Never => true,
        FailOn::Widened => is_proved && report.findings.is_empty(),
        FailOn::Changed => is_proved && report.findings.is_empty() && diff.changes.is_empty(),
    };
    if is_fine { Exit::Fine } else { Exit::Found }
}

fn deliver(arguments: &Arguments, report: &DiffReport<'_>) -> Result<(), Unusable> {
    for choice in &arguments.format {
        match &choice.file {
            Some(file) => {
                let whole = DiffReport { width: output::DEFAULT_WIDTH, ..report.clone() };
                output::to_file(file, &|out| whole.write(choice.format, out))?;
            }
            None => output::to_stdout(&|out| report.write(choice.format, out))?,
        }
    }
    Ok(())
}

fn folder(named: &str) -> Result<PathBuf, Unusable> {
    let path = PathBuf::from(named);
    if Disk.is_there(&path) {
        return Ok(path);
    }
    Err(Unusable::new(format!("there is no folder {named}")))
}

/// A state that was loaded.
struct Loaded {
    name: String,
    evaluation: Evaluation,
    inventory: Option<Arc<Inventory>>,
}

impl Loaded {
    fn of(files: &dyn FileSource, folder: &Path, mut options: Options) -> Result<Self, Unusable> {
        let listed = folder.join("inventory.yaml");
        let mut paths = vec![folder.to_owned()];
        if options.inventory.is_none() && files.is_there(&listed) {
            options.inventory = Some(listed);
            paths.clear();
        }
        let surroundings = Surroundings::of_process();
        let loader = Loader::new(files, &options, &surroundings, rules::TABLE)?;
        let progress = Progress::new(Instant::now(), "Reading", 1);
        let snapshot: Snapshot = usable(loader.load(&Request {
            scope: Scope::Paths(&paths),
            neighbours: Neighbours::Always,
            with_ci_files: false,
            steps: &progress.steps,
            before: None,
        }))?;
        if let Some(error) = snapshot.errors.first() {
            return Err(Unusable::new(error.clone()));
        }
        let inventory = snapshot.inventories.first().map(|file| Arc::clone(&file.inventory));
        let selection = Arc::new(Selection::default());
        let subjects = snapshot.projects.into_iter().map(|project| Subject::new(project, Arc::clone(&selection)));
        let evaluation = Evaluation::of(subjects.collect(), Purpose::AccessTogether, &progress.steps);
        Ok(Self { name: shown_path(folder), evaluation, inventory })
    }

    /// Shows who gets in at its agents.
    fn with<R>(&self, work: impl FnOnce(&Index<'_>, Option<&Inventory>) -> Result<R, Unusable>) -> Result<R, Unusable> {
        let inventory = self.inventory.as_deref();
        self.evaluation.with(|facts: &Facts<'_>| {
            let mut indexes = facts.indexes();
            match (indexes.next(), indexes.next()) {
                (Some(index), None) => work(index, inventory),
                (None, _) => {
                    let settings = inventory.map(Settings::of).unwrap_or_default();
                    work(&World { inventory, files: Vec::new(), settings }.authorize(), inventory)
                }
                (Some(_), Some(_)) => Err(Unusable::new(format!(
                    "the projects of {} do not have the same release, licence, instance setting and inventory; give these as options",
                    self.name
                ))),
            }
        })
    }
}
