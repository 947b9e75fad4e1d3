//! The agent configuration: the table of its keys, decoding and validation as the agent server does both, and the
//! typed configuration with its places.

mod access_entries;
mod agent_schema;
mod cron;
pub mod environment_template;
mod keys;
pub mod location;
mod remote_development;
mod schema_comparison;
mod text_checks;

use serde_json::Value as Json;

pub use access_entries::{
    AccessAs, AccessSection, CiAccess, CiEntry, EntryKind, Impersonation, Mode, Spanned, UserAccess, UserEntry, is_true,
};
pub use agent_schema::{AgentSchema, MAX_AGENT_SCHEMA_SIZE};
pub use keys::{CONFIGURATION, ENVIRONMENT_TEMPLATE};
pub use schema_comparison::SchemaComparison;

use crate::gitlab::Version;
use crate::schema::{self, Earlier, MessageRef, MessageValue, Problem, Stage};
use crate::source::Source;
use crate::yaml::{self, Document};

/// The agent server's default limit on the size of a configuration file, in bytes
/// (`agent.configuration.max_configuration_file_size`).
pub const MAX_FILE_SIZE: u64 = 131_072;

/// A configuration as GitLab reads it.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// The YAML document behind it.
    pub document: Document,
    /// The decoded file; `None` where the top is no mapping.
    pub value: Option<MessageValue>,
    /// What is wrong with keys and values.
    pub problems: Vec<Problem>,
    /// The entries of `ci_access`, as far as they could be decoded.
    pub ci_access: Option<CiAccess>,
    /// The entries of `user_access`, as far as they could be decoded.
    pub user_access: Option<UserAccess>,
}

/// The first of GitLab's steps that refuses a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusedAt {
    /// What lies at the path is no file: a directory, or a link, of which GitLab reads the path that it holds.
    Read,
    /// The file is too large.
    Size,
    /// The text is no YAML that could become JSON.
    Yaml,
    /// The decoder meets an unknown key or a wrong type.
    Decode,
    /// Validation finds a value that is not allowed.
    Validate,
}

impl RefusedAt {
    /// The step's name in machine formats.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Size => "size",
            Self::Yaml => "yaml",
            Self::Decode => "decode",
            Self::Validate => "validate",
        }
    }
}

impl AgentConfig {
    /// A route with ids in place of positions: `ci_access.projects[acme/web/shop].environments[0]`. Entries keep their ids when
    /// others are put before them.
    #[must_use]
    pub fn anchor(&self, route: &str) -> String {
        let anchored = || -> Option<String> {
            let (list, rest) = route.split_once('[')?;
            let (index, rest) = rest.split_once(']')?;
            let index: usize = index.parse().ok()?;
            let id = match list {
                "ci_access.projects" => self.ci_access.as_ref()?.projects.get(index)?.id.as_ref(),
                "ci_access.groups" => self.ci_access.as_ref()?.groups.get(index)?.id.as_ref(),
                "user_access.projects" => self.user_access.as_ref()?.projects.get(index)?.id.as_ref(),
                "user_access.groups" => self.user_access.as_ref()?.groups.get(index)?.id.as_ref(),
                _ => None,
            }?;
            Some(format!("{list}[{}]{rest}", id.value))
        };
        anchored().unwrap_or_else(|| route.to_owned())
    }

    /// Reads a configuration by the rules of a release, with the keys that kaslint knows of it.
    #[must_use]
    pub fn read(source: &Source, version: Version) -> Self {
        Self::read_by(source, version, &MessageRef::from(&CONFIGURATION))
    }

    /// Reads a configuration by the rules of a release, with the keys of a table.
    #[must_use]
    pub fn read_by(source: &Source, version: Version, keys: &MessageRef) -> Self {
        Self::read_after(None, source, version, keys)
    }

    /// The same with an earlier state of the file, read by the same release, of which it may take over what has not changed. The result is
    /// the same as without.
    #[must_use]
    pub fn read_after(earlier: Option<Self>, source: &Source, version: Version, keys: &MessageRef) -> Self {
        let document = yaml::read(source);
        let earlier = earlier.and_then(|earlier| Earlier::of(earlier.document, earlier.value, &earlier.problems));
        let decoded = schema::decode_after(&document, keys.clone(), version, &text_checks::check, earlier);
        let mut problems = decoded.problems;
        if let Some(section) = decoded.value.as_ref().and_then(|value| value.set("remote_development")) {
            remote_development::check(section, version, &mut problems);
        }
        problems.sort_by_key(|problem| (problem.span.start, problem.span.end));
        let ci_access = decoded.value.as_ref().and_then(CiAccess::from_value);
        let user_access = decoded.value.as_ref().and_then(UserAccess::from_value);
        Self { document, value: decoded.value, problems, ci_access, user_access }
    }

    /// The same without its document and the values of its keys, for whoever asks who gets in: of a large instance those would take more memory than
    /// all else. What is said of access and of what refuses the file stays; [`AgentConfig::canonical`] has nothing to say.
    #[must_use]
    pub fn without_document(self) -> Self {
        Self { document: self.document.without_tree(), value: None, ..self }
    }

    /// The first step that refuses the file; `None` for a file that GitLab accepts.
    #[must_use]
    pub fn refused_at(&self) -> Option<RefusedAt> {
        if !self.document.problems().is_empty() {
            return Some(RefusedAt::Yaml);
        }
        let stages = self.problems.iter().map(|problem| problem.stage);
        match stages.filter(|stage| matches!(stage, Stage::Decode | Stage::Validate)).min() {
            Some(Stage::Decode) => Some(RefusedAt::Decode),
            Some(_) => Some(RefusedAt::Validate),
            None => None,
        }
    }

    /// What GitLab's Rails side receives; `None` for a file that is refused.
    #[must_use]
    pub fn canonical(&self) -> Option<Json> {
        match self.refused_at() {
            Some(_) => None,
            None => Some(self.value.as_ref().map_or_else(|| Json::Object(serde_json::Map::new()), schema::to_json)),
        }
    }
}
