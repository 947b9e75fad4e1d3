//! The releases of GitLab, each with what it has: by GraphQL from 16.1 on, by REST before.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use crate::api::PLAYED;
use crate::gitlab::{DEVELOPER, GUEST, Gitlab, LINK, MAINTAINER, Project, REPORTER, SUBMODULE, TOKEN, World};
use crate::{GROUP, Place, acme, error, files, kaslint, told};

const OLD: &str = PLAYED[0];

/// What every release takes that is played; `protected_branches_only` is new in 17.3, and older ones refuse a file that has it.
pub const AGENT_OF_ALL: &str = "\
ci_access:
  projects:
    - id: acme/web/shop
      environments: [production]
  groups:
    - id: acme/web
";

/// As `acme`, with a project that is archived, one without files, one that the user may not see, and agents' files of every kind.
fn mixed(version: &'static str, role: u32) -> World {
    let mut world = World { version, ..acme(role) };
    let agents = &mut world.projects[1];
    let file = |name: &str| format!(".gitlab/agents/{name}/config.yaml");
    agents.files.insert(file("link"), b"../prod/config.yaml".to_vec());
    agents.modes.insert(file("link"), LINK);
    agents.files.insert(".gitlab/agents/module".to_owned(), Vec::new());
    agents.modes.insert(".gitlab/agents/module".to_owned(), SUBMODULE);
    agents.files.insert(file("latin"), b"# caf\xe9\nci_access: {}\n".to_vec());
    agents.files.insert(file("all"), AGENT_OF_ALL.as_bytes().to_vec());
    agents.agents.extend([("latin".to_owned(), 1002), ("all".to_owned(), 1003)]);
    world.projects.extend([
        Project {
            id: 14,
            path: "acme/web/old".to_owned(),
            archived: true,
            files: files(&[("ci/main.yml", "test:\n  script: [make]\n")]),
            ci_config_path: Some("ci/main.yml".to_owned()),
            ..Project::default()
        },
        Project { id: 15, path: "acme/empty".to_owned(), ..Project::default() },
        Project { id: 16, path: "acme/hidden".to_owned(), is_hidden: true, ..Project::default() },
    ]);
    world
}

/// The lines in which one text differs from another.
fn difference(before: &str, after: &str) -> String {
    let changes = TextDiff::from_lines(before, after);
    let changed = changes.iter_all_changes().filter(|change| change.tag() != ChangeTag::Equal);
    changed.map(|change| format!("  {}{change}", change.tag())).collect()
}

fn without_url(text: &str, gitlab: &Gitlab) -> String {
    text.replace(&gitlab.url, "http://gitlab.example.com")
}

fn checked(place: &Place) {
    let check = kaslint(place.folder.path()).args(["inventory", "check", "inventory/inventory.yaml"]).output().unwrap();
    assert_eq!(check.status.code(), Some(0), "{}", error(&check));
}

#[test]
fn each_release_gives_the_same_inventory_but_for_what_it_does_not_tell() {
    for (role, name) in [(DEVELOPER, "developer"), (MAINTAINER, "maintainer")] {
        let fetched: Vec<_> = PLAYED
            .into_iter()
            .map(|version| {
                let (place, gitlab) = (Place::new(), Gitlab::serve(mixed(version, role)));
                let output = place.fetch(&gitlab, GROUP);
                assert_eq!(output.status.code(), Some(0), "{version}: {}", error(&output));
                checked(&place);
                let asked = gitlab.asked.lock().unwrap().clone();
                let by_graphql = asked.iter().filter(|path| *path == "/api/graphql").count();
                assert_eq!(by_graphql > 0, version != OLD, "{version}: {asked:?}");
                let mut files = place.files();
                files.remove("inventory.yaml");
                (version, without_url(&place.text(), &gitlab), files)
            })
            .collect();
        let (_, whole, files) = fetched.iter().find(|(version, ..)| version.starts_with("18.9")).unwrap();
        let mut said = format!("{whole}-----\n");
        for (version, text, of_release) in &fetched {
            assert_eq!(of_release, files, "{version}");
            said.push_str(&format!("{version}\n{}", difference(whole, text)));
        }
        insta::assert_snapshot!(format!("releases_{name}"), said);
    }
}

