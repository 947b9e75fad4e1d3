//! What people see of a message, without characters that act on what shows it.
//!
//! Everything passes here on its way out: a text that is put into a file or that the client knows something by stays as it is, and of all
//! others what would act becomes visible. Texts of several lines keep their line breaks; what is put into those is printable before.

use lsp_server::Message;
use serde_json::Value as Json;

use crate::source::{acts, push_visibly};

/// What is not shown: what goes into a file, what the client gave or compares, and addresses.
const NOT_SHOWN: [&str; 13] = [
    "additionalTextEdits",
    "arguments",
    "changes",
    "data",
    "documentChanges",
    "edit",
    "filterText",
    "insertText",
    "newText",
    "scopeUri",
    "sortText",
    "textEdit",
    "uri",
];

/// What may have several lines.
const OF_LINES: [&str; 5] = ["contents", "documentation", "message", "text", "value"];

/// Makes visible what acts.
pub(super) fn make_printable(message: &mut Message) {
    match message {
        Message::Request(request) => walk("", &mut request.params),
        Message::Notification(notification) => walk("", &mut notification.params),
        Message::Response(response) => match &mut response.response_result {
            Ok(result) => walk("", result),
            Err(error) => show(&mut error.message, false),
        },
    }
}

fn walk(key: &str, value: &mut Json) {
    match value {
        Json::String(text) => show(text, OF_LINES.contains(&key)),
        Json::Array(items) => items.iter_mut().for_each(|item| walk(key, item)),
        Json::Object(members) => {
            let shown = members.iter_mut().filter(|(key, _)| !NOT_SHOWN.contains(&key.as_str()));
            shown.for_each(|(key, value)| walk(key, value));
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn show(text: &mut String, has_lines: bool) {
    let is_one = |character: char| acts(character) && !(has_lines && matches!(character, '\n' | '\t'));
    if text.contains(is_one) {
        let taken = std::mem::take(text);
        for character in taken.chars() {
            if is_one(character) { push_visibly(text, character) } else { text.push(character) }
        }
    }
}
