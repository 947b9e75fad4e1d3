//! What is said the same way everywhere, once: how texts out of files are shown, lists of names, entries, conditions, reasons.
//!
//! Words know what is written and what is decided about it ([`crate::access`]); nothing that reports, checks or edits. Words
//! that hold texts out of files are fit for machine formats, which escape and mask as a whole; for people they pass
//! [`printable`], unless a function says that it has done so.

mod condition;
mod entry;
mod environment_agent;
mod identity;
mod io_error;
mod list;
mod reason;
mod text;
mod unread;
mod value;
mod yaml_fault;

pub use condition::{
    condition, condition_for_users, conditions, conditions_for_users, conditions_of_entries, conditions_of_jobs,
    conditions_of_projects,
};
pub use entry::{candidate, candidate_name, entry, entry_name, project, restrictions, through, user_entry_name};
pub use environment_agent::{Told, certainly, dashboard, managed_resources};
pub use identity::{acting_as, identity, identity_parts, mode, user_identity};
pub use io_error::io_error;
pub use list::{a_few, a_few_of, count, cut, cut_below, jobs, list_and, named_jobs, some_of, starts};
pub use reason::{
    denial, dropped, dropped_alike, job, pattern_fault, pattern_unknown, reason, refused_at, resources_all_the_same,
    unmade, unregistered, user_denial, verdict,
};
pub use text::{brief, excerpt, in_lines, in_quotes, printable};
pub use unread::runs_unread;
pub use value::{REFUSED, found, yaml_surprise};
pub use yaml_fault::{YamlFault, yaml_fault};
