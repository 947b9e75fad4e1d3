//! A repository in memory, as an input describes it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kaslint::analysis::Subject;
use kaslint::gitlab::{Tier, Version};
use kaslint::project::files::Memory;
use kaslint::project::{Asked, Loader, Neighbours, Options, Project, Request, Scope, Snapshot, Steps, Surroundings};
use kaslint::rules;

use crate::archive;

/// Where an agent's configuration lies.
pub const AGENT_FILE: &str = ".gitlab/agents/prod/config.yaml";

/// Where a CI file lies.
pub const CI_FILE: &str = ".gitlab-ci.yml";

/// The folder of the repository.
const ROOT: &str = "/r";

/// A repository and how it is looked at.
pub struct Repository {
    /// Its files, below [`ROOT`].
    pub files: Memory,
    /// What the caller says.
    pub options: Options,
}

impl Repository {
    /// The repository of an input. `-- options --` begins what the caller says, word by word: `isolated`, `project=PATH`, `tier=TIER`,
    /// `version=X.Y`, `inventory=PATH`.
    #[must_use]
    pub fn of(text: &str, first: &str) -> Self {
        let mut files = Memory::default();
        files.repository(ROOT, None);
        let mut options = Options::default();
        for (path, text) in archive::files(text, first) {
            match path {
                "options" => read_options(text, &mut options),
                // As long as a file system lets names be.
                path if path.len() < 256 && !path.contains('\0') => drop(files.write(below(path), text)),
                _ => {}
            }
        }
        Self { files, options }
    }

    /// Loads it with its CI files; `None` where what the caller says cannot be used.
    #[must_use]
    pub fn load(&self) -> Option<Snapshot> {
        let surroundings = Surroundings { folder: Some(PathBuf::from(ROOT)), ci_project_path: None };
        let loader = Loader::new(&self.files, &self.options, &surroundings, rules::TABLE).ok()?;
        Some(loader.load(&Request {
            scope: Scope::Paths(&[PathBuf::from(ROOT)]),
            neighbours: Neighbours::ForJobs,
            with_ci_files: true,
            steps: &Steps::default(),
            before: None,
        }))
    }

    /// Its projects with the rules that their settings ask for; none where the settings cannot be used.
    #[must_use]
    pub fn subjects(&self) -> Vec<Subject> {
        let snapshot = self.load().filter(|snapshot| snapshot.unusable.is_empty()).unwrap_or_default();
        self.subjects_of(&snapshot.projects)
    }

    /// Projects with the rules that their settings ask for.
    #[must_use]
    pub fn subjects_of(&self, projects: &[Arc<Project>]) -> Vec<Subject> {
        let asked = Asked { is_isolated: self.options.isolated, ..Asked::default() };
        let subject = |project: &Arc<Project>| Subject::new(Arc::clone(project), project.settings.selection(&asked));
        projects.iter().map(subject).collect()
    }
}

fn below(path: &str) -> PathBuf {
    // Neither a whole path nor one that leads out of the repository.
    let parts = path.split('/').filter(|part| !part.is_empty() && *part != "..");
    parts.fold(Path::new(ROOT).to_owned(), |folder, part| folder.join(part))
}

fn read_options(text: &str, options: &mut Options) {
    for word in text.split_whitespace() {
        match word.split_once('=') {
            None => options.isolated |= word == "isolated",
            Some(("project", path)) => options.project = Some(path.to_owned()),
            Some(("tier", tier)) => {
                options.tier = [Tier::Free, Tier::Premium, Tier::Ultimate].into_iter().find(|one| one.name() == tier);
            }
            Some(("version", version)) => options.gitlab_version = version.parse::<Version>().ok(),
            Some(("inventory", path)) => options.inventory = Some(below(path)),
            Some(_) => {}
        }
    }
}
