//! `manual-credentials`.

use super::findings::Findings;
use super::given::{JobAction, JobContext};
use super::rule::{Rule, rule};
use crate::shell::{ActionKind, Argument, InForce, Script, Why};
use crate::words::{a_few_of, brief, excerpt};

rule! {
    /// A hand-made kubeconfig for an agent has a wrong token, agent id or server.
    ///
    /// GitLab's agent server takes the token `ci:<agent id>:<job token>`, with the agent's number, at an address that ends in `/k8s-proxy`, by
    /// https. With anything else kubectl is told that it must be logged in to the server. GitLab's own kubeconfig has a user `agent:<agent id>` for
    /// each agent that the job sees.
    ///
    /// The Linux package serves the agent server on GitLab's own host, below `/-/kubernetes-agent`; Helm's chart and GitLab.com at a host of its
    /// own, `kas.…`.
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
    /// On credentials and clusters that have nothing to do with GitLab, and on what hangs on variables that are not known. Numbers are held
    /// against an inventory that knows the number of each agent.
    ManualCredentials = "manual-credentials", Warning in Jobs
}

impl Rule for ManualCredentials {
    fn check_action(&self, action: &JobAction<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        let faults: Vec<(&Argument, Option<Fault>)> = match &action.action.kind {
            ActionKind::SetCredentials { token: Some(token), .. } => vec![(token, token_fault(token, cx))],
            ActionKind::SetCluster { server: Some(server), .. } => {
                vec![(server, server_fault(server, talks_to_agents(action.script), cx))]
            }
            ActionKind::SetContext { user: Some(user), .. } => vec![(user, user_fault(user, action, cx))],
            ActionKind::Cluster(command) => {
                let is_gitlabs = || command.server.is_none() && !is_own(action);
                let user = command.user.as_ref().filter(|_| is_gitlabs());
                let token = command.token.as_ref();
                let server = command.server.as_ref().map(|server| {
                    (
                        server,
                        server_fault(server, token.is_some_and(|token| is_for_agents(&token.text.to_string())), cx),
                    )
                });
                let user = user.map(|user| (user, user_fault(user, action, cx)));
                // Of another server's tokens nothing is said.
                let is_proxy =
                    || command.server.as_ref().is_some_and(|server| server.text.to_string().contains("k8s-proxy"));
                let token = token.filter(|token| token.text.known_start().starts_with("ci:") || is_proxy());
                let token = token.map(|token| (token, token_fault(token, cx)));
                server.into_iter().chain(user).chain(token).collect()
            }
            _ => return,
        };
        for (argument, fault) in faults {
            let Some(Fault { message, label, help }) = fault else { continue };
            if let Some(finding) = action.finding(&INFO, &argument.range, message) {
                findings.report_once_a_place(finding.label(label).key(label).help(help));
            }
        }
    }
}

/// Whether a command uses a kubeconfig that is not GitLab's.
fn is_own(action: &JobAction<'_>) -> bool {
    let in_force = action.script.in_force(action.number);
    matches!(in_force, Some(InForce::Unknown(Why::OwnKubeconfig | Why::HomeKubeconfig)))
}

/// Whether the script makes credentials for GitLab's agent server.
fn talks_to_agents(script: &Script) -> bool {
    script.actions.iter().any(|action| match &action.kind {
        ActionKind::SetCredentials { token: Some(token), .. } => is_for_agents(&token.text.to_string()),
        _ => false,
    })
}

/// What is wrong.
struct Fault {
    message: String,
    label: &'static str,
    help: String,
}

/// Whether a token is meant for GitLab's agent server.
fn is_for_agents(token: &str) -> bool {
    token.starts_with("ci:") || token.starts_with("pat:") || token.contains("CI_JOB_TOKEN")
}

const TOKEN_HELP: &str = "write `--token=\"ci:${AGENT_ID}:${CI_JOB_TOKEN}\"`, with the agent's number";

fn token_fault(token: &Argument, cx: &JobContext<'_>) -> Option<Fault> {
    let text = token.text.to_string();
    if !is_for_agents(&text) {
        return None;
    }
    let fault = |message: String, label: &'static str| Some(Fault { message, label, help: TOKEN_HELP.to_owned() });
    let parts: Vec<&str> = text.split(':').collect();
    // A person's token; of its form nothing is said.
    if parts.first() == Some(&"pat") {
        return parts.get(1).and_then(|agent| no_such_agent(agent, cx));
    }
    let ["ci", agent, job_token] = parts[..] else {
        let message = "the token has a form that the agent server does not take: it wants `ci:<agent id>:<job token>`";
        return fault(message.to_owned(), "wrong form");
    };
    let is_number = !agent.is_empty() && agent.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number && !agent.contains('$') {
        let message = format!(
            "{} is no agent's number, which the agent server wants between `ci:` and the job token",
            brief(agent)
        );
        return fault(message, "no number");
    }
    if job_token.is_empty() {
        let message = "the token lacks what the agent server wants behind the agent's number: the job token".to_owned();
        return fault(message, "no job token");
    }
    no_such_agent(agent, cx)
}

/// A number in a token that no agent has.
fn no_such_agent(number: &str, cx: &JobContext<'_>) -> Option<Fault> {
    let help = unknown_number(number, cx)?;
    let message =
        format!("{} is the number of no agent, so the agent server answers \"agentId is not allowed\"", brief(number));
    Some(Fault { message, label: "no such agent", help })
}

