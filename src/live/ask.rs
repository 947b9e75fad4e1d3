//! What GitLab has stored.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::{ApiError, json_of};
use crate::fetch::Ask;
use crate::gitlab::releases::AUTHORIZED_AGENTS_SHOWN as SINCE;
use crate::gitlab::{Version, lower_path};

const AUTHORIZED: &str = include_str!("queries/authorized.graphql");
const MORE: &str = include_str!("queries/more.graphql");
const EVIDENCE: &str = include_str!("queries/evidence.graphql");

/// How many projects one query is about: `fullPaths` takes 50 (`gitlab_schema.rb`).
const PAGE: usize = 50;

/// So many pages of agents of one project are read.
const MOST_PAGES: usize = 100;

/// An agent that a project may use, as GitLab has stored it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Its context, from the address of its page; the configuration project itself may be hidden.
    pub context: String,
    /// The settings of the entry, without its id.
    pub config: Value,
}

/// What GitLab has stored for a project; or why that is not known.
pub type Told = Result<Vec<Stored>, String>;

/// Why nothing is known of a project that GraphQL answers null for.
const NOT_SHOWN: &str = "not shown to this token, which needs the role Developer there";

/// What GitLab has stored for projects, by path in lower case. `base` is the address of the instance.
///
/// # Errors
/// When the instance does not answer, not to this token, or is too old to be asked.
pub fn stored(ask: &dyn Ask, base: &str, projects: &[&str]) -> Result<BTreeMap<String, Told>, ApiError> {
    let release = json_of(&ask.get("/api/v4/metadata")?)?;
    if release["version"].as_str().and_then(Version::told).is_some_and(|release| release < SINCE) {
        return Err(ApiError::UnknownField(format!(
            "ciAccessAuthorizedAgents, which is there from GitLab {}.{} on",
            SINCE.major, SINCE.minor
        )));
    }
    let mut stored = BTreeMap::new();
    for chunk in projects.chunks(PAGE) {
        of_chunk(ask, base, chunk, &mut stored)?;
    }
    Ok(stored)
}

/// Asks for so many projects at once; for fewer where that is too much for the server.
fn of_chunk(ask: &dyn Ask, base: &str, chunk: &[&str], stored: &mut BTreeMap<String, Told>) -> Result<(), ApiError> {
    let answer = match ask.graphql(AUTHORIZED, &json!({ "paths": chunk, "n": chunk.len() })) {
        Ok(answer) => answer,
        Err(error) if error.is_too_much() && chunk.len() > 1 => {
            let (one, other) = chunk.split_at(chunk.len() / 2);
            of_chunk(ask, base, one, stored)?;
            return of_chunk(ask, base, other, stored);
        }
        Err(error) if error.is_too_much() => {
            stored.extend(chunk.iter().map(|path| (lower_path(path).into_owned(), Err(error.to_string()))));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    // What failed is null as well as what is not shown.
    let why = answer.errors.first().map_or_else(|| NOT_SHOWN.to_owned(), |(said, _)| format!("GitLab says: {said}"));
    stored.extend(chunk.iter().map(|path| (lower_path(path).into_owned(), Err(why.clone()))));
    for node in answer.data["projects"]["nodes"].as_array().into_iter().flatten() {
        let Some(path) = node["fullPath"].as_str() else { continue };
        let told = all_pages(ask, base, path, &node["ciAccessAuthorizedAgents"])?;
        stored.insert(lower_path(path).into_owned(), told.unwrap_or_else(|| Err(why.clone())));
    }
    Ok(())
}

/// The agents of all pages; `None` for a list that is not there.
fn all_pages(ask: &dyn Ask, base: &str, project: &str, first: &Value) -> Result<Option<Told>, ApiError> {
    let mut all = Vec::new();
    let mut list = first.clone();
    for _ in 0..MOST_PAGES {
        let Some(nodes) = list["nodes"].as_array() else { return Ok(None) };
        for node in nodes {
            match read(node, base) {
                Some(stored) => all.push(stored),
                // Left out, it would count as an agent without access.
                None => return Ok(Some(Err("the answer tells of an agent in a form that is not known".to_owned()))),
            }
        }
        let page = &list["pageInfo"];
        let after = page["endCursor"].as_str().filter(|_| page["hasNextPage"].as_bool() == Some(true));
        let Some(after) = after else { return Ok(Some(Ok(all))) };
        let answer = match ask.graphql(MORE, &json!({ "project": project, "after": after })) {
            Ok(answer) => answer,
            Err(error) if error.is_about_one_thing() => return Ok(Some(Err(error.to_string()))),
            Err(error) => return Err(error),
        };
        if let Some((said, _)) = answer.errors.first() {
            return Ok(Some(Err(format!("GitLab says: {said}"))));
        }
        list = answer.data["project"]["ciAccessAuthorizedAgents"].clone();
    }
    Ok(Some(Err("the list of its agents has no end".to_owned())))
}

fn read(node: &Value, base: &str) -> Option<Stored> {
    // `/<full path>/-/cluster_agents/<name>`, behind the folder that GitLab lies in, if there is one.
    let folder = base.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, folder)| folder);
    let (path, name) = node["agent"]["webPath"].as_str()?.rsplit_once("/-/cluster_agents/")?;
    let path = path.trim_start_matches('/');
    let path = match folder.is_empty() {
        true => path,
        false => path.strip_prefix(folder)?.strip_prefix('/')?,
    };
    let config = match &node["config"] {
        Value::Null => json!({}),
        // As JSON in a text, as older releases give it.
        Value::String(text) => serde_json::from_str(text).ok()?,
        config => config.clone(),
    };
    Some(Stored { context: format!("{path}:{name}"), config })
}

