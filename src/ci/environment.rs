//! `environment` and `environment:kubernetes`, and what GitLab refuses of them.
//!
//! Source: `lib/gitlab/ci/config/entry/environment.rb` and `kubernetes.rb`, with its schemas.

use super::keys::{is_open, one_of};
use super::model::{Environment, Kubernetes};
use super::problem::ProblemKind;
use super::resolver::Resolver;
use super::text::Text;
use super::value::{Map, Value};
use crate::source::Place;

/// The keys of `environment`.
const KEYS: &[&str] = &["name", "url", "action", "on_stop", "auto_stop_in", "deployment_tier", "kubernetes"];

/// The values of `environment:action`.
const ACTIONS: &[&str] = &["start", "stop", "prepare", "verify", "access"];

/// The values of `environment:deployment_tier`. Source: `Environment.tiers` in `app/models/environment.rb`.
const TIERS: &[&str] = &["production", "staging", "testing", "development", "other"];

/// The keys of `environment:kubernetes`.
const KUBERNETES_KEYS: &[&str] = &["agent", "namespace", "flux_resource_path", "dashboard", "managed_resources"];

/// The keys of `environment:kubernetes:dashboard`.
const DASHBOARD_KEYS: &[&str] = &["namespace", "flux_resource_path"];

/// The keys of `environment:kubernetes:managed_resources`.
const MANAGED_RESOURCES_KEYS: &[&str] = &["enabled"];

/// A job's environment; `None` where it has none, or none with a name.
pub(super) fn environment(resolver: &mut Resolver<'_>, job: &Map, is_incomplete: bool) -> Option<Environment> {
    let (value, in_doubt) = resolver.doubting(|resolver| resolver.get(job, "environment"));
    let Some(value) = value else {
        // Taken away by a file that may be kept out.
        let key = &job.entry("environment").filter(|_| in_doubt)?.key.text;
        return Some(Environment::in_doubt(key.clone(), key.place.clone()));
    };
    let place = value.place().clone();
    let map = match &value {
        Value::Map(map) => map,
        Value::Scalar(_) => {
            let name = named(resolver, "environment", &value)?;
            return Some(Environment { in_doubt, ..Environment::in_doubt(name, place) });
        }
        Value::List(_) | Value::Reference(_) => {
            resolver.wrong_type("environment", "text or a map", &place);
            return None;
        }
    };
    let (name, is_name_in_doubt) = resolver
        .doubting(|resolver| resolver.get(map, "name").and_then(|name| named(resolver, "environment:name", &name)));
    let Some(name) = name else {
        // The name may stand in a file that was not read.
        match is_incomplete {
            true => resolver.is_partial = true,
            false => resolver.problem(ProblemKind::EnvironmentWithoutName, &place),
        }
        return None;
    };
    unknown_keys(resolver, map, "environment", KEYS);
    let (deployment_tier, is_tier_in_doubt) = resolver.doubting(|resolver| deployment_tier(resolver, map));
    Some(Environment {
        name,
        in_doubt: in_doubt || is_name_in_doubt || is_tier_in_doubt,
        action: action(resolver, map).map(|action| action.shared()),
        deployment_tier,
        kubernetes: kubernetes(resolver, map, is_incomplete),
        on_stop: text(resolver, map, "on_stop"),
        place,
    })
}

impl Environment {
    /// One of which a name is all that is written, and that may have another.
    fn in_doubt(name: Text, place: Place) -> Self {
        let (action, deployment_tier, kubernetes, on_stop) = (None, None, None, None);
        Self { name, in_doubt: true, action, deployment_tier, kubernetes, on_stop, place }
    }
}

/// A name, of which GitLab demands that it be text: `on` and `1` are none, and are kept as the text that they are written with.
fn named(resolver: &mut Resolver<'_>, keyword: &'static str, value: &Value) -> Option<Text> {
    if value.as_string().is_none() {
        resolver.wrong_type(keyword, "text", value.place());
    }
    value.as_text().cloned()
}

fn text(resolver: &mut Resolver<'_>, map: &Map, key: &str) -> Option<Text> {
    resolver.get(map, key).and_then(|value| value.as_text().cloned())
}

/// Refuses the keys that a keyword does not take.
fn unknown_keys(resolver: &mut Resolver<'_>, map: &Map, keyword: &'static str, keys: &'static [&'static str]) {
    for entry in
        map.entries().iter().filter(|entry| !keys.contains(&entry.key.text.as_str()) && !is_open(&entry.key.text))
    {
        let kind = ProblemKind::UnknownKey { keyword, key: entry.key.text.to_string(), keys };
        resolver.refuse(kind, &entry.key.text.place);
    }
}

fn action(resolver: &mut Resolver<'_>, map: &Map) -> Option<Text> {
    let value = resolver.get(map, "action")?;
    let action = named(resolver, "environment:action", &value)?;
    // Variables are not expanded here.
    if value.as_string().is_some() {
        one_of(resolver, "environment:action", &value, ACTIONS);
    }
    Some(action)
}

/// Variables in it came with a release, so that what has some is judged where that is known.
fn deployment_tier(resolver: &mut Resolver<'_>, map: &Map) -> Option<Text> {
    let value = resolver.get(map, "deployment_tier")?;
    let tier = named(resolver, "environment:deployment_tier", &value)?;
    if value.as_string().is_some() && !tier.contains('$') {
        one_of(resolver, "environment:deployment_tier", &value, TIERS);
    }
    Some(tier)
}

