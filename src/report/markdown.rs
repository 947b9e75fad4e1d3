//! `markdown`: a comment on a merge request. A summary, a list for each severity, what was not checked. Many findings are folded.

use std::io;

use super::markup::{code, escape};
use super::{Outcome, Summary, one_line};
use crate::diagnostic::{Finding, Severity};

/// From how many findings on the lists are folded.
const LONG: usize = 20;

pub(super) fn write(outcome: &Outcome, is_quiet: bool, out: &mut dyn io::Write) -> io::Result<()> {
    if is_quiet && outcome.findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "## kaslint")?;
    if let Some(line) = Summary::of(outcome).count_line(outcome).filter(|_| !is_quiet) {
        writeln!(out, "\n{}", escape(&line))?;
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
        writeln!(out, "\n{}", escape(&remark))?;
    }
    Ok(())
}

fn list(severity: Severity, findings: &[&Finding], is_folded: bool, out: &mut dyn io::Write) -> io::Result<()> {
    let title = match severity {
        Severity::Error => "Errors",
        Severity::Warning => "Warnings",
        Severity::Note => "Notes",
    };
    let count = findings.len();
    match is_folded {
        true => writeln!(out, "\n<details><summary>{title} ({count})</summary>\n")?,
        false => writeln!(out, "\n### {title} ({count})\n")?,
    }
    for finding in findings {
        let source = &finding.place.source;
        let line = source.position(finding.place.span.start).line;
        let place = code(&format!("{}:{line}", one_line(source.path())));
        writeln!(out, "- {place} **{}**: {}", finding.rule.name, escape(&one_line(&finding.message)))?;
        if let Some(help) = &finding.help {
            writeln!(out, "  <br>help: {}", escape(&one_line(help)))?;
        }
    }
    if is_folded { writeln!(out, "\n</details>") } else { Ok(()) }
}
