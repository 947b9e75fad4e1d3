//! Code Quality: an entry for each change that widens, each thing that stands in the way of a proof, and each finding.

use std::io;

use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::sentences::{open_sentences, sentence};
use super::{DiffReport, json::object};
use crate::diff::Effect;
use crate::outlet::Outlet;
use crate::source::secrets;

pub(super) fn write(report: &DiffReport<'_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let told = object(report);
    let mut entries = Vec::new();
    let changes = told["changes"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (change, told) in report.diff.changes.iter().zip(changes).filter(|(change, _)| change.effect == Effect::Widened)
    {
        let cause = change.because.head.as_ref().or(change.because.base.as_ref());
        let path = cause.and_then(|cause| cause.path.clone()).unwrap_or_else(|| report.path_of(&change.context));
        // What moves with lines is no part of it.
        let parts = ["context", "kind", "effect", "projects", "members", "refs", "environments", "conditions"];
        let print = parts.map(|part| told[part].to_string()).join("\n");
        entries.push(entry(
            "new-access",
            &sentence(change, report),
            "major",
            &path,
            cause.and_then(|cause| cause.line),
            &print,
        ));
    }
    for open in &report.diff.unknown {
        let print = format!("{}\n{}", open.context, open.fact.name());
        entries.push(entry(
            "not-proved",
            &open_sentences(open, report),
            "minor",
            &report.path_of(&open.context),
            None,
            &print,
        ));
    }
    for finding in &report.findings {
        let print = format!("{}\n{}", finding.rule, finding.policy);
        entries.push(entry(finding.rule, &finding.message, "major", &finding.path, finding.line, &print));
    }
    let mut entries = Json::Array(entries);
    secrets::mask_json(&mut entries);
    out.json_line(&entries)
}

fn entry(check: &str, description: &str, severity: &str, path: &str, line: Option<usize>, print: &str) -> Json {
    let hash = Sha256::digest(print.as_bytes());
    let fingerprint: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({
        "description": description,
        "check_name": check,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": { "path": path.trim_start_matches("./"), "lines": { "begin": line.unwrap_or(1) } },
    })
}
