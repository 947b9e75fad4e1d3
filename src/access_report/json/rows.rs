//! Answers as JSON: the query, a row for each agent, and the parts of a row, which what agents grant has as well.
//!
//! Fields that are not known or do not apply are left out. A row that hangs on something not known has `conditions`, and
//! its opposite stands in the other list; what cannot be told at all stands in `unknown`. Texts are as they stand in files:
//! whoever writes the line out masks it.

use serde_json::{Map, Value as Json};

use super::members::{Members, Tree};
use crate::access::{Agent, Answer, Candidate, Condition, Identity, Index, JobIdentity, Query, Row};
use crate::agent_config::Impersonation;
use crate::words;

/// One line: the query with its answer.
#[must_use]
pub fn answer(index: &Index<'_>, answer: &Answer<'_, '_>) -> Json {
    Tree::of(|line| tell_answer(index, answer, line))
}

pub(super) fn tell_answer(index: &Index<'_>, answer: &Answer<'_, '_>, line: &mut impl Members) {
    line.object("query", |object| tell_query(&answer.query, object));
    line.objects("allowed", answer.allowed.iter(), |object, row| tell_row(index, answer, row, object));
    line.objects("denied", answer.denied.iter(), |object, row| tell_row(index, answer, row, object));
    if !answer.unknown.is_empty() {
        line.objects("unknown", answer.unknown.iter(), |object, row| tell_row(index, answer, row, object));
    }
    if answer.is_unknown_project() {
        line.text("error", "the inventory has no such project");
    }
}

/// The query as it is written in a file of queries.
#[must_use]
pub fn query(query: &Query<'_>) -> Json {
    Tree::of(|object| tell_query(query, object))
}

fn tell_query(query: &Query<'_>, object: &mut impl Members) {
    object.text("project", query.project);
    match query.environment {
        Some(environment) => object.text("environment", &environment.to_string()),
        None => object.value("environment", Json::Null),
    }
    match query.protected {
        Some(protected) => object.flag("protected", protected),
        None => object.value("protected", Json::Null),
    }
}

/// One agent of an answer.
#[must_use]
pub fn row(index: &Index<'_>, answer: &Answer<'_, '_>, row: &Row<'_>) -> Json {
    Tree::of(|object| tell_row(index, answer, row, object))
}

fn tell_row(index: &Index<'_>, answer: &Answer<'_, '_>, row: &Row<'_>, object: &mut impl Members) {
    let agent = index.agent(row.agent);
    object.text("context", &agent.context());
    object.object("agent", |object| tell_agent(agent, object));
    if let Some(winner) = row.winner {
        object.object("entry", |object| tell_candidate(agent, winner, object));
    }
    object.objects("overridden", row.overridden.iter(), |object, overridden| {
        tell_candidate(agent, *overridden, object);
    });
    if !row.fell_out.is_empty() {
        object.objects("dropped", row.fell_out.iter(), |object, (dropped, reason)| {
            tell_candidate(agent, *dropped, object);
            object.text("reason", &words::dropped(reason));
        });
    }
    if row.winner.is_some() {
        object.object("identity", |object| tell_identity(&answer.identity(row, agent), object));
        if let Some(namespace) = answer.namespace(row) {
            object.text("namespace", &namespace.value);
        }
    }
    if let Some(needs) = answer.managed_resources(row) {
        object.object("resource_management", |object| tell_resource_management(&needs, object));
    }
    if !row.conditions.is_empty() {
        object.texts("conditions", row.conditions.iter().map(words::condition));
    }
    object.text("reason", &words::reason(answer, row, agent));
}

/// How managed resources are made by an entry that turns them on, whatever it asks of jobs.
pub(super) fn tell_resource_management(needs: &[Condition], object: &mut impl Members) {
    object.text("environments", "any");
    object.text("refs", "any");
    if !needs.is_empty() {
        object.texts("conditions", needs.iter().map(words::condition_for_users));
    }
}

/// An agent.
#[must_use]
pub fn agent(agent: &Agent<'_>) -> Json {
    Tree::of(|object| tell_agent(agent, object))
}

pub(super) fn tell_agent(agent: &Agent<'_>, object: &mut impl Members) {
    if let Some(project) = agent.project {
        object.text("project", project);
    }
    object.text("name", agent.name);
    if let Some(id) = agent.id {
        object.number("id", id);
    }
}

/// An entry of an agent's file, or implicit access.
#[must_use]
pub fn candidate(agent: &Agent<'_>, candidate: Candidate<'_>) -> Json {
    Tree::of(|object| tell_candidate(agent, candidate, object))
}

pub(super) fn tell_candidate(agent: &Agent<'_>, candidate: Candidate<'_>, object: &mut impl Members) {
    object.text("kind", candidate.kind.name());
    if let Some(target) = candidate.target {
        object.text("id", target);
    }
    if let (Some(entry), Some(file)) = (candidate.entry, agent.file) {
        object.text("path", file.path);
        object.text("route", &entry.route());
        if let Some(line) = agent.line(entry.head) {
            object.number("line", line);
        }
    }
}

/// As whom a job acts.
#[must_use]
pub fn identity(identity: &Identity<'_>) -> Json {
    Tree::of(|object| tell_identity(identity, object))
}

fn tell_identity(identity: &Identity<'_>, object: &mut impl Members) {
    match identity {
        Identity::Agent => object.text("mode", "agent"),
        Identity::CiJob(job) => tell_job_identity(job, object),
        Identity::Impersonate(user) => tell_impersonation(*user, object),
    }
}

fn tell_job_identity(job: &JobIdentity, object: &mut impl Members) {
    object.text("mode", "ci_job");
    object.text("username", &job.username);
    object.texts("groups", job.groups.iter());
    object.object("extra", |object| {
        for (key, value) in &job.extra {
            object.texts(key, [value].into_iter());
        }
    });
    if job.tier_is_guessed {
        object.flag("environment_tier_guessed", true);
    }
}

pub(super) fn tell_impersonation(user: Option<&Impersonation>, object: &mut impl Members) {
    object.text("mode", "impersonate");
    let Some(Impersonation { username, groups, uid, extra }) = user else { return };
    if let Some(username) = username {
        object.text("username", &username.value);
    }
    if !groups.is_empty() {
        object.texts("groups", groups.iter().map(|group| group.value.as_str()));
    }
    if let Some(uid) = uid {
        object.text("uid", &uid.value);
    }
    if !extra.is_empty() {
        let mut by_key: Map<String, Json> = Map::new();
        for (key, values) in extra {
            // Which of two equal keys the agent uses is not settled, so all their values are shown.
            let all = by_key.entry(key.value.as_str()).or_insert_with(|| Json::Array(Vec::new()));
            if let Json::Array(all) = all {
                all.extend(values.iter().map(|value| Json::from(value.as_str())));
            }
        }
        object.value("extra", Json::Object(by_key));
    }
}
