//! The REST side of the GitLab of the tests: lists with pages by number, rights by role.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::api::has;
use crate::gitlab::{Answer, DEVELOPER, MAINTAINER, Project, REPORTER, Request, SUBMODULE, World, git_hash};

/// Above so many items, GitLab does not tell how many there are (`doc/api/rest/_index.md`).
const MOST_COUNTED: usize = 10_000;

const LONG_AGO: &str = "2026-01-01T00:00:00.000Z";

/// An address with its parameters.
struct Address {
    path: String,
    /// The path as it was written.
    written: String,
    parameters: Vec<(String, String)>,
}

impl Address {
    fn of(address: &str) -> Self {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let parameters = query.split('&').filter_map(|part| part.split_once('='));
        let parameters = parameters.map(|(name, value)| (decoded(name), decoded(value))).collect();
        Self { path: decoded(path), written: path.to_owned(), parameters }
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find_map(|(known, value)| (known == name).then_some(value.as_str()))
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.parameter(name)?.parse().ok()
    }
}

fn not_found(what: &str) -> Answer {
    Answer::json(404, &json!({ "message": format!("404 {what}Not Found") }))
}

fn forbidden() -> Answer {
    Answer::json(403, &json!({ "message": "403 Forbidden" }))
}

fn ok(body: &Value) -> Answer {
    Answer::json(200, body)
}

pub fn answer(world: &World, request: &Request) -> Answer {
    let address = Address::of(&request.path);
    let Some(path) = address.path.strip_prefix("/api/v4/") else { return not_found("") };
    let page = |items: Vec<Value>| page(&items, &address, &request.host, world.loops);
    match path {
        "metadata" | "version" => return ok(&metadata(world)),
        "personal_access_tokens/self" => return ok(&json!({ "id": 7, "user_id": 9, "scopes": ["read_api"] })),
        "user" => return ok(&json!({ "id": 9, "username": "jo" })),
        "application/settings" => return forbidden(),
        "groups" => return page(world.groups.iter().map(|(path, id)| group(world, path, *id)).collect()),
        "projects" => {
            let shown = world.projects.iter().filter(|project| !project.is_hidden);
            return page(shown.map(|project| object(world, project)).collect());
        }
        _ => {}
    }
    if let Some(rest) = path.strip_prefix("groups/") {
        return of_group(world, rest, page);
    }
    match path.strip_prefix("projects/") {
        Some(rest) => of_project(world, rest, &address, page),
        None => not_found(""),
    }
}

fn metadata(world: &World) -> Value {
    let mut told = json!({
        "version": world.version,
        "revision": "0123abc",
        "kas": { "enabled": true, "externalUrl": "wss://kas.example.com", "version": "18.9.0" },
    });
    if has(world.release(), "metadata.enterprise") {
        told["enterprise"] = json!(world.enterprise);
    }
    if has(world.release(), "metadata.kas.externalK8sProxyUrl") {
        told["kas"]["externalK8sProxyUrl"] = json!("https://kas.example.com/k8s-proxy");
    }
    told
}

/// A page by number, with what its headers tell; where it loops, the first one again and again.
fn page(items: &[Value], address: &Address, host: &str, loops: bool) -> Answer {
    let size = address.number("per_page").unwrap_or(20).clamp(1, 100);
    let number = if loops { 1 } else { address.number("page").unwrap_or(1).max(1) };
    let last = items.len().div_ceil(size).max(1);
    let shown: Vec<&Value> = items.iter().skip((number - 1) * size).take(size).collect();
    let mut answer = ok(&json!(shown));
    let mut tell = |name: &'static str, value: String| answer.headers.push((name, value));
    tell("x-page", number.to_string());
    tell("x-per-page", size.to_string());
    tell("x-next-page", if number < last { (number + 1).to_string() } else { String::new() });
    let mut links = vec![("first", 1)];
    if number < last {
        links.push(("next", number + 1));
    }
    if items.len() <= MOST_COUNTED {
        tell("x-total", items.len().to_string());
        tell("x-total-pages", last.to_string());
        links.push(("last", last));
    }
    let encoded =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let others = address.parameters.iter().filter(|(name, _)| name != "page");
    let others: String = others.map(|(name, value)| format!("{}={}&", encoded(name), encoded(value))).collect();
    let link = |(name, page): &(&str, usize)| {
        format!("<http://{host}{}?{others}page={page}>; rel=\"{name}\"", address.written)
    };
    tell("link", links.iter().map(link).collect::<Vec<String>>().join(", "));
    answer
}

fn group(world: &World, path: &str, id: i64) -> Value {
    let name = path.rsplit('/').next();
    let parent = match world.is_own_parent {
        true => Some(id),
        false => path.rsplit_once('/').and_then(|(parent, _)| id_of_group(world, parent)),
    };
    json!({
        "id": id, "name": name, "path": name, "full_path": path, "full_name": path, "parent_id": parent,
        "visibility": "private", "web_url": format!("https://gitlab.example.com/groups/{path}"), "auto_devops_enabled": null,
    })
}

