//! A server that lies: nothing is written outside the folder, nothing goes on for ever, and what cannot be believed is said to be unknown.

use std::path::Path;

use serde_json::{Value, json};

use crate::gitlab::{DEVELOPER, Fault, Gitlab, LINK, MAINTAINER, Project, World};
use crate::releases::AGENT_OF_ALL;
use crate::{GROUP, Place, acme, each, error, files, kaslint, told};

const OLD: &str = "15.11.13-ee";
const NEW: &str = "18.9.0-ee";

/// Fetches from a server that lies by GraphQL and from one that lies by REST, and holds both to what must hold whatever they say.
fn lied_to(world: impl Fn() -> World) -> String {
    let mut said = String::new();
    for version in [NEW, OLD] {
        let (place, gitlab) = (Place::new(), Gitlab::serve(World { version, ..world() }));
        let output = place.fetch(&gitlab, GROUP);
        said.push_str(&format!("{version}: {}", told(&output, &gitlab)));
        assert!(gitlab.requests() < 120, "{}", gitlab.requests());
        if output.status.code() == Some(0) {
            assert_eq!(place.names(), ["inventory", "token"], "{said}");
            said.push_str(&believed(&place));
        } else {
            assert_eq!((output.status.code(), place.names()), (Some(2), vec!["token".to_owned()]), "{said}");
        }
    }
    said
}

/// What was written: an inventory that kaslint takes, and no file but in it and below projects of it.
fn believed(place: &Place) -> String {
    let check = kaslint(place.folder.path()).args(["inventory", "check", "inventory/inventory.yaml"]).output().unwrap();
    assert_eq!(check.status.code(), Some(0), "{}{}", String::from_utf8_lossy(&check.stdout), error(&check));
    let inventory: Value = serde_yaml::from_str(&place.text()).unwrap();
    let paths = |list: &str| -> Vec<String> {
        let items = inventory[list].as_array().into_iter().flatten();
        items.map(|item| item["path"].as_str().unwrap().to_owned()).collect()
    };
    let (groups, projects) = (paths("groups"), paths("projects"));
    for path in place.files().keys().filter(|path| *path != "inventory.yaml") {
        let is_below = |project: &String| Path::new(path).starts_with(Path::new("projects").join(project));
        assert!(projects.iter().any(is_below), "{path}");
    }
    let both: Vec<&String> = groups.iter().filter(|group| projects.contains(group)).collect();
    assert!(both.is_empty(), "{both:?} are groups and projects");
    let agents: Vec<String> =
        inventory["projects"].as_array().into_iter().flatten().map(|p| p["agents"].to_string()).collect();
    format!("groups: {}\nprojects: {}\nagents: {}\n", groups.join(", "), projects.join(", "), agents.join(" "))
}

/// `acme`, with an agent's file that both releases take.
fn company(role: u32) -> World {
    let mut world = acme(role);
    world.projects[1].files.insert(".gitlab/agents/prod/config.yaml".to_owned(), AGENT_OF_ALL.as_bytes().to_vec());
    world
}

/// The same with more projects that each have a file.
fn with_paths(paths: &[&str]) -> World {
    let mut world = company(DEVELOPER);
    for (number, path) in (100..).zip(paths) {
        world.projects.push(Project {
            id: number,
            path: format!("acme/{path}"),
            files: files(&[(".gitlab-ci.yml", "test:\n  script: [make]\n"), ("../../x", "x")]),
            ..Project::default()
        });
    }
    world
}

#[test]
fn paths_of_projects_that_cannot_be() {
    let world = || {
        let paths = [
            "../etc/cron.d",
            "web/../../x",
            "/absolute",
            "web//x",
            ".git",
            "web/.git",
            ".GIT/hooks",
            "web/x.git",
            "web/SHOP",
            "Web/shop",
            "web/\u{202e}x",
            "web/a\nb",
            "web/a\0b",
            "web/.",
            "web/ ",
            "web/con",
            "web/x ",
            "web\\..\\x",
            "web/-",
        ];
        let mut world = with_paths(&paths);
        let long = "a/".repeat(30_000);
        world.projects.push(Project { id: 200, path: format!("acme/{long}b"), ..Project::default() });
        world
    };
    insta::assert_snapshot!("lie_paths", lied_to(world));
}

