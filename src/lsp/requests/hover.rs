//! `textDocument/hover`: what a key does, whom an id reaches, what a pattern matches, who may use a context, what a rule says.

use std::fmt::Write as _;

use gen_lsp_types::{
    Contents, Hover, HoverParams, HoverProvider, HoverRequest, MarkupContent, MarkupKind, ServerCapabilities,
};

use super::{Asked, Cursor, Failure, Handler, cursor};
use crate::access::environment_pattern::OldPattern;
use crate::access::jobs::KnownEnvironments;
use crate::access::jobs::{By, JobCase, JobView, ProjectJobs, Resolved, Selection};
use crate::access::{
    AgentId, Comparison, EnvironmentMatcher, EnvironmentPattern, Index, Outcome, PartialVerdict, Query,
    managed_resources_of, restrictions_that_do_not_bind,
};
use crate::agent_config::{AccessSection, CiEntry, ENVIRONMENT_TEMPLATE, EntryKind, Spanned, UserEntry};
use crate::analysis::Facts;
use crate::diagnostic::suppression::MARK;
use crate::gitlab::releases::{NEW_MATCHER, OLD_MATCHER_LAST};
use crate::gitlab::{NEWEST, PartialText, Tier, Version};
use crate::inventory::INVENTORY;
use crate::lsp::client::Client;
use crate::lsp::completion::doc_in_markdown;
use crate::lsp::documents::Document;
use crate::lsp::entries;
use crate::lsp::place::{keys_at, touches, word_at};
use crate::lsp::session::Session;
use crate::lsp::world::{HoverText, Role};
use crate::pipeline_rules::PipelineKind;
use crate::project::settings::SETTINGS;
use crate::project::{AgentFile, Context};
use crate::rules::{self, unmeant_among};
use crate::schema::{self, Declared, Field, Key};
use crate::source::{Source, Span};
use crate::words::{self, printable, some_of};
use crate::yaml;

pub(super) struct Hovers;

/// How many things are listed before the others are counted.
const MOST: usize = 8;

impl Handler for Hovers {
    type Request = HoverRequest;

    fn announce(_: &Client, capabilities: &mut ServerCapabilities) {
        capabilities.hover_provider = Some(HoverProvider::Bool(true));
    }

    fn answer(session: &mut Session, params: HoverParams, asked: &Asked<'_>) -> Result<Option<Hover>, Failure> {
        let found = cursor(session, &params.text_document_position_params, asked)?;
        let Some(Cursor { document, offset, role }) = found else { return Ok(None) };
        let said = rule_in_comment(&document.source, offset).or_else(|| match role {
            Role::Agent(project, input) => {
                session.world.hover(&document, offset, |facts| in_agent_file(facts, (project, input), offset))
            }
            Role::Template(_) => key_of(&document.source, &ENVIRONMENT_TEMPLATE, offset),
            Role::Ci(project) => {
                session.world.hover(&document, offset, |facts| in_ci_file(facts, project, &document, offset))
            }
            Role::Settings => {
                rule_in_settings(&document.source, offset).or_else(|| key_of(&document.source, &SETTINGS, offset))
            }
            Role::Inventory => key_of(&document.source, &INVENTORY, offset),
        });
        let Some((span, markdown)) = said else { return Ok(None) };
        let (kind, value) = match session.client.shows_markdown {
            true => (MarkupKind::Markdown, markdown),
            false => (MarkupKind::PlainText, markdown.replace("**", "").replace('`', "")),
        };
        Ok(Some(Hover {
            contents: Contents::MarkupContent(MarkupContent { kind, value }),
            range: Some(session.client.encoding.range(&document.source, span)),
        }))
    }
}

/// The rule whose name stands under the cursor in a comment to kaslint.
fn rule_in_comment(source: &Source, offset: usize) -> HoverText {
    let line = source.line_span(source.line_index(offset));
    let before = source.slice(Span::new(line.start, offset.min(line.end)));
    before.rfind('#').filter(|at| before.get(*at..).is_some_and(|comment| comment.contains(MARK)))?;
    rule_at(source, offset)
}

fn rule_in_settings(source: &Source, offset: usize) -> HoverText {
    rule_at(source, offset)
}

fn rule_at(source: &Source, offset: usize) -> HoverText {
    let span = word_at(source, offset)?;
    let rule = rules::TABLE.find(source.slice(span))?;
    Some((span, format!("**{}** ({})\n\n{}", rule.name, rule.level(), rule.markdown())))
}

