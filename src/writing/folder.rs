//! A folder that is written as a whole or not at all, with what is kept beside it until it is in its place.
//!
//! Beside `DIR` lies `.DIR.kaslint-fetch`, which only its owner may enter: a lock, answers of a server by what was asked, and the new
//! folder while it is written. It goes when the new folder is in its place.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long what was kept of a run that was broken off counts.
const MOST_AGE: Duration = Duration::from_secs(60 * 60);

/// What may lie in a folder that is replaced.
const OURS: [&str; 2] = ["inventory.yaml", "projects"];

/// The name of the lock in the folder beside.
pub(super) const LOCK: &str = "lock";

/// How often a folder that goes while it is locked is made anew.
const MOST_TRIES: u32 = 8;

/// A folder that is to be written; what is kept beside it stays if this is dropped before it is in its place.
#[derive(Debug)]
pub struct StagedFolder {
    place: PathBuf,
    beside: PathBuf,
    /// Whether nothing is kept for a run after this one.
    is_done: bool,
    /// Held as long as this lives.
    _lock: File,
}

impl StagedFolder {
    /// Prepares to write a folder, and finds what a run before this one has kept.
    ///
    /// # Errors
    /// Where there is something else than an inventory folder, somebody else writes it, or it cannot be written there.
    pub fn new(place: &Path) -> Result<Self, String> {
        let cannot = |error: &dyn std::fmt::Display| super::cannot_write(place, error);
        let Some(name) = place.file_name() else {
            return Err(cannot(&"name a folder of its own"));
        };
        if let Some(fault) = super::link_on_the_way(super::parent_of(place)) {
            return Err(cannot(&fault));
        }
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(".kaslint-fetch");
        let beside = super::parent_of(place).join(hidden);
        let lock = match locked(&beside) {
            Ok(Locked::ByUs(lock)) => lock,
            Ok(Locked::ByOthers) => return Err(cannot(&"another kaslint is writing it; wait for its end")),
            Ok(Locked::NoFolder) => {
                return Err(cannot(&format!("{} is no folder; take it away", beside.display())));
            }
            Err(error) => return Err(cannot(&advised(&error))),
        };
        let staged = Self { place: place.to_owned(), beside, is_done: false, _lock: lock };
        staged.clear_up().map_err(|error| cannot(&advised(&error)))?;
        if let Some(fault) = staged.fault_of_place() {
            return Err(cannot(&fault));
        }
        Ok(staged)
    }

    /// Takes away what a run left that was killed, and what is too old to count.
    fn clear_up(&self) -> io::Result<()> {
        let old = self.beside.join("old");
        // It was killed between two moves.
        if old.is_dir() && !self.place.exists() {
            fs::rename(&old, &self.place)?;
        }
        for left in ["new", "old"] {
            remove(&self.beside.join(left))?;
        }
        let answers = self.answers();
        let is_old = fs::symlink_metadata(&answers)
            .and_then(|there| there.modified())
            .is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > MOST_AGE));
        if is_old {
            remove(&answers)?;
        }
        match make_private(&answers) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// Why a folder may not be replaced by a new one.
    fn fault_of_place(&self) -> Option<String> {
        match fs::symlink_metadata(&self.place) {
            Err(_) => return None,
            Ok(there) if there.file_type().is_symlink() => {
                return Some("it is a symbolic link; name the folder that it leads to".to_owned());
            }
            Ok(there) if !there.is_dir() => return Some("there is a file; name a folder of its own".to_owned()),
            Ok(_) => {}
        }
        let entries = match fs::read_dir(&self.place) {
            Ok(entries) => entries,
            Err(error) => return Some(super::reason(&error)),
        };
        let names = entries.flatten().map(|entry| entry.file_name());
        let strange = names.into_iter().find(|name| !OURS.iter().any(|ours| name == ours))?;
        Some(format!("it holds {}, which is of no inventory; name a folder of its own", Path::new(&strange).display()))
    }

    fn answers(&self) -> PathBuf {
        self.beside.join("answers")
    }

    /// What was kept under a name of letters and digits.
    #[must_use]
    pub fn kept(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.answers().join(name)).ok()
    }

    /// Keeps something under a name of letters and digits, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let unfinished = self.answers().join(format!("{name}.new"));
        let kept = create_private(&unfinished)
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| fs::rename(&unfinished, self.answers().join(name)));
        // What did not fit on a full disk shall not fill it.
        kept.inspect_err(|_| {
            let _ = fs::remove_file(&unfinished);
        })
    }

    /// Whether there is anything that a run after this one can go on from.
    #[must_use]
    pub fn has_kept(&self) -> bool {
        let is_whole = |entry: fs::DirEntry| Path::new(&entry.file_name()).extension().is_none();
        !self.is_done && fs::read_dir(self.answers()).is_ok_and(|kept| kept.flatten().any(is_whole))
    }

    /// Writes the files of the new folder, by paths below it, and puts it in its place. What was kept is gone then.
    ///
    /// # Errors
    /// When something cannot be written; the folder that was there before is as it was.
    pub fn put<'f>(mut self, files: impl Iterator<Item = (String, &'f [u8])>) -> Result<(), String> {
        let new = self.beside.join("new");
        let done = write_all(&new, files).and_then(|()| self.exchange(&new));
        if let Err(error) = done {
            let _ = remove(&new);
            let then = if self.has_kept() { "; the same command then goes on where this one stopped" } else { "" };
            return Err(super::cannot_write(&self.place, &format!("{}{then}", advised(&error))));
        }
        self.is_done = true;
        Ok(())
    }

    /// Puts the new folder in the place of the old one.
    fn exchange(&self, new: &Path) -> io::Result<()> {
        if !self.place.exists() {
            return fs::rename(new, &self.place);
        }
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{CWD, RenameFlags, renameat_with};
            if renameat_with(CWD, new, CWD, &self.place, RenameFlags::EXCHANGE).is_ok() {
                return Ok(());
            }
        }
        let old = self.beside.join("old");
        fs::rename(&self.place, &old)?;
        fs::rename(new, &self.place).inspect_err(|_| {
            let _ = fs::rename(&old, &self.place);
        })
    }

    /// Takes away what lies beside the place, for a run that has nothing to keep.
    pub fn leave(mut self) {
        self.is_done = true;
    }
}

