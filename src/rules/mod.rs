//! The rules: one file a rule, and one table of them.
//!
//! A rule's doc comment is its page everywhere: its first line is the summary, the fenced blocks under `## Bad` and
//! `## Good` are its tests. See CONTRIBUTING.md for how to add one.

mod coverage;
mod environments;
mod insertion;
mod jobs;
mod patterns;
mod removal;
mod support;
mod words;

pub(crate) use environments::Known as KnownEnvironments;
pub(crate) use patterns::unmeant_among;
pub use schema_violation::OrganisationSchema;
pub use support::{
    AgentFile, Context, Described, EntryId, Findings, Input, InputContent, JobEnvironments, Jobs, Need, Rule, RuleInfo,
    Tag, Topic, all_rules, explain,
};

pub use support::LINTER_RULES;
pub(crate) use support::{INTERNAL_ERROR, INVALID_IGNORE, UNUSED_IGNORE};

macro_rules! rules {
    ($($module:ident::$rule:ident,)+) => {
        $(mod $module;)+

        /// All rules, sorted by name.
        pub static RULES: &[&dyn Rule] = &[$(&$module::$rule),+];
    };
}

rules! {
    agent_identity::AgentIdentity,
    agent_side_refusal::AgentSideRefusal,
    auto_devops_without_context::AutoDevopsWithoutContext,
    broken_kubectl::BrokenKubectl,
    certificate_context::CertificateContext,
    committed_credential::CommittedCredential,
    config_project_bypass::ConfigProjectBypass,
    context_not_granted::ContextNotGranted,
    dashboard_without_user_access::DashboardWithoutUserAccess,
    duplicate_id::DuplicateId,
    duplicate_key::DuplicateKey,
    empty_environments::EmptyEnvironments,
    environment_not_granted::EnvironmentNotGranted,
    file_too_large::FileTooLarge,
    group_in_user_namespace::GroupInUserNamespace,
    ignored_document::IgnoredDocument,
    inert_key::InertKey,
    insecure_tls::InsecureTls,
    instance_access_off::InstanceAccessOff,
    invalid_agent_name::InvalidAgentName,
    invalid_ci_file::InvalidCiFile,
    invalid_pattern::InvalidPattern,
    invalid_value::InvalidValue,
    invalid_yaml::InvalidYaml,
    kube_cache_unwritable::KubeCacheUnwritable,
    malformed_context::MalformedContext,
    malformed_id::MalformedId,
    managed_resources_not_granted::ManagedResourcesNotGranted,
    managed_resources_without_ci_job::ManagedResourcesWithoutCiJob,
    manual_credentials::ManualCredentials,
    no_context_selected::NoContextSelected,
    null_value::NullValue,
    open_instance_access::OpenInstanceAccess,
    outside_hierarchy::OutsideHierarchy,
    pattern_metacharacter::PatternMetacharacter,
    privileged_impersonation::PrivilegedImpersonation,
    redundant_entry::RedundantEntry,
    removed_key::RemovedKey,
    repeated_extra_key::RepeatedExtraKey,
    reserved_identity::ReservedIdentity,
    restriction_override::RestrictionOverride,
    schema_violation::SchemaViolation,
    tier_dropped_entry::TierDroppedEntry,
    too_many_entries::TooManyEntries,
    too_new_key::TooNewKey,
    unanchored_wildcard::UnanchoredWildcard,
    unknown_context::UnknownContext,
    unknown_id::UnknownId,
    unknown_key::UnknownKey,
    unmatched_environment::UnmatchedEnvironment,
    unprotected_job::UnprotectedJob,
    unprotected_production::UnprotectedProduction,
    unread_file::UnreadFile,
    unregistered_agent::UnregisteredAgent,
    unverified_key::UnverifiedKey,
    wildcard_matches_all::WildcardMatchesAll,
    wrong_type::WrongType,
}
