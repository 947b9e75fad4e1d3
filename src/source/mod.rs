//! Text of a file with its lines: where a byte offset stands, in what the reader of a report counts.
//!
//! This floor knows bytes, lines and columns. It does not know YAML.

mod place;
mod printable;
pub mod secrets;

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

pub use place::Place;
pub use printable::{Printable, acts, json_escaped, push_visibly, visible};

/// A half-open range of byte offsets into [`Source::text`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset just past the last byte.
    pub end: usize,
}

impl Span {
    /// A span from `start` to `end`; an `end` before `start` is taken as `start`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// An empty span at `offset`.
    #[must_use]
    pub fn empty(offset: usize) -> Self {
        Self::new(offset, offset)
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether the span covers no byte.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether `other` lies within this span.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// A place in a file as reports give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// 1-based line.
    pub line: usize,
    /// 1-based column in Unicode code points; a byte-order mark counts as one.
    pub column: usize,
    /// 0-based offset in the bytes of the file on disk.
    pub byte: usize,
}

/// How the bytes of the file became text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte-order mark (which stays in the text).
    Utf8,
    /// UTF-16, little endian, with its mark.
    Utf16Le,
    /// UTF-16, big endian, with its mark.
    Utf16Be,
}

/// Bytes that are not text in the encoding of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidText {
    /// Where the replacement character stands in [`Source::text`].
    pub span: Span,
    /// The first offending byte of the file.
    pub byte: u8,
    /// Whether it is the start of a character, of which the end of the file cuts off the rest.
    pub is_cut_off: bool,
}

/// A file's text with a table of its lines.
#[derive(Clone, Debug)]
pub struct Source {
    path: String,
    // Shared: the same text may stand at several paths.
    text: Arc<String>,
    line_starts: Arc<Vec<usize>>,
    encoding: Encoding,
    invalid: Option<InvalidText>,
    /// The lines on which a secret may begin, once somebody asked: an editor asks again at every keystroke.
    marked: OnceLock<Arc<[Span]>>,
}

