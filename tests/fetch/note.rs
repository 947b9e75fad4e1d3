//! `kaslint diff --post` against a GitLab of one's own, which keeps comments.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Output;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::kaslint;

const TOKEN: &str = "glpat-Zx81kq0PwR5t7LmN2bVc";
const MARKER: &str = "<!-- kaslint diff -->";

/// The user whose token it is.
const ME: u64 = 7;

/// What the comments are answered with in the place of what they say.
type Fault = fn(&str, usize) -> Option<(u16, &'static str)>;

struct Comments {
    url: String,
    /// Method and path of each request.
    asked: Arc<Mutex<Vec<String>>>,
    notes: Arc<Mutex<Vec<Value>>>,
}

impl Comments {
    fn serve(notes: Vec<Value>, fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, notes) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(notes)));
        let comments = Self { url, asked: Arc::clone(&asked), notes: Arc::clone(&notes) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                while let Some((line, has_token, body)) = read(&mut reader) {
                    let number = asked.lock().unwrap().len();
                    asked.lock().unwrap().push(line.clone());
                    let answer = if has_token { answer(&line, &body, &notes) } else { (401, json!({}), String::new()) };
                    // Carried out all the same.
                    let answer = match fault(&line, number) {
                        Some((0, _)) => break,
                        Some((status, body)) => (status, serde_json::from_str(body).unwrap(), String::new()),
                        None => answer,
                    };
                    write(&stream, &answer);
                }
            }
        });
        comments
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn bodies(&self) -> Vec<String> {
        self.notes.lock().unwrap().iter().map(|note| note["body"].as_str().unwrap().to_owned()).collect()
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<(String, bool, String)> {
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|&length| length > 0)?;
    let (mut length, mut has_token) = (0, false);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        if header.trim_end().is_empty() {
            break;
        }
        let (name, value) = header.trim_end().split_once(':')?;
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "private-token" => has_token = value.trim() == TOKEN,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let line = first.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    Some((line, has_token, String::from_utf8(body).ok()?))
}

/// Status, what is said, and the next page.
fn answer(line: &str, body: &str, notes: &Mutex<Vec<Value>>) -> (u16, Value, String) {
    const NOTES: &str = "/api/v4/projects/acme%2Fagents/merge_requests/12/notes";
    let mut notes = notes.lock().unwrap();
    let text = || serde_json::from_str::<Value>(body).unwrap()["body"].as_str().unwrap().to_owned();
    let (method, path) = line.split_once(' ').unwrap();
    let rest = path.strip_prefix(NOTES);
    match (method, rest) {
        ("GET", None) if path == "/api/v4/user" => (200, json!({ "id": ME }), String::new()),
        ("GET", Some(query)) => {
            let page: usize = query.rsplit_once("&page=").unwrap().1.parse().unwrap();
            let of_page: Vec<Value> = notes.iter().skip((page - 1) * 100).take(100).cloned().collect();
            let next = if notes.len() > page * 100 { (page + 1).to_string() } else { String::new() };
            (200, json!(of_page), next)
        }
        ("POST", Some("")) => {
            let id = 1000 + notes.len();
            notes.push(json!({ "id": id, "body": text(), "author": { "id": ME }, "system": false }));
            (201, json!({ "id": id }), String::new())
        }
        ("PUT", Some(id)) => {
            let id: u64 = id.trim_start_matches('/').parse().unwrap();
            let note = notes.iter_mut().find(|note| note["id"] == id && note["author"]["id"] == ME).unwrap();
            note["body"] = json!(text());
            (200, json!({ "id": id }), String::new())
        }
        _ => (404, json!({ "message": "404 Not found" }), String::new()),
    }
}

fn write(mut stream: &TcpStream, (status, body, next): &(u16, Value, String)) {
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nx-next-page: {next}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}

