//! What an agent grants: which entry applies to how many projects, without asking project by project.
//!
//! The inventory orders projects so that those below one group stand together. Each entry then is a range of places, the
//! more specific ones lie within the less specific, and one walk over an agent's entries says what each is left with. The
//! filters for environments and refs are not applied: they are part of an entry's terms.

use std::collections::HashMap;
use std::ops::Range;

use super::agent::AgentId;
use super::authorization::{Authorization, DropReason};
use super::candidate::{Candidate, CandidateKind};
use super::condition::{Condition, Unknown};
use super::decision::is_usable;
use super::index::Index;
use super::managed_resources::managed_resources_of;
use super::world::Settings;
use crate::agent_config::{AccessAs, CiEntry, Impersonation, Mode, RefusedAt, is_true};
use crate::gitlab::lower_path;
use crate::inventory::{Inventory, Project};

/// What an agent's file grants.
#[derive(Clone, Debug)]
pub struct AgentGrants<'w> {
    /// The agent.
    pub agent: AgentId,
    /// The step at which GitLab refuses the file; the cases are then what it would grant.
    pub refused: Option<RefusedAt>,
    /// One case, or one for each state of what is not known about licence and instance setting.
    pub cases: Vec<Case<'w>>,
}

/// What an agent's file grants under some conditions.
#[derive(Clone, Debug)]
pub struct Case<'w> {
    /// What must hold; empty for certain.
    pub conditions: Vec<Condition>,
    /// Implicit access, then the entries in the order of the file.
    pub grants: Vec<Grant<'w>>,
}

/// One entry, or implicit access, and what it comes to.
#[derive(Clone, Debug)]
pub struct Grant<'w> {
    /// What grants.
    pub candidate: Candidate<'w>,
    /// What it comes to.
    pub effect: Effect,
    /// What must hold beside for it to take jobs of the environment that is asked about.
    pub needs: Vec<Condition>,
}

/// What an entry comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It decides about these projects. None, where more specific entries cover all of them.
    Decides(Reach),
    /// The same, if all of these hold. How far other entries reach is told as if they did not.
    Depends(Box<[Unknown]>, Reach),
    /// It has no effect.
    Dropped(DropReason),
}

/// Which projects an entry decides about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Places in the order of [`Inventory::ordered`], apart from each other and in order.
    Places(Vec<Range<u32>>),
    /// Not known without an inventory: what the entry names, apart from what more specific entries name.
    NotListed,
}

impl Reach {
    /// How many projects; `None` without an inventory.
    #[must_use]
    pub fn count(&self) -> Option<u32> {
        match self {
            Self::Places(places) => Some(places.iter().map(|range| range.end - range.start).sum()),
            Self::NotListed => None,
        }
    }

    /// The projects; none without an inventory.
    pub fn projects<'i>(&self, inventory: &'i Inventory) -> impl Iterator<Item = &'i Project> {
        self.places().iter().flat_map(|range| inventory.ordered(range.clone()))
    }

    /// The places of the projects in the order of [`Inventory::ordered`], apart from each other and in order; none without an inventory.
    #[must_use]
    pub fn places(&self) -> &[Range<u32>] {
        match self {
            Self::Places(places) => places,
            Self::NotListed => &[],
        }
    }
}

/// Grants that differ only in what they name.
#[derive(Clone, Debug)]
pub struct GrantGroup<'c, 'w> {
    /// What they have in common.
    pub terms: Terms<'w>,
    /// The grants, in their order.
    pub grants: Vec<&'c Grant<'w>>,
    /// About how many projects they decide together; `None` without an inventory.
    pub projects: Option<u32>,
}

/// What an entry says beside its id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Terms<'w> {
    /// By what projects are let in.
    pub kind: CandidateKind,
    /// Whether it decides about anything, or is dropped or in doubt.
    pub has_effect: bool,
    /// As whom jobs act.
    pub mode: Mode,
    /// The fixed user, as texts: name, groups, uid, extra keys and values.
    pub user: Vec<&'w str>,
    /// Its patterns.
    pub environments: Vec<&'w str>,
    /// Whether only protected refs get in.
    pub protected_only: bool,
    /// The default namespace.
    pub namespace: Option<&'w str>,
}

