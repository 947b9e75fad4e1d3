//! A GitLab of one's own: an ordinary HTTP server with GitLab's rules for pages, rights by role, faults on demand.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};
use sha1::{Digest as _, Sha1};

use crate::api::{Refused, Release, has, release_of, too_long, too_much, weighed};
use crate::graphql::{self, Field};
use crate::rest;

pub const TOKEN: &str = "glpat-0123456789abcdefghij";

/// Levels of access, as GitLab numbers them.
pub const GUEST: u32 = 10;
pub const REPORTER: u32 = 20;
pub const DEVELOPER: u32 = 30;
pub const MAINTAINER: u32 = 40;

/// The mode of a symbolic link, whose target is its text.
pub const LINK: &str = "120000";
/// The mode of a submodule.
pub const SUBMODULE: &str = "160000";
const FILE: &str = "100644";

/// The use of a token that was never used.
pub const NEVER: &str = "";

#[derive(Clone, Debug, Default)]
pub struct Project {
    pub id: i64,
    pub path: String,
    pub archived: bool,
    pub files: BTreeMap<String, Vec<u8>>,
    /// What git says of files that are none: [`LINK`] or [`SUBMODULE`], by path.
    pub modes: BTreeMap<String, &'static str>,
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
    /// Whether the token's user may not see it.
    pub is_hidden: bool,
}

impl Project {
    pub fn mode(&self, path: &str) -> &'static str {
        self.modes.get(path).copied().unwrap_or(FILE)
    }
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
    /// Where projects lay before, with the address that GitLab has redirected to since: of itself, by number, where it starts with a slash.
    pub moved: Vec<(&'static str, String)>,
    /// How many requests it takes in a window, and how many seconds one lasts.
    pub window: (usize, u64),
    /// Fields that this release does not have.
    pub unknown: Vec<&'static str>,
    /// Whether the same cursor comes again and again.
    pub loops: bool,
    /// Whether groups and projects are told to lie in themselves.
    pub is_own_parent: bool,
    /// By the number of the request, counted from 1.
    pub faults: Faults,
    /// Whether it is asked wrongly on purpose, which is not recorded.
    pub is_mistreated: bool,
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
            moved: Vec::new(),
            window: (2000, 60),
            unknown: Vec::new(),
            loops: false,
            is_own_parent: false,
            faults: Box::new(|_, _| None),
            is_mistreated: false,
        }
    }
}

pub struct Gitlab {
    pub url: String,
    pub asked: Arc<Mutex<Vec<String>>>,
    pub hangs: Arc<AtomicUsize>,
    pub complaints: Settled,
}

/// What nobody should have asked: queries that no release takes, or that are close to what GitLab refuses. A test that does not look at them fails.
#[derive(Clone, Default)]
pub struct Complaints(Arc<Mutex<Vec<String>>>);

impl Complaints {
    fn add(&self, complaint: String) {
        self.0.lock().unwrap().push(complaint);
    }

    /// What there was to complain of, which is then settled.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// How many requests came in the window that is open, and when it ends, in seconds of the Unix epoch.
#[derive(Default)]
struct Pace(Mutex<(usize, u64)>);

impl Pace {
    /// What every answer tells of the window, where the release does (`doc/administration/settings/user_and_ip_rate_limits.md`). A client that
    /// asks on although it was told that nothing is left is complained of.
    fn headers(&self, world: &World, complaints: &Complaints) -> Option<[(&'static str, String); 5]> {
        if !has(world.release(), "RateLimit on every answer") {
            return None;
        }
        let (most, length) = world.window;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let mut open = self.0.lock().unwrap();
        if now >= open.1 {
            *open = (0, now + length);
        }
        open.0 += 1;
        let (came, end) = *open;
        if came > most && !world.is_mistreated {
            complaints.add(format!("request {came} of a window of {most}"));
        }
        Some([
            ("ratelimit-limit", most.to_string()),
            ("ratelimit-name", "throttle_authenticated_api".to_owned()),
            ("ratelimit-observed", came.to_string()),
            ("ratelimit-remaining", most.saturating_sub(came).to_string()),
            ("ratelimit-reset", end.to_string()),
        ])
    }
}

/// Looks at the complaints at the end.
pub struct Settled(pub Complaints);

impl Drop for Settled {
    fn drop(&mut self) {
        let complaints = self.0.take();
        assert!(std::thread::panicking() || complaints.is_empty(), "{complaints:?}");
    }
}

impl Gitlab {
    pub fn serve(world: World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, hangs, world) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)), Arc::new(world));
        let complaints = Complaints::default();
        let gitlab =
            Self { url, asked: Arc::clone(&asked), hangs: Arc::clone(&hangs), complaints: Settled(complaints.clone()) };
        let count = Arc::new(AtomicUsize::new(0));
        let pace = Arc::new(Pace::default());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (world, asked, hangs, count) =
                    (Arc::clone(&world), Arc::clone(&asked), Arc::clone(&hangs), Arc::clone(&count));
                let (complaints, pace) = (complaints.clone(), Arc::clone(&pace));
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    while let Some(request) = read(&mut reader) {
                        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
                        asked.lock().unwrap().push(request.path.clone());
                        std::thread::sleep(world.latency);
                        if !answer(&world, &request, number, &stream, (&hangs, &complaints, &pace)) {
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

pub struct Request {
    pub path: String,
    /// Where it was sent to, as its header says.
    pub host: String,
    token: String,
    body: String,
}

/// An answer: status, headers, body.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { status, headers, body: body.to_string().into_bytes() }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|&length| length > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut length, mut token, mut host) = (0, String::new(), String::new());
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
            "host" => host = value.trim().to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { path, host, token, body: String::from_utf8(body).ok()? })
}

