//! What the jobs of a CI file come to: the environment that each would have, the pipelines that it runs in, the contexts
//! that its scripts select, and which agents let it in.
//!
//! This joins [`crate::ci`] (what is written) and [`crate::access`] (who gets in). What hangs on variables that are not
//! known stays open: a job then has several cases, or an answer has conditions. It knows no findings.

mod admission;
mod case;
mod children;
mod context;
mod environments;
mod files;
mod grant;
mod selection;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use crate::access::Index;
use crate::ci::variables::Scope;
use crate::ci::{Job, Pipeline, ProjectFacts, Unread, UnreadKind};
use crate::gitlab::{MergeRequestProtection, PartialText, Version};
use crate::inventory::Inventory;
use crate::pipeline_rules::{RefFacts, Starts};
use crate::shell::{Library, Script};
use crate::source::Source;

use case::{Basis, Reading};
use children::Children;
use files::Kept;
use selection::Selections;

pub use admission::{Admission, Admissions, ProjectAdmissions};
pub use case::JobCase;
pub(crate) use case::rule_inputs;
pub use children::{ChildPipeline, StartedBy, StartingJob};
pub use context::{ContextName, context_name};
pub use environments::{JobEnvironments, KnownEnvironments};
pub use files::gather;
pub use grant::{CaseGrant, Grants, Refusal};
pub use selection::{By, KUBE_CONTEXT, Resolved, Selection};

/// What is known of the project whose jobs these are.
#[derive(Clone, Debug, Default)]
pub struct CiProject {
    /// What predefined variables follow from.
    pub facts: ProjectFacts,
    /// Its protected refs.
    pub refs: RefFacts,
}

impl CiProject {
    /// What path and inventory say of a project, by the rules of a release.
    #[must_use]
    pub fn of(path: Option<&str>, inventory: Option<&Inventory>, version: Version) -> Self {
        let listed = inventory.zip(path).and_then(|(inventory, path)| inventory.find_project(path));
        let default_branch = listed.and_then(|project| project.default_branch.as_deref()).map(str::to_owned);
        let facts = ProjectFacts {
            path: listed.map(|project| &*project.path).or(path).map(str::to_owned),
            id: listed.and_then(|project| project.id),
            default_branch: default_branch.clone(),
            server_url: inventory.and_then(|inventory| inventory.instance().url.as_deref()).map(str::to_owned),
        };
        let rules = |rules: Option<&[Box<str>]>| rules.map(<[Box<str>]>::to_vec);
        let refs = RefFacts {
            default_branch,
            protected_branches: rules(listed.and_then(|project| project.protected_branches.as_deref())),
            protected_tags: rules(listed.and_then(|project| project.protected_tags.as_deref())),
            merge_requests: listed.map_or_else(
                || MergeRequestProtection::of(version, None, None),
                |project| project.merge_request_protection(version),
            ),
            project: facts.path.clone(),
        };
        Self { facts, refs }
    }
}

/// The jobs of one project's CI file.
#[derive(Debug)]
pub struct ProjectJobs<'p> {
    /// The CI file.
    pub pipeline: &'p Pipeline,
    /// What is known of the project.
    pub project: &'p CiProject,
    /// The jobs with scripts or environments, in the order of the file; those of child pipelines at the place of the job that starts them.
    pub jobs: Vec<JobView<'p>>,
    /// The child pipelines that jobs start, each as often as what it gets differs.
    pub children: Vec<ChildPipeline<'p>>,
    /// The jobs that would start child pipelines on a third level, and fail.
    pub too_deep: Vec<&'p Job>,
    /// What jobs start and was not read.
    not_read: Vec<Unread>,
    /// Whether child pipelines are put together that may differ.
    is_cut: bool,
    run_unread: OnceLock<Vec<Unread>>,
}

/// A job and what it comes to.
#[derive(Debug)]
pub struct JobView<'p> {
    /// The CI file that it stands in.
    pub pipeline: &'p Pipeline,
    /// The job as it is written.
    pub job: &'p Job,
    /// What starts the child pipeline that it is in.
    pub started_by: Option<Arc<StartedBy>>,
    /// The ways in which it may run, one for each combination of its matrix, rule that lets it in, and environment. None for
    /// a job that is in no pipeline.
    pub cases: Vec<JobCase>,
    basis: Arc<Basis>,
    has_more_cases: bool,
    selections: OnceLock<Selections>,
}

