//! `github`: workflow commands, one line a finding, which GitHub Actions shows beside the lines
//! (docs.github.com, "Workflow commands for GitHub Actions").

use std::io;

use super::{Shown, Summary, help_line};
use crate::diagnostic::{Finding, Severity};
use crate::outlet::Outlet;
use crate::source::Printable;

pub(super) fn write(shown: &Shown<'_>, out: &mut Outlet<'_>) -> io::Result<()> {
    shown.findings.iter().try_for_each(|finding| annotation(finding, out))?;
    let remarks: Vec<Printable> =
        Summary::of(shown.outcome).remarks(shown).iter().map(|remark| Printable::of(remark)).collect();
    let remarks: Vec<&str> = remarks.iter().map(|remark| &**remark).collect();
    if remarks.is_empty() { Ok(()) } else { out.workflow_command("notice", &[("title", "kaslint")], &remarks) }
}

/// The path stands as it is: GitHub finds the file by it.
fn annotation(finding: &Finding, out: &mut Outlet<'_>) -> io::Result<()> {
    let name = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let source = &finding.place.source;
    let start = source.position(finding.place.span.start);
    let end = source.position(finding.place.span.end);
    let last = source.position(finding.place.last());
    let (line, end_line) = (start.line.to_string(), last.line.to_string());
    let (column, end_column) = (start.column.to_string(), end.column.to_string());
    let title = format!("kaslint ({})", finding.rule.name);
    let mut properties = vec![("file", source.path()), ("line", &line), ("endLine", &end_line)];
    // An annotation has columns only if it is of one line; one about the file as such has none.
    if start.line == end.line && start != end {
        properties.extend([("col", &*column), ("endColumn", &end_column)]);
    }
    properties.push(("title", &title));
    let message = Printable::of(&finding.message);
    let help = help_line(finding);
    let lines: Vec<&str> = std::iter::once(&*message).chain(help.as_deref()).collect();
    out.workflow_command(name, &properties, &lines)
}
