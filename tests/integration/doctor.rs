//! `kaslint doctor` in jobs that are made up: variables, a kubeconfig, tools that tell their versions as kubectl and helm do.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use kaslint::cli::schemas::Name;
use kaslint::doctor::Code;

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
        command.env("CI_JOB_TOKEN", format!("glcbt-64_{SECRET}"));
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
    insta::assert_snapshot!("a_job_as_it_should_be_by_its_codes", told(&Job::new(), WITH).1.concat());
}

/// The rows of a report that follows its schema.
fn rows(report: &str) -> Vec<serde_json::Value> {
    static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
        let schema = serde_json::from_str(&Name::DoctorReport.text()).expect("JSON");
        jsonschema::validator_for(&schema).expect("a schema")
    });
    let report: serde_json::Value = serde_json::from_str(report).expect("one object");
    let errors: Vec<String> = SCHEMA.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let rows = report["rows"].as_array().expect("rows").clone();
    for row in &rows {
        let code = Code::ALL.iter().find(|code| code.name() == row["code"]).expect("a code");
        assert!(code.group() == row["name"] && code.verdict().name() == row["severity"], "{row}");
    }
    rows
}

/// The lines of the table, each with those that belong to it and its code.
fn told(job: &Job, arguments: &[&str]) -> (i32, Vec<String>) {
    let as_json = [arguments, &["--format", "json"]].concat();
    let (human, json) = std::thread::scope(|scope| {
        let json = scope.spawn(|| job.doctor(&as_json));
        (job.doctor(arguments), json.join().expect("a run"))
    });
    let mut told: Vec<String> = Vec::new();
    for line in human.stdout.lines() {
        match told.last_mut() {
            Some(last) if line.starts_with(' ') => *last += &format!("{line}\n"),
            _ => told.push(format!("{line}\n")),
        }
    }
    let rows = rows(&json.stdout);
    assert_eq!((human.code, told.len(), &*human.stderr), (json.code, rows.len(), &*json.stderr));
    for (line, row) in told.iter_mut().zip(rows) {
        *line = format!("[{}]\n{line}", row["code"].as_str().expect("a code"));
    }
    told.push(human.stderr);
    (human.code, told)
}

/// The lines that are otherwise, of a job in which one thing is.
fn otherwise(change: impl Fn(&mut Job)) -> String {
    static AS_IT_SHOULD_BE: LazyLock<Vec<String>> = LazyLock::new(|| told(&Job::new(), WITH).1);
    let mut job = Job::new();
    change(&mut job);
    let (code, told) = told(&job, WITH);
    let lines = told.into_iter().filter(|line| !AS_IT_SHOULD_BE.contains(line));
    format!("status {code}\n{}", lines.collect::<String>())
}

