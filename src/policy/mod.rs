//! Policies of the settings: statements about who may be let in, held by the same engine that compares states.
//!
//! [`read`] reads them, and nothing of a policy is passed over: a key, value or pattern that is not understood is a mistake.
//! [`Holding`] holds them against a state, [`weakened`] says which of them a change takes out or loosens.

mod examples;
mod globs;
mod hold;
mod keys;
mod read;
mod search;
mod statement;
mod weakened;
mod words;

pub use globs::{Compared, Globs};
pub use hold::{Broken, Holding, Outcome, Shown, Violation};
pub use keys::POLICY;
pub use read::{Mistake, read};
pub use search::Untold;
pub use statement::{Example, People, Policy, Required};
pub use weakened::{Weakened, weakened};
pub use words::{Told, violations};
