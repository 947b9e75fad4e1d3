//! `kaslint diff` in repositories of git, friendly and hostile ones: each with a sentence, and none with a wrong verdict.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::common::{Run, command};

const CONFIG: &str = ".gitlab/agents/prod/config.yaml";

pub const SETTINGS: &str =
    "project: acme/agents\ngitlab: {version: \"18.4\", tier: premium, instance_authorization: false}\n";

/// A repository whose first commit lets acme/a in.
pub struct Repository(tempfile::TempDir);

impl Repository {
    pub fn new() -> Self {
        let repository = Self::empty(&[]);
        repository.write(".kaslint.yaml", SETTINGS);
        repository.lets_in(&["acme/a"]);
        repository.commit();
        repository
    }

    fn empty(options: &[&str]) -> Self {
        let repository = Self(tempfile::tempdir().expect("a folder"));
        repository.git(&[&["init", "--quiet", "--initial-branch=main"], options].concat());
        repository
    }

    /// A clone of it, as these options make it.
    fn clone(&self, options: &[&str]) -> Self {
        let other = Self(tempfile::tempdir().expect("a folder"));
        let from = format!("file://{}", self.path().display());
        other.git(&[&["clone", "--quiet"], options, &[&from, "."]].concat());
        other
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        let settings = [
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.com",
            "-c",
            "commit.gpgsign=false",
            "-c",
            "protocol.file.allow=always",
        ];
        let output = Command::new("git")
            .args(settings)
            .args(arguments)
            .current_dir(self.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .expect("git");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    pub fn lets_in(&self, projects: &[&str]) {
        let ids: Vec<String> = projects.iter().map(|project| format!("{{id: {project}}}")).collect();
        self.write(CONFIG, &format!("ci_access: {{projects: [{}]}}\n", ids.join(", ")));
    }

    pub fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message=x"]);
    }

    pub fn diff(&self, arguments: &[&str]) -> Run {
        let mut command = command(self.path(), &[&["diff"], arguments].concat());
        command.env("COLUMNS", "100");
        let output = command.output().expect("the binary runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("a text");
        Run { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The verdict and the sentences, in their order.
    fn told(&self, arguments: &[&str]) -> (String, Vec<String>) {
        let run = self.diff(&[&["--format", "json"], arguments].concat());
        let report = run.json();
        let changes = report["changes"].as_array().expect("changes").iter();
        let told = changes.map(|change| change["message"].as_str().expect("a message").to_owned());
        (report["verdict"].as_str().expect("a verdict").to_owned(), told.collect())
    }

    /// That it ends with status 2, and says this.
    fn refuses(&self, arguments: &[&str], why: &str) {
        let run = self.diff(arguments);
        assert!(run.code == 2 && run.stdout.is_empty(), "{arguments:?} {}", run.transcript());
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.transcript());
        assert!(run.stderr.contains(why), "{arguments:?} {}", run.transcript());
    }
}

const B_GETS_IN: &str = "All jobs of `acme/b`, on any ref, now get agent `acme/agents:prod` as the agent itself.";

#[test]
fn revisions_the_index_and_the_working_tree_are_states() {
    let repository = Repository::new();
    repository.lets_in(&["acme/a", "acme/b"]);
    assert_eq!(repository.told(&["HEAD"]), ("new-access".to_owned(), vec![B_GETS_IN.to_owned()]));
    assert_eq!(repository.told(&["HEAD", "--staged"]).0, "no-new-access", "it is not in the index yet");
    repository.git(&["add", CONFIG]);
    repository.lets_in(&["acme/a"]);
    assert_eq!(repository.told(&["HEAD", "--staged"]).1, [B_GETS_IN]);
    assert_eq!(repository.told(&["HEAD"]).0, "no-new-access");
    repository.git(&["commit", "--quiet", "--message=x"]);
    assert_eq!(repository.told(&["HEAD~1", "HEAD"]).1, [B_GETS_IN]);
    assert_eq!(repository.told(&["main~1", "main"]).1, [B_GETS_IN]);
    // The tree before the first commit.
    let empty = repository.git(&["hash-object", "-t", "tree", "/dev/null"]);
    let (verdict, told) = repository.told(&[&empty, "HEAD", "--project", "acme/agents"]);
    let all = "All jobs of `acme/a`, `acme/agents` and `acme/b`, on any ref, now get agent";
    assert!(verdict == "new-access" && told.len() == 1 && told[0].starts_with(all), "{told:?}");
    // From a folder below, paths lead to where files lie.
    std::fs::create_dir_all(repository.path().join("below/here")).expect("a folder");
    let run = command(&repository.path().join("below/here"), &["diff", "HEAD~1"]).output().expect("the binary runs");
    assert!(String::from_utf8_lossy(&run.stdout).contains("No new access"), "{run:?}");
}

#[test]
fn a_revision_that_is_none_or_two_is_said() {
    let repository = Repository::new();
    repository.refuses(&["--", "-x"], "there is no revision -x");
    repository.refuses(&["--", "--output=x"], "there is no revision --output=x");
    repository.refuses(&["nowhere"], "there is no revision nowhere");
    repository.refuses(&["HEAD..HEAD"], "there is no revision HEAD..HEAD");
    repository.refuses(&["HEAD", "HEAD", "--staged"], "--staged takes the index for HEAD");
    repository.refuses(&["HEAD", "./x"], "name two of a kind");
    repository.refuses(&["./.gitlab", "HEAD"], "BASE is a folder and HEAD is not");
    repository.refuses(&["./nowhere", "./nowhere"], "there is no folder ./nowhere");
    repository.write("main/x", "");
    repository.refuses(&["main"], "main is a revision and a folder; write refs/heads/main");
    repository.write("other/x", "");
    repository.refuses(&["other"], "there is no revision other; write ./other for the folder");
    repository.git(&["branch", "both"]);
    repository.commit();
    repository.git(&["tag", "both"]);
    repository.refuses(&["both"], "both is a branch and a tag; write refs/heads/both or refs/tags/both");
    assert_eq!(repository.told(&["refs/heads/both", "refs/tags/both"]).0, "no-new-access");
    Repository::empty(&[]).refuses(&["HEAD"], "HEAD is no commit yet");
    let bare = tempfile::tempdir().expect("a folder");
    let run =
        command(bare.path(), &["diff", "HEAD"]).env("GIT_CEILING_DIRECTORIES", "/").output().expect("the binary runs");
    assert_eq!(run.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&run.stderr).contains("within a repository of git, and there is none here"),
        "{run:?}"
    );
}

#[test]
fn what_a_clone_does_not_have_is_not_fetched_and_said() {
    let repository = Repository::new();
    repository.lets_in(&["acme/a", "acme/b"]);
    repository.commit();
    let shallow = repository.clone(&["--depth=1"]);
    shallow.refuses(&["HEAD~1"], "the clone is shallow: `git fetch --unshallow`");
    shallow.refuses(
        &["0123456789012345678901234567890123456789"],
        "the clone is shallow: `git fetch --depth=1 origin 0123",
    );
    shallow.refuses(&["HEAD", "--merge-base"], "another merge base may be cut off");
    assert_eq!(shallow.told(&["HEAD"]).0, "no-new-access");
    repository.git(&["config", "uploadpack.allowFilter", "true"]);
    let partial = repository.clone(&["--filter=blob:none", "--no-checkout"]);
    // A repository may say what it likes of how it is fetched from.
    partial.git(&["config", "protocol.file.allow", "always"]);
    partial.refuses(&["HEAD~1", "HEAD"], "the clone is partial or damaged, and nothing is fetched here");
    let mut without = command(repository.path(), &["diff", "HEAD"]);
    let run = without.env("PATH", "/nowhere").output().expect("the binary runs");
    assert_eq!(run.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&run.stderr).contains("two folders (./BASE ./HEAD) need none"), "{run:?}");
}

#[test]
fn a_merge_base_is_the_only_one_or_none() {
    let repository = Repository::new();
    repository.git(&["checkout", "--quiet", "-b", "change"]);
    repository.lets_in(&["acme/a", "acme/b"]);
    repository.commit();
    repository.git(&["checkout", "--quiet", "main"]);
    repository.lets_in(&[]);
    repository.commit();
    // What main took away since is none of the change.
    assert_eq!(repository.told(&["main", "change", "--merge-base"]).1, [B_GETS_IN]);
    assert_eq!(repository.told(&["main", "change"]).1.len(), 1);
    repository.git(&["checkout", "--quiet", "--orphan", "other"]);
    repository.commit();
    repository.refuses(&["main", "other", "--merge-base"], "no commit in common");
    // Two branches that each merged the other.
    repository.git(&["checkout", "--quiet", "-b", "one", "main"]);
    repository.git(&["checkout", "--quiet", "-b", "two", "main"]);
    for (branch, file) in [("one", "1"), ("two", "2")] {
        repository.git(&["checkout", "--quiet", branch]);
        repository.write(file, "");
        repository.commit();
        repository.git(&["tag", &format!("before-{branch}")]);
    }
    for (branch, other) in [("one", "before-two"), ("two", "before-one")] {
        repository.git(&["checkout", "--quiet", branch]);
        repository.git(&["merge", "--quiet", "--no-edit", other]);
    }
    repository.refuses(&["one", "two", "--merge-base"], "several merge bases");
}

#[test]
fn a_file_that_is_refused_leaves_the_older_one_in_force() {
    let repository = Repository::new();
    repository.write(CONFIG, "ci_access: {nobody: []}\n");
    repository.commit();
    repository.lets_in(&["acme/a", "acme/b"]);
    repository.commit();
    insta::assert_snapshot!("base_refused", repository.diff(&["HEAD~1", "HEAD"]).transcript());
    insta::assert_snapshot!("head_refused", repository.diff(&["HEAD~2", "HEAD~1"]).transcript());
    insta::assert_snapshot!("both_refused", repository.diff(&["HEAD~1", "HEAD~1"]).transcript());
    let report = repository.diff(&["HEAD~1", "HEAD", "--format", "json"]).json();
    assert_eq!(report["refused"][0]["in_force"]["revision"], repository.git(&["rev-parse", "HEAD~2"]));
    // What the history does not tell is not known.
    let run = repository.diff(&["HEAD~1", "HEAD", "--history", "0"]);
    assert!(run.code == 1 && run.stdout.contains("which is not known here"), "{}", run.transcript());
    assert_eq!(repository.diff(&["HEAD~1", "HEAD", "--history", "0", "--allow-unproved"]).code, 0);
    // A file that is gone takes along what it granted.
    std::fs::remove_file(repository.path().join(CONFIG)).expect("gone");
    repository.commit();
    let (verdict, told) = repository.told(&["HEAD~1", "HEAD"]);
    assert!(verdict == "no-new-access" && told.iter().all(|told| told.contains("lose agent")), "{told:?}");
}

/// What is in force in the place of a refused file is judged by what HEAD adds to the inventory as well.
#[test]
fn what_is_in_force_names_what_head_adds() {
    let repository = Repository::new();
    let inventory = |more: &str| {
        format!(
            "groups: [{{path: acme}}{more}]\nprojects:\n- {{path: acme/agents, repository: ., agents: [prod]}}\n- {{path: acme/a}}\n"
        )
    };
    repository.write(".kaslint.yaml", &format!("{SETTINGS}inventory: inventory.yaml\n"));
    repository.write("inventory.yaml", &inventory(""));
    repository.write(CONFIG, "user_access: {access_as: {agent: {}}, groups: [{id: acme/new}]}\n");
    repository.commit();
    repository.write(CONFIG, "ci_acces: {}\n");
    repository.commit();
    repository.lets_in(&["acme/a"]);
    repository.write("inventory.yaml", &inventory(", {path: acme/new}"));
    let (verdict, told) = repository.told(&["HEAD"]);
    assert_eq!(verdict, "new-access");
    let lost = "Members of the groups `acme` and `acme/new` (Developer or more) lose agent `acme/agents:prod`.";
    assert!(told.iter().any(|told| told == lost), "{told:?}");
}

#[test]
fn links_submodules_and_other_hashes_are_taken_as_they_are() {
    let repository = Repository::new();
    let config = repository.path().join(CONFIG);
    std::fs::remove_file(&config).expect("gone");
    std::os::unix::fs::symlink("../../../.kaslint.yaml", &config).expect("a link");
    repository.commit();
    let report = repository.diff(&["HEAD~1", "HEAD", "--format", "json"]).json();
    assert_eq!((&report["refused"][0]["stage"], &report["verdict"]), (&"read".into(), &"no-new-access".into()));
    let head = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["rm", "--quiet", "--cached", CONFIG]);
    repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{head},{CONFIG}")]);
    repository.git(&["commit", "--quiet", "--message=x"]);
    let report = repository.diff(&["HEAD~2", "HEAD", "--format", "json"]).json();
    assert_eq!((&report["refused"][0]["stage"], &report["verdict"]), (&"read".into(), &"no-new-access".into()));
    let longer = Repository::empty(&["--object-format=sha256"]);
    longer.write(".kaslint.yaml", SETTINGS);
    longer.lets_in(&["acme/a"]);
    longer.commit();
    longer.lets_in(&["acme/a", "acme/b"]);
    assert_eq!(longer.told(&["HEAD"]).1, [B_GETS_IN]);
    // What a sparse checkout leaves out is not deleted.
    let sparse = Repository::new();
    sparse.write("other/x", "");
    sparse.commit();
    sparse.git(&["sparse-checkout", "set", "--no-cone", "/other/"]);
    assert!(!sparse.path().join(CONFIG).exists());
    assert_eq!(sparse.told(&["HEAD"]), ("no-new-access".to_owned(), Vec::new()));
    // Of a conflict there is no next commit.
    let conflict = Repository::new();
    conflict.git(&["checkout", "--quiet", "-b", "other"]);
    conflict.lets_in(&["acme/b"]);
    conflict.commit();
    conflict.git(&["checkout", "--quiet", "main"]);
    conflict.lets_in(&["acme/c"]);
    conflict.commit();
    let _ = Command::new("git").args(["merge", "other"]).current_dir(conflict.path()).output();
    conflict.refuses(&["HEAD", "--staged"], "the index has conflicts");
}

