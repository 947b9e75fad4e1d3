//! Block texts (`|`, `>`) that end before their author thought so: with the first line that is indented less than the text.
//!
//! Source: YAML 1.1, 9.2 (block scalars). What follows is read as YAML, which is what its author is told elsewhere.

use crate::source::{Source, Span};
use crate::yaml::{self, Data, ProblemKind, Style, Tree};

/// A block text and the line with which it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockText {
    /// The character that starts it, `|` or `>`.
    pub start: Span,
    /// Its number of blanks in front of each line.
    pub indentation: usize,
    /// The line that is no part of it any more, without its indentation.
    pub end: Span,
}

/// The block text whose end a syntax error comes of; `None` where it comes of something else.
pub(super) fn ended(source: &Source, tree: &Tree, problem: &yaml::Problem) -> Option<BlockText> {
    if matches!(problem.kind, ProblemKind::UnknownAnchor(_) | ProblemKind::Encoding(_) | ProblemKind::TooDeep) {
        return None;
    }
    let is_block = |data: &Data| matches!(data, Data::Scalar { style: Style::Literal | Style::Folded, .. });
    let above = tree.nodes().filter(|(_, node)| is_block(&node.data) && node.span.start < problem.span.start);
    let text = above.map(|(_, node)| node.span).max_by_key(|span| span.start)?;
    let lines = Lines { source };
    let header = source.line_index(text.start);
    let first = lines.next_written(header + 1)?;
    let indentation = lines.indentation(first);
    if indentation == 0 {
        return None;
    }
    let last = source.line_count().saturating_sub(1);
    let mut end = first;
    while end <= last && (lines.is_blank(end) || lines.indentation(end) >= indentation) {
        end += 1;
    }
    let broken = source.line_index(problem.span.start);
    if end > broken || end > last {
        return None;
    }
    // Either the line stands between the levels, or it and those behind it are plain text, or a here-document goes on there.
    let is_between = end == broken && problem.kind == ProblemKind::Indentation;
    let is_plain = (end..=broken).all(|line| lines.is_plain_text(line));
    let words = heredocs(source.slice(Span::new(source.line_span(first).start, source.line_span(end).start)));
    let is_heredoc = || (end..=broken).any(|line| words.iter().any(|word| lines.content(line) == *word));
    if !(is_between || is_plain || is_heredoc()) {
        return None;
    }
    let start = source.slice(text).find(['|', '>']).map_or(text.start, |at| text.start + at);
    Some(BlockText { start: Span::new(start, start + 1), indentation, end: lines.span(end) })
}

/// The block text that ends with the line above an offset, where a key starts: the number of the line in which it starts, and its indentation.
pub(super) fn above(source: &Source, key: usize) -> Option<(usize, usize)> {
    let lines = Lines { source };
    let key = source.line_index(key);
    let mut above = (0..key).rev().filter(|&line| !lines.is_blank(line));
    let indentation = lines.indentation(above.next()?);
    // The first line that is indented less is the one that starts the text, or none does.
    let header = above.find(|&line| indentation == 0 || lines.indentation(line) < indentation)?;
    (indentation > 0 && lines.starts_block_text(header)).then_some((header + 1, indentation))
}

struct Lines<'s> {
    source: &'s Source,
}

impl<'s> Lines<'s> {
    fn text(&self, line: usize) -> &'s str {
        self.source.slice(self.source.line_span(line))
    }

    fn content(&self, line: usize) -> &'s str {
        self.text(line).trim()
    }

    fn is_blank(&self, line: usize) -> bool {
        self.content(line).is_empty()
    }

    /// Blanks alone: a tab is no indentation.
    fn indentation(&self, line: usize) -> usize {
        let text = self.text(line);
        text.len() - text.trim_start_matches(' ').len()
    }

    fn span(&self, line: usize) -> Span {
        let span = self.source.line_span(line);
        let start = span.start + self.indentation(line);
        Span::new(start, start + self.text(line).trim_start_matches(' ').trim_end().len())
    }

    /// Whether a line ends as one does that starts a block text.
    fn starts_block_text(&self, line: usize) -> bool {
        let content = self.content(line);
        let header = content.trim_end_matches(['+', '-', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        header.strip_suffix(['|', '>']).is_some_and(|before| before.ends_with(' ')) && !content.starts_with('#')
    }

    fn next_written(&self, line: usize) -> Option<usize> {
        (line..self.source.line_count()).find(|&line| !self.is_blank(line))
    }

    /// Whether a line is neither key nor item, so that YAML takes it for the start or a part of a plain text.
    fn is_plain_text(&self, line: usize) -> bool {
        let content = self.content(line);
        !(content.contains(": ") || content.ends_with(':') || content.starts_with("- ") || content.starts_with('#'))
    }
}

/// The words that end the here-documents of a script which it does not end itself.
fn heredocs(script: &str) -> Vec<&str> {
    const MOST: usize = 20;
    let starts = script.match_indices("<<").take(MOST);
    let words = starts.filter_map(|(at, _)| {
        let rest =
            script.get(at + 2..)?.trim_start_matches('-').trim_start_matches(' ').trim_start_matches(['"', '\'', '\\']);
        let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        rest.get(..length).filter(|word| !word.is_empty())
    });
    words.filter(|word| !script.lines().any(|line| line.trim() == *word)).collect()
}
