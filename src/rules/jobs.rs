//! What rules about jobs share: places, names of cases.

use super::support::*;
use crate::access::jobs::{CaseGrant, JobCase, Refusal, Resolved};
use crate::access::{DropReason, Row};
use crate::ci;
use crate::words::{dropped, excerpt};

/// A place of a CI file as findings have it.
pub(super) fn at(place: &ci::Place) -> Place {
    Place { source: Arc::clone(&place.source), span: place.span }
}

/// A finding at a place of a CI file.
pub(super) fn finding_at(info: &'static RuleInfo, place: &ci::Place, message: impl Into<String>) -> Finding {
    Finding::new(info, &place.source, place.span, message)
}

/// A finding about a context that a job selects.
pub(super) fn finding_on(info: &'static RuleInfo, selection: &Selection, message: impl Into<String>) -> Finding {
    finding_at(info, &selection.place, message).route(&selection.route).key(selection.context.to_string())
}

/// A job in a sentence: "`deploy`", or "`deploy: [eu]`" for one combination of its matrix.
pub(super) fn job_name(case: &JobCase) -> String {
    excerpt(&case.name)
}

/// The place of a line of the job's script.
pub(super) fn script_place(job: &JobView<'_>, item: usize, range: &std::ops::Range<usize>) -> Option<ci::Place> {
    let line = job.job.script.get(item)?;
    Some(ci::Place { source: Arc::clone(line.source()), span: line.span_of(range.clone()) })
}

/// A case of a job that an agent lets in in none of its pipelines, for this reason.
pub(super) struct Refused<'j, 'w> {
    /// The case.
    pub case: &'j JobCase,
    /// The agent.
    pub agent: AgentId,
    /// What it answers.
    pub row: Row<'w>,
}

/// The first case in which the agent of a selection does not let the job in, for the reason that a rule is about.
pub(super) fn refused<'j, 'w>(
    selection: &Selection,
    job: &'j JobView<'_>,
    jobs: &Jobs<'_, 'w>,
    is_meant: impl Fn(&Refusal) -> bool,
) -> Option<Refused<'j, 'w>> {
    let Resolved::Agent(agent) = selection.resolve(jobs.index) else { return None };
    let known = jobs.index.agent(agent);
    let is_asked = selection.by != crate::access::jobs::By::Environment && known.is_registered;
    if !is_asked || (known.file.is_none() && !is_at_hand(known.project?, jobs)) {
        return None;
    }
    selection.cases.iter().find_map(|&at| {
        let case = job.cases.get(at)?;
        let grant: CaseGrant<'w> = jobs.all.grant(case, agent, jobs.index)?;
        let (refusal, row) = grant.refusal()?;
        // The environment of a job of Auto DevOps, and when it runs, stand in GitLab's template.
        let is_hidden = selection.by == crate::access::jobs::By::AutoDevops && refusal != Refusal::NotNamed;
        (is_meant(&refusal) && !is_hidden).then(|| Refused { case, agent, row: row.clone() })
    })
}

/// Whether the files of a configuration project are at hand, so that an agent without one has none.
fn is_at_hand(project: &str, jobs: &Jobs<'_, '_>) -> bool {
    jobs.project() == Some(project)
        || jobs.index.agents().iter().any(|agent| agent.file.is_some() && agent.project == Some(project))
}

/// What comes of a context that does not exist.
pub(super) fn consequence(selection: &Selection) -> &'static str {
    match selection.by {
        crate::access::jobs::By::Environment => "so the environment gets no agent",
        _ => "so kubectl says that no context exists with the name",
    }
}

impl Refused<'_, '_> {
    /// Adds the entry that decides.
    pub fn show_winner(&self, finding: Finding, jobs: &Jobs<'_, '_>, message: &str) -> Finding {
        let entry = self.row.winner.and_then(|winner| winner.entry);
        match entry.and_then(|entry| jobs.entry_place(self.agent, entry)) {
            Some(place) => finding.related_at(place, message),
            None => finding,
        }
    }

    /// Adds the entries that fell out, with the reason.
    pub fn show_dropped(&self, mut finding: Finding, jobs: &Jobs<'_, '_>) -> Finding {
        for (candidate, reason) in &self.row.fell_out {
            if *reason == DropReason::NotOwnProject {
                continue;
            }
            if let Some(place) = candidate.entry.and_then(|entry| jobs.entry_place(self.agent, entry)) {
                finding = finding.related_at(place, format!("this entry {}", dropped(reason)));
            }
        }
        finding
    }
}

/// The contexts of agents that the project may use, for a word of advice.
pub(super) fn usable_contexts(jobs: &Jobs<'_, '_>) -> Vec<String> {
    let Some(project) = jobs.project() else { return Vec::new() };
    jobs.index.agents_for(project).into_iter().map(|agent| jobs.index.agent(agent).context()).collect()
}
