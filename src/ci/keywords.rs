//! Keywords of several places: scripts, `variables`, `image`, `inherit`.

use std::collections::HashMap;
use std::sync::Arc;

use super::model::{Inherit, Inherited, ScriptLine, Section, Variable};
use super::resolver::Resolver;
use super::text::Text;
use super::value::{Entry, Map, Value};

/// The items of a script, nested lists and references put in.
///
/// Source: `lib/gitlab/ci/config/entry/commands.rb` and `script.rb`: text, or lists of texts.
pub(super) fn script(resolver: &mut Resolver<'_>, value: &Value, section: Section, lines: &mut Vec<ScriptLine>) {
    for item in resolver.flatten(value) {
        match item.as_string() {
            Some(text) => lines.push(ScriptLine { section, text: text.clone() }),
            None => resolver.wrong_type(section.keyword(), "text or a list of texts", item.place()),
        }
    }
}

/// The `variables` of a map.
///
/// Source: `lib/gitlab/ci/config/entry/variable.rb`: a scalar, or a map with `value` and `expand`.
pub(super) fn variables(resolver: &mut Resolver<'_>, map: &Map) -> Vec<Variable> {
    let (value, are_in_doubt) = resolver.doubting(|resolver| resolver.get(map, "variables"));
    let Some(value) = value else { return Vec::new() };
    let Value::Map(map) = &value else {
        resolver.wrong_type("variables", "a map", value.place());
        return Vec::new();
    };
    if !resolver.work.spend(map.entries().len()) {
        resolver.is_partial = true;
        return Vec::new();
    }
    let variable = |entry: &Entry| {
        let (variable, in_doubt) = resolver.doubting(|resolver| {
            resolver.weigh(entry.doubt.as_deref());
            variable(resolver, entry)
        });
        variable.map(|variable| Variable { in_doubt: are_in_doubt || in_doubt, ..variable })
    };
    map.entries().iter().filter_map(variable).collect()
}

fn variable(resolver: &mut Resolver<'_>, entry: &Entry) -> Option<Variable> {
    let name = entry.key.text.shared();
    let value = resolver.resolve(entry.value.clone())?;
    let with = |text: &Text, expand: bool| Variable {
        name: Arc::clone(&name),
        value: text.shared(),
        expand,
        in_doubt: false,
        place: text.place.clone(),
    };
    match &value {
        Value::Scalar(scalar) => Some(with(&scalar.text, true)),
        Value::Map(map) => {
            let expand = resolver.get(map, "expand").and_then(|expand| expand.as_bool()).unwrap_or(true);
            match resolver.get(map, "value") {
                Some(value) => value.as_text().map(|text| with(text, expand)),
                // A description alone makes an empty variable.
                None => {
                    let (name, place) = (Arc::clone(&name), map.place.clone());
                    Some(Variable { name, value: "".into(), expand, in_doubt: false, place })
                }
            }
        }
        Value::List(_) | Value::Reference(_) => {
            resolver.wrong_type("variables", "a map of texts", value.place());
            None
        }
    }
}

/// Lays variables over others.
pub(super) fn merge_variables(below: Vec<Variable>, above: &[Variable]) -> Vec<Variable> {
    if below.is_empty() || above.is_empty() {
        return if below.is_empty() { above.to_vec() } else { below };
    }
    let mut merged = below;
    let positions: HashMap<Arc<str>, usize> =
        merged.iter().enumerate().map(|(at, variable)| (Arc::clone(&variable.name), at)).collect();
    for variable in above {
        match positions.get(&variable.name).and_then(|&at| merged.get_mut(at)) {
            Some(known) => *known = variable.clone(),
            None => merged.push(variable.clone()),
        }
    }
    merged
}

/// The name of an image, which stands alone or in a map.
pub(super) fn image(resolver: &mut Resolver<'_>, value: &Value) -> Option<Text> {
    match value {
        Value::Map(map) => resolver.get(map, "name").and_then(|name| name.as_text().cloned()),
        other => other.as_text().cloned(),
    }
}

/// Source: `lib/gitlab/ci/config/entry/inherit/`: true, false, or a list of names.
pub(super) fn inherit(resolver: &mut Resolver<'_>, job: &Map) -> Inherit {
    let Some(map) = resolver.get(job, "inherit").and_then(|value| value.as_map().cloned()) else {
        return Inherit::default();
    };
    let mut inherited = |key: &str| match resolver.get(&map, key) {
        None => Inherited::All,
        Some(value) => match value.as_bool() {
            Some(true) => Inherited::All,
            Some(false) => Inherited::None,
            None => {
                let names = resolver.flatten(&value);
                Inherited::Only(names.iter().filter_map(|name| name.as_text().map(Text::shared)).collect())
            }
        },
    };
    Inherit { default: inherited("default"), variables: inherited("variables") }
}
