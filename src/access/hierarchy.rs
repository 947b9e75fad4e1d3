//! Which projects and groups a configuration project may name.
//!
//! Sources: `app/services/clusters/agents/authorizations/ci_access/refresh_service.rb` for the root ancestor and for
//! personal namespaces, gitlab!190769 and gitlab!202853 for what the instance setting opens, the history boxes of `doc/user/clusters/agent/ci_cd_workflow.md` for the releases. `ci_access` and
//! `user_access` crossed top-level groups in different releases.

use super::authorization::{Authorization, DropReason, Outside};
use super::condition::Unknown;
use super::releases::across_hierarchies;
use super::world::Settings;
use crate::agent_config::{AccessSection, EntryKind};
use crate::gitlab::releases::{USER_NAMESPACES, WHOLE_HIERARCHY};
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
    /// The personal namespace in which it lies, where the inventory says so.
    personal_namespace: Option<&'w str>,
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
        let root = inventory.zip(home.as_deref()).and_then(|(all, home)| all.find_namespace(root_path(home)));
        let personal_namespace = root.filter(|root| root.kind == NamespaceKind::User).map(|root| &*root.path);
        Self { inventory, settings, section, home, root_kind, personal_namespace }
    }

    /// What becomes of an entry with this id, in lower case, that has survived its list.
    #[must_use]
    pub fn authorization(&self, kind: EntryKind, id: &str) -> Authorization {
        if let Some(reason) = self.missing(kind, id) {
            return Authorization::Dropped(reason);
        }
        let Some(home) = &self.home else {
            return Authorization::Depends(
                [(Unknown::InHierarchy(id.into()), DropReason::Outside(Outside::OtherRoot))].into(),
            );
        };
        let mut needs = Vec::new();
        if kind == EntryKind::Group
            && let Some(reason) = self.group_in_user(home, id, &mut needs)
        {
            return Authorization::Dropped(reason);
        }
        match self.by_place(kind, id) {
            Authorization::Kept => {}
            Authorization::Depends(setting) => {
                let is_new = |(unknown, _): &(Unknown, DropReason)| needs.iter().all(|(known, _)| known != unknown);
                let setting: Vec<_> = setting.into_iter().filter(is_new).collect();
                needs.extend(setting);
            }
            dropped @ Authorization::Dropped(_) => return dropped,
        }
        self.user_namespace(home, &mut needs).map_or_else(
            || if needs.is_empty() { Authorization::Kept } else { Authorization::Depends(needs.into()) },
            Authorization::Dropped,
        )
    }

    /// No group can match when the configuration project lies in a personal namespace, unless the instance setting is on: GitLab looks at that
    /// first, and then takes groups as for any other configuration project.
    fn group_in_user(&self, home: &str, id: &str, needs: &mut Vec<(Unknown, DropReason)>) -> Option<DropReason> {
        let reason = DropReason::Outside(Outside::GroupFromPersonalNamespace);
        let may_cross = self.may_cross() && root_path(home) != root_path(id);
        match (self.root_kind, self.settings.instance_authorization.filter(|_| may_cross)) {
            (Some(NamespaceKind::Group), _) | (_, Some(true)) => {}
            (Some(NamespaceKind::User), None) if may_cross => needs.push((Unknown::InstanceAuthorization, reason)),
            (Some(NamespaceKind::User), _) => return Some(reason),
            // The setting decides, whatever holds the project.
            (None, _) if may_cross => {}
            (None, _) => needs.push((Unknown::Group(root_path(home).into()), reason)),
        }
        // A group that only the query's project vouches for may be a user's personal namespace.
        let is_open = self.inventory.is_none() && !id.contains('/') && id != root_path(home);
        if is_open {
            needs.push((Unknown::Group(id.into()), DropReason::IsUser));
        }
        None
    }

    /// Before 15.7 a configuration project in a personal namespace could name no project.
    fn user_namespace(&self, home: &str, needs: &mut Vec<(Unknown, DropReason)>) -> Option<DropReason> {
        if self.settings.version >= USER_NAMESPACES {
            return None;
        }
        let reason = DropReason::Outside(Outside::PersonalNamespace);
        match self.root_kind {
            Some(NamespaceKind::User) => return Some(reason),
            Some(NamespaceKind::Group) => {}
            None if needs
                .iter()
                .any(|(unknown, _)| matches!(unknown, Unknown::Group(path) if **path == *root_path(home))) => {}
            None => needs.push((Unknown::Group(root_path(home).into()), reason)),
        }
        None
    }

    /// What becomes of an entry for the place of its id alone, in lower case, whatever the id names.
    ///
    /// Where the place of the configuration project is not known, nothing is dropped for it.
    #[must_use]
    pub fn by_place(&self, kind: EntryKind, id: &str) -> Authorization {
        let Some(outside) = self.home.as_deref().and_then(|home| self.outside(home, kind, id)) else {
            return Authorization::Kept;
        };
        let reason = DropReason::Outside(outside);
        let may_cross = outside == Outside::OtherRoot && self.may_cross();
        match self.settings.instance_authorization.filter(|_| may_cross) {
            Some(true) => Authorization::Kept,
            None if may_cross => Authorization::Depends([(Unknown::InstanceAuthorization, reason)].into()),
            Some(false) | None => Authorization::Dropped(reason),
        }
    }

    /// Whether ids of other top-level groups can count in this release, given the instance setting.
    fn may_cross(&self) -> bool {
        self.settings.version >= across_hierarchies(self.section)
    }

    /// What becomes of the entries for groups where the configuration project lies in a personal namespace, for that alone; `None` where it does not, or
    /// that is not known.
    #[must_use]
    pub fn groups_in_personal_namespace(&self) -> Option<Authorization> {
        let namespace = self.personal_namespace()?;
        let mut needs = Vec::new();
        // Any id that is not below the namespace itself: nothing there is a group.
        let reason = self.group_in_user(namespace, "", &mut needs);
        Some(match reason {
            Some(reason) => Authorization::Dropped(reason),
            None if needs.is_empty() => Authorization::Kept,
            None => Authorization::Depends(needs.into()),
        })
    }

    /// Whether the configuration project can name no project at all, for the personal namespace that it is known to lie in.
    #[must_use]
    pub fn names_no_project(&self) -> bool {
        self.settings.version < USER_NAMESPACES && self.root_kind == Some(NamespaceKind::User)
    }

    /// The path in lower case below which ids lie that count without any setting; `None` where the configuration project is not known.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        let home = self.home.as_deref()?;
        Some(if self.settings.version < WHOLE_HIERARCHY { sub_tree(home) } else { root_path(home) })
    }

    /// Whether this path in lower case is that of the configuration project.
    #[must_use]
    pub fn is_home(&self, path: &str) -> bool {
        self.home.as_deref() == Some(path)
    }

    /// The personal namespace in which the configuration project lies, where the inventory says so.
    #[must_use]
    pub fn personal_namespace(&self) -> Option<&'w str> {
        self.personal_namespace
    }

    /// What the inventory has in place of a project or group of this id, in lower case; `None` where it has one, or there is no inventory.
    #[must_use]
    pub fn missing(&self, kind: EntryKind, id: &str) -> Option<DropReason> {
        missing(self.inventory?, kind, id)
    }

    /// Whether there is an inventory that has something of a path's top-level group or namespace.
    #[must_use]
    pub fn lists_root_of(&self, path: &str) -> bool {
        self.inventory.is_some_and(|inventory| inventory.find_namespace(root_path(path)).is_some())
    }

    fn outside(&self, home: &str, kind: EntryKind, id: &str) -> Option<Outside> {
        if root_path(home) != root_path(id) {
            return Some(Outside::OtherRoot);
        }
        // A group may be the sub-tree's top; no project has the path of a group.
        let is_below = |rest: &str| rest.starts_with('/') || (rest.is_empty() && kind == EntryKind::Group);
        let is_inside = id.strip_prefix(sub_tree(home)).is_some_and(is_below);
        (self.settings.version < WHOLE_HIERARCHY && !is_inside).then_some(Outside::SubTree)
    }
}

