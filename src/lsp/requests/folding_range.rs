//! `textDocument/foldingRange`: mappings and lists of several lines, texts in blocks, and comments.

use gen_lsp_types::{
    FoldingRange, FoldingRangeKind, FoldingRangeParams, FoldingRangeProvider, FoldingRangeRequest, ServerCapabilities,
};

use super::{Asked, Failure, Handler, document};
use crate::lsp::client::Client;
use crate::lsp::session::Session;
use crate::source::{Source, Span};
use crate::yaml::{self, Data, Tree};

/// The largest text that is folded, in bytes; nobody folds a list of fifty thousand projects by hand.
const MOST: usize = 4 << 20;

pub(super) struct Folds;

impl Handler for Folds {
    type Request = FoldingRangeRequest;

    fn announce(_: &Client, capabilities: &mut ServerCapabilities) {
        capabilities.folding_range_provider = Some(FoldingRangeProvider::Bool(true));
    }

    fn answer(
        session: &mut Session,
        params: FoldingRangeParams,
        asked: &Asked<'_>,
    ) -> Result<Option<Vec<FoldingRange>>, Failure> {
        let Some(document) = document(session, &params.text_document.uri.0) else { return Ok(None) };
        session.catch_up();
        if session.world.role(&document).is_none() || document.source.text().len() > MOST {
            return Ok(None);
        }
        asked.check()?;
        Ok(Some(folds(&document.source)))
    }
}

fn folds(source: &Source) -> Vec<FoldingRange> {
    let document = yaml::read(source);
    let tree = document.tree();
    let mut lines: Vec<(usize, usize, Option<FoldingRangeKind>)> = Vec::new();
    for (_, node) in tree.nodes() {
        match &node.data {
            // From the key to the end of its value.
            Data::Mapping { entries, .. } => {
                let ends = entries.iter().map(|(key, value)| (tree.node(*key).span.start, tree.node(*value).span));
                lines.extend(ends.filter_map(|(start, value)| lines_of(source, Span::new(start, value.end))));
            }
            Data::Sequence { items, .. } => {
                let spans = items.iter().map(|item| tree.node(*item).span);
                lines.extend(spans.filter_map(|item| lines_of(source, item)));
            }
            Data::Scalar { .. } | Data::Alias { .. } => {}
        }
    }
    lines.extend(comments(source, tree));
    lines.sort_by_key(|(start, end, _)| (*start, std::cmp::Reverse(*end)));
    // An editor folds a line once.
    lines.dedup_by_key(|(start, ..)| *start);
    let number = |line: usize| u32::try_from(line).unwrap_or(u32::MAX);
    let fold = |(start, end, kind): (usize, usize, Option<FoldingRangeKind>)| FoldingRange {
        start_line: number(start),
        end_line: number(end),
        kind,
        ..FoldingRange::default()
    };
    lines.into_iter().map(fold).collect()
}

/// The first and the last line of a span, if these are two.
fn lines_of(source: &Source, span: Span) -> Option<(usize, usize, Option<FoldingRangeKind>)> {
    let text = source.slice(span);
    let end = span.start + text.trim_end().len();
    let (first, last) = (source.line_index(span.start), source.line_index(end));
    (last > first).then_some((first, last, None))
}

/// Comments one below the other, each alone on its line.
fn comments(source: &Source, tree: &Tree) -> Vec<(usize, usize, Option<FoldingRangeKind>)> {
    let mut found: Vec<(usize, usize, Option<FoldingRangeKind>)> = Vec::new();
    for comment in tree.comments() {
        let line = source.line_index(comment.span.start);
        let before = Span::new(source.line_span(line).start, comment.span.start);
        if !source.slice(before).trim().is_empty() {
            continue;
        }
        match found.last_mut() {
            Some((_, last, _)) if *last + 1 == line => *last = line,
            _ => found.push((line, line, Some(FoldingRangeKind::Comment))),
        }
    }
    found.retain(|(first, last, _)| last > first);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> Vec<(u32, u32)> {
        folds(&Source::new("a", text)).iter().map(|fold| (fold.start_line, fold.end_line)).collect()
    }

    #[test]
    fn keys_items_and_comments_fold() {
        let text = "# a\n# b\nci_access:\n  projects:\n    - id: a/b\n      environments:\n        - x\n    - id: c/d\n\nflux: {}\n";
        assert_eq!(folded(text), [(0, 1), (2, 7), (3, 7), (4, 6), (5, 6)]);
        assert_eq!(folded("a: [1,\n  2]\nb: |\n  x\n  y\nc: 1\n"), [(0, 1), (2, 4)]);
        assert!(folded("a: 1\n").is_empty() && folded("").is_empty());
    }
}