impl Drop for StagedFolder {
    /// What keeps nothing for a run after this one goes.
    fn drop(&mut self) {
        if self.has_kept() {
            return;
        }
        for left in ["new", "old", "answers"] {
            let _ = remove(&self.beside.join(left));
        }
        // The lock goes last, while it is held, and once: what lies there afterwards is somebody else's.
        let _ = fs::remove_file(self.beside.join(LOCK));
        let _ = fs::remove_dir(&self.beside);
    }
}

/// Whose a folder is.
pub(super) enum Locked {
    ByUs(File),
    ByOthers,
    /// Something else has its name.
    NoFolder,
}

/// Makes the folder beside, if it is not there, and locks it.
pub(super) fn locked(beside: &Path) -> io::Result<Locked> {
    for _ in 0..MOST_TRIES {
        match make_private(beside) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Err(_) if fs::symlink_metadata(beside).is_ok_and(|there| !there.is_dir()) => return Ok(Locked::NoFolder),
            _ => {}
        }
        let path = beside.join(LOCK);
        let lock = match open_lock(&path) {
            // Whoever had it took the folder away meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            lock => lock?,
        };
        if !is_locked_by_us(&lock) {
            return Ok(Locked::ByOthers);
        }
        if is_at(&lock, &path) {
            return Ok(Locked::ByUs(lock));
        }
    }
    Ok(Locked::ByOthers)
}

/// Why something cannot be written, and what to do.
pub(super) fn advised(error: &io::Error) -> String {
    let advice = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded => "; make room for it",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; name a place that you may write to with --output"
        }
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            "; name a place in a folder that is there with --output"
        }
        _ => "",
    };
    format!("{}{advice}", super::reason(error))
}

fn write_all<'f>(folder: &Path, files: impl Iterator<Item = (String, &'f [u8])>) -> io::Result<()> {
    fs::create_dir(folder)?;
    for (path, bytes) in files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        // Two paths that differ in letter case alone are one file on some disks; the second is no reason to lose the first.
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(bytes)?;
    }
    Ok(())
}

pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir(folder)
}

/// A file that only its owner may read.
fn create_private(path: &Path) -> io::Result<File> {
    private().write(true).truncate(true).open(path)
}

fn open_lock(path: &Path) -> io::Result<File> {
    private().append(true).open(path)
}

#[cfg(unix)]
fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    options.create(true).mode(0o600);
    options
}

#[cfg(not(unix))]
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true);
    options
}

