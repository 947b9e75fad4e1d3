//! The loader: from paths, options and a source of files to a [`Snapshot`], for every command and for the editor.
//!
//! What is known is taken from options first, then from the environment, the git remote, and the settings file.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::ci_files::MAX_CI_FILE_SIZE;
use super::files::{Content, FileSource, Kind, plain};
use super::gate::{Gate, NamedBy, lexical};
use super::inputs::read_input;
use super::options::{Options, Surroundings};
use super::paths::{folder_or_here, locate, shown_path};
use super::search::{Found, FoundFile, Listing, Search, Searcher};
use super::settings::{FILE_NAME, Settings};
use super::{Context, Input, InventoryFile, Origin, Origins, Project, SettingsFile, Snapshot, Steps, Unusable};
use crate::agent_config::location::{CI_FILE, Location};
use crate::diagnostic::RuleTable;
use crate::gitlab::{FullPath, NEWEST, path_of_remote};

/// How many files of a folder are looked at for an editor; that takes about a second.
pub const MAX_FILES_OF_EDITOR: usize = 200_000;

/// From how many projects on work is shared: threads cost more to start than a few small files cost to read.
const FEW: usize = 4;

/// How many folders of an inventory that are not there are named; the number of the others is told.
const NAMED_FOLDERS: usize = 3;

/// What is to be loaded.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'p> {
    /// These files and folders, or the working directory where there are none, and all projects of the inventory.
    Paths(&'p [PathBuf]),
    /// A folder that an editor has open, with documents of which not all need lie in it.
    Folder(&'p Path, &'p [PathBuf]),
    /// Documents of an editor that lie in no folder that is open.
    Documents(&'p [PathBuf]),
}

/// Which other projects of an inventory are loaded beside those that paths name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbours {
    /// All of them.
    Always,
    /// All of them where jobs are asked for, which may use agents of any.
    ForJobs,
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
    files: &'s dyn FileSource,
    options: &'s Options,
    surroundings: &'s Surroundings,
    rules: RuleTable,
    gate: Gate<'s>,
    given: Option<Arc<SettingsFile>>,
    by_folder: Mutex<HashMap<PathBuf, Option<Arc<SettingsFile>>>>,
    inventories: Mutex<BTreeMap<PathBuf, Arc<InventoryFile>>>,
}

/// The project that the caller's word about a path is for.
#[derive(Clone, Copy)]
struct Owner {
    /// Its position.
    at: usize,
    /// Whether it is the top of what was asked for, and not the only one somewhere below.
    is_top: bool,
}

/// What is known of one project before its files are read.
struct Known {
    context: Context,
    origins: Origins,
    settings: Arc<SettingsFile>,
    inventory: Option<Arc<InventoryFile>>,
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
            inventories: Mutex::default(),
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

    /// Loads projects. What goes wrong stands in the snapshot.
    #[must_use]
    pub fn load(&self, request: &Request<'_>) -> Snapshot {
        let mut snapshot = Snapshot::default();
        let search = self.search(request, &mut snapshot);
        snapshot.errors.extend(search.errors);
        snapshot.is_cut = search.is_cut;
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
        Ok((read_input(&file, context.max_file_size, self.files)?, context))
    }