impl<'w> Case<'w> {
    /// The grants with those together that differ only in what they name, in the order of the first of each.
    #[must_use]
    pub fn grouped(&self) -> Vec<GrantGroup<'_, 'w>> {
        let mut groups: Vec<GrantGroup<'_, 'w>> = Vec::new();
        let mut known: HashMap<Terms<'w>, usize> = HashMap::new();
        for grant in &self.grants {
            let terms = grant.terms();
            let projects = match &grant.effect {
                Effect::Decides(reach) | Effect::Depends(_, reach) => reach.count(),
                Effect::Dropped(_) => Some(0),
            };
            let position = *known.entry(terms.clone()).or_insert(groups.len());
            match groups.get_mut(position) {
                Some(group) => {
                    group.grants.push(grant);
                    group.projects = group.projects.zip(projects).map(|(before, more)| before + more);
                }
                None => groups.push(GrantGroup { terms, grants: vec![grant], projects }),
            }
        }
        groups
    }
}

impl<'w> Grant<'w> {
    /// What it says beside what it names.
    #[must_use]
    pub fn terms(&self) -> Terms<'w> {
        let (kind, has_effect) = (self.candidate.kind, matches!(self.effect, Effect::Decides(_)));
        let Some(entry) = self.candidate.entry else {
            let (user, environments) = (Vec::new(), Vec::new());
            let (mode, protected_only, namespace) = (Mode::Agent, false, None);
            return Terms { kind, has_effect, mode, user, environments, protected_only, namespace };
        };
        // What the agent sets up in the cluster is no matter of who gets in.
        let CiEntry {
            kind: _,
            index: _,
            span: _,
            head: _,
            id: _,
            default_namespace,
            access_as,
            environments,
            environments_key: _,
            protected_branches_only,
            resource_management: _,
        } = entry;
        let (mode, user) = AccessAs::identity(access_as.as_ref());
        Terms {
            kind,
            has_effect,
            mode,
            user: user.map(user_texts).unwrap_or_default(),
            environments: environments.iter().map(|pattern| &*pattern.value).collect(),
            protected_only: is_true(protected_branches_only.as_ref()),
            namespace: default_namespace.as_ref().map(|namespace| &*namespace.value),
        }
    }
}

impl Grant<'_> {
    /// What must hold for it to have managed resources made, beyond its own conditions and what is known to hold; `None` where none are.
    #[must_use]
    pub fn managed_resources(&self, settings: Settings, known: &[Condition]) -> Option<Vec<Condition>> {
        let reaches = match &self.effect {
            Effect::Decides(reach) | Effect::Depends(_, reach) => reach.count() != Some(0),
            Effect::Dropped(_) => false,
        };
        self.managed_resources_to_come(settings, known).filter(|_| reaches)
    }

    /// The same for projects that may come as well.
    #[must_use]
    pub fn managed_resources_to_come(&self, settings: Settings, known: &[Condition]) -> Option<Vec<Condition>> {
        let counts = !matches!(self.effect, Effect::Dropped(_));
        managed_resources_of(self.candidate.entry.filter(|_| counts)?, settings, known)
    }
}

/// A fixed user as texts that are equal only for equal users.
fn user_texts(user: &Impersonation) -> Vec<&str> {
    let Impersonation { username, groups, uid, extra } = user;
    let mut texts = vec!["username"];
    texts.extend(username.iter().map(|name| &*name.value));
    texts.push("uid");
    texts.extend(uid.iter().map(|uid| &*uid.value));
    texts.push("groups");
    texts.extend(groups.iter().map(|group| &*group.value));
    for (key, values) in extra {
        texts.extend(["extra", &*key.value]);
        texts.extend(values.iter().map(|value| &**value));
    }
    texts
}

impl<'w> Index<'w> {
    /// What one agent grants. Costs in proportion to its entries.
    #[must_use]
    pub fn agent_grants(&self, id: AgentId) -> AgentGrants<'w> {
        let agent = self.agent(id);
        let authorizations = self.entry_authorizations(id);
        let settings = self.settings();
        let cases = cases(&authorizations, settings).into_iter().map(|conditions| {
            let home = agent.project;
            let evaluation = Evaluation { inventory: self.inventory(), settings, home, conditions };
            evaluation.case(&authorizations)
        });
        AgentGrants { agent: id, refused: agent.file.and_then(|file| file.refused), cases: cases.collect() }
    }

    /// What of it is for jobs with an environment of this name: entries that take it and decide about a project, one grant for each way in which
    /// what is not known may have them take it.
    #[must_use]
    pub fn agent_grants_with(&self, id: AgentId, environment: &str) -> AgentGrants<'w> {
        let mut granted = self.agent_grants(id);
        for case in &mut granted.cases {
            let all = std::mem::take(&mut case.grants).into_iter();
            let has_effect = |grant: &Grant<'_>| match &grant.effect {
                Effect::Decides(reach) | Effect::Depends(_, reach) => reach.count() != Some(0),
                Effect::Dropped(_) => false,
            };
            case.grants = all.filter(has_effect).flat_map(|grant| self.taking(grant, environment)).collect();
        }
        granted
    }

    fn taking(&self, grant: Grant<'w>, environment: &str) -> Vec<Grant<'w>> {
        let Some(entry) = grant.candidate.entry else { return vec![grant] };
        let ways = self.takes_environment(entry, environment).into_iter();
        ways.map(|needs| Grant { needs, ..grant.clone() }).collect()
    }
}

