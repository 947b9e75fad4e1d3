//! The kinds of pipelines that a case of a job runs in, in few words.

use crate::gitlab::PartialText;
use crate::pipeline_rules::{BranchName, Certainty, PipelineKind, PipelineSource, Run, Scenario, TagName, Value};
use crate::words;

/// "default branch", "branches", "tags v*", "perhaps merge requests", "branches (scheduled pipelines)".
pub(super) fn in_words(runs: &[Run]) -> Vec<String> {
    let mut groups: Vec<((bool, String), Vec<&Scenario>)> = Vec::new();
    let kinds = joined(runs);
    for (scenario, is_certain) in &kinds {
        let key = (*is_certain, sources(scenario));
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, scenarios)) => scenarios.push(scenario),
            None => groups.push((key, vec![scenario])),
        }
    }
    // What is sure stands first.
    groups.sort_by_key(|((is_certain, _), _)| !is_certain);
    let mut parts = Vec::new();
    for ((is_certain, sources), scenarios) in groups {
        let mut of_group: Vec<String> = branches(&scenarios);
        of_group.extend(tags(&scenarios));
        let mut requests = scenarios.iter().filter(|scenario| scenario.kind == PipelineKind::MergeRequest).peekable();
        if requests.peek().is_some() {
            let is_protected = requests.all(|scenario| scenario.protected == Some(true));
            of_group.push(if is_protected { "protected merge requests" } else { "merge requests" }.to_owned());
        }
        let perhaps = if is_certain { "" } else { "perhaps " };
        if sources.is_empty() {
            parts.extend(of_group.iter().map(|part| format!("{perhaps}{part}")));
        } else {
            parts.push(format!("{perhaps}{} ({sources})", of_group.join(" and ")));
        }
    }
    parts.dedup();
    parts
}

/// The kinds of pipelines, each once, and whether the job is in all of its pipelines.
fn joined(runs: &[Run]) -> Vec<(Scenario, bool)> {
    let mut kinds: Vec<(Scenario, bool)> = Vec::new();
    for run in runs {
        let is_certain = run.in_pipeline == Certainty::Yes;
        let is_same = |known: &Scenario| known.kind == run.scenario.kind && known.protected == run.scenario.protected;
        match kinds.iter_mut().find(|(known, _)| is_same(known)) {
            Some((known, all)) => {
                *known = known.created_by(known.sources.with(run.scenario.sources));
                *all &= is_certain;
            }
            None => kinds.push((run.scenario.clone(), is_certain)),
        }
    }
    kinds
}

/// Which pipelines of a kind are meant, if not all are.
fn sources(scenario: &Scenario) -> String {
    let left_out = scenario.kind.possible_sources().without(scenario.sources);
    // That merge requests make pipelines of merge requests need not be said.
    let is_plain = scenario.sources.single() == Some(PipelineSource::MergeRequest);
    if left_out.is_empty() || is_plain {
        String::new()
    } else if left_out.len() < scenario.sources.len() {
        format!("not {left_out}")
    } else {
        scenario.sources.to_string()
    }
}

fn branches(scenarios: &[&Scenario]) -> Vec<String> {
    let of_branches: Vec<&Scenario> =
        scenarios.iter().copied().filter(|scenario| matches!(scenario.kind, PipelineKind::Branch(_))).collect();
    let is_rest = |scenario: &Scenario| match &scenario.kind {
        PipelineKind::Branch(BranchName::Other) => true,
        PipelineKind::Branch(BranchName::Matching(rule)) => rule.chars().all(|character| character == '*'),
        _ => false,
    };
    let named = of_branches.iter().filter_map(|scenario| match &scenario.kind {
        PipelineKind::Branch(BranchName::Default(_)) => Some("default branch".to_owned()),
        PipelineKind::Branch(BranchName::Named(name)) => Some(format!("branch {}", words::printable(name))),
        PipelineKind::Branch(BranchName::Matching(rule)) => Some(format!("branches {}", words::printable(rule))),
        _ => None,
    });
    rest_in_words("branches", &of_branches, is_rest, named.collect())
}

fn tags(scenarios: &[&Scenario]) -> Vec<String> {
    let of_tags: Vec<&Scenario> =
        scenarios.iter().copied().filter(|scenario| matches!(scenario.kind, PipelineKind::Tag(_))).collect();
    let is_rest = |scenario: &Scenario| match &scenario.kind {
        PipelineKind::Tag(TagName::Other) => true,
        PipelineKind::Tag(TagName::Matching(rule)) => rule.chars().all(|character| character == '*'),
        _ => false,
    };
    let named = of_tags.iter().filter_map(|scenario| match &scenario.kind {
        PipelineKind::Tag(TagName::Named(name)) => Some(format!("tag {}", words::printable(name))),
        PipelineKind::Tag(TagName::Matching(rule)) => Some(format!("tags {}", words::printable(rule))),
        _ => None,
    });
    rest_in_words("tags", &of_tags, is_rest, named.collect())
}

/// All of a kind, all but some, or some by name.
fn rest_in_words(
    noun: &str,
    scenarios: &[&Scenario],
    is_rest: impl Fn(&Scenario) -> bool,
    mut named: Vec<String>,
) -> Vec<String> {
    let rest: Vec<&&Scenario> = scenarios.iter().filter(|scenario| is_rest(scenario)).collect();
    let Some(first) = rest.first() else {
        named.dedup();
        return named;
    };
    let is_protected = |wanted: bool| scenarios.iter().all(|scenario| scenario.protected == Some(wanted));
    let missing = left_out(first, scenarios);
    if is_protected(true) && !named.iter().any(|name| name.ends_with(" *")) {
        return vec![format!("protected {noun}")];
    }
    match &missing[..] {
        [] => vec![noun.to_owned()],
        _ if is_protected(false) && named.is_empty() => vec![format!("{noun} that are not protected")],
        names => vec![format!("{noun} but {}", words::some_of(names, 3))],
    }
}

/// The names that have scenarios of their own and are not among these.
fn left_out(rest: &Scenario, scenarios: &[&Scenario]) -> Vec<String> {
    let Value::Other(_, names) = rest.ref_name() else { return Vec::new() };
    let covered: Vec<PartialText> = scenarios
        .iter()
        .filter_map(|scenario| match (&scenario.kind, scenario.ref_name()) {
            (PipelineKind::Branch(BranchName::Named(name)), _) => Some(PartialText::known(name)),
            (_, Value::Text(name)) => Some(name),
            _ => None,
        })
        .collect();
    let missing = names.iter().filter(|name| !covered.contains(name));
    missing.map(|name| name.as_known().map_or_else(|| "the default branch".to_owned(), words::printable)).collect()
}
