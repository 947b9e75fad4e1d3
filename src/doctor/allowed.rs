//! The agents that GitLab lets the job to, as the agent server asks for them.
//!
//! Source: `lib/api/ci/jobs.rb`, `GET /job/allowed_agents`: filtered by the environment of the job (from 15.7) and by whether its ref is
//! protected (from 17.3).

use serde_json::Value;

use super::answer::{Said, origin, redirect};
use super::examine::line;
use super::{Asked, Code, Line, Live, Observed, Question, Seen};
use crate::api::{Response, Token, shortened};

/// An agent that GitLab lets the job to.
#[derive(Clone, Debug, PartialEq)]
pub struct AllowedAgent {
    /// Its number.
    pub id: u64,
    /// The full path of its configuration project.
    pub project: String,
    /// The settings of the entry that counts, without its id; `{}` for implicit access.
    pub configuration: Value,
}

/// What GitLab answers about a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Allowed {
    /// The agents.
    pub agents: Vec<AllowedAgent>,
    /// Whether the job has an environment that is stored.
    pub has_environment: bool,
}

impl Allowed {
    pub(super) fn read(response: &Response) -> Option<Self> {
        if response.status != 200 {
            return None;
        }
        let body: Value = serde_json::from_slice(&response.body).ok()?;
        let agents = body["allowed_agents"].as_array()?.iter().map(|agent| {
            Some(AllowedAgent {
                id: agent["id"].as_u64()?,
                project: shortened(agent["config_project"]["path_with_namespace"].as_str()?, 255),
                configuration: agent["configuration"].clone(),
            })
        });
        Some(Self { agents: agents.collect::<Option<_>>()?, has_environment: body["environment"].is_object() })
    }
}

/// The question which agents GitLab lets the job to; or the line that says why it is not asked. The token goes to the host of `CI_SERVER_URL`
/// alone.
///
/// # Errors
/// The line.
pub fn allowed_agents(observed: &Observed, token: Option<Token>, is_http_fine: bool) -> Result<Question, Line> {
    let not = |code, why: &str, todo: &str| {
        Err(line(code, format!("GitLab was not asked which agents let this job in: {why}"), todo))
    };
    let Some(token) = token.filter(|_| observed.is_job()) else {
        return not(
            Code::NoJobToken,
            "that takes the token of a job, CI_JOB_TOKEN",
            "run it in the job that is to reach the cluster",
        );
    };
    let Some(server) = observed.variable("CI_SERVER_URL") else {
        return not(Code::NoServerUrl, "CI_SERVER_URL is not set", "run it in a job of GitLab");
    };
    let api = observed
        .variable("CI_API_V4_URL")
        .map_or_else(|| format!("{}/api/v4", server.trim_end_matches('/')), |api| api.trim_end_matches('/').to_owned());
    let (Some(here), Some(there)) = (origin(server), origin(&api)) else {
        return not(
            Code::BadServerUrl,
            "CI_SERVER_URL or CI_API_V4_URL is no address",
            "take the variable away where you set it",
        );
    };
    if here != there {
        return not(
            Code::OtherApiHost,
            "CI_API_V4_URL leads to another host than CI_SERVER_URL, where the job's token does not go",
            "take the variable away where you set it",
        );
    }
    if there.starts_with("http://") && !is_http_fine {
        return not(
            Code::GitlabWithoutTls,
            &format!("{there} is not https, and the job's token would go there for everybody to read"),
            "set up TLS for GitLab; --insecure-http asks all the same",
        );
    }
    Ok(Question { url: format!("{api}/job/allowed_agents"), token, authority: None })
}

pub(super) fn lines(observed: &Observed, live: &Live) -> Vec<Line> {
    match &live.allowed {
        Asked::Not(line) => vec![line.clone()],
        Asked::Sent(url, Err(error)) => vec![line(
            Code::GitlabSilent,
            format!("GitLab could not be asked which agents let this job in, {url}: {error}"),
            "",
        )],
        Asked::Sent(url, Ok(response)) => match Allowed::read(response) {
            Some(allowed) => agents(observed, &allowed),
            None => vec![refused(url, response)],
        },
    }
}

