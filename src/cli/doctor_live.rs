//! `kaslint doctor --live`: what GitLab lets the job use, and one request to a cluster.

use std::path::{Path, PathBuf};

use super::remote::{Line, line, line_with, without_core_files};
use crate::api::{ApiError, Authorities, Client, Method, Request, Token, TransportError, json_of};
use crate::doctor::{Access, AllowedAgent, Asked, Authority, Kubeconfig, Observed, Seen, TokenForm, Tried};
use crate::project::Unusable;
use crate::project::files::{Content, Disk, FileSource as _};

/// The largest kubeconfig or certificate that is read, in bytes.
const MAX_SIZE: u64 = 1 << 20;

/// The largest answer that is read, in bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// What the caller gave.
pub(super) struct Given<'a> {
    pub ca_file: Option<&'a Path>,
    pub insecure_http: bool,
    pub is_offline: bool,
}

/// Asks.
///
/// # Errors
/// Where nothing may be asked, or this build has no network.
#[allow(clippy::disallowed_methods, reason = "the job's token and addresses are known from there")]
pub(super) fn ask(given: &Given<'_>, observed: &Observed) -> Result<Asked, Unusable> {
    if given.is_offline {
        return Err(Unusable::new("`doctor --live` asks GitLab, and --offline forbids that"));
    }
    without_core_files();
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let connection = line(given.ca_file, given.insecure_http, "doctor --live")?;
    let allowed = variable("CI_JOB_TOKEN").zip(variable("CI_SERVER_URL"));
    let allowed = allowed.map(|(token, url)| allowed_agents(&connection, &token, &url, given.insecure_http));
    let paths: Vec<PathBuf> =
        variable("KUBECONFIG").map(|paths| std::env::split_paths(&paths).collect()).unwrap_or_default();
    Ok(Asked { allowed, tried: try_one(given, observed, &paths)? })
}

fn allowed_agents(
    (transport, clock): &Line,
    token: &str,
    url: &str,
    insecure_http: bool,
) -> Result<Vec<AllowedAgent>, ApiError> {
    if !is_safe(url, insecure_http) {
        let why =
            "its address is not https, and the token would go there for everybody to read; --insecure-http lets it";
        return Err(ApiError::Transport(TransportError::Unreachable(why.to_owned())));
    }
    let client = Client::new(&**transport, &**clock, url, Some(Token::Job(token.into())));
    let answer = json_of(&client.get("/api/v4/job/allowed_agents")?)?;
    AllowedAgent::all(&answer).ok_or_else(|| ApiError::Malformed("there are no `allowed_agents` in it".to_owned()))
}

fn is_safe(url: &str, insecure_http: bool) -> bool {
    url.starts_with("https://") || (insecure_http && url.starts_with("http://"))
}

/// Tries the context that the job would use; or says why none.
fn try_one(
    given: &Given<'_>,
    observed: &Observed,
    paths: &[PathBuf],
) -> Result<Option<Result<Tried, String>>, Unusable> {
    let Seen::Read(kubeconfig) = &observed.kubeconfig else { return Ok(None) };
    let context = match chosen(observed, kubeconfig) {
        Ok(context) => context,
        Err(why) => return Ok(Some(Err(why))),
    };
    let Some((access, folder)) = access_of(paths, &context) else {
        return Ok(Some(Err(format!("{context} is none of an agent's for this job"))));
    };
    if !is_safe(&access.server, given.insecure_http) {
        return Ok(Some(Err(format!("{} is not https; --insecure-http lets the token go there", access.server))));
    }
    let authority = match &access.authority {
        None => None,
        Some(Authority::Data(pem)) => Some(pem.clone()),
        Some(Authority::File(path)) => match Disk.read(&folder.join(path), MAX_SIZE) {
            Ok(Content::Text(source)) => Some(source.text().as_bytes().to_vec()),
            _ => return Ok(Some(Err(format!("the certificate of the authority of {context} cannot be read")))),
        },
    };
    let connection = match authority {
        Some(pem) => line_with(Authorities::Only(&pem), given.insecure_http, "doctor --live")?,
        None => Ok(line(given.ca_file, given.insecure_http, "doctor --live")?),
    };
    let (transport, _) = match connection {
        Ok(connection) => connection,
        Err(fault) => return Ok(Some(Err(format!("the authority of {context} cannot be used: {fault}")))),
    };
    let bearer = format!("Bearer {}", access.token);
    let url = format!("{}/version", access.server.trim_end_matches('/'));
    let headers = [("authorization", bearer.as_str())];
    let answer =
        transport.send(&Request { method: Method::Get, url: &url, headers: &headers, body: None, limit: MAX_ANSWER });
    Ok(Some(Ok(Tried { context, server: access.server, answer })))
}

/// The context that the job would use: the one that it names, or the only one.
fn chosen(observed: &Observed, kubeconfig: &Kubeconfig) -> Result<String, String> {
    if let Some(named) = observed.variable("KUBE_CONTEXT").or(kubeconfig.current.as_deref()) {
        return Ok(named.to_owned());
    }
    let mut of_agents = kubeconfig.contexts.iter().filter(|context| context.token == TokenForm::Job);
    match (of_agents.next(), of_agents.next()) {
        (Some(only), None) => Ok(only.name.clone()),
        (None, _) => Err("there is no context of an agent".to_owned()),
        _ => Err("there are several contexts, and none is chosen; KUBE_CONTEXT names one".to_owned()),
    }
}

/// What it takes to reach the cluster of a context, and the folder of the file that says it.
fn access_of(paths: &[PathBuf], context: &str) -> Option<(Access, PathBuf)> {
    paths.iter().find_map(|path| {
        let Ok(Content::Text(source)) = Disk.read(path, MAX_SIZE) else { return None };
        let access = Kubeconfig::access(source.text(), context).ok()??;
        Some((access, path.parent().unwrap_or(Path::new("")).to_owned()))
    })
}
