//! `--why`: the decision about each agent, step by step, with the lines of the file behind it.
//!
//! The steps are those of the row that they explain. Where something is not known there are several rows; what they have
//! in common is told once, and the rest under the condition of each.

mod agent;
mod entries;
mod filters;
mod result;
mod step;

use std::io;

use super::human::{paragraph, title};
use super::{AccessReport, layout};
use crate::access::{AgentId, Answer, Row};
use crate::outlet::Outlet;
use crate::words;
use step::{Excerpts, Subject};
pub(super) use step::{Line, Note, Step};

/// How many agents without any entry are explained one by one where nobody asks about one.
const MOST_UNNAMED: usize = 3;

/// How many of the others are named.
const MOST_NAMES: usize = 10;

/// The steps that lead to a row.
pub(super) fn steps<'w>(report: &AccessReport<'_, 'w>, answer: &Answer<'w, '_>, row: &Row<'w>) -> Vec<Step> {
    let agent = report.index.agent(row.agent);
    let subject = Subject { index: report.index, answer, row, agent, excerpts: Excerpts::of(agent) };
    let (first, is_end) = agent::step(&subject);
    let mut steps = vec![first];
    if is_end {
        return steps;
    }
    steps.extend(entries::steps(&subject));
    steps.extend(filters::steps(&subject));
    steps.extend(result::step(&subject));
    steps
}

/// Adds the agents of which nothing names the project to an answer.
pub(super) fn add_unnamed<'w>(report: &AccessReport<'_, 'w>, answer: &mut Answer<'w, '_>) {
    if answer.is_unknown_project() {
        return;
    }
    let named: std::collections::HashSet<AgentId> = rows_of(answer).map(|row| row.agent).collect();
    for (id, _) in report.index.agent_ids().filter(|(id, _)| report.is_asked(*id) && !named.contains(id)) {
        answer.denied.extend(report.index.query_agent(id, &answer.query));
    }
    answer.denied.sort_by_key(|row| row.agent);
}

fn rows_of<'a, 'w>(answer: &'a Answer<'w, '_>) -> impl Iterator<Item = &'a Row<'w>> {
    answer.allowed.iter().chain(&answer.denied).chain(&answer.unknown)
}

/// Whether nothing in the file of the row's agent names the project.
fn is_unnamed(row: &Row<'_>) -> bool {
    use crate::access::{Denial, Outcome};
    row.outcome == Outcome::Denied(Denial::NoEntry) && row.fell_out.is_empty() && row.conditions.is_empty()
}

/// The steps of all agents for people.
pub(super) fn human<'w>(
    report: &AccessReport<'_, 'w>,
    answer: &Answer<'w, '_>,
    out: &mut Outlet<'_>,
) -> io::Result<()> {
    let mut rows: Vec<&Row<'w>> = rows_of(answer).collect();
    rows.sort_by_key(|row| (is_unnamed(row), row.agent));
    let unnamed: Vec<AgentId> = rows.iter().filter(|row| is_unnamed(row)).map(|row| row.agent).collect();
    let are_told = report.agent.is_some() || unnamed.len() <= MOST_UNNAMED;
    if rows.is_empty() {
        return out.line(format_args!("  there is no agent"));
    }
    for of_agent in rows.chunk_by(|one, other| one.agent == other.agent) {
        if are_told || !of_agent.iter().any(|row| is_unnamed(row)) {
            agent_for_people(report, answer, of_agent, out)?;
        }
    }
    if are_told {
        return Ok(());
    }
    let names: Vec<String> = unnamed.iter().map(|&id| words::printable(&report.index.agent(id).context())).collect();
    let text = format!(
        "Nothing names {} or what lies above it at {}: {}. `--agent` explains one of them.",
        words::printable(answer.project_path()),
        words::count(names.len(), "other agent"),
        words::some_of(&names, MOST_NAMES),
    );
    out.empty_line()?;
    paragraph(out, "", &text, report.width)
}

fn agent_for_people<'w>(
    report: &AccessReport<'_, 'w>,
    answer: &Answer<'w, '_>,
    rows: &[&Row<'w>],
    out: &mut Outlet<'_>,
) -> io::Result<()> {
    let Some(first) = rows.first() else { return Ok(()) };
    let context = words::printable(&report.index.agent(first.agent).context());
    let all: Vec<Vec<Step>> = rows.iter().map(|row| steps(report, answer, row)).collect();
    let is_one = rows.iter().all(|row| words::verdict(row) == words::verdict(first));
    let verdict = if is_one { words::verdict(first) } else { "it depends" };
    out.empty_line()?;
    title(out, "", &format!("{context}: {verdict}"), verdict, report.width)?;
    let common = common_start(&all);
    let writer = StepWriter { width: report.width };
    for (number, step) in (1..).zip(all.first().into_iter().flatten().take(common)) {
        writer.write(number, step, out)?;
    }
    if rows.len() == 1 && first.conditions.is_empty() {
        return Ok(());
    }
    for (row, steps) in rows.iter().zip(&all) {
        out.empty_line()?;
        let verdict = words::verdict(row);
        let text = format!("If {}: {verdict}", words::conditions(&row.conditions));
        title(out, "  ", &text, verdict, report.width)?;
        for (number, step) in (common + 1..).zip(steps.iter().skip(common)) {
            writer.write(number, step, out)?;
        }
    }
    Ok(())
}

/// How many steps all rows have in common from the start; all of them for a single certain row.
fn common_start(all: &[Vec<Step>]) -> usize {
    let Some((first, others)) = all.split_first() else { return 0 };
    let is_common = |at: usize| others.iter().all(|other| other.get(at) == first.get(at));
    (0..first.len()).take_while(|&at| is_common(at)).count()
}

/// Writes steps for people.
struct StepWriter {
    width: usize,
}

impl StepWriter {
    fn write(&self, number: usize, step: &Step, out: &mut Outlet<'_>) -> io::Result<()> {
        paragraph(out, &format!("  {number}. "), &step.text, self.width)?;
        let digits = step.notes.iter().filter_map(|note| note.line.as_ref()).map(|line| line.number).max();
        let digits = digits.map_or(0, |number| number.to_string().len()).max(3);
        let mut before: Option<&Line> = None;
        for note in &step.notes {
            if let Some(line) = note.line.as_ref().filter(|line| before != Some(line)) {
                self.write_line(line, step.has_paths, digits, out)?;
            }
            before = note.line.as_ref().or(before);
            let mark = if note.line.is_some() { " ".repeat(6 + digits) + "╰ " } else { "     - ".to_owned() };
            paragraph(out, &mark, &note.text, self.width)?;
        }
        let label_width = step.facts.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        for (label, values) in &step.facts {
            let mut label = *label;
            for value in values {
                out.line(format_args!("     {label:label_width$}  {value}"))?;
                label = "";
            }
        }
        Ok(())
    }

    fn write_line(&self, line: &Line, with_path: bool, digits: usize, out: &mut Outlet<'_>) -> io::Result<()> {
        if with_path {
            out.line(format_args!("     --> {}:{}", words::printable(&line.path), line.number))?;
        }
        let room = layout::usable(self.width).saturating_sub(digits + 8);
        out.line(format_args!("     {:>digits$} │ {}", line.number, layout::cut_end(&line.text, room)))
    }
}
