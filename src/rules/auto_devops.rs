//! What the jobs of Auto DevOps deploy to, which stand in GitLab's template, and whether an agent lets them in.

use super::given::JobContext;
use super::jobs::{finding_on, listed_project};
use crate::access::jobs::{By, CaseGrant, KUBE_CONTEXT, Refusal, Resolved, Selection};
use crate::access::{AgentId, JobEnvironment, Query, Row};
use crate::ci::Pipeline;
use crate::diagnostic::{Finding, RuleInfo, Severity};
use crate::gitlab::{PartialText, Shape};

/// A job of the template that deploys.
///
/// Source: `Jobs/Deploy.gitlab-ci.yml` of GitLab.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    /// Its name.
    pub job: &'static str,
    /// What it deploys to, in words.
    pub words: &'static str,
    /// Its environment; `None` for that of review apps, `review/` and the ref.
    environment: Option<&'static str>,
    /// The variable that switches it on; `None` for one that is on.
    switch: Option<&'static str>,
}

const fn target(
    job: &'static str,
    words: &'static str,
    environment: Option<&'static str>,
    switch: Option<&'static str>,
) -> Target {
    Target { job, words, environment, switch }
}

const TARGETS: [Target; 4] = [
    target("review", "review apps", None, None),
    target("production", "`production`", Some("production"), None),
    target("staging", "`staging`", Some("staging"), Some("STAGING_ENABLED")),
    target("canary", "the canary of `production`", Some("production"), Some("CANARY_ENABLED")),
];

/// The jobs that deploy, as far as files tell, and have no `KUBE_CONTEXT` of their own.
pub(super) fn targets(pipeline: &Pipeline) -> Vec<Target> {
    let is_set = |name: &str| pipeline.variables.iter().any(|variable| &*variable.name == name);
    let deploys = |target: &Target| {
        let job = pipeline.job(target.job);
        // Rules that only say `never` replace those of the template.
        let is_off = job
            .and_then(|job| job.rules.as_deref())
            .is_some_and(|rules| !rules.is_empty() && rules.iter().all(|rule| rule.when.as_deref() == Some("never")));
        let is_disabled = target.job == "review" && is_set("REVIEW_DISABLED");
        let is_on = target.switch.is_none_or(|switch| is_set(switch) || job.is_some());
        let has_own = job.is_some_and(|job| {
            let of_rules = job.rules.iter().flatten().flat_map(|rule| &rule.variables);
            job.variables.iter().chain(of_rules).any(|variable| &*variable.name == KUBE_CONTEXT)
        });
        is_on && !is_off && !is_disabled && !has_own
    };
    TARGETS.into_iter().filter(deploys).collect()
}

/// A job of Auto DevOps that the agent behind the top level's `KUBE_CONTEXT` does not let in.
pub(super) struct RefusedTarget<'p> {
    /// What it deploys to, in words.
    pub words: &'static str,
    /// The agent.
    pub agent: AgentId,
    /// What it answers.
    pub row: Row<'p>,
}

/// The first such job, the one for production before others.
pub(super) fn refused<'p>(
    selection: &Selection,
    cx: &JobContext<'p>,
    is_meant: impl Fn(&Refusal) -> bool,
) -> Option<RefusedTarget<'p>> {
    if selection.by != By::AutoDevops || !selection.cases.is_empty() {
        return None;
    }
    let project = listed_project(cx)?;
    let Resolved::Agent(agent) = selection.resolve(cx.index) else { return None };
    if !cx.index.agent(agent).is_registered || !cx.knows_configuration(agent) {
        return None;
    }
    let mut targets = targets(cx.jobs.pipeline);
    targets.sort_by_key(|target| target.environment != Some("production"));
    targets.into_iter().find_map(|Target { words, environment, .. }| {
        let name = environment.map_or_else(review_app, PartialText::known);
        let query = Query {
            project,
            environment: Some(JobEnvironment::Partly(&name)),
            tier: None,
            protected: None,
            is_merge_request: false,
        };
        let grant = CaseGrant { rows: vec![cx.index.query_agent(agent, &query).into()] };
        let (refusal, row) = grant.refusal()?;
        is_meant(&refusal).then(|| RefusedTarget { words, agent, row: row.clone() })
    })
}

fn review_app() -> PartialText {
    let mut name = PartialText::known("review/");
    name.push(&PartialText::unknown("CI_COMMIT_REF_NAME", Shape::NotEmpty));
    name
}

/// A finding about the variable; the project's settings may name another agent, which no file shows.
pub(super) fn finding(info: &'static RuleInfo, selection: &Selection, message: String) -> Finding {
    let message = format!("{message}, unless a CI/CD variable of the project names another agent there");
    finding_on(info, selection, message).severity(Severity::Warning)
}
