//! `trigger`: what a job starts.
//!
//! Source: `lib/gitlab/ci/config/entry/trigger.rb` and `trigger/forward.rb`, `doc/ci/yaml/_index.md`.

use std::fmt::Write as _;
use std::sync::Arc;

use super::problem::{Problem, ProblemKind, Unread, UnreadKind, UnreadReason};
use super::resolver::Resolver;
use super::text::Text;
use super::value::{Map, Value, Work};
use crate::schema::nearest;
use crate::source::Place;

/// How many files the item of a child pipeline may name.
///
/// Source: `INCLUDE_MAX_SIZE` in `lib/gitlab/ci/config/entry/trigger.rb`.
const MOST_INCLUDES: usize = 3;

/// The keys beside `include`.
const BESIDE_INCLUDE: [&str; 3] = ["include", "strategy", "forward"];

/// The keys beside `project`.
const BESIDE_PROJECT: [&str; 5] = ["project", "branch", "strategy", "forward", "inputs"];

/// What a job with `trigger` starts.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// The child pipeline, as its position in [`Pipeline::children`](super::Pipeline::children); one for each combination of the job's matrix
    /// where the path of its file hangs on that. None where it starts no child, or a configuration has more than are read.
    pub children: Vec<usize>,
    /// The pipeline of another project, or a child that is not read at all.
    pub unread: Option<Unread>,
    /// Whether the job's variables go to what it starts (`forward:yaml_variables`).
    pub forwards_variables: bool,
    /// Where `trigger` stands.
    pub place: Place,
    /// `include`, until its files are read.
    pub(super) include: Option<Value>,
}

impl Trigger {
    /// Whether it starts a child pipeline, read or not.
    #[must_use]
    pub fn starts_child(&self) -> bool {
        let of_other = |unread: &Unread| unread.kind == UnreadKind::OtherPipeline;
        self.include.is_some() || !self.children.is_empty() || self.unread.as_ref().is_some_and(|it| !of_other(it))
    }
}

/// What stands under `trigger`; `None` where a job has none, as one that waits with `needs`.
pub(super) fn trigger(resolver: &mut Resolver<'_>, job: &Map, name: &Arc<str>) -> Option<Trigger> {
    let value = resolver.get(job, "trigger")?;
    let place = value.place().clone();
    let mut trigger = Trigger { children: Vec::new(), unread: None, forwards_variables: true, place, include: None };
    let of_project = |path: &Text| {
        let (kind, reason) = (UnreadKind::OtherPipeline, UnreadReason::OtherProject);
        Unread::run(kind, path.as_str().to_owned(), path.place.clone(), name, reason)
    };
    let map = match &value {
        Value::Map(map) => map,
        other => {
            trigger.unread = other.as_string().map(of_project);
            return Some(trigger);
        }
    };
    refuse_keys(resolver, map);
    if let Some(forward) = resolver.get(map, "forward").and_then(|forward| forward.as_map().cloned()) {
        let yaml = resolver.get(&forward, "yaml_variables").and_then(|value| value.as_bool());
        trigger.forwards_variables = yaml.unwrap_or(true);
    }
    match resolver.get(map, "include") {
        Some(include) => {
            if include.as_items().len() > MOST_INCLUDES {
                resolver.refuse(ProblemKind::TooManyTriggerIncludes(include.as_items().len()), include.place());
            }
            trigger.include = Some(include);
        }
        None => {
            let project = resolver.get(map, "project");
            trigger.unread = project.as_ref().and_then(Value::as_text).map(of_project);
        }
    }
    Some(trigger)
}

/// What GitLab refuses beside `include` or `project`. Of a key that is near none, a newer GitLab may know.
fn refuse_keys(resolver: &mut Resolver<'_>, map: &Map) {
    let (Some(include), project) = (map.entry("include"), map.entry("project")) else {
        return refuse_unknown(resolver, map, &BESIDE_PROJECT);
    };
    match project {
        Some(project) => {
            let kind = ProblemKind::Beside { keyword: "trigger:include", other: "project" };
            let related = Some(project.key.text.place.clone());
            resolver.problems.push(Problem { kind, place: include.key.text.place.clone(), related });
        }
        None => refuse_unknown(resolver, map, &BESIDE_INCLUDE),
    }
}

fn refuse_unknown(resolver: &mut Resolver<'_>, map: &Map, keys: &'static [&'static str]) {
    for entry in map.entries() {
        let key = entry.key.text.as_str();
        let is_known = keys.contains(&key);
        // Those of the other form are known, and not here.
        let is_of_other = BESIDE_PROJECT.contains(&key);
        if !is_known && (is_of_other || nearest(key, keys.iter().copied()).is_some()) {
            let kind = ProblemKind::UnknownKey { keyword: "trigger", key: key.to_owned(), keys };
            resolver.refuse(kind, &entry.key.text.place);
        }
    }
}

/// What a value holds, by which two that are written apart are the same; `None` where there is no work left to look at it.
pub(super) fn content_of(value: &Value, work: &Work) -> Option<String> {
    let mut text = String::new();
    write_content(value, work, &mut text).then_some(text)
}

fn write_content(value: &Value, work: &Work, text: &mut String) -> bool {
    if !work.spend(1) {
        return false;
    }
    match value {
        Value::Scalar(scalar) => {
            work.spend(scalar.text.len() / 64) && write!(text, "{:?}{:?},", scalar.kind, scalar.text.as_str()).is_ok()
        }
        Value::List(list) => {
            text.push('[');
            let is_whole = list.items.iter().all(|item| write_content(item, work, text));
            text.push(']');
            is_whole
        }
        Value::Map(map) => {
            text.push('{');
            let is_whole = map.entries().iter().all(|entry| {
                let key = write!(text, "{:?}:", entry.key.text.as_str());
                key.is_ok() && write_content(&entry.value, work, text)
            });
            text.push('}');
            is_whole
        }
        Value::Reference(reference) => write!(text, "!{:?}", reference.shown()).is_ok(),
    }
}
