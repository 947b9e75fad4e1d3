//! Messages over a pair of pipes, within bounds.
//!
//! `lsp-server` reads a message of any size behind a header of any length. Whoever is at the other end may be broken, so the
//! header is read here, a byte at a time up to a limit, and only a message of a reasonable size is handed on.

use std::collections::HashMap;
use std::io::{self, BufRead, Read as _, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender};
use lsp_server::{ErrorCode, Message, RequestId};
use serde_json::{Value as Json, json};

use super::shown::make_printable;
use crate::source::Printable;

/// The largest message that is read, in bytes: an inventory that is as large as one may be is no text to be edited, and everything
/// else is smaller by far.
const MAX_MESSAGE: usize = 64 << 20;

/// The longest header, in bytes; real ones have some forty.
const MAX_HEADER: usize = 4 << 10;

/// How many messages wait to be handled before reading stops.
pub(super) const MAX_WAITING: usize = 4_096;

/// What arrives.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A message.
    Message(Message),
    /// Something that is none, and what is wrong with it: the next message can be read all the same.
    Malformed(ErrorCode, String),
    /// The end, with the reason if it is none that the protocol knows.
    End(Option<String>),
}

/// What is sent.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// A message.
    Message(Message),
    /// An error about something that was no request, so that there is no id to answer with.
    Error(ErrorCode, String),
}

/// The requests that have not been answered, and which of them the client has taken back.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending(Arc<Mutex<HashMap<RequestId, bool>>>);

impl Pending {
    fn lock(&self) -> MutexGuard<'_, HashMap<RequestId, bool>> {
        // A panic elsewhere leaves the map as good as it was.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request that has arrived.
    pub fn add(&self, id: &RequestId) {
        self.lock().insert(id.clone(), false);
    }

    /// The client takes a request back. One that was answered already is not remembered.
    fn cancel(&self, id: &RequestId) {
        if let Some(is_cancelled) = self.lock().get_mut(id) {
            *is_cancelled = true;
        }
    }

    /// Whether the client has taken a request back.
    pub fn is_cancelled(&self, id: &RequestId) -> bool {
        self.lock().get(id).copied().unwrap_or_default()
    }

    /// A request that is being answered.
    pub fn remove(&self, id: &RequestId) {
        self.lock().remove(id);
    }
}

/// Reads messages until the end, and notes requests and what takes them back at once: whoever handles them may be busy.
pub(super) fn read(input: &mut impl BufRead, sender: &Sender<Incoming>, pending: &Pending) {
    loop {
        let incoming = match read_one(input) {
            Ok(Some(Ok(message))) => Incoming::Message(message),
            Ok(Some(Err((code, what)))) => Incoming::Malformed(code, what),
            Ok(None) => Incoming::End(None),
            Err(error) => Incoming::End(Some(error.to_string())),
        };
        match &incoming {
            Incoming::Message(Message::Request(request)) => pending.add(&request.id),
            Incoming::Message(Message::Notification(notification)) if notification.method == "$/cancelRequest" => {
                if let Some(id) = notification.params.get("id").and_then(request_id) {
                    pending.cancel(&id);
                }
                continue;
            }
            _ => {}
        }
        let is_last = match &incoming {
            Incoming::End(_) => true,
            Incoming::Message(Message::Notification(notification)) => notification.method == "exit",
            _ => false,
        };
        if sender.send(incoming).is_err() || is_last {
            return;
        }
    }
}

fn request_id(id: &Json) -> Option<RequestId> {
    match id {
        Json::String(text) => Some(text.clone().into()),
        id => i32::try_from(id.as_i64()?).ok().map(Into::into),
    }
}

type OneMessage = Result<Message, (ErrorCode, String)>;

/// One message; `None` at the end of the input.
///
/// # Errors
/// When nothing tells where the next message begins.
fn read_one(input: &mut impl BufRead) -> io::Result<Option<OneMessage>> {
    let Some(size) = read_header(input)? else { return Ok(None) };
    if size > MAX_MESSAGE {
        let what = format!("a message of {size} bytes is too large; {MAX_MESSAGE} are allowed");
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    let mut body = Vec::new();
    input.take(size as u64).read_to_end(&mut body)?;
    if body.len() < size {
        let what = format!("the input ended within a message, after {} of {size} bytes", body.len());
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, what));
    }
    Ok(Some(parse(&body)))
}

fn parse(body: &[u8]) -> OneMessage {
    let json: Json = serde_json::from_slice(body)
        .map_err(|error| (ErrorCode::ParseError, format!("this message is no JSON: {error}")))?;
    // With an id that is none, a request would pass for a notification and wait for ever.
    if json.get("method").is_some() && json.get("id").is_some_and(|id| !id.is_null() && request_id(id).is_none()) {
        let what = "the id of a request is a text, or a number of 32 bits".to_owned();
        return Err((ErrorCode::InvalidRequest, what));
    }
    let is_object = json.is_object();
    serde_json::from_value(json).map_err(|_| {
        let what = if is_object { "this is no request, notification or response" } else { "a message is an object" };
        (ErrorCode::InvalidRequest, what.to_owned())
    })
}