/// Whether the connection goes on.
fn answer(
    world: &World,
    request: &Request,
    number: usize,
    mut stream: &TcpStream,
    (hangs, complaints, pace): (&AtomicUsize, &Complaints, &Pace),
) -> bool {
    let fault = (world.faults)(number, &request.path);
    let is_fault = fault.is_some();
    let mut points = None;
    let named = |headers: Vec<(&'static str, &str)>| {
        headers.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
    };
    let answer = match fault {
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
        Some(Fault::Status(status, headers, body)) => {
            Answer { status, headers: named(headers), body: body.as_bytes().to_vec() }
        }
        Some(Fault::Body(kind, body)) => Answer { status: 200, headers: named(vec![("content-type", kind)]), body },
        None if request.token != TOKEN => Answer::json(401, &json!({ "message": "401 Unauthorized" })),
        None if request.path == "/api/graphql" => {
            // What the fake does not understand is no answer, and somebody has to look at it.
            let answer = std::panic::catch_unwind(AssertUnwindSafe(|| world.graphql(&request.body, complaints)));
            let Ok((status, answer, scored)) = answer else {
                complaints.add(format!("this is not understood: {}", request.body));
                return false;
            };
            points = scored;
            Answer::json(status, &answer)
        }
        None => rest::answer(world, request),
    };
    if !world.is_mistreated {
        record(request, &answer, points, is_fault);
    }
    let mut answer = answer;
    if let Some(headers) = pace.headers(world, complaints).filter(|_| !is_fault) {
        answer.headers.extend(headers);
    }
    let mut head = format!("HTTP/1.1 {} X\r\ncontent-length: {}\r\n", answer.status, answer.body.len());
    for (name, value) in answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).is_ok() && stream.write_all(&answer.body).is_ok()
}

/// Writes request and answer into the folder that `KASLINT_RECORD` names, for `tests/live`, with the points of the query.
fn record(request: &Request, answer: &Answer, points: Option<usize>, is_fault: bool) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let Some(folder) = std::env::var_os("KASLINT_RECORD").map(std::path::PathBuf::from) else { return };
    let folder =
        if folder.is_absolute() { folder } else { std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder) };
    std::fs::create_dir_all(&folder).unwrap();
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut told = serde_json::from_str(&request.body).unwrap_or_else(|_| json!({}));
    told["path"] = json!(request.path);
    told["points"] = json!(points);
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let answer = json!({ "status": answer.status, "fault": is_fault, "body": body });
    std::fs::write(folder.join(format!("{number:06}.request.json")), told.to_string()).unwrap();
    std::fs::write(folder.join(format!("{number:06}.answer.json")), answer.to_string()).unwrap();
}

