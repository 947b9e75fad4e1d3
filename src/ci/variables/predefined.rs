//! Predefined variables: the values that follow from what is known of the project, and what the others look like.
//!
//! Source: `doc/ci/variables/predefined_variables.md`, `app/models/project.rb`, `lib/gitlab/ci/variables/builder.rb`.

use crate::ci::ProjectFacts;
use crate::gitlab::{PartialText, Shape};

/// What the value of a variable that is not known looks like.
///
/// Some predefined variables are not set in every pipeline; whoever knows the pipeline says so with [`Scope::without`](super::Scope::without).
#[must_use]
pub fn shape(name: &str) -> Shape {
    if !name.starts_with("CI_") && !name.starts_with("GITLAB_USER_") {
        return Shape::Any;
    }
    match name {
        "CI_COMMIT_BRANCH"
        | "CI_COMMIT_TAG"
        | "CI_COMMIT_REF_NAME"
        | "CI_DEFAULT_BRANCH"
        | "CI_ENVIRONMENT_NAME"
        | "CI_ENVIRONMENT_ACTION"
        | "CI_ENVIRONMENT_TIER"
        | "CI_JOB_NAME"
        | "CI_JOB_STAGE"
        | "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"
        | "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"
        | "CI_PIPELINE_SOURCE"
        | "CI_PROJECT_DIR"
        | "CI_PROJECT_NAME"
        | "CI_PROJECT_NAMESPACE"
        | "CI_PROJECT_PATH"
        | "CI_PROJECT_ROOT_NAMESPACE"
        | "CI_PROJECT_TITLE"
        | "CI_PROJECT_URL"
        | "CI_SERVER_FQDN"
        | "CI_SERVER_HOST"
        | "CI_SERVER_URL"
        | "CI_API_V4_URL"
        | "GITLAB_USER_LOGIN" => Shape::NotEmpty,
        "CI_COMMIT_REF_SLUG" | "CI_ENVIRONMENT_SLUG" | "CI_PROJECT_PATH_SLUG" | "CI_JOB_NAME_SLUG" => Shape::Slug,
        "CI_COMMIT_SHA"
        | "CI_COMMIT_SHORT_SHA"
        | "CI_COMMIT_BEFORE_SHA"
        | "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"
        | "CI_MERGE_REQUEST_TARGET_BRANCH_SHA" => Shape::Hex,
        "CI_NODE_INDEX"
        | "CI_NODE_TOTAL"
        | "CI_SERVER_PORT"
        | "CI_SERVER_VERSION_MAJOR"
        | "CI_SERVER_VERSION_MINOR"
        | "GITLAB_USER_ID" => Shape::Digits,
        _ if ["CI_PIPELINE_", "CI_JOB_", "CI_PROJECT_", "CI_MERGE_REQUEST_"]
            .iter()
            .any(|start| name.starts_with(start)) =>
        {
            match name.rsplit('_').next() {
                Some("ID" | "IID") => Shape::Digits,
                _ => Shape::Any,
            }
        }
        _ => Shape::Any,
    }
}

/// Whether a variable exists only once its job does, so that it is empty where GitLab expands before that.
///
/// Source: "Persisted variables" in `doc/ci/variables/where_variables_can_be_used.md`, and `CI_ENVIRONMENT_*`.
#[must_use]
pub fn is_persisted(name: &str) -> bool {
    name.starts_with("CI_ENVIRONMENT_")
        || matches!(
            name,
            "CI_PIPELINE_ID"
                | "CI_PIPELINE_URL"
                | "CI_JOB_ID"
                | "CI_JOB_URL"
                | "CI_JOB_TOKEN"
                | "CI_JOB_STARTED_AT"
                | "CI_REGISTRY_USER"
                | "CI_REGISTRY_PASSWORD"
                | "CI_REPOSITORY_URL"
                | "CI_DEPLOY_USER"
                | "CI_DEPLOY_PASSWORD"
        )
}

/// The values that follow from what is known of the project.
pub(super) fn values(facts: &ProjectFacts) -> Vec<(&'static str, PartialText)> {
    let mut values: Vec<(&'static str, String)> =
        vec![("CI", "true".to_owned()), ("GITLAB_CI", "true".to_owned()), ("CI_SERVER", "yes".to_owned())];
    if let Some(path) = &facts.path {
        let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
        values.push(("CI_PROJECT_PATH", path.clone()));
        values.push(("CI_PROJECT_NAME", name.to_owned()));
        values.push(("CI_PROJECT_NAMESPACE", namespace.to_owned()));
        values.push(("CI_PROJECT_ROOT_NAMESPACE", path.split('/').next().unwrap_or_default().to_owned()));
        values.push(("CI_PROJECT_PATH_SLUG", slugify(path)));
    }
    if let Some(id) = facts.id {
        values.push(("CI_PROJECT_ID", id.to_string()));
    }
    if let Some(branch) = &facts.default_branch {
        values.push(("CI_DEFAULT_BRANCH", branch.clone()));
    }
    if let Some(url) = &facts.server_url {
        let url = url.trim_end_matches('/');
        let (protocol, rest) = url.split_once("://").unwrap_or(("https", url));
        let host_and_port = rest.split('/').next().unwrap_or_default();
        values.push(("CI_SERVER_URL", url.to_owned()));
        values.push(("CI_SERVER_PROTOCOL", protocol.to_owned()));
        values.push(("CI_SERVER_FQDN", host_and_port.to_owned()));
        values.push(("CI_SERVER_HOST", host_and_port.split(':').next().unwrap_or_default().to_owned()));
        values.push(("CI_API_V4_URL", format!("{url}/api/v4")));
        if let Some(path) = &facts.path {
            values.push(("CI_PROJECT_URL", format!("{url}/{path}")));
        }
    }
    values.into_iter().map(|(name, value)| (name, PartialText::known(&value))).collect()
}

/// The values that follow from a job's name and stage.
pub(super) fn of_job(name: &str, stage: &str) -> [(&'static str, PartialText); 3] {
    [
        ("CI_JOB_NAME", PartialText::known(name)),
        ("CI_JOB_NAME_SLUG", PartialText::known(&slugify(name))),
        ("CI_JOB_STAGE", PartialText::known(stage)),
    ]
}

/// Lower case, 63 characters at most, `-` for everything that is no letter or digit, none at the ends.
///
/// Source: `slugify` in `lib/gitlab/utils.rb`.
fn slugify(text: &str) -> String {
    let lower = text.to_lowercase();
    let slug: String = lower.chars().take(63).map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    slug.trim_matches('-').to_owned()
}
