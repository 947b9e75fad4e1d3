//! What a job's file says of where it runs, after `include`, `extends` and `!reference`, and before variables are expanded.

use serde_json::{Map, Value as Json, json};

use crate::ci::{Job, OnlyExcept, Rule};

/// The keywords that the job has; `None` where it has none of them.
pub(super) fn written(job: &Job) -> Option<Json> {
    let mut object = Map::new();
    let environment = job.environment.as_ref();
    object.extend(environment.map(|environment| ("environment".to_owned(), environment.name.as_str().into())));
    object.extend(job.rules.as_ref().map(|rules| ("rules".to_owned(), rules.iter().map(rule).collect())));
    object.extend(job.only.as_ref().map(|only| ("only".to_owned(), only_except(only))));
    object.extend(job.except.as_ref().map(|except| ("except".to_owned(), only_except(except))));
    object.extend(job.when.as_ref().map(|when| ("when".to_owned(), (&**when).into())));
    (!object.is_empty()).then_some(Json::Object(object))
}

/// `when` as it counts where a rule lets the job in: that of the rule, or else the job's.
///
/// Source: `build_attributes` in `lib/gitlab/ci/build/rules.rb`.
pub(super) fn when(job: &Job, rule: Option<usize>) -> &str {
    let rule = rule.and_then(|number| job.rules.as_ref()?.get(number));
    let own = rule.and_then(|rule| rule.when.as_deref());
    own.or(job.when.as_deref()).unwrap_or("on_success")
}

fn rule(rule: &Rule) -> Json {
    let mut object = Map::new();
    object.extend(rule.condition.as_ref().map(|condition| ("if".to_owned(), condition.as_str().into())));
    for (key, has) in [("changes", rule.has_changes), ("exists", rule.has_exists)] {
        object.extend(has.then(|| (key.to_owned(), true.into())));
    }
    object.extend(rule.when.as_ref().map(|when| ("when".to_owned(), (&**when).into())));
    if !rule.variables.is_empty() {
        let variables = rule.variables.iter().map(|variable| (variable.name.to_string(), (&*variable.value).into()));
        object.insert("variables".to_owned(), Json::Object(variables.collect()));
    }
    Json::Object(object)
}

fn only_except(policy: &OnlyExcept) -> Json {
    let texts = |texts: &[std::sync::Arc<str>]| texts.iter().map(|text| &**text).collect::<Json>();
    let mut object = json!({ "refs": texts(&policy.refs) });
    if !policy.variables.is_empty() {
        object["variables"] = texts(&policy.variables);
    }
    for (key, has) in [("changes", policy.changes), ("kubernetes", policy.kubernetes)] {
        if has {
            object[key] = true.into();
        }
    }
    object
}
