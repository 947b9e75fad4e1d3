//! The entries of one agent's file: what becomes of each, and which of them decide about what they name.
//!
//! [`super::Index`] asks the same of all agents together, by the same steps. This is for whoever looks at one file, whether it counts
//! or not: one that GitLab refuses, or that of an agent which is not registered, is worth a word as well.

use std::borrow::Cow;

use super::authorization::{Authorization, DropReason, settle};
use super::candidate::Candidate;
use super::claims::{Claims, IMPLICIT_PLACE, Target};
use super::condition::Unknown;
use super::decision::{Ranked, certain_drop};
use super::hierarchy::Hierarchy;
use super::world::Settings;
use crate::agent_config::{AccessSection, AgentConfig, CiAccess, CiEntry, EntryKind, UserAccess, UserEntry};
use crate::gitlab::{Tier, lower_path};
use crate::inventory::Inventory;

/// The entries of one file.
#[derive(Debug)]
pub struct Entries<'e> {
    settings: Settings,
    ci_hierarchy: Hierarchy<'e>,
    user_hierarchy: Hierarchy<'e>,
    /// Projects, groups, instance.
    ci: Vec<(&'e CiEntry, Authorization)>,
    /// Projects, groups.
    user: Vec<(&'e UserEntry, Authorization)>,
    /// Positions in `ci`.
    claims: Claims<'e, usize>,
}

impl<'e> Entries<'e> {
    /// Resolves the entries of a file of this configuration project, whose path may be unknown.
    ///
    /// Costs in proportion to the entries.
    #[must_use]
    pub fn of(
        config: &'e AgentConfig,
        project: Option<&str>,
        inventory: Option<&'e Inventory>,
        settings: Settings,
    ) -> Self {
        let hierarchy = |section| Hierarchy::new(inventory, settings, section, project);
        let (ci_hierarchy, user_hierarchy) = (hierarchy(AccessSection::Ci), hierarchy(AccessSection::User));
        let ci_access = config.ci_access.as_ref();
        let resolved = ci_access.map(|access| ci_authorizations(access, &ci_hierarchy, settings)).unwrap_or_default();
        let counts = ci_access.map(|access| (access.projects.len(), access.groups.len())).unwrap_or_default();
        let mut claims = Claims::with_room(counts.0, counts.1);
        let mut ci = Vec::with_capacity(resolved.len());
        for (position, (entry, id, authorization)) in resolved.into_iter().enumerate() {
            claims.add(entry.kind, id, position);
            ci.push((entry, authorization));
        }
        let user = config.user_access.as_ref();
        let user = user.map(|access| user_authorizations(access, &user_hierarchy, settings)).unwrap_or_default();
        Self { settings, ci_hierarchy, user_hierarchy, ci, user, claims }
    }

    /// The entries of `ci_access` with what becomes of each, in the order of the file: projects, groups, instance.
    #[must_use]
    pub fn of_ci_access(&self) -> &[(&'e CiEntry, Authorization)] {
        &self.ci
    }

    /// What becomes of an entry, by its section, list and position; `None` where there is none.
    #[must_use]
    pub fn authorization(&self, section: AccessSection, kind: EntryKind, index: usize) -> Option<&Authorization> {
        match section {
            AccessSection::Ci => {
                let first = self.ci.partition_point(|(entry, _)| entry.kind < kind);
                let (entry, authorization) = self.ci.get(first + index)?;
                (entry.kind == kind).then_some(authorization)
            }
            AccessSection::User => {
                let first = self.user.partition_point(|(entry, _)| entry.kind < kind);
                let (entry, authorization) = self.user.get(first + index)?;
                (entry.kind == kind).then_some(authorization)
            }
        }
    }

    /// The entries of `ci_access` that GitLab does not drop for certain, whatever the licence, which is each project's own. One without
    /// an id is among them, so that all else in it is judged.
    pub fn counting(&self) -> impl Iterator<Item = &'e CiEntry> {
        let counts = |(_, authorization): &&(&CiEntry, Authorization)| {
            matches!(
                authorization,
                Authorization::Kept | Authorization::Depends(_) | Authorization::Dropped(DropReason::NoId)
            )
        };
        self.ci.iter().filter(counts).map(|(entry, _)| *entry)
    }

    /// The entries of `ci_access` that may let somebody in on this licence.
    pub fn usable(&self, tier: Option<Tier>) -> impl Iterator<Item = &'e CiEntry> {
        let settings = Settings { tier, ..self.settings };
        let is_usable = move |(entry, authorization): &&(&'e CiEntry, Authorization)| {
            certain_drop(&Ranked { candidate: Candidate::of(entry, None), authorization }, settings).is_none()
        };
        self.ci.iter().filter(is_usable).map(|(entry, _)| *entry)
    }

    /// Judges ids of a section against the place of the configuration project.
    #[must_use]
    pub fn hierarchy(&self, section: AccessSection) -> &Hierarchy<'e> {
        match section {
            AccessSection::Ci => &self.ci_hierarchy,
            AccessSection::User => &self.user_hierarchy,
        }
    }

    /// What may decide about the jobs of a target on this licence, the most specific first: the first one decides alone, and the others
    /// are what would decide but for those before them. What falls out for certain is left out.
    ///
    /// The configuration project is a project of its own only where its path is known.
    pub fn candidates<'a>(
        &'a self,
        target: Target<'a>,
        tier: Option<Tier>,
    ) -> impl Iterator<Item = Candidate<'e>> + use<'a, 'e> {
        let settings = Settings { tier, ..self.settings };
        let is_own = matches!(target, Target::Project(path) if self.ci_hierarchy.is_home(path));
        self.claims.levels(target).flat_map(move |level| {
            let entries = level.claims.iter().filter_map(|&position| self.ci.get(position));
            let candidates = entries.filter_map(move |(entry, authorization)| {
                let candidate = Candidate::of(entry, None);
                certain_drop(&Ranked { candidate, authorization }, settings).is_none().then_some(candidate)
            });
            candidates.chain((is_own && level.place < IMPLICIT_PLACE).then_some(Candidate::IMPLICIT))
        })
    }

    /// What may decide in place of an entry about what it names, on this licence; the configuration project's own access among them.
    #[must_use]
    pub fn in_place_of(&self, entry: &CiEntry, tier: Option<Tier>) -> Option<Candidate<'e>> {
        let id = lower_path(&entry.id.as_ref()?.value);
        let target = match entry.kind {
            EntryKind::Project => Target::Project(&id),
            EntryKind::Group => Target::Group(&id),
            EntryKind::Instance => return None,
        };
        self.candidates(target, tier).find(|candidate| !candidate.is_entry(entry))
    }
}