/// Whether a file still is the one at a path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let same = |one: fs::Metadata, other: fs::Metadata| (one.dev(), one.ino()) == (other.dev(), other.ino());
    file.metadata().and_then(|file| Ok(same(file, fs::symlink_metadata(path)?))).unwrap_or(false)
}

#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

/// Whether a lock is ours now. A file system without locks has no say.
#[cfg(unix)]
fn is_locked_by_us(lock: &File) -> bool {
    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;
    !matches!(flock(lock, FlockOperation::NonBlockingLockExclusive), Err(Errno::WOULDBLOCK))
}

#[cfg(not(unix))]
fn is_locked_by_us(_lock: &File) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(place: &Path, files: &[(&str, &str)]) -> Result<(), String> {
        StagedFolder::new(place)?.put(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes())))
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_is_replaced_whole_and_nothing_stays_beside_it() {
        let around = tempfile::tempdir().unwrap();
        let place = around.path().join("inventory");
        put(&place, &[("inventory.yaml", "a"), ("projects/acme/web/.gitlab-ci.yml", "b")]).unwrap();
        put(&place, &[("inventory.yaml", "c")]).unwrap();
        assert_eq!(fs::read_to_string(place.join("inventory.yaml")).unwrap(), "c");
        assert_eq!(names(&place), ["inventory.yaml"]);
        assert_eq!(names(around.path()), ["inventory"]);
    }

    #[test]
    fn what_is_no_inventory_is_left_alone() {
        let around = tempfile::tempdir().unwrap();
        let place = around.path().join("src");
        fs::create_dir(&place).unwrap();
        fs::write(place.join("main.rs"), "").unwrap();
        assert!(put(&place, &[]).unwrap_err().contains("it holds main.rs"));
        assert_eq!(names(around.path()), ["src"]);
    }

    #[test]
    fn what_was_kept_is_found_again_and_one_writes_at_a_time() {
        let around = tempfile::tempdir().unwrap();
        let place = around.path().join("inventory");
        let first = StagedFolder::new(&place).unwrap();
        first.keep("ab", b"answer").unwrap();
        assert!(StagedFolder::new(&place).unwrap_err().contains("another kaslint"));
        drop(first);
        let second = StagedFolder::new(&place).unwrap();
        assert_eq!(second.kept("ab").as_deref(), Some(&b"answer"[..]));
        second.leave();
        assert!(names(around.path()).is_empty());
    }

    /// Whoever opened the lock of a run that was about to end does not take a folder that is gone for its own.
    #[cfg(unix)]
    #[test]
    fn a_lock_that_is_gone_is_no_lock() {
        let around = tempfile::tempdir().unwrap();
        let (path, place) = (around.path().join(LOCK), around.path().join("inventory"));
        let lock = open_lock(&path).unwrap();
        assert!(is_at(&lock, &path));
        fs::remove_file(&path).unwrap();
        assert!(!is_at(&lock, &path));
        let _other = open_lock(&path).unwrap();
        assert!(!is_at(&lock, &path));
        // Side by side, each run writes the folder, or is told that another does; the last one to end leaves nothing.
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..40 {
                        if let Err(said) = put(&place, &[("inventory.yaml", "a"), ("projects/acme/web/b", "b")]) {
                            assert!(said.contains("another kaslint is writing it"), "{said}");
                        }
                    }
                });
            }
        });
        assert_eq!(names(around.path()), ["inventory", LOCK]);
        assert_eq!(names(&place), ["inventory.yaml", "projects"]);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_kept_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let around = tempfile::tempdir().unwrap();
        let staged = StagedFolder::new(&around.path().join("inventory")).unwrap();
        staged.keep("ab", b"answer").unwrap();
        let beside = around.path().join(".inventory.kaslint-fetch");
        let mode = |path: &str| fs::metadata(beside.join(path)).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode("."), mode("answers")), (0o700, 0o700));
        assert_eq!((mode(LOCK), mode("answers/ab")), (0o600, 0o600));
    }

    #[test]
    fn a_folder_that_cannot_be_written_leaves_the_old_one() {
        let around = tempfile::tempdir().unwrap();
        let place = around.path().join("inventory");
        put(&place, &[("inventory.yaml", "a")]).unwrap();
        assert_eq!(names(around.path()), ["inventory"]);
        assert!(put(&place, &[("inventory.yaml", "b"), ("inventory.yaml/c", "d")]).is_err());
        assert_eq!(fs::read_to_string(place.join("inventory.yaml")).unwrap(), "a");
        assert_eq!(names(around.path()), ["inventory"], "nothing stays beside it");
    }
}
