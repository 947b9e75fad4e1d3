//! Files of the repository that jobs run, through the real binary.

use serde_json::Value as Json;

use crate::common::{folder_with, kaslint, root, write};

const AGENT: (&str, &[u8]) = (".gitlab/agents/prod/config.yaml", b"ci_access: {}\n");

/// What was not read, each as its name and the reason.
fn not_read(report: &Json) -> Vec<String> {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let items = report["not_read"].as_array().expect("a list");
    items.iter().map(|item| format!("{}: {}", text(&item["name"]), text(&item["reason"]))).collect()
}

#[test]
fn findings_stand_in_the_files_that_jobs_run() {
    let folder = root().join("fixtures/jobs/scripts");
    insta::assert_snapshot!(kaslint(&folder, &["check", "--inventory", "inventory.yaml"]).transcript());
    insta::assert_snapshot!(kaslint(&folder, &["access", "--inventory", "inventory.yaml", "--jobs"]).transcript());
}

#[test]
fn what_is_not_read_has_its_job_and_reason() {
    let folder = root().join("fixtures/jobs/scripts");
    let report = kaslint(&folder, &["check", "--inventory", "inventory.yaml", "--format", "json"]).json();
    for item in report["not_read"].as_array().expect("a list") {
        assert_eq!((item["job"].as_str(), item["project"].as_str()), (Some("unread"), Some("acme/shop")), "{item}");
    }
    let of_access = kaslint(&folder, &["access", "--inventory", "inventory.yaml", "--jobs", "--format", "json"]).stdout;
    let shop = of_access.lines().find(|line| line.contains("acme/shop")).expect("a line");
    let of_access = not_read(&serde_json::from_str(shop).expect("JSON"));
    assert_eq!(of_access, not_read(&report));
    assert_eq!(
        of_access,
        [
            "./scripts/nowhere.sh: not here",
            "./scripts/self.sh: run by what it runs",
            "scripts/deploy.py: written in a language that is not read",
            "./$SCRIPT.sh: its name hangs on a variable",
            "made.sh: written by a job",
            "../outside.sh: outside of the repository",
        ]
    );
    let other =
        kaslint(&folder, &["access", "--inventory", "inventory.yaml", "--job", "made", "--format", "json"]).json();
    assert_eq!(other["not_read"], serde_json::json!([]));
}

#[test]
fn nothing_is_changed_in_files_that_jobs_run() {
    let script = "#!/bin/sh\nkubectl --context acme/shop:prodd get pods\n";
    let ci = "job: {script: [./x.sh]}\nother: {script: ['kubectl --context acme/shop:prodd get pods']}\n";
    let folder = folder_with(&[AGENT, (".gitlab-ci.yml", ci.as_bytes()), ("x.sh", script.as_bytes())]);
    let run = kaslint(folder.path(), &["check", "--project", "acme/shop", "--fix", "--unsafe", "--format", "concise"]);
    let told = "x.sh:2:19: warning[unknown-context] `prodd` has no folder in `acme/shop`";
    assert!(run.stdout.starts_with(told), "{}", run.stdout);
    assert!(run.stdout.contains("(job `job`)"), "{}", run.stdout);
    let text = |path: &str| std::fs::read_to_string(folder.path().join(path)).expect("a file");
    assert_eq!(text("x.sh"), script);
    assert!(text(".gitlab-ci.yml").ends_with("acme/shop:prod get pods']}\n"), "{}", text(".gitlab-ci.yml"));
    let run = kaslint(
        folder.path(),
        &["check", "--project", "acme/shop", "--add-ignore", "unknown-context", "--reason", "later"],
    );
    assert!(run.stdout.contains("x.sh:2:19: the file is one that jobs run"), "{}", run.transcript());
    assert_eq!(text("x.sh"), script);
}

#[test]
fn comments_and_settings_hold_in_files_that_jobs_run() {
    let script = "#!/bin/sh\nkubectl get pods # kaslint: ignore[no-context-selected] the runner is in the cluster\n";
    let ci = b"job: {script: [./x.sh]}\n";
    let folder = folder_with(&[AGENT, (".gitlab-ci.yml", ci), ("x.sh", script.as_bytes())]);
    let check = |more: &[&str]| {
        let arguments = [&["check", "--project", "acme/shop", "--format", "concise"], more].concat();
        kaslint(folder.path(), &arguments).stdout
    };
    assert!(
        check(&[]).starts_with("No findings in 2 configurations.\nLeft out: 1 finding by comments.\n"),
        "{}",
        check(&[])
    );
    assert!(
        check(&["--isolated", "--project", "acme/shop"][..1]).starts_with("x.sh:2:1: warning[no-context-selected]")
    );
    write(folder.path(), "x.sh", b"kubectl get pods\n");
    write(folder.path(), ".kaslint.yaml", b"exclude: ['*.sh']\n");
    assert!(check(&[]).starts_with("No findings"), "{}", check(&[]));
}

