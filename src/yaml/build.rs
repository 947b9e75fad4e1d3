//! From events, whichever parser they come from, to a [`Tree`].

use std::collections::HashMap;

use super::tree::{Comment, Data, Named, Node, NodeId, Style, Tree};
use crate::source::Span;

/// A step through a document.
pub(super) enum Event<'e> {
    Scalar {
        text: &'e str,
        style: Style,
        properties: Properties,
        span: Span,
    },
    Sequence {
        flow: bool,
        properties: Properties,
        span: Span,
    },
    Mapping {
        flow: bool,
        properties: Properties,
        span: Span,
    },
    /// The end of the innermost sequence or mapping.
    End {
        span: Span,
    },
    Alias {
        name: &'e str,
        span: Span,
    },
    Comment {
        text: &'e str,
        span: Span,
    },
}

/// What stands before a node.
#[derive(Default)]
pub(super) struct Properties {
    pub tag: Option<Box<Named>>,
    pub anchor: Option<Box<Named>>,
}

/// A container whose end has not been seen.
struct Open {
    id: NodeId,
    /// A mapping's key that waits for its value.
    key: Option<NodeId>,
}

#[derive(Default)]
pub(super) struct Builder<'t> {
    text: &'t str,
    tree: Tree,
    open: Vec<Open>,
    anchors: HashMap<Box<str>, NodeId>,
    last: Option<NodeId>,
}

impl<'t> Builder<'t> {
    pub fn new(text: &'t str) -> Self {
        let mut builder = Self { text, ..Self::default() };
        // A guess at the number of nodes, so that the tree does not move while it grows.
        builder.tree.nodes.reserve(text.len() / 24);
        builder
    }

    /// Takes one event. An anchor is known from its node's start on, so that a value may contain its own alias.
    pub fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Scalar { text, style, properties, span } => {
                let span = self.content_span(style, span);
                self.add(Data::Scalar { text: text.into(), style }, span, properties);
            }
            Event::Sequence { flow, properties, span } => {
                let id = self.add(Data::Sequence { items: Vec::new(), flow }, span, properties);
                self.open.push(Open { id, key: None });
            }
            Event::Mapping { flow, properties, span } => {
                let id = self.add(Data::Mapping { entries: Vec::new(), flow }, span, properties);
                self.open.push(Open { id, key: None });
            }
            Event::End { span } => self.close(Some(span)),
            Event::Alias { name, span } => {
                let target = self.anchors.get(name).copied();
                self.add(Data::Alias { name: name.into(), target }, span, Properties::default());
                self.tree.has_aliases = true;
            }
            Event::Comment { text, span } => self.tree.comments.push(Comment { text: text.into(), span }),
        }
    }

    /// Names the node added last; for parsers that report anchors after their node.
    pub fn anchor(&mut self, anchor: Named) {
        if let Some(id) = self.last {
            // A later definition of the same name replaces the earlier one, as in yaml.v2.
            self.anchors.insert(anchor.name.clone(), id);
            self.tree.nodes[id.index()].anchor = Some(Box::new(anchor));
        }
    }

    /// A block scalar's span ends with its last line.
    fn content_span(&self, style: Style, span: Span) -> Span {
        match style {
            Style::Literal | Style::Folded => {
                let written = self.text.get(span.start..span.end).unwrap_or_default();
                Span::new(span.start, span.start + written.trim_end().len())
            }
            _ => span,
        }
    }

    /// Where a value that is not written belongs: behind its key, or at its dash.
    fn absent_span(&self, span: Span) -> Span {
        let Some(open) = self.open.last() else { return span };
        if let Some(key) = open.key {
            return Span::empty(self.tree.nodes[key.index()].span.end.max(span.start.min(span.end)).min(span.start));
        }
        match &self.tree.nodes[open.id.index()].data {
            Data::Sequence { flow: false, .. } => {
                let dash = self.text.get(..span.start).and_then(|head| head.rfind('-'));
                dash.map_or(span, |dash| Span::new(dash, dash + 1))
            }
            _ => span,
        }
    }

    fn add(&mut self, data: Data, span: Span, properties: Properties) -> NodeId {
        let span = if span.is_empty() { self.absent_span(span) } else { span };
        let id = NodeId(u32::try_from(self.tree.nodes.len()).unwrap_or(u32::MAX));
        let Properties { tag, anchor } = properties;
        self.tree.nodes.push(Node { span, data, anchor: None, tag });
        self.last = Some(id);
        if let Some(anchor) = anchor {
            self.anchor(*anchor);
        }
        match self.open.last_mut() {
            None => {
                self.tree.root.get_or_insert(id);
            }
            Some(open) => match &mut self.tree.nodes[open.id.index()].data {
                Data::Sequence { items, .. } => items.push(id),
                Data::Mapping { entries, .. } => match open.key.take() {
                    None => open.key = Some(id),
                    Some(key) => entries.push((key, id)),
                },
                Data::Scalar { .. } | Data::Alias { .. } => {}
            },
        }
        id
    }

    /// Closes the innermost container. `end` is the closing event's span, absent where the text broke off.
    fn close(&mut self, end: Option<Span>) {
        let Some(open) = self.open.pop() else { return };
        if let Some(key) = open.key {
            // The text broke off behind a key: it has no value that anything could be said about.
            let offset = self.tree.nodes[key.index()].span.end;
            let data = Data::Scalar { text: "".into(), style: Style::Plain };
            let value = NodeId(u32::try_from(self.tree.nodes.len()).unwrap_or(u32::MAX));
            self.tree.nodes.push(Node { span: Span::empty(offset), data, anchor: None, tag: None });
            if let Data::Mapping { entries, .. } = &mut self.tree.nodes[open.id.index()].data {
                entries.push((key, value));
            }
        }
        let node = &self.tree.nodes[open.id.index()];
        let (flow, first, last) = match &node.data {
            Data::Sequence { items, flow } => (*flow, items.first().copied(), items.last().copied()),
            Data::Mapping { entries, flow } => {
                (*flow, entries.first().map(|entry| entry.0), entries.last().map(|entry| entry.1))
            }
            Data::Scalar { .. } | Data::Alias { .. } => return,
        };
        let start = match first {
            Some(first) if !flow => node.span.start.min(self.tree.nodes[first.index()].span.start),
            _ => node.span.start,
        };
        let content_end = last.map_or(node.span.end, |last| self.tree.nodes[last.index()].span.end);
        // An entry whose value is absent still ends behind its key.
        let key_end = match &node.data {
            Data::Mapping { entries, .. } => {
                entries.last().map_or(0, |entry| self.tree.nodes[entry.0.index()].span.end)
            }
            _ => 0,
        };
        let content_end = content_end.max(key_end).max(node.span.end);
        let span = match end {
            Some(end) if flow => Span::new(start, end.end),
            _ => Span::new(start, content_end),
        };
        self.tree.nodes[open.id.index()].span = span;
    }

    /// Where the innermost `[` or `{` that is still open stands.
    pub fn open_flow(&self) -> Option<usize> {
        let open = self.open.last()?;
        let node = &self.tree.nodes[open.id.index()];
        match node.data {
            Data::Sequence { flow: true, .. } | Data::Mapping { flow: true, .. } => Some(node.span.start),
            _ => None,
        }
    }

    /// Whether a node of the document was added.
    pub fn has_root(&self) -> bool {
        self.tree.root.is_some()
    }

    /// The tree; what is still open ends where the text broke off.
    pub fn finish(mut self) -> Tree {
        while !self.open.is_empty() {
            self.close(None);
        }
        self.tree
    }
}
