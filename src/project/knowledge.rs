//! What is known about GitLab's side: options first, then the environment, the git remote, and the settings file.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::discover::{self, Found, Search};
use super::{Unusable, inventory};
use crate::diagnostic::RuleTable;
use crate::fixing::Texts;
use crate::gitlab::{FullPath, NEWEST, Tier, Version, path_of_remote};
use crate::inventory::{Inventory, Project};
use crate::project::settings::{FILE_NAME, Settings};
use crate::project::{Context, OrganisationSchema};

/// The largest settings file that is read, in bytes.
const MAX_SETTINGS_SIZE: u64 = 1 << 20;

/// How many files of a folder are looked at for an editor; that takes about a second.
pub(crate) const MAX_FILES_OF_EDITOR: usize = 200_000;

/// Options that say what is known about GitLab's side.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Full path of the configuration project [default: CI_PROJECT_PATH, else the origin remote's path, else settings].
    #[arg(long, value_name = "PATH")]
    pub project: Option<String>,
    /// Inventory to resolve ids, jobs and environments against [default: settings, else none].
    #[arg(long, value_name = "FILE")]
    pub inventory: Option<PathBuf>,
    /// Whose rules to apply, as major.minor [default: inventory, settings, else the newest known].
    #[arg(long, value_name = "X.Y")]
    pub gitlab_version: Option<Version>,
    /// Licence of the CI projects: free, premium or ultimate [default: inventory, settings, else unknown].
    #[arg(long, value_name = "TIER")]
    pub tier: Option<Tier>,
    /// Settings file [default: .kaslint.yaml beside .gitlab, or above it up to the top of the repository].
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Never touch the network, as is the case anyway.
    #[arg(long)]
    pub offline: bool,
}

/// Settings and inventories by path, and the options.
pub(crate) struct Knowledge<'o> {
    options: &'o Options,
    rules: RuleTable,
    /// Where warnings go.
    warn: &'o (dyn Fn(&str) + Sync),
    /// Texts that go before files.
    texts: Texts,
    given: Option<Arc<FoundSettings>>,
    by_folder: Mutex<HashMap<PathBuf, Option<Arc<FoundSettings>>>>,
    inventories: Mutex<HashMap<PathBuf, Arc<Listing>>>,
}

/// A settings file that was read, with the folder that its paths start from.
#[derive(Debug, Default)]
pub(crate) struct FoundSettings {
    pub settings: Settings,
    schemas: Arc<Vec<OrganisationSchema>>,
    folder: PathBuf,
    /// The file itself; `None` where there is none.
    pub file: Option<PathBuf>,
}

impl FoundSettings {
    /// The inventory that they name.
    pub fn inventory_file(&self) -> Option<PathBuf> {
        self.settings.inventory.as_ref().map(|file| self.folder.join(file))
    }

    /// The JSON Schemas that they name.
    pub fn schema_files(&self) -> impl Iterator<Item = PathBuf> {
        self.settings.schemas.iter().map(|file| self.folder.join(file))
    }

    /// The folder as paths of findings start; empty for the working directory.
    pub fn shown_folder(&self) -> String {
        match std::env::current_dir() {
            Ok(here) if here == self.folder => String::new(),
            _ if self.folder.as_os_str().is_empty() || self.folder == Path::new(".") => String::new(),
            _ => discover::shown_path(&self.folder),
        }
    }
}

/// An inventory with the folder that its paths start from.
#[derive(Debug)]
pub(crate) struct Listing {
    pub inventory: Arc<Inventory>,
    pub folder: PathBuf,
    pub file: PathBuf,
}

/// What applies to one configuration project.
pub(crate) struct Known {
    pub context: Context,
    pub settings: Arc<FoundSettings>,
    pub listing: Option<Arc<Listing>>,
    pub origins: Origins,
}

/// Where something that is known comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Option(&'static str),
    Pipeline,
    Remote,
    Settings,
    Inventory,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Option(option) => option,
            Self::Pipeline => "CI_PROJECT_PATH",
            Self::Remote => "the remote origin",
            Self::Settings => "settings",
            Self::Inventory => "inventory",
        })
    }
}