/// The path of the group that holds the configuration project.
fn sub_tree(home: &str) -> &str {
    parent_path(home).unwrap_or(home)
}

/// Whether the top of a path is a group or a user; only groups hold groups.
pub(super) fn root_kind(inventory: Option<&Inventory>, path: &str) -> Option<NamespaceKind> {
    let listed = inventory.and_then(|inventory| inventory.find_namespace(root_path(path)));
    let is_deep = path.matches('/').count() > 1;
    listed.map(|namespace| namespace.kind).or(is_deep.then_some(NamespaceKind::Group))
}

/// Why the inventory has no such project or group.
fn missing(inventory: &Inventory, kind: EntryKind, id: &str) -> Option<DropReason> {
    // Where a fetch could not see all projects, one that is not listed may be there.
    let not_found = || (!inventory.may_be_unread(id)).then_some(DropReason::NotFound);
    match kind {
        EntryKind::Instance => None,
        EntryKind::Project if inventory.find_project(id).is_some() => None,
        EntryKind::Project if inventory.find_namespace(id).is_some() => Some(DropReason::IsGroup),
        EntryKind::Project => not_found(),
        EntryKind::Group => match inventory.find_namespace(id) {
            Some(namespace) if namespace.kind == NamespaceKind::Group => None,
            Some(_) => Some(DropReason::IsUser),
            None if inventory.find_project(id).is_some() => Some(DropReason::IsProject),
            None => not_found(),
        },
    }
}
