//! Projects side by side: the jobs of each, and who gets in at the agents of all.
//!
//! With an inventory all projects of one instance make one world, so that a job of one project meets the agents of
//! another. Without one, projects whose paths are known make a world, and every other stands alone.

use std::collections::HashMap;
use std::sync::Arc;

use crate::access::{self, Index, Settings, World};
use crate::analysis::Project;
use crate::gitlab::FullPath;
use crate::inventory::Inventory;
use crate::job_access::{CiProject, ProjectJobs};
use crate::rules::{AgentFile, JobEnvironments};
use crate::source::Source;

/// The projects that make one world.
pub(crate) struct Neighbourhood<'p> {
    inventory: Option<&'p Inventory>,
    settings: Settings,
    /// The project that stands alone, by its position.
    alone: Option<usize>,
    /// What access is worked out from.
    pub world: World<'p>,
}

/// All projects of an analysis.
pub(crate) struct Workspace<'p> {
    /// The environments of each project's jobs.
    pub environments: Arc<JobEnvironments>,
    /// The texts of agents' files, by path.
    pub sources: HashMap<String, Arc<Source>>,
    jobs: Vec<Option<ProjectJobs<'p>>>,
    neighbourhoods: &'p [Neighbourhood<'p>],
    indexes: &'p [Index<'p>],
}

/// What is known of each project whose jobs are looked at.
pub(crate) fn ci_projects(projects: &[Project]) -> Vec<CiProject> {
    let of = |project: &Project| {
        let path = project.context.project.as_ref().map(FullPath::as_str);
        CiProject::of(path, project.context.inventory.as_deref())
    };
    projects.iter().map(of).collect()
}

/// The worlds of the projects; none where no project has a CI file, since nothing else asks who gets in.
pub(crate) fn neighbourhoods<'p>(
    projects: &'p [Project],
    files: &'p [Vec<Option<AgentFile>>],
) -> Vec<Neighbourhood<'p>> {
    let mut all: Vec<Neighbourhood<'p>> = Vec::new();
    if projects.iter().all(|project| project.pipeline.is_none()) {
        return all;
    }
    for (at, (project, files)) in projects.iter().zip(files).enumerate() {
        let (inventory, settings, alone) = membership(project, at);
        let known = all.iter().position(|one| one.is_for(inventory, settings, alone));
        let world = match known.and_then(|known| all.get_mut(known)) {
            Some(neighbourhood) => &mut neighbourhood.world,
            None => {
                let world = World { inventory, files: Vec::new(), settings };
                all.push(Neighbourhood { inventory, settings, alone, world });
                let Some(last) = all.last_mut() else { continue };
                &mut last.world
            }
        };
        let path = project.context.project.as_ref().map(FullPath::as_str);
        world.files.extend(files.iter().flatten().filter_map(|file| {
            let agent = file.location.agent()?;
            Some(access::AgentFile::new(path, agent, &file.source, &file.config))
        }));
    }
    all
}

fn membership(project: &Project, at: usize) -> (Option<&Inventory>, Settings, Option<usize>) {
    let inventory = project.context.inventory.as_deref();
    let alone = (inventory.is_none() && project.context.project.is_none()).then_some(at);
    (inventory, project.context.access_settings(), alone)
}

impl Neighbourhood<'_> {
    fn is_for(&self, inventory: Option<&Inventory>, settings: Settings, alone: Option<usize>) -> bool {
        let same_inventory = match (self.inventory, inventory) {
            (Some(one), Some(other)) => std::ptr::eq(one, other),
            (None, None) => true,
            _ => false,
        };
        same_inventory && self.settings == settings && self.alone == alone
    }
}

impl<'p> Workspace<'p> {
    pub fn of(
        projects: &'p [Project],
        files: &[Vec<Option<AgentFile>>],
        jobs: Vec<Option<ProjectJobs<'p>>>,
        neighbourhoods: &'p [Neighbourhood<'p>],
        indexes: &'p [Index<'p>],
    ) -> Self {
        let mut environments = JobEnvironments::default();
        for (project, jobs) in projects.iter().zip(&jobs) {
            let names = jobs.as_ref().and_then(ProjectJobs::environments);
            if let (Some(path), Some(names)) = (&project.context.project, names) {
                environments.insert(path, names);
            }
        }
        let sources = match neighbourhoods.is_empty() {
            true => HashMap::new(),
            false => {
                let sources = files.iter().flatten().flatten().map(|file| &file.source);
                sources.map(|source| (source.path().to_owned(), Arc::clone(source))).collect()
            }
        };
        Self { environments: Arc::new(environments), sources, jobs, neighbourhoods, indexes }
    }

    /// The jobs of the project at a position.
    pub fn jobs(&self, at: usize) -> Option<&ProjectJobs<'p>> {
        self.jobs.get(at)?.as_ref()
    }

    /// Who gets in at the agents around the project at a position.
    pub fn index(&self, project: &Project, at: usize) -> Option<&'p Index<'p>> {
        let (inventory, settings, alone) = membership(project, at);
        let position = self.neighbourhoods.iter().position(|one| one.is_for(inventory, settings, alone))?;
        self.indexes.get(position)
    }
}