impl<'p> ProjectJobs<'p> {
    /// Works out the jobs of a CI file.
    ///
    /// Costs in proportion to the jobs, their matrices and their rules.
    #[must_use]
    pub fn of(pipeline: &'p Pipeline, project: &'p CiProject) -> Self {
        match &pipeline.job_files {
            Some(files) => Self::with_files(pipeline, project, &Library::new(&Kept(files)), &|_| true),
            None => Self::with_files(pipeline, project, &Library::empty(), &|_| true),
        }
    }

    /// The same of some jobs with the files that they run.
    fn with_files(
        pipeline: &'p Pipeline,
        project: &'p CiProject,
        library: &Library<'_>,
        is_wanted: &dyn Fn(&Job) -> bool,
    ) -> Self {
        let workflow = Arc::new(case::Workflow::of(pipeline.workflow_rules.as_deref()));
        let basis = Arc::new(Basis { scope: Scope::predefined(&project.facts), workflow, forwarded: None });
        let mut reading = Reading::of(library, is_wanted);
        let views = JobView::all(pipeline, &basis, &project.refs, None, &mut reading);
        let run_unread = OnceLock::new();
        if pipeline.jobs.iter().all(|job| job.trigger.is_none()) {
            let jobs = views.into_iter().map(|(_, view)| view).collect();
            let (children, not_read, too_deep) = (Vec::new(), Vec::new(), Vec::new());
            return Self { pipeline, project, jobs, children, too_deep, not_read, is_cut: false, run_unread };
        }
        let (jobs, below) = children::jobs(pipeline, project, views, basis, reading);
        let Children { list: children, not_read, too_deep, is_cut } = below;
        Self { pipeline, project, jobs, children, too_deep, not_read, is_cut, run_unread }
    }

    /// What was not read: parts of the CI configuration, and what its jobs run.
    pub fn not_read(&self) -> impl Iterator<Item = &Unread> {
        let of_jobs = self.run_unread.get_or_init(|| match self.pipeline.job_files {
            Some(_) => self.jobs.iter().flat_map(JobView::not_read).collect(),
            None => Vec::new(),
        });
        self.pipeline.unread.iter().chain(&self.not_read).chain(of_jobs)
    }

