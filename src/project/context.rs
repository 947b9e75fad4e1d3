//! What is known about GitLab's side of one project.

use std::sync::Arc;

use super::organisation_schema::OrganisationSchema;
use crate::access;
use crate::agent_config::AccessSection;
use crate::gitlab::{FullPath, Tier, Version};
use crate::inventory::{Inventory, NamespaceKind};

/// What is known about GitLab's side.
#[derive(Clone, Debug)]
pub struct Context {
    /// The release whose rules apply.
    pub version: Version,
    /// The release that was asked for, where it is newer than all that are known.
    pub newer_version: Option<Version>,
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
}

impl Default for Context {
    fn default() -> Self {
        Self {
            version: crate::gitlab::NEWEST,
            newer_version: None,
            tier: None,
            project: None,
            instance_authorization: None,
            max_file_size: crate::agent_config::MAX_FILE_SIZE,
            inventory: None,
            schemas: Arc::default(),
        }
    }
}

impl Context {
    /// How many entries of a list GitLab looks at: 500, and 100 before 17.0 (gitlab!149844).
    #[must_use]
    pub fn entry_limit(&self) -> usize {
        access::list_limit(self.version)
    }

    /// What access is worked out by.
    #[must_use]
    pub fn access_settings(&self) -> access::Settings {
        access::Settings { version: self.version, tier: self.tier, instance_authorization: self.instance_authorization }
    }

    /// Judges ids of `ci_access` against the place of the configuration project.
    pub(crate) fn hierarchy(&self) -> access::Hierarchy<'_> {
        let home = self.project.as_ref().map(FullPath::as_str);
        access::Hierarchy::new(self.inventory.as_deref(), self.access_settings(), AccessSection::Ci, home)
    }

    /// The configuration project's personal namespace, where the inventory says that it lies in one.
    #[must_use]
    pub fn personal_namespace(&self) -> Option<&str> {
        let root = self.project.as_ref()?.top_level();
        let namespace = self.inventory.as_deref()?.find_namespace(root)?;
        (namespace.kind == NamespaceKind::User).then_some(&*namespace.path)
    }
}