impl Source {
    /// Text that is already decoded, as an editor hands it over.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let line_starts = line_starts(&text).into();
        let (encoding, invalid, marked) = (Encoding::Utf8, None, OnceLock::new());
        Self { path: path.into(), text: text.into(), line_starts, encoding, invalid, marked }
    }

    /// The bytes of a file: UTF-8, or UTF-16 where a byte-order mark says so.
    ///
    /// Bytes that are no text are replaced by U+FFFD and the first of them is kept in [`Source::invalid`].
    /// (`yaml.v2`'s reader takes the same three encodings: its `readerc.go`.)
    #[must_use]
    pub fn from_bytes<'b>(path: impl Into<String>, bytes: impl Into<Cow<'b, [u8]>>) -> Self {
        let bytes = bytes.into();
        let (text, encoding, invalid) = match &*bytes {
            [0xFF, 0xFE, rest @ ..] => {
                let (text, invalid) = decode_utf16(rest, u16::from_le_bytes);
                (text, Encoding::Utf16Le, invalid)
            }
            [0xFE, 0xFF, rest @ ..] => {
                let (text, invalid) = decode_utf16(rest, u16::from_be_bytes);
                (text, Encoding::Utf16Be, invalid)
            }
            _ => {
                let (text, invalid) = decode_utf8(bytes);
                (text, Encoding::Utf8, invalid)
            }
        };
        let line_starts = line_starts(&text).into();
        Self { path: path.into(), text: text.into(), line_starts, encoding, invalid, marked: OnceLock::new() }
    }

    /// The same file with another text, in the same encoding.
    #[must_use]
    pub fn with_text(&self, text: impl Into<String>) -> Self {
        Self { encoding: self.encoding, ..Self::new(self.path.clone(), text) }
    }

    /// The same file with something else in one place of its text, in the same encoding. What is known of the lines around is kept; for a
    /// place that does not lie on characters of the text, it is put at the end.
    #[must_use]
    pub fn with_change(&self, place: Span, new: &str) -> Self {
        let end = Span::empty(self.text.len());
        let place = if self.text.get(place.start..place.end).is_some() { place } else { end };
        let (before, behind) = (self.slice(Span::new(0, place.start)), self.slice(Span::new(place.end, end.end)));
        let text = [before, new, behind].concat();
        let line_starts = self.changed_line_starts(place, &text, place.start + new.len());
        let marked = match self.marked.get() {
            Some(marked) => OnceLock::from(self.changed_marks(marked, place, &text, new.len())),
            None => OnceLock::new(),
        };
        let path = self.path.clone();
        Self {
            path,
            text: text.into(),
            line_starts: line_starts.into(),
            encoding: self.encoding,
            invalid: None,
            marked,
        }
    }

    /// Where lines start in a text that has something else in one place, which ends at an offset of it.
    fn changed_line_starts(&self, place: Span, text: &str, end: usize) -> Vec<usize> {
        // Whether a `\r` ends a line hangs on what stands behind it.
        let from = place.start.saturating_sub(1);
        let kept = self.line_starts.partition_point(|start| *start <= from);
        let moved = self.line_starts.partition_point(|start| *start <= place.end);
        let mut starts = self.line_starts.get(..kept).unwrap_or_default().to_vec();
        let bytes = text.as_bytes();
        (from..end).for_each(|index| starts.extend(line_start_behind(bytes, index)));
        let moved = self.line_starts.get(moved..).unwrap_or_default().iter();
        starts.extend(moved.map(|start| start - place.end + end));
        starts
    }

    /// The lines on which a secret may begin in a text that has so many other bytes in one place.
    fn changed_marks(&self, marked: &[Span], place: Span, text: &str, length: usize) -> Arc<[Span]> {
        let start = self.slice(Span::new(0, place.start)).rfind('\n').map_or(0, |line_break| line_break + 1);
        let behind = self.slice(Span::new(place.end, self.text.len()));
        let end = place.end + behind.find('\n').unwrap_or(behind.len());
        let now = |offset: usize| offset - place.end + place.start + length;
        let kept = marked.iter().take_while(|line| line.end < start).copied();
        let moved = marked.iter().filter(|line| line.start > end).map(|line| Span::new(now(line.start), now(line.end)));
        kept.chain(secrets::marked_lines(text, Span::new(start, now(end)))).chain(moved).collect()
    }

    /// All secrets of the text, in order, none within another.
    #[must_use]
    pub fn secrets(&self) -> Vec<secrets::Secret> {
        let whole = Span::new(0, self.text.len());
        let marked = self.marked.get_or_init(|| secrets::marked_lines(&self.text, whole).into());
        secrets::find_on(&self.text, marked)
    }

    /// The same text at another path. It is not copied.
    #[must_use]
    pub fn at(&self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self.clone() }
    }

    /// The same, which keeps its text together with another source of the same text.
    #[must_use]
    pub fn shared_with(&self, other: &Self) -> Self {
        match self.text == other.text {
            true => Self { text: Arc::clone(&other.text), line_starts: Arc::clone(&other.line_starts), ..self.clone() },
            false => self.clone(),
        }
    }

    /// The bytes of the file on disk; `None` where some of them were no text, so that they are not known any more.
    #[must_use]
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        if self.invalid.is_some() {
            return None;
        }
        let with_mark = |to_bytes: fn(u16) -> [u8; 2]| {
            std::iter::once(0xFEFF).chain(self.text.encode_utf16()).flat_map(to_bytes).collect()
        };
        Some(match self.encoding {
            Encoding::Utf8 => self.text.as_bytes().to_vec(),
            Encoding::Utf16Le => with_mark(u16::to_le_bytes),
            Encoding::Utf16Be => with_mark(u16::to_be_bytes),
        })
    }

    /// The path as reports show it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The encoding of the file.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The first bytes that were no text, if any.
    #[must_use]
    pub fn invalid(&self) -> Option<InvalidText> {
        self.invalid
    }

    /// The text of a span; empty where the span does not lie on characters of this text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// How many lines there are; a final line break opens no further one.
    #[must_use]
    pub fn line_count(&self) -> usize {
        match self.line_starts.last() {
            Some(&start) if start == self.text.len() && start > 0 => self.line_starts.len() - 1,
            _ => self.line_starts.len(),
        }
    }

    /// The 0-based number of the line that holds `offset`.
    #[must_use]
    pub fn line_index(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|&start| start <= offset).saturating_sub(1)
    }

    /// The span of the 0-based line `index`, without its line break.
    #[must_use]
    pub fn line_span(&self, index: usize) -> Span {
        let start = self.line_starts.get(index).copied().unwrap_or(self.text.len());
        let end = self.line_starts.get(index + 1).copied().unwrap_or(self.text.len());
        let line = self.text.get(start..end).unwrap_or_default();
        Span::new(start, start + line.trim_end_matches(['\n', '\r']).len())
    }

    /// The start of the character that holds `offset`; the end of the text for an offset behind it.
    #[must_use]
    pub fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    /// Line, column and byte of an offset; an offset inside a character counts as that character's.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let offset = self.floor(offset);
        let line = self.line_index(offset);
        let start = self.line_starts.get(line).copied().unwrap_or(0);
        let column = self.text.get(start..offset).unwrap_or_default().chars().count();
        Position { line: line + 1, column: column + 1, byte: self.file_byte(offset) }
    }

    /// The offset in the file on disk of an offset in the text.
    fn file_byte(&self, offset: usize) -> usize {
        match self.encoding {
            Encoding::Utf8 => offset,
            // Two bytes of mark, then two for each UTF-16 code unit.
            Encoding::Utf16Le | Encoding::Utf16Be => {
                2 + 2 * self.text.get(..offset).unwrap_or_default().encode_utf16().count()
            }
        }
    }
}

