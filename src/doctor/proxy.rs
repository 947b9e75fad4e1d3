//! One request by way of the agent server: what its status and its words say of the way from the job to the cluster.
//!
//! Source: the agent server 15.x to 16.6, `internal/module/kubernetes_api`. Its own words begin with `GitLab Agent Server: `; all others are the
//! cluster's, or of something in between. It keeps the agents of a job for a minute and an error for 10 seconds, so nothing is concluded from
//! two requests.

use serde_json::Value;

use super::answer::{Said, origin, redirect};
use super::examine::line;
use super::{Asked, Code, Context, Line, Live, Observed, Question, Seen, TokenForm};
use crate::api::{Response, TransportError, shortened};

/// What the agent server's own words begin with.
const OF_AGENT_SERVER: &str = "GitLab Agent Server: ";

/// The context that the job is about: the one of `KUBE_CONTEXT`, the one that is chosen, or the only one of an agent.
fn context(observed: &Observed) -> Option<&Context> {
    let Seen::Read(kubeconfig) = &observed.kubeconfig else { return None };
    let named = |name: &str| kubeconfig.contexts.iter().find(|context| context.name == name);
    let chosen = observed.variable("KUBE_CONTEXT").or(kubeconfig.current.as_deref());
    if let Some(chosen) = chosen {
        return named(chosen);
    }
    let mut of_agents = kubeconfig.contexts.iter().filter(|context| context.token.is_of_agent());
    of_agents.next().filter(|_| of_agents.next().is_none())
}

/// The question for the version of the cluster, which any identity may ask by Kubernetes' defaults; or the line that says why it is not asked.
/// The token is the context's own, and goes to the server that the same file names.
///
/// # Errors
/// The line.
pub fn version_of_cluster(observed: &Observed, is_http_fine: bool) -> Result<Question, Line> {
    let not = |code, why: String, todo: &str| Err(line(code, why, todo));
    let Some(context) = context(observed) else {
        let (code, why, todo) = match &observed.kubeconfig {
            Seen::Read(kubeconfig) if !kubeconfig.contexts.is_empty() => (
                Code::WhichContext,
                "which context is meant is not known",
                "set KUBE_CONTEXT to one that is there, for this command at least",
            ),
            _ => (Code::NoContextToAsk, "there is no context", ""),
        };
        return not(code, format!("no cluster was asked: {why}"), todo);
    };
    let name = &context.name;
    let bearer = match (context.token, &context.bearer) {
        (TokenForm::Malformed, _) => {
            return not(
                Code::TokenForm,
                format!(
                    "the token of {name} is not of the form that the agent server takes, ci:<agent id>:<token of the job>"
                ),
                "take GitLab's own KUBECONFIG, which has it",
            );
        }
        (TokenForm::Job(_) | TokenForm::Person(_), Some(bearer)) => bearer,
        _ => {
            return not(
                Code::NoAgentToken,
                format!("{name} was not asked: it has no token for an agent, so it does not go by way of one"),
                "select the context of an agent, if that is meant",
            );
        }
    };
    let server = context.server.as_deref().unwrap_or_default();
    let Some(origin) = origin(server) else {
        return not(Code::BadServer, format!("the server of {name} is no address"), "find out who wrote KUBECONFIG");
    };
    if origin.starts_with("http://") && !is_http_fine {
        return not(
            Code::AgentServerWithoutTls,
            format!("{name} was not asked: {server} is not https, and the token would go there for everybody to read"),
            "--insecure-http asks all the same",
        );
    }
    Ok(Question {
        url: format!("{}/version", server.trim_end_matches('/')),
        token: bearer.clone(),
        authority: context.authority.clone(),
    })
}

pub(super) fn lines(observed: &Observed, live: &Live) -> Vec<Line> {
    let Some(context) = context(observed) else {
        return match &live.version {
            Asked::Not(line) => vec![line.clone()],
            Asked::Sent(..) => Vec::new(),
        };
    };
    vec![match &live.version {
        Asked::Not(line) => line.clone(),
        Asked::Sent(url, Err(error)) => no_answer(context, url, error),
        Asked::Sent(url, Ok(response)) => answered(observed, context, url, response),
    }]
}

