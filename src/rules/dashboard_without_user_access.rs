//! `dashboard-without-user-access`.

use std::sync::Arc;

use super::findings::{Findings, Wording};
use super::given::{JobContext, JobSelection};
use super::jobs::{EnvironmentAgent, finding_on, job_name, listed_project};
use super::rule::{Rule, rule};
use crate::access::{AgentId, Dashboard, DropReason, UserDenial, UserGrant};
use crate::gitlab::releases::ENVIRONMENT_AGENT;
use crate::source::Place;
use crate::words::{self, brief, excerpt};

rule! {
    /// The environment asks for a dashboard and gets none: `user_access` does not let the job's project in.
    ///
    /// `environment:kubernetes:agent` shows the cluster's resources on the environment's page. At each deployment GitLab gives the environment the agent only if the user who
    /// runs the job is let in by an entry of `user_access` for the job's own project, or for a group above it. Otherwise the environment gets no agent and no
    /// dashboard, without a word. What `ci_access` grants has no part in it, and an entry for another project does not help. Who then looks at the dashboard must be let in
    /// likewise, with at least the role Developer.
    ///
    /// In a listed project every way of being a member counts. In a listed group only direct members of that group, or of one above it, count; members of a subgroup, of a
    /// project below, or by a shared group do not. From about 19.5 administrators get in by any entry, members or not.
    ///
    /// Source: `app/services/deployments/update_environment_service.rb`, `doc/ci/environments/kubernetes_dashboard.md`, `app/services/clusters/agents/authorize_proxy_user_service.rb` and
    /// `app/finders/clusters/agents/authorizations/user_access/finder.rb` of GitLab.
    ///
    /// Releases: from 17.6.
    ///
    /// ## Bad
    ///
    /// ```yaml ci project=acme/web/shop
    /// deploy:
    ///   environment:
    ///     name: production
    ///     kubernetes:
    ///       agent: acme/agents:prod
    ///       dashboard:
    ///         namespace: shop
    ///   script: [echo]
    /// ```
    ///
    /// ```yaml of=acme/agents path=.gitlab/agents/prod/config.yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    /// user_access:
    ///   access_as:
    ///     agent: {}
    ///   projects:
    ///     - id: acme/agents
    /// ```
    ///
    /// ```yaml inventory
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
    ///       dashboard:
    ///         namespace: shop
    ///   script: [echo]
    /// ```
    ///
    /// ```yaml of=acme/agents path=.gitlab/agents/prod/config.yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    /// user_access:
    ///   access_as:
    ///     agent: {}
    ///   projects:
    ///     - id: acme/web/shop
    /// ```
    ///
    /// ```yaml inventory
    /// projects: [{path: acme/agents}, {path: acme/web/shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Add the job's project, or a group above it, to `user_access` of the agent's configuration. A group serves its own direct members.
    ///
    /// ## When it stays silent
    ///
    /// Where the agent's file is not at hand or GitLab refuses it, where the job's environment is not started (`action`), and where the job names the agent and neither a
    /// namespace nor a Flux resource: it may be for managed resources. Where a group lets in some who run the job, and others not.
    DashboardWithoutUserAccess = "dashboard-without-user-access", Warning in Jobs
}

impl Rule for DashboardWithoutUserAccess {
    fn check_selection(&self, selection: &JobSelection<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        let Some(EnvironmentAgent { agent, case, kubernetes }) = EnvironmentAgent::of(selection, cx) else { return };
        let asks = [&kubernetes.dashboard_namespace, &kubernetes.namespace, &kubernetes.flux_resource_path];
        if asks.into_iter().all(Option::is_none) || cx.gitlab().version < ENVIRONMENT_AGENT {
            return;
        }
        let Some(Missing { denial, of, why, dropped }) = Missing::of(agent, cx) else { return };
        let known = cx.index.agent(agent);
        let (name, context) = (job_name(case), brief(&known.context()));
        let message = format!("{context} {of} {name}: {why}");
        let wording =
            Wording { job: name, before: format!("{context} {of} "), after: format!(": {why}"), instead: None };
        let mut finding = finding_on(&INFO, selection.selected, message)
            .label("no dashboard")
            .route(format!("{}.environment.kubernetes.agent", selection.job.job.name));
        let source = known.file.and_then(|file| cx.sources.get(file.path));
        for (grant, reason) in &dropped {
            if let Some(source) = source {
                let place = Place { source: Arc::clone(source), span: grant.entry.span };
                finding = finding.related_at(place, format!("this entry {}", words::dropped(reason)));
            }
        }
        let path = known.file.map_or("the agent's configuration", |file| file.path);
        let project = cx.project_path().map_or_else(|| "the project".to_owned(), excerpt);
        let help = match (denial, dropped.is_empty()) {
            (Some(UserDenial::NoSection), _) => format!("add `user_access` with {project} to {path}"),
            (Some(UserDenial::NoAccessAs | UserDenial::Tier), _) => {
                format!("write `access_as: {{agent: {{}}}}` in `user_access` of {path}")
            }
            (None, true) => {
                format!("list {project} under `user_access.projects` in {path}; `ci_access` has no part in dashboards")
            }
            (None, false) => format!("mend the entry of `user_access` in {path} that is left out"),
        };
        findings.report_naming(finding.help(help), wording);
    }
}

/// Why an environment gets no dashboard.
struct Missing<'w> {
    /// Why nobody gets in as a user at all.
    denial: Option<UserDenial>,
    /// What comes of it, as a clause.
    of: &'static str,
    /// Why, as a clause.
    why: String,
    /// The entries that would count but for these reasons.
    dropped: Vec<(UserGrant<'w>, DropReason)>,
}

impl<'w> Missing<'w> {
    /// `None` where the environment gets a dashboard, or may.
    fn of(agent: AgentId, cx: &JobContext<'w>) -> Option<Self> {
        let because = |denial, why: &str| Self {
            denial,
            of: "shows nobody the dashboard of",
            why: why.to_owned(),
            dropped: Vec::new(),
        };
        let project = listed_project(cx);
        match cx.index.dashboard(agent, project.unwrap_or_default()) {
            Dashboard::Unknown(_) | Dashboard::Named { .. } => None,
            Dashboard::Nobody(denial) => Some(because(Some(denial), words::user_denial(denial))),
            Dashboard::NotNamed(mut dropped) => {
                let Some(project) = project else {
                    let granted = cx.index.user_grants(agent);
                    let counts = granted.grants.iter().any(|grant| grant.dropped().is_none());
                    let why = "none of the entries of its `user_access` lets anyone in";
                    return (!counts).then(|| because(None, why));
                };
                // What replaces an entry is told itself.
                dropped.retain(|(_, reason)| !matches!(reason, DropReason::Replaced(_)));
                let of = "gives no dashboard to the environment of";
                let why = match dropped.is_empty() {
                    true => format!("`user_access` lists neither {} nor a group above it", excerpt(project)),
                    false => format!("no entry of `user_access` counts for {} or a group above it", excerpt(project)),
                };
                Some(Self { denial: None, of, why, dropped })
            }
        }
    }
}