/// The states of licence and instance setting that make a difference and are not known.
fn cases(authorizations: &[(&CiEntry, Authorization)], settings: Settings) -> Vec<Vec<Condition>> {
    let needs_setting = |authorization: &Authorization| match authorization {
        Authorization::Depends(needs) => needs.iter().any(|(unknown, _)| *unknown == Unknown::InstanceAuthorization),
        _ => false,
    };
    let needs_tier = |(entry, authorization): &(&CiEntry, Authorization)| {
        !matches!(authorization, Authorization::Dropped(_)) && is_usable(Candidate::of(entry, None), settings).is_none()
    };
    let mut cases = vec![Vec::new()];
    let open = [
        (Unknown::PaidTier, authorizations.iter().any(needs_tier)),
        (Unknown::InstanceAuthorization, authorizations.iter().any(|(_, authorization)| needs_setting(authorization))),
    ];
    for (unknown, _) in open.into_iter().filter(|(_, is_open)| *is_open) {
        let with = |holds: bool| {
            let unknown = unknown.clone();
            move |case: &Vec<Condition>| {
                let mut case = case.clone();
                case.push(Condition { unknown: unknown.clone(), holds });
                case
            }
        };
        cases = cases.iter().map(with(true)).chain(cases.iter().map(with(false))).collect();
    }
    cases
}

/// Works out one case.
struct Evaluation<'w> {
    inventory: Option<&'w Inventory>,
    settings: Settings,
    home: Option<&'w str>,
    conditions: Vec<Condition>,
}

