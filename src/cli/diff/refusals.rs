//! Why files are refused, and what is in force in their place.

use crate::access::{AgentFile, Index, World};
use crate::agent_config::{AgentConfig, RefusedAt};
use crate::diff::{Change, Diff, Refused, Side, Sides, compare};
use crate::schema::{ProblemKind, Stage};
use crate::source::Span;
use crate::words::excerpt;

/// Says of each file that is refused where and why, and which commit is in force in its place.
pub(super) fn explain<'c>(
    diff: &mut Diff,
    base: &Index<'_>,
    head: &Index<'_>,
    in_force: impl Iterator<Item = &'c (String, String)> + Clone,
) {
    for (side, refused) in &mut diff.refused {
        let index = if *side == Side::Base { base } else { head };
        let agent = index.agents().iter().find(|agent| agent.context() == refused.context);
        let Some(source) = agent.and_then(|agent| agent.file?.source) else { continue };
        let config = AgentConfig::read(source, index.settings().version);
        if let Some((why, span)) = refusal(&config) {
            refused.why = why;
            refused.line = Some(source.position(span.start).line);
        }
        if *side == Side::Base {
            let commit = in_force.clone().find(|(context, _)| *context == refused.context);
            refused.in_force = commit.map(|(_, commit)| commit.clone());
        }
    }
}

/// What the author of a refused file of HEAD meant, from the part of it that can be read. It does not happen.
pub(super) fn would_be(diff: &Diff, base: &Index<'_>, head: &Index<'_>) -> Vec<Change> {
    // Of what is no text, nothing can be read.
    let is_text = |refused: &&Refused| !matches!(refused.step, RefusedAt::Read | RefusedAt::Size | RefusedAt::Yaml);
    let of_head = diff.refused.iter().filter(|(side, _)| *side == Side::Head).map(|(_, refused)| refused);
    let refused: Vec<&str> = of_head.filter(is_text).map(|refused| &*refused.context).collect();
    if refused.is_empty() {
        return Vec::new();
    }
    let files = head.agents().iter().filter_map(|agent| Some(AgentFile { refused: None, ..agent.file? })).collect();
    let meant = World { inventory: head.inventory(), files, settings: head.settings() }.authorize();
    let mut changes = compare(&Sides { base, head: &meant, in_force: None, settled: &[] }).changes;
    changes.retain(|change| refused.contains(&&*change.context));
    changes
}

/// The first thing that a file is refused for, as a clause.
fn refusal(config: &AgentConfig) -> Option<(String, Span)> {
    if let Some(problem) = config.document.problems().first() {
        return Some((String::new(), problem.span));
    }
    let stage = config
        .problems
        .iter()
        .map(|problem| problem.stage)
        .filter(|stage| matches!(stage, Stage::Decode | Stage::Validate))
        .min()?;
    let problem = config.problems.iter().find(|problem| problem.stage == stage)?;
    let parent = problem.route.rsplit_once('.').map(|(parent, _)| parent);
    let why = match (&problem.kind, parent) {
        (ProblemKind::UnknownKey { key, .. }, Some(parent)) => {
            format!("{} is no key of {}", excerpt(key), excerpt(parent))
        }
        (ProblemKind::UnknownKey { key, .. }, None) => format!("{} is no key of the configuration", excerpt(key)),
        (ProblemKind::WrongType { .. }, _) => format!("the value of {} has the wrong type", excerpt(&problem.route)),
        _ => format!("at {}", excerpt(&problem.route)),
    };
    Some((why, problem.span))
}
