//! A document as a run of events, for large files of kaslint's own: no tree, no repair, no aliases.
//!
//! Whoever reads with this gives up where it does, and reads the text again with [`super::read()`], which says what is
//! wrong.

use granit_parser::{Event, Options, Parser, StrInput};

use super::recover::to_style;
use super::scalar::{Scalar, untagged};
use super::tree::Style;
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

/// The events of a text that holds one document without anchors, tags, directives and block scalars.
pub struct PlainEvents<'t> {
    parser: Parser<'t, StrInput<'t>>,
}

impl<'t> PlainEvents<'t> {
    /// Starts at the top of a file; `None` for bytes that are no text.
    #[must_use]
    pub fn new(source: &'t Source) -> Option<Self> {
        let parser = Parser::new_from_str_with_options(source.text(), Options::default());
        source.invalid().is_none().then_some(Self { parser })
    }

    /// The next event; `None` where the text is not plain or no YAML.
    pub fn next_plain(&mut self) -> Option<PlainEvent<'t>> {
        loop {
            let (event, span) = self.parser.next()?.ok()?;
            return Some(match event {
                Event::StreamStart | Event::Comment(..) | Event::DocumentStart(_, None) | Event::DocumentEnd => {
                    continue;
                }
                Event::Scalar(text, style, 0, None) => {
                    let range = span.byte_range()?;
                    let style = to_style(style);
                    if matches!(style, Style::Literal | Style::Folded) {
                        return None;
                    }
                    // An absent value comes as a tilde without extent.
                    let scalar = match text {
                        _ if style == Style::Plain && range.is_empty() => Scalar::Null,
                        std::borrow::Cow::Borrowed(text) => untagged(text, style),
                        std::borrow::Cow::Owned(text) => owned(&text, style),
                    };
                    PlainEvent::Scalar(scalar, Span::new(range.start, range.end))
                }
                Event::SequenceStart(_, 0, None) => PlainEvent::Sequence,
                Event::MappingStart(_, 0, None) => PlainEvent::Mapping,
                Event::SequenceEnd | Event::MappingEnd => PlainEvent::End,
                Event::StreamEnd => PlainEvent::Finished,
                _ => return None,
            });
        }
    }
}

fn owned(text: &str, style: Style) -> Scalar<'static> {
    match untagged(text, style) {
        Scalar::Null => Scalar::Null,
        Scalar::Bool(value) => Scalar::Bool(value),
        Scalar::Int(value) => Scalar::Int(value),
        Scalar::UInt(value) => Scalar::UInt(value),
        Scalar::Float(value) => Scalar::Float(value),
        Scalar::Str(text) => Scalar::Str(text.into_owned().into()),
    }
}
