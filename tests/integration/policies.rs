//! Policies through the real binary.

use std::path::PathBuf;

use crate::common::{CONFIG, folder_with, kaslint, root};

fn fixture() -> PathBuf {
    root().join("fixtures/policies")
}

#[test]
fn violations_are_told_at_the_entries_that_let_in() {
    insta::assert_snapshot!(kaslint(&fixture(), &["check", "--select", "policy-violation"]).transcript());
}

#[test]
fn every_format_has_them() {
    for format in ["concise", "json", "sarif", "gitlab", "github", "junit", "markdown"] {
        let run = kaslint(&fixture(), &["check", "--select", "policy-violation", "--format", format]);
        assert_eq!(run.code, 1, "{format}");
        assert!(run.stdout.contains("production is closed"), "{format}: {}", run.stdout);
    }
}

#[test]
fn examples_come_out_as_they_say_or_are_told() {
    insta::assert_snapshot!(kaslint(&fixture(), &["policy", "test"]).transcript());
}

const HOLDS: &[u8] = b"policy:\n  - name: p\n    forbid: {environments: ['prod*']}\n    examples:\n      - {project: a/b, environment: prod, holds: false}\n      - {project: a/b, environment: , holds: true}\n      - {project: a/b, holds: true}\n";

#[test]
fn a_repository_without_agents_can_try_its_policies() {
    let folder = folder_with(&[(".kaslint.yaml", HOLDS)]);
    let run = kaslint(folder.path(), &["policy", "test"]);
    assert_eq!((run.code, &*run.stdout), (0, "3 examples of 1 policy: all as they say.\n"), "{}", run.stderr);
    let other = folder_with(&[("other.yaml", HOLDS)]);
    assert_eq!(kaslint(other.path(), &["policy", "test", "--settings", "other.yaml"]).code, 0);
    let run = kaslint(other.path(), &["policy", "test"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("there is no policy"), "{}", run.stderr);
}

#[test]
fn a_policy_that_is_not_understood_ends_every_command_with_status_2() {
    for item in [
        "name: p",
        "name: p, forbid: {identty: [agent]}",
        "name: p, forbid: {identity: [agents]}",
        "name: p, agents: [], forbid: {}",
        "name: p, agents: ['[a'], forbid: {}",
        "name: p, forbid: {}}, {name: p, forbid: {}",
        "name: p, people: [a], examples: [{project: a/b, holds: true}], forbid: {}",
    ] {
        let settings = format!("policy: [{{{item}}}]\n");
        let agent = b"ci_access: {}\n";
        let folder = folder_with(&[(".kaslint.yaml", settings.as_bytes()), (CONFIG, agent)]);
        for command in [&["check"][..], &["policy", "test"], &["access"]] {
            let run = kaslint(folder.path(), command);
            assert_eq!(run.code, 2, "{command:?} {item}: {}", run.stdout);
        }
    }
}

#[test]
fn an_unknown_word_comes_with_the_nearest() {
    let settings = b"policy: [{name: p, forbid: {identty: [agent], tier: [prodction]}}]\n";
    let folder = folder_with(&[(".kaslint.yaml", settings)]);
    let run = kaslint(folder.path(), &["policy", "test"]);
    assert!(run.stderr.contains("write `identity`") && run.stderr.contains("write `production`"), "{}", run.stderr);
}

#[test]
fn violations_are_accepted_by_the_ids_of_their_entries() {
    let settings = "project: acme/agents\ngitlab: {version: '18.4', tier: premium}\nignore:\n  - rule: policy-violation\n    at: ci_access.groups[acme]\n    reason: until the move\npolicy:\n  - {name: p, projects: [acme/x], forbid: {}}\n";
    let agent = b"ci_access: {groups: [{id: acme}]}\n";
    let folder = folder_with(&[(".kaslint.yaml", settings.as_bytes()), (CONFIG, agent)]);
    let run = kaslint(folder.path(), &["check", "--select", "policy-violation"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let strict = settings.replace("groups[acme]", "groups[other]");
    std::fs::write(folder.path().join(".kaslint.yaml"), strict).expect("settings");
    assert_eq!(kaslint(folder.path(), &["check", "--select", "policy-violation"]).code, 1);
}

#[test]
fn an_agent_whose_project_is_not_known_is_held_to_policies_that_may_be_about_it() {
    let agent = b"ci_access: {projects: [{id: acme/x}]}\n";
    let held = |agents: &str| {
        let settings = format!("policy: [{{name: p, agents: ['{agents}'], projects: [acme/x], forbid: {{}}}}]\n");
        let folder = folder_with(&[(".kaslint.yaml", settings.as_bytes()), (CONFIG, agent)]);
        kaslint(folder.path(), &["check", "--select", "policy-violation", "--format", "concise"]).code
    };
    let name = CONFIG.split('/').nth(2).expect("a name");
    assert_eq!(held(&format!("any/project:{name}")), 1);
    assert_eq!(held("any/project:another"), 0);
}
