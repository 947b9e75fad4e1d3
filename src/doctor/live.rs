//! What GitLab and the agent server answer the job's token, and what that means.
//!
//! Sources: `lib/api/ci/jobs.rb` for `/job/allowed_agents`; for the proxy, `internal/module/kubernetes_api/server` and `internal/tool/httpz` of the
//! agent server: its own errors begin with `GitLab Agent Server: `, and anything else is what the cluster, or something between, says.

use std::collections::BTreeSet;

use serde_json::Value;

use super::examine::{Line, Verdict};
use super::kubeconfig::{Kubeconfig, TokenForm};
use crate::api::{ApiError, Response, TransportError, shortened};

/// With what each error of the agent server itself begins.
const AGENT_SERVER: &str = "GitLab Agent Server: ";

/// How many characters of an answer are told.
const MOST_SAID: usize = 200;

/// An agent that GitLab lets the job use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedAgent {
    /// Its number.
    pub id: i64,
    /// The full path of its configuration project.
    pub project: String,
}

/// The connection to a cluster that was tried.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The context.
    pub context: String,
    /// Where the request went.
    pub server: String,
    /// What came of it.
    pub answer: Result<Response, TransportError>,
}

/// What was asked of servers.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The agents that GitLab lets the job use; `None` where the job has no token.
    pub allowed: Option<Result<Vec<AllowedAgent>, ApiError>>,
    /// The connection that was tried; or why none was.
    pub tried: Option<Result<Tried, String>>,
}

impl AllowedAgent {
    /// Those of an answer of `/job/allowed_agents`; `None` for an answer of another form.
    #[must_use]
    pub fn all(answer: &Value) -> Option<Vec<Self>> {
        let one = |agent: &Value| {
            let project = agent["config_project"]["path_with_namespace"].as_str()?;
            Some(Self { id: agent["id"].as_i64()?, project: project.to_owned() })
        };
        answer["allowed_agents"].as_array()?.iter().map(one).collect()
    }
}

fn line(verdict: Verdict, seen: impl Into<String>, todo: impl Into<String>) -> Line {
    Line { verdict, seen: seen.into(), todo: todo.into() }
}

/// What the answers come to.
pub(super) fn lines(asked: &Asked, kubeconfig: Option<&Kubeconfig>) -> Vec<Line> {
    let mut lines = match &asked.allowed {
        None => vec![line(
            Verdict::Unknown,
            "CI_JOB_TOKEN is not set, so GitLab was not asked which agents it lets the job use",
            "run it in the job that is to reach the cluster",
        )],
        Some(Ok(agents)) => allowed(agents, kubeconfig),
        Some(Err(error)) => vec![not_told(error)],
    };
    lines.extend(match &asked.tried {
        None => None,
        Some(Ok(tried)) => Some(reached(tried)),
        Some(Err(why)) => Some(line(Verdict::Unknown, format!("no connection was tried: {why}"), "")),
    });
    lines
}

/// What GitLab says now, against the kubeconfig that it wrote when the job began.
fn allowed(agents: &[AllowedAgent], kubeconfig: Option<&Kubeconfig>) -> Vec<Line> {
    let contexts = kubeconfig.map(|kubeconfig| &kubeconfig.contexts[..]).unwrap_or_default();
    let of_job = || contexts.iter().filter(|context| context.token == TokenForm::Job);
    let there: BTreeSet<i64> = of_job().filter_map(|context| context.agent).collect();
    let told: BTreeSet<i64> = agents.iter().map(|agent| agent.id).collect();
    let mut lines = Vec::new();
    for context in of_job().filter(|context| context.agent.is_some_and(|agent| !told.contains(&agent))) {
        lines.push(line(
            Verdict::Wrong,
            format!("{} is there, and GitLab no longer lets this job use it", context.name),
            "its configuration was changed after the job began; the agent server refuses it within a minute",
        ));
    }
    for agent in agents.iter().filter(|agent| !there.contains(&agent.id)) {
        lines.push(line(
            Verdict::Doubtful,
            format!(
                "GitLab lets this job use agent {} of {}, and KUBECONFIG has no context for it",
                agent.id, agent.project
            ),
            match kubeconfig {
                Some(_) => "it may have been let in after the job began: run the job again",
                None => "take the variable KUBECONFIG away where you set it; it hides GitLab's",
            },
        ));
    }
    if lines.is_empty() {
        let seen = match agents.len() {
            0 => "GitLab lets this job use no agent".to_owned(),
            1 => "GitLab lets this job use one agent, the one of KUBECONFIG".to_owned(),
            count => format!("GitLab lets this job use {count} agents, those of KUBECONFIG"),
        };
        lines.push(line(Verdict::Fine, seen, ""));
    }
    lines
}