/// Offsets at which lines start: after `\n`, `\r\n` and a lone `\r`, as editors count.
fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mut starts = vec![0];
    if !bytes.contains(&b'\r') {
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        return starts;
    }
    // Most blocks have no line break, which is seen of all their bytes at once.
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    for (start, block) in (0..).step_by(BLOCK).zip(blocks).filter(|(_, block)| has_line_break(block)) {
        for (index, _) in (start..).zip(block).filter(|(_, byte)| matches!(byte, b'\n' | b'\r')) {
            starts.extend(line_start_behind(bytes, index));
        }
    }
    (bytes.len() - rest.len()..bytes.len()).for_each(|index| starts.extend(line_start_behind(bytes, index)));
    starts
}

/// The start of a line right behind a byte, if that ends one.
fn line_start_behind(bytes: &[u8], index: usize) -> Option<usize> {
    let ends = match bytes.get(index)? {
        b'\n' => true,
        b'\r' => bytes.get(index + 1) != Some(&b'\n'),
        _ => false,
    };
    ends.then_some(index + 1)
}

/// How many bytes are looked at together for line breaks.
const BLOCK: usize = 16;

fn has_line_break(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(0, |breaks, byte| breaks | u8::from(*byte == b'\n') | u8::from(*byte == b'\r')) != 0
}

