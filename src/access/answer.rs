//! Questions about jobs, and answers that say why.

use std::fmt;

use super::agent::{Agent, AgentId};
use super::authorization::DropReason;
use super::candidate::Candidate;
use super::condition::Condition;
use super::decision::{Leaf, Outcome};
use super::identity::{Identity, JobProject};
use super::managed_resources::managed_resources_of;
use super::world::Settings;
use crate::agent_config::{AccessAs, Mode, Spanned};
use crate::gitlab::releases::NAMESPACE_IN_KUBECONFIG;
use crate::gitlab::{EnvironmentTier, PartialText};
use crate::inventory::{Inventory, Project};

/// Which agents does a job see?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<'q> {
    /// The full path of the job's project.
    pub project: &'q str,
    /// The job's environment; `None` for a job without one.
    pub environment: Option<JobEnvironment<'q>>,
    /// The tier that the job gives its environment (`deployment_tier`), if it does.
    pub tier: Option<EnvironmentTier>,
    /// Whether the pipeline's ref is protected; `None` for not known.
    pub protected: Option<bool>,
    /// Whether it is the pipeline of a merge request, about whose protection more than the ref decides.
    pub is_merge_request: bool,
}

impl<'q> Query<'q> {
    /// A job with an environment of this full name, or without one.
    #[must_use]
    pub fn new(project: &'q str, environment: Option<&'q str>, protected: Option<bool>) -> Self {
        Self {
            project,
            environment: environment.map(JobEnvironment::Whole),
            tier: None,
            protected,
            is_merge_request: false,
        }
    }
}

/// The environment of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEnvironment<'q> {
    /// Its full name.
    Whole(&'q str),
    /// Its name, of which parts hang on variables.
    Partly(&'q PartialText),
}

impl JobEnvironment<'_> {
    /// The full name; `None` where parts of it hang on variables.
    #[must_use]
    pub fn whole(&self) -> Option<&str> {
        match self {
            Self::Whole(name) => Some(name),
            Self::Partly(name) => name.as_known(),
        }
    }
}

impl fmt::Display for JobEnvironment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(name) => f.write_str(name),
            Self::Partly(name) => name.fmt(f),
        }
    }
}

/// What happens with one agent, under some conditions.
#[derive(Clone, Debug)]
pub struct Row<'w> {
    /// The agent.
    pub agent: AgentId,
    /// What the job gets.
    pub outcome: Outcome<'w>,
    /// What must hold for it; empty for certain.
    pub conditions: Vec<Condition>,
    /// What decides; `None` where nothing lets the project in.
    pub winner: Option<Candidate<'w>>,
    /// Less specific candidates that the winner overrides whole.
    pub overridden: Vec<Candidate<'w>>,
    /// Candidates that fell out before the choice, each with the reason.
    pub fell_out: Vec<(Candidate<'w>, DropReason)>,
}

impl<'w> Row<'w> {
    pub(super) fn new(agent: AgentId, leaf: Leaf<'w>) -> Self {
        Self {
            agent,
            outcome: leaf.outcome,
            conditions: leaf.conditions,
            winner: leaf.winner,
            overridden: leaf.overridden,
            fell_out: leaf.fell_out,
        }
    }

    /// Whether the job gets the agent, given the conditions.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.outcome == Outcome::Allowed
    }
}

/// Which agents a job sees, and which not.
#[derive(Clone, Debug)]
pub struct Answer<'w, 'q> {
    inventory: Option<&'w Inventory>,
    settings: Settings,
    /// The question.
    pub query: Query<'q>,
    /// The job's project in the inventory.
    pub project: Option<&'w Project>,
    /// Agents that the job sees, by context. A row with conditions has its opposite in one of the other lists.
    pub allowed: Vec<Row<'w>>,
    /// Agents that the job does not see although something names its project, by context.
    pub denied: Vec<Row<'w>>,
    /// Agents about which nothing can be told.
    pub unknown: Vec<Row<'w>>,
}

impl<'w, 'q> Answer<'w, 'q> {
    pub(super) fn new(
        inventory: Option<&'w Inventory>,
        settings: Settings,
        query: Query<'q>,
        project: Option<&'w Project>,
    ) -> Self {
        Self { inventory, settings, query, project, allowed: Vec::new(), denied: Vec::new(), unknown: Vec::new() }
    }

    pub(super) fn extend(&mut self, rows: Vec<Row<'w>>) {
        for row in rows {
            match row.outcome {
                Outcome::Allowed => self.allowed.push(row),
                Outcome::Denied(_) => self.denied.push(row),
                Outcome::Unknown(_) => self.unknown.push(row),
            }
        }
    }

    pub(super) fn sort(&mut self) {
        for rows in [&mut self.allowed, &mut self.denied, &mut self.unknown] {
            rows.sort_by_key(|row| row.agent);
        }
    }

    /// All rows: allowed, denied, unknown.
    pub fn rows(&self) -> impl Iterator<Item = &Row<'w>> {
        self.allowed.iter().chain(&self.denied).chain(&self.unknown)
    }

    /// The rows of one agent; none where nothing names the project.
    pub fn rows_of(&self, agent: AgentId) -> impl Iterator<Item = &Row<'w>> {
        self.rows().filter(move |row| row.agent == agent)
    }

    /// Whether there is an inventory that does not list the job's project, so that nothing is answered.
    #[must_use]
    pub fn is_unknown_project(&self) -> bool {
        self.inventory.is_some() && self.project.is_none()
    }

    /// The path of the job's project, as the inventory writes it if it can.
    #[must_use]
    pub fn project_path(&self) -> &str {
        self.project.map_or(self.query.project, |project| &project.path)
    }

    /// As whom the job acts at the agent of an allowed row.
    #[must_use]
    pub fn identity(&self, row: &Row<'w>, agent: &Agent<'_>) -> Identity<'w> {
        let Some(entry) = row.winner.and_then(|winner| winner.entry) else { return Identity::Agent };
        match AccessAs::identity(entry.access_as.as_ref()) {
            (Mode::Agent | Mode::User, _) => Identity::Agent,
            (Mode::Impersonate, user) => Identity::Impersonate(user),
            (Mode::CiJob, _) => {
                let project = JobProject {
                    path: self.project_path(),
                    listed: self.project,
                    inventory: self.inventory,
                    environment: self.query.environment,
                    tier: self.query.tier,
                    version: self.settings.version,
                };
                Identity::CiJob(project.identity(agent))
            }
        }
    }

    /// What must hold, beyond the row's conditions, for managed resources to be made where a job with this environment names the agent, whether it gets
    /// the agent or not; `None` where none are made.
    #[must_use]
    pub fn managed_resources(&self, row: &Row<'w>) -> Option<Vec<Condition>> {
        self.query.environment?;
        managed_resources_of(row.winner.and_then(|winner| winner.entry)?, self.settings, &row.conditions)
    }

    /// The namespace of the agent's context. It is a default, and no boundary.
    #[must_use]
    pub fn namespace(&self, row: &Row<'w>) -> Option<&'w Spanned<String>> {
        let entry = row.winner.and_then(|winner| winner.entry)?;
        let is_written = self.settings.version >= NAMESPACE_IN_KUBECONFIG;
        entry.default_namespace.as_ref().filter(|_| is_written)
    }
}
