//! Which entries of `ci_access` count, and which of them lets a project in.
//!
//! Source: `app/services/clusters/agents/authorizations/ci_access/refresh_service.rb` (the cut, and the last of equal
//! ids) and `.../ci_access/finder.rb` (the order of precedence, the licence) of GitLab.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::access::{Authorization, needs_licence};
use crate::agent_config::{CiAccess, CiEntry, EntryKind};
use crate::gitlab::{FullPath, Tier, ancestor_paths, lower_path};
use crate::project::{AgentFile, Context};

/// The entries within the limit that no later one of the same id overrides, in order: projects, groups, instance.
fn counting_entries(access: &CiAccess, limit: usize) -> Vec<&CiEntry> {
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

impl AgentFile {
    /// Those of the entries within the limit that may become authorizations: GitLab does not drop them for what their ids
    /// name, as far as is known. Found once and kept, for the first context that asks.
    pub(crate) fn authorized_entries(&self, context: &Context) -> Vec<&CiEntry> {
        let Some(access) = &self.config.ci_access else { return Vec::new() };
        let positions = self.authorization.get_or_init(|| {
            let authorization = find_authorized(access, context);
            authorization.into_iter().map(|entry| (entry.kind, entry.index)).collect()
        });
        let entry = |&(kind, index): &(EntryKind, usize)| match kind {
            EntryKind::Project => access.projects.get(index),
            EntryKind::Group => access.groups.get(index),
            EntryKind::Instance => access.instance.as_ref(),
        };
        positions.iter().filter_map(entry).collect()
    }
}

fn find_authorized<'e>(access: &'e CiAccess, context: &Context) -> Vec<&'e CiEntry> {
    let hierarchy = context.hierarchy();
    let mut entries = counting_entries(access, context.entry_limit());
    entries.retain(|entry| {
        let authorization = |id: &str| hierarchy.authorization(entry.kind, &lower_path(id));
        match (entry.kind, &entry.id) {
            (EntryKind::Instance, _) => context.instance_authorization != Some(false),
            (_, Some(id)) => !matches!(authorization(&id.value), Authorization::Dropped(_)),
            (_, None) => true,
        }
    });
    entries
}

/// The entries that count, by path in lower case.
pub(super) struct Coverage<'e> {
    projects: HashMap<Cow<'e, str>, &'e CiEntry>,
    groups: HashMap<Cow<'e, str>, &'e CiEntry>,
    instance: Option<&'e CiEntry>,
}

impl<'e> Coverage<'e> {
    /// Finds them for the licence that is known; with an unknown one, all count.
    pub(super) fn of(file: &'e AgentFile, context: &Context) -> Self {
        Self::on(file, context, context.tier)
    }

    /// Finds them for this licence; an entry that it drops does not count.
    pub(super) fn on(file: &'e AgentFile, context: &Context, tier: Option<Tier>) -> Self {
        let mut coverage = Self { projects: HashMap::new(), groups: HashMap::new(), instance: None };
        let entries = file.authorized_entries(context).into_iter();
        for entry in entries.filter(|entry| tier != Some(Tier::Free) || !needs_licence(entry.mode(), context.version)) {
            let path = entry.id.as_ref().map(|id| lower_path(&id.value));
            match (entry.kind, path) {
                (EntryKind::Project, Some(path)) => drop(coverage.projects.insert(path, entry)),
                (EntryKind::Group, Some(path)) => drop(coverage.groups.insert(path, entry)),
                (EntryKind::Instance, _) => coverage.instance = Some(entry),
                (_, None) => {}
            }
        }
        coverage
    }

    /// The entries themselves, in the order of the file.
    pub(super) fn entries(&self) -> Vec<&'e CiEntry> {
        let mut entries: Vec<&CiEntry> = self.projects.values().chain(self.groups.values()).copied().collect();
        entries.sort_by_key(|entry| (entry.kind, entry.index));
        entries
    }

    /// The entry of this project.
    pub(super) fn project(&self, path: &FullPath) -> Option<&'e CiEntry> {
        self.projects.get(path.lower()).copied()
    }

    /// The entry of the innermost group that holds the path.
    pub(super) fn innermost_group(&self, path: &FullPath) -> Option<&'e CiEntry> {
        ancestor_paths(path.lower()).find_map(|ancestor| self.groups.get(ancestor).copied())
    }

    /// What applies to a project or group but for its own entry: the innermost group's entry, else the instance's.
    pub(super) fn less_specific(&self, path: &FullPath) -> Option<&'e CiEntry> {
        self.innermost_group(path).or(self.instance)
    }
}
