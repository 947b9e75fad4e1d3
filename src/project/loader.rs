//! The loader: from paths, options and a source of files to a [`Snapshot`], for every command and for the editor.
//!
//! `scope` finds the projects, `known` has what is known of each before its files are read.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::ci_files::MAX_CI_FILE_SIZE;
use super::files::{FileSource, Folder};
use super::gate::{Gate, Granted, NamedBy};
use super::options::{Options, Surroundings};
use super::paths::{locate, shown_path};
use super::read_input::read_input;
use super::scope::{Neighbours, Owner, Scope};
use super::search::{Found, FoundFile, Searcher};
use super::settings::FILE_NAME;
use super::{AgentSchemaFile, Context, Input, InventoryFile, Project, SettingsFile, Snapshot, Steps, Unusable};
use crate::agent_config::environment_template::MAX_TEMPLATE_SIZE;
use crate::agent_config::location::{CI_FILE, Location};
use crate::diagnostic::RuleTable;
use crate::gitlab::path_of_remote;
use crate::inventory::Project as ListedProject;
use crate::words::some_of;

/// From how many projects on work is shared: threads cost more to start than a few small files cost to read.
const FEW: usize = 4;

/// How many folders of an inventory that are not there are named; the number of the others is told.
const NAMED_FOLDERS: usize = 3;

/// Why a project's folder cannot be read.
enum NotHeld {
    Refused(Unusable),
    Unreadable(io::Error),
}

/// What is to be loaded, and how much of it.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    /// Which projects.
    pub scope: Scope<'r>,
    /// Which others.
    pub neighbours: Neighbours,
    /// Whether CI files are read.
    pub with_ci_files: bool,
    /// Counts files that were read, and is told how many there are before.
    pub steps: &'r Steps,
    /// What was known before, for projects whose settings or inventory have become unusable.
    pub before: Option<&'r [Arc<Project>]>,
}

/// Loads projects. Settings and inventories are read once, however many projects need them.
pub struct Loader<'s> {
    pub(super) files: &'s dyn FileSource,
    pub(super) options: &'s Options,
    pub(super) surroundings: &'s Surroundings,
    pub(super) rules: RuleTable,
    pub(super) gate: Gate<'s>,
    pub(super) given: Option<Arc<SettingsFile>>,
    pub(super) by_folder: Mutex<HashMap<PathBuf, Option<Arc<SettingsFile>>>>,
    /// Files that somebody took for settings.
    pub(super) misnamed: Mutex<BTreeSet<PathBuf>>,
    pub(super) inventories: Mutex<BTreeMap<PathBuf, Arc<InventoryFile>>>,
    pub(super) agent_schemas: Mutex<BTreeMap<PathBuf, Result<Arc<AgentSchemaFile>, Unusable>>>,
    pub(super) known_inventories: Vec<Arc<InventoryFile>>,
    pub(super) inventories_before: Vec<Arc<InventoryFile>>,
}

impl<'s> Loader<'s> {
    /// A loader for a source of files.
    ///
    /// # Errors
    /// When the settings file that an option names cannot be used.
    pub fn new(
        files: &'s dyn FileSource,
        options: &'s Options,
        surroundings: &'s Surroundings,
        rules: RuleTable,
    ) -> Result<Self, Unusable> {
        let gate = Gate::new(files, surroundings, &options.allow_outside);
        let mut loader = Self {
            files,
            options,
            surroundings,
            rules,
            gate,
            given: None,
            by_folder: Mutex::default(),
            misnamed: Mutex::default(),
            inventories: Mutex::default(),
            agent_schemas: Mutex::default(),
            known_inventories: Vec::new(),
            inventories_before: Vec::new(),
        };
        if let Some(file) = &options.settings {
            let by = options.settings_of_editor.as_deref().map_or(NamedBy::Caller, NamedBy::Editor);
            let folder = file.parent().unwrap_or(Path::new(""));
            let root = loader.gate.root_of(options.settings_of_editor.as_deref().unwrap_or(folder), folder);
            let file = loader.gate.resolve(file, by, &root, "settings")?;
            loader.given = Some(Arc::new(SettingsFile::read(&file, rules, files, &loader.gate, &root)?));
        }
        Ok(loader)
    }

    /// The same, with inventories that were read: the same text is not read again.
    #[must_use]
    pub fn knowing(self, inventories: &[Arc<InventoryFile>]) -> Self {
        Self { known_inventories: inventories.to_vec(), ..self }
    }

    /// The same, with inventories that were read before from the same files: a file that still has the same text is not read again.
    /// Files with equal texts stay apart.
    #[must_use]
    pub fn remembering(self, inventories: &[Arc<InventoryFile>]) -> Self {
        Self { inventories_before: inventories.to_vec(), ..self }
    }