fn no_answer(context: &Context, url: &str, error: &TransportError) -> Line {
    let server = url.strip_suffix("/version").unwrap_or(url);
    match error {
        TransportError::Certificate(why) if context.takes_any_certificate => line(
            Code::AnyCertificate,
            format!(
                "{server}: its certificate is not trusted ({why}), and kubectl takes it by insecure-skip-tls-verify: who stands in between reads the token"
            ),
            "name the authority in its place: SSL_CERT_FILE, or `kubectl config set-cluster gitlab --certificate-authority=FILE`",
        ),
        TransportError::Certificate(why) if why.contains("UnknownIssuer") => line(
            Code::UnknownAuthority,
            format!(
                "{server}: its certificate is not trusted here; kubectl says \"x509: certificate signed by unknown authority\""
            ),
            match context.authority {
                Some(_) => "name the authority that signed it as certificate-authority; the one in KUBECONFIG did not",
                None => {
                    "set SSL_CERT_FILE to a file with your authority, or `kubectl config set-cluster gitlab --certificate-authority=FILE`"
                }
            },
        ),
        TransportError::Certificate(why) => line(
            Code::BadCertificate,
            format!("{server}: its certificate is not valid: {why}"),
            "renew it, with the name by which jobs reach the agent server",
        ),
        TransportError::CertificateOfAuthority => line(
            Code::CertificateOfAuthority,
            format!(
                "{server}: its certificate is an authority's own (`CA:TRUE`), which kubectl takes where SSL_CERT_FILE or certificate-authority names it, and kaslint cannot try"
            ),
            "give the agent server a certificate that an authority has signed",
        ),
        TransportError::Unreachable(why) => line(
            Code::Unreachable,
            format!("{server} cannot be reached from here: {why}"),
            "look at the address that GitLab has for its agent server (kas.externalK8sProxyUrl), at the runner's DNS and firewall, at HTTPS_PROXY and NO_PROXY",
        ),
        TransportError::Proxy(why) => line(
            Code::ProxyRefuses,
            format!("{server} cannot be reached: the proxy of HTTPS_PROXY refuses: {}", shortened(why, 120)),
            "let the proxy pass it, or name its host in NO_PROXY",
        ),
        TransportError::TimedOut(after) => line(
            Code::NoAnswer,
            format!("{server} gave no answer within {} seconds", after.as_secs()),
            "look at the runner's firewall and proxies, and whether the agent is connected",
        ),
        error => line(Code::BrokenAnswer, format!("{server}: {error}"), "look what answers at this address"),
    }
}

fn answered(observed: &Observed, context: &Context, url: &str, response: &Response) -> Line {
    let server = url.strip_suffix("/version").unwrap_or(url);
    let name = &context.name;
    if let Some(to) = redirect(response) {
        return line(
            Code::AgentServerRedirects,
            format!("{server} redirects to {to}, where no token goes: no agent server answers there"),
            "look at the address that GitLab has for its agent server (kas.externalK8sProxyUrl)",
        );
    }
    let said = Said::of(response);
    let status = response.status;
    if status == 200 {
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        return match body["gitVersion"].as_str() {
            Some(version) => {
                let version = shortened(version.trim_start_matches('v'), 60);
                line(Code::Cluster, format!("{name} reaches its cluster, which is Kubernetes {version}"), "")
            }
            None => line(
                Code::NotKubernetes,
                format!("{server} answers, and not as an API server of Kubernetes does"),
                "look what answers at this address, a proxy or a sign-in page",
            ),
        };
    }
    if status == 426 {
        return line(
            Code::UpgradeRequired,
            format!("426: something in front of {server} wants another protocol{}", said.quoted()),
            "let it pass HTTP/1.1 and upgrades to the agent server; kubectl 1.27.0 and 1.27.1 get 426 by a bug of theirs",
        );
    }
    match said.text.strip_prefix(OF_AGENT_SERVER) {
        Some(words) => by_agent_server(observed, context, status, words),
        None if said.is_status => by_cluster(name, status, &said),
        None => in_between(name, server, status, &said),
    }
}

