//! Which paths may be read: the root of a repository, and who named a path.
//!
//! Whoever wrote the file that a path stands in named it. What a file below the root names is looked for below the root, what a file
//! outside names below that file's folder, and what the caller names is read wherever it lies.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::Unusable;
use super::files::FileSource;
use super::options::Surroundings;
use super::paths::{absolute, shown_path};

/// Who named a path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NamedBy<'p> {
    /// The caller, on the command line.
    Caller,
    /// This file.
    File(&'p Path),
    /// The settings that an editor's client sends for a folder, which a repository may bring along.
    Editor(&'p Path),
}

/// Decides what may be read.
pub(crate) struct Gate<'s> {
    files: &'s dyn FileSource,
    surroundings: &'s Surroundings,
    /// Folders that the caller adds.
    allowed: Vec<PathBuf>,
    /// The top of the git repository around each folder that was asked about.
    repositories: Mutex<HashMap<PathBuf, Option<PathBuf>>>,
}

impl<'s> Gate<'s> {
    pub fn new(files: &'s dyn FileSource, surroundings: &'s Surroundings, allowed: &[PathBuf]) -> Self {
        let allowed = allowed.iter().map(|folder| files.real(folder).unwrap_or_else(|_| lexical(folder))).collect();
        Self { files, surroundings, allowed, repositories: Mutex::default() }
    }

    /// The root of a folder that `given` led to: the top of the git repository around it; where there is none, the working directory
    /// if the folder lies in it, else what was given. Nothing above it is read.
    pub fn root_of(&self, folder: &Path, given: &Path) -> PathBuf {
        let folder = lexical(folder);
        if let Some(top) = self.repository_around(&folder) {
            return top;
        }
        match &self.surroundings.folder {
            Some(here) if folder.starts_with(here) => here.clone(),
            _ => {
                let given = lexical(given);
                if folder.starts_with(&given) { given } else { folder }
            }
        }
    }

    fn repository_around(&self, folder: &Path) -> Option<PathBuf> {
        let known = self.repositories.lock().unwrap_or_else(PoisonError::into_inner).get(folder).cloned();
        if let Some(known) = known {
            return known;
        }
        let top = folder.ancestors().find(|folder| self.files.is_there(&folder.join(".git"))).map(Path::to_owned);
        self.repositories.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned(), top.clone());
        top
    }

    /// The path that was written; `what` names the setting.
    ///
    /// # Errors
    /// When it leads outside of what whoever named it may have read.
    pub fn resolve(&self, written: &Path, by: NamedBy<'_>, root: &Path, what: &str) -> Result<PathBuf, Unusable> {
        let (path, bound, place) = match by {
            NamedBy::Caller => return Ok(written.to_owned()),
            NamedBy::Editor(folder) => (folder.join(written), root.to_owned(), "the editor's settings".to_owned()),
            NamedBy::File(file) => {
                let folder = file.parent().unwrap_or(Path::new(""));
                let is_inside = lexical(file).starts_with(root);
                let bound = if is_inside { root.to_owned() } else { lexical(folder) };
                (folder.join(written), bound, shown_path(file))
            }
        };
        if self.is_below(&path, &bound) {
            return Ok(path);
        }
        Err(Unusable::new(format!(
            "`{what}` in {place} leads to {}, outside of {}; name it on the command line, or allow its folder with `--allow-outside DIR`",
            shown_path(&path),
            shown_folder(&bound)
        )))
    }

    /// Whether a path lies below a folder, or below one that the caller added, links and all. Where nothing lies there, how it is
    /// written decides.
    pub fn is_below(&self, path: &Path, bound: &Path) -> bool {
        let is_allowed = |path: &Path, bound: &Path| {
            path.starts_with(bound) || self.allowed.iter().any(|allowed| path.starts_with(allowed))
        };
        match (self.files.real(path), self.files.real(bound)) {
            (Ok(path), Ok(bound)) => is_allowed(&path, &bound),
            _ => is_allowed(&lexical(path), &lexical(bound)),
        }
    }
}

/// A folder in words.
fn shown_folder(folder: &Path) -> String {
    match shown_path(folder) {
        shown if shown.is_empty() || shown == "." => "the working directory".to_owned(),
        shown => shown,
    }
}

/// The path from the top of the file system with `..` worked out as it is written.
pub(crate) fn lexical(path: &Path) -> PathBuf {
    let mut lexical = PathBuf::new();
    for component in absolute(path).components() {
        match component {
            Component::ParentDir => drop(lexical.pop()),
            other => lexical.push(other),
        }
    }
    lexical
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::files::Memory;

    #[test]
    fn the_root_is_the_repository_else_the_working_directory_else_what_was_given() {
        let mut tree = Memory::default();
        tree.repository("/r", None).write("/r/sub/.gitlab/agents/a/config.yaml", "").write("/x/y/z/.gitlab-ci.yml", "");
        let surroundings = Surroundings { folder: Some("/x".into()), ci_project_path: None };
        let gate = Gate::new(&tree, &surroundings, &[]);
        let root = |folder: &str, given: &str| gate.root_of(Path::new(folder), Path::new(given));
        assert_eq!(root("/r/sub", "/r/sub"), Path::new("/r"));
        assert_eq!(root("/x/y", "/x/y"), Path::new("/x"));
        assert_eq!(root("/q/w/e", "/q/w"), Path::new("/q/w"));
    }

    #[test]
    fn who_names_a_path_decides_where_it_may_lead() {
        let mut tree = Memory::default();
        tree.repository("/r", None).write("/r/.kaslint.yaml", "").write("/r/i.yaml", "").write("/o/i.yaml", "");
        let surroundings = Surroundings { folder: Some("/r".into()), ci_project_path: None };
        let root = Path::new("/r");
        let resolve = |written: &str, by: NamedBy<'_>, allowed: &[PathBuf]| {
            Gate::new(&tree, &surroundings, allowed).resolve(Path::new(written), by, root, "inventory").is_ok()
        };
        let settings = Path::new("/r/.kaslint.yaml");
        assert!(resolve("i.yaml", NamedBy::File(settings), &[]));
        assert!(resolve("sub/../i.yaml", NamedBy::File(settings), &[]));
        assert!(!resolve("../o/i.yaml", NamedBy::File(settings), &[]));
        assert!(!resolve("/o/i.yaml", NamedBy::File(settings), &[]));
        assert!(!resolve("/o/i.yaml", NamedBy::Editor(root), &[]));
        assert!(resolve("/o/i.yaml", NamedBy::File(settings), &["/o".into()]));
        assert!(resolve("/o/i.yaml", NamedBy::Caller, &[]));
        // What lies outside may name what lies below its own folder, and no more.
        assert!(resolve("p", NamedBy::File(Path::new("/o/i.yaml")), &[]));
        assert!(!resolve("../r", NamedBy::File(Path::new("/o/i.yaml")), &[]));
    }
}
