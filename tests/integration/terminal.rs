//! Exact terminal text through the real binary.

use crate::common::{CONFIG, folder_with, kaslint, kaslint_with_input, root};

#[test]
fn check_of_the_demo() {
    insta::assert_snapshot!(kaslint(root(), &["check", "fixtures/demo"]).transcript());
}

#[test]
fn check_of_the_demo_in_lines() {
    insta::assert_snapshot!(
        kaslint(root(), &["check", "fixtures/demo", "--format", "concise", "--project", "other/agents"]).transcript()
    );
}

#[test]
fn check_is_the_default_command() {
    let folder = root().join("fixtures/demo");
    assert_eq!(kaslint(&folder, &[]).stdout, kaslint(&folder, &["check", "."]).stdout);
}

#[test]
fn five_mistakes_of_five_kinds_show_all_five() {
    let text = b"ci_access:\n  project:\n    - id: acme/web/shop\n      environments:\n        - *\n  groups:\n    - id: 12\n      protected_branches_only: maybe\n      access_as: {agent: {}, ci_job: {}}\n";
    let folder = folder_with(&[(CONFIG, text)]);
    insta::assert_snapshot!(kaslint(folder.path(), &["check"]).transcript());
}

#[test]
fn broken_yaml_hides_nothing_behind_it() {
    let text = b"ci_access:\n  projects:\n    - id: acme/web/shop\n      environments: [production\n    - id: acme/web/other\nobservability:\n  loging: {}\nuser_access:\n  access_as: agent\n";
    let folder = folder_with(&[(CONFIG, text)]);
    insta::assert_snapshot!(kaslint(folder.path(), &["check"]).transcript());
}

#[test]
fn the_documentations_protected_branches_example() {
    let text = b"ci_access:\n  project:\n    - id: example/my-project\n      protected_branches_only: false\n      environments:\n        - dev\n  groups:\n    - id: example\n      protected_branches_only: true\n      environments:\n        - dev\n";
    let folder = folder_with(&[(CONFIG, text)]);
    let report = kaslint(folder.path(), &["check", "--format", "json"]).json();
    let finding = &report["findings"][0];
    assert_eq!(
        (finding["rule"].as_str(), finding["fix"]["edits"][0]["text"].as_str()),
        (Some("unknown-key"), Some("projects"))
    );
    assert_eq!(finding["fix"]["safety"], "safe");
}

#[test]
fn what_jobs_share_is_told_once() {
    let arguments =
        ["check", "--inventory", "inventory.yaml", "--select", "insecure-tls,environment-not-granted,broken-kubectl"];
    let run = kaslint(&root().join("fixtures/jobs/shared-template"), &arguments);
    insta::assert_snapshot!(run.transcript());
}

#[test]
fn decode_shows_what_was_dropped() {
    let text = b"ci_access:\n  projects:\n    - id: acme/web/shop\nci_access:\n  projects:\n    - id: acme/web/shop\n      protected_branches_only: on\n      environments: []\n---\nmore: x\n";
    let folder = folder_with(&[(CONFIG, text)]);
    insta::assert_snapshot!(kaslint(folder.path(), &["decode", CONFIG]).transcript());
}

#[test]
fn older_releases_know_other_keys() {
    let text = b"ci_access:\n  projects:\n    - id: acme/web/shop\n      environments: [production]\n      protected_branches_only: true\ngitops:\n  manifest_projects:\n    - id: acme/manifests\nstarboard:\n  cadence: '0 0 * * *'\n";
    let folder = folder_with(&[(CONFIG, text)]);
    let mut transcript = String::new();
    for version in ["14.5", "15.4", "15.7", "16.11", "17.5", "18.0", "19.2", "19.7"] {
        let run = kaslint(folder.path(), &["check", "--gitlab-version", version, "--format", "concise"]);
        transcript.push_str(&format!("# GitLab {version}\n{}", run.transcript()));
    }
    insta::assert_snapshot!(transcript);
}

#[test]
fn a_release_that_is_newer_than_known_is_told_once_and_may_have_keys_of_its_own() {
    let text = b"foo: 1\nci_acces: {}\nci_access:\n  projects:\n    - id: acme/web/shop\n      access_as: {bar: {}}\n";
    let folder = folder_with(&[(CONFIG, text), ("good/.gitlab/agents/a/config.yaml", b"ci_access: {}\n")]);
    let mut transcript = String::new();
    for version in ["19.6", "19.7"] {
        for call in [&["check", "--format", "concise"][..], &["decode", CONFIG], &["access", "good"]] {
            let run = kaslint(folder.path(), &[call, &["--gitlab-version", version]].concat());
            transcript.push_str(&format!("# {} {version}\n{}", call[0], run.transcript()));
        }
    }
    insta::assert_snapshot!(transcript);
}