/// A user of GitLab's kubeconfig that no agent has: `agent:12`.
fn user_fault(user: &Argument, action: &JobAction<'_>, cx: &JobContext<'_>) -> Option<Fault> {
    let number = user.text.as_known()?.strip_prefix("agent:")?;
    let is_made = |kind: &ActionKind| matches!(kind, ActionKind::SetCredentials { name, .. } if name.text == user.text);
    if action.script.own_kubeconfig_before(action.number)
        || action.script.actions.iter().any(|action| is_made(&action.kind))
    {
        return None;
    }
    let help = unknown_number(number, cx)?;
    let message =
        format!("{} is no user of GitLab's kubeconfig: no agent has this number", brief(&format!("agent:{number}")));
    Some(Fault { message, label: "no such agent", help })
}

/// What to write, where no agent has a number and the inventory knows the number of each.
fn unknown_number(number: &str, cx: &JobContext<'_>) -> Option<String> {
    let number: i64 = number.parse().ok()?;
    cx.index.inventory()?;
    let mut known: Vec<String> = Vec::new();
    for agent in cx.index.agents().iter().filter(|agent| agent.is_registered) {
        let id = agent.id?;
        if id == number {
            return None;
        }
        known.push(format!("{id} ({})", excerpt(&agent.context())));
    }
    let (last, others) = known.split_last()?;
    let named = if others.is_empty() { last.clone() } else { a_few_of(known.iter().cloned()) };
    Some(format!("write the number of an agent: {named}"))
}

fn server_fault(server: &Argument, talks_to_agents: bool, cx: &JobContext<'_>) -> Option<Fault> {
    let text = server.text.to_string();
    let is_proxy = text.contains("k8s-proxy");
    let own_path = path_on_own_host(&text, cx);
    let is_gitlab_com = is_gitlab_com(cx) || text.contains("://gitlab.com/");
    let proxy = if is_gitlab_com { "https://kas.gitlab.com/k8s-proxy/".to_owned() } else { proxy_address(cx) };
    let fault = |message: String, label: &'static str| {
        Some(Fault { message, label, help: format!("write `--server={proxy}`") })
    };
    let (scheme, _) = text.split_once("://").unwrap_or_default();
    let is_meant = is_proxy || talks_to_agents;
    if scheme.eq_ignore_ascii_case("http") && is_meant {
        let message = format!(
            "{} is plain http, over which kubectl sends no token: the server answers that you must be logged in",
            brief(&text)
        );
        return fault(message, "no TLS");
    }
    let is_of_agents = ["ws", "wss", "grpc", "grpcs"].iter().any(|name| scheme.eq_ignore_ascii_case(name));
    if is_of_agents && (is_meant || own_path.is_some()) {
        let message = format!(
            "{} is an address for agents: kubectl speaks https to the agent server, no `{scheme}://`",
            brief(&text)
        );
        return fault(message, "not for kubectl");
    }
    if let Some(path) = own_path.map(|path| path.trim_end_matches('/'))
        && path == "/k8s-proxy"
    {
        let place = match is_gitlab_com {
            true => "GitLab.com's agent server is at `kas.gitlab.com`",
            false => "the Linux package has the agent server below `/-/kubernetes-agent`",
        };
        let message = format!("{} is on GitLab's own host, and {place}", brief(&text));
        return fault(message, "no `/-/kubernetes-agent`");
    }
    // A path behind a variable cannot be seen.
    let is_of_server = own_path.is_some_and(|path| path.starts_with("/-/kubernetes-agent"));
    if (talks_to_agents || is_of_server) && !is_proxy && (server.text.as_known().is_some() || is_of_server) {
        let message =
            format!("{} is no address of the agent server's proxy, which ends in `/k8s-proxy/`", brief(&text));
        return fault(message, "no `/k8s-proxy/`");
    }
    None
}

/// Where kubectl finds the agent server, as far as it is known.
fn proxy_address(cx: &JobContext<'_>) -> String {
    match cx.index.inventory().and_then(|inventory| inventory.instance().url.as_deref()) {
        Some(url) if url.starts_with("https://") => {
            format!("{}/-/kubernetes-agent/k8s-proxy/", url.trim_end_matches('/'))
        }
        _ => "https://<address of the agent server>/k8s-proxy/".to_owned(),
    }
}

fn is_gitlab_com(cx: &JobContext<'_>) -> bool {
    cx.index.inventory().and_then(|inventory| inventory.instance().is_gitlab_com()) == Some(true)
}

/// The path of an address that is on GitLab's own host: that of the inventory, or of a predefined variable.
fn path_on_own_host<'t>(address: &'t str, cx: &JobContext<'_>) -> Option<&'t str> {
    const HOSTS: [&str; 4] =
        ["$CI_SERVER_HOST", "$CI_SERVER_FQDN", "$CI_SERVER_HOST:$CI_SERVER_PORT", "$CI_SERVER_FQDN:$CI_SERVER_PORT"];
    if let Some(path) = address.strip_prefix("$CI_SERVER_URL") {
        return Some(path).filter(|path| path.is_empty() || path.starts_with('/'));
    }
    let (scheme, rest) = address.split_once("://")?;
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    if HOSTS.contains(&host) || without_port(scheme, host).eq_ignore_ascii_case("gitlab.com") {
        return Some(path);
    }
    let own = cx.index.inventory()?.instance().url.as_deref()?;
    let (own_scheme, own_rest) = own.split_once("://")?;
    let own_host = own_rest.split('/').next()?;
    let is_own = without_port(scheme, host).eq_ignore_ascii_case(without_port(own_scheme, own_host));
    is_own.then_some(path)
}

/// A host without the port that its scheme has anyway.
fn without_port<'t>(scheme: &str, host: &'t str) -> &'t str {
    let port = if matches!(scheme, "http" | "ws") { ":80" } else { ":443" };
    host.strip_suffix(port).unwrap_or(host)
}
