//! The keys and values that GitLab takes of what decides whether and where a job runs, and what it refuses of them.
//!
//! Source: `ALLOWED_KEYS` and `ALLOWED_WHEN` in `lib/gitlab/ci/config/entry/` (`processable.rb`, `job.rb` with its EE extension,
//! `bridge.rb`, `default.rb`, `rules/rule.rb`, `workflow/rules`), and the schema of CI files that GitLab publishes.

use std::sync::Arc;

use super::problem::{Problem, ProblemKind};
use super::resolver::Resolver;
use super::ruby_yaml::Kind;
use super::value::{Map, Value};
use crate::schema::nearest;
use crate::source::{Place, Source};

/// The keys of a job, with or without a script.
const EVERY_JOB: &[&str] = &[
    "allow_failure",
    "environment",
    "except",
    "extends",
    "inherit",
    "inputs",
    "interruptible",
    "manual_confirmation",
    "needs",
    "only",
    "parallel",
    "resource_group",
    "rules",
    "stage",
    "start_in",
    "trigger",
    "variables",
    "when",
];

/// The keys of a job with a script, beside those of every job. `type` is the older name of `stage`.
const SCRIPT_JOB: &[&str] = &[
    "after_script",
    "artifacts",
    "before_script",
    "cache",
    "coverage",
    "dast_configuration",
    "dependencies",
    "hooks",
    "id_tokens",
    "identity",
    "image",
    "pages",
    "publish",
    "release",
    "retry",
    "run",
    "script",
    "secrets",
    "services",
    "tags",
    "timeout",
    "type",
];

/// The keys of `default`.
const DEFAULT: &[&str] = &[
    "after_script",
    "artifacts",
    "before_script",
    "cache",
    "hooks",
    "id_tokens",
    "identity",
    "image",
    "interruptible",
    "retry",
    "services",
    "tags",
    "timeout",
];

/// The keys of a rule, of a job or of `workflow`.
const RULE: &[&str] = &[
    "allow_failure",
    "auto_cancel",
    "changes",
    "exists",
    "if",
    "interruptible",
    "needs",
    "start_in",
    "variables",
    "when",
];

/// What `when` may be in a job. `never` is for rules.
const JOB_WHEN: &[&str] = &["on_success", "on_failure", "always", "manual", "delayed"];

/// What `when` may be in a rule of a job.
const RULE_WHEN: &[&str] = &["on_success", "on_failure", "always", "never", "manual", "delayed"];

/// What `when` may be in a rule of `workflow`.
const WORKFLOW_WHEN: &[&str] = &["always", "never"];

/// Whose rules they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Job,
    Workflow,
}

/// Whether a text has inputs that were not put in.
pub(super) fn is_open(text: &str) -> bool {
    text.contains("$[[")
}

/// Refuses a value that is none of those that a keyword takes.
pub(super) fn one_of(
    resolver: &mut Resolver<'_>,
    keyword: &'static str,
    value: &Value,
    values: &'static [&'static str],
) {
    // Of another type, it is none of them either; references that lead nowhere are told by themselves.
    let Some(text) = value.as_text().filter(|text| !values.contains(&text.as_str()) && !is_open(text)) else { return };
    let kind = ProblemKind::UnknownValue { keyword, value: text.to_string(), values };
    resolver.refuse(kind, &text.place);
}

/// Refuses what a job, which GitLab takes for one, must not have.
///
/// `own` is the job without its parents. Where `is_known` does not hold, a part may stand in a file that was not read, so that only what
/// the job itself has in the main file is certain.
pub(super) fn job(
    resolver: &mut Resolver<'_>,
    map: &Map,
    own: &Map,
    is_trigger: bool,
    is_known: bool,
    main: Option<&Arc<Source>>,
) {
    job_keys(resolver, map, is_trigger);
    let has = |key: &str| map.get(key).is_some_and(|value| !value.is_null());
    let is_written =
        |key: &str| own.entry(key).is_some_and(|entry| main.is_some_and(|main| entry.key.text.place.is_in(main)));
    let rules = map.entry("rules").map(|entry| (entry, entry.value.as_items()));
    let has_rules = rules.is_some_and(|(_, items)| !items.is_empty());
    // Source: `validates :config, presence: true` in `lib/gitlab/ci/config/entry/rules.rb`.
    if let Some((entry, [])) = rules
        && !entry.value.is_null()
    {
        resolver.refuse(ProblemKind::NoRules, &entry.key.text.place);
    }
    // Source: `disallowed_keys` in `lib/gitlab/ci/config/entry/processable.rb`.
    for keyword in ["only", "except", "start_in"].into_iter().filter(|keyword| has_rules && has(keyword)) {
        let is_certain = is_known || (is_written(keyword) && is_written("rules"));
        if let Some(entry) = map.entry(keyword).filter(|_| is_certain) {
            let kind = ProblemKind::Beside { keyword, other: "rules" };
            let mut problem = Problem::new(kind, entry.key.text.place.clone());
            problem.related = map.entry("rules").map(|rules| rules.key.text.place.clone());
            resolver.problems.push(problem);
        }
    }
    if has("script")
        && let Some(entry) = map.entry("trigger").filter(|entry| !entry.value.is_null())
    {
        resolver.refuse(ProblemKind::Beside { keyword: "trigger", other: "script" }, &entry.key.text.place);
    }
    let Some(when) = resolver.get(map, "when") else { return };
    one_of(resolver, "when", &when, JOB_WHEN);
    // Source: `validates :start_in` in `lib/gitlab/ci/config/entry/job.rb`.
    let is_delayed = when.as_text().is_some_and(|when| when.as_str() == "delayed");
    if is_delayed && is_known && !has("start_in") && !has("rules") {
        let kind = ProblemKind::NeedsKey { keyword: "when: delayed", needs: "start_in" };
        resolver.refuse(kind, when.place());
    }
}

