//! Projects with the rules that run on them.

use std::sync::Arc;

use crate::analysis::Subject;
use crate::diagnostic::Selection;
use crate::project::{Asked, Project, SettingsFile};

/// The projects, each with the rules that run on it by what was asked and its settings; projects with the same settings share these.
pub(super) fn subjects(asked: &Asked<'_>, projects: Vec<Arc<Project>>) -> Vec<Subject> {
    let mut known: Vec<(Arc<SettingsFile>, Arc<Selection>)> = Vec::new();
    let subject = |project: Arc<Project>| {
        let settings = &project.settings;
        let position = known.iter().position(|(of, _)| Arc::ptr_eq(of, settings)).unwrap_or_else(|| {
            let selection = settings.selection(asked);
            known.push((Arc::clone(settings), Arc::new(selection)));
            known.len() - 1
        });
        let selection = known.get(position).map(|(_, selection)| Arc::clone(selection)).unwrap_or_default();
        Subject::new(project, selection)
    };
    projects.into_iter().map(subject).collect()
}
