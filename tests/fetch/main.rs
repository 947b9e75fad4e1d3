//! `kaslint inventory fetch` against a GitLab of one's own.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests lay out folders, run programs and open sockets"
)]
#![allow(clippy::print_stdout, reason = "measures are told")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

mod api;
mod faults;
mod gitlab;
mod graphql;
mod hostile;
mod live;
mod note;
mod relay;
mod releases;
mod rest;
mod tls;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use gitlab::{DEVELOPER, Fault, Faults, GUEST, Gitlab, MAINTAINER, Project, REPORTER, TOKEN, World};
use tempfile::TempDir;

/// A fault with a name.
type Named = (&'static str, fn() -> Fault);

/// A folder with a token file, and where the inventory is to be.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("token"), format!("{TOKEN}\n")).unwrap();
        Self { folder }
    }

    fn inventory(&self) -> PathBuf {
        self.folder.path().join("inventory")
    }

    fn command(&self, gitlab: &Gitlab, arguments: &[&str]) -> Command {
        let mut command = kaslint(self.folder.path());
        command.args([
            "inventory",
            "fetch",
            "--url",
            &gitlab.url,
            "--insecure-http",
            "--token-file",
            "token",
            "--output",
            "inventory",
        ]);
        command.args(arguments);
        command
    }

    fn fetch(&self, gitlab: &Gitlab, arguments: &[&str]) -> Output {
        self.command(gitlab, arguments).output().unwrap()
    }

    /// All files of the inventory, by path.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        files_below(&self.inventory())
    }

    fn text(&self) -> String {
        fs::read_to_string(self.inventory().join("inventory.yaml")).unwrap()
    }

    /// What lies beside the inventory.
    fn names(&self) -> Vec<String> {
        let names =
            fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }
}

fn kaslint(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaslint"));
    command.current_dir(folder).env_clear().env("HOME", folder).stdin(Stdio::null());
    command
}

fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap().map(Result::unwrap) {
            let path = entry.path();
            match entry.file_type().unwrap().is_dir() {
                true => open.push(path),
                false => {
                    let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                    files.insert(name, fs::read(path).unwrap());
                }
            }
        }
    }
    files
}

fn error(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What is said, without the port, which differs from run to run.
fn told(output: &Output, gitlab: &Gitlab) -> String {
    let text = format!(
        "status {}\n{}{}",
        output.status.code().unwrap(),
        String::from_utf8_lossy(&output.stdout),
        error(output)
    );
    text.replace(&gitlab.url, "http://gitlab.example.com")
}

fn files(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

const AGENT: &str = "\
ci_access:
  projects:
    - id: acme/web/shop
      environments: [production]
      protected_branches_only: true
  groups:
    - id: acme/web
";

/// A company of three projects, one of which configures an agent.
fn acme(role: u32) -> World {
    let shop = Project {
        id: 12,
        path: "acme/web/shop".to_owned(),
        files: files(&[
            (
                ".gitlab-ci.yml",
                "include:\n  - local: /ci/deploy.yml\n  - project: acme/templates\n    file: /kube.yml\ntest:\n  script: [make]\n",
            ),
            ("ci/deploy.yml", "deploy:\n  script: [kubectl apply -f .]\n"),
        ]),
        environments: vec![("production".to_owned(), "PRODUCTION"), ("review/1".to_owned(), "DEVELOPMENT")],
        protected_branches: vec!["main".to_owned(), "release/*".to_owned()],
        protected_tags: vec!["v*".to_owned()],
        ..Project::default()
    };
    let agents = Project {
        id: 11,
        path: "acme/platform/agents".to_owned(),
        files: files(&[
            (".gitlab/agents/prod/config.yaml", AGENT),
            (".gitlab/agents/old/config.yaml", "ci_access: {}\n"),
        ]),
        agents: vec![("prod".to_owned(), 1001)],
        ..Project::default()
    };
    let templates = Project {
        id: 13,
        path: "acme/templates".to_owned(),
        files: files(&[("kube.yml", ".kube:\n  image: kubectl\n")]),
        ..Project::default()
    };
    World {
        groups: vec![("acme".to_owned(), 1), ("acme/platform".to_owned(), 2), ("acme/web".to_owned(), 3)],
        projects: vec![shop, agents, templates],
        role,
        ..World::default()
    }
}

/// Does something for each number from 1 on, side by side: most of the time is waiting.
fn each(count: usize, work: impl Fn(usize) + Sync) {
    std::thread::scope(|scope| {
        for number in 1..=count {
            let work = &work;
            scope.spawn(move || work(number));
        }
    });
}

const GROUP: &[&str] = &["--group", "acme"];

#[test]
fn a_developer_gets_an_inventory_that_kaslint_takes() {
    let (place, gitlab) = (Place::new(), Gitlab::serve(acme(DEVELOPER)));
    let output = place.fetch(&gitlab, GROUP);
    insta::assert_snapshot!("developer_told", told(&output, &gitlab));
    insta::assert_snapshot!("developer_inventory", place.text().replace(&gitlab.url, "http://gitlab.example.com"));
    let names: Vec<String> = place.files().into_keys().collect();
    assert_eq!(
        names,
        [
            "inventory.yaml",
            "projects/acme/platform/agents/.gitlab/agents/old/config.yaml",
            "projects/acme/platform/agents/.gitlab/agents/prod/config.yaml",
            "projects/acme/templates/kube.yml",
            "projects/acme/web/shop/.gitlab-ci.yml",
            "projects/acme/web/shop/ci/deploy.yml",
        ]
    );
    assert_eq!(place.names(), ["inventory", "token"], "nothing stays beside it");
    let check = kaslint(place.folder.path()).args(["inventory", "check", "inventory/inventory.yaml"]).output().unwrap();
    assert_eq!(check.status.code(), Some(0), "{}", error(&check));
    let access = kaslint(place.folder.path())
        .args(["access", "--inventory", "inventory/inventory.yaml", "--format", "json"])
        .output()
        .unwrap();
    assert_eq!(access.status.code(), Some(0), "{}", error(&access));
    assert!(String::from_utf8_lossy(&access.stdout).contains("acme/web/shop"));
}

#[test]
fn what_a_role_does_not_see_is_not_none() {
    for (role, name) in [(GUEST, "guest"), (REPORTER, "reporter"), (MAINTAINER, "maintainer")] {
        let (place, gitlab) = (Place::new(), Gitlab::serve(acme(role)));
        let output = place.fetch(&gitlab, GROUP);
        let text = place.text().replace(&gitlab.url, "http://gitlab.example.com");
        insta::assert_snapshot!(format!("role_{name}"), format!("{}-----\n{text}", told(&output, &gitlab)));
        if role < DEVELOPER {
            assert!(!text.contains("agents: []") && !text.contains("environments: []"), "{text}");
        }
    }
}

#[test]
fn the_same_answers_give_the_same_bytes_and_a_refresh_too() {
    let (first, second) = (Place::new(), Place::new());
    let (one, two) = (Gitlab::serve(acme(DEVELOPER)), Gitlab::serve(acme(DEVELOPER)));
    first.fetch(&one, GROUP);
    second.fetch(&two, GROUP);
    let without_url = |files: BTreeMap<String, Vec<u8>>, gitlab: &Gitlab| -> BTreeMap<String, String> {
        files
            .into_iter()
            .map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap().replace(&gitlab.url, "URL")))
            .collect()
    };
    let before = without_url(first.files(), &one);
    assert_eq!(before, without_url(second.files(), &two));
    let refreshed = first.fetch(&one, &["--group", "acme", "--refresh"]);
    assert_eq!(refreshed.status.code(), Some(0), "{}", error(&refreshed));
    assert_eq!(before, without_url(first.files(), &one));
    // What changed comes, what did not stays.
    let mut changed = acme(DEVELOPER);
    changed.projects[0].files.insert("ci/deploy.yml".to_owned(), b"deploy:\n  script: [helm upgrade]\n".to_vec());
    let three = Gitlab::serve(changed);
    first.fetch(&three, &["--group", "acme", "--refresh"]);
    let after = without_url(first.files(), &three);
    let differing: Vec<&String> = after.keys().filter(|path| before.get(*path) != after.get(*path)).collect();
    assert_eq!(differing, ["projects/acme/web/shop/ci/deploy.yml"]);
}

