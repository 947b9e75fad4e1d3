//! The values of a CI configuration: shared, so that merging many jobs copies no text, and each with its place.

use crate::source::Place;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use super::doubt::{Conditions, Doubt, Hidden};
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
    /// What it hangs on, where a file gives it that may be kept out.
    pub doubt: Option<Arc<Doubt>>,
}

impl Entry {
    pub fn new(key: Arc<Scalar>, value: Value) -> Self {
        Self { key, value, doubt: None }
    }
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

/// Lays a map over another one that is there as surely: maps are merged at any depth, everything else is replaced.
///
/// Source: `deep_merge!` of Active Support, which `Gitlab::Ci::Config::External::Processor` and
/// `Gitlab::Ci::Config::Extendable::Entry` call.
pub(super) fn merge_into(target: &mut Arc<Map>, over: &Arc<Map>, work: &Work) {
    merge_under(target, over, &Conditions::default(), work);
}

/// The same of a map that is there under conditions only: what it sets, or sets differently, hangs on these.
pub(super) fn merge_under(target: &mut Arc<Map>, over: &Arc<Map>, conditions: &Conditions, work: &Work) {
    if target.entries.is_empty() && conditions.is_none() {
        *target = Arc::clone(over);
        return;
    }
    let copied = if Arc::get_mut(target).is_some() { 0 } else { target.entries.len() };
    if !work.spend(over.entries.len() + copied + 1) {
        return;
    }
    let doubt = Doubt::of(conditions.clone());
    let map = Arc::make_mut(target);
    map.place = over.place.clone();
    for entry in &over.entries {
        let entry = match (&entry.doubt, &doubt) {
            (None, Some(doubt)) => &Entry { doubt: Some(Arc::clone(doubt)), ..entry.clone() },
            _ => entry,
        };
        match map.position(&entry.key.text).and_then(|at| map.entries.get_mut(at)) {
            Some(known) => known.lay_over(entry, work),
            None => map.push(entry.clone()),
        }
    }
}

impl Entry {
    fn conditions(&self) -> Conditions {
        self.doubt.as_ref().map(|doubt| doubt.conditions.clone()).unwrap_or_default()
    }

    /// Lays an entry of the same key over this one.
    fn lay_over(&mut self, over: &Self, work: &Work) {
        let is_certain = self.doubt.is_none() && over.doubt.is_none();
        match (&mut self.value, &over.value) {
            (Value::Map(below), Value::Map(above)) if is_certain => {
                self.key = Arc::clone(&over.key);
                merge_into(below, above, work);
            }
            (Value::Map(_), Value::Map(above)) => {
                let (of_below, of_above) = (self.conditions(), over.conditions());
                let of_both = of_below.common(&of_above);
                let Value::Map(below) = &mut self.value else { return };
                if of_both != of_below {
                    hang(below, &of_below, work);
                }
                let of_above = if of_both == of_above { Conditions::default() } else { of_above };
                merge_under(below, above, &of_above, work);
                self.key = Arc::clone(&over.key);
                self.doubt = Doubt::of(of_both);
            }
            (_, above) => {
                let Some(doubt) = &over.doubt else {
                    *self = over.clone();
                    return;
                };
                if self.conditions().follow_from(&doubt.conditions) && is_same(&self.value, above, work) {
                    *self = Self { doubt: self.doubt.take(), ..over.clone() };
                    return;
                }
                let above = Hidden { value: over.value.clone(), doubt: over.doubt.clone() };
                let above = (!doubt.hidden.is_empty()).then_some(above);
                let below = Hidden { value: self.value.clone(), doubt: self.doubt.take() };
                let hidden = above.into_iter().chain([below]).collect();
                let doubt = Arc::new(Doubt { conditions: doubt.conditions.clone(), hidden });
                *self = Self { doubt: Some(doubt), ..over.clone() };
            }
        }
    }
}

/// Notes at the entries of a map what the map itself hung on so far.
fn hang(map: &mut Arc<Map>, conditions: &Conditions, work: &Work) {
    if !work.spend(map.entries.len()) {
        return;
    }
    let doubt = Doubt::of(conditions.clone());
    for entry in Arc::make_mut(map).entries.iter_mut().filter(|entry| entry.doubt.is_none()) {
        entry.doubt.clone_from(&doubt);
    }
}

/// Whether two values that are written apart are the same; not where there is no work left to look at them.
fn is_same(one: &Value, other: &Value, work: &Work) -> bool {
    match (one, other) {
        (Value::Scalar(one), Value::Scalar(other)) => {
            work.spend(1 + one.text.len() / 64) && one.kind == other.kind && *one.text == *other.text
        }
        (Value::List(one), Value::List(other)) => {
            let mut pairs = one.items.iter().zip(&other.items);
            work.spend(1) && one.items.len() == other.items.len() && pairs.all(|(one, other)| is_same(one, other, work))
        }
        (Value::Map(one), Value::Map(other)) => {
            let mut pairs = one.entries.iter().zip(&other.entries);
            work.spend(1)
                && one.entries.len() == other.entries.len()
                && pairs.all(|(one, other)| *one.key.text == *other.key.text && is_same(&one.value, &other.value, work))
        }
        (Value::Reference(one), Value::Reference(other)) => work.spend(1) && one.path == other.path,
        _ => false,
    }
}
