//! Effective access: which agents a job may use, through which entry, as whom.
//!
//! This does what GitLab's server does with the entries of `ci_access` and `user_access`, each step in a module that
//! names the source of its rule: [`authorization`] (what becomes of an entry), `hierarchy` (which ids count),
//! [`candidate`] (what may let a project in, in order of precedence), `filters` and [`environment_pattern`] (what a job
//! must hold to), [`identity`] (as whom it acts). Every answer carries the entries behind it. Where something that decides
//! is not known, the answer has a row for each case. [`grants`] says what an agent grants without asking project by project,
//! [`user_access`] whom it lets in as users, [`dashboard`] and [`managed_resources`] what a job's environment gets that names it, [`entries`] what becomes of the entries of one file.
//!
//! Decisions only: what is said of them are words, how they are written is the report's business.

pub mod agent;
pub mod answer;
pub mod authorization;
mod authorized;
pub mod candidate;
mod claims;
pub mod condition;
pub mod dashboard;
pub mod decision;
pub mod decisions;
pub mod entries;
pub mod environment_pattern;
mod filters;
pub mod grants;
mod hierarchy;
pub mod identity;
pub mod index;
pub mod jobs;
pub mod managed_resources;
pub mod names;
pub(crate) mod pattern_index;
pub mod portable;
mod releases;
pub mod user_access;
mod world;

pub use agent::{Agent, AgentId};
pub use answer::{Answer, JobEnvironment, Query, Row};
pub use authorization::{Authorization, DropReason, Outside};
pub use candidate::{Candidate, CandidateKind};
pub use claims::Target;
pub use condition::{Condition, Unknown};
pub use dashboard::Dashboard;
pub use decision::{Denial, Outcome};
pub use entries::Entries;
pub use environment_pattern::{Comparison, EnvironmentMatcher, EnvironmentPattern, PartialVerdict};
pub use filters::PROTECTED_REFS_FLAG;
pub use grants::{AgentGrants, Case, Effect, Grant, GrantGroup, Reach, Terms};
pub use hierarchy::Hierarchy;
pub use identity::{Identity, JobIdentity};
pub use index::Index;
pub use managed_resources::{
    Certainly, MANAGED_RESOURCES_FLAG, ManagedCase, ManagedResources, Unmade, managed_resources_of,
    restrictions_that_do_not_bind,
};
pub use releases::{across_hierarchies, needs_licence};
pub use user_access::{UserDenial, UserGrant, UserGrants, UserIdentity};
pub use world::{AgentFile, Settings, World};