#[test]
fn standard_input_is_one_configuration() {
    let folder = folder_with(&[]);
    let run = kaslint_with_input(folder.path(), &["check", "-", "--stdin-filename", CONFIG], b"ci_acces: {}\n");
    insta::assert_snapshot!(run.transcript());
}

#[test]
fn a_bad_call_says_what_to_do() {
    let folder = folder_with(&[(CONFIG, b"ci_access: {}\n")]);
    let calls: [&[&str]; 8] = [
        &["check", "nowhere"],
        &["check", "--select", "unkown-key"],
        &["check", "--gitlab-version", "newest"],
        &["check", "--gitlab-version", "18.12"],
        &["check", "--format", "sarfi"],
        &["rules", "unknown-keys"],
        &["check", "--format", "json", "--output", ".gitlab"],
        &["check", "--format", "json", "--format", "concise"],
    ];
    let mut transcript = String::new();
    for call in calls {
        let run = kaslint(folder.path(), call);
        assert_eq!(run.code, 2, "{call:?}");
        transcript.push_str(&format!("# {}\n{}", call.join(" "), run.transcript()));
    }
    insta::assert_snapshot!(transcript);
}

#[test]
fn secrets_are_masked_in_every_output() {
    let token = "glagent-aAbBcCdDeEfFgGhHiIjJ0123456789";
    let text = format!(
        "# token {token}\nci_access:\n  projects:\n    - id: {token}\n      {token}: x\n      default_namespace: {token}\n"
    );
    let folder = folder_with(&[(CONFIG, text.as_bytes())]);
    let calls: [&[&str]; 5] = [
        &["check"],
        &["check", "--format", "concise"],
        &["check", "--format", "json"],
        &["decode", CONFIG],
        &["decode", "--format", "json", CONFIG],
    ];
    for call in calls {
        let run = kaslint(folder.path(), call);
        assert!(!run.stdout.contains("aAbBcC") && !run.stderr.contains("aAbBcC"), "{call:?}: {}", run.stdout);
        assert!(run.stdout.contains("GitLab"), "{call:?}");
    }
    insta::assert_snapshot!(kaslint(folder.path(), &["check", "--select", "committed-credential"]).transcript());
}

#[test]
fn the_list_of_rules() {
    insta::assert_snapshot!(kaslint(root(), &["rules"]).transcript());
}

#[test]
fn shells_and_manuals_get_what_they_want() {
    for (shell, sign) in [("bash", "_kaslint()"), ("zsh", "#compdef kaslint"), ("fish", "complete -c kaslint")] {
        let run = kaslint(root(), &["completions", shell]);
        assert_eq!(run.code, 0);
        assert!(run.stdout.contains(sign) && run.stdout.contains("inventory"), "{shell}");
    }
    let page = kaslint(root(), &["man"]).stdout;
    assert!(page.contains(".TH kaslint 1") && page.contains("kaslint access") && page.contains("fail\\-on"), "{page}");
}

#[test]
fn standard_input_can_be_a_ci_file() {
    let ci = b"include: ci/deploy.yml\ntest:\n  script:\n    - kubectl config use-context Acme/agents:prod\n";
    let folder = folder_with(&[
        (CONFIG, b"ci_acess: {}\n"),
        ("ci/deploy.yml", b"deploy:\n  script:\n    - kubectl config use-context acme/agents:prdo\n"),
    ]);
    let base = ["check", "--offline", "--project", "acme/agents", "--stdin-filename", ".gitlab-ci.yml", "-"];
    let run = |more: &[&str]| kaslint_with_input(folder.path(), &[&base[..], more].concat(), ci);
    let found = run(&["--format", "concise"]).stdout;
    assert!(found.starts_with(".gitlab-ci.yml:4:34: error[malformed-context]"), "{found}");
    assert!(found.contains("1 error in 1 configuration"), "{found}");
    let fixed = run(&["--fix"]);
    assert_eq!(fixed.stdout, String::from_utf8_lossy(ci).replace("Acme", "acme"), "{}", fixed.stderr);
}
