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

/// A file before and after `--fix`, or after `--fix --unsafe`.
fn fixed(text: &str, is_unsafe: bool, options: &[&str]) -> String {
    let folder = folder_with(&[(CONFIG, text.as_bytes())]);
    let flags: &[&str] = if is_unsafe { &["--fix", "--unsafe"] } else { &["--fix"] };
    let run = kaslint(folder.path(), &[&["check"], flags, options].concat());
    assert!(run.code <= 1, "{text}{}{}", run.stdout, run.stderr);
    let after = std::fs::read_to_string(folder.path().join(CONFIG)).expect("the file");
    // Once more changes nothing.
    kaslint(folder.path(), &[&["check"], flags, options].concat());
    assert_eq!(std::fs::read_to_string(folder.path().join(CONFIG)).expect("the file"), after);
    after
}

#[test]
fn files_before_and_after_safe_fixes() {
    for (text, expected) in [
        // Quotes that a key has are kept, and so are line ends.
        (
            "{\"ciAccess\":{\"projects\":[{\"id\":\"a/b\"}]}}\r\n",
            "{\"ci_access\":{\"projects\":[{\"id\":\"a/b\"}]}}\r\n",
        ),
        // A text that brackets would take apart is quoted.
        (
            "ci_access:\n  projects:\n    - id: a/b\n      environments: review/{x} # all\n",
            "ci_access:\n  projects:\n    - id: a/b\n      environments: ['review/{x}'] # all\n",
        ),
        // Nobody is let in who is not, where GitLab takes the file, or does by now.
        ("ci_access: {projects: [{id: a/b.git}]}\n", "ci_access: {projects: [{id: a/b.git}]}\n"),
        (
            "user_access: {access_as: {agent: {}}, groups: [{id: /a}]}\n",
            "user_access: {access_as: {agent: {}}, groups: [{id: /a}]}\n",
        ),
        ("ci_access: {project: [{id: /a/b}]}\n", "ci_access: {projects: [{id: /a/b}]}\n"),
        // Of equal entries and of equal keys one is enough.
        (
            "ci_access:\n  projects:\n    - id: a/b # one\n      # inside\n      environments: [x]\n    # above\n    - id: c/d\n    - id: a/b # one\n      # inside\n      environments: [x]\n",
            "ci_access:\n  projects:\n    # above\n    - id: c/d\n    - id: a/b # one\n      # inside\n      environments: [x]\n",
        ),
        ("ci_access: {projects: [{id: a/b}, {id: a/b}]}\n", "ci_access: {projects: [{id: a/b}]}\n"),
        (
            "ci_access:\n  projects:\n    - default_namespace: x\n      default_namespace: x\n      id: a/b",
            "ci_access:\n  projects:\n    - default_namespace: x\n      id: a/b",
        ),
        // A fix makes room for another one.
        ("ci_access:\n  project: [a/b]\n", "ci_access:\n  projects: [{id: a/b}]\n"),
        (
            "user_access: {access_as: agent, projects: a/b}\n",
            "user_access: {access_as: {agent: {}}, projects: [{id: a/b}]}\n",
        ),
        // Two spellings of one key: only one of them can get its name.
        (
            "ci_access:\n  project: [{id: a/b}]\n  Projects: [{id: c/d}]\n",
            "ci_access:\n  projects: [{id: a/b}]\n  Projects: [{id: c/d}]\n",
        ),
        // What nobody can know is left.
        (
            "ci_access: {projects: [{id: a/b, environments: []}]}\n",
            "ci_access: {projects: [{id: a/b, environments: []}]}\n",
        ),
        (
            "ci_access: {projects: [{id: a/b, access_as: {ci_job: false}}]}\n",
            "ci_access: {projects: [{id: a/b, access_as: {ci_job: false}}]}\n",
        ),
        (
            "container_scanning: {cadence: '@daily', scanner_timeout: 010}\n",
            "container_scanning: {cadence: '@daily', scanner_timeout: 010}\n",
        ),
        (
            "ci_access: {projects: [{id: a/b, environments: a}, {id: a/b:prod}]}\n",
            "ci_access: {projects: [{id: a/b, environments: [a]}, {id: a/b:prod}]}\n",
        ),
        (
            "ci_access:\n  projects:\n    - id: a/b/\n    - id: a/b\n      environments: [x]\n",
            "ci_access:\n  projects:\n    - id: a/b/\n    - id: a/b\n      environments: [x]\n",
        ),
    ] {
        assert_eq!(fixed(text, false, &[]), expected, "{text}");
    }
}