#[test]
fn reports_for_programs_name_the_file() {
    let ci = b"job: {script: [./x.sh]}\n";
    let folder = folder_with(&[AGENT, (".gitlab-ci.yml", ci), ("x.sh", b"kubectl get pods\n")]);
    for format in ["sarif", "gitlab", "github", "junit", "markdown", "json"] {
        let run = kaslint(folder.path(), &["check", "--project", "acme/shop", "--format", format]);
        assert!(run.stdout.contains("x.sh"), "{format}: {}", run.stdout);
    }
}

#[cfg(unix)]
#[test]
fn nothing_outside_is_read() {
    let ci = "job:\n  script:\n    - ./link.sh\n    - folder/deploy.sh\n    - . ./link.sh\n    - bash ../outside/deploy.sh\n    \
              - make -f /SECRET/Makefile deploy\n    - make -C folder deploy\n    - helmfile -f link.yaml apply\n    - ./pipe\n    - ./directory\n";
    let folder = tempfile::tempdir().expect("a folder");
    let outside = folder.path().join("outside");
    write(&outside, "deploy.sh", b"kubectl --context secret/secret:secret get pods\n");
    write(&outside, "Makefile", b"deploy:\n\tkubectl --context secret/secret:secret get pods\n");
    let here = folder.path().join("here");
    let ci = ci.replace("/SECRET", outside.to_str().expect("a path"));
    write(&here, ".gitlab-ci.yml", ci.as_bytes());
    write(&here, AGENT.0, AGENT.1);
    write(&here, "directory/x", b"");
    write(&here, ".git/HEAD", b"ref: refs/heads/main\n");
    std::os::unix::fs::symlink(outside.join("deploy.sh"), here.join("link.sh")).expect("a link");
    std::os::unix::fs::symlink(outside.join("deploy.sh"), here.join("link.yaml")).expect("a link");
    std::os::unix::fs::symlink(&outside, here.join("folder")).expect("a link");
    assert!(std::process::Command::new("mkfifo").arg(here.join("pipe")).status().expect("mkfifo").success());
    let run = kaslint(&here, &["check", "--project", "acme/shop", "--format", "json"]);
    assert!(!run.stdout.contains("secret"), "{}", run.stdout);
    let reasons: Vec<String> = not_read(&run.json());
    let reasons: Vec<&str> = reasons.iter().filter_map(|told| told.rsplit(": ").next()).collect();
    assert_eq!(
        reasons,
        [
            "a symbolic link",
            "behind a symbolic link",
            "outside of the repository",
            "outside of the repository",
            "behind a symbolic link",
            "a symbolic link",
            "a named pipe",
            "a directory",
        ]
    );
}

#[test]
fn large_and_endless_files_are_bounded() {
    let mut files: Vec<(String, String)> = vec![
        ("self.sh".into(), ". ./self.sh\n./self.sh\n".into()),
        ("big.sh".into(), "x".repeat(300_000)),
        ("binary".into(), "\u{7f}ELF\0".into()),
        ("Makefile".into(), "include Makefile\ninclude a.mk\nall: all\n\t$(MAKE) all\n".into()),
        ("a.mk".into(), "include Makefile b.mk\n".into()),
    ];
    // Each runs the next one twice.
    files.extend((0..30).map(|at| (format!("s/{at}.sh"), format!("s/{0}.sh\ns/{0}.sh\n", at + 1))));
    let jobs: String = (0..100).map(|at| format!("job-{at}: {{script: [s/0.sh {at}, make, ./self.sh]}}\n")).collect();
    files.push((".gitlab-ci.yml".into(), format!("{jobs}last: {{script: [./big.sh, ./binary]}}\n")));
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (&**path, text.as_bytes())).collect();
    let folder = folder_with(&files);
    let run = kaslint(folder.path(), &["check", "--format", "json"]);
    assert_eq!((run.code, &*run.stderr), (0, ""), "{}", run.stdout);
    let told = not_read(&run.json());
    for expected in ["./big.sh: too large", "./binary: no text", "./self.sh: run by what it runs", "b.mk: not here"] {
        assert!(told.iter().any(|told| told == expected), "{expected}: {told:?}");
    }
    assert!(told.len() <= 1_000 && run.stdout.len() < 1_000_000, "{} {}", told.len(), run.stdout.len());
}