/// REST refuses what GraphQL gives an empty list for; either way, what a role does not see is not none.
#[test]
fn by_rest_what_a_role_does_not_see_is_not_none() {
    for (role, name) in [(GUEST, "guest"), (REPORTER, "reporter")] {
        let (place, gitlab) = (Place::new(), Gitlab::serve(mixed(OLD, role)));
        let output = place.fetch(&gitlab, GROUP);
        let text = without_url(&place.text(), &gitlab);
        insta::assert_snapshot!(format!("by_rest_{name}"), format!("{}-----\n{text}", told(&output, &gitlab)));
        assert!(!text.contains("agents: []") && !text.contains("environments: []"), "{text}");
        checked(&place);
    }
}

#[test]
fn by_rest_a_plan_and_parts_are_told() {
    let mut world = mixed(OLD, DEVELOPER);
    world.projects.push(Project {
        id: 31,
        path: "jo/tools".to_owned(),
        files: files(&[(".gitlab/agents/mine/config.yaml", "ci_access:\n  projects:\n    - id: jo/tools\n")]),
        agents: vec![("mine".to_owned(), 2001)],
        ..Project::default()
    });
    let gitlab = Gitlab::serve(world);
    let mut said = String::new();
    for arguments in [
        &["--group", "acme", "--dry-run"][..],
        &["--project", "acme/platform/agents", "jo/tools", "acme/gone", "acme/hidden"],
        &["--instance"],
        &["--group", "nothing"],
    ] {
        let place = Place::new();
        let output = place.fetch(&gitlab, arguments);
        let text = if place.inventory().exists() { without_url(&place.text(), &gitlab) } else { String::new() };
        said.push_str(&format!("{arguments:?}: {}{text}-----\n", told(&output, &gitlab)));
    }
    insta::assert_snapshot!("by_rest_parts", said);
}

/// Many projects on pages by number, of which none is lost; and again with a refresh, which asks for no file that is the same.
#[test]
fn by_rest_pages_lose_nothing() {
    let world = || {
        let mut world = mixed(OLD, DEVELOPER);
        for number in 0..230 {
            world.projects.push(Project {
                id: 100 + number,
                path: format!("acme/web/p{number:03}"),
                is_hidden: number % 7 == 0,
                ..Project::default()
            });
        }
        let agents = &mut world.projects[1];
        for number in 0..150 {
            let text = format!("# {number}\nci_access: {{}}\n");
            agents.files.insert(format!(".gitlab/agents/a{number:03}/config.yaml"), text.into_bytes());
            agents.agents.push((format!("a{number:03}"), 3000 + number));
        }
        world
    };
    let (place, gitlab) = (Place::new(), Gitlab::serve(world()));
    let output = place.fetch(&gitlab, GROUP);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    let text = place.text();
    for number in 0..230 {
        assert_eq!(text.contains(&format!("- path: acme/web/p{number:03}\n")), number % 7 != 0, "{number}");
    }
    let files = place.files();
    for number in 0..150 {
        let path = format!("projects/acme/platform/agents/.gitlab/agents/a{number:03}/config.yaml");
        assert_eq!(files[&path], format!("# {number}\nci_access: {{}}\n").as_bytes());
    }
    let first = gitlab.requests();
    let output = place.fetch(&gitlab, &["--group", "acme", "--refresh"]);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    assert_eq!(place.files(), files);
    let asked = gitlab.asked.lock().unwrap();
    let of_agents = |asked: &[String]| asked.iter().filter(|path| path.contains("config%2Eyaml/raw")).count();
    assert_eq!((of_agents(&asked[..first]), of_agents(&asked[first..])), (154, 0));
}

/// GitLab redirects by REST alone, from 16.7 on, and an entry with the old path lets nobody in: the project is told under its new one.
#[test]
fn a_project_that_was_moved_is_found() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = format!("http://{}/api/v4/projects/12", other.local_addr().unwrap());
    let mut said = String::new();
    for version in PLAYED {
        let mut world = World { version, ..acme(DEVELOPER) };
        world.moved = vec![
            ("acme/web/store", "/api/v4/projects/12".to_owned()),
            ("acme/web/stolen", elsewhere.clone()),
            ("acme/web/hidden", "/api/v4/projects/16".to_owned()),
        ];
        let (place, gitlab) = (Place::new(), Gitlab::serve(world));
        let asked = &["--project", "acme/web/store", "acme/web/stolen", "acme/web/hidden", "acme/web/gone"];
        let output = place.fetch(&gitlab, asked);
        let text = if place.inventory().exists() { without_url(&place.text(), &gitlab) } else { String::new() };
        let shown = format!("{version}: {}{text}-----\n", told(&output, &gitlab));
        said.push_str(&shown.replace(&elsewhere, "http://OTHER/api/v4/projects/12"));
        if place.inventory().exists() {
            checked(&place);
        }
    }
    other.set_nonblocking(true).unwrap();
    assert!(other.accept().is_err(), "the token went to another host");
    insta::assert_snapshot!("moved", said);
}

