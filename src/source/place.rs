//! Places in files.

use std::fmt;
use std::sync::Arc;

use super::{Source, Span};

/// A place in a file.
#[derive(Clone)]
pub struct Place {
    /// The file.
    pub source: Arc<Source>,
    /// The part of its text; empty at the start for what is said of the file as such.
    pub span: Span,
}

impl Place {
    /// A place in a file.
    #[must_use]
    pub fn new(source: &Arc<Source>, span: Span) -> Self {
        Self { source: Arc::clone(source), span }
    }

    /// What is written there.
    #[must_use]
    pub fn written(&self) -> &str {
        self.source.slice(self.span)
    }

    /// The offset of the last thing that lies within it: a span that ends with a line break does not reach the next line.
    #[must_use]
    pub fn last(&self) -> usize {
        let text = self.written();
        let last = text.chars().next_back().map_or(0, char::len_utf8);
        self.span.end - last.min(self.span.len())
    }

    /// Whether it lies in this file.
    #[must_use]
    pub fn is_in(&self, source: &Arc<Source>) -> bool {
        Arc::ptr_eq(&self.source, source)
    }
}

impl fmt::Debug for Place {
    /// Without the text of the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}..{}]", self.source.path(), self.span.start, self.span.end)
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.span == other.span && self.is_in(&other.source)
    }
}

impl Eq for Place {}
