//! `markdown`: a comment on a merge request. A heading for each agent, tables, long lists folded.

use std::io;

use super::AccessReport;
use super::overview::{CaseView, Overview, Reason, RowView, by_which_rules};
use super::why::{self, Step};
use crate::access::{Answer, Row};
use crate::outlet::Outlet;
use crate::report::markup::{code, escape, html};
use crate::words;

/// From how many rows on a table is folded.
const LONG: usize = 20;

/// How many names stand in one cell before the others are counted.
const MOST_NAMES: usize = 5;

/// Every agent with its entries and what each comes to.
pub(super) fn grants(report: &AccessReport<'_, '_>, out: &mut Outlet<'_>) -> io::Result<()> {
    out.line(format_args!("## Effective access"))?;
    out.paragraph(format_args!("{}", by_which_rules(report)))?;
    for (id, _) in report.index.agent_ids().filter(|(id, _)| report.is_asked(*id)) {
        overview(&Overview::of(report, id), out)?;
    }
    Ok(())
}

fn overview(overview: &Overview, out: &mut Outlet<'_>) -> io::Result<()> {
    out.paragraph(format_args!("### {}", code(&overview.context)))?;
    for remark in &overview.remarks {
        out.paragraph(format_args!("{}", escape(remark)))?;
    }
    if !overview.answer.is_empty() {
        out.paragraph(format_args!("{}", escape(&overview.answer)))?;
    }
    for case in &overview.cases {
        case_view(case, out)?;
    }
    let users = &overview.users;
    out.paragraph(format_args!("**Users:** {}", escape(&users.in_words(MOST_NAMES))))?;
    if users.is_nobody { Ok(()) } else { reasons(&users.without_effect, out) }
}

fn case_view(case: &CaseView, out: &mut Outlet<'_>) -> io::Result<()> {
    if !case.heading.is_empty() {
        out.paragraph(format_args!("**{}**", escape(&case.heading)))?;
    }
    if case.rows.is_empty() && case.managed_resources.is_empty() && case.without_effect.is_empty() {
        out.paragraph(format_args!("Nothing more."))?;
    }
    let has_condition = case.rows.iter().any(|row| !row.condition.is_empty());
    let mut header = vec!["Entry", "Line", "Projects", "Environments", "Refs", "As", "Namespace"];
    header.extend(has_condition.then_some("If"));
    let rows: Vec<Vec<String>> = case.rows.iter().map(|row| cells(row, has_condition)).collect();
    table(&header, &rows, "entries", out)?;
    for resources in &case.managed_resources {
        out.paragraph(format_args!("**Managed resources:** {}", escape(&resources.in_words(MOST_NAMES))))?;
    }
    reasons(&case.without_effect, out)
}

fn cells(row: &RowView, has_condition: bool) -> Vec<String> {
    let RowView { names, lines: _, projects, environments, is_protected_only, identity, namespace, condition } = row;
    let list = |values: &[String]| values.iter().map(|value| code(value)).collect::<Vec<_>>().join(", ");
    let mut cells = vec![
        escape(&words::some_of(names, MOST_NAMES)),
        row.lines_in_words(),
        projects.map_or(String::new(), |count| count.to_string()),
        if environments.is_empty() { "all".to_owned() } else { list(environments) },
        if *is_protected_only { "protected" } else { "all" }.to_owned(),
        list(identity),
        if namespace.is_empty() { String::new() } else { code(namespace) },
    ];
    cells.extend(has_condition.then(|| escape(condition)));
    cells
}

pub(super) fn reasons(reasons: &[Reason], out: &mut Outlet<'_>) -> io::Result<()> {
    if reasons.is_empty() {
        return Ok(());
    }
    out.paragraph(format_args!("Without effect:"))?;
    out.empty_line()?;
    for reason in reasons {
        out.line(format_args!("- {}", escape(&reason.in_words(MOST_NAMES))))?;
    }
    Ok(())
}

