//! Where a file lies: its folder by descriptor, reached through no link that somebody else may have written.
//!
//! Whoever names a path names the links on it, and `/tmp` may well be one. A link in a git repository or below the working directory is
//! another matter: a merge request may have brought it along. So a path is walked from the top, folder by folder, and at each link the
//! folders around it decide. A folder that is swapped for a link meanwhile is not entered.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

/// So many links are followed on one path, as Linux does.
const MAX_LINKS: usize = 40;

/// How folders are opened on the way. With `O_PATH`, none need be readable.
#[cfg(target_os = "linux")]
const ENTER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const ENTER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// What a file or folder is on this machine: its device and number.
pub(super) type Identity = (u64, u64);

#[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, reason = "the types differ between operating systems")]
pub(super) fn identity_of(stat: &Stat) -> Identity {
    (stat.st_dev as u64, stat.st_ino as u64)
}

/// What a file is to be written for.
#[derive(Clone, Copy)]
pub(super) enum Purpose<'p> {
    /// A report, where the caller wants it.
    Report,
    /// A fix in place, which never goes to a link nor out of this folder, nor through a link in it.
    Fix { within: &'p Path },
}

/// What lies at a place.
pub(super) enum Lies {
    Nothing,
    File(Stat),
    /// A device, a pipe or a socket, which nothing may replace.
    Device,
    /// An open file of this process, say standard output, which only the system can lead to.
    Open,
}

/// A name in a folder.
pub(super) struct Place {
    pub folder: OwnedFd,
    pub folder_identity: Identity,
    pub name: OsString,
    pub lies: Lies,
}

/// Why a path leads to no place.
#[derive(Debug)]
pub(super) enum Refused {
    /// The path itself is a link.
    Link,
    /// This folder on the path is one.
    FolderLink(PathBuf),
    /// It names a folder.
    Folder,
    /// It leads out of the folder within which it has to lie.
    Outside,
    Io(io::Error),
}

impl From<Errno> for Refused {
    fn from(errno: Errno) -> Self {
        Self::Io(errno.into())
    }
}

/// A part of a path that is still to be walked.
struct Part {
    name: OsString,
    /// Whether it stands in the path that was given, and not in a link.
    is_written: bool,
}

/// A folder on the way.
struct Step {
    name: OsString,
    identity: Identity,
    /// Whether links in it may be somebody else's.
    is_strange: bool,
    is_within: bool,
}

struct Walk {
    folder: OwnedFd,
    steps: Vec<Step>,
    /// Folders below which no link is followed.
    grounds: Vec<Identity>,
    within: Option<Identity>,
}

impl Place {
    /// # Errors
    /// When a link is in the way, or something else.
    pub fn find(path: &Path, purpose: Purpose<'_>) -> Result<Self, Refused> {
        if path.as_os_str().as_bytes().ends_with(b"/") {
            return Err(Refused::Folder);
        }
        let within = match purpose {
            Purpose::Report => None,
            Purpose::Fix { within } if within.as_os_str().is_empty() => Some(identity_of(&rustix::fs::stat(".")?)),
            Purpose::Fix { within } => Some(identity_of(&rustix::fs::stat(within)?)),
        };
        let here = rustix::fs::stat(".").ok().map(|stat| identity_of(&stat));
        let mut walk = Walk::new(here.into_iter().chain(within).collect(), within)?;
        let mut ahead = Vec::new();
        push(&mut ahead, path, true);
        if !path.is_absolute() {
            push(&mut ahead, &std::env::current_dir().map_err(Refused::Io)?, false);
        }
        let mut written = PathBuf::from(if path.is_absolute() { "/" } else { "" });
        let mut links = 0;
        while let Some(Part { name, is_written }) = ahead.pop() {
            if is_written {
                written.push(&name);
            }
            if name == ".." {
                walk.leave()?;
                continue;
            }
            let is_last = ahead.is_empty();
            let stat = match rustix::fs::statat(&walk.folder, &name, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) if is_last => return walk.end(name, Lies::Nothing),
                stat => stat?,
            };
            let kind = FileType::from_raw_mode(stat.st_mode);
            if is_last && walk.is_of_descriptors() {
                let stat = rustix::fs::statat(&walk.folder, &name, AtFlags::empty())?;
                return match FileType::from_raw_mode(stat.st_mode) {
                    FileType::Directory => Err(Refused::Folder),
                    _ => walk.end(name, Lies::Open),
                };
            }
            match kind {
                FileType::Symlink => {
                    let is_fix = matches!(purpose, Purpose::Fix { .. });
                    if is_last && is_fix || walk.has_strange_links() {
                        return Err(if is_last { Refused::Link } else { Refused::FolderLink(written) });
                    }
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(Errno::LOOP.into());
                    }
                    let target = rustix::fs::readlinkat(&walk.folder, &name, Vec::new())?;
                    let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
                    if target.is_absolute() {
                        walk.restart()?;
                    }
                    push(&mut ahead, &target, false);
                }
                FileType::RegularFile if is_last => return walk.end(name, Lies::File(stat)),
                FileType::Directory if is_last => return Err(Refused::Folder),
                _ if is_last => return walk.end(name, Lies::Device),
                _ => walk.enter(name)?,
            }
        }
        Err(Refused::Folder)
    }

    /// Opens what lies there, if it is no link.
    pub fn open(&self, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOCTTY;
        rustix::fs::openat(&self.folder, &self.name, flags, Mode::empty())
    }

    /// Opens an open file of this process again, behind what it holds.
    pub fn open_again(&self) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CLOEXEC | OFlags::NOCTTY;
        rustix::fs::openat(&self.folder, &self.name, flags, Mode::empty())
    }

    /// What lies there now.
    pub fn stat(&self) -> rustix::io::Result<Stat> {
        rustix::fs::statat(&self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW)
    }
}

