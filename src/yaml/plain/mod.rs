//! A small part of YAML, and all of JSON but its escapes, read in one pass: most files that people write are in it.
//!
//! The part: block mappings and lists, `[…]` and `{…}`, texts without and with quotes on one line, comments. Whatever
//! is not surely in it ends the reading, and the text is then read with a whole parser instead. What is read here is read as
//! that reads it, to the last span, which tests hold it to.
//!
//! [`tree()`] makes the tree of it, [`PlainEvents`] a run of events without a tree, for large files of kaslint's own.

mod events;
mod scalars;
#[cfg(test)]
mod tests;
mod tree;

use std::borrow::Cow;

use super::tree::Style;
use crate::source::{Source, Span};

pub use events::{PlainEvent, PlainEvents};
pub(super) use tree::tree;

/// A scalar as it is written, with its value after escapes.
struct Written<'t> {
    text: Cow<'t, str>,
    style: Style,
    span: Span,
}

/// What takes the parts of a plain text, in order.
trait Receiver<'t> {
    fn scalar(&mut self, scalar: Written<'t>);
    /// The start of a list or mapping, at its first dash, key or bracket.
    fn open(&mut self, is_mapping: bool, is_flow: bool, start: usize);
    /// The end of the innermost list or mapping: behind its bracket, or just before what follows a block.
    fn close(&mut self, end: usize);
    /// From `#` to the end of the line.
    fn comment(&mut self, span: Span);
}

/// A list or mapping whose end has not been seen.
enum Open {
    /// `- …`, by the column of the dashes.
    Sequence(usize),
    /// `key: …`, by the column of the keys.
    Mapping(usize),
    /// `[…]` or `{…}`.
    Flow { is_mapping: bool, expected: Expected },
}

/// What may come next within `[…]` or `{…}`.
#[derive(Clone, Copy, PartialEq)]
enum Expected {
    ItemOrEnd,
    Item,
    CommaOrEnd,
}

/// How deep lists and mappings may nest.
const MAX_DEPTH: usize = 50;

/// The reading of a plain text, line by line and bracket by bracket.
struct Steps<'t, R> {
    text: &'t str,
    at: usize,
    /// Where the line of `at` starts.
    line: usize,
    open: Vec<Open>,
    /// Whether the innermost block waits for a value that stands on a later line.
    awaits_value: bool,
    has_root: bool,
    is_finished: bool,
    receiver: R,
}

