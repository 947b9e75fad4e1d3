//! `concise`: `path:line:column: severity[rule] message`, one line a finding.

use std::io;

use super::{Outcome, Summary};

pub(super) fn write(outcome: &Outcome, is_quiet: bool, out: &mut dyn io::Write) -> io::Result<()> {
    for finding in &outcome.findings {
        let source = &finding.place.source;
        let position = source.position(finding.place.span.start);
        writeln!(
            out,
            "{}:{}:{}: {}[{}] {}",
            source.path(),
            position.line,
            position.column,
            finding.severity,
            finding.rule.name,
            finding.message.replace(['\n', '\r'], " "),
        )?;
    }
    if is_quiet {
        return Ok(());
    }
    for line in Summary::of(outcome).lines(outcome) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}
