//! The disk.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "this is where files are read")]

#[cfg(target_os = "linux")]
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use super::ignored::Ignored;
use super::{Content, FileSource, Folder, Kind, Lies, Walk, Walked, beneath, git};
use crate::project::Unusable;
use crate::project::paths::{folder_or_here, lexical, shown_path};
use crate::source::Source;
use crate::words::io_error;

/// Where Linux shows processes, devices and itself as files, of which there is no end.
const MADE_UP: [&str; 3] = ["dev", "proc", "sys"];

/// The files of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

/// What comes over standard input.
#[derive(Debug)]
pub enum StandardInput {
    /// These bytes.
    Bytes(Vec<u8>),
    /// More bytes than are read; how many were seen.
    TooLarge(u64),
}

impl Disk {
    /// Reads standard input, up to so many bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read_standard_input(limit: u64) -> Result<StandardInput, Unusable> {
        let bytes = read_within(io::stdin().lock(), limit)
            .map_err(|error| Unusable::new(format!("cannot read standard input: {}", io_error(&error))))?;
        let size = bytes.len() as u64;
        Ok(if size > limit { StandardInput::TooLarge(size) } else { StandardInput::Bytes(bytes) })
    }
}

impl Disk {
    /// The bytes of a file at `below`, a path from a folder, text or not; `None` for what is no file, or a larger one. No link is followed.
    ///
    /// # Errors
    /// When nothing lies there, or it cannot be read.
    pub fn bytes_at(self, folder: &Folder, below: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let held = folder.held.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let Lies::File(file, size) = beneath::look(held, below)? else { return Ok(None) };
        let bytes = if size > limit { None } else { Some(read_expected(file, size, limit)?) };
        Ok(bytes.filter(|bytes| bytes.len() as u64 <= limit))
    }
}

impl FileSource for Disk {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        Ok(kind_of(&fs::symlink_metadata(folder_or_here(path))?.file_type()))
    }

    fn link_target(&self, path: &Path) -> io::Result<PathBuf> {
        fs::read_link(path)
    }

    fn real(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(folder_or_here(path))
    }

    // Elsewhere the system may give a name in another letter case than it was asked for.
    #[cfg(target_os = "linux")]
    fn real_below(&self, path: &Path, above: &Path) -> io::Result<PathBuf> {
        match path.file_name() {
            Some(name) if !fs::symlink_metadata(path)?.is_symlink() => Ok(above.join(name)),
            _ => self.real(path),
        }
    }

    // Elsewhere a name may be another one than the one that is asked for, and mean the same.
    #[cfg(target_os = "linux")]
    fn names_in(&self, folder: &Path, most: usize) -> Option<Vec<(OsString, Kind)>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder_or_here(folder)).ok()? {
            let entry = entry.ok().filter(|_| names.len() < most)?;
            names.push((entry.file_name(), kind_of(&entry.file_type().ok()?)));
        }
        Some(names)
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Content> {
        content(beneath::look_anywhere(path)?, path, limit)
    }

    fn hold(&self, folder: &Path, real: &Path) -> io::Result<Folder> {
        Ok(Folder { path: folder.to_owned(), held: Some(beneath::hold(real)?) })
    }

    fn read_at(&self, folder: &Folder, below: &Path, path: &Path, limit: u64) -> io::Result<Content> {
        let held = folder.held.as_ref().ok_or(io::ErrorKind::NotFound)?;
        content(beneath::look(held, below)?, path, limit)
    }

    fn walk(&self, walk: &Walk<'_>) -> Walked {
        let (sender, receiver) = mpsc::channel();
        let mut builder = ignore::WalkBuilder::new(folder_or_here(walk.top));
        let repositories = sender.clone();
        let made_up = made_up(walk.top);
        let ignored = walk.leaves_out_ignored.then(|| Ignored::below(folder_or_here(walk.top)));
        builder.standard_filters(false).filter_entry(move |entry| {
            let is_git = entry.file_name() == ".git";
            if is_git && let Some(folder) = entry.path().parent() {
                let _ = repositories.send(Met::Repository(folder.to_owned()));
            }
            if entry.depth() == 1 && made_up.iter().any(|folder| folder == entry.path()) {
                let _ = repositories.send(Met::PassedOver(entry.path().to_owned()));
                return false;
            }
            let is_folder = entry.depth() > 0 && entry.file_type().is_some_and(|kind| kind.is_dir());
            let is_skipped = is_folder && ignored.as_ref().is_some_and(|ignored| ignored.skips(entry.path()));
            !is_git && !is_skipped
        });
        let seen = AtomicUsize::new(0);
        let look = |entry: Result<ignore::DirEntry, ignore::Error>, sender: &mpsc::Sender<Met>| {
            let count = seen.fetch_add(1, Ordering::Relaxed);
            if count >= walk.limit {
                if count == walk.limit {
                    let _ = sender.send(Met::Limit);
                }
                return ignore::WalkState::Quit;
            }
            let met = match entry {
                Ok(entry) => {
                    let kind = entry.file_type().map_or(Kind::File, |kind| kind_of(&kind));
                    (walk.wanted)(entry.path(), kind).then(|| Met::Path(entry.into_path(), kind))
                }
                Err(error) => Some(Met::Error(format!("cannot read {}", explain(&error)))),
            };
            if let Some(met) = met {
                let _ = sender.send(met);
            }
            ignore::WalkState::Continue
        };
        match walk.is_large {
            true => builder.build_parallel().run(|| {
                let (sender, look) = (sender.clone(), &look);
                Box::new(move |entry| look(entry, &sender))
            }),
            false => {
                let _ = builder.build().try_for_each(|entry| match look(entry, &sender) {
                    ignore::WalkState::Quit => Err(()),
                    ignore::WalkState::Continue | ignore::WalkState::Skip => Ok(()),
                });
            }
        }
        drop((builder, sender));
        let mut walked = Walked::default();
        for met in receiver {
            match met {
                Met::Repository(path) => walked.repositories.push(path),
                Met::Path(path, kind) => walked.met.push((path, kind)),
                Met::Error(error) => walked.errors.push(error),
                Met::PassedOver(folder) => walked.passed_over.push(folder),
                Met::Limit => walked.is_cut = true,
            }
        }
        walked.errors.sort();
        walked.passed_over.sort();
        walked
    }

    fn remote(&self, repository: &Path) -> Option<String> {
        git::remote(repository)
    }
}

