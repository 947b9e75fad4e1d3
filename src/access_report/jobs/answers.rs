//! Which agents the cases of jobs see. Cases of the same environment are answered once.

use std::collections::HashMap;
use std::rc::Rc;

use super::super::AccessReport;
use crate::access::jobs::JobCase;
use crate::access::{AgentId, Answer, Row};
use crate::ci::Environment;
use crate::gitlab::{EnvironmentTier, PartialText};
use crate::words::{self, Told};

/// What decides about the agents of a case, beside its project.
type Key<'j> = (Option<&'j PartialText>, Option<EnvironmentTier>, bool);

/// The answers so far.
pub(super) struct Answers<'s, 'w, 'j> {
    report: &'s AccessReport<'s, 'w>,
    project: Option<&'j str>,
    known: HashMap<Key<'j>, Rc<CaseAnswer<'w, 'j>>>,
    /// By agent, whether the job starts the environment, and whether it turns managed resources off.
    environment_agents: HashMap<(AgentId, bool, bool), EnvironmentAgent>,
}

/// What a deployment gives its environment of the agent that the job names.
#[derive(Clone, Debug)]
pub(super) struct EnvironmentAgent {
    pub dashboard: Told,
    pub managed_resources: Told,
}

/// An answer, and what it comes to for each agent.
pub(super) struct CaseAnswer<'w, 'j> {
    pub answer: Answer<'w, 'j>,
    /// By agent.
    by_agent: Vec<(AgentId, AgentAccess)>,
}

/// Whether a job sees an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AgentAccess {
    Yes,
    /// If this holds.
    If(String),
    /// For this reason, in few words.
    No(String),
    /// GitLab refuses the agent's file.
    Unknown,
}

impl<'s, 'w, 'j> Answers<'s, 'w, 'j> {
    pub fn new(report: &'s AccessReport<'s, 'w>, project: Option<&'j str>) -> Self {
        let listed =
            |path: &&str| report.index.inventory().is_none_or(|inventory| inventory.find_project(path).is_some());
        Self { report, project: project.filter(listed), known: HashMap::new(), environment_agents: HashMap::new() }
    }

    /// The answer for a case on refs that are protected, or on others; `None` where it can be in no such pipeline, or where
    /// the project is not known.
    pub fn of(&mut self, case: &'j JobCase, protected: bool) -> Option<Rc<CaseAnswer<'w, 'j>>> {
        let project = self.project.filter(|_| may_run(case, protected))?;
        let key = (case.environment.as_ref(), case.tier, protected);
        let report = self.report;
        let answered = self
            .known
            .entry(key)
            .or_insert_with(|| Rc::new(CaseAnswer::of(report.whole_answer(&case.query(project, Some(protected))))));
        Some(Rc::clone(answered))
    }

    /// What a deployment of a job gives its environment of the agent that the job names.
    pub fn environment_agent(&mut self, agent: AgentId, environment: &Environment) -> EnvironmentAgent {
        let (index, project) = (self.report.index, self.project);
        let written = environment.kubernetes.as_ref().and_then(|kubernetes| kubernetes.managed_resources.as_ref());
        let key = (agent, environment.is_started(), written.is_some_and(|(enabled, _)| !enabled));
        let told = self.environment_agents.entry(key).or_insert_with(|| EnvironmentAgent {
            dashboard: words::dashboard(index, agent, environment, project),
            managed_resources: words::managed_resources(index, agent, environment, project),
        });
        told.clone()
    }

    /// Whether who gets in can be told at all.
    pub fn is_project_known(&self) -> bool {
        self.project.is_some()
    }

    /// All answers that were given.
    pub fn given(&self) -> impl Iterator<Item = &CaseAnswer<'w, 'j>> {
        self.known.values().map(|answered| &**answered)
    }
}

/// Whether a case may be in a pipeline of a ref that is protected, or of one that is not.
pub(super) fn may_run(case: &JobCase, protected: bool) -> bool {
    case.may_run(protected)
}

impl<'w, 'j> CaseAnswer<'w, 'j> {
    fn of(answer: Answer<'w, 'j>) -> Self {
        let mut rows: Vec<&Row<'w>> = rows(&answer).collect();
        rows.sort_by_key(|row| row.agent);
        let by_agent = rows.chunk_by(|one, other| one.agent == other.agent).filter_map(|of_agent| {
            let agent = of_agent.first()?.agent;
            Some((agent, access(of_agent)))
        });
        let by_agent = by_agent.collect();
        Self { answer, by_agent }
    }

    /// Whether the job sees an agent; `None` where nothing names the project.
    pub fn access_to(&self, agent: AgentId) -> Option<&AgentAccess> {
        let at = self.by_agent.binary_search_by_key(&agent, |(agent, _)| *agent).ok()?;
        self.by_agent.get(at).map(|(_, access)| access)
    }

    /// The agents that the job sees or may see.
    pub fn seen(&self) -> impl Iterator<Item = (AgentId, &AgentAccess)> {
        let seen = self.by_agent.iter().filter(|(_, access)| !matches!(access, AgentAccess::No(_)));
        seen.map(|(agent, access)| (*agent, access))
    }
}

pub(super) fn rows<'a, 'w>(answer: &'a Answer<'w, '_>) -> impl Iterator<Item = &'a Row<'w>> {
    answer.allowed.iter().chain(&answer.denied).chain(&answer.unknown)
}

fn access(rows: &[&Row<'_>]) -> AgentAccess {
    let allowed: Vec<&&Row<'_>> = rows.iter().filter(|row| row.is_allowed()).collect();
    if allowed.len() == rows.len() {
        return AgentAccess::Yes;
    }
    if !allowed.is_empty() {
        let mut clauses: Vec<String> = allowed.iter().map(|row| words::conditions_of_jobs(&row.conditions)).collect();
        clauses.dedup();
        return AgentAccess::If(clauses.join(", or "));
    }
    let denial = rows.iter().find_map(|row| words::denial(row));
    match rows.iter().any(|row| matches!(row.outcome, crate::access::Outcome::Unknown(_))) {
        true => AgentAccess::Unknown,
        false => AgentAccess::No(denial.unwrap_or_default().to_owned()),
    }
}
