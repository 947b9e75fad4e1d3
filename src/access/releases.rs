//! What the server's rules come to at a release.

use crate::agent_config::{AccessSection, Mode};
use crate::gitlab::Version;
use crate::gitlab::releases::{
    CI_ACCESS_ACROSS_HIERARCHIES, CI_ACCESS_FREE, LONGER_LISTS, USER_ACCESS_ACROSS_HIERARCHIES,
};

/// Where ids of other top-level groups count, given the instance setting. Source: gitlab!190769 and gitlab!202853.
#[must_use]
pub const fn across_hierarchies(section: AccessSection) -> Version {
    match section {
        AccessSection::Ci => CI_ACCESS_ACROSS_HIERARCHIES,
        AccessSection::User => USER_ACCESS_ACROSS_HIERARCHIES,
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
