//! The changes that findings propose: applied, they mend what they are there for.

use serde_json::Value as Json;

use crate::common::{CONFIG, folder_with, kaslint, root, write};

/// The file with all safe fixes applied, last first.
fn mended(text: &str, report: &Json) -> String {
    let mut edits: Vec<(usize, usize, String)> = Vec::new();
    for finding in report["findings"].as_array().expect("findings") {
        if finding["fix"]["safety"] != "safe" {
            continue;
        }
        for edit in finding["fix"]["edits"].as_array().expect("edits") {
            let byte =
                |end: &str| usize::try_from(edit["range"][end]["byte"].as_u64().expect("a byte")).expect("an offset");
            edits.push((byte("start"), byte("end"), edit["text"].as_str().expect("a text").to_owned()));
        }
    }
    edits.sort();
    let mut text = text.to_owned();
    for (start, end, new) in edits.into_iter().rev() {
        text.replace_range(start..end, &new);
    }
    text
}

#[test]
fn safe_fixes_make_gitlab_accept_the_file() {
    for (text, expected) in [
        ("ci_access:\n  project:\n    - id: a/b\n", "ci_access:\n  projects:\n    - id: a/b\n"),
        ("ciAccess: {projects: [{id: a/b}]}\n", "ci_access: {projects: [{id: a/b}]}\n"),
        (
            "ci_access: {projects: [{id: a/b, default-namespace: x}]}\n",
            "ci_access: {projects: [{id: a/b, default_namespace: x}]}\n",
        ),
        (
            "ci_access: {projects: [{id: a/b, environments: [on]}]}\n",
            "ci_access: {projects: [{id: a/b, environments: ['on']}]}\n",
        ),
        (
            "ci_access: {projects: [{id: a/b, environments: prod}]}\n",
            "ci_access: {projects: [{id: a/b, environments: [prod]}]}\n",
        ),
        ("ci_access:\n  projects:\n    - a/b\n", "ci_access:\n  projects:\n    - {id: a/b}\n"),
        (
            "ci_access: {projects: [{id: a/b, protected_branches_only: 'true'}]}\n",
            "ci_access: {projects: [{id: a/b, protected_branches_only: true}]}\n",
        ),
        (
            "ci_access: {projects: [{id: a/b, access_as: ci_job}]}\n",
            "ci_access: {projects: [{id: a/b, access_as: {ci_job: {}}}]}\n",
        ),
        (
            "ci_access:\n  projects:\n    - id: a/b\n      access_as:\n        ci_job:\n",
            "ci_access:\n  projects:\n    - id: a/b\n      access_as:\n        ci_job: {}\n",
        ),
        (
            "ci_access: {projects: [{id: a/b, access_as: {ci_job: true}}]}\n",
            "ci_access: {projects: [{id: a/b, access_as: {ci_job: {}}}]}\n",
        ),
        ("observability: {logging: {level: INFO}}\n", "observability: {logging: {level: info}}\n"),
        (
            "container_scanning: {cadence: '@daily', scanner_timeout: 1h}\n",
            "container_scanning: {cadence: '@daily', scanner_timeout: 3600s}\n",
        ),
        ("ci_access: {projects: [{id: https://gitlab.com/a/b.git}]}\n", "ci_access: {projects: [{id: a/b}]}\n"),
        (
            "ci_access:\n  projects:\n    - id: a/b\n      environments:\n        - *\n",
            "ci_access:\n  projects:\n    - id: a/b\n      environments:\n        - '*'\n",
        ),
        (
            "ci_access: {projects: [{id: a/b, environments: [x?y]}]}\n",
            "ci_access: {projects: [{id: a/b, environments: ['x?y']}]}\n",
        ),
    ] {
        let folder = folder_with(&[(CONFIG, text.as_bytes())]);
        let report = kaslint(folder.path(), &["check", "--format", "json"]).json();
        let changed = mended(text, &report);
        assert_eq!(changed, expected, "{text}");
        write(folder.path(), CONFIG, changed.as_bytes());
        assert_eq!(kaslint(folder.path(), &["decode", CONFIG]).code, 0, "{changed}");
    }
}

#[test]
fn all_fixes_of_the_demo_apply_together() {
    let path = "fixtures/demo/.gitlab/agents/production/config.yaml";
    let text = std::fs::read_to_string(root().join(path)).expect("the demo");
    let report = kaslint(root(), &["check", path, "--format", "json"]).json();
    insta::assert_snapshot!(mended(&text, &report));
}

#[test]
fn what_is_not_certain_is_no_safe_fix() {
    for text in [
        "ci_access: {projects: [{id: 123}]}\n",
        "ci_access: {projects: [{id: a/b, namespace: x}]}\n",
        "ci_access: {projects: [{id: a/b, protected_branches_only: 1}]}\n",
        "observability: {logging: {level: trace}}\n",
        "ci_access: {project: [], projects: []}\n",
    ] {
        let folder = folder_with(&[(CONFIG, text.as_bytes())]);
        let report = kaslint(folder.path(), &["check", "--format", "json"]).json();
        assert_eq!(mended(text, &report), text);
        assert!(report["findings"].as_array().is_some_and(|findings| !findings.is_empty()), "{text}");
    }
}
