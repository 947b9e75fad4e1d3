//! The kinds of pipelines that a condition can tell apart.

use std::fmt;
use std::sync::Arc;

use crate::gitlab::{MergeRequestProtection, PartialText, Shape};

use super::evaluate::Value;
use super::source::{PipelineSource, Sources};

/// The branch of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BranchName {
    /// The project's default branch, and its name if that is known.
    Default(Option<Box<str>>),
    /// The branch of this name.
    Named(Box<str>),
    /// A branch that this rule of a protected branch matches, and that is none of the others.
    Matching(Box<str>),
    /// A branch that is none of the others.
    Other,
}

/// The tag of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TagName {
    /// The tag of this name.
    Named(Box<str>),
    /// A tag that this rule of a protected tag matches, and that is none of the others.
    Matching(Box<str>),
    /// A tag that is none of the others.
    Other,
}

/// What a pipeline runs on.
///
/// Scheduled, triggered, child pipelines and the like are pipelines of a branch or tag, with another
/// `CI_PIPELINE_SOURCE`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PipelineKind {
    /// A branch.
    Branch(BranchName),
    /// A tag.
    Tag(TagName),
    /// A merge request: its head, its merged result or its place in a merge train.
    MergeRequest,
}

impl PipelineKind {
    /// What can create such pipelines. A child pipeline runs on what its parent runs on, merge requests included.
    #[must_use]
    pub fn possible_sources(&self) -> Sources {
        use PipelineSource::{Chat, ExternalPullRequest, MergeRequest, ParentPipeline};
        let all: Sources = PipelineSource::ALL.into_iter().collect();
        match self {
            Self::Branch(_) => all.without(MergeRequest.into()),
            Self::Tag(_) => all.without([MergeRequest, Chat, ExternalPullRequest].into_iter().collect()),
            Self::MergeRequest => [MergeRequest, ParentPipeline].into_iter().collect(),
        }
    }
}

/// What is known about a project's refs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefFacts {
    /// The name of the default branch.
    pub default_branch: Option<String>,
    /// The rules of protected branches; `None` if they are not known.
    pub protected_branches: Option<Vec<Box<str>>>,
    /// The rules of protected tags; `None` if they are not known.
    pub protected_tags: Option<Vec<Box<str>>>,
    /// What protects pipelines of merge requests.
    pub merge_requests: MergeRequestProtection,
    /// The project's full path.
    pub project: Option<String>,
}

/// A kind of pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// What the pipeline runs on.
    pub kind: PipelineKind,
    /// What creates it: one of these.
    pub sources: Sources,
    /// Whether the ref is protected; `None` if that is not known.
    ///
    /// For merge requests it is not known where settings and rights decide about it ([`MergeRequestProtection::Open`]); else it is `Some(false)`, unless
    /// a rule counts and is known that matches `refs/merge-requests/…`, such as `*`.
    pub protected: Option<bool>,
    /// The names that have scenarios of their own.
    pub(super) names: Arc<Names>,
}

/// The names that have scenarios of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) default_branch: PartialText,
    pub(super) branches: Arc<[PartialText]>,
    pub(super) tags: Arc<[PartialText]>,
    /// What holds of a merge request whose pipeline is protected.
    pub(super) protected_merge_request: Option<ProtectedMergeRequest>,
}

/// What holds of a merge request whose pipeline is protected by the protection of its branches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProtectedMergeRequest {
    /// The project of both branches.
    pub(super) project: Option<String>,
    /// Branches that are not protected, so that neither is one of them.
    pub(super) other_branches: Arc<[PartialText]>,
}

