//! Projects: found, read within bounds, and put together with what is known of GitLab's side, in one way for all.
//!
//! [`Loader`] is the one door: it takes paths or folders, options and a [`files::FileSource`], and gives an owned [`Snapshot`]. The gate
//! decides what may be read. Command line, editor and fixing stand on this; none of them opens a file.

mod agent_schema_file;
mod changeable;
mod ci_files;
mod context;
pub mod files;
mod gate;
mod input;
mod inventory_file;
mod known;
mod loader;
mod options;
mod organisation_schema;
mod own_file;
pub mod paths;
mod read_input;
mod schema_extent;
mod scope;
mod search;
pub mod settings;
mod settings_file;
mod snapshot;
mod steps;

pub use agent_schema_file::AgentSchemaFile;
pub use changeable::changeable_files;
pub use context::Context;
pub use input::{AgentFile, EntryId, Input, InputContent};
pub(crate) use inventory_file::mistake as inventory_mistake;
pub use inventory_file::{InventoryFile, MissingFolder};
pub use loader::{Loader, Request};
pub use options::{Options, Surroundings};
pub use organisation_schema::OrganisationSchema;
pub use own_file::read_own_file;
pub(crate) use paths::lexical;
pub use scope::{MAX_FILES_OF_EDITOR, Neighbours, Scope};
pub use settings::{FILE_NAME, policies_of};
pub use settings_file::{Asked, SettingsFile};
pub use snapshot::{Origin, Origins, Project, Snapshot};
pub use steps::Steps;

use crate::diagnostic::Finding;

/// What makes it impossible to go on: one line with what to do, and the places in a file that it is about.
#[derive(Clone, Debug)]
pub struct Unusable {
    /// What is the matter.
    pub message: String,
    /// The mistakes of a settings file or an inventory.
    pub mistakes: Vec<Finding>,
}

impl Unusable {
    /// Something that is no matter of a place in a file.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), mistakes: Vec::new() }
    }

    /// A file that cannot be used for what is wrong in it.
    pub fn with_mistakes(message: impl Into<String>, mistakes: Vec<Finding>) -> Self {
        Self { message: message.into(), mistakes }
    }
}

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