/// Where what is known of a project comes from; `None` for what nobody says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origins {
    pub project: Option<Origin>,
    pub inventory: Option<Origin>,
    pub version: Option<Origin>,
    pub tier: Option<Origin>,
}

/// The first of several values that is there, with its origin.
fn first<T, const N: usize>(values: [(Option<T>, Origin); N]) -> (Option<T>, Option<Origin>) {
    let found = values.into_iter().find_map(|(value, origin)| Some((value?, origin)));
    found.map_or((None, None), |(value, origin)| (Some(value), Some(origin)))
}

impl<'o> Knowledge<'o> {
    /// Reads the settings file that an option names.
    pub fn new(options: &'o Options, rules: RuleTable, warn: &'o (dyn Fn(&str) + Sync)) -> Result<Self, Unusable> {
        Self::with_texts(options, rules, warn, Texts::new())
    }

    /// The same with texts that go before files.
    pub fn with_texts(
        options: &'o Options,
        rules: RuleTable,
        warn: &'o (dyn Fn(&str) + Sync),
        texts: Texts,
    ) -> Result<Self, Unusable> {
        let given = options.settings.as_deref().map(|file| read_settings(file, rules, &texts, warn)).transpose()?;
        Ok(Self { options, rules, warn, texts, given, by_folder: Mutex::default(), inventories: Mutex::default() })
    }

    /// The projects to look at: those of the paths, or else everything here, and all projects of the inventory.
    ///
    /// A folder that an inventory gives to a project has that project's path. With paths, the others of the inventory are
    /// there to be known, for which `Found::named` is empty, and `needs_others` says whether they are needed.
    pub fn search(&self, paths: &[PathBuf], needs_others: impl Fn(&Found) -> bool) -> Result<Search, Unusable> {
        let here = Path::new(".");
        let settings = self.settings_for(here)?;
        let listing = self.listing(&settings)?;
        let mut search = match (paths.is_empty(), &listing) {
            (false, _) => discover::search(paths),
            // With an inventory at hand, an unrelated folder is not searched; this project is looked at all the same.
            (true, Some(_)) if self.options.inventory.is_some() => {
                Search { projects: discover::at_root(here).into_iter().collect(), ..Search::default() }
            }
            (true, _) => discover::search(&[here.to_owned()]),
        };
        if let Some(listing) = &listing {
            let asked = search.projects.len();
            let with_others = paths.is_empty() || search.projects.iter().any(needs_others);
            listing.name_projects(&mut search.projects, with_others);
            if !paths.is_empty() {
                for other in search.projects.iter_mut().skip(asked) {
                    other.named = Some(BTreeSet::new());
                    other.ci_file = None;
                }
            }
        }
        Ok(search)
    }

    /// All projects in a folder, and all of the inventory that its settings name. An editor may have any folder open, so that there
    /// is a limit to what is looked at.
    pub fn search_folder(&self, folder: &Path) -> Result<Search, Unusable> {
        let settings = self.settings_for(folder)?;
        let listing = self.listing(&settings)?;
        let mut search = discover::search_within(&[folder.to_owned()], MAX_FILES_OF_EDITOR);
        if let Some(listing) = &listing {
            listing.name_projects(&mut search.projects, true);
        }
        Ok(search)
    }

    /// All projects of the inventories that the settings of projects name, beside these.
    pub fn add_neighbours(&self, search: &mut Search) -> Result<(), Unusable> {
        let roots: Vec<PathBuf> = search.projects.iter().map(|found| found.root.clone()).collect();
        for root in roots {
            if let Some(listing) = self.listing(&*self.settings_for(&root)?)? {
                listing.name_projects(&mut search.projects, true);
            }
        }
        Ok(())
    }