/// The key under the cursor in one of kaslint's own files.
fn key_of(source: &Source, table: &'static Declared, offset: usize) -> HoverText {
    let document = yaml::read(source);
    let decoded = schema::decode(&document, table, NEWEST, &|_, _| None);
    let keys = keys_at(decoded.value.as_ref()?, offset);
    Some((keys.last()?.key_span, key_in_words(&keys, None)?))
}

/// What a table says of the last of these keys, each of which stands below the one before; `release` where keys come and go
/// with GitLab's.
fn key_in_words(keys: &[&Field], release: Option<Version>) -> Option<String> {
    let key: &Key = &keys.last()?.key;
    // What holds of a section holds of all that is below it.
    let all = || keys.iter().map(|field| -> &Key { &field.key });
    let mut text = format!("**`{}`**: {}\n\n{}\n", key.name, key.kind.in_words(), doc_in_markdown(key));
    let mut item = |line: String| text.push_str(&format!("\n- {line}"));
    if let Some(release) = release {
        let since = all().map(|key| key.since).max_by_key(|since| (since.earliest, since.latest)).unwrap_or(key.since);
        if since.latest > crate::gitlab::OLDEST {
            let unsettled = if since.earliest == since.latest { "" } else { "; sources do not settle which" };
            item(format!("since {since}{unsettled}"));
        }
        if let Some((gone, until)) = all().find_map(|key| Some((key, key.until?))) {
            let instead = gone.replacement.map(|instead| format!(": {instead}")).unwrap_or_default();
            item(format!("gone since GitLab {until}{instead}"));
        }
        if let Some(inert) = all().find_map(|key| key.inert_in(release)) {
            item(format!("without effect in GitLab {release}: {}", inert.why));
        }
        let tier = all().map(|key| key.tier).max().unwrap_or(Tier::Free);
        item(format!("licence: {}", licence(tier)));
    }
    if let Some(default) = &key.default {
        item(format!("default: {default}"));
    }
    if let Some(open) = key.unverified {
        item(format!("not settled: {open}"));
    }
    Some(text)
}

fn licence(tier: Tier) -> &'static str {
    match tier {
        Tier::Free => "Free, Premium or Ultimate",
        Tier::Premium => "Premium or Ultimate",
        Tier::Ultimate => "Ultimate",
    }
}

fn in_agent_file(facts: &Facts<'_>, (project, input): (usize, usize), offset: usize) -> HoverText {
    let file = facts.files.get(project)?.get(input)?.as_ref()?;
    let context = &facts.subjects.get(project)?.project.context;
    let index = facts.index(project);
    let config = &file.config;
    for entry in config.ci_access.iter().flat_map(|access| access.entries()) {
        if entry.id.is_some() && touches(entry.head, offset) {
            return Some((entry.head, entry_in_words(entry, file, context, index)));
        }
        let pattern = entry.environments.iter().find(|pattern| touches(pattern.span, offset));
        if let Some(pattern) = pattern {
            let known = KnownEnvironments::of(entry, context.inventory.as_ref(), &facts.environments);
            return Some((
                pattern.span,
                pattern_in_words(pattern, &known, context.access_settings().environment_matcher()),
            ));
        }
    }
    if let Some(access) = &config.user_access {
        for entry in access.projects.iter().chain(&access.groups) {
            let UserEntry { kind, index: _, span: _, id } = entry;
            let Some(id) = id.as_ref().filter(|id| touches(id.span, offset)) else { continue };
            let named = entries::target(*kind, &id.value, context.inventory.as_deref());
            return Some((id.span, format!("{} {named}", entries::section_in_words(AccessSection::User))));
        }
    }
    let keys = keys_at(config.value.as_ref()?, offset);
    let field = keys.last()?;
    let mut text = key_in_words(&keys, Some(context.version))?;
    let instance = config.ci_access.as_ref().and_then(|access| access.instance.as_ref());
    if let Some(entry) = instance.filter(|entry| entry.head == field.key_span) {
        text.push_str("\n\n");
        text.push_str(&entry_in_words(entry, file, context, index));
    }
    Some((field.key_span, text))
}