impl<'t, R: Receiver<'t>> Steps<'t, R> {
    /// Starts at the top of a file; `None` for one with characters that plain texts do not have.
    fn new(source: &'t Source, receiver: R) -> Option<Self> {
        let text = source.text();
        let is_plain = source.invalid().is_none()
            && scalars::has_plain_bytes(text)
            && (text.is_ascii() || !text.chars().any(scalars::is_special));
        let start = if text.starts_with("---\n") { 4 } else { 0 };
        is_plain.then(|| Self {
            text,
            at: start,
            line: start,
            open: Vec::new(),
            awaits_value: false,
            has_root: false,
            is_finished: false,
            receiver,
        })
    }

    /// Goes on by a line, or within brackets by an item; `None` where the text is not plain.
    fn step(&mut self) -> Option<()> {
        match self.open.last() {
            Some(&Open::Flow { is_mapping, expected }) => self.flow_step(is_mapping, expected),
            _ => self.line_step(),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Opens a list or mapping whose first dash or key stands at an offset.
    fn open(&mut self, open: Open, start: usize) -> Option<()> {
        let is_mapping = matches!(open, Open::Mapping(_));
        self.open.push(open);
        self.receiver.open(is_mapping, false, start);
        (self.open.len() <= MAX_DEPTH).then_some(())
    }

    /// Opens the `[…]` or `{…}` whose bracket stands here.
    fn open_flow(&mut self, is_mapping: bool) -> Option<()> {
        self.open.push(Open::Flow { is_mapping, expected: Expected::ItemOrEnd });
        self.receiver.open(is_mapping, true, self.at);
        self.at += 1;
        (self.open.len() <= MAX_DEPTH).then_some(())
    }

    fn skip_spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// Whether only blanks and a comment are left of the line; moves to the next line then.
    fn ends_line(&mut self) -> bool {
        let start = self.at;
        self.skip_spaces();
        match self.peek() {
            None => true,
            Some(b'\n') => {
                self.next_line();
                true
            }
            Some(b'#') if self.at > start || self.at == self.line => {
                let hash = self.at;
                self.at += self.text.get(hash..).and_then(|rest| rest.find('\n')).unwrap_or(self.text.len() - hash);
                self.receiver.comment(Span::new(hash, self.at));
                self.next_line();
                true
            }
            Some(_) => {
                self.at = start;
                false
            }
        }
    }

    fn next_line(&mut self) {
        if self.at < self.text.len() {
            self.at += 1;
        }
        self.line = self.at;
    }

    /// What one line of a block holds, up to the start of a `[…]` or `{…}`.
    fn line_step(&mut self) -> Option<()> {
        while self.at < self.text.len() && self.ends_line() {}
        if self.at == self.text.len() {
            return self.finish();
        }
        self.skip_spaces();
        let column = self.at - self.line;
        let has_dash = self.is_dash();
        if column == 0 && (self.rest_starts_with("---") || self.rest_starts_with("...")) {
            return None;
        }
        if self.awaits_value {
            let is_deeper = match self.open.last()? {
                Open::Sequence(outer) => column > *outer,
                // The dashes of a key's list may stand below the key.
                Open::Mapping(outer) => column > *outer || column == *outer && has_dash,
                Open::Flow { .. } => false,
            };
            self.awaits_value = false;
            return if is_deeper { self.node(column, false) } else { None };
        }
        if !self.has_root {
            self.has_root = true;
            return self.node(column, false);
        }
        loop {
            match *self.open.last()? {
                Open::Sequence(outer) if outer == column && has_dash => return self.item(),
                Open::Mapping(outer) if outer == column && !has_dash => return self.entry(),
                // Also a list whose dashes stand below its key, and the next key.
                Open::Sequence(outer) if outer >= column => {}
                Open::Mapping(outer) if outer > column => {}
                _ => return None,
            }
            self.open.pop();
            self.receiver.close(self.at);
        }
    }

    fn finish(&mut self) -> Option<()> {
        if self.awaits_value || !self.has_root {
            return None;
        }
        while self.open.pop().is_some() {
            self.receiver.close(self.at);
        }
        self.is_finished = true;
        Some(())
    }

    fn rest_starts_with(&self, text: &str) -> bool {
        self.text.get(self.at..).is_some_and(|rest| rest.starts_with(text))
    }

    fn is_dash(&self) -> bool {
        let behind = self.text.as_bytes().get(self.at + 1);
        self.peek() == Some(b'-') && behind.is_none_or(|byte| matches!(byte, b' ' | b'\n'))
    }

    /// A node that starts in this column; one that is a text alone only behind a dash.
    fn node(&mut self, column: usize, behind_dash: bool) -> Option<()> {
        if self.is_dash() {
            self.open(Open::Sequence(column), self.at)?;
            return self.item();
        }
        if let Some(is_mapping) = self.flow_start() {
            return self.open_flow(is_mapping);
        }
        let scalar = self.scalar(false)?;
        if self.is_colon() {
            self.open(Open::Mapping(column), scalar.span.start)?;
            self.key(scalar)?;
            return self.value();
        }
        if !behind_dash {
            return None;
        }
        self.receiver.scalar(scalar);
        self.ends_line().then_some(())
    }

    /// A dash and what stands behind it.
    fn item(&mut self) -> Option<()> {
        self.at += 1;
        if self.ends_line() {
            self.awaits_value = true;
            return Some(());
        }
        self.skip_spaces();
        self.node(self.at - self.line, true)
    }

    /// A key and its value.
    fn entry(&mut self) -> Option<()> {
        let scalar = self.scalar(false)?;
        if !self.is_colon() {
            return None;
        }
        self.key(scalar)?;
        self.value()
    }

    /// A key; one that is no text for YAML 1.1 is not plain.
    fn key(&mut self, key: Written<'t>) -> Option<()> {
        if !scalars::is_text(&key) || key.span.len() > scalars::MAX_KEY {
            return None;
        }
        self.receiver.scalar(key);
        Some(())
    }

    /// A colon and the value behind it, as far as it stands on this line.
    fn value(&mut self) -> Option<()> {
        self.at += 1;
        if self.ends_line() {
            self.awaits_value = true;
            return Some(());
        }
        self.skip_spaces();
        if let Some(is_mapping) = self.flow_start() {
            return self.open_flow(is_mapping);
        }
        let scalar = self.scalar(false)?;
        self.receiver.scalar(scalar);
        self.ends_line().then_some(())
    }

    /// Whether a colon that ends a key stands here.
    fn is_colon(&self) -> bool {
        let behind = self.text.as_bytes().get(self.at + 1);
        self.peek() == Some(b':') && behind.is_none_or(|byte| matches!(byte, b' ' | b'\n'))
    }

    fn flow_start(&self) -> Option<bool> {
        match self.peek()? {
            b'[' => Some(false),
            b'{' => Some(true),
            _ => None,
        }
    }

    /// One item, comma or end within `[…]` or `{…}`.
    fn flow_step(&mut self, is_mapping: bool, expected: Expected) -> Option<()> {
        while self.at < self.text.len() && self.ends_line() {}
        // Within brackets as well these end the document where a line begins with them.
        if self.at == self.line && (self.rest_starts_with("---") || self.rest_starts_with("...")) {
            return None;
        }
        self.skip_spaces();
        let end = if is_mapping { b'}' } else { b']' };
        match (self.peek()?, expected) {
            (byte, Expected::ItemOrEnd | Expected::CommaOrEnd) if byte == end => {
                self.at += 1;
                self.open.pop();
                self.receiver.close(self.at);
                let is_nested = matches!(self.open.last(), Some(Open::Flow { .. }));
                (is_nested || self.ends_line()).then_some(())
            }
            (b',', Expected::CommaOrEnd) => {
                self.at += 1;
                self.expect(Expected::Item);
                Some(())
            }
            (_, Expected::CommaOrEnd) => None,
            _ if is_mapping => self.flow_entry(),
            _ => self.flow_node(),
        }
    }

    fn expect(&mut self, next: Expected) {
        if let Some(Open::Flow { expected, .. }) = self.open.last_mut() {
            *expected = next;
        }
    }

    fn flow_entry(&mut self) -> Option<()> {
        let is_quoted = matches!(self.peek(), Some(b'"' | b'\''));
        let scalar = self.scalar(true)?;
        // Behind quotes a colon needs no blank.
        let is_colon = if is_quoted { self.peek() == Some(b':') } else { self.is_colon() };
        if !is_colon {
            return None;
        }
        self.key(scalar)?;
        self.at += 1;
        self.skip_spaces();
        self.flow_node()
    }

    fn flow_node(&mut self) -> Option<()> {
        self.expect(Expected::CommaOrEnd);
        if let Some(is_mapping) = self.flow_start() {
            return self.open_flow(is_mapping);
        }
        let scalar = self.scalar(true)?;
        self.receiver.scalar(scalar);
        self.skip_spaces();
        // A colon would make a mapping of it, other text a text of several lines.
        matches!(self.peek()?, b',' | b']' | b'}' | b'\n').then_some(())
    }
}
