//! In which pipelines a job is.
//!
//! Sources: `lib/gitlab/ci/build/rules.rb` and `rules/*`, `lib/gitlab/ci/pipeline/seed/build.rb`,
//! `lib/gitlab/ci/config/entry/processable.rb`, `doc/ci/yaml/_index.md`, `doc/ci/jobs/job_rules.md`.

use super::conditions::{JobConditions, Read, Rule};
use super::enumerate::scenarios;
use super::evaluate::Value;
use super::scenario::{PipelineKind, RefFacts, Scenario};
use super::source::{PipelineSource, Sources};
use super::starts::Starts;
use super::truth::Truth;

/// How sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// It may be so.
    Maybe,
    /// It is so.
    Yes,
}

/// A kind of pipeline that a job is in, or may be in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The kind of pipeline.
    pub scenario: Scenario,
    /// Whether the job is in such pipelines, by this rule.
    pub certainty: Certainty,
    /// Whether the job is in such pipelines, by this rule or another: with rules of which the first may apply and the
    /// second does otherwise, each is a maybe, and the job is in the pipeline for sure.
    pub in_pipeline: Certainty,
    /// Which item of `rules` lets the job in, so that its `variables` apply; `None` if there are no rules.
    pub rule: Option<usize>,
}

/// The kinds of pipelines that a job is in.
///
/// `variables` gives the variables of the job and of the configuration; predefined ones, as far as the kind of pipeline
/// decides about them, go before it. (In GitLab a variable of the same name in the configuration would win.)
/// [`Value::Unknown`] is the answer for a variable that settings of the project may set, or that `workflow:rules` set.
#[must_use]
pub fn runs(conditions: &JobConditions<'_>, facts: &RefFacts, variables: &dyn Fn(&str) -> Value) -> Vec<Run> {
    runs_below(conditions, None, facts, variables)
}

/// The same of a job in a child pipeline, if `starts` says what starts that. The kinds of pipelines are those of the pipeline at the top, by
/// what creates it; the child's own source is another one.
#[must_use]
pub fn runs_below(
    conditions: &JobConditions<'_>,
    starts: Option<&Starts<'_>>,
    facts: &RefFacts,
    variables: &dyn Fn(&str) -> Value,
) -> Vec<Run> {
    let read = Read::new(conditions);
    let mut mentioned = read.mentioned();
    starts.into_iter().for_each(|starts| starts.mention(&mut mentioned));
    let hangs_on_protection = read.hangs_on_protection() || starts.is_some_and(Starts::hangs_on_protection);
    let mut runs = Vec::new();
    for scenario in scenarios(facts, &mentioned) {
        if scenario.protected.is_some() || !hangs_on_protection {
            runs.extend(runs_in(&read, starts, &scenario, variables));
            continue;
        }
        let assumed = |protected| runs_in(&read, starts, &scenario.with_protection(Some(protected)), variables);
        let (protected, unprotected) = (assumed(true), assumed(false));
        let is_same = |(one, other): (&Run, &Run)| one.clone().assuming_nothing() == other.clone().assuming_nothing();
        if protected.len() == unprotected.len() && protected.iter().zip(&unprotected).all(is_same) {
            runs.extend(protected.into_iter().map(Run::assuming_nothing));
        } else {
            // Which of the two it is, is not known.
            let maybe = |run| Run { certainty: Certainty::Maybe, in_pipeline: Certainty::Maybe, ..run };
            runs.extend(protected.into_iter().chain(unprotected).map(maybe));
        }
    }
    runs
}

impl Run {
    fn assuming_nothing(self) -> Self {
        Self { scenario: self.scenario.with_protection(None), ..self }
    }
}

/// The runs in one kind of pipeline, those of several sources together where they are alike.
fn runs_in(
    read: &Read<'_>,
    starts: Option<&Starts<'_>>,
    scenario: &Scenario,
    variables: &dyn Fn(&str) -> Value,
) -> Vec<Run> {
    let mut found: Vec<((Entry, Certainty), Sources)> = Vec::new();
    for sources in groups(read, starts, scenario) {
        let outcome = outcome_below(read, starts, &scenario.created_by(sources), variables);
        let Some(in_pipeline) = certainty(outcome.in_pipeline) else { continue };
        for entry in outcome.entries {
            let key = (entry, in_pipeline);
            match found.iter_mut().find(|(other, _)| *other == key) {
                Some((_, all)) => *all = all.with(sources),
                None => found.push((key, sources)),
            }
        }
    }
    found.sort_by_key(|((entry, _), _)| entry.rule);
    let run = |((entry, in_pipeline), sources): ((Entry, Certainty), Sources)| Run {
        scenario: scenario.created_by(sources),
        certainty: entry.certainty,
        in_pipeline,
        rule: entry.rule,
    };
    found.into_iter().map(run).collect()
}

/// What becomes of a job in a kind of pipeline; of one in a child pipeline, in the child that such a pipeline starts.
pub(super) fn outcome_below(
    read: &Read<'_>,
    starts: Option<&Starts<'_>>,
    scenario: &Scenario,
    variables: &dyn Fn(&str) -> Value,
) -> Outcome {
    let Some(starts) = starts else {
        let variables = |name: &str| scenario.variable(name).unwrap_or_else(|| own_variable(name, variables));
        return outcome(read, scenario, &variables, Truth::Yes);
    };
    let started = starts.start_a_child(scenario);
    let child = scenario.created_by(PipelineSource::ParentPipeline.into());
    let own = |name: &str| scenario.known_in(variables(name));
    let variables = |name: &str| child.variable(name).unwrap_or_else(|| own_variable(name, &own));
    outcome(read, &child, &variables, started)
}

