//! What changes between releases, as the binary tells it: `fixtures/by-release`.

use std::path::PathBuf;

use crate::common::{kaslint, root};

fn folder(name: &str) -> PathBuf {
    root().join("fixtures/by-release").join(name)
}

/// Runs calls at releases; an empty one is none named.
fn at_releases(name: &str, releases: &[&str], calls: &[&[&str]]) -> String {
    let mut transcript = String::new();
    for release in releases {
        for call in calls {
            let version: &[&str] = if release.is_empty() { &[] } else { &["--gitlab-version", release] };
            let run = kaslint(&folder(name), &[*call, &["--inventory", "inventory.yaml"], version].concat());
            let named = if release.is_empty() { "no release" } else { release };
            transcript.push_str(&format!("# {} at {named}\n{}", call.join(" "), run.transcript()));
        }
    }
    transcript
}

#[test]
fn patterns_are_compared_as_the_release_does() {
    let check = ["check", "--format", "concise"];
    let ask = ["access", "--queries", "queries.jsonl"];
    insta::assert_snapshot!(at_releases("patterns", &["18.9", "18.9.3", "19.4", "19.5", ""], &[&check, &ask]));
}

#[test]
fn the_steps_of_a_comparison_are_those_of_the_release() {
    let why = ["access", "--for", "acme/shop", "--environment", "preprod", "--unprotected", "--agent", "prod", "--why"];
    insta::assert_snapshot!(at_releases("patterns", &["18.9", "19.0", "19.6"], &[&why]));
}

#[test]
fn merge_requests_may_be_protected() {
    let check = ["check", "--format", "concise"];
    let mut calls: Vec<Vec<&str>> = vec![check.to_vec()];
    for project in ["acme/on", "acme/off", "acme/unknown", "acme/single"] {
        calls.push(vec!["access", "--for", project, "--ref", "refs/merge-requests/7/head"]);
    }
    calls.push(vec!["access", "--for", "acme/unknown", "--ref", "refs/workloads/1"]);
    calls.push(vec!["access", "--for", "acme/on", "--jobs"]);
    let calls: Vec<&[&str]> = calls.iter().map(Vec::as_slice).collect();
    insta::assert_snapshot!(at_releases("merge-requests", &["18.0", "18.1"], &calls));
}

#[test]
fn what_a_personal_namespace_can_name_grew() {
    let check = ["check", "--format", "concise", "--ignore", "too-new-key"];
    insta::assert_snapshot!(at_releases("personal", &["15.5", "18.0", "18.1", "19.6"], &[&check, &["access"]]));
}

#[test]
fn managed_resources_and_dashboards_came_with_releases() {
    let check = ["check", "--format", "concise", "--ignore", "too-new-key"];
    let free = [&check[..], &["--tier", "free"]].concat();
    let paid = [&check[..], &["--tier", "premium"]].concat();
    insta::assert_snapshot!(at_releases(
        "managed-resources",
        &["17.5", "17.8", "17.9", "18.1"],
        &[&check, &free, &paid]
    ));
}
