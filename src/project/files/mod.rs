//! Where files come from: the disk, a tree in memory or of a revision of git, texts that only an editor has on top of another source.
//!
//! All reading of kaslint goes through [`FileSource`], so that command line, editor and tests load projects in one way.

#[cfg(unix)]
mod beneath;
mod disk;
#[cfg(not(unix))]
mod elsewhere;
mod git;
mod ignored;
mod judged;
mod listing;
mod memory;
mod overlay;
mod revision;

#[cfg(not(unix))]
use elsewhere as beneath;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use disk::{Disk, StandardInput};
pub use git::GitFault;
pub use judged::Judged;
pub use listing::{Listing, Listings, Met};
pub use memory::Memory;
pub use overlay::{Overlay, Texts};
pub use revision::{NoRevision, Repository, Revision};

use super::paths::lexical;
use crate::source::Source;

/// A source of files. Paths are absolute, or relative to the working directory.
pub trait FileSource: Send + Sync {
    /// What lies at a path; a link is not followed.
    ///
    /// # Errors
    /// When nothing lies there, or it cannot be looked at.
    fn kind(&self, path: &Path) -> io::Result<Kind>;

    /// Whether something may lie below a folder; `false` only where nothing does for certain.
    fn may_hold(&self, folder: &Path) -> bool {
        !matches!(self.kind(folder), Err(error) if error.kind() == io::ErrorKind::NotFound)
    }

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

    /// The same for a path right below a folder whose own path without links is `above`; a source that can tell by one look does.
    ///
    /// # Errors
    /// When nothing lies there, or it cannot be looked at.
    fn real_below(&self, path: &Path, _above: &Path) -> io::Result<PathBuf> {
        self.real(path)
    }

    /// What lies right in a folder, by name, where one look at that tells it; `None` where each has to be looked at, or where there are
    /// more than so many. A link may stand for what has to be looked at closely.
    fn names_in(&self, _folder: &Path, _most: usize) -> Option<Vec<(OsString, Kind)>> {
        None
    }

    /// The text at a path that has at most `limit` bytes, or what lies there in place of one. Links are followed wherever they lead:
    /// for what the caller names.
    ///
    /// # Errors
    /// When nothing lies there, or it cannot be read.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Content>;

    /// Holds a folder, so that whatever becomes of paths meanwhile, what is read below it lies there. `real` is its path without links.
    ///
    /// # Errors
    /// When it is not there, or there is a link on that path.
    fn hold(&self, folder: &Path, real: &Path) -> io::Result<Folder>;

    /// The text at `below`, a path from a folder, or what lies there in place of one. No link is followed. Reports show it as `path`.
    ///
    /// # Errors
    /// When nothing lies there, or it cannot be read.
    fn read_at(&self, folder: &Folder, below: &Path, path: &Path, limit: u64) -> io::Result<Content>;

    /// The text at a path below a folder, or what lies there in place of one. No link is followed from the folder on.
    ///
    /// # Errors
    /// When nothing lies there, it cannot be read, or the path does not lie below the folder.
    fn read_below(&self, folder: &Folder, path: &Path, limit: u64) -> io::Result<Content> {
        match folder.below(path) {
            Some(below) => self.read_at(folder, &below, path, limit),
            None => Ok(Content::Outside),
        }
    }

    /// The text at a path, or what lies there in place of one. Links are followed as long as they lead into one of these folders, which
    /// have no links in their paths.
    ///
    /// # Errors
    /// When nothing lies there, or it cannot be read.
    fn read_within(&self, path: &Path, within: &[PathBuf], limit: u64) -> io::Result<Content> {
        let real = self.real(path)?;
        let around = within.iter().find_map(|folder| Some((folder, real.strip_prefix(folder).ok()?)));
        let Some((folder, below)) = around else { return Ok(Content::Outside) };
        // Links were there to be followed a moment ago. Now there are none, or somebody put them there since.
        self.read_at(&self.hold(folder, folder)?, below, path, limit)
    }

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

/// A folder that is held, below which files are read.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// `None` for a folder of a source that has no descriptors, and for one that is not there.
    held: Option<beneath::Held>,
}

impl Folder {
    /// A folder of a source that cannot hold any.
    pub(crate) fn unheld(path: &Path) -> Self {
        Self { path: path.to_owned(), held: None }
    }

    /// The path from this folder to what lies below it; `None` for a path that does not.
    fn below(&self, path: &Path) -> Option<PathBuf> {
        let is_plain = |below: &&Path| !below.components().any(|part| part == std::path::Component::ParentDir);
        match path.strip_prefix(&self.path).ok().filter(is_plain) {
            Some(below) => Some(below.to_owned()),
            None => lexical(path).strip_prefix(lexical(&self.path)).ok().map(Path::to_owned),
        }
    }
}

/// What lies at a path, opened if it is a file.
#[allow(clippy::disallowed_types, reason = "this is where files are read")]
enum Lies {
    /// A file, with its size in bytes.
    File(std::fs::File, u64),
    /// A link, and where it leads.
    Link(PathBuf),
    /// One of the folders on the way is a link.
    BehindLink,
    /// Something that is no file.
    Other(Kind),
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
    /// A link that was not followed, with where it leads, as it is written.
    Link(PathBuf),
    /// What leads out of where it was to be looked for.
    Outside,
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
            Self::Link(_) => "a symbolic link",
            Self::Outside => "outside of the repository",
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
    /// Whether folders are left out that their repository ignores and in which git tracks nothing.
    pub leaves_out_ignored: bool,
    /// Whether there may be so much that all cores are worth it.
    pub is_large: bool,
    /// Whether a path is of interest.
    pub wanted: &'w (dyn Fn(&Path, Kind) -> bool + Sync),
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
    /// Folders that hold no files but what the system makes up, and were not entered.
    pub passed_over: Vec<PathBuf>,
}