/// What was opened, read.
fn content(lies: Lies, path: &Path, limit: u64) -> io::Result<Content> {
    Ok(match lies {
        Lies::File(_, size) if size > limit => Content::TooLarge(size),
        Lies::File(file, size) => {
            let bytes = read_expected(file, size, limit)?;
            match bytes.len() as u64 {
                size if size > limit => Content::TooLarge(size),
                _ => Content::Text(Arc::new(Source::from_bytes(shown_path(path), bytes))),
            }
        }
        Lies::Link(target) => Content::Link(target),
        Lies::BehindLink => Content::NoFile("behind a symbolic link"),
        Lies::Other(Kind::Folder) => Content::NoFile("a directory"),
        Lies::Other(Kind::Other(what)) => Content::NoFile(what),
        Lies::Other(Kind::File | Kind::Link) => Content::NoFile("no file"),
    })
}

/// The folders at the top of the file system that hold no files; none below another folder.
fn made_up(top: &Path) -> Vec<PathBuf> {
    let is_top = lexical(top).parent().is_none();
    MADE_UP.iter().filter(|_| is_top).map(|name| top.join(name)).collect()
}

/// What a walk comes across.
enum Met {
    Repository(PathBuf),
    Path(PathBuf, Kind),
    Error(String),
    PassedOver(PathBuf),
    Limit,
}

pub(super) fn kind_of(kind: &fs::FileType) -> Kind {
    if kind.is_dir() {
        return Kind::Folder;
    }
    if kind.is_symlink() {
        return Kind::Link;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return Kind::Other("a named pipe");
        }
        if kind.is_socket() {
            return Kind::Other("a socket");
        }
        if kind.is_block_device() || kind.is_char_device() {
            return Kind::Other("a device");
        }
    }
    Kind::File
}

fn read_within(reader: impl io::Read, limit: u64) -> io::Result<Vec<u8>> {
    read_expected(reader, 0, limit)
}

/// One byte more than allowed tells a file that grew from one that fits.
fn read_expected(reader: impl io::Read, size: u64, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    reader.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn explain(error: &ignore::Error) -> String {
    match error {
        ignore::Error::WithPath { path, err } => match err.io_error() {
            Some(error) => format!("{}: {}", path.display(), io_error(error)),
            None => format!("{}: {err}", path.display()),
        },
        ignore::Error::WithDepth { err, .. } => explain(err),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_makes_up_lies_at_the_top_alone() {
        assert_eq!(made_up(Path::new("/")), ["/dev", "/proc", "/sys"].map(PathBuf::from));
        assert_eq!(made_up(Path::new("/x/..")).len(), 3);
        assert!(made_up(Path::new("/x")).is_empty() && made_up(Path::new(".")).is_empty());
    }
}
