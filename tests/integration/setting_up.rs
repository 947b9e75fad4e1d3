//! `kaslint init`: what it shows, what it writes, and what it leaves alone.

use std::path::Path;
use std::process::Command;

use crate::common::{CONFIG, folder_with, kaslint, kaslint_in, write};

const FILES: [&str; 3] = [".kaslint.yaml", ".pre-commit-config.yaml", ".gitlab-ci.yml"];

fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().expect("git");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn repository(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = folder_with(files);
    git(folder.path(), &["init", "--quiet"]);
    git(folder.path(), &["remote", "add", "origin", "git@gitlab.example.com:acme/platform/agents.git"]);
    folder
}

fn written(folder: &Path) -> Vec<Option<String>> {
    FILES.iter().map(|file| std::fs::read_to_string(folder.join(file)).ok()).collect()
}

#[test]
fn nothing_is_written_where_nobody_can_be_asked() {
    let folder = repository(&[(CONFIG, b"ci_access: {}\n")]);
    let run = kaslint(folder.path(), &["init"]);
    assert_eq!((run.code, written(folder.path())), (2, vec![None; 3]));
    insta::assert_snapshot!(run.transcript());
}

#[test]
fn what_is_written_passes_the_check_and_is_complete() {
    let folder = repository(&[(CONFIG, b"ci_access: {}\n"), ("inventory.yaml", b"projects: []\n")]);
    let below = folder.path().join(".gitlab/agents");
    let run = kaslint(&below, &["init", "--yes"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let texts = written(folder.path());
    for (name, text) in FILES.iter().zip(&texts) {
        let text = text.as_deref().expect(name);
        assert!(run.stdout.contains(text), "{name} is shown as it is written: {}", run.stdout);
    }
    let check = kaslint(folder.path(), &["check", "--format", "json"]);
    assert_eq!((check.code, &*check.stderr), (0, ""));
    assert_eq!(check.json()["findings"].as_array().map(Vec::len), Some(0), "{}", check.stdout);
    let again = kaslint(folder.path(), &["init"]);
    assert_eq!((again.code, written(folder.path())), (0, texts));
    insta::assert_snapshot!(again.transcript());
}

#[test]
fn without_remote_and_agents_the_files_are_good_as_well() {
    let folder = folder_with(&[(CONFIG, b"ci_access: {}\n")]);
    let run = kaslint(folder.path(), &["init", "--yes"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    insta::assert_snapshot!(std::fs::read_to_string(folder.path().join(".kaslint.yaml")).expect("settings"));
    assert_eq!(kaslint(folder.path(), &["check"]).code, 0);
    let folder = folder_with(&[]);
    let run = kaslint_in(folder.path(), &["init", "--yes"], &[("CI_PROJECT_PATH", "acme/1: 2")]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let settings = std::fs::read_to_string(folder.path().join(".kaslint.yaml")).expect("settings");
    assert!(settings.contains("project: 'acme/1: 2'\n"), "{settings}");
}

#[test]
fn of_files_that_are_there_the_lines_to_add_are_shown() {
    let texts: [(&str, &[u8]); 3] = [
        (".kaslint.yaml", b"gitlab: {tier: premium}\n"),
        (
            ".pre-commit-config.yaml",
            b"repos:\n  - repo: local\n    hooks: [{id: x, name: x, entry: x, language: system}]\n",
        ),
        (".gitlab-ci.yml", b"stages: [lint, deploy]\nbuild: {stage: lint, script: [make]}\n"),
    ];
    let folder = repository(&texts);
    let before = written(folder.path());
    let run = kaslint(folder.path(), &["init", "--yes"]);
    assert_eq!((run.code, written(folder.path())), (0, before));
    insta::assert_snapshot!(run.transcript());
    write(folder.path(), ".gitlab-ci.yml", b"a: [");
    assert_eq!(kaslint(folder.path(), &["init", "--yes"]).code, 0);
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_links_or_out_of_the_repository() {
    let folder = repository(&[("outside/.keep", b"")]);
    let repository = folder.path().join("repository");
    std::fs::create_dir(&repository).expect("a folder");
    git(&repository, &["init", "--quiet"]);
    for (file, target) in [(".kaslint.yaml", "../outside/settings"), (".gitlab-ci.yml", "../outside/.keep")] {
        std::os::unix::fs::symlink(target, repository.join(file)).expect("a link");
    }
    let run = kaslint(&repository, &["init", "--yes"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    insta::assert_snapshot!(run.transcript());
    assert!(repository.join(".pre-commit-config.yaml").is_file());
    assert!(!folder.path().join("outside/settings").exists());
    assert_eq!(std::fs::read(folder.path().join("outside/.keep")).expect("a file"), b"");
}
