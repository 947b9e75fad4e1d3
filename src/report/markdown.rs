//! `markdown`: a comment on a merge request. A summary, a list for each severity, what was not checked. Many findings are folded.

use std::io;

use super::markup::{code, escape};
use super::{Outcome, Summary};
use crate::diagnostic::{Finding, Severity};
use crate::outlet::Outlet;

/// From how many findings on the lists are folded.
const LONG: usize = 20;

pub(super) fn write(outcome: &Outcome, is_quiet: bool, out: &mut Outlet<'_>) -> io::Result<()> {
    if is_quiet && outcome.findings.is_empty() {
        return Ok(());
    }
    out.line(format_args!("## kaslint"))?;
    if let Some(line) = Summary::of(outcome).count_line(outcome).filter(|_| !is_quiet) {
        out.paragraph(format_args!("{}", escape(&line)))?;
    }
    for severity in Severity::ALL.into_iter().rev() {
        let findings: Vec<&Finding> = outcome.findings.iter().filter(|finding| finding.severity == severity).collect();
        if !findings.is_empty() {
            list(severity, &findings, outcome.findings.len() > LONG, out)?;
        }
    }
    if is_quiet {
        return Ok(());
    }
    for remark in Summary::of(outcome).remarks(outcome) {
        out.paragraph(format_args!("{}", escape(&remark)))?;
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
    }
    if is_folded { out.paragraph(format_args!("</details>")) } else { Ok(()) }
}
