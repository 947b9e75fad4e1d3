//! Entries by what they name, in the order of precedence.
//!
//! Source: `app/finders/clusters/agents/authorizations/ci_access/finder.rb`, as [`super::candidate`] has it.

use std::borrow::Cow;

use crate::agent_config::EntryKind;
use crate::gitlab::{ByName, ancestor_paths};

/// What is asked about: by what something may be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'t> {
    /// A project, by its path in lower case.
    Project(&'t str),
    /// The projects of a group that no entry of their own names, by the group's path in lower case.
    Group(&'t str),
}

/// Something for each entry, found by what the entry names.
#[derive(Debug)]
pub(super) struct Claims<'w, C> {
    /// By the project's path in lower case.
    by_project: ByName<Cow<'w, str>, Vec<C>>,
    /// By the group's path in lower case.
    by_group: ByName<Cow<'w, str>, Vec<C>>,
    by_instance: Vec<C>,
}

impl<C> Default for Claims<'_, C> {
    fn default() -> Self {
        Self { by_project: ByName::default(), by_group: ByName::default(), by_instance: Vec::new() }
    }
}

/// Where in the order of precedence implicit access stands: behind the entries for the project itself.
pub(super) const IMPLICIT_PLACE: usize = 1;

/// All that names a target at one place of the order of precedence.
pub(super) struct Level<'a, C> {
    /// The place; less is more specific.
    pub place: usize,
    /// Which list the entries stand in.
    pub kind: EntryKind,
    /// What there is of them.
    pub claims: &'a [C],
}

impl<'w, C> Claims<'w, C> {
    /// Room for what a file of so many entries adds.
    pub fn with_room(projects: usize, groups: usize) -> Self {
        let mut claims = Self::default();
        claims.by_project.reserve(projects);
        claims.by_group.reserve(groups);
        claims
    }

    /// Adds what an entry of this kind, with this id in lower case, is to be found by.
    pub fn add(&mut self, kind: EntryKind, id: Cow<'w, str>, claim: C) {
        match kind {
            EntryKind::Project => self.by_project.entry(id).or_default().push(claim),
            EntryKind::Group => self.by_group.entry(id).or_default().push(claim),
            EntryKind::Instance => self.by_instance.push(claim),
        }
    }

    /// What names a target, the most specific first: the project itself, the groups that hold it from the innermost on, each whether an
    /// entry names it or not, and the instance.
    pub fn levels<'a, 't>(&'a self, target: Target<'t>) -> impl Iterator<Item = Level<'a, C>> + use<'a, 't, 'w, C> {
        let (project, group, path) = match target {
            Target::Project(path) => (Some(path), None, path),
            Target::Group(path) => (None, Some(path), path),
        };
        let of_project = project.map(|path| (EntryKind::Project, self.by_project.get(path)));
        let groups = group.into_iter().chain(ancestor_paths(path));
        let of_groups = groups.map(|path| (EntryKind::Group, self.by_group.get(path)));
        let behind = of_groups.chain([(EntryKind::Instance, Some(&self.by_instance))]);
        let before = of_project.map(|level| (0, level)).into_iter();
        before.chain((IMPLICIT_PLACE + 1..).zip(behind)).map(|(place, (kind, claims))| {
            let claims = claims.map(Vec::as_slice).unwrap_or_default();
            Level { place, kind, claims }
        })
    }
}
