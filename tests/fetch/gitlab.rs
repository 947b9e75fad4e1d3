//! A GitLab of one's own: an ordinary HTTP server with GitLab's rules for pages, rights by role, faults on demand.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value, json};
use sha1::{Digest as _, Sha1};

use crate::graphql::{self, Field};

pub const TOKEN: &str = "glpat-0123456789abcdefghij";

/// Levels of access, as GitLab numbers them.
pub const GUEST: u32 = 10;
pub const REPORTER: u32 = 20;
pub const DEVELOPER: u32 = 30;
pub const MAINTAINER: u32 = 40;

/// The use of a token that was never used.
pub const NEVER: &str = "";

#[derive(Clone, Debug, Default)]
pub struct Project {
    pub id: i64,
    pub path: String,
    pub archived: bool,
    pub files: BTreeMap<String, Vec<u8>>,
    pub agents: Vec<(String, i64)>,
    pub environments: Vec<(String, &'static str)>,
    pub protected_branches: Vec<String>,
    pub protected_tags: Vec<String>,
    pub auto_devops: bool,
    pub ci_config_path: Option<String>,
    /// The agents that it may use by what is stored: contexts and settings.
    pub authorized: Vec<(String, Value)>,
    /// When a token of its agents was last used, or [`NEVER`]; `None` for agents without a token.
    pub token_used: Option<&'static str>,
    /// When its agent folders were last changed.
    pub changed: &'static str,
}

/// What is wrong with an answer.
#[derive(Clone, Debug)]
pub enum Fault {
    Status(u16, Vec<(&'static str, &'static str)>, &'static str),
    Cut,
    /// Never answered; the server tells that the request came.
    Hang,
    /// A body without an end.
    Endless,
    /// This in the place of the body.
    Body(&'static str, Vec<u8>),
}

/// Which fault a request meets, by its number and its address.
pub type Faults = Box<dyn Fn(usize, &str) -> Option<Fault> + Send + Sync>;

pub struct World {
    pub version: &'static str,
    pub enterprise: bool,
    pub groups: Vec<(String, i64)>,
    pub projects: Vec<Project>,
    pub role: u32,
    pub is_member: bool,
    pub latency: Duration,
    /// Fields that this release does not have.
    pub unknown: Vec<&'static str>,
    /// Whether the same cursor comes again and again.
    pub loops: bool,
    /// By the number of the request, counted from 1.
    pub faults: Faults,
}

impl Default for World {
    fn default() -> Self {
        Self {
            version: "18.9.0-ee",
            enterprise: true,
            groups: Vec::new(),
            projects: Vec::new(),
            role: DEVELOPER,
            is_member: true,
            latency: Duration::ZERO,
            unknown: Vec::new(),
            loops: false,
            faults: Box::new(|_, _| None),
        }
    }
}

pub struct Gitlab {
    pub url: String,
    pub asked: Arc<Mutex<Vec<String>>>,
    pub hangs: Arc<AtomicUsize>,
}

impl Gitlab {
    pub fn serve(world: World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, hangs, world) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)), Arc::new(world));
        let gitlab = Self { url, asked: Arc::clone(&asked), hangs: Arc::clone(&hangs) };
        let count = Arc::new(AtomicUsize::new(0));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (world, asked, hangs, count) =
                    (Arc::clone(&world), Arc::clone(&asked), Arc::clone(&hangs), Arc::clone(&count));
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    while let Some(request) = read(&mut reader) {
                        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
                        asked.lock().unwrap().push(request.path.clone());
                        std::thread::sleep(world.latency);
                        if !answer(&world, &request, number, &stream, &hangs) {
                            return;
                        }
                    }
                });
            }
        });
        gitlab
    }

    pub fn requests(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

struct Request {
    path: String,
    token: String,
    body: String,
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|&length| length > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut length, mut token) = (0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim_end();
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "private-token" => token = value.trim().to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { path, token, body: String::from_utf8(body).ok()? })
}

