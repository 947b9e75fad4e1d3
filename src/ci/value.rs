//! The values of a CI configuration: shared, so that merging many jobs copies no text, and each with its place.

use crate::source::Place;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use super::ruby_yaml::Kind;
use super::text::Text;

/// A value, after aliases and merge keys (`<<`) and before `!reference`.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Scalar(Arc<Scalar>),
    List(Arc<List>),
    Map(Arc<Map>),
    Reference(Arc<Reference>),
}

#[derive(Clone, Debug)]
pub(super) struct Scalar {
    pub text: Text,
    pub kind: Kind,
}

#[derive(Debug)]
pub(super) struct List {
    pub items: Vec<Value>,
    pub place: Place,
}

/// `!reference [job, keyword, …]`
#[derive(Debug)]
pub(super) struct Reference {
    /// `None` where it is no list of texts.
    pub path: Option<Vec<Arc<str>>>,
    pub place: Place,
}

impl Reference {
    /// The path as it is written between the brackets.
    pub fn shown(&self) -> String {
        self.path.as_deref().unwrap_or_default().join(", ")
    }
}

impl Value {
    pub fn place(&self) -> &Place {
        match self {
            Self::Scalar(scalar) => &scalar.text.place,
            Self::List(list) => &list.place,
            Self::Map(map) => &map.place,
            Self::Reference(reference) => &reference.place,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(scalar) if scalar.kind == Kind::Null)
    }

    pub fn as_map(&self) -> Option<&Arc<Map>> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The text of a scalar that is not null, whatever its type.
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Self::Scalar(scalar) if scalar.kind != Kind::Null => Some(&scalar.text),
            _ => None,
        }
    }

    /// The scalar, if GitLab takes it for text.
    pub fn as_string(&self) -> Option<&Text> {
        match self {
            Self::Scalar(scalar) if scalar.kind == Kind::Text => Some(&scalar.text),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Scalar(scalar) => match scalar.kind {
                Kind::Bool(value) => Some(value),
                _ => None,
            },
            _ => None,
        }
    }

    /// The items of a list; a single value counts as a list of one, null as none (Ruby's `Array()`).
    pub fn as_items(&self) -> &[Self] {
        match self {
            Self::List(list) => &list.items,
            _ if self.is_null() => &[],
            _ => std::slice::from_ref(self),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: Arc<Scalar>,
    pub value: Value,
}

/// A map in the order of its keys; a key that is set again keeps its position, as in Ruby.
#[derive(Clone, Debug)]
pub(super) struct Map {
    entries: Vec<Entry>,
    /// Positions by key, for maps that are too long to be searched.
    index: Option<HashMap<Arc<str>, usize>>,
    pub place: Place,
}

/// Up to how many keys are compared one by one.
const FEW: usize = 16;

impl Map {
    pub fn new(place: Place) -> Self {
        Self { entries: Vec::new(), index: None, place }
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn position(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).copied(),
            None => self.entries.iter().position(|entry| &*entry.key.text == key),
        }
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.position(key).and_then(|at| self.entries.get(at))
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub fn set(&mut self, entry: Entry) {
        match self.position(&entry.key.text).and_then(|at| self.entries.get_mut(at)) {
            Some(known) => *known = entry,
            None => self.push(entry),
        }
    }

    fn push(&mut self, entry: Entry) {
        let at = self.entries.len();
        if let Some(index) = &mut self.index {
            index.insert(entry.key.text.shared(), at);
        }
        self.entries.push(entry);
        if self.index.is_none() && self.entries.len() > FEW {
            let positions = self.entries.iter().enumerate().map(|(at, entry)| (entry.key.text.shared(), at));
            self.index = Some(positions.collect());
        }
    }
}

/// How much work one configuration may make, so that its cost grows with what is written and not with what it multiplies to.
#[derive(Debug)]
pub(super) struct Work {
    left: Cell<usize>,
}

impl Work {
    pub fn new(steps: usize) -> Self {
        Self { left: Cell::new(steps) }
    }

    /// Takes a number of steps; false if there are no more.
    pub fn spend(&self, steps: usize) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(steps));
        left >= steps
    }

    pub fn is_exhausted(&self) -> bool {
        self.left.get() == 0
    }
}

/// Lays a map over another one: maps are merged at any depth, everything else is replaced.
///
/// Source: `deep_merge!` of Active Support, which `Gitlab::Ci::Config::External::Processor` and
/// `Gitlab::Ci::Config::Extendable::Entry` call.
pub(super) fn merge_into(target: &mut Arc<Map>, over: &Arc<Map>, work: &Work) {
    if target.entries.is_empty() {
        *target = Arc::clone(over);
        return;
    }
    let copied = if Arc::get_mut(target).is_some() { 0 } else { target.entries.len() };
    if !work.spend(over.entries.len() + copied + 1) {
        return;
    }
    let map = Arc::make_mut(target);
    map.place = over.place.clone();
    for entry in &over.entries {
        let known = map.position(&entry.key.text).and_then(|at| map.entries.get_mut(at));
        match (known, &entry.value) {
            (Some(Entry { key, value: Value::Map(below) }), Value::Map(above)) => {
                *key = Arc::clone(&entry.key);
                merge_into(below, above, work);
            }
            (Some(known), _) => *known = entry.clone(),
            (None, _) => map.push(entry.clone()),
        }
    }
}