/// Whom an entry names, and what it comes to.
///
/// Source of what is said of the configuration project:
/// `app/finders/clusters/agents/authorizations/ci_access/finder.rb` of GitLab.
fn entry_in_words(entry: &CiEntry, file: &AgentFile, context: &Context, index: Option<&Index<'_>>) -> String {
    // Identity and restrictions stand in the texts of effects and restrictions; where a namespace counts, with the jobs.
    let CiEntry {
        kind,
        index: position,
        span: _,
        head: _,
        id,
        default_namespace: _,
        access_as: _,
        environments: _,
        environments_key: _,
        protected_branches_only: _,
        resource_management: _,
    } = entry;
    let inventory = context.inventory.as_deref();
    let id = id.as_ref().map(|id| &*id.value).unwrap_or_default();
    let mut text =
        format!("{} {}", entries::section_in_words(AccessSection::Ci), entries::target(*kind, id, inventory));
    let agent = index.and_then(|index| Some((index, entries::agent_of(index, file.source.path())?)));
    let Some((index, agent)) = agent else { return text };
    let granted = index.agent_grants(agent);
    if let Some(why) = words::unregistered(index.agent(agent)) {
        let _ = write!(text, "\n\nNothing of this is in force: {}.", printable(&why));
        return text;
    }
    if let Some(step) = granted.refused {
        let _ = write!(text, "\n\nGitLab refuses the file ({}). Without that, it would be as follows.", step.name());
    }
    // The grants hold entries of the index, which are the same ones by their place.
    let own = index.entry_authorizations(agent).into_iter().map(|(own, _)| own);
    let Some(own) = own.into_iter().find(|own| (own.kind, own.index) == (*kind, *position)) else { return text };
    for effect in entries::effects(&granted, own, inventory) {
        let _ = write!(text, "\n\nThis entry: {effect}.");
    }
    let restrictions = words::restrictions(entry);
    if !restrictions.is_empty() {
        let _ = write!(text, "\n\nRestricted to: {restrictions}.");
    }
    let unbound = restrictions_that_do_not_bind(entry);
    if let Some(needs) = managed_resources_of(entry, index.settings(), &[]).filter(|_| !unbound.is_empty()) {
        let needs = words::conditions_for_users(&needs);
        let condition = if needs.is_empty() { needs } else { format!(" (made if {needs})") };
        let _ = write!(text, "\n\nThat does not bind managed resources{condition}.");
    }
    if *kind == EntryKind::Group && !restrictions.is_empty() {
        text.push_str(
            "\n\nThe configuration project's own jobs get in without any restriction, unless `projects` lists it.",
        );
    }
    text
}

/// What a line of `environments` matches of what is known, and what of that may surprise.
///
/// Source: `lib/gitlab/ci/environment_matcher.rb` of GitLab.
fn pattern_in_words(pattern: &Spanned<String>, known: &KnownEnvironments, matcher: EnvironmentMatcher) -> String {
    let written = printable(&pattern.value);
    let compiled = EnvironmentPattern::new(&pattern.value, matcher);
    let has_wildcard = pattern.value.contains('*');
    let fault = OldPattern::new(&pattern.value).fault();
    let by_old = match fault {
        Some(fault) => {
            format!("it is no regular expression ({}), and GitLab answers with an error", words::pattern_fault(fault))
        }
        None => "it is looked for anywhere in the environment's name: `*` stands for any characters, all else is a regular expression".to_owned(),
    };
    let by_new =
        "it is compared with the whole name of the environment: `*` stands for any characters, all else for itself";
    let mut text = match (has_wildcard, matcher) {
        (false, _) => format!("`{written}` matches the environment of exactly this name; letter case counts."),
        (true, EnvironmentMatcher::Old) => format!("`{written}`: {by_old}."),
        (true, EnvironmentMatcher::New) => format!("`{written}`: {by_new}."),
        (true, EnvironmentMatcher::Either) => format!(
            "`{written}`: up to {OLD_MATCHER_LAST} {by_old}; from {NEW_MATCHER} {by_new}. Which of the two holds here is not known."
        ),
    };
    let mut matched: Vec<String> = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut by_one: Vec<String> = Vec::new();
    for name in known.names.iter() {
        let text = format!("`{}`", printable(&name.to_string()));
        match compiled.compare_partial(name) {
            Comparison::Settled(PartialVerdict::Always) => matched.push(text),
            Comparison::Settled(PartialVerdict::Depends | PartialVerdict::Unknown(_)) => open.push(text),
            Comparison::Settled(PartialVerdict::Never | PartialVerdict::Raises(_)) => {}
            Comparison::Open { old, new } => match (old, new) {
                (PartialVerdict::Raises(_), PartialVerdict::Never) => {}
                _ => by_one.push(text),
            },
        }
    }
    let unmeant: Vec<String> = match has_wildcard && matcher == EnvironmentMatcher::Old {
        true => unmeant_among(&pattern.value, known.names.iter().filter_map(PartialText::as_known))
            .into_iter()
            .map(|name| format!("`{}`", printable(name)))
            .collect(),
        false => Vec::new(),
    };
    let whole = if known.is_complete { "" } else { " Not all environments of these jobs are known." };
    let _ = match &matched[..] {
        [] if known.names.is_empty() => write!(text, "\n\nWhich environments these jobs have is not known."),
        [] if !by_one.is_empty() => Ok(()),
        [] => write!(text, "\n\nOf the {} known environments of these jobs it matches none.{whole}", known.names.len()),
        matched => write!(text, "\n\nOf the environments of these jobs it matches {}.{whole}", some_of(matched, MOST)),
    };
    if !open.is_empty() {
        let _ = write!(text, "\n\nIt may match {}, by what their variables are.", some_of(&open, MOST));
    }
    if !by_one.is_empty() {
        let _ = write!(text, "\n\nBy one of the two ways alone it matches, or may match, {}.", some_of(&by_one, MOST));
    }
    if !unmeant.is_empty() {
        let _ = write!(text, "\n\nPerhaps surprising: {}.", some_of(&unmeant, MOST));
    }
    text
}

