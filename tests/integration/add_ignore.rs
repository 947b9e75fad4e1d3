//! `check --add-ignore`: comments for findings that are there, and for no others.

use std::path::Path;

use crate::common::{CONFIG, Run, folder_with, kaslint, kaslint_with_input};

const CI: &str = ".gitlab-ci.yml";

fn add(folder: &Path, rule: &str, more: &[&str]) -> Run {
    let call = ["check", "--project", "acme/agents", "--gitlab-version", "18.9", "--add-ignore", rule];
    kaslint(folder, &[&call[..], &["--reason", "reviewed in June"], more].concat())
}

fn text(folder: &Path, path: &str) -> String {
    String::from_utf8(std::fs::read(folder.join(path)).expect("a file")).expect("UTF-8")
}

/// The findings in lines, without those of a rule and without the numbers of lines, which comments move.
fn others(folder: &Path, rule: &str) -> Vec<String> {
    let call = ["check", "-q", "--project", "acme/agents", "--gitlab-version", "18.9", "--format", "concise"];
    let lines = kaslint(folder, &call).stdout;
    let message = |line: &str| line.split_once(": ").map(|(_, message)| message.to_owned()).unwrap_or_default();
    let others = lines.lines().filter(|line| !line.contains(&format!("[{rule}]"))).map(message);
    others.map(|message| message.replace(|letter: char| letter.is_ascii_digit(), "")).collect()
}

const PATTERNS: &[u8] = b"ci_access:
  projects:
    - id: acme/a
      environments: [prod*, stag*]
    - id: acme/b
      environments: [prod*] # the web team's
    - {id: acme/c, environments: [
        qa*,
        \"dev*\"
      ]}
    - id: acme/
        d
    - id: \"acme/
        e\"
    - id: acme/f
      environments: [prod*]  # kaslint: ignore[unanchored-wildcard] known
    - id: acme/g
      # kaslint: ignore[malformed-id] it has a reason of its own
      environments:
        - prod*
";

#[test]
fn comments_stand_behind_lines_or_above_them() {
    let folder = folder_with(&[(CONFIG, PATTERNS)]);
    let decoded = kaslint(folder.path(), &["decode", "--format", "json", CONFIG]).stdout;
    let mut transcript = String::new();
    for rule in ["unanchored-wildcard", "malformed-id", "null-value"] {
        let before = others(folder.path(), rule);
        transcript.push_str(&format!("# {rule}\n{}", add(folder.path(), rule, &[]).transcript()));
        assert_eq!(others(folder.path(), rule), before, "{rule}");
        let once = text(folder.path(), CONFIG);
        let again = add(folder.path(), rule, &[]);
        assert_eq!((again.code, text(folder.path(), CONFIG)), (0, once), "{rule}");
        assert!(again.stdout.contains("There is no finding of"), "{}", again.stdout);
    }
    assert_eq!(kaslint(folder.path(), &["decode", "--format", "json", CONFIG]).stdout, decoded);
    insta::assert_snapshot!(format!("{transcript}\n{}", text(folder.path(), CONFIG)));
}

#[test]
fn where_no_comment_can_stand_that_is_told() {
    let ci = b"deploy:
  script:
    - |
      make
      kubectl config use-context Acme/agents:prod
    - kubectl config use-context Acme/agents:prod
    - >-
      kubectl config use-context
      Acme/agents:prod
";
    let folder = folder_with(&[(CONFIG, b"ci_access: {}\n"), (CI, ci)]);
    let run = add(folder.path(), "malformed-context", &[]);
    assert_eq!(run.code, 1);
    let once = text(folder.path(), CI);
    insta::assert_snapshot!(format!("{}\n{once}", run.transcript()));
    let again = add(folder.path(), "malformed-context", &[]);
    assert_eq!((again.code, text(folder.path(), CI)), (1, once));
}

#[test]
fn line_breaks_and_what_is_said_of_a_file_stay() {
    let folder = folder_with(&[
        (CONFIG, b"\xef\xbb\xbfci_acces:\r\n  projects: []\r\n"),
        (".gitlab/agents/b/config.yml", b"ci_access: {}\n"),
    ]);
    assert_eq!(add(folder.path(), "unknown-key", &["-q"]).stdout, "");
    assert_eq!(
        text(folder.path(), CONFIG),
        "\u{feff}ci_acces:  # kaslint: ignore[unknown-key] reviewed in June\r\n  projects: []\r\n"
    );
    assert!(others(folder.path(), "").iter().all(|line| !line.contains("[unknown-key]")));
}

#[test]
fn no_file_becomes_larger_than_gitlab_reads() {
    let folder =
        folder_with(&[(CONFIG, b"ci_acces: {}\n"), (".kaslint.yaml", b"gitlab: {max_configuration_file_size: 20}\n")]);
    let run = add(folder.path(), "unknown-key", &[]);
    assert_eq!((run.code, &*text(folder.path(), CONFIG)), (1, "ci_acces: {}\n"));
    assert!(run.stdout.contains("more than 20 bytes"), "{}", run.stdout);
}

#[test]
fn a_thousand_lines_that_can_have_none_keep_none_from_the_others() {
    let mut ci = "deploy:\n  script:\n".to_owned();
    for _ in 0..300 {
        ci.push_str("    - kubectl config use-context Acme/agents:prod\n    - |\n      kubectl config use-context Acme/agents:prod\n");
    }
    let folder = folder_with(&[(CONFIG, b"ci_access: {}\n"), (CI, ci.as_bytes())]);
    let run = add(folder.path(), "malformed-context", &[]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("comments: "), "{}{}", run.stdout, run.stderr);
    assert_eq!(text(folder.path(), CI).matches("# kaslint: ignore[malformed-context] reviewed in June").count(), 300);
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    let folder = folder_with(&[("elsewhere/config.yaml", b"ci_acces: {}\n"), (".gitlab/agents/prod/.keep", b"")]);
    std::os::unix::fs::symlink("../../../elsewhere/config.yaml", folder.path().join(CONFIG)).expect("a link");
    add(folder.path(), "unknown-key", &[]);
    assert_eq!(text(folder.path(), "elsewhere/config.yaml"), "ci_acces: {}\n");
}

#[test]
fn a_bad_call_says_what_to_do() {
    let folder = folder_with(&[(CONFIG, b"ci_acces: {}\n")]);
    let calls: [&[&str]; 8] = [
        &["--add-ignore", "unknown-key"],
        &["--reason", "x"],
        &["--add-ignore", "unknown-kye", "--reason", "x"],
        &["--add-ignore", "unused-ignore", "--reason", "x"],
        &["--add-ignore", "unknown-key", "--reason", " "],
        &["--add-ignore", "unknown-key", "--reason", "a\nb"],
        &["--add-ignore", "unknown-key", "--reason", "x", "--fix"],
        &["--add-ignore", "unknown-key", "--reason", "x", "--isolated"],
    ];
    let mut transcript = String::new();
    for call in calls {
        let run = kaslint(folder.path(), &[&["check"], call].concat());
        assert_eq!(run.code, 2, "{call:?}");
        transcript.push_str(&format!("# {}\n{}", call.join(" "), run.transcript()));
    }
    let run =
        kaslint_with_input(folder.path(), &["check", "-", "--add-ignore", "unknown-key", "--reason", "x"], b"x: 1\n");
    transcript.push_str(&format!("# -\n{}", run.transcript()));
    insta::assert_snapshot!(transcript);
    assert_eq!(text(folder.path(), CONFIG), "ci_acces: {}\n");
}