#[test]
fn paths_of_groups_and_users_that_cannot_be() {
    let world = || {
        let mut world = company(DEVELOPER);
        for (number, path) in
            (300..).zip(["acme/../x", "acme//y", "acme/.git", "acme/WEB", "acme/web/shop", "acme/a\0b"])
        {
            world.groups.push((path.to_owned(), number));
        }
        world
    };
    insta::assert_snapshot!("lie_groups", lied_to(world));
}

#[test]
fn names_of_agents_and_files_that_cannot_be() {
    let world = || {
        let mut world = company(DEVELOPER);
        let agents = &mut world.projects[1];
        for name in ["..", ".", ".git", "PROD", "a b", "-x", "prod.", "é", &"a".repeat(64)] {
            let text = "ci_access:\n  groups:\n    - id: acme\n";
            agents.files.insert(format!(".gitlab/agents/{name}/config.yaml"), text.as_bytes().to_vec());
            agents.agents.push((name.to_owned(), -7));
        }
        // A folder that is a link is no folder.
        agents.files.insert(".gitlab/agents/folder".to_owned(), b"prod".to_vec());
        agents.modes.insert(".gitlab/agents/folder".to_owned(), LINK);
        let shop = &mut world.projects[0];
        shop.ci_config_path = Some("ci/../../../../etc/passwd".to_owned());
        shop.files.insert("ci/../../../../etc/passwd".to_owned(), b"x".to_vec());
        world.projects[2].ci_config_path = Some("/../x.yml".to_owned());
        world
    };
    insta::assert_snapshot!("lie_names", lied_to(world));
}

#[test]
fn includes_that_lead_out_and_files_that_are_links() {
    let world = || {
        let mut world = company(MAINTAINER);
        let shop = &mut world.projects[0];
        let ci = "include:\n  - local: /../../x.yml\n  - local: .git/config.yml\n  - local: ci/A.yml\n  - local: ci/a.yml\n  - local: ci/link.yml\n  - local: ci/module.yml\n";
        for (path, text) in [
            (".gitlab-ci.yml", ci),
            ("ci/A.yml", "upper: {script: [make]}\n"),
            ("ci/a.yml", "lower: {script: [make]}\n"),
            ("ci/link.yml", "../../../../etc/passwd"),
            ("ci/module.yml", ""),
            ("../../x.yml", "x: {script: [make]}\n"),
            (".git/config.yml", "x: {script: [make]}\n"),
        ] {
            shop.files.insert(path.to_owned(), text.as_bytes().to_vec());
        }
        shop.modes.extend([("ci/link.yml".to_owned(), LINK), ("ci/module.yml".to_owned(), crate::gitlab::SUBMODULE)]);
        world
    };
    insta::assert_snapshot!("lie_files", lied_to(world));
}

/// What lies in a project is no project below it: both would have one folder.
#[test]
fn projects_below_projects() {
    let world = || {
        let mut world = company(MAINTAINER);
        world.projects.push(Project {
            id: 77,
            path: "acme/web/shop/ci".to_owned(),
            files: files(&[("A.yml", "other: {script: [make]}\n"), (".gitlab-ci.yml", "other: {script: [make]}\n")]),
            ..Project::default()
        });
        world
    };
    insta::assert_snapshot!("lie_below", lied_to(world));
}

/// A project or a group that is its own parent, by every way in which that can be told.
#[test]
fn what_is_its_own_parent_is_in_no_circle() {
    let world = || {
        let mut world = company(DEVELOPER);
        world.groups.push(("acme".to_owned(), 1));
        world.is_own_parent = true;
        world
    };
    insta::assert_snapshot!("lie_parents", lied_to(world));
}