/// The size that the header in front of a message gives; `None` at the end of the input.
fn read_header(input: &mut impl BufRead) -> io::Result<Option<usize>> {
    let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    let mut left = MAX_HEADER;
    let mut size = None;
    loop {
        let mut line = Vec::new();
        input.by_ref().take(left as u64).read_until(b'\n', &mut line)?;
        let is_start = left == MAX_HEADER;
        left -= line.len();
        match line.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line)) {
            None if line.is_empty() && is_start => return Ok(None),
            None if left == 0 => return Err(invalid(format!("a header of more than {MAX_HEADER} bytes"))),
            None => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the input ended within a header")),
            Some(b"") => break,
            Some(line) => {
                let text = String::from_utf8_lossy(line);
                let Some((name, value)) = text.split_once(':') else {
                    let start: String = Printable::of(&text).chars().take(40).collect();
                    return Err(invalid(format!("no header: \"{start}\"")));
                };
                if name.trim().eq_ignore_ascii_case("content-length") {
                    let value = value.trim();
                    let number = value.parse().map_err(|_| invalid(format!("no Content-Length: {value:?}")))?;
                    size = Some(number);
                }
            }
        }
    }
    size.map(Some).ok_or_else(|| invalid("a header without Content-Length".to_owned()))
}

/// Writes messages until nobody sends any more, or nobody reads them.
pub(super) fn write(output: &mut impl Write, receiver: &Receiver<Outgoing>) {
    for outgoing in receiver {
        let result = match outgoing {
            Outgoing::Message(mut message) => {
                make_printable(&mut message);
                message.write(output)
            }
            Outgoing::Error(code, what) => write_error(output, code, &what),
        };
        if result.is_err() {
            return;
        }
    }
}

fn write_error(output: &mut impl Write, code: ErrorCode, what: &str) -> io::Result<()> {
    let text = json!({"jsonrpc": "2.0", "id": null, "error": {"code": code as i32, "message": &*Printable::of(what)}})
        .to_string();
    write!(output, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(input: &[u8]) -> Vec<Incoming> {
        let (sender, receiver) = crossbeam_channel::unbounded();
        read(&mut io::BufReader::new(input), &sender, &Pending::default());
        drop(sender);
        receiver.iter().collect()
    }

    fn framed(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    #[test]
    fn broken_messages_do_not_hide_the_next_one() {
        let input = [framed("{"), framed("[]"), framed("{\"id\": 1}"), framed("{\"method\": \"x\"}")].concat();
        let read = read_all(input.as_bytes());
        assert!(matches!(read[0], Incoming::Malformed(ErrorCode::ParseError, _)), "{read:?}");
        assert!(matches!(read[1], Incoming::Malformed(ErrorCode::InvalidRequest, _)), "{read:?}");
        assert!(matches!(read[2], Incoming::Malformed(ErrorCode::InvalidRequest, _)), "{read:?}");
        assert!(matches!(&read[3], Incoming::Message(Message::Notification(one)) if one.method == "x"), "{read:?}");
        assert!(matches!(read[4], Incoming::End(None)), "{read:?}");
    }

    #[test]
    fn headers_without_end_and_giants_are_the_end() {
        let end = |input: &[u8]| match read_all(input).pop() {
            Some(Incoming::End(reason)) => reason.unwrap_or_default(),
            other => format!("{other:?}"),
        };
        assert_eq!(end(&vec![b'x'; 100 << 20]), "a header of more than 4096 bytes");
        assert!(end(b"Content-Length: 100000000\r\n\r\n").starts_with("a message of 100000000 bytes is too large"));
        assert_eq!(end(b"Content-Length: 9\r\n\r\n{"), "the input ended within a message, after 1 of 9 bytes");
        assert_eq!(end(b"Content-Length: -9\r\n\r\n{"), "no Content-Length: \"-9\"");
        assert_eq!(end(b"Content-Length"), "the input ended within a header");
        assert_eq!(end(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "no header: \"GET / HTTP/1.1\"");
        assert_eq!(end(b"X: y\r\n\r\n"), "a header without Content-Length");
        assert_eq!(end(b""), "");
    }

    #[test]
    fn only_requests_that_wait_can_be_taken_back() {
        let (sender, _receiver) = crossbeam_channel::unbounded();
        let pending = Pending::default();
        let request = framed(r#"{"id": 7, "method": "x"}"#);
        let cancel = |id: u8| framed(&format!(r#"{{"method": "$/cancelRequest", "params": {{"id": {id}}}}}"#));
        let input = [request, cancel(7), cancel(8)].concat();
        read(&mut io::BufReader::new(input.as_bytes()), &sender, &pending);
        assert!(pending.is_cancelled(&7.into()));
        assert!(!pending.is_cancelled(&8.into()));
        assert_eq!(pending.lock().len(), 1);
    }
}
