//! What rules are given beside the thing that they check.

use std::collections::HashMap;
use std::sync::Arc;

use crate::access::jobs::{JobEnvironments, JobView, KnownEnvironments, ProjectJobs, Selection};
use crate::access::{AgentId, Entries, Index};
use crate::agent_config::CiEntry;
use crate::gitlab::FullPath;
use crate::project::{AgentFile, Context};
use crate::source::{Place, Source};

/// What rules are given about the project.
#[derive(Clone, Copy, Debug)]
pub struct ProjectContext<'p> {
    /// What is known about GitLab's side.
    pub gitlab: &'p Context,
    /// The environments of the jobs of all projects whose CI files are at hand.
    pub environments: &'p JobEnvironments,
}

/// What rules about an agent's file are given.
#[derive(Debug)]
pub struct FileContext<'p> {
    /// What is known of its project.
    pub project: ProjectContext<'p>,
    /// The file.
    pub file: &'p AgentFile,
    /// What becomes of its entries, and which of them decide.
    pub entries: Entries<'p>,
}

impl<'p> FileContext<'p> {
    /// What rules about this file are given.
    #[must_use]
    pub fn new(project: ProjectContext<'p>, file: &'p AgentFile) -> Self {
        let Context { project: home, inventory, .. } = project.gitlab;
        let home = home.as_ref().map(FullPath::as_str);
        let entries = Entries::of(&file.config, home, inventory.as_deref(), project.gitlab.access_settings());
        Self { project, file, entries }
    }

    /// What is known about GitLab's side.
    #[must_use]
    pub fn gitlab(&self) -> &'p Context {
        self.project.gitlab
    }

    /// The environments that jobs of the projects that an entry names are known to have.
    #[must_use]
    pub fn environments_of(&self, entry: &CiEntry) -> Arc<KnownEnvironments> {
        KnownEnvironments::of(entry, self.gitlab().inventory.as_ref(), self.project.environments)
    }
}

/// What rules about the jobs of a project's CI file are given.
#[derive(Clone, Copy, Debug)]
pub struct JobContext<'p> {
    /// What is known of the project.
    pub project: ProjectContext<'p>,
    /// Who gets in at all agents that are known.
    pub index: &'p Index<'p>,
    /// All jobs of the project.
    pub jobs: &'p ProjectJobs<'p>,
    /// The text of each agent's file, by its path.
    pub sources: &'p HashMap<String, Arc<Source>>,
    /// Whether the project has to do with agents at all.
    pub uses_agents: bool,
}

impl<'p> JobContext<'p> {
    /// What is known about GitLab's side.
    #[must_use]
    pub fn gitlab(&self) -> &'p Context {
        self.project.gitlab
    }

    /// The full path of the project.
    #[must_use]
    pub fn project_path(&self) -> Option<&'p str> {
        self.jobs.project.facts.path.as_deref()
    }

    /// The place of an agent's entry, where its file is at hand.
    #[must_use]
    pub fn entry_place(&self, agent: AgentId, entry: &CiEntry) -> Option<Place> {
        let path = self.index.agent(agent).file?.path;
        Some(Place { source: Arc::clone(self.sources.get(path)?), span: entry.head })
    }
}

/// A context that a job selects, or the agent that its environment names.
#[derive(Clone, Copy, Debug)]
pub struct JobSelection<'p> {
    /// The job.
    pub job: &'p JobView<'p>,
    /// What it selects.
    pub selected: &'p Selection,
}