#[test]
fn lists_that_go_round_are_left() {
    let mut said = String::new();
    for version in [NEW, OLD] {
        let mut world = World { version, loops: true, ..company(DEVELOPER) };
        world.projects[1].agents.extend((0..150).map(|number| (format!("a{number:03}"), number + 1)));
        // By REST only a full page has another one behind it.
        for number in 0..if version == OLD { 100 } else { 0 } {
            let path = format!("acme/web/p{number:03}");
            world.projects.push(Project { id: 100 + number, path, ..Project::default() });
        }
        let (place, gitlab) = (Place::new(), Gitlab::serve(world));
        let output = place.fetch(&gitlab, GROUP);
        said.push_str(&format!("{version}: {}", told(&output, &gitlab)));
        let pages = gitlab.asked.lock().unwrap().iter().filter(|path| path.contains("/groups/acme/projects")).count();
        said.push_str(&format!("pages of projects by REST: {pages}\n"));
        let text = place.text();
        let agents = text.split("- path: acme/platform/agents\n").nth(1).unwrap().split("- path:").next().unwrap();
        assert!(!agents.contains("agents:"), "half a list of agents is none: {agents}");
    }
    insta::assert_snapshot!("lie_loops", said);
}

/// Numbers that count nothing.
#[test]
fn counts_below_nothing() {
    let node = |id: &str, path: &str, size: &str| {
        json!({
            "id": id, "fullPath": path, "archived": false, "group": { "fullPath": "acme" }, "ciConfigPathOrDefault": ".gitlab-ci.yml",
            "userPermissions": { "readEnvironment": true, "createDeployment": true, "adminProject": true },
            "repository": {
                "empty": false, "rootRef": "main", "tree": { "trees": { "nodes": [], "pageInfo": { "hasNextPage": false, "endCursor": null } } },
                "blobs": { "nodes": [{ "path": ".gitlab-ci.yml", "oid": "0", "mode": "100644", "size": size, "rawTextBlob": "a: 1\n" }] },
            },
            "clusterAgents": {
                "pageInfo": { "hasNextPage": false },
                "nodes": [{ "id": "gid://gitlab/Clusters::Agent/-3", "name": "low" }, { "id": -4, "name": "number" }, { "id": 1e300, "name": "high" }],
            },
        })
    };
    let nodes = [
        node("gid://gitlab/Project/-1", "acme/minus", "-1"),
        node("gid://gitlab/Project/0", "acme/zero", "-9223372036854775809"),
        node("gid://gitlab/Project/99999999999999999999", "acme/many", "x"),
        node("", "acme/none", ""),
    ];
    let body = json!({ "data": { "group": { "projects": { "pageInfo": { "hasNextPage": false, "endCursor": "-1" }, "nodes": nodes } } } });
    let body = body.to_string().into_bytes();
    let mut world = acme(DEVELOPER);
    world.projects.clear();
    // The fourth request is that for projects.
    world.faults = Box::new(move |number, _| (number == 4).then(|| Fault::Body("application/json", body.clone())));
    let (place, gitlab) = (Place::new(), Gitlab::serve(world));
    let output = place.fetch(&gitlab, GROUP);
    let mut said = told(&output, &gitlab);
    said.push_str(&place.text().replace(&gitlab.url, "http://gitlab.example.com"));
    let check = kaslint(place.folder.path()).args(["inventory", "check", "inventory/inventory.yaml"]).output().unwrap();
    assert_eq!(check.status.code(), Some(0), "{}", error(&check));
    // By REST the lengths of lists are headers.
    for total in ["-1", "99999999999999999999", "x", ""] {
        let totals = move |_: usize, path: &str| {
            let is_list = path.contains("per_page=");
            is_list.then(|| {
                Fault::Status(
                    200,
                    vec![("content-type", "application/json"), ("x-total", total), ("x-next-page", "-1")],
                    "[]",
                )
            })
        };
        for arguments in [&["--group", "acme", "--dry-run"][..], GROUP] {
            let world = World { version: OLD, faults: Box::new(totals), ..acme(DEVELOPER) };
            let (place, gitlab) = (Place::new(), Gitlab::serve(world));
            let output = place.fetch(&gitlab, arguments);
            assert!(gitlab.requests() < 20, "{}", gitlab.requests());
            if total == "-1" {
                said.push_str(&format!("-----\n{arguments:?}: {}", told(&output, &gitlab)));
            }
            assert!(matches!(output.status.code(), Some(0 | 2)), "{}", error(&output));
        }
    }
    insta::assert_snapshot!("lie_counts", said);
}