    /// The configurations of child pipelines that jobs start, each once, with the names of the jobs that start it and where these stand.
    #[must_use]
    pub fn children_with_starts(&self) -> Vec<(&'p Pipeline, Vec<StartingJob>)> {
        let mut all: Vec<(&'p Pipeline, Vec<StartingJob>)> = Vec::new();
        let mut known: HashMap<*const Pipeline, usize> = HashMap::new();
        let mut seen = HashSet::new();
        for child in &self.children {
            let pipeline = std::ptr::from_ref(child.pipeline);
            let at = *known.entry(pipeline).or_insert(all.len());
            if at == all.len() {
                all.push((child.pipeline, Vec::new()));
            }
            let new = child.started_by.jobs.iter().filter(|(name, place)| {
                seen.insert((pipeline, Arc::clone(name), Arc::as_ptr(&place.source), place.span))
            });
            let new: Vec<StartingJob> = new.cloned().collect();
            if let Some((_, starts)) = all.get_mut(at) {
                starts.extend(new);
            }
        }
        all
    }

    /// The files of the repository that were read since jobs run them, each with the names of these.
    #[must_use]
    pub fn run_files(&self) -> Vec<(&Arc<Source>, Vec<&str>)> {
        let mut all: Vec<(&Arc<Source>, Vec<&str>)> = Vec::new();
        if self.pipeline.job_files.is_none() {
            return all;
        }
        let mut known: HashMap<*const Source, usize> = HashMap::new();
        for job in &self.jobs {
            let mut last: Option<*const Script> = None;
            for script in job.cases.iter().map(|case| &case.script) {
                if last.replace(Arc::as_ptr(script)) == Some(Arc::as_ptr(script)) {
                    continue;
                }
                for file in &script.files {
                    let at = *known.entry(Arc::as_ptr(&file.source)).or_insert(all.len());
                    match all.get_mut(at) {
                        Some((_, jobs)) if jobs.last() == Some(&&*job.job.name) => {}
                        Some((_, jobs)) => jobs.push(&job.job.name),
                        None => all.push((&file.source, vec![&job.job.name])),
                    }
                }
            }
        }
        all
    }

    /// The names of the environments that jobs have; `None` where jobs may be missing.
    #[must_use]
    pub fn environments(&self) -> Option<Vec<PartialText>> {
        let is_whole = |pipeline: &Pipeline| {
            // What a job that starts a pipeline has as its environment is not looked at.
            let has_other = pipeline.jobs.iter().any(|job| job.is_trigger && job.environment.is_some());
            !has_other && !pipeline.is_incomplete() && pipeline.problems.is_empty()
        };
        let is_cut = self.is_cut || self.jobs.iter().any(|job| job.has_more_cases);
        // Jobs of child pipelines are jobs of the project as well, and those of other projects are not.
        let misses_child = self.not_read.iter().any(|unread| unread.kind != UnreadKind::OtherPipeline);
        let of_children = self.children.iter().map(|child| child.pipeline);
        if is_cut || misses_child || !of_children.chain([self.pipeline]).all(is_whole) {
            return None;
        }
        let names = self.jobs.iter().flat_map(|job| &job.cases).filter_map(|case| case.environment.clone());
        Some(names.collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// Whether any job selects an agent's context, or the project has an agent that it may use.
    #[must_use]
    pub fn uses_agents(&self, index: &Index<'_>) -> bool {
        let sees_agent = || match self.project.facts.path.as_deref() {
            Some(path) => !index.agents_for(path).is_empty(),
            // The configuration project's own jobs get in without an entry.
            None => index.agents().iter().any(|agent| agent.project.is_none()),
        };
        let names_agent = |job: &JobView<'_>| {
            let mut selections = job.selections().iter();
            selections.any(|selection| {
                matches!(context_name(&selection.context), ContextName::Agent { .. } | ContextName::OwnAgent { .. })
            })
        };
        self.jobs.iter().any(names_agent) || sees_agent()
    }
}

impl<'p> JobView<'p> {
    /// The jobs of a pipeline with what each comes to, by their positions.
    fn all(
        pipeline: &'p Pipeline,
        basis: &Arc<Basis>,
        refs: &RefFacts,
        starts: Option<(&Starts<'_>, &Arc<StartedBy>)>,
        reading: &mut Reading<'p, '_>,
    ) -> Vec<(usize, Self)> {
        reading.of_another_pipeline();
        let is_wanted = reading.is_wanted;
        let view = |(at, job): (usize, &'p Job)| {
            let (cases, has_more_cases) = case::cases(job, basis, refs, starts.map(|(starts, _)| starts), reading);
            let (basis, selections) = (Arc::clone(basis), OnceLock::new());
            let started_by = starts.map(|(_, by)| Arc::clone(by));
            (at, Self { pipeline, job, started_by, cases, basis, has_more_cases, selections })
        };
        pipeline.jobs.iter().enumerate().filter(|(_, job)| !job.is_trigger && is_wanted(job)).map(view).collect()
    }
}

impl JobView<'_> {
    /// The contexts that the job selects, in the order of its scripts, each place once.
    pub fn selections(&self) -> &[Selection] {
        &self.selections.get_or_init(|| selection::selections(self)).list
    }

    /// The variables that the job sees in one of its cases.
    #[must_use]
    pub fn scope(&self, case: &JobCase) -> Scope {
        self.basis.scope_of(self.job, case)
    }

    /// Whether there are more cases or selections than are looked at.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.has_more_cases || self.selections.get().is_some_and(|selections| selections.is_cut)
    }
}

/// Where a line of a job's script stands, e.g. `deploy.script[1]`.
pub(crate) fn script_route(job: &Job, item: usize) -> String {
    let Some(line) = job.script.get(item) else { return job.name.to_string() };
    let first = job.script.iter().position(|other| other.section == line.section).unwrap_or(item);
    format!("{}.{}[{}]", job.name, line.section.keyword(), item - first)
}