impl Scenario {
    /// The value of `CI_COMMIT_BRANCH` or `CI_COMMIT_TAG`; [`Value::Unset`] for a merge request.
    #[must_use]
    pub fn ref_name(&self) -> Value {
        let names = &self.names;
        let unknown = |name| PartialText::unknown(name, Shape::NotEmpty);
        match &self.kind {
            PipelineKind::Branch(BranchName::Default(_)) => Value::Text(names.default_branch.clone()),
            PipelineKind::Branch(BranchName::Named(name)) if names.default_branch.as_known().is_none() => {
                Value::Other(PartialText::known(name), [names.default_branch.clone()].into())
            }
            PipelineKind::Branch(BranchName::Named(name)) | PipelineKind::Tag(TagName::Named(name)) => {
                Value::Text(PartialText::known(name))
            }
            PipelineKind::Branch(BranchName::Matching(rule)) => {
                Value::Other(matching("CI_COMMIT_BRANCH", rule), names.branches.clone())
            }
            PipelineKind::Branch(BranchName::Other) => {
                Value::Other(unknown("CI_COMMIT_BRANCH"), names.branches.clone())
            }
            PipelineKind::Tag(TagName::Matching(rule)) => {
                Value::Other(matching("CI_COMMIT_TAG", rule), names.tags.clone())
            }
            PipelineKind::Tag(TagName::Other) => Value::Other(unknown("CI_COMMIT_TAG"), names.tags.clone()),
            PipelineKind::MergeRequest => Value::Unset,
        }
    }

    /// The same kind of pipeline, created by one of these.
    #[must_use]
    pub fn created_by(&self, sources: Sources) -> Self {
        Self { sources, ..self.clone() }
    }

    /// The same kind of pipeline, where the ref is protected or is not.
    #[must_use]
    pub fn with_protection(&self, protected: Option<bool>) -> Self {
        Self { protected, ..self.clone() }
    }
}

/// A name that the rule matches.
fn matching(variable: &str, rule: &str) -> PartialText {
    if rule.chars().all(|character| character == '*') {
        return PartialText::unknown(variable, Shape::NotEmpty);
    }
    let mut text = PartialText::default();
    for (at, part) in rule.split('*').enumerate() {
        if at > 0 {
            text.push(&PartialText::unknown(variable, Shape::Any));
        }
        text.push_known(part);
    }
    text
}

impl fmt::Display for PipelineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Branch(BranchName::Default(Some(name))) => write!(f, "the default branch `{name}`"),
            Self::Branch(BranchName::Default(None)) => f.write_str("the default branch"),
            Self::Branch(BranchName::Named(name)) => write!(f, "the branch `{name}`"),
            Self::Branch(BranchName::Matching(rule)) => write!(f, "branches that match `{rule}`"),
            Self::Branch(BranchName::Other) => f.write_str("other branches"),
            Self::Tag(TagName::Named(name)) => write!(f, "the tag `{name}`"),
            Self::Tag(TagName::Matching(rule)) => write!(f, "tags that match `{rule}`"),
            Self::Tag(TagName::Other) => f.write_str("tags"),
            Self::MergeRequest => f.write_str("merge request pipelines"),
        }
    }
}

impl fmt::Display for Scenario {
    /// `merge request pipelines`, `other protected branches`, `the branch `develop` (only scheduled pipelines)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.kind, self.protected) {
            (PipelineKind::Branch(BranchName::Other), Some(true)) => f.write_str("other protected branches")?,
            (PipelineKind::Branch(BranchName::Other), Some(false)) => {
                f.write_str("other branches that are not protected")?;
            }
            (PipelineKind::Tag(TagName::Other), Some(true)) => f.write_str("protected tags")?,
            (PipelineKind::Tag(TagName::Other), Some(false)) => f.write_str("tags that are not protected")?,
            (PipelineKind::MergeRequest, Some(true)) => f.write_str("protected merge request pipelines")?,
            (kind, _) => kind.fmt(f)?,
        }
        let left_out = self.kind.possible_sources().without(self.sources);
        if left_out.is_empty() {
            Ok(())
        } else if left_out.len() < self.sources.len() {
            write!(f, " (not {left_out})")
        } else {
            write!(f, " (only {})", self.sources)
        }
    }
}
