//! `manual-credentials`.

use super::findings::Findings;
use super::given::{JobAction, JobContext};
use super::rule::{Rule, rule};
use crate::shell::{ActionKind, Argument, Script};
use crate::words::brief;

rule! {
    /// A hand-made kubeconfig for an agent has a wrong token, agent id or server.
    ///
    /// GitLab's agent server takes the token `ci:<agent id>:<job token>`, with the agent's number, at an address that ends in `/k8s-proxy`, by
    /// https. With anything else kubectl is told that it must be logged in to the server.
    ///
    /// Source: `doc/user/clusters/agent/ci_cd_workflow.md` of GitLab; `app/services/ci/generate_kubeconfig_service.rb`.
    ///
    /// ## Bad
    ///
    /// ```yaml ci
    /// deploy:
    ///   variables:
    ///     AGENT_ID: prod
    ///   script:
    ///     - kubectl config set-credentials agent --token="ci:${AGENT_ID}:${CI_JOB_TOKEN}"
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml ci
    /// deploy:
    ///   variables:
    ///     AGENT_ID: 1234
    ///   script:
    ///     - kubectl config set-credentials agent --token="ci:${AGENT_ID}:${CI_JOB_TOKEN}"
    ///     - kubectl config set-cluster gitlab --server="https://kas.gitlab.com/k8s-proxy/"
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write `--token="ci:${AGENT_ID}:${CI_JOB_TOKEN}"` with the number that the agent's page shows, and
    /// `--server=https://<address of the agent server>/k8s-proxy/`.
    ///
    /// ## When it stays silent
    ///
    /// On credentials and clusters that have nothing to do with GitLab, and on what hangs on variables that are not known.
    ManualCredentials = "manual-credentials", Warning in Jobs
}

impl Rule for ManualCredentials {
    fn check_action(&self, action: &JobAction<'_>, _cx: &JobContext<'_>, findings: &mut Findings) {
        let (argument, fault) = match &action.action.kind {
            ActionKind::SetCredentials { token: Some(token), .. } => (token, token_fault(token)),
            ActionKind::SetCluster { server: Some(server), .. } => {
                (server, server_fault(server, talks_to_agents(action.script)))
            }
            ActionKind::Cluster(command) => match &command.server {
                Some(server) => (server, server_fault(server, false)),
                None => return,
            },
            _ => return,
        };
        let Some((message, label, help)) = fault else { return };
        if let Some(finding) = action.finding(&INFO, &argument.range, message) {
            findings.report_once_a_place(finding.label(label).key(label).help(help));
        }
    }
}

/// Whether the script makes credentials for GitLab's agent server.
fn talks_to_agents(script: &Script) -> bool {
    script.actions.iter().any(|action| match &action.kind {
        ActionKind::SetCredentials { token: Some(token), .. } => is_for_agents(&token.text.to_string()),
        _ => false,
    })
}

type Fault = (String, &'static str, &'static str);

/// Whether a token is meant for GitLab's agent server.
fn is_for_agents(token: &str) -> bool {
    token.starts_with("ci:") || token.starts_with("pat:") || token.contains("CI_JOB_TOKEN")
}

const TOKEN_HELP: &str = "write `--token=\"ci:${AGENT_ID}:${CI_JOB_TOKEN}\"`, with the agent's number";

fn token_fault(token: &Argument) -> Option<Fault> {
    let text = token.text.to_string();
    if !is_for_agents(&text) || text.starts_with("pat:") {
        return None;
    }
    let parts: Vec<&str> = text.split(':').collect();
    let (agent, job_token) = match parts[..] {
        ["ci", agent, job_token] => (agent, job_token),
        _ => {
            let message =
                "the token has a form that the agent server does not take: it wants `ci:<agent id>:<job token>`";
            return Some((message.to_owned(), "wrong form", TOKEN_HELP));
        }
    };
    let is_number = !agent.is_empty() && agent.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number && !agent.contains('$') {
        let message = format!(
            "{} is no agent's number, which the agent server wants between `ci:` and the job token",
            brief(agent)
        );
        return Some((message, "no number", TOKEN_HELP));
    }
    if job_token.is_empty() {
        let message = "the token lacks what the agent server wants behind the agent's number: the job token".to_owned();
        return Some((message, "no job token", TOKEN_HELP));
    }
    None
}

fn server_fault(server: &Argument, talks_to_agents: bool) -> Option<Fault> {
    const HELP: &str = "write `--server=https://<address of the agent server>/k8s-proxy/`";
    let text = server.text.to_string();
    let is_proxy = text.contains("k8s-proxy");
    if text.starts_with("http://") && (is_proxy || talks_to_agents) {
        let message = format!(
            "{} is plain http, over which kubectl sends no token: the server answers that you must be logged in",
            brief(&text)
        );
        return Some((message, "no TLS", HELP));
    }
    // A path behind a variable cannot be seen.
    if talks_to_agents && !is_proxy && server.text.as_known().is_some() {
        let message =
            format!("{} is no address of the agent server's proxy, which ends in `/k8s-proxy/`", brief(&text));
        return Some((message, "no `/k8s-proxy/`", HELP));
    }
    None
}
