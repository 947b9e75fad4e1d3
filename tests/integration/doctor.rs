//! `kaslint doctor` in jobs that are made up: variables, a kubeconfig, tools that tell their versions as kubectl and helm do.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::common::{Run, command, folder_with};

const CONFIG: &[u8] = b"ci_access:
  projects:
    - id: acme/web/shop
      environments: [production]
      protected_branches_only: true
    - id: acme/web/blog
      access_as: {ci_job: {}}
  groups:
    - id: acme
";

const INVENTORY: &[u8] = b"gitlab: {version: '18.9', tier: premium}
projects:
- path: acme/agents
  agents: [prod, dev]
- path: acme/web/shop
- path: acme/web/blog
- path: acme/api
";

/// A token that nothing may tell.
const SECRET: &str = "Zx81kq0PwR5t7LmN2bVc";

/// A kubeconfig as GitLab makes it for these agents.
fn kubeconfig(server: &str, contexts: &[&str]) -> String {
    let mut text =
        format!("apiVersion: v1\nkind: Config\nclusters:\n- name: gitlab\n  cluster: {{server: '{server}'}}\nusers:\n");
    for (number, _) in contexts.iter().enumerate() {
        text.push_str(&format!("- name: 'agent:{number}'\n  user: {{token: 'ci:{number}:glcbt-64_{SECRET}'}}\n"));
    }
    text.push_str("contexts:\n");
    for (number, context) in contexts.iter().enumerate() {
        text.push_str(&format!("- name: '{context}'\n  context: {{cluster: gitlab, user: 'agent:{number}'}}\n"));
    }
    text
}

const SERVER: &str = "https://kas.example.com/k8s-proxy";

