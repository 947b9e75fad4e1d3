//! `!reference`: values that stand elsewhere, after `extends` was followed.
//!
//! Source: `lib/gitlab/ci/config/yaml/tags/` (`reference.rb`, `base.rb`, `resolver.rb`), and the order of work in
//! `lib/gitlab/ci/config.rb`: includes, then `extends`, then references.

use std::collections::HashSet;
use std::sync::Arc;

use super::MAX_DEPTH;
use super::doubt::{Conditions, Doubt};
use super::extends::Extends;
use super::problem::{Problem, ProblemKind};
use super::value::{Map, Reference, Value, Work};
use crate::source::{Place, Source};

/// Reads values with their references followed.
pub(super) struct Resolver<'a> {
    pub extends: Extends<'a>,
    pub problems: Vec<Problem>,
    /// What may be wrong, unless the release knows what is not known here.
    pub unverified: Vec<Problem>,
    /// Where the keys stand that are not known: each is judged once.
    pub stray: HashSet<(*const Source, usize)>,
    /// Whether anything since it was last set to false was missing.
    pub is_partial: bool,
    /// Under which conditions the job is there that is read.
    pub within: Conditions,
    /// Whether anything since it was last set to false hangs on others.
    pub is_in_doubt: bool,
    pub work: &'a Work,
    /// What a reference leads to may lie in a file that was not read.
    is_incomplete: bool,
    open: Vec<Arc<Reference>>,
}

impl<'a> Resolver<'a> {
    pub fn new(root: &'a Map, work: &'a Work, is_incomplete: bool) -> Self {
        let extends = Extends::new(root, work, is_incomplete);
        let (problems, unverified, stray, open) = (Vec::new(), Vec::new(), HashSet::new(), Vec::new());
        let (within, is_in_doubt, is_partial) = (Conditions::default(), false, false);
        Self { extends, problems, unverified, stray, is_partial, within, is_in_doubt, work, is_incomplete, open }
    }

    /// Notes a problem that keeps a part of the job from being known.
    pub fn problem(&mut self, kind: ProblemKind, place: &Place) {
        self.is_partial = true;
        self.problems.push(Problem::new(kind, place.clone()));
    }

    /// Notes what GitLab refuses and keeps nothing of the job from being known.
    pub fn refuse(&mut self, kind: ProblemKind, place: &Place) {
        self.problems.push(Problem::new(kind, place.clone()));
    }

    pub fn wrong_type(&mut self, keyword: &'static str, expected: &'static str, place: &Place) {
        self.problem(ProblemKind::WrongType { keyword, expected }, place);
    }

    /// The value of a key, if it is there and not null.
    pub fn get(&mut self, map: &Map, key: &str) -> Option<Value> {
        let entry = map.entry(key)?;
        self.weigh(entry.doubt.as_deref());
        self.resolve(entry.value.clone()).filter(|value| !value.is_null())
    }

    /// Notes whether an entry hangs on conditions under which the job is there without it.
    pub fn weigh(&mut self, doubt: Option<&Doubt>) {
        self.is_in_doubt |= doubt.is_some_and(|doubt| !doubt.conditions.follow_from(&self.within));
    }

    /// What is read, and whether it hangs on conditions under which the job is there without it.
    pub fn doubting<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> (T, bool) {
        let before = std::mem::take(&mut self.is_in_doubt);
        let value = read(self);
        let is_in_doubt = std::mem::replace(&mut self.is_in_doubt, before);
        self.is_in_doubt |= is_in_doubt;
        (value, is_in_doubt)
    }

    /// The value, or that to which its reference leads.
    pub fn resolve(&mut self, mut value: Value) -> Option<Value> {
        let mut seen: Vec<Arc<Reference>> = Vec::new();
        while let Value::Reference(reference) = &value {
            let reference = Arc::clone(reference);
            if seen.len() > MAX_DEPTH || seen.iter().any(|known| Arc::ptr_eq(known, &reference)) {
                self.problem(ProblemKind::ReferenceCycle(reference.shown()), &reference.place);
                return None;
            }
            value = self.look_up(&reference)?;
            seen.push(reference);
        }
        Some(value)
    }

    fn look_up(&mut self, reference: &Reference) -> Option<Value> {
        let Some([first, rest @ ..]) = reference.path.as_deref() else {
            self.problem(ProblemKind::BadReference, &reference.place);
            return None;
        };
        let mut value = self.extends.top(first);
        for key in rest {
            let entry = value.as_ref().and_then(Value::as_map).and_then(|map| map.entry(key)).cloned();
            self.weigh(entry.as_ref().and_then(|entry| entry.doubt.as_deref()));
            value = entry.map(|entry| entry.value);
        }
        let value = value.filter(|value| !value.is_null() && value.as_bool() != Some(false));
        if value.is_none() {
            if self.is_incomplete {
                self.is_partial = true;
            } else {
                self.problem(ProblemKind::MissingReference(reference.shown()), &reference.place);
            }
        }
        value
    }

    /// All items of a list and of the lists in it, in order, references followed.
    pub fn flatten(&mut self, value: &Value) -> Vec<Value> {
        let mut items = Vec::new();
        self.flatten_into(value, &mut items, 0);
        items
    }

    fn flatten_into(&mut self, value: &Value, items: &mut Vec<Value>, depth: usize) {
        if !self.work.spend(1) {
            self.is_partial = true;
            return;
        }
        if depth > MAX_DEPTH {
            return self.problem(ProblemKind::TooDeep, value.place());
        }
        match value {
            Value::List(list) => list.items.iter().for_each(|item| self.flatten_into(item, items, depth + 1)),
            Value::Reference(reference) => {
                if self.open.iter().any(|open| Arc::ptr_eq(open, reference)) {
                    return self.problem(ProblemKind::ReferenceCycle(reference.shown()), &reference.place);
                }
                let Some(target) = self.look_up(reference) else { return };
                self.open.push(Arc::clone(reference));
                self.flatten_into(&target, items, depth + 1);
                self.open.pop();
            }
            Value::Scalar(_) | Value::Map(_) => items.push(value.clone()),
        }
    }
}
