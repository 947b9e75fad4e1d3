//! `kubeconfig-content`.

use super::findings::Findings;
use super::given::JobContext;
use super::jobs::finding_at;
use super::rule::{Rule, rule};
use crate::access::jobs::JobView;
use crate::ci::Variable;
use crate::gitlab::releases::FILE_VARIABLES_AS_PATHS;
use crate::words::excerpt;

rule! {
    /// Before 15.7, `$KUBECONFIG` in the value of a variable is the kubeconfig itself, not its path.
    ///
    /// `KUBECONFIG` is a file variable: the shell of a job sees the path of a file. Where another variable's value under `variables` names it, the
    /// runner put the content of the file in its place, so that terraform, say, looked for a file of that name. Since 15.7 it puts in the path.
    ///
    /// Source: gitlab-runner#27616 and gitlab#29407.
    ///
    /// Releases: up to 15.6.
    ///
    /// ## Bad
    ///
    /// ```yaml ci project=acme/agents gitlab-version=15.6
    /// plan:
    ///   variables:
    ///     KUBE_CONFIG_PATH: $KUBECONFIG
    ///   script:
    ///     - terraform apply -auto-approve
    /// ```
    ///
    /// ```yaml of=acme/agents path=.gitlab/agents/prod/config.yaml
    /// ci_access: {}
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml ci project=acme/agents gitlab-version=15.6
    /// plan:
    ///   script:
    ///     - export KUBE_CONFIG_PATH="$KUBECONFIG"
    ///     - terraform apply -auto-approve
    /// ```
    ///
    /// ```yaml of=acme/agents path=.gitlab/agents/prod/config.yaml
    /// ci_access: {}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Set the variable in the script: `export KUBE_CONFIG_PATH="$KUBECONFIG"`.
    ///
    /// ## When it stays silent
    ///
    /// From 15.7, in projects that have nothing to do with agents, and where the CI file gives `KUBECONFIG` a value of its own.
    KubeconfigContent = "kubeconfig-content", Warning in Jobs
}

impl Rule for KubeconfigContent {
    fn check_job(&self, job: &JobView<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        let version = cx.gitlab().version;
        if version >= FILE_VARIABLES_AS_PATHS || !cx.uses_agents {
            return;
        }
        let variables = &job.job.variables;
        if variables.iter().any(|variable| &*variable.name == "KUBECONFIG") {
            return;
        }
        let of_rules = job.job.rules.iter().flatten().flat_map(|rule| &rule.variables);
        for variable in variables.iter().chain(of_rules).filter(|variable| takes_kubeconfig(variable)) {
            let name = &*variable.name;
            let message = format!(
                "{} gets the content of GitLab's kubeconfig, not its path: so it is with `$KUBECONFIG` under `variables` in GitLab {version}",
                excerpt(name)
            );
            let finding = finding_at(&INFO, &variable.place, message)
                .label(format!("no path before {FILE_VARIABLES_AS_PATHS}"))
                .route(format!("{}.variables.{name}", job.job.name))
                .key(name);
            findings.report(finding.help(format!("set it in the script: `export {name}=\"$KUBECONFIG\"`")));
        }
    }
}

/// Whether a variable's value names the kubeconfig.
fn takes_kubeconfig(variable: &Variable) -> bool {
    let value = variable.value.trim();
    matches!(value, "$KUBECONFIG" | "${KUBECONFIG}")
}
