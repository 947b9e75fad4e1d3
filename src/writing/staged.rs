//! Reports in files: beside their place first, then moved there.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, OFlags};

use super::beside::{Beside, sweep};
use super::place::{Lies, Place, Purpose, Refused};
use super::{cannot_write, reason, text_of, write_to_end};
use crate::outlet::Write;

/// A file that is written and not yet in its place.
pub struct Staged {
    path: PathBuf,
    content: Content,
}

enum Content {
    Beside(Beside),
    /// For what nothing may replace.
    Direct(Place, Vec<u8>),
}

impl Staged {
    /// Writes it beside its place; gone when dropped. A link in a git repository or below the working directory is not followed, be it
    /// the file or a folder on the way: somebody else may have written it. A file that is there keeps its owner and its mode.
    ///
    /// # Errors
    /// Why it cannot be written there.
    pub fn new(path: &Path, write: &Write<'_>) -> Result<Self, String> {
        let cannot = |error: &dyn std::fmt::Display| cannot_write(path, error);
        let place = Place::find(path, Purpose::Report).map_err(|refused| cannot(&in_words(refused)))?;
        let like = match &place.lies {
            Lies::Nothing => None,
            Lies::File(stat) => Some(*stat),
            Lies::Device | Lies::Open => {
                let text = text_of(write).map_err(|error| cannot(&error))?;
                return Ok(Self { path: path.to_owned(), content: Content::Direct(place, text) });
            }
        };
        sweep(&place);
        let beside =
            Beside::new(place, |file| write_to_end(write, file), like).map_err(|error| cannot(&reason(&error)))?;
        Ok(Self { path: path.to_owned(), content: Content::Beside(beside) })
    }

    /// Puts it in its place.
    ///
    /// # Errors
    /// Why it cannot be put there.
    pub fn persist(self) -> Result<(), String> {
        let Self { path, content } = self;
        match content {
            Content::Beside(beside) => beside.put().map_err(|error| cannot_write(&path, &reason(&error))),
            Content::Direct(place, text) => write_to(&place, &text).map_err(|error| cannot_write(&path, &error)),
        }
    }
}

impl Staged {
    /// Puts it in its place if nothing lies there.
    ///
    /// # Errors
    /// Why it cannot be put there.
    pub fn persist_new(self) -> Result<(), String> {
        let Self { path, content } = self;
        match content {
            Content::Beside(beside) => beside.put_new().map_err(|error| cannot_write(&path, &reason(&error))),
            Content::Direct(..) => Err(cannot_write(&path, &io::ErrorKind::AlreadyExists)),
        }
    }
}

/// Writes to a device, a pipe or an open file.
fn write_to(place: &Place, text: &[u8]) -> io::Result<()> {
    if matches!(place.lies, Lies::Open) {
        return File::from(place.open_again()?).write_all(text);
    }
    let file = place.open(OFlags::WRONLY)?;
    if FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode) == FileType::RegularFile {
        return Err(io::Error::other("it was changed by somebody else meanwhile"));
    }
    File::from(file).write_all(text)
}

/// What is said of a link on the way to a folder that is to be written, which is not followed where a file's would not be; what else keeps it from being
/// written is told when it is made.
pub(super) fn link_on_the_way(folder: &Path) -> Option<String> {
    // A path that ends in a slash is that of a folder anyway.
    let folder: PathBuf = folder.components().collect();
    match Place::find(&folder, Purpose::Report) {
        Err(Refused::Link) => Some(in_words(Refused::FolderLink(folder))),
        Err(refused @ Refused::FolderLink(_)) => Some(in_words(refused)),
        _ => None,
    }
}

fn in_words(refused: Refused) -> String {
    match refused {
        Refused::Link => "it is a symbolic link, which somebody else may have written; name the file itself".to_owned(),
        Refused::FolderLink(folder) => format!(
            "{} is a symbolic link, which somebody else may have written; name the folder itself",
            folder.display()
        ),
        Refused::Folder => "it is a folder; name a file".to_owned(),
        Refused::Outside => "it lies outside".to_owned(),
        Refused::Io(error) => reason(&error),
    }
}
