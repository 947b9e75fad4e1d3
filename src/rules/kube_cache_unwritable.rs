//! `kube-cache-unwritable`.

use super::given::JobContext;
use super::jobs::{finding_at, script_place};
use super::rule::{Findings, Rule, rule};
use crate::access::jobs::JobView;
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
        let uses_cluster = |case: &crate::access::jobs::JobCase| case.script.cluster_commands().next().is_some();
        if !cx.uses_agents || !job.cases.iter().any(uses_cluster) {
            return;
        }
        let message =
            "`~/.kube/cache` cannot be written in this job, so every call of kubectl or helm asks the cluster anew";
        let help = "let `HOME` be a folder that the job may write, or name one in `KUBECACHEDIR`";
        for variable in &job.job.variables {
            if matches!(&*variable.name, "HOME" | "KUBECACHEDIR") && is_no_folder(&variable.value) {
                let finding = finding_at(&INFO, &variable.place, message)
                    .label(format!("{} is no folder", excerpt(&variable.value)))
                    .route(format!("{}.variables.{}", job.job.name, variable.name))
                    .key(&*variable.name);
                return findings.report(finding.help(help));
            }
        }
        let actions = job.cases.iter().flat_map(|case| &case.script.actions);
        let Some(action) = actions.into_iter().find(|action| action.kind == ActionKind::CacheUnwritable) else {
            return;
        };
        let Some(place) = script_place(job, action.item, &action.range) else { return };
        let finding = finding_at(&INFO, &place, message)
            .label("takes writing away")
            .route(crate::access::jobs::script_route(job.job, action.item))
            .key("script");
        findings.report(finding.help(help));
    }
}

/// Whether nobody can make a folder there, not even root.
fn is_no_folder(path: &str) -> bool {
    matches!(path, "/dev/null" | "/nonexistent") || path.starts_with("/dev/null/") || path.starts_with("/proc/")
}