fn not_told(error: &ApiError) -> Line {
    let (verdict, todo) = match error {
        ApiError::Unauthorized(_) => (
            Verdict::Wrong,
            "CI_JOB_TOKEN is the token of a job that runs; it ends with it, and another one in its place hides it",
        ),
        ApiError::NotFound => {
            (Verdict::Wrong, "CI_JOB_TOKEN has to be the token of a job; a personal access token is none")
        }
        ApiError::Transport(TransportError::Certificate(_)) => {
            (Verdict::Wrong, "set SSL_CERT_FILE to a file with your authority, such as $CI_SERVER_TLS_CA_FILE")
        }
        ApiError::Transport(TransportError::Unreachable(_) | TransportError::Proxy(_)) => {
            (Verdict::Wrong, "look at CI_SERVER_URL, at the proxy variables, and whether the runner may reach it")
        }
        _ => (Verdict::Unknown, "run it again"),
    };
    line(verdict, format!("GitLab does not tell which agents this job may use: {error}"), todo)
}

/// One `GET /version` through the proxy: whatever stands between the job and the cluster has to let it through.
fn reached(tried: &Tried) -> Line {
    let Tried { context, server, answer } = tried;
    let response = match answer {
        Ok(response) => response,
        Err(error) => return unreached(context, server, error),
    };
    let said = said(response);
    if response.status == 200 {
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        return match body["gitVersion"].as_str() {
            Some(version) => {
                line(Verdict::Fine, format!("{context} reaches its cluster: Kubernetes {}", shortened(version, 40)), "")
            }
            None => line(
                Verdict::Wrong,
                format!("{server} answers, and it is no Kubernetes"),
                "something stands in its place, such as a sign-in page or a proxy: look at the address",
            ),
        };
    }
    let Some(own) = said.strip_prefix(AGENT_SERVER) else {
        return not_of_agent_server(context, server, response.status, &said);
    };
    let (seen, todo) = match response.status {
        401 if own.contains("CI job token") => (
            "does not take the token of the job",
            "the token ends with its job: is this kubeconfig the one of this job, and did none of yours take its place?",
        ),
        401 => (
            "does not take the token for its form",
            "the token of a user has to be `ci:<agent id>:<token of the job>`, as GitLab writes it",
        ),
        403 if own.contains("agentId is not allowed") => (
            "does not let this job use the agent",
            "see what GitLab says of the agent above; the agent server keeps such answers for a minute",
        ),
        403 | 404 => (
            "says no, as GitLab told it",
            "see what GitLab says above; the agent server keeps such answers for a minute",
        ),
        400 if own.contains("expected prefix") => {
            ("does not know the path", "the address of the cluster has to end with /k8s-proxy/, as GitLab writes it")
        }
        400 => ("does not take the request", "an entry with `access_as` impersonates already: leave `--as` out"),
        500 => (
            "cannot ask GitLab",
            "it is for whoever runs the instance: the agent server does not reach GitLab; it keeps such an answer for 10 seconds",
        ),
        502 if own.contains("connection not found") => (
            "has no connection to the agent",
            "see whether the agent runs: its pod in the cluster, and its page under Operate > Kubernetes clusters",
        ),
        502 => (
            "lost the connection to the cluster",
            "see the log of the agent: it reached the agent server, and not its own cluster's API",
        ),
        _ => ("answers with an error", "it is for whoever runs the instance"),
    };
    line(Verdict::Wrong, format!("{context}: the agent server {seen} ({}: {own})", response.status), todo)
}

