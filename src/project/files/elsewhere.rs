//! Files where there are no descriptors of folders: by path, each part of which is looked at before.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "this is where files are read")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::disk::kind_of;
use super::{Kind, Lies};

/// A folder that is held: its path.
pub(super) type Held = PathBuf;

/// # Errors
/// When the folder is not there.
pub(super) fn hold(real: &Path) -> io::Result<Held> {
    match fs::symlink_metadata(real)?.is_dir() {
        true => Ok(real.to_owned()),
        false => Err(io::ErrorKind::NotADirectory.into()),
    }
}

/// Opens what lies below a folder.
///
/// # Errors
/// When nothing lies there, or it cannot be opened.
pub(super) fn look(folder: &Held, below: &Path) -> io::Result<Lies> {
    let mut path = folder.clone();
    let mut parts = below.components().peekable();
    while let Some(part) = parts.next() {
        path.push(part);
        if fs::symlink_metadata(&path)?.is_symlink() {
            return Ok(match parts.peek() {
                Some(_) => Lies::BehindLink,
                None => Lies::Link(fs::read_link(&path)?),
            });
        }
    }
    look_anywhere(&path)
}

/// Opens what the caller names, wherever links lead.
///
/// # Errors
/// When nothing lies there, or it cannot be opened.
pub(super) fn look_anywhere(path: &Path) -> io::Result<Lies> {
    let metadata = fs::metadata(path)?;
    Ok(match kind_of(&metadata.file_type()) {
        Kind::File => Lies::File(fs::File::open(path)?, metadata.len()),
        other => Lies::Other(other),
    })
}
