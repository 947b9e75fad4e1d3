//! Code Quality: an entry for each change that widens, each thing that stands in the way of a proof, and each finding.

use std::collections::HashMap;
use std::io;

use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::sentences::{open_sentences, sentence};
use super::{DiffReport, json::object};
use crate::diff::{Change, Effect, Open, OpenFact};
use crate::outlet::Outlet;
use crate::source::secrets;

pub(super) fn write(report: &DiffReport<'_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let told = object(report);
    let mut entries = Vec::new();
    let changes = told["changes"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (change, told) in report.diff.changes.iter().zip(changes).filter(|(change, _)| change.effect == Effect::Widened)
    {
        // What moves with lines is no part of it.
        let parts = ["context", "kind", "effect", "projects", "members", "refs", "environments", "conditions"];
        let print = parts.map(|part| told[part].to_string()).join("\n");
        entries.push((print, entry("new-access", &sentence(change, report), "major", place_of(change, report))));
    }
    for open in &report.diff.unknown {
        let print = format!("{}\n{}", open.context, open.fact.name());
        entries.push((print, entry("not-proved", &open_sentences(open, report), "minor", place_of_open(open, report))));
    }
    for finding in &report.findings {
        let print = format!("{}\n{}", finding.rule, finding.policy);
        let place = (finding.path.clone(), finding.line);
        entries.push((print, entry(finding.rule, &finding.message, "major", place)));
    }
    // Of entries with one fingerprint, GitLab keeps the last.
    let mut known: HashMap<String, usize> = HashMap::new();
    let entries = entries.into_iter().map(|(print, mut entry)| {
        let number = known.entry(print.clone()).and_modify(|number| *number += 1).or_insert(0);
        let print = if *number == 0 { print } else { format!("{print}\n{number}") };
        let hash = Sha256::digest(print.as_bytes());
        entry["fingerprint"] = hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
        entry
    });
    let mut entries = Json::Array(entries.collect());
    secrets::mask_json(&mut entries);
    out.json_line(&entries)
}

/// A file, and the line in it.
type Place = (String, Option<usize>);

/// The entry that decides, else the file.
fn place_of(change: &Change, report: &DiffReport<'_>) -> Place {
    let cause = change.because.head.as_ref().or(change.because.base.as_ref());
    let place = cause.and_then(|cause| Some((cause.path.clone()?, cause.line)));
    place.unwrap_or_else(|| (report.path_of(&change.context), None))
}

/// The file that is refused, or the first entry that changes something.
fn place_of_open(open: &Open, report: &DiffReport<'_>) -> Place {
    let mut refused = report.diff.refused.iter().map(|(_, refused)| refused);
    if let (OpenFact::BaseConfiguration, Some(refused)) =
        (&open.fact, refused.find(|refused| refused.context == open.context))
    {
        return (refused.path.clone(), refused.line);
    }
    let change = report.diff.changes.iter().find(|change| change.context == open.context);
    change.map_or_else(|| (report.path_of(&open.context), None), |change| place_of(change, report))
}

fn entry(check: &str, description: &str, severity: &str, (path, line): Place) -> Json {
    let line = line.unwrap_or(1);
    json!({
        "description": description,
        "check_name": check,
        "fingerprint": "",
        "severity": severity,
        "location": { "path": path.trim_start_matches("./"), "lines": { "begin": line, "end": line } },
    })
}
