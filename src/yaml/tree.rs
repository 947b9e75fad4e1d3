//! The tree of one YAML document, as written: aliases and merges are not followed, duplicates are kept.

use crate::source::Span;

/// Index of a node in its [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes; an absent value is a plain scalar with an empty span.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// A scalar; `text` is the value after escapes, before any resolution of its type.
    Scalar {
        /// The value.
        text: Box<str>,
        /// How it is written.
        style: Style,
    },
    /// A list.
    Sequence {
        /// The items in order.
        items: Vec<NodeId>,
        /// `[…]` rather than `- …`.
        flow: bool,
    },
    /// A mapping.
    Mapping {
        /// Keys and values in order, duplicates and `<<` included.
        entries: Vec<(NodeId, NodeId)>,
        /// `{…}` rather than lines.
        flow: bool,
    },
    /// `*name`
    Alias {
        /// The name after the asterisk.
        name: Box<str>,
        /// The last node before it that carries the anchor; `None` where there is none.
        target: Option<NodeId>,
    },
}

/// An anchor or a tag with the place where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The anchor without `&`; the tag with its handle resolved (`tag:yaml.org,2002:str`, `!local`).
    pub name: Box<str>,
    /// Where it is written.
    pub span: Span,
}

/// A node of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// From the first to the last character of the content; without anchor, tag and comments.
    pub span: Span,
    /// What the node holds.
    pub data: Data,
    /// Its anchor.
    pub anchor: Option<Box<Named>>,
    /// Its tag.
    pub tag: Option<Box<Named>>,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The text after `#`.
    pub text: Box<str>,
    /// From `#` to the end of the line.
    pub span: Span,
}

/// The nodes and comments of one document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) root: Option<NodeId>,
    pub(super) comments: Vec<Comment>,
    pub(super) has_aliases: bool,
}

impl Tree {
    /// The top node; `None` for an empty document.
    #[must_use]
    pub fn root(&self) -> Option<NodeId> {
        self.root
    }

    /// The node behind an id of this tree.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The keys of the top mapping that are texts, with their places; none where the top is no mapping.
    pub fn root_keys(&self) -> impl Iterator<Item = (&str, Span)> {
        let entries = match self.root.map(|root| &self.node(root).data) {
            Some(Data::Mapping { entries, .. }) => &entries[..],
            _ => &[],
        };
        entries.iter().filter_map(|(key, _)| Some((self.scalar_text(*key)?, self.node(*key).span)))
    }

    /// The node that an alias stands for, or the node itself; `None` for an alias to nothing.
    #[must_use]
    pub fn follow(&self, id: NodeId) -> Option<NodeId> {
        let mut id = id;
        // An anchor cannot sit on an alias, so one step is enough; the loop guards against nothing.
        while let Data::Alias { target, .. } = &self.node(id).data {
            id = (*target)?;
        }
        Some(id)
    }

    /// All nodes with their ids, parents before children.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        (0u32..).map(NodeId).zip(&self.nodes)
    }

    /// The comments, in order.
    #[must_use]
    pub fn comments(&self) -> &[Comment] {
        &self.comments
    }

    /// Whether any alias occurs.
    #[must_use]
    pub fn has_aliases(&self) -> bool {
        self.has_aliases
    }

    /// The text of a scalar node.
    #[must_use]
    pub fn scalar_text(&self, id: NodeId) -> Option<&str> {
        match &self.node(id).data {
            Data::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }
}
