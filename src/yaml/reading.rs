//! What the parser makes of a tree: merges applied, the last of equal keys kept, aliases followed.
//!
//! Source of every rule here: `decode.go` of yaml.v2 2.4.0 and `convertToJSONableObject` of ghodss/yaml, the ancestor
//! of sigs.k8s.io/yaml.

use std::collections::HashMap;

use super::scalar::{Scalar, float_key, scalar};
use super::tree::{Data, Node, NodeId, Tree};

/// A key and its value as the parser keeps them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key as text.
    pub key: String,
    /// The key's node.
    pub key_node: NodeId,
    /// The value's node, which may be an alias.
    pub value: NodeId,
    /// Whether a merge (`<<`) brought it here, so that its places lie in another mapping.
    pub merged: bool,
}

/// A value that another one for the same key replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The key, as text.
    pub key: String,
    /// The key whose value is lost.
    pub lost: NodeId,
    /// The lost value.
    pub lost_value: NodeId,
    /// The key that replaces it.
    pub kept: NodeId,
    /// By what it is replaced.
    pub kind: LossKind,
}

/// By what a value is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossKind {
    /// The same key, written again further down.
    Again,
    /// A merge that stands below the key; yaml.v2 lets it win, against the YAML specification of merges.
    MergeBelow,
}

/// A key that cannot become a JSON key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyError {
    Null,
    /// An integer over 63 bits.
    Unsigned,
    /// A list or mapping.
    Collection,
    /// An alias to nothing, or a scalar that is an error of its own.
    Unresolved,
}

/// Where the last entry of each key stands.
enum Positions {
    /// A few entries are compared one by one, which is cheaper than hashing them.
    Few,
    Many(HashMap<String, usize>),
}

impl Positions {
    fn for_entries(count: usize) -> Self {
        if count <= 12 { Self::Few } else { Self::Many(HashMap::with_capacity(count)) }
    }

    /// The position of the entry that a new last entry of this key replaces.
    fn replace(&mut self, kept: &[Option<(String, RawEntry)>], key: &str) -> Option<usize> {
        match self {
            Self::Few => kept.iter().position(|entry| entry.as_ref().is_some_and(|(known, _)| known == key)),
            Self::Many(positions) => positions.insert(key.to_owned(), kept.len()),
        }
    }
}

/// The view of one tree.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'t> {
    tree: &'t Tree,
    /// Merges are not followed in a document that the parser refuses for its aliases.
    follow_merges: bool,
}

/// A key and value before equal keys are settled.
#[derive(Clone, Copy)]
pub(super) struct RawEntry {
    pub key: NodeId,
    pub value: NodeId,
    pub merged: bool,
}

impl<'t> Reading<'t> {
    pub(super) fn new(tree: &'t Tree, follow_merges: bool) -> Self {
        Self { tree, follow_merges }
    }

