//! Answers as JSON: the query, a row for each agent, and the parts of a row, which what agents grant has as well.
//!
//! Fields that are not known or do not apply are left out. A row that hangs on something not known has `conditions`, and
//! its opposite stands in the other list; what cannot be told at all stands in `unknown`. Texts are as they stand in files:
//! whoever writes the line out masks it.

use serde_json::{Map, Value as Json, json};

use crate::access::{Agent, Answer, Candidate, Condition, Identity, Index, JobIdentity, Query, Row};
use crate::agent_config::Impersonation;
use crate::words;

/// One line: the query with its answer.
#[must_use]
pub fn answer(index: &Index<'_>, answer: &Answer<'_, '_>) -> Json {
    let rows = |rows: &[Row<'_>]| -> Vec<Json> { rows.iter().map(|found| row(index, answer, found)).collect() };
    let mut object = Map::new();
    object.insert("query".to_owned(), query(&answer.query));
    object.insert("allowed".to_owned(), rows(&answer.allowed).into());
    object.insert("denied".to_owned(), rows(&answer.denied).into());
    if !answer.unknown.is_empty() {
        object.insert("unknown".to_owned(), rows(&answer.unknown).into());
    }
    if answer.is_unknown_project() {
        object.insert("error".to_owned(), json!("the inventory has no such project"));
    }
    Json::Object(object)
}

/// The query as it is written in a file of queries.
#[must_use]
pub fn query(query: &Query<'_>) -> Json {
    let environment = query.environment.map(|environment| environment.to_string());
    json!({ "project": query.project, "environment": environment, "protected": query.protected })
}

/// One agent of an answer.
#[must_use]
pub fn row(index: &Index<'_>, answer: &Answer<'_, '_>, row: &Row<'_>) -> Json {
    let agent = index.agent(row.agent);
    let mut object = Map::new();
    object.insert("context".to_owned(), agent.context().into());
    object.insert("agent".to_owned(), self::agent(agent));
    if let Some(winner) = row.winner {
        object.insert("entry".to_owned(), candidate(agent, winner));
    }
    let overridden: Vec<Json> = row.overridden.iter().map(|&overridden| candidate(agent, overridden)).collect();
    object.insert("overridden".to_owned(), overridden.into());
    if !row.fell_out.is_empty() {
        let fell_out = row.fell_out.iter().map(|(dropped, reason)| {
            let mut entry = candidate(agent, *dropped);
            entry["reason"] = words::dropped(reason).into();
            entry
        });
        object.insert("dropped".to_owned(), fell_out.collect());
    }
    if row.winner.is_some() {
        object.insert("identity".to_owned(), identity(&answer.identity(row, agent)));
        object.extend(answer.namespace(row).map(|namespace| ("namespace".to_owned(), namespace.value.as_str().into())));
    }
    let needs = answer.managed_resources(row);
    object.extend(needs.map(|needs| ("resource_management".to_owned(), resource_management(&needs))));
    if !row.conditions.is_empty() {
        object.insert("conditions".to_owned(), row.conditions.iter().map(words::condition).collect());
    }
    object.insert("reason".to_owned(), words::reason(answer, row, agent).into());
    Json::Object(object)
}

/// How managed resources are made by an entry that turns them on, whatever it asks of jobs.
pub(super) fn resource_management(needs: &[Condition]) -> Json {
    let mut object = json!({ "environments": "any", "refs": "any" });
    if !needs.is_empty() {
        object["conditions"] = needs.iter().map(words::condition_for_users).collect();
    }
    object
}

/// An agent.
#[must_use]
pub fn agent(agent: &Agent<'_>) -> Json {
    let mut object = Map::new();
    object.extend(agent.project.map(|project| ("project".to_owned(), project.into())));
    object.insert("name".to_owned(), agent.name.into());
    object.extend(agent.id.map(|id| ("id".to_owned(), id.into())));
    Json::Object(object)
}

/// An entry of an agent's file, or implicit access.
#[must_use]
pub fn candidate(agent: &Agent<'_>, candidate: Candidate<'_>) -> Json {
    let mut object = Map::new();
    object.insert("kind".to_owned(), candidate.kind.name().into());
    object.extend(candidate.target.map(|target| ("id".to_owned(), target.into())));
    if let (Some(entry), Some(file)) = (candidate.entry, agent.file) {
        object.insert("path".to_owned(), file.path.into());
        object.insert("route".to_owned(), entry.route().into());
        object.extend(agent.line(entry.head).map(|line| ("line".to_owned(), line.into())));
    }
    Json::Object(object)
}

/// As whom a job acts.
#[must_use]
pub fn identity(identity: &Identity<'_>) -> Json {
    match identity {
        Identity::Agent => json!({ "mode": "agent" }),
        Identity::CiJob(job) => job_identity(job),
        Identity::Impersonate(user) => impersonation(*user),
    }
}

fn job_identity(job: &JobIdentity) -> Json {
    let extra: Map<String, Json> = job.extra.iter().map(|(key, value)| ((*key).to_owned(), json!([value]))).collect();
    let mut identity =
        json!({ "mode": "ci_job", "username": job.username, "groups": job.groups, "extra": Json::Object(extra) });
    if job.tier_is_guessed {
        identity["environment_tier_guessed"] = true.into();
    }
    identity
}

pub(super) fn impersonation(user: Option<&Impersonation>) -> Json {
    let mut object = Map::new();
    object.insert("mode".to_owned(), "impersonate".into());
    let Some(Impersonation { username, groups, uid, extra }) = user else { return Json::Object(object) };
    object.extend(username.as_ref().map(|username| ("username".to_owned(), username.value.as_str().into())));
    if !groups.is_empty() {
        object.insert("groups".to_owned(), groups.iter().map(|group| group.value.as_str()).collect());
    }
    object.extend(uid.as_ref().map(|uid| ("uid".to_owned(), uid.value.as_str().into())));
    if !extra.is_empty() {
        let mut by_key: Map<String, Json> = Map::new();
        for (key, values) in extra {
            // Which of two equal keys the agent uses is not settled, so all their values are shown.
            let all = by_key.entry(key.value.as_str()).or_insert_with(|| Json::Array(Vec::new()));
            if let Json::Array(all) = all {
                all.extend(values.iter().map(|value| Json::from(value.as_str())));
            }
        }
        object.insert("extra".to_owned(), Json::Object(by_key));
    }
    Json::Object(object)
}
