//! A session of an editor: documents opened, edited and asked about, through the server's own loop over pipes in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Cursor, Write};
use std::sync::{Arc, Mutex, PoisonError};

use kaslint::lsp::{self, End};
use serde_json::{Value as Json, json};

use crate::archive;
use crate::repository::AGENT_FILE;

/// At how many places of the first document completion and hover are asked for; all of them where there are no more.
const MAX_PLACES: usize = 160;

/// How many steps of a session are made.
const MAX_STEPS: usize = 60;

/// What a step may put into a text, beside pieces of the documents: what input methods and web pages put in the place of a blank, what YAML
/// gives a meaning, and keys.
const PIECES: [&str; 32] = [
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{3000}",
    "\u{feff}",
    "\u{202e}",
    "é",
    "😀",
    "\t",
    "\n",
    "\r\n",
    "\r",
    " ",
    "  ",
    ":",
    ": ",
    "- ",
    "\n- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\"",
    "'",
    "#",
    "*",
    "&a ",
    "|",
    "ci_access:\n  projects:\n    - id: ",
    "# kaslint: ignore[",
    "!reference [",
];

/// What is asked at a place.
const AT_PLACES: [&str; 4] =
    ["textDocument/completion", "textDocument/hover", "textDocument/definition", "textDocument/codeAction"];

/// What is asked of a document.
const OF_DOCUMENTS: [&str; 6] = [
    "textDocument/diagnostic",
    "textDocument/documentSymbol",
    "textDocument/foldingRange",
    "textDocument/codeLens",
    "textDocument/inlayHint",
    "workspace/diagnostic",
];

/// Plays the session: `-- session --` begins its steps, byte by byte; at its end, completion and hover are asked for at the places of the
/// first document. Every request is answered, none fails inside, and ranges of what is answered lie in the document.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let files = archive::files(&text, AGENT_FILE);
    let steps = files.iter().find(|(path, _)| *path == "session").map(|(_, text)| *text).unwrap_or_default();
    let files = files.iter().filter(|(path, _)| !matches!(*path, "session" | "options"));
    let mut session = Session::new(steps.as_bytes());
    for (path, text) in files.take(6) {
        session.open(path, text);
    }
    session.steps();
    session.places_of_the_first();
    session.play();
}

/// The messages of a session, as they are made.
struct Session<'s> {
    steps: std::slice::Iter<'s, u8>,
    input: Vec<u8>,
    /// Requests, with the text of the document that each is about.
    asked: BTreeMap<i64, Option<Arc<str>>>,
    documents: Vec<(String, Arc<str>)>,
    version: i64,
}

impl<'s> Session<'s> {
    fn new(steps: &'s [u8]) -> Self {
        let (asked, documents) = (BTreeMap::new(), Vec::new());
        let mut session = Self { steps: steps.iter(), input: Vec::new(), asked, documents, version: 1 };
        let mut mode = session.byte();
        let mut is_set = || {
            mode = mode.rotate_right(1);
            mode & 0x80 != 0
        };
        let mut capabilities = json!({
            "textDocument": {"completion": {"completionItem": {"snippetSupport": is_set()}}},
            "general": {"positionEncodings": ["utf-16"]},
        });
        if is_set() {
            capabilities["textDocument"]["diagnostic"] = json!({});
        }
        let folders = json!([{"uri": "file:///nonexistent/w", "name": "w"}]);
        session.request("initialize", json!({"capabilities": capabilities, "workspaceFolders": folders}), None);
        session.notify("initialized", json!({}));
        session
    }

    fn byte(&mut self) -> u8 {
        self.steps.next().copied().unwrap_or_default()
    }

    /// A number below a bound, of two bytes.
    fn below(&mut self, bound: usize) -> usize {
        let number = usize::from(self.byte()) << 8 | usize::from(self.byte());
        if bound == 0 { 0 } else { number % bound }
    }

