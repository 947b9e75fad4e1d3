//! Fixes in files.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

use rustix::fs::{FileType, FlockOperation, OFlags};
use rustix::io::Errno;

use super::beside::{Beside, sweep};
use super::place::{Identity, Lies, Place, Purpose, Refused, identity_of};
use super::{CHANGED, IS_LINK};
use crate::source::Source;
use crate::words::io_error;

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
            Lies::Nothing => return Err(io_error(&io::ErrorKind::NotFound.into())),
            Lies::Device | Lies::Open => return Err("it is no file any more".to_owned()),
        };
        // A file that is moved over another one needs no leave from that one, so it is asked for.
        if stat.st_mode & 0o222 == 0 {
            return Err("it is read-only".to_owned());
        }
        let file = place.open(OFlags::RDWR | OFlags::NONBLOCK).map_err(|errno| match errno {
            Errno::LOOP | Errno::MLINK => IS_LINK.to_owned(),
            errno => io_error(&errno.into()),
        })?;
        let mut file = File::from(file);
        let stat = rustix::fs::fstat(&file).map_err(|errno| io_error(&errno.into()))?;
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
        let in_folder = |error: io::Error| format!("no file can be written beside it ({})", io_error(&error));
        let beside = Beside::new(place, |mut file| file.write_all(&after), Some(stat)).map_err(in_folder)?;
        let is_there = beside.place.stat().is_ok_and(|now| identity_of(&now) == identity_of(&stat));
        if !is_there || !holds(&mut file, &before).map_err(|error| io_error(&error))? {
            return Err(CHANGED.to_owned());
        }
        beside.put().map_err(|error| io_error(&error))
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
        Refused::Io(error) => io_error(&error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    const CHANGED_TEXT: &str = "it was changed by somebody else meanwhile; run kaslint again";

    fn sources() -> (Source, Source) {
        (Source::new("config.yaml", "a: 1\n"), Source::new("config.yaml", "b: 1\n"))
    }

    fn replace(path: &Path, within: &Path) -> Result<(), String> {
        let (before, after) = sources();
        InPlace::default().replace(path, within, (&before, &after))
    }

    /// A folder whose one file reads `now`, and what writing a fix over the text that was read before comes to.
    fn written(now: &str) -> (Result<(), String>, String, usize) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.yaml");
        fs::write(&path, now).expect("a file");
        let outcome = replace(&path, folder.path());
        let text = fs::read_to_string(&path).expect("the file");
        (outcome, text, fs::read_dir(folder.path()).expect("the folder").count())
    }

    #[test]
    fn a_file_that_is_as_it_was_read_is_written() {
        assert_eq!(written("a: 1\n"), (Ok(()), "b: 1\n".to_owned(), 1));
    }

    #[test]
    fn a_file_that_somebody_changed_after_it_was_read_stays() {
        for now in ["a: 2\n", "a: 1\n\n", "a: 1", ""] {
            assert_eq!(written(now), (Err(CHANGED_TEXT.to_owned()), now.to_owned(), 1));
        }
    }

    #[test]
    fn a_file_that_another_run_is_writing_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.yaml");
        fs::write(&path, "a: 1\n").expect("a file");
        let other = File::open(&path).expect("the file");
        rustix::fs::flock(&other, FlockOperation::LockExclusive).expect("a lock");
        assert_eq!(replace(&path, folder.path()), Err(CHANGED_TEXT.to_owned()));
        drop(other);
        assert_eq!(replace(&path, folder.path()), Ok(()));
    }

    #[test]
    fn of_many_runs_at_once_one_writes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.yaml");
        for _ in 0..50 {
            fs::write(&path, "a: 1\n").expect("a file");
            let run = || replace(&path, folder.path());
            let outcomes: Vec<_> = std::thread::scope(|scope| {
                let runs: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
                runs.into_iter().map(|run| run.join().expect("an outcome")).collect()
            });
            assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
            let others = outcomes.into_iter().filter_map(Result::err);
            assert!(others.into_iter().all(|error| error == CHANGED_TEXT));
            assert_eq!(fs::read_to_string(&path).expect("the file"), "b: 1\n");
        }
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1);
    }

    #[test]
    fn nothing_is_written_outside_nor_through_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("project/sub")).expect("a folder");
        fs::create_dir_all(at("victim")).expect("a folder");
        for file in ["project/sub/config.yaml", "victim/config.yaml"] {
            fs::write(at(file), "a: 1\n").expect("a file");
        }
        symlink("../victim", at("project/link")).expect("a link");
        symlink("../victim/config.yaml", at("project/file.yaml")).expect("a link");
        symlink("sub", at("project/inner")).expect("a link");
        let refused = |path: &str| replace(&at(path), &at("project")).expect_err("it is refused");
        assert!(refused("project/link/config.yaml").contains("project/link is a symbolic link; name the file"));
        assert!(refused("project/inner/config.yaml").contains("project/inner is a symbolic link; name the file"));
        assert_eq!(refused("project/file.yaml"), IS_LINK);
        assert_eq!(refused("victim/config.yaml"), "it lies outside of its project");
        assert_eq!(refused("project/sub/../../victim/config.yaml"), "it lies outside of its project");
        assert_eq!(fs::read_to_string(at("victim/config.yaml")).expect("the file"), "a: 1\n");
        assert_eq!(fs::read_to_string(at("project/sub/config.yaml")).expect("the file"), "a: 1\n");
        // Whoever calls named the links above the project.
        symlink("project", at("short")).expect("a link");
        assert_eq!(replace(&at("short/sub/../sub/config.yaml"), &at("short")), Ok(()));
    }

    /// Somebody swaps the file, or its folder, for a link all the while.
    #[test]
    fn a_link_that_is_swapped_in_is_never_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("victim")).expect("a folder");
        fs::write(at("victim/config.yaml"), "a: 1\n").expect("a file");
        symlink("../victim", at("link")).expect("a link");
        fs::create_dir_all(at("project/sub")).expect("a folder");
        symlink("../../victim/config.yaml", at("project/sub/link")).expect("a link");
        let (path, within) = (at("project/sub/config.yaml"), at("project"));
        let is_over = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut turn = 0_u32;
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    turn += 1;
                    if turn.is_multiple_of(2) {
                        let _ = fs::rename(at("project/sub"), at("aside"));
                        let _ = symlink("../victim", at("project/sub"));
                        std::thread::yield_now();
                        let _ = fs::remove_file(at("project/sub"));
                        let _ = fs::rename(at("aside"), at("project/sub"));
                        std::thread::sleep(std::time::Duration::from_micros(500));
                    } else {
                        let _ = fs::remove_file(&path);
                        let _ = symlink("../../victim/config.yaml", &path);
                        std::thread::yield_now();
                        let _ = fs::remove_file(&path);
                        let _ = fs::write(&path, "a: 1\n");
                        std::thread::sleep(std::time::Duration::from_micros(500));
                    }
                }
            });
            // Until enough was written between the swaps, or nothing ever was.
            let tries = (0..50_000).filter(|_| replace(&path, &within).is_ok());
            tries.take(100).for_each(drop);
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        assert_eq!(fs::read_to_string(at("victim/config.yaml")).expect("the file"), "a: 1\n");
        assert_eq!(fs::read_dir(at("victim")).expect("the folder").count(), 1);
        // Where nothing can be written, nothing is shown.
        fs::write(&path, "a: 1\n").expect("a file");
        assert_eq!(replace(&path, &within), Ok(()));
    }
}