fn id_of_group(world: &World, path: &str) -> Option<i64> {
    world.groups.iter().find_map(|(known, id)| (known == path).then_some(*id))
}

fn of_group(world: &World, rest: &str, page: impl Fn(Vec<Value>) -> Answer) -> Answer {
    if rest.contains("/members/all/") {
        return match world.is_member {
            true => ok(&json!({ "id": 9, "access_level": world.role })),
            false => not_found(""),
        };
    }
    let list = ["/descendant_groups", "/projects"].into_iter().find_map(|list| Some((rest.strip_suffix(list)?, list)));
    let (wanted, list) = list.unwrap_or((rest, ""));
    let Some((path, id)) = world.groups.iter().find(|(path, id)| path == wanted || id.to_string() == wanted) else {
        return not_found("Group ");
    };
    match list {
        "" => ok(&group(world, path, *id)),
        "/projects" => {
            let below = world.below(path).filter(|project| !project.is_hidden);
            page(below.map(|project| object(world, project)).collect())
        }
        _ => {
            let below = world.groups.iter().filter(|(known, _)| world.is_below(known, path));
            page(below.map(|(path, id)| group(world, path, *id)).collect())
        }
    }
}

/// What may follow the path of a project.
const LISTS: [&str; 7] =
    ["/protected_branches", "/protected_tags", "/environments", "/cluster_agents", "/repository/tree", "/ci/lint", ""];

fn of_project(world: &World, rest: &str, address: &Address, page: impl Fn(Vec<Value>) -> Answer) -> Answer {
    let find = |wanted: &str| {
        world.projects.iter().find(|known| !known.is_hidden && (known.path == wanted || known.id.to_string() == wanted))
    };
    if let Some(answer) = moved(world, rest, address) {
        return answer;
    }
    if let Some((project, file)) = rest.split_once("/repository/files/") {
        let Some(project) = find(project) else { return not_found("Project ") };
        return file.strip_suffix("/raw").map_or_else(|| not_found(""), |file| raw(world, project, file));
    }
    let known = LISTS.into_iter().find_map(|list| Some((find(rest.strip_suffix(list)?)?, list)));
    let Some((project, list)) = known else { return not_found("Project ") };
    let may = |role: u32| world.role >= role;
    match list {
        "/protected_branches" if !may(REPORTER) => forbidden(),
        "/protected_branches" => {
            page(protected(&project.protected_branches, &["push_access_levels", "merge_access_levels"]))
        }
        "/protected_tags" if !may(MAINTAINER) => forbidden(),
        "/protected_tags" => page(protected(&project.protected_tags, &["create_access_levels"])),
        "/environments" if !may(REPORTER) => forbidden(),
        "/environments" => page(environments(project)),
        "/cluster_agents" if !may(DEVELOPER) => not_found(""),
        "/cluster_agents" => page(project.agents.iter().map(|(name, id)| agent(world, project, name, *id)).collect()),
        "/repository/tree" if !may(REPORTER) => forbidden(),
        "/repository/tree" => match tree(project, address) {
            Some(entries) => page(entries),
            None => not_found("Tree "),
        },
        "/ci/lint" if !may(REPORTER) => forbidden(),
        "/ci/lint" => {
            // As if everything were in one file.
            let merged = project.files.iter().filter(|(path, _)| path.ends_with(".yml"));
            let merged: String = merged.map(|(path, _)| format!("# {path}\nmerged: {{script: [make]}}\n")).collect();
            ok(&json!({ "valid": true, "errors": [], "merged_yaml": merged }))
        }
        _ => {
            let mut object = object(world, project);
            object["permissions"] = json!({ "project_access": null, "group_access": { "access_level": world.role } });
            ok(&object)
        }
    }
}

/// What is answered of a project that was renamed or moved: where its number is asked for, with the same words behind it.
fn moved(world: &World, rest: &str, address: &Address) -> Option<Answer> {
    if !has(world.release(), "project that was moved") {
        return None;
    }
    let is_it = |path: &str| rest.strip_prefix(path).is_some_and(|behind| behind.is_empty() || behind.starts_with('/'));
    let (_, to) = world.moved.iter().find(|(path, _)| is_it(path))?;
    let written = address.written.strip_prefix("/api/v4/projects/")?;
    let to = format!("{to}{}", written.find('/').map_or("", |at| &written[at..]));
    let mut answer = Answer::json(301, &json!(format!("This resource has been moved permanently to {to}")));
    answer.headers.push(("location", to));
    Some(answer)
}

fn protected(names: &[String], levels: &[&str]) -> Vec<Value> {
    let maintainers = json!([{ "id": 1, "access_level": 40, "access_level_description": "Maintainers" }]);
    let one = |name: &String| {
        let mut one = json!({ "id": 1, "name": name, "allow_force_push": false });
        levels.iter().for_each(|level| one[*level] = maintainers.clone());
        one
    };
    names.iter().map(one).collect()
}

