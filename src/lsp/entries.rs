//! What an entry of an agent's file comes to, in words: for hovers, hints and lenses.

use std::collections::BTreeSet;

use crate::access::{AgentGrants, AgentId, Candidate, Case, Condition, Effect, Grant, Index, Unknown};
use crate::agent_config::{AccessAs, AccessSection, CiEntry, EntryKind, Mode};
use crate::inventory::{Inventory, Project};
use crate::words;

/// The agent whose file this is.
pub(super) fn agent_of(index: &Index<'_>, path: &str) -> Option<AgentId> {
    index.agent_ids().find(|(_, agent)| agent.file.is_some_and(|file| file.path == path)).map(|(id, _)| id)
}

/// "1 project", "37 projects, 4 of them archived".
fn projects_in_words<'p>(projects: impl Iterator<Item = &'p Project>) -> String {
    let (mut count, mut archived) = (0usize, 0usize);
    for project in projects {
        count += 1;
        archived += usize::from(project.archived == Some(true));
    }
    let projects = words::count(count, "project");
    match archived {
        0 => projects,
        _ if count == 1 => format!("{projects}, which is archived"),
        archived => format!("{projects}, {archived} of them archived"),
    }
}

/// Who an entry of a section is for, as far as the inventory tells: how many projects there are below a group, and more.
pub(super) fn named_in_words(
    section: AccessSection,
    kind: EntryKind,
    id: &str,
    inventory: Option<&Inventory>,
) -> String {
    match target(kind, id, inventory) {
        Some(target) => format!("{} {target}", section_in_words(section)),
        None => format!("The inventory has no {} `{}`: the entry names nothing.", kind.noun(), words::printable(id)),
    }
}

/// What an id names; `None` where the inventory has nothing of that name.
fn target(kind: EntryKind, id: &str, inventory: Option<&Inventory>) -> Option<String> {
    let name = words::printable(id);
    let Some(inventory) = inventory else {
        return Some(match kind {
            EntryKind::Instance => "every project of the instance".to_owned(),
            kind => format!("the {} `{name}`; without an inventory, nothing more is known of it", kind.noun()),
        });
    };
    Some(match kind {
        EntryKind::Instance => {
            format!("every project of the instance: {}", projects_in_words(inventory.projects().iter()))
        }
        EntryKind::Group => {
            let group = inventory.find_group(id)?;
            let below = projects_in_words(inventory.ordered(inventory.places(group)));
            format!("the group `{}`: {below}", group.path)
        }
        EntryKind::Project => {
            let project = inventory.find_project(id)?;
            let mut text = format!("the project `{}`", project.path);
            if let Some(number) = project.id {
                text.push_str(&format!(" (number {number})"));
            }
            if project.archived == Some(true) {
                text.push_str(", which is archived");
            }
            if let Some(branch) = &project.default_branch {
                text.push_str(&format!(", default branch `{branch}`"));
            }
            text
        }
    })
}

/// How a text about an entry begins that lets nobody in.
const NO_EFFECT: &str = "no effect";

/// What an entry comes to, one text for each case of what is not known.
pub(super) fn effects(granted: &AgentGrants<'_>, entry: &CiEntry, inventory: Option<&Inventory>) -> Vec<String> {
    let mut texts = Vec::new();
    for case in &granted.cases {
        let Some(grant) = grant_of(case, entry) else { continue };
        let effect = effect(grant, entry, inventory);
        let text = match words::conditions(&case.conditions) {
            conditions if conditions.is_empty() => effect.clone(),
            conditions => format!("if {conditions}: {effect}"),
        };
        texts.push((effect, text));
    }
    // What is so in every case needs no conditions.
    let different: BTreeSet<&String> = texts.iter().map(|(effect, _)| effect).collect();
    if different.len() == 1 {
        return texts.into_iter().next().map(|(effect, _)| effect).into_iter().collect();
    }
    if texts.iter().all(|(effect, _)| effect.starts_with(NO_EFFECT)) {
        return vec![format!("{NO_EFFECT} in any case")];
    }
    texts.into_iter().map(|(_, text)| text).collect()
}

