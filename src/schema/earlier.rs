//! What was decoded of an earlier state of a text, for the items of lists that are the same in the next one.
//!
//! An editor decodes a file at every keystroke, which touches one item of lists that may have hundreds. What an item decodes to hangs on
//! its nodes alone as long as there are no aliases, and on table and release, which are the same. So an item whose nodes say the same is taken over,
//! with its places in the new text.

use super::decode::Problem;
use super::table::MessageRef;
use super::value::{Data, MessageValue, Value};
use crate::source::Span;
use crate::yaml::{self, Document, NodeId, Tree};

/// An earlier state of a file, decoded by the same table and release.
#[derive(Debug)]
pub struct Earlier {
    document: Document,
    message: MessageRef,
    /// The lists of messages of the sections at the top, by the names of section and list.
    lists: Vec<(String, String, Vec<Value>)>,
    /// Where something is wrong: an item with a problem is decoded again, so that the problem is told again.
    faults: Faults,
}

/// Places of problems.
#[derive(Debug)]
struct Faults {
    /// Where each begins, in order.
    starts: Vec<usize>,
    /// How far each and all before it reach.
    ends: Vec<usize>,
}

impl Faults {
    fn of(problems: &[Problem]) -> Self {
        let mut spans: Vec<Span> = problems.iter().map(|problem| problem.span).collect();
        spans.sort_unstable();
        let reach = |end: &mut usize, span: &Span| {
            *end = span.end.max(*end);
            Some(*end)
        };
        let ends = spans.iter().scan(0, reach).collect();
        Self { starts: spans.iter().map(|span| span.start).collect(), ends }
    }

    /// Whether one of them meets a place.
    fn meet(&self, place: Span) -> bool {
        let before = self.starts.partition_point(|start| *start <= place.end);
        before.checked_sub(1).and_then(|last| self.ends.get(last)).is_some_and(|end| *end >= place.start)
    }
}

impl Earlier {
    /// What can be taken over of a decoded file; `None` where the next state has to be decoded as a whole.
    #[must_use]
    pub fn of(document: Document, value: Option<MessageValue>, problems: &[Problem]) -> Option<Self> {
        let MessageValue { message, fields } = value?;
        if !is_simple(&document) {
            return None;
        }
        let mut lists = Vec::new();
        for section in fields {
            let Data::Message(MessageValue { fields, .. }) = section.value.data else { continue };
            for field in fields {
                if let Data::List(items) = field.value.data {
                    lists.push((section.key.name.to_string(), field.key.name.to_string(), items));
                }
            }
        }
        Some(Self { document, message, lists, faults: Faults::of(problems) })
    }

    /// Whether it says anything of a text that is read as this document and decoded by this table.
    pub(super) fn is_for(&self, document: &Document, message: &MessageRef) -> bool {
        self.message == *message && is_simple(document)
    }

    /// The list that stood in a section.
    pub(super) fn list(&mut self, section: &str, list: &str) -> Option<Vec<Value>> {
        let (.., items) = self.lists.iter_mut().find(|(in_section, name, _)| in_section == section && name == list)?;
        Some(std::mem::take(items))
    }

    /// Puts a value at the places that a node gives it; `None` where it says something else, or nobody can tell so simply.
    pub(super) fn carry(&self, mut value: Value, tree: &Tree, id: NodeId) -> Option<Value> {
        let is_whole = matches!(value.data, Data::Message(_));
        if !is_whole || self.faults.meet(value.span) {
            return None;
        }
        let carried = Carry { before: self.document.tree(), now: tree }.value(&mut value, id);
        carried.then_some(value)
    }
}

/// Whether what a node decodes to hangs on the node alone.
fn is_simple(document: &Document) -> bool {
    document.problems().is_empty()
        && document.skipped().is_empty()
        && !document.unshown()
        && !document.tree().has_aliases()
}

struct Carry<'t> {
    before: &'t Tree,
    now: &'t Tree,
}

impl Carry<'_> {
    /// Moves a value to a node, if that says the same as the one that it was decoded from.
    fn value(&self, value: &mut Value, id: NodeId) -> bool {
        let (before, now) = (self.before.node(value.node), self.now.node(id));
        let is_bare = |node: &yaml::Node| node.anchor.is_none() && node.tag.is_none();
        if !is_bare(before) || !is_bare(now) {
            return false;
        }
        (value.node, value.span) = (id, now.span);
        match (&before.data, &now.data, &mut value.data) {
            (
                yaml::Data::Scalar { .. },
                yaml::Data::Scalar { .. },
                Data::Text(_) | Data::Bool(_) | Data::Int { .. } | Data::Enum { .. } | Data::Duration(_),
            ) => before.data == now.data,
            (
                yaml::Data::Mapping { entries: before, .. },
                yaml::Data::Mapping { entries: now, .. },
                Data::Message(message),
            ) => {
                let is_whole = all_the_same([message.fields.len(), before.len(), now.len()]);
                is_whole
                    && message.fields.iter_mut().zip(before.iter().zip(now)).all(
                        |(field, ((key_before, _), (key, value)))| {
                            field.key_span = self.now.node(*key).span;
                            self.is_key(*key_before, *key, &field.key.name) && self.value(&mut field.value, *value)
                        },
                    )
            }
            (
                yaml::Data::Mapping { entries: before, .. },
                yaml::Data::Mapping { entries: now, .. },
                Data::Map(values),
            ) => {
                all_the_same([values.len(), before.len(), now.len()])
                    && values.iter_mut().zip(before.iter().zip(now)).all(
                        |((name, span, value), ((key_before, _), (key, at)))| {
                            *span = self.now.node(*key).span;
                            self.is_key(*key_before, *key, name) && self.value(value, *at)
                        },
                    )
            }
            (
                yaml::Data::Sequence { items: before, .. },
                yaml::Data::Sequence { items: now, .. },
                Data::List(values),
            ) => {
                all_the_same([values.len(), before.len(), now.len()])
                    && values.iter_mut().zip(now).all(|(value, id)| self.value(value, *id))
            }
            _ => false,
        }
    }

    /// Whether two keys are written the same, as this name and nothing that means another.
    fn is_key(&self, before: NodeId, now: NodeId, name: &str) -> bool {
        let (before, now) = (self.before.node(before), self.now.node(now));
        let is_bare = [before, now].iter().all(|node| node.anchor.is_none() && node.tag.is_none());
        is_bare && before.data == now.data && matches!(&now.data, yaml::Data::Scalar { text, .. } if **text == *name)
    }
}

/// Whether all of a collection has become values, before and now: nothing was lost to an equal key, and nothing merged.
fn all_the_same(counts: [usize; 3]) -> bool {
    counts[0] == counts[1] && counts[1] == counts[2]
}
