//! A file that is written beside its place and then moved there.
//!
//! Where the file system has files without names, nothing is left of one when kaslint is killed. Elsewhere, and for the moment of the
//! move, it has a name that only kaslint makes. What has such a name and an owner that is gone is taken away by the next run.

use std::ffi::{CStr, OsString};
use std::fs::{File, Permissions};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Seek as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, Stat};
use rustix::io::Errno;
use rustix::process::{Pid, geteuid, test_kill_process};

use super::place::Place;

/// What the names of files begin with that are not yet in their places; the number of the process follows, and something random.
const PREFIX: &str = ".kaslint-";

/// So many names in a folder are looked at for what is left over, at the most.
const MAX_NAMES: usize = 10_000;

/// A file that is written and not yet in its place; gone when dropped.
pub(super) struct Beside {
    pub place: Place,
    file: File,
    /// Its own name, as long as it has one.
    name: Option<OsString>,
    like: Option<Stat>,
}

impl Beside {
    /// Writes a file beside its place, to the disk, with the owner and the mode of another; without one, with the mode that new files
    /// get.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(place: Place, write: impl FnOnce(&File) -> io::Result<()>, like: Option<Stat>) -> io::Result<Self> {
        let (file, name) = match without_name(&place, mode_of(like.as_ref()))? {
            Some(file) => (file, None),
            None => {
                let (file, name) = with_name(&place, mode_of(like.as_ref()))?;
                (file, Some(name))
            }
        };
        let beside = Self { place, file, name, like };
        beside.fill(write)?;
        Ok(beside)
    }

    fn fill(&self, write: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
        // Others who look for what is left over see that this is not; where there are no locks, they see the process.
        let _ = rustix::fs::flock(&self.file, FlockOperation::NonBlockingLockExclusive);
        write(&self.file)?;
        if let Some(like) = &self.like {
            take_after(&self.file, like)?;
        }
        self.file.sync_all()
    }

    /// Puts it in its place, whatever lies there.
    ///
    /// # Errors
    /// When it cannot be put there; nothing is left of it then.
    pub fn put(mut self) -> io::Result<()> {
        let name = self.named()?;
        rustix::fs::renameat(&self.place.folder, &name, &self.place.folder, &self.place.name)?;
        self.name = None;
        self.sync();
        Ok(())
    }

    /// Puts it in its place if nothing lies there, not even since that was looked at.
    ///
    /// # Errors
    /// When something lies there, or it cannot be put there; nothing is left of it then.
    pub fn put_new(mut self) -> io::Result<()> {
        let name = self.named()?;
        match rustix::fs::linkat(&self.place.folder, &name, &self.place.folder, &self.place.name, AtFlags::empty()) {
            // Where files have one name only.
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::MLINK) => match self.place.stat() {
                Err(Errno::NOENT) => return self.put(),
                _ => return Err(io::ErrorKind::AlreadyExists.into()),
            },
            result => result?,
        }
        self.sync();
        Ok(())
    }

    /// Its own name, which it gets now if it has none.
    fn named(&mut self) -> io::Result<OsString> {
        if self.name.is_none() {
            self.name = link(&self.place, &self.file);
        }
        if self.name.is_none() {
            let (file, name) = with_name(&self.place, mode_of(self.like.as_ref()))?;
            let mut without_name = std::mem::replace(&mut self.file, file);
            self.name = Some(name);
            without_name.rewind()?;
            self.fill(|mut file| io::copy(&mut without_name, &mut file).map(drop))?;
        }
        self.name.clone().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync(&self) {
        // The file is in its place. A folder that cannot be synced, or not be read, is no reason to say otherwise.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        if let Ok(folder) = rustix::fs::openat(&self.place.folder, ".", flags, Mode::empty()) {
            let _ = rustix::fs::fsync(folder);
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            let _ = rustix::fs::unlinkat(&self.place.folder, name, AtFlags::empty());
        }
    }
}

