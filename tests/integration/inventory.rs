//! `check` with an inventory, through the real binary.

use crate::common::{Run, folder_with, kaslint};

const INVENTORY: &[u8] = b"gitlab: {version: '18.4', tier: premium, instance_authorization: false}
users: [jdoe]
groups: [{path: acme, id: 1}, {path: partner}]
projects:
  - {path: acme/platform/agents, id: 100, agents: [{name: prod, id: 7}, ghost]}
  - {path: acme/web/shop, id: 150, environments: [production, preprod, review/1]}
  - {path: acme/web/blog, id: 151, environments: [nonprod]}
  - {path: partner/app, id: 152, repository: elsewhere}
  - {path: jdoe/tools, id: 153}
";

const CONFIG: &[u8] = b"ci_access:
  projects:
    - id: acme/web/shop
      environments: [prod*, Production, review]
    - id: acme/web/blg
    - id: acme/web
    - id: partner/app
      environments: [prod*]
  groups:
    - id: acme/web
      environments: [prod*]
      protected_branches_only: true
";

fn world() -> tempfile::TempDir {
    folder_with(&[
        ("inventory.yaml", INVENTORY),
        ("projects/acme/platform/agents/.gitlab/agents/prod/config.yaml", CONFIG),
        ("projects/acme/platform/agents/.gitlab/agents/dev/config.yaml", b"ci_access: {}\n"),
        ("projects/jdoe/tools/.gitlab/agents/a/config.yaml", b"ci_access: {groups: [{id: acme}], instance: {}}\n"),
    ])
}

/// `path:line:column: rule` of each finding.
fn places(run: &Run) -> Vec<String> {
    let report = run.json();
    let findings = report["findings"].as_array().expect("findings");
    let place = |finding: &serde_json::Value| {
        let start = &finding["range"]["start"];
        format!("{}:{}:{}: {}", finding["path"], start["line"], start["column"], finding["rule"]).replace('"', "")
    };
    findings.iter().map(place).collect()
}

#[test]
fn all_projects_of_the_inventory_are_checked() {
    insta::assert_snapshot!(kaslint(world().path(), &["check", "--inventory", "inventory.yaml"]).transcript());
}

#[test]
fn what_the_inventory_and_its_folders_do_not_agree_on() {
    insta::assert_snapshot!(kaslint(world().path(), &["inventory", "check", "inventory.yaml"]).transcript());
}

#[test]
fn an_inventory_comes_from_settings_as_well() {
    let world = world();
    crate::common::write(world.path(), ".kaslint.yaml", b"inventory: inventory.yaml\n");
    let by_settings = kaslint(world.path(), &["check", "--format", "json"]);
    let by_option = kaslint(world.path(), &["check", "--format", "json", "--inventory", "inventory.yaml"]);
    assert_eq!(places(&by_settings), places(&by_option));
    assert!(places(&by_settings).iter().any(|place| place.ends_with("unknown-id")));
}

#[test]
fn a_file_that_is_named_is_reported_alone() {
    let path = "projects/acme/platform/agents/.gitlab/agents/dev/config.yaml";
    let run = kaslint(world().path(), &["check", "--format", "json", "--inventory", "inventory.yaml", path]);
    assert_eq!(places(&run), [format!("{path}:1:1: unregistered-agent")]);
    assert_eq!(run.json()["summary"]["files"], 1);
}

#[test]
fn the_project_here_is_checked_beside_the_inventory() {
    let folder = folder_with(&[
        ("known/inventory.yaml", INVENTORY),
        ("here/.gitlab/agents/prod/config.yaml", CONFIG),
        ("here/other/.gitlab/agents/prod/config.yaml", CONFIG),
    ]);
    let arguments =
        ["check", "--format", "json", "--inventory", "../known/inventory.yaml", "--project", "acme/platform/agents"];
    let run = kaslint(&folder.path().join("here"), &arguments);
    let places = places(&run);
    assert!(places.contains(&".gitlab/agents/prod/config.yaml:5:11: unknown-id".to_owned()), "{places:?}");
    assert!(!places.iter().any(|place| place.starts_with("other")), "{places:?}");
}

