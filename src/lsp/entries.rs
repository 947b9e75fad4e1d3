//! What an entry of an agent's file comes to, in words: for hovers, hints and lenses.

use std::collections::BTreeSet;

use crate::access::{AgentGrants, AgentId, Candidate, Case, Condition, Effect, Grant, Index, Unknown};
use crate::agent_config::{AccessAs, AccessSection, CiEntry, EntryKind};
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

/// What an id names, as far as the inventory tells: how many projects there are below a group, and more.
pub(super) fn target(kind: EntryKind, id: &str, inventory: Option<&Inventory>) -> String {
    let name = words::printable(id);
    let Some(inventory) = inventory else {
        return match kind {
            EntryKind::Instance => "every project of the instance".to_owned(),
            kind => format!("the {} `{name}`; without an inventory, nothing more is known of it", kind.noun()),
        };
    };
    match kind {
        EntryKind::Instance => {
            format!("every project of the instance: {}", projects_in_words(inventory.projects().iter()))
        }
        EntryKind::Group => match inventory.find_group(id) {
            Some(group) => {
                let below = projects_in_words(inventory.ordered(inventory.places(group)));
                format!("the group `{}`: {below}", group.path)
            }
            None => format!("the inventory has no group `{name}`"),
        },
        EntryKind::Project => match inventory.find_project(id) {
            Some(project) => {
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
            None => format!("the inventory has no project `{name}`"),
        },
    }
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
pub(super) fn section_in_words(section: AccessSection) -> &'static str {
    match section {
        AccessSection::Ci => "CI/CD jobs of",
        AccessSection::User => "Developers and above in",
    }
}
