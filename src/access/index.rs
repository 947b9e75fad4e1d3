//! All authorizations of a world, found by what they name, and the answers to questions about jobs.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use super::agent::{Agent, AgentId, agents};
use super::answer::{Answer, Query, Row};
use super::authorization::{Authorization, DropReason, settle};
use super::candidate::Candidate;
use super::condition::{Condition, Unknown};
use super::decision::{self, Denial, Job, Outcome, Ranked};
use super::environment_pattern::EnvironmentPattern;
use super::filters::Patterns;
use super::hierarchy::Hierarchy;
use super::world::{Settings, World};
use crate::agent_config::{AccessSection, CiAccess, CiEntry, EntryKind, RefusedAt};
use crate::gitlab::{ancestor_paths, lower_path};
use crate::inventory::{Inventory, Project};

/// The authorizations of a world.
#[derive(Debug)]
pub struct Index<'w> {
    inventory: Option<&'w Inventory>,
    settings: Settings,
    /// By context.
    agents: Vec<Agent<'w>>,
    /// By the project's path in lower case.
    by_project: HashMap<Cow<'w, str>, Vec<Claim<'w>>>,
    /// By the group's path in lower case.
    by_group: HashMap<Cow<'w, str>, Vec<Claim<'w>>>,
    by_instance: Vec<Claim<'w>>,
    /// The agents of each configuration project, by its path in lower case.
    by_home: HashMap<Cow<'w, str>, Vec<AgentId>>,
    /// Agents whose configuration project is not known.
    homeless: Vec<AgentId>,
    /// Agents whose file GitLab refuses.
    refused: Vec<(AgentId, RefusedAt)>,
    /// Whether a pattern of any agent makes the server raise an error.
    raises: bool,
    patterns: Patterns,
}

/// Whoever keeps an index next to what it borrows can shorten its borrow.
const _: for<'s> fn(&'s (), Index<'static>) -> Index<'s> = |(), index| index;

/// An entry that names a project, a group or the instance.
#[derive(Clone, Debug)]
struct Claim<'w> {
    agent: AgentId,
    entry: &'w CiEntry,
    authorization: Authorization,
}

impl<'w> World<'w> {
    /// Resolves every entry of every agent.
    ///
    /// Costs in proportion to the entries and the projects.
    #[must_use]
    pub fn authorize(self) -> Index<'w> {
        let mut agents = agents(&self);
        agents.sort_by_cached_key(|agent| (agent.context(), agent.project.is_none()));
        let mut index = Index {
            inventory: self.inventory,
            settings: self.settings,
            agents: Vec::new(),
            by_project: HashMap::new(),
            by_group: HashMap::new(),
            by_instance: Vec::new(),
            by_home: HashMap::new(),
            homeless: Vec::new(),
            refused: Vec::new(),
            raises: false,
            patterns: Patterns::default(),
        };
        for (number, agent) in (0..).zip(&agents) {
            index.add(AgentId(number), agent);
        }
        index.agents = agents;
        index
    }
}

impl<'w> Index<'w> {
    fn add(&mut self, id: AgentId, agent: &Agent<'w>) {
        if !agent.is_registered {
            return;
        }
        if let Some(step) = agent.file.and_then(|file| file.refused) {
            self.refused.push((id, step));
            return;
        }
        match agent.project {
            Some(project) => self.by_home.entry(lower_path(project)).or_default().push(id),
            None => self.homeless.push(id),
        }
        let Some(access) = agent.file.and_then(|file| file.ci_access) else { return };
        for (entry, id_lower, authorization) in self.authorizations(agent, access) {
            self.raises |= entry.environments.iter().any(|pattern| may_raise(&pattern.value));
            let claim = Claim { agent: id, entry, authorization };
            match entry.kind {
                EntryKind::Project => self.by_project.entry(id_lower).or_default().push(claim),
                EntryKind::Group => self.by_group.entry(id_lower).or_default().push(claim),
                EntryKind::Instance => self.by_instance.push(claim),
            }
        }
    }