#[test]
fn nothing_that_a_repository_names_is_run() {
    let repository = Repository::new();
    let mark = repository.path().join("ran");
    let program = repository.path().join("program");
    std::fs::write(&program, format!("#!/bin/sh\ntouch {}\ncat\n", mark.display())).expect("a program");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let shown = program.display().to_string();
    repository.write(".gitattributes", "* filter=x diff=x\n");
    repository.lets_in(&["acme/a", "acme/b"]);
    repository.commit();
    for key in [
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "core.alternateRefsCommand",
        "diff.external",
        "diff.x.textconv",
        "diff.x.command",
        "filter.x.smudge",
        "filter.x.clean",
        "filter.x.process",
        "uploadpack.packObjectsHook",
        "credential.helper",
        "gpg.program",
    ] {
        repository.git(&["config", key, &shown]);
    }
    for hook in ["post-checkout", "pre-commit", "post-index-change", "reference-transaction"] {
        std::fs::copy(&program, repository.path().join(".git/hooks").join(hook)).expect("a hook");
    }
    let _ = std::fs::remove_file(&mark);
    for arguments in
        [&["HEAD~1"][..], &["HEAD~1", "HEAD"], &["HEAD~1", "--staged"], &["HEAD~1", "HEAD", "--merge-base"]]
    {
        let run = repository.diff(arguments);
        assert!(run.code != 2, "{}", run.transcript());
        assert!(!mark.exists(), "{arguments:?} ran it");
    }
}

