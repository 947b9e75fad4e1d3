//! `human`: the answer, then a table of projects and jobs, then the people.

use std::io;

use super::super::human::{note_mark, paragraph, reasons};
use super::super::layout::{self, Table};
use super::super::most;
use super::Who;
use super::overview::{Overview, Row};
use crate::outlet::{Outlet, Tone};
use crate::words;

/// How many names stand in one cell or sentence before the others are counted.
const MOST_NAMES: usize = 3;

/// How many rows a table has before the others are counted.
const MOST_ROWS: usize = 100;

pub(super) fn write(who: &Who<'_, '_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let (report, width) = (who.report, who.report.width);
    let mut is_first = true;
    for (id, _) in report.index.agent_ids().filter(|(id, _)| report.is_asked(*id)) {
        if !is_first {
            out.empty_line()?;
        }
        is_first = false;
        let overview = Overview::of(who, id);
        out.parts(&[(Tone::Title, &overview.context.to_string())])?;
        paragraph(out, "  ", &overview.answer, width)?;
        rows(&overview.rows, width, out)?;
        if !overview.without_job.is_empty() {
            let names = words::some_of(&overview.without_job, most(2 * MOST_NAMES, width));
            paragraph(out, "  ", &format!("Let in, but none of their jobs is: {names}"), width)?;
        }
        if !overview.is_settled {
            paragraph(out, "  users  ", &overview.users.in_words(most(2 * MOST_NAMES, width)), width)?;
            if !overview.users.is_nobody {
                reasons(&overview.users.without_effect, "  ", width, out)?;
            }
        }
    }
    Ok(())
}

fn rows(rows: &[Row], width: usize, out: &mut Outlet<'_>) -> io::Result<()> {
    let mut table = Table::new(&["project", "jobs", "environments", "refs", "by", "as", "namespace", "if"]);
    let (most_rows, most_names) = (most(MOST_ROWS, width), most(MOST_NAMES, width));
    let mut notes: Vec<&str> = Vec::new();
    for row in rows.iter().take(most_rows) {
        let alike = &row.alike;
        table.add(vec![
            row.projects(most_names),
            words::cut(&alike.jobs(), most_names),
            alike.environments(),
            vec![alike.refs.to_owned()],
            vec![alike.by.clone()],
            alike.identity.clone(),
            vec![alike.namespace.clone()],
            vec![note_mark(&alike.condition, &mut notes)],
        ]);
    }
    if !table.is_empty() {
        table.write("  ", layout::usable(width), out)?;
    }
    for (number, note) in (1..).zip(&notes) {
        paragraph(out, &format!("  [{number}] "), &format!("if {note}"), width)?;
    }
    let more = rows.len().saturating_sub(most_rows);
    if more > 0 {
        let text = format!("{}; `--format csv` has all of them.", words::count(more, "more row"));
        paragraph(out, "  ", &text, width)?;
    }
    Ok(())
}
