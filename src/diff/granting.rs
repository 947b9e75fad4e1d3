//! One state by itself: what its agents grant to each part of the projects.

use std::collections::BTreeSet;

use super::cases::Facts;
use super::cells::{Cell, Named};
use super::change::Projects;
use super::people::{self, Ways};
use super::standing::Found;
use super::terms::{Deciding, Terms};
use crate::access::names::NamePattern;
use crate::access::{AgentId, Condition, Index, Unknown};

/// A state.
pub struct State<'w> {
    index: &'w Index<'w>,
    /// Agents with patterns that raise, which may fail the requests for others.
    raising: Vec<Found<'w>>,
}

/// What an agent grants to a part of the projects.
pub struct Granting {
    /// The projects.
    pub projects: Projects,
    /// The path of one of them, in lower case, one that is there or may come.
    pub path: String,
    /// What is granted in each way in which the facts can be, by number; `None` where they are too many to tell apart.
    pub cases: Option<Vec<Option<Terms>>>,
    facts: Facts,
}

impl Granting {
    /// Some of the ways in which the facts can be, as lists of conditions that all have to hold.
    #[must_use]
    pub fn conditions(&self, numbers: &BTreeSet<usize>) -> Vec<Vec<Condition>> {
        self.facts.conditions(numbers)
    }
}

impl<'w> State<'w> {
    /// The state that an index shows.
    #[must_use]
    pub fn of(index: &'w Index<'w>) -> Self {
        let may_raise = |id: AgentId| {
            let access = index.agent(id).file.and_then(|file| file.ci_access);
            let mut patterns =
                access.into_iter().flat_map(|access| access.entries()).flat_map(|entry| &entry.environments);
            patterns.any(|pattern| NamePattern::new(&pattern.value, false).fault().is_some())
        };
        let is_old = index.settings().environment_matcher().may_be_old();
        let raising = index.with_expressions().iter().copied().filter(|id| is_old && may_raise(*id));
        Self { index, raising: raising.map(|id| Found::In(index, id)).collect() }
    }

    /// Who gets in at its agents.
    #[must_use]
    pub fn index(&self) -> &'w Index<'w> {
        self.index
    }

    /// What an agent whose configuration is in force grants to jobs, for all projects there can be.
    #[must_use]
    pub fn jobs(&self, agent: AgentId) -> Vec<Granting> {
        let found = Found::In(self.index, agent);
        let mut named = Named::default();
        std::iter::once(&found).chain(&self.raising).for_each(|found| named.add(found));
        let matcher = self.index.settings().environment_matcher();
        let granting = |Cell { projects, path }: Cell| {
            let mut facts = Facts::default();
            let deciding = Deciding::of(&found, &self.raising, &path);
            if matcher.may_be_old() && matcher.may_be_new() {
                facts.add(&[NEW_MATCHER]);
            }
            deciding.iter().for_each(|deciding| deciding.add_facts(&mut facts));
            let terms = |settled: &Vec<Condition>| {
                let is_new = settled.contains(&NEW_MATCHER) || !matcher.may_be_old();
                deciding.as_ref().and_then(|deciding| deciding.terms(settled, is_new))
            };
            let cases = (!facts.are_too_many()).then(|| facts.assignments().iter().map(terms).collect());
            Granting { projects, path, cases, facts }
        };
        named.cells().into_iter().map(granting).collect()
    }

    /// Whom an agent whose configuration is in force lets in as people.
    #[must_use]
    pub fn people(&self, agent: AgentId) -> Ways {
        people::ways(&Found::In(self.index, agent))
    }
}

const NEW_MATCHER: Condition = Condition { unknown: Unknown::NewMatcher, holds: true };
