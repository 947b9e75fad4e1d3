//! The second opinion on syntax: libyaml's events, through serde_yaml's maintained fork.
//!
//! yaml.v2 is a port of libyaml, so libyaml's verdict is the agent server's. It is asked where the port in safe Rust
//! stops, and after each repair of a broken text. No tree is built and no alias expanded, so hostile input costs what it
//! is long.

use serde::Deserialize as _;
use serde::de::IgnoredAny;

/// Where libyaml stops, and its words.
#[derive(Debug)]
pub(super) struct Refusal {
    pub offset: usize,
    pub message: String,
}

/// Libyaml's verdict on the first document of `text`.
pub(super) fn check(text: &str) -> Result<(), Refusal> {
    // With a mark in front the fork lets everything through; yaml.v2 skips any number of them.
    let body = text.trim_start_matches('\u{FEFF}');
    let skipped = text.len() - body.len();
    let Some(document) = serde_yaml::Deserializer::from_str(body).next() else { return Ok(()) };
    IgnoredAny::deserialize(document).map(drop).map_err(|error| {
        let offset = error.location().map_or(body.len(), |at| offset_of(body, at.line(), at.column()));
        Refusal { offset: offset + skipped, message: error.to_string() }
    })
}

/// The byte of a 1-based line and column; libyaml counts characters, and lines as YAML 1.1 breaks them.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let mut characters = text.char_indices().peekable();
    let mut current = 1;
    while current < line {
        match characters.next() {
            None => return text.len(),
            Some((_, '\r')) if characters.peek().is_some_and(|next| next.1 == '\n') => {}
            Some((_, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')) => current += 1,
            Some(_) => {}
        }
    }
    characters.nth(column.saturating_sub(1)).map_or(text.len(), |(offset, _)| offset)
}
