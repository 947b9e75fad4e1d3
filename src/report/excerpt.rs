//! The lines of a source with some places near each other, for [`super::human`]: of lines that do not fit only what stands around the
//! places, so that an excerpt costs as much as it tells.

use std::sync::Arc;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use unicode_width::UnicodeWidthChar as _;

use crate::source::{Printable, Source, Span, acts, push_visibly, secrets};

/// How many columns an escape takes at most.
const ESCAPE: usize = 8;

/// Columns of a line that are shown at least, however narrow the terminal is.
const FEWEST: usize = 12;

/// A source without its secrets.
#[derive(Debug)]
pub(super) struct MaskedSource {
    source: Arc<Source>,
    masked: Option<String>,
}

impl MaskedSource {
    pub(super) fn new(source: &Arc<Source>) -> Self {
        let masked = match secrets::mask(source.text()) {
            std::borrow::Cow::Owned(masked) => Some(masked),
            std::borrow::Cow::Borrowed(_) => None,
        };
        Self { source: Arc::clone(source), masked }
    }

    fn slice(&self, span: Span) -> &str {
        self.masked.as_deref().unwrap_or(self.source.text()).get(span.start..span.end).unwrap_or_default()
    }
}

/// Some lines of a source, as miette reads them.
#[derive(Debug)]
pub(super) struct Excerpt {
    source: Arc<Source>,
    /// The lines, each with a line break.
    text: String,
    lines: Vec<Line>,
}

/// A line of an excerpt.
#[derive(Debug)]
struct Line {
    /// Its 0-based number in the source.
    number: usize,
    /// Where it begins in the excerpt's text, and where it ends, without its break.
    span: Span,
    parts: Vec<Part>,
}

/// A part of a line that is shown: as it stands there, or a character that acts, as an escape.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// Where it stands in the source.
    of: Span,
    /// Where it begins in the excerpt's text.
    at: usize,
    /// How long it is there.
    length: usize,
}

impl Part {
    /// Where an offset of the source stands in the excerpt's text; what is within an escape is where it begins.
    fn shown(self, offset: usize) -> usize {
        match offset.min(self.of.end) {
            end if end == self.of.end => self.at + self.length,
            offset if self.length == self.of.len() => self.at + offset.saturating_sub(self.of.start),
            _ => self.at,
        }
    }
}

impl Excerpt {
    /// The lines from the first of these places to the last, each of which is within one line; `width` is what a line may take, in
    /// columns.
    pub(super) fn new(masked: &MaskedSource, places: &[Span], width: usize) -> Self {
        let source = &masked.source;
        let mut excerpt = Self { source: Arc::clone(source), text: String::new(), lines: Vec::new() };
        let mut places: Vec<(usize, Span)> =
            places.iter().map(|place| (line_of(source, place.start), *place)).collect();
        places.sort_by_key(|(line, place)| (*line, place.start));
        let mut rest = &places[..];
        let (Some((first, _)), Some((last, _))) = (places.first(), places.last()) else { return excerpt };
        for number in *first..=*last {
            let (of_line, behind) = rest.split_at(rest.partition_point(|(line, _)| *line == number));
            excerpt.push(masked, number, of_line, width.max(FEWEST));
            rest = behind;
        }
        excerpt
    }

    fn push(&mut self, masked: &MaskedSource, number: usize, places: &[(usize, Span)], width: usize) {
        let line = self.source.line_span(number);
        let start = self.text.len();
        let mut parts: Vec<Part> = Vec::new();
        let mut end = line.start;
        for of in shown_parts(masked.slice(line), line.start, places, width) {
            if of.start > end {
                self.text.push('…');
            }
            self.push_part(masked.slice(of), of.start, &mut parts);
            end = of.end;
        }
        if end < line.end {
            self.text.push('…');
        }
        self.lines.push(Line { number, span: Span::new(start, self.text.len()), parts });
        self.text.push('\n');
    }

    /// Adds the text that stands at an offset of the source.
    fn push_part(&mut self, text: &str, start: usize, parts: &mut Vec<Part>) {
        let mut done = 0;
        let acting = text.char_indices().filter(|(_, character)| acts(*character) && *character != '\t');
        for (at, character) in acting {
            self.push_plain(text.get(done..at).unwrap_or_default(), start + done, parts);
            let (of, shown) = (Span::new(start + at, start + at + character.len_utf8()), self.text.len());
            push_visibly(&mut self.text, character);
            parts.push(Part { of, at: shown, length: self.text.len() - shown });
            done = at + character.len_utf8();
        }
        let rest = text.get(done..).unwrap_or_default();
        // A line without any text has a part all the same.
        if !rest.is_empty() || done == 0 {
            parts.push(Part {
                of: Span::new(start + done, start + text.len()),
                at: self.text.len(),
                length: rest.len(),
            });
            self.text.push_str(rest);
        }
    }

