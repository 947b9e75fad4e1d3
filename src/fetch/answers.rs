//! From answers to what is known. Nothing that a role may not see becomes "none".

use serde_json::Value;

use super::gathered::{File, Gathered, Group, Project, Rights};
use super::git_hash::is_hash_of;
use crate::agent_config::location::CI_FILE;
use crate::gitlab::{EnvironmentTier, is_agent_name, is_plain_file_path, lower_path, parent_path};
use crate::inventory::Fact;

/// Where lists of a project go on that have more than one page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct More {
    pub project: String,
    pub agents: Option<String>,
    pub folders: Option<String>,
}

/// The number at the end of `gid://gitlab/Project/37`, or a number.
pub(super) fn number(id: &Value) -> Option<i64> {
    let number = match id {
        Value::String(text) => text.rsplit('/').next()?.parse().ok()?,
        _ => id.as_i64()?,
    };
    (number > 0).then_some(number)
}

/// Where a connection goes on; `None` at its end.
pub(super) fn next_page(connection: &Value) -> Option<String> {
    let page = &connection["pageInfo"];
    if page["hasNextPage"].as_bool() != Some(true) {
        return None;
    }
    page["endCursor"].as_str().filter(|cursor| !cursor.is_empty()).map(str::to_owned)
}

/// The nodes of a connection that are told.
pub(super) fn nodes(connection: &Value) -> impl Iterator<Item = &Value> {
    connection["nodes"].as_array().into_iter().flatten().filter(|node| !node.is_null())
}

/// A group of GraphQL or REST.
pub(super) fn take_group(gathered: &mut Gathered, node: &Value) {
    let Some(path) = node["fullPath"].as_str().or_else(|| node["full_path"].as_str()) else { return };
    let auto_devops = node["autoDevopsEnabled"].as_bool().or_else(|| node["auto_devops_enabled"].as_bool());
    gathered.add_group(Group { path: path.to_owned(), id: number(&node["id"]), auto_devops });
}

/// A project of GraphQL, and where its lists go on.
pub(super) fn take_project(gathered: &mut Gathered, node: &Value) -> Option<More> {
    let path = node["fullPath"].as_str()?;
    let is_personal = node.get("group").is_some_and(Value::is_null);
    let project = gathered.project(path)?;
    let path = project.path.clone();
    project.id = number(&node["id"]).or(project.id);
    project.archived = node["archived"].as_bool().or(project.archived);
    project.is_personal |= is_personal;
    project.rights = rights(&node["userPermissions"], project.rights);
    let mut more = More { project: path.clone(), ..More::default() };
    let mut unread = Vec::new();
    if let Some(written) = node["ciConfigPathOrDefault"].as_str().filter(|written| *written != CI_FILE) {
        project.ci_config_path = Some(written.to_owned());
    }
    if let Some(repository) = node.get("repository") {
        match take_repository(project, repository, &mut unread) {
            true => more.folders = next_page(&repository["tree"]["trees"]),
            false => {
                unread.push((Fact::AgentConfiguration, NOT_SHOWN.to_owned(), Some("role Reporter")));
                unread.push((Fact::CiConfiguration, NOT_SHOWN.to_owned(), Some("role Reporter")));
            }
        }
    }
    if let Some(agents) = node.get("clusterAgents") {
        match take_agents(project, agents) {
            true => more.agents = next_page(agents),
            false => unread.push((Fact::Agents, NOT_SHOWN.to_owned(), Some("role Developer"))),
        }
    }
    gathered.note_number(&path);
    if is_personal && let Some((user, _)) = path.split_once('/').filter(|(_, name)| !name.contains('/')) {
        gathered.users.entry(user.to_lowercase()).or_insert_with(|| user.to_owned());
    }
    for (what, reason, needs) in unread {
        gathered.unread(Some(&path), what, reason, needs);
    }
    Some(more)
}

/// What is said of what a role does not see.
pub(super) const NOT_SHOWN: &str = "not shown to this token";

fn rights(permissions: &Value, known: Rights) -> Rights {
    let may = |name: &str| permissions[name].as_bool() == Some(true);
    Rights {
        reads_environments: known.reads_environments || may("readEnvironment"),
        is_developer: known.is_developer || may("createDeployment"),
        is_maintainer: known.is_maintainer || may("adminProject"),
    }
}

