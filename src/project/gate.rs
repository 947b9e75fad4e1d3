//! Which paths may be read: the root of a repository, and who named a path.
//!
//! Whoever wrote the file that a path stands in named it. What a file below the root names is looked for below the root, what a file
//! outside names below that file's folder, and what the caller names is read wherever it lies.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::Unusable;
use super::files::{Content, FileSource, Folder};
use super::options::Surroundings;
use super::paths::{folder_or_here, lexical, shown_path};

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

/// A folder below which is read what the files in it name.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    /// Its path as it is written, from the top of the file system.
    pub path: PathBuf,
    /// Its path without links.
    pub real: PathBuf,
}

/// A path that may be read.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    /// The path.
    pub path: PathBuf,
    /// The folders into which it may lead, by their paths without links; `None` for what the caller named, which may lead anywhere.
    within: Option<Vec<PathBuf>>,
}

impl Granted {
    /// What the caller named.
    pub fn to_caller(path: &Path) -> Self {
        Self { path: path.to_owned(), within: None }
    }

    /// The text there, or what lies there in place of one.
    pub fn read(&self, files: &dyn FileSource, limit: u64) -> io::Result<Content> {
        match &self.within {
            None => files.read(&self.path, limit),
            Some(within) => files.read_within(&self.path, within, limit),
        }
    }
}

/// Decides what may be read.
pub(crate) struct Gate<'s> {
    files: &'s dyn FileSource,
    surroundings: &'s Surroundings,
    /// Folders that the caller adds, by their paths without links.
    allowed: Vec<PathBuf>,
    /// The top of the git repository around each folder that was asked about.
    repositories: Mutex<HashMap<PathBuf, Option<PathBuf>>>,
    /// The paths without links of folders that were asked about.
    real: Mutex<HashMap<PathBuf, PathBuf>>,
}

impl<'s> Gate<'s> {
    pub fn new(files: &'s dyn FileSource, surroundings: &'s Surroundings, allowed: &[PathBuf]) -> Self {
        let allowed = allowed.iter().map(|folder| files.real(folder).unwrap_or_else(|_| lexical(folder))).collect();
        Self { files, surroundings, allowed, repositories: Mutex::default(), real: Mutex::default() }
    }

    /// The root of a folder that `given` led to: the top of the git repository around it; where there is none, the working directory
    /// if the folder lies in it, else what was given. Nothing above it is read.
    pub fn root_of(&self, folder: &Path, given: &Path) -> Root {
        let folder = lexical(folder);
        let path = self.repository_around(&folder).unwrap_or_else(|| match &self.surroundings.folder {
            Some(here) if folder.starts_with(here) => here.clone(),
            _ => {
                let given = lexical(given);
                if folder.starts_with(&given) { given } else { folder }
            }
        });
        let real = self.real_below(&path, given);
        Root { path, real }
    }

    fn repository_around(&self, folder: &Path) -> Option<PathBuf> {
        let mut asked = Vec::new();
        let mut top = None;
        for folder in folder.ancestors() {
            let known = self.repositories.lock().unwrap_or_else(PoisonError::into_inner).get(folder).cloned();
            if let Some(known) = known {
                top = known;
                break;
            }
            asked.push(folder);
            if self.files.is_there(&folder.join(".git")) {
                top = Some(folder.to_owned());
                break;
            }
        }
        let mut repositories = self.repositories.lock().unwrap_or_else(PoisonError::into_inner);
        repositories.extend(asked.into_iter().map(|folder| (folder.to_owned(), top.clone())));
        top
    }

