//! Writing: standard output with or without colour, files as a whole or not at all.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use super::Unusable;

/// Columns for reports where no terminal says how wide it is, and for files.
pub(super) const DEFAULT_WIDTH: usize = 100;

/// What writes a report.
pub(super) type Write<'a> = dyn Fn(&mut dyn io::Write) -> io::Result<()> + 'a;

/// Columns of the terminal behind standard output.
pub(super) fn width() -> usize {
    let is_terminal = io::stdout().is_terminal();
    let size = if is_terminal { terminal_size::terminal_size() } else { None };
    size.map_or(DEFAULT_WIDTH, |(width, _)| usize::from(width.0))
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
        Err(error) => Err(Unusable(format!("cannot write to standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Writes a text to standard output byte by byte, control codes and all; for one that somebody pipes on.
pub(super) fn bytes_to_stdout(bytes: &[u8]) -> Result<(), Unusable> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Unusable(format!("cannot write to standard output: {error}")))
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
    let mut out = io::BufWriter::new(anstream::stderr().lock());
    // Who closes standard error does not want to know.
    let _ = write(&mut out).and_then(|()| out.flush());
    Ok(())
}

/// Writes a file as a whole: beside its place first, then moved there.
pub(super) fn to_file(path: &Path, write: &Write<'_>) -> Result<(), Unusable> {
    let explain = |error: &dyn std::fmt::Display| Unusable(format!("cannot write {}: {error}", path.display()));
    if path.is_dir() {
        return Err(explain(&"it is a folder; name a file"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| explain(&error.kind()))?;
    {
        let mut out = io::BufWriter::new(anstream::StripStream::new(file.as_file_mut()));
        write(&mut out).and_then(|()| out.flush()).map_err(|error| explain(&error))?;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(path).map_or(0o644, |metadata| metadata.permissions().mode());
        let _ = file.as_file().set_permissions(std::fs::Permissions::from_mode(mode));
    }
    file.persist(path).map(drop).map_err(|error| explain(&error.error))
}

/// Says something on standard error.
pub(super) fn complain(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}
