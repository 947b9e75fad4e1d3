//! The rules: one file a rule, and one table of them.
//!
//! A rule's doc comment is its page everywhere: its first line is the summary, the fenced blocks under `## Bad` and
//! `## Good` are its tests. See CONTRIBUTING.md for how to add one.

mod agent_identity;
mod agent_side_refusal;
mod auto_devops;
mod auto_devops_without_context;
mod broken_kubectl;
mod certificate_context;
mod committed_credential;
mod config_project_bypass;
mod conflict_marker;
mod context_form;
mod context_not_granted;
mod dashboard_without_user_access;
mod duplicate_id;
mod duplicate_key;
mod empty_environments;
mod environment_not_granted;
mod environment_template;
mod file_too_large;
mod findings;
mod given;
mod group_in_user_namespace;
mod ignored_document;
mod inert_key;
mod insecure_tls;
pub(crate) mod insertion;
mod instance_access_off;
mod invalid_agent_name;
mod invalid_ci_file;
mod invalid_pattern;
mod invalid_value;
mod invalid_yaml;
mod jobs;
mod kube_cache_unwritable;
mod kubeconfig_as_config;
mod kubeconfig_content;
mod malformed_context;
mod malformed_id;
mod managed_resources_not_granted;
mod managed_resources_unrestricted;
mod managed_resources_without_ci_job;
mod manual_credentials;
mod no_context_selected;
mod null_value;
mod open_instance_access;
mod outside_hierarchy;
mod pattern_metacharacter;
mod patterns;
mod plain_http;
mod policy_violation;
mod privileged_impersonation;
mod redundant_entry;
pub(crate) mod removal;
mod removed_key;
mod repeated_extra_key;
mod reserved_identity;
mod restriction_override;
mod rule;
mod schema_violation;
mod shadowed_kubeconfig;
mod tier_dropped_entry;
mod too_many_entries;
mod too_new_key;
mod unanchored_wildcard;
mod unknown_context;
mod unknown_id;
mod unknown_key;
mod unmatched_environment;
mod unprotected_job;
mod unprotected_production;
mod unread_file;
mod unregistered_agent;
mod unverified_key;
mod wildcard_matches_all;
mod wrong_type;

pub use findings::{Findings, Wording};
pub(crate) use findings::{one_a_fault, one_for_the_file};
pub use given::{AgentsContext, FileContext, JobAction, JobContext, JobSelection, ProjectContext};
pub(crate) use patterns::unmeant_among;
pub use rule::{Described, Rule};

use crate::diagnostic::{
    INTERNAL_ERROR, INVALID_IGNORE, INVALID_INVENTORY, INVALID_SETTINGS, RuleTable, UNUSED_IGNORE,
};

macro_rules! rules {
    ($($module:ident::$rule:ident,)+) => {
        /// All rules, sorted by name.
        pub static RULES: &[&dyn Rule] = &[$(&$module::$rule),+];

        /// What is told of each, with the rules about the linter itself behind the others.
        pub static TABLE: RuleTable =
            RuleTable(&[$(&$module::INFO,)+ &INTERNAL_ERROR, &INVALID_IGNORE, &INVALID_INVENTORY, &INVALID_SETTINGS, &UNUSED_IGNORE]);
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
    conflict_marker::ConflictMarker,
    context_not_granted::ContextNotGranted,
    dashboard_without_user_access::DashboardWithoutUserAccess,
    duplicate_id::DuplicateId,
    duplicate_key::DuplicateKey,
    empty_environments::EmptyEnvironments,
    environment_not_granted::EnvironmentNotGranted,
    environment_template::EnvironmentTemplateRule,
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
    kubeconfig_as_config::KubeconfigAsConfig,
    kubeconfig_content::KubeconfigContent,
    malformed_context::MalformedContext,
    malformed_id::MalformedId,
    managed_resources_not_granted::ManagedResourcesNotGranted,
    managed_resources_unrestricted::ManagedResourcesUnrestricted,
    managed_resources_without_ci_job::ManagedResourcesWithoutCiJob,
    manual_credentials::ManualCredentials,
    no_context_selected::NoContextSelected,
    null_value::NullValue,
    open_instance_access::OpenInstanceAccess,
    outside_hierarchy::OutsideHierarchy,
    pattern_metacharacter::PatternMetacharacter,
    plain_http::PlainHttp,
    policy_violation::PolicyViolation,
    privileged_impersonation::PrivilegedImpersonation,
    redundant_entry::RedundantEntry,
    removed_key::RemovedKey,
    repeated_extra_key::RepeatedExtraKey,
    reserved_identity::ReservedIdentity,
    restriction_override::RestrictionOverride,
    schema_violation::SchemaViolation,
    shadowed_kubeconfig::ShadowedKubeconfig,
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
