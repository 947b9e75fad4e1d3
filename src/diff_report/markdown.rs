//! For a comment on a merge request, which a later one takes the place of.

use std::io;

use super::DiffReport;
use super::human::{TOLD, verdict};
use super::sentences::{open_sentences, refused_sentence, sentence, why};
use crate::diff::{Change, Effect};
use crate::outlet::Outlet;
use crate::report::markup::escape;

/// By which line the comment is found again.
const MARKER: &str = "<!-- kaslint diff -->";

/// The most changes of a comment; GitLab takes a million characters, and nobody reads so many.
const MOST: usize = 150;

pub(super) fn write(report: &DiffReport<'_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let diff = report.diff;
    out.line(format_args!("{MARKER}"))?;
    out.line(format_args!("**{}**", escape(&verdict(report))))?;
    let first = report.evidence.iter().map(|evidence| evidence.message.clone());
    let findings = report.findings.iter().map(|finding| finding.message.clone());
    let refused = diff.refused.iter().map(|(side, refused)| refused_sentence(*side, refused));
    let first: Vec<String> = first.chain(findings).chain(refused).collect();
    if !first.is_empty() {
        out.empty_line()?;
    }
    for text in first {
        out.line(format_args!("- {}", escape(&text)))?;
    }
    if diff.changes.is_empty() && diff.unknown.is_empty() {
        return Ok(());
    }
    out.empty_line()?;
    head(out)?;
    let (widened, others): (Vec<&Change>, Vec<&Change>) =
        diff.changes.iter().partition(|change| change.effect == Effect::Widened);
    let rows = widened.iter().map(|change| row(report, change));
    let unknown = diff.unknown.iter().map(|open| ("unknown".to_owned(), open_sentences(open, report), String::new()));
    let rows: Vec<(String, String, String)> =
        rows.chain(unknown).chain(others.iter().map(|change| row(report, change))).collect();
    for row in rows.iter().take(TOLD) {
        tell(out, row)?;
    }
    let rest = rows.get(TOLD..).unwrap_or_default();
    if !rest.is_empty() {
        out.empty_line()?;
        out.line(format_args!("<details><summary>{} more</summary>", rest.len()))?;
        out.empty_line()?;
        head(out)?;
        rest.iter().take(MOST).try_for_each(|row| tell(out, row))?;
        out.empty_line()?;
        if rest.len() > MOST {
            out.line(format_args!("… and {} more.", rest.len() - MOST))?;
        }
        out.line(format_args!("</details>"))?;
    }
    Ok(())
}

fn head(out: &mut Outlet<'_>) -> io::Result<()> {
    out.line(format_args!("| | What changes | Why |"))?;
    out.line(format_args!("| --- | --- | --- |"))
}

fn row(report: &DiffReport<'_>, change: &Change) -> (String, String, String) {
    (change.effect.name().to_owned(), sentence(change, report), why(change, report))
}

fn tell(out: &mut Outlet<'_>, (effect, sentence, why): &(String, String, String)) -> io::Result<()> {
    let mark = if effect == "widened" { "**widened**" } else { effect.as_str() };
    out.line(format_args!("| {mark} | {} | {} |", escape(sentence), escape(why)))
}