/// An answer that is none of the agent server's own.
fn not_of_agent_server(context: &str, server: &str, status: u16, said: &str) -> Line {
    let told = if said.is_empty() { status.to_string() } else { format!("{status}: {said}") };
    match status {
        // What the cluster itself says has passed through the agent.
        403 if said.contains("cannot get path") => line(
            Verdict::Doubtful,
            format!("{context} reaches its cluster, which lets this identity do nothing ({told})"),
            "bind a role to the identity in the cluster (RBAC)",
        ),
        400 if said.contains("impersonation") => line(
            Verdict::Wrong,
            format!("{context}: the agent does not take the request ({told})"),
            "an entry with `access_as` impersonates already: leave `--as` out",
        ),
        426 => line(
            Verdict::Wrong,
            format!("{context}: something between cannot upgrade connections ({told})"),
            "kubectl 1.27.0 and 1.27.1 do so themselves; else a proxy in front of the agent server has to pass upgrades on",
        ),
        404 => line(
            Verdict::Wrong,
            format!("{server} is no agent server ({told})"),
            "the address of the cluster has to be that of the agent server's proxy, as GitLab writes it",
        ),
        301 | 302 | 303 | 307 | 308 => line(
            Verdict::Wrong,
            format!("{server} redirects elsewhere, where the token does not go ({told})"),
            "the address of the cluster has to be that of the agent server's proxy, as GitLab writes it",
        ),
        502..=504 => line(
            Verdict::Wrong,
            format!("{server}: something in front of the agent server cannot reach it ({told})"),
            "it is for whoever runs the instance: is the agent server up?",
        ),
        401 | 403 => line(
            Verdict::Wrong,
            format!("{context}: the cluster, or something between, refuses ({told})"),
            "see the log of the agent, and the roles of its service account (RBAC)",
        ),
        _ => line(Verdict::Doubtful, format!("{context}: an answer that kaslint does not know ({told})"), ""),
    }
}

fn unreached(context: &str, server: &str, error: &TransportError) -> Line {
    let todo = match error {
        TransportError::Certificate(_) => {
            "set SSL_CERT_FILE to a file with your authority, such as $CI_SERVER_TLS_CA_FILE; kubectl needs it as well"
        }
        TransportError::CertificateOfAuthority => "kubectl may take it all the same",
        TransportError::Unreachable(_) | TransportError::Proxy(_) => {
            "look at the address, at the proxy variables, and whether the runner may reach it"
        }
        TransportError::TimedOut(_) => "the agent server waits for its agent: see whether the agent runs",
        _ => "run it again",
    };
    let verdict = match error {
        TransportError::Cut(_) | TransportError::TimedOut(_) | TransportError::CertificateOfAuthority => {
            Verdict::Doubtful
        }
        _ => Verdict::Wrong,
    };
    line(verdict, format!("{context}: {server} {error}"), todo)
}

/// What an answer says: the message of Kubernetes' `Status`, or its text. Masked and shortened.
fn said(response: &Response) -> String {
    let status = serde_json::from_slice::<Value>(&response.body).ok();
    let message = status.and_then(|status| Some(status["message"].as_str()?.to_owned()));
    let is_page = response.header("content-type").is_some_and(|kind| kind.contains("html"));
    let text = message.unwrap_or_else(|| {
        if is_page { String::new() } else { String::from_utf8_lossy(&response.body).trim().to_owned() }
    });
    // The trace that it ends with is of no use here.
    let text = text.split(". Trace ID:").next().unwrap_or_default();
    shortened(text, MOST_SAID)
}

/// The number in a token of the form `ci:<agent id>:…`.
pub(super) fn agent_of(token: &str) -> Option<i64> {
    token.strip_prefix("ci:")?.split(':').next()?.parse().ok().filter(|id| *id > 0)
}
