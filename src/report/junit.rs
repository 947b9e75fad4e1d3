//! `junit`: one suite a file, one case a finding; a file without findings has one case that passes. Errors and warnings are failures,
//! notes are skipped cases: they are shown and fail nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Shown, whole_message};
use crate::diagnostic::{Finding, Severity};
use crate::outlet::Outlet;
use crate::source::Printable;

pub(super) fn write(shown: &Shown<'_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let mut files: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for path in &shown.outcome.files {
        files.entry(path).or_default();
    }
    for finding in &shown.findings {
        files.entry(finding.place.source.path()).or_default().push(finding);
    }
    let mut report = Report::new("kaslint");
    let with_findings: BTreeSet<&str> =
        shown.outcome.findings.iter().map(|finding| finding.place.source.path()).collect();
    for (path, findings) in files {
        let nothing = if with_findings.contains(path) { "no findings shown" } else { "no findings" };
        report.add_test_suite(suite(path, &findings, nothing));
    }
    let text = report.to_string().map_err(io::Error::other)?;
    out.xml(&text)
}

fn suite(path: &str, findings: &[&Finding], nothing: &'static str) -> TestSuite {
    let path = text(path);
    let mut suite = TestSuite::new(&path);
    let mut names = HashMap::new();
    for finding in findings {
        suite.add_test_case(case(&path, finding, &mut names));
    }
    if findings.is_empty() {
        let mut case = TestCase::new(nothing, TestCaseStatus::success());
        case.set_classname(&path).extra.insert("file".into(), path.as_str().into());
        suite.add_test_case(case);
    }
    suite
}

fn case(path: &str, finding: &Finding, names: &mut HashMap<String, usize>) -> TestCase {
    let mut status = match finding.severity {
        Severity::Error | Severity::Warning => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Severity::Note => TestCaseStatus::skipped(),
    };
    let position = finding.place.source.position(finding.place.span.start);
    let (line, column) = (position.line, position.column);
    let (severity, rule) = (finding.severity, finding.rule.name);
    let body = format!("{path}:{line}:{column}: {severity}[{rule}] {}", whole_message(finding, "\n"));
    status.set_message(text(&finding.message)).set_type(severity.name()).set_description(xml(&body));
    let mut case = TestCase::new(text(&name(finding, names)), status);
    case.set_classname(path);
    case.extra.insert("file".into(), path.into());
    case.extra.insert("line".into(), line.to_string().into());
    case
}

/// What GitLab and others recognise a case by from run to run: no line is in it, and no two cases of a file share one.
fn name(finding: &Finding, names: &mut HashMap<String, usize>) -> String {
    let name = match finding.route.as_str() {
        "" => finding.rule.name.to_owned(),
        route => format!("{} at {}", finding.rule.name, Printable::of(route)),
    };
    let number = names.entry(name.clone()).or_insert(0);
    *number += 1;
    if *number == 1 { name } else { format!("{name} ({number})") }
}

/// A printable text that XML 1.0 can hold.
fn text(text: &str) -> String {
    xml(&Printable::of(text))
}

/// What XML 1.0 can hold of a printable text: quick-junit leaves these two.
fn xml(text: &str) -> String {
    text.replace(['\u{FFFE}', '\u{FFFF}'], "\u{FFFD}")
}
