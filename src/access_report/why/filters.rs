//! The filters behind the choice: environment and protected ref.

use super::step::{Note, Step, Subject};
use crate::access::{
    Comparison, Condition, Denial, EnvironmentMatcher, EnvironmentPattern, JobEnvironment, Outcome, PartialVerdict,
    Unknown,
};
use crate::agent_config::{CiEntry, Spanned, is_true};
use crate::gitlab::releases::{NEW_MATCHER, OLD_MATCHER_LAST};
use crate::source::Span;
use crate::words;

pub(super) fn steps(subject: &Subject<'_, '_, '_>) -> Vec<Step> {
    let Some(entry) = subject.row.winner.and_then(|winner| winner.entry) else { return Vec::new() };
    let CiEntry {
        kind: _,
        index: _,
        span: _,
        head: _,
        id: _,
        default_namespace: _,
        access_as: _,
        environments,
        environments_key,
        protected_branches_only,
        resource_management: _,
    } = entry;
    let mut steps = vec![environment(subject, environments, *environments_key)];
    let is_stopped = matches!(
        subject.row.outcome,
        Outcome::Denied(Denial::NoEnvironment | Denial::OtherEnvironment | Denial::PatternRaises(..))
    );
    if !is_stopped {
        steps.push(protection(subject, protected_branches_only.as_ref()));
    }
    steps
}

fn environment(subject: &Subject<'_, '_, '_>, listed: &[Spanned<String>], key: Option<Span>) -> Step {
    let step = |text: String| Step::new("environment", text);
    if listed.is_empty() {
        return step("It lists no `environments`, so jobs of all environments pass, and jobs without one.".to_owned());
    }
    let Some(environment) = subject.answer.query.environment else {
        let text =
            "It lists `environments`, and the job has none. A job without environment passes no entry that lists any.";
        let line = key.and_then(|key| subject.line(key));
        return step(text.to_owned()).note(line, "unmatched", "there is no environment to compare with");
    };
    let is = format!(
        "It lists `environments`, and one that matches `{}` is enough",
        words::printable(&environment.to_string())
    );
    let mut notes = Vec::new();
    let mut is_decided = false;
    for pattern in listed {
        let (state, text) = if is_decided {
            ("ignored", "is not looked at any more".to_owned())
        } else {
            compared(subject, pattern, environment)
        };
        is_decided |= matches!(state, "matches" | "raises");
        let text = format!("`{}` {text}", words::printable(&pattern.value));
        notes.push(Note { line: subject.line(pattern.span), route: None, state, text });
    }
    let result = match &subject.row.outcome {
        Outcome::Denied(Denial::OtherEnvironment) => "none does, so the job does not pass",
        Outcome::Denied(Denial::PatternRaises(..)) => "a pattern fails before one does",
        _ => "the job passes",
    };
    let mut step = step(format!("{is}: {result}."));
    step.notes = notes;
    step
}

/// What a pattern makes of the environment, behind its name.
fn compared(
    subject: &Subject<'_, '_, '_>,
    pattern: &Spanned<String>,
    environment: JobEnvironment<'_>,
) -> (&'static str, String) {
    let taken = subject.row.conditions.iter().find(|condition| condition.unknown == Unknown::NewMatcher);
    let matcher = match taken {
        Some(condition) => EnvironmentMatcher::taken(condition.holds),
        None => subject.index.settings().environment_matcher(),
    };
    let compiled = EnvironmentPattern::new(&pattern.value, matcher);
    let comparison = match environment {
        JobEnvironment::Whole(name) => compiled.compare(name),
        JobEnvironment::Partly(name) => compiled.compare_partial(name),
    };
    match comparison {
        Comparison::Settled(verdict) => verdict_in_words(subject, pattern, environment, matcher, verdict),
        Comparison::Open { old, new } => {
            let by = |is_new: bool, verdict: PartialVerdict| {
                verdict_in_words(subject, pattern, environment, EnvironmentMatcher::taken(is_new), verdict).1
            };
            let text = format!(
                "{} (as up to {OLD_MATCHER_LAST}), or {} (as from {NEW_MATCHER})",
                by(false, old),
                by(true, new)
            );
            ("depends", text)
        }
    }
}