/// What else GitLab tells of an agent, for the cause of a difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Whether it has a token that is active; `None` where that is not shown.
    pub has_token: Option<bool>,
    /// When a token of its was last used.
    pub last_used: Option<Timestamp>,
    /// When its folder was last changed on the default branch.
    pub changed: Option<Timestamp>,
}

/// Asks for what may explain a difference. What is not shown stays unknown.
///
/// # Errors
/// When the instance stops answering.
pub fn evidence(ask: &dyn Ask, context: &str) -> Result<Evidence, ApiError> {
    let Some((project, agent)) = context.split_once(':') else { return Ok(Evidence::default()) };
    let folder = format!(".gitlab/agents/{agent}");
    let answer = match ask.graphql(EVIDENCE, &json!({ "project": project, "agent": agent, "folder": folder })) {
        Ok(answer) => answer.data,
        Err(error @ ApiError::Transport(_)) => return Err(error),
        Err(_) => return Ok(Evidence::default()),
    };
    let time = |value: &Value| value.as_str()?.parse::<Timestamp>().ok();
    let tokens = answer["project"]["clusterAgent"]["tokens"]["nodes"].as_array();
    let active = tokens.map(|tokens| tokens.iter().filter(|token| token["status"] != "REVOKED").collect::<Vec<_>>());
    Ok(Evidence {
        has_token: active.as_ref().map(|active| !active.is_empty()),
        last_used: active.iter().flatten().filter_map(|token| time(&token["lastUsedAt"])).max(),
        changed: time(&answer["project"]["repository"]["tree"]["lastCommit"]["committedDate"]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_without_the_folder_that_gitlab_lies_in() {
        let node = |path: &str| json!({ "agent": { "webPath": path }, "config": { "default_namespace": "web" } });
        let context = |base: &str, path: &str| read(&node(path), base).map(|stored| stored.context);
        let agents = "/acme/agents/-/cluster_agents/prod";
        assert_eq!(context("https://gitlab.example.com", agents).as_deref(), Some("acme/agents:prod"));
        let below = format!("/gitlab{agents}");
        assert_eq!(context("https://example.com/gitlab", &below).as_deref(), Some("acme/agents:prod"));
        assert_eq!(context("https://example.com/gitlab", agents), None);
        assert_eq!(context("https://gitlab.example.com", "/acme/agents"), None);
        assert_eq!(read(&json!({ "agent": null, "config": {} }), "https://gitlab.example.com"), None);
        let text = json!({ "agent": { "webPath": agents }, "config": "{" });
        assert_eq!(read(&text, "https://gitlab.example.com"), None);
    }
}
