//! An organisation's own schemas for agent files.

use std::fmt;

use jsonschema::Validator;
use serde_json::Value;

use super::schema_extent;
use crate::agent_config::AgentSchema;

/// An organisation's own JSON Schema for agent files.
pub struct OrganisationSchema {
    path: String,
    validator: Validator,
    is_agents: bool,
}

impl OrganisationSchema {
    /// Reads a schema; `path` is how messages name it.
    ///
    /// # Errors
    /// What is wrong with it, as a clause.
    pub fn read(path: &str, text: &str) -> Result<Self, String> {
        let schema: Value = serde_json::from_str(text).map_err(|error| format!("it is no JSON ({error})"))?;
        schema_extent::hold(&schema)?;
        let validator =
            jsonschema::validator_for(&schema).map_err(|error| format!("it is no JSON Schema ({error})"))?;
        // Who had it before there was a setting for it had it here.
        let is_agents = AgentSchema::read(text).is_ok();
        Ok(Self { path: path.to_owned(), validator, is_agents })
    }

    /// How messages name it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is the schema that GitLab publishes of the agent's configuration, which has a setting of its own.
    #[must_use]
    pub fn is_agents(&self) -> bool {
        self.is_agents
    }

    /// What judges a document by it.
    #[must_use]
    pub fn validator(&self) -> &Validator {
        &self.validator
    }
}

impl fmt::Debug for OrganisationSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrganisationSchema").field("path", &self.path).finish_non_exhaustive()
    }
}