/// A merge request does not bring the evidence along that it is judged by.
#[test]
fn head_is_judged_by_the_settings_and_the_inventory_of_base() {
    let repository = Repository::new();
    let inventory = |more: &str| {
        format!(
            "groups: [{{path: acme}}]\nprojects:\n- {{path: acme/agents, repository: ., agents: [prod]}}\n- {{path: acme/a}}\n{more}"
        )
    };
    repository.write(".kaslint.yaml", &format!("{SETTINGS}inventory: inventory.yaml\n"));
    repository.write("inventory.yaml", &inventory(""));
    repository.commit();
    let named = |what: &str, arguments: &[&str]| -> (String, Vec<String>, Vec<String>) {
        let report = repository.diff(&[&["--format", "json"], arguments].concat()).json();
        let texts = |key: &str, of: &str| -> Vec<String> {
            report[key]
                .as_array()
                .expect("a list")
                .iter()
                .map(|one| one[of].as_str().expect("a text").to_owned())
                .collect()
        };
        assert!(!what.is_empty());
        (
            report["verdict"].as_str().expect("a verdict").to_owned(),
            texts("changes", "message"),
            texts("evidence_changed", "what"),
        )
    };
    // A project that the file and the inventory name anew is let in.
    repository.lets_in(&["acme/a", "acme/b"]);
    repository.write("inventory.yaml", &inventory("- {path: acme/b}\n"));
    assert_eq!(named("added", &["HEAD"]), ("new-access".into(), vec![B_GETS_IN.into()], vec!["inventory".into()]));
    // One that the inventory does not name any more is let in all the same.
    repository.commit();
    repository.lets_in(&["acme/a"]);
    repository.commit();
    repository.lets_in(&["acme/a", "acme/b"]);
    repository.write("inventory.yaml", &inventory(""));
    assert_eq!(named("taken", &["HEAD"]), ("new-access".into(), vec![B_GETS_IN.into()], vec!["inventory".into()]));
    // Nor do other settings hide it, or other inventories.
    repository.write(
        ".kaslint.yaml",
        "project: acme/agents\ngitlab: {version: \"13.7\", tier: free}\ninventory: other.yaml\n",
    );
    repository.write("other.yaml", "projects: []\n");
    assert_eq!(
        named("settings", &["HEAD"]),
        ("new-access".into(), vec![B_GETS_IN.into()], vec!["settings".into(), "inventory".into()])
    );
    std::fs::remove_file(repository.path().join(".kaslint.yaml")).expect("gone");
    assert_eq!(named("gone", &["HEAD"]).1, [B_GETS_IN]);
    // What the caller names goes before both.
    repository.write(
        "mine/inventory.yaml",
        "projects:\n- {path: acme/agents, repository: .., agents: [prod]}\n- {path: acme/a}\n",
    );
    let run = repository.diff(&["HEAD", "--inventory", "mine/inventory.yaml"]);
    assert!(run.stdout.contains("No new access"), "{}", run.transcript());
}

