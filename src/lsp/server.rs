//! The loop: takes messages one after the other, answers, and tells what has changed whenever none is left.

use std::io::{BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use gen_lsp_types as lsp;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::client::Client;
use super::requests::{self, Asked, Failure};
use super::session::Session;
use super::transport::{self, Incoming, MAX_WAITING, Outgoing, Pending};
use super::watch::{self, Watch};
use crate::project::Options;
use crate::source::Printable;

/// How long the last messages may take to be read.
pub(super) const FAREWELL: Duration = Duration::from_secs(5);

/// As much as the main thread has: what is nested deeply is read by recursion.
const STACK: usize = 8 << 20;

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The client said `shutdown` and then `exit`.
    Orderly,
    /// The client went away, or what it sent could not be told apart any more.
    Abrupt,
    /// The server failed inside, and not in one request alone.
    Failed,
}

/// Serves one client, until it goes away.
pub fn serve(input: impl BufRead + Send + 'static, output: impl Write + Send + 'static) -> End {
    serve_with(input, output, Options::default())
}

/// The same with what the command line says; the client's settings go before it.
pub(crate) fn serve_with(
    mut input: impl BufRead + Send + 'static,
    mut output: impl Write + Send + 'static,
    options: Options,
) -> End {
    let (incoming, receiver) = crossbeam_channel::bounded(MAX_WAITING);
    // Who asks and does not read has to wait.
    let (sender, outgoing) = crossbeam_channel::bounded(MAX_WAITING);
    let pending = Pending::default();
    let waiting = pending.clone();
    let (ending, ended) = crossbeam_channel::bounded(2);
    let for_watch = Watch { incoming: incoming.clone(), ending: ending.clone() };
    // Reading may wait for ever; it ends with the program.
    thread::spawn(move || {
        if let Err(message) = guarded(|| transport::read(&mut input, &incoming, &waiting)) {
            let _ = incoming.send(Incoming::End(Some(message)));
        }
    });
    let (is_writing, written) = crossbeam_channel::bounded::<()>(0);
    thread::spawn(move || {
        transport::write(&mut output, &outgoing);
        drop(is_writing);
    });
    let mut server = Server { sender, pending, state: State::Fresh, held: Vec::new(), for_watch, options };
    // The loop may wait for a client that does not read, and the end must not wait with it.
    let work = move || {
        let end = guarded(|| server.run(&receiver)).unwrap_or(End::Failed);
        drop(server);
        // Everything that was answered is to arrive, unless nobody reads it.
        let _ = written.recv_timeout(FAREWELL);
        let _ = ending.send(end);
    };
    match thread::Builder::new().stack_size(STACK).spawn(work) {
        Ok(_) => ended.recv().unwrap_or(End::Abrupt),
        Err(_) => End::Abrupt,
    }
}

enum State {
    /// Nobody has said hello.
    Fresh,
    /// At work.
    Running(Box<Session>),
    /// The client has said that it will go.
    ShutDown,
}

struct Server {
    sender: Sender<Outgoing>,
    pending: Pending,
    state: State,
    /// Requests that wait for the client's settings.
    held: Vec<Request>,
    for_watch: Watch,
    options: Options,
}

