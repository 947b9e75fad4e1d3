//! What the jobs of a CI file come to: the environment that each would have, the pipelines that it runs in, the contexts
//! that its scripts select, and which agents let it in.
//!
//! This joins [`crate::ci`] (what is written) and [`crate::access`] (who gets in). What hangs on variables that are not
//! known stays open: a job then has several cases, or an answer has conditions. It knows no findings.

mod admission;
mod case;
mod context;
mod environments;
mod grant;
mod selection;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use crate::access::Index;
use crate::ci::variables::Scope;
use crate::ci::{Job, Pipeline, ProjectFacts, Unread};
use crate::gitlab::{MergeRequestProtection, PartialText, Version};
use crate::inventory::Inventory;
use crate::pipeline_rules::RefFacts;

use case::{Basis, Reading};
use selection::Selections;

pub use admission::{Admission, Admissions, ProjectAdmissions};
pub use case::JobCase;
pub(crate) use case::rule_inputs;
pub use context::{ContextName, context_name};
pub use environments::{JobEnvironments, KnownEnvironments};
pub use grant::{CaseGrant, Refusal};
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
    /// The jobs with scripts or environments, in the order of the file.
    pub jobs: Vec<JobView<'p>>,
}

/// A job and what it comes to.
#[derive(Debug)]
pub struct JobView<'p> {
    /// The CI file that it stands in.
    pub pipeline: &'p Pipeline,
    /// The job as it is written.
    pub job: &'p Job,
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
        let workflow = case::Workflow::of(pipeline.workflow_rules.as_deref());
        let basis = Arc::new(Basis { scope: Scope::predefined(&project.facts), workflow });
        let mut reading = Reading::default();
        let jobs = pipeline.jobs.iter().filter(|job| !job.is_trigger).map(|job| {
            let (cases, has_more_cases) = case::cases(job, &basis, &project.refs, &mut reading);
            let (basis, selections) = (Arc::clone(&basis), OnceLock::new());
            JobView { pipeline, job, cases, basis, has_more_cases, selections }
        });
        Self { pipeline, project, jobs: jobs.collect() }
    }

    /// What was not read: parts of the CI configuration, and what its jobs run.
    pub fn not_read(&self) -> impl Iterator<Item = &Unread> {
        self.pipeline.unread.iter()
    }

    /// The names of the environments that jobs have; `None` where jobs may be missing.
    #[must_use]
    pub fn environments(&self) -> Option<Vec<PartialText>> {
        // Jobs of child pipelines are jobs of the project as well.
        let has_children = self.pipeline.jobs.iter().any(|job| job.has_child);
        let is_cut = self.jobs.iter().any(|job| job.has_more_cases);
        if has_children || is_cut || self.pipeline.is_incomplete() || !self.pipeline.problems.is_empty() {
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