    fn push_plain(&mut self, text: &str, start: usize, parts: &mut Vec<Part>) {
        if !text.is_empty() {
            parts.push(Part { of: Span::new(start, start + text.len()), at: self.text.len(), length: text.len() });
            self.text.push_str(text);
        }
    }

    /// The first of the lines, as it is shown.
    pub(super) fn first_line(&self) -> String {
        self.text.lines().next().unwrap_or_default().replace('\t', "    ")
    }

    /// The part of a place that is shown, in the excerpt's text.
    pub(super) fn shown(&self, place: Span) -> SourceSpan {
        let start = self.offset(place.start);
        let end = self.offset(place.end).max(start);
        (start, end - start).into()
    }

    /// An offset of the source in the excerpt's text; one that is not shown is the end of what is shown before it.
    fn offset(&self, offset: usize) -> usize {
        let number = line_of(&self.source, offset);
        let shown = self.lines.partition_point(|line| line.number <= number).checked_sub(1);
        let Some(line) = shown.and_then(|at| self.lines.get(at)) else { return 0 };
        if offset > self.source.line_span(line.number).end {
            return line.span.end + 1;
        }
        let part = line.parts.partition_point(|part| part.of.start <= offset).checked_sub(1);
        let part = part.and_then(|at| line.parts.get(at));
        part.map_or(line.span.start, |part| part.shown(offset))
    }

    /// The place in the lines that holds an offset of the excerpt's text.
    fn line_at(&self, offset: usize) -> usize {
        self.lines.partition_point(|line| line.span.start <= offset).saturating_sub(1)
    }

    /// The 0-based column in the source of an offset of the excerpt's text.
    fn column(&self, line: &Line, offset: usize) -> usize {
        let part = line.parts.iter().rev().find(|part| part.at <= offset);
        let of = |part: &Part| part.of.start + (offset - part.at).min(part.of.len().saturating_sub(1));
        part.map_or(0, |part| self.source.position(of(part)).column - 1)
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        let first = self.line_at(start);
        let last = self.line_at(end.saturating_sub(usize::from(end > start)));
        let of_start = self.lines.get(first).ok_or(MietteError::OutOfBounds)?;
        let column = if before == 0 { self.column(of_start, start) } else { 0 };
        let first = first.saturating_sub(before);
        let last = (last + after).min(self.lines.len().saturating_sub(1));
        let (Some(first), Some(last)) = (self.lines.get(first), self.lines.get(last)) else {
            return Err(MietteError::OutOfBounds);
        };
        // miette wants the span's own start where no lines before it are asked for.
        let data_start = if before == 0 { start } else { first.span.start };
        let data_end = last.span.end.max(end);
        let data = self.text.get(data_start..data_end).ok_or(MietteError::OutOfBounds)?;
        let contents = MietteSpanContents::new_named(
            Printable::of(self.source.path()).into_string(),
            data.as_bytes(),
            (data_start, data_end - data_start).into(),
            first.number,
            column,
            self.source.line_count(),
        );
        Ok(Box::new(contents))
    }
}

/// The line that holds an offset; the last for what stands behind its break.
pub(super) fn line_of(source: &Source, offset: usize) -> usize {
    source.line_index(offset).min(source.line_count().saturating_sub(1))
}

/// What is shown of a line that begins at an offset: all of it, or some columns around each place.
fn shown_parts(text: &str, start: usize, places: &[(usize, Span)], width: usize) -> Vec<Span> {
    let whole = Span::new(start, start + text.len());
    if columns_up_to(text.chars(), width).is_none() {
        return vec![whole];
    }
    let width = (width / places.len().max(1)).max(FEWEST);
    let ahead = width / 3;
    let around = |offset: usize| {
        let (before, behind) = text.split_at_checked(offset.saturating_sub(start)).unwrap_or((text, ""));
        let back = columns_up_to(before.chars().rev(), ahead).unwrap_or(before.len());
        let on = columns_up_to(behind.chars(), width - ahead).unwrap_or(behind.len());
        Span::new(start + before.len() - back, start + before.len() + on)
    };
    let mut parts: Vec<Span> = Vec::new();
    let all = places.iter().map(|(_, place)| around(place.start.min(whole.end)));
    let beginning = places.is_empty().then(|| around(start));
    for part in all.chain(beginning) {
        match parts.last_mut() {
            Some(last) if part.start <= last.end => last.end = last.end.max(part.end),
            _ => parts.push(part),
        }
    }
    parts
}

