//! What could not be read from GitLab, in the words of the inventory.

use std::sync::Arc;

/// What can be unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// Projects of a group, or of the instance.
    Projects,
    /// Which agents are registered in a project.
    Agents,
    /// Files of agents.
    AgentConfiguration,
    /// CI files.
    CiConfiguration,
    /// Environments.
    Environments,
    /// Protected branches.
    ProtectedBranches,
    /// Protected tags.
    ProtectedTags,
    /// The setting for Auto DevOps.
    AutoDevops,
    /// Whether pipelines of merge requests between protected branches are protected.
    ProtectMergeRequestPipelines,
    /// The instance setting "Enable instance level authorization".
    InstanceAuthorization,
    /// The licence.
    Tier,
    /// CI files as GitLab merges them.
    MergedCi,
}

impl Fact {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Projects,
        Self::Agents,
        Self::AgentConfiguration,
        Self::CiConfiguration,
        Self::Environments,
        Self::ProtectedBranches,
        Self::ProtectedTags,
        Self::AutoDevops,
        Self::ProtectMergeRequestPipelines,
        Self::InstanceAuthorization,
        Self::Tier,
        Self::MergedCi,
    ];

    /// Its word in an inventory.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Projects => "projects",
            Self::Agents => "agents",
            Self::AgentConfiguration => "agent_configuration",
            Self::CiConfiguration => "ci_configuration",
            Self::Environments => "environments",
            Self::ProtectedBranches => "protected_branches",
            Self::ProtectedTags => "protected_tags",
            Self::AutoDevops => "auto_devops",
            Self::ProtectMergeRequestPipelines => "protect_merge_request_pipelines",
            Self::InstanceAuthorization => "instance_authorization",
            Self::Tier => "tier",
            Self::MergedCi => "merged_ci",
        }
    }
}

impl std::str::FromStr for Fact {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|fact| fact.word() == word).ok_or(())
    }
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// The project or group; `None` for the instance.
    pub path: Option<Arc<str>>,
    /// What.
    pub fact: Fact,
    /// Why not.
    pub reason: Option<Arc<str>>,
    /// The role or scope that would show it.
    pub needs: Option<Arc<str>>,
}
