//! Folders that need not be looked at: those that a repository ignores and in which git tracks nothing.
//!
//! GitLab heeds no ignore file: what git tracks is there, whatever they say. A walk asks of each folder before it enters it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::{Content, Disk, FileSource as _, Folder, Kind, git};
use crate::project::paths::lexical;

/// The largest ignore file that is read, in bytes.
const MAX_SIZE: u64 = 1 << 18;

/// The most bytes of ignore files that one walk takes in. What is not taken in ignores nothing.
const MAX_SIZES: u64 = 1 << 22;

/// How much a walk works on trying ignore files: patterns, and bytes of paths. After that nothing is ignored any more.
const MAX_WORK: u64 = 4_000_000_000;

/// What is ignored below the top of a walk.
pub(super) struct Ignored {
    /// The top as it is written, and from the top of the file system.
    top: (PathBuf, PathBuf),
    /// The folders whose subfolders were asked about.
    folders: Mutex<HashMap<PathBuf, Arc<Level>>>,
    /// What the user has git ignore everywhere.
    everywhere: OnceLock<Gitignore>,
    sizes: AtomicU64,
    work: AtomicU64,
}

/// What holds in a folder.
struct Level {
    repository: Option<Arc<Repository>>,
    /// The ignore files from this folder up to the top of the repository, the nearest first.
    rules: Option<Arc<Rules>>,
    /// Whether the folder itself is ignored, and with it all that lies in it.
    is_ignored: bool,
}

struct Rules {
    own: Gitignore,
    above: Option<Arc<Rules>>,
}

/// A repository, and what git tracks in it.
struct Repository {
    top: PathBuf,
    /// `None` where it cannot be opened.
    folder: Option<Folder>,
    exclude: Option<Gitignore>,
    tracked: OnceLock<Option<HashSet<Vec<u8>>>>,
}

impl Ignored {
    /// What is ignored below the top of a walk, as it is written.
    pub fn below(top: &Path) -> Self {
        let absolute = lexical(top);
        let ignored = Self {
            top: (top.to_owned(), absolute.clone()),
            folders: Mutex::default(),
            everywhere: OnceLock::new(),
            sizes: AtomicU64::new(0),
            work: AtomicU64::new(0),
        };
        let mut level = Level { repository: None, rules: None, is_ignored: false };
        let around: Vec<&Path> = absolute.ancestors().collect();
        let repository = around.iter().position(|folder| is_repository(folder)).unwrap_or(0);
        // The top itself was asked for, be it ignored or not.
        for folder in around.iter().take(repository + 1).rev() {
            level = ignored.level(folder, &level, false);
        }
        ignored.keep(top, Arc::new(level));
        ignored
    }

    /// Whether a folder, which lies below the top, need not be entered.
    pub fn skips(&self, folder: &Path) -> bool {
        let Some(above) = folder.parent().and_then(|above| self.level_of(above)) else { return false };
        let path = self.absolute(folder);
        let is_ignored = above.is_ignored || self.is_ignored(&path, &above);
        if !is_ignored {
            return false;
        }
        // Of a submodule, git tracks the folder itself.
        let is_submodule = || Disk.kind(&path.join(".git")).is_ok_and(|kind| kind == Kind::File);
        if above.repository.as_ref().is_some_and(|repository| !repository.tracks(&path)) && !is_submodule() {
            return true;
        }
        self.keep(folder, Arc::new(self.level(&path, &above, true)));
        false
    }

    /// A path of the walk from the top of the file system.
    fn absolute(&self, path: &Path) -> PathBuf {
        let (written, absolute) = &self.top;
        path.strip_prefix(written).map_or_else(|_| lexical(path), |below| absolute.join(below))
    }