#[test]
fn each_thing_that_is_wrong_has_a_line_with_what_to_do() {
    let config = |job: &Job, text: &str| {
        let path = job.folder.path().join("projects/acme/agents/.gitlab/agents/prod/config.yaml");
        std::fs::write(path, text).expect("a file");
    };
    let with_other = |job: &mut Job, name: &str| {
        let mut text = kubeconfig(SERVER, &["acme/agents:prod"]);
        text.push_str(&format!(
            "- name: '{name}'\n  context: {{cluster: gitlab, user: other}}\ncurrent-context: '{name}'\n"
        ));
        job.kubeconfig(&text);
    };
    let cases: [Case<'_>; 35] = [
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
        ("a licence that is not predicted", &|job| {
            let inventory = String::from_utf8_lossy(INVENTORY).replace("premium", "free");
            std::fs::write(job.folder.path().join("inventory.yaml"), inventory).expect("a file");
        }),
        ("no context that exists, and none near", &|job| job.set("KUBE_CONTEXT", "somewhere/else")),
        ("a cache that cannot be written", &|job| {
            let file = job.folder.path().join("inventory.yaml").display().to_string();
            job.set("HOME", &file);
        }),
        ("no home", &|job| job.set("HOME", "")),
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
        ("no licence, which the prediction knows", &|job| {
            job.set("GITLAB_FEATURES", "audit_events");
            let inventory = String::from_utf8_lossy(INVENTORY).replace("premium", "free");
            std::fs::write(job.folder.path().join("inventory.yaml"), inventory).expect("a file");
        }),
        ("a context that is missing beside another", &|job| {
            job.set("CI_PROJECT_PATH", "acme/api");
            job.kubeconfig(&kubeconfig(SERVER, &["acme/agents:prod"]));
        }),
        ("an agent for others beside one for the job", &|job| {
            job.set("CI_PROJECT_PATH", "acme/api");
            job.unset("CI_ENVIRONMENT_NAME");
            config(job, "ci_access: {projects: [{id: acme/api, environments: [production]}]}\n");
            job.kubeconfig(&kubeconfig(SERVER, &["acme/agents:dev"]));
            job.set("KUBE_CONTEXT", "acme/agents:dev");
        }),
        ("an agent for others alone", &|job| {
            config(job, "ci_access: {projects: [{id: acme/web/shop, access_as: {ci_job: {}}}]}\n");
            let inventory = String::from_utf8_lossy(INVENTORY).replace("premium", "free");
            std::fs::write(job.folder.path().join("inventory.yaml"), inventory).expect("a file");
            job.set("GITLAB_FEATURES", "");
            job.unset("KUBECONFIG");
        }),
        ("an agent by the instance's setting", &|job| {
            config(job, "ci_access: {instance: {}}\n");
            job.unset("KUBECONFIG");
        }),
        ("a file that GitLab refuses", &|job| {
            config(job, "ci_acess: {}\n");
            job.unset("KUBECONFIG");
        }),
        ("no agent for the project", &|job| {
            config(job, "ci_access: {}\n");
            job.unset("KUBECONFIG");
        }),
        ("a kubeconfig of somebody else", &|job| {
            let text = kubeconfig(SERVER, &["acme/agents:prod"]);
            job.kubeconfig(&text.replace("'ci:1:", "'"));
        }),
        ("a cluster that is connected by certificate", &|job| {
            let text = kubeconfig(SERVER, &["gitlab-deploy"]).replace("'ci:1:", "'");
            job.kubeconfig(&text);
            job.set("KUBE_CONTEXT", "gitlab-deploy");
        }),
        ("one beside the agent", &|job| {
            with_other(job, "gitlab-deploy");
            job.unset("KUBE_CONTEXT");
        }),
        ("a kubeconfig at home", &|job| {
            std::fs::write(job.folder.path().join("home/.kube/config"), "").expect("a file");
        }),
    ];
    let told: Vec<String> = cases.iter().map(|(name, change)| format!("{name}: {}\n", otherwise(change))).collect();
    insta::assert_snapshot!(told.concat());
}

#[test]
fn outside_a_job_it_says_so() {
    let mut job = Job::new();
    job.variables.retain(|(name, _)| *name == "KUBECONFIG");
    insta::assert_snapshot!("outside_with_kubeconfig", told(&job, WITH).1.concat());
    job.unset("KUBECONFIG");
    insta::assert_snapshot!("outside_with_nothing", job.doctor(WITH).transcript());
}

#[test]
fn without_a_configuration_nothing_is_predicted() {
    let job = Job::new();
    std::fs::remove_dir_all(job.folder.path().join("projects")).expect("gone");
    insta::assert_snapshot!(told(&job, &["home"]).1.concat());
    let mut job = job;
    job.unset("KUBECONFIG");
    insta::assert_snapshot!("without_a_configuration_and_kubeconfig", told(&job, &["home"]).1.concat());
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

/// What a server answers to a path: status, further headers, body.
type Played = (&'static str, u16, &'static str, String);

/// A server of HTTP that plays GitLab and its agent server: what it was asked, path by path with the header that carries a token.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(played: Vec<Played>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let _ = answer(stream, &played, &record);
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panics").clone()
    }
}

