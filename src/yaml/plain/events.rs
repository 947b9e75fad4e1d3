//! The events of a plain text, with the meaning of its scalars and without comments.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::{Receiver, Steps, Written};
use crate::source::{Source, Span};
use crate::yaml::scalar::{Scalar, untagged};

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

/// The events of a plain text.
pub struct PlainEvents<'t> {
    steps: Steps<'t, Queue<'t>>,
}

impl<'t> PlainEvents<'t> {
    /// Starts at the top of a file; `None` for one with characters that plain texts do not have.
    #[must_use]
    pub fn new(source: &'t Source) -> Option<Self> {
        Some(Self { steps: Steps::new(source, Queue::default())? })
    }

    /// The next event; `None` where the text is not plain.
    pub fn next_plain(&mut self) -> Option<PlainEvent<'t>> {
        loop {
            if let Some(event) = self.steps.receiver.0.pop_front() {
                return Some(event);
            }
            if self.steps.is_finished {
                return Some(PlainEvent::Finished);
            }
            self.steps.step()?;
        }
    }
}

/// Events that were read and not asked for yet.
#[derive(Default)]
struct Queue<'t>(VecDeque<PlainEvent<'t>>);

impl<'t> Receiver<'t> for Queue<'t> {
    fn scalar(&mut self, scalar: Written<'t>) {
        let Written { text, style, span } = scalar;
        let value = match text {
            Cow::Borrowed(text) => untagged(text, style),
            // What has escapes has quotes.
            Cow::Owned(_) => Scalar::Str(text),
        };
        self.0.push_back(PlainEvent::Scalar(value, span));
    }

    fn open(&mut self, is_mapping: bool, _: bool, _: usize) {
        self.0.push_back(if is_mapping { PlainEvent::Mapping } else { PlainEvent::Sequence });
    }

    fn close(&mut self, _: usize) {
        self.0.push_back(PlainEvent::End);
    }

    fn comment(&mut self, _: Span) {}
}
