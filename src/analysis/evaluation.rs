//! Projects side by side, worked out: files decoded, the jobs of each, who gets in at the agents of all.
//!
//! With an inventory all projects of one instance make one world, so that a job of one project meets the agents of
//! another. Without one, projects whose paths are known make a world, and every other stands alone.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;
use self_cell::self_cell;

use super::{FEW, Steps, Subject};
use crate::access::jobs::{CiProject, JobEnvironments, ProjectJobs};
use crate::access::{self, Index, Settings, World};
use crate::gitlab::FullPath;
use crate::project::{AgentFile, Context, Input};
use crate::source::Source;

/// For whom projects are worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// For rules, so that nothing about access is worked out where no project has a CI file or policies.
    Rules,
    /// For whoever asks who gets in.
    Access,
    /// For whoever asks who gets in at all agents at once, those of projects whose path is not known among them.
    AccessTogether,
    /// The same, for whoever asks nothing else about agents' files: of those only the entries are kept.
    AccessAlone,
}

impl Purpose {
    fn is_together(self) -> bool {
        matches!(self, Self::AccessTogether | Self::AccessAlone)
    }
}

/// Projects with everything that was worked out about them; it can be kept until one of them changes.
pub struct Evaluation(Cell);

self_cell! {
    struct Cell {
        owner: Material,

        #[not_covariant]
        dependent: Facts,
    }
}

/// What the facts borrow from.
struct Material {
    subjects: Vec<Subject>,
    files: Vec<Vec<Option<Arc<AgentFile>>>>,
    known: Vec<CiProject>,
}

/// What was worked out about projects.
pub struct Facts<'p> {
    /// The projects.
    pub subjects: &'p [Subject],
    /// The decoded files of each, by the position of its inputs; `None` for what has no text.
    pub files: &'p [Vec<Option<Arc<AgentFile>>>],
    /// The environments of each project's jobs.
    pub environments: JobEnvironments,
    /// The texts of agents' files, by path.
    pub sources: HashMap<String, Arc<Source>>,
    jobs: Vec<Option<ProjectJobs<'p>>>,
    indexes: HashMap<Membership, Index<'p>>,
    purpose: Purpose,
}

/// Which world a project belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Membership {
    /// The inventory, by its address: one that was read once is the same.
    inventory: Option<usize>,
    settings: Settings,
    /// The position of a project that stands alone.
    alone: Option<usize>,
}

impl Membership {
    fn of(subject: &Subject, at: usize, purpose: Purpose) -> Self {
        let context = &subject.project.context;
        let inventory = context.inventory.as_ref().map(|inventory| Arc::as_ptr(inventory).addr());
        let is_alone = inventory.is_none() && context.project.is_none() && !purpose.is_together();
        Self { inventory, settings: context.access_settings(), alone: is_alone.then_some(at) }
    }
}

impl Evaluation {
    /// Works projects out, side by side.
    #[must_use]
    pub fn of(subjects: Vec<Subject>, purpose: Purpose, steps: &Steps) -> Self {
        let decoded: Decode = match purpose {
            Purpose::AccessAlone => Input::decoded_for_access,
            Purpose::Rules | Purpose::Access | Purpose::AccessTogether => Input::decoded,
        };
        let decode = |subject: &Subject| decode(subject, decoded, steps);
        // Threads cost more to start than a few small files cost to check.
        let files = match subjects.len() <= FEW {
            true => subjects.iter().map(decode).collect(),
            false => subjects.par_iter().map(decode).collect(),
        };
        Self::with_files(subjects, files, purpose, steps)
    }

    /// Works out for rules a project that stands alone; the project does not hold on to what was decoded.
    pub(super) fn of_one(subject: Subject, steps: &Steps) -> Self {
        let files = vec![decode(&subject, Input::decoded_once, steps)];
        Self::with_files(vec![subject], files, Purpose::Rules, steps)
    }

    fn with_files(
        subjects: Vec<Subject>,
        files: Vec<Vec<Option<Arc<AgentFile>>>>,
        purpose: Purpose,
        steps: &Steps,
    ) -> Self {
        let known = subjects.iter().map(|subject| subject.project.ci_project()).collect();
        let material = Material { subjects, files, known };
        Self(Cell::new(material, |material| Facts::of(material, purpose, steps)))
    }

