//! `kaslint access --live`: what explains a difference, and what could not be read.

use std::fs;

use serde_json::{Value, json};

use crate::gitlab::{DEVELOPER, Fault, Gitlab, MAINTAINER, Project, World};
use crate::{Place, acme, error, kaslint, told};

const PROD: &str = "acme/platform/agents:prod";

/// `acme`, beside it another top-level group with a project that the agent lets in.
fn two_groups(role: u32) -> World {
    let mut world = acme(role);
    world.groups.push(("beta".to_owned(), 4));
    world.projects.push(Project { id: 21, path: "beta/app".to_owned(), ..Project::default() });
    let agent = "ci_access:\n  projects:\n    - id: beta/app\n  groups:\n    - id: acme/web\n";
    world.projects[1].files.insert(".gitlab/agents/prod/config.yaml".to_owned(), agent.as_bytes().to_vec());
    world.projects[1].token_used = Some("2026-11-20T10:00:00Z");
    world.projects[1].changed = "2026-11-01T10:00:00Z";
    world
}

/// Fetches from one world, and compares with what another has stored.
fn compared(before: World, now: World, project: &str) -> String {
    let (place, gitlab) = (Place::new(), Gitlab::serve(before));
    let output = place.fetch(&gitlab, &["--group", "acme", "beta"]);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    let inventory = place.inventory().join("inventory.yaml");
    // As a person writes it who may see it.
    let text = fs::read_to_string(&inventory).unwrap();
    fs::write(&inventory, text.replace("gitlab:\n", "gitlab:\n  instance_authorization: true\n")).unwrap();
    let now = Gitlab::serve(now);
    let mut command = kaslint(place.folder.path());
    command.args(["access", "--live", "--inventory", "inventory/inventory.yaml", "--url", &now.url, "--insecure-http"]);
    let output = command.args(["--token-file", "token", "--for", project]).env("COLUMNS", "80").output().unwrap();
    told(&output, &now)
}

/// The answer to a request, by its number: that for the release is the first.
fn answered(at: usize, answer: &Value, mut world: World) -> World {
    let body = answer.to_string().into_bytes();
    world.faults = Box::new(move |number, _| (number == at).then(|| Fault::Body("application/json", body.clone())));
    world
}

#[test]
fn the_setting_of_the_instance_explains_access_that_is_not_there_and_nothing_else() {
    let none = compared(two_groups(MAINTAINER), two_groups(DEVELOPER), "beta/app");
    let mut now = two_groups(DEVELOPER);
    now.projects[3].authorized = vec![(PROD.to_owned(), json!({ "default_namespace": "web" }))];
    let other = compared(two_groups(MAINTAINER), now, "beta/app");
    insta::assert_snapshot!("live_setting", format!("{none}\n{other}"));
}

#[test]
fn a_file_that_gitlab_refuses_is_not_compared() {
    let mut before = two_groups(MAINTAINER);
    let file = before.projects[1].files.get_mut(".gitlab/agents/prod/config.yaml").unwrap();
    *file = b"ci_access:\n  projects: all\n".to_vec();
    let mut now = two_groups(DEVELOPER);
    now.projects[0].authorized = vec![(PROD.to_owned(), json!({}))];
    insta::assert_snapshot!("live_refused", compared(before, now, "acme/web/shop"));
}

#[test]
fn a_token_that_was_never_used_has_sent_nothing() {
    let mut now = two_groups(DEVELOPER);
    now.projects[1].token_used = Some(crate::gitlab::NEVER);
    insta::assert_snapshot!("live_never_used", compared(two_groups(MAINTAINER), now, "acme/web/shop"));
}

#[test]
fn agents_come_in_pages() {
    let world = || {
        let mut now = two_groups(DEVELOPER);
        let others = (0..150).map(|number| (format!("acme/other:a{number:03}"), json!({})));
        now.projects[0].authorized = others.chain([(PROD.to_owned(), json!({}))]).collect();
        now
    };
    let both = compared(two_groups(MAINTAINER), world(), "acme/web/shop");
    // Half a list is no list.
    let null = json!({ "data": { "project": null }, "errors": [{ "message": "Timeout", "path": ["project"] }] });
    let first = compared(two_groups(MAINTAINER), answered(3, &null, world()), "acme/web/shop");
    let hidden = json!({ "data": { "project": null } });
    let gone = compared(two_groups(MAINTAINER), answered(3, &hidden, world()), "acme/web/shop");
    insta::assert_snapshot!("live_pages", format!("{both}\n{first}\n{gone}"));
}

#[test]
fn errors_beside_data_are_told() {
    let project = json!({ "fullPath": "acme/web/shop", "ciAccessAuthorizedAgents": null });
    let failed = json!({
        "data": { "projects": { "nodes": [project] } },
        "errors": [{ "message": "Timeout on validation of query", "path": ["projects", "nodes", 0] }],
    });
    let list = compared(two_groups(MAINTAINER), answered(2, &failed, two_groups(DEVELOPER)), "acme/web/shop");
    // What would explain a difference does not come.
    let failed = json!({
        "data": { "project": { "clusterAgent": null, "repository": null } },
        "errors": [{ "message": "Timeout", "path": ["project", "clusterAgent"] }],
    });
    let mut now = two_groups(DEVELOPER);
    now.projects[0].authorized = vec![(PROD.to_owned(), json!({ "default_namespace": "web" }))];
    let evidence = compared(two_groups(MAINTAINER), answered(3, &failed, now), "acme/web/shop");
    insta::assert_snapshot!("live_errors", format!("{list}\n{evidence}"));
}

/// A token goes nowhere because of what a file says, and not to an instance that the inventory is not of.
#[test]
fn another_instance_than_that_of_the_inventory_is_not_asked_unless_it_is_named() {
    let place = Place::new();
    let inventory = "gitlab: {url: 'https://gitlab.example.com', version: '19.5'}\nprojects: [{path: acme/web/shop}]\n";
    fs::write(place.folder.path().join("listed.yaml"), inventory).unwrap();
    let mut command = kaslint(place.folder.path());
    let arguments = ["access", "--live", "--inventory", "listed.yaml", "--token-file", "token"];
    let output =
        command.args(arguments).env("GITLAB_HOST", "gitlab.example.org").env("COLUMNS", "80").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!("live_other_instance", error(&output));
}