/// Two folders, of which the second lets in more.
fn states(folder: &Path, entries: &str) {
    for (side, text) in [("base", "{}\n"), ("head", entries)] {
        let agent = folder.join(side).join(".gitlab/agents/prod");
        fs::create_dir_all(&agent).unwrap();
        fs::write(agent.join("config.yaml"), text).unwrap();
        let settings = "project: acme/agents\ngitlab:\n  version: \"18.4\"\n  tier: premium\n";
        fs::write(folder.join(side).join(".kaslint.yaml"), settings).unwrap();
    }
}

const ONE: &str = "ci_access:\n  projects:\n  - id: acme/web/shop\n";
const TWO: &str = "ci_access:\n  projects:\n  - id: acme/web/shop\n  - id: acme/api\n";

/// Variables of the job.
type Variables<'v> = &'v [(&'v str, &'v str)];

fn diff(folder: &Path, arguments: &[&str], variables: Variables<'_>) -> Output {
    let mut command = kaslint(folder);
    command.args(["diff", "./base", "./head", "--fail-on", "never", "--insecure-http"]).args(arguments);
    command.envs(variables.iter().copied()).output().unwrap()
}

fn post(folder: &Path, comments: &Comments) -> String {
    let variables = [("CI_SERVER_URL", &*comments.url), ("GITLAB_TOKEN", TOKEN)];
    let output = diff(folder, &["--format", "json=out.json", "--post=acme/agents!12"], &variables);
    told(&output, comments)
}

fn told(output: &Output, comments: &Comments) -> String {
    let text = format!("{} {}", output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(!text.contains("Zx81kq0P"), "{text}");
    text.replace(&comments.url, "http://gitlab").trim_end().to_owned()
}

fn note(id: usize, author: u64, body: &str) -> Value {
    json!({ "id": id, "body": body, "author": { "id": author }, "system": false })
}

fn none(_: &str, _: usize) -> Option<(u16, &'static str)> {
    None
}

/// However often it is written, there is one comment; those of others are left alone, whatever they hold.
#[test]
fn there_is_one_comment_however_often_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    states(folder.path(), ONE);
    let mut others: Vec<Value> = (0..230).map(|id| note(id, 3, "looks good")).collect();
    others.push(note(230, 3, &format!("{MARKER}\nsomebody else's")));
    others.push(note(231, ME, &format!("About `{MARKER}`")));
    others.push(json!({ "id": 232, "body": format!("{MARKER} x"), "author": { "id": ME }, "system": true }));
    let comments = Comments::serve(others, none);
    assert_eq!(post(folder.path(), &comments), "0 Commented on acme/agents!12 of http://gitlab.");
    let asked = comments.asked();
    assert_eq!(asked.iter().filter(|line| !line.starts_with("GET ")).count(), 1, "{asked:?}");
    assert_eq!(asked.len(), 5, "{asked:?}");
    assert_eq!(post(folder.path(), &comments), "0 The comment on acme/agents!12 of http://gitlab says this already.");
    assert!(comments.asked().iter().all(|line| line.starts_with("GET ")));
    states(folder.path(), TWO);
    assert_eq!(post(folder.path(), &comments), "0 Updated the comment on acme/agents!12 of http://gitlab.");
    assert_eq!(comments.asked().last().unwrap().split(' ').next(), Some("PUT"));
    let bodies = comments.bodies();
    assert_eq!(bodies.len(), 234);
    let body = bodies.last().unwrap();
    assert!(body.starts_with(&format!("{MARKER}\n**New access: ")) && body.contains("`acme/api`"), "{body}");
    assert_eq!(bodies[230], format!("{MARKER}\nsomebody else's"));
    // What is written is what the format shows.
    let shown = diff(folder.path(), &["--format", "markdown"], &[]);
    assert_eq!(String::from_utf8(shown.stdout).unwrap().trim_end(), body);
}