    /// The root around the working directory, and the full path of its project if options, the pipeline or its remote say it.
    #[must_use]
    pub fn repository(&self) -> (PathBuf, Option<String>) {
        let here = Path::new(".");
        let root = self.gate.root_of(here, here).path;
        let from_remote = || {
            let has_git = self.files.is_there(&root.join(".git"));
            has_git.then(|| self.files.remote(&root)).flatten().as_deref().and_then(path_of_remote)
        };
        let project = self.options.project.clone().or_else(|| self.surroundings.ci_project_path.clone());
        let project = project.or_else(from_remote);
        (root, project)
    }

    /// Loads projects. What goes wrong stands in the snapshot.
    #[must_use]
    pub fn load(&self, request: &Request<'_>) -> Snapshot {
        let mut snapshot = Snapshot::default();
        let search = self.search(request, &mut snapshot);
        snapshot.errors.extend(search.errors);
        snapshot.is_cut = search.is_cut;
        if !search.passed_over.is_empty() {
            let folders: Vec<String> = search.passed_over.iter().map(|folder| shown_path(folder)).collect();
            let folders = folders.join(", ");
            snapshot.remarks.insert(format!("Not looked at: {folders}, where the system shows itself as files."));
        }
        let owner = match self.owner(&search.projects, request.scope, &mut snapshot) {
            Ok(owner) => owner,
            Err(unusable) => {
                snapshot.unusable.push(unusable);
                None
            }
        };
        request.steps.expect(search.projects.iter().map(Found::count).sum());
        let load = |(at, found): (usize, &Found)| self.project(found, owner.filter(|owner| owner.at == at), request);
        let loaded: Vec<_> = match search.projects.len() {
            0..=FEW => search.projects.iter().enumerate().map(load).collect(),
            _ => search.projects.par_iter().enumerate().map(load).collect(),
        };
        for (project, errors, unusable) in loaded {
            snapshot.projects.extend(project.map(Arc::new));
            snapshot.errors.extend(errors);
            snapshot.unusable.extend(unusable);
        }
        let mut told = HashSet::new();
        snapshot.errors.retain(|error| told.insert(error.clone()));
        self.remark(&mut snapshot);
        snapshot
    }

    /// One agent configuration by itself, with what is known of its project.
    ///
    /// # Errors
    /// When it cannot be read, or settings or inventory cannot be used.
    pub fn load_file(&self, path: &Path) -> Result<(Input, Context), Unusable> {
        let (root, location) = locate(path);
        let found = Found::nothing_at(&root);
        let context = self.known(&found, None)?.context;
        let file = FoundFile { path: path.to_owned(), location: location.unwrap_or(Location::Loose) };
        let folder = self.gate.hold(&root, &root).map(|(folder, _)| folder);
        Ok((read_input(&file, &folder, context.max_file_size, self.files)?, context))
    }

    /// What is known of the project in a folder, whether it has files or not.
    ///
    /// # Errors
    /// When settings or inventory cannot be used.
    pub fn context_of(&self, folder: &Path) -> Result<Context, Unusable> {
        Ok(self.known(&Found::nothing_at(folder), None)?.context)
    }

