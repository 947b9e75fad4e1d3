//! `kaslint access`: which agents a job may use, through which entry, as whom.

use std::io;
use std::path::{Path, PathBuf};

use comfy_table::{ContentArrangement, Table};
use serde::Deserialize;

use super::discover::{self, Content};
use super::knowledge::{Knowledge, Options};
use super::{Exit, Unusable, output};
use crate::access::{
    AgentFile, AgentId, Answer, CandidateKind, Case, Condition, Effect, Grant, Identity, Index, Query, Settings, World,
    json,
};
use crate::agent_config::AgentConfig;
use crate::gitlab::{GitRef, Version};
use crate::inventory::Inventory;
use crate::layout::Location;
use crate::secrets;
use crate::source::Source;

/// The largest file of queries, in bytes.
const MAX_QUERIES_SIZE: u64 = 1 << 28;

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
    /// Only agents with this name or context.
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,
    /// How to show it.
    #[arg(long, value_enum, default_value = "human")]
    format: AccessFormat,
    #[command(flatten)]
    options: Options,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum AccessFormat {
    /// Tables.
    Human,
    /// One object a line: an answer for each question, or an agent without questions.
    Json,
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
    let knowledge = Knowledge::new(&arguments.options)?;
    let known = knowledge.context_for(Path::new("."), None, true)?;
    let listed = known.context.inventory.as_deref();
    let settings = Settings {
        version: known.context.version,
        tier: known.context.tier,
        instance_authorization: known.context.instance_authorization,
    };
    let files = files_of_paths(&arguments.paths, &knowledge, settings.version)?;
    let world = World {
        inventory: listed,
        files: files
            .iter()
            .map(|file| AgentFile::new(file.project.as_deref(), &file.name, &file.source, &file.config))
            .collect(),
        settings,
    };
    let index = world.authorize();
    match (&arguments.queries, &arguments.for_project) {
        (Some(queries), _) => answer_queries(queries, &index, arguments)?,
        (None, Some(project)) => answer_one(project, &index, listed, arguments)?,
        (None, None) => output::to_stdout(&|out| match arguments.format {
            AccessFormat::Human => overview(&index, settings, arguments, out),
            AccessFormat::Json => picture_json(&index, arguments, out),
        })?,
    }
    Ok(Exit::Fine)
}

