//! The tree of a text that libyaml accepts. With `tokens.rs` the only place that knows `libyaml-safer`.
//!
//! yaml.v2 is a port of libyaml, so its events are these. libyaml reports neither comments nor the places of anchors and
//! tags; both are found again in the text between nodes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use libyaml_safer::{EventData, MappingStyle, Parser, ScalarStyle, SequenceStyle};

use super::build::{Builder, Event, Properties};
use super::recover::{MAX_DEPTH, Parsed, SyntaxError, SyntaxErrorKind};
use super::tokens;
use super::tree::{Data, Named, Style};
use crate::source::Span;

/// How often open brackets may be looked at: at each token the parser looks at all that are, so that a text with one that is never closed in each line would
/// take the square of its length. GitLab reads more, and refuses it for what it is.
const MAX_LOOKS: usize = 1_000_000;

/// Reads the first document of a text; `None` where it is malformed.
pub(super) fn parse(text: &str) -> Option<Parsed> {
    // The port is known to panic on a few malformed texts; the gate then says what is wrong with them.
    match catch_unwind(AssertUnwindSafe(|| parse_document(text))) {
        Ok(parsed) => parsed,
        Err(_) if text.is_empty() || text.ends_with(is_break) => None,
        Err(_) => parse_with_line_break(text),
    }
}

/// Reads a text that ends within a block scalar, without a line break, on which the port panics. Neither libyaml nor yaml.v2 give the
/// scalar a line break that is not there.
fn parse_with_line_break(text: &str) -> Option<Parsed> {
    let longer = format!("{text}\n");
    let mut parsed = catch_unwind(AssertUnwindSafe(|| parse_document(&longer))).ok().flatten()?;
    parsed.end = parsed.end.map(|end| end.min(text.len()));
    for node in &mut parsed.tree.nodes {
        if let Data::Scalar { text: value, style: Style::Literal | Style::Folded } = &mut node.data
            && node.span.end == text.trim_end().len()
            && let Some(shorter) = value.strip_suffix('\n')
        {
            *value = shorter.into();
        }
        node.span = Span::new(node.span.start.min(text.len()), node.span.end.min(text.len()));
    }
    Some(parsed)
}

/// Reads the first document of a text, which ends before the token at `end`.
pub(super) fn parse_up_to(text: &str, end: usize) -> Option<Parsed> {
    let parsed = parse(text.get(..end)?)?;
    Some(Parsed { end: Some(end), rest: rest_of(text, end), ..parsed })
}

