//! Policies of the settings: statements about who may be let in, held by the same engine that compares states.
//!
//! [`Policy::read`] reads them, and nothing of a policy is passed over: a key, value or pattern that is not understood is a mistake.
//! [`weakened`] says which of them a change takes out or loosens.

mod globs;
mod keys;
mod read;
mod statement;
mod weakened;

pub use globs::{Compared, Globs};
pub use keys::POLICY;
pub use read::{Mistake, read};
pub use statement::{Example, People, Policy, Required};
pub use weakened::{Weakened, weakened};
