//! Which projects and groups a configuration project may name.
//!
//! Sources: `app/services/clusters/agents/authorizations/ci_access/refresh_service.rb` for the root ancestor and for
//! personal namespaces, the history boxes of `doc/user/clusters/agent/ci_cd_workflow.md` for the releases. `ci_access` and
//! `user_access` crossed top-level groups in different releases.

use super::authorization::{Authorization, Drop, Outside};
use super::condition::Unknown;
use super::releases::{USER_NAMESPACES, WHOLE_HIERARCHY, across_hierarchies};
use super::world::Settings;
use crate::agent_config::{AccessSection, EntryKind};
use crate::gitlab::{lower_path, parent_path, root_path};
use crate::inventory::{Inventory, NamespaceKind};

/// Judges ids against the place of one configuration project.
#[derive(Debug)]
pub struct Hierarchy<'w> {
    inventory: Option<&'w Inventory>,
    settings: Settings,
    section: AccessSection,
    /// The configuration project's path in lower case.
    home: Option<String>,
    /// What holds its top: a group, a user, or not known.
    root_kind: Option<NamespaceKind>,
}

impl<'w> Hierarchy<'w> {
    /// For the entries of a section in the file of a configuration project, whose path may be unknown.
    #[must_use]
    pub fn new(
        inventory: Option<&'w Inventory>,
        settings: Settings,
        section: AccessSection,
        home: Option<&str>,
    ) -> Self {
        let home = home.map(|home| lower_path(home).into_owned());
        let root_kind = home.as_deref().and_then(|home| root_kind(inventory, home));
        Self { inventory, settings, section, home, root_kind }
    }

    /// What becomes of an entry with this id, in lower case, that has survived its list.
    #[must_use]
    pub fn authorization(&self, kind: EntryKind, id: &str) -> Authorization {
        if let Some(drop) = self.inventory.and_then(|inventory| missing(inventory, kind, id)) {
            return Authorization::Dropped(drop);
        }
        let Some(home) = &self.home else {
            return Authorization::Depends(
                [(Unknown::InHierarchy(id.into()), Drop::Outside(Outside::OtherRoot))].into(),
            );
        };
        let mut needs = Vec::new();
        if kind == EntryKind::Group
            && let Some(drop) = self.group_in_user(home, id, &mut needs)
        {
            return Authorization::Dropped(drop);
        }
        match self.outside(home, id) {
            None => {}
            Some(Outside::OtherRoot) if self.settings.version >= across_hierarchies(self.section) => {
                match self.settings.instance_authorization {
                    Some(true) => {}
                    Some(false) => return Authorization::Dropped(Drop::Outside(Outside::OtherRoot)),
                    None => needs.push((Unknown::InstanceAuthorization, Drop::Outside(Outside::OtherRoot))),
                }
            }
            Some(outside) => return Authorization::Dropped(Drop::Outside(outside)),
        }
        self.user_namespace(home, &mut needs).map_or_else(
            || if needs.is_empty() { Authorization::Kept } else { Authorization::Depends(needs.into()) },
            Authorization::Dropped,
        )
    }

    /// No group can match when the configuration project lies in a personal namespace.
    fn group_in_user(&self, home: &str, id: &str, needs: &mut Vec<(Unknown, Drop)>) -> Option<Drop> {
        let drop = Drop::Outside(Outside::GroupFromPersonalNamespace);
        match self.root_kind {
            Some(NamespaceKind::User) => return Some(drop),
            Some(NamespaceKind::Group) => {}
            None => needs.push((Unknown::Group(root_path(home).into()), drop)),
        }
        // A group that only the query's project vouches for may be a user's personal namespace.
        let is_open = self.inventory.is_none() && !id.contains('/') && id != root_path(home);
        if is_open {
            needs.push((Unknown::Group(id.into()), Drop::IsUser));
        }
        None
    }

    /// Before 15.7 a configuration project in a personal namespace could name no project.
    fn user_namespace(&self, home: &str, needs: &mut Vec<(Unknown, Drop)>) -> Option<Drop> {
        if self.settings.version >= USER_NAMESPACES {
            return None;
        }
        let drop = Drop::Outside(Outside::PersonalNamespace);
        match self.root_kind {
            Some(NamespaceKind::User) => return Some(drop),
            Some(NamespaceKind::Group) => {}
            None if needs
                .iter()
                .any(|(unknown, _)| matches!(unknown, Unknown::Group(path) if **path == *root_path(home))) => {}
            None => needs.push((Unknown::Group(root_path(home).into()), drop)),
        }
        None
    }

    fn outside(&self, home: &str, id: &str) -> Option<Outside> {
        if root_path(home) != root_path(id) {
            return Some(Outside::OtherRoot);
        }
        let group = parent_path(home).unwrap_or(home);
        let is_below = id.strip_prefix(group).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        (self.settings.version < WHOLE_HIERARCHY && !is_below).then_some(Outside::SubTree)
    }
}

/// Whether the top of a path is a group or a user; only groups hold groups.
pub(super) fn root_kind(inventory: Option<&Inventory>, path: &str) -> Option<NamespaceKind> {
    let listed = inventory.and_then(|inventory| inventory.find_namespace(root_path(path)));
    let is_deep = path.matches('/').count() > 1;
    listed.map(|namespace| namespace.kind).or(is_deep.then_some(NamespaceKind::Group))
}

/// Why the inventory has no such project or group.
fn missing(inventory: &Inventory, kind: EntryKind, id: &str) -> Option<Drop> {
    match kind {
        EntryKind::Instance => None,
        EntryKind::Project if inventory.find_project(id).is_some() => None,
        EntryKind::Project => Some(if inventory.find_namespace(id).is_some() { Drop::IsGroup } else { Drop::NotFound }),
        EntryKind::Group => match inventory.find_namespace(id) {
            Some(namespace) if namespace.kind == NamespaceKind::Group => None,
            Some(_) => Some(Drop::IsUser),
            None if inventory.find_project(id).is_some() => Some(Drop::IsProject),
            None => Some(Drop::NotFound),
        },
    }
}
