//! `csv`: rows as RFC 4180 has them, each kind of report with one header that stays.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return as a formula, and cells come
//! out of files that many may write. Such a cell gets a `'` in front, as OWASP's page "CSV Injection" advises. Quoting is
//! left to the crate, which quotes what holds a comma, a quote or a line break.

use std::io;

use csv::{Terminator, WriterBuilder};

use super::{AccessReport, columns};
use crate::access::Answer;

/// What makes a spreadsheet take a cell for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Every entry of every agent.
pub(super) fn grants(report: &AccessReport<'_, '_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut writer = writer(out);
    writer.write_record(columns::GRANTS)?;
    for (id, agent) in report.index.agent_ids().filter(|(id, _)| report.is_asked(*id)) {
        let mut rows = columns::ci_rows(&report.index.agent_grants(id), agent);
        rows.extend(columns::user_rows(&report.index.user_grants(id), agent));
        for row in rows {
            writer.write_record(row.iter().map(|cell| harmless(cell)))?;
        }
    }
    writer.flush()
}

/// One row for each agent of each answer.
pub(super) fn answers<'w>(
    report: &AccessReport<'_, 'w>,
    answers: &mut dyn Iterator<Item = Answer<'w, '_>>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut writer = writer(out);
    writer.write_record(columns::ANSWER)?;
    for answer in answers {
        if answer.is_unknown_project() {
            writer.write_record(columns::unanswered_row(&answer).iter().map(|cell| harmless(cell)))?;
        }
        for row in answer.allowed.iter().chain(&answer.denied).chain(&answer.unknown) {
            let cells = columns::answer_row(report, &answer, row);
            writer.write_record(cells.iter().map(|cell| harmless(cell)))?;
        }
    }
    writer.flush()
}

pub(super) fn writer(out: &mut dyn io::Write) -> csv::Writer<&mut dyn io::Write> {
    WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out)
}

/// The cell as a spreadsheet shows it rather than runs it.
pub(super) fn harmless(cell: &str) -> String {
    if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(harmless(cell), format!("'{cell}"));
        }
        assert_eq!(harmless("acme/web=1"), "acme/web=1");
    }
}