fn answer(mut stream: TcpStream, played: &[Played], record: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut asked = path.clone();
    for line in lines {
        let line = line?;
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        if ["authorization", "job-token", "private-token"].contains(&&*name) {
            asked.push_str(&format!(" {name}:{}", line.split_once(':').map_or("", |(_, value)| value)));
        }
        if line.is_empty() {
            break;
        }
    }
    record.lock().expect("nobody panics").push(asked);
    // Hangs up.
    if played.iter().any(|(known, status, ..)| *known == path && *status == 0) {
        return Ok(());
    }
    let (status, headers, body) = match played.iter().find(|(known, ..)| *known == path) {
        Some((_, status, headers, body)) => (*status, *headers, body.as_str()),
        None => (599, "", "nothing is played here"),
    };
    write!(
        stream,
        "HTTP/1.1 {status} Played\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

const JSON: &str = "Content-Type: application/json\r\n";
const HTML: &str = "Content-Type: text/html\r\n";
const ALLOWED: &str = "/api/v4/job/allowed_agents";
const VERSION: &str = "/k8s-proxy/version";

/// What GitLab answers of the job: the agent with the number of the first context of the kubeconfig.
fn allowed() -> Played {
    let settings = r#"{"environments": ["production"], "protected_branches_only": true}"#;
    (ALLOWED, 200, JSON, allowed_with(1, settings, r#", "environment": {"slug": "production", "tier": "production"}"#))
}

fn allowed_with(agent: u32, settings: &str, rest: &str) -> String {
    format!(
        r#"{{"allowed_agents": [{{"id": {agent}, "config_project": {{"id": 3, "path_with_namespace": "acme/agents", "name": "agents"}},
            "configuration": {settings}}}], "job": {{"id": 1}}, "pipeline": {{"id": 1}}, "project": {{"id": 12, "groups": [{{"id": 2}}]}},
            "user": {{"id": 4, "username": "jo", "roles_in_project": ["guest", "developer"]}}{rest}}}"#
    )
}

/// What the cluster answers.
fn version() -> Played {
    (VERSION, 200, JSON, r#"{"major": "1", "minor": "31", "gitVersion": "v1.31.2"}"#.to_owned())
}

/// A `Status` of Kubernetes, as the agent server and clusters answer errors.
fn status(code: u16, message: &str) -> Played {
    let body = serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "code": code
    });
    (VERSION, code, JSON, body.to_string())
}

/// The job, with GitLab and the agent server behind this address.
fn job_at(url: &str) -> Job {
    let mut job = Job::new();
    job.set("CI_SERVER_URL", url);
    job.set("CI_API_V4_URL", &format!("{url}/api/v4"));
    job.kubeconfig(&kubeconfig(&format!("{url}/k8s-proxy"), &["acme/agents:prod"]));
    job
}

/// The lines of doctor about what was answered, and its status.
fn live_lines(played: Vec<Played>, change: &dyn Fn(&mut Job)) -> String {
    let server = Server::new(played);
    let mut job = job_at(&server.url);
    change(&mut job);
    live_rows(&job, &["--insecure-http"]).replace(&server.url, "http://HOST")
}

/// The same of a job as it is.
fn live_rows(job: &Job, arguments: &[&str]) -> String {
    let run = job.doctor(&[WITH, &["--live", "--format", "json"], arguments].concat());
    let rows = rows(&run.stdout);
    let mut told = String::new();
    for row in
        rows.iter().filter(|row| ["allowed-agents", "agent-server"].contains(&row["name"].as_str().expect("a name")))
    {
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        told.push_str(&format!("  {}  {} [{}]\n", text("severity"), text("message"), text("code")));
        if row["help"].is_string() {
            told.push_str(&format!("      → {}\n", text("help")));
        }
    }
    told + &run.stderr
}

#[test]
fn a_job_that_is_answered_has_nothing_wrong() {
    let server = Server::new(vec![allowed(), version()]);
    let job = job_at(&server.url);
    let run = job.doctor(&[WITH, &["--live", "--insecure-http"]].concat());
    insta::assert_snapshot!(run.transcript().replace(&server.url, "http://HOST"));
    assert_eq!(
        server.asked(),
        [
            format!("{ALLOWED} job-token: glcbt-64_{SECRET}"),
            format!("{VERSION} authorization: Bearer ci:1:glcbt-64_{SECRET}")
        ]
    );
}

