//! `human`: a row for each case of a job, and the agents below.

use std::io;

use super::super::human::{paragraph, title};
use super::super::layout::{self, Table};
use super::Section;
use super::agents::AgentRow;
use super::overview::{CaseRow, Overview};
use crate::outlet::Outlet;
use crate::words;

/// How many names stand in a sentence before the others are counted.
const MOST_NAMES: usize = 4;

pub(super) fn write(section: &Section<'_, '_>, overview: &Overview, out: &mut Outlet<'_>) -> io::Result<()> {
    let width = section.report.width;
    title(out, "", &format!("Jobs of {} ({})", section.project_in_words(), section.path()), "", width)?;
    for remark in section.remarks(MOST_NAMES) {
        paragraph(out, "  ", &remark, width)?;
    }
    cases(&overview.rows, width, out)?;
    for sentence in uncounted(overview, MOST_NAMES) {
        paragraph(out, "  ", &sentence, width)?;
    }
    agents(overview, width, out)?;
    for (number, note) in (1..).zip(&overview.notes) {
        paragraph(out, &format!("  [{number}] "), note, width)?;
    }
    Ok(())
}

fn cases(rows: &[CaseRow], width: usize, out: &mut Outlet<'_>) -> io::Result<()> {
    let header = ["job", "environment", "runs on", "selects", "sees on protected refs", "sees on other refs"];
    let mut table = Table::new(&header).of_words(&[0, 2, 3, 4, 5]);
    for row in rows {
        let outcome = &row.outcome;
        table.add(vec![
            vec![row.job.clone()],
            row.environments.clone(),
            outcome.runs.clone(),
            if outcome.selects.is_empty() && !row.is_start() {
                vec!["–".to_owned()]
            } else {
                outcome.selects.clone()
            },
            outcome.on_protected.clone(),
            outcome.on_others.clone(),
        ]);
    }
    lines(&table, width, out)
}

fn agents(overview: &Overview, width: usize, out: &mut Outlet<'_>) -> io::Result<()> {
    if overview.agents.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(&["agent", "decided by", "only for", "as", "namespace", "if"]);
    for AgentRow { context, decided_by, only_for, identity, namespace, condition } in &overview.agents {
        table.add(vec![
            vec![context.clone()],
            vec![decided_by.clone()],
            only_for.clone(),
            identity.clone(),
            vec![namespace.clone()],
            vec![condition.clone()],
        ]);
    }
    out.empty_line()?;
    lines(&table, width, out)?;
    if overview.more_agents > 0 {
        let text = format!("{}; `--agent` tells one of them.", words::count(overview.more_agents, "more agent"));
        paragraph(out, "  ", &text, width)?;
    }
    Ok(())
}

fn lines(table: &Table, width: usize, out: &mut Outlet<'_>) -> io::Result<()> {
    if table.is_empty() {
        return Ok(());
    }
    table.write("  ", layout::usable(width), out)
}

/// The jobs that have no row, counted.
pub(super) fn uncounted(overview: &Overview, most: usize) -> Vec<String> {
    let mut sentences = Vec::new();
    let others = if overview.rows.is_empty() { "job" } else { "other job" };
    let tell = |names: &[String], one: &str, many: &str| {
        let verb = if names.len() == 1 { one } else { many };
        format!("{} {verb}: {}.", words::count(names.len(), others), words::some_of(names, most))
    };
    if !overview.without_cluster.is_empty() {
        let names = &overview.without_cluster;
        sentences.push(tell(
            names,
            "touches no cluster as far as can be seen",
            "touch no cluster as far as can be seen",
        ));
    }
    if !overview.not_followed.is_empty() {
        sentences.push(tell(&overview.not_followed, "runs what was not read", "run what was not read"));
    }
    if !overview.in_no_pipeline.is_empty() {
        sentences.push(tell(&overview.in_no_pipeline, "is in no pipeline", "are in no pipeline"));
    }
    sentences
}
