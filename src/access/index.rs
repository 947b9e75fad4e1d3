//! All authorizations of a world, found by what they name, and the answers to questions about jobs.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

use super::agent::{Agent, AgentId, agents};
use super::answer::{Answer, JobEnvironment, Query, Row};
use super::authorization::{Authorization, DropReason};
use super::candidate::Candidate;
use super::claims::{Claims, IMPLICIT_PLACE, Target};
use super::condition::{Condition, Unknown};
use super::dashboard::UserClaim;
use super::decision::{self, Denial, Job, Outcome, Ranked};
use super::entries::ci_authorizations;
use super::environment_pattern::is_expression;
use super::filters::{self, Passage, Patterns};
use super::hierarchy::Hierarchy;
use super::world::{Settings, World};
use crate::agent_config::{AccessSection, CiAccess, CiEntry, EntryKind, RefusedAt};
use crate::gitlab::lower_path;
use crate::inventory::{Inventory, Project};

/// The authorizations of a world.
#[derive(Debug)]
pub struct Index<'w> {
    inventory: Option<&'w Inventory>,
    settings: Settings,
    /// By context.
    agents: Vec<Agent<'w>>,
    /// What becomes of the entries of each, in the order of the file; none of an agent whose file does not count.
    authorizations: Vec<Box<[Authorization]>>,
    claims: Claims<'w, Claim<'w>>,
    /// The agents of each configuration project, by its path in lower case.
    by_home: HashMap<Cow<'w, str>, Vec<AgentId>>,
    /// Agents whose configuration project is not known.
    homeless: Vec<AgentId>,
    /// What becomes of the implicit access of these.
    maybe_own: Authorization,
    /// Agents whose file GitLab refuses.
    refused: Vec<(AgentId, RefusedAt)>,
    patterns: Patterns,
    /// Agents that may fail the requests for others, by their patterns.
    raising: Vec<AgentId>,
    /// All agents by context, with the project in lower case, once somebody asks for one of them.
    by_context: OnceLock<HashMap<String, Vec<AgentId>>>,
    /// The entries of `user_access`, once somebody asks for a dashboard.
    pub(super) user_claims: OnceLock<Claims<'static, UserClaim>>,
}

/// Whoever keeps an index next to what it borrows can shorten its borrow.
const _: for<'s> fn(&'s (), Index<'static>) -> Index<'s> = |(), index| index;

/// An entry that names a project, a group or the instance.
#[derive(Clone, Debug)]
struct Claim<'w> {
    agent: AgentId,
    entry: &'w CiEntry,
    /// The place among the agent's authorizations.
    position: u32,
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
            authorizations: Vec::with_capacity(agents.len()),
            claims: Claims::default(),
            by_home: HashMap::new(),
            homeless: Vec::new(),
            maybe_own: Authorization::Depends([(Unknown::OwnProject, DropReason::NotOwnProject)].into()),
            refused: Vec::new(),
            patterns: Patterns::default(),
            raising: Vec::new(),
            by_context: OnceLock::new(),
            user_claims: OnceLock::new(),
        };
        for (number, agent) in (0..).zip(&agents) {
            let authorizations = index.add(AgentId(number), agent);
            index.authorizations.push(authorizations.into());
        }
        index.agents = agents;
        index
    }
}

impl<'w> Index<'w> {
    /// Adds an agent, and says what becomes of its entries.
    fn add(&mut self, id: AgentId, agent: &Agent<'w>) -> Vec<Authorization> {
        if !agent.is_registered {
            return Vec::new();
        }
        if let Some(step) = agent.file.and_then(|file| file.refused) {
            self.refused.push((id, step));
            return Vec::new();
        }
        match agent.project {
            Some(project) => self.by_home.entry(lower_path(project)).or_default().push(id),
            None => self.homeless.push(id),
        }
        let Some(access) = agent.file.and_then(|file| file.ci_access) else { return Vec::new() };
        let raises = |entry: &CiEntry| entry.environments.iter().any(|pattern| is_expression(&pattern.value));
        if [&access.projects, &access.groups].into_iter().flatten().chain(&access.instance).any(raises) {
            self.raising.push(id);
        }
        let resolved = self.resolve(agent, access);
        let mut authorizations = Vec::with_capacity(resolved.len());
        for (position, (entry, id_lower, authorization)) in (0..).zip(resolved) {
            self.claims.add(entry.kind, id_lower, Claim { agent: id, entry, position });
            authorizations.push(authorization);
        }
        authorizations
    }

