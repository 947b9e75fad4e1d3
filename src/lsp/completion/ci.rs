//! Contexts and environments in CI files.
//!
//! Scripts are texts within YAML, and a CI file that is being typed may be none at all, so the line says most of it.

use std::collections::{BTreeMap, BTreeSet};

use gen_lsp_types::CompletionItemKind;

use super::cursor::{CursorContext, Form, Step};
use super::{Around, At, MOST, Offer, Offers};
use crate::access::{Answer, Candidate, Query};
use crate::agent_config::{AccessAs, CiEntry, Mode, is_true};
use crate::analysis::Facts;
use crate::gitlab::FullPath;
use crate::source::Span;
use crate::words;
use crate::yaml::written;

/// What could be written at the cursor.
pub(super) fn offers(at: &At<'_>, cursor: &CursorContext, around: &Around<'_>) -> Offers {
    match wanted(at, cursor) {
        Some(Wanted::Context { typed, in_script }) => contexts(at, typed, in_script, around),
        Some(Wanted::Environment { typed, form }) => environments(at, typed, form, around),
        None => Offers::default(),
    }
}

/// What the place asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Context { typed: Span, in_script: bool },
    Environment { typed: Span, form: Form },
}

fn wanted(at: &At<'_>, cursor: &CursorContext) -> Option<Wanted> {
    let line = at.source.line_span(at.source.line_index(at.cursor));
    let before = at.source.slice(Span::new(line.start, at.cursor));
    if is_in_comment(before) {
        return None;
    }
    let ends_word = |character: char| {
        character.is_whitespace()
            || matches!(character, '"' | '\'' | ',' | ';' | '&' | '|' | '(' | ')' | '[' | ']' | '`')
    };
    // A brace may be one of `${CI_PROJECT_PATH}`.
    let start = before
        .rfind(|character: char| ends_word(character) || character == '=')
        .map_or(0, |at| at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
    let behind = at.source.slice(Span::new(at.cursor, line.end));
    let length = behind.find(ends_word).unwrap_or(behind.len());
    let typed = Span::new(line.start + start, at.cursor + length);
    let ahead = before.get(..start).unwrap_or_default();
    let opened = ahead.strip_suffix(['"', '\'']).unwrap_or(ahead);
    let option = opened.trim_end();
    let is_apart = option.len() < opened.len();
    let is_shell = (is_apart
        && ["config use-context", "--context", "--kube-context"].iter().any(|word| ends_in(option, word)))
        || ["--context=", "--kube-context=", "KUBE_CONTEXT="].iter().any(|word| ends_in(opened, word));
    if is_shell {
        return Some(Wanted::Context { typed, in_script: true });
    }
    let place = cursor.place.as_ref()?;
    let keys: Vec<&str> = place
        .path
        .iter()
        .filter_map(|step| match step {
            Step::Key(key) => Some(&**key),
            Step::Item(_) => None,
        })
        .collect();
    let is_value = place.slot == super::Slot::Node && !place.wants_blank;
    match keys[..] {
        _ if !is_value => None,
        [.., "variables", "KUBE_CONTEXT"] | [.., "variables", "KUBE_CONTEXT", "value"] => {
            Some(Wanted::Context { typed: place.typed, in_script: false })
        }
        [_, "environment", "kubernetes", "agent"] => Some(Wanted::Context { typed: place.typed, in_script: false }),
        [_, "environment"] if place.form == Form::Inline || place.form == Form::Flow => {
            Some(Wanted::Environment { typed: place.typed, form: place.form })
        }
        [_, "environment", "name"] => Some(Wanted::Environment { typed: place.typed, form: place.form }),
        _ => None,
    }
}

/// Whether a line ends in a word that is not the end of another one.
fn ends_in(line: &str, word: &str) -> bool {
    let squeezed: String;
    let line = if word.contains(' ') {
        squeezed = line.split_whitespace().collect::<Vec<_>>().join(" ");
        &*squeezed
    } else {
        line
    };
    line.strip_suffix(word).is_some_and(|before| {
        before.chars().next_back().is_none_or(|last| !last.is_alphanumeric() && !matches!(last, '-' | '_'))
    })
}

/// Whether a line is a comment at its end, of YAML or of the shell.
fn is_in_comment(before: &str) -> bool {
    let mut quote = None;
    let mut last = ' ';
    for character in before.chars() {
        match (quote, character) {
            (None, '#') if last.is_whitespace() => return true,
            // An apostrophe within a word opens nothing.
            (None, '"' | '\'') if !last.is_alphanumeric() => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
        last = character;
    }
    false
}

/// A context that could be selected.
struct Choice {
    context: String,
    /// Whether something names the project.
    is_granted: bool,
    detail: String,
    documentation: Option<String>,
}

fn contexts(at: &At<'_>, typed: Span, in_script: bool, around: &Around<'_>) -> Offers {
    let mut choices = Vec::new();
    (around.look)(&mut |facts, project| choices = choices_of(facts, project, in_script));
    let open = super::keys::open_quote(at.source.slice(typed));
    let so_far = at.source.slice(Span::new(typed.start, at.cursor)).trim_start_matches(['"', '\'']).to_lowercase();
    choices.retain(|choice| so_far.contains('$') || choice.context.to_lowercase().contains(&so_far));
    choices.sort_by(|a, b| (!a.is_granted, &a.context).cmp(&(!b.is_granted, &b.context)));
    let is_incomplete = choices.len() > MOST || !so_far.is_empty();
    let offers = choices.into_iter().take(MOST).map(|choice| {
        let mut offer = Offer::new(choice.context.as_str(), CompletionItemKind::Reference, typed);
        offer.text = if in_script { choice.context.clone() } else { written(&choice.context, true, open) };
        offer.filter = open.map_or_else(|| choice.context.clone(), |quote| format!("{quote}{}", choice.context));
        if so_far.contains('$') {
            offer.filter = at.source.slice(Span::new(typed.start, at.cursor)).to_owned();
        }
        offer.detail = Some(choice.detail);
        offer.documentation = choice.documentation;
        offer
    });
    Offers { all: offers.collect(), is_incomplete }
}

fn choices_of(facts: &Facts<'_>, at: usize, in_script: bool) -> Vec<Choice> {
    let Some(project) = facts.subjects.get(at).map(|subject| &*subject.project) else { return Vec::new() };
    let Some(index) = facts.index(at) else { return Vec::new() };
    let path = project.context.project.as_ref().map(FullPath::as_str);
    let named = path.map(|path| index.agents_for(path)).unwrap_or_default();
    let query = path.map(|path| Query::new(path, None, None));
    let answer = query.map(|query| index.query(&query));
    let is_unlisted = answer.as_ref().is_some_and(Answer::is_unknown_project);
    let mut choices = Vec::new();
    for (id, agent) in index.agent_ids() {
        if agent.project.is_none() {
            // Without a path of its own the project stands alone, and the agents are its own.
            if in_script && path.is_none() {
                choices.push(Choice {
                    context: format!("$CI_PROJECT_PATH:{}", agent.name),
                    is_granted: true,
                    detail: "agent of this project".to_owned(),
                    documentation: None,
                });
            }
            continue;
        }
        let rows = answer.iter().flat_map(|answer| answer.rows_of(id));
        let candidate = rows.filter(|_| named.contains(&id)).find_map(|row| row.winner);
        let detail = match (&candidate, path) {
            (Some(candidate), _) => words::through(candidate),
            _ if agent.is_refused() => "GitLab refuses its configuration".to_owned(),
            _ if !agent.is_registered => "no such agent is registered".to_owned(),
            (None, Some(_)) if is_unlisted => "the inventory does not list this project".to_owned(),
            (None, Some(_)) => "does not name this project".to_owned(),
            (None, None) => "this project's path is not known".to_owned(),
        };
        choices.push(Choice {
            context: agent.context(),
            is_granted: candidate.is_some(),
            detail,
            documentation: candidate.map(|candidate| restrictions(&candidate)),
        });
    }
    choices
}

/// What a job must hold to, and as whom it acts.
fn restrictions(candidate: &Candidate<'_>) -> String {
    let (mut lines, mut mode) = (Vec::new(), Mode::Agent);
    if let Some(entry) = candidate.entry {
        let CiEntry {
            kind: _,
            index: _,
            span: _,
            head: _,
            id: _,
            default_namespace: _,
            access_as,
            environments,
            environments_key: _,
            protected_branches_only,
            resource_management: _,
        } = entry;
        mode = AccessAs::identity(access_as.as_ref()).0;
        if !environments.is_empty() {
            let names: Vec<String> =
                environments.iter().map(|name| format!("`{}`", words::printable(&name.value))).collect();
            lines.push(format!("Only jobs of the environments {}.", names.join(", ")));
        }
        if is_true(protected_branches_only.as_ref()) {
            lines.push("Only jobs on protected branches and tags.".to_owned());
        }
    }
    if lines.is_empty() {
        lines.push("All jobs of the project.".to_owned());
    }
    lines.push(format!("They act as {}.", words::mode(mode)));
    lines.join("\n\n")
}

fn environments(at: &At<'_>, typed: Span, form: Form, around: &Around<'_>) -> Offers {
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    (around.look)(&mut |facts, at| names = environment_names(facts, at));
    let open = super::keys::open_quote(at.source.slice(typed));
    let is_incomplete = names.len() > MOST;
    let so_far = at.source.slice(Span::new(typed.start, at.cursor)).trim_start_matches(['"', '\'']).to_lowercase();
    if is_incomplete {
        names.retain(|name, _| name.to_lowercase().contains(&so_far));
    }
    let offers = names.into_iter().take(MOST).map(|(name, origins)| {
        let mut offer = Offer::new(name.as_str(), CompletionItemKind::Value, typed);
        offer.text = written(&name, form == Form::Flow, open);
        offer.filter = open.map_or_else(|| name.clone(), |quote| format!("{quote}{name}"));
        offer.detail = Some(origins.into_iter().collect::<Vec<_>>().join(", "));
        offer
    });
    Offers { all: offers.collect(), is_incomplete }
}

/// The environments of a project, and those that agents' entries for it name; each with who says so.
fn environment_names(facts: &Facts<'_>, at: usize) -> BTreeMap<String, BTreeSet<String>> {
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let Some(project) = facts.subjects.get(at).map(|subject| &*subject.project) else { return names };
    let Some(path) = project.context.project.as_ref().map(FullPath::as_str) else { return names };
    let listed = project.context.inventory.as_deref().and_then(|inventory| inventory.find_project(path));
    for environment in listed.iter().filter_map(|project| project.environments.as_deref()).flatten() {
        names.entry(environment.name.to_string()).or_default().insert("environment".to_owned());
    }
    let Some(index) = facts.index(at) else { return names };
    let query = Query::new(path, None, None);
    let answer = index.query(&query);
    for id in index.agents_for(path) {
        let winner = answer.rows_of(id).find_map(|row| row.winner);
        let Some(entry) = winner.and_then(|winner| winner.entry) else { continue };
        for pattern in entry.environments.iter().filter(|pattern| !pattern.value.contains('*')) {
            names.entry(pattern.value.clone()).or_default().insert(index.agent(id).context());
        }
    }
    names
}
