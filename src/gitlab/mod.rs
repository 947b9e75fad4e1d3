//! GitLab's side of things: versions, tiers and full paths. It knows no files.

mod full_path;
mod tier;
mod version;

pub use full_path::{FullPath, path_of_remote};
pub use tier::Tier;
pub use version::{NEWEST, OLDEST, Version, VersionError};
