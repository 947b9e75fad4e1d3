//! What is known about GitLab's side of one project.

use std::sync::Arc;

use super::agent_schema_file::AgentSchemaFile;
use super::organisation_schema::OrganisationSchema;
use crate::access;
use crate::agent_config::CONFIGURATION;
use crate::gitlab::{FullPath, NEWEST, Tier, Version};
use crate::inventory::Inventory;
use crate::policy::Policy;
use crate::schema::MessageRef;

/// What is known about GitLab's side.
#[derive(Clone, Debug)]
pub struct Context {
    /// The release whose rules apply.
    pub version: Version,
    /// Whether nobody said which release, so that the newest one is taken.
    pub is_release_assumed: bool,
    /// The licence of the CI projects.
    pub tier: Option<Tier>,
    /// The configuration project.
    pub project: Option<FullPath>,
    /// The instance setting "Enable instance level authorization"; `None` where nobody said.
    pub instance_authorization: Option<bool>,
    /// The agent server's limit on the size of a file, in bytes.
    pub max_file_size: u64,
    /// What else is known of the instance.
    pub inventory: Option<Arc<Inventory>>,
    /// An organisation's own schemas for agent files.
    pub schemas: Arc<Vec<OrganisationSchema>>,
    /// What effective access must hold to.
    pub policies: Arc<[Policy]>,
    /// The agent's published schema; kaslint's own table of keys counts where nobody named one.
    pub agent_schema: Option<Arc<AgentSchemaFile>>,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            version: NEWEST,
            is_release_assumed: true,
            tier: None,
            project: None,
            instance_authorization: None,
            max_file_size: crate::agent_config::MAX_FILE_SIZE,
            inventory: None,
            schemas: Arc::default(),
            policies: Arc::default(),
            agent_schema: None,
        }
    }
}

impl Context {
    /// The keys of agent files.
    #[must_use]
    pub fn keys(&self) -> MessageRef {
        match &self.agent_schema {
            Some(file) => file.schema.top().clone(),
            None => MessageRef::from(&CONFIGURATION),
        }
    }

    /// An organisation's own schemas, those that files are held against. The agent's is not among them where it decides about keys already.
    pub fn schemas_to_follow(&self) -> impl Iterator<Item = &OrganisationSchema> {
        self.schemas.iter().filter(|schema| self.agent_schema.is_none() || !schema.is_agents())
    }

    /// What is to be said about a release that is newer than all that are known.
    #[must_use]
    pub fn newer_release(&self) -> Option<String> {
        let Self { version, .. } = self;
        version.is_newer_than_known().then(|| {
            format!("GitLab {version} is newer than {NEWEST}, the newest that this kaslint knows; the rules of {NEWEST} apply.")
        })
    }

    /// What access is worked out by.
    #[must_use]
    pub fn access_settings(&self) -> access::Settings {
        access::Settings {
            version: self.version,
            is_release_assumed: self.is_release_assumed,
            tier: self.tier,
            instance_authorization: self.instance_authorization,
        }
    }
}
