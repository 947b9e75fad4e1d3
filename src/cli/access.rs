//! `kaslint access`: which agents a job may use, through which entry, as whom.

use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::access_format::{Asked, TablesAsked};
use super::access_jobs;
#[cfg(feature = "parquet")]
use super::access_tables;
use super::progress::Progress;
use super::remote::RemoteArguments;
use super::subjects::subjects;
use super::{Exit, live, manners, output, usable};
use crate::access::jobs::ProjectJobs;
use crate::access::{Agent, Index, Query, Settings, World};
use crate::access_report::{
    AccessReport, Expected, Format, Page, Side, WHOLE, is_recording, is_same, write_difference,
};
use crate::analysis::{Evaluation, Facts, Purpose};
use crate::gitlab::{FullPath, GitRef, MergeRequestProtection, NEWEST, RefProtection, lower_path};
use crate::inventory::Inventory;
use crate::outlet::Outlet;
use crate::project::files::{Disk, StandardInput};
use crate::project::paths::shown_path;
use crate::project::{
    InventoryFile, Loader, Neighbours, Options, Project, Request, Scope, Steps, Surroundings, Unusable, read_own_file,
};
use crate::schema::nearest;
use crate::words::excerpt;
use crate::{project, rules};

/// The largest file of queries, and the largest recorded result, in bytes.
const MAX_TEXT_SIZE: u64 = 1 << 28;

#[derive(Debug, clap::Args)]
#[command(
    next_help_heading = "What is asked",
    after_help = "\
Exit status:
  0  done; with --expect, the result is the same
  1  with --expect, it is another; with --live, something differs
  2  the call, the settings or the inventory cannot be used, or a path cannot be read; with --live,
     nothing could be compared

Examples:
  kaslint access                             what every agent grants, and the jobs here
  kaslint access --for acme/web/shop --environment production --protected
  kaslint access --for acme/web/shop --agent prod --why
  kaslint access --job deploy --why          one job, from its rules to the agents that it sees
  kaslint access --format json --expect access.json
  kaslint access --format parquet --output tables/"
)]
pub(super) struct Arguments {
    /// Files or folders with configuration projects [default: those of the inventory, else .].
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Answer the queries of this file, one JSON object a line; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "for_project")]
    queries: Option<PathBuf>,
    /// What the jobs of this project may use.
    #[arg(long = "for", value_name = "PROJECT", value_hint = clap::ValueHint::Other)]
    for_project: Option<String>,
    /// Who reaches this agent, by its name or context: projects, jobs and people.
    #[arg(long, value_name = "AGENT", value_hint = clap::ValueHint::Other, conflicts_with_all = ["queries", "for_project", "jobs", "job", "why", "agent"])]
    who: Option<String>,
    /// The job's environment; without `--for`, only what gets in with it.
    #[arg(long, value_name = "NAME", conflicts_with = "queries")]
    environment: Option<String>,
    /// The pipeline's ref, whose protection the inventory knows; refs/heads/main or refs/tags/v1 where it could be both.
    #[arg(long = "ref", value_name = "REF", requires = "for_project", conflicts_with_all = ["protected", "unprotected"])]
    git_ref: Option<String>,
    /// The pipeline runs on a protected ref.
    #[arg(long, requires = "for_project", conflicts_with = "unprotected")]
    protected: bool,
    /// The pipeline runs on a ref that is not protected.
    #[arg(long, requires = "for_project")]
    unprotected: bool,
    /// Show the jobs of the CI files at hand, or of the project of `--for`: the environment that each would have, the
    /// context that it selects, and the agents that it sees on protected refs and on others. Without this, human and
    /// markdown tell jobs behind the agents; json and csv do not.
    #[arg(long, conflicts_with_all = ASKED_ONE)]
    jobs: bool,
    /// Show only this job, or one combination of its matrix: deploy, or "deploy: [eu]".
    #[arg(long, value_name = "NAME", conflicts_with_all = ASKED_ONE)]
    job: Option<String>,
    /// Explain the decision about each agent step by step; with `--job`, the way of the job as well.
    #[arg(long)]
    why: bool,
    /// Only agents with this name or context.
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,
    /// How to show it: human (tables), json (one object a line), markdown (for a merge request comment), csv, html (a page
    /// to search, with all of it), or parquet (tables for a warehouse, in the folder of --output).
    #[arg(long, value_enum, default_value = "human", hide_possible_values = true, help_heading = "Report")]
    format: Asked,
    /// Write the result there, as a whole or not at all; with parquet a folder, of which other files stay as they are.
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    output: Option<PathBuf>,
    /// The day that stands in the tables of parquet, 2026-11-27 [default: today, in UTC].
    #[arg(long, value_name = "DATE", value_hint = clap::ValueHint::Other, help_heading = "Report")]
    snapshot: Option<String>,
    /// Compare the result with this recorded one: nothing and status 0 if it is the same, else the difference and
    /// status 1.
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    expect: Option<PathBuf>,
    /// Tell on standard error, for each project, where it lies and what is known of it from where.
    #[arg(short, long, help_heading = "Report")]
    verbose: bool,
    /// Hold what is predicted against what GitLab has stored, for all projects of the inventory or that of `--for`: status 1 where something differs.
    #[arg(long, conflicts_with_all = LIVE_ALONE, help_heading = "GitLab")]
    live: bool,
    #[command(flatten, next_help_heading = "GitLab")]
    remote: RemoteArguments,
    #[command(flatten)]
    options: Options,
}

