//! What rules say: findings, the descriptions of their rules, what hides them, and what was recorded of them.

pub(crate) mod accepted;
pub mod added_ignores;
pub mod baseline;
mod finding;
mod left_out;
mod linter_rules;
pub mod path_patterns;
mod rule;
mod selection;
pub mod suppression;

pub use finding::{Edit, Fault, Finding, Fix, Lowered, Related, Safety, Severity};
pub use left_out::{LeftOut, OffIn, RulesOff};
pub use linter_rules::{INTERNAL_ERROR, INVALID_IGNORE, INVALID_INVENTORY, INVALID_SETTINGS, UNUSED_IGNORE};
pub use rule::{Need, PAGES, RuleInfo, RuleTable, Tag, Topic};
pub use selection::{Level, LevelsAt, PerPath, Selection};
