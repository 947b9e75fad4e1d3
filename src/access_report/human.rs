//! `human`: tables and sentences.

use std::io;

use super::layout::{self, Cell, Table};
use super::overview::{CaseView, Overview, Reason, RowView, by_which_rules};
use super::{AccessReport, most, why};
use crate::access::{Answer, Row};
use crate::outlet::{Outlet, Tone};
use crate::source::Printable;
use crate::words;

/// How many names stand in one cell or sentence before the others are counted.
const MOST_NAMES: usize = 3;

/// From how many rows on an answer is a table.
const TABLE_ROWS: usize = 6;

/// Every agent with its entries and what each comes to.
pub(super) fn grants(report: &AccessReport<'_, '_>, out: &mut Outlet<'_>) -> io::Result<()> {
    paragraph(out, "", &by_which_rules(report), report.width)?;
    let mut is_empty = true;
    for (id, _) in report.index.agent_ids().filter(|(id, _)| report.is_asked(*id)) {
        is_empty = false;
        overview(&Overview::of(report, id), report.width, out)?;
    }
    if is_empty {
        out.paragraph(format_args!("There is no agent."))?;
    }
    Ok(())
}

fn overview(overview: &Overview, width: usize, out: &mut Outlet<'_>) -> io::Result<()> {
    out.empty_line()?;
    out.parts(&[(Tone::Title, &overview.context.to_string())])?;
    for remark in &overview.remarks {
        paragraph(out, "  ", remark, width)?;
    }
    if !overview.answer.is_empty() {
        paragraph(out, "  ", &overview.answer, width)?;
    }
    for case in &overview.cases {
        if !case.heading.is_empty() {
            paragraph(out, "  ", &case.heading, width)?;
        }
        let indent = if case.heading.is_empty() { "  " } else { "    " };
        case_view(case, indent, width, out)?;
    }
    let users = &overview.users;
    paragraph(out, "  users  ", &users.in_words(most(2 * MOST_NAMES, width)), width)?;
    if !users.is_nobody {
        reasons(&users.without_effect, "  ", width, out)?;
    }
    Ok(())
}

fn case_view(case: &CaseView, indent: &str, width: usize, out: &mut Outlet<'_>) -> io::Result<()> {
    let mut table = Table::new(&["entry", "line", "projects", "environments", "refs", "as", "namespace", "if"]);
    let mut notes: Vec<&str> = Vec::new();
    for row in &case.rows {
        table.add(cells(row, most(MOST_NAMES, width), &mut notes));
    }
    if !table.is_empty() {
        table.write(indent, layout::usable(width), out)?;
    }
    for (number, note) in (1..).zip(&notes) {
        paragraph(out, &format!("{indent}[{number}] "), &format!("counts if {note}"), width)?;
    }
    if case.rows.is_empty() && case.managed_resources.is_empty() && case.without_effect.is_empty() {
        out.line(format_args!("{indent}nothing more"))?;
    }
    for resources in &case.managed_resources {
        paragraph(out, &format!("{indent}managed resources  "), &resources.in_words(MOST_NAMES), width)?;
    }
    reasons(&case.without_effect, indent, width, out)
}

fn cells<'v>(row: &'v RowView, most_names: usize, notes: &mut Vec<&'v str>) -> Vec<Cell> {
    let RowView { names, lines: _, projects, environments, is_protected_only, identity, namespace, condition } = row;
    let one = |text: &str| vec![text.to_owned()];
    vec![
        // What is kept to be compared has every name whole.
        if most_names == usize::MAX { names.clone() } else { words::cut_below(names, most_names) },
        one(&row.lines_in_words()),
        one(&projects.map_or(String::new(), |count| count.to_string())),
        if environments.is_empty() { one("all") } else { environments.clone() },
        one(if *is_protected_only { "protected" } else { "all" }),
        identity.clone(),
        one(namespace),
        one(&note_mark(condition, notes)),
    ]
}

/// `[1]` for a condition that is told below; nothing for none.
pub(super) fn note_mark<'n>(condition: &'n str, notes: &mut Vec<&'n str>) -> String {
    if condition.is_empty() {
        return String::new();
    }
    let known = notes.iter().position(|note| *note == condition);
    let position = known.unwrap_or_else(|| {
        notes.push(condition);
        notes.len() - 1
    });
    format!("[{}]", position + 1)
}

pub(super) fn reasons(reasons: &[Reason], indent: &str, width: usize, out: &mut Outlet<'_>) -> io::Result<()> {
    if !reasons.is_empty() {
        out.line(format_args!("{indent}without effect"))?;
    }
    for reason in reasons {
        paragraph(out, &format!("{indent}  - "), &reason.in_words(most(MOST_NAMES, width)), width)?;
    }
    Ok(())
}