    /// What becomes of each entry of an agent, with its id in lower case.
    fn authorizations(
        &self,
        agent: &Agent<'w>,
        access: &'w CiAccess,
    ) -> Vec<(&'w CiEntry, Cow<'w, str>, Authorization)> {
        let settings = self.settings;
        let hierarchy = Hierarchy::new(self.inventory, settings, AccessSection::Ci, agent.project);
        let mut authorizations = Vec::with_capacity(access.projects.len() + access.groups.len() + 1);
        for list in [&access.projects, &access.groups] {
            let ids = list.iter().map(|entry| entry.id.as_ref().map(|id| &*id.value));
            for (entry, (id, reason)) in list.iter().zip(settle(ids, settings.version)) {
                let authorization =
                    reason.map_or_else(|| hierarchy.authorization(entry.kind, &id), Authorization::Dropped);
                authorizations.push((entry, id, authorization));
            }
        }
        authorizations.extend(access.instance.iter().map(|entry| {
            let authorization = match settings.instance_authorization {
                Some(true) => Authorization::Kept,
                Some(false) => Authorization::Dropped(DropReason::SettingOff),
                None => Authorization::Depends([(Unknown::InstanceAuthorization, DropReason::SettingOff)].into()),
            };
            (entry, Cow::Borrowed(""), authorization)
        }));
        authorizations
    }

    /// What decides beside files and inventory.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// The inventory, if there is one.
    #[must_use]
    pub fn inventory(&self) -> Option<&'w Inventory> {
        self.inventory
    }

    /// All agents, by context; those that are not registered among them.
    #[must_use]
    pub fn agents(&self) -> &[Agent<'w>] {
        &self.agents
    }

    /// The agents with the ids by which rows and views name them.
    pub fn agent_ids(&self) -> impl Iterator<Item = (AgentId, &Agent<'w>)> {
        (0..).map(AgentId).zip(&self.agents)
    }

    /// The agent behind an id of this index.
    #[must_use]
    pub fn agent(&self, id: AgentId) -> &Agent<'w> {
        &self.agents[id.0 as usize]
    }

    /// What becomes of each `ci_access` entry of an agent, in the order of the file: projects, groups, instance.
    #[must_use]
    pub fn entry_authorizations(&self, id: AgentId) -> Vec<(&'w CiEntry, Authorization)> {
        let agent = self.agent(id);
        let access = agent.file.and_then(|file| file.ci_access);
        let authorizations = access.map(|access| self.authorizations(agent, access)).unwrap_or_default();
        authorizations.into_iter().map(|(entry, _, authorization)| (entry, authorization)).collect()
    }

    /// The agents that a job sees, and those that it does not although something names its project.
    ///
    /// Costs in proportion to the entries that name the project or a group above it. An agent of which no entry does
    /// appears nowhere; [`Index::decide`] answers for a single agent in any case.
    #[must_use]
    pub fn query<'q>(&self, query: &Query<'q>) -> Answer<'w, 'q> {
        let listed = self.inventory.and_then(|inventory| inventory.find_project(query.project));
        let mut answer = Answer::new(self.inventory, self.settings, *query, listed);
        if answer.is_unknown_project() {
            return answer;
        }
        let mut claimed = self.candidates(query.project, listed);
        claimed.sort_by_key(|(agent, rank, _)| (*agent, *rank));
        for of_agent in claimed.chunk_by(|one, other| one.0 == other.0) {
            let Some(&(agent, ..)) = of_agent.first() else { continue };
            let candidates: Vec<Ranked<'w>> = of_agent.iter().map(|(_, _, ranked)| ranked.clone()).collect();
            answer.extend(self.rows(agent, &candidates, query));
        }
        answer.extend(self.refused.iter().map(|&(agent, step)| refused_row(agent, step)).collect());
        fail_together(&mut answer, |agent| self.agent(agent).context());
        answer.sort();
        answer
    }

    /// What [`Index::query`] says of one agent, or that no entry names the project where it says nothing of it. Empty for a
    /// project that the inventory does not list.
    ///
    /// Costs in proportion to the entries that name the project, as long as no agent has a pattern that raises.
    #[must_use]
    pub fn decide(&self, agent: AgentId, query: &Query<'_>) -> Vec<Row<'w>> {
        let listed = self.inventory.and_then(|inventory| inventory.find_project(query.project));
        if self.inventory.is_some() && listed.is_none() {
            return Vec::new();
        }
        // The request for the job's agents may fail as a whole, which only the whole answer knows.
        if self.raises {
            let answer = self.query(query);
            let all = [answer.allowed, answer.denied, answer.unknown].into_iter().flatten();
            let own: Vec<Row<'w>> = all.filter(|row| row.agent == agent).collect();
            if !own.is_empty() {
                return own;
            }
        }
        if let Some(&(_, step)) = self.refused.iter().find(|(refused, _)| *refused == agent) {
            return vec![refused_row(agent, step)];
        }
        let mut claimed = self.candidates(query.project, listed);
        claimed.retain(|(claiming, ..)| *claiming == agent);
        claimed.sort_by_key(|(_, rank, _)| *rank);
        let candidates: Vec<Ranked<'w>> = claimed.into_iter().map(|(_, _, ranked)| ranked).collect();
        self.rows(agent, &candidates, query)
    }

    /// The agents for which something names the project, so that some of its jobs may get in.
    #[must_use]
    pub fn agents_for(&self, project: &str) -> BTreeSet<AgentId> {
        let listed = self.inventory.and_then(|inventory| inventory.find_project(project));
        let candidates = self.candidates(project, listed).into_iter();
        candidates
            .filter(|(_, _, ranked)| !matches!(ranked.authorization, Authorization::Dropped(_)))
            .map(|(agent, ..)| agent)
            .collect()
    }

    fn rows(&self, agent: AgentId, candidates: &[Ranked<'w>], query: &Query<'_>) -> Vec<Row<'w>> {
        let job = Job { environment: query.environment, protected: query.protected, settings: self.settings };
        let leaves = decision::decide(candidates, job, &self.patterns);
        leaves.into_iter().map(|leaf| Row::new(agent, leaf)).collect()
    }

    /// Everything that names a project, with the place in the order of precedence.
    fn candidates(&self, path: &str, listed: Option<&'w Project>) -> Vec<(AgentId, usize, Ranked<'w>)> {
        let lower = lower_path(path);
        let mut found = Vec::new();
        let mut add = |claims: Option<&Vec<Claim<'w>>>, rank: usize, target: Option<&'w str>| {
            found.extend(claims.into_iter().flatten().map(|claim| {
                let candidate = Candidate::of(claim.entry, target);
                (claim.agent, rank, Ranked { candidate, authorization: claim.authorization.clone() })
            }));
        };
        add(self.by_project.get(&*lower), 0, listed.map(|project| &*project.path));
        let groups = ancestor_paths(&lower);
        let mut written = self.inventory.zip(listed).map(|(inventory, project)| inventory.ancestors(project));
        // Place 1 is that of implicit access.
        let mut rank = 2;
        for group in groups {
            let target = written.as_mut().and_then(|written| written.next()).map(|namespace| &*namespace.path);
            add(self.by_group.get(group), rank, target);
            rank += 1;
        }
        add(Some(&self.by_instance), rank, None);
        let own = self.by_home.get(&*lower).into_iter().flatten().map(|&agent| (agent, Authorization::Kept));
        let own_project = || Authorization::Depends([(Unknown::OwnProject, DropReason::NotOwnProject)].into());
        let maybe_own = self.homeless.iter().map(|&agent| (agent, own_project()));
        found.extend(
            own.chain(maybe_own)
                .map(|(agent, authorization)| (agent, 1, Ranked { candidate: Candidate::IMPLICIT, authorization })),
        );
        found
    }
}

