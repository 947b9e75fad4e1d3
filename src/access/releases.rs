//! The releases in which the server's rules changed.

use crate::agent_config::{AccessSection, Mode};
use crate::gitlab::Version;

/// `ci_access` is free from here on; before, it took Premium. Source: `doc/user/clusters/agent/ci_cd_workflow.md`.
const CI_ACCESS_FREE: Version = Version::new(14, 5);

/// `default_namespace` reaches the kubeconfig. Source: gitlab!93423.
pub(super) const NAMESPACE_IN_KUBECONFIG: Version = Version::new(15, 3);

/// The groups of a CI job name environment tiers. Source: `doc/user/clusters/agent/ci_cd_workflow.md`.
pub(super) const TIER_GROUPS: Version = Version::new(15, 5);

/// Ids may lie anywhere below the top-level group, rather than in the sub-tree of the configuration project.
/// Source: `doc/user/clusters/agent/ci_cd_workflow.md`.
pub(super) const WHOLE_HIERARCHY: Version = Version::new(15, 6);

/// Projects of a personal namespace may be named. Source: the same page.
pub(super) const USER_NAMESPACES: Version = Version::new(15, 7);

/// The agents of `user_access` take effect without feature flags. Source: `doc/user/clusters/agent/user_access.md`.
pub(super) const USER_ACCESS: Version = Version::new(16, 2);

/// Lists are cut at 500 entries rather than 100. Source: gitlab!149844.
pub(super) const LONGER_LISTS: Version = Version::new(17, 0);

/// `protected_branches_only` takes effect without its feature flag. Source: gitlab!156626.
pub(super) const PROTECTED_WITHOUT_FLAG: Version = Version::new(17, 10);

/// `user_access` without `access_as` acts as the agent; before, the proxy refused every user. Source: the agent's
/// merge request 2749.
pub(super) const USER_ACCESS_AS_OPTIONAL: Version = Version::new(18, 3);

/// Where ids of other top-level groups count, given the instance setting. Source: gitlab!190769 and gitlab!202853.
#[must_use]
pub const fn across_hierarchies(section: AccessSection) -> Version {
    match section {
        AccessSection::Ci => Version::new(18, 1),
        AccessSection::User => Version::new(18, 4),
    }
}

/// Whether entries that give this identity have an effect only with Premium or Ultimate.
///
/// Source: `config_scopes.rb` of the authorizations and its EE extension; `doc/user/clusters/agent/ci_cd_workflow.md`.
#[must_use]
pub fn needs_licence(mode: Mode, version: Version) -> bool {
    mode != Mode::Agent || version < CI_ACCESS_FREE
}

/// How many entries of each list the server looks at.
///
/// Source: `app/services/clusters/agents/authorizations/ci_access/refresh_service.rb` and its `user_access` twin.
#[must_use]
pub const fn list_limit(version: Version) -> usize {
    if version.major < LONGER_LISTS.major { 100 } else { 500 }
}
