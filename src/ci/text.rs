//! Texts of a CI file with the place where each stands, down to single characters.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::source::{Place, Span};
use crate::yaml::Style;

/// The value of a scalar, as text, with its place. It reads like a `str`.
#[derive(Clone, Debug)]
pub struct Text {
    value: Arc<str>,
    /// Where the scalar stands, quotes and block headers included.
    pub place: Place,
    /// How it is written; `None` where the value is not what is written, as with `0x10` or an input that was put in.
    style: Option<Style>,
}

impl Text {
    pub(super) fn new(value: &str, place: Place, style: Option<Style>) -> Self {
        Self { value: value.into(), place, style }
    }

    /// The value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// The value, to be kept.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.value)
    }

    /// Where a range of bytes of the value stands in the file; the whole scalar where that cannot be said.
    #[must_use]
    pub fn span_of(&self, range: Range<usize>) -> Span {
        let whole = self.place.span;
        let Some(style) = self.style else { return whole };
        let range = range.start.min(self.value.len())..range.end.min(self.value.len());
        let written = self.place.written();
        let local = match style {
            Style::Plain if *written == *self.value => Some(range),
            Style::Literal => literal_range(written, &self.value, range),
            _ => aligned_range(written, &self.value, style, range),
        };
        match local {
            Some(local) if local.start <= local.end && local.end <= written.len() => {
                Span::new(whole.start + local.start, whole.start + local.end)
            }
            _ => whole,
        }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.value
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.value
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.value)
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        &*self.value == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        &*self.value == *other
    }
}

/// In a literal block each line of the value is the end of a line of the file.
fn literal_range(written: &str, value: &str, range: Range<usize>) -> Option<Range<usize>> {
    let header = written.find('\n')? + 1;
    let offset_of = |offset: usize, is_end: bool| -> Option<usize> {
        // An end just behind a line break belongs to the line before it.
        let before = value.get(..offset)?;
        let before = if is_end { before.strip_suffix('\n').unwrap_or(before) } else { before };
        let line_number = before.matches('\n').count();
        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
        let line = value.split('\n').nth(line_number)?;
        let mut start = header;
        let mut lines = written.get(header..)?.split_inclusive('\n');
        for _ in 0..line_number {
            // Blank lines at the end of a block lie outside its span.
            start += lines.next().map_or(0, str::len);
        }
        let file_line = lines.next().unwrap_or_default().trim_end_matches(['\n', '\r']);
        let indentation = match file_line.strip_suffix(line) {
            Some(indentation) => indentation.len(),
            // The span of the last line may end before trailing blanks.
            None if line.starts_with(file_line.trim_start()) => file_line.len() - file_line.trim_start().len(),
            None => return None,
        };
        Some((start + indentation + column).min(start + file_line.len()))
    };
    Some(offset_of(range.start, false)?..offset_of(range.end, range.end > range.start)?)
}

/// Walks over a quoted, folded or many-lined plain scalar and its value at once.
fn aligned_range(written: &str, value: &str, style: Style, range: Range<usize>) -> Option<Range<usize>> {
    let start = match style {
        Style::SingleQuoted | Style::DoubleQuoted => 1,
        Style::Folded => {
            let header = written.find('\n')? + 1;
            let body = written.get(header..)?;
            header + body.len() - body.trim_start().len()
        }
        Style::Plain | Style::Literal => 0,
    };
    let mut walk = Walk { written, at: start, end_of_last: start, style };
    let (mut at, mut found_start) = (0, None);
    loop {
        if at == range.start {
            found_start.get_or_insert(walk.at);
        }
        if at >= range.end {
            let start = found_start?;
            let end = if range.is_empty() { start } else { walk.end_of_last };
            return (at == range.end).then_some(start..end);
        }
        at += walk.step(value.get(at..)?)?;
    }
}

struct Walk<'w> {
    written: &'w str,
    at: usize,
    /// Where what the last step took ends, without the indentation of a next line.
    end_of_last: usize,
    style: Style,
}

