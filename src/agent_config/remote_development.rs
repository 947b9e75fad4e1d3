//! Rules of GitLab's Rails side that tie several keys of `remote_development` together. When one is broken, none of the
//! section's settings is saved, while the agent still regards the file as valid (gitlab#556163).
//!
//! Source: `ee/app/models/remote_development/workspaces_agent_config.rb`, the validators in `ee/app/validators/remote_development/` and
//! `app/validators/{kubernetes_container_resources,ip_cidr}_validator.rb` of GitLab 18.9; `doc/user/workspace/settings.md`.

use std::collections::HashSet;

use super::text_checks::is_dns_name;
use crate::gitlab::Version;
use crate::gitlab::releases::WORKSPACES_WITHOUT_HTTP;
use crate::schema::{Data, Field, MessageValue, Problem, ProblemKind, Stage};
use crate::source::Span;

/// The longest time from start to termination, in hours: a year.
const MAX_HOURS: i64 = 8760;

/// What is broken: at which key or value, and how.
struct Broken<'s> {
    /// The key of the table that it is about.
    field: &'s Field,
    /// Where it stands below the section, e.g. `network_policy.egress[0]`.
    route: String,
    span: Span,
    what: String,
}

impl<'s> Broken<'s> {
    /// At a key of the section.
    fn at(field: &'s Field, what: impl Into<String>) -> Self {
        Self { field, route: field.key.name.to_string(), span: field.key_span, what: what.into() }
    }
}

/// Adds what the section breaks by the rules of a release.
pub(super) fn check(section: &Field, version: Version, problems: &mut Vec<Problem>) {
    // What is no mapping is refused earlier; `remote_development:` without a value is no section.
    let Some(settings) = section.value.as_message() else { return };
    let mut broken: Vec<Broken<'_>> = Vec::new();
    dns_zone(section, settings, version, &mut broken);
    hours(settings, &mut broken);
    privilege_escalation(settings, &mut broken);
    for name in ["default_resources_per_workspace_container", "max_resources_per_workspace"] {
        resources(settings, name, &mut broken);
    }
    shared_namespace(settings, &mut broken);
    metadata(settings, "labels", &mut broken);
    metadata(settings, "annotations", &mut broken);
    egress(settings, &mut broken);
    image_pull_secrets(settings, &mut broken);
    problems.extend(broken.into_iter().map(|Broken { field, route, span, what }| Problem {
        kind: ProblemKind::RailsRefusal { key: field.key.clone(), what },
        stage: Stage::Rails,
        route: if route.is_empty() { "remote_development".to_owned() } else { format!("remote_development.{route}") },
        name: field.key.name.to_string(),
        span,
        key_span: Some(field.key_span),
    }));
}

/// A text for a message. One that is long is not quoted at all: part of it might be part of a secret.
fn quoted(text: &str) -> String {
    if text.len() <= 100 { format!("`{text}`") } else { "what stands here".to_owned() }
}

/// The text of a key; `None` where it is not set or empty, which is the same to Rails.
fn text<'s>(message: &'s MessageValue, name: &str) -> Option<(&'s Field, &'s str)> {
    message.set(name).and_then(|field| Some((field, field.value.as_text()?))).filter(|(_, text)| !text.is_empty())
}

fn dns_zone<'s>(section: &'s Field, settings: &'s MessageValue, version: Version, broken: &mut Vec<Broken<'s>>) {
    let proxy = settings.set("gitlab_workspaces_proxy").and_then(|field| field.value.as_message());
    let http = proxy.and_then(|proxy| proxy.set("http_enabled")).and_then(|field| field.value.as_bool());
    let is_looked_at = version < WORKSPACES_WITHOUT_HTTP || http != Some(false);
    let written = settings.field("dns_zone");
    // One that is no text is refused earlier.
    let is_invalid = written.is_some_and(|field| matches!(field.value.data, Data::Invalid));
    if !is_looked_at || is_invalid || text(settings, "dns_zone").is_some() {
        return;
    }
    let is_on = settings.set("enabled").and_then(|field| field.value.as_bool()) == Some(true);
    let more = if is_on { "" } else { ", and so `enabled: false` does not switch workspaces off" };
    let what = format!("`dns_zone` is missing, which has to be there whatever `enabled` says{more}");
    let field = written.unwrap_or(section);
    let route = if written.is_some() { "dns_zone".to_owned() } else { String::new() };
    broken.push(Broken { field, route, span: field.key_span, what });
}