/// Where nothing is left of a window, nothing is asked before the next one begins.
#[test]
fn a_window_is_not_asked_beyond_its_end() {
    let mut world = acme(DEVELOPER);
    world.window = (8, 1);
    let (place, gitlab) = (Place::new(), Gitlab::serve(world));
    let output = place.fetch(&gitlab, &["--group", "acme", "--concurrency", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    assert!(gitlab.requests() > 8, "{}", gitlab.requests());
}

/// A link comes as the path that it leads to. GitLab follows none, so neither the CI file nor an include is one.
#[test]
fn a_link_is_no_file() {
    for version in [OLD, "18.9.0-ee"] {
        let mut world = World { version, ..acme(REPORTER) };
        let shop = &mut world.projects[0];
        shop.files.insert(".gitlab-ci.yml".to_owned(), b"ci/deploy.yml".to_vec());
        shop.modes.insert(".gitlab-ci.yml".to_owned(), LINK);
        let more = &mut world.projects[2];
        more.files.insert(".gitlab-ci.yml".to_owned(), b"include: {local: kube.yml}".to_vec());
        let (place, gitlab) = (Place::new(), Gitlab::serve(world));
        let output = place.fetch(&gitlab, GROUP);
        assert_eq!(output.status.code(), Some(0), "{version}: {}", error(&output));
        let files = place.files();
        assert!(!files.contains_key("projects/acme/web/shop/.gitlab-ci.yml"), "{version}: {:?}", files.keys());
        assert!(files.contains_key("projects/acme/templates/.gitlab-ci.yml"), "{version}: {:?}", files.keys());
        assert!(
            place.text().contains(".gitlab-ci.yml is a link, and GitLab follows none"),
            "{version}: {}",
            place.text()
        );
        let trees = gitlab.asked.lock().unwrap().iter().filter(|path| path.contains("repository/tree?path=&")).count();
        assert_eq!(trees, if version == OLD { 2 } else { 0 }, "{version}");
    }
}

/// Pages from which everything was taken out, in the middle and at the end.
#[test]
fn short_pages_are_no_end() {
    let mut world = acme(DEVELOPER);
    for number in 0..350 {
        world.projects.push(Project {
            id: 100 + number,
            path: format!("acme/web/p{number:03}"),
            is_hidden: (90..210).contains(&number) || number > 300,
            ..Project::default()
        });
    }
    let (place, gitlab) = (Place::new(), Gitlab::serve(world));
    let output = place.fetch(&gitlab, GROUP);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    let text = place.text();
    for number in 0..350 {
        let is_shown = !((90..210).contains(&number) || number > 300);
        assert_eq!(text.contains(&format!("- path: acme/web/p{number:03}\n")), is_shown, "{number}");
    }
}

/// Asks as a client would that is not kaslint.
fn asked(gitlab: &Gitlab, method: &str, path: &str, body: &str) -> (u16, String, Value) {
    let mut stream = TcpStream::connect(gitlab.url.strip_prefix("http://").unwrap()).unwrap();
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nhost: here\r\nprivate-token: {TOKEN}\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    // A connection that is cut has status 0.
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return (0, String::new(), Value::Null) };
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), serde_json::from_str(body).unwrap_or_default())
}

fn query(gitlab: &Gitlab, text: &str, variables: &Value) -> (u16, Value) {
    let body = json!({ "query": text, "variables": variables }).to_string();
    let (status, _, answer) = asked(gitlab, "POST", "/api/graphql", &body);
    (status, answer)
}