impl Walk<'_> {
    /// Takes the next character, or run of folded line breaks, of the value; gives its length in the value.
    fn step(&mut self, value: &str) -> Option<usize> {
        let character = value.chars().next()?;
        loop {
            let rest = self.written.get(self.at..)?;
            if self.style == Style::DoubleQuoted && rest.starts_with('\\') {
                let escaped = rest.chars().nth(1)?;
                let length = match escaped {
                    '\n' | '\r' => {
                        // A line break that counts for nothing, with the indentation behind it.
                        self.at += rest.len() - rest.get(1..)?.trim_start().len();
                        continue;
                    }
                    'x' => 4,
                    'u' => 6,
                    'U' => 10,
                    other => 1 + other.len_utf8(),
                };
                return Some(self.take(length, character.len_utf8()));
            }
            if let Some(folded) = self.fold(rest, value, character) {
                return Some(folded);
            }
            if self.style == Style::SingleQuoted && character == '\'' && rest.starts_with("''") {
                return Some(self.take(2, 1));
            }
            return rest.starts_with(character).then(|| self.take(character.len_utf8(), character.len_utf8()));
        }
    }

    fn take(&mut self, written: usize, value: usize) -> usize {
        self.at += written;
        self.end_of_last = self.at;
        value
    }

    /// Line breaks and the indentation behind them, which stand for a blank or for fewer line breaks.
    fn fold(&mut self, rest: &str, value: &str, character: char) -> Option<usize> {
        let run = match self.style {
            Style::Folded => rest,
            _ => rest.trim_start_matches([' ', '\t']),
        };
        if !matches!(character, ' ' | '\n') || !run.starts_with(['\n', '\r']) {
            return None;
        }
        let taken = if character == ' ' { 1 } else { value.len() - value.trim_start_matches('\n').len() };
        let behind = value.get(taken..)?;
        let kept_blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let length = rest.len() - rest.trim_start().len();
        self.end_of_last = self.at + rest.len() - run.len();
        self.at += length.checked_sub(kept_blanks)?;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::yaml::{self, Data};

    /// What the file has for a part of the value of `k`.
    fn written(file: &str, part: &str) -> String {
        let source = Arc::new(Source::new("a", file));
        let document = yaml::read(&source);
        let tree = document.tree();
        let Data::Mapping { entries, .. } = &tree.node(tree.root().unwrap()).data else { panic!() };
        let node = tree.node(entries[0].1);
        let Data::Scalar { text, style } = &node.data else { panic!() };
        let text = Text::new(text, Place::new(&source, node.span), Some(*style));
        let start = text.find(part).unwrap_or_else(|| panic!("{part} in {text:?}"));
        source.slice(text.span_of(start..start + part.len())).to_owned()
    }

    #[test]
    fn parts_of_a_value_are_found_where_they_are_written() {
        for (file, part, expected) in [
            ("k: echo hello", "hello", "hello"),
            ("k: echo\n  hello you", "hello", "hello"),
            ("k: echo\n  hello you", "echo hello", "echo\n  hello"),
            ("k: 'it''s here'", "here", "here"),
            ("k: 'it''s here'", "it's", "it''s"),
            ("k: \"a\\tb \\\"c\\\" d\"", "\"c\"", "\\\"c\\\""),
            ("k: \"a\\\n   b c\"", "c", "c"),
            ("k: |\n  one\n    two\n  three\n", "two", "two"),
            ("k: |\n  one\n    two\n  three\n", "one\n  two", "one\n    two"),
            ("k: |-\r\n  one\r\n  two\r\n", "two", "two"),
            ("k: |2\n    one\n  two\n", "two", "two"),
            ("k: >\n  one\n  two\n\n  three\n", "two", "two"),
            ("k: >\n  one\n  two\n\n  three\n", "three", "three"),
            ("k: >\n  one\n    more\n  two\n", "  more", "  more"),
            ("k: ünï çode", "çode", "çode"),
        ] {
            assert_eq!(written(file, part), expected, "{file:?}");
        }
    }

    #[test]
    fn a_value_that_is_not_what_is_written_has_one_place() {
        let source = Arc::new(Source::new("a", "0x10"));
        let text = Text::new("16", Place::new(&source, Span::new(0, 4)), None);
        assert_eq!(text.span_of(0..1), Span::new(0, 4));
        assert_eq!(text.span_of(5..9), Span::new(0, 4));
    }
}