/// The agents' files below folders.
fn files_of_paths(paths: &[PathBuf], knowledge: &Knowledge<'_>, version: Version) -> Result<Vec<Loaded>, Unusable> {
    let search = knowledge.search(paths)?;
    if let Some(error) = search.errors.first() {
        return Err(Unusable(error.clone()));
    }
    let is_only = search.projects.len() == 1;
    let mut files = Vec::new();
    for found in &search.projects {
        let project = knowledge.context_for(&found.root, found.project.as_deref(), is_only)?.context.project;
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

fn answer_queries(file: &Path, index: &Index<'_>, arguments: &Arguments) -> Result<(), Unusable> {
    let content = if file == Path::new("-") {
        discover::read_stdin(MAX_QUERIES_SIZE)?
    } else {
        discover::read_file(file, MAX_QUERIES_SIZE)?
    };
    let shown = discover::shown_path(file);
    let Content::Text(bytes) = content else { return Err(Unusable(format!("cannot read queries from {shown}"))) };
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let query: QueryLine = serde_json::from_str(line).map_err(|error| {
            Unusable(format!(
                "{shown}:{}: this is no query ({error}); write {{\"project\": \"group/project\", \"environment\": null, \"protected\": true}}",
                number + 1
            ))
        })?;
        lines.push(query);
    }
    output::to_stdout(&|out| {
        for line in &lines {
            let query = Query::new(&line.project, line.environment.as_deref(), line.protected);
            write_answer(&index.query(&query), index, arguments, out)?;
        }
        Ok(())
    })
}

fn answer_one(
    project: &str,
    index: &Index<'_>,
    listed: Option<&Inventory>,
    arguments: &Arguments,
) -> Result<(), Unusable> {
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
    let answer = index.query(&query);
    if answer.is_unknown_project() {
        return Err(Unusable(format!("the inventory has no project `{project}`")));
    }
    output::to_stdout(&|out| write_answer(&answer, index, arguments, out))
}

fn write_answer(
    answer: &Answer<'_, '_>,
    index: &Index<'_>,
    arguments: &Arguments,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    if arguments.format == AccessFormat::Json {
        let line = json::answer(index, answer).to_string();
        return writeln!(out, "{}", secrets::mask(&line));
    }
    let environment =
        answer.query.environment.map_or("without environment".to_owned(), |name| format!("in environment `{name}`"));
    let on = match answer.query.protected {
        Some(true) => ", on a protected ref",
        Some(false) => ", on a ref that is not protected",
        None => "",
    };
    writeln!(out, "Jobs of {} {environment}{on}:", answer.project_path())?;
    let mut is_empty = true;
    for (word, rows) in [("yes", &answer.allowed), ("no", &answer.denied), ("unknown", &answer.unknown)] {
        for row in rows.iter().filter(|row| is_asked(index, row.agent, arguments)) {
            is_empty = false;
            let agent = index.agent(row.agent);
            writeln!(out, "  {word:7} {}", agent.context())?;
            if row.is_allowed() {
                let namespace =
                    answer.namespace(row).map_or(String::new(), |namespace| format!(", namespace {}", namespace.value));
                writeln!(out, "          as {}{namespace}", identity(&answer.identity(row, agent)))?;
            }
            writeln!(out, "          {}", secrets::mask(&answer.reason(row)))?;
        }
    }
    if is_empty {
        writeln!(out, "  no agent's configuration names this project or a group above it")?;
    }
    Ok(())
}

fn is_asked(index: &Index<'_>, id: AgentId, arguments: &Arguments) -> bool {
    let agent = index.agent(id);
    arguments.agent.as_ref().is_none_or(|asked| agent.name == asked || agent.context() == *asked)
}

fn identity(identity: &Identity<'_>) -> String {
    match identity {
        Identity::Agent => "the agent's service account".to_owned(),
        Identity::CiJob(_) => "the CI job (gitlab:ci_job:<job id>)".to_owned(),
        Identity::Impersonate(user) => match user.and_then(|user| user.username.as_ref()) {
            Some(name) => format!("the user {}", name.value),
            None => "a fixed user".to_owned(),
        },
    }
}

/// How many projects of an entry the JSON picture lists; their number is always told.
const LISTED_PROJECTS: usize = 1000;

/// Every agent with its entries and what each comes to, for programs: one object a line.
fn picture_json(index: &Index<'_>, arguments: &Arguments, out: &mut dyn io::Write) -> io::Result<()> {
    for (id, _) in index.agent_ids().filter(|(id, _)| is_asked(index, *id, arguments)) {
        let mut object = json::picture(index, &index.picture(id), LISTED_PROJECTS);
        object["user_access"] = json::user_picture(index, &index.user_picture(id));
        writeln!(out, "{}", secrets::mask(&object.to_string()))?;
    }
    Ok(())
}

/// Every agent with its entries and what each comes to, for people.
fn overview(index: &Index<'_>, settings: Settings, arguments: &Arguments, out: &mut dyn io::Write) -> io::Result<()> {
    let tier = settings.tier.map_or("tier unknown".to_owned(), |tier| tier.to_string());
    let version = settings.version;
    writeln!(
        out,
        "By the rules of GitLab {version}, {tier}. An entry for a project overrides the groups above it, whole."
    )?;
    for (id, agent) in index.agent_ids().filter(|(id, _)| is_asked(index, *id, arguments)) {
        writeln!(out, "\n{}", agent.context())?;
        if !agent.is_registered {
            writeln!(out, "  is not registered, so its file is never read")?;
        }
        if agent.is_refused() {
            writeln!(
                out,
                "  GitLab refuses its file, so what was configured before stays in force; once mended, it says"
            )?;
        }
        for case in &index.picture(id).cases {
            if !case.conditions.is_empty() {
                let conditions: Vec<String> = case.conditions.iter().map(ToString::to_string).collect();
                writeln!(out, "  if {}:", conditions.join(" and "))?;
            }
            for line in table(case, agent.project).lines() {
                writeln!(out, "  {}", secrets::mask(line.trim_end()))?;
            }
        }
    }
    Ok(())
}

/// A row for each group of entries that differ only in what they name.
fn table(case: &Case<'_>, project: Option<&str>) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(output::width()).unwrap_or(u16::MAX));
    table.set_header(["who", "projects", "environments", "refs", "as", "namespace", "effect"]);
    for group in case.grouped() {
        let names: Vec<String> = group.grants.iter().map(|grant| name_of(grant, project)).collect();
        let names = match &names[..] {
            [first, second, _, rest @ ..] if !rest.is_empty() => {
                format!("{first}, {second} and {} more", names.len() - 2)
            }
            names => names.join(", "),
        };
        let terms = &group.terms;
        let environments = if terms.environments.is_empty() { "all".to_owned() } else { terms.environments.join(", ") };
        let entry = group.grants.first().and_then(|grant| grant.candidate.entry);
        let user = entry.and_then(|entry| entry.access_as.as_ref()?.impersonation.as_ref()?.username.as_ref());
        table.add_row([
            names,
            group.projects.map_or(String::new(), |count| count.to_string()),
            environments,
            if terms.protected_only { "protected" } else { "all" }.to_owned(),
            user.map_or(terms.mode.key().to_owned(), |user| format!("user {}", user.value)),
            terms.namespace.unwrap_or_default().to_owned(),
            effect_of(&group.grants),
        ]);
    }
    table.to_string()
}

fn name_of(grant: &Grant<'_>, project: Option<&str>) -> String {
    let candidate = &grant.candidate;
    match candidate.kind {
        CandidateKind::Implicit => format!("{}, its own project", project.unwrap_or("the configuration project")),
        CandidateKind::Instance => "the whole instance".to_owned(),
        kind => format!("{} {}", kind.name(), candidate.target.unwrap_or_default()),
    }
}

/// What the grants come to: the reasons of those that are dropped or in doubt, each once.
fn effect_of(grants: &[&Grant<'_>]) -> String {
    let mut effects: Vec<String> = Vec::new();
    for grant in grants {
        let effect = match &grant.effect {
            Effect::Decides(reach) if reach.count() == Some(0) => match grant.candidate.kind {
                CandidateKind::Implicit => "replaced by the entry for it".to_owned(),
                _ => "decides about no project: none, or entries for what lies within cover all".to_owned(),
            },
            Effect::Decides(_) => "lets in".to_owned(),
            Effect::Depends(facts, _) => {
                let facts = facts.iter().map(|fact| Condition { fact: fact.clone(), holds: true }.to_string());
                format!("lets in if {}", facts.collect::<Vec<_>>().join(" and "))
            }
            Effect::Dropped(drop) => format!("dropped: it {drop}"),
        };
        if !effects.contains(&effect) {
            effects.push(effect);
        }
    }
    match effects.len() {
        0..=2 => effects.join("; "),
        count => format!("{}; and {} more reasons", effects[0], count - 1),
    }
}
