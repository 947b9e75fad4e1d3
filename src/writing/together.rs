//! Files of one folder that are written together, or none of them; whatever else lies in the folder stays as it is.
//!
//! They are written below a folder of kaslint's own, which only its owner may enter: in `DIR`, so that no file has to be moved from one disk to another and
//! nothing around `DIR` has to be writable, or beside it where `DIR` is not there yet. Then they are moved to their places one after the other; where
//! one cannot be, those before it go back.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::folder::{LOCK, Locked, advised, locked, remove};

/// The name of the folder of kaslint's own, or its end.
const OWN: &str = ".kaslint-tables";

/// Files of a folder that are to be written together; nothing of them stays if this is dropped before they are in their places.
#[derive(Debug)]
pub struct StagedFiles {
    place: PathBuf,
    /// Whether the folder is not there yet.
    is_new: bool,
    own: PathBuf,
    names: Vec<String>,
    /// Held as long as this lives.
    _lock: File,
}

impl StagedFiles {
    /// Prepares to write files into a folder.
    ///
    /// # Errors
    /// Where the folder is a file or a link, somebody else writes there, or it cannot be written.
    pub fn new(place: &Path) -> Result<Self, String> {
        let cannot = |error: &dyn std::fmt::Display| super::cannot_write(place, error);
        let is_new = match fs::symlink_metadata(place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(cannot(&advised(&error))),
            Ok(there) if there.file_type().is_symlink() => {
                return Err(cannot(&"it is a symbolic link; name the folder that it leads to"));
            }
            Ok(there) if !there.is_dir() => return Err(cannot(&"there is a file; name a folder")),
            Ok(_) => false,
        };
        if let Some(fault) = super::link_on_the_way(super::parent_of(place)) {
            return Err(cannot(&fault));
        }
        let own = match (is_new, place.file_name()) {
            (false, _) => place.join(OWN),
            (true, None) => return Err(cannot(&"name a folder")),
            (true, Some(name)) => {
                let mut hidden = OsString::from(".");
                hidden.push(name);
                hidden.push(OWN);
                super::parent_of(place).join(hidden)
            }
        };
        let lock = match locked(&own) {
            Ok(Locked::ByUs(lock)) => lock,
            Ok(Locked::ByOthers) => return Err(cannot(&"another kaslint is writing it; wait for its end")),
            Ok(Locked::NoFolder) => return Err(cannot(&format!("{} is no folder; take it away", own.display()))),
            Err(error) => return Err(cannot(&advised(&error))),
        };
        let staged = Self { place: place.to_owned(), is_new, own, names: Vec::new(), _lock: lock };
        staged.clear_up().map_err(|error| cannot(&advised(&error)))?;
        Ok(staged)
    }

    /// Takes away what a run left that was killed; what it had moved aside goes back.
    fn clear_up(&self) -> io::Result<()> {
        if !self.is_new {
            for left in fs::read_dir(self.old()).into_iter().flatten().flatten() {
                fs::rename(left.path(), self.place.join(left.file_name()))?;
            }
        }
        remove(&self.old())?;
        remove(&self.new_files())?;
        fs::create_dir(self.new_files())
    }

    fn new_files(&self) -> PathBuf {
        self.own.join("new")
    }

    fn old(&self) -> PathBuf {
        self.own.join("old")
    }

    /// Begins a file of this name.
    ///
    /// # Errors
    /// When something else than a file has its place, or it cannot be written.
    pub fn create(&mut self, name: &str) -> Result<impl Write + Send + use<>, String> {
        let in_place = self.place.join(name);
        if fs::symlink_metadata(&in_place).is_ok_and(|there| there.is_dir()) {
            return Err(super::cannot_write(&in_place, &"there is a folder; take it away, or name another place"));
        }
        let file = OpenOptions::new().write(true).create_new(true).open(self.new_files().join(name));
        let file = file.map_err(|error| self.cannot(&error))?;
        self.names.push(name.to_owned());
        Ok(file)
    }

    /// That the files cannot be written, and what to do.
    #[must_use]
    pub fn cannot(&self, error: &io::Error) -> String {
        super::cannot_write(&self.place, &advised(error))
    }

    /// Puts all files in their places.
    ///
    /// # Errors
    /// When one cannot be put there; all is as it was then.
    pub fn put(self) -> Result<(), String> {
        let put = if self.is_new { fs::rename(self.new_files(), &self.place) } else { self.move_all() };
        put.map_err(|error| self.cannot(&error))
    }