fn hours<'s>(settings: &'s MessageValue, broken: &mut Vec<Broken<'s>>) {
    // A zero counts as not set.
    let hours = |name: &str| {
        settings.set(name).and_then(|field| Some((field, field.value.as_int()?))).filter(|(_, hours)| *hours != 0)
    };
    let active = hours("max_active_hours_before_stop");
    let stopped = hours("max_stopped_hours_before_termination");
    // The defaults where one is not written.
    let sum = active.map_or(36, |(_, hours)| hours) + stopped.map_or(744, |(_, hours)| hours);
    if let Some((field, _)) = stopped.or(active).filter(|_| sum > MAX_HOURS) {
        broken.push(Broken::at(field, format!("the two limits add up to {sum} hours, more than {MAX_HOURS}")));
    }
}

fn privilege_escalation<'s>(settings: &'s MessageValue, broken: &mut Vec<Broken<'s>>) {
    let is_true = |name: &str| settings.set(name).is_some_and(|field| field.value.as_bool() == Some(true));
    let runtime_class = settings.set("default_runtime_class").and_then(|field| field.value.as_text());
    let is_isolated = is_true("use_kubernetes_user_namespaces") || runtime_class.is_some_and(|class| !class.is_empty());
    if let Some(field) = settings.set("allow_privilege_escalation").filter(|field| field.value.as_bool() == Some(true))
        && !is_isolated
    {
        let what = "it takes `default_runtime_class` or `use_kubernetes_user_namespaces: true` beside it";
        broken.push(Broken::at(field, what));
    }
}

fn resources<'s>(settings: &'s MessageValue, name: &str, broken: &mut Vec<Broken<'s>>) {
    let Some(field) = settings.set(name) else { return };
    let Some(resources) = field.value.as_message() else { return };
    if resources.fields.is_empty() {
        return;
    }
    let shared = settings.set("shared_namespace").and_then(|field| field.value.as_text());
    if name == "max_resources_per_workspace" && shared.is_some_and(|namespace| !namespace.is_empty()) {
        broken.push(Broken::at(field, "it must be empty where `shared_namespace` is set"));
        return;
    }
    for half in ["requests", "limits"] {
        let amounts = resources.set(half).and_then(|field| field.value.as_message());
        let is_written = |name: &str| amounts.is_some_and(|amounts| is_given(amounts, name));
        if !is_written("cpu") || !is_written("memory") {
            broken.push(Broken::at(field, format!("`{half}` needs both `cpu` and `memory`")));
        }
        let Some(amounts) = amounts else { continue };
        let units = [
            ("cpu", is_cpu as fn(&str) -> bool, "no number, nor digits with `m` behind them"),
            (
                "memory",
                is_memory,
                "no number, nor one with `K`, `M`, `G`, `T`, `P` or `E` behind it, with or without `i`",
            ),
        ];
        for (amount, is_good, fault) in units {
            if let Some((written, value)) = text(amounts, amount).filter(|(_, value)| !is_good(value)) {
                let route = format!("{name}.{half}.{amount}");
                let what = format!("{} is {fault}", quoted(value));
                broken.push(Broken { field: written, route, span: written.value.span, what });
            }
        }
    }
}

/// Whether a key has a value that is not empty, or one that is refused for what it is.
fn is_given(message: &MessageValue, name: &str) -> bool {
    text(message, name).is_some() || message.set(name).is_some_and(|field| matches!(field.value.data, Data::Invalid))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_decimal(text: &str) -> bool {
    match text.split_once('.') {
        Some((whole, fraction)) => (whole.is_empty() || is_digits(whole)) && is_digits(fraction),
        None => is_digits(text),
    }
}

fn is_cpu(text: &str) -> bool {
    text.strip_suffix('m').map_or_else(|| is_decimal(text), is_digits)
}

fn is_memory(text: &str) -> bool {
    let number = match text.strip_suffix('i') {
        Some(rest) => rest.strip_suffix(['E', 'P', 'T', 'G', 'M', 'K']).unwrap_or_default(),
        None => text.strip_suffix(['E', 'P', 'T', 'G', 'M', 'K']).unwrap_or(text),
    };
    is_decimal(number)
}

fn shared_namespace<'s>(settings: &'s MessageValue, broken: &mut Vec<Broken<'s>>) {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_good =
        |name: &str| name.len() <= 63 && name.bytes().all(is_inner) && !name.starts_with('-') && !name.ends_with('-');
    if let Some((field, name)) = text(settings, "shared_namespace").filter(|(_, name)| !is_good(name)) {
        let what = format!(
            "`{name}` is no name of a namespace: at most 63 lower-case letters, digits and `-`, none of these at the ends"
        );
        broken.push(Broken { span: field.value.span, ..Broken::at(field, what) });
    }
}

