//! The entries of `include`: what each names, and whether its `rules` leave any doubt.
//!
//! Source: `lib/gitlab/ci/config/external/mapper/matcher.rb` and `normalizer.rb`, `lib/gitlab/ci/config/external/rules.rb`.

use crate::source::Place;
use std::sync::Arc;

use super::problem::UnreadKind;
use super::text::Text;
use super::value::{Map, Value};

/// Whether a file is included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certainty {
    Always,
    /// That hangs on the pipeline.
    Maybe,
    Never,
}

#[derive(Debug)]
pub(super) enum Target {
    /// A path in the same repository, or an address written in its place.
    Local(Text),
    Project {
        project: Text,
        git_ref: Option<Text>,
        files: Vec<Text>,
    },
    /// What lies on no disk.
    Elsewhere(UnreadKind, Text),
}

#[derive(Debug)]
pub(super) struct Location {
    pub target: Target,
    pub certainty: Certainty,
    /// `rules`
    pub rules: Option<Value>,
    pub inputs: Option<Arc<Map>>,
    pub place: Place,
}

/// The entries of an `include`; the place of each that names nothing.
pub(super) fn locations(include: &Value) -> impl Iterator<Item = Result<Location, Place>> {
    include.as_items().iter().map(|item| location(item).ok_or_else(|| item.place().clone()))
}

fn location(value: &Value) -> Option<Location> {
    let place = value.place().clone();
    let Some(map) = value.as_map() else {
        let target = Target::Local(value.as_string()?.clone());
        return Some(Location { target, certainty: Certainty::Always, rules: None, inputs: None, place });
    };
    let text = |key: &str| map.get(key).and_then(Value::as_string).cloned();
    let elsewhere = |key: &str, kind: UnreadKind| text(key).map(|name| Target::Elsewhere(kind, name));
    let target = text("local")
        .map(Target::Local)
        .or_else(|| project(map))
        .or_else(|| elsewhere("remote", UnreadKind::Remote))
        .or_else(|| elsewhere("template", UnreadKind::Template))
        .or_else(|| elsewhere("component", UnreadKind::Component))
        .or_else(|| elsewhere("artifact", UnreadKind::Artifact))?;
    let rules = map.get("rules").cloned();
    let certainty = rules.as_ref().map_or(Certainty::Always, certainty);
    let inputs = map.get("inputs").and_then(Value::as_map).cloned();
    Some(Location { target, certainty, rules, inputs, place })
}

fn project(map: &Map) -> Option<Target> {
    let project = map.get("project")?.as_string()?.clone();
    let git_ref = map.get("ref").and_then(Value::as_text).cloned();
    let files = map.get("file").map(Value::as_items).unwrap_or_default();
    Some(Target::Project { project, git_ref, files: files.iter().filter_map(Value::as_string).cloned().collect() })
}

/// The first rule that applies decides, and without one the file is left out. What conditions come to is not asked: certain is what is the same
/// whichever of them hold.
fn certainty(rules: &Value) -> Certainty {
    let (mut may_be_in, mut may_be_out, mut is_decided) = (false, false, false);
    for rule in rules.as_items() {
        let Some(rule) = rule.as_map() else { return Certainty::Maybe };
        let is_out = rule.get("when").and_then(Value::as_text).is_some_and(|when| *when == "never");
        may_be_in |= !is_out;
        may_be_out |= is_out;
        is_decided = ["if", "exists", "changes"].into_iter().all(|key| rule.get(key).is_none());
        if is_decided {
            break;
        }
    }
    match (may_be_in, may_be_out || !is_decided) {
        (true, false) => Certainty::Always,
        (false, true) if !rules.as_items().is_empty() => Certainty::Never,
        _ => Certainty::Maybe,
    }
}
