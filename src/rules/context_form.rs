//! Names of contexts that no agent can have, by their form.

use super::given::JobContext;
use super::jobs::{finding_on, renamed};
use super::malformed_context::{INFO, known_agents};
use super::malformed_id::is_placeholder;
use crate::access::jobs::{By, Selection};
use crate::diagnostic::{Finding, Safety, Severity};
use crate::gitlab::{TextPart, is_agent_name, lower_path, parent_path, path_fault};
use crate::words::{brief, excerpt};

/// Variables whose values are no project's full path. Source: `doc/ci/variables/predefined_variables.md`.
const NO_PATHS: [(&str, &str); 5] = [
    ("CI_PROJECT_NAME", "the last part of the path alone"),
    ("CI_PROJECT_ID", "a number"),
    ("CI_PROJECT_PATH_SLUG", "a slug"),
    ("CI_PROJECT_NAMESPACE", "the path of the group"),
    ("CI_PROJECT_ROOT_NAMESPACE", "the path of the top-level group"),
];

/// What may hold such a context all the same.
const UNLESS: &str = "only a KUBECONFIG variable of the project could hold another";

/// Whether no project can have this path: a placeholder, or the group of the job's own project.
pub(super) fn is_no_project(path: &str, cx: &JobContext<'_>) -> bool {
    is_placeholder(path) || is_own_group(path, cx)
}

fn is_own_group(path: &str, cx: &JobContext<'_>) -> bool {
    let group = cx.project_path().and_then(parent_path);
    group.is_some_and(|group| lower_path(group) == lower_path(path))
}

/// A context of what is no project.
pub(super) fn no_project(path: &str, selection: &Selection, cx: &JobContext<'_>) -> Option<Finding> {
    let written = brief(&selection.context.to_string());
    let (message, label) = match is_placeholder(path) {
        true => (
            format!("{written} is no agent's context: its path is a placeholder of the documentation"),
            "a placeholder",
        ),
        false if is_own_group(path, cx) => (
            format!("{written} is no agent's context: {} is a group, and agents belong to projects", excerpt(path)),
            "a group's path",
        ),
        false => return None,
    };
    let help = "write the path of the project in which the agent is registered, a colon, and the agent's name";
    Some(finding_on(&INFO, selection, message).label(label).help(help))
}

/// A context that begins with a variable which holds no project's path.
pub(super) fn no_path(selection: &Selection) -> Option<Finding> {
    let [TextPart::Unknown { name, .. }, TextPart::Known(rest)] = selection.context.parts() else { return None };
    let agent = rest.strip_prefix(':').filter(|agent| is_agent_name(agent))?;
    let (variable, what) = NO_PATHS.iter().find(|(variable, _)| *variable == &**name)?;
    let message = format!(
        "`${variable}:{agent}` is no agent's context: `${variable}` is {what}, and a context begins with the full path"
    );
    Some(finding_on(&INFO, selection, message).label("no full path").help(format!("write `$CI_PROJECT_PATH:{agent}`")))
}

/// A name that can be no agent's context, though it is evidently meant for one.
pub(super) fn impossible(name: &str, selection: &Selection, cx: &JobContext<'_>) -> Option<Finding> {
    let (path, agent) = name.rsplit_once(':').filter(|(_, agent)| is_agent_name(agent))?;
    let finding = |message: String, label: &str, known: Option<&String>| {
        let help = known.map_or_else(
            || "write `<project path>:<agent name>`, as `kubectl config get-contexts` shows it".to_owned(),
            |context| format!("write {}", excerpt(context)),
        );
        renamed(finding_on(&INFO, selection, message).label(label).help(help), Safety::Unsafe, known, selection)
    };
    let agents = known_agents(cx);
    if let Some((_, rest)) = path.split_once("://") {
        let meant = rest.split_once('/').map(|(_, path)| format!("{path}:{agent}"));
        let known = agents.iter().find(|context| Some(*context) == meant.as_ref());
        let message =
            format!("{} is no agent's context: it begins with an address, and contexts with a path", brief(name));
        return Some(finding(message, "an address", known));
    }
    if path.starts_with('/') || path.ends_with('/') {
        let meant = format!("{}:{agent}", path.trim_matches('/'));
        let message = format!("{} is no agent's context: full paths have no slash at their ends", brief(name));
        return Some(finding(message, "a slash too many", agents.iter().find(|context| **context == meant)));
    }
    // One part alone may be the name of something else, where nobody knows of agents.
    let is_one_part = !path.contains([':', '/']) && path_fault(path).is_none();
    let knows_agents = cx.uses_agents || !agents.is_empty();
    if !is_one_part || !knows_agents {
        return None;
    }
    let meant = |context: &&String| {
        context.split_once(':').is_some_and(|(project, name)| name == agent && project.rsplit('/').next() == Some(path))
    };
    let message = format!(
        "{} is no agent's context: a context begins with the project's full path, its groups included; {UNLESS}",
        brief(name)
    );
    Some(finding(message, "no full path", agents.iter().find(meant)))
}

/// A name without a colon, for which nothing makes a kubeconfig.
pub(super) fn bare(name: &str, selection: &Selection, cx: &JobContext<'_>) -> Option<Finding> {
    if !cx.uses_agents || name.is_empty() || name.contains(':') || matches!(selection.by, By::Environment | By::Value) {
        return None;
    }
    let message =
        format!("{} is no agent's context, which has the form `<project path>:<agent name>`; {UNLESS}", brief(name));
    let finding = finding_on(&INFO, selection, message).label("no agent's").severity(Severity::Note);
    Some(finding.help("write the agent's context, or make a kubeconfig before"))
}
