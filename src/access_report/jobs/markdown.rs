//! `markdown`: the tables of jobs for a merge request.

use std::io;

use super::super::markdown::table;
use super::agents::AgentRow;
use super::human::uncounted;
use super::overview::Overview;
use super::{Section, why};
use crate::report::markup::{code, escape, html};
use crate::words;

/// How many names stand in a sentence before the others are counted.
const MOST_NAMES: usize = 5;

pub(super) fn write(section: &Section<'_, '_>, overview: &Overview, out: &mut dyn io::Write) -> io::Result<()> {
    heading(section, out)?;
    let list = |values: &[String]| escape(&values.join(", "));
    let rows = overview.rows.iter().map(|row| {
        vec![
            code(&row.job),
            list(&row.environments),
            list(&row.outcome.runs),
            list(&row.outcome.selects),
            list(&row.outcome.on_protected),
            list(&row.outcome.on_others),
        ]
    });
    let header = ["Job", "Environment", "Runs on", "Selects", "Sees on protected refs", "Sees on other refs"];
    table(&header, &rows.collect::<Vec<_>>(), "cases of jobs", out)?;
    for sentence in uncounted(overview, MOST_NAMES) {
        writeln!(out, "\n{}", escape(&sentence))?;
    }
    let agents = overview.agents.iter().map(|row| {
        let AgentRow { context, decided_by, only_for, identity, namespace, condition } = row;
        vec![code(context), escape(decided_by), list(only_for), list(identity), escape(namespace), escape(condition)]
    });
    table(&["Agent", "Decided by", "Only for", "As", "Namespace", "If"], &agents.collect::<Vec<_>>(), "agents", out)?;
    if overview.more_agents > 0 {
        writeln!(out, "\n{}.", words::count(overview.more_agents, "more agent"))?;
    }
    for (number, note) in (1..).zip(&overview.notes) {
        let gap = if number == 1 { "\n" } else { "" };
        writeln!(out, "{gap}- \\[{number}\\] {}", escape(note))?;
    }
    Ok(())
}

fn heading(section: &Section<'_, '_>, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "### Jobs of {}\n\n{}", escape(&section.project_in_words()), code(&section.path()))?;
    section.remarks(MOST_NAMES).iter().try_for_each(|remark| writeln!(out, "\n{}", escape(remark)))
}

/// The story of one job is text; its lines stay as they are.
pub(super) fn write_why(section: &Section<'_, '_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut text = Vec::new();
    why::write(section, &mut text)?;
    let name = section.name.unwrap_or_default();
    let summary = html(&format!("{} of {}", words::printable(name), section.project_in_words()));
    let text = html(&String::from_utf8_lossy(&text));
    writeln!(
        out,
        "<details><summary>{summary}</summary>\n\n<pre>\n{}</pre>\n\n</details>",
        text.replace("\n\n", "\n&#8203;\n")
    )
}
