//! `textDocument/hover`: what a key does, whom an id reaches, what a pattern matches, who may use a context, what a rule says.

use std::fmt::Write as _;

use gen_lsp_types::{
    Contents, Hover, HoverParams, HoverProvider, HoverRequest, MarkupContent, MarkupKind, ServerCapabilities,
};

use super::{Asked, Cursor, Failure, Handler, cursor};
use crate::access::environment_pattern::OldPattern;
use crate::access::jobs::KnownEnvironments;
use crate::access::{
    Comparison, EnvironmentMatcher, EnvironmentPattern, Index, PartialVerdict, managed_resources_of,
    restrictions_that_do_not_bind,
};
use crate::agent_config::{AccessSection, CiEntry, ENVIRONMENT_TEMPLATE, EntryKind, Spanned, UserEntry};
use crate::analysis::Facts;
use crate::diagnostic::suppression::MARK;
use crate::gitlab::releases::{NEW_MATCHER, OLD_MATCHER_LAST};
use crate::gitlab::{NEWEST, PartialText, Tier, Version};
use crate::inventory::INVENTORY;
use crate::lsp::ci_hover;
use crate::lsp::client::Client;
use crate::lsp::completion::doc_in_markdown;
use crate::lsp::entries;
use crate::lsp::place::{keys_at, touches, word_at};
use crate::lsp::session::Session;
use crate::lsp::world::{HoverText, Role};
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
            Role::Ci(project) => session
                .world
                .hover(&document, offset, |facts| ci_hover::in_ci_file(facts, project, &document.source, offset)),
            Role::Settings => {
                rule_in_settings(&document.source, offset).or_else(|| key_of(&document.source, &SETTINGS, offset))
            }
            Role::Inventory => key_of(&document.source, &INVENTORY, offset),
            Role::Script => None,
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
            let named = entries::named_in_words(AccessSection::User, *kind, &id.value, context.inventory.as_deref());
            return Some((id.span, named));
        }
    }
    let keys = keys_at(config.value.as_ref()?, offset);
    let field = keys.last()?;
    let mut text = key_in_words(&keys, Some(context.version))?;
    if field.key.name == "environments" {
        let _ =
            write!(text, "\n\n{}", match_in_words(context.access_settings().environment_matcher(), context.version));
    }
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
    let mut text = entries::named_in_words(AccessSection::Ci, *kind, id, inventory);
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

/// How a release compares the lines of `environments` with the environment of a job.
///
/// Source: `lib/gitlab/ci/environment_matcher.rb` of GitLab.
fn match_in_words(matcher: EnvironmentMatcher, version: Version) -> String {
    let old = "a line with `*` is looked for anywhere in the name: `*` stands for any characters, all else is a regular expression";
    let new = "a line with `*` is compared with the whole name: `*` stands for any characters, all else for itself";
    let with_wildcard = match matcher {
        EnvironmentMatcher::Old => format!("In GitLab {version} {old}."),
        EnvironmentMatcher::New => format!("In GitLab {version} {new}."),
        EnvironmentMatcher::Either => format!(
            "Up to {OLD_MATCHER_LAST} {old}; from {NEW_MATCHER} {new}. Which of the two holds in {version} is not known."
        ),
    };
    format!("{with_wildcard} A line without `*` is the exact name; letter case counts.")
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
