//! Plain and quoted texts on one line.

use std::borrow::Cow;

use super::{Receiver, Steps, Written};
use crate::source::Span;
use crate::yaml::scalar::{Scalar, untagged};
use crate::yaml::tree::Style;

/// The longest key; the parser looks for a colon within 1024 characters.
pub(super) const MAX_KEY: usize = 1_000;

/// Characters that break lines in YAML 1.1, are skipped or are refused.
pub(super) fn is_special(character: char) -> bool {
    matches!(character, '\u{7F}'..='\u{9F}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Whether all bytes are line breaks, printable or parts of longer characters. Looked at in portions, which the compiler makes wide
/// instructions of.
pub(super) fn has_plain_bytes(text: &str) -> bool {
    let is_plain = |byte: u8| byte >= b' ' && byte != 0x7F || byte == b'\n';
    text.as_bytes().chunks(64).all(|portion| portion.iter().fold(true, |all, &byte| all & is_plain(byte)))
}

/// Whether a scalar is a text for YAML 1.1.
pub(super) fn is_text(scalar: &Written<'_>) -> bool {
    scalar.style != Style::Plain || matches!(untagged(&scalar.text, Style::Plain), Scalar::Str(_))
}

/// Bytes that a plain text may hold wherever it stands, and those that it may hold within blocks.
static BODY: [[bool; 256]; 2] = {
    let mut is_body = [[false; 256]; 2];
    let mut byte = 0;
    while byte < 256 {
        is_body[0][byte] = self::is_body(byte as u8);
        is_body[1][byte] = is_body[0][byte] || is_block_body(byte as u8);
        byte += 1;
    }
    is_body
};

const fn is_body(byte: u8) -> bool {
    // A part of a longer character: those that break lines or are refused were looked for before.
    byte >= 0x80
        || byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'_' | b'-' | b'.' | b'/' | b'+' | b'*' | b'@' | b'=' | b'~' | b'(' | b')' | b'$' | b'^' | b'%' | b';'
        )
}

/// Indicators that end nothing within a text of a block. A `#` behind a blank is not met here.
const fn is_block_body(byte: u8) -> bool {
    matches!(
        byte,
        b'"' | b'\'' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'!' | b'|' | b'>' | b'<' | b'\\' | b'`' | b'?' | b'#'
    )
}

/// Bytes that a plain text may start with.
fn is_start(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'+' | b'~' | b'(' | b'$' | b'^')
}

impl<'t, R: Receiver<'t>> Steps<'t, R> {
    /// The text that starts here, up to the colon, comma, bracket, comment or line end behind it.
    pub(super) fn scalar(&mut self, in_flow: bool) -> Option<Written<'t>> {
        let start = self.at;
        let (text, style) = match self.peek()? {
            b'"' => (self.double_quoted()?, Style::DoubleQuoted),
            b'\'' => (self.single_quoted()?, Style::SingleQuoted),
            _ => (Cow::Borrowed(self.unquoted(in_flow)?), Style::Plain),
        };
        Some(Written { text, style, span: Span::new(start, self.at) })
    }

    fn unquoted(&mut self, in_flow: bool) -> Option<&'t str> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let first = bytes.get(start).copied()?;
        // A dash that is text.
        let is_dash = first == b'-' && bytes.get(start + 1).is_some_and(u8::is_ascii_alphanumeric);
        if !is_dash && !is_start(first) {
            return None;
        }
        let body = &BODY[usize::from(!in_flow)];
        let mut end = start + 1;
        let mut at = start + 1;
        loop {
            let run = bytes.get(at..)?.iter().take_while(|byte| body[usize::from(**byte)]).count();
            at += run;
            if run > 0 {
                end = at;
            }
            let Some(&byte) = bytes.get(at) else { break };
            match byte {
                b' ' => {
                    // A comment ends the text; blanks before it, or before the line end, are not part of it.
                    if bytes.get(at + 1) == Some(&b'#') {
                        break;
                    }
                }
                b'\n' => break,
                b',' | b']' | b'}' if in_flow => break,
                // A colon within a word is text, as in an address; before a blank it ends a key.
                b':' => match bytes.get(at + 1).copied() {
                    None | Some(b' ' | b'\n') => break,
                    Some(next) if !in_flow || next.is_ascii_alphanumeric() || next == b'/' => end = at + 1,
                    Some(_) => return None,
                },
                _ => return None,
            }
            at += 1;
        }
        self.at = end;
        let text = self.text.get(start..end)?;
        // A blank before the colon is legal and unusual.
        let ends_at_colon = bytes.get(at) == Some(&b':');
        if ends_at_colon && at != end || text == "..." {
            return None;
        }
        // JSON has no such numbers.
        let is_infinite = matches!(first, b'.' | b'+' | b'-')
            && matches!(untagged(text, Style::Plain), Scalar::Float(value) if !value.is_finite());
        (!is_infinite).then_some(text)
    }

    fn single_quoted(&mut self) -> Option<Cow<'t, str>> {
        let start = self.at + 1;
        let bytes = self.text.as_bytes();
        let mut at = start;
        let mut is_doubled = false;
        loop {
            match (bytes.get(at)?, bytes.get(at + 1)) {
                (b'\n', _) => return None,
                (b'\'', Some(b'\'')) => {
                    is_doubled = true;
                    at += 2;
                }
                (b'\'', _) => break,
                _ => at += 1,
            }
        }
        self.at = at + 1;
        let text = self.text.get(start..at)?;
        Some(if is_doubled { Cow::Owned(text.replace("''", "'")) } else { Cow::Borrowed(text) })
    }

    /// Backslashes only before quotes and backslashes.
    fn double_quoted(&mut self) -> Option<Cow<'t, str>> {
        let start = self.at + 1;
        let bytes = self.text.as_bytes();
        let mut at = start;
        let mut is_escaped = false;
        loop {
            match (bytes.get(at)?, bytes.get(at + 1)) {
                (b'\n', _) => return None,
                (b'\\', Some(b'"' | b'\\')) => {
                    is_escaped = true;
                    at += 2;
                }
                (b'\\', _) => return None,
                (b'"', _) => break,
                _ => at += 1,
            }
        }
        self.at = at + 1;
        let text = self.text.get(start..at)?;
        Some(if is_escaped { Cow::Owned(unescaped(text)) } else { Cow::Borrowed(text) })
    }
}

fn unescaped(text: &str) -> String {
    let mut characters = text.chars();
    let mut plain = String::with_capacity(text.len());
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            _ => plain.push(character),
        }
    }
    plain
}