    /// What is known about the project in a folder, with its path if an inventory gave it; `is_only` if no other is
    /// looked at.
    pub fn context_for(&self, root: &Path, listed: Option<&str>, is_only: bool) -> Result<Known, Unusable> {
        let found = self.settings_for(root)?;
        let settings = &found.settings;
        let listing = self.listing(&found)?;
        let instance = listing.as_ref().map(|listing| listing.inventory.instance());
        let (project, project_from) = match listed {
            Some(listed) => (Some(listed.to_owned()), Some(Origin::Inventory)),
            None => self.project(root, is_only, settings),
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
            inventory: listing.is_some().then_some(inventory_from),
            version: version_from,
            tier: tier_from,
        };
        let context = Context {
            version: version.unwrap_or(NEWEST).min(NEWEST),
            tier,
            project: project.as_deref().map(FullPath::new),
            instance_authorization: instance
                .and_then(|instance| instance.instance_authorization)
                .or(settings.instance_authorization),
            max_file_size: settings.max_file_size.unwrap_or(Context::default().max_file_size),
            inventory: listing.as_ref().map(|listing| Arc::clone(&listing.inventory)),
            schemas: Arc::clone(&found.schemas),
        };
        Ok(Known { context, settings: found, listing, origins })
    }

    /// The release asked for, if it is newer than what is known.
    pub fn newer_version(&self, known: &Known) -> Option<Version> {
        let listed = known.listing.as_ref().and_then(|listing| listing.inventory.instance().version);
        let version = self.options.gitlab_version.or(listed).or(known.settings.settings.version);
        version.filter(|version| *version > NEWEST)
    }

    /// The inventories that were read so far.
    pub fn inventory_files(&self) -> Vec<PathBuf> {
        let known = self.inventories.lock().unwrap_or_else(PoisonError::into_inner);
        known.keys().cloned().collect()
    }

    /// Whether an option names the project, which can hold for one project only.
    pub fn names_project(&self) -> bool {
        self.options.project.is_some()
    }

    fn settings_for(&self, root: &Path) -> Result<Arc<FoundSettings>, Unusable> {
        match &self.given {
            Some(settings) => Ok(Arc::clone(settings)),
            None => Ok(self.settings_above(root)?.unwrap_or_default()),
        }
    }

    /// The inventory that the option or else the settings name.
    fn listing(&self, found: &FoundSettings) -> Result<Option<Arc<Listing>>, Unusable> {
        let Some(file) = self.options.inventory.clone().or_else(|| found.inventory_file()) else { return Ok(None) };
        // Held while it is read, so that an inventory is read once.
        let mut known = self.inventories.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listing) = known.get(&file) {
            return Ok(Some(Arc::clone(listing)));
        }
        let folder = file.parent().map(Path::to_owned).unwrap_or_default();
        let listing =
            Arc::new(Listing { inventory: Arc::new(inventory::load(&file, &self.texts)?), folder, file: file.clone() });
        known.insert(file, Arc::clone(&listing));
        Ok(Some(listing))
    }

    fn project(&self, root: &Path, is_only: bool, settings: &Settings) -> (Option<String>, Option<Origin>) {
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        let is_repository = root.join(".git").exists();
        if let Some(project) = &self.options.project {
            return (Some(project.clone()), Some(Origin::Option("--project")));
        }
        // A pipeline's project is the one whose repository is checked out, not one somewhere below it.
        if is_only || is_repository {
            let from_pipeline = std::env::var("CI_PROJECT_PATH").ok().filter(|path| !path.is_empty());
            if from_pipeline.is_some() {
                return (from_pipeline, Some(Origin::Pipeline));
            }
        }
        if is_repository && let Some(path) = origin(root) {
            return (Some(path), Some(Origin::Remote));
        }
        first([(settings.project.clone(), Origin::Settings)])
    }

    /// The settings file beside the project's `.gitlab`, or above it up to the top of the repository.
    fn settings_above(&self, root: &Path) -> Result<Option<Arc<FoundSettings>>, Unusable> {
        let root = std::path::absolute(if root.as_os_str().is_empty() { Path::new(".") } else { root });
        let Ok(root) = root else { return Ok(None) };
        for folder in root.ancestors() {
            let known = self.by_folder.lock().ok().and_then(|known| known.get(folder).cloned());
            let settings = match known {
                Some(settings) => settings,
                None => {
                    let file = folder.join(FILE_NAME);
                    let is_there = file.is_file() || self.texts.contains_key(&discover::shown_path(&file));
                    let settings =
                        if is_there { Some(read_settings(&file, self.rules, &self.texts, self.warn)?) } else { None };
                    if let Ok(mut known) = self.by_folder.lock() {
                        known.insert(folder.to_owned(), settings.clone());
                    }
                    settings
                }
            };
            if settings.is_some() {
                return Ok(settings);
            }
            if folder.join(".git").exists() {
                break;
            }
        }
        Ok(None)
    }
}

