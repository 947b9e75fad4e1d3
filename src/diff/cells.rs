//! All projects, divided so that in either state one entry decides about each part.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::change::{Except, Projects};
use super::standing::Found;
use crate::access::{Authorization, Index, needs_licence};
use crate::agent_config::EntryKind;
use crate::gitlab::{Tier, ancestor_paths, lower_path, path_fault};

/// A part of all projects.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// What it holds.
    pub projects: Projects,
    /// The path of a project in it, in lower case, one that is there or may come.
    pub path: String,
}

/// The projects and groups that some agents name, by path in lower case, each as it is written.
#[derive(Debug, Default)]
pub(super) struct Named {
    projects: BTreeMap<String, String>,
    groups: BTreeMap<String, String>,
}

impl Named {
    /// Adds what an agent names, and its configuration project.
    pub fn add(&mut self, found: &Found<'_>) {
        let Some((index, id)) = found.agent() else { return };
        if let Some(home) = index.agent(id).project {
            self.projects.entry(lower_path(home).into_owned()).or_insert_with(|| home.to_owned());
        }
        for (kind, written) in names_of(found) {
            let lower = lower_path(written);
            let (paths, shown) = match kind {
                EntryKind::Project => (&mut self.projects, listed_project(index, &lower)),
                EntryKind::Group => (&mut self.groups, listed_group(index, &lower)),
                EntryKind::Instance => continue,
            };
            paths.entry(lower.into_owned()).or_insert_with(|| shown.unwrap_or(written).to_owned());
        }
    }

    /// The parts, most specific first. Costs in proportion to what is named.
    pub fn cells(&self) -> Vec<Cell> {
        let around =
            |path: &str| ancestor_paths(path).find(|group| self.groups.contains_key(*group)).map(str::to_owned);
        let mut excepted: BTreeMap<Option<String>, Except> = BTreeMap::new();
        for (path, shown) in &self.projects {
            excepted.entry(around(path)).or_default().projects.push(shown.clone());
        }
        for (path, shown) in &self.groups {
            excepted.entry(around(path)).or_default().groups.push(shown.clone());
        }
        let mut cells: Vec<Cell> = Vec::new();
        cells.extend(
            self.projects
                .iter()
                .map(|(path, shown)| Cell { projects: Projects::One(shown.clone()), path: path.clone() }),
        );
        let taken: BTreeSet<&str> = self.projects.keys().chain(self.groups.keys()).map(String::as_str).collect();
        for (path, shown) in self.groups.iter().rev() {
            let except = excepted.remove(&Some(path.clone())).unwrap_or_default();
            cells.push(Cell {
                projects: Projects::Below(shown.clone(), except),
                path: fresh(&format!("{path}/"), &taken),
            });
        }
        let except = excepted.remove(&None).unwrap_or_default();
        cells.push(Cell { projects: Projects::Anywhere(except), path: fresh_elsewhere(&taken) });
        cells
    }
}

/// Into how many parts one agent divides all projects. Costs less than to divide them.
pub(super) fn count_of(found: &Found<'_>) -> usize {
    let home = found.agent().and_then(|(index, id)| index.agent(id).project);
    let names = home.map(|home| (EntryKind::Project, home)).into_iter().chain(names_of(found));
    let named = names.filter(|(kind, _)| *kind != EntryKind::Instance);
    let parts: HashSet<(EntryKind, Cow<'_, str>)> = named.map(|(kind, id)| (kind, lower_path(id))).collect();
    parts.len() + 1
}

/// The ids of an agent's entries that may let somebody in.
fn names_of<'w>(found: &Found<'w>) -> Vec<(EntryKind, &'w str)> {
    let Found::In(index, id) = *found else { return Vec::new() };
    let settings = index.settings();
    let mut names = Vec::new();
    for (entry, authorization) in index.entry_authorizations(id) {
        let falls_out = settings.tier == Some(Tier::Free) && needs_licence(entry.mode(), settings.version);
        let Some(written) = entry.id.as_ref().filter(|_| !falls_out) else { continue };
        // Of some paths there is no project and will be none.
        if !matches!(authorization, Authorization::Dropped(_)) && names_something(&written.value, entry.kind) {
            names.push((entry.kind, &*written.value));
        }
    }
    names
}

