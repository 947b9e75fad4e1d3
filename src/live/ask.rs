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

/// What GitLab has stored for projects, by path in lower case; `None` for one that is not shown.
///
/// # Errors
/// When the instance does not answer, not to this token, or is too old to be asked.
pub fn stored(ask: &dyn Ask, projects: &[&str]) -> Result<BTreeMap<String, Option<Vec<Stored>>>, ApiError> {
    let release = json_of(&ask.get("/api/v4/metadata")?)?;
    let release = release["version"].as_str().unwrap_or_default();
    let numbers: Vec<u16> = release.split(['.', '-']).take(2).map_while(|part| part.parse().ok()).collect();
    if let [major, minor] = numbers[..]
        && Version::new(major, minor) < SINCE
    {
        return Err(ApiError::UnknownField(format!(
            "ciAccessAuthorizedAgents, which is there from GitLab {}.{} on",
            SINCE.major, SINCE.minor
        )));
    }
    let mut stored: BTreeMap<String, Option<Vec<Stored>>> = BTreeMap::new();
    for chunk in projects.chunks(PAGE) {
        let answer = ask.graphql(AUTHORIZED, &json!({ "paths": chunk, "n": chunk.len() }))?;
        stored.extend(chunk.iter().map(|path| (lower_path(path).into_owned(), None)));
        for node in answer.data["projects"]["nodes"].as_array().into_iter().flatten() {
            let Some(path) = node["fullPath"].as_str() else { continue };
            let whole = all_pages(ask, path, &node["ciAccessAuthorizedAgents"])?;
            stored.insert(lower_path(path).into_owned(), whole);
        }
    }
    Ok(stored)
}

/// The agents of all pages; `None` for a list that is not shown, or not to its end.
fn all_pages(ask: &dyn Ask, project: &str, first: &Value) -> Result<Option<Vec<Stored>>, ApiError> {
    let mut all = Vec::new();
    let mut list = first.clone();
    for _ in 0..MOST_PAGES {
        let Some(nodes) = list["nodes"].as_array() else { return Ok(None) };
        all.extend(nodes.iter().filter_map(read));
        let page = &list["pageInfo"];
        let after = page["endCursor"].as_str().filter(|_| page["hasNextPage"].as_bool() == Some(true));
        let Some(after) = after else { return Ok(Some(all)) };
        let answer = ask.graphql(MORE, &json!({ "project": project, "after": after }))?;
        list = answer.data["project"]["ciAccessAuthorizedAgents"].clone();
    }
    Ok(None)
}

fn read(node: &Value) -> Option<Stored> {
    // `/<full path>/-/cluster_agents/<name>`, behind the folder that GitLab lies in, if there is one.
    let (path, name) = node["agent"]["webPath"].as_str()?.rsplit_once("/-/cluster_agents/")?;
    let config = match &node["config"] {
        Value::Null => json!({}),
        // As JSON in a text, as older releases give it.
        Value::String(text) => serde_json::from_str(text).ok()?,
        config => config.clone(),
    };
    Some(Stored { context: format!("{}:{name}", path.trim_start_matches('/')), config })
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
