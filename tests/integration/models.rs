//! What GitLab's documentation offers as a model, in the form that it has there with names of our own: `fixtures/models`. Nothing above a note is said of it.

use crate::common::{folder_with, kaslint, root};

/// Releases in which all of the models can be used, with both ways of comparing environment patterns.
const RELEASES: [&str; 2] = ["18.4", "19.6"];

#[test]
fn nothing_above_a_note_is_said_of_a_model() {
    let mut models = 0;
    for model in std::fs::read_dir(root().join("fixtures/models")).expect("models") {
        let folder = model.expect("a folder").path();
        models += 1;
        for release in RELEASES {
            for project in [&[][..], &["--project", "acme/agents"]] {
                let arguments = ["check", "--format", "concise", "--fail-on", "warning", "--gitlab-version", release];
                let run = kaslint(&folder, &[&arguments[..], project].concat());
                assert_eq!(run.code, 0, "{} in {release}: {}{}", folder.display(), run.stdout, run.stderr);
            }
        }
    }
    assert!(models >= 20, "{models}");
}

/// Of these examples more is said, for the reason that stands beside: rule, file, text.
const TRAPS: [(&str, &str, &str, &str); 5] = [
    (
        "an id to be replaced is a placeholder, and GitLab drops the entry if it is not",
        "malformed-id",
        ".gitlab/agents/prod/config.yaml",
        "ci_access:\n  projects:\n    - id: path/to/project\n",
    ),
    (
        "the same in angle brackets",
        "malformed-id",
        ".gitlab/agents/prod/config.yaml",
        "ci_access:\n  groups:\n    - id: <your_group>\n",
    ),
    (
        "the example of a project that its group restricts has a key that GitLab refuses",
        "unknown-key",
        ".gitlab/agents/prod/config.yaml",
        "ci_access:\n  project:\n    - id: acme/shop\n      protected_branches_only: false\n  groups:\n    - id: acme\n      protected_branches_only: true\n",
    ),
    (
        "the documentation itself advises against it",
        "insecure-tls",
        ".gitlab-ci.yml",
        "deploy:\n  script:\n    - kubectl config use-context acme/agents:prod\n    - kubectl --insecure-skip-tls-verify=true get pods\n",
    ),
    (
        "Auto DevOps deploys nowhere without the variable, as the documentation says",
        "auto-devops-without-context",
        ".gitlab-ci.yml",
        "include:\n  - template: Auto-DevOps.gitlab-ci.yml\n",
    ),
];

#[test]
fn examples_that_show_a_trap_are_told() {
    for (reason, rule, path, text) in TRAPS {
        let folder = folder_with(&[(path, text.as_bytes())]);
        let run = kaslint(folder.path(), &["check", "--format", "concise", "--gitlab-version", "18.4"]);
        assert_eq!(run.code, 1, "{reason}: {}{}", run.stdout, run.stderr);
        let above = run.stdout.lines().filter(|line| line.contains(": error[") || line.contains(": warning["));
        above.for_each(|line| assert!(line.contains(&format!("[{rule}]")), "{reason}: {line}"));
    }
}