    /// What becomes of each entry of an agent, with its id in lower case.
    fn resolve(&self, agent: &Agent<'w>, access: &'w CiAccess) -> Vec<(&'w CiEntry, Cow<'w, str>, Authorization)> {
        let hierarchy = Hierarchy::new(self.inventory, self.settings, AccessSection::Ci, agent.project);
        ci_authorizations(access, &hierarchy, self.settings)
    }

    /// What decides beside files and inventory.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// Whether nobody said which release and answers may hang on it: some entry has a pattern that releases compare in different ways.
    #[must_use]
    pub fn hangs_on_assumed_release(&self) -> bool {
        let is_plain = |pattern: &str| !pattern.contains('*') || pattern.chars().all(|character| character == '*');
        let accesses = self.agents.iter().filter_map(|agent| agent.file?.ci_access);
        let mut patterns = accesses.flat_map(CiAccess::entries).flat_map(|entry| &entry.environments);
        self.settings.is_release_assumed && patterns.any(|pattern| !is_plain(&pattern.value))
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

    /// The agents with patterns that are more than letters and `*`, of which some may fail the requests for all agents of a job.
    #[must_use]
    pub fn with_expressions(&self) -> &[AgentId] {
        &self.raising
    }

    /// The agent behind an id of this index.
    #[must_use]
    pub fn agent(&self, id: AgentId) -> &Agent<'w> {
        &self.agents[id.0 as usize]
    }

    /// The agents of this name in a configuration project, however letter case has that; without a project, those of which it is not known.
    #[must_use]
    pub fn agents_named(&self, project: Option<&str>, name: &str) -> &[AgentId] {
        // No project has an empty path.
        let key = |project: Option<&str>, name: &str| format!("{}:{name}", project.map(lower_path).unwrap_or_default());
        let by_context = self.by_context.get_or_init(|| {
            let mut by_context: HashMap<String, Vec<AgentId>> = HashMap::new();
            for (id, agent) in self.agent_ids() {
                by_context.entry(key(agent.project, agent.name)).or_default().push(id);
            }
            by_context
        });
        by_context.get(&key(project, name)).map(Vec::as_slice).unwrap_or_default()
    }

    /// What becomes of each `ci_access` entry of an agent, in the order of the file: projects, groups, instance.
    #[must_use]
    pub fn entry_authorizations(&self, id: AgentId) -> Vec<(&'w CiEntry, Authorization)> {
        let agent = self.agent(id);
        let Some(access) = agent.file.and_then(|file| file.ci_access) else { return Vec::new() };
        let known = &self.authorizations[id.0 as usize];
        if !known.is_empty() {
            return access.entries().zip(known.iter().cloned()).collect();
        }
        self.resolve(agent, access).into_iter().map(|(entry, _, authorization)| (entry, authorization)).collect()
    }

