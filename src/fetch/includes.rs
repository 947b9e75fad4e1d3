//! Which files CI files take in that are not at hand yet.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::gathered::{Gathered, Project};
use super::queries::FilesOf;
use crate::agent_config::location::CI_FILE;
use crate::ci::{FileContent, Files, Globbed, Pipeline, ProjectFacts};
use crate::gitlab::{ci_file_here, is_plain_file_path, lower_path};
use crate::source::Source;

/// The path of a project's CI file in its own repository; `None` where it lies elsewhere.
pub(super) fn ci_file_of(project: &Project) -> Option<&str> {
    ci_file_here(project.ci_config_path.as_deref().unwrap_or(CI_FILE))
}

/// What a project's CI file names by `include` and nobody has asked for, in this project and in others that were gathered.
///
/// Costs in proportion to the files that the configuration has.
pub(super) fn missing(gathered: &Gathered, project: &Project) -> Vec<FilesOf> {
    let Some(main) = ci_file_of(project).filter(|main| project.files.contains_key(*main)) else { return Vec::new() };
    let facts = ProjectFacts {
        path: Some(project.path.clone()),
        id: project.id,
        default_branch: project.default_branch.clone(),
        server_url: gathered.url.clone(),
    };
    let repository = Repository { gathered, project, missing: Mutex::default() };
    // What it comes to is of no interest here; what it asks for is.
    let _ = Pipeline::read(main, &repository, &facts);
    let missing = repository.missing.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut wanted: Vec<FilesOf> = Vec::new();
    for (project, path) in missing {
        match wanted.last_mut().filter(|last| last.project == project) {
            Some(last) => last.paths.push(path),
            None => wanted.push(FilesOf { project, paths: vec![path] }),
        }
    }
    wanted
}

struct Repository<'g> {
    gathered: &'g Gathered,
    project: &'g Project,
    missing: Mutex<BTreeSet<(String, String)>>,
}

impl Repository<'_> {
    fn read_in(&self, project: &Project, path: &str) -> FileContent {
        let path = path.trim_start_matches('/');
        match project.files.get(path) {
            Some(file) => match &file.bytes {
                Some(bytes) => FileContent::Text(Arc::new(Source::from_bytes(path, bytes))),
                None => FileContent::Missing,
            },
            None => {
                if is_plain_file_path(path) {
                    let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
                    missing.insert((project.path.clone(), path.to_owned()));
                }
                FileContent::Missing
            }
        }
    }
}

impl Files for Repository<'_> {
    fn read(&self, path: &str) -> FileContent {
        self.read_in(self.project, path)
    }

    fn glob(&self, _pattern: &str) -> Globbed {
        Globbed::default()
    }

    fn is_whole(&self) -> bool {
        false
    }

    fn project_file(&self, project: &str, git_ref: Option<&str>, path: &str) -> FileContent {
        let Some(project) = self.gathered.projects.get(&*lower_path(project)) else { return FileContent::Missing };
        let is_default = git_ref.is_none_or(|name| name == "HEAD" || project.default_branch.as_deref() == Some(name));
        if is_default { self.read_in(project, path) } else { FileContent::Missing }
    }
}
