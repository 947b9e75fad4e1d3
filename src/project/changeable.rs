//! Which files of projects fixes may change.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::Project;
use super::files::FileSource;
use super::paths::shown_path;

/// The files of each project that may be changed, by their paths in reports: those that were asked for and lie in the project's own
/// folder. What it includes of other projects does not.
#[must_use]
pub fn changeable_files(projects: &[Arc<Project>], files: &dyn FileSource) -> Vec<BTreeMap<String, PathBuf>> {
    let real = |project: &Arc<Project>| files.real(&project.folder).ok();
    let roots: Vec<Option<PathBuf>> = projects.iter().map(real).collect();
    let own = |(project, root): (&Arc<Project>, &Option<PathBuf>)| {
        let mut own: BTreeMap<String, PathBuf> =
            project.found.iter().map(|file| (shown_path(&file.path), file.path.clone())).collect();
        for source in project.pipeline.iter().flat_map(|pipeline| &pipeline.sources) {
            let path = PathBuf::from(source.path());
            let Ok(place) = files.real(&path) else { continue };
            let around = roots.iter().flatten().filter(|root| place.starts_with(root));
            let nearest = around.max_by_key(|root| root.as_os_str().len());
            if nearest.is_some() && nearest == root.as_ref() {
                own.insert(source.path().to_owned(), path);
            }
        }
        own.retain(|path, _| project.named.as_ref().is_none_or(|named| named.contains(path)));
        own
    };
    projects.iter().zip(&roots).map(own).collect()
}