fn parse_document(source: &str) -> Option<Parsed> {
    let mark_length = source.len() - source.trim_start_matches('\u{FEFF}').len();
    let mut bytes = &source.as_bytes()[mark_length..];
    let mut parser: Parser<&mut &[u8]> = Parser::new();
    parser.set_input_string(&mut bytes);

    let mut builder = Builder::new(source);
    let mut gaps = Gaps { source, position: mark_length };
    let mut depth = Depth::default();
    // Behind the last bracket; `gaps` knows where the last scalar ends.
    let mut content_end = 0;
    loop {
        let Ok(event) = parser.parse() else {
            // What is wrong may lie behind the first document.
            let end = content_end.max(gaps.position);
            let is_complete = depth.open.is_empty() && builder.has_root() && tokens::is_end_of_document(source, end);
            return is_complete.then(|| Parsed::complete(builder.finish(), end, rest_of(source, end)));
        };
        let offset = |index: u64| usize::try_from(index).ok().map(|index| (index + mark_length).min(source.len()));
        let span = Span::new(offset(event.start_mark.index)?, offset(event.end_mark.index)?);
        match event.data {
            EventData::StreamEnd => {
                let comments_end = source.len();
                gaps.skip_to(comments_end, &mut builder);
                return Some(Parsed::complete(builder.finish(), source.len(), None));
            }
            EventData::DocumentEnd { .. } => {
                gaps.skip_to(span.start, &mut builder);
                let rest = rest_of(source, span.start);
                return Some(Parsed::complete(builder.finish(), span.start, rest));
            }
            EventData::StreamStart { .. } => {}
            EventData::DocumentStart { version_directive, .. } => {
                // yaml.v2 takes 1.1 only; libyaml also 1.2.
                if version_directive.is_some_and(|version| (version.major, version.minor) != (1, 1)) {
                    let offset = source.find("%YAML").unwrap_or_default();
                    let detail = "only `%YAML 1.1` is understood".to_owned();
                    let error = SyntaxError { offset, kind: SyntaxErrorKind::TagOrDirective, detail };
                    return Some(Parsed::broken(builder.finish(), error));
                }
            }
            EventData::Alias { anchor } => {
                gaps.skip_to(span.start, &mut builder);
                builder.event(Event::Alias { name: &anchor, span });
                gaps.position = span.end;
            }
            EventData::Scalar { anchor, tag, value, style, .. } => {
                let style = to_style(style);
                let (properties, start) = gaps.properties(span, anchor, tag, &mut builder);
                let span = Span::new(start, span.end);
                builder.event(Event::Scalar { text: &value, style, properties, span });
                gaps.position = span.end;
            }
            EventData::SequenceStart { anchor, tag, style, .. } => {
                let (properties, start) = gaps.properties(span, anchor, tag, &mut builder);
                let flow = style == SequenceStyle::Flow;
                let span = if flow { Span::new(start, start + 1) } else { Span::empty(start) };
                builder.event(Event::Sequence { flow, properties, span });
                depth.enter(flow);
            }
            EventData::MappingStart { anchor, tag, style, .. } => {
                let (properties, start) = gaps.properties(span, anchor, tag, &mut builder);
                // The mapping of `[a: b]` is flow by its style and has no brace.
                let has_brace = source.as_bytes().get(start) == Some(&b'{');
                let flow = style == MappingStyle::Flow && has_brace;
                let span = if flow { Span::new(start, start + 1) } else { Span::empty(start) };
                builder.event(Event::Mapping { flow, properties, span });
                depth.enter(flow);
            }
            EventData::SequenceEnd | EventData::MappingEnd => {
                builder.event(Event::End { span });
                depth.leave();
                if !span.is_empty() {
                    content_end = span.end;
                }
            }
        }
        depth.see(event.start_mark.line);
        if depth.flow > MAX_DEPTH || depth.open.len() - depth.flow > MAX_DEPTH || depth.looks > MAX_LOOKS {
            let error = SyntaxError { offset: span.start, kind: SyntaxErrorKind::TooDeep, detail: String::new() };
            return Some(Parsed::broken(builder.finish(), error));
        }
    }
}

/// Levels of nesting; yaml.v2 limits those with brackets and those by indentation apart from each other.
#[derive(Default)]
struct Depth {
    open: Vec<bool>,
    flow: usize,
    line: u64,
    /// How many brackets were open at the starts of lines, in all, and a hundredth of those that were at each event: within a line less is looked at again.
    looks: usize,
}

impl Depth {
    /// Goes on to what starts in a line.
    fn see(&mut self, line: u64) {
        self.looks = self.looks.saturating_add(self.flow / 100);
        if line > self.line {
            self.line = line;
            self.looks = self.looks.saturating_add(self.flow);
        }
    }

    fn enter(&mut self, flow: bool) {
        self.open.push(flow);
        self.flow += usize::from(flow);
    }

    fn leave(&mut self) {
        self.flow -= usize::from(self.open.pop() == Some(true));
    }
}

fn to_style(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
        _ => Style::Plain,
    }
}

/// Walks over the text between nodes, where comments, anchors and tags stand.
struct Gaps<'s> {
    source: &'s str,
    position: usize,
}

