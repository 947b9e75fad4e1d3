//! Files by descriptor, reached through no link: what is looked at and what is read is one thing, whoever changes paths meanwhile.
//!
//! On Linux the system does the whole way at once (`openat2`). Where it cannot, or a sandbox does not let it, folder after folder is
//! entered, which comes to the same.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "this is where files are read")]

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::{Kind, Lies};

/// A folder that is held.
pub(super) type Held = OwnedFd;

/// How folders are opened. With `O_PATH`, none need be readable.
#[cfg(target_os = "linux")]
const ENTER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const ENTER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// How files are opened. Nobody waits for the other end of a pipe, and no terminal becomes this process's own.
const READ: OFlags =
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens a folder by its path from the top of the file system, on which there is no link.
///
/// # Errors
/// When there is one, or it cannot be opened.
pub(super) fn hold(real: &Path) -> io::Result<Held> {
    open(CWD, real, ENTER).map_err(|errno| match errno {
        Errno::LOOP => io::Error::other("it lies behind a symbolic link"),
        other => other.into(),
    })
}

/// Opens what lies below a folder.
///
/// # Errors
/// When nothing lies there, or it cannot be opened.
pub(super) fn look(folder: &Held, below: &Path) -> io::Result<Lies> {
    match open(folder.as_fd(), below, READ) {
        Ok(file) => lies(file),
        Err(errno) => why_not(folder, below, errno),
    }
}

/// Opens what the caller names, wherever links lead.
///
/// # Errors
/// When nothing lies there, or it cannot be opened.
pub(super) fn look_anywhere(path: &Path) -> io::Result<Lies> {
    // Some devices do something when they are opened.
    match kind_of(&rustix::fs::stat(path)?) {
        Kind::File => lies(rustix::fs::open(path, READ.difference(OFlags::NOFOLLOW), Mode::empty())?),
        other => Ok(Lies::Other(other)),
    }
}

fn lies(file: OwnedFd) -> io::Result<Lies> {
    let stat = rustix::fs::fstat(&file)?;
    Ok(match kind_of(&stat) {
        Kind::File => Lies::File(File::from(file), u64::try_from(stat.st_size).unwrap_or(0)),
        other => Lies::Other(other),
    })
}

/// What lies where no file could be opened.
fn why_not(folder: &Held, below: &Path, errno: Errno) -> io::Result<Lies> {
    let Some(name) = below.file_name() else { return Err(errno.into()) };
    let folder = match open(folder.as_fd(), below.parent().unwrap_or(Path::new("")), ENTER) {
        Ok(folder) => folder,
        Err(Errno::LOOP) => return Ok(Lies::BehindLink),
        Err(_) => return Err(errno.into()),
    };
    match rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW).map(|stat| kind_of(&stat)) {
        Ok(Kind::Link) => {
            let target = rustix::fs::readlinkat(&folder, name, Vec::new())?;
            Ok(Lies::Link(PathBuf::from(OsString::from_vec(target.into_bytes()))))
        }
        Ok(other @ (Kind::Folder | Kind::Other(_))) => Ok(Lies::Other(other)),
        Ok(Kind::File) | Err(_) => Err(errno.into()),
    }
}

#[allow(clippy::useless_conversion, reason = "the types differ between operating systems")]
fn kind_of(stat: &Stat) -> Kind {
    match FileType::from_raw_mode(stat.st_mode.into()) {
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Link,
        FileType::Fifo => Kind::Other("a named pipe"),
        FileType::Socket => Kind::Other("a socket"),
        FileType::BlockDevice | FileType::CharacterDevice => Kind::Other("a device"),
        _ => Kind::File,
    }
}

/// Opens a path from a folder, or one from the top of the file system; `ELOOP` where a link is on it.
#[cfg(target_os = "linux")]
fn open(folder: BorrowedFd<'_>, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    use rustix::fs::ResolveFlags;
    let mut resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    if path.is_relative() {
        resolve |= ResolveFlags::BENEATH;
    }
    let whole = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    match rustix::fs::openat2(folder, whole, flags, Mode::empty(), resolve) {
        // Older systems and sandboxes do not have it.
        Err(Errno::NOSYS | Errno::PERM) => step_by_step(folder, path, flags),
        opened => opened,
    }
}

#[cfg(not(target_os = "linux"))]
fn open(folder: BorrowedFd<'_>, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    step_by_step(folder, path, flags)
}