fn kubernetes(resolver: &mut Resolver<'_>, environment: &Map, is_incomplete: bool) -> Option<Kubernetes> {
    let value = resolver.get(environment, "kubernetes")?;
    let Value::Map(map) = &value else {
        resolver.wrong_type("environment:kubernetes", "a map", value.place());
        return None;
    };
    unknown_keys(resolver, map, "environment:kubernetes", KUBERNETES_KEYS);
    let string = |resolver: &mut Resolver<'_>, map: &Map, key: &str, keyword: &'static str| {
        resolver.get(map, key).and_then(|value| named(resolver, keyword, &value))
    };
    let agent = string(resolver, map, "agent", "environment:kubernetes:agent");
    let namespace = string(resolver, map, "namespace", "environment:kubernetes:namespace");
    let flux = string(resolver, map, "flux_resource_path", "environment:kubernetes:flux_resource_path");
    let dashboard = resolver.get(map, "dashboard").and_then(|value| {
        if value.as_map().is_none() {
            resolver.wrong_type("environment:kubernetes:dashboard", "a map", value.place());
        }
        value.as_map().cloned()
    });
    let (mut dashboard_namespace, mut dashboard_flux) = (None, None);
    if let Some(dashboard) = &dashboard {
        unknown_keys(resolver, dashboard, "environment:kubernetes:dashboard", DASHBOARD_KEYS);
        let text = |resolver: &mut Resolver<'_>, key: &str, keyword: &'static str, most: usize| {
            let text = string(resolver, dashboard, key, keyword)?;
            if !(1..=most).contains(&text.chars().count()) && !is_open(&text) {
                resolver.refuse(ProblemKind::WrongLength { keyword, most }, &text.place);
            }
            Some(text)
        };
        dashboard_namespace = text(resolver, "namespace", "environment:kubernetes:dashboard:namespace", 63);
        let keyword = "environment:kubernetes:dashboard:flux_resource_path";
        dashboard_flux = text(resolver, "flux_resource_path", keyword, 255);
    }
    let managed_resources = managed_resources(resolver, map);
    let has = |key: &str| map.get(key).is_some_and(|value| !value.is_null());
    let asks = managed_resources.as_ref().is_some_and(|(enabled, _)| *enabled);
    // What is needed may stand in a file that was not read.
    let needed = [
        (has("flux_resource_path") && !has("agent"), "flux_resource_path", "agent"),
        (has("flux_resource_path") && has("agent") && !has("namespace"), "flux_resource_path", "namespace"),
        (has("dashboard") && !has("agent"), "dashboard", "agent"),
        (asks && !has("agent"), "managed_resources", "agent"),
    ];
    for (_, keyword, needs) in needed.into_iter().filter(|(is_needed, ..)| *is_needed && !is_incomplete) {
        refuse_key(resolver, map, keyword, ProblemKind::NeedsKey { keyword, needs });
    }
    let lacks_namespace =
        dashboard.as_ref().is_some_and(|dashboard| dashboard.get("namespace").is_none_or(Value::is_null));
    if lacks_namespace && !is_incomplete {
        let kind = ProblemKind::NeedsKey { keyword: "dashboard", needs: "dashboard:namespace" };
        refuse_key(resolver, map, "dashboard", kind);
    }
    let twice = [
        (namespace.is_some() && dashboard_namespace.is_some(), "namespace", "dashboard:namespace"),
        (flux.is_some() && dashboard_flux.is_some(), "flux_resource_path", "dashboard:flux_resource_path"),
    ];
    for (_, keyword, other) in twice.into_iter().filter(|(is_twice, ..)| *is_twice) {
        refuse_key(resolver, map, keyword, ProblemKind::Beside { keyword, other });
    }
    if map.entries().is_empty() && !is_incomplete {
        resolver.refuse(ProblemKind::EmptyMap("environment:kubernetes"), value.place());
    }
    Some(Kubernetes {
        agent,
        namespace,
        flux_resource_path: dashboard_flux.or(flux),
        dashboard_namespace,
        managed_resources,
        place: value.place().clone(),
    })
}

/// Refuses a map for one of its keys.
fn refuse_key(resolver: &mut Resolver<'_>, map: &Map, key: &str, kind: ProblemKind) {
    if let Some(entry) = map.entry(key) {
        resolver.refuse(kind, &entry.key.text.place);
    }
}

fn managed_resources(resolver: &mut Resolver<'_>, kubernetes: &Map) -> Option<(bool, Place)> {
    let value = resolver.get(kubernetes, "managed_resources")?;
    let Some(map) = value.as_map() else {
        resolver.wrong_type("environment:kubernetes:managed_resources", "a map", value.place());
        return None;
    };
    unknown_keys(resolver, map, "environment:kubernetes:managed_resources", MANAGED_RESOURCES_KEYS);
    let enabled = resolver.get(map, "enabled")?;
    let is_open = enabled.as_text().is_some_and(|text| is_open(text));
    if enabled.as_bool().is_none() && !is_open {
        resolver.wrong_type("environment:kubernetes:managed_resources:enabled", "`true` or `false`", enabled.place());
    }
    Some((enabled.as_bool()?, enabled.place().clone()))
}