    /// The agents that a job sees, and those that it does not although something names its project.
    ///
    /// Costs in proportion to the entries that name the project or a group above it. An agent of which no entry does
    /// appears nowhere; [`Index::query_agent`] answers for a single agent in any case.
    #[must_use]
    pub fn query<'q>(&self, query: &Query<'q>) -> Answer<'w, 'q> {
        self.answer(query, None)
    }

    /// What [`Index::query`] answers about one agent, however far from the project; nothing where an inventory does not list the project.
    ///
    /// Costs in proportion to the entries that name the project or a group above it, and less than asking about all agents.
    #[must_use]
    pub fn query_agent(&self, agent: AgentId, query: &Query<'_>) -> Vec<Row<'w>> {
        let Answer { mut allowed, denied, unknown, .. } = self.answer_of(agent, query);
        allowed.extend(denied.into_iter().chain(unknown));
        allowed
    }

    /// The same as an answer, which says as whom a job acts as well.
    #[must_use]
    pub fn answer_of<'q>(&self, agent: AgentId, query: &Query<'q>) -> Answer<'w, 'q> {
        let mut answer = self.answer(query, Some(agent));
        for rows in [&mut answer.denied, &mut answer.unknown] {
            rows.retain(|row| row.agent == agent);
        }
        answer
    }

    /// Answers about all agents of which something names the project, or about one and those that may fail its request.
    fn answer<'q>(&self, query: &Query<'q>, only: Option<AgentId>) -> Answer<'w, 'q> {
        let listed = self.inventory.and_then(|inventory| inventory.find_project(query.project));
        let mut answer = Answer::new(self.inventory, self.settings, *query, listed);
        if answer.is_unknown_project() {
            return answer;
        }
        let is_asked = |agent: AgentId| only.is_none_or(|only| only == agent);
        let mut claimed = self.candidates(query.project, listed, only);
        claimed.sort_by_key(|(agent, rank, _)| (*agent, *rank));
        let mut is_answered = only.is_none();
        let may_raise = self.settings.environment_matcher().may_be_old();
        for of_agent in claimed.chunk_by(|one, other| one.0 == other.0) {
            let Some(&(agent, ..)) = of_agent.first() else { continue };
            let raises = || may_raise && of_agent.iter().any(|(_, _, ranked)| has_expression(ranked.candidate));
            if !is_asked(agent) && !raises() {
                continue;
            }
            is_answered |= is_asked(agent);
            let candidates: Vec<Ranked<'w, '_>> = of_agent.iter().map(|(_, _, ranked)| *ranked).collect();
            answer.extend(self.rows(agent, &candidates, query));
        }
        let refused = of_agents(&self.refused, only, |(agent, _)| *agent);
        answer.extend(refused.iter().map(|&(agent, step)| refused_row(agent, step)).collect());
        is_answered |= !answer.unknown.is_empty();
        if let Some(agent) = only.filter(|_| !is_answered) {
            answer.extend(self.rows(agent, &[], query));
        }
        fail_together(&mut answer, |agent| self.agent(agent).context());
        answer.allowed.retain(|row| is_asked(row.agent));
        answer.sort();
        answer
    }

    /// The agents for which something names the project, so that some of its jobs may get in.
    #[must_use]
    pub fn agents_for(&self, project: &str) -> BTreeSet<AgentId> {
        let listed = self.inventory.and_then(|inventory| inventory.find_project(project));
        let candidates = self.candidates(project, listed, None).into_iter();
        candidates
            .filter(|(_, _, ranked)| !matches!(ranked.authorization, Authorization::Dropped(_)))
            .map(|(agent, ..)| agent)
            .collect()
    }

    /// Everything of an agent that names a project, the most specific first.
    pub(super) fn candidates_of(&self, agent: AgentId, project: &str) -> Vec<Ranked<'w, '_>> {
        let listed = self.inventory.and_then(|inventory| inventory.find_project(project));
        let mut claimed = self.candidates(project, listed, Some(agent));
        claimed.retain(|(of, ..)| *of == agent);
        claimed.sort_by_key(|(_, rank, _)| *rank);
        claimed.into_iter().map(|(_, _, ranked)| ranked).collect()
    }

    /// Under which conditions an entry takes a job for its environment: a list for each way, none for an entry that does not.
    pub(super) fn takes_environment(&self, entry: &CiEntry, environment: &str) -> Vec<Vec<Condition>> {
        let environment = Some(JobEnvironment::Whole(environment));
        let matcher = self.settings.environment_matcher();
        let cases = filters::environment(&entry.environments, environment, matcher, &self.patterns).into_iter();
        cases.filter(|(_, passage)| *passage == Passage::Passes).map(|(conditions, _)| conditions).collect()
    }

    /// Everything of all agents that names a project, each with its place in the order of precedence.
    pub(super) fn all_candidates(&self, project: &'w Project) -> Vec<(AgentId, usize, Ranked<'w, '_>)> {
        self.candidates(&project.path, Some(project), None)
    }

    /// The agents whose file GitLab refuses.
    pub(super) fn refused_agents(&self) -> impl ExactSizeIterator<Item = AgentId> {
        self.refused.iter().map(|(agent, _)| *agent)
    }

    fn rows(&self, agent: AgentId, candidates: &[Ranked<'w, '_>], query: &Query<'_>) -> Vec<Row<'w>> {
        let Query { environment, protected, is_merge_request, project: _, tier: _ } = *query;
        let job = Job { environment, protected, is_merge_request, settings: self.settings };
        let leaves = decision::decide(candidates, job, &self.patterns);
        leaves.into_iter().map(|leaf| Row::new(agent, leaf)).collect()
    }

    /// Everything that names a project, with the place in the order of precedence; or what of it belongs to one agent and to those that may
    /// fail its request.
    fn candidates(
        &self,
        path: &str,
        listed: Option<&'w Project>,
        only: Option<AgentId>,
    ) -> Vec<(AgentId, usize, Ranked<'w, '_>)> {
        let lower = lower_path(path);
        let mut found = Vec::new();
        let mut written = self.inventory.zip(listed).map(|(inventory, project)| inventory.ancestors(project));
        for level in self.claims.levels(Target::Project(&lower)) {
            let target = match level.kind {
                EntryKind::Project => listed.map(|project| &*project.path),
                EntryKind::Group => written.as_mut().and_then(Iterator::next).map(|namespace| &*namespace.path),
                EntryKind::Instance => None,
            };
            found.extend(self.of_asked(level.claims, only, |claim| claim.agent).map(|claim| {
                let candidate = Candidate::of(claim.entry, target);
                let authorization = &self.authorizations[claim.agent.0 as usize][claim.position as usize];
                (claim.agent, level.place, Ranked { candidate, authorization })
            }));
        }
        let own = self.by_home.get(&*lower).map(Vec::as_slice).unwrap_or_default();
        let own = self.of_asked(own, only, |agent| *agent).map(|&agent| (agent, &Authorization::Kept));
        let maybe_own = self.of_asked(&self.homeless, only, |agent| *agent).map(|&agent| (agent, &self.maybe_own));
        found.extend(own.chain(maybe_own).map(|(agent, authorization)| {
            (agent, IMPLICIT_PLACE, Ranked { candidate: Candidate::IMPLICIT, authorization })
        }));
        found
    }
}