    fn move_all(&self) -> io::Result<()> {
        let (new, old) = (self.new_files(), self.old());
        fs::create_dir(&old)?;
        for (at, name) in self.names.iter().enumerate() {
            let place = self.place.join(name);
            let moved = match fs::rename(&place, old.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => fs::rename(new.join(name), &place),
            };
            if let Err(error) = moved {
                for name in self.names.iter().take(at + 1) {
                    let place = self.place.join(name);
                    // What was not there before is not there afterwards.
                    if fs::rename(old.join(name), &place).is_err() && !new.join(name).exists() {
                        let _ = fs::remove_file(&place);
                    }
                }
                return Err(error);
            }
        }
        remove(&old)
    }
}

impl Drop for StagedFiles {
    fn drop(&mut self) {
        let _ = remove(&self.new_files());
        // The lock goes last, while it is held. What was moved aside and could not go back stays, for the next run.
        if fs::read_dir(self.old()).map_or(true, |mut left| left.next().is_none()) {
            let _ = remove(&self.old());
            let _ = fs::remove_file(self.own.join(LOCK));
            let _ = fs::remove_dir(&self.own);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(place: &Path, files: &[(&str, &str)]) -> Result<(), String> {
        let mut staged = StagedFiles::new(place)?;
        for (name, text) in files {
            staged.create(name)?.write_all(text.as_bytes()).unwrap();
        }
        staged.put()
    }

    /// The files of a folder, each with its text.
    fn found(folder: &Path) -> Vec<(String, String)> {
        let mut files: Vec<(String, String)> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                let text = fs::read_to_string(entry.path()).unwrap_or_default();
                (entry.file_name().into_string().unwrap(), text)
            })
            .collect();
        files.sort();
        files
    }

    fn texts(files: &[(&str, &str)]) -> Vec<(String, String)> {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn files_are_replaced_together_and_others_stay() {
        let around = tempfile::tempdir().unwrap();
        let place = around.path().join("tables");
        put(&place, &[("a", "1"), ("b", "1")]).unwrap();
        assert_eq!(found(&place), texts(&[("a", "1"), ("b", "1")]));
        fs::write(place.join("notes.txt"), "mine").unwrap();
        put(&place, &[("b", "2"), ("c", "2")]).unwrap();
        assert_eq!(found(&place), texts(&[("a", "1"), ("b", "2"), ("c", "2"), ("notes.txt", "mine")]));
        assert_eq!(found(around.path()), texts(&[("tables", "")]));
    }

    #[test]
    fn where_one_file_cannot_be_put_none_is() {
        let around = tempfile::tempdir().unwrap();
        let place = around.path().join("tables");
        put(&place, &[("b", "1")]).unwrap();
        let mut staged = StagedFiles::new(&place).unwrap();
        for name in ["a", "b", "c"] {
            staged.create(name).unwrap().write_all(b"2").unwrap();
        }
        fs::remove_file(staged.new_files().join("c")).unwrap();
        assert!(staged.put().is_err());
        assert_eq!(found(&place), texts(&[("b", "1")]));
    }

    #[test]
    fn what_a_killed_run_had_moved_aside_goes_back() {
        let around = tempfile::tempdir().unwrap();
        let place = around.path().join("tables");
        put(&place, &[("a", "1"), ("b", "1")]).unwrap();
        let old = place.join(OWN).join("old");
        fs::create_dir_all(&old).unwrap();
        fs::rename(place.join("a"), old.join("a")).unwrap();
        drop(StagedFiles::new(&place).unwrap());
        assert_eq!(found(&place), texts(&[("a", "1"), ("b", "1")]));
    }

    #[test]
    fn a_file_or_a_folder_in_the_way_is_told_and_one_writes_at_a_time() {
        let around = tempfile::tempdir().unwrap();
        let place = around.path().join("tables");
        fs::write(&place, "").unwrap();
        assert!(StagedFiles::new(&place).unwrap_err().contains("there is a file"));
        fs::remove_file(&place).unwrap();
        fs::create_dir_all(place.join("a")).unwrap();
        let mut first = StagedFiles::new(&place).unwrap();
        assert!(first.create("a").err().unwrap().contains("there is a folder"));
        assert!(StagedFiles::new(&place).unwrap_err().contains("another kaslint"));
        drop(first);
        assert_eq!(found(&place), texts(&[("a", "")]));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed() {
        let around = tempfile::tempdir().unwrap();
        let (place, link) = (around.path().join("tables"), around.path().join("link"));
        fs::create_dir(&place).unwrap();
        std::os::unix::fs::symlink(&place, &link).unwrap();
        assert!(StagedFiles::new(&link).unwrap_err().contains("it is a symbolic link"));
        assert!(found(&place).is_empty());
    }
}
