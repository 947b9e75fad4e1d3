//! What the caller says about GitLab's side and about what may be read.

use std::path::PathBuf;
use std::sync::Arc;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use crate::gitlab::{Tier, Version};
use crate::source::Source;

/// The part of the help about what is read.
const FILES: &str = "What is read";

/// Options that say what is known about GitLab's side.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "What is known of GitLab")]
pub struct Options {
    /// Full path of the configuration project [default: CI_PROJECT_PATH, else the origin remote's path, else settings].
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::Other)]
    pub project: Option<String>,
    /// Inventory to resolve ids, jobs and environments against [default: settings, else none].
    #[arg(long, value_name = "FILE")]
    pub inventory: Option<PathBuf>,
    /// Whose rules to apply, as major.minor [default: inventory, settings, else the newest known].
    #[arg(long, value_name = "X.Y")]
    pub gitlab_version: Option<Version>,
    /// The JSON Schema that GitLab publishes with a release of the agent; it decides which keys there are [default: settings, else
    /// kaslint's own table].
    #[arg(long, value_name = "FILE")]
    pub agent_schema: Option<PathBuf>,
    /// Licence of the CI projects: free, premium or ultimate [default: inventory, settings, else unknown].
    #[arg(long, value_name = "TIER", value_parser = PossibleValuesParser::new(Tier::ALL.map(Tier::name))
        .try_map(|tier| tier.parse::<Tier>()), ignore_case = true, hide_possible_values = true)]
    pub tier: Option<Tier>,
    /// Settings file [default: .kaslint.yaml beside .gitlab, or above it up to the top of the repository].
    #[arg(long, value_name = "FILE", help_heading = FILES)]
    pub settings: Option<PathBuf>,
    /// Take nothing from the repository's settings, comments and baselines, as for a stranger's branch; what options name holds.
    #[arg(long, help_heading = FILES)]
    pub isolated: bool,
    /// A folder outside of the repository in which what the repository names may be read; may be given several times.
    #[arg(long, value_name = "DIR", help_heading = FILES, value_hint = clap::ValueHint::DirPath)]
    pub allow_outside: Vec<PathBuf>,
    /// Open no socket: what asks GitLab ends with status 2.
    #[arg(long, help_heading = FILES)]
    pub offline: bool,
    /// The folder whose editor settings name the inventory, so that it counts as named by the repository.
    #[arg(skip)]
    pub inventory_of_editor: Option<PathBuf>,
    /// The folder whose editor settings name the agent's schema.
    #[arg(skip)]
    pub agent_schema_of_editor: Option<PathBuf>,
    /// The folder whose editor settings name the settings file.
    #[arg(skip)]
    pub settings_of_editor: Option<PathBuf>,
    /// Another text of the inventory, of which counts what it only adds.
    #[arg(skip)]
    pub adding_to_inventory: Option<Arc<Source>>,
}

/// What the process was started with beside its options.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The working directory; `None` where there is none any more.
    pub folder: Option<PathBuf>,
    /// `CI_PROJECT_PATH`: the project whose pipeline runs.
    pub ci_project_path: Option<String>,
}

impl Surroundings {
    /// Those of this process.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "this is where they are known from")]
    pub fn of_process() -> Self {
        let ci_project_path = std::env::var("CI_PROJECT_PATH").ok().filter(|path| !path.is_empty());
        Self { folder: std::env::current_dir().ok(), ci_project_path }
    }
}
