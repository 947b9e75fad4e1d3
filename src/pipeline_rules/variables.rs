//! The predefined variables that conditions can read, and which of them a pipeline has.
//!
//! Sources: `lib/gitlab/ci/variables/builder/pipeline.rb`, `app/models/merge_request.rb`,
//! `doc/ci/variables/predefined_variables.md`.

use crate::gitlab::{PartialText, Shape};

use super::evaluate::Value;
use super::scenario::{PipelineKind, Scenario};
use super::source::PipelineSource;

/// Whether the value of a predefined variable hangs on what creates the pipeline.
pub(super) fn hangs_on_source(name: &str) -> bool {
    ["CHAT_", "CI_EXTERNAL_PULL_REQUEST_", "CI_PIPELINE_", "CI_TRIGGER_", "TRIGGER_PAYLOAD", "CI_COMMIT_BEFORE_SHA"]
        .iter()
        .any(|start| name.starts_with(start))
}

/// The variables that name the branches of a merge request.
pub(super) const MERGE_REQUEST_BRANCHES: [&str; 2] =
    ["CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"];

/// The variable that names the project of a merge request's source branch.
const SOURCE_PROJECT: &str = "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH";

/// Whether the value of a predefined variable hangs on the protection of the ref. Of a merge request whose pipeline is protected,
/// both branches are protected ones of the same project.
pub(super) fn hangs_on_protection(name: &str) -> bool {
    matches!(name, "CI_COMMIT_REF_PROTECTED" | "CI_COMMIT_REF_NAME" | SOURCE_PROJECT)
        || MERGE_REQUEST_BRANCHES.contains(&name)
}

fn text(name: &str, shape: Shape) -> Value {
    Value::Text(PartialText::unknown(name, shape))
}

impl Scenario {
    /// The value of a predefined variable while the pipeline is created; `None` for a variable that this kind of
    /// pipeline says nothing about.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<Value> {
        let is_merge_request = self.kind == PipelineKind::MergeRequest;
        Some(match name {
            "CI" | "GITLAB_CI" => "true".into(),
            "CI_COMMIT_BRANCH" if matches!(self.kind, PipelineKind::Branch(_)) => self.ref_name(),
            "CI_COMMIT_TAG" if matches!(self.kind, PipelineKind::Tag(_)) => self.ref_name(),
            "CI_COMMIT_TAG_MESSAGE" if matches!(self.kind, PipelineKind::Tag(_)) => text(name, Shape::Any),
            "CI_COMMIT_BRANCH" | "CI_COMMIT_TAG" | "CI_COMMIT_TAG_MESSAGE" => Value::Unset,
            "CI_COMMIT_REF_NAME" if is_merge_request => return self.variable("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"),
            "CI_COMMIT_REF_NAME" => self.ref_name(),
            "CI_COMMIT_REF_SLUG" => self.slug(),
            "CI_COMMIT_REF_PROTECTED" => match self.protected {
                Some(true) => "true".into(),
                Some(false) => "false".into(),
                None => text(name, Shape::NotEmpty),
            },
            "CI_DEFAULT_BRANCH" => Value::Text(self.names.default_branch.clone()),
            "CI_PIPELINE_SOURCE" => self.source(),
            "CI_COMMIT_BEFORE_SHA" => self.before_sha(),
            "CI_COMMIT_SHA" | "CI_COMMIT_SHORT_SHA" => text(name, Shape::Hex),
            "CI_COMMIT_AUTHOR" | "CI_COMMIT_TIMESTAMP" => text(name, Shape::NotEmpty),
            "CI_COMMIT_MESSAGE" | "CI_COMMIT_TITLE" | "CI_COMMIT_DESCRIPTION" => text(name, Shape::Any),
            "CI_OPEN_MERGE_REQUESTS" if matches!(self.kind, PipelineKind::Tag(_)) => Value::Unset,
            "CI_OPEN_MERGE_REQUESTS" | "CI_KUBERNETES_ACTIVE" | "CI_DEPLOY_FREEZE" => Value::Unknown,
            // Those exist only when a runner has the job.
            "CI_JOB_ID" | "CI_JOB_URL" | "CI_JOB_TOKEN" | "CI_JOB_STARTED_AT" | "CI_PIPELINE_ID"
            | "CI_PIPELINE_URL" => Value::Unset,
            name if name.starts_with("CI_MERGE_REQUEST_") => {
                if is_merge_request {
                    self.of_protected_merge_request(name).unwrap_or_else(|| merge_request(name))
                } else {
                    Value::Unset
                }
            }
            name => return self.variable_of_source(name),
        })
    }

    /// What is known beside the others of a merge request whose pipeline is protected.
    fn of_protected_merge_request(&self, name: &str) -> Option<Value> {
        let of_protected = self.names.protected_merge_request.as_ref().filter(|_| self.protected == Some(true))?;
        match name {
            SOURCE_PROJECT => Some(of_protected.project.as_deref()?.into()),
            _ if MERGE_REQUEST_BRANCHES.contains(&name) => {
                Some(Value::Other(PartialText::unknown(name, Shape::NotEmpty), of_protected.other_branches.clone()))
            }
            _ => None,
        }
    }

    /// The variables that only pipelines of one source have.
    fn variable_of_source(&self, name: &str) -> Option<Value> {
        let source = match name {
            "CI_PIPELINE_SCHEDULE_DESCRIPTION" => PipelineSource::Schedule,
            "CI_PIPELINE_TRIGGERED" | "CI_TRIGGER_SHORT_TOKEN" | "TRIGGER_PAYLOAD" => PipelineSource::Trigger,
            "CHAT_CHANNEL" | "CHAT_INPUT" | "CHAT_USER_ID" => PipelineSource::Chat,
            name if name.starts_with("CI_EXTERNAL_PULL_REQUEST_") => PipelineSource::ExternalPullRequest,
            _ => return None,
        };
        Some(if self.sources.contains(source) { Value::Unknown } else { Value::Unset })
    }

    fn source(&self) -> Value {
        if let Some(source) = self.sources.single() {
            return source.name().into();
        }
        let others = PipelineSource::ALL.into_iter().filter(|source| !self.sources.contains(*source));
        let others = others.map(|source| source.name().into()).collect();
        Value::Other(PartialText::unknown("CI_PIPELINE_SOURCE", Shape::NotEmpty), others)
    }

    /// All zeros in pipelines for merge requests, in scheduled ones and in those started by hand
    /// (`doc/ci/variables/predefined_variables.md`).
    fn before_sha(&self) -> Value {
        use PipelineSource::{MergeRequest, Schedule, Web};
        let is_nought = self.sources.without([MergeRequest, Schedule, Web].into_iter().collect()).is_empty();
        if is_nought {
            Value::Text(PartialText::known(&"0".repeat(40)))
        } else {
            text("CI_COMMIT_BEFORE_SHA", Shape::Hex)
        }
    }

    fn slug(&self) -> Value {
        match self.ref_name() {
            Value::Text(name) | Value::Other(name, _) if name.as_known().is_some() => {
                Value::Text(PartialText::known(&ref_slug(name.as_known().unwrap_or_default())))
            }
            _ => text("CI_COMMIT_REF_SLUG", Shape::Slug),
        }
    }
}

