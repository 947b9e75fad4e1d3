//! The JSON that GitLab's parser makes of a document, and the nodes behind its parts.

use serde_json::{Map, Value as Json};

use super::read::Document;
use super::scalar::{Scalar, scalar};
use super::tree::{Data, NodeId};

/// How deep a value may nest; GitLab reads deeper ones, of which nothing is expected.
const MAX_DEPTH: usize = 200;

/// A step from a value to a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'s> {
    /// The value of a key.
    Key(&'s str),
    /// An item of a list, counted from 0.
    Item(usize),
}

impl Document {
    /// The JSON of the document; null for an empty one, `None` where the parser refuses it or it nests too deep.
    #[must_use]
    pub fn to_json(&self) -> Option<Json> {
        if !self.problems().is_empty() {
            return None;
        }
        self.tree().root().map_or(Some(Json::Null), |root| self.json_of(root, 0))
    }

    fn json_of(&self, id: NodeId, depth: usize) -> Option<Json> {
        if depth > MAX_DEPTH {
            return None;
        }
        let id = self.tree().follow(id)?;
        let node = self.tree().node(id);
        Some(match &node.data {
            Data::Scalar { text, style } => match scalar(node, text, *style).ok()? {
                Scalar::Null => Json::Null,
                Scalar::Bool(value) => value.into(),
                Scalar::Int(value) => value.into(),
                Scalar::UInt(value) => value.into(),
                Scalar::Float(value) => value.into(),
                Scalar::Str(value) => value.into_owned().into(),
            },
            Data::Sequence { items, .. } => {
                let items = items.iter().map(|&item| self.json_of(item, depth + 1));
                Json::Array(items.collect::<Option<Vec<_>>>()?)
            }
            Data::Mapping { .. } => {
                let entries = self.reading().entries(id).into_iter();
                let fields = entries.map(|entry| Some((entry.key, self.json_of(entry.value, depth + 1)?)));
                Json::Object(fields.collect::<Option<Map<_, _>>>()?)
            }
            Data::Alias { .. } => return None,
        })
    }

    /// The nodes of a part of the JSON: that of its key, if it has one, and that of its value.
    #[must_use]
    pub fn node_at<'s>(&self, steps: impl Iterator<Item = Step<'s>>) -> Option<(Option<NodeId>, NodeId)> {
        let mut key = None;
        let mut value = self.tree().root()?;
        for step in steps {
            let id = self.tree().follow(value)?;
            match (step, &self.tree().node(id).data) {
                (Step::Key(name), Data::Mapping { .. }) => {
                    let entry = self.reading().entries(id).into_iter().find(|entry| entry.key == name)?;
                    (key, value) = (Some(entry.key_node), entry.value);
                }
                (Step::Item(index), Data::Sequence { items, .. }) => (key, value) = (None, *items.get(index)?),
                _ => return None,
            }
        }
        Some((key, value))
    }
}