#[test]
fn each_answer_by_way_of_the_agent_server_is_explained() {
    let server_says =
        |code, words: &str| status(code, &format!("GitLab Agent Server: {words}. Trace ID: 4bf92f3577b34da6"));
    let page = "<html><body>404 page not found</body></html>".to_owned();
    let cases: Vec<(&str, Played)> = vec![
        ("path", server_says(400, "Bad request: URL does not start with expected prefix")),
        ("form", server_says(401, "Unauthorized: unknown token type")),
        ("job", server_says(401, "Unauthorized: CI job token: HTTP status code: 401")),
        ("not allowed", server_says(403, "Forbidden: agentId is not allowed")),
        ("forbidden", server_says(403, "Forbidden: CI job token")),
        ("not found", server_says(404, "Not found: agents for CI job token")),
        ("media type", server_says(406, "Not acceptable")),
        ("no answer of GitLab", server_says(500, "Failed to get allowed agents for CI job token")),
        (
            "not connected",
            server_says(
                502,
                "HTTP->gRPC: failed to read: Agent connection not found. Is agent up to date and connected?",
            ),
        ),
        ("broken", server_says(502, "HTTP->gRPC: failed to send request: EOF")),
        ("upgrade", (VERSION, 426, "", String::new())),
        ("RBAC", status(403, "forbidden: User \"system:serviceaccount:gitlab:agent\" cannot get path \"/version\"")),
        ("identity", status(401, "Unauthorized")),
        ("cluster", status(500, "etcdserver: request timed out")),
        (
            "nested",
            (
                VERSION,
                400,
                "",
                "Nested impersonation is not supported - agent is already configured to impersonate".to_owned(),
            ),
        ),
        ("a secret", (VERSION, 503, "", format!("token glpat-{SECRET}"))),
        ("something else", (VERSION, 418, "", "a teapot".to_owned())),
        ("a page", (VERSION, 404, HTML, page.clone())),
        ("a firewall", (VERSION, 403, HTML, page.clone())),
        ("nothing behind it", (VERSION, 502, HTML, page.clone())),
        ("a sign-in", (VERSION, 302, "Location: https://sso.example.com/login?next=secret\r\n", String::new())),
        ("a sign-in page", (VERSION, 200, HTML, page)),
        ("too many", (VERSION, 429, "", "Retry later".to_owned())),
        ("the agent server's own fault", server_says(503, "Unavailable")),
        ("nothing", (VERSION, 0, "", String::new())),
    ];
    let told: Vec<String> = cases
        .into_iter()
        .map(|(name, played)| {
            format!("{name}:\n{}\n", live_lines(vec![(ALLOWED, 503, "", String::new()), played], &|_| {}))
        })
        .collect();
    insta::assert_snapshot!(told.concat());
}

