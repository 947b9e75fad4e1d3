//! `concise`: `path:line:column: severity[rule] message`, one line a finding.

use std::io;

use super::{Shown, Summary, statistics};
use crate::outlet::{Outlet, Tone};

pub(super) fn write(shown: &Shown<'_>, is_quiet: bool, out: &mut Outlet<'_>) -> io::Result<()> {
    if shown.limits.statistics {
        let rows = statistics::rows(shown.outcome.findings.iter());
        statistics::lines(&rows).iter().try_for_each(|line| out.line(format_args!("{line}")))?;
    }
    for finding in shown.findings.iter().filter(|_| !shown.limits.statistics) {
        let source = &finding.place.source;
        let position = source.position(finding.place.span.start);
        let tone = super::human::tone(finding.severity);
        out.parts(&[
            (Tone::Plain, &format!("{}:{}:{}: ", source.path(), position.line, position.column)),
            (tone, finding.severity.name()),
            (Tone::Plain, &format!("[{}] {}", finding.rule.name, finding.message)),
        ])?;
    }
    if is_quiet {
        return Ok(());
    }
    for line in Summary::of(shown.outcome).lines(shown) {
        out.line(format_args!("{line}"))?;
    }
    Ok(())
}
