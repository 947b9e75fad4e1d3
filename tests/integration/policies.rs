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

/// Hundreds of both are told, under either matcher, and none is given up.
#[test]
fn many_patterns_are_held_against_many_policies() {
    const MANY: usize = 400;
    let numbers = || 0..MANY;
    let patterns: String = numbers().map(|number| format!("'a{number}*', ")).collect();
    let policies: String = numbers()
        .map(|number| {
            format!(
                "  - {{name: p{number}, environments: ['a{number}*'], require: {{environments: ['*a{number}']}}}}\n"
            )
        })
        .chain(numbers().map(|number| format!("  - {{name: q{number}, forbid: {{environments: ['b{number}*c']}}}}\n")))
        .collect();
    let config = format!("ci_access: {{projects: [{{id: acme/shop, environments: [{patterns}]}}]}}\n");
    let settings = format!("project: acme/agents\nrules: {{config-project-bypass: off}}\npolicy:\n{policies}");
    let folder = folder_with(&[(CONFIG, config.as_bytes()), (".kaslint.yaml", settings.as_bytes())]);
    for (version, of_jobs) in [("17.0", 2 * MANY), ("19.6", MANY)] {
        let call = ["check", "--select", "policy-violation", "--format", "json", "--gitlab-version", version];
        let report = kaslint(folder.path(), &call).json();
        let messages = report["findings"].as_array().expect("findings").iter().map(|finding| &finding["message"]);
        let of_shop: Vec<&str> =
            messages.filter_map(|message| message.as_str()).filter(|text| text.starts_with("`acme/shop`")).collect();
        // Without anchors, each pattern has names that begin with a `b` as well.
        assert_eq!(of_shop.len(), of_jobs, "{version}: {:?}", of_shop.first());
        let is_certain = |text: &&&str| text.starts_with("`acme/shop` breaks the policy `");
        assert_eq!(of_shop.iter().find(|text| !is_certain(text)), None, "{version}");
    }
}
