//! `environment` and `environment:kubernetes`.
//!
//! Source: `lib/gitlab/ci/config/entry/environment.rb` and `kubernetes.rb`.

use super::model::{Environment, Kubernetes};
use super::problem::ProblemKind;
use super::resolver::Resolver;
use super::text::Text;
use super::value::{Map, Value};
use crate::source::Place;

/// A job's environment; `None` where it has none, or none with a name.
pub(super) fn environment(resolver: &mut Resolver<'_>, job: &Map, is_incomplete: bool) -> Option<Environment> {
    let value = resolver.get(job, "environment")?;
    let place = value.place().clone();
    let map = match &value {
        Value::Map(map) => map,
        Value::Scalar(_) => {
            let name = named(resolver, "environment", &value)?;
            let (action, deployment_tier, kubernetes, on_stop) = (None, None, None, None);
            return Some(Environment { name, action, deployment_tier, kubernetes, on_stop, place });
        }
        Value::List(_) | Value::Reference(_) => {
            resolver.wrong_type("environment", "text or a map", &place);
            return None;
        }
    };
    let Some(name) = resolver.get(map, "name").and_then(|name| named(resolver, "environment:name", &name)) else {
        // The name may stand in a file that was not read.
        match is_incomplete {
            true => resolver.is_partial = true,
            false => resolver.problem(ProblemKind::EnvironmentWithoutName, &place),
        }
        return None;
    };
    Some(Environment {
        name,
        action: text(resolver, map, "action").map(|action| action.shared()),
        deployment_tier: text(resolver, map, "deployment_tier"),
        kubernetes: kubernetes(resolver, map),
        on_stop: text(resolver, map, "on_stop").map(|job| job.shared()),
        place,
    })
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

fn kubernetes(resolver: &mut Resolver<'_>, environment: &Map) -> Option<Kubernetes> {
    let value = resolver.get(environment, "kubernetes")?;
    let Value::Map(map) = &value else {
        resolver.wrong_type("environment:kubernetes", "a map", value.place());
        return None;
    };
    let dashboard = resolver.get(map, "dashboard").and_then(|value| value.as_map().cloned());
    let dashboard_flux = dashboard.as_ref().and_then(|dashboard| text(resolver, dashboard, "flux_resource_path"));
    Some(Kubernetes {
        agent: text(resolver, map, "agent"),
        namespace: text(resolver, map, "namespace"),
        flux_resource_path: dashboard_flux.or_else(|| text(resolver, map, "flux_resource_path")),
        dashboard_namespace: dashboard.as_ref().and_then(|dashboard| text(resolver, dashboard, "namespace")),
        managed_resources: managed_resources(resolver, map),
        place: value.place().clone(),
    })
}

fn managed_resources(resolver: &mut Resolver<'_>, kubernetes: &Map) -> Option<(bool, Place)> {
    let value = resolver.get(kubernetes, "managed_resources")?;
    let enabled = resolver.get(value.as_map()?, "enabled")?;
    Some((enabled.as_bool()?, enabled.place().clone()))
}
