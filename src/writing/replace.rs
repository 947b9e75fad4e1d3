//! Fixes in files.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use super::plain;
use crate::source::Source;

/// Puts another text in place of a file's, as a whole or not at all, if the file still is as it was read.
///
/// # Errors
/// Why it was not written, as a clause; the file is as it was.
pub fn replace_text(path: &Path, (before, after): (&Source, &Source)) -> Result<(), String> {
    let (Some(before), Some(after)) = (before.to_bytes(), after.to_bytes()) else {
        return Err("not all of it is text".to_owned());
    };
    let metadata = fs::symlink_metadata(path).map_err(|error| plain(&error))?;
    if metadata.is_symlink() {
        return Err("it is a symbolic link; name the file that it leads to".to_owned());
    }
    if !metadata.is_file() {
        return Err("it is no file any more".to_owned());
    }
    // A file that is moved over another one needs no leave from that one, so it is asked for.
    if metadata.permissions().readonly() {
        return Err("it is read-only".to_owned());
    }
    fs::OpenOptions::new().write(true).open(path).map_err(|error| plain(&error))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let in_folder = |error: io::Error| format!("no file can be written beside it ({})", plain(&error));
    let mut beside = tempfile::NamedTempFile::new_in(folder).map_err(in_folder)?;
    beside.write_all(&after).and_then(|()| beside.flush()).map_err(in_folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        // Only a superuser may give files away, and for anybody else the owner is the same in most cases.
        let _ = std::os::unix::fs::chown(beside.path(), Some(metadata.uid()), Some(metadata.gid()));
    }
    beside.as_file().set_permissions(metadata.permissions()).map_err(in_folder)?;
    let now = fs::read(path).map_err(|error| plain(&error))?;
    let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    if now != before || is_link {
        return Err("it was changed by somebody else meanwhile; run kaslint again".to_owned());
    }
    beside.persist(path).map(drop).map_err(|error| plain(&error.error))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder whose one file reads `now`, and what writing a fix over the text that was read before comes to.
    fn written(now: &str) -> (Result<(), String>, String, usize) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.yaml");
        fs::write(&path, now).expect("a file");
        let (before, after) = (Source::new("config.yaml", "a: 1\n"), Source::new("config.yaml", "b: 1\n"));
        let outcome = replace_text(&path, (&before, &after));
        let text = fs::read_to_string(&path).expect("the file");
        (outcome, text, fs::read_dir(folder.path()).expect("the folder").count())
    }

    #[test]
    fn a_file_that_is_as_it_was_read_is_written() {
        assert_eq!(written("a: 1\n"), (Ok(()), "b: 1\n".to_owned(), 1));
    }

    #[test]
    fn a_file_that_somebody_changed_after_it_was_read_stays() {
        let (outcome, text, files) = written("a: 2\n");
        assert_eq!(outcome, Err("it was changed by somebody else meanwhile; run kaslint again".to_owned()));
        assert_eq!((text.as_str(), files), ("a: 2\n", 1));
    }
}
