//! Comments and settings that accept findings, through the real binary.

use crate::common::{CONFIG, Run, folder_with, kaslint};

fn concise(run: &Run) -> Vec<String> {
    run.stdout.lines().map(|line| line.replace(CONFIG, "config.yaml")).collect()
}

fn check(files: &[(&str, &[u8])]) -> Vec<String> {
    let run = kaslint(
        folder_with(files).path(),
        &["check", "--format", "concise", "--project", "acme/agents", "--gitlab-version", "18.9"],
    );
    assert_eq!(run.stderr, "");
    let lines = concise(&run).into_iter();
    lines.filter(|line| line.starts_with("config.yaml:") || line.starts_with(".") || line.starts_with("Left")).collect()
}

#[test]
fn a_comment_hides_what_it_names_on_its_line_or_the_line_below() {
    let text = b"ci_access:
  projects:
    - id: acme/shop
      environments: [prod*] # kaslint: ignore[unanchored-wildcard] there is no preprod
    # kaslint: ignore[unanchored-wildcard, outside-hierarchy] the cluster is shared
    # with another team
    - id: partner/x
    - id: acme/blog
      # kaslint: ignore[unanchored-wildcard] reviewed in June
      environments: [review/*]
";
    assert_eq!(
        check(&[(CONFIG, text)]),
        [
            "config.yaml:5:23: warning[unused-ignore] `unanchored-wildcard` says nothing on line 7, so this hides nothing",
            "Left out: 3 findings by comments.",
        ]
    );
}

#[test]
fn a_comment_without_rule_or_reason_hides_nothing_and_is_a_finding() {
    let text = b"ci_access:
  projects:
    - id: acme/a
      environments: [prod*] # kaslint: ignore[unanchored-wildcard]
    - id: acme/b
      environments: [prod*] # kaslint: ignore this one
    - id: acme/c
      environments: [prod*] # kaslint: ignore[unanchored-wildcards] there is no preprod
    - id: acme/d
      environments: [prod*] # kaslint: disable
    - id: acme/e # kaslint: ignore[duplicate-id] a list kept by a script
";
    let found = check(&[(CONFIG, text)]);
    let faults: Vec<&String> = found.iter().filter(|line| !line.contains("[unanchored-wildcard]")).collect();
    assert_eq!(
        faults,
        [
            "config.yaml:4:31: error[invalid-ignore] this comment gives no reason, so it hides nothing",
            "config.yaml:6:31: error[invalid-ignore] this comment names no rule, and would hide everything",
            "config.yaml:8:47: error[invalid-ignore] `unanchored-wildcards` is no rule, so the comment hides nothing by it",
            "config.yaml:10:31: error[invalid-ignore] this comment is addressed to kaslint, which knows `ignore` only",
            "config.yaml:11:36: warning[unused-ignore] `duplicate-id` says nothing on line 11, so this hides nothing",
        ]
    );
    assert_eq!(found.len() - faults.len(), 4);
}

#[test]
fn rules_that_did_not_run_are_not_said_to_be_unused() {
    let text = b"ci_access:
  projects:
    - id: acme/shop # kaslint: ignore[unknown-id] it is made next week
    - id: acme/blog # kaslint: ignore[agent-identity] few rights
";
    assert!(check(&[(CONFIG, text)]).is_empty());
}

#[test]
fn comments_in_ci_files_count_as_well() {
    let ci = b"deploy:
  script:
    # kaslint: ignore[certificate-context] moves to an agent in March
    - kubectl config use-context gitlab-deploy
    - kubectl config use-context gitlab-deploy
";
    let found = check(&[(".gitlab-ci.yml", ci)]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with(".gitlab-ci.yml:5:34: warning[certificate-context]"), "{found:?}");
}

#[test]
fn a_comment_hides_one_place_of_a_fault_that_has_several() {
    let ci = |first: &str, second: &str| {
        format!(
            "deploy:\n  script:\n    - kubectl config use-context acme/agents:prod\n    - kubectl get pods --insecure-skip-tls-verify{first}\n    - kubectl get nodes --insecure-skip-tls-verify{second}\n"
        )
    };
    let ignored = " # kaslint: ignore[insecure-tls] a tunnel of our own";
    let check = |text: String| check(&[(CONFIG, b"ci_access: {}\n"), (".gitlab-ci.yml", text.as_bytes())]);
    let lines = |told: Vec<String>| -> Vec<String> {
        told.iter().map(|line| line.split(" `--insecure").next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(lines(check(ci("", ""))), [".gitlab-ci.yml:4:24: warning[insecure-tls]"]);
    assert_eq!(
        lines(check(ci(ignored, ""))),
        [".gitlab-ci.yml:5:25: warning[insecure-tls]", "Left out: 1 finding by comments."]
    );
    assert_eq!(
        lines(check(ci("", ignored))),
        [".gitlab-ci.yml:4:24: warning[insecure-tls]", "Left out: 1 finding by comments."]
    );
    assert_eq!(lines(check(ci(ignored, ignored))), ["Left out: 2 findings by comments."]);
}

#[test]
fn settings_accept_findings_of_entries_by_id() {
    let config = b"ci_access:
  groups:
    - id: acme/web
      environments: [prod*]
    - id: acme
      environments: [prod*, x*]
";
    let settings = b"ignore:
  - rule: unanchored-wildcard
    at: ci_access.groups[acme]
    reason: there is no preprod
  - rule: unanchored-wildcard
    at: ci_access.groups[acme/none]
    reason: gone
  - rule: config-project-bypass
    path: .gitlab/agents/*/config.yaml
    reason: the platform team deploys from this project
";
    let files: &[(&str, &[u8])] = &[(CONFIG, config), (".kaslint.yaml", settings)];
    assert_eq!(
        check(files),
        [
            "config.yaml:4:22: warning[unanchored-wildcard] `prod*` also lets in jobs of an environment called \
             `preprod`, if there is one: GitLab looks for the pattern anywhere in the name",
            ".kaslint.yaml:5:11: warning[unused-ignore] no finding of `unanchored-wildcard` is hidden by this",
            "Left out: 3 findings by .kaslint.yaml.",
        ]
    );
    // The settings file's paths start from its own folder.
    let folder = folder_with(files);
    let above = folder.path().parent().expect("a parent");
    let name = folder.path().file_name().expect("a name").to_string_lossy().into_owned();
    let run =
        kaslint(above, &["check", "--format", "json", "--project", "acme/agents", "--gitlab-version", "18.9", &name]);
    assert_eq!(run.json()["summary"]["ignored"], 3, "{}", run.stdout);
}

#[test]
fn mistakes_in_ignore_end_the_run() {
    let settings = b"ignore:
  - rule: unanchored-wildcrad
    reason: x
  - rule: unknown-key
  - rule: unknown-key
    path: '[a'
    reason: x
";
    let folder = folder_with(&[(CONFIG, b"ci_access: {}\n"), (".kaslint.yaml", settings)]);
    let run = kaslint(folder.path(), &["check"]);
    assert_eq!(run.code, 2);
    insta::assert_snapshot!(run.transcript());
}
