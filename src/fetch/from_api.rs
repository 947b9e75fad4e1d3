//! Dumps of the API: what `glab api` or `curl` wrote to files.

use serde_json::{Deserializer, Value};

use super::answers::{self, next_page, nodes};
use super::gathered::Gathered;
use crate::gitlab::{Version, is_agent_name};
use crate::inventory::Fact;

/// What was found in a dump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Groups, projects and agents that it tells of.
    pub things: usize,
    /// Values that are of none of the answers that are known.
    pub unknown: usize,
}

/// Takes what a dump tells: answers of REST or GraphQL, one after the other, as pages are written.
///
/// Known are lists of projects, groups and agents of REST, single ones of these, `/metadata`, and answers of GraphQL with projects and
/// groups in them. What a dump may lack for the role of its token stays unknown.
///
/// # Errors
/// Where it is no JSON, with the line.
pub fn take_dump(gathered: &mut Gathered, text: &str) -> Result<Found, String> {
    let mut found = Found::default();
    for value in Deserializer::from_str(text).into_iter::<Value>() {
        let value = value.map_err(|error| error.to_string())?;
        take(gathered, &value, &mut found);
    }
    Ok(found)
}

fn take(gathered: &mut Gathered, value: &Value, found: &mut Found) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| take(gathered, item, found)),
        Value::Object(object) if object.contains_key("data") => {
            let before = found.things;
            take_graphql(gathered, &value["data"], found);
            if before == found.things {
                found.unknown += 1;
            }
        }
        Value::Object(object) if object.contains_key("path_with_namespace") => {
            answers::take_rest_project(gathered, value);
            found.things += 1;
        }
        Value::Object(object) if object.contains_key("config_project") && object.contains_key("name") => {
            take_agent(gathered, value);
            found.things += 1;
        }
        Value::Object(object) if object.contains_key("full_path") => {
            answers::take_group(gathered, value);
            found.things += 1;
        }
        Value::Object(object) if object.contains_key("version") && object.contains_key("revision") => {
            if let Some(version) = value["version"].as_str().and_then(Version::told) {
                gathered.version = Some(format!("{}.{}", version.major, version.minor));
                found.things += 1;
            }
        }
        _ => found.unknown += 1,
    }
}

/// An agent of `/projects/:id/cluster_agents`: whoever gets that list sees all of the project's.
fn take_agent(gathered: &mut Gathered, value: &Value) {
    let config_project = &value["config_project"];
    let Some(path) = config_project["path_with_namespace"].as_str() else { return };
    let Some(name) = value["name"].as_str().filter(|name| is_agent_name(name)) else { return };
    let Some(project) = gathered.project(path) else { return };
    project.id = answers::number(&config_project["id"]).or(project.id);
    project.agents.get_or_insert_default().insert(name.to_owned(), answers::number(&value["id"]));
}

/// Takes groups and projects wherever they stand in an answer of GraphQL.
fn take_graphql(gathered: &mut Gathered, value: &Value, found: &mut Found) {
    for (key, inner) in value.as_object().into_iter().flatten() {
        let Value::Object(fields) = inner else { continue };
        match key.as_str() {
            "projects" => take_list(gathered, inner, found, take_graphql_project),
            "groups" | "descendantGroups" => take_list(gathered, inner, found, |gathered, node, found| {
                answers::take_group(gathered, node);
                found.things += 1;
            }),
            "group" | "namespace" => {
                if fields.contains_key("fullPath") {
                    answers::take_group(gathered, inner);
                    found.things += 1;
                }
                take_graphql(gathered, inner, found);
            }
            "metadata" => {
                if let Some(version) = inner["version"].as_str().and_then(Version::told) {
                    gathered.version = Some(format!("{}.{}", version.major, version.minor));
                    found.things += 1;
                }
            }
            // A project by this name or by an alias.
            _ if fields.contains_key("fullPath") => take_graphql_project(gathered, inner, found),
            _ => {}
        }
    }
}

fn take_list(
    gathered: &mut Gathered,
    connection: &Value,
    found: &mut Found,
    take: impl Fn(&mut Gathered, &Value, &mut Found),
) {
    nodes(connection).for_each(|node| take(gathered, node, found));
    // Where the next page is another dump, this is known to be too much.
    if next_page(connection).is_some() {
        gathered.unread(
            None,
            Fact::Projects,
            "a list in the dump has more pages; unless they are in other dumps, projects are missing",
            None,
        );
    }
}

fn take_graphql_project(gathered: &mut Gathered, node: &Value, found: &mut Found) {
    let Some(path) = node["fullPath"].as_str() else { return };
    if let Some(more) = answers::take_project(gathered, node)
        && (more.agents.is_some() || more.folders.is_some())
    {
        if let Some(project) = gathered.project(path).filter(|_| more.agents.is_some()) {
            project.agents = None;
        }
        gathered.unread(Some(path), Fact::Agents, "the list in the dump has more pages", None);
    }
    found.things += 1;
    let environments = &node["environments"];
    if environments["nodes"].is_array()
        && let Some(project) = gathered.project(path)
    {
        let is_whole = next_page(environments).is_none()
            && (nodes(environments).next().is_some() || project.rights.reads_environments);
        if is_whole {
            let known = nodes(environments)
                .filter_map(|node| Some((node["name"].as_str()?.to_owned(), answers::tier_of(&node["tier"]))));
            project.environments.get_or_insert_default().extend(known);
        }
    }
}

/// What stays unread once all dumps are taken: files of which only the hash came.
pub fn finish(gathered: &mut Gathered) {
    let mut unread = Vec::new();
    for project in gathered.projects.values_mut() {
        project.files.retain(|path, file| {
            if file.bytes.is_none() {
                let is_agents = path.starts_with(".gitlab/agents/");
                let what = if is_agents { Fact::AgentConfiguration } else { Fact::CiConfiguration };
                unread.push((project.path.clone(), what, path.clone()));
            }
            file.bytes.is_some()
        });
    }
    for (project, what, path) in unread {
        gathered.unread(Some(&project), what, format!("{path}: the dump has not its bytes"), None);
    }
    gathered.settle();
}