/// The same in as few words as stand behind a line: `4/5 · agent`, of how many projects it decides for how many, and as whom jobs act.
pub(super) fn hint(granted: &AgentGrants<'_>, entry: &CiEntry, inventory: Option<&Inventory>) -> Option<String> {
    let mut texts: Vec<String> = Vec::new();
    for grant in granted.cases.iter().filter_map(|case| grant_of(case, entry)) {
        let text = short_effect(grant, entry, inventory);
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    (!texts.is_empty()).then(|| texts.join(" or "))
}

fn short_effect(grant: &Grant<'_>, entry: &CiEntry, inventory: Option<&Inventory>) -> String {
    let (mode, user) = AccessAs::identity(entry.access_as.as_ref());
    let identity = match mode {
        Mode::Agent => "agent".to_owned(),
        Mode::CiJob => "CI job".to_owned(),
        Mode::User => "user".to_owned(),
        Mode::Impersonate => match user.and_then(|user| user.username.as_ref()) {
            Some(name) => format!("user {}", words::brief(&name.value).trim_matches('`')),
            None => "user".to_owned(),
        },
    };
    let all = inventory.and_then(|inventory| named(entry, inventory));
    match &grant.effect {
        Effect::Dropped(_) => NO_EFFECT.to_owned(),
        Effect::Decides(reach) => match (reach.count(), all) {
            (Some(0), _) => NO_EFFECT.to_owned(),
            (Some(count), Some(all)) => format!("{count}/{} · {identity}", all.max(count)),
            _ => identity,
        },
        Effect::Depends(..) => format!("? · {identity}"),
    }
}

fn grant_of<'c, 'w>(case: &'c Case<'w>, entry: &CiEntry) -> Option<&'c Grant<'w>> {
    case.grants.iter().find(|grant| grant.candidate.is_entry(entry))
}

fn effect(grant: &Grant<'_>, entry: &CiEntry, inventory: Option<&Inventory>) -> String {
    let identity = identity(&grant.candidate);
    match &grant.effect {
        Effect::Dropped(reason) => format!("{NO_EFFECT}: it {}", words::dropped(reason)),
        Effect::Decides(reach) => match (reach.count(), inventory) {
            (Some(0), _) => format!("{NO_EFFECT}: more specific entries decide for all that it names"),
            (Some(count), Some(inventory)) => {
                let all = named(entry, inventory);
                let projects = projects_in_words(reach.projects(inventory));
                let projects = match all {
                    Some(all) if all > count => format!("{count} of {all} projects"),
                    _ => projects,
                };
                format!("decides for {projects}, {identity}")
            }
            _ => format!("lets in {identity}"),
        },
        Effect::Depends(unknowns, _) => {
            let holding = |unknown: &Unknown| Condition { unknown: unknown.clone(), holds: true };
            let conditions: Vec<Condition> = unknowns.iter().map(holding).collect();
            format!("lets in {identity} if {}", words::conditions(&conditions))
        }
    }
}

/// How many projects an entry names.
fn named(entry: &CiEntry, inventory: &Inventory) -> Option<u32> {
    let id = entry.id.as_ref().map(|id| &*id.value);
    match entry.kind {
        EntryKind::Project => Some(1),
        EntryKind::Group => {
            let places = inventory.places(inventory.find_group(id?)?);
            Some(places.end - places.start)
        }
        EntryKind::Instance => Some(inventory.project_count()),
    }
}

/// As whom jobs act, behind a comma: "as the CI job".
pub(super) fn identity(candidate: &Candidate<'_>) -> String {
    let (mode, user) = AccessAs::identity(candidate.entry.and_then(|entry| entry.access_as.as_ref()));
    format!("as {}", words::acting_as(mode, user))
}

/// The section of an id with what it is there for.
///
/// Source: `doc/user/clusters/agent/user_access.md`: users need at least the role Developer in what is listed.
fn section_in_words(section: AccessSection) -> &'static str {
    match section {
        AccessSection::Ci => "CI/CD jobs of",
        AccessSection::User => "Developers and above in",
    }
}
