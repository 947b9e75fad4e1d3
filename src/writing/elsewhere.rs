//! Writing where there are no descriptors of folders: by path, and never to a link.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{CHANGED, IS_LINK, cannot_write, parent_of, reason, text_of};
use crate::outlet::Write;
use crate::source::Source;
use crate::words::io_error;

/// Puts texts in the places of files.
#[derive(Debug, Default)]
pub struct InPlace {}

impl InPlace {
    /// Puts another text in place of a file's, as a whole or not at all, if the file still is as it was read and lies within a folder.
    ///
    /// # Errors
    /// Why it was not written, as a clause; the file is as it was.
    pub fn replace(&mut self, path: &Path, within: &Path, (before, after): (&Source, &Source)) -> Result<(), String> {
        let (Some(before), Some(after)) = (before.to_bytes(), after.to_bytes()) else {
            return Err("not all of it is text".to_owned());
        };
        let metadata = fs::symlink_metadata(path).map_err(|error| io_error(&error))?;
        if metadata.is_symlink() {
            return Err(IS_LINK.to_owned());
        }
        if !metadata.is_file() {
            return Err("it is no file any more".to_owned());
        }
        let within = if within.as_os_str().is_empty() { Path::new(".") } else { within };
        let real = |path: &Path| fs::canonicalize(path).map_err(|error| io_error(&error));
        let folder = real(parent_of(path))?;
        if !folder.starts_with(real(within)?) {
            return Err("it lies outside of its project".to_owned());
        }
        if metadata.permissions().readonly() {
            return Err("it is read-only".to_owned());
        }
        fs::OpenOptions::new().write(true).open(path).map_err(|error| io_error(&error))?;
        let in_folder = |error: io::Error| format!("no file can be written beside it ({})", io_error(&error));
        let mut beside = beside(&folder).map_err(in_folder)?;
        beside.write_all(&after).and_then(|()| beside.as_file().sync_all()).map_err(in_folder)?;
        beside.as_file().set_permissions(metadata.permissions()).map_err(in_folder)?;
        let now = fs::read(path).map_err(|error| io_error(&error))?;
        if now != before || fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
            return Err(CHANGED.to_owned());
        }
        beside.persist(path).map(drop).map_err(|error| io_error(&error.error))
    }
}

fn beside(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(&format!(".kaslint-{}-", std::process::id())).tempfile_in(folder)
}

/// A file that is written and not yet in its place.
pub struct Staged {
    path: PathBuf,
    content: Content,
}

enum Content {
    Beside(tempfile::NamedTempFile),
    /// For a device or pipe, which nothing may replace.
    Direct(Vec<u8>),
}

/// What is said of a link on the way to a folder that is to be written: nothing, where there are no descriptors of folders.
pub(super) fn link_on_the_way(_folder: &Path) -> Option<String> {
    None
}

impl Staged {
    /// Writes it beside its place; gone when dropped. A link is not followed.
    ///
    /// # Errors
    /// Why it cannot be written there.
    pub fn new(path: &Path, write: &Write<'_>) -> Result<Self, String> {
        let cannot = |error: &dyn std::fmt::Display| cannot_write(path, error);
        let metadata = fs::symlink_metadata(path);
        if metadata.as_ref().is_ok_and(fs::Metadata::is_dir) {
            return Err(cannot(&"it is a folder; name a file"));
        }
        if metadata.as_ref().is_ok_and(fs::Metadata::is_symlink) {
            return Err(cannot(&IS_LINK));
        }
        let text = text_of(write).map_err(|error| cannot(&error))?;
        if metadata.is_ok_and(|metadata| !metadata.is_file()) {
            return Ok(Self { path: path.to_owned(), content: Content::Direct(text) });
        }
        let mut file = beside(parent_of(path)).map_err(|error| cannot(&reason(&error)))?;
        file.write_all(&text).and_then(|()| file.as_file().sync_all()).map_err(|error| cannot(&error))?;
        Ok(Self { path: path.to_owned(), content: Content::Beside(file) })
    }

    /// Puts it in its place if nothing lies there.
    ///
    /// # Errors
    /// Why it cannot be put there.
    pub fn persist_new(self) -> Result<(), String> {
        let Self { path, content } = self;
        match content {
            Content::Beside(file) => {
                file.persist_noclobber(&path).map(drop).map_err(|error| cannot_write(&path, &reason(&error.error)))
            }
            Content::Direct(_) => Err(cannot_write(&path, &io::ErrorKind::AlreadyExists)),
        }
    }

    /// Puts it in its place.
    ///
    /// # Errors
    /// Why it cannot be put there.
    pub fn persist(self) -> Result<(), String> {
        let Self { path, content } = self;
        match content {
            Content::Beside(file) => {
                file.persist(&path).map(drop).map_err(|error| cannot_write(&path, &reason(&error.error)))
            }
            Content::Direct(text) => {
                let result = fs::OpenOptions::new().write(true).open(&path).and_then(|mut file| file.write_all(&text));
                result.map_err(|error| cannot_write(&path, &error))
            }
        }
    }
}
