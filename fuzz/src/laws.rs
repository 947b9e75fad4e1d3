//! What holds of everything that kaslint says, whatever it was given.

use kaslint::analysis::Analysis;
use kaslint::diagnostic::{Finding, Fix};
use kaslint::source::{Place, Span};

/// Places of findings, of what belongs to them and of their fixes lie on characters of their texts, and there are words.
///
/// # Panics
/// Where that is not so.
pub fn lie_on_the_text<'f>(findings: impl IntoIterator<Item = &'f Finding>) {
    for finding in findings {
        let name = finding.rule.name;
        assert!(!finding.message.trim().is_empty(), "{name} says nothing");
        lies_on_the_text(&finding.place, name);
        finding.related.iter().for_each(|related| lies_on_the_text(&related.place, name));
        for Fix { edits, title, .. } in finding.fix.iter().chain(&finding.offers) {
            assert!(!title.trim().is_empty(), "a fix of {name} has no title");
            edits.iter().for_each(|edit| lies_on_the_text(&edit.place, name));
        }
    }
}

fn lies_on_the_text(Place { source, span: Span { start, end } }: &Place, name: &str) {
    assert!(source.text().get(*start..*end).is_some(), "{name} at {start}..{end} of {}", source.path());
}

/// No rule fails, and what rules say lies on the texts.
///
/// # Panics
/// Where that is not so.
pub fn hold(analyses: &[Analysis]) {
    for analysis in analyses {
        assert!(!analysis.has_internal_error, "a rule failed inside");
        lie_on_the_text(&analysis.findings);
    }
}
