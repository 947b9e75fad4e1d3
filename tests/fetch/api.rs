//! What GitLab's API has, from which release on, and how it weighs queries: by this the GitLab of the tests refuses them.
//!
//! Sources: the reference of the GraphQL API and the REST pages of GitLab's documentation with their notes of what came when, the changelog of
//! 14.0 to 18.8; for points and limits `types/base_field.rb`, `resolvers/base_resolver.rb`, `gitlab_schema.rb` and `graphql_controller.rb` of 18.9.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::graphql::Field;

/// A release: major, minor.
pub type Release = (u32, u32);

/// The releases that are played. `ciAccessAuthorizedAgents` came between the first two.
pub const PLAYED: [&str; 5] = ["15.11.13-ee", "16.1.8-ee", "17.9.8-ee", "18.9.0-ee", "19.6.0-ee"];

pub fn release_of(version: &str) -> Release {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// Fields, arguments and keys of REST that came after 15.0, with the release; what is not named here has been there for longer.
const SINCE: &[(&str, Release)] = &[
    ("Group.clusterAgents", (17, 10)), // 15.2 with a licence
    ("Group.projects(includeArchived)", (16, 9)),
    ("Project.ciAccessAuthorizedAgents", (16, 1)), // 15.11 behind a flag
    ("RepositoryBlob.base64EncodedBlob", (17, 1)),
    ("agent.is_receptive", (17, 4)),
    ("metadata.enterprise", (15, 6)),
    ("metadata.kas.externalK8sProxyUrl", (17, 6)),
    // Read in 18.9; the release in which it came is not known.
    ("project.allow_pipeline_trigger_approve_deployment", (18, 9)),
    ("project that was moved", (16, 7)),    // `doc/api/rest/_index.md`, redirects
    ("RateLimit on every answer", (18, 6)), // before on 429 alone
];

/// Whether a release has a field, an argument or a key.
pub fn has(release: Release, name: &str) -> bool {
    SINCE.iter().find(|(known, _)| *known == name).is_none_or(|(_, since)| release >= *since)
}

/// How many points a field adds.
#[derive(Clone, Copy)]
enum Points {
    /// One and those below it.
    Plain,
    /// One more, for it asks Gitaly.
    Gitaly,
    /// So many and those below it; for a connection all of these once more for each 100 of its page.
    Resolver(usize),
    /// The same, and one for each path.
    Paths(usize),
    /// So many and those below it, whatever its page.
    Own(usize),
}

use Points::{Gitaly, Own, Paths, Plain, Resolver};

/// A field: its name, its type (none for a value), its points, its arguments.
type Known<'t> = (&'static str, &'t str, Points, &'static [&'static str]);

const PAGES: &[&str] = &["after", "before", "first", "last"];
const PATH: &[&str] = &["fullPath"];
const NONE: &[&str] = &[];

/// The types that are asked about. A field that is missing cannot be weighed: read its class, then add it.
const TYPES: &[(&str, &[Known<'static>])] = &[
    (
        "Query",
        &[
            ("group", "Group", Resolver(1), PATH),
            ("groups", "GroupConnection", Resolver(1), PAGES),
            ("project", "Project", Resolver(1), PATH),
            ("projects", "ProjectConnection", Resolver(1), &["after", "first", "fullPaths"]),
        ],
    ),
    ("PageInfo", &[("endCursor", "", Plain, NONE), ("hasNextPage", "", Plain, NONE)]),
    (
        "Group",
        &[
            ("autoDevopsEnabled", "", Plain, NONE),
            ("clusterAgents", "ClusterAgentConnection", Resolver(1), PAGES),
            ("descendantGroups", "GroupConnection", Own(5), PAGES),
            ("fullPath", "", Plain, NONE),
            ("id", "", Plain, NONE),
            ("projects", "ProjectConnection", Resolver(11), &["after", "first", "includeArchived", "includeSubgroups"]),
        ],
    ),
    (
        "Project",
        &[
            ("archived", "", Plain, NONE),
            ("ciAccessAuthorizedAgents", "ClusterAgentAuthorizationCiAccessConnection", Resolver(1), PAGES),
            ("ciConfigPathOrDefault", "", Plain, NONE),
            ("clusterAgent", "ClusterAgent", Resolver(1), &["name"]),
            ("clusterAgents", "ClusterAgentConnection", Resolver(1), PAGES),
            ("environments", "EnvironmentConnection", Resolver(1), PAGES),
            ("fullPath", "", Plain, NONE),
            ("group", "Group", Plain, NONE),
            ("id", "", Plain, NONE),
            ("repository", "Repository", Plain, NONE),
            ("userPermissions", "ProjectPermissions", Plain, NONE),
        ],
    ),
    (
        "ProjectPermissions",
        &[
            ("adminProject", "", Plain, NONE),
            ("createDeployment", "", Plain, NONE),
            ("readEnvironment", "", Plain, NONE),
        ],
    ),
    (
        "Repository",
        &[
            ("blobs", "RepositoryBlobConnection", Paths(2), &["after", "first", "paths"]),
            ("empty", "", Gitaly, NONE),
            ("rootRef", "", Gitaly, NONE),
            ("tree", "Tree", Resolver(2), &["path"]),
        ],
    ),
    ("Tree", &[("lastCommit", "Commit", Own(10), NONE), ("trees", "TreeEntryConnection", Plain, PAGES)]),
    ("Commit", &[("committedDate", "", Plain, NONE)]),
    ("TreeEntry", &[("name", "", Plain, NONE)]),
    (
        "RepositoryBlob",
        &[
            ("base64EncodedBlob", "", Own(3), NONE),
            ("mode", "", Plain, NONE),
            ("oid", "", Plain, NONE),
            ("path", "", Plain, NONE),
            ("rawTextBlob", "", Own(2), NONE),
            ("size", "", Plain, NONE),
        ],
    ),
    (
        "ClusterAgent",
        &[
            ("id", "", Plain, NONE),
            ("name", "", Plain, NONE),
            ("tokens", "ClusterAgentTokenConnection", Resolver(1), PAGES),
            ("webPath", "", Plain, NONE),
        ],
    ),
    ("ClusterAgentToken", &[("lastUsedAt", "", Plain, NONE), ("status", "", Plain, NONE)]),
    ("ClusterAgentAuthorizationCiAccess", &[("agent", "ClusterAgent", Plain, NONE), ("config", "", Plain, NONE)]),
    ("Environment", &[("name", "", Plain, NONE), ("tier", "", Plain, NONE)]),
];

/// The most points, levels and characters of a query of somebody who is signed in, and paths of `projects`.
const MOST_POINTS: usize = 250;
const MOST_LEVELS: usize = 20;
const MOST_LETTERS: usize = 10_000;
const MOST_PATHS: usize = 50;

/// Points over which a query of ours is wrong, though GitLab takes it: its own count may be a few higher than ours.
const OUR_MOST_POINTS: usize = 200;

/// Why a query is refused: the status, and the messages.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    pub status: u16,
    pub messages: Vec<String>,
    /// Whether a release may be the reason, so that nobody did wrong who asked.
    pub is_expected: bool,
}

fn refused(status: u16, message: String) -> Refused {
    Refused { status, messages: vec![message], is_expected: false }
}

/// A text that is longer than GitLab reads.
pub fn too_long(text: &str) -> Option<Refused> {
    (text.chars().count() > MOST_LETTERS).then(|| refused(422, "Query too large".to_owned()))
}

/// Weighs a query for a release that lacks some more fields; with a complaint where GitLab would take it and we should not ask it.
pub fn weighed(
    text: &str,
    fields: &[Field],
    release: Release,
    lacking: &[&str],
) -> Result<(usize, Option<String>), Refused> {
    let mut judge = Judge { release, lacking, messages: Vec::new(), is_expected: true };
    judge.variables(text);
    let points = judge.selection("Query", fields);
    if !judge.messages.is_empty() {
        return Err(Refused { status: 200, messages: judge.messages, is_expected: judge.is_expected });
    }
    let levels = depth(fields);
    if levels > MOST_LEVELS {
        return Err(refused(200, format!("Query has depth of {levels}, which exceeds max depth of {MOST_LEVELS}")));
    }
    if points > MOST_POINTS {
        let message = format!("Query has complexity of {points}, which exceeds max complexity of {MOST_POINTS}");
        return Err(refused(200, message));
    }
    let complaint =
        (points > OUR_MOST_POINTS).then(|| format!("a query of {points} points, more than {OUR_MOST_POINTS}"));
    Ok((points, complaint))
}

/// What a query asks too much of: a list of paths, or a field that is for one project at a time.
pub fn too_much(fields: &[Field]) -> Option<String> {
    let paths = |field: &Field| field.arguments.get("fullPaths").and_then(Value::as_array).map_or(0, Vec::len);
    if fields.iter().any(|field| paths(field) > MOST_PATHS) {
        return Some(format!("Too many full paths, the most is {MOST_PATHS}"));
    }
    let environments: usize = fields.iter().map(|field| environments(field, 1)).sum();
    (environments > 1).then(|| "\"environments\" field can be requested only for 1 Project(s) at a time.".to_owned())
}

/// For how many projects environments are asked for.
fn environments(field: &Field, projects: usize) -> usize {
    let projects = if field.name == "nodes" { 2 } else { projects };
    if field.name == "environments" {
        return projects;
    }
    field.selection.iter().map(|inner| environments(inner, projects)).sum()
}

fn depth(fields: &[Field]) -> usize {
    fields.iter().map(|field| 1 + depth(&field.selection)).max().unwrap_or(0)
}

struct Judge<'a> {
    release: Release,
    lacking: &'a [&'a str],
    messages: Vec<String>,
    is_expected: bool,
}

impl Judge<'_> {
    fn wrong(&mut self, message: String) {
        self.messages.push(message);
        self.is_expected = false;
    }

    /// Variables that are declared and used, both.
    fn variables(&mut self, text: &str) {
        let names = |text: &str| -> BTreeSet<String> {
            let is_of_name = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
            text.split('$').skip(1).map(|rest| rest.chars().take_while(is_of_name).collect()).collect()
        };
        let (head, body) = text.split_once('{').unwrap_or((text, ""));
        let (declared, used) = (names(head), names(body));
        for name in declared.difference(&used) {
            self.wrong(format!("Variable ${name} is declared by the query but not used"));
        }
        for name in used.difference(&declared) {
            self.wrong(format!("Variable ${name} is used by the query but not declared"));
        }
    }

    fn selection(&mut self, on: &str, fields: &[Field]) -> usize {
        fields.iter().map(|field| self.field(on, field)).sum()
    }

    fn field(&mut self, on: &str, field: &Field) -> usize {
        let name = field.name.as_str();
        let full = format!("{on}.{name}");
        let of_connection: [Known<'_>; 2] = [
            ("nodes", on.strip_suffix("Connection").unwrap_or_default(), Plain, NONE),
            ("pageInfo", "PageInfo", Plain, NONE),
        ];
        let known: &[Known<'_>] = match TYPES.iter().find(|(kind, _)| *kind == on) {
            Some((_, fields)) => fields,
            None if on.ends_with("Connection") => &of_connection,
            None => &[],
        };
        let Some((_, gives, points, arguments)) = known.iter().find(|(known, ..)| *known == name) else {
            self.wrong(format!("Field '{name}' doesn't exist on type '{on}'"));
            return 0;
        };
        if !has(self.release, &full) || self.lacking.contains(&name) {
            self.messages.push(format!("Field '{name}' doesn't exist on type '{on}'"));
            return 0;
        }
        for argument in field.arguments.keys() {
            let is_new =
                !has(self.release, &format!("{full}({argument})")) || self.lacking.contains(&argument.as_str());
            if !arguments.contains(&argument.as_str()) {
                self.wrong(format!("Field '{name}' doesn't accept argument '{argument}'"));
            } else if is_new {
                self.messages.push(format!("Field '{name}' doesn't accept argument '{argument}'"));
            }
        }
        if field.selection.is_empty() != gives.is_empty() {
            self.wrong(format!("Field must have selections, or must have none (field '{name}' of '{on}')"));
        }
        let below = self.selection(gives, &field.selection);
        let paths = field.arguments.get("paths").and_then(Value::as_array).map_or(0, Vec::len);
        let of_page = |points: usize| {
            let first =
                field.arguments.get("first").and_then(Value::as_u64).and_then(|first| usize::try_from(first).ok());
            points + if gives.ends_with("Connection") { points * first.unwrap_or(100).min(100) / 100 } else { 0 }
        };
        match *points {
            Plain => 1 + below,
            Gitaly => 2 + below,
            Resolver(own) => of_page(own + below),
            Paths(own) => of_page(own + paths + below),
            Own(own) => own + below,
        }
    }
}
