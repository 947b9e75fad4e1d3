//! Writing files, as a whole or not at all: reports, and fixes in place. Nothing else in kaslint writes to a disk.
//!
//! Where there are descriptors of folders, every file is reached through one (`place`) and written beside its place under no name, or
//! one of kaslint's own (`beside`). Elsewhere paths have to do (`elsewhere`).

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "this is where files are written")]

#[cfg(unix)]
mod beside;
#[cfg(not(unix))]
mod elsewhere;
mod folder;
#[cfg(unix)]
mod place;
#[cfg(unix)]
mod replace;
#[cfg(unix)]
mod staged;
mod together;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(not(unix))]
use elsewhere::link_on_the_way;
#[cfg(not(unix))]
pub use elsewhere::{InPlace, Staged};
pub use folder::StagedFolder;
#[cfg(unix)]
pub use replace::InPlace;
#[cfg(unix)]
pub use staged::Staged;
#[cfg(unix)]
use staged::link_on_the_way;
pub use together::StagedFiles;

use crate::outlet::{Outlet, Write};

/// What is said of a file that is not as it was read.
const CHANGED: &str = "it was changed by somebody else meanwhile; run kaslint again";

/// What is said of a file that is a link.
const IS_LINK: &str = "it is a symbolic link; name the file that it leads to";

/// The text of a report, without colour.
fn text_of(write: &Write<'_>) -> io::Result<Vec<u8>> {
    let mut out = anstream::StripStream::new(Vec::new());
    write(&mut Outlet::new(&mut out))?;
    Ok(out.into_inner())
}

/// Writes a report without colour, as it comes.
#[cfg(unix)]
fn write_to_end(write: &Write<'_>, to: &fs::File) -> io::Result<()> {
    let mut out = io::BufWriter::new(anstream::StripStream::new(to.try_clone()?));
    write(&mut Outlet::new(&mut out))?;
    io::Write::flush(&mut out)
}

/// Why a report cannot be written, without the name that it had beside its place.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such folder".to_owned(),
        io::ErrorKind::Other => error.to_string(),
        kind => kind.to_string(),
    }
}

fn cannot_write(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("cannot write {}: {error}", path.display())
}

/// The folder that a file lies in, as it is written.
fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What tells whether two paths name one file, whether it exists or not.
pub fn identity(path: &Path) -> PathBuf {
    let in_folder = || Some(fs::canonicalize(parent_of(path)).ok()?.join(path.file_name()?));
    fs::canonicalize(path).ok().or_else(in_folder).unwrap_or_else(|| path.to_owned())
}
