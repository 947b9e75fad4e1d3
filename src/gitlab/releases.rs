//! GitLab's releases: the oldest and the newest that are known, and those in which GitLab changed what it does. Those in
//! which keys came and went stand in the table of keys.
//!
//! Each constant from [`CI_ACCESS_FREE`] on is the first release of which its sentence holds. CONTRIBUTING.md says what to do
//! when a new release comes out.

use super::Version;

/// The oldest release whose keys are known: the first that documented the agent's configuration.
pub const OLDEST: Version = Version::new(13, 7);

/// The newest release that is known. Source: release notes up to 19.5; 19.6 by GitLab's monthly cadence.
pub const NEWEST: Version = Version::new(19, 6);

/// The last release before each next major one. Source: GitLab's release notes.
pub const LAST_OF_LINES: [Version; 6] = [
    Version::new(13, 12),
    Version::new(14, 10),
    Version::new(15, 11),
    Version::new(16, 11),
    Version::new(17, 11),
    Version::new(18, 11),
];

/// Without the HTTP proxy of workspaces, `dns_zone` is not looked at. Source: `workspaces_agent_config.rb` of GitLab 18.9.
pub const WORKSPACES_WITHOUT_HTTP: Version = Version::new(18, 5);

/// `ci_access` is free; before, it took Premium. Source: `doc/user/clusters/agent/ci_cd_workflow.md`.
pub const CI_ACCESS_FREE: Version = Version::new(14, 5);

/// GraphQL tells which agents a project may use, `ciAccessAuthorizedAgents`. Source: `app/graphql/types/project_type.rb`; before 16.1 behind a
/// feature flag.
pub const AUTHORIZED_AGENTS_SHOWN: Version = Version::new(16, 1);

/// The project of REST has the keys of paid features that its licence has (`ee/lib/ee/api/entities/project.rb`). Read in this release; the
/// keys may have come before.
pub const LICENCE_IN_PROJECTS: Version = Version::new(18, 9);

/// `default_namespace` reaches the kubeconfig. Source: gitlab!93423.
pub const NAMESPACE_IN_KUBECONFIG: Version = Version::new(15, 3);

/// The groups of a CI job name environment tiers. Source: `doc/user/clusters/agent/ci_cd_workflow.md`.
pub const TIER_GROUPS: Version = Version::new(15, 5);

/// Ids may lie anywhere below the top-level group, rather than in the sub-tree of the configuration project.
/// Source: `doc/user/clusters/agent/ci_cd_workflow.md`.
pub const WHOLE_HIERARCHY: Version = Version::new(15, 6);

/// Projects of a personal namespace may be named. Source: `doc/user/clusters/agent/ci_cd_workflow.md`.
pub const USER_NAMESPACES: Version = Version::new(15, 7);

/// A file variable that stands in the value of another one gives its path; before, its content. Source: gitlab-runner#27616, gitlab#29407.
pub const FILE_VARIABLES_AS_PATHS: Version = Version::new(15, 7);

/// The agents of `user_access` take effect without feature flags. Source: `doc/user/clusters/agent/user_access.md`.
pub const USER_ACCESS: Version = Version::new(16, 2);

/// Lists are cut at 500 entries rather than 100. Source: gitlab!149844.
pub const LONGER_LISTS: Version = Version::new(17, 0);

/// Entries may ask for protected refs, if a feature flag is on. Source: gitlab!156626.
pub const PROTECTED_REFS: Version = Version::new(17, 3);

/// A job's environment may name an agent, `environment:kubernetes:agent`; before, GitLab refuses the CI configuration for it. Source:
/// gitlab#467912.
pub const ENVIRONMENT_AGENT: Version = Version::new(17, 6);

/// `environment:deployment_tier` may have variables; before, GitLab refuses the CI configuration for it. Source: `doc/ci/yaml/_index.md`.
pub const TIER_VARIABLES: Version = Version::new(18, 5);

/// A job's environment may have `environment:kubernetes:dashboard`. Source: gitlab#515854.
pub const ENVIRONMENT_DASHBOARD: Version = Version::new(18, 4);

/// Entries may have GitLab manage resources in the cluster, if a feature flag is on. Source: gitlab!178824.
pub const MANAGED_RESOURCES: Version = Version::new(17, 9);

/// `resource_management` takes effect without its feature flag. Source: gitlab!178824.
pub const MANAGED_RESOURCES_WITHOUT_FLAG: Version = Version::new(18, 1);

/// `protected_branches_only` takes effect without its feature flag. Source: gitlab!156626.
pub const PROTECTED_WITHOUT_FLAG: Version = Version::new(17, 10);

/// `ci_access` may name ids of other top-level groups, where the instance setting is on. Source: gitlab!190769.
pub const CI_ACCESS_ACROSS_HIERARCHIES: Version = Version::new(18, 1);

/// `user_access` without `access_as` acts as the agent; before, the proxy refused every user. Source: the agent's
/// merge request 2749.
pub const USER_ACCESS_AS_OPTIONAL: Version = Version::new(18, 3);

/// `user_access` may name ids of other top-level groups, where the instance setting is on. Source: gitlab!202853.
pub const USER_ACCESS_ACROSS_HIERARCHIES: Version = Version::new(18, 4);

/// Pipelines of merge requests may be protected, if the project's setting, both branches and the user's rights allow; before, their ref alone
/// decided, as if it were a branch. Source: gitlab!188008, `app/models/ci/pipeline.rb`.
pub const PROTECTED_MERGE_REQUESTS: Version = Version::new(18, 1);

/// The last release of which it is certain that it looks for environment patterns anywhere in the name, as regular expressions. Source:
/// `lib/gitlab/ci/environment_matcher.rb` and its spec of 18.9.
pub const OLD_MATCHER_LAST: Version = Version::new(18, 9);

/// The first release that may compare environment patterns with the whole name; which of those up to [`NEW_MATCHER`] do is not known, nor
/// which patch releases of these and older lines.
pub const NEW_MATCHER_POSSIBLE: Version = Version::new(18, 10);

/// Environment patterns are compared with the whole name, and only `*` stands for anything but itself. Source:
/// `lib/gitlab/ci/environment_matcher.rb` of October 2026.
pub const NEW_MATCHER: Version = Version::new(19, 5);

/// Administrators get in by any entry of `user_access`, members or not. Source: `user_access/finder.rb` of October 2026; the release is
/// worked out from its date.
pub const ADMINISTRATORS: Version = Version::new(19, 5);
