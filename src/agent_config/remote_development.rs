//! Rules of GitLab's Rails side that tie several keys of `remote_development` together. When one is broken, none of the
//! section's settings is saved, while the agent still regards the file as valid (gitlab#556163).
//!
//! Source: `doc/user/workspace/gitlab_agent_configuration.md` and `settings.md`.

use crate::schema::{Data, Field, MessageValue, Problem, ProblemKind, Stage};

/// The longest time from start to termination, in hours: a year.
const MAX_HOURS: i64 = 8760;

/// Adds what the section breaks.
pub(super) fn check(section: &Field, problems: &mut Vec<Problem>) {
    let Some(settings) = section.value.as_message() else { return };
    let mut broken: Vec<(&Field, String)> = Vec::new();
    hours(settings, &mut broken);
    privilege_escalation(settings, &mut broken);
    for name in ["default_resources_per_workspace_container", "max_resources_per_workspace"] {
        resources(settings, name, &mut broken);
    }
    image_pull_secrets(settings, &mut broken);
    problems.extend(broken.into_iter().map(|(field, what)| Problem {
        kind: ProblemKind::RailsRefusal { key: field.key.clone(), what },
        stage: Stage::Rails,
        route: format!("remote_development.{}", field.key.name),
        span: field.key_span,
        key_span: Some(field.key_span),
    }));
}

fn hours<'s>(settings: &'s MessageValue, broken: &mut Vec<(&'s Field, String)>) {
    let hours = |name: &str| settings.set(name).and_then(|field| Some((field, field.value.as_int()?)));
    let active = hours("max_active_hours_before_stop");
    let stopped = hours("max_stopped_hours_before_termination");
    // The defaults where one is not written.
    let sum = active.map_or(36, |(_, hours)| hours) + stopped.map_or(744, |(_, hours)| hours);
    if let Some((field, _)) = stopped.or(active).filter(|_| sum > MAX_HOURS) {
        broken.push((field, format!("the two limits add up to {sum} hours, more than {MAX_HOURS}")));
    }
}

fn privilege_escalation<'s>(settings: &'s MessageValue, broken: &mut Vec<(&'s Field, String)>) {
    let is_true = |name: &str| settings.set(name).is_some_and(|field| field.value.as_bool() == Some(true));
    let runtime_class = settings.set("default_runtime_class").and_then(|field| field.value.as_text());
    let is_isolated = is_true("use_kubernetes_user_namespaces") || runtime_class.is_some_and(|class| !class.is_empty());
    if let Some(field) = settings.set("allow_privilege_escalation").filter(|field| field.value.as_bool() == Some(true))
        && !is_isolated
    {
        let what = "it takes `default_runtime_class` or `use_kubernetes_user_namespaces: true` beside it";
        broken.push((field, what.to_owned()));
    }
}

fn resources<'s>(settings: &'s MessageValue, name: &str, broken: &mut Vec<(&'s Field, String)>) {
    let Some(field) = settings.set(name) else { return };
    let Some(resources) = field.value.as_message() else { return };
    if resources.fields.is_empty() {
        return;
    }
    let shared = settings.set("shared_namespace").and_then(|field| field.value.as_text());
    if name == "max_resources_per_workspace" && shared.is_some_and(|namespace| !namespace.is_empty()) {
        broken.push((field, "it must be empty where `shared_namespace` is set".to_owned()));
        return;
    }
    for half in ["requests", "limits"] {
        let amounts = resources.set(half).and_then(|field| field.value.as_message());
        let is_complete =
            amounts.is_some_and(|amounts| amounts.set("cpu").is_some() && amounts.set("memory").is_some());
        if !is_complete {
            broken.push((field, format!("`{half}` needs both `cpu` and `memory`")));
        }
    }
}

fn image_pull_secrets<'s>(settings: &'s MessageValue, broken: &mut Vec<(&'s Field, String)>) {
    let Some(field) = settings.set("image_pull_secrets") else { return };
    let mut names: Vec<&str> = Vec::new();
    for item in field.value.items() {
        if matches!(item.data, Data::Invalid) {
            continue;
        }
        let text = |name: &str| {
            let value = item.as_message().and_then(|item| item.set(name)).and_then(|field| field.value.as_text());
            value.filter(|text| !text.is_empty())
        };
        let (Some(name), Some(_)) = (text("name"), text("namespace")) else {
            broken.push((field, "every secret needs both `name` and `namespace`".to_owned()));
            continue;
        };
        if names.contains(&name) {
            broken.push((field, format!("the name `{name}` occurs twice")));
        }
        names.push(name);
    }
}
