//! Why a job gets an agent or does not, and why an entry has no effect.

use super::condition::{condition, conditions_for_users};
use super::entry::candidate_for;
use crate::access::environment_pattern::{Fault, RubyOnly};
use crate::access::{
    Agent, Answer, Candidate, CandidateKind, Denial, DropReason, MANAGED_RESOURCES_FLAG, Outcome, Outside, Row, Unmade,
    UserDenial,
};
use crate::agent_config::RefusedAt;
use crate::gitlab::releases::{MANAGED_RESOURCES, USER_NAMESPACES, WHOLE_HIERARCHY};

/// The job of a question: "acme/web/shop in environment `production`, on a protected ref".
#[must_use]
pub fn job(answer: &Answer<'_, '_>) -> String {
    let environment = match answer.query.environment {
        Some(name) => format!("in environment `{}`", super::printable(&name.to_string())),
        None => "without environment".to_owned(),
    };
    let on = match answer.query.protected {
        Some(true) => ", on a protected ref",
        Some(false) => ", on a ref that is not protected",
        None => "",
    };
    format!("{} {environment}{on}", super::printable(answer.project_path()))
}

/// What a job gets, in a word.
#[must_use]
pub fn verdict(row: &Row<'_>) -> &'static str {
    match row.outcome {
        Outcome::Allowed => "yes",
        Outcome::Denied(_) => "no",
        Outcome::Unknown(_) => "unknown",
    }
}

/// Why a job does not get an agent, in few words; `None` for one that it gets.
#[must_use]
pub fn denial(row: &Row<'_>) -> Option<&'static str> {
    match &row.outcome {
        Outcome::Allowed => None,
        Outcome::Unknown(_) => Some("file refused"),
        Outcome::Denied(denial) => Some(match denial {
            Denial::NoEntry => "no entry counts",
            Denial::NoEnvironment => "job without environment",
            Denial::OtherEnvironment => "other environment",
            Denial::NotProtected => "ref not protected",
            Denial::PatternRaises(..) => "invalid pattern",
            Denial::RequestFails(_) => "request fails elsewhere",
        }),
    }
}

/// Why a row is as it is, in a sentence. An agent that is not registered has no part in any decision.
#[must_use]
pub fn reason(answer: &Answer<'_, '_>, row: &Row<'_>, agent: &Agent<'_>) -> String {
    if let Some(reason) = unregistered(agent) {
        return reason;
    }
    let mut reason = outcome(answer, row);
    reason.push_str(&resources_all_the_same(answer, row).map(|text| format!("; {text}")).unwrap_or_default());
    if !row.conditions.is_empty() {
        let conditions: Vec<String> = row.conditions.iter().map(condition).collect();
        reason.push_str(&format!("; this is so if {}", conditions.join(" and ")));
    }
    reason
}

/// That managed resources are made for a job which an entry's restrictions keep out, if they are.
#[must_use]
pub fn resources_all_the_same(answer: &Answer<'_, '_>, row: &Row<'_>) -> Option<String> {
    let is_kept_out = matches!(row.outcome, Outcome::Denied(Denial::OtherEnvironment | Denial::NotProtected));
    let needs = answer.managed_resources(row).filter(|_| is_kept_out)?;
    let needs = conditions_for_users(&needs);
    let condition = if needs.is_empty() { needs } else { format!(" if {needs}") };
    Some(format!("managed resources are made all the same for a job that names the agent{condition}"))
}

fn outcome(answer: &Answer<'_, '_>, row: &Row<'_>) -> String {
    let project = answer.project_path();
    let winner = row.winner.map(|winner| decisive(winner, project)).unwrap_or_default();
    match &row.outcome {
        Outcome::Allowed => format!("{winner} lets the job in{}", overriding(&row.overridden)),
        Outcome::Unknown(step) => format!(
            "GitLab refuses the agent's file ({}), so the configuration before it stays in force, and that is not known",
            step.name()
        ),
        Outcome::Denied(denial) => match denial {
            Denial::NoEntry => match &row.fell_out[..] {
                [] => format!("nothing in the agent's configuration names {project} or a group above it"),
                fell_out => {
                    let reasons: Vec<String> = fell_out
                        .iter()
                        .map(|(candidate, reason)| format!("{} {}", route(*candidate), dropped(reason)))
                        .collect();
                    format!("no entry lets {project} in: {}", reasons.join("; "))
                }
            },
            Denial::NoEnvironment => {
                format!("{winner} decides and lists environments, and the job has none{}", overriding(&row.overridden))
            }
            Denial::OtherEnvironment => format!(
                "{winner} decides, and none of its environments matches `{}`{}",
                answer.query.environment.map(|environment| environment.to_string()).unwrap_or_default(),
                overriding(&row.overridden)
            ),
            Denial::NotProtected => {
                format!("{winner} decides and takes only protected refs{}", overriding(&row.overridden))
            }
            Denial::PatternRaises(pattern, fault) => format!(
                "{winner} decides, and its pattern `{}` is no regular expression ({}): GitLab answers the request for \
                 the job's agents with an error",
                pattern.value,
                pattern_fault(*fault)
            ),
            Denial::RequestFails(context) => format!(
                "{winner} would let the job in, and GitLab answers the request for all of its agents with an error, at \
                 a pattern of `{context}` that is no regular expression"
            ),
        },
    }
}

/// What decides, with its place, as the start of a sentence.
fn decisive(candidate: Candidate<'_>, project: &str) -> String {
    match candidate.kind {
        CandidateKind::Implicit => format!("{project} is the configuration project, which"),
        kind => {
            let entry = candidate_for(kind, candidate.target.unwrap_or_default());
            format!("{entry}, {},", candidate.route().unwrap_or_default())
        }
    }
}

fn overriding(overridden: &[Candidate<'_>]) -> String {
    let routes: Vec<String> = overridden.iter().map(|candidate| route(*candidate)).collect();
    if routes.is_empty() { String::new() } else { format!("; it overrides {}", routes.join(", ")) }
}

/// A candidate by its place in the file.
fn route(candidate: Candidate<'_>) -> String {
    candidate.route().unwrap_or_else(|| candidate_for(CandidateKind::Implicit, ""))
}

/// Why an agent has no part in any decision, if it is not registered.
#[must_use]
pub fn unregistered(agent: &Agent<'_>) -> Option<String> {
    let project = agent.project.unwrap_or("the configuration project");
    (!agent.is_registered).then(|| format!("no agent `{}` is registered in {project}", agent.name))
}

/// Why an entry has no effect, as what follows its name: "is replaced by …".
#[must_use]
pub fn dropped(reason: &DropReason) -> String {
    let text = match reason {
        DropReason::BeyondLimit(limit) => {
            return format!("stands behind the {limit} entries that GitLab takes of a list");
        }
        DropReason::Replaced(index) => {
            return format!("is replaced by entry [{index}] of the list, which has the same id");
        }
        DropReason::NotFound => "names nothing that exists",
        DropReason::IsGroup => "lists a group as a project",
        DropReason::IsProject => "lists a project as a group",
        DropReason::IsUser => "lists a user as a group",
        DropReason::Outside(Outside::SubTree) => {
            return format!(
                "lies outside the group of the configuration project, where GitLab before {WHOLE_HIERARCHY} looks"
            );
        }
        DropReason::Outside(Outside::PersonalNamespace) => {
            return format!(
                "can match nothing, because the configuration project lies in a personal namespace and GitLab is older than {USER_NAMESPACES}"
            );
        }
        DropReason::Outside(Outside::GroupFromPersonalNamespace) => {
            "can match no group, because the configuration project lies in a personal namespace"
        }
        DropReason::Outside(Outside::OtherRoot) => {
            "lies in another top-level group or namespace than the configuration project"
        }
        DropReason::SettingOff => "needs the instance setting \"Enable instance level authorization\"",
        DropReason::Tier => "gives an identity that needs Premium or Ultimate, which the job's project lacks",
        DropReason::NotOwnProject => "is not for this project",
        DropReason::NoId => "has no id",
    };
    text.to_owned()
}

/// The same in words that fit all entries that lack effect for this reason.
#[must_use]
pub fn dropped_alike(reason: &DropReason) -> String {
    match reason {
        DropReason::Replaced(_) => "is replaced by a later entry of the same list with the same id".to_owned(),
        reason => dropped(reason),
    }
}

/// Why no user gets in.
#[must_use]
pub fn user_denial(denial: UserDenial) -> &'static str {
    match denial {
        UserDenial::NoSection => "the file has no `user_access`",
        UserDenial::NoAccessAs => "`access_as` is missing, and GitLab before 18.3 then refuses every user",
        UserDenial::Tier => "`access_as: {user: {}}` needs Premium or Ultimate",
    }
}

/// Why no managed resources are made for the environments of a job that names an agent, as a clause.
#[must_use]
pub fn unmade(reason: Unmade) -> String {
    match reason {
        Unmade::Release => format!("GitLab before {MANAGED_RESOURCES} has none"),
        Unmade::NoEntry => "no entry lets the project in".to_owned(),
        Unmade::Implicit => {
            "no entry names the configuration project itself, whose own access does not turn them on".to_owned()
        }
        Unmade::Off => "the entry that applies does not turn them on".to_owned(),
        Unmade::Tier => "they need Premium or Ultimate".to_owned(),
        Unmade::Flag => format!("the feature flag `{MANAGED_RESOURCES_FLAG}` is off"),
    }
}

/// Why GitLab refuses a file.
#[must_use]
pub fn refused_at(step: RefusedAt) -> &'static str {
    match step {
        RefusedAt::Read => "it is a link or no file",
        RefusedAt::Size => "it is too large",
        RefusedAt::Yaml => "it is no YAML that could become JSON",
        RefusedAt::Decode => "a key is unknown or a value has the wrong type",
        RefusedAt::Validate => "a value is not allowed",
    }
}

/// Why Ruby refuses a pattern.
#[must_use]
pub fn pattern_fault(fault: Fault) -> String {
    match fault {
        Fault::UnmatchedClose => "`)` closes nothing".to_owned(),
        Fault::UnclosedGroup => "`(` is not closed".to_owned(),
        Fault::UnclosedClass => "`[` is not closed".to_owned(),
        Fault::NothingToRepeat(sign) => format!("`{sign}` has nothing in front of it to repeat"),
        Fault::TrailingBackslash => "nothing follows the backslash".to_owned(),
    }
}

/// Why it takes Ruby to tell whether a pattern matches.
#[must_use]
pub fn pattern_unknown(unknown: RubyOnly) -> String {
    match unknown {
        RubyOnly::Construct(what) => format!("{what} has a meaning of its own in Ruby's regular expressions"),
        RubyOnly::TooLarge => "the regular expression is too large".to_owned(),
        RubyOnly::ControlCharacter => "the environment's name has a control character".to_owned(),
    }
}
