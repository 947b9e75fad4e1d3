//! What is known of a project before its files are read: options first, then the environment, the git remote, the inventory and the
//! settings file.

use std::path::Path;
use std::sync::{Arc, PoisonError};

use super::gate::{Granted, NamedBy, Root};
use super::loader::Loader;
use super::paths::{folder_or_here, lexical, shown_path};
use super::scope::Owner;
use super::search::Found;
use super::settings::{FILE_NAME, OTHER_NAME};
use super::{AgentSchemaFile, Context, InventoryFile, Origin, Origins, Project, SettingsFile, Unusable};
use crate::gitlab::{FullPath, NEWEST, path_of_remote};

/// What is known of one project before its files are read.
pub(super) struct Known {
    pub context: Context,
    pub origins: Origins,
    pub settings: Arc<SettingsFile>,
    pub inventory: Option<Arc<InventoryFile>>,
}

impl Loader<'_> {
    /// What is known about a project.
    pub(super) fn known(&self, found: &Found, owner: Option<Owner>) -> Result<Known, Unusable> {
        let root = self.gate.root_of(&found.root, &found.given);
        let own = self.settings_for(&found.root, &root)?;
        // Where a project has no settings, those count that name the inventory which lists it.
        let settings_file = match &found.listed_by {
            Some((_, settings)) if own.file.is_none() => Arc::clone(settings),
            _ => own,
        };
        let settings = &settings_file.settings;
        let listed_by = || found.listed_by.as_ref().map(|(inventory, _)| Arc::clone(inventory));
        let inventory = self.inventory_of(&settings_file, &root)?.or_else(listed_by);
        let instance = inventory.as_ref().map(|inventory| inventory.inventory.instance());
        let (project, project_from) = match &found.project {
            Some(listed) => (Some(listed.clone()), Some(Origin::Inventory)),
            None => self.path_of(found, owner, &settings_file),
        };
        let options = self.options;
        let (version, version_from) = first([
            (options.gitlab_version, Origin::Option("--gitlab-version")),
            (instance.and_then(|instance| instance.version), Origin::Inventory),
            (settings.version, Origin::Settings),
        ]);
        let (tier, tier_from) = first([
            (options.tier, Origin::Option("--tier")),
            (instance.and_then(|instance| instance.tier), Origin::Inventory),
            (settings.tier, Origin::Settings),
        ]);
        let agent_schema = self.agent_schema_of(&settings_file)?;
        let agent_schema_from = match options.agent_schema {
            Some(_) => Origin::Option("--agent-schema"),
            None => Origin::Settings,
        };
        let inventory_from = match options.inventory {
            Some(_) => Origin::Option("--inventory"),
            None => Origin::Settings,
        };
        let origins = Origins {
            project: project_from,
            inventory: inventory.is_some().then_some(inventory_from),
            version: version_from,
            agent_schema: agent_schema.is_some().then_some(agent_schema_from),
            tier: tier_from,
        };
        let context = Context {
            version: version.unwrap_or(NEWEST),
            is_release_assumed: version.is_none(),
            tier,
            project: project.as_deref().map(FullPath::new),
            instance_authorization: instance
                .and_then(|instance| instance.instance_authorization)
                .or(settings.instance_authorization),
            max_file_size: settings.max_file_size.unwrap_or(Context::default().max_file_size),
            inventory: inventory.as_ref().map(|file| Arc::clone(&file.inventory)),
            schemas: Arc::clone(&settings_file.schemas),
            policies: Arc::clone(&settings.policies),
            agent_schema,
        };
        Ok(Known { context, origins, settings: settings_file, inventory })
    }

    /// What was known before settings or inventory became unusable; else what options say.
    pub(super) fn known_before(&self, found: &Found, before: &[Arc<Project>]) -> Known {
        if let Some(project) = before.iter().find(|project| project.folder == found.root) {
            return Known {
                context: project.context.clone(),
                origins: project.origins,
                settings: Arc::clone(&project.settings),
                inventory: project.inventory.clone(),
            };
        }
        let version = self.options.gitlab_version;
        let context = Context {
            version: version.unwrap_or(NEWEST),
            is_release_assumed: version.is_none(),
            tier: self.options.tier,
            ..Context::default()
        };
        Known { context, origins: Origins::default(), settings: Arc::default(), inventory: None }
    }

    /// The full path of a project that no inventory names, and who says so.
    fn path_of(
        &self,
        found: &Found,
        owner: Option<Owner>,
        settings: &SettingsFile,
    ) -> (Option<String>, Option<Origin>) {
        let folder = folder_or_here(&found.root);
        let from_option = || self.options.project.clone().filter(|_| owner.is_some());
        let from_pipeline = || self.surroundings.ci_project_path.clone();
        let from_remote = || {
            let has_git = self.files.is_there(&folder.join(".git"));
            has_git.then(|| self.files.remote(folder)).flatten().as_deref().and_then(path_of_remote)
        };
        // A settings file above several projects speaks of the one beside it.
        let beside = settings.file.as_deref().and_then(Path::parent);
        let is_beside = beside.is_some_and(|beside| lexical(beside) == lexical(folder));
        let speaks_of_it = owner.is_some() || is_beside || self.given.is_some();
        let sources: [(Origin, &dyn Fn() -> Option<String>); 5] = [
            (Origin::Option("--project"), &from_option),
            (Origin::Pipeline, &|| from_pipeline().filter(|_| owner.is_some_and(|owner| owner.is_top))),
            (Origin::Remote, &from_remote),
            // A repository somewhere below knows better whose it is.
            (Origin::Pipeline, &|| from_pipeline().filter(|_| owner.is_some())),
            (Origin::Settings, &|| settings.settings.project.clone().filter(|_| speaks_of_it)),
        ];
        let found = sources.into_iter().find_map(|(origin, value)| Some((value()?, origin)));
        found.map_or((None, None), |(path, origin)| (Some(path), Some(origin)))
    }

    pub(super) fn settings_for(&self, folder: &Path, root: &Root) -> Result<Arc<SettingsFile>, Unusable> {
        match &self.given {
            Some(settings) => Ok(Arc::clone(settings)),
            None if self.options.isolated => Ok(Arc::default()),
            None => Ok(self.settings_above(folder, root)?.unwrap_or_default()),
        }
    }

    /// The settings file beside the project's `.gitlab`, or above it up to the root.
    fn settings_above(&self, folder: &Path, root: &Root) -> Result<Option<Arc<SettingsFile>>, Unusable> {
        let start = lexical(folder);
        for folder in start.ancestors().take_while(|folder| folder.starts_with(&root.path)) {
            let known = self.by_folder.lock().unwrap_or_else(PoisonError::into_inner).get(folder).cloned();
            let settings = match known {
                Some(settings) => settings,
                None => {
                    let file = folder.join(FILE_NAME);
                    let settings = match self.files.is_there(&file).then(|| self.gate.grant(&file, root)) {
                        Some(None) => {
                            return Err(Unusable::new(format!(
                                "the settings file {} leads outside of the repository; name it with `--settings`, or allow its folder with `--allow-outside DIR`",
                                shown_path(&file)
                            )));
                        }
                        Some(Some(granted)) => {
                            let read = SettingsFile::read(&granted, self.rules, self.files, &self.gate, root)?;
                            Some(Arc::new(read))
                        }
                        None => {
                            let other = root.path.join(OTHER_NAME);
                            if folder == root.path && self.files.is_there(&other) {
                                self.misnamed.lock().unwrap_or_else(PoisonError::into_inner).insert(other);
                            }
                            None
                        }
                    };
                    let mut known = self.by_folder.lock().unwrap_or_else(PoisonError::into_inner);
                    known.insert(folder.to_owned(), settings.clone());
                    settings
                }
            };
            if settings.is_some() {
                return Ok(settings);
            }
        }
        Ok(None)
    }

    /// The inventory that the option or else the settings name.
    pub(super) fn inventory_of(
        &self,
        settings: &SettingsFile,
        root: &Root,
    ) -> Result<Option<Arc<InventoryFile>>, Unusable> {
        let file = match (&self.options.inventory, &self.options.inventory_of_editor) {
            (Some(file), Some(folder)) => {
                let root = self.gate.root_of(folder, folder);
                Some(self.gate.resolve(file, NamedBy::Editor(folder), &root, "inventory")?)
            }
            (Some(file), None) => Some(Granted::to_caller(file)),
            (None, _) => match &settings.inventory_refused {
                Some(refused) => return Err(refused.clone()),
                None => settings.inventory.clone(),
            },
        };
        file.map(|file| self.read_inventory(&file, root)).transpose()
    }

    /// The agent's published schema that the option or else the settings name.
    fn agent_schema_of(&self, settings: &SettingsFile) -> Result<Option<Arc<AgentSchemaFile>>, Unusable> {
        let file = match (&self.options.agent_schema, &self.options.agent_schema_of_editor) {
            (Some(file), Some(folder)) => {
                let root = self.gate.root_of(folder, folder);
                self.gate.resolve(file, NamedBy::Editor(folder), &root, "agentSchema")?
            }
            (Some(file), None) => Granted::to_caller(file),
            (None, _) => match (&settings.agent_schema_refused, &settings.agent_schema) {
                (Some(refused), _) => return Err(refused.clone()),
                (None, Some(file)) => file.clone(),
                (None, None) => return Ok(None),
            },
        };
        // Held while it is read, so that a schema is read once.
        let mut known = self.agent_schemas.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || AgentSchemaFile::read_granted(&file, self.files).map(Arc::new);
        known.entry(file.path.clone()).or_insert_with(read).clone().map(Some)
    }

    pub(super) fn read_inventory(&self, file: &Granted, root: &Root) -> Result<Arc<InventoryFile>, Unusable> {
        // Held while it is read, so that an inventory is read once.
        let mut known = self.inventories.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(inventory) = known.get(&file.path) {
            return Ok(Arc::clone(inventory));
        }
        let before = self.inventories_before.iter().filter(|before| before.file == file.path);
        let same: Vec<Arc<InventoryFile>> = self.known_inventories.iter().chain(before).cloned().collect();
        let inventory = Arc::new(InventoryFile::read(
            file,
            self.files,
            &self.gate,
            root,
            self.options.adding_to_inventory.as_ref(),
            &same,
        )?);
        known.insert(file.path.clone(), Arc::clone(&inventory));
        Ok(inventory)
    }
}

/// The first of several values that is there, with its origin.
fn first<T, const N: usize>(values: [(Option<T>, Origin); N]) -> (Option<T>, Option<Origin>) {
    let found = values.into_iter().find_map(|(value, origin)| Some((value?, origin)));
    found.map_or((None, None), |(value, origin)| (Some(value), Some(origin)))
}