    fn is_ignored(&self, path: &Path, above: &Level) -> bool {
        let Some(repository) = &above.repository else { return false };
        let mut rules = above.rules.as_ref();
        while let Some(of_folder) = rules {
            match self.matched(&of_folder.own, path) {
                Some(is_ignored) => return is_ignored,
                None => rules = of_folder.above.as_ref(),
            }
        }
        let exclude = repository.exclude.as_ref().and_then(|exclude| self.matched(exclude, path));
        let everywhere = || self.matched(self.everywhere.get_or_init(|| Gitignore::global().0), path);
        exclude.or_else(everywhere).unwrap_or(false)
    }

    /// Whether patterns ignore a folder, or take it back; `None` where they say nothing of it.
    fn matched(&self, patterns: &Gitignore, folder: &Path) -> Option<bool> {
        let one = patterns.len() as u64 + folder.as_os_str().len() as u64;
        if self.work.fetch_add(one, Ordering::Relaxed) > MAX_WORK {
            return Some(false);
        }
        match patterns.matched(folder, true) {
            Match::None => None,
            Match::Ignore(_) => Some(true),
            Match::Whitelist(_) => Some(false),
        }
    }

    fn level_of(&self, folder: &Path) -> Option<Arc<Level>> {
        if let Some(known) = self.known(folder) {
            return Some(known);
        }
        // The folder above was asked about when the walk came to this one.
        let above = folder.parent().and_then(|above| self.known(above))?;
        let level = self.level(&self.absolute(folder), &above, above.is_ignored);
        Some(self.keep(folder, Arc::new(level)))
    }

    fn known(&self, folder: &Path) -> Option<Arc<Level>> {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner).get(folder).cloned()
    }

    fn keep(&self, folder: &Path, level: Arc<Level>) -> Arc<Level> {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(folders.entry(folder.to_owned()).or_insert(level))
    }

    /// What holds in a folder, given by its path from the top of the file system.
    fn level(&self, path: &Path, above: &Level, is_ignored: bool) -> Level {
        if is_repository(path) {
            let folder = Disk.real(path).and_then(|real| Disk.hold(path, &real)).ok();
            let patterns = |file: &str| self.read(folder.as_ref()?, &path.join(file), path);
            let rules = patterns(".gitignore").map(|own| Arc::new(Rules { own, above: None }));
            let exclude = patterns(".git/info/exclude");
            let repository = Repository { top: path.to_owned(), folder, exclude, tracked: OnceLock::new() };
            return Level { repository: Some(Arc::new(repository)), rules, is_ignored: false };
        }
        let repository = above.repository.clone();
        let folder = repository.as_ref().and_then(|repository| repository.folder.as_ref());
        let own = folder.and_then(|folder| self.read(folder, &path.join(".gitignore"), path));
        let rules = match own {
            Some(own) => Some(Arc::new(Rules { own, above: above.rules.clone() })),
            None => above.rules.clone(),
        };
        Level { repository, rules, is_ignored }
    }

    /// The patterns of an ignore file, which start from a folder; `None` where it has none. As git does, no link is followed to one.
    fn read(&self, repository: &Folder, file: &Path, start: &Path) -> Option<Gitignore> {
        let Ok(Content::Text(text)) = Disk.read_below(repository, file, MAX_SIZE) else { return None };
        let size = text.text().len() as u64;
        if self.sizes.fetch_add(size, Ordering::Relaxed) + size > MAX_SIZES {
            return None;
        }
        let mut builder = GitignoreBuilder::new(start);
        for line in text.text().lines() {
            // Git passes over what is no pattern.
            let _ = builder.add_line(None, line);
        }
        builder.build().ok().filter(|patterns| !patterns.is_empty())
    }
}

impl Repository {
    /// Whether git tracks anything in a folder, or does not say.
    fn tracks(&self, folder: &Path) -> bool {
        let Some(tracked) = self.tracked.get_or_init(|| git::tracked_folders(&self.top)) else { return true };
        let Ok(below) = folder.strip_prefix(&self.top) else { return true };
        let parts: Vec<&[u8]> = below.components().map(|part| part.as_os_str().as_encoded_bytes()).collect();
        tracked.contains(&parts.join(&b'/'))
    }
}

fn is_repository(folder: &Path) -> bool {
    Disk.is_there(&folder.join(".git"))
}
