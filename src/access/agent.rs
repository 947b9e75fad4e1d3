//! The agents of a world: folders, registrations, and both together.

use std::collections::HashMap;

use super::world::{AgentFile, World};
use crate::gitlab::{is_agent_name, lower_path, root_path};
use crate::inventory::{Inventory, Project};
use crate::source::Span;

/// Index of an agent in its [`super::Index`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentId(pub(super) u32);

impl AgentId {
    /// Its place in [`super::Index::agents`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An agent.
#[derive(Clone, Debug)]
pub struct Agent<'w> {
    /// The full path of its configuration project, as the inventory writes it if it can; `None` for not known.
    pub project: Option<&'w str>,
    /// The configuration project in the inventory.
    pub listed_project: Option<&'w Project>,
    /// Its name.
    pub name: &'w str,
    /// Its number.
    pub id: Option<i64>,
    /// Its file; `None` for a registered agent without one, whose configuration is empty.
    pub file: Option<AgentFile<'w>>,
    /// Whether it exists: a folder without a registered agent is never read.
    pub is_registered: bool,
}

impl Agent<'_> {
    /// The kubeconfig context that its jobs select: `<configuration project>:<agent name>`.
    ///
    /// Source: `app/services/ci/generate_kubeconfig_service.rb`. Letter case counts in it.
    #[must_use]
    pub fn context(&self) -> String {
        format!("{}:{}", self.project.unwrap_or("<configuration project>"), self.name)
    }

    /// Whether GitLab refuses its file, so that what is in force is not known.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.file.is_some_and(|file| file.refused.is_some())
    }

    /// The 1-based line of a place in its file, where the text is at hand.
    #[must_use]
    pub fn line(&self, place: Span) -> Option<usize> {
        let source = self.file?.source?;
        Some(source.line_index(source.floor(place.start)) + 1)
    }

    /// The top-level group or user of its configuration project.
    #[must_use]
    pub fn root(&self) -> Option<&str> {
        self.project.map(root_path)
    }
}

/// The agents of a world: those with files in their order, then registered ones without.
pub(super) fn agents<'w>(world: &World<'w>) -> Vec<Agent<'w>> {
    let mut agents: Vec<Agent<'w>> = Vec::with_capacity(world.files.len());
    let mut known: HashMap<(String, &'w str), ()> = HashMap::new();
    for file in &world.files {
        let key = (file.project.map(|path| lower_path(path).into_owned()).unwrap_or_default(), file.name);
        // A second file of the same agent is the same file, found twice.
        if known.insert(key, ()).is_none() {
            agents.push(from_file(world.inventory, *file));
        }
    }
    for project in world.inventory.into_iter().flat_map(Inventory::projects_with_agents) {
        for agent in project.agents.iter().flatten() {
            let key = (lower_path(&project.path).into_owned(), &*agent.name);
            if !known.contains_key(&key) {
                agents.push(Agent {
                    project: Some(&project.path),
                    listed_project: Some(project),
                    name: &agent.name,
                    id: agent.id,
                    file: None,
                    is_registered: true,
                });
            }
        }
    }
    agents
}

fn from_file<'w>(inventory: Option<&'w Inventory>, file: AgentFile<'w>) -> Agent<'w> {
    let project = inventory.and_then(|inventory| inventory.find_project(file.project?));
    let registered = project.and_then(|project| project.agents.as_deref());
    let agent = registered.and_then(|agents| agents.iter().find(|agent| *agent.name == *file.name));
    Agent {
        project: project.map(|project| &*project.path).or(file.project),
        listed_project: project,
        name: file.name,
        id: agent.and_then(|agent| agent.id),
        file: Some(file),
        // Under another name none can be, and GitLab never looks for its file.
        is_registered: is_agent_name(file.name) && (registered.is_none() || agent.is_some()),
    }
}
