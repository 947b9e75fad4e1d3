//! What a fetch would ask, without asking it.

use super::ask::{Ask, encoded};
use super::instance;
use super::steps::Targets;
use crate::api::ApiError;

/// A step of a fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is asked for.
    pub what: &'static str,
    /// How many requests; `None` where that hangs on what comes before.
    pub requests: Option<usize>,
    /// On what the number hangs.
    pub note: String,
}

/// What a fetch would ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The release.
    pub version: String,
    /// The steps, in their order.
    pub steps: Vec<Step>,
    /// How many requests the plan took.
    pub made: usize,
}

/// Works out what a fetch would ask: counts come from the first pages of lists by REST.
///
/// # Errors
/// When the instance does not answer, or not to this token.
pub fn plan(ask: &dyn Ask, targets: &Targets) -> Result<Plan, ApiError> {
    let instance = instance::look(ask)?;
    let mut made = 2;
    let mut count = |path: &str| -> Result<Option<usize>, ApiError> {
        made += 1;
        match ask.get(path) {
            // Above 10,000 GitLab does not say how many there are.
            Ok(response) => Ok(response.header("x-total").and_then(|total| total.parse().ok())),
            Err(ApiError::NotFound) => Ok(Some(0)),
            Err(error) => Err(error),
        }
    };
    let (mut groups, mut projects) = (Some(0), Some(0));
    let sum = |so_far: Option<usize>, more: Option<usize>| Some(so_far? + more?);
    match targets {
        Targets::Groups(paths) => {
            for path in paths {
                let path = encoded(path);
                groups = sum(
                    groups,
                    count(&format!("/api/v4/groups/{path}/descendant_groups?per_page=1"))?.map(|count| count + 1),
                );
                let list =
                    format!("/api/v4/groups/{path}/projects?include_subgroups=true&with_shared=false&per_page=1");
                projects = sum(projects, count(&list)?);
            }
        }
        Targets::Projects(paths) => projects = Some(paths.len()),
        Targets::Instance => {
            groups = count("/api/v4/groups?per_page=1")?;
            projects = count("/api/v4/projects?per_page=1")?;
        }
    }
    let pages = |count: Option<usize>, page: usize| count.map(|count| count.div_ceil(page).max(1));
    let told = |count: Option<usize>, noun: &str| match count {
        None => format!("GitLab does not say how many {noun}s, as for more than 10,000"),
        Some(1) => format!("1 {noun}"),
        Some(count) => format!("{count} {noun}s"),
    };
    let project_page = if matches!(targets, Targets::Projects(_)) { super::queries::MOST_PATHS } else { 100 };
    let mut steps = vec![Step { what: "release, token", requests: Some(2), note: String::new() }];
    if !matches!(targets, Targets::Projects(_)) {
        steps.push(Step { what: "groups", requests: pages(groups, 100), note: told(groups, "group") });
    }
    let as_needed = |what, note: &str| Step { what, requests: None, note: note.to_owned() };
    if instance.is_asked_by_rest() {
        let listed = if matches!(targets, Targets::Projects(_)) { projects } else { pages(projects, 100) };
        steps.extend([
            Step { what: "projects", requests: listed, note: told(projects, "project") },
            Step {
                what: "agents, folders",
                requests: projects.map(|count| 2 * count),
                note: "two a project".to_owned(),
            },
            Step { what: "CI files", requests: projects, note: "one a project".to_owned() },
            as_needed("agent files", "one each"),
        ]);
    } else {
        steps.extend([
            Step { what: "projects", requests: pages(projects, project_page), note: told(projects, "project") },
            as_needed("agent files", "one for each 11 configuration projects"),
        ]);
    }
    steps.extend([
        as_needed("includes", "of projects that an entry lets in"),
        as_needed("environments", "one a project that an entry with environments is about"),
        as_needed("protected refs", "two a project that an entry for protected refs is about"),
        as_needed("Auto DevOps", "of projects without a CI file; at most one for each 100 projects"),
        Step { what: "licence, settings", requests: Some(2), note: String::new() },
    ]);
    let version = instance.version_or_newest();
    Ok(Plan { version: format!("{}.{}", version.major, version.minor), steps, made })
}
