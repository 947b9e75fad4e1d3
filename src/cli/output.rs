//! Writing: standard output with or without colour, files as a whole or not at all.

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use super::progress;
use crate::project::Unusable;

/// Columns for reports where no terminal says how wide it is, and for files.
pub(super) const DEFAULT_WIDTH: usize = 100;

/// What writes a report.
pub(super) type Write<'a> = dyn Fn(&mut dyn io::Write) -> io::Result<()> + 'a;

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Color {
    /// On terminals, unless NO_COLOR is set or TERM is dumb; with CLICOLOR_FORCE, elsewhere as well.
    Auto,
    Always,
    Never,
}

impl Color {
    /// Holds from now on for everything that is written to standard output and standard error.
    pub fn apply(self) {
        let choice = match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

/// Columns for what goes to standard output: those of the terminal, else those that `COLUMNS` says.
pub(super) fn width() -> usize {
    let is_terminal = io::stdout().is_terminal();
    let size = if is_terminal { terminal_size::terminal_size() } else { None };
    let from_terminal = size.map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0);
    let from_environment = || std::env::var("COLUMNS").ok()?.parse().ok().filter(|width| *width > 0);
    from_terminal.or_else(from_environment).unwrap_or(DEFAULT_WIDTH)
}

/// Writes to standard output, without colour where it is no terminal. A receiver that closed early is no error.
pub(super) fn to_stdout(write: &Write<'_>) -> Result<(), Unusable> {
    let mut out = io::BufWriter::new(anstream::stdout().lock());
    let result = write(&mut out).and_then(|()| out.flush());
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            // What is buffered has no receiver; dropping the writer would try again.
            let _ = out.into_parts();
            Ok(())
        }
        Err(error) => Err(Unusable::new(format!("cannot write to standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Writes a text to standard output byte by byte, control codes and all; for one that somebody pipes on.
pub(super) fn bytes_to_stdout(bytes: &[u8]) -> Result<(), Unusable> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Unusable::new(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Whether standard output is a terminal, on which control codes of a file would act.
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Writes to standard error, without colour where it is no terminal.
pub(super) fn to_stderr(write: &Write<'_>) -> Result<(), Unusable> {
    progress::aside(|| {
        let mut out = io::BufWriter::new(anstream::stderr().lock());
        // Who closes standard error does not want to know.
        let _ = write(&mut out).and_then(|()| out.flush());
    });
    Ok(())
}

/// Writes a file as a whole: beside its place first, then moved there.
pub(super) fn to_file(path: &Path, write: &Write<'_>) -> Result<(), Unusable> {
    Staged::new(path, write)?.persist()
}

/// A file that is written and not yet in its place.
pub(super) struct Staged {
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
    pub(super) fn new(path: &Path, write: &Write<'_>) -> Result<Self, Unusable> {
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
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| cannot_write(&path, &plain(&error)))?;
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
    pub(super) fn persist(self) -> Result<(), Unusable> {
        let Self { path, content } = self;
        match content {
            Content::Beside(file) => {
                file.persist(&path).map(drop).map_err(|error| cannot_write(&path, &plain(&error.error)))
            }
            Content::Direct(text) => {
                let result = fs::OpenOptions::new().write(true).open(&path).and_then(|mut file| file.write_all(&text));
                result.map_err(|error| cannot_write(&path, &error))
            }
        }
    }
}

/// Why a file cannot be made, without the name that it had beside its place.
fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such folder".to_owned(),
        kind => kind.to_string(),
    }
}

fn cannot_write(path: &Path, error: &dyn std::fmt::Display) -> Unusable {
    Unusable::new(format!("cannot write {}: {error}", path.display()))
}

/// What tells whether two paths name one file, whether it exists or not.
pub(super) fn identity(path: &Path) -> PathBuf {
    let in_folder = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(fs::canonicalize(folder).ok()?.join(path.file_name()?))
    };
    fs::canonicalize(path).ok().or_else(in_folder).unwrap_or_else(|| path.to_owned())
}

/// Says something on standard error.
pub(super) fn complain(text: &str) {
    progress::aside(|| {
        let _ = writeln!(anstream::stderr(), "{text}");
    });
}