/// What `--live` has no part in.
const LIVE_ALONE: [&str; 12] = [
    "queries",
    "who",
    "environment",
    "git_ref",
    "protected",
    "unprotected",
    "jobs",
    "job",
    "why",
    "agent",
    "output",
    "expect",
];

/// What asks about one job that is described, so that the jobs of CI files have no part in it.
const ASKED_ONE: [&str; 5] = ["queries", "environment", "git_ref", "protected", "unprotected"];

impl Arguments {
    /// Whether jobs are asked for, and nothing else.
    fn asks_for_jobs(&self) -> bool {
        self.jobs || self.job.is_some()
    }

    /// The first option of what a page has anyhow, or cannot be held against.
    fn not_for_pages(&self) -> Option<&'static str> {
        let given = [
            ("--queries", self.queries.is_some()),
            ("--for", self.for_project.is_some()),
            ("--who", self.who.is_some()),
            ("--jobs", self.jobs),
            ("--job", self.job.is_some()),
            ("--why", self.why),
            ("--expect", self.expect.is_some()),
            ("--live", self.live),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
    }

    /// Whether the jobs of CI files are told behind what else is.
    fn appends_jobs(&self) -> bool {
        let asks_one = self.environment.is_some() || self.git_ref.is_some() || self.protected || self.unprotected;
        let is_for_people = matches!(self.format, Asked::Report(Format::Human | Format::Markdown));
        let is_page = self.format == Asked::Report(Format::Html);
        is_page || is_for_people && self.queries.is_none() && !asks_one && !self.why
    }
}

/// What is said where kaslint was built without the feature `parquet`.
const NO_PARQUET: &str = "this kaslint was built without parquet; use csv or json";

/// What tables have no part in: they hold everything.
fn tables_asked(arguments: &Arguments) -> Result<TablesAsked<'_>, Unusable> {
    if cfg!(not(feature = "parquet")) {
        return Err(Unusable::new(NO_PARQUET));
    }
    let besides = [
        ("--queries", arguments.queries.is_some()),
        ("--for", arguments.for_project.is_some()),
        ("--who", arguments.who.is_some()),
        ("--environment", arguments.environment.is_some()),
        ("--jobs", arguments.jobs),
        ("--job", arguments.job.is_some()),
        ("--agent", arguments.agent.is_some()),
        ("--expect", arguments.expect.is_some()),
        ("--live", arguments.live),
    ];
    if let Some((option, _)) = besides.iter().find(|(_, is_there)| *is_there) {
        return Err(Unusable::new(format!(
            "tables hold everything, and `{option}` asks for a part; leave it away, or use another format"
        )));
    }
    let Some(folder) = arguments.output.as_deref() else {
        return Err(Unusable::new("parquet is files; name a folder for them with `--output DIR`"));
    };
    Ok(TablesAsked { folder, snapshot: snapshot_date(arguments.snapshot.as_deref())? })
}

/// The day of a snapshot.
fn snapshot_date(written: Option<&str>) -> Result<Date, Unusable> {
    let Some(written) = written else { return Ok(Timestamp::now().to_zoned(TimeZone::UTC).date()) };
    let is_plain = written.len() == "2026-11-27".len() && written.starts_with(|first: char| first.is_ascii_digit());
    let date: Option<Date> = written.parse().ok().filter(|_| is_plain);
    date.ok_or_else(|| Unusable::new(format!("`--snapshot {written}` is no date; write year-month-day, 2026-11-27")))
}