/// A variable of a merge request's pipeline.
fn merge_request(name: &str) -> Value {
    match name {
        "CI_MERGE_REQUEST_ID"
        | "CI_MERGE_REQUEST_IID"
        | "CI_MERGE_REQUEST_PROJECT_ID"
        | "CI_MERGE_REQUEST_SOURCE_PROJECT_ID" => text(name, Shape::Digits),
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"
        | "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"
        | "CI_MERGE_REQUEST_EVENT_TYPE"
        | "CI_MERGE_REQUEST_PROJECT_PATH"
        | "CI_MERGE_REQUEST_PROJECT_URL"
        | "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH"
        | "CI_MERGE_REQUEST_SOURCE_PROJECT_URL"
        | "CI_MERGE_REQUEST_TITLE" => text(name, Shape::NotEmpty),
        "CI_MERGE_REQUEST_REF_PATH" => {
            let mut path = PartialText::known("refs/merge-requests/");
            path.push(&PartialText::unknown("CI_MERGE_REQUEST_IID", Shape::Digits));
            path.push_known("/head");
            Value::Text(path)
        }
        _ => Value::Unknown,
    }
}

/// `CI_COMMIT_REF_SLUG` of a name: lower case, 63 bytes, `-` for all but letters and digits, none at the ends.
///
/// Source: `doc/ci/variables/predefined_variables.md`.
fn ref_slug(name: &str) -> String {
    let is_kept = |character: &char| character.is_ascii_lowercase() || character.is_ascii_digit();
    let lower = name.to_lowercase();
    let slug = lower.chars().map(|character| if is_kept(&character) { character } else { '-' });
    slug.take(63).collect::<String>().trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::enumerate::{Mentioned, scenarios};
    use super::super::scenario::RefFacts;
    use super::*;

    #[test]
    fn each_kind_of_pipeline_has_its_variables() {
        let facts = RefFacts { default_branch: Some("main".to_owned()), ..RefFacts::default() };
        let scenarios = scenarios(&facts, &Mentioned::default());
        let of = |words: &str, name: &str| {
            let scenario = scenarios.iter().find(|scenario| scenario.to_string() == words).unwrap();
            scenario.variable(name)
        };
        let branch = "the default branch `main`";
        let (tag, merge_request) = ("protected tags", "merge request pipelines");
        assert_eq!(of(branch, "CI_COMMIT_BRANCH"), Some("main".into()));
        assert_eq!(of(branch, "CI_COMMIT_REF_SLUG"), Some("main".into()));
        assert_eq!(of(branch, "CI_COMMIT_TAG"), Some(Value::Unset));
        assert_eq!(of(branch, "CI_MERGE_REQUEST_IID"), Some(Value::Unset));
        assert_eq!(of(branch, "CI_COMMIT_REF_PROTECTED"), Some(text("CI_COMMIT_REF_PROTECTED", Shape::NotEmpty)));
        assert_eq!(of(tag, "CI_COMMIT_BRANCH"), Some(Value::Unset));
        assert_eq!(of(tag, "CI_COMMIT_REF_PROTECTED"), Some("true".into()));
        assert_eq!(of(tag, "CI_OPEN_MERGE_REQUESTS"), Some(Value::Unset));
        assert_eq!(of(tag, "CI_COMMIT_REF_NAME"), of(tag, "CI_COMMIT_TAG"));
        assert_eq!(of(merge_request, "CI_COMMIT_BRANCH"), Some(Value::Unset));
        assert_eq!(of(merge_request, "CI_COMMIT_TAG"), Some(Value::Unset));
        assert_eq!(of(merge_request, "CI_MERGE_REQUEST_IID"), Some(text("CI_MERGE_REQUEST_IID", Shape::Digits)));
        assert_eq!(of(merge_request, "CI_COMMIT_REF_PROTECTED"), Some("false".into()));
        assert_eq!(of(merge_request, "CHAT_INPUT"), Some(Value::Unset));
        assert_eq!(of(merge_request, "KUBE_CONTEXT"), None);
    }

    #[test]
    fn slugs_of_refs() {
        assert_eq!(ref_slug("Feature/ÄB_1-"), "feature--b-1");
        assert_eq!(ref_slug(&"x".repeat(70)).len(), 63);
    }
}
