//! Writing: standard output with or without colour, files as a whole or not at all.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use super::progress;
use crate::project::Unusable;
use crate::words;

/// Columns for reports where no terminal says how wide it is, and for files.
pub(super) const DEFAULT_WIDTH: usize = 100;

pub(super) use crate::outlet::{Outlet, Write};
pub(super) use crate::writing::{Staged, identity};

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
#[allow(clippy::disallowed_methods, reason = "shells say in COLUMNS how wide they are")]
pub(super) fn width() -> usize {
    let is_terminal = io::stdout().is_terminal();
    let size = if is_terminal { terminal_size::terminal_size() } else { None };
    let from_terminal = size.map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0);
    let from_environment = || std::env::var("COLUMNS").ok()?.parse().ok().filter(|width| *width > 0);
    from_terminal.or_else(from_environment).unwrap_or(DEFAULT_WIDTH)
}

/// Whether standard output is a terminal that shows links.
pub(super) fn shows_links() -> bool {
    io::stdout().is_terminal() && supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout)
}

/// Writes to standard output, without colour where it is no terminal. A receiver that closed early is no error.
pub(super) fn to_stdout(write: &Write<'_>) -> Result<(), Unusable> {
    let mut out = io::BufWriter::new(Plainly { stripped: anstream::stdout().lock(), is_plain: true });
    let result = write(&mut Outlet::new(&mut out)).and_then(|()| out.flush());
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

/// Standard output with what takes colours out, which is passed by as long as all is printable ASCII and line breaks: that has none, and is
/// most of what is long.
struct Plainly {
    stripped: anstream::AutoStream<io::StdoutLock<'static>>,
    /// Whether nothing else was written yet, so that no sequence may be open.
    is_plain: bool,
}

impl io::Write for Plainly {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.is_plain &= bytes.iter().fold(true, |is_all, byte| is_all & matches!(byte, b' '..=b'~' | b'\n'));
        // Both write to the same buffer.
        if self.is_plain { io::stdout().write(bytes) } else { self.stripped.write(bytes) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stripped.flush()
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
        let _ = write(&mut Outlet::new(&mut out)).and_then(|()| out.flush());
    });
    Ok(())
}

/// Writes a file as a whole: beside its place first, then moved there.
pub(super) fn to_file(path: &Path, write: &Write<'_>) -> Result<(), Unusable> {
    Staged::new(path, write).and_then(Staged::persist).map_err(Unusable::new)
}

/// Says something on standard error: in one line, as logs are searched, or in as many as a terminal needs.
pub(super) fn complain(text: &str) {
    let is_terminal = io::stderr().is_terminal();
    let size = if is_terminal { terminal_size::terminal_size_of(io::stderr()) } else { None };
    let lines = match size {
        Some((width, _)) if width.0 > 0 => words::in_lines(&words::printable(text), width.0.into(), "", "  "),
        _ => vec![text.to_owned()],
    };
    // Who closes standard error does not want to know.
    let _ = to_stderr(&|out| lines.iter().try_for_each(|line| out.line(format_args!("{line}"))));
}
