//! Where files come from: the disk, a tree in memory, texts that only an editor has on top of another source.
//!
//! All reading of kaslint goes through [`FileSource`], so that command line, editor and tests load projects in one way. A revision
//! of git is to be one more.

mod disk;
mod listing;
mod memory;
mod overlay;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use disk::{Disk, StandardInput};
pub use listing::{Listing, Listings, Met};
pub use memory::Memory;
pub use overlay::{Overlay, Texts};

use crate::source::Source;

/// A source of files. Paths are absolute, or relative to the working directory.
pub trait FileSource: Send + Sync {
    /// What lies at a path; a link is not followed.
    ///
    /// # Errors
    /// When nothing lies there, or it cannot be looked at.
    fn kind(&self, path: &Path) -> io::Result<Kind>;

    /// Where a link leads, as it is written.
    ///
    /// # Errors
    /// When it is no link, or cannot be read.
    fn link_target(&self, path: &Path) -> io::Result<PathBuf>;

    /// The path without links and relative parts.
    ///
    /// # Errors
    /// When nothing lies there, or it cannot be looked at.
    fn real(&self, path: &Path) -> io::Result<PathBuf>;

    /// The text at a path that has at most `limit` bytes, or what lies there in place of one; a link is followed.
    ///
    /// # Errors
    /// When nothing lies there, or it cannot be read.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Content>;

    /// Looks for files and folders below a folder, in no order.
    fn walk(&self, walk: &Walk<'_>) -> Walked;

    /// The files below a folder, without what ignore files name.
    fn list(&self, top: &Path) -> Listing {
        Listing::of(self, top)
    }

    /// The address of the remote called origin of the git repository at a folder; `None` without git or remote.
    fn remote(&self, repository: &Path) -> Option<String>;

    /// Whether anything lies at a path; a link that leads nowhere counts.
    fn is_there(&self, path: &Path) -> bool {
        self.kind(path).is_ok()
    }
}

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// Something else; what, with its article.
    Other(&'static str),
}

/// What was read at a path.
#[derive(Clone, Debug)]
pub enum Content {
    /// A text.
    Text(Arc<Source>),
    /// A file that is too large, with its size in bytes.
    TooLarge(u64),
    /// Something that is no file; what, with its article.
    NoFile(&'static str),
}

impl Content {
    /// What lies there, in words.
    #[must_use]
    pub fn in_words(&self) -> &'static str {
        match self {
            Self::Text(_) => "a file",
            Self::TooLarge(_) => "too large",
            Self::NoFile(what) => what,
        }
    }

    /// The text, as long as it has at most so many bytes.
    #[must_use]
    pub fn within(text: &Arc<Source>, limit: u64) -> Self {
        match text.text().len() as u64 {
            size if size > limit => Self::TooLarge(size),
            _ => Self::Text(Arc::clone(text)),
        }
    }
}

/// What is looked for below a folder.
pub struct Walk<'w> {
    /// The folder.
    pub top: &'w Path,
    /// About how many files and folders are looked at, at the most.
    pub limit: usize,
    /// Whether what ignore files name is left out.
    pub heeds_ignore_files: bool,
    /// Whether there may be so much that all cores are worth it.
    pub is_large: bool,
    /// Whether a path is of interest.
    pub wanted: &'w (dyn Fn(&Path) -> bool + Sync),
}

/// What a walk met.
#[derive(Debug, Default)]
pub struct Walked {
    /// The paths that are of interest.
    pub met: Vec<(PathBuf, Kind)>,
    /// The folders that hold a `.git`; nothing within that is looked at.
    pub repositories: Vec<PathBuf>,
    /// What could not be looked at, a clause each, sorted.
    pub errors: Vec<String>,
    /// Whether there was more than was to be looked at.
    pub is_cut: bool,
}
