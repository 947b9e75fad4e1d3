//! An editor that forgives nothing. What the server says has to be taken by the test, what it asks has to be answered, and it
//! has to end as it should; otherwise the test fails when the client is dropped.
//!
//! Each client has a folder of its own, which its test knows as `file:///w`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

/// How long anything may take. The machine may be busy; nobody waits as long on a good day.
const LIMIT: Duration = Duration::from_secs(30);

/// Where a configuration lies.
pub const CONFIG: &str = ".gitlab/agents/prod/config.yaml";

/// The address of a file in the client's folder.
pub fn uri(path: &str) -> String {
    format!("file:///w/{path}")
}

/// The error of an answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: i64,
    pub message: String,
}

/// What was told of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub version: Option<i64>,
    pub diagnostics: Vec<Json>,
}

impl Told {
    fn of(params: &Json) -> (String, Self) {
        let path = params["uri"].as_str().expect("an address").replace("file:///w/", "");
        let diagnostics = params["diagnostics"].as_array().expect("diagnostics").clone();
        (path, Self { version: params["version"].as_i64(), diagnostics })
    }

    /// Its diagnostics, one text each.
    pub fn lines(&self) -> Vec<String> {
        lines(&self.diagnostics)
    }
}

/// A diagnostic as `line:column-line:column rule`, counted as the protocol does.
pub fn lines(diagnostics: &[Json]) -> Vec<String> {
    let one = |diagnostic: &Json| {
        let range = &diagnostic["range"];
        let at = |end: &str| format!("{}:{}", range[end]["line"], range[end]["character"]);
        format!("{}-{} {}", at("start"), at("end"), diagnostic["code"].as_str().expect("a rule"))
    };
    diagnostics.iter().map(one).collect()
}

/// A request of the server's, which has to be answered.
#[must_use]
pub struct Question {
    id: String,
    pub params: Json,
}

pub struct Client {
    child: Child,
    input: Option<ChildStdin>,
    receiver: Receiver<Json>,
    errors: Option<JoinHandle<String>>,
    inbox: VecDeque<Json>,
    /// Requests of the client's that have no answer yet.
    asked: BTreeSet<i64>,
    /// Requests of the server's that have no answer yet.
    owed: BTreeSet<String>,
    /// Ids of requests of the client's that are none of its own count.
    strange: Vec<Json>,
    count: i64,
    is_over: bool,
    folder: tempfile::TempDir,
}