fn in_ci_file(facts: &Facts<'_>, project: usize, document: &Document, offset: usize) -> HoverText {
    let jobs = facts.jobs(project)?;
    let index = facts.index(project)?;
    let is_here = |selection: &Selection| {
        selection.place.source.path() == document.source.path() && touches(selection.place.span, offset)
    };
    let of_jobs = jobs.jobs.iter().flat_map(|job| job.selections().iter().map(move |selection| (job, selection)));
    let here: Vec<(&JobView<'_>, &Selection)> = of_jobs.filter(|(_, selection)| is_here(selection)).collect();
    if let Some((_, selection)) = here.first() {
        return Some((selection.place.span, context_in_words(&here, selection, jobs, index)));
    }
    let of_template = jobs.auto_devops_context().filter(is_here)?;
    Some((of_template.place.span, context_in_words(&[], &of_template, jobs, index)))
}

/// Who may use the agent of a context, and whether these jobs do.
fn context_in_words(
    here: &[(&JobView<'_>, &Selection)],
    selection: &Selection,
    jobs: &ProjectJobs<'_>,
    index: &Index<'_>,
) -> String {
    let name = printable(&selection.context.to_string());
    let agent = match selection.resolve(index) {
        Resolved::Agent(agent) => agent,
        Resolved::OtherCase(agent) => {
            let right = printable(&index.agent(agent).context());
            return format!("No context has the name `{name}`: letter case counts, and the agent's is `{right}`.");
        }
        Resolved::NoAgent { project, agent } => {
            return format!("No agent `{}` of `{}` is known here.", printable(agent), printable(project));
        }
        Resolved::Certificate => {
            return format!("`{name}` is the cluster that is connected by a certificate, which is deprecated.");
        }
        Resolved::Open => return format!("Which agent `{name}` is hangs on variables."),
        Resolved::Other(_) => return format!("`{name}` is the name of no agent's context."),
    };
    let mut text = format!("**The agent `{}`**", printable(&index.agent(agent).context()));
    if let Some(file) = index.agent(agent).file {
        let _ = write!(text, ", configured in `{}`", printable(file.path));
    }
    if selection.by == By::Environment {
        text.push_str(&of_environment(here, agent, jobs, index));
        return text;
    }
    text.push_str(&granted(agent, index));
    let Some(project) = jobs.project.facts.path.as_deref() else {
        text.push_str("\n\nWhether the jobs here get in cannot be told: the path of this project is not known.");
        return text;
    };
    let mut told: Vec<String> = Vec::new();
    for (job, selection) in here {
        for case in selection.cases.iter().filter_map(|at| job.cases.get(*at)) {
            told.extend(case_in_words(case, agent, (project, jobs, index)));
        }
    }
    let mut seen = std::collections::HashSet::new();
    told.retain(|line| seen.insert(line.clone()));
    if !told.is_empty() {
        text.push('\n');
        told.iter().take(MOST).for_each(|line| text.push_str(&format!("\n- {line}")));
        if told.len() > MOST {
            let _ = write!(text, "\n- and {} more cases", told.len() - MOST);
        }
    }
    text
}

/// What environments get of the agent that jobs name for them: by `user_access` its dashboard, by `ci_access` managed resources.
fn of_environment(
    here: &[(&JobView<'_>, &Selection)],
    agent: AgentId,
    jobs: &ProjectJobs<'_>,
    index: &Index<'_>,
) -> String {
    if let Some(why) = words::unregistered(index.agent(agent)) {
        return format!("\n\nThe environment gets nothing by it: {}.", printable(&why));
    }
    let mut text = "\n\nIt is for the environment, and selects no context for scripts.".to_owned();
    let is_listed = |path: &&str| index.inventory().is_none_or(|inventory| inventory.find_project(path).is_some());
    let project = jobs.project.facts.path.as_deref().filter(is_listed);
    let mut told: Vec<String> = Vec::new();
    for environment in here.iter().filter_map(|(job, _)| job.job.environment.as_ref()) {
        let answers = [
            ("Dashboard", words::dashboard(index, agent, environment, project)),
            ("Managed resources", words::managed_resources(index, agent, environment, project)),
        ];
        for (what, answer) in answers {
            let line = format!("\n\n{what}: {}.", answer.in_words());
            if told.len() < MOST && !told.contains(&line) {
                told.push(line);
            }
        }
    }
    text.push_str(&told.concat());
    text
}

/// The entries of an agent, with what they ask for.
fn granted(agent: AgentId, index: &Index<'_>) -> String {
    let known = index.agent(agent);
    if let Some(why) = words::unregistered(known) {
        return format!("\n\nIt lets nobody in: {}.", printable(&why));
    }
    if known.is_refused() {
        return "\n\nGitLab refuses its file: what was configured before stays in force, and that is not known."
            .to_owned();
    }
    let authorizations = index.entry_authorizations(agent);
    let home =
        known.project.map_or("its configuration project".to_owned(), |project| format!("`{}`", printable(project)));
    let mut text = format!("\n\nIt lets in {home}");
    for (entry, _) in authorizations.iter().take(MOST) {
        let name = words::entry_name(entry);
        let restrictions = words::restrictions(entry);
        let restrictions = if restrictions.is_empty() { restrictions } else { format!(" ({restrictions})") };
        let _ = write!(text, ", {name}{restrictions}");
    }
    if authorizations.len() > MOST {
        let _ = write!(text, " and what {} more entries name", authorizations.len() - MOST);
    }
    text.push('.');
    text
}

/// What an agent answers one case of a job, on protected and on other refs.
fn case_in_words(
    case: &JobCase,
    agent: AgentId,
    (project, jobs, index): (&str, &ProjectJobs<'_>, &Index<'_>),
) -> Vec<String> {
    let Some(grant) = jobs.grant(case, agent, index) else { return Vec::new() };
    let name = printable(&case.name);
    // What is said, and of which refs.
    let mut told: Vec<(String, Vec<&'static str>)> = Vec::new();
    for (run, rows) in case.runs.iter().zip(&grant.rows) {
        let protected = run.scenario.protected;
        let on = match protected {
            Some(true) => "on protected refs",
            Some(false) => "on refs that are not protected",
            None => "on refs of which that is not known",
        };
        let is_merge_request = run.scenario.kind == PipelineKind::MergeRequest;
        let query = Query { is_merge_request, ..case.query(project, protected) };
        let answer = index.query(&query);
        if answer.is_unknown_project() {
            return vec![format!("the inventory does not list `{}`", printable(project))];
        }
        for row in rows {
            let reason = printable(&words::reason(&answer, row, index.agent(agent)));
            let line = match row.outcome {
                Outcome::Allowed => {
                    let identity = row.winner.as_ref().map(entries::identity).unwrap_or_default();
                    let namespace = answer.namespace(row).map(|namespace| printable(&namespace.value));
                    let namespace = namespace.map(|name| format!(", default namespace `{name}`")).unwrap_or_default();
                    format!("gets it {identity}{namespace}: {reason}")
                }
                Outcome::Denied(_) => format!("does **not** get it: {reason}"),
                Outcome::Unknown(_) => format!("may or may not get it: {reason}"),
            };
            match told.iter_mut().find(|(known, _)| *known == line) {
                Some((_, refs)) if refs.contains(&on) => {}
                Some((_, refs)) => refs.push(on),
                None => told.push((line, vec![on])),
            }
        }
    }
    let is_same_everywhere = told.len() == 1;
    let lines = told.into_iter().map(|(line, refs)| match is_same_everywhere {
        true => format!("`{name}` {line}"),
        false => format!("`{name}`, {}, {line}", refs.join(" and ")),
    });
    let lines: Vec<String> = lines.collect();
    lines
}
