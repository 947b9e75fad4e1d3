//! `markdown`: the answer and a table for a merge request.

use std::io;

use super::super::markdown::{reasons, table};
use super::Who;
use super::overview::{Overview, Row};
use crate::outlet::Outlet;
use crate::report::markup::{code, escape};
use crate::words;

/// How many names stand in one cell or sentence before the others are counted.
const MOST_NAMES: usize = 5;

/// How many rows a table has; a comment takes no more text than so many fill.
const MOST_ROWS: usize = 500;

pub(super) fn write(who: &Who<'_, '_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let report = who.report;
    out.line(format_args!("## Who reaches an agent"))?;
    for (id, _) in report.index.agent_ids().filter(|(id, _)| report.is_asked(*id)) {
        let overview = Overview::of(who, id);
        out.paragraph(format_args!("### {}", code(&overview.context)))?;
        out.paragraph(format_args!("{}", escape(&overview.answer)))?;
        let has_condition = overview.rows.iter().any(|row| !row.alike.condition.is_empty());
        let mut header = vec!["Project", "Jobs", "Environments", "Refs", "By", "As", "Namespace"];
        header.extend(has_condition.then_some("If"));
        let rows = overview.rows.iter().take(MOST_ROWS).map(|row| cells(row, has_condition));
        table(&header, &rows.collect::<Vec<_>>(), "projects and jobs", out)?;
        let more = overview.rows.len().saturating_sub(MOST_ROWS);
        if more > 0 {
            out.paragraph(format_args!("{}.", words::count(more, "more row")))?;
        }
        if !overview.without_job.is_empty() {
            let names = escape(&words::some_of(&overview.without_job, MOST_NAMES));
            out.paragraph(format_args!("Let in, but none of their jobs is: {names}"))?;
        }
        if !overview.is_settled {
            out.paragraph(format_args!("**Users:** {}", escape(&overview.users.in_words(MOST_NAMES))))?;
            if !overview.users.is_nobody {
                reasons(&overview.users.without_effect, out)?;
            }
        }
    }
    Ok(())
}

fn cells(row: &Row, has_condition: bool) -> Vec<String> {
    let list = |values: &[String]| values.iter().map(|value| code(value)).collect::<Vec<_>>().join(", ");
    let alike = &row.alike;
    let named = |names: &[String], whole: Vec<String>| match names.is_empty() {
        true => escape(&whole.join(", ")),
        false => list(names),
    };
    let environments = alike.environments.as_deref().unwrap_or_default();
    let mut cells = vec![
        escape(&words::list_and(&row.projects(MOST_NAMES))),
        named(&words::cut(&alike.jobs, MOST_NAMES), alike.jobs()),
        named(environments, alike.environments()),
        alike.refs.to_owned(),
        escape(&alike.by),
        list(&alike.identity),
        if alike.namespace.is_empty() { String::new() } else { code(&alike.namespace) },
    ];
    cells.extend(has_condition.then(|| escape(&alike.condition)));
    cells
}
