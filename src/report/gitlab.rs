//! `gitlab`: a Code Quality report, an array of findings with the fields that GitLab documents
//! (docs.gitlab.com, "Code Quality", "Code Quality report format"). `schema/code-quality-report.schema.json` describes it.

use std::collections::HashMap;
use std::io;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Shown, whole_message};
use crate::diagnostic::{Finding, Severity};
use crate::outlet::Outlet;

#[derive(Serialize)]
struct Issue<'o> {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'o>,
}

#[derive(Serialize)]
struct Location<'o> {
    /// As it is: GitLab finds the file by it.
    path: &'o str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

pub(super) fn write(shown: &Shown<'_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let mut seen = HashMap::new();
    let issues: Vec<Issue<'_>> = shown.findings.iter().map(|finding| issue(finding, &mut seen)).collect();
    out.json(&issues)
}

fn issue<'o>(finding: &'o Finding, seen: &mut HashMap<String, usize>) -> Issue<'o> {
    let source = &finding.place.source;
    Issue {
        description: whole_message(finding, "; "),
        check_name: finding.rule.name,
        fingerprint: unique(finding.fingerprint(), seen),
        severity: match finding.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
            Severity::Note => "info",
        },
        location: Location {
            path: source.path(),
            lines: Lines {
                begin: source.position(finding.place.span.start).line,
                end: source.position(finding.place.last()).line,
            },
        },
    }
}

/// GitLab keeps one finding of those with the same fingerprint, so further ones are told apart by their number. The
/// number is no line: it stays when lines move.
fn unique(fingerprint: String, seen: &mut HashMap<String, usize>) -> String {
    let number = seen.entry(fingerprint.clone()).or_insert(0);
    *number += 1;
    match *number {
        1 => fingerprint,
        number => {
            let hash = Sha256::digest(format!("{fingerprint}\0{number}"));
            hash.iter().map(|byte| format!("{byte:02x}")).collect()
        }
    }
}
