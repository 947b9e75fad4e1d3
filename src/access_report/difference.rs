//! The difference between a recorded result and the one of now.

use std::io;

use clap::ValueEnum;
use serde_json::{Map, Value as Json};

use super::{Format, facts};
use crate::outlet::Outlet;
use crate::words;

/// Whether two results say the same of who gets in, wherever it stands in files and in which order.
#[must_use]
pub fn is_same(format: Format, recorded: &str, found: &str) -> bool {
    recorded == found || facts(format, recorded) == facts(format, found)
}

/// Whether a recorded result can be compared with the one of now.
///
/// # Errors
/// What is wrong with it, behind its name.
pub fn is_recording(format: Format, recorded: &str, found: &str) -> Result<(), String> {
    match format {
        Format::Html => Err("is a page, which is looked at".to_owned()),
        Format::Json => {
            for (number, line) in recorded.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
                if serde_json::from_str::<Map<String, Json>>(line).is_err() {
                    let line = number + 1;
                    return Err(format!("is not one of `--format json`: line {line} is no JSON object"));
                }
            }
            let key = |text: &str| text.lines().find_map(|line| question(&serde_json::from_str(line).ok()?));
            match (key(recorded), key(found)) {
                (Some(before), Some(now)) if before != now => {
                    Err(format!("answers another question: it tells {before}, and now {now} are asked for"))
                }
                _ => Ok(()),
            }
        }
        Format::Csv => match (recorded.lines().next(), found.lines().next()) {
            (before, Some(header)) if before != Some(header) => {
                Err(format!("is not one of this question in `--format csv`: its first line is not `{header}`"))
            }
            _ => Ok(()),
        },
        Format::Human | Format::Markdown => match format_of(recorded) {
            Some(other) if other != format => {
                Err(format!("is one of `--format {}`, and `--format {}` is asked for", name(other), name(format)))
            }
            None if format == Format::Markdown && format_of(found) == Some(Format::Markdown) => {
                Err("is not one of `--format markdown`: it does not begin with a heading".to_owned())
            }
            _ => Ok(()),
        },
    }
}

fn name(format: Format) -> String {
    format.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// The format that the first line of a result shows. In the others, it has nothing of its own.
fn format_of(result: &str) -> Option<Format> {
    let first = result.lines().find(|line| !line.trim().is_empty())?;
    if serde_json::from_str::<Map<String, Json>>(first).is_ok() {
        return Some(Format::Json);
    }
    // All tables have this column, and no sentence has.
    if first.contains(",entry_kind,") {
        return Some(Format::Csv);
    }
    first.starts_with('#').then_some(Format::Markdown)
}

/// What an object of a result tells.
fn question(object: &Map<String, Json>) -> Option<&'static str> {
    let told = [("cases", "grants"), ("query", "answers"), ("jobs", "jobs")];
    told.into_iter().find(|(key, _)| object.contains_key(*key)).map(|(_, told)| told)
}

/// Writes what a recorded result says and the one of now does not, and the other way round: a line each, behind `-` and `+`.
///
/// # Errors
/// When the receiver does not take it.
pub fn write_difference(format: Format, recorded: (&str, &str), found: &str, out: &mut Outlet<'_>) -> io::Result<()> {
    let (name, recorded) = recorded;
    write_rows(name, &rows(&facts(format, recorded), &facts(format, found)), out)
}

/// Writes rows behind what they are of.
pub(super) fn write_rows(name: &str, rows: &[String], out: &mut Outlet<'_>) -> io::Result<()> {
    out.line(format_args!("--- {}", words::printable(name)))?;
    out.line(format_args!("+++ now"))?;
    rows.iter().try_for_each(|row| out.line(format_args!("{}", words::printable(row))))
}

/// Facts of one list alone, behind `-` and `+`. Both are sorted.
pub(super) fn rows(before: &[String], after: &[String]) -> Vec<String> {
    let mut changes: Vec<(&str, char, &str)> = Vec::new();
    for (mark, facts, others) in [('-', before, after), ('+', after, before)] {
        let mut others = others.iter().peekable();
        for fact in facts {
            while others.next_if(|other| *other < fact).is_some() {}
            if others.next_if(|other| *other == fact).is_none() {
                changes.push((heading(fact), mark, fact));
            }
        }
    }
    // What is gone stands before what is new below the same heading.
    changes.sort_by_key(|(heading, mark, fact)| (*heading, *mark == '+', *fact));
    changes.iter().map(|(_, mark, fact)| format!("{mark}{fact}")).collect()
}

/// Below what a fact stands.
fn heading(fact: &str) -> &str {
    let end = fact.rfind(" / ").or_else(|| fact.rfind(": {")).unwrap_or(0);
    fact.get(..end).unwrap_or_default()
}