#[test]
fn what_passes_is_waited_for_and_nothing_is_lost() {
    let (whole, gitlab) = (Place::new(), Gitlab::serve(acme(DEVELOPER)));
    whole.fetch(&gitlab, GROUP);
    let (count, whole) = (gitlab.requests(), whole.text());
    let faults: [Named; 5] = [
        ("429 as JSON", || {
            Fault::Status(
                429,
                vec![("retry-after", "1"), ("content-type", "application/json")],
                r#"{"message":{"error":"x"}}"#,
            )
        }),
        ("429 as text", || {
            Fault::Status(429, vec![("retry-after", "0"), ("content-type", "text/plain")], "Retry later\n")
        }),
        ("502", || Fault::Status(502, vec![], "<html>")),
        ("503", || Fault::Status(503, vec![("retry-after", "0")], "")),
        ("cut", || Fault::Cut),
    ];
    each(count, |at| {
        let (name, fault) = faults[at % faults.len()];
        let world = World { faults: Box::new(move |number, _| (number == at).then(fault)), ..acme(DEVELOPER) };
        let (place, faulty) = (Place::new(), Gitlab::serve(world));
        let output = place.fetch(&faulty, GROUP);
        assert_eq!(output.status.code(), Some(0), "{name} at {at}: {}", error(&output));
        assert_eq!(place.text().replace(&faulty.url, &gitlab.url), whole, "{name} at {at}");
    });
}