impl Server {
    fn run(&mut self, receiver: &Receiver<Incoming>) -> End {
        loop {
            let deadline = match &self.state {
                State::Running(session) => session.deadline(),
                _ => None,
            };
            let first = match deadline {
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    receiver.recv_timeout(left.max(Duration::from_millis(1)))
                }
                None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            // What waits now is handled before anything is told: of ten keystrokes only the last is worth an analysis.
            let more = receiver.len();
            match first {
                Ok(first) => {
                    let rest = receiver.try_iter().take(more);
                    for incoming in std::iter::once(first).chain(rest) {
                        if let Some(end) = self.handle(incoming) {
                            return end;
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return End::Abrupt,
            }
            self.settle();
            self.release();
        }
    }

    fn handle(&mut self, incoming: Incoming) -> Option<End> {
        match incoming {
            Incoming::Message(Message::Request(request)) => self.take(request),
            Incoming::Message(Message::Notification(notification)) => return self.notification(notification),
            Incoming::Message(Message::Response(response)) => {
                if let State::Running(session) = &mut self.state
                    && let Err(message) = guarded(|| session.response(response))
                {
                    session.log(&message);
                }
                self.release();
            }
            Incoming::Malformed(code, what) => drop(self.sender.send(Outgoing::Error(code, what))),
            Incoming::End(reason) => {
                if let Some(reason) = reason {
                    drop(self.sender.send(Outgoing::Error(ErrorCode::ParseError, reason)));
                }
                return Some(End::Abrupt);
            }
        }
        None
    }

    /// Answers a request, or has it wait for the client's settings if it hangs on them: an answer without them would be a wrong one,
    /// and clients that ask as soon as they have opened a document do not ask again of themselves.
    fn take(&mut self, request: Request) {
        let hangs_on_settings = matches!(
            &*request.method,
            "textDocument/diagnostic" | "workspace/diagnostic" | "textDocument/inlayHint" | "textDocument/codeLens"
        );
        if hangs_on_settings && self.is_waiting() && self.held.len() < MAX_WAITING {
            self.held.push(request);
        } else {
            self.request(request);
            // After `shutdown` there is nothing to wait for.
            self.release();
        }
    }

    fn is_waiting(&self) -> bool {
        matches!(&self.state, State::Running(session) if session.deadline().is_some())
    }

    /// Answers what has waited, once the settings are there or the patience has ended.
    fn release(&mut self) {
        if !self.is_waiting() {
            for request in std::mem::take(&mut self.held) {
                self.request(request);
            }
        }
    }

    fn request(&mut self, request: Request) {
        let Request { id, method, params } = request;
        let result = match (&mut self.state, &*method) {
            (State::Fresh, "initialize") => guarded(|| self.initialize(&params)).map_err(internal),
            (State::Fresh, _) => Err(Failure {
                code: ErrorCode::ServerNotInitialized,
                message: format!("`{method}` before `initialize`"),
            }),
            (State::Running(_), "initialize") => Err(invalid("the server is initialized already")),
            (State::Running(_), "shutdown") => {
                self.state = State::ShutDown;
                Ok(Json::Null)
            }
            (State::Running(session), _) => {
                let asked = Asked { id: &id, pending: &self.pending };
                answer(session, &method, params, &asked)
            }
            (State::ShutDown, _) => Err(invalid("the server is shut down")),
        };
        self.pending.remove(&id);
        self.respond(id, result);
    }

    fn initialize(&mut self, params: &Json) -> Json {
        let session = Session::new(self.sender.clone(), params, &self.options);
        let answer = json!({
            "capabilities": capabilities(&session.client),
            "serverInfo": {"name": "kaslint", "version": env!("CARGO_PKG_VERSION")},
        });
        if let Some(process) = params.get("processId").and_then(Json::as_i64) {
            watch::end_with(process, self.for_watch.clone());
        }
        self.state = State::Running(Box::new(session));
        answer
    }

    fn respond(&self, id: RequestId, result: Result<Json, Failure>) {
        let response = match result {
            Ok(result) => Response { id, response_result: Ok(result) },
            Err(failure) => Response::new_err(id, failure.code as i32, Printable::of(&failure.message).into_string()),
        };
        let _ = self.sender.send(Outgoing::Message(response.into()));
    }

    fn notification(&mut self, notification: Notification) -> Option<End> {
        let Notification { method, params } = notification;
        if method == "exit" {
            let is_orderly = matches!(self.state, State::ShutDown);
            return Some(if is_orderly { End::Orderly } else { End::Abrupt });
        }
        let State::Running(session) = &mut self.state else { return None };
        let handled = guarded(|| notify(session, &method, params));
        if let Err(message) = handled.unwrap_or_else(Err) {
            session.log(&format!("`{method}` was left out: {message}"));
        }
        None
    }

    fn settle(&mut self) {
        if let State::Running(session) = &mut self.state
            && let Err(message) = guarded(|| session.settle())
        {
            session.log(&message);
        }
    }
}

fn internal(message: String) -> Failure {
    Failure { code: ErrorCode::InternalError, message }
}

fn invalid(message: &str) -> Failure {
    Failure { code: ErrorCode::InvalidRequest, message: message.to_owned() }
}

/// Work that may fail inside; the server goes on all the same.
fn guarded<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| "this failed inside; please report it, with the file if it can be shown".to_owned())
}

fn answer(session: &mut Session, method: &str, params: Json, asked: &Asked<'_>) -> Result<Json, Failure> {
    let Some(answer) = requests::find(method) else {
        let message = format!("there is no request `{method}`");
        return Err(Failure { code: ErrorCode::MethodNotFound, message });
    };
    let answered = guarded(|| answer(session, params, asked));
    answered.unwrap_or_else(|message| Err(internal(message)))
}

fn notify(session: &mut Session, method: &str, params: Json) -> Result<(), String> {
    fn read<P: DeserializeOwned>(params: Json) -> Result<P, String> {
        serde_json::from_value(params).map_err(|error| error.to_string())
    }
    match method {
        "initialized" => session.initialized(),
        "textDocument/didOpen" => session.open(read(params)?),
        "textDocument/didChange" => session.change(read(params)?),
        "textDocument/didSave" => session.save(read(params)?),
        "textDocument/didClose" => session.close(read(params)?),
        "workspace/didChangeWatchedFiles" => session.watched(read(params)?),
        "workspace/didChangeWorkspaceFolders" => session.folders(read(params)?),
        "workspace/didChangeConfiguration" => session.configuration(read(params)?),
        // Whatever begins with `$/` may be ignored, and so may what the server did not ask for.
        _ => {}
    }
    Ok(())
}

/// What the server can do for this client.
fn capabilities(client: &Client) -> lsp::ServerCapabilities {
    let mut capabilities = lsp::ServerCapabilities {
        position_encoding: Some(client.encoding.kind()),
        text_document_sync: Some(lsp::TextDocumentSync::Options(lsp::TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(lsp::TextDocumentSyncKind::Incremental),
            save: Some(lsp::Save::SaveOptions(lsp::SaveOptions { include_text: Some(false) })),
            ..lsp::TextDocumentSyncOptions::default()
        })),
        workspace: Some(lsp::WorkspaceOptions {
            workspace_folders: Some(lsp::WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(lsp::ChangeNotifications::Bool(true)),
            }),
            ..lsp::WorkspaceOptions::default()
        }),
        ..lsp::ServerCapabilities::default()
    };
    requests::announce(client, &mut capabilities);
    capabilities
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_inside_is_an_error_and_not_the_end() {
        let failed: Result<(), String> = guarded(|| panic!("contents of a file"));
        let said = failed.map_err(|message| internal(message).message);
        assert_eq!(said, Err("this failed inside; please report it, with the file if it can be shown".to_owned()));
    }
}
