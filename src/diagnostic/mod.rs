//! What rules say: findings, their rules' descriptions, what hides them, and what was recorded of them.

pub mod baseline;
mod finding;
pub mod suppression;

pub use finding::{Edit, Finding, Fix, Place, Related, Safety, Severity};