/// What is refused in the middle of a fetch is said, and nothing that it would have told is said to be none.
#[test]
fn what_is_refused_on_the_way_is_unread() {
    let (whole, gitlab) = (Place::new(), Gitlab::serve(acme(MAINTAINER)));
    whole.fetch(&gitlab, GROUP);
    let (count, whole) = (gitlab.requests(), whole.text());
    let rows = |text: &str| text.matches("\n- project: ").count() + text.matches("\n- what: ").count();
    each(count, |at| {
        for status in [401, 403, 404] {
            let fault = move || Fault::Status(status, vec![], r#"{"message":"no"}"#);
            let world = World { faults: Box::new(move |number, _| (number == at).then(fault)), ..acme(MAINTAINER) };
            let (place, faulty) = (Place::new(), Gitlab::serve(world));
            let output = place.fetch(&faulty, GROUP);
            if output.status.code() == Some(2) {
                assert!(!place.inventory().exists() && error(&output).contains("error: "), "{status} at {at}");
                continue;
            }
            assert_ne!(status, 401, "at {at}: a token that is refused ends it");
            let text = place.text().replace(&faulty.url, &gitlab.url);
            assert!(
                text == whole || rows(&text) > rows(&whole) || text.contains("reason: '40"),
                "{status} at {at}: {text}"
            );
        }
    });
}

/// A page that is too much for the server comes in smaller ones; where even these do not come, what is missing is said to be.
#[test]
fn a_page_that_is_too_much_is_asked_for_again_smaller() {
    let (whole, gitlab) = (Place::new(), Gitlab::serve(acme(DEVELOPER)));
    whole.fetch(&gitlab, GROUP);
    let too_much = || Fault::Status(503, vec![("retry-after", "0")], "");
    // The fourth request is that for projects, and each is tried five times.
    let world =
        World { faults: Box::new(move |number, _| (4..=8).contains(&number).then(too_much)), ..acme(DEVELOPER) };
    let (place, faulty) = (Place::new(), Gitlab::serve(world));
    let output = place.fetch(&faulty, GROUP);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    assert_eq!(place.text().replace(&faulty.url, &gitlab.url), whole.text());
    let endless =
        World { faults: Box::new(move |number, _| (4..=18).contains(&number).then(too_much)), ..acme(DEVELOPER) };
    let (place, faulty) = (Place::new(), Gitlab::serve(endless));
    let output = place.fetch(&faulty, GROUP);
    insta::assert_snapshot!("too_much", told(&output, &faulty));
    assert_eq!(place.names(), ["token"]);
}

#[test]
fn an_answer_without_an_end_is_given_up() {
    let world = World { faults: Box::new(|number, _| (number == 4).then_some(Fault::Endless)), ..acme(DEVELOPER) };
    let (place, _) = fetched(world, GROUP);
    assert!(place.text().contains("acme/web/shop"), "a smaller page came");
    let endless = World { faults: Box::new(|number, _| (number == 1).then_some(Fault::Endless)), ..acme(DEVELOPER) };
    let (place, gitlab) = (Place::new(), Gitlab::serve(endless));
    let output = place.fetch(&gitlab, GROUP);
    assert_eq!(output.status.code(), Some(2));
    assert!(error(&output).contains("larger than 64 MiB"), "{}", error(&output));
}

#[test]
fn what_does_not_pass_is_told_and_nothing_is_written() {
    let always = |fault: fn() -> Fault| -> Faults { Box::new(move |_, _| Some(fault())) };
    let mut said = String::new();
    let faults: [Named; 7] = [
        ("401", || Fault::Status(401, vec![], r#"{"error":"invalid_token","error_description":"Token was revoked."}"#)),
        ("403", || Fault::Status(403, vec![], r#"{"error":"insufficient_scope","scope":"api read_api"}"#)),
        ("404", || Fault::Status(404, vec![], "")),
        ("a page", || Fault::Body("text/html", b"<html>Sign in</html>".to_vec())),
        ("no UTF-8", || Fault::Body("application/json", b"{\"version\": \"\xff\"}".to_vec())),
        ("another host", || Fault::Status(302, vec![("location", "https://evil.example/steal?x=1")], "")),
        ("a file", || Fault::Status(301, vec![("location", "file:///etc/passwd")], "")),
    ];
    for (name, fault) in faults {
        let (place, gitlab) = (Place::new(), Gitlab::serve(World { faults: always(fault), ..acme(DEVELOPER) }));
        let output = place.fetch(&gitlab, GROUP);
        said.push_str(&format!("{name}: {}", told(&output, &gitlab)));
        assert_eq!(place.names(), ["token"], "{name}: nothing stays beside it");
    }
    let gitlab = Gitlab { url: "http://127.0.0.1:1".to_owned(), ..Gitlab::serve(acme(DEVELOPER)) };
    said.push_str(&format!("nobody: {}", told(&Place::new().fetch(&gitlab, GROUP), &gitlab)));
    insta::assert_snapshot!("faults", said);
}

#[test]
fn a_fetch_that_was_killed_goes_on_and_gives_the_same_bytes() {
    let (whole, gitlab) = (Place::new(), Gitlab::serve(acme(DEVELOPER)));
    whole.fetch(&gitlab, GROUP);
    let (count, whole) = (gitlab.requests(), whole.text());
    each(count, |at| {
        let world =
            World { faults: Box::new(move |number, _| (number == at).then_some(Fault::Hang)), ..acme(DEVELOPER) };
        let (place, faulty) = (Place::new(), Gitlab::serve(world));
        let mut child = place.command(&faulty, GROUP).stderr(Stdio::null()).spawn().unwrap();
        let start = Instant::now();
        while faulty.hangs.load(std::sync::atomic::Ordering::SeqCst) == 0 {
            assert!(start.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!place.inventory().exists());
        let before = faulty.requests();
        let output = place.fetch(&faulty, GROUP);
        assert_eq!(output.status.code(), Some(0), "{}", error(&output));
        assert_eq!(place.text().replace(&faulty.url, &gitlab.url), whole, "killed at {at}");
        assert_eq!(place.names(), ["inventory", "token"]);
        // The first two are asked each time; answers that were in flight when it was killed may have come or not.
        let again = faulty.requests() - before;
        assert!(again <= count + 3 + 4 - at.min(count), "killed at {at} of {count}, then {again} more");
    });
}

#[test]
fn a_server_that_lies_gets_nowhere() {
    let mut world = acme(DEVELOPER);
    world.loops = true;
    for path in ["../../etc/cron.d", "/acme/absolute", "acme/.git", "acme/web/SHOP", "acme//x", "acme/\u{202e}x"] {
        world.projects.push(Project {
            id: -5,
            path: path.to_owned(),
            files: files(&[("../../x", "x")]),
            ..Project::default()
        });
    }
    // They lie below the group, or the server would not tell of them.
    for project in &mut world.projects[3..] {
        if !project.path.starts_with("acme/") {
            project.path = format!("acme/{}", project.path);
        }
    }
    let (place, gitlab) = (Place::new(), Gitlab::serve(world));
    let output = place.fetch(&gitlab, GROUP);
    insta::assert_snapshot!("liar", told(&output, &gitlab));
    let names: Vec<String> = place.files().into_keys().collect();
    assert!(names.iter().all(|name| name == "inventory.yaml" || name.starts_with("projects/acme/")), "{names:?}");
    assert_eq!(place.names(), ["inventory", "token"]);
    assert!(gitlab.requests() < 60, "{}", gitlab.requests());
}

#[test]
fn a_release_without_a_field_is_asked_without_it_and_that_is_unknown() {
    let world = World { unknown: vec!["clusterAgents"], version: "16.1.0-ee", ..acme(DEVELOPER) };
    let (place, gitlab) = (Place::new(), Gitlab::serve(world));
    let output = place.fetch(&gitlab, GROUP);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    let text = place.text();
    assert!(text.contains("reason: GitLab 16.1 has no field clusterAgents"), "{text}");
    assert!(!text.contains("agents: []") && text.contains("version: '16.1'"), "{text}");
    // Without the rights nothing tells an empty list from a hidden one; projects are listed all the same.
    let (place, _) = fetched(World { unknown: vec!["userPermissions"], ..acme(DEVELOPER) }, GROUP);
    let text = place.text();
    assert!(!text.contains("agents: []") && text.contains("name: prod") && text.contains("name: production"), "{text}");
    assert!(text.contains("has no field userPermissions") && !text.contains("what: projects"), "{text}");
}

#[test]
fn the_token_is_nowhere() {
    let world = World { faults: Box::new(|number, _| (number == 6).then_some(Fault::Hang)), ..acme(DEVELOPER) };
    let (place, gitlab) = (Place::new(), Gitlab::serve(world));
    let mut child = place.command(&gitlab, GROUP).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while gitlab.hangs.load(std::sync::atomic::Ordering::SeqCst) == 0 {
        std::thread::sleep(Duration::from_millis(2));
    }
    if cfg!(target_os = "linux") {
        let arguments = fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
        assert!(!String::from_utf8_lossy(&arguments).contains(TOKEN));
        let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    }
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(!error(&output).contains(TOKEN));
    let beside = files_below(place.folder.path());
    assert!(
        beside.keys().any(|path| path.contains("kaslint-fetch/answers/")),
        "there is something to resume from: {beside:?}"
    );
    let with_token: Vec<&String> = beside
        .iter()
        .filter(|(_, bytes)| String::from_utf8_lossy(bytes).contains(TOKEN))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(with_token, ["token"]);
}

#[test]
fn what_is_not_utf_8_comes_byte_by_byte() {
    let mut world = acme(DEVELOPER);
    let latin = b"# caf\xe9\nci_access: {}\n".to_vec();
    world.projects[1].files.insert(".gitlab/agents/prod/config.yaml".to_owned(), latin.clone());
    let (place, gitlab) = (Place::new(), Gitlab::serve(world));
    place.fetch(&gitlab, GROUP);
    assert_eq!(place.files()["projects/acme/platform/agents/.gitlab/agents/prod/config.yaml"], latin);
    // Its hash says that it is the same.
    let first = gitlab.requests();
    let output = place.fetch(&gitlab, &["--group", "acme", "--refresh"]);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    assert_eq!(place.files()["projects/acme/platform/agents/.gitlab/agents/prod/config.yaml"], latin);
    let asked = gitlab.asked.lock().unwrap();
    let raw = |asked: &[String]| asked.iter().filter(|path| path.contains("/raw")).count();
    assert_eq!((raw(&asked[..first]), raw(&asked[first..])), (1, 0));
}

#[test]
fn a_bad_call_says_what_to_do() {
    let (place, gitlab) = (Place::new(), Gitlab::serve(acme(DEVELOPER)));
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = kaslint(place.folder.path());
        command.args(["inventory", "fetch", "--group", "acme", "--output", "inventory"]).args(arguments);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        told(&output, &gitlab)
    };
    let mut said = String::new();
    said.push_str(&run(&[], &[]));
    said.push_str(&run(&["--url", &gitlab.url, "--token-file", "token"], &[]));
    said.push_str(&run(&[], &[("CI_JOB_TOKEN", "secret"), ("CI_SERVER_URL", "https://gitlab.example.com")]));
    said.push_str(&run(&["--url", "gitlab.example.com"], &[("GITLAB_TOKEN", "glcbt-64_secret")]));
    said.push_str(&run(&["--offline", "--token-file", "token"], &[]));
    said.push_str(&run(&["--token-file", "nothing"], &[]));
    said.push_str(&run(&["--url", "https://jo:secret@gitlab.example.com", "--token-file", "token"], &[]));
    fs::create_dir(place.inventory()).unwrap();
    fs::write(place.inventory().join("main.tf"), "").unwrap();
    said.push_str(&run(&["--url", &gitlab.url, "--insecure-http", "--token-file", "token"], &[]));
    assert!(!said.contains("secret@") && !said.contains(TOKEN));
    insta::assert_snapshot!("bad_calls", said);
    assert_eq!(gitlab.requests(), 0, "nothing was asked");
}

#[test]
fn a_plan_is_told_without_fetching() {
    let (place, gitlab) = (Place::new(), Gitlab::serve(acme(DEVELOPER)));
    let output = place.fetch(&gitlab, &["--group", "acme", "--dry-run"]);
    insta::assert_snapshot!("plan", told(&output, &gitlab));
    assert_eq!(place.names(), ["token"]);
}

#[test]
fn a_thousand_projects_take_no_more_requests_than_planned() {
    let mut world = World { groups: vec![("acme".to_owned(), 1)], role: MAINTAINER, ..World::default() };
    for number in 0..40 {
        world.groups.push((format!("acme/g{number}"), 100 + number));
    }
    for number in 0..1_000_i64 {
        let mut project = Project {
            id: number + 1,
            path: format!("acme/g{}/p{number}", number % 40),
            files: files(&[(".gitlab-ci.yml", "test:\n  script: [make]\n")]),
            ..Project::default()
        };
        if number < 20 {
            for agent in 0..3 {
                let path = format!(".gitlab/agents/a{agent}/config.yaml");
                project.files.insert(path, b"ci_access:\n  groups:\n    - id: acme\n".to_vec());
                project.agents.push((format!("a{agent}"), number * 10 + agent + 1));
            }
        }
        world.projects.push(project);
    }
    let (place, gitlab) = (Place::new(), Gitlab::serve(world));
    let output = place.fetch(&gitlab, GROUP);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    assert!(gitlab.requests() <= 40, "{}", gitlab.requests());
    assert_eq!(place.files().len(), 1 + 1_000 + 60);
}

/// The closing words and the rows of `unread`, of a call that is told to succeed.
fn fetched(world: World, arguments: &[&str]) -> (Place, String) {
    let (place, gitlab) = (Place::new(), Gitlab::serve(world));
    let output = place.fetch(&gitlab, arguments);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    let told = told(&output, &gitlab);
    (place, told)
}

/// Whoever asks for a part, or sees a part, gets no inventory that says that the rest does not exist.
#[test]
fn a_part_is_no_whole() {
    let mut said = String::new();
    let (place, told) = fetched(acme(DEVELOPER), &["--group", "acme/web"]);
    assert!(place.text().contains("acme/web/shop") && !place.text().contains("acme/templates"));
    said.push_str(&told);
    let (place, told) = fetched(acme(DEVELOPER), &["--project", "acme/platform/agents", "acme/gone"]);
    assert!(place.text().contains("acme/platform/agents") && !place.text().contains("acme/web/shop"));
    said.push_str(&told);
    let (place, told) = fetched(acme(DEVELOPER), &["--instance"]);
    assert!(place.text().contains("acme/templates"));
    said.push_str(&told);
    let (_, told) = fetched(World { is_member: false, ..acme(DEVELOPER) }, GROUP);
    said.push_str(&told);
    let (place, gitlab) = (Place::new(), Gitlab::serve(acme(DEVELOPER)));
    let output = place.fetch(&gitlab, &["--group", "nothing"]);
    said.push_str(&self::told(&output, &gitlab));
    assert_eq!(place.names(), ["token"]);
    insta::assert_snapshot!("parts", said);
}

#[test]
fn merged_ci_files_are_fetched_where_somebody_asks_for_them() {
    let (place, told) = fetched(acme(DEVELOPER), &["--group", "acme", "--merged-ci"]);
    assert!(told.contains("merged CI files may hold text of projects that others may not read"), "{told}");
    let text = String::from_utf8(place.files()["projects/acme/web/shop/.gitlab-ci.yml"].clone()).unwrap();
    assert!(text.contains("merged:"), "{text}");
}

#[test]
fn files_with_secrets_are_named() {
    let mut world = acme(DEVELOPER);
    let secret = "glpat-Zx81kq0PwR5t7LmN2bVc";
    let ci = format!("deploy:\n  variables: {{TOKEN: {secret}}}\n  script: [make]\n");
    world.projects[0].files.insert(".gitlab-ci.yml".to_owned(), ci.into_bytes());
    let (_, told) = fetched(world, GROUP);
    assert!(
        told.contains("Holds what looks like a secret") && told.contains("projects/acme/web/shop/.gitlab-ci.yml"),
        "{told}"
    );
    assert!(!told.contains(secret));
}

/// What the server says goes into a file that is shared: no secret is in it, be it cut where it is told or not.
#[test]
fn what_the_server_says_is_written_without_secrets() {
    let secret = "glpat-Zx81kq0PwR5t7LmN2bVc";
    let mut world = acme(DEVELOPER);
    world.projects[0].ci_config_path = Some(format!("https://example.com/{}/{secret}/ci.yml", "a".repeat(85)));
    world.projects.push(Project { id: 14, path: format!("acme/{}/-{secret}", "b".repeat(45)), ..Project::default() });
    let (place, told) = fetched(world, GROUP);
    let text = place.text();
    assert!(text.contains("its CI file lies elsewhere") && text.contains("which is no path"), "{text}");
    assert!(!text.contains("Zx81") && !told.contains("Zx81"), "{text}{told}");
}

#[test]
fn two_fetches_into_one_folder_and_a_folder_that_cannot_be_written() {
    let world = World { faults: Box::new(|number, _| (number == 5).then_some(Fault::Hang)), ..acme(DEVELOPER) };
    let (place, gitlab) = (Place::new(), Gitlab::serve(world));
    let mut first = place.command(&gitlab, GROUP).stderr(Stdio::null()).spawn().unwrap();
    while gitlab.hangs.load(std::sync::atomic::Ordering::SeqCst) == 0 {
        std::thread::sleep(Duration::from_millis(2));
    }
    let second = place.fetch(&gitlab, GROUP);
    assert_eq!(second.status.code(), Some(2));
    assert!(error(&second).contains("another kaslint is writing it"), "{}", error(&second));
    first.kill().unwrap();
    first.wait().unwrap();
    let output = place.fetch(&gitlab, &["--group", "acme", "--output", "nowhere/inventory"]);
    assert_eq!(output.status.code(), Some(2), "the last one counts or two are refused");
    // A link in the place of the folder is somebody else's.
    #[cfg(unix)]
    {
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), place.inventory()).unwrap();
        let output = place.fetch(&gitlab, GROUP);
        assert_eq!(output.status.code(), Some(2));
        assert!(error(&output).contains("symbolic link"), "{}", error(&output));
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }
}

/// Dumps by REST and by GraphQL, in pages one behind the other, become the inventory that the same answers make.
#[test]
fn dumps_become_an_inventory() {
    let place = Place::new();
    let write = |name: &str, text: &str| fs::write(place.folder.path().join(name), text).unwrap();
    let project = |id: i64, path: &str, more: &str| {
        format!(
            r#"{{"id": {id}, "path_with_namespace": "{path}", "archived": false, "namespace": {{"id": 3, "kind": "group", "full_path": "acme"}}{more}}}"#
        )
    };
    let level = r#", "permissions": {"project_access": null, "group_access": {"access_level": 40}}"#;
    let of_maintainer = format!(
        r#", "auto_devops_enabled": true, "empty_repo": false, "default_branch": "trunk", "ci_config_path": "ci/main.yml"{level}"#
    );
    let made_up = r#", "empty_repo": true, "default_branch": "main", "ci_config_path": "" "#;
    // As `glab api --paginate` writes them.
    write(
        "projects.json",
        &format!("[{}]\n[{}]\n", project(11, "acme/one", &of_maintainer), project(12, "acme/two", made_up)),
    );
    write(
        "agents.json",
        r#"[{"id": 5, "name": "prod", "config_project": {"id": 11, "path_with_namespace": "acme/one"}}]"#,
    );
    let text = "ci_access: {}\n";
    let blob = format!(
        r#"{{"path": ".gitlab/agents/prod/config.yaml", "oid": "{}", "mode": "100644", "rawTextBlob": "ci_access: {{}}\n"}}"#,
        gitlab::git_hash(text.as_bytes())
    );
    let lists = r#""clusterAgents": {"nodes": []}, "environments": {"nodes": [], "pageInfo": {"hasNextPage": false}}"#;
    write(
        "graphql.json",
        &format!(
            r#"{{"data": {{"metadata": {{"version": "18.9.1-ee"}}, "one": {{"fullPath": "acme/one", "repository": {{"rootRef": "trunk", "blobs": {{"nodes": [{blob}]}}}}}}, "three": {{"fullPath": "acme/three", "id": "gid://gitlab/Project/13", {lists}}}}}}}"#
        ),
    );
    let run = |arguments: &[&str]| {
        let mut command = kaslint(place.folder.path());
        command.args(["inventory", "from-api"]).args(arguments).output().unwrap()
    };
    let output = run(&["projects.json", "agents.json", "graphql.json", "--url", "https://gitlab.example.com"]);
    let status = output.status.code().unwrap();
    insta::assert_snapshot!(
        "dumps",
        format!("status {status}\n{}{}", String::from_utf8_lossy(&output.stdout), error(&output))
    );
    let output = run(&["projects.json", "graphql.json", "--output", "inventory"]);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    assert_eq!(place.files()["projects/acme/one/.gitlab/agents/prod/config.yaml"], text.as_bytes());
    let check = kaslint(place.folder.path()).args(["inventory", "check", "inventory/inventory.yaml"]).output().unwrap();
    assert_eq!(check.status.code(), Some(0), "{}", error(&check));
    write("other.json", "{\"a\": 1}");
    write("broken.json", "[{\"id\": 1},");
    let said: Vec<String> = ["other.json", "broken.json", "nothing.json"]
        .iter()
        .map(|file| {
            let output = run(&[file]);
            assert_eq!(output.status.code(), Some(2));
            error(&output)
        })
        .collect();
    insta::assert_snapshot!("bad_dumps", said.concat());
}

/// What GitLab has stored is held against the inventory that was fetched before.
fn live(change: impl Fn(&mut World), arguments: &[&str]) -> String {
    let (place, gitlab) = (Place::new(), Gitlab::serve(acme(MAINTAINER)));
    place.fetch(&gitlab, GROUP);
    let restricted = serde_json::json!({ "environments": ["production"], "protected_branches_only": true });
    let mut world = acme(DEVELOPER);
    let prod = "acme/platform/agents:prod".to_owned();
    world.projects[0].authorized = vec![(prod.clone(), restricted)];
    world.projects[1].authorized = vec![(prod, serde_json::json!({}))];
    world.projects[1].token_used = Some("2026-11-20T10:00:00Z");
    world.projects[1].changed = "2026-11-01T10:00:00Z";
    change(&mut world);
    let now = Gitlab::serve(world);
    let mut command = kaslint(place.folder.path());
    command.args(["access", "--live", "--inventory", "inventory/inventory.yaml", "--url", &now.url, "--insecure-http"]);
    let output = command.args(["--token-file", "token"]).args(arguments).env("COLUMNS", "80").output().unwrap();
    told(&output, &now)
}

#[test]
fn what_is_stored_as_predicted_is_no_difference() {
    insta::assert_snapshot!("live_same", live(|_| {}, &[]));
    insta::assert_snapshot!("live_same_json", live(|_| {}, &["--format", "json"]));
}

#[test]
fn each_difference_has_its_cause() {
    let mut said = String::new();
    let mut tell = |name: &str, change: &dyn Fn(&mut World)| {
        said.push_str(&format!("{name}: {}\n", live(change, &["--for", "acme/web/shop"])));
    };
    tell("not synced", &|world| {
        world.projects[0].authorized.clear();
        world.projects[1].changed = "2026-11-21T10:00:00Z";
    });
    tell("not connected", &|world| {
        world.projects[0].authorized.clear();
        world.projects[1].token_used = None;
    });
    tell("no longer connected", &|world| {
        world.projects[0].authorized[0].1 = serde_json::json!({ "default_namespace": "web" });
        world.projects[1].token_used = None;
    });
    tell("letter case", &|world| world.projects[0].authorized[0].0 = "Acme/Platform/Agents:prod".to_owned());
    tell("a form that is not known", &|world| world.projects[0].authorized[0].1 = serde_json::json!("{"));
    tell("another entry", &|world| world.projects[0].authorized[0].1 = serde_json::json!({}));
    tell("the id is newer", &|world| world.projects[0].authorized.clear());
    tell("none", &|world| world.projects[0].authorized[0].1 = serde_json::json!({ "default_namespace": "web" }));
    tell("another agent", &|world| {
        world.projects[0].authorized.push(("acme/other:one".to_owned(), serde_json::json!({})));
    });
    tell("not shown", &|world| world.role = REPORTER);
    tell("an old release", &|world| world.version = "16.0.5-ee");
    insta::assert_snapshot!("live_causes", said);
}

/// Whether a system call opens a socket of the internet.
fn is_of_internet(call: &str) -> bool {
    call.contains("socket(AF_INET") || call.contains("sa_family=AF_INET")
}

/// Where a program lies by the path of the environment.
fn program(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The system calls about sockets of a command and of all that it starts; `None` where nothing here can tell them.
fn calls_about_sockets(command: &Command, place: &Path) -> Option<Vec<String>> {
    static MAY_TRACE: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    let may_trace = MAY_TRACE.get_or_init(|| {
        let tried = Command::new("strace").args(["-qq", "-e", "trace=socket", "true"]).output();
        let may_trace = tried.is_ok_and(|output| output.status.success());
        let is_wanted = std::env::var_os("KASLINT_STRACE").is_some();
        assert!(may_trace || !is_wanted, "KASLINT_STRACE is set, and strace cannot trace here");
        may_trace
    });
    if !may_trace {
        return None;
    }
    let written = place.join("calls");
    let mut traced = Command::new(program("strace").unwrap());
    traced.args(["-f", "-qq", "-e", "trace=%network", "-o"]).arg(&written).arg(command.get_program());
    traced.args(command.get_args()).current_dir(place).env_clear().stdin(Stdio::null());
    traced.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = traced.output().unwrap();
    assert!(output.status.code().is_some_and(|code| code <= 2), "{command:?}: {}", error(&output));
    let calls = fs::read_to_string(&written).unwrap().lines().map(str::to_owned).collect();
    fs::remove_file(&written).unwrap();
    Some(calls)
}

/// Whatever the environment says of instances and tokens, nothing but `inventory fetch` and `--live` opens a socket. Where strace is, the
/// system tells so, of git and other programs that are started as well; elsewhere a server does, to which everything points. `.ci/run` wants strace.
#[test]
fn no_other_command_opens_a_socket() {
    let (place, gitlab) = (Place::new(), Gitlab::serve(acme(DEVELOPER)));
    let traced = calls_about_sockets(&place.command(&gitlab, GROUP), place.folder.path());
    match traced {
        Some(calls) => assert!(calls.iter().any(|call| is_of_internet(call)), "a fetch is seen to open one: {calls:?}"),
        None => {
            place.fetch(&gitlab, GROUP);
        }
    }
    let asked = gitlab.requests();
    assert!(asked > 0);
    let project = place.folder.path().join("project");
    fs::create_dir_all(project.join(".gitlab/agents/prod")).unwrap();
    fs::write(project.join(".gitlab/agents/prod/config.yaml"), AGENT).unwrap();
    fs::write(
        project.join(".gitlab-ci.yml"),
        format!("include: {}/x.yml\ndeploy:\n  script: [kubectl get pods]\n", gitlab.url),
    )
    .unwrap();
    fs::write(project.join("projects.json"), "[]").unwrap();
    fs::write(project.join("kubeconfig"), kubeconfig(&gitlab.url)).unwrap();
    // Of all programs kaslint finds git, and a kubectl that would go where its configuration leads, as the one of Google's SDK does.
    let programs = place.folder.path().join("programs");
    fs::create_dir(&programs).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        symlink(program("git").unwrap(), programs.join("git")).unwrap();
        let version = r#"{"clientVersion":{"gitVersion":"v1.32.4-dispatcher"}}"#;
        fs::write(programs.join("kubectl"), format!("#!/bin/sh\necho \"$KUBECONFIG\" > asked\necho '{version}'\n"))
            .unwrap();
        fs::set_permissions(programs.join("kubectl"), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let inventory = &["--inventory", "../inventory/inventory.yaml"][..];
    let commands: &[(&[&str], &[&str])] = &[
        (&["check"], inventory),
        (&["check", "--diff"], inventory),
        (&["check", "--fix"], &[]),
        (&["check", "../inventory"], inventory),
        (&["access", "--jobs"], inventory),
        (&["access", "--for", "acme/web/shop", "--why"], inventory),
        (&["decode", ".gitlab/agents/prod/config.yaml"], &[]),
        (&["doctor"], inventory),
        (&["init"], &[]),
        (&["inventory", "check", "../inventory/inventory.yaml"], &[]),
        (&["inventory", "from-api", "projects.json"], &[]),
        (&["inventory", "fetch", "--group", "acme", "--output", "new", "--offline"], &[]),
        (&["access", "--live", "--offline"], inventory),
        (&["doctor", "--live", "--offline"], inventory),
        (&["diff", ".", "../inventory"], inventory),
        (&["diff", ".", "../inventory", "--post=acme/agents!12", "--offline"], inventory),
        (&["lsp"], &[]),
        (&["rules"], &[]),
        (&["schema", "inventory"], &[]),
        (&["completions", "bash"], &[]),
        (&["--help"], &[]),
    ];
    for (arguments, more) in commands {
        let mut command = kaslint(&project);
        for variable in ["CI_SERVER_URL", "GITLAB_HOST", "CI_API_V4_URL", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"] {
            command.env(variable, &gitlab.url);
        }
        command
            .env("PATH", &programs)
            .env("GITLAB_TOKEN", TOKEN)
            .env("CI_JOB_TOKEN", "job")
            .env("CI", "true")
            .env("GITLAB_CI", "true");
        command.env("KUBECONFIG", project.join("kubeconfig")).env("CI_PROJECT_PATH", "acme/web/shop");
        command.args(*arguments).args(*more);
        match calls_about_sockets(&command, &project) {
            Some(calls) => {
                let opened: Vec<&String> = calls.iter().filter(|call| is_of_internet(call)).collect();
                assert!(opened.is_empty(), "{arguments:?}: {opened:?}");
            }
            None => {
                let output = command.output().unwrap();
                assert!(output.status.code().is_some_and(|code| code <= 2), "{arguments:?}");
            }
        }
        assert_eq!(gitlab.requests(), asked, "{arguments:?}");
    }
    if cfg!(unix) {
        assert_eq!(fs::read_to_string(project.join("asked")).unwrap().trim(), "/dev/null", "kubectl is led nowhere");
    }
    // What the code says: ureq is named in one room.
    for (path, bytes) in files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let names_it = String::from_utf8_lossy(&bytes).contains("ureq::");
        assert_eq!(names_it, path.starts_with("network"), "{path}");
    }
}

/// A kubeconfig with the context of an agent, as GitLab makes it, for a server.
fn kubeconfig(server: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: gitlab\n  cluster: {{server: {server}/k8s-proxy}}\nusers:\n- name: agent:1001\n  \
         user: {{token: \"ci:1001:job\"}}\ncontexts:\n- name: acme/platform/agents:prod\n  context: {{cluster: gitlab, user: agent:1001}}\n"
    )
}

/// Ten thousand projects, of which 500 need environments and 500 protected refs, from a server that takes 20 ms an answer.
///
/// Measured, not held: run it with `--ignored --nocapture`; the time and the memory are told, the number of requests is held.
#[test]
#[ignore = "measures"]
fn ten_thousand_projects() {
    let mut world = World {
        groups: vec![("acme".to_owned(), 1)],
        role: MAINTAINER,
        latency: Duration::from_millis(20),
        ..World::default()
    };
    for number in 0..400 {
        world.groups.push((format!("acme/g{number}"), 100 + number));
    }
    for number in 0..10_000_i64 {
        let mut project = Project {
            id: number + 1,
            path: format!("acme/g{}/p{number:05}", number / 25),
            files: files(&[(".gitlab-ci.yml", "test:\n  script: [make]\n")]),
            environments: vec![("production".to_owned(), "PRODUCTION")],
            protected_branches: vec!["main".to_owned()],
            ..Project::default()
        };
        if number < 200 {
            let restriction = if number < 20 {
                "      environments: [production]\n"
            } else {
                "      protected_branches_only: true\n"
            };
            let agent = format!(
                "ci_access:\n  groups:\n    - id: acme/g{}\n{restriction}",
                if number < 20 { 20 + number } else { 40 + number % 20 }
            );
            project.files.insert(".gitlab/agents/a/config.yaml".to_owned(), agent.into_bytes());
            project.agents.push(("a".to_owned(), number + 1));
        }
        world.projects.push(project);
    }
    let (place, gitlab) = (Place::new(), Gitlab::serve(world));
    let start = Instant::now();
    let mut child = place.command(&gitlab, GROUP).stderr(Stdio::null()).spawn().unwrap();
    let mut peak = String::new();
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        peak = status.lines().find(|line| line.starts_with("VmHWM")).map(str::to_owned).unwrap_or(peak);
        std::thread::sleep(Duration::from_millis(20));
    }
    let asked = gitlab.asked.lock().unwrap();
    let count = |part: &str| asked.iter().filter(|path| path.contains(part)).count();
    let (graphql, protected) = (count("/api/graphql"), count("/protected_"));
    println!("{:?}, {peak}, {} requests: {graphql} GraphQL, {protected} protected refs", start.elapsed(), asked.len());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(place.text().contains("acme/g399/p09999"));
    // 100 pages of projects, 4 or 5 of groups, 500 of environments, 200 agent files of which at least eleven are asked for at once.
    assert_eq!(protected, 1_000);
    assert!(graphql <= 100 + 5 + 500 + 200_usize.div_ceil(11), "{graphql}");
    assert!(asked.len() <= protected + graphql + 10, "{}", asked.len());
}
