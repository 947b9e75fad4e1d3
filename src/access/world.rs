//! What access is worked out from: agents with their files, the inventory if there is one, and GitLab's settings.

use super::environment_pattern::EnvironmentMatcher;
use crate::agent_config::{AgentConfig, CiAccess, RefusedAt, UserAccess};
use crate::gitlab::{NEWEST, Tier, Version};
use crate::inventory::Inventory;
use crate::source::Source;

/// What decides about access beside files and inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// The release.
    pub version: Version,
    /// Whether nobody said which release, so that the newest one is taken. Where others differ on what is granted, both outcomes are told.
    pub is_release_assumed: bool,
    /// The licence of the job's project; `None` for not known.
    pub tier: Option<Tier>,
    /// The instance setting "Enable instance level authorization"; `None` for not known.
    pub instance_authorization: Option<bool>,
}

impl Default for Settings {
    /// The newest release, and nothing else known.
    fn default() -> Self {
        Self { version: NEWEST, is_release_assumed: true, tier: None, instance_authorization: None }
    }
}

impl Settings {
    /// What the inventory says, and the newest release where it says none.
    #[must_use]
    pub fn of(inventory: &Inventory) -> Self {
        let instance = inventory.instance();
        Self {
            version: instance.version.unwrap_or(NEWEST),
            is_release_assumed: instance.version.is_none(),
            tier: instance.tier,
            instance_authorization: instance.instance_authorization,
        }
    }
}

impl Settings {
    /// Which matchers may compare patterns of environments.
    #[must_use]
    pub fn environment_matcher(self) -> EnvironmentMatcher {
        match self.is_release_assumed {
            true => EnvironmentMatcher::Either,
            false => EnvironmentMatcher::of(self.version),
        }
    }
}

/// An agent's folder with its file.
#[derive(Clone, Copy, Debug)]
pub struct AgentFile<'w> {
    /// The full path of the configuration project; `None` for not known.
    pub project: Option<&'w str>,
    /// The folder's name.
    pub name: &'w str,
    /// The path of the file as reports show it.
    pub path: &'w str,
    /// The text, for line numbers.
    pub source: Option<&'w Source>,
    /// `ci_access`.
    pub ci_access: Option<&'w CiAccess>,
    /// `user_access`.
    pub user_access: Option<&'w UserAccess>,
    /// The step at which GitLab refuses the file, so that an older configuration, which is not known, stays in force.
    pub refused: Option<RefusedAt>,
}

impl<'w> AgentFile<'w> {
    /// A file that has been read.
    ///
    /// Of the configuration only its two sections are used; the document behind it need not stay in memory.
    #[must_use]
    pub fn new(project: Option<&'w str>, name: &'w str, source: &'w Source, config: &'w AgentConfig) -> Self {
        Self {
            project,
            name,
            path: source.path(),
            source: Some(source),
            ci_access: config.ci_access.as_ref(),
            user_access: config.user_access.as_ref(),
            refused: config.refused_at(),
        }
    }
}

impl<'w> AgentFile<'w> {
    /// What GitLab refuses before it reads any text.
    #[must_use]
    pub fn refused(project: Option<&'w str>, name: &'w str, source: &'w Source, step: RefusedAt) -> Self {
        let (ci_access, user_access) = (None, None);
        Self { project, name, path: source.path(), source: Some(source), ci_access, user_access, refused: Some(step) }
    }
}

/// Everything that access is worked out from.
#[derive(Clone, Debug)]
pub struct World<'w> {
    /// The inventory; without one, access is decided as far as files and paths go.
    pub inventory: Option<&'w Inventory>,
    /// The agents' files. Registered agents without a file are found in the inventory.
    pub files: Vec<AgentFile<'w>>,
    /// What else decides.
    pub settings: Settings,
}