/// Whether a job without script has a key that is near one by which it would be a job: of that, the key is told.
pub(super) fn misspells_script(map: &Map) -> bool {
    map.entries().iter().any(|entry| {
        let key = entry.key.text.as_str();
        !is_job_key(key) && matches!(near_job_key(key), Some("script" | "run" | "trigger"))
    })
}

fn is_job_key(key: &str) -> bool {
    EVERY_JOB.contains(&key) || SCRIPT_JOB.contains(&key)
}

fn near_job_key(key: &str) -> Option<&'static str> {
    nearest(key, EVERY_JOB.iter().chain(SCRIPT_JOB).copied())
}

fn job_keys(resolver: &mut Resolver<'_>, map: &Map, is_trigger: bool) {
    for (key, place) in text_keys(map) {
        let is_of_script = SCRIPT_JOB.contains(&key);
        if EVERY_JOB.contains(&key) || (is_of_script && !is_trigger) {
            continue;
        }
        if is_of_script {
            resolver.refuse(ProblemKind::NotOfTrigger(key.to_owned()), place);
        } else {
            stray_key(resolver, "a job", key, near_job_key, place);
        }
    }
}

/// Refuses keys of `default` that jobs have and `default` has not.
pub(super) fn default(resolver: &mut Resolver<'_>, default: &Map) {
    for (key, place) in text_keys(default).filter(|(key, _)| !DEFAULT.contains(key)) {
        if is_job_key(key) {
            resolver.refuse(ProblemKind::NotInDefault(key.to_owned()), place);
        } else {
            stray_key(resolver, "`default`", key, |key| nearest(key, DEFAULT.iter().copied()), place);
        }
    }
}

/// Refuses keys and values of a rule that there are none of.
pub(super) fn rule(resolver: &mut Resolver<'_>, of: Of, rule: &Map) {
    for (key, place) in text_keys(rule).filter(|(key, _)| !RULE.contains(key)) {
        stray_key(resolver, "a rule", key, |key| nearest(key, RULE.iter().copied()), place);
    }
    if let Some(when) = resolver.get(rule, "when") {
        match of {
            Of::Job => one_of(resolver, "rules:when", &when, RULE_WHEN),
            Of::Workflow => one_of(resolver, "workflow:rules:when", &when, WORKFLOW_WHEN),
        }
    }
}

/// How many keys that are not known are told.
const MOST_STRAY: usize = 200;

/// A key that is not known is refused where it is near one that is; another one may be of a release that is not known. It is told once, however many
/// jobs come to have it.
fn stray_key(
    resolver: &mut Resolver<'_>,
    of: &'static str,
    key: &str,
    near: impl Fn(&str) -> Option<&'static str>,
    place: &Place,
) {
    let at = (Arc::as_ptr(&place.source), place.span.start);
    if resolver.stray.len() == MOST_STRAY || !resolver.stray.insert(at) {
        return;
    }
    let near = near(key);
    let problem = Problem::new(ProblemKind::StrayKey { of, key: key.to_owned(), near }, place.clone());
    match near {
        Some(_) => resolver.problems.push(problem),
        None => resolver.unverified.push(problem),
    }
}

/// The keys that are text, of which only those are told that no input may still change.
fn text_keys(map: &Map) -> impl Iterator<Item = (&str, &Place)> {
    let entries = map.entries().iter().filter(|entry| entry.key.kind == Kind::Text && !is_open(&entry.key.text));
    entries.map(|entry| (entry.key.text.as_str(), &entry.key.text.place)).filter(|(key, _)| *key != "<<")
}