/// The same, folder after folder.
fn step_by_step(folder: BorrowedFd<'_>, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let mut held: Option<OwnedFd> = match path.is_absolute() {
        true => Some(rustix::fs::open("/", ENTER, Mode::empty())?),
        false => None,
    };
    let mut names: Vec<&OsStr> = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => names.push(name),
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir | Component::Prefix(_) => return Err(Errno::XDEV),
        }
    }
    let last = names.pop();
    for name in names {
        let at = held.as_ref().map_or(folder, |held| held.as_fd());
        held = Some(step(at, name, ENTER)?);
    }
    let at = held.as_ref().map_or(folder, |held| held.as_fd());
    match last {
        Some(name) => step(at, name, flags),
        None => rustix::fs::openat(at, ".", flags, Mode::empty()),
    }
}

fn step(folder: BorrowedFd<'_>, name: &OsStr, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    rustix::fs::openat(folder, name, flags | OFlags::NOFOLLOW, Mode::empty()).map_err(|errno| {
        // What a link is said to be differs between systems, and with how it was to be opened.
        match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if kind_of(&stat) == Kind::Link => Errno::LOOP,
            _ => errno,
        }
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read as _;
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder with files, links and other things, a file outside of it, and its path without links.
    fn folder() -> (tempfile::TempDir, PathBuf) {
        let outside = tempfile::tempdir().expect("a folder");
        let top = fs::canonicalize(outside.path()).expect("its path").join("top");
        fs::create_dir_all(top.join("a/b")).expect("folders");
        fs::write(outside.path().join("outside"), "secret").expect("a file");
        fs::write(top.join("a/b/file"), "text").expect("a file");
        symlink("file", top.join("a/b/link")).expect("a link");
        symlink("b", top.join("a/folder-link")).expect("a link");
        symlink("../../outside", top.join("a/out")).expect("a link");
        symlink("../..", top.join("a/up")).expect("a link");
        let pipe = std::process::Command::new("mkfifo").arg(top.join("pipe")).status();
        assert!(pipe.expect("mkfifo").success());
        (outside, top)
    }

    fn told(lies: io::Result<Lies>) -> String {
        match lies {
            Ok(Lies::File(mut file, size)) => {
                let mut text = String::new();
                file.read_to_string(&mut text).expect("text");
                format!("{size}: {text}")
            }
            Ok(Lies::Link(target)) => format!("-> {}", target.display()),
            Ok(Lies::BehindLink) => "behind a link".to_owned(),
            Ok(Lies::Other(kind)) => format!("{kind:?}"),
            Err(error) => format!("{:?}", error.kind()),
        }
    }

    #[test]
    fn no_link_is_followed_and_nothing_waits() {
        let (_outside, top) = folder();
        let held = hold(&top).expect("the folder");
        for (path, expected) in [
            ("a/b/file", "4: text"),
            ("a/b/link", "-> file"),
            ("a/out", "-> ../../outside"),
            ("a/folder-link/file", "behind a link"),
            ("a/up/outside", "behind a link"),
            ("a/b", "Folder"),
            ("pipe", "Other(\"a named pipe\")"),
            ("nowhere", "NotFound"),
            ("a/b/file/x", "NotADirectory"),
        ] {
            assert_eq!(told(look(&held, Path::new(path))), expected, "{path}");
        }
        assert!(look(&held, Path::new("../outside")).is_err());
        assert!(hold(&top.join("a/up")).is_err(), "a link on the way to the folder itself");
    }

    #[test]
    fn folder_after_folder_comes_to_the_same() {
        let (_outside, top) = folder();
        let held = hold(&top).expect("the folder");
        for path in ["", "a", "a/b/file", "a/b/link", "a/out", "a/folder-link/file", "a/up/outside", "pipe", "nowhere"]
        {
            for flags in [READ, ENTER] {
                let path = Path::new(path);
                let whole = open(held.as_fd(), path, flags).map(drop);
                assert_eq!(step_by_step(held.as_fd(), path, flags).map(drop), whole, "{path:?}");
                let absolute = top.join(path);
                assert_eq!(step_by_step(CWD, &absolute, flags).map(drop), whole, "{absolute:?}");
            }
        }
        assert_eq!(step_by_step(held.as_fd(), Path::new("../outside"), READ).map(drop), Err(Errno::XDEV));
    }
}
