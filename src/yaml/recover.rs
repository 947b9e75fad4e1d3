//! Broken text: what can still be read of it, and what its author has to mend. The only place that knows `granit-parser`.
//!
//! A syntax error keeps what came before it: containers that are still open are closed where the text breaks off.

use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, Span as EventSpan, StructureStyle, Tag};

use super::build::{self, Builder, Properties};
use super::tree::{Named, Style, Tree};
use crate::source::Span;

/// `max_flow_level` and `max_indents` of yaml.v2's `scannerc.go`.
pub(super) const MAX_DEPTH: usize = 10_000;

/// Why the text is no YAML, by what would have to be written instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyntaxErrorKind {
    /// A tab where indentation is expected.
    Tab,
    /// A value starts with a character that YAML keeps for itself.
    ReservedStart(char),
    /// A quote is opened and never closed.
    UnclosedQuote,
    /// `[` or `{` is opened and never closed, or the separator between its items is missing.
    UnclosedFlow,
    /// A `key` without `:` or text where a key belongs.
    ExpectedKey,
    /// `key: value: more` on one line.
    NestedColon,
    /// A line is indented in a way that fits no enclosing block.
    Indentation,
    /// A backslash sequence that double quotes do not know.
    Escape,
    /// A tag or directive that is not understood.
    TagOrDirective,
    /// Nested more than [`MAX_DEPTH`] deep.
    TooDeep,
    /// Anything else.
    Other,
}

/// Where and why parsing stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub offset: usize,
    pub kind: SyntaxErrorKind,
    pub detail: String,
}

/// What one pass over a text gives, whichever parser made it.
pub(super) struct Parsed {
    pub tree: Tree,
    /// Where the innermost `[` or `{` that was still open at the error stands.
    pub open_flow: Option<usize>,
    pub error: Option<SyntaxError>,
    /// Where the first document ends, if it does.
    pub end: Option<usize>,
    /// Whether anything but comments and blanks follows the first document, and where.
    pub rest: Option<usize>,
}

impl Parsed {
    /// A document that was read to its end.
    pub fn complete(tree: Tree, end: usize, rest: Option<usize>) -> Self {
        Self { tree, open_flow: None, error: None, end: Some(end), rest }
    }

    /// A document that cannot be read further.
    pub fn broken(tree: Tree, error: SyntaxError) -> Self {
        Self { tree, open_flow: None, error: Some(error), end: None, rest: None }
    }
}

/// Reads the first document of `text` as far as possible.
pub(super) fn parse(text: &str) -> Parsed {
    let mut builder = Builder::new(text);
    let mut error = None;
    let mut end = None;
    let mut rest = None;
    for event in Parser::new_from_str_with_options(text, options()) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(problem) => {
                let offset = problem.marker().byte_offset().unwrap_or(text.len());
                if end.is_some() {
                    rest.get_or_insert(offset);
                } else {
                    let kind = classify(problem.kind(), text, offset);
                    error = Some(SyntaxError { offset, kind, detail: problem.kind().to_string() });
                }
                break;
            }
        };
        let tag_span = span.tag_span().map(to_span);
        let span = to_span(span);
        if end.is_some() {
            match event {
                Event::StreamEnd => break,
                // A comment is nothing that an author would miss.
                Event::Comment(..) | Event::DocumentStart(false, _) => {}
                _ => {
                    rest = Some(span.start);
                    break;
                }
            }
        } else if matches!(event, Event::DocumentEnd) {
            end = Some(span.start);
        } else {
            feed(&mut builder, text, event, span, tag_span);
        }
    }
    let open_flow = builder.open_flow();
    Parsed { tree: builder.finish(), open_flow, error, end, rest }
}

fn options() -> Options {
    let mut options = Options::default();
    options.emit_anchor_events = true;
    options.emit_unresolved_aliases = true;
    // The next two: as libyaml, and so yaml.v2, reads.
    options.block_scalar_eof_without_line_feed = true;
    options.bom_inside_document_as_content = true;
    // The default refuses 97 comment lines between a key and its block.
    options.max_buffered_comment_events = usize::MAX;
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    options
}

fn to_span(span: EventSpan) -> Span {
    span.byte_range().map_or_else(Span::default, |range| Span::new(range.start, range.end))
}

