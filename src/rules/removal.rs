//! Taking an item out of a list, or a key out of a mapping, so that the rest stays as it is.

use crate::project::AgentFile;
use crate::source::{Source, Span};
use crate::yaml::{Data, Node, NodeId, Tree};

/// The tree is searched once for each finding, which takes too long in a file that is made to have many of both.
const MOST_NODES: usize = 20_000;

/// What to cut out so that the item of a list at this place is gone, or its list if it is the only one.
///
/// `None` where that could not be done without touching more: something else on the line, a comment between, an alias anywhere.
/// Comment lines above what is removed stay.
pub(super) fn of_item(file: &AgentFile, item: Span) -> Option<Span> {
    let cut = Cut::of(file)?;
    cut.tree.nodes().find_map(|(list, node)| {
        let Data::Sequence { items, flow } = &node.data else { return None };
        let at = items.iter().position(|&id| cut.tree.node(id).span == item)?;
        match (items.len(), flow) {
            (1, false) => cut.holder(list),
            (_, true) => cut.flow(&items.iter().map(|&id| cut.span(id)).collect::<Vec<_>>(), at),
            (_, false) => cut.item(items.get(at).copied()?),
        }
    })
}

/// What to cut out so that the key at this place is gone with its value.
pub(super) fn of_key(file: &AgentFile, key: Span) -> Option<Span> {
    let cut = Cut::of(file)?;
    cut.tree.nodes().find_map(|(id, node)| {
        let Data::Mapping { entries, .. } = &node.data else { return None };
        let at = entries.iter().position(|&(id, _)| cut.tree.node(id).span == key)?;
        cut.entry(id, at)
    })
}

struct Cut<'f> {
    source: &'f Source,
    tree: &'f Tree,
}

impl<'f> Cut<'f> {
    fn of(file: &'f AgentFile) -> Option<Self> {
        let document = &file.config.document;
        // What an alias stands for is written elsewhere, and what is anchored is used elsewhere.
        let is_plain = document.problems().is_empty() && !document.unshown() && !document.tree().has_aliases();
        let is_plain = is_plain && document.tree().nodes().count() <= MOST_NODES;
        is_plain.then(|| Self { source: &file.source, tree: document.tree() })
    }

    /// The key that holds a list, with everything in it.
    fn holder(&self, list: NodeId) -> Option<Span> {
        self.tree.nodes().find_map(|(id, node)| {
            let Data::Mapping { entries, .. } = &node.data else { return None };
            let at = entries.iter().position(|&(_, value)| value == list)?;
            self.entry(id, at)
        })
    }

    fn entry(&self, mapping: NodeId, at: usize) -> Option<Span> {
        let Data::Mapping { entries, flow } = &self.tree.node(mapping).data else { return None };
        let span = |&(key, value): &(NodeId, NodeId)| {
            let key = self.span(key);
            let behind = self.source.text().get(key.end..)?;
            let colon = key.end + behind.len() - behind.trim_start().len();
            let has_colon = self.source.text().get(colon..)?.starts_with(':');
            // An absent value has a place of no length.
            let end = self.tree.node(value).span.end.max(colon + 1);
            has_colon.then(|| Span::new(key.start, if self.tree.node(value).span.is_empty() { colon + 1 } else { end }))
        };
        let spans: Vec<Span> = entries.iter().map(span).collect::<Option<_>>()?;
        if *flow {
            return self.flow(&spans, at);
        }
        let own = *spans.get(at)?;
        match spans.get(at + 1) {
            // The first key may stand behind a dash, which belongs to the item.
            Some(next) if !self.starts_line(own.start) => {
                self.bare(own.end, next.start).then(|| Span::new(own.start, next.start))
            }
            None if spans.len() == 1 => None,
            _ => self.lines(own.start, own),
        }
    }

    /// An item in a block: the lines from its dash on.
    fn item(&self, id: NodeId) -> Option<Span> {
        let own = self.span(id);
        // The place of a mapping, and of nothing, begins with the dash, that of a text behind it.
        let behind_dash = self.source.slice(own).strip_prefix('-');
        if behind_dash.is_some_and(|text| text.is_empty() || text.starts_with([' ', '\n', '\r', '\t'])) {
            return self.lines(own.start, own);
        }
        let before = self.source.text().get(..own.start)?.trim_end();
        let dash = before.strip_suffix('-')?.len();
        self.lines(dash, own)
    }

    /// The whole lines of something that begins its line and ends its line, save for a comment.
    fn lines(&self, start: usize, own: Span) -> Option<Span> {
        let last = own.start + self.source.slice(own).trim_end().len();
        let end = self.source.line_index(last.max(start + 1) - 1);
        let rest = self.source.slice(Span::new(last, self.source.line_span(end).end)).trim_start();
        if !self.starts_line(start) || !(rest.is_empty() || rest.starts_with('#')) {
            return None;
        }
        let first = self.source.line_span(self.source.line_index(start)).start;
        let behind = self.source.line_span(end + 1).start;
        Some(Span::new(first, behind))
    }

    /// One of several within brackets or braces, with the comma that parts it from its neighbour.
    fn flow(&self, spans: &[Span], at: usize) -> Option<Span> {
        let own = *spans.get(at)?;
        let before = at.checked_sub(1).and_then(|at| spans.get(at));
        let (span, between) = match (spans.get(at + 1), before) {
            (Some(next), _) => (Span::new(own.start, next.start), Span::new(own.end, next.start)),
            (None, Some(before)) => (Span::new(before.end, own.end), Span::new(before.end, own.start)),
            (None, None) => {
                let behind = self.source.text().get(own.end..)?;
                let blanks = behind.len() - behind.trim_start().len();
                let comma = behind.trim_start().starts_with(',');
                let end = if comma { own.end + blanks + 1 } else { own.end };
                (Span::new(own.start, end), Span::empty(own.end))
            }
        };
        let is_simple = self.source.slice(between).chars().all(|c| c == ',' || c.is_whitespace());
        is_simple.then_some(span)
    }

    /// A node with its anchor and tag.
    fn span(&self, id: NodeId) -> Span {
        let node: &Node = self.tree.node(id);
        let named = node.anchor.iter().chain(&node.tag).map(|named| named.span.start);
        Span::new(named.min().unwrap_or(node.span.start).min(node.span.start), node.span.end)
    }

    fn starts_line(&self, offset: usize) -> bool {
        let line = self.source.line_span(self.source.line_index(offset));
        self.source.slice(Span::new(line.start, offset)).chars().all(|c| c == ' ')
    }

    fn bare(&self, start: usize, end: usize) -> bool {
        self.source.slice(Span::new(start, end)).trim().is_empty()
    }
}
