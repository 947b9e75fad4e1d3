//! Rows for a spreadsheet.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return as a formula, and cells come
//! out of files that many may write. Such a cell gets a `'` in front, as OWASP's page "CSV Injection" advises. Quoting is
//! left to the crate, which quotes what holds a comma or a quote. CSV has no escapes: characters that act are written visibly.

use std::io;

use csv::{Terminator, Writer, WriterBuilder};

use super::runner;
use crate::source::Printable;

/// What makes a spreadsheet take a cell for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Rows as RFC 4180 has them.
pub struct Rows<'o>(Writer<&'o mut dyn io::Write>);

impl<'o> Rows<'o> {
    pub(super) fn new(out: &'o mut dyn io::Write) -> Self {
        Self(WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out))
    }

    /// Writes a row. Its cells are made printable here.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn record<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) -> io::Result<()> {
        Ok(self.0.write_record(cells.into_iter().map(|cell| cell_of(cell.as_ref())))?)
    }

    /// Hands on what has not been.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl std::fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rows")
    }
}

/// The cell as a spreadsheet shows it rather than runs it.
fn cell_of(text: &str) -> String {
    let printable = Printable::of(text);
    let cell = runner::without_command(&printable);
    if text.starts_with(FORMULA) { format!("'{cell}") } else { cell.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)"] {
            assert_eq!(cell_of(cell), format!("'{cell}"));
        }
        assert_eq!(cell_of("\t=1"), "'\\t=1");
        assert_eq!(cell_of("acme/web=1"), "acme/web=1");
        assert_eq!(cell_of("::error::x"), ":\\u{3a}error::x");
        assert_eq!(cell_of("a\u{202e}\r\nb"), "a\\u{202e}\\r\\nb");
    }

    #[test]
    fn a_row_is_one_line() {
        let mut bytes = Vec::new();
        let mut rows = Rows::new(&mut bytes);
        rows.record(["a,b", "c\n::error::\"d\""]).expect("a receiver");
        rows.flush().expect("a receiver");
        drop(rows);
        assert_eq!(String::from_utf8_lossy(&bytes), "\"a,b\",\"c\\n::error::\"\"d\"\"\"\r\n");
    }
}
