//! `kaslint access`: which agents a job may use, through which entry, as whom.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Deserialize;

use super::access_jobs;
use super::progress::Progress;
use super::{Exit, manners, output};
use crate::access::jobs::ProjectJobs;
use crate::access::{AgentFile, Query, Settings, World};
use crate::access_report::{AccessReport, Format, write_difference};
use crate::agent_config::AgentConfig;
use crate::agent_config::location::Location;
use crate::analysis::Steps;
use crate::gitlab::{GitRef, Version};
use crate::inventory::Inventory;
use crate::project::Unusable;
use crate::project::discover::{self, Content, Found, Search};
use crate::project::knowledge::{Knowledge, Known, Options, Origins};
use crate::rules;
use crate::source::Source;

/// The largest file of queries, and the largest recorded result, in bytes.
const MAX_TEXT_SIZE: u64 = 1 << 28;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Files or folders with configuration projects [default: those of the inventory, else .].
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Answer the queries of this file, one JSON object a line; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "for_project")]
    queries: Option<PathBuf>,
    /// What the jobs of this project may use.
    #[arg(long = "for", value_name = "PROJECT")]
    for_project: Option<String>,
    /// The job's environment.
    #[arg(long, requires = "for_project")]
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
    /// How to show it.
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
    /// Write the result there, as a whole or not at all.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Compare the result with this recorded one: nothing and status 0 if it is the same, else the difference and
    /// status 1.
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Tell on standard error, for each project, where it lies and what is known of it from where.
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    options: Options,
}

/// What asks about one job that is described, so that the jobs of CI files have no part in it.
const ASKED_ONE: [&str; 5] = ["queries", "environment", "git_ref", "protected", "unprotected"];

impl Arguments {
    /// Whether jobs are asked for, and nothing else.
    fn asks_for_jobs(&self) -> bool {
        self.jobs || self.job.is_some()
    }

