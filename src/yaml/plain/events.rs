//! The events of a plain text, with the meaning of its scalars and without comments.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::{Expected, Open, Receiver, Steps, Written};
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

impl<'t> PlainEvents<'t> {
    /// From the bracket of a list to the end of its line, where that list is the next event, and the value of a key of a block. What it holds
    /// hangs on nothing else then, if it ends on the line.
    #[must_use]
    pub fn list_to_line_end(&self) -> Option<LineOfList<'t>> {
        let Steps { text, at, open, receiver, .. } = &self.steps;
        let is_next = receiver.0.len() == 1 && receiver.0.front() == Some(&PlainEvent::Sequence);
        let [.., Open::Mapping(_), Open::Flow { is_mapping: false, expected: Expected::ItemOrEnd }] = open[..] else {
            return None;
        };
        let start = at.checked_sub(1).filter(|_| is_next)?;
        let rest = text.get(start..)?;
        let line = rest.get(..rest.find('\n').unwrap_or(rest.len()))?;
        Some(LineOfList { start, text: line })
    }

    /// Passes over a list that stands next, and has been read from the same text before.
    pub fn skip(&mut self, line: &LineOfList<'t>) {
        self.steps.receiver.0.clear();
        self.steps.open.pop();
        self.steps.at = line.end();
        self.steps.next_line();
    }

    /// Whether everything up to the end of a line has been read and asked for, and nothing behind it.
    #[must_use]
    pub fn is_behind(&self, line: &LineOfList<'t>) -> bool {
        let next = (line.end() + 1).min(self.steps.text.len());
        self.steps.receiver.0.is_empty() && self.steps.at == next && self.steps.line == next
    }
}

/// A list from its bracket to the end of the line.
#[derive(Clone, Copy, Debug)]
pub struct LineOfList<'t> {
    start: usize,
    text: &'t str,
}

impl<'t> LineOfList<'t> {
    /// What stands there.
    #[must_use]
    pub fn text(&self) -> &'t str {
        self.text
    }

    fn end(&self) -> usize {
        self.start + self.text.len()
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