    /// The path without links of a folder; as it is written where it does not lie anywhere.
    fn real(&self, folder: &Path) -> PathBuf {
        let known = self.real.lock().unwrap_or_else(PoisonError::into_inner).get(folder).cloned();
        known.unwrap_or_else(|| {
            let real = self.files.real(folder).unwrap_or_else(|_| lexical(folder));
            self.real.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned(), real.clone());
            real
        })
    }

    /// The path without links that a folder has if there is none between it and `given`, which led to it: a walk follows none.
    fn real_below(&self, folder: &Path, given: &Path) -> PathBuf {
        let below = match folder.strip_prefix(given) {
            Ok(below) => Some(below.to_owned()),
            Err(_) => lexical(folder).strip_prefix(lexical(given)).ok().map(Path::to_owned),
        };
        match below.filter(|below| lexical(below).ends_with(below)) {
            Some(below) if below.as_os_str().is_empty() => self.real(folder_or_here(given)),
            Some(below) => self.real(folder_or_here(given)).join(below),
            None => self.real(folder),
        }
    }

    /// Holds a project's folder that `given` led to, and says what its path without links is.
    ///
    /// # Errors
    /// When it cannot be opened, or has been swapped for a link since it was found.
    pub fn hold(&self, folder: &Path, given: &Path) -> io::Result<(Folder, PathBuf)> {
        let real = self.real_below(folder, given);
        Ok((self.files.hold(folder, &real)?, real))
    }

    /// The folders into which what a root's files name may lead.
    pub fn within(&self, root: &Root) -> Vec<PathBuf> {
        std::iter::once(&root.real).chain(&self.allowed).cloned().collect()
    }

    /// The path that was written, to be read; `what` names the setting.
    ///
    /// # Errors
    /// When it leads outside of what whoever named it may have read.
    pub fn resolve(&self, written: &Path, by: NamedBy<'_>, root: &Root, what: &str) -> Result<Granted, Unusable> {
        let (path, bound, place) = match by {
            NamedBy::Caller => return Ok(Granted::to_caller(written)),
            NamedBy::Editor(folder) => (folder.join(written), root.clone(), "the editor's settings".to_owned()),
            NamedBy::File(file) => {
                let folder = file.parent().unwrap_or(Path::new(""));
                (folder.join(written), self.bound_of(file, root), shown_path(file))
            }
        };
        if let Some(granted) = self.grant(&path, &bound) {
            return Ok(granted);
        }
        Err(Unusable::new(format!(
            "`{what}` in {place} leads to {}, outside of {}; name it on the command line, or allow its folder with `--allow-outside DIR`",
            shown_path(&path),
            shown_folder(&bound.path)
        )))
    }

    /// The folder below which is read what a file names: the root for one that lies below it, else that file's own folder.
    pub fn bound_of(&self, file: &Path, root: &Root) -> Root {
        let folder = file.parent().unwrap_or(Path::new(""));
        if lexical(file).starts_with(&root.path) {
            return root.clone();
        }
        Root { path: lexical(folder), real: self.real(folder_or_here(folder)) }
    }

    /// Grants a path that lies below a folder, or below one that the caller added, links and all. Where nothing lies there, how it is
    /// written decides.
    pub fn grant(&self, path: &Path, bound: &Root) -> Option<Granted> {
        let within = self.within(bound);
        let is_granted = match self.files.real(path) {
            Ok(real) => within.iter().any(|folder| real.starts_with(folder)),
            Err(_) => {
                let path = lexical(path);
                path.starts_with(&bound.path) || self.allowed.iter().any(|allowed| path.starts_with(allowed))
            }
        };
        is_granted.then(|| Granted { path: path.to_owned(), within: Some(within) })
    }
}

/// A folder in words.
fn shown_folder(folder: &Path) -> String {
    match shown_path(folder) {
        shown if shown.is_empty() || shown == "." => "the working directory".to_owned(),
        shown => shown,
    }
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
        let root = |folder: &str, given: &str| gate.root_of(Path::new(folder), Path::new(given)).path;
        assert_eq!(root("/r/sub", "/r/sub"), Path::new("/r"));
        assert_eq!(root("/x/y", "/x/y"), Path::new("/x"));
        assert_eq!(root("/q/w/e", "/q/w"), Path::new("/q/w"));
    }

    #[test]
    fn who_names_a_path_decides_where_it_may_lead() {
        let mut tree = Memory::default();
        tree.repository("/r", None).write("/r/.kaslint.yaml", "").write("/r/i.yaml", "").write("/o/i.yaml", "");
        let surroundings = Surroundings { folder: Some("/r".into()), ci_project_path: None };
        let root = Root { path: "/r".into(), real: "/r".into() };
        let resolve = |written: &str, by: NamedBy<'_>, allowed: &[PathBuf]| {
            Gate::new(&tree, &surroundings, allowed).resolve(Path::new(written), by, &root, "inventory").is_ok()
        };
        let settings = Path::new("/r/.kaslint.yaml");
        assert!(resolve("i.yaml", NamedBy::File(settings), &[]));
        assert!(resolve("sub/../i.yaml", NamedBy::File(settings), &[]));
        assert!(!resolve("../o/i.yaml", NamedBy::File(settings), &[]));
        assert!(!resolve("/o/i.yaml", NamedBy::File(settings), &[]));
        assert!(!resolve("/o/i.yaml", NamedBy::Editor(Path::new("/r")), &[]));
        assert!(resolve("/o/i.yaml", NamedBy::File(settings), &["/o".into()]));
        assert!(resolve("/o/i.yaml", NamedBy::Caller, &[]));
        // What lies outside may name what lies below its own folder, and no more.
        assert!(resolve("p", NamedBy::File(Path::new("/o/i.yaml")), &[]));
        assert!(!resolve("../r", NamedBy::File(Path::new("/o/i.yaml")), &[]));
    }
}