    /// Shows what was worked out.
    pub fn with<R>(&self, work: impl FnOnce(&Facts<'_>) -> R) -> R {
        self.0.with_dependent(|_, facts| work(facts))
    }
}

/// How a file is decoded by what is known of its project.
type Decode = fn(&Input, &Context) -> Option<Arc<AgentFile>>;

fn decode(subject: &Subject, decoded: Decode, steps: &Steps) -> Vec<Option<Arc<AgentFile>>> {
    let project = &subject.project;
    project.inputs.iter().map(|input| decoded(input, &project.context)).inspect(|_| steps.add(1)).collect()
}

/// Whether nothing of one of the projects bears on the findings of another: none has jobs or policies, or each is a world by itself.
pub(super) fn stand_alone(subjects: &[Subject]) -> bool {
    let is_alone = |at: usize, subject: &Subject| Membership::of(subject, at, Purpose::Rules).alone.is_some();
    !subjects.iter().any(asks_who_gets_in) || subjects.iter().enumerate().all(|(at, subject)| is_alone(at, subject))
}

/// Whether a rule may ask who gets in at the agents around a project.
fn asks_who_gets_in(subject: &Subject) -> bool {
    subject.project.pipeline.is_some() || !subject.project.context.policies.is_empty()
}

impl<'p> Facts<'p> {
    fn of(material: &'p Material, purpose: Purpose, steps: &Steps) -> Self {
        let Material { subjects, files, known } = material;
        let jobs_of = |(subject, known): (&'p Subject, &'p CiProject)| {
            let pipeline = subject.project.pipeline.as_ref()?;
            steps.add(1);
            // Of a project that nobody asks about, only the environments count, and those may be known.
            if !subject.is_asked_for() && subject.environments.get().is_some() {
                return None;
            }
            let jobs = ProjectJobs::of(pipeline, known);
            subject.environments.get_or_init(|| jobs.environments());
            Some(jobs)
        };
        let jobs = match subjects.len() <= FEW {
            true => subjects.iter().zip(known).map(jobs_of).collect(),
            false => subjects.par_iter().zip(known).map(jobs_of).collect(),
        };
        let mut environments = JobEnvironments::default();
        for subject in subjects {
            if let (Some(path), Some(names)) = (&subject.project.context.project, subject.job_environments()) {
                environments.insert(path, names.to_vec());
            }
        }
        let worlds = worlds(subjects, files, purpose);
        let sources = match worlds.is_empty() {
            true => HashMap::new(),
            false => {
                let sources = files.iter().flatten().flatten().map(|file| &file.source);
                sources.map(|source| (source.path().to_owned(), Arc::clone(source))).collect()
            }
        };
        let indexes = worlds.into_iter().map(|(membership, world)| (membership, world.authorize())).collect();
        Self { subjects, files, environments, sources, jobs, indexes, purpose }
    }

    /// The jobs of the project at a position.
    #[must_use]
    pub fn jobs(&self, at: usize) -> Option<&ProjectJobs<'p>> {
        self.jobs.get(at)?.as_ref()
    }

    /// The jobs of all projects, in their order.
    pub fn all_jobs(&self) -> impl Iterator<Item = &ProjectJobs<'p>> {
        self.jobs.iter().flatten()
    }

    /// Who gets in at the agents around the project at a position.
    #[must_use]
    pub fn index(&self, at: usize) -> Option<&Index<'p>> {
        self.indexes.get(&Membership::of(self.subjects.get(at)?, at, self.purpose))
    }

    /// The worlds, each as who gets in at its agents.
    pub fn indexes(&self) -> impl Iterator<Item = &Index<'p>> {
        self.indexes.values()
    }
}

/// The worlds of the projects; none where nobody asks who gets in.
fn worlds<'p>(
    subjects: &'p [Subject],
    files: &'p [Vec<Option<Arc<AgentFile>>>],
    purpose: Purpose,
) -> Vec<(Membership, World<'p>)> {
    let mut all: Vec<(Membership, World<'p>)> = Vec::new();
    if purpose == Purpose::Rules && !subjects.iter().any(asks_who_gets_in) {
        return all;
    }
    let mut positions: HashMap<Membership, usize> = HashMap::new();
    for (at, (subject, files)) in subjects.iter().zip(files).enumerate() {
        let project = &subject.project;
        let membership = Membership::of(subject, at, purpose);
        let position = *positions.entry(membership).or_insert(all.len());
        if position == all.len() {
            let inventory = project.context.inventory.as_deref();
            all.push((membership, World { inventory, files: Vec::new(), settings: membership.settings }));
        }
        let path = project.context.project.as_ref().map(FullPath::as_str);
        let agents = project.inputs.iter().zip(files).filter_map(|(input, file)| {
            let agent = input.location.agent()?;
            match (file, input.refused_unread()) {
                (Some(file), _) => Some(access::AgentFile::new(path, agent, &file.source, &file.config)),
                (None, Some(step)) => Some(access::AgentFile::refused(path, agent, &input.source, step)),
                (None, None) => None,
            }
        });
        if let Some((_, world)) = all.get_mut(position) {
            world.files.extend(agents);
        }
    }
    all
}