struct Job {
    folder: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Job {
    /// A deployment of acme/web/shop to production on a protected ref, as it should be.
    fn new() -> Self {
        let folder = folder_with(&[
            ("inventory.yaml", INVENTORY),
            ("projects/acme/agents/.gitlab/agents/prod/config.yaml", CONFIG),
            ("projects/acme/agents/.gitlab/agents/dev/config.yaml", b"ci_access: {projects: [{id: acme/api}]}\n"),
            ("home/.kube/cache/x", b""),
        ]);
        let variables = [
            ("CI_JOB_ID", "1"),
            ("CI_PROJECT_ID", "12"),
            ("CI_PROJECT_PATH", "acme/web/shop"),
            ("CI_ENVIRONMENT_NAME", "production"),
            ("CI_COMMIT_REF_PROTECTED", "true"),
            ("CI_SERVER_VERSION", "18.9.2-ee"),
            ("GITLAB_FEATURES", "audit_events,cluster_agents_ci_impersonation"),
            ("KUBE_CONTEXT", "acme/agents:prod"),
        ];
        let mut job = Self { folder, variables: variables.map(|(name, value)| (name, value.to_owned())).into() };
        job.tool("kubectl", r#"echo '{"clientVersion": {"major": "1", "minor": "32", "gitVersion": "v1.32.4"}}'"#);
        job.tool("helm", "echo v3.17.0");
        job.kubeconfig(&kubeconfig(SERVER, &["acme/agents:prod"]));
        job
    }

    fn tool(&self, name: &str, script: &str) {
        let path = self.folder.path().join("bin").join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a tool");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    }

    fn kubeconfig(&mut self, text: &str) {
        let path = self.folder.path().join("kubeconfig");
        std::fs::write(&path, text).expect("a kubeconfig");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
        self.set("KUBECONFIG", path.to_str().expect("a path"));
    }

    fn set(&mut self, name: &'static str, value: &str) {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.to_owned()));
    }

    fn unset(&mut self, name: &str) {
        self.variables.retain(|(known, _)| *known != name);
    }

    fn doctor(&self, arguments: &[&str]) -> Run {
        let folder = self.folder.path();
        let mut command = command(folder, &["doctor"]);
        command.args(arguments).env_clear().env("COLUMNS", "80").env("HOME", folder.join("home"));
        command.env("PATH", format!("{}:/usr/bin:/bin", folder.join("bin").display()));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let output = command.output().expect("the binary runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("a text").replace(&shown(folder), "FOLDER");
        let run =
            Run { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) };
        assert!(!run.transcript().contains(SECRET), "{}", run.transcript());
        run
    }
}

fn shown(folder: &Path) -> String {
    folder.display().to_string()
}

/// A name, and what is otherwise.
type Case<'c> = (&'c str, &'c dyn Fn(&mut Job));

const WITH: &[&str] = &["--inventory", "inventory.yaml"];

#[test]
fn a_job_as_it_should_be_has_nothing_wrong() {
    insta::assert_snapshot!(Job::new().doctor(WITH).transcript());
}

/// The lines that are not fine, of a job in which one thing is otherwise.
fn otherwise(change: impl Fn(&mut Job)) -> String {
    let mut job = Job::new();
    change(&mut job);
    let run = job.doctor(WITH);
    let mut kept = format!("status {}\n", run.code);
    let mut is_fine = false;
    for line in run.stdout.lines() {
        if !line.starts_with(' ') {
            is_fine = line.starts_with("fine");
        }
        if !is_fine {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept + &run.stderr
}

#[test]
fn each_thing_that_is_wrong_has_a_line_with_what_to_do() {
    let cases: [Case<'_>; 20] = [
        ("no KUBECONFIG", &|job| job.unset("KUBECONFIG")),
        ("no context", &|job| job.kubeconfig(&kubeconfig(SERVER, &[]))),
        ("no kubeconfig", &|job| job.kubeconfig("users: secret\n")),
        ("a path that leads nowhere", &|job| job.set("KUBECONFIG", "/nowhere/kubeconfig")),
        ("a context that should not be there", &|job| {
            job.set("CI_ENVIRONMENT_NAME", "staging");
        }),
        ("no environment", &|job| {
            job.unset("CI_ENVIRONMENT_NAME");
            job.unset("KUBECONFIG");
        }),
        ("an unprotected ref", &|job| {
            job.set("CI_COMMIT_REF_PROTECTED", "false");
            job.unset("KUBECONFIG");
        }),
        ("another agent", &|job| job.kubeconfig(&kubeconfig(SERVER, &["acme/agents:prod", "acme/others:prod"]))),
        ("a context in other letters", &|job| job.set("KUBE_CONTEXT", "acme/agents:Prod")),
        ("no context chosen", &|job| job.unset("KUBE_CONTEXT")),
        ("one chosen that is not there", &|job| {
            job.kubeconfig(&(kubeconfig(SERVER, &["acme/agents:prod"]) + "current-context: gone\n"));
        }),
        ("no TLS", &|job| job.kubeconfig(&kubeconfig("http://kas.example.com/k8s-proxy", &["acme/agents:prod"]))),
        ("no licence", &|job| job.set("GITLAB_FEATURES", "audit_events")),
        ("another release", &|job| job.set("CI_SERVER_VERSION", "17.11.0")),
        ("a fork", &|job| {
            job.set("CI_MERGE_REQUEST_PROJECT_ID", "13");
            job.set("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "12");
        }),
        ("debug trace", &|job| job.set("CI_DEBUG_TRACE", "true")),
        ("a file that others read", &|job| {
            let path = job.folder.path().join("kubeconfig");
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).expect("a mode");
        }),
        ("kubectl 1.27.1", &|job| job.tool("kubectl", r#"echo '{"clientVersion": {"gitVersion": "v1.27.1"}}'"#)),
        ("a kubectl that says nothing", &|job| job.tool("kubectl", "exit 1")),
        ("no tools", &|job| {
            job.tool("kubectl", "sleep 60 &");
        }),
    ];
    let told: Vec<String> = cases.iter().map(|(name, change)| format!("{name}: {}\n", otherwise(change))).collect();
    insta::assert_snapshot!(told.concat());
}

#[test]
fn outside_a_job_it_says_so() {
    let mut job = Job::new();
    job.variables.retain(|(name, _)| *name == "KUBECONFIG");
    insta::assert_snapshot!("outside_with_kubeconfig", job.doctor(WITH).transcript());
    job.unset("KUBECONFIG");
    insta::assert_snapshot!("outside_with_nothing", job.doctor(WITH).transcript());
}

#[test]
fn without_a_configuration_nothing_is_predicted() {
    let job = Job::new();
    std::fs::remove_dir_all(job.folder.path().join("projects")).expect("gone");
    insta::assert_snapshot!(job.doctor(&["home"]).transcript());
}

/// Where nobody names release and licence, the job itself does: entries with `ci_job` are dropped for a project without the licence.
#[test]
fn release_and_licence_are_those_of_the_job() {
    let inventory = String::from_utf8(INVENTORY.to_vec())
        .expect("a text")
        .replace("gitlab: {version: '18.9', tier: premium}\n", "");
    let blog = |features: &str| {
        let mut job = Job::new();
        std::fs::write(job.folder.path().join("inventory.yaml"), &inventory).expect("a file");
        let config = job.folder.path().join("projects/acme/agents/.gitlab/agents/prod/config.yaml");
        std::fs::write(config, "ci_access:\n  projects:\n    - id: acme/web/blog\n      access_as: {ci_job: {}}\n")
            .expect("a file");
        job.set("CI_PROJECT_PATH", "acme/web/blog");
        job.set("GITLAB_FEATURES", features);
        job.doctor(WITH)
    };
    let with = blog("cluster_agents_ci_impersonation");
    assert!(with.code == 0 && with.stdout.contains("acme/agents:prod is there, as predicted"), "{}", with.transcript());
    let without = blog("");
    assert!(without.code == 1 && without.stdout.contains("by the configuration at hand"), "{}", without.transcript());
}

/// kubectl takes several files, and so does doctor; a file that GitLab refuses leaves open what is in force.
#[test]
fn several_files_and_a_file_that_is_refused() {
    let mut job = Job::new();
    let path = job.folder.path().join("kubeconfig").display().to_string();
    job.set("KUBECONFIG", &format!("/nowhere/config:{path}"));
    assert_eq!(job.doctor(WITH).code, 0);
    let config = job.folder.path().join("projects/acme/agents/.gitlab/agents/prod/config.yaml");
    std::fs::write(config, "ci_acess: {}\n").expect("a file");
    let run = job.doctor(WITH);
    assert!(
        run.code == 0 && run.stdout.contains("whether acme/agents:prod is for this job is not"),
        "{}",
        run.transcript()
    );
}