#[test]
fn a_policy_that_head_weakens_is_a_finding() {
    let repository = Repository::new();
    let policy = |more: &str| format!("{SETTINGS}policy:\n- {{name: closed, require: {{{more}}}}}\n");
    repository.write(".kaslint.yaml", &policy("protected_branches_only: true, identity: [ci_job]"));
    repository.commit();
    let findings = |text: &str| {
        repository.write(".kaslint.yaml", text);
        let run = repository.diff(&["HEAD", "--format", "json"]);
        let report = run.json();
        let findings = report["findings"].as_array().expect("findings").clone();
        let told = findings.iter().filter(|finding| finding["rule"] == "policy-weakened");
        let told: Vec<String> = told.map(|finding| finding["policy"].as_str().expect("a name").to_owned()).collect();
        assert!(told.is_empty() || run.code == 1, "{}", run.transcript());
        assert_eq!(report["verdict"], "no-new-access");
        told
    };
    let stronger = policy("protected_branches_only: true, identity: [ci_job], environments: [production]");
    assert!(findings(&stronger).is_empty());
    assert_eq!(findings(&policy("protected_branches_only: true")), ["closed"]);
    assert_eq!(findings(&policy("protected_branches_only: true, identity: [ci_job, agent]")), ["closed"]);
    assert_eq!(findings(SETTINGS), ["closed"], "it is gone");
    assert_eq!(
        findings("policy: [{name: closed, requires: {}}]\n"),
        ["closed"],
        "what nobody can use holds to nothing"
    );
    let base = policy("protected_branches_only: true, identity: [ci_job]");
    assert_eq!(findings(&format!("{base}rules: {{policy-violation: note}}\n")), ["closed"]);
    assert_eq!(findings(&format!("{base}ignore: [{{rule: policy-violation, reason: x}}]\n")), ["closed"]);
    assert!(findings(&format!("{base}# as before\n")).is_empty());
    // What BASE breaks already is no finding of the change, and what the change breaks is.
    repository.lets_in(&["acme/a", "acme/b"]);
    let report = repository.diff(&["HEAD", "--format", "json"]).json();
    let told = report["findings"].as_array().expect("findings").iter();
    let told: Vec<String> = told.map(|finding| format!("{} {}", finding["rule"], finding["message"])).collect();
    assert!(told.len() == 1 && told[0].contains("policy-violation") && told[0].contains("acme/b"), "{told:?}");
}

