//! `rules`, `only` and `except`, as written.

use super::keys::{self, Of};
use super::keywords::variables;
use super::model::{OnlyExcept, Rule, Variable};
use super::resolver::Resolver;
use super::text::Text;
use super::value::{Map, Value};
use crate::source::Place;

/// The rules of a job or a workflow; `None` where the keyword is not written.
///
/// Source: `lib/gitlab/ci/config/entry/rules.rb`: lists in the list are flattened.
pub(super) fn rules(resolver: &mut Resolver<'_>, of: Of, map: &Map) -> Option<Vec<Rule>> {
    let value = resolver.get(map, "rules")?;
    let items = resolver.flatten(&value);
    let rules = items.iter().filter_map(|item| match item {
        Value::Map(map) => {
            keys::rule(resolver, of, map);
            Some(rule(resolver, map))
        }
        other => {
            resolver.wrong_type("rules", "a list of maps", other.place());
            None
        }
    });
    Some(rules.collect())
}

fn rule(resolver: &mut Resolver<'_>, map: &Map) -> Rule {
    let condition = resolver.get(map, "if").and_then(|value| value.as_text().cloned());
    let when = resolver.get(map, "when").and_then(|value| value.as_text().map(Text::shared));
    let allow_failure = resolver.get(map, "allow_failure").and_then(|value| match value {
        Value::Map(_) => Some(true),
        other => other.as_bool(),
    });
    let has = |key: &str| map.get(key).is_some_and(|value| !value.is_null());
    Rule {
        condition,
        has_changes: has("changes"),
        has_compare_to: map
            .get("changes")
            .and_then(Value::as_map)
            .is_some_and(|changes| changes.get("compare_to").is_some()),
        has_exists: has("exists"),
        when,
        allow_failure,
        variables: variables(resolver, map),
        place: map.place.clone(),
    }
}

impl Rule {
    /// What stands for rules of which it is not known whether they count: one that may apply to any pipeline.
    pub(super) fn in_doubt(place: Place, variables: Vec<Variable>) -> Self {
        let (condition, when, allow_failure) = (None, None, None);
        // Of what asks for files it is not known whether it holds.
        let (has_changes, has_compare_to, has_exists) = (false, false, true);
        Self { condition, has_changes, has_compare_to, has_exists, when, allow_failure, variables, place }
    }
}

/// `only` or `except`; `None` where the keyword is not written.
///
/// Source: `lib/gitlab/ci/config/entry/policy.rb`: a list holds refs, a map has keywords of its own.
pub(super) fn only_except(resolver: &mut Resolver<'_>, map: &Map, keyword: &'static str) -> Option<OnlyExcept> {
    let value = resolver.get(map, keyword)?;
    let place = value.place().clone();
    let mut policy = OnlyExcept { refs: Vec::new(), variables: Vec::new(), kubernetes: false, changes: false, place };
    let Value::Map(map) = &value else {
        if !matches!(value, Value::List(_)) {
            resolver.wrong_type(keyword, "a list or a map", value.place());
        }
        policy.refs = texts(resolver, &value);
        return Some(policy);
    };
    if let Some(refs) = resolver.get(map, "refs") {
        policy.refs = texts(resolver, &refs);
    }
    if let Some(variables) = resolver.get(map, "variables") {
        policy.variables = texts(resolver, &variables);
    }
    policy.kubernetes = resolver.get(map, "kubernetes").is_some();
    policy.changes = resolver.get(map, "changes").is_some();
    Some(policy)
}

fn texts(resolver: &mut Resolver<'_>, value: &Value) -> Vec<std::sync::Arc<str>> {
    resolver.flatten(value).iter().filter_map(|item| item.as_text().map(Text::shared)).collect()
}
