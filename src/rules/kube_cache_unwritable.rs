//! `kube-cache-unwritable`.

use super::findings::Findings;
use super::given::{JobAction, JobContext};
use super::jobs::finding_at;
use super::rule::{Rule, rule};
use crate::access::jobs::JobView;
use crate::ci::Variable;
use crate::shell::ActionKind;
use crate::words::excerpt;

rule! {
    /// The tools cannot write `~/.kube/cache`, so each call asks the cluster anew for what it knows.
    ///
    /// kubectl, helm and others keep what the cluster offers in that folder. Without it every call takes longer and puts load on the
    /// cluster.
    ///
    /// Source: `doc/user/clusters/agent/ci_cd_workflow.md` of GitLab, "Grant write permissions to `~/.kube/cache`".
    ///
    /// ## Bad
    ///
    /// ```yaml ci project=acme/web/shop
    /// deploy:
    ///   variables:
    ///     KUBECACHEDIR: /dev/null
    ///   script:
    ///     - kubectl config use-context acme/agents:prod
    ///     - kubectl apply -f app.yaml
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml ci project=acme/web/shop
    /// deploy:
    ///   variables:
    ///     KUBECACHEDIR: $CI_PROJECT_DIR/.kube-cache
    ///   script:
    ///     - kubectl config use-context acme/agents:prod
    ///     - kubectl apply -f app.yaml
    /// ```
    ///
    /// ## How to fix
    ///
    /// Let `HOME` be a folder that the job's user may write, or name such a folder in `KUBECACHEDIR`.
    ///
    /// ## When it stays silent
    ///
    /// Where only the image decides, which cannot be seen.
    KubeCacheUnwritable = "kube-cache-unwritable", Note in Jobs
}

impl Rule for KubeCacheUnwritable {
    fn check_job(&self, job: &JobView<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        if !concerns(job, cx) {
            return;
        }
        let mut variables = job.job.variables.iter();
        let is_no_cache =
            |variable: &&Variable| matches!(&*variable.name, "HOME" | "KUBECACHEDIR") && is_no_folder(&variable.value);
        if let Some(variable) = variables.find(is_no_cache) {
            let finding = finding_at(&INFO, &variable.place, MESSAGE)
                .label(format!("{} is no folder", excerpt(&variable.value)))
                .route(format!("{}.variables.{}", job.job.name, variable.name))
                .key(&*variable.name);
            findings.report_once_a_job(finding.help(HELP));
        }
    }

    fn check_action(&self, action: &JobAction<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        if action.action.kind != ActionKind::CacheUnwritable || !concerns(action.job, cx) {
            return;
        }
        let finding = action.finding(&INFO, &action.action.range, MESSAGE);
        let finding = finding.map(|finding| finding.label("takes writing away").key("script").help(HELP));
        finding.into_iter().for_each(|finding| findings.report_once_a_job(finding));
    }
}

const MESSAGE: &str =
    "`~/.kube/cache` cannot be written in this job, so every call of kubectl or helm asks the cluster anew";

const HELP: &str = "let `HOME` be a folder that the job may write, or name one in `KUBECACHEDIR`";

/// Whether the job calls a cluster, in a project that has to do with agents.
fn concerns(job: &JobView<'_>, cx: &JobContext<'_>) -> bool {
    cx.uses_agents && job.cases.iter().any(|case| case.script.cluster_commands().next().is_some())
}

/// Whether nobody can make a folder there, not even root.
fn is_no_folder(path: &str) -> bool {
    matches!(path, "/dev/null" | "/nonexistent") || path.starts_with("/dev/null/") || path.starts_with("/proc/")
}