/// A pattern is another one under the other matcher, also where only one side of a pair has it.
#[test]
fn pairs_of_matchers_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |side: &str, entry: &str| {
        let path = folder.path().join(side).join(CONFIG);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, format!("ci_access: {{groups: [{{id: acme/web, {entry}}}]}}\n")).expect("a file");
    };
    write("base", "environments: ['prod*$']");
    write("head", "protected_branches_only: true");
    let arguments =
        ["--base-gitlab-version", "19.0", "--gitlab-version", "19.5", "--tier", "free", "--project", "acme/agents"];
    let run = crate::common::kaslint(
        folder.path(),
        &[&["diff", "--format", "json", "./base", "./head"], &arguments[..]].concat(),
    );
    let report = run.json();
    let lost = report["changes"].as_array().expect("changes").iter().filter(|change| change["kind"] == "lost");
    let told: Vec<String> = lost
        .map(|change| format!("{} {}", change["conditions"][0]["holds"], change["environments"]["names"]))
        .collect();
    // Up to 19.4 it may be an expression that is found anywhere; from 19.5 on it is the end of a whole name.
    assert_eq!(
        told,
        [
            r#"[{"base":"old","head":"new"}] [{"in":[["prod*$"]],"not_in":[],"in_matchers":["old"],"not_in_matchers":[]}]"#,
            r#"[{"base":"new","head":"new"}] [{"in":[["prod*$"]],"not_in":[]}]"#,
        ]
    );
}

