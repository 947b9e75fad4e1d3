//! The releases in which GitLab changed what it does, apart from those in which keys came and went: these stand in the table
//! of keys.
//!
//! Each constant is the first release of which its sentence holds.

use super::Version;

/// `ci_access` is free; before, it took Premium. Source: `doc/user/clusters/agent/ci_cd_workflow.md`.
pub const CI_ACCESS_FREE: Version = Version::new(14, 5);

/// `default_namespace` reaches the kubeconfig. Source: gitlab!93423.
pub const NAMESPACE_IN_KUBECONFIG: Version = Version::new(15, 3);

/// The groups of a CI job name environment tiers. Source: `doc/user/clusters/agent/ci_cd_workflow.md`.
pub const TIER_GROUPS: Version = Version::new(15, 5);

/// Ids may lie anywhere below the top-level group, rather than in the sub-tree of the configuration project.
/// Source: `doc/user/clusters/agent/ci_cd_workflow.md`.
pub const WHOLE_HIERARCHY: Version = Version::new(15, 6);

/// Projects of a personal namespace may be named. Source: `doc/user/clusters/agent/ci_cd_workflow.md`.
pub const USER_NAMESPACES: Version = Version::new(15, 7);

/// The agents of `user_access` take effect without feature flags. Source: `doc/user/clusters/agent/user_access.md`.
pub const USER_ACCESS: Version = Version::new(16, 2);

/// Lists are cut at 500 entries rather than 100. Source: gitlab!149844.
pub const LONGER_LISTS: Version = Version::new(17, 0);

/// Entries may ask for protected refs, if a feature flag is on. Source: gitlab!156626.
pub const PROTECTED_REFS: Version = Version::new(17, 3);

/// `protected_branches_only` takes effect without its feature flag. Source: gitlab!156626.
pub const PROTECTED_WITHOUT_FLAG: Version = Version::new(17, 10);

/// `ci_access` may name ids of other top-level groups, where the instance setting is on. Source: gitlab!190769.
pub const CI_ACCESS_ACROSS_HIERARCHIES: Version = Version::new(18, 1);

/// `user_access` without `access_as` acts as the agent; before, the proxy refused every user. Source: the agent's
/// merge request 2749.
pub const USER_ACCESS_AS_OPTIONAL: Version = Version::new(18, 3);

/// `user_access` may name ids of other top-level groups, where the instance setting is on. Source: gitlab!202853.
pub const USER_ACCESS_ACROSS_HIERARCHIES: Version = Version::new(18, 4);