/// What becomes of each entry of `ci_access`, with its id in lower case, in the order of the file: projects, groups, instance.
pub(super) fn ci_authorizations<'e>(
    access: &'e CiAccess,
    hierarchy: &Hierarchy<'_>,
    settings: Settings,
) -> Vec<(&'e CiEntry, Cow<'e, str>, Authorization)> {
    let CiAccess { projects, groups, instance } = access;
    let mut authorizations = Vec::with_capacity(projects.len() + groups.len() + 1);
    for list in [projects, groups] {
        let ids = list.iter().map(|entry| entry.id.as_ref().map(|id| &*id.value));
        for (entry, (id, reason)) in list.iter().zip(settle(ids, settings.version)) {
            let authorization = reason.map_or_else(|| hierarchy.authorization(entry.kind, &id), Authorization::Dropped);
            authorizations.push((entry, id, authorization));
        }
    }
    authorizations.extend(instance.iter().map(|entry| {
        let authorization = match settings.instance_authorization {
            Some(true) => Authorization::Kept,
            Some(false) => Authorization::Dropped(DropReason::SettingOff),
            None => Authorization::Depends([(Unknown::InstanceAuthorization, DropReason::SettingOff)].into()),
        };
        (entry, Cow::Borrowed(""), authorization)
    }));
    authorizations
}

/// What becomes of each entry of `user_access`, in the order of the file: projects, groups.
pub(super) fn user_authorizations<'e>(
    access: &'e UserAccess,
    hierarchy: &Hierarchy<'_>,
    settings: Settings,
) -> Vec<(&'e UserEntry, Authorization)> {
    let UserAccess { projects, groups, access_as: _, key_span: _ } = access;
    let mut authorizations = Vec::with_capacity(projects.len() + groups.len());
    for list in [projects, groups] {
        let ids = list.iter().map(|entry| entry.id.as_ref().map(|id| &*id.value));
        for (entry, (id, reason)) in list.iter().zip(settle(ids, settings.version)) {
            let authorization = reason.map_or_else(|| hierarchy.authorization(entry.kind, &id), Authorization::Dropped);
            authorizations.push((entry, authorization));
        }
    }
    authorizations
}