/// Folders of inventories are compared by the inventory that is named, and what lies around them is no part of either.
#[test]
fn an_inventory_that_is_named_takes_the_place_of_the_folders_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    // A configuration project of another release around them.
    write(CONFIG, "ci_access: {}\n");
    write(".kaslint.yaml", "project: other/agents\ngitlab: {version: \"16.0\", tier: free}\n");
    let projects = "groups: [{path: acme}]\nprojects:\n- {path: acme/agents, agents: [prod]}\n- {path: acme/a}\n";
    for (side, ids) in [("base", "{id: acme/a}"), ("head", "{id: acme/a}, {id: acme/b}")] {
        write(&format!("{side}/inventory.yaml"), &format!("gitlab: {{version: \"18.4\", tier: premium}}\n{projects}"));
        write(&format!("{side}/projects/acme/agents/{CONFIG}"), &format!("ci_access: {{projects: [{ids}]}}\n"));
    }
    let named = format!("gitlab: {{version: \"18.4\", tier: premium}}\n{projects}- {{path: acme/b}}\n");
    write("mine.yaml", &named);
    let told = |arguments: &[&str]| -> Vec<String> {
        let run = crate::common::kaslint(
            folder.path(),
            &[&["diff", "--format", "json", "./base", "./head"], arguments].concat(),
        );
        let report = run.json();
        let changes = report["changes"].as_array().expect("changes").iter();
        changes.map(|change| change["message"].as_str().expect("a message").to_owned()).collect()
    };
    assert!(told(&[]).is_empty(), "their own inventories know no acme/b");
    assert_eq!(told(&["--inventory", "mine.yaml"]), [B_GETS_IN]);
}

/// There is no project or group of such a path and will be none, with an inventory or without.
#[test]
fn an_id_that_can_be_no_path_lets_in_nobody() {
    let repository = Repository::new();
    repository.write(
        CONFIG,
        "ci_access: {projects: [{id: acme/a}, {id: /acme/b}, {id: acme/b.git}, {id: b}], groups: [{id: acme//c}]}\n",
    );
    assert_eq!(repository.told(&["HEAD"]), ("no-new-access".to_owned(), Vec::new()));
}