    fn send(&mut self, message: &Json) {
        let text = message.to_string();
        // Writing to memory does not fail.
        let _ = write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len());
    }

    fn notify(&mut self, method: &str, params: Json) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn request(&mut self, method: &str, params: Json, about: Option<Arc<str>>) {
        let id = self.asked.len() as i64;
        self.asked.insert(id, about);
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
    }

    fn open(&mut self, path: &str, text: &str) {
        let uri = uri(path);
        if self.documents.iter().any(|(known, _)| *known == uri) {
            return;
        }
        self.documents.push((uri.clone(), text.into()));
        let item = json!({"uri": uri, "languageId": "yaml", "version": self.version, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": item}));
    }

    /// Makes the steps of the input.
    fn steps(&mut self) {
        for _ in 0..MAX_STEPS {
            if self.steps.len() == 0 || self.documents.is_empty() {
                return;
            }
            let step = self.byte();
            let at = usize::from(step >> 4) % self.documents.len();
            let Some((uri, text)) = self.documents.get(at).cloned() else { return };
            match step & 15 {
                0..=7 => self.edit(at, &uri, &text),
                8..=10 => {
                    let offset = self.place(&text);
                    self.ask_at(&uri, &text, offset);
                }
                11..=13 => {
                    let method = OF_DOCUMENTS[self.below(OF_DOCUMENTS.len())];
                    let params = match method {
                        "workspace/diagnostic" => json!({"previousResultIds": []}),
                        _ => {
                            let range = json!({"start": position(&text, 0), "end": position(&text, text.len())});
                            json!({"textDocument": {"uri": uri}, "range": range})
                        }
                    };
                    self.request(method, params, None);
                }
                14 => self.notify("textDocument/didSave", json!({"textDocument": {"uri": uri}})),
                _ => {
                    let settings = json!({"kaslint": {"tier": "premium", "gitlabVersion": "17.0"}});
                    self.notify("workspace/didChangeConfiguration", json!({"settings": settings}));
                }
            }
        }
    }

    /// A place on the border of a character, and of a line break of two.
    fn place(&mut self, text: &str) -> usize {
        border(text, self.below(text.len() + 1))
    }

    /// Puts a piece in the place of another.
    fn edit(&mut self, at: usize, uri: &str, text: &str) {
        let (one, other) = (self.place(text), self.place(text));
        let start = one;
        // Mostly something is put in, at times a few characters go.
        let length = if other % 3 == 0 { other % 12 } else { 0 };
        let end = border(text, (start + length).min(text.len())).max(start);
        let piece = PIECES[self.below(PIECES.len())];
        let after = [&text[..start], piece, &text[end..]].concat();
        self.version += 1;
        let range = json!({"start": position(text, start), "end": position(text, end)});
        self.notify(
            "textDocument/didChange",
            json!({"textDocument": {"uri": uri, "version": self.version}, "contentChanges": [{"range": range, "text": piece}]}),
        );
        let behind = start + piece.len();
        let line_end = after[behind..].find(['\n', '\r']).map_or(after.len(), |at| behind + at);
        let after: Arc<str> = after.into();
        if let Some((_, text)) = self.documents.get_mut(at) {
            *text = Arc::clone(&after);
        }
        self.ask_at(uri, &after, border(&after, behind));
        self.ask_at(uri, &after, line_end);
    }

    fn ask_at(&mut self, uri: &str, text: &Arc<str>, offset: usize) {
        let at = position(text, offset);
        for method in AT_PLACES {
            let mut params = json!({"textDocument": {"uri": uri}, "position": at});
            if method == "textDocument/codeAction" {
                params = json!({"textDocument": {"uri": uri}, "range": {"start": at, "end": at}, "context": {"diagnostics": []}});
            }
            self.request(method, params, Some(Arc::clone(text)));
        }
    }

    fn places_of_the_first(&mut self) {
        let Some((uri, text)) = self.documents.first().cloned() else { return };
        let all = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        let places: Vec<usize> = all.filter(|at| border(&text, *at) == *at).collect();
        for place in places.iter().step_by(places.len().div_ceil(MAX_PLACES)) {
            let params = json!({"textDocument": {"uri": uri}, "position": position(&text, *place)});
            for method in ["textDocument/completion", "textDocument/hover"] {
                self.request(method, params.clone(), Some(Arc::clone(&text)));
            }
        }
    }

    /// Has the server answer, and looks at what it says.
    fn play(mut self) {
        self.request("shutdown", Json::Null, None);
        self.notify("exit", Json::Null);
        let output = Output::default();
        let end = lsp::serve(BufReader::new(Cursor::new(self.input)), output.clone());
        assert_eq!(end, End::Orderly);
        let said = output.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut unanswered: BTreeSet<i64> = self.asked.keys().copied().collect();
        for message in messages(&said) {
            assert!(message["error"]["code"] != -32603, "{}", message["error"]);
            let Some(id) = message["id"].as_i64().filter(|_| message.get("method").is_none()) else { continue };
            assert!(unanswered.remove(&id), "{id} was answered twice, or never asked");
            if let Some(Some(text)) = self.asked.get(&id) {
                ranges_lie_in(text, &message["result"]);
            }
        }
        assert!(unanswered.is_empty(), "{} requests have no answer", unanswered.len());
    }
}

/// All ranges of an answer that are edits of the document, or the place that a hover is about, lie in it.
fn ranges_lie_in(text: &str, answer: &Json) {
    let items = answer["items"].as_array().or(answer.as_array()).map(Vec::as_slice).unwrap_or_default();
    let edits = items.iter().filter_map(|item| item.get("textEdit"));
    for range in edits.chain([answer]).filter_map(|edit| edit.get("range")) {
        for end in ["start", "end"] {
            let (line, column) = (number(&range[end]["line"]), number(&range[end]["character"]));
            let line = lines(text).get(line).map(|line| line.trim_end_matches(['\n', '\r']));
            let columns = line.map(|line| line.chars().map(char::len_utf16).sum::<usize>());
            assert!(columns.is_some_and(|columns| column <= columns), "{range} of {text:?}, in {answer}");
        }
    }
}

fn number(json: &Json) -> usize {
    json.as_u64().map_or(usize::MAX, |number| usize::try_from(number).unwrap_or(usize::MAX))
}

/// The address of a file in a folder that is not there, so that nothing of this machine's is read.
fn uri(path: &str) -> String {
    let mut uri = "file:///nonexistent/w".to_owned();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != "..") {
        uri.push('/');
        for byte in part.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => uri.push(char::from(byte)),
                other => uri.push_str(&format!("%{other:02X}")),
            }
        }
    }
    uri
}

