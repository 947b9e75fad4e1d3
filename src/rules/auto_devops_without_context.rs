//! `auto-devops-without-context`.

use super::auto_devops::targets;
use super::findings::{Findings, Wording};
use super::given::JobContext;
use super::jobs::{finding_at, job_name};
use super::rule::{Rule, rule};
use crate::access::jobs::{JobView, KUBE_CONTEXT, ProjectJobs};
use crate::shell::ActionKind;
use crate::words::a_few;

rule! {
    /// Auto DevOps deploys, and nothing sets `KUBE_CONTEXT` for it.
    ///
    /// The deploy jobs of Auto DevOps select the context that `KUBE_CONTEXT` names. Without it they use whatever is selected by default, which is
    /// a certificate-based cluster or nothing. Each environment can have an agent of its own, by variables with an environment scope.
    ///
    /// Source: `doc/user/clusters/agent/ci_cd_workflow.md` of GitLab, "Environments that use Auto DevOps"; `Jobs/Deploy.gitlab-ci.yml`.
    ///
    /// ## Bad
    ///
    /// ```yaml ci
    /// include:
    ///   - template: Auto-DevOps.gitlab-ci.yml
    ///
    /// staging:
    ///   variables:
    ///     KUBE_CONTEXT: acme/agents:staging
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml ci
    /// include:
    ///   - template: Auto-DevOps.gitlab-ci.yml
    ///
    /// variables:
    ///   KUBE_CONTEXT: acme/agents:prod
    /// ```
    ///
    /// ## How to fix
    ///
    /// Set `KUBE_CONTEXT` at the top level, in the jobs, or as CI/CD variables of the project, one for each environment scope. If it is set there,
    /// which no file shows, turn this rule off in `.kaslint.yaml`.
    ///
    /// ## When it stays silent
    ///
    /// Where an inventory shows that the project may use no agent.
    AutoDevopsWithoutContext = "auto-devops-without-context", Warning in Jobs
}

impl Rule for AutoDevopsWithoutContext {
    fn check_pipeline(&self, jobs: &ProjectJobs<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        let pipeline = jobs.pipeline;
        let Some(template) = pipeline.auto_devops() else { return };
        let of_workflow = pipeline.workflow_rules.iter().flatten().flat_map(|rule| &rule.variables);
        let is_set = |name: &str| pipeline.variables.iter().chain(of_workflow).any(|variable| &*variable.name == name);
        let cannot_use = cx.gitlab().inventory.is_some() && !cx.uses_agents;
        if is_set(KUBE_CONTEXT) || cannot_use {
            return;
        }
        let without: Vec<&str> = targets(pipeline).iter().map(|target| target.words).collect();
        if without.is_empty() {
            return;
        }
        let message = format!(
            "`KUBE_CONTEXT` is set by no file: Auto DevOps gets no agent to deploy to {} with, unless a CI/CD variable of the project names one",
            a_few(&without)
        );
        let finding = finding_at(&INFO, &template.place, message)
            .label("deploys without a context")
            .route("include")
            .key(&template.name);
        findings.report(finding.help("set `KUBE_CONTEXT: <project path>:<agent name>` under `variables`, or for each environment in the project's settings"));
    }

    fn check_job(&self, job: &JobView<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        if cx.gitlab().inventory.is_some() && !cx.uses_agents {
            return;
        }
        for case in &job.cases {
            let calls = case.script.actions.iter().find(|action| {
                matches!(&action.kind, ActionKind::Opaque { program } if program == "auto-deploy")
                    && !job.scope(case).has(KUBE_CONTEXT)
            });
            let Some(action) = calls else { continue };
            let selects = case.script.actions.iter().any(|action| {
                matches!(&action.kind, ActionKind::UseContext { .. } | ActionKind::OwnKubeconfig { .. })
                    || matches!(&action.kind, ActionKind::Export { name, .. } if name == KUBE_CONTEXT)
            });
            let place = job.place_of(&case.script, action, &action.range);
            let Some(place) = place.filter(|_| !selects && job.job.is_script_known()) else { continue };
            let job_name = job_name(case);
            let unless = "unless a CI/CD variable of the project sets `KUBE_CONTEXT`: no file does";
            let message = format!("{job_name} gets no agent for `auto-deploy`, {unless}");
            let wording = Wording {
                job: job_name,
                before: String::new(),
                after: format!(" get no agent for `auto-deploy`, {unless}"),
                instead: None,
            };
            let finding = finding_at(&INFO, &place, message).label("deploys without a context").key("auto-deploy");
            let finding = finding.route(job.route_of(action));
            let help = "set `KUBE_CONTEXT: <project path>:<agent name>` under the job's `variables`";
            findings.report_naming(finding.help(help), wording);
            return;
        }
    }
}