impl<'w> Evaluation<'w> {
    fn case(self, authorizations: &[(&'w CiEntry, Authorization)]) -> Case<'w> {
        let mut grants =
            vec![Grant { candidate: Candidate::IMPLICIT, effect: self.implicit(authorizations), needs: Vec::new() }];
        let mut layers = Vec::new();
        let home = self.inventory.and_then(|inventory| Some(inventory.place(inventory.find_project(self.home?)?)));
        layers.extend(home.map(|place| Layer { places: place..place + 1, depth: usize::MAX - 1, grant: 0 }));
        for (entry, authorization) in authorizations {
            let (target, layer) = self.place(entry);
            let candidate = Candidate::of(entry, target);
            let (effect, counts) = self.effect(candidate, authorization, layer.as_ref());
            if let Some((places, depth)) = layer.filter(|_| counts) {
                layers.push(Layer { places, depth, grant: grants.len() });
            }
            grants.push(Grant { candidate, effect, needs: Vec::new() });
        }
        for (grant, places) in grants.iter_mut().zip(spread(layers, authorizations.len() + 1)) {
            if let (Effect::Decides(reach), Some(places)) = (&mut grant.effect, places) {
                *reach = Reach::Places(places);
            }
        }
        Case { conditions: self.conditions, grants }
    }

    /// Implicit access before it is placed. Without an inventory an entry for the configuration project itself shows by
    /// its id that it stands in the place of it.
    fn implicit(&self, authorizations: &[(&'w CiEntry, Authorization)]) -> Effect {
        let Some(home) = self.home.map(lower_path) else {
            return Effect::Depends([Unknown::OwnProject].into(), Reach::NotListed);
        };
        let names_home = |entry: &CiEntry| entry.id.as_ref().is_some_and(|id| lower_path(&id.value) == home);
        let replaced = authorizations.iter().any(|(entry, authorization)| {
            let candidate = Candidate::of(entry, None);
            candidate.kind == CandidateKind::Project
                && names_home(entry)
                && self.effect(candidate, authorization, None).1
        });
        Effect::Decides(if replaced { Reach::Places(Vec::new()) } else { Reach::NotListed })
    }

    /// What an entry names in the inventory: how it is written there, which places it covers, how specific it is.
    fn place(&self, entry: &CiEntry) -> (Option<&'w str>, Option<(Range<u32>, usize)>) {
        let Some(inventory) = self.inventory else { return (None, None) };
        let id = entry.id.as_ref().map(|id| &*id.value).unwrap_or_default();
        match CandidateKind::from(entry.kind) {
            CandidateKind::Project => inventory.find_project(id).map_or((None, None), |project| {
                let place = inventory.place(project);
                (Some(&*project.path), Some((place..place + 1, usize::MAX)))
            }),
            CandidateKind::Group => inventory.find_group(id).map_or((None, None), |group| {
                let depth = 1 + group.path.matches('/').count();
                (Some(&*group.path), Some((inventory.places(group), depth)))
            }),
            CandidateKind::Instance | CandidateKind::Implicit => (None, Some((0..inventory.project_count(), 0))),
        }
    }

    /// What an entry comes to, and whether it keeps less specific ones from what it names.
    fn effect(
        &self,
        candidate: Candidate<'w>,
        authorization: &Authorization,
        layer: Option<&(Range<u32>, usize)>,
    ) -> (Effect, bool) {
        let needs = match authorization {
            Authorization::Dropped(reason) => return (Effect::Dropped(reason.clone()), false),
            Authorization::Kept => &[][..],
            Authorization::Depends(needs) => needs,
        };
        let usable = is_usable(candidate, self.settings).or_else(|| self.holds(&Unknown::PaidTier));
        if usable == Some(false) {
            return (Effect::Dropped(DropReason::Tier), false);
        }
        if let Some((_, reason)) = needs.iter().find(|(unknown, _)| self.holds(unknown) == Some(false)) {
            return (Effect::Dropped(reason.clone()), false);
        }
        let open: Vec<Unknown> =
            needs.iter().map(|(unknown, _)| unknown.clone()).filter(|unknown| self.holds(unknown).is_none()).collect();
        if open.is_empty() {
            return (Effect::Decides(Reach::NotListed), true);
        }
        let reach = layer.map_or(Reach::NotListed, |(places, _)| Reach::Places(vec![places.clone()]));
        (Effect::Depends(open.into(), reach), false)
    }

    fn holds(&self, unknown: &Unknown) -> Option<bool> {
        self.conditions.iter().find(|condition| condition.unknown == *unknown).map(|condition| condition.holds)
    }
}

/// The places that one grant names.
struct Layer {
    places: Range<u32>,
    /// More is more specific.
    depth: usize,
    grant: usize,
}

/// What each of the grants is left with, when more specific layers take their places away; `None` for one without layer.
///
/// Layers lie within each other or apart, as groups do.
fn spread(mut layers: Vec<Layer>, grants: usize) -> Vec<Option<Vec<Range<u32>>>> {
    layers.sort_by_key(|layer| (layer.places.start, std::cmp::Reverse(layer.places.end), layer.depth));
    let mut left: Vec<Option<Vec<Range<u32>>>> = vec![None; grants];
    let mut give = |grant: usize, places: Range<u32>| {
        if let Some(left) = left.get_mut(grant) {
            left.get_or_insert_default().extend(Some(places).filter(|places| !places.is_empty()));
        }
    };
    let mut open: Vec<Layer> = Vec::new();
    let mut position = 0;
    for layer in layers {
        while let Some(outer) = open.pop_if(|outer| outer.places.end <= layer.places.start) {
            give(outer.grant, position..outer.places.end);
            position = position.max(outer.places.end);
        }
        if let Some(outer) = open.last() {
            give(outer.grant, position..layer.places.start);
        }
        position = layer.places.start;
        open.push(layer);
    }
    while let Some(outer) = open.pop() {
        give(outer.grant, position..outer.places.end);
        position = position.max(outer.places.end);
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_layers_take_places_from_outer_ones() {
        let layer = |places: Range<u32>, depth, grant| Layer { places, depth, grant };
        // The instance, a group, a group of the same projects below it, two projects.
        let layers = vec![
            layer(0..10, 0, 0),
            layer(2..8, 1, 1),
            layer(2..8, 2, 2),
            layer(3..4, usize::MAX, 3),
            layer(9..10, usize::MAX, 4),
        ];
        let left: Vec<Option<Vec<(u32, u32)>>> = spread(layers, 6)
            .into_iter()
            .map(|places| Some(places?.into_iter().map(|range| (range.start, range.end)).collect()))
            .collect();
        let expected = [&[(0, 2), (8, 9)][..], &[], &[(2, 3), (4, 8)], &[(3, 4)], &[(9, 10)]];
        assert_eq!(left[..5], expected.map(|places| Some(places.to_vec())));
        assert_eq!(left[5], None);
    }
}
