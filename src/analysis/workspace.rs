//! Projects side by side: the jobs of each, and who gets in at the agents of all.
//!
//! With an inventory all projects of one instance make one world, so that a job of one project meets the agents of
//! another. Without one, projects whose paths are known make a world, and every other stands alone.

use std::collections::HashMap;
use std::sync::Arc;

use crate::access::jobs::JobEnvironments;
use crate::access::jobs::{CiProject, ProjectJobs};
use crate::access::{self, Index, Settings, World};
use crate::analysis::{Asked, Project};
use crate::gitlab::FullPath;
use crate::project::AgentFile;
use crate::source::Source;

/// The projects that make one world.
pub(crate) struct Neighbourhood<'p> {
    membership: Membership,
    /// What access is worked out from.
    pub world: World<'p>,
}

/// Which world a project belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Membership {
    /// The inventory, by its address: one that was read once is the same.
    inventory: Option<usize>,
    settings: Settings,
    /// The position of a project that stands alone.
    alone: Option<usize>,
}

impl Membership {
    fn of(project: &Project, at: usize) -> Self {
        let inventory = project.context.inventory.as_ref().map(|inventory| Arc::as_ptr(inventory).addr());
        let alone = (inventory.is_none() && project.context.project.is_none()).then_some(at);
        Self { inventory, settings: project.context.access_settings(), alone }
    }
}

/// All projects of an analysis.
pub(crate) struct Workspace<'p> {
    /// The environments of each project's jobs.
    pub environments: Arc<JobEnvironments>,
    /// The texts of agents' files, by path.
    pub sources: HashMap<String, Arc<Source>>,
    jobs: Vec<Option<ProjectJobs<'p>>>,
    indexes: HashMap<Membership, Index<'p>>,
}

/// What is known of each project whose jobs are looked at.
pub(crate) fn ci_projects(projects: &[Project]) -> Vec<CiProject> {
    let of = |project: &Project| {
        let path = project.context.project.as_ref().map(FullPath::as_str);
        CiProject::of(path, project.context.inventory.as_deref())
    };
    projects.iter().map(of).collect()
}

/// The worlds of the projects; none where nobody asks who gets in.
pub(crate) fn neighbourhoods<'p>(
    projects: &'p [Project],
    files: &'p [Vec<Option<Arc<AgentFile>>>],
    asked: Asked,
) -> Vec<Neighbourhood<'p>> {
    let mut all: Vec<Neighbourhood<'p>> = Vec::new();
    if asked == Asked::ByJobs && projects.iter().all(|project| project.pipeline.is_none()) {
        return all;
    }
    let mut positions: HashMap<Membership, usize> = HashMap::new();
    for (at, (project, files)) in projects.iter().zip(files).enumerate() {
        let membership = Membership::of(project, at);
        let position = *positions.entry(membership).or_insert(all.len());
        if position == all.len() {
            let inventory = project.context.inventory.as_deref();
            let world = World { inventory, files: Vec::new(), settings: membership.settings };
            all.push(Neighbourhood { membership, world });
        }
        let path = project.context.project.as_ref().map(FullPath::as_str);
        let agents = files.iter().flatten().filter_map(|file| {
            let agent = file.location.agent()?;
            Some(access::AgentFile::new(path, agent, &file.source, &file.config))
        });
        if let Some(neighbourhood) = all.get_mut(position) {
            neighbourhood.world.files.extend(agents);
        }
    }
    all
}

impl<'p> Workspace<'p> {
    pub fn of(
        projects: &'p [Project],
        files: &[Vec<Option<Arc<AgentFile>>>],
        jobs: Vec<Option<ProjectJobs<'p>>>,
        neighbourhoods: Vec<Neighbourhood<'p>>,
    ) -> Self {
        let mut environments = JobEnvironments::default();
        for project in projects {
            if let (Some(path), Some(names)) = (&project.context.project, project.job_environments()) {
                environments.insert(path, names.to_vec());
            }
        }
        let sources = match neighbourhoods.is_empty() {
            true => HashMap::new(),
            false => {
                let sources = files.iter().flatten().flatten().map(|file| &file.source);
                sources.map(|source| (source.path().to_owned(), Arc::clone(source))).collect()
            }
        };
        let indexes = neighbourhoods.into_iter().map(|known| (known.membership, known.world.authorize())).collect();
        Self { environments: Arc::new(environments), sources, jobs, indexes }
    }

    /// The jobs of the project at a position.
    pub fn jobs(&self, at: usize) -> Option<&ProjectJobs<'p>> {
        self.jobs.get(at)?.as_ref()
    }

    /// Who gets in at the agents around the project at a position.
    pub fn index(&self, project: &Project, at: usize) -> Option<&Index<'p>> {
        self.indexes.get(&Membership::of(project, at))
    }
}