fn to_tag(tag: Option<&Tag>, span: Option<Span>) -> Option<Box<Named>> {
    let tag = tag?;
    let name = format!("{}{}", tag.handle(), tag.suffix()).into_boxed_str();
    Some(Box::new(Named { name, span: span.unwrap_or_default() }))
}

fn feed(builder: &mut Builder<'_>, source: &str, event: Event<'_>, span: Span, tag_span: Option<Span>) {
    let properties = |tag: Option<&Tag>| Properties { tag: to_tag(tag, tag_span), anchor: None };
    match event {
        Event::Scalar(text, style, _, tag) => {
            let properties = properties(tag.as_deref());
            let style = to_style(style);
            // An absent value comes as a tilde without extent.
            let text = if style == Style::Plain && span.is_empty() { "" } else { &*text };
            builder.event(build::Event::Scalar { text, style, properties, span });
        }
        Event::SequenceStart(style, _, tag) => {
            let flow = style == StructureStyle::Flow;
            builder.event(build::Event::Sequence { flow, properties: properties(tag.as_deref()), span });
        }
        Event::MappingStart(style, _, tag) => {
            let flow = style == StructureStyle::Flow;
            builder.event(build::Event::Mapping { flow, properties: properties(tag.as_deref()), span });
        }
        Event::SequenceEnd | Event::MappingEnd => builder.event(build::Event::End { span }),
        Event::Alias(_) => {
            let name = source.get(span.start + 1..span.end).unwrap_or_default();
            builder.event(build::Event::Alias { name, span });
        }
        Event::UnresolvedAlias(name) => builder.event(build::Event::Alias { name: &name, span }),
        Event::Anchor(_, name) => builder.anchor(Named { name: name.as_ref().into(), span }),
        Event::Comment(text, _) => builder.event(build::Event::Comment { text: &text, span }),
        _ => {}
    }
}

fn to_style(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}

/// What an author has to mend, from the parser's error kind and the character at the place.
fn classify(kind: &ErrorKind, text: &str, offset: usize) -> SyntaxErrorKind {
    use ErrorKind as E;
    let character = text.get(offset..).and_then(|rest| rest.chars().next());
    match kind {
        E::TabInBlockIndentation | E::TabInIndentation | E::TabNotAllowed | E::TabInPlainScalar => SyntaxErrorKind::Tab,
        E::RecursionLimitExceeded => SyntaxErrorKind::TooDeep,
        E::MissingAnchorOrAliasName | E::UnexpectedCharacter { .. } => match character {
            Some('\t') => SyntaxErrorKind::Tab,
            Some(character @ ('*' | '&' | '@' | '`' | '%')) => SyntaxErrorKind::ReservedStart(character),
            _ => match text.get(..offset).and_then(|head| head.chars().next_back()) {
                Some(character @ ('*' | '&')) => SyntaxErrorKind::ReservedStart(character),
                _ => SyntaxErrorKind::Other,
            },
        },
        E::UnclosedQuotedScalar | E::DocumentIndicatorInQuotedScalar => SyntaxErrorKind::UnclosedQuote,
        E::UnexpectedEofFlowSequence
        | E::UnexpectedEofFlowMapping
        | E::UnexpectedEofImplicitFlowMapping
        | E::ExpectedFlowMappingSeparator
        | E::ExpectedFlowSequenceSeparator
        | E::UnclosedFlowCollection { .. }
        | E::MismatchedFlowCollectionEnd { .. }
        | E::InvalidColonPlacement => SyntaxErrorKind::UnclosedFlow,
        E::SimpleKeyExpected | E::InvalidSimpleKey | E::ExpectedBlockMappingKey => SyntaxErrorKind::ExpectedKey,
        E::MappingValueNotAllowed => SyntaxErrorKind::NestedColon,
        E::InvalidIndentation | E::ExpectedBlockSequenceEntry | E::BlockSequenceEntryNotAllowed => {
            SyntaxErrorKind::Indentation
        }
        E::UnknownQuotedScalarEscape | E::InvalidQuotedScalarHexEscape | E::InvalidUnicodeEscape => {
            SyntaxErrorKind::Escape
        }
        E::UndeclaredTagHandle
        | E::InvalidDirectiveTerminator
        | E::UnsupportedYamlMajorVersion
        | E::DuplicateVersionDirective => SyntaxErrorKind::TagOrDirective,
        _ => SyntaxErrorKind::Other,
    }
}
