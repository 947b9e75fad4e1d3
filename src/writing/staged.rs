//! Reports in files: beside their place first, then moved there.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::Write;

/// A file that is written and not yet in its place.
pub struct Staged {
    path: PathBuf,
    content: Content,
}

enum Content {
    /// Beside its place.
    Beside(tempfile::NamedTempFile),
    /// For a device or pipe, which nothing may replace.
    Direct(Vec<u8>),
}

impl Staged {
    /// Writes it beside its place; gone when dropped.
    ///
    /// # Errors
    /// Why it cannot be written there.
    pub fn new(path: &Path, write: &Write<'_>) -> Result<Self, String> {
        let metadata = fs::metadata(path);
        if metadata.as_ref().is_ok_and(fs::Metadata::is_dir) {
            return Err(cannot_write(path, &"it is a folder; name a file"));
        }
        let mut out = anstream::StripStream::new(Vec::new());
        write(&mut out).map_err(|error| cannot_write(path, &error))?;
        let text = out.into_inner();
        if metadata.as_ref().is_ok_and(|metadata| !metadata.is_file()) {
            return Ok(Self { path: path.to_owned(), content: Content::Direct(text) });
        }
        // A link stays one; what it leads to is written.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| cannot_write(&path, &reason(&error)))?;
        file.write_all(&text).map_err(|error| cannot_write(&path, &error))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = metadata.map_or(0o644, |metadata| metadata.permissions().mode());
            let _ = file.as_file().set_permissions(fs::Permissions::from_mode(mode));
        }
        Ok(Self { path, content: Content::Beside(file) })
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

/// Why a file cannot be made, without the name that it had beside its place.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such folder".to_owned(),
        kind => kind.to_string(),
    }
}

fn cannot_write(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("cannot write {}: {error}", path.display())
}

/// What tells whether two paths name one file, whether it exists or not.
pub fn identity(path: &Path) -> PathBuf {
    let in_folder = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(fs::canonicalize(folder).ok()?.join(path.file_name()?))
    };
    fs::canonicalize(path).ok().or_else(in_folder).unwrap_or_else(|| path.to_owned())
}
