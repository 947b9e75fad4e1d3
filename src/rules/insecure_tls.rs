//! `insecure-tls`.

use super::jobs::{finding_at, script_place};
use super::support::*;
use crate::ci::script::{ActionKind, InForce, Why};

rule! {
    /// The server's certificate is not checked, so anyone in between can read the job's token.
    ///
    /// Where GitLab's agent server has a certificate of an own authority, the authority can be trusted instead: by the file variable
    /// `SSL_CERT_FILE`, by `--certificate-authority`, or in the image.
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
    /// Where the command uses a kubeconfig or a server that has nothing to do with GitLab.
    InsecureTls = "insecure-tls", Warning in Jobs
}

impl Rule for InsecureTls {
    fn check_job(&self, job: &JobView<'_>, jobs: &Jobs<'_, '_>, findings: &mut Findings) {
        let mut seen: Vec<(usize, std::ops::Range<usize>)> = Vec::new();
        for case in &job.cases {
            for (number, action) in case.script.actions.iter().enumerate() {
                let range = match &action.kind {
                    ActionKind::Cluster(command) => {
                        let in_force = case.script.in_force(number);
                        let is_gitlabs = match in_force {
                            Some(InForce::Unknown(Why::OwnKubeconfig | Why::Server)) => false,
                            Some(InForce::Selected { .. } | InForce::Handmade { .. }) => true,
                            _ => jobs.uses_agents,
                        };
                        command.insecure_skip_tls_verify.as_ref().filter(|_| is_gitlabs)
                    }
                    ActionKind::SetCluster { insecure_skip_tls_verify, server, .. } => {
                        let server = server.as_ref().map(|server| server.text.to_string()).unwrap_or_default();
                        insecure_skip_tls_verify.as_ref().filter(|_| server.contains("k8s-proxy") || server.contains("K8S_PROXY"))
                    }
                    _ => None,
                };
                let Some(range) = range else { continue };
                let key = (action.item, range.clone());
                if seen.contains(&key) {
                    continue;
                }
                seen.push(key);
                let Some(place) = script_place(job, action.item, range) else { continue };
                let message = "the certificate of GitLab's agent server is not checked: whoever is in between can read the job's token and change what is deployed";
                let finding = finding_at(&INFO, &place, message)
                    .label("any certificate will do")
                    .route(crate::job_access::script_route(job.job, action.item))
                    .key("insecure-skip-tls-verify");
                findings.report(finding.help("trust the authority instead: the file variable `SSL_CERT_FILE`, or `--certificate-authority=$KAS_CERTIFICATE`"));
            }
        }
    }
}
