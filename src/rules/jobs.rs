//! What rules about jobs share: places, names of cases.

use std::sync::Arc;

use super::given::{JobAction, JobContext, JobSelection, RefusedCase};
use crate::access::jobs::{By, JobCase, Refusal, Resolved, Selection};
use crate::access::{AgentId, Denial, DropReason, Outcome};
use crate::ci::Kubernetes;
use crate::diagnostic::{Finding, RuleInfo, Safety, Severity};
use crate::source::Place;
use crate::words::{dropped, excerpt};

/// A finding at a place of a CI file.
pub(super) fn finding_at(info: &'static RuleInfo, place: &Place, message: impl Into<String>) -> Finding {
    Finding::new(info, &place.source, place.span, message)
}

/// A finding about a context that a job selects; a warning where it is not known whether anything selects it.
pub(super) fn finding_on(info: &'static RuleInfo, selection: &Selection, message: impl Into<String>) -> Finding {
    let finding = finding_at(info, &selection.place, message).route(&selection.route);
    let finding = if selection.by == By::Value { finding.severity(Severity::Warning) } else { finding };
    finding.key(selection.context.to_string())
}

/// A job in a sentence: "`deploy`", or "`deploy: [eu]`" for one combination of its matrix.
pub(super) fn job_name(case: &JobCase) -> String {
    excerpt(&case.name)
}

/// The first case in which the agent of a selection does not let the job in, for the reason that a rule is about.
pub(super) fn refused<'s, 'p>(
    selection: &'s JobSelection<'p>,
    cx: &JobContext<'p>,
    is_meant: impl Fn(&Refusal) -> bool,
) -> Option<&'s RefusedCase<'p>> {
    // The environment of a job of Auto DevOps, and when it runs, stand in GitLab's template.
    let is_auto_devops = selection.selected.by == By::AutoDevops;
    let mut cases = selection.refused_cases(cx).iter();
    cases.find(|RefusedCase { refusal, .. }| is_meant(refusal) && !(is_auto_devops && *refusal != Refusal::NotNamed))
}

/// An agent that a job's environment names, of which a deployment may get a dashboard and managed resources.
pub(super) struct EnvironmentAgent<'j> {
    /// The agent, registered, whose file GitLab takes.
    pub agent: AgentId,
    /// The first case of the job that names it.
    pub case: &'j JobCase,
    /// What the job writes of it.
    pub kubernetes: &'j Kubernetes,
}

impl<'j> EnvironmentAgent<'j> {
    /// The agent behind a selection; `None` where that is no agent of an environment, where the job makes no deployment, and where the
    /// agent's configuration is not known.
    pub fn of(selection: &JobSelection<'j>, cx: &JobContext<'_>) -> Option<Self> {
        let JobSelection { job, selected: selection, .. } = *selection;
        let environment = job.job.environment.as_ref().filter(|_| selection.by == By::Environment)?;
        let (Some(kubernetes), true) = (&environment.kubernetes, environment.is_started()) else { return None };
        let Resolved::Agent(agent) = selection.resolve(cx.index) else { return None };
        let known = cx.index.agent(agent);
        if !known.is_registered || known.is_refused() || !cx.knows_configuration(agent) {
            return None;
        }
        Some(Self { agent, case: job.cases.get(*selection.cases.first()?)?, kubernetes })
    }
}

/// The path of the project of the jobs; `None` where it is not known, or an inventory does not list it, so that nothing is told of who lets it in.
pub(super) fn listed_project<'p>(cx: &JobContext<'p>) -> Option<&'p str> {
    let is_listed = |path: &&str| cx.index.inventory().is_none_or(|inventory| inventory.find_project(path).is_some());
    cx.project_path().filter(is_listed)
}

/// What comes of a context that does not exist.
pub(super) fn consequence(selection: &Selection) -> &'static str {
    match selection.by {
        By::Environment => "so the environment gets no agent",
        By::Value => "so no context has this name",
        _ => "so kubectl says that no context exists with the name",
    }
}

impl RefusedCase<'_> {
    /// Adds the entry that decides.
    pub fn show_winner(&self, finding: Finding, cx: &JobContext<'_>, message: &str) -> Finding {
        let entry = self.row.winner.and_then(|winner| winner.entry);
        match entry.and_then(|entry| cx.entry_place(self.agent, entry)) {
            Some(place) => finding.related_at(place, message),
            None => finding,
        }
    }

    /// Adds the pattern of another agent that fails the request.
    pub fn show_failing(&self, finding: Finding, cx: &JobContext<'_>) -> Finding {
        let Outcome::Denied(Denial::RequestFails(context)) = &self.row.outcome else { return finding };
        let failing = cx.index.agent_ids().find(|(_, agent)| agent.context() == **context);
        let run = self.case.runs.first();
        let place = failing.zip(cx.project_path()).and_then(|((id, agent), project)| {
            let query = self.case.query(project, run.and_then(|run| run.scenario.protected));
            let pattern = cx.index.query_agent(id, &query).into_iter().find_map(|row| match row.outcome {
                Outcome::Denied(Denial::PatternRaises(pattern, _)) => Some(pattern),
                _ => None,
            });
            Some(Place { source: Arc::clone(cx.sources.get(agent.file?.path)?), span: pattern?.span })
        });
        match place {
            Some(place) => finding.related_at(place, "this pattern fails the request for all of the job's agents"),
            None => finding,
        }
    }

    /// Adds the entries that fell out, with the reason.
    pub fn show_dropped(&self, mut finding: Finding, cx: &JobContext<'_>) -> Finding {
        for (candidate, reason) in &self.row.fell_out {
            if *reason == DropReason::NotOwnProject {
                continue;
            }
            if let Some(place) = candidate.entry.and_then(|entry| cx.entry_place(self.agent, entry)) {
                finding = finding.related_at(place, format!("this entry {}", dropped(reason)));
            }
        }
        finding
    }
}

/// How many agents, and how many cases of a job, are tried for a word of advice.
const TRIED: (usize, usize) = (200, 4);

/// The contexts of agents that let the job of a script in, for a word of advice.
pub(super) fn usable_contexts(action: &JobAction<'_>, cx: &JobContext<'_>) -> Vec<String> {
    let Some(project) = cx.project_path() else { return Vec::new() };
    let cases = action.job.cases.iter().filter(|case| std::ptr::eq(&*case.script, action.script));
    let cases: Vec<&JobCase> = cases.take(TRIED.1).collect();
    let lets_in = |agent: &AgentId| {
        let grants = cases.iter().filter_map(|case| cx.grants.of(case, *agent));
        cases.is_empty() || grants.into_iter().any(|grant| grant.refusal().is_none())
    };
    let agents = cx.index.agents_for(project).into_iter().take(TRIED.0).filter(lets_in);
    agents.map(|agent| cx.index.agent(agent).context()).collect()
}

/// A fix that writes another context, where the one that is selected stands in the text as it is.
pub(super) fn renamed(finding: Finding, safety: Safety, context: Option<&String>, selection: &Selection) -> Finding {
    match context.filter(|_| selection.context.as_known() == Some(selection.place.written())) {
        Some(context) => {
            finding.fix(safety, format!("Write `{context}`"), selection.place.span, context.as_str()).changing()
        }
        None => finding,
    }
}
