//! `markdown`: a comment on a merge request. A summary, a list for each severity, what was not checked. Many findings are folded.

use std::io;

use super::markup::{code, escape};
use super::{Shown, Summary, statistics};
use crate::diagnostic::{Finding, Severity};
use crate::outlet::Outlet;

/// From how many findings on the lists are folded.
const LONG: usize = 20;

pub(super) fn write(shown: &Shown<'_>, is_quiet: bool, out: &mut Outlet<'_>) -> io::Result<()> {
    let outcome = shown.outcome;
    if is_quiet && outcome.findings.is_empty() {
        return Ok(());
    }
    out.line(format_args!("## kaslint"))?;
    if let Some(line) = Summary::of(outcome).count_line(outcome).filter(|_| !is_quiet) {
        out.paragraph(format_args!("{}", escape(&line)))?;
    }
    if shown.limits.statistics {
        counts(shown, out)?;
    }
    for severity in Severity::ALL.into_iter().rev().filter(|_| !shown.limits.statistics) {
        let all = shown.findings.iter().copied();
        let findings: Vec<&Finding> = all.filter(|finding| finding.severity == severity).collect();
        if !findings.is_empty() {
            list(severity, &findings, shown.findings.len() > LONG, out)?;
        }
    }
    if is_quiet {
        return Ok(());
    }
    for remark in Summary::of(outcome).remarks(shown) {
        out.paragraph(format_args!("{}", escape(&remark)))?;
    }
    Ok(())
}

/// The counts per rule, as a table.
fn counts(shown: &Shown<'_>, out: &mut Outlet<'_>) -> io::Result<()> {
    out.paragraph(format_args!("| Findings | Severity | Rule | Fixable with `--fix` |"))?;
    out.line(format_args!("|---:|---|---|---:|"))?;
    for row in statistics::rows(shown.outcome.findings.iter()) {
        out.line(format_args!("| {} | {} | {} | {} |", row.count, row.severity, row.rule, row.fixable))?;
    }
    Ok(())
}

fn list(severity: Severity, findings: &[&Finding], is_folded: bool, out: &mut Outlet<'_>) -> io::Result<()> {
    let title = match severity {
        Severity::Error => "Errors",
        Severity::Warning => "Warnings",
        Severity::Note => "Notes",
    };
    let count = findings.len();
    match is_folded {
        true => out.paragraph(format_args!("<details><summary>{title} ({count})</summary>"))?,
        false => out.paragraph(format_args!("### {title} ({count})"))?,
    }
    out.empty_line()?;
    for finding in findings {
        let source = &finding.place.source;
        let line = source.position(finding.place.span.start).line;
        let place = code(&format!("{}:{line}", source.path()));
        out.line(format_args!("- {place} **{}**: {}", finding.rule.name, escape(&finding.message)))?;
        if let Some(help) = &finding.help {
            out.line(format_args!("  <br>help: {}", escape(help)))?;
        }
        if let Some(fix) = super::fix_line(finding) {
            out.line(format_args!("  <br>{}", escape(&fix)))?;
        }
    }
    if is_folded { out.paragraph(format_args!("</details>")) } else { Ok(()) }
}