impl Client {
    /// Starts the server in a folder with these files.
    pub fn start(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            write(folder.path(), path, text.as_bytes());
        }
        let working = folder.path().to_owned();
        Self::in_folder(folder, &working)
    }

    /// The same in a copy of a folder of `fixtures/lsp`.
    pub fn start_with(fixture: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lsp").join(fixture), folder.path());
        let working = folder.path().to_owned();
        Self::in_folder(folder, &working)
    }

    /// Starts the server with options in a folder with these files, which is open and settled.
    pub fn ready_as(options: &[&str], files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            write(folder.path(), path, text.as_bytes());
        }
        let working = folder.path().to_owned();
        let mut client = Self::started(folder, &working, options);
        client.greet(json!({}), &[""]);
        client
    }

    /// Starts the server from a working folder.
    pub fn in_folder(folder: tempfile::TempDir, working: &Path) -> Self {
        Self::started(folder, working, &[])
    }

    fn started(folder: tempfile::TempDir, working: &Path, options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaslint"));
        command.current_dir(working).arg("lsp").args(options).env_remove("CI_PROJECT_PATH");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let (sender, receiver) = channel();
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let real = real_uri(folder.path());
        thread::spawn(move || read_frames(output, &real, &sender));
        let mut stderr = child.stderr.take().expect("a pipe");
        let errors = thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        let input = child.stdin.take();
        Self {
            child,
            input,
            receiver,
            errors: Some(errors),
            inbox: VecDeque::new(),
            asked: BTreeSet::new(),
            owed: BTreeSet::new(),
            strange: Vec::new(),
            count: 0,
            is_over: false,
            folder,
        }
    }

    /// Starts the server in a folder with these files, which is open and settled, with a client that can do next to nothing.
    pub fn ready(files: &[(&str, &str)]) -> Self {
        Self::ready_with(json!({}), files)
    }

    /// The same with what the client can do.
    pub fn ready_with(capabilities: Json, files: &[(&str, &str)]) -> Self {
        let mut client = Self::start(files);
        client.greet(capabilities, &[""]);
        client
    }

    /// `initialize` with folders below the client's own and `initialized`.
    pub fn greet(&mut self, capabilities: Json, folders: &[&str]) -> Json {
        let result = self.initialize(capabilities, folders);
        self.notify("initialized", json!({}));
        result
    }

    /// `initialize` with folders below the client's own.
    pub fn initialize(&mut self, capabilities: Json, folders: &[&str]) -> Json {
        let result = self.ask("initialize", initialize_params(capabilities, folders));
        result.expect("the server can be initialized")
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A file in the client's folder.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file to the disk.
    pub fn write(&self, path: &str, text: &str) {
        write(self.folder.path(), path, text.as_bytes());
    }

    /// Removes a file from the disk.
    pub fn remove(&self, path: &str) {
        std::fs::remove_file(self.path(path)).expect("a file");
    }

    /// Sends bytes, whatever they are. A server that has ended does not read them, which is its business.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        if let Some(input) = &mut self.input {
            let _ = input.write_all(bytes).and_then(|()| input.flush());
        }
    }

    /// Sends a text as a message.
    pub fn send_body(&mut self, body: &[u8]) {
        let head = format!("Content-Length: {}\r\n\r\n", body.len());
        self.send_bytes(&[head.as_bytes(), body].concat());
    }

    /// Sends a message.
    pub fn send(&mut self, message: &Json) {
        let text = message.to_string().replace("file:///w", &real_uri(self.folder.path()));
        self.send_body(text.as_bytes());
    }

    /// Sends a notification.
    pub fn notify(&mut self, method: &str, params: Json) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// Sends a request, of which the answer is to be taken later.
    pub fn begin(&mut self, method: &str, params: Json) -> i64 {
        self.count += 1;
        let id = self.count;
        self.asked.insert(id);
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        id
    }

    /// Waits for the answer to a request.
    pub fn answer(&mut self, id: i64) -> Result<Json, Refusal> {
        let is_it = |message: &Json| message.get("method").is_none() && message["id"] == id;
        let answer = self.take(&format!("the answer to request {id}"), is_it);
        assert!(self.asked.remove(&id), "request {id} is answered a second time: {answer}");
        match answer.get("error") {
            Some(error) => Err(Refusal {
                code: error["code"].as_i64().expect("a code"),
                message: error["message"].as_str().expect("a message").to_owned(),
            }),
            None => Ok(answer.get("result").cloned().expect("an answer has a result or an error")),
        }
    }

    /// Sends a request and waits for its answer.
    pub fn ask(&mut self, method: &str, params: Json) -> Result<Json, Refusal> {
        let id = self.begin(method, params);
        self.answer(id)
    }

    /// Waits for a notification, and gives what it says.
    pub fn notified(&mut self, method: &str) -> Json {
        let is_it = |message: &Json| message.get("id").is_none() && message["method"] == method;
        self.take(&format!("the notification {method}"), is_it)["params"].clone()
    }

    /// Waits for a request of the server's.
    pub fn asked(&mut self, method: &str) -> Question {
        let is_it = |message: &Json| message.get("id").is_some() && message["method"] == method;
        let message = self.take(&format!("the request {method}"), is_it);
        let id = message["id"].as_str().expect("ids of the server are texts").to_owned();
        Question { id, params: message["params"].clone() }
    }

    /// Answers a request of the server's.
    pub fn reply(&mut self, question: Question, result: Json) {
        assert!(self.owed.remove(&question.id), "{} is answered already", question.id);
        self.send(&json!({"jsonrpc": "2.0", "id": question.id, "result": result}));
    }

    /// Answers a request of the server's with an error.
    pub fn reply_error(&mut self, question: Question, code: i32, message: &str) {
        assert!(self.owed.remove(&question.id), "{} is answered already", question.id);
        let error = json!({"code": code, "message": message});
        self.send(&json!({"jsonrpc": "2.0", "id": question.id, "error": error}));
    }

    /// Leaves a request of the server's without an answer, which clients do.
    pub fn ignore(&mut self, question: Question) {
        self.owed.remove(&question.id);
    }

    /// Waits for the error about something that had no id to answer with.
    pub fn refused(&mut self) -> Refusal {
        let is_it = |message: &Json| message.get("error").is_some() && message["id"].is_null();
        let error = self.take("an error without id", is_it)["error"].clone();
        let message = error["message"].as_str().expect("a message").to_owned();
        Refusal { code: error["code"].as_i64().expect("a code"), message }
    }

    /// Waits until everything that was sent has been handled and told. The first answer says that all before it was handled,
    /// and the second that all of that was told, since the server tells once it has handled what waits.
    pub fn settle(&mut self) {
        for _ in 0..2 {
            let refusal = self.ask("test/settle", Json::Null).expect_err("nobody knows this request");
            assert_eq!(refusal.code, -32601);
        }
    }

    /// Settles, and takes all diagnostics that were told since; none of them twice.
    pub fn told(&mut self) -> BTreeMap<String, Told> {
        self.settle();
        let mut all = BTreeMap::new();
        while let Some((path, told)) = self.next_told() {
            assert!(!all.contains_key(&path), "{path} is told twice");
            all.insert(path, told);
        }
        all
    }

    /// Takes whatever the server has said and nobody has taken.
    pub fn all(&mut self) -> Vec<Json> {
        self.inbox.drain(..).collect()
    }

    /// Takes all diagnostics that wait, and gives the last.
    pub fn last_told(&mut self) -> Told {
        let mut last = None;
        while let Some((_, told)) = self.next_told() {
            last = Some(told);
        }
        last.expect("diagnostics")
    }

    /// An answer will come to a request that was sent as bytes.
    pub fn expect_answer(&mut self, id: i64) {
        self.asked.insert(id);
    }

    /// Sends a request with an id of any kind and waits for its answer.
    pub fn ask_with(&mut self, id: &Json, method: &str) {
        let body = json!({"jsonrpc": "2.0", "id": id, "method": method}).to_string();
        self.send_bytes(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
        self.ask_with_bytes(id, body.as_bytes());
    }

    /// Sends the rest of a request with this id and waits for its answer.
    pub fn ask_with_bytes(&mut self, id: &Json, rest: &[u8]) {
        self.strange.push(id.clone());
        self.send_bytes(rest);
        self.take(&format!("the answer to {id}"), |message| message["id"] == *id);
    }

    /// Takes the first diagnostics that wait, without settling; `None` if there are none.
    pub fn next_told(&mut self) -> Option<(String, Told)> {
        let is_one = |message: &Json| message["method"] == "textDocument/publishDiagnostics";
        let at = self.inbox.iter().position(is_one)?;
        let message = self.inbox.remove(at).expect("a message");
        Some(Told::of(&message["params"]))
    }

    /// Settles, and takes all diagnostics that were told since, one text a document, such as `path@version: 0:0-0:4 rule`.
    pub fn told_lines(&mut self) -> Vec<String> {
        let one = |(path, told): (String, Told)| {
            let version = told.version.map(|version| format!("@{version}")).unwrap_or_default();
            format!("{path}{version}: {}", told.lines().join(", ")).trim_end().to_owned()
        };
        self.told().into_iter().map(one).collect()
    }

    /// Settles, and takes the diagnostics of the one document that was told.
    pub fn told_of(&mut self, path: &str) -> Told {
        let mut all = self.told();
        let told = all.remove(path).unwrap_or_else(|| panic!("nothing is told of {path}, but {all:?}"));
        assert!(all.is_empty(), "{all:?}");
        told
    }

    /// Opens a document.
    pub fn open(&mut self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
    }

    /// Opens a document with the text that lies on the disk.
    pub fn open_file(&mut self, path: &str) {
        let text = std::fs::read_to_string(self.path(path)).expect("a file");
        self.open(&uri(path), &text);
    }

    /// Changes a document.
    pub fn change(&mut self, uri: &str, version: i32, changes: &[Json]) {
        let document = json!({"uri": uri, "version": version});
        self.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
    }

    /// Gives a document another text.
    pub fn replace(&mut self, uri: &str, version: i32, text: &str) {
        self.change(uri, version, &[json!({"text": text})]);
    }

    /// Closes a document.
    pub fn close(&mut self, uri: &str) {
        self.notify("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
    }

    /// Says that files on the disk have changed.
    pub fn changed_on_disk(&mut self, paths: &[&str]) {
        let changes: Vec<Json> = paths.iter().map(|path| json!({"uri": uri(path), "type": 2})).collect();
        self.notify("workspace/didChangeWatchedFiles", json!({"changes": changes}));
    }

    /// Asks for the diagnostics of a document.
    pub fn pull(&mut self, path: &str, before: Option<&str>) -> Json {
        let mut params = json!({"textDocument": {"uri": uri(path)}});
        if let Some(before) = before {
            params["previousResultId"] = before.into();
        }
        self.ask("textDocument/diagnostic", params).expect("diagnostics")
    }

    /// Says that it goes, and goes.
    pub fn shutdown(&mut self) {
        self.settle();
        self.is_quiet();
        assert_eq!(self.ask("shutdown", Json::Null), Ok(Json::Null));
        self.notify("exit", Json::Null);
        self.ends_with(0);
    }

    /// Hangs up.
    pub fn hang_up(&mut self) {
        self.input = None;
    }

    /// Takes the pipe away, for a test that holds it open.
    pub fn take_pipe(&mut self) -> ChildStdin {
        self.input.take().expect("a pipe")
    }

    /// Waits until the server has ended, by itself or because it was told to, with this status and without another word.
    pub fn ends_with(&mut self, status: i32) {
        self.is_over = true;
        let start = Instant::now();
        loop {
            match self.receiver.recv_timeout(LIMIT.saturating_sub(start.elapsed())) {
                Ok(message) => self.keep(message),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => self.give_up("the end of the server"),
            }
        }
        while self.child.try_wait().expect("a process").is_none() {
            if start.elapsed() > LIMIT {
                self.give_up("the end of the server, which has closed its pipe");
            }
            thread::sleep(Duration::from_millis(2));
        }
        self.is_quiet();
        let errors = self.errors.take().expect("a thread").join().expect("standard error");
        assert_eq!(errors, "", "standard error is for trouble");
        assert_eq!(self.child.wait().expect("a status").code(), Some(status), "the exit status");
    }

    /// Fails if something was said and not taken, or asked and not answered.
    fn is_quiet(&mut self) {
        assert!(self.inbox.is_empty(), "the server said what the test did not expect: {:#?}", self.inbox);
        assert!(self.asked.is_empty(), "requests {:?} have no answer", self.asked);
        assert!(self.owed.is_empty(), "the test left {:?} without an answer", self.owed);
    }

    /// Waits for a message; what else comes meanwhile stays for later.
    fn take(&mut self, what: &str, is_it: impl Fn(&Json) -> bool) -> Json {
        let start = Instant::now();
        loop {
            if let Some(at) = self.inbox.iter().position(&is_it) {
                return self.inbox.remove(at).expect("a message");
            }
            match self.receiver.recv_timeout(LIMIT.saturating_sub(start.elapsed())) {
                Ok(message) => self.keep(message),
                Err(RecvTimeoutError::Timeout) => self.give_up(what),
                Err(RecvTimeoutError::Disconnected) => {
                    let errors = self.errors.take().map(|errors| errors.join().unwrap_or_default());
                    panic!("the server ended before {what}; said {:#?}, {errors:?}", self.inbox);
                }
            }
        }
    }

    fn keep(&mut self, message: Json) {
        assert_eq!(message["jsonrpc"], "2.0", "{message}");
        // A failure inside is caught, told, and otherwise silent.
        let text = message.to_string();
        let is_logged = message["method"] == "window/logMessage" && text.contains("failed inside");
        let is_failure =
            message["error"]["code"] == -32603 || is_logged || text.contains("\"code\":\"internal-error\"");
        assert!(!is_failure, "{}", text.chars().take(2_000).collect::<String>());
        match (message.get("id"), message.get("method")) {
            (Some(id), Some(_)) => {
                let id = id.as_str().expect("ids of the server are texts").to_owned();
                assert!(self.owed.insert(id), "an id was used twice: {message}");
            }
            (Some(id), None) if !id.is_null() => {
                let is_asked = id.as_i64().is_some_and(|id| self.asked.contains(&id));
                let is_awaited = is_asked || self.strange.contains(id);
                let is_first = !self.inbox.iter().any(|other| other.get("method").is_none() && other["id"] == *id);
                assert!(is_awaited && is_first, "an answer to nothing: {message}");
            }
            _ => {}
        }
        self.inbox.push_back(message);
    }

    fn give_up(&mut self, what: &str) -> ! {
        let inbox = std::mem::take(&mut self.inbox);
        panic!("waited {LIMIT:?} in vain for {what}; the server said {inbox:#?}");
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if !thread::panicking() && !self.is_over {
            self.shutdown();
        }
        // A test that failed leaves nothing behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `initialize` says, with folders below the client's own.
pub fn initialize_params(capabilities: Json, folders: &[&str]) -> Json {
    let folder = |path: &&str| json!({"uri": uri(path).trim_end_matches('/'), "name": path});
    let folders: Vec<Json> = folders.iter().map(folder).collect();
    json!({"processId": std::process::id(), "rootUri": null, "capabilities": capabilities, "workspaceFolders": folders})
}

/// Writes a file and the folders above it.
fn write(folder: &Path, path: &str, content: &[u8]) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    std::fs::write(&path, content).expect("a file");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(std::fs::copy(&path, &target).expect("a copy")),
        }
    }
}

fn real_uri(folder: &Path) -> String {
    format!("file://{}", folder.display())
}

/// Reads what the server sends until it ends, and is strict about the form.
fn read_frames(mut output: impl std::io::BufRead, real: &str, sender: &Sender<Json>) {
    loop {
        let mut head = String::new();
        if output.read_line(&mut head).expect("a header") == 0 {
            return;
        }
        let size = head.strip_prefix("Content-Length: ").and_then(|rest| rest.strip_suffix("\r\n"));
        let size: usize = size.and_then(|size| size.parse().ok()).unwrap_or_else(|| panic!("no header: {head:?}"));
        let mut blank = [0; 2];
        output.read_exact(&mut blank).expect("a blank line");
        assert_eq!(&blank, b"\r\n");
        let mut body = vec![0; size];
        output.read_exact(&mut body).expect("a whole message");
        let text = String::from_utf8(body).expect("UTF-8").replace(real, "file:///w");
        if sender.send(serde_json::from_str(&text).expect("JSON")).is_err() {
            return;
        }
    }
}
