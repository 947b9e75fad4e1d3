//! The parts of an explanation.

use std::borrow::Cow;

use crate::access::{Agent, Answer, Index, Row};
use crate::source::{Source, Span, secrets, visible};
use crate::words;

/// One step of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::access_report) struct Step {
    /// Its name in machine formats.
    pub name: &'static str,
    /// What happens, in a sentence or two.
    pub text: String,
    /// What it happens to.
    pub notes: Vec<Note>,
    /// Whether the notes stand for themselves, so that each has its path.
    pub has_paths: bool,
    /// Names and values.
    pub facts: Vec<(&'static str, Vec<String>)>,
}

/// A line of the file, or none, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::access_report) struct Note {
    pub line: Option<Line>,
    /// Where the value stands, e.g. `ci_access.projects[2]`.
    pub route: Option<String>,
    /// What becomes of it, in a word for programs.
    pub state: &'static str,
    pub text: String,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::access_report) struct Line {
    pub path: String,
    /// 1-based.
    pub number: usize,
    /// Trimmed, without secrets.
    pub text: String,
}

impl Step {
    pub fn new(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, text: text.into(), notes: Vec::new(), has_paths: false, facts: Vec::new() }
    }

    pub fn note(mut self, line: Option<Line>, state: &'static str, text: impl Into<String>) -> Self {
        self.notes.push(Note { line, route: None, state, text: text.into() });
        self
    }
}

/// What steps are about.
pub(super) struct Subject<'s, 'w, 'q> {
    pub index: &'s Index<'w>,
    pub answer: &'s Answer<'w, 'q>,
    pub row: &'s Row<'w>,
    pub agent: &'s Agent<'w>,
    pub excerpts: Option<Excerpts<'w>>,
}

impl Subject<'_, '_, '_> {
    pub fn line(&self, span: Span) -> Option<Line> {
        self.excerpts.as_ref().map(|excerpts| excerpts.line(span))
    }

    /// The path of the job's project as it may be shown.
    pub fn project(&self) -> String {
        words::printable(self.answer.project_path())
    }
}

/// A file whose lines may be shown.
pub(super) struct Excerpts<'w> {
    source: &'w Source,
    /// The text without secrets, of the same length: a secret of several lines shows in none of them.
    masked: Cow<'w, str>,
}

/// From how many characters on a line is shown around the value only.
const LONG_LINE: usize = 100;

/// How many characters of a long line are shown in front of the value.
const CONTEXT: usize = 28;

impl<'w> Excerpts<'w> {
    pub fn of(agent: &Agent<'w>) -> Option<Self> {
        let source = agent.file?.source?;
        Some(Self { source, masked: secrets::mask(source.text()) })
    }

    fn line(&self, span: Span) -> Line {
        let index = self.source.line_index(span.start);
        let of_line = self.source.line_span(index);
        let text = |start: usize| {
            let text = self.masked.get(start..of_line.end).unwrap_or_default().trim();
            visible(text).into_owned()
        };
        let whole = text(of_line.start);
        let text = if whole.chars().count() > LONG_LINE && span.start > of_line.start {
            let before = self.source.slice(Span::new(of_line.start, span.start));
            let context =
                before.char_indices().rev().take(CONTEXT).last().map_or(span.start, |(at, _)| of_line.start + at);
            let mark = (context > of_line.start).then_some('…');
            mark.into_iter().chain(text(context).chars()).take(LONG_LINE).collect()
        } else {
            whole
        };
        Line { path: self.source.path().to_owned(), number: index + 1, text }
    }
}