#[test]
fn files_before_and_after_unsafe_fixes() {
    let on_17 = ["--gitlab-version", "17.4"];
    let cases: [(&str, &str, &[&str]); 17] = [
        ("ci_access: {projects: [{id: https://gitlab.com/a/b.git}]}\n", "ci_access: {projects: [{id: a/b}]}\n", &[]),
        // What would be a number without quotes gets them.
        ("ci_access:\n  groups:\n    - id: 2024/\n", "ci_access:\n  groups:\n    - id: '2024'\n", &[]),
        ("ci_access: {groups: [{id: \"acme/\"}]}\n", "ci_access: {groups: [{id: \"acme\"}]}\n", &[]),
        (
            "ci_access:\n  projects:\n    - environments: []\n      id: a/b\n",
            "ci_access:\n  projects:\n    - id: a/b\n",
            &[],
        ),
        (
            "ci_access:\n  projects:\n    - id: a/b\n      environments: [] # none\n",
            "ci_access:\n  projects:\n    - id: a/b\n",
            &[],
        ),
        ("ci_access: {projects: [{id: a/b, environments: []}]}\n", "ci_access: {projects: [{id: a/b}]}\n", &[]),
        ("ci_access: {projects: [{environments: [], id: a/b}]}\n", "ci_access: {projects: [{id: a/b}]}\n", &[]),
        // The only key is left, since nothing would be there without it.
        ("ci_access:\n  instance:\n", "ci_access:\n  instance:\n", &[]),
        ("ci_access:\n  instance: # all?\n  groups: [{id: a}]\n", "ci_access:\n  groups: [{id: a}]\n", &[]),
        (
            "ci_access:\n  projects:\n    - id: a/b\n  groups:\n    - id: a\n",
            "ci_access:\n  groups:\n    - id: a\n",
            &[],
        ),
        (
            "ci_access:\n  projects:\n    - id: a/b\n      environments: [x]\n    -\n      id: A/b\n    - id: c/d\n",
            "ci_access:\n  projects:\n    -\n      id: A/b\n    - id: c/d\n",
            &[],
        ),
        ("gitops: {}\nci_access: {}\n", "ci_access: {}\n", &[]),
        ("gitops: {}\nci_access: {}\n", "gitops: {}\nci_access: {}\n", &on_17),
        (
            "ci_access: {projects: [{id: a/b, environments: 'a, b'}]}\n",
            "ci_access: {projects: [{id: a/b, environments: ['a, b']}]}\n",
            &[],
        ),
        (
            "ci_access:\n  projects:\n    - id: a/b\n      environments: [x]\n    -\n",
            "ci_access:\n  projects:\n    - id: a/b\n      environments: [x]\n",
            &[],
        ),
        // Alone between comments.
        (
            "ci_access:\n  projects: [ # a\n    {id: a/b}, # b\n    {id: a/b, environments: [x]} # c\n  ]\n",
            "ci_access:\n  projects: [ # a\n    {id: a/b}, # b\n    {id: a/b, environments: [x]} # c\n  ]\n",
            &[],
        ),
        // An alias needs its anchor.
        (
            "ci_access:\n  projects:\n    - &x {id: a/b}\n    - id: a/b\n      environments: [x]\n  groups: [*x]\n",
            "ci_access:\n  projects:\n    - &x {id: a/b}\n    - id: a/b\n      environments: [x]\n  groups: [*x]\n",
            &[],
        ),
    ];
    for (text, expected, options) in cases {
        assert_eq!(fixed(text, true, options), expected, "{text}");
    }
}
