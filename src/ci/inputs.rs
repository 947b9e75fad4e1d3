//! `spec:inputs` in the header of a file, and `$[[ inputs.name ]]` in its content.
//!
//! Source: `lib/gitlab/ci/config/interpolation/` and `doc/ci/inputs/_index.md`. A file without a header keeps the brackets as
//! they are written.

use crate::source::Place;
use std::collections::HashMap;
use std::sync::Arc;

use super::load::Loaded;
use super::problem::{Problem, ProblemKind};
use super::ruby_yaml::Kind;
use super::text::Text;
use super::value::{Entry, List, Map, Scalar, Value, Work};

/// Puts the inputs of a file into its content. An input that is not known stays as it is written.
pub(super) fn interpolate(
    file: &Loaded,
    given: Option<&Arc<Map>>,
    included_at: Option<&Place>,
    work: &Work,
    problems: &mut Vec<Problem>,
) -> Option<Arc<Map>> {
    let content = file.content.as_ref()?;
    let Some(header) = &file.header else { return Some(Arc::clone(content)) };
    let mut values = HashMap::new();
    let declared =
        header.get("spec").and_then(Value::as_map).and_then(|spec| spec.get("inputs")).and_then(Value::as_map);
    for input in declared.map_or(&[][..], |inputs| inputs.entries()) {
        let name = &*input.key.text;
        let default = || input.value.as_map().and_then(|input| input.get("default"));
        match given.and_then(|given| given.get(name)).or_else(default) {
            Some(value) => {
                values.insert(input.key.text.shared(), value.clone());
            }
            // Who starts a pipeline may give the inputs of the main file.
            None => {
                if let Some(place) = included_at {
                    let kind = ProblemKind::MissingInput(name.to_owned());
                    let related = Some(input.key.text.place.clone());
                    problems.push(Problem { kind, place: place.clone(), related });
                }
            }
        }
    }
    let interpolation = Interpolation { values, work };
    Some(interpolation.map(content).unwrap_or_else(|| Arc::clone(content)))
}

struct Interpolation<'w> {
    values: HashMap<Arc<str>, Value>,
    work: &'w Work,
}

/// `None` stands for a value that stays as it is, so that most of a file stays shared.
impl Interpolation<'_> {
    fn value(&self, value: &Value) -> Option<Value> {
        if !self.work.spend(1) {
            return None;
        }
        match value {
            Value::Scalar(scalar) => self.scalar(scalar),
            Value::List(list) => {
                let items: Vec<Option<Value>> = list.items.iter().map(|item| self.value(item)).collect();
                if items.iter().all(Option::is_none) {
                    return None;
                }
                let items = items.into_iter().zip(&list.items).map(|(new, old)| new.unwrap_or_else(|| old.clone()));
                Some(Value::List(Arc::new(List { items: items.collect(), place: list.place.clone() })))
            }
            Value::Map(map) => self.map(map).map(Value::Map),
            Value::Reference(_) => None,
        }
    }

    fn map(&self, map: &Arc<Map>) -> Option<Arc<Map>> {
        let entry = |entry: &Entry| (self.key(&entry.key), self.value(&entry.value));
        let entries: Vec<(Option<Arc<Scalar>>, Option<Value>)> = map.entries().iter().map(entry).collect();
        if entries.iter().all(|(key, value)| key.is_none() && value.is_none()) {
            return None;
        }
        let mut new = Map::new(map.place.clone());
        for ((key, value), old) in entries.into_iter().zip(map.entries()) {
            let key = key.unwrap_or_else(|| Arc::clone(&old.key));
            new.set(Entry::new(key, value.unwrap_or_else(|| old.value.clone())));
        }
        Some(Arc::new(new))
    }

    fn key(&self, key: &Arc<Scalar>) -> Option<Arc<Scalar>> {
        match self.scalar(key)? {
            Value::Scalar(key) => Some(key),
            _ => None,
        }
    }

    fn scalar(&self, scalar: &Scalar) -> Option<Value> {
        let text = &*scalar.text;
        let first = next_block(text)?;
        // A block that is the whole value keeps the type of its input.
        if first.start == 0
            && first.end == text.len()
            && let Some(value) = first.input().and_then(|name| self.values.get(name))
            && !matches!(value, Value::Scalar(scalar) if scalar.kind == Kind::Text)
        {
            return Some(value.clone());
        }
        let mut new = String::new();
        let mut rest = text;
        while let Some(block) = next_block(rest) {
            new.push_str(rest.get(..block.start).unwrap_or_default());
            match block.input().and_then(|name| self.values.get(name)).and_then(Value::as_text) {
                Some(value) => new.push_str(value),
                None => new.push_str(rest.get(block.start..block.end).unwrap_or_default()),
            }
            rest = rest.get(block.end..).unwrap_or_default();
            if !self.work.spend(1 + new.len() / 64) {
                return None;
            }
        }
        new.push_str(rest);
        if new == text {
            return None;
        }
        let text = Text::new(&new, scalar.text.place.clone(), None);
        Some(Value::Scalar(Arc::new(Scalar { text, kind: Kind::Text })))
    }
}

/// `$[[ … ]]` in a text.
pub(super) struct Block<'t> {
    pub start: usize,
    pub end: usize,
    inner: &'t str,
}

impl<'t> Block<'t> {
    /// The input that it stands for; `None` for one that goes through functions.
    fn input(&self) -> Option<&'t str> {
        self.inner.strip_prefix("inputs.").filter(|name| !name.contains(|c: char| c == '|' || c.is_whitespace()))
    }

    /// The block as it is named where its value is not known.
    pub fn name(&self) -> String {
        format!("$[[ {} ]]", self.inner)
    }
}

/// The first block of a text.
pub(super) fn next_block(text: &str) -> Option<Block<'_>> {
    let start = text.find("$[[")?;
    let behind = text.get(start + 3..)?;
    let length = behind.find("]]")?;
    Some(Block { start, end: start + 3 + length + 2, inner: behind.get(..length)?.trim() })
}
