//! `managed-resources-not-granted`.

use super::findings::{Findings, Wording};
use super::given::JobContext;
use super::jobs::{finding_at, job_name};
use super::rule::{Rule, rule};
use crate::access::AgentId;
use crate::access::jobs::{By, JobCase, JobView, Resolved};
use crate::words::excerpt;

rule! {
    /// The job asks for managed resources, and the agent's entry does not turn them on.
    ///
    /// GitLab makes a namespace and a role binding for the environment only where the entry of `ci_access` that applies to the job's project
    /// has `resource_management: {enabled: true}`.
    ///
    /// Source: `doc/user/clusters/agent/managed_kubernetes_resources.md` of GitLab.
    ///
    /// ## Bad
    ///
    /// ```yaml ci project=acme/web/shop
    /// deploy:
    ///   environment:
    ///     name: production
    ///     kubernetes:
    ///       agent: acme/agents:prod
    ///       managed_resources:
    ///         enabled: true
    ///   script: [echo]
    /// ```
    ///
    /// ```yaml of=acme/agents path=.gitlab/agents/prod/config.yaml tier=premium
    /// ci_access: {projects: [{id: acme/web/shop, access_as: {ci_job: {}}}]}
    /// ```
    ///
    /// ```yaml inventory
    /// gitlab: {tier: premium}
    /// projects: [{path: acme/agents}, {path: acme/web/shop}]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml ci project=acme/web/shop
    /// deploy:
    ///   environment:
    ///     name: production
    ///     kubernetes:
    ///       agent: acme/agents:prod
    ///       managed_resources:
    ///         enabled: true
    ///   script: [echo]
    /// ```
    ///
    /// ```yaml of=acme/agents path=.gitlab/agents/prod/config.yaml tier=premium
    /// ci_access: {projects: [{id: acme/web/shop, access_as: {ci_job: {}}, resource_management: {enabled: true}}]}
    /// ```
    ///
    /// ```yaml inventory
    /// gitlab: {tier: premium}
    /// projects: [{path: acme/agents}, {path: acme/web/shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write `resource_management: {enabled: true}` in the entry of the project.
    ///
    /// ## When it stays silent
    ///
    /// Where the job does not write `managed_resources: {enabled: true}`, and where the agent's file is not at hand or GitLab refuses it.
    ManagedResourcesNotGranted = "managed-resources-not-granted", Warning in Jobs
}

impl Rule for ManagedResourcesNotGranted {
    fn check_job(&self, job: &JobView<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        let kubernetes = job.job.environment.as_ref().and_then(|environment| environment.kubernetes.as_ref());
        let asked = kubernetes.and_then(|kubernetes| kubernetes.managed_resources.as_ref());
        let Some((_, place)) = asked.filter(|(enabled, _)| *enabled) else { return };
        let Some((agent, case)) = environment_agent(job, cx) else { return };
        let known = cx.index.agent(agent);
        let Some(project) =
            cx.project_path().filter(|_| known.file.is_some() && known.is_registered && !known.is_refused())
        else {
            return;
        };
        let rows = cx.index.query_agent(agent, &case.query(project, None));
        // Nothing is told of a project that the inventory does not list.
        if rows.is_empty() {
            return;
        }
        let grants = rows.iter().any(|row| {
            let entry = row.winner.and_then(|winner| winner.entry);
            entry.and_then(|entry| entry.resource_management.as_ref()).is_some_and(|enabled| enabled.value)
        });
        if grants {
            return;
        }
        let winner = rows.iter().find_map(|row| row.winner);
        let why = match winner.map(|winner| winner.entry.is_some()) {
            Some(true) => "the entry that applies does not turn them on",
            Some(false) => "no entry names the configuration project itself, whose own access does not turn them on",
            None => "no entry lets the project in",
        };
        let (name, context) = (job_name(case), excerpt(&known.context()));
        let message = format!(
            "{name} asks the agent {context} for managed resources, and {why}: nothing is made for the environment"
        );
        let wording = Wording {
            job: name,
            before: String::new(),
            after: format!(
                " ask the agent {context} for managed resources, and {why}: nothing is made for their environments"
            ),
            instead: None,
        };
        let mut finding = finding_at(&INFO, place, message)
            .label("not granted")
            .route(format!("{}.environment.kubernetes.managed_resources", job.job.name))
            .key(known.context());
        if let Some(place) = winner.and_then(|winner| cx.entry_place(agent, winner.entry?)) {
            finding = finding.related_at(place, "this entry applies");
        }
        let help = "write `resource_management: {enabled: true}` in the agent's entry for the project";
        findings.report_naming(finding.help(help), wording);
    }
}

/// The agent that the job's environment names, with the case that names it.
pub(super) fn environment_agent<'j>(job: &'j JobView<'_>, cx: &JobContext<'_>) -> Option<(AgentId, &'j JobCase)> {
    let selection = job.selections().iter().find(|selection| selection.by == By::Environment)?;
    let Resolved::Agent(agent) = selection.resolve(cx.index) else { return None };
    Some((agent, job.cases.get(*selection.cases.first()?)?))
}