#[test]
fn each_answer_of_gitlab_is_explained() {
    let message = |text: &str| serde_json::json!({ "message": text }).to_string();
    let cases: Vec<(&str, Played)> = vec![
        ("none", (ALLOWED, 200, JSON, r#"{"allowed_agents": [], "environment": {"slug": "production"}}"#.to_owned())),
        ("another", (ALLOWED, 200, JSON, allowed_with(7, "{}", ""))),
        (
            "other settings",
            (
                ALLOWED,
                200,
                JSON,
                allowed_with(1, r#"{"default_namespace": "shop"}"#, r#", "environment": {"slug": "x"}"#),
            ),
        ),
        ("the job has ended", (ALLOWED, 401, JSON, message("401 Unauthorized"))),
        ("forbidden", (ALLOWED, 403, JSON, message("403 Forbidden"))),
        ("no token of a job", (ALLOWED, 404, JSON, message("404 Not Found"))),
        ("too many", (ALLOWED, 429, "Retry-After: 60\r\n", "Retry later".to_owned())),
        ("broken", (ALLOWED, 500, JSON, message("500 Internal Server Error"))),
        ("moved", (ALLOWED, 301, "Location: https://gitlab.example.org/api/v4/job/allowed_agents\r\n", String::new())),
        ("a page", (ALLOWED, 200, HTML, "<html>sign in</html>".to_owned())),
        ("something else", (ALLOWED, 418, "", "a teapot".to_owned())),
        ("nothing", (ALLOWED, 0, "", String::new())),
    ];
    let told: Vec<String> = cases
        .into_iter()
        .map(|(name, played)| format!("{name}:\n{}\n", live_lines(vec![played, version()], &|_| {})))
        .collect();
    insta::assert_snapshot!(told.concat());
}

/// The agent server keeps what GitLab said for a minute, so that two answers that differ are no contradiction.
#[test]
fn what_gitlab_says_by_now_is_not_held_against_the_agent_server() {
    let refused = status(403, "GitLab Agent Server: Forbidden: agentId is not allowed. Trace ID: 4bf92f3577b34da6");
    insta::assert_snapshot!(live_lines(vec![allowed(), refused], &|_| {}));
}

#[test]
fn what_cannot_be_asked_says_why() {
    let nowhere = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}/k8s-proxy", listener.local_addr().expect("an address"))
    };
    let with_token = |job: &mut Job, token: &str| {
        let server = job.variables.iter().find(|(name, _)| *name == "CI_SERVER_URL").expect("set").1.clone();
        let text = kubeconfig(&format!("{server}/k8s-proxy"), &["acme/agents:prod"]);
        job.kubeconfig(&text.replace(&format!("ci:1:glcbt-64_{SECRET}"), token));
    };
    let (_, code, headers, body) = status(401, "GitLab Agent Server: Unauthorized. Trace ID: 4bf92f3577b34da6");
    let refused: Played = ("/k8s-proxy/refused/version", code, headers, body);
    let elsewhere: Played = ("/elsewhere/version", 404, HTML, String::new());
    let to = |job: &mut Job, server: &str| job.kubeconfig(&kubeconfig(server, &["acme/agents:prod"]));
    let cases: [Case<'_>; 15] = [
        ("a server that is no address", &|job| job.set("CI_SERVER_URL", "gitlab")),
        ("an agent server that is no address", &|job| to(job, "kas.example.com")),
        ("no token", &|job| job.set("CI_JOB_TOKEN", "")),
        ("a person that is refused", &|job| {
            with_token(job, &format!("pat:1:glpat-{SECRET}"));
            let text = std::fs::read_to_string(job.folder.path().join("kubeconfig")).expect("a file");
            job.kubeconfig(&text.replace("/k8s-proxy", "/k8s-proxy/refused"));
        }),
        ("a path that is not the proxy's", &|job| {
            let text = std::fs::read_to_string(job.folder.path().join("kubeconfig")).expect("a file");
            job.kubeconfig(&text.replace("/k8s-proxy", "/elsewhere"));
        }),
        ("GitLab's file of authorities is not there", &|job| job.set("CI_SERVER_TLS_CA_FILE", "/nowhere/ca.crt")),
        ("another host", &|job| job.set("CI_API_V4_URL", "http://gitlab.example.org/api/v4")),
        ("no server", &|job| job.unset("CI_SERVER_URL")),
        ("no number of an agent", &|job| with_token(job, "ci:prod:x")),
        ("no token for an agent", &|job| with_token(job, "eyJhbGciOiJSUzI1NiJ9")),
        ("nobody listens", &|job| job.kubeconfig(&kubeconfig(&nowhere, &["acme/agents:prod"]))),
        ("no kubeconfig", &|job| job.unset("KUBECONFIG")),
        ("which context", &|job| {
            job.unset("KUBE_CONTEXT");
            job.kubeconfig(&kubeconfig(&nowhere, &["acme/agents:prod", "acme/agents:dev"]));
        }),
        ("an authority that is none", &|job| {
            let text = kubeconfig(&nowhere, &["acme/agents:prod"]);
            job.kubeconfig(&text.replace("{server:", "{certificate-authority-data: '???', server:"));
        }),
        ("an authority that is not there", &|job| {
            let text = kubeconfig(&nowhere, &["acme/agents:prod"]);
            job.kubeconfig(&text.replace("{server:", "{certificate-authority: /nowhere/ca.crt, server:"));
        }),
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|(name, change)| {
            let played = vec![allowed(), version(), refused.clone(), elsewhere.clone()];
            let told = live_lines(played, change).replace(&nowhere, "http://NOWHERE/k8s-proxy");
            format!("{name}:\n{told}\n")
        })
        .collect();
    insta::assert_snapshot!(told.concat());
}

/// Without `--live` nothing is asked, and over http no token goes unless somebody says so.
#[test]
fn no_socket_is_opened_unless_it_is_asked_for() {
    let server = Server::new(vec![allowed(), version()]);
    let job = job_at(&server.url);
    job.doctor(WITH);
    job.doctor(&[WITH, &["--format", "json"]].concat());
    insta::assert_snapshot!("without_insecure_http", live_rows(&job, &[]).replace(&server.url, "http://HOST"));
    let run = job.doctor(&[WITH, &["--live", "--offline"]].concat());
    assert_eq!((run.code, &*run.stdout), (2, ""), "{}", run.transcript());
    assert_eq!(server.asked(), Vec::<String>::new());
}

/// A checkout of another project is not taken for the job's own, which would have access to all its agents.
#[test]
fn a_checkout_of_another_project_is_not_the_jobs_own() {
    let mut job = Job::new();
    let own = job.folder.path().join("home").display().to_string();
    job.set("CI_PROJECT_DIR", &own);
    job.unset("KUBECONFIG");
    let run = job.doctor(&["projects/acme/agents"]);
    assert!(!run.stdout.contains("acme/web/shop:"), "{}", run.transcript());
    let bare = folder_with(&[(".gitlab/agents/prod/config.yaml", CONFIG)]);
    let path = bare.path().display().to_string();
    let run = job.doctor(&[&path]);
    insta::assert_snapshot!(run.transcript());
    job.set("CI_PROJECT_DIR", &path);
    let run = job.doctor(&[&path]);
    assert!(run.stdout.contains("acme/web/shop:prod is not there"), "{}", run.transcript());
}

/// Where projects are known by several inventories, each agent is looked at by what is known of it.
#[test]
fn several_inventories_are_looked_at_together() {
    let job = Job::new();
    let other = folder_with(&[
        ("inventory.yaml", b"gitlab: {version: '18.9', tier: premium}\nprojects:\n- {path: acme/more, agents: [edge]}\n- path: acme/web/shop\n"),
        (".kaslint.yaml", b"inventory: inventory.yaml\n"),
        ("projects/acme/more/.gitlab/agents/edge/config.yaml", b"ci_access: {projects: [{id: acme/web/shop}]}\n"),
    ]);
    std::fs::write(job.folder.path().join(".kaslint.yaml"), "inventory: inventory.yaml\n").expect("a file");
    let run = job.doctor(&[".", &other.path().display().to_string()]);
    assert!(
        run.stdout.contains("acme/agents:prod is there, as predicted")
            && run.stdout.contains("acme/more:edge is not there"),
        "{}",
        run.transcript()
    );
}

/// Every line is shown by a test: through the binary by a snapshot, or beside the code where a test would have to wait for it.
#[test]
fn every_line_has_a_test() {
    let mut shown = String::new();
    for folder in ["tests/integration/snapshots", "tests/fetch/snapshots"] {
        let files = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("a folder");
        for path in files.map(|file| file.expect("a file").path()) {
            if path.file_name().is_some_and(|name| name.to_string_lossy().contains("doctor")) {
                shown += &std::fs::read_to_string(path).expect("a text");
            }
        }
    }
    shown += include_str!("../../src/doctor/proxy.rs").split_once("#[cfg(test)]").expect("tests").1;
    let is_missing = |code: &&Code| !shown.contains(&format!("[{}]", code.name()));
    let missing: Vec<&str> = Code::ALL.iter().filter(is_missing).map(|code| code.name()).collect();
    assert!(missing.is_empty(), "no test shows {missing:?}");
}

/// The schema names the codes and groups that there are.
#[test]
fn the_schema_lists_every_code() {
    let schema: serde_json::Value = serde_json::from_str(&Name::DoctorReport.text()).expect("JSON");
    let row = &schema["properties"]["rows"]["items"]["properties"];
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(row["code"]["enum"], serde_json::json!(codes));
    let mut groups: Vec<&str> = Code::ALL.iter().map(|code| code.group()).collect();
    groups.dedup();
    assert_eq!(row["name"]["enum"], serde_json::json!(groups));
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let row = serde_json::json!({ "severity": "fine", "name": "helm", "message": "helm 3" });
    assert!(!validator.is_valid(&serde_json::json!({ "version": 1, "rows": [row] })), "a row without its code");
}

/// What kubectl and helm of these versions print. A tool that is called otherwise prints what it prints then.
#[test]
fn versions_are_read_as_the_tools_print_them() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/doctor");
    let shown = |file: &str| {
        let path = fixtures.join(file);
        assert!(path.is_file(), "{file}");
        format!("cat '{}'", path.display())
    };
    let helm = |version: &str| {
        let (template, short) = (shown(&format!("{version}-template.txt")), shown(&format!("{version}-short.txt")));
        let whole = shown(&format!("{version}.txt"));
        format!(
            "case \"$*\" in 'version --template={{{{.Version}}}}') {template};; 'version --short') {short};; version) {whole};; *) exit 1;; esac"
        )
    };
    for (tool, script, told) in [
        ("kubectl", shown("kubectl-1.20.2-debian12.json"), "kubectl 1.20.2"),
        ("kubectl", shown("kubectl-1.32.4-dispatcher.json"), "kubectl 1.32.4-dispatcher"),
        ("helm", helm("helm-3.21.4"), "helm 3.21.4"),
        ("helm", helm("helm-4.3.1"), "helm 4.3.1"),
        ("helm", shown("helm-4.3-go-install-template.txt"), "helm 4.3"),
    ] {
        let job = Job::new();
        job.tool(tool, &script);
        let run = job.doctor(WITH);
        assert!(run.stdout.lines().any(|line| line == format!("fine      {told}")), "{}", run.transcript());
    }
}