    /// The inventory at a path, which the caller names.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn load_inventory(&self, file: &Path) -> Result<Arc<InventoryFile>, Unusable> {
        let folder = file.parent().unwrap_or(Path::new(""));
        self.read_inventory(file, &self.gate.root_of(folder, folder))
    }

    /// The files of a listed project's folder that are, or look like, agent configurations; `None` where there is no such folder.
    #[must_use]
    pub fn agent_folders(&self, root: &Path) -> Option<Vec<String>> {
        if !self.files.is_there(root) {
            return None;
        }
        let found = Searcher::new(self.files, usize::MAX).at_root(root).map(|found| found.files).unwrap_or_default();
        Some(found.into_iter().filter_map(|file| file.location.agent().map(str::to_owned)).collect())
    }

    /// The most bytes that the text at a path may have to be read.
    ///
    /// # Errors
    /// When settings or inventory cannot be used.
    pub fn limit_of(&self, path: &Path) -> Result<u64, Unusable> {
        if path.file_name().is_some_and(|name| name == CI_FILE) {
            return Ok(MAX_CI_FILE_SIZE);
        }
        Ok(self.known(&Found::nothing_at(&locate(path).0), None)?.context.max_file_size)
    }

    /// The projects to look at: those of the paths, or else everything here, and all projects of the inventory. A folder that an
    /// inventory gives to a project has that project's path.
    fn search(&self, request: &Request<'_>, snapshot: &mut Snapshot) -> Search {
        let all = Searcher::new(self.files, usize::MAX);
        let here = Path::new(".");
        match request.scope {
            Scope::Paths(paths) => {
                let inventory = self.inventory_around(here, snapshot);
                let mut search = match (paths.is_empty(), &inventory) {
                    (false, _) => all.search(paths),
                    // With an inventory at hand, an unrelated folder is not searched; this project is looked at all the same.
                    (true, Some(_)) if self.options.inventory.is_some() => {
                        Search { projects: all.at_root(here).into_iter().collect(), ..Search::default() }
                    }
                    (true, _) => all.search(&[here.to_owned()]),
                };
                let mut inventories: Vec<Listing> = inventory.into_iter().collect();
                for path in paths {
                    let folder = match self.files.kind(path) {
                        Ok(Kind::File) => locate(path).0,
                        _ => path.clone(),
                    };
                    let around = self.inventory_around(&folder, snapshot);
                    let is_new = |new: &Listing| !inventories.iter().any(|(known, _)| Arc::ptr_eq(known, &new.0));
                    let around = around.filter(is_new);
                    inventories.extend(around);
                }
                let asked = search.projects.len();
                let needs_others = |found: &Found| {
                    request.neighbours == Neighbours::Always
                        || found.ci_file.as_ref().is_some_and(|file| found.is_meant(file))
                };
                let with_others = paths.is_empty() || search.projects.iter().any(needs_others);
                let folders: Vec<PathBuf> = paths.iter().map(|path| lexical(path)).collect();
                let is_below = |folder: &Path| {
                    let folder = lexical(folder);
                    paths.is_empty() || folders.iter().any(|given| folder.starts_with(given))
                };
                for inventory in &inventories {
                    let is_wanted = |folder: &Path| with_others || is_below(folder);
                    InventoryFile::name_projects(inventory, self.files, &mut search.projects, &is_wanted);
                }
                for other in search.projects.iter_mut().skip(asked).filter(|other| !is_below(&other.root)) {
                    other.named = Some(BTreeSet::new());
                    other.ci_file = None;
                }
                search
            }
            Scope::Folder(folder, documents) => {
                let some = Searcher::new(self.files, MAX_FILES_OF_EDITOR);
                let mut search = some.search(&[folder.to_owned()]);
                if let Some(inventory) = self.inventory_around(folder, snapshot) {
                    InventoryFile::name_projects(&inventory, self.files, &mut search.projects, &|_| true);
                }
                documents.iter().for_each(|document| some.add(&mut search, document));
                search
            }
            Scope::Documents(documents) => {
                let mut search = Search::default();
                documents.iter().for_each(|document| all.add(&mut search, document));
                let roots: Vec<PathBuf> = search.projects.iter().map(|found| found.root.clone()).collect();
                for root in roots {
                    if let Some(inventory) = self.inventory_around(&root, snapshot) {
                        InventoryFile::name_projects(&inventory, self.files, &mut search.projects, &|_| true);
                    }
                }
                search
            }
        }
    }

    fn inventory_around(&self, folder: &Path, snapshot: &mut Snapshot) -> Option<Listing> {
        let root = self.gate.root_of(folder, folder);
        let inventory = self.settings_for(folder, &root).and_then(|settings| {
            let inventory = self.inventory_of(&settings, &root)?;
            Ok(inventory.map(|inventory| (inventory, settings)))
        });
        inventory.unwrap_or_else(|unusable| {
            snapshot.unusable.push(unusable);
            None
        })
    }

    /// The project that `--project` and `CI_PROJECT_PATH` are the path of: a pipeline's project is the one whose repository is
    /// checked out, and so is the caller's.
    fn owner(&self, projects: &[Found], scope: Scope<'_>, snapshot: &mut Snapshot) -> Result<Option<Owner>, Unusable> {
        let is_own = |found: &Found| found.is_asked_for() && !found.is_nested;
        let candidates: Vec<(usize, &Found)> = projects.iter().enumerate().filter(|(_, found)| is_own(found)).collect();
        let tops: Vec<PathBuf> = match scope {
            Scope::Paths([]) => vec![lexical(Path::new("."))],
            Scope::Paths(paths) => paths.iter().map(|path| lexical(path)).collect(),
            Scope::Folder(folder, _) => vec![lexical(folder)],
            Scope::Documents(_) => Vec::new(),
        };
        let is_top = |found: &Found| {
            let folder = lexical(&found.root);
            let root = self.gate.root_of(&folder, &found.given);
            root == folder && tops.iter().any(|top| top.starts_with(&folder))
        };
        let at_top: Vec<usize> = candidates.iter().filter(|(_, found)| is_top(found)).map(|(at, _)| *at).collect();
        if let [at] = at_top[..] {
            return Ok(Some(Owner { at, is_top: true }));
        }
        let unlisted: Vec<usize> =
            candidates.iter().filter(|(_, found)| found.project.is_none()).map(|(at, _)| *at).collect();
        if let [at] = unlisted[..] {
            return Ok(Some(Owner { at, is_top: false }));
        }
        let count = unlisted.len();
        if count > 1 {
            if self.options.project.is_some() {
                return Err(Unusable::new(format!(
                    "--project names one project, and {count} configuration projects were found; check them one by one"
                )));
            }
            if let Some(path) = &self.surroundings.ci_project_path {
                snapshot.remarks.insert(format!(
                    "CI_PROJECT_PATH ({path}) was left out: {count} configuration projects were found, and none is the top of what was asked for."
                ));
            }
        }
        Ok(None)
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
        let mut errors = Vec::new();
        let mut inputs = Vec::with_capacity(found.files.len());
        for file in &found.files {
            match read_input(file, known.context.max_file_size, self.files) {
                Ok(input) => inputs.push(input),
                Err(unusable) => errors.push(unusable.message),
            }
        }
        let shown = |named: &BTreeSet<PathBuf>| named.iter().map(|path| shown_path(path)).collect();
        let mut project = Project {
            folder: found.root.clone(),
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
            project.pipeline = project.read_pipeline(self.files).map(Arc::new);
        }
        request.steps.add(found.count());
        (Some(project), errors, unusable)
    }

    /// What is known about a project.
    fn known(&self, found: &Found, owner: Option<Owner>) -> Result<Known, Unusable> {
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
        let inventory_from = match options.inventory {
            Some(_) => Origin::Option("--inventory"),
            None => Origin::Settings,
        };
        let origins = Origins {
            project: project_from,
            inventory: inventory.is_some().then_some(inventory_from),
            version: version_from,
            tier: tier_from,
        };
        let context = Context {
            version: version.unwrap_or(NEWEST).min(NEWEST),
            newer_version: version.filter(|version| *version > NEWEST),
            tier,
            project: project.as_deref().map(FullPath::new),
            instance_authorization: instance
                .and_then(|instance| instance.instance_authorization)
                .or(settings.instance_authorization),
            max_file_size: settings.max_file_size.unwrap_or(Context::default().max_file_size),
            inventory: inventory.as_ref().map(|file| Arc::clone(&file.inventory)),
            schemas: Arc::clone(&settings_file.schemas),
        };
        Ok(Known { context, origins, settings: settings_file, inventory })
    }

    /// What was known before settings or inventory became unusable; else what options say.
    fn known_before(&self, found: &Found, before: &[Arc<Project>]) -> Known {
        if let Some(project) = before.iter().find(|project| project.folder == found.root) {
            return Known {
                context: project.context.clone(),
                origins: project.origins,
                settings: Arc::clone(&project.settings),
                inventory: project.inventory.clone(),
            };
        }
        let version = self.options.gitlab_version.unwrap_or(NEWEST).min(NEWEST);
        let context = Context { version, tier: self.options.tier, ..Context::default() };
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

    fn settings_for(&self, folder: &Path, root: &Path) -> Result<Arc<SettingsFile>, Unusable> {
        match &self.given {
            Some(settings) => Ok(Arc::clone(settings)),
            None if self.options.isolated => Ok(Arc::default()),
            None => Ok(self.settings_above(folder, root)?.unwrap_or_default()),
        }
    }

    /// The settings file beside the project's `.gitlab`, or above it up to the root.
    fn settings_above(&self, folder: &Path, root: &Path) -> Result<Option<Arc<SettingsFile>>, Unusable> {
        let start = lexical(folder);
        for folder in start.ancestors().take_while(|folder| folder.starts_with(root)) {
            let known = self.by_folder.lock().unwrap_or_else(PoisonError::into_inner).get(folder).cloned();
            let settings = match known {
                Some(settings) => settings,
                None => {
                    let file = folder.join(FILE_NAME);
                    let settings = match self.files.is_there(&file) {
                        true if !self.gate.is_below(&file, root) => {
                            return Err(Unusable::new(format!(
                                "the settings file {} leads outside of the repository; name it with `--settings`, or allow its folder with `--allow-outside DIR`",
                                shown_path(&file)
                            )));
                        }
                        true => {
                            let read = SettingsFile::read(&file, self.rules, self.files, &self.gate, root)?;
                            Some(Arc::new(read))
                        }
                        false => None,
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
    fn inventory_of(&self, settings: &SettingsFile, root: &Path) -> Result<Option<Arc<InventoryFile>>, Unusable> {
        let file = match (&self.options.inventory, &self.options.inventory_of_editor) {
            (Some(file), Some(folder)) => {
                let root = self.gate.root_of(folder, folder);
                Some(self.gate.resolve(file, NamedBy::Editor(folder), &root, "inventory")?)
            }
            (Some(file), None) => Some(file.clone()),
            (None, _) => match &settings.inventory_refused {
                Some(refused) => return Err(refused.clone()),
                None => settings.inventory.clone(),
            },
        };
        file.map(|file| self.read_inventory(&file, root)).transpose()
    }

    fn read_inventory(&self, file: &Path, root: &Path) -> Result<Arc<InventoryFile>, Unusable> {
        // Held while it is read, so that an inventory is read once.
        let mut known = self.inventories.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(inventory) = known.get(file) {
            return Ok(Arc::clone(inventory));
        }
        let inventory = Arc::new(InventoryFile::read(file, self.files, &self.gate, root)?);
        known.insert(file.to_owned(), Arc::clone(&inventory));
        Ok(inventory)
    }

    /// What is to be said about everything that was read.
    fn remark(&self, snapshot: &mut Snapshot) {
        let mut settings: Vec<&SettingsFile> = snapshot.projects.iter().map(|project| &*project.settings).collect();
        settings.dedup_by_key(|settings| std::ptr::from_ref(*settings).addr());
        for SettingsFile { settings: Settings { not_supported, .. }, file, .. } in settings {
            let shown = file.as_deref().map(shown_path).unwrap_or_default();
            let warning = |key: &&str| format!("{shown}: `{key}` is not acted upon by this version of kaslint");
            snapshot.warnings.extend(not_supported.iter().map(warning));
        }
        let newer = snapshot.projects.iter().filter_map(|project| project.context.newer_version);
        snapshot
            .remarks
            .extend(newer.map(|version| {
                format!("GitLab {version} is newer than this kaslint knows; it was taken as {NEWEST}.")
            }));
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

/// The first of several values that is there, with its origin.
fn first<T, const N: usize>(values: [(Option<T>, Origin); N]) -> (Option<T>, Option<Origin>) {
    let found = values.into_iter().find_map(|(value, origin)| Some((value?, origin)));
    found.map_or((None, None), |(value, origin)| (Some(value), Some(origin)))
}

/// A text that the caller names, such as a file of queries; `what` says what it was to be. What is no UTF-8 in it is replaced.
///
/// # Errors
/// When it cannot be read, is no file, or has more than `limit` bytes.
pub fn read_named(what: &str, path: &Path, limit: u64, files: &dyn FileSource) -> Result<String, Unusable> {
    match files.read(path, limit) {
        Ok(Content::Text(source)) => Ok(source.text().to_owned()),
        Ok(Content::TooLarge(_) | Content::NoFile(_)) => {
            Err(Unusable::new(format!("cannot read {what} from {}", shown_path(path))))
        }
        Err(error) => Err(Unusable::new(format!("cannot read {}: {}", path.display(), plain(&error)))),
    }
}
