//! Why GitLab refuses a file, as a clause.

use crate::agent_config::{AgentConfig, RefusedAt};
use crate::gitlab::Version;
use crate::schema::{Problem, ProblemKind, Stage};
use crate::source::{Source, secrets, visible};

/// So many characters of a key are told.
const MOST: usize = 40;

/// What GitLab objects to first at this step, and the line of that; `None` where the step says it all.
pub(super) fn refusal(source: &Source, version: Version, step: RefusedAt) -> Option<(String, usize)> {
    let config = AgentConfig::read(source, version);
    let line = |offset: usize| source.position(offset).line;
    let stage = match step {
        RefusedAt::Read | RefusedAt::Size => return None,
        RefusedAt::Yaml => {
            let problem = config.document.problems().first()?;
            return Some(("it is no YAML that could become JSON".to_owned(), line(problem.span.start)));
        }
        RefusedAt::Decode => Stage::Decode,
        RefusedAt::Validate => Stage::Validate,
    };
    let problem =
        config.problems.iter().filter(|problem| problem.stage == stage).min_by_key(|problem| problem.span.start)?;
    Some((clause(problem), line(problem.span.start)))
}

fn clause(problem: &Problem) -> String {
    let value = match problem.route.as_str() {
        "" => "the value at the top level".to_owned(),
        route => format!("the value of {}", quoted(route)),
    };
    match &problem.kind {
        ProblemKind::UnknownKey { key, path, .. } if path.len() == 1 => {
            format!("{} is no key at the top level", quoted(key))
        }
        ProblemKind::UnknownKey { key, message, .. } => format!("{} is no key of {}", quoted(key), message.name),
        ProblemKind::WrongType { .. } => format!("{value} has the wrong type"),
        ProblemKind::Missing(key) => format!("`{}` is missing", key.name),
        _ => format!("{value} is not allowed"),
    }
}

fn quoted(text: &str) -> String {
    let masked = secrets::mask(text);
    match masked.char_indices().nth(MOST) {
        None => format!("`{}`", visible(&masked)),
        Some((end, _)) => format!("`{}…`", visible(masked.get(..end).unwrap_or_default())),
    }
}