/// The nearest place at or before an offset that a position can name: none within a character or a line break of two.
fn border(text: &str, offset: usize) -> usize {
    let mut offset = offset;
    while !text.is_char_boundary(offset) || text[..offset].ends_with('\r') && text[offset..].starts_with('\n') {
        offset -= 1;
    }
    offset
}

/// The lines of a text as the protocol counts them, with their breaks: `\n`, `\r\n` and a lone `\r` end one.
fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\n', '\r']) {
        let length = if rest[at..].starts_with("\r\n") { 2 } else { 1 };
        lines.push(&rest[..at + length]);
        rest = &rest[at + length..];
    }
    lines.push(rest);
    lines
}

/// The position of an offset, in units of UTF-16.
fn position(text: &str, offset: usize) -> Json {
    let before = lines(&text[..offset]);
    let column: usize = before.last().map_or(0, |line| line.chars().map(char::len_utf16).sum());
    json!({"line": before.len() - 1, "character": column})
}

/// Where the server writes to.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn messages(said: &[u8]) -> Vec<Json> {
    let mut messages = Vec::new();
    let mut rest = said;
    while let Some(at) = rest.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&rest[..at]);
        let size = head.split_once(':').and_then(|(_, size)| size.trim().parse::<usize>().ok());
        let body = size.and_then(|size| rest.get(at + 4..at + 4 + size)).expect("a whole message");
        messages.push(serde_json::from_slice(body).expect("JSON"));
        rest = &rest[at + 4 + body.len()..];
    }
    messages
}
