//! The tree of a plain text.

use super::{Receiver, Steps, Written};
use crate::source::{Source, Span};
use crate::yaml::build::{Builder, Event, Properties};
use crate::yaml::tree::Tree;

/// The tree of a text, if it is plain: it then is one document without problems.
pub(in crate::yaml) fn tree(source: &Source) -> Option<Tree> {
    let receiver = Growing { text: source.text(), builder: Builder::new(source.text()) };
    let mut steps = Steps::new(source, receiver)?;
    while !steps.is_finished {
        steps.step()?;
    }
    Some(steps.receiver.builder.finish())
}

/// A tree as far as the text was read.
struct Growing<'t> {
    text: &'t str,
    builder: Builder<'t>,
}

impl<'t> Receiver<'t> for Growing<'t> {
    fn scalar(&mut self, scalar: Written<'t>) {
        let Written { text, style, span } = scalar;
        self.builder.event(Event::Scalar { text: &text, style, properties: Properties::default(), span });
    }

    fn open(&mut self, is_mapping: bool, is_flow: bool, start: usize) {
        // As the parsers give it: a bracket has a length, a block is where its first key or dash stands.
        let span = Span::new(start, start + usize::from(is_flow));
        let (flow, properties) = (is_flow, Properties::default());
        self.builder.event(match is_mapping {
            true => Event::Mapping { flow, properties, span },
            false => Event::Sequence { flow, properties, span },
        });
    }

    fn close(&mut self, end: usize) {
        self.builder.event(Event::End { span: Span::empty(end) });
    }

    fn comment(&mut self, span: Span) {
        let text = self.text.get(span.start + 1..span.end).unwrap_or_default();
        self.builder.event(Event::Comment { text, span });
    }
}
