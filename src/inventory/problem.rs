//! What is wrong with an inventory.

use std::fmt;

use crate::gitlab::{MAX_ANCESTORS, VersionError, lower_path};
use crate::source::Span;
use crate::{schema, yaml};

/// What a path is listed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathUse {
    /// Under `groups`.
    Group,
    /// Under `users`.
    User,
    /// Under `projects`.
    Project,
    /// As part of the path of another group or project.
    Parent,
}

impl fmt::Display for PathUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Group => "a group",
            Self::User => "a user",
            Self::Project => "a project",
            Self::Parent => "the parent of a group or project",
        })
    }
}

/// What is wrong.
#[derive(Clone, Debug)]
pub enum ProblemKind {
    /// It is no YAML.
    Yaml(yaml::ProblemKind),
    /// A key or value is not what the table allows.
    Shape(Box<schema::Problem>),
    /// A key that stands twice in its mapping: the earlier value is lost.
    DuplicateKey(String),
    /// Text behind the first document.
    IgnoredDocument,
    /// The release is none that can be modelled.
    Version(VersionError),
    /// GitLab.com has the instance setting off, and the inventory says on.
    SettingOnGitLabCom,
    /// No path can look like this.
    InvalidPath {
        /// The text.
        path: String,
        /// What is wrong with it, as a clause.
        fault: String,
    },
    /// A project that no group or user holds, or a user name with a slash.
    WrongDepth {
        /// The text.
        path: String,
        /// As what it is listed.
        listed: PathUse,
    },
    /// Deeper than GitLab nests groups.
    TooDeep {
        /// The path.
        path: String,
        /// How many groups stand above it.
        ancestors: usize,
    },
    /// A path that occurs twice; GitLab takes paths that differ in letter case for the same.
    DuplicatePath {
        /// The later one, as written.
        path: String,
        /// The earlier one, as written.
        first: String,
        /// As what the later one is listed.
        listed: PathUse,
        /// As what the earlier one is listed.
        first_listed: PathUse,
    },
    /// An id that two groups or two projects share, or two agents.
    DuplicateId {
        /// The number.
        id: i64,
        /// Who has it.
        owner: String,
        /// Who had it before.
        first_owner: String,
    },
    /// An id that is not above zero.
    InvalidId(i64),
    /// Two agents of the same name in one project.
    DuplicateAgent {
        /// The name.
        name: String,
        /// The project.
        project: String,
    },
    /// A name that no agent can have.
    InvalidAgentName(String),
    /// Two environments of the same name in one project.
    DuplicateEnvironment {
        /// The name.
        name: String,
        /// The project.
        project: String,
    },
}

/// Something wrong at a place of the inventory.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// Where.
    pub span: Span,
    /// Another place that explains it.
    pub related: Option<Span>,
    /// The first of the further places where the same is wrong.
    pub again: Vec<Span>,
    /// How many of these there are.
    pub more: usize,
}

/// How many further places a problem names.
const MOST_AGAIN: usize = 3;

impl Problem {
    pub(super) fn new(kind: ProblemKind, span: Span) -> Self {
        Self { kind, span, related: None, again: Vec::new(), more: 0 }
    }

    pub(super) fn related(mut self, span: Option<Span>) -> Self {
        self.related = span;
        self
    }

    /// What tells whether another problem is the same again; `None` for what is told place by place.
    pub(super) fn repeats(&self) -> Option<String> {
        match &self.kind {
            ProblemKind::DuplicatePath { path, listed, first_listed, .. } => {
                Some(format!("path {listed} {first_listed} {}", lower_path(path)))
            }
            ProblemKind::DuplicateId { id, first_owner, .. } => Some(format!("id {id} {first_owner}")),
            ProblemKind::DuplicateAgent { name, project } => Some(format!("agent {project} {name}")),
            ProblemKind::DuplicateEnvironment { name, project } => Some(format!("environment {project} {name}")),
            _ => None,
        }
    }

    /// Takes over a further place where the same is wrong.
    pub(super) fn add(&mut self, span: Span) {
        self.more += 1;
        if self.again.len() < MOST_AGAIN {
            self.again.push(span);
        }
    }

    /// What is wrong, in a sentence; `None` for syntax and for keys and values, which are worded as those of agent
    /// configurations are.
    #[must_use]
    pub fn message(&self) -> Option<String> {
        let message = self.message_of_one()?;
        Some(match self.more {
            0 => message,
            1 => format!("{message} (the same once more below)"),
            more => format!("{message} (the same {more} more times below)"),
        })
    }

    fn message_of_one(&self) -> Option<String> {
        Some(match &self.kind {
            ProblemKind::Yaml(_) | ProblemKind::Shape(_) => return None,
            ProblemKind::DuplicateKey(key) => {
                format!("`{key}` is written again below, and this value is lost; keep one of the two")
            }
            ProblemKind::IgnoredDocument => {
                "only the first document of a file is read; move this in front of the `---`, or remove it".to_owned()
            }
            ProblemKind::Version(error) => error.to_string(),
            ProblemKind::SettingOnGitLabCom => {
                "GitLab.com has no instance level authorization; write `instance_authorization: false`".to_owned()
            }
            ProblemKind::InvalidPath { path, fault } => format!("`{path}` is no full path: {fault}"),
            ProblemKind::WrongDepth { path, listed: PathUse::User } => {
                format!("`{path}` is no user name: write only the name, and list its projects under `projects`")
            }
            ProblemKind::WrongDepth { path, .. } => {
                format!("the project `{path}` lies in no group or personal namespace; write its full path")
            }
            ProblemKind::TooDeep { path, ancestors } => {
                format!("`{path}` has {ancestors} groups above it, and GitLab allows {MAX_ANCESTORS}; check the path")
            }
            ProblemKind::DuplicatePath { path, first, listed, first_listed } => {
                duplicate_path(path, first, *listed, *first_listed)
            }
            ProblemKind::DuplicateId { id, owner, first_owner } => {
                format!("the id {id} of {owner} is already that of {first_owner}; one of the two is wrong")
            }
            ProblemKind::InvalidId(id) => format!("{id} is no id: ids are whole numbers above 0"),
            ProblemKind::DuplicateAgent { name, project } => {
                format!("the agent `{name}` is listed twice in `{project}`; remove one")
            }
            ProblemKind::InvalidAgentName(name) => format!(
                "`{name}` is no agent name: up to 63 lower-case letters, digits and `-`, with a letter or digit at both \
                 ends"
            ),
            ProblemKind::DuplicateEnvironment { name, project } => {
                format!("the environment `{name}` is listed twice in `{project}`; remove one")
            }
        })
    }
}

fn duplicate_path(path: &str, first: &str, listed: PathUse, first_listed: PathUse) -> String {
    let case =
        if path == first { "" } else { ", which differs only in letter case and so is the same path for GitLab" };
    let before = if path == first { String::new() } else { format!(" as `{first}`") };
    if listed == first_listed {
        return format!("`{path}` is already listed{before}{case}; remove one of the two");
    }
    format!(
        "`{path}` is listed as {listed}, and stands before{before} as {first_listed}{case}; a path is one of them only"
    )
}
