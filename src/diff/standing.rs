//! Two states, and what of an agent stands for each.

use crate::access::{AgentId, Index};
use crate::agent_config::RefusedAt;
use crate::gitlab::lower_path;

/// A side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// What was.
    Base,
    /// What is to be.
    Head,
}

impl Side {
    /// Its name in machine formats.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Head => "head",
        }
    }
}

/// The two states.
#[derive(Clone, Copy)]
pub struct Sides<'w> {
    /// What was.
    pub base: &'w Index<'w>,
    /// What is to be.
    pub head: &'w Index<'w>,
    /// What is in force in BASE where its file is refused.
    pub in_force: Option<&'w Index<'w>>,
    /// The contexts of the agents of which that is known.
    pub settled: &'w [String],
}

/// A file that GitLab refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The agent's context.
    pub context: String,
    /// At which step.
    pub step: RefusedAt,
    /// The file.
    pub path: String,
    /// What it refuses, as a clause.
    pub why: String,
    /// The line of that.
    pub line: Option<usize>,
    /// The commit whose older configuration is in force in its place, where that is known.
    pub in_force: Option<String>,
    /// Whether what is in force in its place is BASE's file.
    pub base_is_in_force: bool,
}

/// What stands for an agent on one side.
#[derive(Clone, Copy)]
pub enum Found<'w> {
    /// This configuration.
    In(&'w Index<'w>, AgentId),
    /// No configuration: its own project alone gets in.
    Bare(&'w Index<'w>, AgentId),
    /// There is no such agent.
    Absent,
    /// A configuration that is not known.
    Unknown,
}

/// An agent of either side, and what stands for it.
#[derive(Clone, Copy)]
pub(super) struct Standing<'w> {
    pub base: Found<'w>,
    pub head: Found<'w>,
}

impl<'w> Found<'w> {
    fn of(index: &'w Index<'w>, project: Option<&str>, name: &str) -> Option<(&'w Index<'w>, AgentId)> {
        index.agents_named(project, name).first().map(|id| (index, *id))
    }

    /// The agent, where there is one.
    pub fn agent(&self) -> Option<(&'w Index<'w>, AgentId)> {
        match self {
            Self::In(index, id) | Self::Bare(index, id) => Some((index, *id)),
            Self::Absent | Self::Unknown => None,
        }
    }
}

/// Agents, by context.
type Standings<'w> = Vec<(String, Standing<'w>)>;

/// The agents of both sides, by context, with what stands for each; and the files that are refused.
pub(super) fn standings<'w>(sides: &Sides<'w>) -> (Standings<'w>, Vec<(Side, Refused)>) {
    let mut names: Vec<(Option<&'w str>, &'w str, String)> = Vec::new();
    for index in [sides.base, sides.head] {
        for agent in index.agents() {
            names.push((agent.project, agent.name, agent.context()));
        }
    }
    let key = |(project, name, _): &(Option<&str>, &str, String)| {
        (project.map(|path| lower_path(path).into_owned()), (*name).to_owned())
    };
    names.sort_by_key(key);
    names.dedup_by_key(|name| key(name));
    let mut refused = Vec::new();
    let mut standings = Vec::with_capacity(names.len());
    for (project, name, context) in names {
        let (base, head) = (Found::of(sides.base, project, name), Found::of(sides.head, project, name));
        let step = |found: Option<(&'w Index<'w>, AgentId)>| {
            let (index, id) = found?;
            index.agent(id).file.filter(|_| index.agent(id).is_registered)?.refused
        };
        let standing =
            |found: Option<(&'w Index<'w>, AgentId)>| found.map_or(Found::Absent, |(index, id)| Found::In(index, id));
        let in_force = || {
            let found = sides.in_force.and_then(|index| Found::of(index, project, name));
            found
                .filter(|found| step(Some(*found)).is_none())
                .map_or(Found::Unknown, |(index, id)| Found::In(index, id))
        };
        let mut note = |side, found: Option<(&'w Index<'w>, AgentId)>, step, base_is_in_force| {
            let path = found.and_then(|(index, id)| index.agent(id).file).map(|file| file.path.to_owned());
            let path = path.unwrap_or_default();
            refused.push((
                side,
                Refused {
                    context: context.clone(),
                    step,
                    path,
                    why: String::new(),
                    line: None,
                    in_force: None,
                    base_is_in_force,
                },
            ));
        };
        let standing_base = match step(base) {
            Some(step) => {
                note(Side::Base, base, step, false);
                in_force()
            }
            None => standing(base),
        };
        let standing_head = match step(head) {
            // Nothing of it takes effect.
            Some(step) => {
                note(Side::Head, head, step, matches!(standing_base, Found::In(..)));
                match (standing_base, head) {
                    (Found::Absent, Some((index, id))) => Found::Bare(index, id),
                    (other, _) => other,
                }
            }
            None => standing(head),
        };
        standings.push((context, Standing { base: standing_base, head: standing_head }));
    }
    (standings, refused)
}