/// The keys of `labels` and `annotations`, and the values of `labels`.
fn metadata<'s>(settings: &'s MessageValue, name: &str, broken: &mut Vec<Broken<'s>>) {
    let Some(field) = settings.set(name) else { return };
    let Data::Map(entries) = &field.value.data else { return };
    for (key, span, value) in entries {
        let route = format!("{name}.{key}");
        if let Some(fault) = fault_of_key(key) {
            broken.push(Broken { field, route, span: *span, what: format!("the key {} {fault}", quoted(key)) });
            continue;
        }
        let value = (name == "labels").then(|| Some((value.span, value.as_text()?))).flatten();
        if let Some((span, text)) = value.filter(|(_, text)| !text.is_empty() && !is_name(text)) {
            let what = format!(
                "{} is no value of a label: at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
                quoted(text)
            );
            broken.push(Broken { field, route, span, what });
        }
    }
}

/// What is wrong with a key of a label or annotation, if anything.
fn fault_of_key(key: &str) -> Option<&'static str> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if !is_name(name) {
        return Some(
            "has no name as Kubernetes takes it: at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
        );
    }
    let prefix = prefix?;
    if ["gitlab.com", "kubernetes.io", "k8s.io"].iter().any(|reserved| prefix.ends_with(reserved)) {
        return Some("has a reserved prefix: none may end in `gitlab.com`, `kubernetes.io` or `k8s.io`");
    }
    (!is_dns_name(prefix)).then_some("has a prefix that is no DNS name")
}

fn is_name(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    text.len() <= 63 && bytes.iter().all(|byte| is_inner(*byte)) && is_end(bytes.first()) && is_end(bytes.last())
}

fn egress<'s>(settings: &'s MessageValue, broken: &mut Vec<Broken<'s>>) {
    let policy = settings.set("network_policy").and_then(|field| field.value.as_message());
    let Some(field) = policy.and_then(|policy| policy.set("egress")) else { return };
    for (index, item) in field.value.items().iter().enumerate() {
        let Some(rule) = item.as_message() else { continue };
        if !is_given(rule, "allow") {
            let what = format!("item {} has no `allow`, which each needs", index + 1);
            let span = rule.fields.first().map_or(item.span, |first| first.key_span);
            broken.push(Broken { field, route: format!("network_policy.egress[{index}]"), span, what });
        }
    }
}

fn image_pull_secrets<'s>(settings: &'s MessageValue, broken: &mut Vec<Broken<'s>>) {
    let Some(field) = settings.set("image_pull_secrets") else { return };
    let shared = text(settings, "shared_namespace").map(|(_, namespace)| namespace);
    let mut names: HashSet<&str> = HashSet::new();
    for (index, item) in field.value.items().iter().enumerate() {
        let Some(secret) = item.as_message() else { continue };
        if !is_given(secret, "name") || !is_given(secret, "namespace") {
            broken.push(Broken::at(field, "every secret needs both `name` and `namespace`"));
            continue;
        }
        if let Some((_, name)) = text(secret, "name").filter(|(_, name)| !names.insert(name)) {
            broken.push(Broken::at(field, format!("the name {} occurs twice", quoted(name))));
        }
        let elsewhere =
            text(secret, "namespace").filter(|(_, namespace)| shared.is_some_and(|shared| shared != *namespace));
        if let Some((written, namespace)) = elsewhere {
            let what = format!(
                "{} is not the `shared_namespace`, which the namespace of each secret has to be",
                quoted(namespace)
            );
            let route = format!("image_pull_secrets[{index}].namespace");
            broken.push(Broken { field: written, route, span: written.value.span, what });
        }
    }
}
