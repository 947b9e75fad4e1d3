//! From a keystroke to the diagnostics, within one process: the largest agent file that GitLab reads by default, 128 KiB with 800
//! entries, and an inventory of 50,000 projects; alone, and beside a CI file. The median should be less than 10 ms.
//!
//! `cargo bench --bench editor`, or with `-- write FOLDER` to keep what is edited. `benches/editor.py` measures the binary with it, over
//! pipes, and another language server.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests lay out folders and run programs")]
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, reason = "a program for developers")]

use std::fmt::Write as _;
use std::fs;
use std::io::{BufReader, PipeReader, PipeWriter, Write as _, pipe};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use lsp_server::Message;
use serde_json::{Value as Json, json};

const SIZE: usize = 128 * 1024;
const PROJECTS: usize = 50_000;
/// Entries of each of the two lists.
const ENTRIES: usize = 400;
const JOBS: usize = 40;
/// A name in the middle of the file; each keystroke types or deletes a character behind it.
const EDITED: &str = "service-0200";
const WARM_UP: usize = 20;
const KEYSTROKES: usize = 200;

const CONFIG: &str = ".gitlab/agents/prod/config.yaml";
const CI_FILE: &str = ".gitlab-ci.yml";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let ["write", folder] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        write(Path::new(folder));
        fs::write(Path::new(folder).join(CI_FILE), ci_file()).unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    println!("{SIZE} bytes, {} entries, {PROJECTS} projects, {KEYSTROKES} keystrokes", 2 * ENTRIES);
    println!("{:36} {:>10} {:>10} {:>10}", "", "median", "95 of 100", "largest");
    tell("in the process", measure(folder.path()));
    fs::write(folder.path().join(CI_FILE), ci_file()).unwrap();
    tell(&format!("in the process, {JOBS} jobs beside it"), measure(folder.path()));
}

fn tell(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1_000.0;
    println!("{name:36} {:7.2} ms {:7.2} ms {:7.2} ms", at(50), at(95), at(100));
}

fn write(folder: &Path) {
    fs::create_dir_all(folder.join(CONFIG).parent().unwrap()).unwrap();
    fs::write(folder.join(CONFIG), agent_file()).unwrap();
    fs::write(folder.join("inventory.yaml"), inventory()).unwrap();
    let settings = "project: acme/platform/agents\ninventory: inventory.yaml\n";
    fs::write(folder.join(".kaslint.yaml"), settings).unwrap();
}

fn team(number: usize) -> usize {
    number % 37
}

/// As `benches/large_file.py` has it, and as large as may be.
fn agent_file() -> String {
    let mut text = "ci_access:\n  projects:\n".to_owned();
    for number in 0..ENTRIES {
        write!(
            text,
            "    - id: acme/platform/team-{}/service-{number:04}\n      environments: [production, staging]\n      \
             access_as: {{ci_job: {{}}}}\n",
            team(number)
        )
        .unwrap();
    }
    text.push_str("  groups:\n");
    for number in 0..ENTRIES {
        write!(
            text,
            "    - id: acme/platform/team-{number:04}\n      environments: [production, staging]\n      \
             protected_branches_only: true\n"
        )
        .unwrap();
    }
    while text.len() < SIZE {
        let rest = (SIZE - text.len()).min(80);
        // A line that leaves a single byte over would have no room for a comment behind it.
        let rest = if SIZE - text.len() - rest == 1 { rest - 1 } else { rest };
        writeln!(text, "#{}", "-".repeat(rest - 2)).unwrap();
    }
    assert_eq!(text.len(), SIZE);
    text
}

fn inventory() -> String {
    let mut text =
        "gitlab: {version: \"18.4\", tier: premium}\ngroups:\n  - {path: acme}\n  - {path: acme/platform}\n".to_owned();
    for number in 0..37 {
        writeln!(text, "  - {{path: acme/platform/team-{number}}}").unwrap();
    }
    for number in 0..ENTRIES {
        writeln!(text, "  - {{path: acme/platform/team-{number:04}}}").unwrap();
    }
    text.push_str("projects:\n  - {path: acme/platform/agents, default_branch: main, protected_branches: [main], agents: [prod]}\n");
    for number in 0..PROJECTS - 1 {
        let path = match number {
            0..ENTRIES => format!("team-{}/service-{number:04}", team(number)),
            _ => format!("team-{:04}/service-{number:05}", number % ENTRIES),
        };
        writeln!(text, "  - {{path: acme/platform/{path}, environments: [production, staging]}}").unwrap();
    }
    text
}