/// How many bytes of a text fill so many columns; `None` if all of it fits. What takes no room is counted all the same, as it is
/// written.
fn columns_up_to(text: impl Iterator<Item = char>, most: usize) -> Option<usize> {
    let (mut columns, mut length) = (0, 0);
    for character in text {
        columns += match character {
            '\t' => 4,
            character if acts(character) => ESCAPE,
            character => character.width().unwrap_or(0).max(1),
        };
        if columns > most {
            return Some(length);
        }
        length += character.len_utf8();
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(line: &str, places: &[Span], width: usize) -> (String, Vec<String>) {
        let source = Arc::new(Source::new("file.yaml", line));
        let excerpt = Excerpt::new(&MaskedSource::new(&source), places, width);
        let shown = places.iter().map(|place| {
            let span = excerpt.shown(*place);
            excerpt.text.get(span.offset()..span.offset() + span.len()).unwrap_or("not on characters").to_owned()
        });
        let shown = shown.collect();
        (excerpt.text, shown)
    }

    #[test]
    fn long_lines_are_cut_around_places() {
        let line = format!("a: {}b: {}c: d\n{}\n", "x".repeat(200), "é".repeat(200), "y".repeat(200));
        let (b, c) = (line.find("b:").unwrap_or_default(), line.find("c:").unwrap_or_default());
        let places = [Span::new(b, b + 1), Span::new(c, c + 2)];
        let expected = format!("…xxxxb: {}…éééécc: d\n", "é".repeat(5)).replace("cc", "c");
        assert_eq!(texts(&line, &places, 24), (expected, vec!["b".to_owned(), "c:".to_owned()]));
        // What does not fit is underlined as far as it is shown.
        let (_, shown) = texts(&line, &[Span::new(0, c)], 24);
        assert_eq!(shown, [format!("a: {}", "x".repeat(13))]);
        assert_eq!(texts("short\n", &[Span::new(0, 1)], 5).0, "short\n");
    }

    #[test]
    fn lines_between_places_are_shown_and_no_others() {
        let text: String = (0..100).map(|number| format!("{number}\n")).collect();
        let at = |number: usize| {
            let line = Source::new("file.yaml", text.as_str()).line_span(number);
            Span::new(line.start, line.start)
        };
        assert_eq!(texts(&text, &[at(2), at(0), at(2)], 80).0, "0\n1\n2\n");
        assert_eq!(texts(&text, &[at(99)], 80).0, "99\n");
        assert_eq!(texts(&text, &[], 80).0, "");
    }

    proptest! {
        /// What is underlined is the beginning of the place, and an excerpt is no larger than its places and the terminal ask for.
        #[test]
        fn excerpts_show_what_is_meant(
            parts in prop::collection::vec(("[ -~é日\t\u{200b}]{0,5}", 1..60_usize, prop_oneof![Just(""), Just("\n"), Just("\r\n")]), 1..12),
            ends in prop::collection::vec((any::<prop::sample::Index>(), 0..40_usize), 1..4),
            width in 40..60_usize,
        ) {
            let text: String = parts.iter().map(|(part, times, end)| part.repeat(*times) + end).collect();
            let source = Arc::new(Source::new("file.yaml", text));
            let text = source.text();
            let offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let places: Vec<Span> = ends.iter().map(|(at, length)| {
                let start = at.get(&offsets).to_owned();
                let line_end = source.line_span(source.line_index(start)).end.max(start);
                Span::new(start, source.floor((start + length).min(line_end)))
            }).collect();
            prop_assume!(!text.is_empty());
            let (excerpt, shown) = texts(text, &places, width);
            for (place, shown) in places.iter().zip(&shown) {
                let meant = source.slice(*place);
                let is_behind = place.start > source.line_span(line_of(&source, place.start)).end;
                // It may go on where another place is shown.
                let beginning = shown.split('…').next().unwrap_or_default();
                prop_assert!(is_behind || meant.starts_with(beginning), "{place:?} {shown:?} {meant:?}");
                prop_assert!(is_behind || meant.is_empty() || !beginning.is_empty());
            }
            let lines = excerpt.lines().count();
            prop_assert!(excerpt.chars().count() <= (lines + places.len()) * (width + 3));
        }
    }
}
