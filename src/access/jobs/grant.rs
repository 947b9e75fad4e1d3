//! Whether an agent lets the cases of a job in.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::{JobCase, ProjectJobs};
use crate::access::{AgentId, CandidateKind, Certainly, Denial, Index, JobEnvironment, Outcome, Query, Row};
use crate::gitlab::{EnvironmentTier, PartialText};
use crate::pipeline_rules::PipelineKind;

/// What an agent answers one case of a job.
#[derive(Debug)]
pub struct CaseGrant<'w> {
    /// The rows for each kind of pipeline, in the order of the case's runs.
    pub rows: Vec<Rc<[Row<'w>]>>,
}

/// Why an agent lets a case in in none of its pipelines.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No entry names the project.
    NotNamed,
    /// The job has no environment, or one that the entry does not list.
    Environment,
    /// The entry wants a protected ref, and the job runs on none.
    Unprotected,
    /// The request for the job's agents fails.
    Error,
}

impl JobCase {
    /// The question whether an agent lets the case in, on a ref that is protected or not.
    #[must_use]
    pub fn query<'q>(&'q self, project: &'q str, protected: Option<bool>) -> Query<'q> {
        Query {
            project,
            environment: self.environment.as_ref().map(JobEnvironment::Partly),
            tier: self.tier,
            protected,
            is_merge_request: false,
        }
    }

    /// Whether the case may be in a pipeline of a ref that is protected, or of one that is not.
    #[must_use]
    pub fn may_run(&self, protected: bool) -> bool {
        self.runs.iter().any(|run| run.scenario.protected.is_none_or(|is_protected| is_protected == protected))
    }
}

/// Whether the ref is protected, and whether the pipeline is that of a merge request.
type Asked = (Option<bool>, bool);

/// What agents answer the cases of a project's jobs. Hundreds of jobs have few environments, and each question is asked once.
#[derive(Debug)]
pub struct Grants<'g, 'w> {
    jobs: &'g ProjectJobs<'g>,
    index: &'g Index<'w>,
    known: RefCell<ByEnvironment<'w>>,
}

/// The rows by what the question is made of.
type ByEnvironment<'w> =
    HashMap<Option<PartialText>, HashMap<(AgentId, Option<EnvironmentTier>, Asked), Rc<[Row<'w>]>>>;

impl<'g, 'w> Grants<'g, 'w> {
    /// Asks about the jobs of one project.
    #[must_use]
    pub fn new(jobs: &'g ProjectJobs<'g>, index: &'g Index<'w>) -> Self {
        Self { jobs, index, known: RefCell::default() }
    }

    /// What an agent answers a case; `None` where the project's path is not known.
    #[must_use]
    pub fn of(&self, case: &JobCase, agent: AgentId) -> Option<CaseGrant<'w>> {
        let project = self.jobs.project.facts.path.as_deref()?;
        let mut known = self.known.borrow_mut();
        if !known.contains_key(&case.environment) {
            known.insert(case.environment.clone(), HashMap::new());
        }
        let known = known.get_mut(&case.environment)?;
        let rows = case.runs.iter().map(|run| {
            let protected = run.scenario.protected;
            let is_merge_request = run.scenario.kind == PipelineKind::MergeRequest;
            let ask = || self.index.query_agent(agent, &Query { is_merge_request, ..case.query(project, protected) });
            let rows = known.entry((agent, case.tier, (protected, is_merge_request))).or_insert_with(|| ask().into());
            Rc::clone(rows)
        });
        Some(CaseGrant { rows: rows.collect() })
    }
}

impl ProjectJobs<'_> {
    /// Whether a case sees an agent, so that GitLab sets `KUBECONFIG` for it, and one of those; `None` where that is not known.
    ///
    /// Source: `lib/gitlab/ci/variables/builder.rb`.
    #[must_use]
    pub fn sees_agents(&self, case: &JobCase, index: &Index<'_>) -> Option<(Certainly, Option<AgentId>)> {
        let Some(project) = self.project.facts.path.as_deref() else {
            // The configuration project's own jobs get in, unless an entry names the project itself.
            let names_none = |id: AgentId| {
                let entries = index.entry_authorizations(id);
                entries.iter().all(|(entry, _)| CandidateKind::from(entry.kind) != CandidateKind::Project)
            };
            let mut own = index.agent_ids().filter(|(_, agent)| agent.project.is_none() && !agent.is_refused());
            return own.find(|(id, _)| names_none(*id)).map(|(id, _)| (Certainly::Yes, Some(id)));
        };
        if index.inventory().is_some_and(|inventory| inventory.find_project(project).is_none()) {
            return None;
        }
        let (mut sees, mut first, mut asked) = (None, None, Vec::new());
        for run in &*case.runs {
            let is_merge_request = run.scenario.kind == PipelineKind::MergeRequest;
            let key: Asked = (run.scenario.protected, is_merge_request);
            if asked.contains(&key) {
                continue;
            }
            asked.push(key);
            let answer = index.query(&Query { is_merge_request, ..case.query(project, run.scenario.protected) });
            let seen = answer.allowed.iter().find(|row| row.conditions.is_empty());
            let here = match seen {
                Some(_) => Certainly::Yes,
                None if answer.allowed.is_empty() && answer.unknown.is_empty() => Certainly::No,
                None => Certainly::Depends,
            };
            first = first.or(seen.map(|row| row.agent));
            sees = Some(sees.filter(|before| *before != here).map_or(here, |_| Certainly::Depends));
        }
        // Without an inventory, agents of other projects may let it in.
        let is_whole = index.inventory().is_some();
        sees.map(|sees| (if sees == Certainly::No && !is_whole { Certainly::Depends } else { sees }, first))
    }
}

impl<'w> CaseGrant<'w> {
    /// Why the agent lets the case in in none of its pipelines, with the row that says so; `None` where it does in some, or may.
    #[must_use]
    pub fn refusal(&self) -> Option<(Refusal, &Row<'w>)> {
        let rows = || self.rows.iter().flat_map(|rows| rows.iter());
        if rows().next().is_none() || rows().any(|row| !matches!(row.outcome, Outcome::Denied(_))) {
            return None;
        }
        // Of several reasons the one that is nearest to an answer is told.
        let refusals = rows().filter_map(|row| {
            let Outcome::Denied(denial) = &row.outcome else { return None };
            let (order, refusal) = match denial {
                Denial::NotProtected => (0, Refusal::Unprotected),
                Denial::NoEnvironment | Denial::OtherEnvironment => (1, Refusal::Environment),
                Denial::PatternRaises(..) | Denial::RequestFails(_) => (2, Refusal::Error),
                Denial::NoEntry => (3, Refusal::NotNamed),
            };
            Some((order, refusal, row))
        });
        refusals.min_by_key(|(order, ..)| *order).map(|(_, refusal, row)| (refusal, row))
    }
}
