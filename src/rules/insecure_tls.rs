//! `insecure-tls`.

use super::findings::Findings;
use super::given::{JobAction, JobContext};
use super::jobs::finding_at;
use super::plain_http::plain_address;
use super::rule::{Rule, rule};
use crate::access::jobs::{JobCase, JobView};
use crate::diagnostic::Finding;
use crate::shell::{ActionKind, InForce, Tool, Why};

rule! {
    /// The server's certificate is not checked, so anyone in between can read the job's token.
    ///
    /// Where GitLab's agent server has a certificate of an own authority, the authority can be trusted instead: by the file variable
    /// `SSL_CERT_FILE`, by `--certificate-authority`, or in the image. Helm's variable `HELM_KUBEINSECURE_SKIP_TLS_VERIFY` does the same as the
    /// option.
    ///
    /// Source: `doc/user/clusters/agent/ci_cd_workflow.md` of GitLab, "Environments with KAS that use self-signed certificates".
    ///
    /// ## Bad
    ///
    /// ```yaml ci project=acme/web/shop
    /// deploy:
    ///   script:
    ///     - kubectl config use-context acme/agents:prod
    ///     - kubectl apply -f app.yaml --insecure-skip-tls-verify=true
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml ci project=acme/web/shop
    /// deploy:
    ///   script:
    ///     - kubectl config use-context acme/agents:prod
    ///     - kubectl apply -f app.yaml --certificate-authority="$KAS_CERTIFICATE"
    /// ```
    ///
    /// ## How to fix
    ///
    /// Put the authority's certificate into the file variable `SSL_CERT_FILE`, or into a file variable that `--certificate-authority` names.
    ///
    /// ## When it stays silent
    ///
    /// Where the command uses a kubeconfig or a server that has nothing to do with GitLab, and where GitLab is at plain http: `plain-http`
    /// speaks of that.
    InsecureTls = "insecure-tls", Warning in Jobs
}

impl Rule for InsecureTls {
    fn check_job(&self, job: &JobView<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        // There is no TLS then, and no certificate that could be trusted.
        if plain_address(cx).is_some() {
            return;
        }
        let runs_helm = |case: &JobCase| {
            let mut commands = case.script.cluster_commands();
            commands.any(|(_, command, in_force)| {
                command.tool == Tool::Helm && matches!(in_force, InForce::Selected { .. } | InForce::Handmade { .. })
            })
        };
        let switch = job.job.variables.iter().find(|variable| &*variable.name == HELM_SWITCH && is_on(&variable.value));
        if let Some(variable) = switch.filter(|_| job.cases.iter().any(runs_helm)) {
            let route = format!("{}.variables.{HELM_SWITCH}", job.job.name);
            report(finding_at(&INFO, &variable.place, message(HELM_SWITCH)).route(route), findings);
        }
    }

    fn check_action(&self, action: &JobAction<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        let script = action.script;
        let is_plain = plain_address(cx).is_some();
        let range = match &action.action.kind {
            ActionKind::Cluster(command) => {
                let is_gitlabs = || match script.in_force(action.number) {
                    Some(InForce::Unknown(Why::OwnKubeconfig | Why::HomeKubeconfig | Why::Server)) => false,
                    Some(InForce::Selected { .. } | InForce::Handmade { .. }) => true,
                    _ => cx.uses_agents,
                };
                command.insecure_skip_tls_verify.as_ref().filter(|_| !is_plain && is_gitlabs())
            }
            ActionKind::SetCluster { insecure_skip_tls_verify, server, name, .. } => {
                let is_agents = || match server.as_ref().map(|server| server.text.to_string()) {
                    Some(server) => server.contains("k8s-proxy") || server.contains("K8S_PROXY"),
                    // GitLab's own kubeconfig calls its cluster so.
                    None => {
                        !is_plain
                            && name.text.as_known() == Some("gitlab")
                            && !script.own_kubeconfig_before(action.number)
                    }
                };
                insecure_skip_tls_verify.as_ref().filter(|_| is_agents())
            }
            ActionKind::Export { name, value } if name == HELM_SWITCH && cx.uses_agents && !is_plain => {
                Some(&value.range).filter(|_| value.text.as_known().is_some_and(is_on))
            }
            _ => None,
        };
        let switch = match &action.action.kind {
            ActionKind::Export { .. } => HELM_SWITCH,
            ActionKind::Cluster(command) if command.tool == Tool::Helm => "--kube-insecure-skip-tls-verify",
            _ => "--insecure-skip-tls-verify",
        };
        if let Some(finding) = range.and_then(|range| action.finding(&INFO, range, message(switch))) {
            report(finding, findings);
        }
    }
}

fn message(switch: &str) -> String {
    format!(
        "`{switch}` lets any server pass for the agent server: whoever is in between can read the job's token and change what is deployed"
    )
}

/// Helm's variable for `--kube-insecure-skip-tls-verify`.
const HELM_SWITCH: &str = "HELM_KUBEINSECURE_SKIP_TLS_VERIFY";

/// What Go's `strconv.ParseBool` takes for true.
fn is_on(value: &str) -> bool {
    matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

fn report(finding: Finding, findings: &mut Findings) {
    let help =
        "trust the authority instead: the file variable `SSL_CERT_FILE`, or `--certificate-authority=$KAS_CERTIFICATE`";
    let finding = finding.label("unchecked").key("insecure-skip-tls-verify").help(help);
    findings.report_place(finding, "and here");
}