pub fn git_hash(bytes: &[u8]) -> String {
    let hash = Sha1::new().chain_update(format!("blob {}\0", bytes.len())).chain_update(bytes).finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl World {
    pub fn below<'w>(&'w self, group: &str) -> impl Iterator<Item = &'w Project> {
        let below = format!("{group}/");
        self.projects.iter().filter(move |project| project.path.starts_with(&below))
    }

    /// Whether a group is told to lie below another.
    pub fn is_below(&self, group: &str, above: &str) -> bool {
        group.strip_prefix(above).is_some_and(|below| below.starts_with('/')) || (self.is_own_parent && group == above)
    }

    /// Whether it lies in the namespace of a user.
    pub fn is_personal(&self, project: &Project) -> bool {
        let top = project.path.split('/').next();
        !self.groups.iter().any(|(path, _)| Some(path.as_str()) == top)
    }

    pub fn release(&self) -> Release {
        release_of(self.version)
    }

    fn graphql(&self, body: &str, complaints: &Complaints) -> (u16, Value, Option<usize>) {
        let body: Value = serde_json::from_str(body).unwrap();
        let text = body["query"].as_str().unwrap();
        let errors =
            |messages: &[String]| -> Value { messages.iter().map(|text| json!({ "message": text })).collect() };
        let refuse = |Refused { status, messages, is_expected }: Refused| {
            if !is_expected {
                complaints.add(messages.join("; "));
            }
            (status, json!({ "errors": errors(&messages) }), None)
        };
        if let Some(refused) = too_long(text) {
            return refuse(refused);
        }
        let fields = graphql::parse(text, &body["variables"]);
        let points = match weighed(text, &fields, self.release(), &self.unknown) {
            Err(refused) => return refuse(refused),
            Ok((points, complaint)) => {
                complaint.into_iter().for_each(|complaint| complaints.add(complaint));
                points
            }
        };
        if let Some(message) = too_much(&fields) {
            complaints.add(message.clone());
            return (200, json!({ "data": null, "errors": errors(&[message]) }), None);
        }
        let data: Map<String, Value> = fields.iter().map(|field| (field.alias.clone(), self.root(field))).collect();
        (200, json!({ "data": data }), Some(points))
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
                            self.groups.iter().filter(|(known, _)| self.is_below(known, path)).collect();
                        self.connection(inner, &below, &|(path, id), field| match field.name.as_str() {
                            "id" => json!(format!("gid://gitlab/Group/{id}")),
                            "fullPath" => json!(path),
                            _ => Value::Null,
                        })
                    }
                    "projects" => {
                        let below: Vec<&Project> = self.below(path).collect();
                        self.projects(inner, &below)
                    }
                    other => panic!("group.{other}"),
                })
            }
            "projects" => {
                let paths = field.arguments.get("fullPaths").and_then(Value::as_array);
                let is_asked =
                    |project: &&Project| paths.is_none_or(|paths| paths.iter().any(|path| path == &project.path));
                let asked: Vec<&Project> = self.projects.iter().filter(is_asked).collect();
                self.projects(field, &asked)
            }
            "groups" => {
                let all: Vec<&(String, i64)> = self.groups.iter().collect();
                self.connection(field, &all, &|(path, _), field| {
                    if field.name == "fullPath" { json!(path) } else { Value::Null }
                })
            }
            "project" => match self.find(argument("fullPath")) {
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
            "group" if self.is_personal(project) => Value::Null,
            "group" if self.is_own_parent => json!({ "fullPath": project.path }),
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

    /// The project of a path, if the token's user may see it.
    pub fn find(&self, path: &str) -> Option<&Project> {
        self.projects.iter().find(|project| project.path == path && !project.is_hidden)
    }

    fn projects(&self, field: &Field, projects: &[&Project]) -> Value {
        let is_shown = |project: &Project| !project.is_hidden;
        self.redacted(field, projects, &is_shown, &|project, field| self.project(project, field))
    }

    fn connection<T>(&self, field: &Field, items: &[&T], node: &dyn Fn(&T, &Field) -> Value) -> Value {
        self.redacted(field, items, &|_| true, node)
    }

    /// A page of a connection. What is not shown is taken out after the page was cut (`connection_redaction.rb`), so that a page may be short,
    /// or empty, although there are more.
    fn redacted<T>(
        &self,
        field: &Field,
        items: &[&T],
        is_shown: &dyn Fn(&T) -> bool,
        node: &dyn Fn(&T, &Field) -> Value,
    ) -> Value {
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
            "nodes" => items[after..end]
                .iter()
                .filter(|item| is_shown(item))
                .map(|item| select(&inner.selection, &|field| node(item, field)))
                .collect(),
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
                "mode" => json!(project.mode(path)),
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