fn decode_utf8(bytes: Cow<'_, [u8]>) -> (String, Option<InvalidText>) {
    match String::from_utf8(bytes.into_owned()) {
        Ok(text) => (text, None),
        Err(error) => {
            let (bytes, error) = (error.as_bytes(), error.utf8_error());
            let start = error.valid_up_to();
            let invalid = InvalidText {
                span: Span::new(start, start + '\u{FFFD}'.len_utf8()),
                byte: bytes.get(start).copied().unwrap_or_default(),
                is_cut_off: error.error_len().is_none(),
            };
            (String::from_utf8_lossy(bytes).into_owned(), Some(invalid))
        }
    }
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> (String, Option<InvalidText>) {
    let mut text = String::with_capacity(bytes.len() / 2);
    let mut invalid = None;
    let pairs = bytes.chunks_exact(2);
    let odd = pairs.remainder().first().copied();
    let mut units = char::decode_utf16(pairs.map(|pair| unit([pair[0], pair[1]]))).peekable();
    while let Some(decoded) = units.next() {
        match decoded {
            Ok(character) => text.push(character),
            Err(error) => {
                let surrogate = error.unpaired_surrogate();
                let is_cut_off = surrogate < 0xDC00 && units.peek().is_none();
                note_invalid(&mut invalid, text.len(), (surrogate >> 8) as u8, is_cut_off);
                text.push('\u{FFFD}');
            }
        }
    }
    if let Some(byte) = odd {
        note_invalid(&mut invalid, text.len(), byte, true);
        text.push('\u{FFFD}');
    }
    (text, invalid)
}

fn note_invalid(invalid: &mut Option<InvalidText>, offset: usize, byte: u8, is_cut_off: bool) {
    let span = Span::new(offset, offset + '\u{FFFD}'.len_utf8());
    invalid.get_or_insert(InvalidText { span, byte, is_cut_off });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_code_points_and_bytes_count_bytes() {
        let source = Source::new("a", "é: 日\r\nb: x\rc");
        let at = |offset| {
            let position = source.position(offset);
            (position.line, position.column, position.byte)
        };
        assert_eq!(at(0), (1, 1, 0));
        assert_eq!(at(4), (1, 4, 4));
        assert_eq!(at(9), (2, 1, 9));
        assert_eq!(at(14), (3, 1, 14));
        assert_eq!(source.line_count(), 3);
        assert_eq!(source.slice(source.line_span(0)), "é: 日");
    }

    #[test]
    fn line_breaks_are_found_wherever_they_stand() {
        for before in 0..3 * BLOCK {
            for (line_break, starts) in [("\n", 1), ("\r\n", 2), ("\r", 1), ("\n\r", 1), ("\r\r\n", 1)] {
                let text = format!("{}{line_break}{}", "x".repeat(before), "y".repeat(BLOCK + 3));
                let found = line_starts(&text);
                assert_eq!(found.get(..2), Some(&[0, before + starts][..]), "{text:?}");
                assert_eq!(found.last(), Some(&(before + line_break.len())), "{text:?}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn a_changed_text_is_as_a_new_one(
            pieces in proptest::collection::vec("(a|token: x|\\r|\\n|\\r\\n|é|bearer Zq7Lw2Xk9Vb4Tn6Rm3Yp|s\\.){0,4}", 1..9),
            edits in proptest::collection::vec((proptest::prelude::any::<[proptest::sample::Index; 2]>(), "(|a|@|\\r|\\n|key){0,2}"), 1..6),
        ) {
            let mut source = Source::new("a", pieces.concat());
            for ([one, other], new) in edits {
                let _ = source.secrets();
                let [one, other] = [one, other].map(|at| source.floor(at.index(source.text().len() + 1)));
                let place = Span::new(one.min(other), one.max(other));
                let mut text = source.text().to_owned();
                text.replace_range(place.start..place.end, &new);
                source = source.with_change(place, &new);
                let anew = Source::new("a", text);
                proptest::prop_assert_eq!(source.text(), anew.text());
                proptest::prop_assert_eq!(&source.line_starts, &anew.line_starts);
                proptest::prop_assert_eq!(anew.secrets(), secrets::find(anew.text()));
                proptest::prop_assert_eq!(source.marked.get(), anew.marked.get());
            }
        }
    }

    #[test]
    fn a_byte_order_mark_is_part_of_the_text() {
        let source = Source::from_bytes("a", b"\xEF\xBB\xBFid: 1");
        assert_eq!(source.position(3), Position { line: 1, column: 2, byte: 3 });
    }

    #[test]
    fn utf16_positions_are_those_of_the_file() {
        let bytes: Vec<u8> = "\u{FEFF}é: 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let source = Source::from_bytes("a", &bytes);
        assert_eq!(source.text(), "é: 1");
        assert_eq!(source.position(2).byte, 4);
    }

    #[test]
    fn texts_become_the_bytes_that_they_were() {
        let utf16 =
            |to_bytes: fn(u16) -> [u8; 2]| "\u{FEFF}\u{FEFF}é: 😀\r\n".encode_utf16().flat_map(to_bytes).collect();
        let files: [Vec<u8>; 4] =
            [b"id: 1".to_vec(), b"\xEF\xBB\xBFid: 1\r".to_vec(), utf16(u16::to_le_bytes), utf16(u16::to_be_bytes)];
        for bytes in files {
            let source = Source::from_bytes("a", &bytes);
            assert_eq!(source.to_bytes().as_deref(), Some(&*bytes));
            assert_eq!(source.with_text(source.text()).to_bytes(), Some(bytes));
        }
    }

    #[test]
    fn invalid_bytes_are_located() {
        let source = Source::from_bytes("a", b"id: \xFFx");
        assert_eq!(source.to_bytes(), None);
        let invalid = source.invalid().expect("an invalid byte");
        assert_eq!((invalid.span.start, invalid.byte), (4, 0xFF));
    }
}
