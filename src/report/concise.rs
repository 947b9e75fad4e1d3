//! `concise`: `path:line:column: severity[rule] message`, one line a finding.

use std::io;

use super::{Outcome, Summary};
use crate::diagnostic::Severity;
use crate::outlet::{Outlet, Tone};

pub(super) fn write(outcome: &Outcome, is_quiet: bool, out: &mut Outlet<'_>) -> io::Result<()> {
    for finding in &outcome.findings {
        let source = &finding.place.source;
        let position = source.position(finding.place.span.start);
        let tone = match finding.severity {
            Severity::Error => Tone::Bad,
            Severity::Warning => Tone::Doubtful,
            Severity::Note => Tone::Title,
        };
        out.parts(&[
            (Tone::Plain, &format!("{}:{}:{}: ", source.path(), position.line, position.column)),
            (tone, finding.severity.name()),
            (Tone::Plain, &format!("[{}] {}", finding.rule.name, finding.message)),
        ])?;
    }
    if is_quiet {
        return Ok(());
    }
    for line in Summary::of(outcome).lines(outcome) {
        out.line(format_args!("{line}"))?;
    }
    Ok(())
}
