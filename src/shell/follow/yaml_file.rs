//! Keys and values of YAML and JSON files, with their places.

use std::ops::Range;

use crate::yaml::{Data, NodeId, Style, Tree};

/// A text of a file, and where it stands without its quotes.
pub(super) struct Scalar {
    pub text: Box<str>,
    pub range: Range<usize>,
    /// Whether it stands there letter by letter.
    pub is_literal: bool,
}

/// The keys of a map with their values, aliases followed.
pub(super) fn entries(tree: &Tree, map: NodeId) -> impl Iterator<Item = (&str, NodeId)> {
    let entries = match &tree.node(map).data {
        Data::Mapping { entries, .. } => &entries[..],
        _ => &[],
    };
    entries.iter().filter_map(|(key, value)| Some((tree.scalar_text(*key)?, tree.follow(*value)?)))
}

/// The value of a key.
pub(super) fn value(tree: &Tree, map: NodeId, key: &str) -> Option<NodeId> {
    entries(tree, map).find(|(known, _)| *known == key).map(|(_, value)| value)
}

/// The items of a list, aliases followed.
pub(super) fn items(tree: &Tree, list: NodeId) -> impl Iterator<Item = NodeId> {
    let items = match &tree.node(list).data {
        Data::Sequence { items, .. } => &items[..],
        _ => &[],
    };
    items.iter().filter_map(|item| tree.follow(*item))
}

/// The items of a list that are maps.
pub(super) fn item_maps(tree: &Tree, list: NodeId) -> impl Iterator<Item = NodeId> {
    items(tree, list).filter(|item| matches!(tree.node(*item).data, Data::Mapping { .. }))
}

/// The items of a list that are texts.
pub(super) fn scalars(tree: &Tree, list: NodeId) -> Vec<String> {
    items(tree, list).filter_map(|item| tree.scalar_text(item)).map(str::to_owned).collect()
}

/// A text; `None` for lists, maps and the empty text.
pub(super) fn scalar(tree: &Tree, node: NodeId) -> Option<Scalar> {
    let node = tree.node(node);
    let Data::Scalar { text, style } = &node.data else { return None };
    let quotes = usize::from(matches!(style, Style::DoubleQuoted | Style::SingleQuoted));
    let range = node.span.start + quotes..node.span.end.saturating_sub(quotes).max(node.span.start + quotes);
    let is_literal = range.len() == text.len() && !matches!(style, Style::Literal | Style::Folded);
    (!text.is_empty()).then(|| Scalar { text: text.as_ref().into(), range, is_literal })
}