fn ci_file() -> String {
    let mut text = "stages: [test, deploy]\n\n.deploy:\n  stage: deploy\n  before_script:\n    \
                    - kubectl config use-context acme/platform/agents:prod\n"
        .to_owned();
    for number in 0..JOBS / 2 {
        let environment = ["production", "staging"][number % 2];
        write!(
            text,
            "\ndeploy {number}:\n  extends: .deploy\n  environment: {{name: {environment}}}\n  script:\n    \
             - kubectl apply -f services/{number}/\n  rules:\n    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH\n\n\
             test {number}:\n  stage: test\n  script: make -C services/{number} test\n"
        )
        .unwrap();
    }
    text
}

/// How long the diagnostics of each keystroke took.
fn measure(folder: &Path) -> Vec<Duration> {
    let uri = |path: &Path| format!("file://{}", path.display());
    let file = folder.join(CONFIG);
    let text = fs::read_to_string(&file).unwrap();
    let mut client = Client::start();
    let folders = json!([{"uri": uri(folder), "name": "bench"}]);
    let capabilities = json!({"textDocument": {"publishDiagnostics": {"versionSupport": true}}});
    let params =
        json!({"processId": null, "rootUri": uri(folder), "workspaceFolders": folders, "capabilities": capabilities});
    client.send(&json!({"id": 1, "method": "initialize", "params": params}));
    while !matches!(client.receive(), Message::Response(_)) {}
    client.send(&json!({"method": "initialized", "params": {}}));
    let document = json!({"uri": uri(&file), "languageId": "yaml", "version": 0, "text": text});
    client.send(&json!({"method": "textDocument/didOpen", "params": {"textDocument": document}}));
    assert_eq!(client.diagnostics(0), 0, "the file is fine");

    let (line, before) = text.lines().enumerate().find(|(_, line)| line.ends_with(EDITED)).unwrap();
    let at = |character: usize| json!({"line": line, "character": character});
    let mut times = Vec::new();
    for number in 1..=WARM_UP + KEYSTROKES {
        let is_typed = number % 2 == 1;
        let (end, typed) = if is_typed { (before.len(), "x") } else { (before.len() + 1, "") };
        let change = json!({"range": {"start": at(before.len()), "end": at(end)}, "text": typed});
        let document = json!({"uri": uri(&file), "version": number});
        let message = json!({"method": "textDocument/didChange", "params": {"textDocument": document, "contentChanges": [change]}});
        let start = Instant::now();
        client.send(&message);
        let found = client.diagnostics(number);
        times.push(start.elapsed());
        assert_eq!(found, usize::from(is_typed), "what is typed makes a project that there is not");
    }
    client.send(&json!({"id": 2, "method": "shutdown"}));
    while !matches!(client.receive(), Message::Response(_)) {}
    client.send(&json!({"method": "exit"}));
    times.split_off(WARM_UP)
}

struct Client {
    to_server: PipeWriter,
    from_server: BufReader<PipeReader>,
}

impl Client {
    fn start() -> Self {
        let (input, to_server) = pipe().unwrap();
        let (from_server, output) = pipe().unwrap();
        thread::spawn(move || kaslint::lsp::serve(BufReader::new(input), output));
        Self { to_server, from_server: BufReader::new(from_server) }
    }

    fn send(&mut self, message: &Json) {
        let mut message = message.clone();
        message["jsonrpc"] = "2.0".into();
        let body = message.to_string();
        write!(self.to_server, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    }

    fn receive(&mut self) -> Message {
        Message::read(&mut self.from_server).unwrap().expect("the server goes on")
    }

    /// Waits for the diagnostics of a state of the document, and tells how many they are.
    fn diagnostics(&mut self, version: usize) -> usize {
        loop {
            let Message::Notification(told) = self.receive() else { continue };
            if told.method == "textDocument/publishDiagnostics" && told.params["version"] == version {
                return told.params["diagnostics"].as_array().unwrap().len();
            }
        }
    }
}
