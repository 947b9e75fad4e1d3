//! `markdown`: the tables of jobs for a merge request.

use std::io;

use super::super::markdown::table;
use super::agents::AgentRow;
use super::human::uncounted;
use super::overview::Overview;
use super::{Section, why};
use crate::outlet::Outlet;
use crate::report::markup::{code, escape, html};
use crate::words;

/// How many names stand in a sentence before the others are counted.
const MOST_NAMES: usize = 5;

pub(super) fn write(section: &Section<'_, '_>, overview: &Overview, out: &mut Outlet<'_>) -> io::Result<()> {
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
        out.paragraph(format_args!("{}", escape(&sentence)))?;
    }
    let agents = overview.agents.iter().map(|row| {
        let AgentRow { context, decided_by, only_for, identity, namespace, condition } = row;
        vec![code(context), escape(decided_by), list(only_for), list(identity), escape(namespace), escape(condition)]
    });
    table(&["Agent", "Decided by", "Only for", "As", "Namespace", "If"], &agents.collect::<Vec<_>>(), "agents", out)?;
    if overview.more_agents > 0 {
        out.paragraph(format_args!("{}.", words::count(overview.more_agents, "more agent")))?;
    }
    for (number, note) in (1..).zip(&overview.notes) {
        if number == 1 {
            out.empty_line()?;
        }
        out.line(format_args!("- \\[{number}\\] {}", escape(note)))?;
    }
    Ok(())
}

fn heading(section: &Section<'_, '_>, out: &mut Outlet<'_>) -> io::Result<()> {
    out.line(format_args!("### Jobs of {}", escape(&section.project_in_words())))?;
    out.paragraph(format_args!("{}", code(&section.path())))?;
    section.remarks(MOST_NAMES).iter().try_for_each(|remark| out.paragraph(format_args!("{}", escape(remark))))
}

/// The story of one job is text; its lines stay as they are.
pub(super) fn write_why(section: &Section<'_, '_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let mut text = Vec::new();
    why::write(section, &mut Outlet::without_tones(&mut text))?;
    let name = section.name.unwrap_or_default();
    let summary = html(&format!("{} of {}", words::printable(name), section.project_in_words()));
    out.line(format_args!("<details><summary>{summary}</summary>"))?;
    out.paragraph(format_args!("<pre>"))?;
    for line in String::from_utf8_lossy(&text).lines() {
        // An empty line would end the element.
        let shown = if line.is_empty() { "&#8203;".to_owned() } else { html(line) };
        out.line(format_args!("{shown}"))?;
    }
    out.line(format_args!("</pre>"))?;
    out.paragraph(format_args!("</details>"))
}