impl Listing {
    /// Gives the found projects the paths that the inventory has for their folders; with `is_all`, adds those of its
    /// projects that have a folder and were not found.
    fn name_projects(&self, found: &mut Vec<Found>, is_all: bool) {
        // The same folder may be found by another way of writing its path.
        let real = |path: &Path| std::fs::canonicalize(if path.as_os_str().is_empty() { Path::new(".") } else { path });
        let mut known: HashMap<PathBuf, usize> = HashMap::new();
        for (position, project) in found.iter().enumerate() {
            known.extend(real(&project.root).ok().map(|root| (root, position)));
        }
        let mut found_at = |project: &Project| -> bool {
            // An inventory may list many projects, and asking the disk about each takes long.
            let place = if known.is_empty() { None } else { real(&self.folder_of(project)).ok() };
            let position = place.and_then(|place| known.get(&place).copied());
            if let Some(found) = position.and_then(|position| found.get_mut(position)) {
                found.project = Some(project.path.to_string());
            }
            position.is_some()
        };
        let mut others: Vec<&Project> = Vec::new();
        for project in self.inventory.projects() {
            if !found_at(project) && is_all {
                others.push(project);
            }
        }
        let at_root = |project: &&Project| {
            let mut at_root = discover::at_root(&self.folder_of(project))?;
            at_root.project = Some(project.path.to_string());
            Some(at_root)
        };
        found.par_extend(others.par_iter().filter_map(at_root));
    }

    fn folder_of(&self, project: &Project) -> PathBuf {
        self.folder.join(project.folder())
    }
}

fn read_settings(
    path: &Path,
    rules: RuleTable,
    texts: &Texts,
    warn: &dyn Fn(&str),
) -> Result<Arc<FoundSettings>, Unusable> {
    let shown = discover::shown_path(path);
    let source = discover::read_own("settings file", path, MAX_SETTINGS_SIZE, texts)?;
    match Settings::read(&source, rules) {
        Ok(settings) => {
            for key in &settings.not_supported {
                warn(&format!("warning: {shown}: `{key}` is not acted upon by this version of kaslint"));
            }
            let folder = path.parent().map(Path::to_owned).unwrap_or_default();
            let schemas = settings.schemas.iter().map(|file| read_schema(&folder.join(file), texts));
            let schemas = Arc::new(schemas.collect::<Result<_, _>>()?);
            Ok(Arc::new(FoundSettings { settings, schemas, folder, file: Some(path.to_owned()) }))
        }
        Err(mistakes) => {
            let message = format!("the settings file {shown} cannot be used");
            Err(Unusable::with_mistakes(message, mistakes))
        }
    }
}

/// An organisation's own schema that a settings file names.
fn read_schema(file: &Path, texts: &Texts) -> Result<OrganisationSchema, Unusable> {
    let shown = discover::shown_path(file);
    let source = discover::read_own("schema", file, MAX_SETTINGS_SIZE, texts)?;
    OrganisationSchema::read(&shown, source.text())
        .map_err(|error| Unusable::new(format!("cannot use the schema {shown}: {error}")))
}

/// The path behind the remote called origin; `None` without git or remote.
fn origin(root: &Path) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["config", "--local", "--get", "remote.origin.url"])
        .output()
        .ok()?;
    output.status.success().then(|| path_of_remote(String::from_utf8_lossy(&output.stdout).trim())).flatten()
}
