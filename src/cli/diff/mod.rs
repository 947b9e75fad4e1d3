//! `kaslint diff`: what a change lets in.

mod evidence;
mod loaded;
mod post;
mod refusals;
mod states;

use std::mem::ManuallyDrop;
use std::path::PathBuf;

use super::remote::RemoteArguments;
use super::{Exit, output};
use crate::access::Index;
use crate::access_report::{self, AccessReport, Page, Side, WHOLE};
use crate::analysis::Purpose;
use crate::diagnostic::Finding;
use crate::diff::{Diff, Sides, Verdict, compare};
use crate::diff_report::{DiffReport, Format, State, Stated};
use crate::gitlab::{Tier, Version};
use crate::project::{Options, Unusable};

use post::Post;
use states::States;

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
  kaslint diff main --post='acme/agents!12'
                                          the same as a comment of a merge request
  kaslint diff ./inventory ./inventory --base-gitlab-version 18.9 --gitlab-version 19.5
                                          what an upgrade does to access"
)]
pub(super) struct Arguments {
    /// What was: a revision of git, or a folder (./DIR, ../DIR, /DIR).
    #[arg(value_name = "BASE")]
    base: String,
    /// What is to be: the same; the working tree where it is left out.
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
    /// The index is HEAD: what the next commit would hold.
    #[arg(long)]
    staged: bool,
    /// Compare with the commit from which BASE and HEAD both go on, as a merge request does.
    #[arg(long)]
    merge_base: bool,
    /// How many commits are looked through for a version that GitLab takes, where it refuses BASE's.
    #[arg(long, value_name = "N", default_value_t = 100)]
    history: usize,
    /// What ends with status 1.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = FailOn::Widened)]
    fail_on: FailOn,
    /// Let pass what is not proved.
    #[arg(long)]
    allow_unproved: bool,
    /// Tell all changes, and not the first 20 alone.
    #[arg(long, help_heading = "Report")]
    all: bool,
    /// How to report: human, markdown (for a merge request comment), json, gitlab (Code Quality) or html (a page with both states). FORMAT=FILE writes to a file; may be given
    /// several times.
    #[arg(long, value_name = "FORMAT[=FILE]", default_value = "human", value_parser = format, help_heading = "Report")]
    format: Vec<Choice>,
    /// Write the report as a comment of the merge request, in the place of the one before: that of the job's pipeline, or PROJECT!NUMBER. Needs a
    /// token with the scope api; that of a job may not comment. `--format markdown` shows the comment.
    #[arg(long, value_name = "PROJECT!NUMBER", num_args = 0..=1, require_equals = true, default_missing_value = "", help_heading = "GitLab")]
    post: Option<String>,
    #[command(flatten, next_help_heading = "GitLab")]
    remote: RemoteArguments,
    #[command(flatten)]
    options: Options,
}

impl Arguments {
    /// Whether a page of both states is asked for.
    fn is_page(&self) -> bool {
        self.format.iter().any(|choice| choice.format == Format::Html)
    }

    /// For whom the states are loaded: the page alone has findings.
    fn purpose(&self) -> Purpose {
        if self.is_page() { Purpose::AccessTogether } else { Purpose::AccessAlone }
    }
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
        .map_err(|_| format!("there is no format `{name}`; choose one of human, markdown, json, gitlab, html"))?;
    Ok(Choice { format, file })
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    if arguments.format.iter().filter(|choice| choice.file.is_none()).count() > 1 {
        return Err(Unusable::new(
            "only one format can go to standard output; name a file for the others: --format json=FILE",
        ));
    }
    if arguments.staged && arguments.head.is_some() {
        return Err(Unusable::new("--staged takes the index for HEAD, and HEAD is given; leave one of them out"));
    }
    let post = arguments.post.as_deref();
    let post = post.map(|to| Post::to(to, &arguments.remote, arguments.options.offline)).transpose()?;
    let states = States::of(arguments)?;
    let (base, head) = states.load(arguments)?;
    // The process ends behind this: to free what was read, piece by piece, would be work for nothing.
    let (base, head) = (ManuallyDrop::new(base), ManuallyDrop::new(head));
    let in_force = states.in_force(arguments, &base)?;
    let evidence = states.evidence(arguments, &base, &head)?;
    let policies = base.policies();
    base.with(head.settings(), |base_index, base_inventory| {
        head.with(base.settings(), |head_index, _| {
            let told = |in_force_index: Option<&Index<'_>>| {
                let settled: Vec<String> = in_force.iter().flat_map(|in_force| in_force.settled.clone()).collect();
                let sides = Sides { base: base_index, head: head_index, in_force: in_force_index, settled: &settled };
                let mut diff = compare(&sides);
                let causes = in_force.iter().flat_map(|in_force| &in_force.commits);
                refusals::explain(&mut diff, base_index, head_index, causes);
                diff.would_be = refusals::would_be(&diff, base_index, head_index);
                let mut findings = evidence.findings.clone();
                findings.extend(evidence::newly_broken(base_index, head_index, &policies));
                let report = DiffReport {
                    diff: &diff,
                    base: Stated { state: states.base.stated(), settings: base_index.settings() },
                    head: Stated { state: states.head.stated(), settings: head_index.settings() },
                    evidence: evidence.told.clone(),
                    findings,
                    is_whole: arguments.all,
                    inventory: head_index.inventory().or(base_inventory),
                    width: output::width(),
                };
                let found = || (base.findings(), head.findings());
                let page =
                    arguments.is_page().then(|| page(&report, (base_index, head_index), &found())).transpose()?;
                deliver(arguments, &report, page.as_ref())?;
                if let Some(post) = &post {
                    output::complain(&post.send(&report)?);
                }
                Ok(exit(arguments, &diff, &report))
            };
            match &in_force {
                Some(in_force) => in_force.loaded.with(base.settings(), |index, _| told(Some(index))),
                None => told(None),
            }
        })
    })
}

/// The page of both states.
fn page(
    report: &DiffReport<'_>,
    (base, head): (&Index<'_>, &Index<'_>),
    (of_base, of_head): &(Vec<Finding>, Vec<Finding>),
) -> Result<Page, Unusable> {
    let name = |stated: &Stated| match &stated.state {
        State::Revision(name) | State::Path(name) => name.clone(),
    };
    let (before, after) = (name(&report.base), name(&report.head));
    let granted = |index| AccessReport {
        index,
        agent: None,
        environment: None,
        why: false,
        format: access_report::Format::Html,
        width: WHOLE,
    };
    let (base, head) = (granted(base), granted(head));
    let page = Page::of_both(
        Side { report: &base, label: Some(&before), jobs: &[], findings: of_base },
        Side { report: &head, label: Some(&after), jobs: &[], findings: of_head },
        report.told(),
    );
    page.check().map_err(|error| Unusable::new(error.to_string()))?;
    Ok(page)
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

fn deliver(arguments: &Arguments, report: &DiffReport<'_>, page: Option<&Page>) -> Result<(), Unusable> {
    let write = |report: &DiffReport<'_>, format: Format, out: &mut output::Outlet<'_>| match page
        .filter(|_| format == Format::Html)
    {
        Some(page) => page.write(out),
        None => report.write(format, out),
    };
    for choice in &arguments.format {
        match &choice.file {
            Some(file) => {
                let whole = DiffReport { width: output::DEFAULT_WIDTH, ..report.clone() };
                output::to_file(file, &|out| write(&whole, choice.format, out))?;
            }
            None => output::to_stdout(&|out| write(report, choice.format, out))?,
        }
    }
    Ok(())
}