/// A line of the file of queries.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryLine {
    project: String,
    #[serde(default)]
    environment: Option<String>,
    #[serde(default)]
    protected: Option<bool>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    if arguments.format == Asked::Report(Format::Html)
        && let Some(option) = arguments.not_for_pages()
    {
        return Err(Unusable::new(format!(
            "`{option}` has no part in html: the page has all of it, to search there; leave it out, or choose another format"
        )));
    }
    let tables = match arguments.format {
        Asked::Parquet => Some(tables_asked(arguments)?),
        Asked::Report(_) if arguments.snapshot.is_some() => {
            return Err(Unusable::new("`--snapshot` is for tables; add `--format parquet`"));
        }
        Asked::Report(_) => None,
    };
    if arguments.why && arguments.format == Asked::Report(Format::Csv) {
        return Err(Unusable::new(
            "`--why` tells a story, which csv cannot hold; use human, markdown or json".to_owned(),
        ));
    }
    if arguments.why && arguments.for_project.is_none() && arguments.job.is_none() {
        return Err(Unusable::new(
            "`--why` explains one thing: name a project with `--for` or a job with `--job`".to_owned(),
        ));
    }
    let start = Instant::now();
    let surroundings = Surroundings::of_process();
    let loader = Loader::new(&Disk, &arguments.options, &surroundings, rules::TABLE)?;
    let progress = Progress::new(start, "Reading", 1 + Steps::A_FILE);
    let mut snapshot = usable(loader.load(&Request {
        scope: Scope::Paths(&arguments.paths),
        neighbours: Neighbours::Always,
        with_ci_files: arguments.asks_for_jobs()
            || arguments.who.is_some()
            || arguments.appends_jobs()
            || tables.is_some(),
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
    let wanted = arguments.for_project.as_deref();
    snapshot.projects.iter_mut().for_each(|project| keep_jobs_of(project, wanted));
    let asked = project::Asked {
        paths: &arguments.paths,
        is_isolated: arguments.options.isolated,
        ..project::Asked::default()
    };
    let subjects = subjects(&asked, snapshot.projects);
    // A page has findings as well.
    let is_page = arguments.format == Asked::Report(Format::Html);
    let purpose = if is_page { Purpose::AccessTogether } else { Purpose::AccessAlone };
    // The process ends behind this: to free what was read, piece by piece, would be work for nothing.
    let evaluation = ManuallyDrop::new(Evaluation::of(subjects, purpose, &progress.steps));
    let inventories = ManuallyDrop::new(snapshot.inventories);
    drop(progress);
    let known = inventories.first();
    evaluation.with(|facts| report(arguments, tables.as_ref(), facts, known.map(|file| &**file)))
}

/// Takes the CI file away from a project unless it was asked for, and the project is the one whose jobs are.
fn keep_jobs_of(project: &mut Arc<Project>, wanted: Option<&str>) {
    let path = project.context.project.as_ref().map(FullPath::as_str);
    let is_wanted = wanted.is_none_or(|wanted| path.is_some_and(|path| lower_path(path) == lower_path(wanted)));
    let main = project.ci_file.as_deref().map(shown_path);
    let is_named = project.named.as_ref().is_none_or(|named| main.is_some_and(|main| named.contains(&main)));
    if project.pipeline.is_some() && !(is_wanted && is_named) {
        Arc::make_mut(project).pipeline = None;
    }
}

/// Shows what is asked for.
fn report(
    arguments: &Arguments,
    tables: Option<&TablesAsked<'_>>,
    facts: &Facts<'_>,
    file: Option<&InventoryFile>,
) -> Result<Exit, Unusable> {
    let known = file.map(|file| &*file.inventory);
    let empty;
    let mut indexes = facts.indexes();
    let index = match (indexes.next(), indexes.next()) {
        (Some(index), None) => index,
        (None, _) => {
            // Agents may be registered without any file at hand.
            let settings = known.map(Settings::of).unwrap_or_default();
            empty = World { inventory: known, files: Vec::new(), settings }.authorize();
            &empty
        }
        (Some(_), Some(_)) => {
            return Err(Unusable::new(
                "the projects that were found do not have the same release, licence, instance setting and inventory; give these as options, or ask about one project at a time".to_owned(),
            ));
        }
    };
    if index.hangs_on_assumed_release() {
        output::complain(&format!(
            "No release of GitLab is named: {NEWEST} is assumed. Releases compare environment patterns in two ways; where these differ, both outcomes are told. `--gitlab-version` settles it."
        ));
    }
    let format = match (arguments.format, tables) {
        (Asked::Report(format), _) => format,
        #[cfg(feature = "parquet")]
        (Asked::Parquet, Some(asked)) => {
            let jobs: Vec<&ProjectJobs<'_>> = facts.all_jobs().collect();
            return access_tables::write(asked, index, &jobs, file);
        }
        (Asked::Parquet, _) => return Err(Unusable::new(NO_PARQUET)),
    };
    let listed = index.inventory();
    let to_file = arguments.output.is_some() || arguments.expect.is_some();
    let report = AccessReport {
        index,
        agent: arguments.agent.as_deref().or(arguments.who.as_deref()),
        environment: arguments.environment.as_deref().filter(|_| arguments.for_project.is_none()),
        why: arguments.why,
        format,
        width: if to_file { WHOLE } else { output::width() },
    };
    if let Some(asked) = report.agent.filter(|_| !report.has_agent()) {
        return Err(Unusable::new(no_agent(asked, index)));
    }
    let jobs: Vec<&ProjectJobs<'_>> = facts.all_jobs().collect();
    if let Some(project) = arguments.for_project.as_deref()
        && let Some(listed) = listed.filter(|listed| listed.find_project(project).is_none())
    {
        let near = listed.nearest_project(project).map(|near| format!("; did you mean `{near}`?"));
        return Err(Unusable::new(format!("the inventory has no project `{project}`{}", near.unwrap_or_default())));
    }
    if arguments.live {
        let is_json = match format {
            Format::Human => false,
            Format::Json => true,
            _ => return Err(Unusable::new("`--live` has the formats human and json")),
        };
        return live::run(
            index,
            listed,
            arguments.for_project.as_deref(),
            (&arguments.remote, arguments.options.offline),
            is_json,
        );
    }
    if arguments.format == Asked::Report(Format::Html) {
        let findings: Vec<_> =
            facts.analyse(rules::RULES, &Steps::default()).into_iter().flat_map(|found| found.findings).collect();
        let page = Page::of(Side { report: &report, label: None, jobs: &jobs, findings: &findings });
        page.check().map_err(|error| Unusable::new(error.to_string()))?;
        return deliver(arguments, &report, &|out| page.write(out));
    }
    if arguments.asks_for_jobs() {
        access_jobs::check(&jobs, arguments.for_project.as_deref(), arguments.job.as_deref())?;
        return deliver(arguments, &report, &|out| report.write_jobs(&jobs, arguments.job.as_deref(), out));
    }
    if arguments.who.is_some() {
        return deliver(arguments, &report, &|out| report.write_who(&jobs, out));
    }
    match (&arguments.queries, &arguments.for_project) {
        (Some(queries), _) => answer_queries(queries, &report, arguments),
        (None, Some(project)) => answer_one(project, &report, listed, &jobs, arguments),
        (None, None) => deliver(arguments, &report, &|out| {
            report.write_grants(out)?;
            report.append_jobs(&jobs, out)
        }),
    }
}

/// That there is no agent of this name or context, with the nearest one.
fn no_agent(asked: &str, index: &Index<'_>) -> String {
    let contexts: Vec<String> = index.agents().iter().map(Agent::context).collect();
    let names = index.agents().iter().map(|agent| agent.name);
    let near =
        if asked.contains(':') { nearest(asked, contexts.iter().map(String::as_str)) } else { nearest(asked, names) };
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if contexts.is_empty() => "no agent is known here".to_owned(),
        None => "`kaslint access` lists the agents".to_owned(),
    };
    format!("there is no agent `{asked}`; {help}")
}

/// Shows the result, or writes it to a file, or compares it with a recorded one.
fn deliver(arguments: &Arguments, report: &AccessReport<'_, '_>, write: &output::Write<'_>) -> Result<Exit, Unusable> {
    let recorded = arguments
        .expect
        .as_deref()
        .map(|path| Ok((path, read_own_file("recorded result", path, MAX_TEXT_SIZE, &Disk)?)))
        .transpose()?;
    match &arguments.output {
        Some(path) => output::to_file(path, write)?,
        None if recorded.is_none() => output::to_stdout(write)?,
        None => {}
    }
    let Some((path, recorded)) = recorded else { return Ok(Exit::Fine) };
    let mut found = Vec::new();
    write(&mut Outlet::without_tones(&mut found))
        .map_err(|error| Unusable::new(format!("cannot write the result: {error}")))?;
    let found = String::from_utf8_lossy(&found);
    let name = shown_path(path);
    is_recording(report.format, recorded.text(), &found)
        .map_err(|what| Unusable::new(format!("the recorded result {name} {what}")))?;
    if is_same(report.format, recorded.text(), &found) {
        return Ok(Exit::Fine);
    }
    // Of an environment alone not all entries are told.
    let by_meaning = report.format == Format::Json && report.environment.is_none();
    if let Some(expected) = by_meaning.then(|| Expected::read(recorded.text(), &found)).flatten() {
        let difference = expected.difference(report.index);
        if difference.is_empty() {
            return Ok(Exit::Fine);
        }
        output::to_stdout(&|out| difference.write(&name, report.index, output::width(), out))?;
        return Ok(Exit::Found);
    }
    output::to_stdout(&|out| write_difference(report.format, (&name, recorded.text()), &found, out))?;
    Ok(Exit::Found)
}

fn answer_queries(file: &Path, report: &AccessReport<'_, '_>, arguments: &Arguments) -> Result<Exit, Unusable> {
    let shown = shown_path(file);
    let text = match file == Path::new("-") {
        false => read_own_file("file of queries", file, MAX_TEXT_SIZE, &Disk)?.text().to_owned(),
        true => match Disk::read_standard_input(MAX_TEXT_SIZE)? {
            StandardInput::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            StandardInput::TooLarge(_) => return Err(Unusable::new(format!("cannot read queries from {shown}"))),
        },
    };
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let query: QueryLine = serde_json::from_str(line).map_err(|error| {
            Unusable::new(format!(
                "{shown}:{}: this is no query ({error}); write {{\"project\": \"group/project\", \"environment\": null, \"protected\": true}}",
                number + 1
            ))
        })?;
        lines.push(query);
    }
    let queries: Vec<Query<'_>> =
        lines.iter().map(|line| Query::new(&line.project, line.environment.as_deref(), line.protected)).collect();
    deliver(arguments, report, &|out| report.write_answers(&queries, out))
}

