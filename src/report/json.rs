//! `json`: one object for programs. Fields are only ever added within a version; `schema/check-report.schema.json` describes
//! them.

use std::io;

use serde_json::{Value as Json, json};

use super::{Shown, Summary, not_read, statistics};
use crate::diagnostic::{Finding, Fix, OffIn};
use crate::outlet::Outlet;
use crate::source::{Place, secrets};

pub(super) fn write(shown: &Shown<'_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let outcome = shown.outcome;
    let summary = Summary::of(outcome);
    let unchecked = outcome.unchecked.iter().map(|(rule, need)| json!({ "rule": rule.name, "needs": need.option() }));
    let rules_off = outcome.left_out.rules_off.iter().flat_map(|(settings, rules)| {
        rules.iter().map(move |(rule, off_in)| {
            json!({ "rule": rule, "settings": settings, "in_all_files": *off_in == OffIn::AllFiles })
        })
    });
    let not_read = outcome.not_read.iter().map(|(project, unread)| {
        let mut object = not_read::object(unread);
        object["project"] = json!(project);
        object
    });
    let mut report = json!({
        "version": 1,
        "findings": shown.findings.iter().copied().map(finding).collect::<Vec<_>>(),
        "unchecked": unchecked.collect::<Vec<_>>(),
        "not_read": not_read.collect::<Vec<_>>(),
        "rules_off": rules_off.collect::<Vec<_>>(),
        "summary": {
            "errors": summary.errors,
            "warnings": summary.warnings,
            "notes": summary.notes,
            "fixable": summary.fixable,
            "ignored": outcome.left_out.ignored(),
            "in_baseline": outcome.in_baseline,
            "rules_off": outcome.left_out.all_rules_off().len(),
            "files_excluded": outcome.left_out.all_files_excluded().len(),
            "below_min_severity": shown.too_mild,
            "over_max_findings": shown.too_many,
            "lowered": outcome.findings.iter().filter(|finding| finding.lowered.is_some()).count(),
            "fixable_unsafe": summary.fixable_unsafe,
            "fixed": outcome.fixed,
            "files": outcome.files.len(),
            "projects": outcome.projects,
            "remarks": outcome.remarks,
        },
    });
    if shown.limits.statistics {
        let row = |row: statistics::Row| {
            let (severity, fixable) = (row.severity.name(), row.fixable);
            json!({ "rule": row.rule, "severity": severity, "count": row.count, "fixable": fixable })
        };
        report["statistics"] = statistics::rows(outcome.findings.iter()).into_iter().map(row).collect();
    }
    secrets::mask_json(&mut report);
    out.json(&report)
}

/// A finding.
pub(crate) fn finding(finding: &Finding) -> Json {
    let related = finding.related.iter().map(|related| {
        json!({ "message": related.message, "path": related.place.source.path(), "range": range(&related.place) })
    });
    let mut object = json!({
        "rule": finding.rule.name,
        "severity": finding.severity.name(),
        "message": finding.message,
        "help": finding.help,
        "path": finding.place.source.path(),
        "route": finding.route,
        "range": range(&finding.place),
        "related": related.collect::<Vec<_>>(),
        "fingerprint": finding.fingerprint(),
    });
    if let Some(url) = finding.rule.url() {
        object["url"] = json!(url);
    }
    if let Some(lowered) = &finding.lowered {
        object["lowered_from"] = json!(lowered.from.name());
    }
    if let Some(change) = &finding.fix {
        object["fix"] = fix(change);
    }
    object
}

fn fix(fix: &Fix) -> Json {
    let edits = fix
        .edits
        .iter()
        .map(|edit| json!({ "path": edit.place.source.path(), "range": range(&edit.place), "text": edit.text }));
    let mut object = json!({ "title": fix.title, "safety": fix.safety.name(), "edits": edits.collect::<Vec<_>>() });
    if let Some(effect) = &fix.effect {
        object["effect"] = json!(effect);
    }
    object
}

fn range(place: &Place) -> Json {
    let position = |offset| {
        let position = place.source.position(offset);
        json!({ "line": position.line, "column": position.column, "byte": position.byte })
    };
    json!({ "start": position(place.span.start), "end": position(place.span.end) })
}
