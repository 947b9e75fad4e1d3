//! `github`: workflow commands, one line a finding, which GitHub Actions shows beside the lines
//! (docs.github.com, "Workflow commands for GitHub Actions").

use std::io;

use super::{Outcome, Summary, whole_message};
use crate::diagnostic::{Finding, Severity};

pub(super) fn write(outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
    for finding in &outcome.findings {
        writeln!(out, "{}", command(finding))?;
    }
    let remarks = Summary::of(outcome).remarks(outcome);
    if !remarks.is_empty() {
        writeln!(out, "::notice title=kaslint::{}", data(&remarks.join("\n")))?;
    }
    Ok(())
}

fn command(finding: &Finding) -> String {
    let name = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let source = &finding.place.source;
    let start = source.position(finding.place.span.start);
    let end = source.position(finding.place.span.end);
    let last = source.position(finding.place.last());
    let mut properties = format!("file={},line={},endLine={}", property(source.path()), start.line, last.line);
    // An annotation has columns only if it is of one line; one about the file as such has none.
    if start.line == end.line && start != end {
        properties.push_str(&format!(",col={},endColumn={}", start.column, end.column));
    }
    let title = property(&format!("kaslint ({})", finding.rule.name));
    format!("::{name} {properties},title={title}::{}", data(&whole_message(finding, "\n")))
}

/// A message: what would end the command is encoded, as `@actions/core` does it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which ends with a comma or colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_command_is_encoded() {
        assert_eq!(data("50% of\r\n::error::x, y"), "50%25 of%0D%0A::error::x, y");
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }
}
