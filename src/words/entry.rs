//! Entries of agents' files, and what may let a project in.

use super::list::first;
use super::{excerpt, printable};
use crate::access::{Agent, Candidate, CandidateKind, UserGrant};
use crate::agent_config::{CiEntry, is_true};

/// A project, by its path if it is known, fit to be shown: "acme/web/shop".
#[must_use]
pub fn project(path: Option<&str>) -> String {
    path.map_or_else(|| "a project whose path is not known".to_owned(), printable)
}

/// An entry in a message: "the entry of `acme`".
#[must_use]
pub fn entry(entry: &CiEntry) -> String {
    match &entry.id {
        Some(id) => format!("the entry of {}", excerpt(&id.value)),
        None => "the entry of the whole instance".to_owned(),
    }
}

/// What an entry names, fit to be shown: "group `acme`", "the whole instance".
#[must_use]
pub fn entry_name(entry: &CiEntry) -> String {
    match &entry.id {
        Some(id) => format!("{} `{}`", entry.kind.noun(), printable(&id.value)),
        None => format!("the whole {}", entry.kind.noun()),
    }
}

/// What a candidate is for, fit to be shown: "project acme/web/shop", "acme/agents itself".
#[must_use]
pub fn candidate_name(candidate: &Candidate<'_>, agent: &Agent<'_>) -> String {
    match candidate.kind {
        CandidateKind::Implicit => {
            format!("{} itself", printable(agent.project.unwrap_or("the configuration project")))
        }
        CandidateKind::Instance => "the whole instance".to_owned(),
        kind => format!("{} {}", kind.name(), printable(candidate.target.unwrap_or("without id"))),
    }
}

/// What an entry of `user_access` names, fit to be shown: "project acme/web/shop".
#[must_use]
pub fn user_entry_name(grant: &UserGrant<'_>) -> String {
    format!("{} {}", grant.entry.kind.noun(), printable(grant.target.unwrap_or("without id")))
}

/// A candidate in a sentence, fit to be shown: "the entry for the group acme".
#[must_use]
pub fn candidate(candidate: &Candidate<'_>) -> String {
    candidate_for(candidate.kind, &printable(candidate.target.unwrap_or_default()))
}

/// A candidate of this kind in a sentence.
pub(super) fn candidate_for(kind: CandidateKind, target: &str) -> String {
    match kind {
        CandidateKind::Project => "the entry for the project itself".to_owned(),
        CandidateKind::Implicit => "the implicit access of the configuration project".to_owned(),
        CandidateKind::Group => format!("the entry for the group {target}"),
        CandidateKind::Instance => "the entry for the whole instance".to_owned(),
    }
}

/// By what a project is let in, in few words and fit to be shown: "group acme".
#[must_use]
pub fn through(candidate: &Candidate<'_>) -> String {
    match candidate.kind {
        CandidateKind::Project => "project entry".to_owned(),
        CandidateKind::Implicit => "agent of this project".to_owned(),
        CandidateKind::Group => format!("group {}", printable(candidate.target.unwrap_or_default())),
        CandidateKind::Instance => "instance entry".to_owned(),
    }
}

/// What an entry asks of jobs, fit to be shown: "environments `production`; protected refs only"; empty for nothing.
#[must_use]
pub fn restrictions(entry: &CiEntry) -> String {
    const MOST: usize = 5;
    let CiEntry {
        kind: _,
        index: _,
        span: _,
        head: _,
        id: _,
        default_namespace: _,
        access_as: _,
        environments,
        environments_key: _,
        protected_branches_only,
        resource_management: _,
    } = entry;
    let mut parts = Vec::new();
    if !environments.is_empty() {
        let names = environments.iter().map(|pattern| format!("`{}`", printable(&pattern.value)));
        parts.push(format!("environments {}", first(names, MOST, environments.len()).join(", ")));
    }
    if is_true(protected_branches_only.as_ref()) {
        parts.push("protected refs only".to_owned());
    }
    parts.join("; ")
}
