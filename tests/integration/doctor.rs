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
    for (number, _) in (1..).zip(contexts) {
        text.push_str(&format!("- name: 'agent:{number}'\n  user: {{token: 'ci:{number}:glcbt-64_{SECRET}'}}\n"));
    }
    text.push_str("contexts:\n");
    for (number, context) in (1..).zip(contexts) {
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
    otherwise_of(&job, &[])
}

fn otherwise_of(job: &Job, arguments: &[&str]) -> String {
    let run = job.doctor(&[WITH, arguments].concat());
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

/// What a server answers: the agents that GitLab lets the job use, and `/version` through the proxy.
struct Answers {
    allowed: (u16, &'static str),
    version: (u16, &'static str),
}

const ALLOWED: &str = r#"{"allowed_agents": [{"id": 1, "config_project": {"id": 5, "path_with_namespace": "acme/agents"}, "configuration": {}}], "job": {"id": 1}}"#;

/// Serves both on one port, for as many requests as `doctor` makes, and tells what was asked: path, and the header that carries the token.
fn server(answers: Answers) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let serve = move || {
        let mut asked = Vec::new();
        for stream in listener.incoming().take(2) {
            let stream = stream.expect("a connection");
            let mut reader = std::io::BufReader::new(&stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n")
                && std::io::BufRead::read_line(&mut reader, &mut head).is_ok_and(|read| read > 0)
            {}
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let carries =
                |name: &str| head.lines().find(|line| line.to_lowercase().starts_with(name)).map(str::to_owned);
            asked.push(format!(
                "{path} {}",
                carries("job-token").or_else(|| carries("authorization")).unwrap_or_default()
            ));
            let (status, body) = if path.starts_with("/api/") { answers.allowed } else { answers.version };
            let kind = if body.starts_with('<') { "text/html" } else { "application/json" };
            let answer = format!(
                "HTTP/1.1 {status} x\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            std::io::Write::write_all(&mut &stream, answer.as_bytes()).expect("an answer");
        }
        asked
    };
    (address, std::thread::spawn(serve))
}

/// The lines that tell of servers.
fn live(answers: Answers) -> (String, Vec<String>) {
    let (address, served) = server(answers);
    let mut job = Job::new();
    job.set("CI_SERVER_URL", &address);
    job.set("CI_JOB_TOKEN", &format!("glcbt-64_{SECRET}"));
    let text = kubeconfig(&format!("{address}/k8s-proxy/"), &["acme/agents:prod"]);
    job.kubeconfig(&text);
    let run = job.doctor(&[WITH, &["--live", "--insecure-http", "--format", "json"]].concat());
    let report: serde_json::Value =
        serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.transcript()));
    let is_told = |line: &&serde_json::Value| {
        let message = line["message"].as_str().unwrap_or_default();
        // What is seen without asking is not what this is about.
        !message.contains("is not https, and kubectl")
            && !message.starts_with("a job of")
            && line["verdict"] != "unknown"
            && ["GitLab", "acme/agents:prod:", "acme/agents:prod reaches", "127.0.0.1", "no longer"]
                .iter()
                .any(|part| message.contains(part))
    };
    let told = report["lines"].as_array().expect("lines").iter().filter(is_told).map(|line| {
        format!(
            "  {}: {}\n    {}\n",
            line["verdict"].as_str().unwrap_or_default(),
            line["message"].as_str().unwrap_or_default(),
            line["help"].as_str().unwrap_or_default()
        )
    });
    let told: String = told.collect();
    (told.replace(&address, "SERVER"), served.join().expect("a server"))
}

/// The message of an error of the agent server, as Kubernetes' `Status`.
macro_rules! status {
    ($message:literal) => {
        concat!(r#"{"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": ""#, $message, r#""}"#)
    };
}

#[test]
fn what_servers_answer_is_told_by_status_and_by_who_says_it() {
    let cases: [(&str, u16, &str); 21] = [
        ("a cluster", 200, r#"{"major": "1", "minor": "34", "gitVersion": "v1.34.1"}"#),
        ("a sign-in page", 200, "<html>Sign in</html>"),
        (
            "nested impersonation",
            400,
            "Nested impersonation is not supported - agent is already configured to impersonate",
        ),
        (
            "another path",
            400,
            status!("GitLab Agent Server: Bad request: URL does not start with expected prefix. Trace ID: 01ab"),
        ),
        (
            "a token that ended",
            401,
            status!("GitLab Agent Server: Unauthorized: CI job token: HTTP status code: 401. Trace ID: 01ab"),
        ),
        (
            "a token of another form",
            401,
            status!("GitLab Agent Server: Unauthorized: unknown token type. Trace ID: 01ab"),
        ),
        ("a cluster that knows nobody", 401, status!("Unauthorized")),
        ("another agent", 403, status!("GitLab Agent Server: Forbidden: agentId is not allowed. Trace ID: 01ab")),
        ("GitLab says no", 403, status!("GitLab Agent Server: Forbidden: CI job token. Trace ID: 01ab")),
        ("RBAC", 403, status!("forbidden: User \\\"gitlab:ci_job:1\\\" cannot get path \\\"/version\\\"")),
        ("no agents", 404, status!("GitLab Agent Server: Not found: agents for CI job token. Trace ID: 01ab")),
        ("another server", 404, "<html>nginx</html>"),
        ("no media type", 406, ""),
        ("no upgrade", 426, "Upgrade Required"),
        ("a redirect", 302, "<html>elsewhere</html>"),
        (
            "GitLab out of reach",
            500,
            status!("GitLab Agent Server: Internal Server Error: Failed to get allowed agents. Trace ID: 01ab"),
        ),
        (
            "no agent",
            502,
            status!(
                "GitLab Agent Server: HTTP->gRPC: failed to read gRPC response: rpc error: code = FailedPrecondition desc = Agent connection not found. Is agent up to date and connected?. Trace ID: 01ab"
            ),
        ),
        (
            "no cluster",
            502,
            status!(
                "GitLab Agent Server: HTTP->gRPC: failed to read gRPC response: rpc error: code = Unavailable desc = dial tcp 10.0.0.1:443. Trace ID: 01ab"
            ),
        ),
        ("no agent server", 502, "<html>Bad gateway</html>"),
        ("something else", 418, "a teapot"),
        ("a secret", 503, "token glpat-Zx81kq0PwR5t7LmN2bVc"),
    ];
    let mut told = String::new();
    for (name, code, body) in cases {
        let (lines, asked) = live(Answers { allowed: (200, ALLOWED), version: (code, body) });
        assert_eq!(
            asked,
            [
                format!("/api/v4/job/allowed_agents job-token: glcbt-64_{SECRET}"),
                format!("/k8s-proxy/version authorization: Bearer ci:1:glcbt-64_{SECRET}")
            ],
            "{name}"
        );
        told.push_str(&format!("{name}, {code}\n{lines}"));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn what_gitlab_lets_the_job_use_is_held_against_its_kubeconfig() {
    let cases: [(&str, u16, &str); 6] = [
        ("others", 200, r#"{"allowed_agents": [{"id": 7, "config_project": {"path_with_namespace": "acme/others"}}]}"#),
        ("none", 200, r#"{"allowed_agents": []}"#),
        ("an answer of another form", 200, r#"{"id": 1}"#),
        ("no job any more", 401, r#"{"message": "401 Unauthorized"}"#),
        ("no token of a job", 404, r#"{"message": "404 Not Found"}"#),
        ("forbidden", 403, r#"{"message": "403 Forbidden"}"#),
    ];
    let told = cases.map(|(name, code, body)| {
        let (lines, _) = live(Answers { allowed: (code, body), version: (200, r#"{"gitVersion": "v1.34.1"}"#) });
        format!("{name}, {code}\n{lines}")
    });
    insta::assert_snapshot!(told.concat());
}

#[test]
fn what_may_not_be_asked_is_not() {
    // An address where nobody listens, which would be told if it were asked.
    let mut job = Job::new();
    job.set("CI_SERVER_URL", "http://127.0.0.1:9");
    job.set("CI_JOB_TOKEN", SECRET);
    job.kubeconfig(&kubeconfig("http://127.0.0.1:9/k8s-proxy", &["acme/agents:prod"]));
    insta::assert_snapshot!("live_without_https", otherwise_of(&job, &["--live"]));
    insta::assert_snapshot!("live_nobody_listens", otherwise_of(&job, &["--live", "--insecure-http"]));
    let offline = job.doctor(&[WITH, &["--live", "--offline"]].concat());
    assert!(offline.code == 2 && offline.stderr.contains("--offline forbids"), "{}", offline.transcript());
    job.unset("CI_JOB_TOKEN");
    job.kubeconfig(&kubeconfig(SERVER, &["acme/agents:prod", "acme/agents:dev"]));
    job.unset("KUBE_CONTEXT");
    insta::assert_snapshot!("live_without_a_token_and_a_choice", otherwise_of(&job, &["--live"]));
}