/// One answer.
pub(super) fn answer<'w>(
    report: &AccessReport<'_, 'w>,
    answer: &Answer<'w, '_>,
    out: &mut Outlet<'_>,
) -> io::Result<()> {
    out.line(format_args!("### Jobs of {}", escape(&words::job(answer))))?;
    let rows: Vec<&Row<'w>> = answer.allowed.iter().chain(&answer.denied).chain(&answer.unknown).collect();
    if answer.is_unknown_project() {
        return remark("The inventory has no such project.", out);
    }
    if rows.is_empty() {
        return remark("No agent's configuration names this project or a group above it.", out);
    }
    let cells: Vec<Vec<String>> = rows.iter().map(|row| answer_cells(report, answer, row)).collect();
    table(&["Access", "Agent", "As", "Namespace", "Why"], &cells, "agents", out)?;
    out.empty_line()?;
    if report.why {
        for row in rows {
            explanation(report, answer, row, out)?;
        }
    }
    Ok(())
}

/// What is told in place of rows.
fn remark(text: &'static str, out: &mut Outlet<'_>) -> io::Result<()> {
    out.paragraph(format_args!("{text}"))?;
    out.empty_line()
}

fn answer_cells<'w>(report: &AccessReport<'_, 'w>, answer: &Answer<'w, '_>, row: &Row<'w>) -> Vec<String> {
    let agent = report.index.agent(row.agent);
    let is_allowed = row.is_allowed();
    let namespace = answer.namespace(row).filter(|_| is_allowed);
    vec![
        words::verdict(row).to_owned(),
        code(&words::printable(&agent.context())),
        if is_allowed { escape(&words::identity(&answer.identity(row, agent))) } else { String::new() },
        namespace.map_or(String::new(), |namespace| code(&words::printable(&namespace.value))),
        escape(&words::printable(&words::reason(answer, row, agent))),
    ]
}

fn explanation<'w>(
    report: &AccessReport<'_, 'w>,
    answer: &Answer<'w, '_>,
    row: &Row<'w>,
    out: &mut Outlet<'_>,
) -> io::Result<()> {
    let context = words::printable(&report.index.agent(row.agent).context());
    let condition = words::conditions(&row.conditions);
    let condition = if condition.is_empty() { String::new() } else { format!(", if {condition}") };
    let summary = html(&format!("{context}: {}{condition}", words::verdict(row)));
    out.line(format_args!("<details><summary>{summary}</summary>"))?;
    out.empty_line()?;
    for (number, step) in (1..).zip(why::steps(report, answer, row)) {
        write_step(number, &step, out)?;
    }
    out.paragraph(format_args!("</details>"))?;
    out.empty_line()
}

fn write_step(number: usize, step: &Step, out: &mut Outlet<'_>) -> io::Result<()> {
    out.line(format_args!("{number}. {}", escape(&step.text)))?;
    for note in &step.notes {
        let line = note.line.as_ref().map_or(String::new(), |line| {
            format!("{}, {}: ", code(&format!("{}:{}", words::printable(&line.path), line.number)), code(&line.text))
        });
        out.line(format_args!("   - {line}{}", escape(&note.text)))?;
    }
    for (label, values) in &step.facts {
        // These two are sentences.
        let is_text = matches!(*label, "namespace" | "tier");
        let values: Vec<String> =
            values.iter().map(|value| if is_text { escape(value) } else { code(value) }).collect();
        out.line(format_args!("   - {label}: {}", values.join(", ")))?;
    }
    Ok(())
}

/// A table, folded if it is long.
pub(super) fn table(header: &[&str], rows: &[Vec<String>], what: &str, out: &mut Outlet<'_>) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let is_long = rows.len() > LONG;
    if is_long {
        out.paragraph(format_args!("<details><summary>{} {what}</summary>", rows.len()))?;
    }
    out.paragraph(format_args!("| {} |", header.join(" | ")))?;
    out.line(format_args!("|{}", "---|".repeat(header.len())))?;
    for row in rows {
        out.line(format_args!("| {} |", row.join(" | ")))?;
    }
    if is_long {
        out.paragraph(format_args!("</details>"))?;
    }
    Ok(())
}