/// What the agent server itself says.
fn by_agent_server(observed: &Observed, context: &Context, status: u16, words: &str) -> Line {
    let (name, agent) = (&context.name, context.token.agent().unwrap_or_default());
    let has = |part: &str| words.to_ascii_lowercase().contains(&part.to_ascii_lowercase());
    let told = |code, seen: String, todo: &str| line(code, format!("{status} for {name}: {seen} (\"{words}\")"), todo);
    match status {
        400 if has("expected prefix") => told(Code::ProxyPath,
            "the address of the agent server lacks the path of its proxy".to_owned(),
            "end the server's address in /k8s-proxy/, as GitLab's own KUBECONFIG does",
        ),
        401 if has("CI job token") => told(Code::JobTokenNotTaken,
            "GitLab does not take the job's token".to_owned(),
            "look whether the job has ended; right after a job's start, wait 10 seconds and try again",
        ),
        401 if matches!(context.token, TokenForm::Person(_)) => told(Code::PersonNotTaken,
            "GitLab does not let this person to the agent, or does not take the token".to_owned(),
            "look at the agent's `user_access`, at the person's role, and at the token: it needs the scope k8s_proxy",
        ),
        401 => told(Code::TokenNotTaken,
            "the agent server does not take the token in this form".to_owned(),
            "look whether something in front of the agent server changes the header Authorization, and who else writes KUBECONFIG",
        ),
        403 if has("agentId is not allowed") => {
            let is_allowed = observed.allowed().is_some_and(|allowed| allowed.agents.iter().any(|known| known.id == agent));
            match is_allowed {
                true => told(Code::AgentAllowedByNow,
                    format!("the agent server does not let this job to agent {agent}, and GitLab does by now"),
                    "try again in a minute, for which the agent server keeps what GitLab said before",
                ),
                false => told(Code::AgentNotAllowed,
                    format!("GitLab does not let this job to agent {agent}"),
                    "see what is said of the contexts; a change of the configuration takes a minute, and the job's environment and ref count as well",
                ),
            }
        }
        403 => told(Code::JobRefused, "GitLab refuses the job".to_owned(), "look whether the job still runs, and its person is not blocked"),
        404 => told(Code::JobNotFound, "GitLab knows no job with this token".to_owned(), "look who else sets the token, and whether the job still runs"),
        406 => told(Code::MediaType,
            "the agent server cannot write what is asked for".to_owned(),
            "look whether something in front of it changes the header Accept",
        ),
        500 if has("allowed agents") => told(Code::GitlabNotAsked,
            "the agent server cannot ask GitLab which agents let the job in".to_owned(),
            "try again in a minute; if it stays, look at GitLab's log, and whether `kaslint check` finds a pattern of environments that is no expression",
        ),
        502 if has("agent connection not found") => told(Code::AgentNotConnected,
            format!("agent {agent} is not connected"),
            "look at the pods of agentk in the cluster and their log, at its token, and at the address by which it reaches the agent server",
        ),
        502 => told(Code::WayBroke,
            "the way through the agent broke: the agent is there, and did not reach the API of its cluster, or lost the connection".to_owned(),
            "try again; if it stays, look at the log of agentk",
        ),
        _ => told(Code::AgentServerBroken, "the agent server cannot answer".to_owned(), "try again in a minute; if it stays, look at its log"),
    }
}

/// What the cluster says: then the way there works.
fn by_cluster(name: &str, status: u16, said: &Said) -> Line {
    match status {
        401 => line(
            Code::IdentityNotTaken,
            format!("401 for {name}: its cluster does not take the agent's own identity{}", said.quoted()),
            "look at the service account of agentk",
        ),
        403 => line(
            Code::ClusterForbids,
            format!("403 for {name}: the way to its cluster works, and the cluster itself refuses{}", said.quoted()),
            "give the identity that is named there rights by RBAC in the cluster; not in GitLab",
        ),
        status => line(
            Code::ClusterOther,
            format!(
                "{status} for {name}: the way to its cluster works, and the cluster says this itself{}",
                said.quoted()
            ),
            "look at the cluster's API server",
        ),
    }
}

