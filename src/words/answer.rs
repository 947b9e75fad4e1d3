//! Words that several formats share, so that the same thing is said the same way.

use crate::access::{
    Agent, Answer, Candidate, CandidateKind, Condition, Denial, Identity, Outcome, Query, Row, UserIdentity,
};
use crate::agent_config::CiEntry;
use crate::source::secrets;

/// A text out of a file as it may be shown: without secrets and without what could steer a terminal.
pub(crate) fn shown(text: &str) -> String {
    let masked = secrets::mask(text);
    masked.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

/// The job of a question: "acme/web/shop in environment `production`, on a protected ref".
pub(crate) fn job(answer: &Answer<'_, '_>) -> String {
    let environment = match answer.query.environment {
        Some(name) => format!("in environment `{}`", shown(&name.to_string())),
        None => "without environment".to_owned(),
    };
    let on = match answer.query.protected {
        Some(true) => ", on a protected ref",
        Some(false) => ", on a ref that is not protected",
        None => "",
    };
    format!("{} {environment}{on}", shown(answer.project_path()))
}

/// The name of the job's environment.
pub(crate) fn environment(query: &Query<'_>) -> Option<String> {
    query.environment.map(|name| name.to_string())
}

/// Conditions as one clause that fits behind "if"; empty for none.
pub(crate) fn conditions(conditions: &[Condition]) -> String {
    let clauses: Vec<String> = conditions.iter().map(|condition| shown(&condition.to_string())).collect();
    clauses.join(" and ")
}

/// The same for `user_access`, where there is no job.
pub(crate) fn user_conditions(conditions: &[Condition]) -> String {
    conditions.iter().map(|condition| shown(&condition.for_users())).collect::<Vec<_>>().join(" and ")
}

/// What an entry is for: "project acme/web/shop".
pub(crate) fn name(candidate: &Candidate<'_>, agent: &Agent<'_>) -> String {
    let target = shown(candidate.target.unwrap_or("without id"));
    match candidate.kind {
        CandidateKind::Implicit => {
            format!("{} itself", shown(agent.project.unwrap_or("the configuration project")))
        }
        CandidateKind::Instance => "the whole instance".to_owned(),
        kind => format!("{} {target}", kind.name()),
    }
}

/// An entry in a sentence: "the entry for the group acme".
pub(crate) fn entry(candidate: &Candidate<'_>) -> String {
    let target = shown(candidate.target.unwrap_or_default());
    match candidate.kind {
        CandidateKind::Project => "the entry for the project itself".to_owned(),
        CandidateKind::Implicit => "the implicit access of the configuration project".to_owned(),
        CandidateKind::Group => format!("the entry for the group {target}"),
        CandidateKind::Instance => "the entry for the whole instance".to_owned(),
    }
}

/// The 1-based line of an entry.
pub(crate) fn line_of(agent: &Agent<'_>, entry: &CiEntry) -> Option<usize> {
    let source = agent.file?.source?;
    Some(source.position(entry.head.start).line)
}

/// As whom a job acts, in few words.
pub(crate) fn identity(identity: &Identity<'_>) -> String {
    match identity {
        Identity::Agent => "the agent's service account".to_owned(),
        Identity::CiJob(_) => "the CI job (gitlab:ci_job:<job id>)".to_owned(),
        Identity::Impersonate(user) => match user.and_then(|user| user.username.as_ref()) {
            Some(name) => format!("the user {}", shown(&name.value)),
            None => "a fixed user".to_owned(),
        },
    }
}

/// As whom users act.
pub(crate) fn user_identity(identity: UserIdentity) -> String {
    match identity {
        UserIdentity::Agent => "the agent's service account".to_owned(),
        UserIdentity::User => "themselves (gitlab:user:<user name>)".to_owned(),
        UserIdentity::Nobody(denial) => format!("nobody, because {denial}"),
    }
}

/// What a job gets, in a word.
pub(crate) fn verdict(row: &Row<'_>) -> &'static str {
    match row.outcome {
        Outcome::Allowed => "yes",
        Outcome::Denied(_) => "no",
        Outcome::Unknown(_) => "unknown",
    }
}

/// Why a row is as it is. An agent that is not registered has no part in any decision.
pub(crate) fn reason(answer: &Answer<'_, '_>, row: &Row<'_>, agent: &Agent<'_>) -> String {
    shown(&agent.unregistered().unwrap_or_else(|| answer.reason(row)))
}

/// "1 project", "3 projects", "3 entries".
pub(crate) fn count(number: usize, noun: &str) -> String {
    match noun.strip_suffix('y') {
        _ if number == 1 => format!("1 {noun}"),
        Some(stem) => format!("{number} {stem}ies"),
        None => format!("{number} {noun}s"),
    }
}

/// "a", "a and b", "a, b and 3 more".
pub(crate) fn some_of(names: &[String], most: usize) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., last] if names.len() <= most => format!("{} and {last}", rest.join(", ")),
        names => {
            let first: Vec<&str> = names.iter().take(most.saturating_sub(1)).map(String::as_str).collect();
            format!("{} and {} more", first.join(", "), names.len() - first.len())
        }
    }
}

/// Why a job does not get an agent, in few words; `None` for one that it gets.
pub(crate) fn denial(row: &Row<'_>) -> Option<String> {
    let text = match denial_name(row)? {
        "no_entry" => "no entry counts",
        "no_environment" => "job without environment",
        "other_environment" => "other environment",
        "not_protected" => "ref not protected",
        "pattern_raises" => "invalid pattern",
        "request_fails" => "request fails elsewhere",
        _ => "file refused",
    };
    Some(text.to_owned())
}

/// The same for programs.
pub(crate) fn denial_name(row: &Row<'_>) -> Option<&'static str> {
    match &row.outcome {
        Outcome::Allowed => None,
        Outcome::Unknown(_) => Some("file_refused"),
        Outcome::Denied(denial) => Some(match denial {
            Denial::NoEntry => "no_entry",
            Denial::NoEnvironment => "no_environment",
            Denial::OtherEnvironment => "other_environment",
            Denial::NotProtected => "not_protected",
            Denial::PatternRaises(..) => "pattern_raises",
            Denial::RequestFails(_) => "request_fails",
        }),
    }
}
