//! GitLab's side of things: versions and tiers. It knows no files.

mod tier;
mod version;

pub use tier::Tier;
pub use version::{NEWEST, OLDEST, Version, VersionError};
