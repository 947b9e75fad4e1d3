//! Taking an item out of a list, or a key out of a mapping, so that the rest stays as it is.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::insertion::Insertion;
use crate::project::AgentFile;
use crate::source::{Source, Span};
use crate::yaml::{Data, Node, NodeId, Tree};

/// The lists and mappings of a file by the places of what stands in them, looked through once for all findings.
#[derive(Debug)]
pub(crate) struct Cuts<'f> {
    source: &'f Source,
    tree: &'f Tree,
    /// Lists, with the positions of the items.
    items: HashMap<Span, Vec<(NodeId, usize)>>,
    /// Mappings, with the positions of the keys.
    keys: HashMap<Span, Vec<(NodeId, usize)>>,
    /// The mappings that hold values, with their positions.
    holders: HashMap<NodeId, (NodeId, usize)>,
    /// The places of all items of a list, or entries of a mapping; `None` within where one of them cannot be told.
    parts: RefCell<HashMap<NodeId, Option<Rc<[Span]>>>>,
}

impl<'f> Cuts<'f> {
    /// Looks through a file; `None` for one in which nothing can be taken out by itself.
    pub fn of(file: &'f AgentFile) -> Option<Self> {
        let document = &file.config.document;
        // What an alias stands for is written elsewhere, and what is anchored is used elsewhere.
        if !document.problems().is_empty() || document.unshown() || document.tree().has_aliases() {
            return None;
        }
        let (source, tree) = (&*file.source, document.tree());
        let (mut items, mut keys, mut holders) = (HashMap::new(), HashMap::new(), HashMap::new());
        for (id, node) in tree.nodes() {
            match &node.data {
                Data::Sequence { items: all, .. } => {
                    for (at, &item) in all.iter().enumerate() {
                        items.entry(tree.node(item).span).or_insert_with(Vec::new).push((id, at));
                    }
                }
                Data::Mapping { entries, .. } => {
                    for (at, &(key, value)) in entries.iter().enumerate() {
                        keys.entry(tree.node(key).span).or_insert_with(Vec::new).push((id, at));
                        holders.entry(value).or_insert((id, at));
                    }
                }
                _ => {}
            }
        }
        Some(Self { source, tree, items, keys, holders, parts: RefCell::default() })
    }

    /// What to cut out so that the item of a list at this place is gone, or its list if it is the only one.
    ///
    /// `None` where that could not be done without touching more: something else on the line, a comment between, an alias anywhere.
    /// Comment lines above what is removed stay.
    pub fn item_at(&self, item: Span) -> Option<Span> {
        self.items.get(&item)?.iter().find_map(|&(list, at)| {
            let Data::Sequence { items, flow } = &self.tree.node(list).data else { return None };
            match (items.len(), flow) {
                (1, false) => self.holders.get(&list).and_then(|&(mapping, at)| self.entry(mapping, at)),
                (_, true) => self.flow(&self.parts(list)?, at),
                (_, false) => self.item(items.get(at).copied()?),
            }
        })
    }

    /// What to cut out so that the key at this place is gone with its value.
    pub fn key_at(&self, key: Span) -> Option<Span> {
        self.keys.get(&key)?.iter().find_map(|&(mapping, at)| self.entry(mapping, at))
    }

    /// What leaves an empty list where the item at this place is the only one of a block, or an empty mapping where the key at it is: what is written
    /// behind the key that has it, and what is cut out.
    ///
    /// `None` where it is not the only one, and where that could not be done without touching more.
    pub fn emptied(&self, only: Span) -> Option<(Insertion, Span)> {
        let of_list = self.items.get(&only).into_iter().flatten().find_map(|&(list, _)| {
            let Data::Sequence { items, flow: false } = &self.tree.node(list).data else { return None };
            let [item] = items[..] else { return None };
            Some((self.behind_key(list, " []")?, self.item(item)?))
        });
        of_list.or_else(|| {
            self.keys.get(&only).into_iter().flatten().find_map(|&(mapping, _)| {
                let Data::Mapping { entries, flow: false, .. } = &self.tree.node(mapping).data else { return None };
                let [entry] = entries[..] else { return None };
                let own = self.entry_span(entry)?;
                Some((self.behind_key(mapping, " {}")?, self.lines(own.start, own)?))
            })
        })
    }

    /// A text behind the key of a value that begins on a line below.
    fn behind_key(&self, value: NodeId, text: &str) -> Option<Insertion> {
        let &(mapping, at) = self.holders.get(&value)?;
        let Data::Mapping { entries, .. } = &self.tree.node(mapping).data else { return None };
        let key = self.span(entries.get(at)?.0);
        let behind = self.source.text().get(key.end..)?;
        let colon = key.end + behind.len() - behind.trim_start().len();
        let line = self.source.line_span(self.source.line_index(colon));
        let rest = self.source.text().get(colon..line.end)?.strip_prefix(':')?.trim();
        (rest.is_empty() || rest.starts_with('#')).then(|| (Span::empty(colon + 1), text.to_owned()))
    }

    /// The places of the parts of a list or mapping.
    fn parts(&self, id: NodeId) -> Option<Rc<[Span]>> {
        if let Some(known) = self.parts.borrow().get(&id) {
            return known.clone();
        }
        let parts: Option<Rc<[Span]>> = match &self.tree.node(id).data {
            Data::Sequence { items, .. } => Some(items.iter().map(|&id| self.span(id)).collect()),
            Data::Mapping { entries, .. } => entries.iter().map(|entry| self.entry_span(*entry)).collect(),
            _ => None,
        };
        self.parts.borrow_mut().insert(id, parts.clone());
        parts
    }

    fn entry_span(&self, (key, value): (NodeId, NodeId)) -> Option<Span> {
        let key = self.span(key);
        let behind = self.source.text().get(key.end..)?;
        let colon = key.end + behind.len() - behind.trim_start().len();
        let has_colon = self.source.text().get(colon..)?.starts_with(':');
        // An absent value has a place of no length.
        let value = self.tree.node(value).span;
        let end = if value.is_empty() { colon + 1 } else { value.end.max(colon + 1) };
        has_colon.then(|| Span::new(key.start, end))
    }

    fn entry(&self, mapping: NodeId, at: usize) -> Option<Span> {
        let Data::Mapping { flow, .. } = &self.tree.node(mapping).data else { return None };
        let spans = self.parts(mapping)?;
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
