//! GitLab's side of things: versions, tiers, full paths, environments, protected refs. It knows no files.

mod agent_name;
mod ci_config_path;
mod environment;
mod full_path;
mod git_ref;
mod partial_text;
pub mod releases;
mod remote;
mod tier;
mod version;

pub use agent_name::is_agent_name;
pub use ci_config_path::{ci_file_here, is_plain_file_path};
pub use environment::{
    EnvironmentTier, MAX_ENVIRONMENT_NAME, environment_name_fault, environment_slug, is_environment_character,
};
pub use full_path::{ByName, FullPath, MAX_ANCESTORS, ancestor_paths, lower_path, parent_path, path_fault, root_path};
pub use git_ref::{GitRef, MergeRequestProtection, RefProtection, ref_rule_matches};
pub use partial_text::{PartialText, Shape, TextPart};
pub use releases::{NEWEST, OLDEST};
pub use remote::path_of_remote;
pub use tier::Tier;
pub use version::{Version, VersionError};