/// Nobody else reads a file before it has the mode of the one that it stands for. What is new gets what the umask leaves.
fn mode_of(like: Option<&Stat>) -> Mode {
    if like.is_some() { Mode::RUSR | Mode::WUSR } else { Mode::from_raw_mode(0o666) }
}

/// A file that has no name yet; `None` where there are none.
#[cfg(target_os = "linux")]
fn without_name(place: &Place, mode: Mode) -> io::Result<Option<File>> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    match rustix::fs::openat(&place.folder, ".", flags, mode) {
        Ok(file) => Ok(Some(file.into())),
        // Old kernels say that it is a folder, file systems without such files that they do not do that.
        Err(Errno::ISDIR | Errno::OPNOTSUPP | Errno::INVAL | Errno::NOENT | Errno::NOSYS) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn without_name(_: &Place, _: Mode) -> io::Result<Option<File>> {
    Ok(None)
}

/// Gives a file without a name one; `None` where that cannot be done.
#[cfg(target_os = "linux")]
fn link(place: &Place, file: &File) -> Option<OsString> {
    use std::os::fd::AsRawFd as _;
    let name = new_name();
    let by_descriptor = || rustix::fs::linkat(file, "", &place.folder, &name, AtFlags::EMPTY_PATH);
    // Before Linux 6.10, the first takes a privilege.
    let by_path = |_| {
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        rustix::fs::linkat(rustix::fs::CWD, path, &place.folder, &name, AtFlags::SYMLINK_FOLLOW)
    };
    by_descriptor().or_else(by_path).ok()?;
    Some(name)
}

#[cfg(not(target_os = "linux"))]
fn link(_: &Place, _: &File) -> Option<OsString> {
    None
}

fn with_name(place: &Place, mode: Mode) -> io::Result<(File, OsString)> {
    let name = new_name();
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(&place.folder, &name, flags, mode)?;
    Ok((file.into(), name))
}

fn new_name() -> OsString {
    // The standard library seeds each of these from the system's source of randomness.
    let random = RandomState::new().build_hasher().finish();
    format!("{PREFIX}{}-{random:016x}", std::process::id()).into()
}

/// Gives a file the owner and the mode of another, as far as this process may.
#[allow(clippy::useless_conversion, reason = "the types differ between operating systems")]
fn take_after(file: &File, like: &Stat) -> io::Result<()> {
    let own = file.metadata()?;
    let mut mode = Mode::from_raw_mode(like.st_mode).bits();
    let owner = (own.uid() != like.st_uid).then_some(like.st_uid);
    let group = (own.gid() != like.st_gid).then_some(like.st_gid);
    let chown = |owner, group| std::os::unix::fs::fchown(file, owner, group);
    if (owner.is_some() || group.is_some()) && chown(owner, group).is_err() {
        // Only a superuser may give files away.
        mode &= 0o777;
        if group.is_some() && chown(None, group).is_err() {
            // Another group may do no more than everybody.
            mode &= 0o707 | (mode & 0o7) << 3;
        }
    }
    file.set_permissions(Permissions::from_mode(u32::from(mode)))
}

/// Takes away what runs that were killed have left in a folder.
pub(super) fn sweep(place: &Place) {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(folder) = rustix::fs::openat(&place.folder, ".", flags, Mode::empty()) else { return };
    let Ok(entries) = Dir::new(folder) else { return };
    for entry in entries.take(MAX_NAMES).map_while(Result::ok) {
        let name = entry.file_name();
        if is_of_dead(name.to_bytes()) && is_left_over(place, name) {
            let _ = rustix::fs::unlinkat(&place.folder, name, AtFlags::empty());
        }
    }
}

/// Whether a name is one that kaslint makes, in a process that is gone.
fn is_of_dead(name: &[u8]) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX.as_bytes()).and_then(|rest| std::str::from_utf8(rest).ok()) else {
        return false;
    };
    let Some((process, random)) = rest.split_once('-') else { return false };
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let is_random = random.len() == 16 && random.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let process = Some(process).filter(|process| is_number(process)).and_then(|process| process.parse().ok());
    let is_gone = |process| test_kill_process(process) == Err(Errno::SRCH);
    is_random && process.and_then(Pid::from_raw).is_some_and(is_gone)
}