/// Wherever it happens, a redirect away ends the fetch: the token goes nowhere else, no file is read, and nothing is written.
#[test]
fn redirects_lead_nowhere() {
    let elsewhere = Gitlab::serve(acme(DEVELOPER));
    let host = elsewhere.url.strip_prefix("http://").unwrap();
    let places: Vec<String> = vec![
        "file:///etc/passwd".to_owned(),
        "FILE:/etc/passwd".to_owned(),
        elsewhere.url.clone(),
        format!("//{host}/api/v4/metadata"),
        format!("http:{host}"),
        format!("http://jo:secret@{host}/"),
        "https://gitlab.example.com:99999/".to_owned(),
        "ftp://gitlab.example.com/".to_owned(),
        "javascript:alert(1)".to_owned(),
        "data:application/json,{}".to_owned(),
        String::new(),
    ];
    // Each at the first request, and at one further on.
    each(places.len(), |number| {
        for (version, at) in [(NEW, 1), (NEW, 3 + number % 6), (OLD, 3 + number % 9)] {
            // Names live as long as a test.
            let to: &'static str = Box::leak(places[number - 1].clone().into_boxed_str());
            let status = if number % 2 == 0 { 302 } else { 307 };
            let fault =
                move |number: usize, _: &str| (number == at).then(|| Fault::Status(status, vec![("location", to)], ""));
            let world = World { version, faults: Box::new(fault), ..acme(DEVELOPER) };
            let (folder, gitlab) = (Place::new(), Gitlab::serve(world));
            let output = folder.fetch(&gitlab, GROUP);
            let (said, about) = (error(&output), format!("{version}, {to:?} at {at}"));
            assert!(!said.contains("secret") && !said.contains("root:"), "{about}: {said}");
            assert_eq!(output.status.code(), Some(2), "{about}: {said}");
            assert!(said.contains("redirects to") || to.is_empty(), "{about}: {said}");
            assert!(!folder.inventory().exists(), "{about}");
        }
    });
    assert_eq!(elsewhere.requests(), 0);
}

/// Redirects to where one comes from, which is the same host, end as well.
#[test]
fn redirects_in_a_circle_end() {
    let fault = |_: usize, path: &str| {
        path.contains("/groups/").then(|| Fault::Status(301, vec![("location", "/api/v4/groups/acme?page=1")], ""))
    };
    let (place, gitlab) =
        (Place::new(), Gitlab::serve(World { version: OLD, faults: Box::new(fault), ..acme(DEVELOPER) }));
    let output = place.fetch(&gitlab, GROUP);
    assert!(gitlab.requests() < 40, "{}", gitlab.requests());
    insta::assert_snapshot!("lie_redirects", told(&output, &gitlab));
}

/// Bytes and texts that are no JSON, or more of it than anybody nests.
#[test]
fn answers_that_are_no_text() {
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    let bodies: [&[u8]; 6] = [
        b"\xff\xfe[\0]\0",
        b"{\"version\": \"18.9\xff\"}",
        b"{\"data\": {\"group\": {\"fullPath\": \"acme\\ud800\"}}}",
        b"\xef\xbb\xbf[]",
        b"{\"data\": NaN}",
        &deep,
    ];
    each(bodies.len(), |which| {
        for (version, at) in [(NEW, 1), (OLD, 1), (NEW, 2 + which), (OLD, 2 + which)] {
            let body = bodies[which - 1].to_vec();
            let fault =
                move |number: usize, _: &str| (number == at).then(|| Fault::Body("application/json", body.clone()));
            let world = World { version, faults: Box::new(fault), ..acme(DEVELOPER) };
            let (place, gitlab) = (Place::new(), Gitlab::serve(world));
            let output = place.fetch(&gitlab, GROUP);
            let about = format!("{version}, body {which} at {at}: {}", error(&output));
            match output.status.code() {
                Some(0) => assert!(place.text().contains("cannot be read"), "{about}{}", place.text()),
                code => assert!(code == Some(2) && !place.inventory().exists(), "{about}"),
            }
        }
    });
}