fn environments(project: &Project) -> Vec<Value> {
    let one = |(number, (name, tier)): (usize, &(String, &str))| {
        json!({
            "id": number + 1, "name": name, "slug": name.replace('/', "-"), "tier": tier.to_ascii_lowercase(),
            "external_url": null, "state": "available", "created_at": LONG_AGO, "updated_at": LONG_AGO,
        })
    };
    project.environments.iter().enumerate().map(one).collect()
}

/// What every form of a project has.
fn identity(project: &Project) -> Map<String, Value> {
    let identity = json!({
        "id": project.id, "description": null, "name": "A project", "name_with_namespace": "Acme / A project",
        "path": project.path.rsplit('/').next(), "path_with_namespace": project.path, "created_at": LONG_AGO,
    });
    identity.as_object().unwrap().clone()
}

fn agent(world: &World, project: &Project, name: &str, id: i64) -> Value {
    let mut agent = json!({
        "id": id, "name": name, "config_project": identity(project), "created_at": LONG_AGO, "created_by_user_id": 9,
    });
    if has(world.release(), "agent.is_receptive") && world.enterprise {
        agent["is_receptive"] = json!(false);
    }
    agent
}

fn object(world: &World, project: &Project) -> Value {
    let mut object = identity(project);
    let namespace = project.path.rsplit_once('/').map_or("", |(path, _)| path);
    let namespace = if world.is_own_parent { &project.path } else { namespace };
    let (kind, id, parent) = match (world.is_personal(project), namespace.rsplit_once('/')) {
        (true, _) => ("user", None, None),
        (false, None) => ("group", id_of_group(world, namespace), None),
        (false, Some((parent, _))) => ("group", id_of_group(world, namespace), id_of_group(world, parent)),
    };
    let more = json!({
        "archived": project.archived, "topics": [], "tag_list": [], "star_count": 0, "forks_count": 0,
        "last_activity_at": LONG_AGO,
        "ssh_url_to_repo": format!("git@gitlab.example.com:{}.git", project.path),
        "http_url_to_repo": format!("https://gitlab.example.com/{}.git", project.path),
        "web_url": format!("https://gitlab.example.com/{}", project.path), "readme_url": null, "avatar_url": null,
        "namespace": {
            "id": id.unwrap_or(100_000 + project.id), "name": "Acme", "path": namespace.rsplit('/').next(), "kind": kind, "full_path": namespace,
            "parent_id": parent, "avatar_url": null, "web_url": format!("https://gitlab.example.com/groups/{namespace}"),
        },
        "empty_repo": project.files.is_empty(),
    });
    object.extend(more.as_object().unwrap().clone());
    let mut tell = |key: &str, value: Value| object.insert(key.to_owned(), value);
    if world.role >= REPORTER {
        // For an empty repository it is made up.
        tell("default_branch", json!("main"));
        tell("ci_config_path", json!(project.ci_config_path.as_deref().unwrap_or_default()));
    }
    if world.role >= MAINTAINER {
        tell("auto_devops_enabled", json!(project.auto_devops));
    }
    if world.enterprise && has(world.release(), "project.allow_pipeline_trigger_approve_deployment") {
        tell("allow_pipeline_trigger_approve_deployment", json!(false));
    }
    Value::Object(object)
}

/// What lies below a folder, folders before what is in them; `None` for a folder that is not there.
fn tree(project: &Project, address: &Address) -> Option<Vec<Value>> {
    let folder = address.parameter("path").unwrap_or_default().trim_matches('/');
    let below = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let is_recursive = address.parameter("recursive") == Some("true");
    let mut folders = BTreeSet::new();
    let mut entries = Vec::new();
    let entry = |id: String, kind: &str, path: &str, mode: &str| json!({ "id": id, "name": path.rsplit('/').next(), "type": kind, "path": path, "mode": mode });
    for (path, bytes) in &project.files {
        let Some(inside) = path.strip_prefix(&below) else { continue };
        let ends = inside.match_indices('/').map(|(end, _)| &path[..below.len() + end]);
        for folder in ends.take(if is_recursive { usize::MAX } else { 1 }) {
            if folders.insert(folder) {
                entries.push(entry(git_hash(folder.as_bytes()), "tree", folder, "040000"));
            }
        }
        if is_recursive || !inside.contains('/') {
            let mode = project.mode(path);
            let kind = if mode == SUBMODULE { "commit" } else { "blob" };
            entries.push(entry(git_hash(bytes), kind, path, mode));
        }
    }
    (!entries.is_empty()).then_some(entries)
}

fn raw(world: &World, project: &Project, file: &str) -> Answer {
    if world.role < REPORTER {
        return forbidden();
    }
    let bytes = project.files.get(file).filter(|_| project.mode(file) != SUBMODULE);
    let Some(bytes) = bytes else { return not_found("File ") };
    let headers = vec![
        ("content-type", "text/plain; charset=utf-8".to_owned()),
        ("x-gitlab-blob-id", git_hash(bytes)),
        ("x-gitlab-size", bytes.len().to_string()),
    ];
    Answer { status: 200, headers, body: bytes.clone() }
}