/// Whether a file is this user's own and nobody is writing it. A process in another container has a number that is unknown here, and
/// its lock is known.
fn is_left_over(place: &Place, name: &CStr) -> bool {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let Ok(file) = rustix::fs::openat(&place.folder, name, flags, Mode::empty()) else { return false };
    let is_own = rustix::fs::fstat(&file).is_ok_and(|stat| {
        FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_uid == geteuid().as_raw()
    });
    is_own && rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::path::Path;

    use super::super::place::Purpose;
    use super::*;

    fn place(path: &Path) -> Place {
        Place::find(path, Purpose::Report).expect("a place")
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The number of a process that has been and is gone.
    fn dead() -> u32 {
        let mut child = std::process::Command::new("true").spawn().expect("a process");
        child.wait().expect("its end");
        child.id()
    }

    #[test]
    fn what_a_dead_process_left_is_taken_away_and_what_a_live_one_writes_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let (dead, live) = (dead(), std::process::id());
        let kept = [
            format!(".kaslint-{live}-0123456789abcdef"),
            format!(".kaslint-{dead}-0123456789abcde"),
            format!(".kaslint-{dead}-0123456789abcdeG"),
            format!(".kaslint-+{dead}-0123456789abcdef"),
            format!(".kaslint-0{dead}-0123456789abcdef"),
            ".kaslint-0-0123456789abcdef".to_owned(),
            ".kaslint-99999999999999-0123456789abcdef".to_owned(),
            format!("kaslint-{dead}-0123456789abcdef"),
            ".kaslint.yaml".to_owned(),
        ];
        let locked = format!(".kaslint-{dead}-aaaaaaaaaaaaaaaa");
        let link = format!(".kaslint-{dead}-bbbbbbbbbbbbbbbb");
        let left = format!(".kaslint-{dead}-0123456789abcdef");
        for name in kept.iter().chain([&locked, &left]) {
            fs::write(folder.path().join(name), "x").expect("a file");
        }
        std::os::unix::fs::symlink(".kaslint.yaml", folder.path().join(&link)).expect("a link");
        // As one in another container would, whose process has no number here.
        let lock = File::open(folder.path().join(&locked)).expect("the file");
        rustix::fs::flock(&lock, FlockOperation::LockExclusive).expect("a lock");
        sweep(&place(&folder.path().join("report.json")));
        let mut expected: Vec<String> = kept.into_iter().chain([locked, link]).collect();
        expected.sort();
        assert_eq!(names(folder.path()), expected);
    }

    #[test]
    fn a_file_with_a_name_of_its_own_is_gone_when_dropped_and_in_its_place_when_put() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report.json");
        let named = || {
            let place = place(&path);
            let (file, name) = with_name(&place, mode_of(None)).expect("a file");
            let beside = Beside { place, file, name: Some(name), like: None };
            beside.fill(|mut file| file.write_all(b"x")).expect("a text");
            beside
        };
        let beside = named();
        let [name] = &*names(folder.path()) else { panic!("one file") };
        assert!(name.starts_with(&format!(".kaslint-{}-", std::process::id())));
        drop(beside);
        assert_eq!(names(folder.path()), [""; 0]);
        named().put().expect("a place");
        assert_eq!(names(folder.path()), ["report.json"]);
        assert_eq!(fs::read(&path).expect("the file"), b"x");
    }

    /// ext4, XFS, Btrfs and tmpfs have files without names; where the folder for temporary files lies on another, there is one here.
    #[cfg(target_os = "linux")]
    #[test]
    fn before_it_is_put_in_its_place_a_file_has_no_name_where_that_can_be() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report.json");
        let has_nameless = without_name(&place(&path), mode_of(None)).expect("an answer").is_some();
        let beside = Beside::new(place(&path), |mut file| file.write_all(b"x"), None).expect("a file");
        assert_eq!(names(folder.path()).is_empty(), has_nameless);
        beside.put().expect("a place");
        assert_eq!(names(folder.path()), ["report.json"]);
    }
}