/// Whether the connection goes on.
fn answer(world: &World, request: &Request, number: usize, mut stream: &TcpStream, hangs: &AtomicUsize) -> bool {
    let fault = (world.faults)(number, &request.path);
    let total = Cell::new(None);
    let is_fault = fault.is_some();
    let (status, headers, body) = match fault {
        Some(Fault::Cut) => return false,
        Some(Fault::Hang) => {
            hangs.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_secs(60));
            return false;
        }
        Some(Fault::Endless) => {
            let _ = stream.write_all(b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\n\r\n");
            let blanks = vec![b' '; 1 << 20];
            while stream.write_all(&blanks).is_ok() {}
            return false;
        }
        Some(Fault::Status(status, headers, body)) => (status, headers, body.as_bytes().to_vec()),
        Some(Fault::Body(kind, body)) => (200, vec![("content-type", kind)], body),
        None if request.token != TOKEN => (401, vec![], br#"{"message":"401 Unauthorized"}"#.to_vec()),
        None => {
            let (status, value) = world.answer(request, &total);
            let body = value.map_or_else(|raw| raw, |json| json.to_string().into_bytes());
            (status, vec![("content-type", "application/json")], body)
        }
    };
    record(request, status, &body, is_fault);
    let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(total) = total.get() {
        head.push_str(&format!("x-total: {total}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).is_ok() && stream.write_all(&body).is_ok()
}

/// Writes request and answer into the folder that `KASLINT_RECORD` names, for `tests/live`.
fn record(request: &Request, status: u16, body: &[u8], is_fault: bool) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let Some(folder) = std::env::var_os("KASLINT_RECORD").map(std::path::PathBuf::from) else { return };
    let folder =
        if folder.is_absolute() { folder } else { std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder) };
    std::fs::create_dir_all(&folder).unwrap();
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut told = serde_json::from_str(&request.body).unwrap_or_else(|_| json!({}));
    told["path"] = json!(request.path);
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let answer = json!({ "status": status, "fault": is_fault, "body": body });
    std::fs::write(folder.join(format!("{number:06}.request.json")), told.to_string()).unwrap();
    std::fs::write(folder.join(format!("{number:06}.answer.json")), answer.to_string()).unwrap();
}

pub fn git_hash(bytes: &[u8]) -> String {
    let hash = Sha1::new().chain_update(format!("blob {}\0", bytes.len())).chain_update(bytes).finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl World {
    fn answer(&self, request: &Request, total: &Cell<Option<usize>>) -> (u16, Result<Value, Vec<u8>>) {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
        let page: usize = query.split('&').find_map(|part| part.strip_prefix("page=")?.parse().ok()).unwrap_or(1);
        let not_found = || (404, Ok(json!({ "message": "404 Not Found" })));
        let forbidden = || (403, Ok(json!({ "message": "403 Forbidden" })));
        let paged = |items: Vec<Value>| -> Value {
            total.set(Some(items.len()));
            items.into_iter().skip((page - 1) * 100).take(100).collect()
        };
        match path.as_str() {
            "/api/graphql" => return (200, Ok(self.graphql(&request.body))),
            "/api/v4/metadata" => {
                return (
                    200,
                    Ok(json!({
                        "version": self.version,
                        "revision": "0123abc",
                        "enterprise": self.enterprise,
                        "kas": {
                            "enabled": true,
                            "externalUrl": "wss://kas.example.com",
                            "externalK8sProxyUrl": "https://kas.example.com/k8s-proxy",
                            "version": "18.9.0",
                        },
                    })),
                );
            }
            "/api/v4/personal_access_tokens/self" => {
                return (200, Ok(json!({ "id": 7, "user_id": 9, "scopes": ["read_api"] })));
            }
            "/api/v4/user" => return (200, Ok(json!({ "id": 9 }))),
            "/api/v4/application/settings" => return forbidden(),
            _ => {}
        }
        if let Some(rest) = path.strip_prefix("/api/v4/groups/") {
            if rest.contains("/members/all/") {
                return if self.is_member {
                    (200, Ok(json!({ "id": 9, "access_level": self.role })))
                } else {
                    not_found()
                };
            }
            if let Some(group) = rest.strip_suffix("/descendant_groups") {
                let below = self.groups.iter().filter(|(path, _)| path.starts_with(&format!("{group}/")));
                return (200, Ok(paged(below.map(|(path, id)| json!({ "id": id, "full_path": path })).collect())));
            }
            if let Some(group) = rest.strip_suffix("/projects") {
                let below = self.below(group).map(|project| self.object(project)).collect();
                return (200, Ok(paged(below)));
            }
            return not_found();
        }
        let Some(rest) = path.strip_prefix("/api/v4/projects/") else { return not_found() };
        let of = |suffix: &str| self.projects.iter().find(|project| rest.strip_suffix(suffix) == Some(&project.path));
        let maintainers = json!([{ "id": 1, "access_level": 40, "access_level_description": "Maintainers" }]);
        let protected = |names: &[String], levels: &[&str]| {
            let one = |name: &String| {
                let mut one = json!({ "id": 1, "name": name, "allow_force_push": false });
                levels.iter().for_each(|level| one[*level] = maintainers.clone());
                one
            };
            paged(names.iter().map(one).collect())
        };
        if let Some(project) = of("/protected_branches") {
            return if self.role < REPORTER {
                forbidden()
            } else {
                (200, Ok(protected(&project.protected_branches, &["push_access_levels", "merge_access_levels"])))
            };
        }
        if let Some(project) = of("/protected_tags") {
            return if self.role < MAINTAINER {
                forbidden()
            } else {
                (200, Ok(protected(&project.protected_tags, &["create_access_levels"])))
            };
        }
        if let Some(project) = of("/ci/lint") {
            // As if everything were in one file.
            let merged = project.files.iter().filter(|(path, _)| path.ends_with(".yml"));
            let merged: String = merged.map(|(path, _)| format!("# {path}\nmerged: {{script: [make]}}\n")).collect();
            return (200, Ok(json!({ "valid": true, "errors": [], "merged_yaml": merged })));
        }
        if let Some((project, file)) = rest.split_once("/repository/files/") {
            let project = self.projects.iter().find(|known| known.path == project);
            let bytes = project.zip(file.strip_suffix("/raw")).and_then(|(project, file)| project.files.get(file));
            return bytes.map_or_else(not_found, |bytes| (200, Err(bytes.clone())));
        }
        of("").map_or_else(not_found, |project| (200, Ok(self.object(project))))
    }

    fn below<'w>(&'w self, group: &str) -> impl Iterator<Item = &'w Project> {
        let below = format!("{group}/");
        self.projects.iter().filter(move |project| project.path.starts_with(&below))
    }

    /// A project of REST.
    fn object(&self, project: &Project) -> Value {
        let mut object = json!({
            "id": project.id, "path_with_namespace": project.path, "archived": project.archived,
            "name": "A project", "name_with_namespace": "Acme / A project", "path": project.path.rsplit('/').next(),
            "description": null, "topics": [], "tag_list": [], "star_count": 0, "forks_count": 0,
            "created_at": "2026-01-01T00:00:00.000Z", "last_activity_at": "2026-01-01T00:00:00.000Z",
            "ssh_url_to_repo": format!("git@gitlab.example.com:{}.git", project.path),
            "http_url_to_repo": format!("https://gitlab.example.com/{}.git", project.path),
            "web_url": format!("https://gitlab.example.com/{}", project.path), "readme_url": null, "avatar_url": null,
            "namespace": {
                "id": 1, "name": "Acme", "path": "acme", "kind": "group", "full_path": project.path.rsplit_once('/').map(|(path, _)| path),
                "parent_id": null, "avatar_url": null, "web_url": "https://gitlab.example.com/groups/acme",
            },
            "empty_repo": project.files.is_empty(), "default_branch": "main",
            "allow_pipeline_trigger_approve_deployment": false,
        });
        if self.role >= MAINTAINER {
            object["auto_devops_enabled"] = json!(project.auto_devops);
        }
        object
    }

    fn graphql(&self, body: &str) -> Value {
        let body: Value = serde_json::from_str(body).unwrap();
        let text = body["query"].as_str().unwrap();
        if let Some(unknown) = self.unknown.iter().find(|unknown| text.contains(**unknown)) {
            return json!({ "errors": [{ "message": format!("Field '{unknown}' doesn't exist on type 'Project'") }] });
        }
        let fields = graphql::parse(text, &body["variables"]);
        let data: Map<String, Value> = fields.iter().map(|field| (field.alias.clone(), self.root(field))).collect();
        json!({ "data": data })
    }

    fn root(&self, field: &Field) -> Value {
        let argument = |name: &str| field.arguments.get(name).and_then(Value::as_str).unwrap_or_default();
        match field.name.as_str() {
            "group" => {
                let path = argument("fullPath");
                let Some((path, id)) = self.groups.iter().find(|(known, _)| known == path) else { return Value::Null };
                select(&field.selection, &|inner| match inner.name.as_str() {
                    "id" => json!(format!("gid://gitlab/Group/{id}")),
                    "fullPath" => json!(path),
                    "autoDevopsEnabled" => Value::Null,
                    "descendantGroups" => {
                        let below: Vec<&(String, i64)> =
                            self.groups.iter().filter(|(known, _)| known.starts_with(&format!("{path}/"))).collect();
                        self.connection(inner, &below, &|(path, id), field| match field.name.as_str() {
                            "id" => json!(format!("gid://gitlab/Group/{id}")),
                            "fullPath" => json!(path),
                            _ => Value::Null,
                        })
                    }
                    "projects" => {
                        let below: Vec<&Project> = self.below(path).collect();
                        self.connection(inner, &below, &|project, field| self.project(project, field))
                    }
                    other => panic!("group.{other}"),
                })
            }
            "projects" => {
                let paths = field.arguments.get("fullPaths").and_then(Value::as_array);
                let is_asked =
                    |project: &&Project| paths.is_none_or(|paths| paths.iter().any(|path| path == &project.path));
                let asked: Vec<&Project> = self.projects.iter().filter(is_asked).collect();
                self.connection(field, &asked, &|project, field| self.project(project, field))
            }
            "groups" => {
                let all: Vec<&(String, i64)> = self.groups.iter().collect();
                self.connection(field, &all, &|(path, _), field| {
                    if field.name == "fullPath" { json!(path) } else { Value::Null }
                })
            }
            "project" => match self.projects.iter().find(|project| project.path == argument("fullPath")) {
                Some(project) => select(&field.selection, &|inner| self.project(project, inner)),
                None => Value::Null,
            },
            other => panic!("{other}"),
        }
    }

    fn project(&self, project: &Project, field: &Field) -> Value {
        let shown_from = |role: u32, count: usize| if self.role >= role { count } else { 0 };
        match field.name.as_str() {
            "id" => json!(format!("gid://gitlab/Project/{}", project.id)),
            "fullPath" => json!(project.path),
            "archived" => json!(project.archived),
            "group" => json!({ "fullPath": project.path.rsplit_once('/').unwrap().0 }),
            "ciConfigPathOrDefault" => json!(project.ci_config_path.as_deref().unwrap_or(".gitlab-ci.yml")),
            "userPermissions" => json!({
                "readEnvironment": self.role >= REPORTER,
                "createDeployment": self.role >= DEVELOPER,
                "adminProject": self.role >= MAINTAINER,
            }),
            "repository" if self.role < REPORTER => Value::Null,
            "repository" => select(&field.selection, &|inner| repository(self, project, inner)),
            "clusterAgents" => {
                let agents: Vec<&(String, i64)> =
                    project.agents.iter().take(shown_from(DEVELOPER, project.agents.len())).collect();
                self.connection(field, &agents, &|(name, id), field| match field.name.as_str() {
                    "name" => json!(name),
                    _ => json!(format!("gid://gitlab/Clusters::Agent/{id}")),
                })
            }
            "ciAccessAuthorizedAgents" if self.role < DEVELOPER => Value::Null,
            "ciAccessAuthorizedAgents" => {
                let authorized: Vec<&(String, Value)> = project.authorized.iter().collect();
                self.connection(field, &authorized, &|(context, config), field| match field.name.as_str() {
                    "config" => config.clone(),
                    _ => {
                        let (path, name) = context.split_once(':').unwrap();
                        json!({ "id": "gid://gitlab/Clusters::Agent/1", "name": name, "webPath": format!("/{path}/-/cluster_agents/{name}") })
                    }
                })
            }
            "clusterAgent" => select(&field.selection, &|tokens| {
                let used: Vec<&&str> = project.token_used.iter().collect();
                self.connection(tokens, &used, &|used, field| match field.name.as_str() {
                    "lastUsedAt" if **used == *NEVER => Value::Null,
                    "lastUsedAt" => json!(used),
                    _ => json!("ACTIVE"),
                })
            }),
            "environments" => {
                let count = shown_from(REPORTER, project.environments.len());
                let environments: Vec<&(String, &str)> = project.environments.iter().take(count).collect();
                self.connection(field, &environments, &|(name, tier), field| match field.name.as_str() {
                    "name" => json!(name),
                    _ => json!(tier),
                })
            }
            other => panic!("project.{other}"),
        }
    }

    fn connection<T>(&self, field: &Field, items: &[&T], node: &dyn Fn(&T, &Field) -> Value) -> Value {
        let number =
            |value: Option<&Value>| value.and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
        let first = number(field.arguments.get("first")).unwrap_or(100).min(100);
        let after = field.arguments.get("after").and_then(Value::as_str).map_or(0, |cursor| cursor.parse().unwrap());
        let end = (after + first).min(items.len());
        select(&field.selection, &|inner| match inner.name.as_str() {
            "pageInfo" => {
                let cursor = if self.loops { 0 } else { end };
                json!({ "hasNextPage": self.loops || end < items.len(), "endCursor": cursor.to_string() })
            }
            "nodes" => {
                items[after..end].iter().map(|item| select(&inner.selection, &|field| node(item, field))).collect()
            }
            other => panic!("connection.{other}"),
        })
    }
}

fn repository(world: &World, project: &Project, field: &Field) -> Value {
    match field.name.as_str() {
        "empty" => json!(project.files.is_empty()),
        "rootRef" if project.files.is_empty() => Value::Null,
        "rootRef" => json!("main"),
        "tree" if field.selection.iter().any(|inner| inner.name == "lastCommit") => {
            json!({ "lastCommit": { "committedDate": project.changed } })
        }
        "tree" => {
            let mut names: Vec<String> = project
                .files
                .keys()
                .filter_map(|path| Some(path.strip_prefix(".gitlab/agents/")?.split_once('/')?.0.to_owned()))
                .collect();
            names.dedup();
            let names: Vec<&String> = names.iter().collect();
            select(&field.selection, &|trees| world.connection(trees, &names, &|name, _| json!(name)))
        }
        "blobs" => {
            let paths = field.arguments["paths"].as_array().unwrap();
            let blobs: Vec<(&str, &Vec<u8>)> = paths
                .iter()
                .filter_map(|path| project.files.get_key_value(path.as_str()?))
                .map(|(path, bytes)| (path.as_str(), bytes))
                .collect();
            let blobs: Vec<&(&str, &Vec<u8>)> = blobs.iter().collect();
            world.connection(field, &blobs, &|(path, bytes), field| match field.name.as_str() {
                "path" => json!(path),
                "oid" => json!(git_hash(bytes)),
                "mode" => json!("100644"),
                "size" => json!(bytes.len().to_string()),
                _ => json!(String::from_utf8_lossy(bytes)),
            })
        }
        other => panic!("repository.{other}"),
    }
}

fn select(fields: &[Field], value: &dyn Fn(&Field) -> Value) -> Value {
    let included = fields.iter().filter(|field| field.is_included);
    Value::Object(included.map(|field| (field.alias.clone(), value(field))).collect())
}
