//! What lies on the disk: configuration projects, settings, inventories, CI files. All reading is done here, within bounds, for
//! the command line and for the editor; texts that an editor holds go before those on the disk.

pub(crate) mod ci_files;
mod context;
pub(crate) mod discover;
mod input;
pub(crate) mod inputs;
pub(crate) mod inventory;
pub(crate) mod knowledge;
mod organisation_schema;
pub mod settings;

pub use context::Context;
pub use input::{AgentFile, EntryId, Input, InputContent};
pub use organisation_schema::OrganisationSchema;

use crate::diagnostic::Finding;

/// What makes it impossible to go on: one line with what to do, and the places in a file that it is about.
#[derive(Debug)]
pub(crate) struct Unusable {
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
