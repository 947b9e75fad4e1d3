//! The rules: one file a rule, and one table of them.
//!
//! A rule's doc comment is its page everywhere: its first line is the summary, the fenced blocks under `## Bad` and
//! `## Good` are its tests. See CONTRIBUTING.md for how to add one.

mod support;
mod words;

pub use support::{
    AgentFile, Context, Described, EntryId, Findings, Input, InputContent, Need, Rule, RuleInfo, Topic, explain,
};

pub(crate) use support::INTERNAL_ERROR;

macro_rules! rules {
    ($($module:ident::$rule:ident,)+) => {
        $(mod $module;)+

        /// All rules, sorted by name.
        pub static RULES: &[&dyn Rule] = &[$(&$module::$rule),+];
    };
}

rules! {
    agent_side_refusal::AgentSideRefusal,
    committed_credential::CommittedCredential,
    duplicate_id::DuplicateId,
    duplicate_key::DuplicateKey,
    file_too_large::FileTooLarge,
    ignored_document::IgnoredDocument,
    inert_key::InertKey,
    invalid_agent_name::InvalidAgentName,
    invalid_value::InvalidValue,
    invalid_yaml::InvalidYaml,
    malformed_id::MalformedId,
    null_value::NullValue,
    outside_hierarchy::OutsideHierarchy,
    redundant_entry::RedundantEntry,
    removed_key::RemovedKey,
    too_many_entries::TooManyEntries,
    too_new_key::TooNewKey,
    unknown_key::UnknownKey,
    unread_file::UnreadFile,
    unverified_key::UnverifiedKey,
    wrong_type::WrongType,
}