/// The same for one verdict.
fn verdict_in_words(
    subject: &Subject<'_, '_, '_>,
    pattern: &Spanned<String>,
    environment: JobEnvironment<'_>,
    matcher: EnvironmentMatcher,
    verdict: PartialVerdict,
) -> (&'static str, String) {
    let has_star = pattern.value.contains('*');
    let name = environment.to_string();
    match verdict {
        PartialVerdict::Always if has_star => ("matches", how_a_star_matches(&pattern.value, &name).to_owned()),
        PartialVerdict::Always => ("matches", "is the environment's name".to_owned()),
        PartialVerdict::Never if has_star => {
            let whole =
                if matcher.may_be_old() { "does not match anywhere in it" } else { "does not match the whole of it" };
            ("differs", whole.to_owned())
        }
        PartialVerdict::Never if pattern.value.to_lowercase() == name.to_lowercase() => {
            ("differs", "differs in letter case, which counts".to_owned())
        }
        PartialVerdict::Never => ("differs", "has no `*`, so it must be the whole name, and is not".to_owned()),
        PartialVerdict::Raises(fault) => (
            "raises",
            format!(
                "is no regular expression, since {}: GitLab answers the request for the job's agents with an error",
                words::pattern_fault(fault)
            ),
        ),
        PartialVerdict::Depends => {
            let given = given(subject, &|unknown| matches!(unknown, Unknown::EnvironmentMatches(_)));
            ("depends", format!("matches for some values of the variables in the name{given}"))
        }
        PartialVerdict::Unknown(unknown) => {
            let pattern: Box<str> = pattern.value.as_str().into();
            let given = given(subject, &|unknown| matches!(unknown, Unknown::PatternMatches(of) if *of == pattern));
            ("unknown", format!("can be judged by Ruby alone: {}{given}", words::pattern_unknown(unknown)))
        }
    }
}

/// What this branch of the decision takes an unknown to be.
fn given(subject: &Subject<'_, '_, '_>, unknown: &dyn Fn(&Unknown) -> bool) -> &'static str {
    match subject.row.conditions.iter().find(|condition| unknown(&condition.unknown)).map(|condition| condition.holds) {
        Some(true) => "; here it is taken to match",
        Some(false) => "; here it is taken not to match",
        None => "",
    }
}

/// A pattern with `*` matches anywhere; where that surprises, it is said.
fn how_a_star_matches(pattern: &str, environment: &str) -> &'static str {
    let starts = pattern.split('*').next().unwrap_or_default();
    let ends = pattern.rsplit('*').next().unwrap_or_default();
    if environment.starts_with(starts) && environment.ends_with(ends) {
        "matches: `*` stands for anything"
    } else {
        "matches: `*` stands for anything, and the rest may stand anywhere in the name"
    }
}

fn protection(subject: &Subject<'_, '_, '_>, protected_only: Option<&Spanned<bool>>) -> Step {
    if !is_true(protected_only) {
        return Step::new("protected_ref", "It does not ask for a protected ref.");
    }
    let holds = |unknown: &dyn Fn(&Unknown) -> bool| {
        let found = subject.row.conditions.iter().find(|condition| unknown(&condition.unknown));
        found.map(|condition: &Condition| condition.holds)
    };
    let flag = holds(&|unknown| matches!(unknown, Unknown::FeatureFlag(_)));
    let is_of_ref = |unknown: &Unknown| matches!(unknown, Unknown::ProtectedRef | Unknown::ProtectedMergeRequest);
    let protected = holds(&is_of_ref).or(subject.answer.query.protected);
    let text = match (flag, protected) {
        (Some(false), _) => "It asks for a protected ref, and without the feature flag GitLab does not look at that.",
        (_, Some(true)) => "It takes only protected branches and tags, and the job's ref is protected: the job passes.",
        (_, Some(false)) => {
            "It takes only protected branches and tags, and the job's ref is not protected: the job does not pass."
        }
        (_, None) => "It takes only protected branches and tags, and whether the job's ref is one is not known.",
    };
    let line = protected_only.and_then(|written| subject.line(written.span));
    let state = if subject.row.is_allowed() { "passes" } else { "asks" };
    Step::new("protected_ref", text).note(line, state, "asks for a protected ref")
}
