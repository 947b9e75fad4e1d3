//! Fixes in files.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;

use rustix::fs::{FileType, FlockOperation, OFlags};
use rustix::io::Errno;

use super::beside::{Beside, sweep};
use super::place::{Identity, Lies, Place, Purpose, Refused, identity_of};
use super::{CHANGED, IS_LINK, plain};
use crate::source::Source;

/// Puts texts in the places of files.
#[derive(Debug, Default)]
pub struct InPlace {
    /// The folders in which nothing is left over of runs that were killed.
    swept: BTreeSet<Identity>,
}

impl InPlace {
    /// Puts another text in place of a file's, as a whole or not at all, if the file still is as it was read and lies within a folder.
    /// No link in that folder is followed, nor one in a git repository or below the working directory. Owner and mode stay.
    ///
    /// # Errors
    /// Why it was not written, as a clause; the file is as it was.
    pub fn replace(&mut self, path: &Path, within: &Path, (before, after): (&Source, &Source)) -> Result<(), String> {
        let (Some(before), Some(after)) = (before.to_bytes(), after.to_bytes()) else {
            return Err("not all of it is text".to_owned());
        };
        let place = Place::find(path, Purpose::Fix { within }).map_err(in_words)?;
        let stat = match &place.lies {
            Lies::File(stat) => *stat,
            Lies::Nothing => return Err(plain(&io::ErrorKind::NotFound.into())),
            Lies::Device | Lies::Open => return Err("it is no file any more".to_owned()),
        };
        // A file that is moved over another one needs no leave from that one, so it is asked for.
        if stat.st_mode & 0o222 == 0 {
            return Err("it is read-only".to_owned());
        }
        let file = place.open(OFlags::RDWR | OFlags::NONBLOCK).map_err(|errno| match errno {
            Errno::LOOP | Errno::MLINK => IS_LINK.to_owned(),
            errno => plain(&errno.into()),
        })?;
        let mut file = File::from(file);
        let stat = rustix::fs::fstat(&file).map_err(|errno| plain(&errno.into()))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err("it is no file any more".to_owned());
        }
        // Of two runs, one waits for nothing and says so; where there are no locks, the comparison below has to do.
        if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK) {
            return Err(CHANGED.to_owned());
        }
        if self.swept.insert(place.folder_identity) {
            sweep(&place);
        }
        let in_folder = |error: io::Error| format!("no file can be written beside it ({})", plain(&error));
        let beside = Beside::new(place, after, Some(stat)).map_err(in_folder)?;
        let is_there = beside.place.stat().is_ok_and(|now| identity_of(&now) == identity_of(&stat));
        if !is_there || !holds(&mut file, &before).map_err(|error| plain(&error))? {
            return Err(CHANGED.to_owned());
        }
        beside.put().map_err(|error| plain(&error))
    }
}

/// Whether a file holds these bytes and no others.
fn holds(file: &mut File, bytes: &[u8]) -> io::Result<bool> {
    let mut now = Vec::new();
    file.rewind()?;
    file.take((bytes.len() as u64).saturating_add(1)).read_to_end(&mut now)?;
    Ok(now == bytes)
}

fn in_words(refused: Refused) -> String {
    match refused {
        Refused::Link => IS_LINK.to_owned(),
        Refused::FolderLink(folder) => {
            format!("{} is a symbolic link; name the file by the folder that it leads to", folder.display())
        }
        Refused::Folder => "it is no file any more".to_owned(),
        Refused::Outside => "it lies outside of its project".to_owned(),
        Refused::Io(error) if error.kind() == io::ErrorKind::NotADirectory => CHANGED.to_owned(),
        Refused::Io(error) => plain(&error),
    }
}
