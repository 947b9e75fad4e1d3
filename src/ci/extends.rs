//! `extends`: what a job takes over from its parents.
//!
//! Source: `lib/gitlab/ci/config/extendable/entry.rb`. Parents are merged in the order in which they are listed, each
//! over those before it, and the job over all of them.

use std::sync::Arc;

use super::MAX_EXTENDS;
use super::doubt::Conditions;
use super::problem::{Problem, ProblemKind};
use super::value::{Entry, Map, Value, Work, merge_into};
use crate::schema::nearest;
use crate::source::Place;

/// A job, or any other map of the top level, with its parents.
#[derive(Clone, Debug)]
pub(super) struct Extended {
    pub map: Arc<Map>,
    /// Whether a parent is missing.
    pub is_partial: bool,
    /// Whether it hangs on conditions which parents it has.
    pub is_in_doubt: bool,
    depth: usize,
}

enum State {
    New,
    /// Its parents are being read.
    Open,
    Done(Extended),
}

/// The top level of a configuration with `extends` followed, entry by entry.
pub(super) struct Extends<'a> {
    root: &'a Map,
    states: Vec<State>,
    work: &'a Work,
    /// A parent that is missing may lie in a file that was not read.
    is_incomplete: bool,
    pub problems: Vec<Problem>,
}

impl<'a> Extends<'a> {
    pub fn new(root: &'a Map, work: &'a Work, is_incomplete: bool) -> Self {
        let states = root.entries().iter().map(|_| State::New).collect();
        Self { root, states, work, is_incomplete, problems: Vec::new() }
    }

    /// The value of a key of the top level.
    pub fn top(&mut self, key: &str) -> Option<Value> {
        let at = self.root.position(key)?;
        match &self.root.entries().get(at)?.value {
            Value::Map(_) => self.extended(at).map(|extended| Value::Map(extended.map)),
            other => Some(other.clone()),
        }
    }

    /// The map at a position of the top level. It is followed without recursion, since chains are as long as one writes them.
    pub fn extended(&mut self, at: usize) -> Option<Extended> {
        let mut stack = vec![at];
        while let Some(&at) = stack.last() {
            match self.states.get(at)? {
                State::Done(_) => {
                    stack.pop();
                }
                State::New => {
                    if let Some(state) = self.states.get_mut(at) {
                        *state = State::Open;
                    }
                    let is_new = |parent: &usize| matches!(self.states.get(*parent), Some(State::New));
                    let parents = self.parents(at).filter_map(|parent| self.root.position(parent.as_text()?));
                    stack.extend(parents.filter(is_new));
                }
                State::Open => {
                    let extended = self.build(at)?;
                    if let Some(state) = self.states.get_mut(at) {
                        *state = State::Done(extended);
                    }
                    stack.pop();
                }
            }
        }
        match self.states.get(at)? {
            State::Done(extended) => Some(extended.clone()),
            State::New | State::Open => None,
        }
    }

    fn entry(&self, at: usize) -> Option<&'a Entry> {
        self.root.entries().get(at)
    }

    fn parents(&self, at: usize) -> impl Iterator<Item = &'a Value> + use<'a> {
        let map = self.entry(at).and_then(|entry| entry.value.as_map());
        let extends = map.and_then(|map| map.get("extends"));
        let parents = extends.map(Value::as_items).unwrap_or_default();
        let known = if self.work.spend(parents.len()) { parents.len() } else { 0 };
        parents.iter().take(known)
    }

    /// Merges a map whose parents are done.
    fn build(&mut self, at: usize) -> Option<Extended> {
        let Entry { key, value, doubt } = self.entry(at)?;
        let name = &key.text;
        let own = match value {
            Value::Map(map) => Arc::clone(map),
            _ => {
                let map = Arc::new(Map::new(value.place().clone()));
                return Some(Extended { map, is_partial: false, is_in_doubt: false, depth: 0 });
            }
        };
        let mut merged = Arc::new(Map::new(own.place.clone()));
        let (mut is_partial, mut depth) = (false, 0);
        let none = Conditions::default();
        let mut is_in_doubt = own.entry("extends").and_then(|extends| extends.doubt.as_ref()).is_some_and(|extends| {
            !extends.conditions.follow_from(doubt.as_ref().map_or(&none, |doubt| &doubt.conditions))
        });
        for parent in self.parents(at) {
            let problem = match self.parent(parent) {
                Ok(extended) => {
                    merge_into(&mut merged, &extended.map, self.work);
                    is_partial |= extended.is_partial;
                    is_in_doubt |= extended.is_in_doubt;
                    depth = depth.max(1 + extended.depth);
                    continue;
                }
                Err(kind) => kind,
            };
            is_partial = true;
            if !(self.is_incomplete && matches!(problem, ProblemKind::UnknownParent { .. })) {
                self.problem(problem, parent.place());
            }
        }
        if depth > MAX_EXTENDS {
            let place = own.get("extends").map_or(&own.place, Value::place);
            self.problem(ProblemKind::ExtendsTooDeep(name.to_string()), place);
        }
        if depth == 0 && !is_partial {
            return Some(Extended { map: own, is_partial, is_in_doubt, depth });
        }
        merge_into(&mut merged, &own, self.work);
        Some(Extended { map: merged, is_partial, is_in_doubt, depth })
    }

    fn parent(&self, parent: &Value) -> Result<&Extended, ProblemKind> {
        let Some(name) = parent.as_text() else {
            return Err(ProblemKind::WrongType { keyword: "extends", expected: "a name or a list of names" });
        };
        let at = self.root.position(name).ok_or_else(|| self.unknown_parent(name))?;
        match (self.states.get(at), self.entry(at).map(|entry| &entry.value)) {
            (Some(State::Done(extended)), Some(Value::Map(_))) => Ok(extended),
            (Some(State::Done(_)), _) => Err(ProblemKind::ParentNoMap(name.to_string())),
            _ => Err(ProblemKind::ExtendsCycle(name.to_string())),
        }
    }

    fn unknown_parent(&self, name: &str) -> ProblemKind {
        // Of very many, the first are compared with all names.
        const MOST: usize = 20;
        let names = self.root.entries().iter().map(|entry| entry.key.text.as_str());
        let is_one_of_few = !self.is_incomplete && self.problems.len() < MOST;
        let near = is_one_of_few.then(|| nearest(name, names)).flatten().map(str::to_owned);
        ProblemKind::UnknownParent { name: name.to_owned(), near }
    }

    fn problem(&mut self, kind: ProblemKind, place: &Place) {
        self.problems.push(Problem::new(kind, place.clone()));
    }
}
