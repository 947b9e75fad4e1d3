//! The schema that GitLab publishes of the agent's configuration, from the file that an option or the settings name.

use std::path::{Path, PathBuf};

use super::Unusable;
use super::files::FileSource;
use super::gate::Granted;
use super::own_file::{read_granted, read_own_file};
use crate::agent_config::{AgentSchema, MAX_AGENT_SCHEMA_SIZE};
use crate::source::Source;

/// What the file is called in messages.
const WHAT: &str = "agent's schema";

/// The agent's published schema with the file that it was read from.
#[derive(Debug)]
pub struct AgentSchemaFile {
    /// The file.
    pub file: PathBuf,
    /// What it says.
    pub schema: AgentSchema,
}

impl AgentSchemaFile {
    /// Reads the file that the caller names.
    ///
    /// # Errors
    /// When it cannot be read, or is no such schema.
    pub fn read(file: &Path, files: &dyn FileSource) -> Result<Self, Unusable> {
        Self::of(file, &*read_own_file(WHAT, file, MAX_AGENT_SCHEMA_SIZE, files)?)
    }

    /// The same for a file of which the gate said that it may be read.
    pub(crate) fn read_granted(granted: &Granted, files: &dyn FileSource) -> Result<Self, Unusable> {
        Self::of(&granted.path, &*read_granted(WHAT, granted, MAX_AGENT_SCHEMA_SIZE, files)?)
    }

    fn of(file: &Path, source: &Source) -> Result<Self, Unusable> {
        let schema = AgentSchema::read(source.text())
            .map_err(|error| Unusable::new(format!("cannot use the {WHAT} {}: {error}", source.path())))?;
        Ok(Self { file: file.to_owned(), schema })
    }
}
