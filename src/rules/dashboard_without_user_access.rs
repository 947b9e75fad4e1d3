//! `dashboard-without-user-access`.

use super::findings::{Findings, Wording};
use super::given::JobContext;
use super::jobs::{finding_at, job_name};
use super::rule::{Rule, rule};
use crate::access::UserIdentity;
use crate::access::jobs::JobView;
use crate::words::{excerpt, user_denial};

rule! {
    /// The environment asks for a dashboard that nobody may see: the agent has no `user_access` that works.
    ///
    /// `environment:kubernetes:agent` shows the cluster's resources on the environment's page, as the user who looks. For that the agent's
    /// `user_access` must let in a project or group in which the user is at least a Developer.
    ///
    /// In a listed project every way of being a member counts. In a listed group only direct members of that group, or of one above it, count; members of a subgroup, of a
    /// project below, or by a shared group do not. From about 19.5 administrators get in by any entry, members or not.
    ///
    /// Source: `doc/ci/environments/kubernetes_dashboard.md`, `app/services/clusters/agents/authorize_proxy_user_service.rb` and
    /// `app/finders/clusters/agents/authorizations/user_access/finder.rb` of GitLab.
    ///
    /// ## Bad
    ///
    /// ```yaml ci project=acme/agents
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
    /// ci_access: {}
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml ci project=acme/agents
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
    /// user_access:
    ///   access_as:
    ///     agent: {}
    ///   projects:
    ///     - id: acme/agents
    /// ```
    ///
    /// ## How to fix
    ///
    /// Add `user_access` to the agent's configuration, with the projects or groups whose developers may look.
    ///
    /// ## When it stays silent
    ///
    /// Where the agent's file is not at hand or GitLab refuses it, and where the job asks for no dashboard.
    DashboardWithoutUserAccess = "dashboard-without-user-access", Warning in Jobs
}

impl Rule for DashboardWithoutUserAccess {
    fn check_job(&self, job: &JobView<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        let kubernetes = job.job.environment.as_ref().and_then(|environment| environment.kubernetes.as_ref());
        let Some(kubernetes) = kubernetes else { return };
        let asks_for = [&kubernetes.dashboard_namespace, &kubernetes.namespace, &kubernetes.flux_resource_path];
        let (Some(place), Some(case)) = (asks_for.into_iter().flatten().next(), job.cases.first()) else { return };
        let Some((agent, _)) = super::managed_resources_not_granted::environment_agent(job, cx) else { return };
        let granted = cx.index.user_grants(agent);
        let known = cx.index.agent(agent);
        if granted.refused.is_some() || known.file.is_none() || !known.is_registered {
            return;
        }
        let lets_in = granted.grants.iter().any(|grant| grant.dropped().is_none());
        let why = match granted.identity {
            UserIdentity::Nobody(denial) => user_denial(denial).to_owned(),
            _ if lets_in => return,
            _ => "none of the entries of its `user_access` lets anyone in".to_owned(),
        };
        let (name, context) = (job_name(case), excerpt(&known.context()));
        let message = format!("{name} asks for a dashboard by the agent {context}, and nobody may see it: {why}");
        let wording = Wording {
            job: name,
            before: String::new(),
            after: format!(" ask for a dashboard by the agent {context}, and nobody may see it: {why}"),
            instead: None,
        };
        let finding = finding_at(&INFO, &place.place, message)
            .label("shown to nobody")
            .route(format!("{}.environment.kubernetes", job.job.name))
            .key(known.context());
        let path = known.file.map(|file| file.path).unwrap_or_default();
        let help = format!("add `user_access` with the project to {path}");
        findings.report_naming(finding.help(help), wording);
    }
}
