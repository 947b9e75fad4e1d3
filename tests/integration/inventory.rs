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

/// Of a group of which not all projects could be listed, an id that is not listed is not said to be missing, and neither is a context.
#[test]
fn what_could_not_be_read_is_not_said_to_be_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = "ci_access:\n  projects:\n    - id: acme/web/hidden\n    - id: acme/tools/gone\n  groups:\n    - id: acme/web/below\n";
    let ci = "deploy:\n  script:\n    - kubectl config use-context acme/web/agents:prod\n    - kubectl get pods\n";
    let inventory = |unread: &str| {
        format!(
            "gitlab: {{version: '18.9', tier: premium}}\nprojects:\n- path: acme/agents\n  agents: [prod]\n- path: acme/web/shop\n- path: acme/tools/one\n{unread}"
        )
    };
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    write("projects/acme/agents/.gitlab/agents/prod/config.yaml", config);
    write("projects/acme/web/shop/.gitlab-ci.yml", ci);
    let rules = |unread: &str| -> Vec<(String, String)> {
        write("inventory.yaml", &inventory(unread));
        let run = kaslint(
            folder.path(),
            &["check", "--inventory", "inventory.yaml", "--format", "json", "--select", "unknown-id,unknown-context"],
        );
        let findings = run.json()["findings"].as_array().expect("findings").clone();
        let found = findings.iter().map(|finding| {
            let message = finding["message"].as_str().expect("a message").split('`').nth(1).unwrap_or_default();
            (finding["rule"].as_str().expect("a rule").to_owned(), message.to_owned())
        });
        found.collect()
    };
    let of = |found: &[(String, String)]| found.iter().map(|(_, about)| about.clone()).collect::<Vec<_>>();
    let all = rules("");
    assert_eq!(of(&all).len(), 4, "{all:?}");
    let some = rules("unread:\n- {project: ACME/web, what: projects, reason: x}\n");
    assert_eq!(of(&some), ["acme/tools/gone"], "{some:?}");
    let none = rules("unread:\n- {what: projects}\n");
    assert!(none.is_empty(), "{none:?}");
    let others = rules("unread:\n- {project: acme/web, what: agents}\n- {project: acme/we, what: projects}\n");
    assert_eq!(others.len(), 4, "{others:?}");
    let run = kaslint(folder.path(), &["inventory", "check", "inventory.yaml"]);
    insta::assert_snapshot!("unread_is_told", run.transcript());
}

/// A CI file may lie elsewhere: `.gitlab-ci.yml` is not read then.
#[test]
fn the_ci_file_is_the_one_that_the_inventory_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let job = |name: &str| format!("{name}:\n  script: [kubectl get pods]\n");
    for (path, text) in
        [("projects/acme/web/.gitlab-ci.yml", job("wrong")), ("projects/acme/web/ci/main.yml", job("right"))]
    {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let jobs = |ci_config_path: &str| -> String {
        let text = format!("projects:\n- path: acme/web\n{ci_config_path}");
        std::fs::write(folder.path().join("inventory.yaml"), text).expect("a file");
        let run = kaslint(folder.path(), &["access", "--inventory", "inventory.yaml", "--jobs", "--format", "json"]);
        format!("{}{}", run.stdout, run.stderr)
    };
    assert!(jobs("").contains("wrong"));
    let named = jobs("  ci_config_path: ci/main.yml\n");
    assert!(named.contains("right") && !named.contains("wrong"), "{named}");
    for elsewhere in ["ci.yml@acme/ci", "https://example.com/ci.yml", "../../../etc/passwd", "nothing.yml"] {
        let told = jobs(&format!("  ci_config_path: {elsewhere}\n"));
        assert!(!told.contains("wrong") && !told.contains("right"), "{elsewhere}: {told}");
    }
}

#[test]
fn groups_that_are_not_there_are_told_where_a_personal_namespace_may_name_groups() {
    let agent = b"ci_access:\n  groups: [{id: jdoe}, {id: nobody}, {id: acme/nope}, {id: acme}]\n  projects: [{id: acme/nix}]\n";
    let inventory = |setting: &str| {
        format!(
            "gitlab: {{version: '19.5', tier: premium, instance_authorization: {setting}}}\nusers: [jdoe]\ngroups: [{{path: acme}}]\nprojects: [{{path: jdoe/agents, repository: .}}]\n"
        )
    };
    let said = ["true", "false"].map(|setting| {
        let inventory = inventory(setting);
        let folder =
            folder_with(&[(".gitlab/agents/prod/config.yaml", agent), ("inventory.yaml", inventory.as_bytes())]);
        kaslint(folder.path(), &["check", "--inventory", "inventory.yaml", "--format", "concise", "--quiet"]).stdout
    });
    insta::assert_snapshot!(said.join("--\n"));
}

#[test]
fn a_ci_file_elsewhere_is_found_where_nothing_else_lies() {
    let inventory = b"gitlab: {version: '19.5', tier: premium, instance_authorization: false}
groups: [{path: acme}]
projects: [{path: acme/agents, agents: [prod]}, {path: acme/shop, ci_config_path: ci/main.yml}]
";
    let folder = folder_with(&[
        ("inventory.yaml", inventory),
        ("projects/acme/agents/.gitlab/agents/prod/config.yaml", b"ci_access: {projects: [{id: acme/shop}]}\n"),
        ("projects/acme/shop/ci/main.yml", b"deploy: {script: [kubectl --context acme/agents:prd get pods]}\n"),
    ]);
    let check = kaslint(folder.path(), &["check", "--inventory", "inventory.yaml", "--format", "concise", "--quiet"]);
    assert!(
        check.stdout.starts_with("projects/acme/shop/ci/main.yml:1:37: error[unknown-context]"),
        "{}",
        check.stdout
    );
    let access = kaslint(folder.path(), &["access", "--inventory", "inventory.yaml", "--jobs"]);
    assert!(access.stdout.starts_with("Jobs of acme/shop (projects/acme/shop/ci/main.yml)\n"), "{}", access.stdout);
}