#[test]
fn an_unusable_inventory_ends_the_run() {
    let folder = folder_with(&[("inventory.yaml", b"projects: [{path: acme}]\n"), (crate::common::CONFIG, CONFIG)]);
    for arguments in [&["check", "--inventory", "inventory.yaml"][..], &["check", "--inventory", "none.yaml"]] {
        let run = kaslint(folder.path(), arguments);
        assert_eq!((run.code, &*run.stdout), (2, ""), "{}", run.stderr);
    }
    crate::common::write(folder.path(), ".kaslint.yaml", b"inventory: none.yaml\n");
    assert_eq!(kaslint(folder.path(), &["check"]).code, 2);
}

#[test]
fn a_large_inventory_and_many_unknown_ids_cost_in_proportion() {
    let mut inventory = "projects:\n".to_owned();
    for number in 0..20_000 {
        inventory.push_str(&format!("  - {{path: acme/g{}/p{number}, environments: [e{number}]}}\n", number % 200));
    }
    let mut config = "ci_access:\n  projects:\n".to_owned();
    for number in 0..500 {
        config.push_str(&format!("    - {{id: acme/g{}/q{number}, environments: [e*]}}\n", number % 200));
    }
    let folder = folder_with(&[("inventory.yaml", inventory.as_bytes()), (crate::common::CONFIG, config.as_bytes())]);
    let arguments = ["check", "--format", "json", "--inventory", "inventory.yaml", "--project", "acme/g1/p1"];
    let run = kaslint(folder.path(), &arguments);
    assert_eq!(places(&run).iter().filter(|place| place.ends_with("unknown-id")).count(), 500);
}

#[test]
fn jobs_meet_the_agents_of_other_projects_whatever_is_named() {
    let world = folder_with(&[
        ("inventory.yaml", b"projects: [{path: acme/agents, agents: [prod]}, {path: acme/shop}, {path: acme/blog}]\n"),
        ("projects/acme/agents/.gitlab/agents/prod/config.yaml", b"ci_access: {projects: [{id: acme/shop}]}\n"),
        ("projects/acme/shop/.gitlab-ci.yml", b"a: {script: [kubectl --context acme/agents:prod get pods]}\n"),
        ("projects/acme/blog/.gitlab-ci.yml", b"a: {script: [kubectl --context acme/agents:prod get pods]}\n"),
    ]);
    let blog = ["projects/acme/blog/.gitlab-ci.yml:1:32: context-not-granted"];
    let check = |paths: &[&str]| {
        let mut arguments = vec!["check", "--format", "json", "--inventory", "inventory.yaml"];
        arguments.extend(paths);
        kaslint(world.path(), &arguments)
    };
    assert_eq!(places(&check(&[])), blog);
    assert_eq!(places(&check(&["projects/acme/blog"])), blog);
    assert_eq!(places(&check(&["projects/acme/blog/.gitlab-ci.yml"])), blog);
    assert!(places(&check(&["projects/acme/shop/.gitlab-ci.yml"])).is_empty());
    assert_eq!(check(&["projects/acme/shop"]).json()["summary"]["projects"], 1);
}

#[test]
fn what_is_wrong_a_thousand_times_is_said_once() {
    let inventory = |rows: String| format!("projects:\n{rows}").into_bytes();
    let check = |rows: String| {
        let folder = folder_with(&[("inventory.yaml", &inventory(rows))]);
        let run = kaslint(folder.path(), &["inventory", "check", "inventory.yaml"]);
        assert_eq!(run.code, 2);
        let said = run.stdout + &run.stderr;
        assert!(said.len() < 100_000, "{}", said.len());
        // A message goes on in the next line.
        said.replace("\n  │ ", " ")
    };
    let said = check("  - {path: a/b}\n".repeat(2_000));
    assert_eq!(said.matches("`a/b` is already listed").count(), 1);
    assert!(said.contains("(the same 1998 more times below)"), "{said}");
    let said = check(format!("  - {{path: a/b, environments: [{0}], agents: [{0}]}}\n", "x, ".repeat(500)));
    assert_eq!(said.matches("(the same 498 more times below)").count(), 2);
    let said = check((0..2_000).map(|number| format!("  - {{path: -{number}}}\n")).collect());
    assert!(said.contains("and 1900 more mistakes"), "{said}");
}