/// Whether a project or group can have this full path.
pub(super) fn names_something(id: &str, kind: EntryKind) -> bool {
    path_fault(id).is_none() && (kind != EntryKind::Project || id.contains('/'))
}

/// The path of a project that nothing names, below a group.
fn fresh(below: &str, taken: &BTreeSet<&str>) -> String {
    let mut name = "zz-new".to_owned();
    while taken.contains(format!("{below}{name}").as_str()) {
        name.push('z');
    }
    format!("{below}{name}")
}

/// The path of a project below nothing that is named.
fn fresh_elsewhere(taken: &BTreeSet<&str>) -> String {
    let mut root = "elsewhere".to_owned();
    while taken.iter().any(|path| path.split('/').next() == Some(root.as_str())) {
        root.push('z');
    }
    format!("{root}/zz-new")
}

fn listed_project<'w>(index: &Index<'w>, id: &str) -> Option<&'w str> {
    index.inventory()?.find_project(id).map(|project| &*project.path)
}

fn listed_group<'w>(index: &Index<'w>, id: &str) -> Option<&'w str> {
    index.inventory()?.find_group(id).map(|group| &*group.path)
}

impl Projects {
    /// Whether a project of this path lies in it.
    #[must_use]
    pub fn holds(&self, path: &str) -> bool {
        let path = &*lower_path(path);
        let is_below = |group: &str| path.strip_prefix(&*lower_path(group)).is_some_and(|rest| rest.starts_with('/'));
        let is_out = |except: &Except| {
            except.projects.iter().any(|project| lower_path(project) == path)
                || except.groups.iter().any(|group| is_below(group))
        };
        match self {
            Self::One(project) => lower_path(project) == path,
            Self::Below(group, except) => is_below(group) && !is_out(except),
            Self::Anywhere(except) => !is_out(except),
        }
    }
}

/// The same parts with fewer words: what is left out of one and told beside it is not left out. Costs in proportion to what is left out.
pub(super) fn joined(parts: Vec<Projects>) -> Vec<Projects> {
    // What each project or group is left out of; the parts are divided so that this is one part at the most.
    let mut around: HashMap<(bool, String), usize> = HashMap::new();
    let mut left: Vec<(Option<Projects>, BTreeSet<String>, BTreeSet<String>)> = Vec::with_capacity(parts.len());
    for (at, mut part) in parts.into_iter().enumerate() {
        let except = match &mut part {
            Projects::Below(_, except) | Projects::Anywhere(except) => std::mem::take(except),
            Projects::One(_) => Except::default(),
        };
        around.extend(except.projects.iter().map(|path| ((false, path.clone()), at)));
        around.extend(except.groups.iter().map(|path| ((true, path.clone()), at)));
        left.push((Some(part), except.projects.into_iter().collect(), except.groups.into_iter().collect()));
    }
    let mut open: Vec<usize> = (0..left.len()).collect();
    while let Some(at) = open.pop() {
        let Some((part, projects, groups)) = left.get(at) else { continue };
        let key = match part {
            Some(Projects::One(project)) => (false, project.clone()),
            // Only what has no exceptions left can stand for the whole of the group.
            Some(Projects::Below(group, _)) if projects.is_empty() && groups.is_empty() => (true, group.clone()),
            _ => continue,
        };
        let Some(outer) = around.remove(&key).filter(|outer| *outer != at) else { continue };
        if let Some((_, projects, groups)) = left.get_mut(outer) {
            if key.0 {
                groups.remove(&key.1)
            } else {
                projects.remove(&key.1)
            };
            open.push(outer);
        }
        if let Some((part, ..)) = left.get_mut(at) {
            *part = None;
        }
    }
    let whole = |(part, projects, groups): (Option<Projects>, BTreeSet<String>, BTreeSet<String>)| {
        let left_out = Except { projects: projects.into_iter().collect(), groups: groups.into_iter().collect() };
        let mut part = part?;
        if let Projects::Below(_, except) | Projects::Anywhere(except) = &mut part {
            *except = left_out;
        }
        Some(part)
    };
    let mut parts: Vec<Projects> = left.into_iter().filter_map(whole).collect();
    parts.sort();
    parts
}