    /// The tree that is read.
    #[must_use]
    pub fn tree(&self) -> &'t Tree {
        self.tree
    }

    /// The entries of a mapping that survive, in the order in which their last values are written; keys that cannot
    /// become JSON are left out.
    #[must_use]
    pub fn entries(&self, mapping: NodeId) -> Vec<Entry> {
        self.plain_entries(mapping).unwrap_or_else(|| self.settle(mapping, &mut |_, _, _| {}))
    }

    /// The same of a mapping in which nothing is to be settled; `None` for one that has to be looked at.
    fn plain_entries(&self, mapping: NodeId) -> Option<Vec<Entry>> {
        let Data::Mapping { entries, .. } = &self.tree.node(mapping).data else { return None };
        if !self.has_plainly_different_keys(mapping) {
            return None;
        }
        let mut plain = Vec::with_capacity(entries.len());
        for &(key, value) in entries {
            let Node { data: Data::Scalar { text, .. }, tag: None, .. } = self.tree.node(key) else { return None };
            if &**text == "null" {
                return None;
            }
            plain.push(Entry { key: text.to_string(), key_node: key, value, merged: false });
        }
        Some(plain)
    }

    /// The values of a mapping that are lost to equal keys.
    #[must_use]
    pub fn losses(&self, mapping: NodeId) -> Vec<Loss> {
        let mut losses = Vec::new();
        if self.has_plainly_different_keys(mapping) {
            return losses;
        }
        self.settle(mapping, &mut |key, before: RawEntry, after: RawEntry| {
            if !before.merged {
                losses.push(Loss {
                    key: key.to_owned(),
                    lost: before.key,
                    lost_value: before.value,
                    kept: after.key,
                    kind: if after.merged { LossKind::MergeBelow } else { LossKind::Again },
                });
            }
        });
        losses
    }

    /// Whether the keys of a small mapping are words that stand for themselves, all different. Most mappings are like that,
    /// and need no closer look.
    fn has_plainly_different_keys(&self, mapping: NodeId) -> bool {
        let Data::Mapping { entries, .. } = &self.tree.node(mapping).data else { return true };
        let text =
            |key: NodeId| self.tree.scalar_text(key).filter(|text| text.starts_with(|c: char| c.is_ascii_lowercase()));
        entries.len() <= 8
            && entries.iter().enumerate().all(|(index, (key, _))| {
                // `yes` and `on` are equal to each other as keys.
                let Some(text) = text(*key)
                    .filter(|text| text.len() > 1 && !matches!(*text, "yes" | "no" | "on" | "off" | "true" | "false"))
                else {
                    return false;
                };
                entries.iter().take(index).all(|(before, _)| self.tree.scalar_text(*before) != Some(text))
            })
    }

    fn settle(&self, mapping: NodeId, on_loss: &mut dyn FnMut(&str, RawEntry, RawEntry)) -> Vec<Entry> {
        let raw = self.raw_entries(mapping);
        let mut positions = Positions::for_entries(raw.len());
        let mut kept: Vec<Option<(String, RawEntry)>> = Vec::with_capacity(raw.len());
        for entry in raw {
            let Ok(key) = self.key(entry.key) else { continue };
            let before = positions.replace(&kept, &key);
            if let Some((key, lost)) = before.and_then(|before| kept[before].take()) {
                on_loss(&key, lost, entry);
            }
            kept.push(Some((key, entry)));
        }
        let entries = kept.into_iter().flatten();
        entries
            .map(|(key, entry)| Entry { key, key_node: entry.key, value: entry.value, merged: entry.merged })
            .collect()
    }

    /// All entries in the order in which the parser sets them, merges expanded, equal keys still there.
    pub(super) fn raw_entries(&self, mapping: NodeId) -> Vec<RawEntry> {
        enum Work {
            Mapping(NodeId, bool),
            Pair(RawEntry),
            Merge(NodeId),
        }
        let mut entries = Vec::new();
        let mut work = vec![Work::Mapping(mapping, false)];
        while let Some(step) = work.pop() {
            match step {
                Work::Pair(entry) => entries.push(entry),
                Work::Mapping(id, merged) => {
                    let Data::Mapping { entries, .. } = &self.tree.node(id).data else { continue };
                    work.extend(entries.iter().rev().map(|&(key, value)| match self.is_merge(key) {
                        true => Work::Merge(value),
                        false => Work::Pair(RawEntry { key, value, merged }),
                    }));
                }
                Work::Merge(value) => {
                    if !self.follow_merges {
                        continue;
                    }
                    match self.tree.follow(value).map(|id| (id, &self.tree.node(id).data)) {
                        Some((id, Data::Mapping { .. })) => work.push(Work::Mapping(id, true)),
                        // The list is applied from its end, so that earlier maps win.
                        Some((id, Data::Sequence { items, .. })) if id == value => {
                            let maps = items.iter().filter_map(|&item| self.tree.follow(item));
                            work.extend(maps.map(|map| Work::Mapping(map, true)));
                        }
                        _ => {}
                    }
                }
            }
        }
        entries
    }

    /// Whether a key is the merge key: a plain `<<`, or one with the merge tag.
    pub(super) fn is_merge(&self, key: NodeId) -> bool {
        let node = self.tree.node(key);
        let Data::Scalar { text, style } = &node.data else { return false };
        if &**text != "<<" {
            return false;
        }
        match node.tag.as_ref().map(|tag| &*tag.name) {
            None => *style == super::Style::Plain,
            Some(tag) => tag == "!" || tag == "tag:yaml.org,2002:merge",
        }
    }

    /// The JSON key that a key node becomes.
    pub(super) fn key(&self, key: NodeId) -> Result<String, KeyError> {
        let id = self.tree.follow(key).ok_or(KeyError::Unresolved)?;
        let node = self.tree.node(id);
        let Data::Scalar { text, style } = &node.data else { return Err(KeyError::Collection) };
        match scalar(node, text, *style).map_err(|_| KeyError::Unresolved)? {
            Scalar::Null => Err(KeyError::Null),
            Scalar::UInt(_) => Err(KeyError::Unsigned),
            Scalar::Bool(value) => Ok(value.to_string()),
            Scalar::Int(value) => Ok(value.to_string()),
            Scalar::Float(value) => Ok(float_key(value)),
            Scalar::Str(text) => Ok(text.into_owned()),
        }
    }
}