    /// Whether the jobs of CI files are told behind what else is.
    fn appends_jobs(&self) -> bool {
        let asks_one = self.environment.is_some() || self.git_ref.is_some() || self.protected || self.unprotected;
        let is_for_people = matches!(self.format, Format::Human | Format::Markdown);
        is_for_people && self.queries.is_none() && !asks_one && !self.why
    }
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

/// An agent's file with what says whose it is.
struct Loaded {
    project: Option<String>,
    name: String,
    source: Source,
    config: AgentConfig,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    if arguments.why && arguments.format == Format::Csv {
        return Err(Unusable::new(
            "`--why` tells a story, which csv cannot hold; use human, markdown or json".to_owned(),
        ));
    }
    if arguments.why && arguments.for_project.is_none() && arguments.job.is_none() {
        return Err(Unusable::new(
            "`--why` explains one thing: name a project with `--for` or a job with `--job`".to_owned(),
        ));
    }
    let knowledge = Knowledge::new(&arguments.options, rules::TABLE, &output::complain)?;
    let known = knowledge.context_for(Path::new("."), None, true)?;
    let listed = known.context.inventory.as_deref();
    let settings = Settings {
        version: known.context.version,
        tier: known.context.tier,
        instance_authorization: known.context.instance_authorization,
    };
    let start = Instant::now();
    let search = knowledge.search(&arguments.paths, |_| true)?;
    if let Some(error) = search.errors.first() {
        return Err(Unusable::new(error.clone()));
    }
    let count = search.projects.iter().map(Found::count).sum();
    let progress = Progress::new(start, ("Reading", count), count);
    let files = agent_files(&search, &knowledge, settings.version, &progress.steps)?;
    if arguments.verbose {
        tell(&search, &knowledge, &known)?;
    }
    let ci_files = match arguments.asks_for_jobs() || arguments.appends_jobs() {
        true => access_jobs::read(&search, arguments.for_project.as_deref(), &knowledge, &progress.steps)?,
        false => Vec::new(),
    };
    drop(progress);
    let world = World {
        inventory: listed,
        files: files
            .iter()
            .map(|file| AgentFile::new(file.project.as_deref(), &file.name, &file.source, &file.config))
            .collect(),
        settings,
    };
    let index = world.authorize();
    let to_file = arguments.output.is_some() || arguments.expect.is_some();
    let report = AccessReport {
        index: &index,
        agent: arguments.agent.as_deref(),
        why: arguments.why,
        format: arguments.format,
        width: if to_file { output::DEFAULT_WIDTH } else { output::width() },
    };
    let jobs = access_jobs::work_out(&ci_files);
    if let Some(project) = arguments.for_project.as_deref()
        && listed.is_some_and(|listed| listed.find_project(project).is_none())
    {
        return Err(Unusable::new(format!("the inventory has no project `{project}`")));
    }
    if arguments.asks_for_jobs() {
        access_jobs::check(&jobs, arguments.for_project.as_deref(), arguments.job.as_deref())?;
        return deliver(arguments, &|out| report.write_jobs(&jobs, arguments.job.as_deref(), out));
    }
    match (&arguments.queries, &arguments.for_project) {
        (Some(queries), _) => answer_queries(queries, &report, arguments),
        (None, Some(project)) => answer_one(project, &report, listed, &jobs, arguments),
        (None, None) => deliver(arguments, &|out| {
            report.write_grants(out)?;
            report.append_jobs(&jobs, out)
        }),
    }
}

/// Tells of each project what is known of it; release, licence and inventory are those of the working directory for all.
fn tell(search: &Search, knowledge: &Knowledge<'_>, here: &Known) -> Result<(), Unusable> {
    let is_only = search.projects.iter().filter(|found| found.project.is_none()).count() == 1;
    for found in &search.projects {
        let mut known = knowledge.context_for(&found.root, found.project.as_deref(), is_only)?;
        (known.context.version, known.context.tier) = (here.context.version, here.context.tier);
        known.listing.clone_from(&here.listing);
        known.origins = Origins { project: known.origins.project, ..here.origins };
        let paths = found.files.iter().map(|file| &file.path).chain(&found.ci_file);
        output::complain(&manners::tell(
            &found.root,
            &known,
            paths.map(|path| discover::shown_path(path)).collect(),
            None,
        ));
    }
    Ok(())
}

/// Shows the result, or writes it to a file, or compares it with a recorded one.
fn deliver(arguments: &Arguments, write: &output::Write<'_>) -> Result<Exit, Unusable> {
    let recorded = arguments.expect.as_deref().map(|path| Ok((path, read_text(path)?))).transpose()?;
    match &arguments.output {
        Some(path) => output::to_file(path, write)?,
        None if recorded.is_none() => output::to_stdout(write)?,
        None => {}
    }
    let Some((path, recorded)) = recorded else { return Ok(Exit::Fine) };
    let mut found = Vec::new();
    write(&mut found).map_err(|error| Unusable::new(format!("cannot write the result: {error}")))?;
    let found = String::from_utf8_lossy(&found);
    if found == recorded {
        return Ok(Exit::Fine);
    }
    let name = discover::shown_path(path);
    output::to_stdout(&|out| write_difference(arguments.format, (&name, &recorded), &found, out))?;
    Ok(Exit::Found)
}

fn read_text(path: &Path) -> Result<String, Unusable> {
    match discover::read_file(path, MAX_TEXT_SIZE)? {
        Content::Text(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Content::TooLarge(_) | Content::NoFile(_) => {
            Err(Unusable::new(format!("cannot read a recorded result from {}", discover::shown_path(path))))
        }
    }
}

/// The agents' files of the projects that were found.
fn agent_files(
    search: &Search,
    knowledge: &Knowledge<'_>,
    version: Version,
    steps: &Steps,
) -> Result<Vec<Loaded>, Unusable> {
    let is_only = search.projects.iter().filter(|found| found.project.is_none()).count() == 1;
    let mut files = Vec::new();
    for found in &search.projects {
        let project = knowledge.context_for(&found.root, found.project.as_deref(), is_only)?.context.project;
        steps.add(found.files.len());
        for file in &found.files {
            if let Location::Config { agent } = &file.location {
                let project = project.as_ref().map(ToString::to_string);
                files.extend(load(&file.path, project, agent.clone(), version)?);
            }
        }
    }
    Ok(files)
}

/// Reads a file; what is no file or too large grants nothing new and is `check`'s to report.
fn load(path: &Path, project: Option<String>, name: String, version: Version) -> Result<Option<Loaded>, Unusable> {
    let Content::Text(bytes) = discover::read_file(path, crate::agent_config::MAX_FILE_SIZE)? else { return Ok(None) };
    let source = Source::from_bytes(discover::shown_path(path), &bytes);
    let config = AgentConfig::read(&source, version);
    Ok(Some(Loaded { project, name, source, config }))
}

fn answer_queries(file: &Path, report: &AccessReport<'_, '_>, arguments: &Arguments) -> Result<Exit, Unusable> {
    let content = if file == Path::new("-") {
        discover::read_stdin(MAX_TEXT_SIZE)?
    } else {
        discover::read_file(file, MAX_TEXT_SIZE)?
    };
    let shown = discover::shown_path(file);
    let Content::Text(bytes) = content else { return Err(Unusable::new(format!("cannot read queries from {shown}"))) };
    let text = String::from_utf8_lossy(&bytes);
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
    deliver(arguments, &|out| report.write_answers(&queries, out))
}

fn answer_one(
    project: &str,
    report: &AccessReport<'_, '_>,
    listed: Option<&Inventory>,
    jobs: &[ProjectJobs<'_>],
    arguments: &Arguments,
) -> Result<Exit, Unusable> {
    let protected = match (&arguments.git_ref, arguments.protected, arguments.unprotected) {
        (Some(name), ..) => {
            let listed = listed.and_then(|listed| listed.find_project(project));
            listed.and_then(|listed| listed.is_protected(&GitRef::parse(name)))
        }
        (None, true, _) => Some(true),
        (None, _, true) => Some(false),
        _ => None,
    };
    let query = Query::new(project, arguments.environment.as_deref(), protected);
    deliver(arguments, &|out| {
        report.write_answers(&[query], out)?;
        report.append_jobs(jobs, out)
    })
}