/// The server of these tests refuses what GitLab refuses, so that a query which passes here says something.
#[test]
fn the_server_keeps_gitlabs_limits() {
    let gitlab = Gitlab::serve(World { is_mistreated: true, ..mixed("16.1.8-ee", DEVELOPER) });
    let mut said = String::new();
    let mut tell = |name: &str, text: &str, variables: &Value| {
        let (status, answer) = query(&gitlab, text, variables);
        let complaints = gitlab.complaints.0.take().len();
        said.push_str(&format!("{name}: {status} {}{answer}\n", if complaints > 0 { "(wrong to ask) " } else { "" }));
    };
    let nothing = json!({});
    tell("a field that nobody has", "query Q { group(fullPath: \"acme\") { id colour } }", &nothing);
    tell(
        "a field that came later",
        "query Q { group(fullPath: \"acme\") { clusterAgents { nodes { id } } } }",
        &nothing,
    );
    tell(
        "an argument that came later",
        "query Q { group(fullPath: \"acme\") { projects(includeArchived: true) { nodes { id } } } }",
        &nothing,
    );
    tell(
        "an argument that nobody has",
        "query Q { group(fullPath: \"acme\") { projects(sizes: 3) { nodes { id } } } }",
        &nothing,
    );
    tell("a variable that is not used", "query Q($a: ID!) { group(fullPath: \"acme\") { id } }", &json!({ "a": "b" }));
    tell("a variable that is not declared", "query Q { group(fullPath: $a) { id } }", &json!({ "a": "acme" }));
    tell("nothing of an object", "query Q { group(fullPath: \"acme\") { projects } }", &nothing);
    let part =
        "repository { blobs(paths: [\"a\", \"b\", \"c\"], first: 3) { nodes { path oid mode size rawTextBlob } } }";
    let aliases = |count: usize| {
        let parts: String =
            (0..count).map(|number| format!("p{number}: project(fullPath: \"x\") {{ {part} }} ")).collect();
        format!("query Q {{ {parts} }}")
    };
    // With three files each, 14 points a project: within our own limit, above it, above GitLab's.
    for count in [14, 15, 18] {
        tell(&format!("{count} projects"), &aliases(count), &nothing);
    }
    let (open, close) = ("group { projects { nodes { ".repeat(8), " } } }".repeat(8));
    tell(
        "deep",
        &format!(
            "query Q {{ groups(first: 1) {{ nodes {{ projects(first: 1) {{ nodes {{ {open} id {close} }} }} }} }} }}"
        ),
        &nothing,
    );
    tell("long", &format!("query Q {{ group(fullPath: \"acme\") {{ id }} }}{}", " ".repeat(10_000)), &nothing);
    let environments = "query Q { projects(first: 2) { nodes { environments { nodes { name } } } } }";
    tell("environments of several", environments, &nothing);
    let paths: Vec<String> = (0..51).map(|number| format!("acme/p{number}")).collect();
    tell("51 paths", "query Q($p: [String!]!) { projects(fullPaths: $p) { nodes { id } } }", &json!({ "p": paths }));
    tell("what is no query", "mutation { nothing", &nothing);
    let blobs = "query Q { project(fullPath: \"acme/platform/agents\") { repository { blobs(paths: [\".gitlab/agents/link/config.yaml\"]) { nodes { mode size rawTextBlob } } } } }";
    tell("a link", blobs, &nothing);
    tell("hidden", "query Q { project(fullPath: \"acme/hidden\") { id } }", &nothing);
    insta::assert_snapshot!("limits", said);
}

#[test]
fn the_server_gives_what_rest_gives() {
    let gitlab = Gitlab::serve(mixed(OLD, DEVELOPER));
    let mut said = String::new();
    for path in [
        "/api/v4/metadata",
        "/api/v4/groups/acme/projects?include_subgroups=true&per_page=2&page=2",
        "/api/v4/groups/1?with_projects=false",
        "/api/v4/projects/acme%2Fplatform%2Fagents/cluster_agents",
        "/api/v4/projects/11/repository/tree?path=.gitlab%2Fagents&recursive=true&per_page=100",
        "/api/v4/projects/11/repository/tree?path=nothing",
        "/api/v4/projects/11/repository/files/.gitlab%2Fagents%2Flink%2Fconfig.yaml/raw?ref=HEAD",
        "/api/v4/projects/acme%2Fhidden",
        "/api/v4/projects/12/environments",
        "/api/v4/projects/12/protected_tags",
    ] {
        let (status, head, body) = asked(&gitlab, "GET", path, "");
        let told = head.lines().filter(|line| line.starts_with("link: ") || line.starts_with("x-next"));
        let told: Vec<&str> = told.collect();
        said.push_str(&format!(
            "{path}\n{status} {}\n{}\n",
            told.join("\n"),
            serde_json::to_string_pretty(&body).unwrap()
        ));
    }
    insta::assert_snapshot!("rest", said);
}
