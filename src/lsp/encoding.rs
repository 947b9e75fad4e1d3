//! Positions as editors count them: lines from 0, and columns in units that client and server agree upon.

use gen_lsp_types::{Position, PositionEncodingKind, Range};
use serde_json::Value as Json;

use crate::source::{Source, Span};

/// What a column counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum PositionEncoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units, which every client can do.
    #[default]
    Utf16,
    /// Code points.
    Utf32,
}

/// A line that the text does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoSuchLine {
    /// The line, from 0.
    pub line: u32,
    /// How many lines there are.
    pub count: usize,
}

impl std::fmt::Display for NoSuchLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "there is no line {} (from 0): the document has {}", self.line, self.count)
    }
}

impl PositionEncoding {
    /// The cheapest of those that the client offers: `general.positionEncodings` of its capabilities.
    pub fn negotiate(capabilities: &Json) -> Self {
        let offered = capabilities.pointer("/general/positionEncodings").and_then(Json::as_array);
        let offers = |name: &str| offered.is_some_and(|offered| offered.iter().any(|one| one == name));
        // The texts are UTF-8, so bytes cost nothing, and code points less than what only UTF-16 counts.
        match () {
            () if offers("utf-8") => Self::Utf8,
            () if offers("utf-32") => Self::Utf32,
            () => Self::Utf16,
        }
    }

    /// Its name in the protocol.
    pub fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    fn units(self, text: &str) -> usize {
        match self {
            Self::Utf8 => text.len(),
            // Seen of many bytes at once: a long line may have thousands of findings.
            Self::Utf16 if text.is_ascii() => text.len(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::Utf32 => text.chars().count(),
        }
    }

    fn unit_count(self, character: char) -> usize {
        match self {
            Self::Utf8 => character.len_utf8(),
            Self::Utf16 => character.len_utf16(),
            Self::Utf32 => 1,
        }
    }

    /// The position of an offset. One within a line break counts as the end of the line.
    pub fn position(self, source: &Source, offset: usize) -> Position {
        let line = source.line_index(offset.min(source.text().len()));
        let span = source.line_span(line);
        let end = source.floor(offset.clamp(span.start, span.end));
        let column = self.units(source.slice(Span::new(span.start, end)));
        Position { line: number(line), character: number(column) }
    }

    /// The range of a span.
    pub fn range(self, source: &Source, span: Span) -> Range {
        Range { start: self.position(source, span.start), end: self.position(source, span.end) }
    }

    /// The offset of a position. A column behind the end of the line is the end of the line, as the protocol says; one within a
    /// character is the start of that.
    pub fn offset(self, source: &Source, position: Position) -> Result<usize, NoSuchLine> {
        // Behind a final line break there is a line, though a file does not count it.
        let count = source.line_index(source.text().len()) + 1;
        let line = position.line as usize;
        if line >= count {
            return Err(NoSuchLine { line: position.line, count });
        }
        let span = source.line_span(line);
        let wanted = position.character as usize;
        let mut seen = 0;
        for (at, character) in source.slice(span).char_indices() {
            seen += self.unit_count(character);
            if seen > wanted {
                return Ok(span.start + at);
            }
        }
        Ok(span.end)
    }

    /// The span of a range. One that is the wrong way round is turned, and what lies behind the last line is the end.
    pub fn span(self, source: &Source, range: Range) -> Span {
        let offset = |position| self.offset(source, position).unwrap_or(source.text().len());
        let (start, end) = (offset(range.start), offset(range.end));
        Span::new(start.min(end), start.max(end))
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [PositionEncoding; 3] = [PositionEncoding::Utf8, PositionEncoding::Utf16, PositionEncoding::Utf32];

    #[test]
    fn columns_are_counted_in_the_units_of_each_encoding() {
        let source = Source::new("a", "é😀x\r\ny");
        let x = "é😀".len();
        let columns = ALL.map(|encoding| encoding.position(&source, x).character);
        assert_eq!(columns, [6, 3, 2]);
        for encoding in ALL {
            for (offset, _) in source.text().char_indices().filter(|(_, character)| !matches!(character, '\r' | '\n')) {
                let position = encoding.position(&source, offset);
                assert_eq!(encoding.offset(&source, position), Ok(offset), "{encoding:?}");
            }
        }
    }

    #[test]
    fn impossible_positions_are_settled_or_refused() {
        let source = Source::new("a", "é😀x\r\ny\n");
        let at = |line, character| Position { line, character };
        // In the middle of the pair, and of the bytes, of a character.
        assert_eq!(PositionEncoding::Utf16.offset(&source, at(0, 2)), Ok(2));
        assert_eq!(PositionEncoding::Utf8.offset(&source, at(0, 1)), Ok(0));
        for encoding in ALL {
            assert_eq!(encoding.offset(&source, at(0, u32::MAX)), Ok("é😀x".len()));
            assert_eq!(encoding.offset(&source, at(2, 0)), Ok(source.text().len()));
            assert_eq!(encoding.offset(&source, at(3, 0)), Err(NoSuchLine { line: 3, count: 3 }));
        }
        let turned = Range { start: at(1, 1), end: at(1, 0) };
        assert_eq!(PositionEncoding::Utf16.span(&source, turned).len(), 1);
    }

    #[test]
    fn what_the_client_offers_decides() {
        let negotiate = |offered: &str| {
            let text = format!(r#"{{"general": {{"positionEncodings": {offered}}}}}"#);
            PositionEncoding::negotiate(&serde_json::from_str(&text).expect("JSON"))
        };
        assert_eq!(negotiate(r#"["utf-16", "utf-8"]"#), PositionEncoding::Utf8);
        assert_eq!(negotiate(r#"["utf-32"]"#), PositionEncoding::Utf32);
        assert_eq!(negotiate(r#"["utf-16", "utf-32"]"#), PositionEncoding::Utf32);
        assert_eq!(negotiate("[]"), PositionEncoding::Utf16);
        assert_eq!(negotiate("7"), PositionEncoding::Utf16);
    }
}