/// Takes what a repository tells; no for one that is not shown.
fn take_repository(
    project: &mut Project,
    repository: &Value,
    unread: &mut Vec<(Fact, String, Option<&'static str>)>,
) -> bool {
    if repository.is_null() {
        return false;
    }
    project.has_files = true;
    project.is_empty |= repository["empty"].as_bool() == Some(true);
    if let Some(branch) = repository["rootRef"].as_str().filter(|_| !project.is_empty) {
        project.default_branch = Some(branch.to_owned());
    }
    take_folders(project, &repository["tree"]["trees"]);
    for blob in nodes(&repository["blobs"]) {
        unread.extend(take_blob(project, blob));
    }
    true
}

/// Takes the names of agent folders.
pub(super) fn take_folders(project: &mut Project, trees: &Value) {
    let names = nodes(trees).filter_map(|node| node["name"].as_str());
    // A folder whose name no agent can have is read by nobody.
    project.folders.extend(names.filter(|name| is_agent_name(name)).map(str::to_owned));
}

/// Takes registered agents; no where an empty list may as well be a hidden one.
pub(super) fn take_agents(project: &mut Project, connection: &Value) -> bool {
    let is_shown =
        connection["nodes"].is_array() && (nodes(connection).next().is_some() || project.rights.is_developer);
    if is_shown {
        let agents = project.agents.get_or_insert_default();
        for node in nodes(connection) {
            if let Some(name) = node["name"].as_str().filter(|name| is_agent_name(name)) {
                agents.insert(name.to_owned(), number(&node["id"]));
            }
        }
    }
    is_shown
}

/// Takes a file; what is said of one that is none.
pub(super) fn take_blob(project: &mut Project, blob: &Value) -> Option<(Fact, String, Option<&'static str>)> {
    let oid = blob["oid"].as_str();
    let text = blob["rawTextBlob"].as_str().map(str::as_bytes);
    // Bytes that are no UTF-8 come as others; their hash tells.
    let bytes = text.filter(|bytes| oid.is_some_and(|oid| is_hash_of(oid, bytes)));
    take_file(project, blob, oid, bytes)
}

/// Takes a file of the tree of REST, which has no bytes; what is said of one that is none.
pub(super) fn take_tree_entry(project: &mut Project, entry: &Value) -> Option<(Fact, String, Option<&'static str>)> {
    take_file(project, entry, entry["id"].as_str(), None)
}

fn take_file(
    project: &mut Project,
    blob: &Value,
    oid: Option<&str>,
    bytes: Option<&[u8]>,
) -> Option<(Fact, String, Option<&'static str>)> {
    let path = blob["path"].as_str()?;
    let what = if path.starts_with(".gitlab/agents/") { Fact::AgentConfiguration } else { Fact::CiConfiguration };
    let shown = || crate::api::shortened(path, 80);
    if !is_plain_file_path(path) {
        return Some((what, format!("the answer names `{}`, which is no path of a file", shown()), None));
    }
    match blob["mode"].as_str() {
        Some("120000") => return Some((what, format!("{} is a link, and GitLab follows none", shown()), None)),
        Some("160000" | "040000" | "40000") => return None,
        _ => {}
    }
    let file = File { oid: oid.map(str::to_owned), bytes: bytes.map(<[u8]>::to_vec) };
    project.files.insert(path.to_owned(), file);
    None
}

/// The tier of an environment in the inventory's word; `None` for none that is known.
pub(super) fn tier_of(tier: &Value) -> Option<String> {
    let tier = tier.as_str()?.to_ascii_lowercase().parse::<EnvironmentTier>().ok()?;
    Some(tier.name().to_owned())
}

/// A project of REST.
pub(super) fn take_rest_project(gathered: &mut Gathered, node: &Value) {
    let Some(path) = node["path_with_namespace"].as_str() else { return };
    let namespace = &node["namespace"];
    let Some(project) = gathered.project(path) else { return };
    project.id = number(&node["id"]).or(project.id);
    project.archived = node["archived"].as_bool().or(project.archived);
    project.auto_devops = node["auto_devops_enabled"].as_bool().or(project.auto_devops);
    project.is_empty |= node["empty_repo"].as_bool() == Some(true);
    // For an empty repository REST makes up a name.
    if let Some(branch) = node["default_branch"].as_str().filter(|_| node["empty_repo"].as_bool() == Some(false)) {
        project.default_branch = Some(branch.to_owned());
    }
    if let Some(written) = node["ci_config_path"].as_str().filter(|written| !written.is_empty() && *written != CI_FILE)
    {
        project.ci_config_path = Some(written.to_owned());
    }
    let access = |key: &str| node["permissions"][key]["access_level"].as_i64().unwrap_or(0);
    let level = access("project_access").max(access("group_access"));
    project.rights.reads_environments |= level >= 20;
    project.rights.is_developer |= level >= 30;
    project.rights.is_maintainer |= level >= 40;
    // Where it lies is said twice, and is taken where both are the same.
    let above = namespace["full_path"].as_str().or_else(|| namespace["path"].as_str());
    let is_above = above.zip(parent_path(path)).is_some_and(|(above, parent)| lower_path(above) == lower_path(parent));
    gathered.note_number(path);
    match namespace["kind"].as_str().filter(|_| is_above) {
        Some("user") => {
            if let Some(project) = gathered.project(path) {
                project.is_personal = true;
            }
            if let Some(user) = above.filter(|user| !user.contains('/')) {
                gathered.users.entry(user.to_lowercase()).or_insert_with(|| user.to_owned());
            }
        }
        Some("group") => take_group(gathered, namespace),
        _ => {}
    }
}