/// Puts a path's parts before those that are still to be walked.
fn push(ahead: &mut Vec<Part>, path: &Path, is_written: bool) {
    let name = |component: Component<'_>| match component {
        Component::Normal(_) | Component::ParentDir => Some(component.as_os_str().to_owned()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    };
    ahead.extend(path.components().rev().filter_map(name).map(|name| Part { name, is_written }));
}

impl Walk {
    fn new(grounds: Vec<Identity>, within: Option<Identity>) -> rustix::io::Result<Self> {
        let folder = rustix::fs::open("/", ENTER, Mode::empty())?;
        let mut walk = Self { folder, steps: Vec::new(), grounds, within };
        walk.note(OsString::new())?;
        Ok(walk)
    }

    /// Back to the top.
    fn restart(&mut self) -> rustix::io::Result<()> {
        self.folder = rustix::fs::open("/", ENTER, Mode::empty())?;
        self.steps.truncate(1);
        Ok(())
    }

    fn enter(&mut self, name: OsString) -> rustix::io::Result<()> {
        self.folder = rustix::fs::openat(&self.folder, &name, ENTER | OFlags::NOFOLLOW, Mode::empty())?;
        self.note(name)
    }

    /// Notes the folder that was come to.
    fn note(&mut self, name: OsString) -> rustix::io::Result<()> {
        let identity = identity_of(&rustix::fs::fstat(&self.folder)?);
        let is_repository = || rustix::fs::statat(&self.folder, ".git", AtFlags::SYMLINK_NOFOLLOW).is_ok();
        let above = self.steps.last();
        let is_strange =
            above.is_some_and(|above| above.is_strange) || self.grounds.contains(&identity) || is_repository();
        let is_within = above.is_some_and(|above| above.is_within) || self.within == Some(identity);
        self.steps.push(Step { name, identity, is_strange, is_within });
        Ok(())
    }

    /// To the folder above.
    fn leave(&mut self) -> rustix::io::Result<()> {
        if self.steps.len() < 2 {
            return Ok(());
        }
        self.steps.pop();
        self.folder = rustix::fs::openat(&self.folder, "..", ENTER, Mode::empty())?;
        let identity = identity_of(&rustix::fs::fstat(&self.folder)?);
        // A folder that was moved meanwhile has others above it than it had.
        match self.steps.last() {
            Some(step) if step.identity == identity => Ok(()),
            _ => Err(Errno::STALE),
        }
    }

    fn names(&self) -> impl Iterator<Item = &OsStr> {
        self.steps.iter().skip(1).map(|step| &*step.name)
    }

    /// Whether links in this folder may be somebody else's. The system's own never are.
    fn has_strange_links(&self) -> bool {
        let is_of_system = self.names().next().is_some_and(|name| name == "proc") || self.names().eq(["dev"]);
        !is_of_system && self.steps.last().is_none_or(|step| step.is_strange)
    }

    /// Whether this folder lists open files: `/proc/self/fd` and the like, `/dev/fd`.
    fn is_of_descriptors(&self) -> bool {
        let names: Vec<_> = self.names().collect();
        names == ["dev", "fd"]
            || names.first().is_some_and(|name| *name == "proc") && names.last().is_some_and(|name| *name == "fd")
    }

    fn end(self, name: OsString, lies: Lies) -> Result<Place, Refused> {
        match self.steps.last() {
            Some(step) if step.is_within || self.within.is_none() => {
                Ok(Place { folder: self.folder, folder_identity: step.identity, name, lies })
            }
            _ => Err(Refused::Outside),
        }
    }
}