    /// The inventory at a path, which the caller names.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn load_inventory(&self, file: &Path) -> Result<Arc<InventoryFile>, Unusable> {
        let folder = file.parent().unwrap_or(Path::new(""));
        self.read_inventory(&Granted::to_caller(file), &self.gate.root_of(folder, folder))
    }

    /// The agents that have a configuration in the folder of a project that an inventory lists; `None` where there is no such folder.
    ///
    /// # Errors
    /// When the folder lies outside of what the inventory may name.
    pub fn agent_folders(
        &self,
        file: &InventoryFile,
        project: &ListedProject,
    ) -> Result<Option<Vec<String>>, Unusable> {
        let root = file.folder_of(project);
        match file.hold(&root, self.files) {
            Ok(Some(_)) => {}
            Ok(None) => return Err(file.refuse(&root, &project.path)),
            Err(_) => return Ok(None),
        }
        let found = Searcher::new(self.files, usize::MAX).at_root(&root).map(|found| found.files).unwrap_or_default();
        Ok(Some(found.into_iter().filter_map(|file| file.location.agent().map(str::to_owned)).collect()))
    }

    /// The most bytes that the text at a path may have to be read.
    ///
    /// # Errors
    /// When settings or inventory cannot be used.
    pub fn limit_of(&self, path: &Path) -> Result<u64, Unusable> {
        if path.file_name().is_some_and(|name| name == CI_FILE) {
            return Ok(MAX_CI_FILE_SIZE);
        }
        let (root, location) = locate(path);
        if location.is_some_and(|location| location.is_template()) {
            return Ok(MAX_TEMPLATE_SIZE);
        }
        Ok(self.known(&Found::nothing_at(&root), None)?.context.max_file_size)
    }

    /// A project with its files.
    fn project(
        &self,
        found: &Found,
        owner: Option<Owner>,
        request: &Request<'_>,
    ) -> (Option<Project>, Vec<String>, Option<Unusable>) {
        let (known, unusable) = match self.known(found, owner) {
            Ok(known) => (known, None),
            Err(unusable) => match request.before {
                Some(before) => (self.known_before(found, before), Some(unusable)),
                None => return (None, Vec::new(), Some(unusable)),
            },
        };
        let (folder, real) = match self.hold(found) {
            Ok((folder, real)) => (Ok(folder), real),
            Err(NotHeld::Refused(unusable)) => return (None, Vec::new(), Some(unusable)),
            Err(NotHeld::Unreadable(error)) => (Err(error), PathBuf::new()),
        };
        let mut errors = found.errors.clone();
        let mut inputs = Vec::with_capacity(found.files.len());
        for file in &found.files {
            match read_input(file, &folder, known.context.max_file_size, self.files) {
                Ok(input) => inputs.push(input),
                Err(unusable) => errors.push(unusable.message),
            }
        }
        let shown = |named: &BTreeSet<PathBuf>| named.iter().map(|path| shown_path(path)).collect();
        let mut project = Project {
            folder: found.root.clone(),
            real,
            context: known.context,
            origins: known.origins,
            settings: known.settings,
            inventory: known.inventory,
            inputs,
            ci_file: found.ci_file.clone(),
            pipeline: None,
            named: found.named.as_ref().map(shown),
            is_listed: found.project.is_some(),
            found: found.files.clone(),
        };
        if request.with_ci_files {
            project.pipeline = project.read_pipeline_in(folder.ok(), self.files).map(Arc::new);
        }
        request.steps.add(found.count());
        (Some(project), errors, unusable)
    }

    /// Holds a project's folder, and says what its path without links is.
    fn hold(&self, found: &Found) -> Result<(Folder, PathBuf), NotHeld> {
        let error = match self.gate.hold(&found.root, &found.given) {
            Ok(held) => return Ok(held),
            Err(error) => error,
        };
        // What an inventory lists may be a link, other than what a walk finds.
        match (&found.listed_by, &found.project) {
            (Some((file, _)), Some(project)) => match file.hold(&found.root, self.files) {
                Ok(Some(held)) => Ok(held),
                Ok(None) => Err(NotHeld::Refused(file.refuse(&found.root, project))),
                Err(error) => Err(NotHeld::Unreadable(error)),
            },
            _ => Err(NotHeld::Unreadable(error)),
        }
    }

    /// What is to be said about everything that was read.
    fn remark(&self, snapshot: &mut Snapshot) {
        for project in &snapshot.projects {
            let Project { context, settings, .. } = &**project;
            for schema in context.schemas.iter().filter(|schema| schema.is_agents()) {
                let what = match context.agent_schema.is_some() {
                    true => {
                        "decides about keys by `gitlab.agent_schema` or `--agent-schema`, so it is left out of `schemas`"
                    }
                    false => "belongs in `gitlab.agent_schema`, by which files are decoded",
                };
                let shown = settings.file.as_deref().map(shown_path).unwrap_or_default();
                snapshot.warnings.insert(format!(
                    "{shown}: {} in `schemas` is the schema that GitLab publishes of the agent's configuration; it {what}",
                    schema.path()
                ));
            }
        }
        let misnamed = self.misnamed.lock().unwrap_or_else(PoisonError::into_inner);
        snapshot.warnings.extend(
            misnamed.iter().map(|file| format!("{} is not read: settings are in {FILE_NAME}", shown_path(file))),
        );
        let agent_schemas = self.agent_schemas.lock().unwrap_or_else(PoisonError::into_inner);
        snapshot.agent_schemas.extend(agent_schemas.keys().cloned());
        for file in agent_schemas.values().flatten() {
            let unread: Vec<String> = file.schema.unread_patterns().iter().map(|key| format!("`{key}`")).collect();
            if !unread.is_empty() {
                snapshot.remarks.insert(format!(
                    "Not checked: the `pattern` of {} in {}, which cannot be tried here.",
                    some_of(&unread, NAMED_FOLDERS),
                    shown_path(&file.file)
                ));
            }
        }
        snapshot.remarks.extend(snapshot.projects.iter().filter_map(|project| project.context.newer_release()));
        let inventories = self.inventories.lock().unwrap_or_else(PoisonError::into_inner);
        for (file, inventory) in &*inventories {
            let named = inventory.missing.iter().take(NAMED_FOLDERS);
            let mut folders: Vec<String> =
                named.map(|missing| format!("{} of `{}`", missing.folder, missing.project)).collect();
            match inventory.missing.len().saturating_sub(NAMED_FOLDERS) {
                0 => {}
                more => folders.push(format!("{more} more")),
            }
            if !folders.is_empty() {
                let (folder, are) =
                    if inventory.missing.len() == 1 { ("the folder", "is") } else { ("the folders", "are") };
                let folders = folders.join(", ");
                snapshot.remarks.insert(format!(
                    "Not read: {folder} {folders}, which {} names and which {are} not there.",
                    shown_path(file)
                ));
            }
            snapshot.inventories.push(Arc::clone(inventory));
        }
    }
}