/// One answer.
pub(super) fn answer<'w>(
    report: &AccessReport<'_, 'w>,
    answer: &Answer<'w, '_>,
    out: &mut Outlet<'_>,
) -> io::Result<()> {
    if answer.is_unknown_project() {
        return out.line(format_args!("The inventory has no project `{}`.", words::printable(answer.query.project)));
    }
    title(out, "", &format!("Jobs of {}:", words::job(answer)), "", report.width)?;
    if report.why {
        return why::human(report, answer, out);
    }
    let rows = || answer.allowed.iter().chain(&answer.denied).chain(&answer.unknown);
    match rows().count() {
        0 => out.line(format_args!("  no agent's configuration names this project or a group above it")),
        1..TABLE_ROWS => rows().try_for_each(|row| told_row(report, answer, row, out)),
        _ => answer_table(report, answer, &mut rows(), out),
    }
}

fn told_row(
    report: &AccessReport<'_, '_>,
    answer: &Answer<'_, '_>,
    row: &Row<'_>,
    out: &mut Outlet<'_>,
) -> io::Result<()> {
    let agent = report.index.agent(row.agent);
    let verdict = words::verdict(row);
    out.parts(&[
        (Tone::Plain, "  "),
        (layout::tone_of(verdict), &format!("{verdict:7}")),
        (Tone::Plain, " "),
        (Tone::Title, &words::printable(&agent.context())),
    ])?;
    let indent = " ".repeat(10);
    if row.is_allowed() {
        let namespace = answer.namespace(row).map(|namespace| words::printable(&namespace.value));
        let namespace = namespace.map_or(String::new(), |namespace| format!(", namespace {namespace}"));
        paragraph(
            out,
            &indent,
            &format!("as {}{namespace}", words::identity(&answer.identity(row, agent))),
            report.width,
        )?;
    }
    paragraph(out, &indent, &words::printable(&words::reason(answer, row, agent)), report.width)
}

/// Many agents: a line each, and what an answer hangs on below.
fn answer_table<'a, 'w: 'a>(
    report: &AccessReport<'_, 'w>,
    answer: &Answer<'w, '_>,
    rows: &mut dyn Iterator<Item = &'a Row<'w>>,
    out: &mut Outlet<'_>,
) -> io::Result<()> {
    let with_conditions: Vec<(&Row<'w>, String)> = rows.map(|row| (row, words::conditions(&row.conditions))).collect();
    let mut table = Table::new(&["agent", "access", "decided by", "as", "namespace", "if"]).of_verdicts("access");
    let mut notes = Vec::new();
    for (row, condition) in &with_conditions {
        let agent = report.index.agent(row.agent);
        let access_as = row.winner.and_then(|winner| winner.entry?.access_as.as_ref());
        let is_allowed = row.is_allowed();
        let one = |text: Option<String>| vec![text.unwrap_or_default()];
        table.add(vec![
            one(Some(words::printable(&agent.context()))),
            one(Some(words::verdict(row).to_owned())),
            row.winner
                .map(|winner| words::candidate_name(&winner, agent))
                .into_iter()
                .chain(words::denial(row).map(str::to_owned))
                .collect(),
            if is_allowed { words::identity_parts(access_as) } else { Vec::new() },
            one(answer.namespace(row).filter(|_| is_allowed).map(|namespace| words::printable(&namespace.value))),
            one(Some(note_mark(condition, &mut notes))),
        ]);
    }
    table.write("  ", layout::usable(report.width), out)?;
    for (number, note) in (1..).zip(&notes) {
        paragraph(out, &format!("  [{number}] "), &format!("if {note}"), report.width)?;
    }
    Ok(())
}

/// Writes a title behind a mark, within the width. The verdict at its end has the tone of what it says.
pub(super) fn title(out: &mut Outlet<'_>, mark: &str, text: &str, verdict: &str, width: usize) -> io::Result<()> {
    let lines = layout::hanging(mark, &Printable::of(text), layout::usable(width));
    for (number, line) in (1..).zip(&lines) {
        let said = line.strip_suffix(verdict).filter(|_| number == lines.len() && !verdict.is_empty());
        match said {
            Some(said) => out.parts(&[(Tone::Title, said), (layout::tone_of(verdict), verdict)])?,
            None => out.parts(&[(Tone::Title, line)])?,
        }
    }
    Ok(())
}

/// Writes text behind a mark, within the width. It is made printable before it is broken into lines.
pub(super) fn paragraph(out: &mut Outlet<'_>, mark: &str, text: &str, width: usize) -> io::Result<()> {
    let lines = layout::hanging(mark, &Printable::of(text), layout::usable(width));
    lines.iter().try_for_each(|line| out.line(format_args!("{line}")))
}
