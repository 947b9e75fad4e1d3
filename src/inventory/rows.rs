//! The inventory as it is written, item by item, before anything is resolved.

use crate::source::Span;

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rows {
    pub url: Option<Text>,
    pub version: Option<Text>,
    pub tier: Option<Text>,
    pub instance_authorization: Option<(bool, Span)>,
    pub groups: Vec<GroupRow>,
    pub users: Vec<Text>,
    pub projects: Vec<ProjectRow>,
    pub unread: Vec<UnreadRow>,
}

/// What could not be read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct UnreadRow {
    pub project: Option<Text>,
    pub what: Text,
    pub reason: Option<Box<str>>,
    pub needs: Option<Box<str>>,
}

/// A text and where it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Text {
    pub value: Box<str>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct GroupRow {
    pub path: Text,
    pub id: Option<(i64, Span)>,
    pub auto_devops: Option<bool>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct ProjectRow {
    pub path: Text,
    pub id: Option<(i64, Span)>,
    pub default_branch: Option<Box<str>>,
    pub protected_branches: Option<Box<[Box<str>]>>,
    pub protected_tags: Option<Box<[Box<str>]>>,
    pub protect_merge_request_pipelines: Option<bool>,
    pub environments: Option<Box<[NamedRow]>>,
    pub agents: Option<Box<[NamedRow]>>,
    pub archived: Option<bool>,
    pub auto_devops: Option<bool>,
    pub ci_config_path: Option<Box<str>>,
    pub repository: Option<Box<str>>,
}

impl ProjectRow {
    pub fn new(path: Text) -> Self {
        Self {
            path,
            id: None,
            default_branch: None,
            protected_branches: None,
            protected_tags: None,
            protect_merge_request_pipelines: None,
            environments: None,
            agents: None,
            archived: None,
            auto_devops: None,
            ci_config_path: None,
            repository: None,
        }
    }
}

/// An environment with its tier, or an agent with its id.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NamedRow {
    pub name: Text,
    pub tier: Option<Box<str>>,
    pub id: Option<(i64, Span)>,
}