/// Whether the server raises an error when it compares an environment with the pattern. Letters and `*` alone never do.
fn may_raise(pattern: &str) -> bool {
    pattern.contains('*')
        && pattern.contains(['(', ')', '[', ']', '{', '}', '+', '?', '\\'])
        && EnvironmentPattern::new(pattern).fault().is_some()
}

fn refused_row<'w>(agent: AgentId, step: RefusedAt) -> Row<'w> {
    Row {
        agent,
        outcome: Outcome::Unknown(step),
        conditions: Vec::new(),
        winner: None,
        overridden: Vec::new(),
        fell_out: Vec::new(),
    }
}

/// A pattern that is no regular expression raises while the server filters, and so fails the request as a whole.
fn fail_together(answer: &mut Answer<'_, '_>, context: impl Fn(AgentId) -> String) {
    let raises = |row: &&Row<'_>| matches!(row.outcome, Outcome::Denied(Denial::PatternRaises(..)));
    let certain = answer.denied.iter().filter(raises).find(|row| row.conditions.is_empty());
    let Some(failing) = certain.or_else(|| answer.denied.iter().find(raises)) else { return };
    let is_certain = failing.conditions.is_empty();
    let by = context(failing.agent).into_boxed_str();
    let allowed = std::mem::take(&mut answer.allowed);
    for row in allowed {
        let mut denied = row.clone();
        denied.outcome = Outcome::Denied(Denial::RequestFails(by.clone()));
        if !is_certain {
            let condition = |holds: bool| Condition { unknown: Unknown::RequestFails, holds };
            denied.conditions.push(condition(true));
            let mut still_allowed = row;
            still_allowed.conditions.push(condition(false));
            answer.allowed.push(still_allowed);
        }
        answer.denied.push(denied);
    }
}