impl Index<'_> {
    /// Those of things in the order of agents that belong to one agent, or to one that may fail its request; all of them for no agent.
    fn of_asked<'a, T>(
        &'a self,
        all: &'a [T],
        only: Option<AgentId>,
        agent: impl Fn(&T) -> AgentId + Copy + 'a,
    ) -> impl Iterator<Item = &'a T> {
        let raising = self.raising.iter().copied().filter(move |raising| only.is_some_and(|only| only != *raising));
        of_agents(all, only, agent).iter().chain(raising.flat_map(move |raising| of_agents(all, Some(raising), agent)))
    }
}

/// Those of things in the order of agents that belong to one; all of them for no agent.
pub(super) fn of_agents<T>(all: &[T], only: Option<AgentId>, agent: impl Fn(&T) -> AgentId) -> &[T] {
    let Some(only) = only else { return all };
    let start = all.partition_point(|one| agent(one) < only);
    let rest = all.get(start..).unwrap_or_default();
    rest.get(..rest.partition_point(|one| agent(one) == only)).unwrap_or_default()
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

/// Whether the candidate has a pattern that the old matcher takes for more than a name with stars.
fn has_expression(candidate: Candidate<'_>) -> bool {
    let patterns = candidate.entry.map(|entry| &entry.environments[..]).unwrap_or_default();
    patterns.iter().any(|pattern| is_expression(&pattern.value))
}

/// A pattern that is no regular expression raises while the server filters, and so fails the request as a whole. Only the old
/// matcher raises, so that under the new one nothing changes.
fn fail_together(answer: &mut Answer<'_, '_>, context: impl Fn(AgentId) -> String) {
    let raises = |row: &&Row<'_>| matches!(row.outcome, Outcome::Denied(Denial::PatternRaises(..)));
    let old_matcher = Condition { unknown: Unknown::NewMatcher, holds: false };
    // Whether the row raises for certain, the matcher apart.
    let is_sure = |row: &&Row<'_>| row.conditions.iter().all(|condition| *condition == old_matcher);
    let certain = answer.denied.iter().filter(raises).find(is_sure);
    let Some(failing) = certain.or_else(|| answer.denied.iter().find(raises)) else { return };
    let is_certain = is_sure(&failing);
    let hangs_on_matcher = failing.conditions.contains(&old_matcher);
    let by = context(failing.agent).into_boxed_str();
    for row in std::mem::take(&mut answer.allowed) {
        let matcher = row.conditions.iter().find(|condition| condition.unknown == Unknown::NewMatcher);
        let row = match matcher.map(|condition| condition.holds) {
            Some(true) => {
                answer.allowed.push(row);
                continue;
            }
            None if hangs_on_matcher => {
                answer.allowed.push(assuming(&row, Unknown::NewMatcher, true));
                assuming(&row, Unknown::NewMatcher, false)
            }
            None | Some(false) => row,
        };
        let mut denied = row.clone();
        if !is_certain {
            denied.conditions.push(Condition { unknown: Unknown::RequestFails, holds: true });
            answer.allowed.push(assuming(&row, Unknown::RequestFails, false));
        }
        denied.outcome = Outcome::Denied(Denial::RequestFails(by.clone()));
        answer.denied.push(denied);
    }
}

/// The row where something that is not known is taken to hold, or not to.
fn assuming<'w>(row: &Row<'w>, unknown: Unknown, holds: bool) -> Row<'w> {
    let mut row = row.clone();
    row.conditions.push(Condition { unknown, holds });
    row
}
