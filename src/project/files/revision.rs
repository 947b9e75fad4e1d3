//! Revisions of git and the index as trees of files: read from the object database, without a checkout.
//!
//! Only plumbing is used that starts no program of the repository's choice (`Documentation/git-ls-tree.txt`, `git-cat-file.txt` without filters).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Memory;
use super::git::{GitFault, Objects, say};

/// A repository of git.
#[derive(Clone, Debug)]
pub struct Repository {
    top: PathBuf,
}

/// A revision that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The name of its object.
    pub object: String,
}

/// Why there is no one revision of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRevision {
    /// Git knows none; whether history is cut here.
    Unknown {
        /// The clone is shallow, so that it may only be missing.
        is_shallow: bool,
    },
    /// It is the name of a branch and of a tag, which differ.
    Ambiguous,
    /// Git does not say.
    Fault(GitFault),
}

impl Repository {
    /// The repository at a folder, whose top it is.
    #[must_use]
    pub fn at(top: &Path) -> Self {
        Self { top: top.to_owned() }
    }

    /// The folder of its working tree.
    #[must_use]
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// The commit or tree of a name.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn resolve(&self, name: &str) -> Result<Revision, NoRevision> {
        let unknown = || NoRevision::Unknown { is_shallow: self.is_shallow() };
        if name.starts_with('-') || name.is_empty() || name.chars().any(char::is_control) {
            return Err(unknown());
        }
        if let (Some(branch), Some(tag)) =
            (self.object(&format!("refs/heads/{name}")), self.object(&format!("refs/tags/{name}")))
            && branch != tag
        {
            return Err(NoRevision::Ambiguous);
        }
        match self.verified(&format!("{name}^{{commit}}")).or_else(|_| self.verified(&format!("{name}^{{tree}}"))) {
            // What a range or a path leads to is several lines, or none.
            Ok(object) if object.bytes().all(|byte| byte.is_ascii_hexdigit()) => Ok(Revision { object }),
            Ok(_) => Err(unknown()),
            Err(GitFault::Refused(said)) if said.contains("dubious ownership") => {
                Err(NoRevision::Fault(GitFault::Refused(said)))
            }
            Err(GitFault::Refused(_)) => Err(unknown()),
            Err(fault) => Err(NoRevision::Fault(fault)),
        }
    }

    fn object(&self, name: &str) -> Option<String> {
        self.verified(&format!("{name}^{{commit}}")).ok()
    }

    fn verified(&self, name: &str) -> Result<String, GitFault> {
        let said = say(&self.top, &["rev-parse", "--verify", "--quiet", "--end-of-options", name])?;
        Ok(String::from_utf8_lossy(&said).trim().to_owned())
    }

    /// Whether history is cut.
    #[must_use]
    pub fn is_shallow(&self) -> bool {
        say(&self.top, &["rev-parse", "--is-shallow-repository"]).is_ok_and(|said| said.starts_with(b"true"))
    }

    /// The commits from which both go on, and that no later one of these goes on from.
    ///
    /// # Errors
    /// When git does not say.
    pub fn merge_bases(&self, one: &Revision, other: &Revision) -> Result<Vec<Revision>, GitFault> {
        match say(&self.top, &["merge-base", "--all", &one.object, &other.object]) {
            Ok(said) => Ok(lines(&said)),
            // Status 1 says that there is none, without a word.
            Err(GitFault::Refused(said)) if said.is_empty() => Ok(Vec::new()),
            Err(fault) => Err(fault),
        }
    }

    /// The newest commits of the history that changed a file, along first parents, a revision's own among them.
    ///
    /// # Errors
    /// When git does not say.
    pub fn changes_of(&self, revision: &Revision, path: &Path, most: usize) -> Result<Vec<Revision>, GitFault> {
        let (count, path) = (format!("--max-count={most}"), format!(":(top,literal){}", path.display()));
        say(&self.top, &["rev-list", "--first-parent", &count, &revision.object, "--", &path]).map(|said| lines(&said))
    }

    /// The files of a revision.
    ///
    /// # Errors
    /// When git does not say.
    pub fn tree(&self, revision: &Revision) -> Result<Memory, GitFault> {
        let said = say(&self.top, &["ls-tree", "-r", "-z", "--full-tree", &revision.object])?;
        // `100644 blob 8a1f…\tpath`
        let entry = |line: &[u8]| -> Option<(String, String, PathBuf)> {
            let tab = line.iter().position(|byte| *byte == b'\t')?;
            let head = String::from_utf8_lossy(line.get(..tab)?).into_owned();
            let mut words = head.split(' ');
            let (mode, _, object) = (words.next()?, words.next()?, words.next()?);
            Some((mode.to_owned(), object.to_owned(), path_of(line.get(tab + 1..)?)))
        };
        Ok(self.memory(said.split(|byte| *byte == 0).filter_map(entry)))
    }

    /// The files of the index: what the next commit would hold; `None` where it has conflicts.
    ///
    /// # Errors
    /// When git does not say.
    pub fn index(&self) -> Result<Option<Memory>, GitFault> {
        let said = say(&self.top, &["ls-files", "-z", "--stage"])?;
        let mut has_conflicts = false;
        // `100644 8a1f… 0\tpath`
        let entry = |line: &[u8]| -> Option<(String, String, PathBuf)> {
            let tab = line.iter().position(|byte| *byte == b'\t')?;
            let head = String::from_utf8_lossy(line.get(..tab)?).into_owned();
            let mut words = head.split(' ');
            let (mode, object, stage) = (words.next()?, words.next()?, words.next()?);
            has_conflicts |= stage != "0";
            Some((mode.to_owned(), object.to_owned(), path_of(line.get(tab + 1..)?)))
        };
        let entries: Vec<_> = said.split(|byte| *byte == 0).filter_map(entry).collect();
        Ok((!has_conflicts).then(|| self.memory(entries.into_iter())))
    }

    /// The paths that a sparse checkout leaves out.
    ///
    /// # Errors
    /// When git does not say.
    pub fn skipped(&self) -> Result<Vec<PathBuf>, GitFault> {
        // `S path` for what is marked `skip-worktree`.
        let said = say(&self.top, &["ls-files", "-z", "-t"])?;
        Ok(said.split(|byte| *byte == 0).filter_map(|line| line.strip_prefix(b"S ")).map(path_of).collect())
    }

    fn memory(&self, entries: impl Iterator<Item = (String, String, PathBuf)>) -> Memory {
        let objects = Arc::new(Objects::of(&self.top));
        let mut memory = Memory::default();
        for (mode, object, path) in entries {
            match mode.as_str() {
                "120000" => {
                    let target = objects.read(&object, 1 << 16).ok().and_then(Result::ok).unwrap_or_default();
                    memory.link(path, path_of(&target));
                }
                "160000" => drop(memory.other(&path, "a submodule")),
                _ => drop(memory.object(&path, &object)),
            }
        }
        memory.reading(objects);
        memory.repository("", super::git::remote(&self.top).as_deref());
        memory
    }
}

fn lines(said: &[u8]) -> Vec<Revision> {
    let lines = String::from_utf8_lossy(said);
    lines
        .lines()
        .map(|line| Revision { object: line.trim().to_owned() })
        .filter(|revision| !revision.object.is_empty())
        .collect()
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}
