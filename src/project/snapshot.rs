//! What a loader found and read: projects with everything that is known of them, owned and ready to be kept.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::files::FileSource;
use super::paths::shown_path;
use super::read_input::read_input;
use super::search::FoundFile;
use super::{Context, Input, InventoryFile, SettingsFile, Unusable};
use crate::ci::Pipeline;
use crate::source::Source;

/// Projects side by side, and what there is to say about reading them.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The projects, by folder; those that an inventory adds behind the others.
    pub projects: Vec<Arc<Project>>,
    /// Paths that could not be looked at or read, a clause each.
    pub errors: Vec<String>,
    /// What makes results impossible: settings or inventories that cannot be used, or a call that contradicts itself.
    pub unusable: Vec<Unusable>,
    /// What is to be said once about all results.
    pub remarks: BTreeSet<String>,
    /// What is to be said beside the results.
    pub warnings: BTreeSet<String>,
    /// The inventories that were read.
    pub inventories: Vec<Arc<InventoryFile>>,
    /// The files that were to be the agent's published schema, whether they could be used or not.
    pub agent_schemas: BTreeSet<PathBuf>,
    /// Whether there were more files than were to be looked at.
    pub is_cut: bool,
}

/// A project as far as it was read: a configuration project, one with jobs, or both.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder that holds `.gitlab`.
    pub folder: PathBuf,
    /// The path of that without links, from when it was found; what is read again later lies there still.
    pub(crate) real: PathBuf,
    /// What is known about GitLab's side.
    pub context: Context,
    /// Where that comes from.
    pub origins: Origins,
    /// Its settings.
    pub settings: Arc<SettingsFile>,
    /// The inventory that it stands in, or that its settings name.
    pub inventory: Option<Arc<InventoryFile>>,
    /// Its agent configurations, and what looks like one.
    pub inputs: Vec<Input>,
    /// Where its CI file lies.
    pub ci_file: Option<PathBuf>,
    /// Its CI file, where that was asked for.
    pub pipeline: Option<Arc<Pipeline>>,
    /// The paths of the files that were asked for; `None` for all. Others are there to be known.
    pub named: Option<BTreeSet<String>>,
    /// Whether an inventory says its path.
    pub is_listed: bool,
    /// The files behind `inputs`, those that could not be read among them.
    pub(crate) found: Vec<FoundFile>,
}

impl Project {
    /// A project in memory.
    #[must_use]
    pub fn new(inputs: Vec<Input>, context: Context) -> Self {
        Self {
            folder: PathBuf::new(),
            real: PathBuf::new(),
            context,
            origins: Origins::default(),
            settings: Arc::default(),
            inventory: None,
            inputs,
            ci_file: None,
            pipeline: None,
            named: None,
            is_listed: false,
            found: Vec::new(),
        }
    }

    /// The same project with one of its agent configurations read again; `None` where it has no such file, or that cannot be read.
    #[must_use]
    pub fn with_file_again(&self, shown: &str, files: &dyn FileSource) -> Option<Self> {
        // Not by position: a file that cannot be read is found and is no input.
        let file = self.found.iter().find(|file| shown_path(&file.path) == shown)?;
        let folder = files.hold(&self.folder, &self.real);
        let read = read_input(file, &folder, self.context.max_file_size, files).ok()?;
        let mut project = self.clone();
        let input = project.inputs.iter_mut().find(|input| input.source.path() == shown)?;
        let mut before = std::mem::replace(input, read);
        input.remember(&mut before);
        Some(project)
    }

    /// The paths of its files as reports show them: configurations, the CI file, and what that includes.
    #[must_use]
    pub fn files(&self) -> Vec<&str> {
        self.sources().map(|source| source.path()).collect()
    }

    /// All texts of it.
    pub fn sources(&self) -> impl Iterator<Item = &Arc<Source>> {
        let agents = self.inputs.iter().map(|input| &input.source);
        let of_ci = self.pipeline.iter().flat_map(|pipeline| pipeline.sources.iter().chain(pipeline.job_texts()));
        agents.chain(of_ci)
    }
}

/// Where something that is known comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This option.
    Option(&'static str),
    /// The pipeline that kaslint runs in.
    Pipeline,
    /// The remote called origin of the repository.
    Remote,
    /// The settings file.
    Settings,
    /// The inventory.
    Inventory,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    /// Its path.
    pub project: Option<Origin>,
    /// The inventory.
    pub inventory: Option<Origin>,
    /// The release.
    pub version: Option<Origin>,
    /// The agent's published schema.
    pub agent_schema: Option<Origin>,
    /// The licence.
    pub tier: Option<Origin>,
}
