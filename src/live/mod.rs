//! `access --live`: what is predicted, held against what GitLab has stored.
//!
//! Stored is what the agent server last accepted and sent, after Rails has made its choice per agent, and before the filters by environment
//! and ref. Compared are agent and settings, never by which entry: `{}` is implicit access or an entry with nothing but an id.
//! Nothing here opens a socket.

mod ask;
mod compare;

pub use ask::{Evidence, Stored, Told, evidence, stored};
pub use compare::{Cause, Compared, Configurations, Difference, cause, compare};
