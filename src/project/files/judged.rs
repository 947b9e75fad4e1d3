//! One state of a repository, whose settings and inventory are those of another one.

use std::io;
use std::path::{Path, PathBuf};

use super::{Content, FileSource, Folder, Kind, Listing, Memory, Walk, Walked};
use crate::project::paths::lexical;

/// Files of one source, of which some are those of a tree, and some the caller's own.
///
/// A change does not bring the evidence along that it is judged by.
pub struct Judged<'s> {
    below: &'s dyn FileSource,
    /// The folder that the tree's paths start from, as the paths of `below` have it.
    top: PathBuf,
    tree: &'s Memory,
    is_evidence: &'s (dyn Fn(&Path) -> bool + Sync),
    /// What the caller names, and where that is read.
    named: &'s [PathBuf],
    disk: &'s dyn FileSource,
}

impl<'s> Judged<'s> {
    /// A source in which evidence is that of a tree, and what the caller names that of the disk.
    #[must_use]
    pub fn new(
        (below, top): (&'s dyn FileSource, &Path),
        tree: &'s Memory,
        is_evidence: &'s (dyn Fn(&Path) -> bool + Sync),
        (named, disk): (&'s [PathBuf], &'s dyn FileSource),
    ) -> Self {
        Self { below, top: lexical(top), tree, is_evidence, named, disk }
    }

    /// Where a path is looked up, if not below: in the tree by its path there, or on the disk.
    fn elsewhere(&self, path: &Path) -> Option<(&'s dyn FileSource, PathBuf)> {
        let path = lexical(path);
        if self.named.iter().any(|named| path.starts_with(lexical(named))) {
            return Some((self.disk, path));
        }
        let within = path.strip_prefix(&self.top).ok().filter(|within| (self.is_evidence)(within))?;
        Some((self.tree, within.to_owned()))
    }
}

impl FileSource for Judged<'_> {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        match self.elsewhere(path) {
            Some((files, path)) => files.kind(&path),
            None => self.below.kind(path),
        }
    }

    fn may_hold(&self, folder: &Path) -> bool {
        self.below.may_hold(folder)
    }

    fn link_target(&self, path: &Path) -> io::Result<PathBuf> {
        match self.elsewhere(path) {
            Some((files, path)) => files.link_target(&path),
            None => self.below.link_target(path),
        }
    }

    fn real(&self, path: &Path) -> io::Result<PathBuf> {
        let Some((files, there)) = self.elsewhere(path) else { return self.below.real(path) };
        files.kind(&there)?;
        // The tree has no links on the way; what lies below may not have the folder.
        let folder = path.parent().unwrap_or(Path::new(""));
        let folder = self.below.real(folder).unwrap_or_else(|_| folder.to_owned());
        Ok(path.file_name().map_or(folder.clone(), |name| folder.join(name)))
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Content> {
        match self.elsewhere(path) {
            Some((files, path)) => files.read(&path, limit),
            None => self.below.read(path, limit),
        }
    }

    fn hold(&self, folder: &Path, real: &Path) -> io::Result<Folder> {
        self.below.hold(folder, real).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(Folder::unheld(folder)),
            _ => Err(error),
        })
    }

    fn read_at(&self, folder: &Folder, below: &Path, path: &Path, limit: u64) -> io::Result<Content> {
        match self.elsewhere(path) {
            Some((files, path)) => files.read(&path, limit),
            None => self.below.read_at(folder, below, path, limit),
        }
    }

    fn walk(&self, walk: &Walk<'_>) -> Walked {
        self.below.walk(walk)
    }

    fn list(&self, top: &Path) -> Listing {
        self.below.list(top)
    }

    fn remote(&self, repository: &Path) -> Option<String> {
        self.below.remote(repository)
    }
}