/// What is neither the agent server's nor a cluster's.
fn in_between(name: &str, server: &str, status: u16, said: &Said) -> Line {
    let seen = format!("{status} for {name}: neither the agent server nor a cluster says this{}", said.quoted());
    match status {
        // The agent itself says this, without the words that the agent server begins with.
        400 if said.text.to_ascii_lowercase().contains("nested impersonation") => line(
            Code::NestedImpersonation,
            format!("{status} for {name}: the agent does not take the request{}", said.quoted()),
            "leave `--as` out: an entry with `access_as` impersonates already",
        ),
        404 => line(
            Code::NotFoundOfOthers,
            match server.contains("/k8s-proxy") {
                true => seen,
                false => format!("{seen}; the path of {server} is not that of the agent server's proxy"),
            },
            "look at the address that GitLab has for its agent server (kas.externalK8sProxyUrl), and whether the agent server is switched on",
        ),
        401 | 403 | 407 => line(
            Code::RefusedOfOthers,
            seen,
            "look what stands in front of the agent server: a proxy, a firewall, a sign-in page",
        ),
        429 => line(Code::TooManyOfOthers, seen, "try again later"),
        502..=504 => line(
            Code::NothingBehind,
            seen,
            "look whether the agent server runs, and whether what stands in front of it finds it",
        ),
        _ => line(Code::OtherOfOthers, seen, "look what stands in front of the agent server"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::doctor::{Authority, Kubeconfig, Verdict};

    fn told(token: &str, change: impl Fn(&mut Context), answer: Result<Response, TransportError>) -> Line {
        let text = format!(
            "clusters: [{{name: gitlab, cluster: {{server: 'https://kas.example.com/k8s-proxy/'}}}}]
users: [{{name: agent, user: {{token: '{token}'}}}}]
contexts: [{{name: 'acme/agents:prod', context: {{cluster: gitlab, user: agent}}}}]
"
        );
        let mut kubeconfig = Kubeconfig::read(&text, std::path::Path::new("")).unwrap();
        change(&mut kubeconfig.contexts[0]);
        let mut observed = Observed { kubeconfig: Seen::Read(kubeconfig), ..Observed::default() };
        let question = version_of_cluster(&observed, false).unwrap();
        assert_eq!(question.url, "https://kas.example.com/k8s-proxy/version");
        let allowed = Asked::Not(line(Code::NoJobToken, "", ""));
        observed.live = Some(Live { allowed, version: Asked::Sent(question.url, answer) });
        let [line] = lines(&observed, observed.live.as_ref().unwrap()).try_into().unwrap();
        line
    }

    #[test]
    fn what_keeps_an_answer_away_is_told_apart() {
        let certificate = |why: &str| Err(TransportError::Certificate(why.to_owned()));
        let as_it_is = |error| told("ci:7:x", |_| {}, error);
        let unknown = as_it_is(certificate("UnknownIssuer"));
        assert!(
            unknown.code.verdict() == Verdict::Wrong && unknown.seen.contains("signed by unknown authority"),
            "{unknown:?}"
        );
        assert!(unknown.todo.contains("SSL_CERT_FILE"), "{unknown:?}");
        let named = told(
            "ci:7:x",
            |context| context.authority = Some(Authority::Pem(Vec::new())),
            certificate("UnknownIssuer"),
        );
        assert!(named.todo.contains("the one in KUBECONFIG did not"), "{named:?}");
        let any = told("ci:7:x", |context| context.takes_any_certificate = true, certificate("UnknownIssuer"));
        assert!(any.code.verdict() == Verdict::Doubtful && any.seen.contains("insecure-skip-tls-verify"), "{any:?}");
        let expired = as_it_is(certificate("Expired"));
        assert!(expired.seen.ends_with("is not valid: Expired"), "{expired:?}");
        assert_eq!(as_it_is(Err(TransportError::CertificateOfAuthority)).code.verdict(), Verdict::Unknown);
        let proxy = as_it_is(Err(TransportError::Proxy("407".to_owned())));
        assert!(proxy.todo.contains("NO_PROXY"), "{proxy:?}");
        let late = as_it_is(Err(TransportError::TimedOut(Duration::from_secs(60))));
        insta::assert_snapshot!(format!("[{}] {} → {}", late.code.name(), late.seen, late.todo), @"[no-answer] https://kas.example.com/k8s-proxy gave no answer within 60 seconds → look at the runner's firewall and proxies, and whether the agent is connected");
        let cut = as_it_is(Err(TransportError::Cut("unexpected end of file".to_owned())));
        assert_eq!(cut.code.verdict(), Verdict::Wrong);
    }

    #[test]
    fn a_person_is_told_of_roles_and_scopes() {
        let body = r#"{"kind": "Status", "message": "GitLab Agent Server: Unauthorized"}"#;
        let answer = || Ok(Response { status: 401, headers: Vec::new(), body: body.into() });
        let person = told("pat:7:x", |_| {}, answer());
        assert!(person.todo.contains("k8s_proxy"), "{person:?}");
        assert!(!told("ci:7:x", |_| {}, answer()).todo.contains("k8s_proxy"));
    }
}
