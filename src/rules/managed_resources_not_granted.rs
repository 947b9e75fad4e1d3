//! `managed-resources-not-granted`.

use super::findings::{Findings, Wording};
use super::given::{JobContext, JobSelection};
use super::jobs::{EnvironmentAgent, finding_at, job_name, listed_project};
use super::rule::{Rule, rule};
use crate::access::{Certainly, Unmade};
use crate::gitlab::releases::MANAGED_RESOURCES;
use crate::words::{self, brief};

rule! {
    /// The job asks for managed resources, and the agent's entry does not turn them on.
    ///
    /// GitLab makes a namespace and a role binding for the environment only where the most specific entry of `ci_access` for the job's project has
    /// `resource_management: {enabled: true}`, and the agent's configuration project has Premium or Ultimate. The configuration project's own access has none.
    ///
    /// No job has to ask: where the entry turns them on, `environment:kubernetes:agent` is enough, and only `managed_resources: {enabled: false}` keeps GitLab
    /// from it. A job that writes `enabled: true` all the same counts on them, and without the entry nothing is made, without a word.
    ///
    /// Source: `lib/gitlab/ci/build/prerequisite/managed_resource.rb` and `ee/app/models/ee/clusters/agent.rb` of GitLab;
    /// `doc/user/clusters/agent/managed_kubernetes_resources.md`.
    ///
    /// Releases: from 17.9.
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
    /// Where the job does not write `managed_resources: {enabled: true}`: it may name the agent for its dashboard alone. Where its environment is not started
    /// (`action`), and where the agent's file is not at hand or GitLab refuses it.
    ManagedResourcesNotGranted = "managed-resources-not-granted", Warning in Jobs
}

impl Rule for ManagedResourcesNotGranted {
    fn check_selection(&self, selection: &JobSelection<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        let Some(EnvironmentAgent { agent, case, kubernetes }) = EnvironmentAgent::of(selection, cx) else { return };
        let Some((_, place)) = kubernetes.managed_resources.as_ref().filter(|(enabled, _)| *enabled) else { return };
        let Some(project) = listed_project(cx).filter(|_| cx.gitlab().version >= MANAGED_RESOURCES) else { return };
        let known = cx.index.agent(agent);
        let answer = cx.index.managed_resources(agent, project);
        if answer.are_made() != Some(Certainly::No) {
            return;
        }
        let told = answer.cases.iter().find(|case| case.winner.is_some()).or(answer.cases.first());
        let Some((told, unmade)) = told.and_then(|told| Some((told, told.unmade?))) else { return };
        let why = words::unmade(unmade);
        let (name, context) = (job_name(case), brief(&known.context()));
        let message = format!("{context} makes no managed resources for {name}: {why}");
        let wording = Wording {
            job: name,
            before: format!("{context} makes no managed resources for "),
            after: format!(": {why}"),
            instead: None,
        };
        let mut finding = finding_at(&INFO, place, message)
            .label("not granted")
            .route(format!("{}.environment.kubernetes.managed_resources", selection.job.job.name))
            .key(known.context());
        if let Some(place) = told.winner.and_then(|winner| cx.entry_place(agent, winner.entry?)) {
            finding = finding.related_at(place, "this entry applies");
        }
        let help = match unmade {
            Unmade::Tier => "take `managed_resources` out, and make the namespace and the role binding by other means",
            _ => "write `resource_management: {enabled: true}` in the agent's entry for the project",
        };
        findings.report_naming(finding.help(help), wording);
    }
}