/// A variable that the kind of pipeline says nothing about. One with the name of a predefined variable may be set even
/// if the configuration does not set it.
fn own_variable(name: &str, variables: &dyn Fn(&str) -> Value) -> Value {
    match variables(name) {
        Value::Unset if name.starts_with("CI_") || name.starts_with("GITLAB_") => Value::Unknown,
        value => value,
    }
}

/// The sources one by one if the conditions can tell them apart, else together.
fn groups(read: &Read<'_>, starts: Option<&Starts<'_>>, scenario: &Scenario) -> Vec<Sources> {
    let tells_apart = starts.map_or_else(|| read.hangs_on_source(), Starts::hangs_on_source);
    if tells_apart { scenario.sources.iter().map(Sources::from).collect() } else { vec![scenario.sources] }
}

pub(super) fn certainty(truth: Truth) -> Option<Certainty> {
    match truth {
        Truth::No => None,
        Truth::Maybe => Some(Certainty::Maybe),
        Truth::Yes => Some(Certainty::Yes),
    }
}

/// A way for a job into a pipeline.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) rule: Option<usize>,
    pub(super) certainty: Certainty,
}

pub(super) struct Outcome {
    pub(super) entries: Vec<Entry>,
    pub(super) in_pipeline: Truth,
}

fn outcome(read: &Read<'_>, scenario: &Scenario, variables: &dyn Fn(&str) -> Value, started: Truth) -> Outcome {
    if started == Truth::No {
        return Outcome { entries: Vec::new(), in_pipeline: Truth::No };
    }
    // Without `workflow:rules` every pipeline is created; a rule without `when` creates it.
    let workflow = read.workflow.as_ref();
    let pipeline = workflow.map_or(started, |rules| by_rules(rules, None, scenario, variables, started).in_pipeline);
    if let Some(rules) = &read.rules {
        return by_rules(rules, read.when, scenario, variables, pipeline);
    }
    let only = read.only.as_ref().map_or(Truth::Yes, |only| only.all_hold(scenario, variables));
    let except = read.except.as_ref().map_or(Truth::No, |except| except.any_holds(scenario, variables));
    let in_pipeline = [only, except.negated(), is_added(read.when)].into_iter().fold(pipeline, Truth::and);
    let entries = certainty(in_pipeline).map(|certainty| Entry { rule: None, certainty });
    Outcome { entries: entries.into_iter().collect(), in_pipeline }
}

/// The first rule that matches decides; without one the job, or the pipeline, is left out. Where a rule may match,
/// it or a later one decides.
fn by_rules(
    rules: &[Rule<'_>],
    default_when: Option<&str>,
    scenario: &Scenario,
    variables: &dyn Fn(&str) -> Value,
    pipeline: Truth,
) -> Outcome {
    let mut entries = Vec::new();
    // Whether a rule is reached at all, and what those so far that can decide have to say.
    let mut reached = pipeline;
    let mut decisions = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let matches = rule.matches(scenario, variables);
        if matches == Truth::No {
            continue;
        }
        let added = is_added(rule.when.or(default_when));
        decisions.push(added);
        let certainty = certainty(reached.and(matches).and(added));
        entries.extend(certainty.map(|certainty| Entry { rule: Some(at), certainty }));
        if matches == Truth::Yes {
            reached = Truth::No;
            break;
        }
        reached = reached.and(Truth::Maybe);
    }
    if reached != Truth::No {
        decisions.push(Truth::No);
    }
    let agreed = decisions.into_iter().reduce(|left, right| if left == right { left } else { Truth::Maybe });
    Outcome { entries, in_pipeline: pipeline.and(agreed.unwrap_or(Truth::No)) }
}

/// Whether a job with this `when` is added. A value that GitLab does not know makes the configuration invalid.
fn is_added(when: Option<&str>) -> Truth {
    match when {
        Some("never") => Truth::No,
        None | Some("on_success" | "on_failure" | "always" | "manual" | "delayed") => Truth::Yes,
        Some(_) => Truth::Maybe,
    }
}

/// `changes` without `compare_to`: what has changed is known only to pipelines of merge requests and of pushes to
/// branches, and to child pipelines, which take it over. In all others it holds.
///
/// Sources: `lib/gitlab/ci/build/rules/rule/clause/changes.rb`, `modified_paths` in `app/models/ci/pipeline.rb`,
/// "`rules:changes`" in `doc/ci/yaml/_index.md`.
pub(super) fn changes(scenario: &Scenario) -> Truth {
    use PipelineSource::{ExternalPullRequest, ParentPipeline, Push};
    let known = [Push, ParentPipeline, ExternalPullRequest].into_iter().collect();
    match scenario.kind {
        PipelineKind::Tag(_) => Truth::Yes,
        PipelineKind::Branch(_) if scenario.sources.without(known) == scenario.sources => Truth::Yes,
        PipelineKind::Branch(_) | PipelineKind::MergeRequest => Truth::Maybe,
    }
}

/// Whether the job can be in a pipeline of a protected ref, if the project has such refs.
#[must_use]
pub fn may_run_on_protected(runs: &[Run]) -> Truth {
    may_run(runs, true)
}

/// Whether the job can be in a pipeline of a ref that is not protected, if the project has such refs.
#[must_use]
pub fn may_run_on_unprotected(runs: &[Run]) -> Truth {
    may_run(runs, false)
}

fn may_run(runs: &[Run], protected: bool) -> Truth {
    let truth = |run: &Run| match run.scenario.protected {
        Some(is_protected) if is_protected != protected => Truth::No,
        Some(_) if run.in_pipeline == Certainty::Yes => Truth::Yes,
        _ => Truth::Maybe,
    };
    runs.iter().map(truth).fold(Truth::No, Truth::or)
}

#[cfg(test)]
#[path = "runs_tests.rs"]
mod tests;
