//! What rules are given beside the thing that they check.

use std::collections::HashMap;
use std::sync::Arc;

use crate::access::jobs::ProjectJobs;
use crate::access::{AgentId, Index};
use crate::agent_config::CiEntry;
use crate::diagnostic::Place;
use crate::project::Context;
use crate::source::Source;

/// What rules about jobs are told beside the job.
#[derive(Debug)]
pub struct Jobs<'a, 'w> {
    /// What is known about GitLab's side.
    pub context: &'a Context,
    /// Who gets in at all agents that are known.
    pub index: &'a Index<'w>,
    /// All jobs of the project.
    pub all: &'a ProjectJobs<'a>,
    /// The text of each agent's file, by its path.
    pub sources: &'a HashMap<String, Arc<Source>>,
    /// Whether the project has to do with agents at all.
    pub uses_agents: bool,
}

impl Jobs<'_, '_> {
    /// The full path of the project.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.all.project.facts.path.as_deref()
    }

    /// The place of an agent's entry, where its file is at hand.
    #[must_use]
    pub fn entry_place(&self, agent: AgentId, entry: &CiEntry) -> Option<Place> {
        let path = self.index.agent(agent).file?.path;
        Some(Place { source: Arc::clone(self.sources.get(path)?), span: entry.head })
    }
}