/// Of a comment that may have been made, it is asked whether it was, before it is made again or given up.
#[test]
fn a_comment_without_an_answer_is_not_made_again() {
    let folder = tempfile::tempdir().unwrap();
    states(folder.path(), ONE);
    for fault in [
        (|line: &str, _| line.starts_with("POST").then_some((0, ""))) as Fault,
        |line, _| line.starts_with("POST").then_some((502, "{}")),
        |line, _| line.starts_with("POST").then_some((500, "{}")),
    ] {
        let comments = Comments::serve(Vec::new(), fault);
        assert_eq!(post(folder.path(), &comments), "0 Commented on acme/agents!12 of http://gitlab.");
        assert_eq!(comments.bodies().len(), 1);
        let asked = comments.asked();
        assert_eq!(asked.iter().filter(|line| line.starts_with("POST")).count(), 1, "{asked:?}");
    }
}

/// Only `--post` opens a socket.
#[test]
fn nothing_is_asked_without_post() {
    let folder = tempfile::tempdir().unwrap();
    states(folder.path(), ONE);
    let comments = Comments::serve(Vec::new(), none);
    let job = [
        ("CI_SERVER_URL", &*comments.url),
        ("GITLAB_TOKEN", TOKEN),
        ("CI_MERGE_REQUEST_IID", "12"),
        ("CI_MERGE_REQUEST_PROJECT_ID", "acme/agents"),
    ];
    assert_eq!(told(&diff(folder.path(), &[], &job), &comments), "0");
    assert_eq!(comments.asked(), Vec::<String>::new());
    // With it, it goes to the merge request of the job.
    let posted = diff(folder.path(), &["--post"], &job);
    assert_eq!(told(&posted, &comments), "0 Commented on acme/agents!12 of http://gitlab.");
    assert!(String::from_utf8_lossy(&posted.stdout).starts_with("widened"), "the report is told as well");
}

#[test]
fn what_keeps_a_comment_away_is_said() {
    let folder = tempfile::tempdir().unwrap();
    states(folder.path(), ONE);
    let mut all = Vec::new();
    for fault in [
        (|_: &str, _| Some((401, r#"{"message":"401 Unauthorized"}"#))) as Fault,
        |_, _| Some((403, r#"{"error":"insufficient_scope","scope":"api"}"#)),
        |line, _| line.starts_with("POST").then_some((403, r#"{"message":"403 Forbidden"}"#)),
        |line, _| line.contains("/notes").then_some((404, "{}")),
        |line, _| line.contains("/notes").then_some((200, "{}")),
        |line, _| line.starts_with("POST").then_some((400, "{}")),
        |line, _| line.contains("/user").then_some((200, "[]")),
    ] {
        let comments = Comments::serve(vec![note(1, ME, "x")], fault);
        all.push(post(folder.path(), &comments));
    }
    let comments = Comments::serve(Vec::new(), none);
    let given = [("CI_SERVER_URL", &*comments.url), ("GITLAB_TOKEN", TOKEN)];
    let bare = [("CI_SERVER_URL", &*comments.url)];
    let job = [("CI_SERVER_URL", &*comments.url), ("CI_JOB_TOKEN", "glcbt-64_abc")];
    let runs: [(&[&str], Variables<'_>); 7] = [
        (&["--post"], &given),
        (&["--post=agents"], &given),
        (&["--post=acme/agents!0"], &given),
        (&["--post=acme/agents/../x?!7"], &given),
        (&["--post=acme/agents!12"], &bare),
        (&["--post=acme/agents!12"], &job),
        (&["--post=acme/agents!12", "--offline"], &given),
    ];
    for (arguments, variables) in runs {
        let output = diff(folder.path(), arguments, variables);
        assert!(output.stdout.is_empty(), "a bad call does nothing");
        all.push(told(&output, &comments));
    }
    assert_eq!(comments.asked(), Vec::<String>::new());
    insta::assert_snapshot!(all.join("\n"));
}
