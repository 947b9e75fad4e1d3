//! The language server as a source of answers: diagnostics of open documents, hovers, pages of rules.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::call::Caller;

/// How long an answer may take. The machine may be busy; nobody waits as long on a good day.
const LIMIT: Duration = Duration::from_secs(30);

/// A language server with a repository open.
pub struct Editor {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Json>,
    top: String,
    asked: i64,
    /// The version of all documents.
    version: i64,
    /// The diagnostics that were told last, by path.
    diagnostics: BTreeMap<String, Vec<Json>>,
}

impl Editor {
    /// Starts the server, with the repository as the folder that is open.
    pub fn start(caller: &Caller<'_>) -> Self {
        let mut command = caller.command("lsp");
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = pipes.spawn().expect("the binary runs");
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, messages) = channel();
        thread::spawn(move || {
            let mut output = output;
            while let Some(message) = read_message(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let top = caller.top().display().to_string();
        let mut editor = Self { child, input, messages, top, asked: 0, version: 1, diagnostics: BTreeMap::new() };
        let capabilities = json!({"textDocument": {
            "publishDiagnostics": {"codeDescriptionSupport": true, "relatedInformation": true},
            "hover": {"contentFormat": ["markdown"]},
        }});
        let uri = format!("file://{}", editor.top);
        let folders = json!([{"uri": uri, "name": "repository"}]);
        let params =
            json!({"processId": null, "rootUri": uri, "capabilities": capabilities, "workspaceFolders": folders});
        editor.ask("initialize", &params).expect("the server can be initialized");
        editor.notify("initialized", &json!({}));
        editor
    }

    /// Opens a document with a text.
    pub fn open(&mut self, path: &str, text: &str) {
        let document = json!({"uri": self.uri(path), "languageId": "yaml", "version": self.version, "text": text});
        self.notify("textDocument/didOpen", &json!({"textDocument": document}));
    }

    /// Gives open documents other texts, by path.
    pub fn change<'t>(&mut self, texts: impl IntoIterator<Item = (&'t str, &'t str)>) {
        self.version += 1;
        for (path, text) in texts {
            let document = json!({"uri": self.uri(path), "version": self.version});
            self.notify(
                "textDocument/didChange",
                &json!({"textDocument": document, "contentChanges": [{"text": text}]}),
            );
        }
    }

    /// The diagnostics of all documents, once everything that was sent has been handled and told.
    pub fn diagnostics(&mut self) -> &BTreeMap<String, Vec<Json>> {
        // The first answer says that all before it was handled, and the second that all of that was told.
        for _ in 0..2 {
            self.ask("test/settle", &Json::Null).expect_err("nobody knows this request");
        }
        &self.diagnostics
    }

    /// The diagnostics of all files, whether they are open or not.
    pub fn workspace_diagnostics(&mut self) -> BTreeMap<String, Vec<Json>> {
        let told = self.ask("workspace/diagnostic", &json!({"previousResultIds": []})).expect("diagnostics");
        let prefix = format!("file://{}/", self.top);
        let of_file = |report: &Json| {
            let uri = report["uri"].as_str()?;
            let path = uri.strip_prefix(&prefix).unwrap_or(uri).to_owned();
            Some((path, report["items"].as_array()?.clone()))
        };
        told["items"].as_array().into_iter().flatten().filter_map(of_file).collect()
    }

    /// What is said over a place, 0-based.
    pub fn hover(&mut self, path: &str, line: usize, character: usize) -> Option<String> {
        let position = json!({"line": line, "character": character});
        let told =
            self.ask("textDocument/hover", &json!({"textDocument": {"uri": self.uri(path)}, "position": position}));
        told.expect("a hover")["contents"]["value"].as_str().map(str::to_owned)
    }

    /// The text of a page.
    pub fn page(&mut self, uri: &str) -> Result<String, String> {
        let told = self.ask("workspace/textDocumentContent", &json!({"uri": uri}))?;
        told["text"].as_str().map(str::to_owned).ok_or_else(|| told.to_string())
    }

    /// Ends the server.
    pub fn shut_down(mut self) {
        self.ask("shutdown", &Json::Null).expect("the server can be shut down");
        self.notify("exit", &Json::Null);
        self.child.wait().expect("the server ends");
    }

    fn uri(&self, path: &str) -> String {
        format!("file://{}/{path}", self.top)
    }

    fn notify(&mut self, method: &str, params: &Json) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn ask(&mut self, method: &str, params: &Json) -> Result<Json, String> {
        self.asked += 1;
        let id = self.asked;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let message = self.messages.recv_timeout(LIMIT).unwrap_or_else(|error| panic!("{method}: {error}"));
            if message["method"] == "textDocument/publishDiagnostics" {
                self.take(&message["params"]);
            } else if message.get("method").is_none() && message["id"] == id {
                return match message.get("error") {
                    Some(error) => Err(error["message"].as_str().unwrap_or_default().to_owned()),
                    None => Ok(message["result"].clone()),
                };
            }
        }
    }

    fn take(&mut self, params: &Json) {
        let uri = params["uri"].as_str().expect("an address");
        let path = uri.strip_prefix(&format!("file://{}/", self.top)).unwrap_or(uri);
        self.diagnostics.insert(path.to_owned(), params["diagnostics"].as_array().expect("diagnostics").clone());
    }

    fn send(&mut self, message: &Json) {
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("the server reads");
        self.input.flush().expect("the server reads");
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_message(output: &mut impl BufRead) -> Option<Json> {
    let mut size = None;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().strip_prefix("Content-Length: ") {
            Some(text) => size = text.parse().ok(),
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; size?];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
