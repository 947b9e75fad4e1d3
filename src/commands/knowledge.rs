//! What is known about GitLab's side: options first, then the environment, the git remote, and the settings file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use super::discover::{self, Content};
use super::{Unusable, output};
use crate::gitlab::{FullPath, NEWEST, Tier, Version, path_of_remote};
use crate::report::Human;
use crate::rules::Context;
use crate::settings::{FILE_NAME, Settings};
use crate::source::Source;

/// The largest settings file that is read, in bytes.
const MAX_SETTINGS_SIZE: u64 = 1 << 20;

/// Options that say what is known about GitLab's side.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Full path of the configuration project [default: CI_PROJECT_PATH, else the origin remote's path, else settings].
    #[arg(long, value_name = "PATH")]
    project: Option<String>,
    /// Whose rules to apply, as major.minor [default: settings, else the newest known].
    #[arg(long, value_name = "X.Y")]
    gitlab_version: Option<Version>,
    /// Licence of the CI projects: free, premium or ultimate [default: settings, else unknown].
    #[arg(long, value_name = "TIER")]
    tier: Option<Tier>,
    /// Settings file [default: .kaslint.yaml beside .gitlab, or above it up to the top of the repository].
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

/// Settings by folder, and the options.
pub(super) struct Knowledge<'o> {
    options: &'o Options,
    given: Option<Arc<Settings>>,
    by_folder: Mutex<HashMap<PathBuf, Option<Arc<Settings>>>>,
}

/// What applies to one configuration project.
pub(super) struct Known {
    pub context: Context,
    pub settings: Arc<Settings>,
}

impl<'o> Knowledge<'o> {
    /// Reads the settings file that an option names.
    pub fn new(options: &'o Options) -> Result<Self, Unusable> {
        let given = options.settings.as_deref().map(read_settings).transpose()?;
        Ok(Self { options, given, by_folder: Mutex::default() })
    }

    /// What is known about the configuration project in a folder; `is_only` if no other is looked at.
    pub fn context_for(&self, root: &Path, is_only: bool) -> Result<Known, Unusable> {
        let settings = match &self.given {
            Some(settings) => Arc::clone(settings),
            None => self.settings_above(root)?.unwrap_or_default(),
        };
        let version = self.options.gitlab_version.or(settings.version).unwrap_or(NEWEST);
        let project = self.project(root, is_only, &settings);
        let context = Context {
            version: version.min(NEWEST),
            tier: self.options.tier.or(settings.tier),
            project: project.as_deref().map(FullPath::new),
            instance_authorization: settings.instance_authorization,
            max_file_size: settings.max_file_size.unwrap_or(Context::default().max_file_size),
        };
        Ok(Known { context, settings })
    }

    /// The release and the licence that options or settings name.
    pub fn release_and_tier(&self, settings: &Settings) -> (Option<Version>, Option<Tier>) {
        (self.options.gitlab_version.or(settings.version), self.options.tier.or(settings.tier))
    }

    /// The release asked for, if it is newer than what is known.
    pub fn newer_version(&self, settings: &Settings) -> Option<Version> {
        self.options.gitlab_version.or(settings.version).filter(|version| *version > NEWEST)
    }

    /// Whether an option names the project, which can hold for one project only.
    pub fn names_project(&self) -> bool {
        self.options.project.is_some()
    }

    fn project(&self, root: &Path, is_only: bool, settings: &Settings) -> Option<String> {
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        let is_repository = root.join(".git").exists();
        if let Some(project) = &self.options.project {
            return Some(project.clone());
        }
        // A pipeline's project is the one whose repository is checked out, not one somewhere below it.
        if is_only || is_repository {
            let from_pipeline = std::env::var("CI_PROJECT_PATH").ok().filter(|path| !path.is_empty());
            if from_pipeline.is_some() {
                return from_pipeline;
            }
        }
        if is_repository && let Some(path) = origin(root) {
            return Some(path);
        }
        settings.project.clone()
    }

    /// The settings file beside the project's `.gitlab`, or above it up to the top of the repository.
    fn settings_above(&self, root: &Path) -> Result<Option<Arc<Settings>>, Unusable> {
        let root = std::path::absolute(if root.as_os_str().is_empty() { Path::new(".") } else { root });
        let Ok(root) = root else { return Ok(None) };
        for folder in root.ancestors() {
            let known = self.by_folder.lock().ok().and_then(|known| known.get(folder).cloned());
            let settings = match known {
                Some(settings) => settings,
                None => {
                    let file = folder.join(FILE_NAME);
                    let settings = if file.is_file() { Some(read_settings(&file)?) } else { None };
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

fn read_settings(path: &Path) -> Result<Arc<Settings>, Unusable> {
    let shown = discover::shown_path(path);
    let bytes = match discover::read_file(path, MAX_SETTINGS_SIZE)? {
        Content::Text(bytes) => bytes,
        Content::TooLarge(size) => {
            return Err(Unusable(format!("the settings file {shown} has {size} bytes, which is too much")));
        }
        Content::NoFile(what) => return Err(Unusable(format!("the settings file {shown} is {what}"))),
    };
    let source = Arc::new(Source::from_bytes(shown.clone(), &bytes));
    match Settings::read(&source) {
        Ok(settings) => {
            for key in &settings.not_supported {
                output::complain(&format!("warning: {shown}: `{key}` is not acted upon by this version of kaslint"));
            }
            Ok(Arc::new(settings))
        }
        Err(mistakes) => {
            let mut text = Vec::new();
            let _ = Human { width: output::width() }.write_findings(&mistakes, &mut text);
            output::complain(String::from_utf8_lossy(&text).trim_end());
            Err(Unusable(format!("the settings file {shown} cannot be used; mend what is said above")))
        }
    }
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
