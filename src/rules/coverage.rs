//! Which entries of `ci_access` count, and which of them lets a project in.
//!
//! Source: `app/services/clusters/agents/authorizations/ci_access/refresh_service.rb` (the cut, and the last of equal
//! ids) and `.../ci_access/finder.rb` (the order of precedence, the licence) of GitLab.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::support::*;
use crate::gitlab::{ancestor_paths, lower_path};

/// The entries within the limit that no later one of the same id overrides, in order: projects, groups, instance.
pub(crate) fn counting_entries(access: &CiAccess, limit: usize) -> Vec<&CiEntry> {
    let mut seen: HashSet<(EntryKind, Cow<'_, str>)> = HashSet::new();
    let mut entries: Vec<&CiEntry> = Vec::new();
    for list in [access.groups.as_slice(), access.projects.as_slice()] {
        for entry in list.iter().take(limit).rev() {
            let is_last = entry.id.as_ref().is_none_or(|id| seen.insert((entry.kind, lower_path(&id.value))));
            if is_last {
                entries.push(entry);
            }
        }
    }
    entries.reverse();
    entries.extend(&access.instance);
    entries
}

/// The entries that count, by path in lower case.
pub(super) struct Coverage<'e> {
    projects: HashMap<String, &'e CiEntry>,
    groups: HashMap<String, &'e CiEntry>,
}

impl<'e> Coverage<'e> {
    /// Finds them; an entry that the licence drops does not count.
    pub(super) fn of(access: &'e CiAccess, context: &Context) -> Self {
        let mut coverage = Self { projects: HashMap::new(), groups: HashMap::new() };
        let entries = counting_entries(access, context.entry_limit());
        for entry in entries.into_iter().filter(|entry| !is_dropped_on(entry, context.tier)) {
            let path = entry.id.as_ref().map(|id| id.value.to_lowercase());
            match (entry.kind, path) {
                (EntryKind::Project, Some(path)) => drop(coverage.projects.insert(path, entry)),
                (EntryKind::Group, Some(path)) => drop(coverage.groups.insert(path, entry)),
                (EntryKind::Instance, _) | (_, None) => {}
            }
        }
        coverage
    }

    /// The entries themselves, in no order.
    pub(super) fn entries(&self) -> impl Iterator<Item = &'e CiEntry> {
        self.projects.values().chain(self.groups.values()).copied()
    }

    /// The entry of this project.
    pub(super) fn project(&self, path: &FullPath) -> Option<&'e CiEntry> {
        self.projects.get(path.lower()).copied()
    }

    /// The entry of the innermost group that holds the path.
    pub(super) fn innermost_group(&self, path: &FullPath) -> Option<&'e CiEntry> {
        ancestor_paths(path.lower()).find_map(|ancestor| self.groups.get(ancestor).copied())
    }
}

/// Whether GitLab drops the entry for want of a licence. Without one it sees only entries whose jobs act as the agent
/// (`app/finders/clusters/agents/authorizations/ci_access/finder.rb`, `config_scopes.rb` and its EE extension).
fn is_dropped_on(entry: &CiEntry, tier: Option<Tier>) -> bool {
    tier == Some(Tier::Free) && entry.mode() != Mode::Agent
}
