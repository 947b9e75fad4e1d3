//! What is to be analysed: a project, and what is asked of it.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use crate::ci::Pipeline;
use crate::diagnostic::Selection;
use crate::gitlab::PartialText;
use crate::project::Project;

/// A project with the request about it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The project as it was loaded.
    pub project: Arc<Project>,
    /// The paths of the files that findings are wanted of; `None` for all.
    pub named: Option<BTreeSet<String>>,
    /// Which rules run.
    pub selection: Arc<Selection>,
    /// The environments of its jobs, once somebody asked; `None` within where they are not all known.
    pub(super) environments: Arc<OnceLock<Option<Vec<PartialText>>>>,
}

impl Subject {
    /// A project of which that is asked that was named when it was loaded.
    #[must_use]
    pub fn new(project: impl Into<Arc<Project>>, selection: impl Into<Arc<Selection>>) -> Self {
        let project = project.into();
        let named = project.named.clone();
        Self { project, named, selection: selection.into(), environments: Arc::default() }
    }

    /// Puts another state of the project in place of this one; `has_other_jobs` if jobs may differ.
    pub fn replace(&mut self, project: Arc<Project>, has_other_jobs: bool) {
        self.project = project;
        if has_other_jobs {
            self.environments = Arc::default();
        }
    }

    /// Takes another CI file.
    pub fn set_pipeline(&mut self, pipeline: Option<Pipeline>) {
        Arc::make_mut(&mut self.project).pipeline = pipeline.map(Arc::new);
        self.environments = Arc::default();
    }

    /// The environments of its jobs, once they were worked out; `None` where jobs may be missing.
    pub(crate) fn job_environments(&self) -> Option<&[PartialText]> {
        self.environments.get()?.as_deref()
    }

    /// Whether anything of it was asked for; others are there to be known.
    #[must_use]
    pub fn is_asked_for(&self) -> bool {
        self.named.as_ref().is_none_or(|named| !named.is_empty())
    }

    /// Whether a file of it was asked for, whatever settings exclude.
    fn is_named(&self, path: &str) -> bool {
        self.named.as_ref().is_none_or(|named| named.contains(path))
    }

    /// The files of it that were asked for and that settings exclude.
    #[must_use]
    pub fn excluded(&self) -> BTreeSet<String> {
        if self.selection.exclude.is_empty() {
            return BTreeSet::new();
        }
        let files = self.project.files().into_iter();
        files.filter(|path| self.is_named(path) && self.selection.excludes(path)).map(str::to_owned).collect()
    }

    /// Whether findings are wanted of a file, where settings exclude these.
    pub(super) fn is_meant(&self, path: &str, excluded: &BTreeSet<String>) -> bool {
        self.is_named(path) && !excluded.contains(path)
    }
}