/// What is allowed against what the kubeconfig has and what is predicted.
fn agents(observed: &Observed, allowed: &Allowed) -> Vec<Line> {
    let contexts = match &observed.kubeconfig {
        Seen::Read(kubeconfig) => &*kubeconfig.contexts,
        _ => &[],
    };
    let mut lines = Vec::new();
    let count = match allowed.agents.len() {
        0 => "no agent".to_owned(),
        1 => "one agent".to_owned(),
        count => format!("{count} agents"),
    };
    let code = if allowed.agents.is_empty() { Code::NoAgentAllowed } else { Code::AgentsAllowed };
    let todo = if allowed.agents.is_empty() { "see what each agent says of this job" } else { "" };
    lines.push(line(code, format!("GitLab lets this job to {count}"), todo));
    for agent in &allowed.agents {
        if !contexts.iter().any(|context| context.token.agent() == Some(agent.id)) {
            lines.push(line(
                Code::AllowedWithoutContext,
                format!(
                    "GitLab lets this job to agent {} of {}, and KUBECONFIG has no context for it",
                    agent.id, agent.project
                ),
                "run the job again if access was granted after it started; else look who else sets KUBECONFIG",
            ));
        }
    }
    for context in contexts {
        let super::TokenForm::Job(id) = context.token else { continue };
        if allowed.agents.iter().all(|agent| agent.id != id) {
            lines.push(line(
                Code::ContextNotAllowed,
                format!("{} is there, and GitLab does not let this job to its agent {id} (any more): requests end with 403", context.name),
                "look what became of the entry, of the job's environment and of the protection of its ref since the job started",
            ));
        }
    }
    if let Some(name) = observed.variable("CI_ENVIRONMENT_NAME").filter(|_| !allowed.has_environment) {
        lines.push(line(
            Code::NoStoredEnvironment,
            format!("GitLab has no environment stored for this job, and CI_ENVIRONMENT_NAME is {name}: entries with environments do not let it in"),
            "look whether the environment was deleted or renamed, and run the job again",
        ));
    }
    let Some(prediction) = &observed.prediction else { return lines };
    for (context, stored, predicted) in &prediction.other_settings {
        lines.push(line(
            Code::OtherSettings,
            format!("{context} has other settings in GitLab than predicted: {stored}, and not {predicted}"),
            "GitLab goes by the file that it accepted last: compare the default branch",
        ));
    }
    if prediction.same_settings > 0 {
        let whose = match prediction.same_settings {
            1 => "one agent".to_owned(),
            count => format!("{count} agents"),
        };
        lines.push(line(Code::SameSettings, format!("GitLab has the settings that are predicted, for {whose}"), ""));
    }
    lines
}

fn refused(url: &str, response: &Response) -> Line {
    let said = Said::of(response).quoted();
    if let Some(to) = redirect(response) {
        return line(
            Code::GitlabRedirects,
            format!("{url} redirects to {to}, where the job's token does not go"),
            "let GitLab's own address (external_url) be the one that it is reached by",
        );
    }
    match response.status {
        401 => line(
            Code::JobTokenRefused,
            format!("401: GitLab does not take the token of this job{said}"),
            "look whether the job has ended, and who else sets CI_JOB_TOKEN; right after a job's start, try again",
        ),
        403 => line(
            Code::GitlabForbids,
            format!("403: GitLab refuses to say which agents let this job in{said}"),
            "look whether GitLab restricts the addresses that may ask, and whether something in front of it answers",
        ),
        404 => line(
            Code::NoSuchAddress,
            format!("404: {url} is not there, or CI_JOB_TOKEN is no token of a job"),
            "take CI_JOB_TOKEN and CI_API_V4_URL away where you set them",
        ),
        429 => line(Code::TooManyRequests, "429: GitLab wants no more requests for now", "try again later"),
        200 => line(
            Code::NotGitlab,
            format!("{url} answers something else than agents"),
            "look what answers in GitLab's place, a proxy or a sign-in page",
        ),
        status @ 500..=599 => line(
            Code::GitlabBroken,
            format!("{status}: GitLab cannot say which agents let this job in{said}"),
            "try again; if it stays, look at GitLab's log, and whether `kaslint check` finds a pattern of environments that is no expression",
        ),
        status => {
            line(Code::GitlabOther, format!("{status}: GitLab does not say which agents let this job in{said}"), "")
        }
    }
}