/// That a project has no environment of this name and one of nearly the same. It may be one that comes, so that the question is answered.
fn mistyped_environment(name: &str, project: &str, listed: Option<&Inventory>) -> Option<String> {
    let project = listed?.find_project(project)?;
    if project.environment(name).is_some() {
        return None;
    }
    let near = nearest(name, project.environments.iter().flatten().map(|environment| &*environment.name))?;
    Some(format!("{} has no environment {} yet; did you mean `{near}`?", project.path, excerpt(name)))
}

fn answer_one(
    project: &str,
    report: &AccessReport<'_, '_>,
    listed: Option<&Inventory>,
    jobs: &[&ProjectJobs<'_>],
    arguments: &Arguments,
) -> Result<Exit, Unusable> {
    let git_ref = arguments.git_ref.as_deref().map(GitRef::parse);
    let protected = match (&git_ref, arguments.protected, arguments.unprotected) {
        (Some(git_ref), ..) => {
            let version = report.index.settings().version;
            let merge_requests = MergeRequestProtection::of(version, None, None);
            match listed.and_then(|listed| listed.find_project(project)) {
                Some(listed) => listed.is_protected(git_ref, version),
                None => git_ref.is_protected(&RefProtection { branches: None, tags: None, merge_requests }),
            }
        }
        (None, true, _) => Some(true),
        (None, _, true) => Some(false),
        _ => None,
    };
    if let Some(note) = arguments.environment.as_deref().and_then(|name| mistyped_environment(name, project, listed)) {
        output::complain(&format!("note: {note}"));
    }
    let is_merge_request = matches!(git_ref, Some(GitRef::MergeRequest(_)));
    let query = Query { is_merge_request, ..Query::new(project, arguments.environment.as_deref(), protected) };
    deliver(arguments, report, &|out| {
        report.write_answers(&[query], out)?;
        report.append_jobs(jobs, out)
    })
}
