//! A document as a run of events, for large files of kaslint's own: no tree, no repair, a small part of YAML, and all of
//! JSON but its escapes.
//!
//! The part: block mappings and lists, `[…]` and `{…}`, texts without and with quotes on one line, comments. Whatever
//! is not surely in it ends the run, and whoever reads with this then reads the text with [`super::read()`] instead. What
//! it does take it takes as that reads it, which a test holds it to.

mod scalars;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use super::scalar::Scalar;
use crate::source::{Source, Span};

/// A step through a plain document.
#[derive(Clone, Debug, PartialEq)]
pub enum PlainEvent<'t> {
    /// A scalar with its YAML 1.1 meaning.
    Scalar(Scalar<'t>, Span),
    /// The start of a list.
    Sequence,
    /// The start of a mapping; keys and values follow in turn.
    Mapping,
    /// The end of the innermost list or mapping.
    End,
    /// The end of the text.
    Finished,
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

/// The events of a plain text.
pub struct PlainEvents<'t> {
    text: &'t str,
    at: usize,
    /// Where the line of `at` starts.
    line: usize,
    open: Vec<Open>,
    /// Whether the innermost block waits for a value that stands on a later line.
    awaits_value: bool,
    has_root: bool,
    queue: VecDeque<PlainEvent<'t>>,
}

impl<'t> PlainEvents<'t> {
    /// Starts at the top of a file; `None` for one with characters that plain texts do not have.
    #[must_use]
    pub fn new(source: &'t Source) -> Option<Self> {
        let text = source.text();
        let is_plain = source.invalid().is_none()
            && text.bytes().all(|byte| matches!(byte, b'\n' | b' '..=b'~' | 0x80..))
            && (text.is_ascii() || !text.chars().any(scalars::is_special));
        let start = if text.starts_with("---\n") { 4 } else { 0 };
        is_plain.then(|| Self {
            text,
            at: start,
            line: start,
            open: Vec::new(),
            awaits_value: false,
            has_root: false,
            queue: VecDeque::new(),
        })
    }

    /// The next event; `None` where the text is not plain.
    pub fn next_plain(&mut self) -> Option<PlainEvent<'t>> {
        while self.queue.is_empty() {
            match self.open.last() {
                Some(&Open::Flow { is_mapping, expected }) => self.flow_step(is_mapping, expected)?,
                _ => self.line_step()?,
            }
        }
        self.queue.pop_front()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn push(&mut self, event: PlainEvent<'t>) {
        self.queue.push_back(event);
    }

    fn open(&mut self, open: Open) -> Option<()> {
        let is_mapping = matches!(open, Open::Mapping(_) | Open::Flow { is_mapping: true, .. });
        self.open.push(open);
        self.push(if is_mapping { PlainEvent::Mapping } else { PlainEvent::Sequence });
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
                let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
                self.at += rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
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
            self.push(PlainEvent::End);
        }
    }

    fn finish(&mut self) -> Option<()> {
        if self.awaits_value || !self.has_root {
            return None;
        }
        while self.open.pop().is_some() {
            self.push(PlainEvent::End);
        }
        self.push(PlainEvent::Finished);
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
            self.open(Open::Sequence(column))?;
            return self.item();
        }
        if let Some(is_mapping) = self.flow_start() {
            self.at += 1;
            return self.open(Open::Flow { is_mapping, expected: Expected::ItemOrEnd });
        }
        let (scalar, span) = self.scalar(false)?;
        if self.is_colon() {
            self.open(Open::Mapping(column))?;
            self.key(scalar, span)?;
            return self.value();
        }
        if !behind_dash {
            return None;
        }
        self.push(PlainEvent::Scalar(scalar, span));
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
        let (scalar, span) = self.scalar(false)?;
        if !self.is_colon() {
            return None;
        }
        self.key(scalar, span)?;
        self.value()
    }

    /// A key; one that is no text for YAML 1.1 is not plain.
    fn key(&mut self, scalar: Scalar<'t>, span: Span) -> Option<()> {
        let is_plain = matches!(scalar, Scalar::Str(_)) && span.len() <= scalars::MAX_KEY;
        self.push(PlainEvent::Scalar(scalar, span));
        is_plain.then_some(())
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
            self.at += 1;
            return self.open(Open::Flow { is_mapping, expected: Expected::ItemOrEnd });
        }
        let (scalar, span) = self.scalar(false)?;
        self.push(PlainEvent::Scalar(scalar, span));
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
        self.skip_spaces();
        let end = if is_mapping { b'}' } else { b']' };
        match (self.peek()?, expected) {
            (byte, Expected::ItemOrEnd | Expected::CommaOrEnd) if byte == end => {
                self.at += 1;
                self.open.pop();
                self.push(PlainEvent::End);
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
        let (scalar, span) = self.scalar(true)?;
        // Behind quotes a colon needs no blank.
        let is_colon = if is_quoted { self.peek() == Some(b':') } else { self.is_colon() };
        if !is_colon {
            return None;
        }
        self.key(scalar, span)?;
        self.at += 1;
        self.skip_spaces();
        self.flow_node()
    }

    fn flow_node(&mut self) -> Option<()> {
        self.expect(Expected::CommaOrEnd);
        if let Some(is_mapping) = self.flow_start() {
            self.at += 1;
            return self.open(Open::Flow { is_mapping, expected: Expected::ItemOrEnd });
        }
        let (scalar, span) = self.scalar(true)?;
        self.push(PlainEvent::Scalar(scalar, span));
        self.skip_spaces();
        // A colon would make a mapping of it, other text a text of several lines.
        matches!(self.peek()?, b',' | b']' | b'}' | b'\n').then_some(())
    }
}