impl Gaps<'_> {
    /// Reports the comments up to `end` and moves there.
    fn skip_to(&mut self, end: usize, builder: &mut Builder<'_>) {
        while self.position < end {
            let Some(hash) = self.source.get(self.position..end).and_then(|gap| gap.find('#')) else { break };
            let start = self.position + hash;
            let before = self.source[..start].chars().next_back();
            if before.is_some_and(|character| !is_blank(character)) {
                self.position = start + 1;
                continue;
            }
            let line = &self.source[start..];
            let length = line.find(is_break).unwrap_or(line.len());
            let span = Span::new(start, start + length);
            builder.event(Event::Comment { text: &line[1..length], span });
            self.position = span.end;
        }
        self.position = self.position.max(end);
    }

    /// The anchor and tag at the start of a node, and where its content starts.
    fn properties(
        &mut self,
        span: Span,
        anchor: Option<String>,
        tag: Option<String>,
        builder: &mut Builder<'_>,
    ) -> (Properties, usize) {
        self.skip_to(span.start, builder);
        let mut properties = Properties::default();
        let mut at = span.start;
        loop {
            let rest = self.source.get(at..).unwrap_or_default();
            match rest.chars().next() {
                Some('&') if anchor.is_some() && properties.anchor.is_none() => {
                    let name = anchor.as_deref().unwrap_or_default();
                    let end = at + 1 + name.len();
                    properties.anchor = Some(Box::new(Named { name: name.into(), span: Span::new(at, end) }));
                    at = end;
                }
                Some('!') if properties.tag.is_none() => {
                    let is_flow = |c: char| matches!(c, ',' | '[' | ']' | '{' | '}');
                    let length = match rest.starts_with("!<") {
                        true => rest.find('>').map(|end| end + 1),
                        false => rest.find(|c| is_blank(c) || is_flow(c)),
                    };
                    let length = length.unwrap_or(rest.len());
                    let written = &rest[..length];
                    // libyaml forgets the non-specific tag, which decides how a scalar reads.
                    let name = tag.as_deref().unwrap_or(written);
                    let end = at + length;
                    properties.tag = Some(Box::new(Named { name: name.into(), span: Span::new(at, end) }));
                    at = end;
                }
                Some('#') if at > span.start => {
                    let end = at + rest.find(is_break).unwrap_or(rest.len());
                    self.position = at;
                    self.skip_to(end, builder);
                    at = end;
                }
                Some(character) if is_blank(character) && at < span.end.max(at + 1) && at > span.start => {
                    at += character.len_utf8();
                }
                _ => break,
            }
        }
        let has_properties = properties.tag.is_some() || properties.anchor.is_some();
        if !has_properties {
            at = span.start;
        }
        self.position = self.position.max(at.min(span.end.max(span.start)));
        (properties, at)
    }
}

pub(super) fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\u{FEFF}') || is_break(character)
}

/// Where something that an author would miss stands behind the end of the first document.
fn rest_of(source: &str, end: usize) -> Option<usize> {
    let mut offset = end;
    let mut marker = None;
    for line in source.get(end..)?.split_inclusive(is_break) {
        let start = offset;
        offset += line.len();
        let at_line_start = start == 0 || source[..start].ends_with(is_break);
        let mut content = line.trim_start_matches(is_blank);
        let mut content_start = start + (line.len() - content.len());
        if at_line_start && content_start == start {
            if let Some(behind) =
                content.strip_prefix("---").filter(|behind| behind.is_empty() || behind.starts_with(is_blank))
            {
                marker.get_or_insert(start);
                content = behind.trim_start_matches(is_blank);
                content_start = offset - content.len();
            } else if let Some(behind) =
                content.strip_prefix("...").filter(|behind| behind.is_empty() || behind.starts_with(is_blank))
            {
                content = behind.trim_start_matches(is_blank);
                content_start = offset - content.len();
            }
        }
        if !content.is_empty() && !content.starts_with('#') {
            return Some(marker.unwrap_or(content_start));
        }
    }
    None
}
