//! Edits of texts: which of them can be made together, and what comes of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::diagnostic::{Finding, Safety};
use crate::source::{Source, Span};

/// A fix of a finding, with its edits by file.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// The name of the rule.
    pub rule: &'static str,
    /// The name of the finding, which stays when lines move.
    pub fingerprint: String,
    /// What the fix does.
    pub title: String,
    /// Whether its rule takes it for safe.
    pub is_safe: bool,
    /// Whether GitLab must read the same from an accepted file afterwards.
    pub keeps_meaning: bool,
    /// The edits in the order of files and places.
    pub edits: Vec<TextEdit>,
}

/// A replacement of one part of a file.
#[derive(Clone, Debug)]
pub(super) struct TextEdit {
    /// The file before all edits of the round.
    pub source: Arc<Source>,
    /// What is replaced.
    pub span: Span,
    /// By what.
    pub text: String,
}

impl Change {
    /// The fix of a finding; `None` where it has none, or one that changes nothing.
    pub fn of(finding: &Finding) -> Option<Self> {
        let fix = finding.fix.as_ref()?;
        let mut edits: Vec<TextEdit> = fix
            .edits
            .iter()
            .map(|edit| TextEdit {
                source: Arc::clone(&edit.place.source),
                span: edit.place.span,
                text: edit.text.clone(),
            })
            .collect();
        edits.sort_by(|a, b| a.order().cmp(&b.order()));
        let changes_something = edits.iter().any(|edit| edit.source.slice(edit.span) != edit.text);
        let is_safe = fix.safety == Safety::Safe;
        changes_something.then(|| Self {
            rule: finding.rule.name,
            fingerprint: finding.fingerprint(),
            title: fix.title.clone(),
            is_safe,
            keeps_meaning: is_safe && !fix.is_meant_to_change,
            edits,
        })
    }

    /// The first place that it changes.
    pub fn first(&self) -> Option<&TextEdit> {
        self.edits.first()
    }
}

impl TextEdit {
    fn order(&self) -> (&str, Span) {
        (self.source.path(), self.span)
    }
}

/// The changes that can be made together: in the order of files and places, each that does not touch the place of one
/// before it. The others are left for the next round.
pub(super) fn without_overlaps(mut changes: Vec<Change>) -> Vec<Change> {
    changes.sort_by(|a, b| a.first().map(TextEdit::order).cmp(&b.first().map(TextEdit::order)));
    let mut taken: HashMap<String, BTreeMap<usize, usize>> = HashMap::new();
    changes.retain(|change| {
        let is_free = change.edits.iter().enumerate().all(|(at, edit)| {
            let among_its_own = change.edits.iter().take(at);
            let is_apart = |other: &TextEdit| other.source.path() != edit.source.path() || !meet(other.span, edit.span);
            among_its_own.into_iter().all(is_apart)
                && taken.get(edit.source.path()).is_none_or(|taken| is_free(taken, edit.span))
        });
        if is_free {
            for edit in &change.edits {
                let taken = taken.entry(edit.source.path().to_owned()).or_default();
                taken.insert(edit.span.start, edit.span.end);
            }
        }
        is_free
    });
    changes
}

fn is_free(taken: &BTreeMap<usize, usize>, span: Span) -> bool {
    // Those that are taken do not meet each other, so that the neighbours tell for all.
    let before = taken.range(..=span.start).next_back();
    let behind = taken.range(span.start..).next();
    before.into_iter().chain(behind).all(|(&start, &end)| !meet(Span::new(start, end), span))
}

/// Whether two places have a part in common; two that start at one point have, even if one of them is empty.
fn meet(one: Span, other: Span) -> bool {
    one.start == other.start || one.start < other.end && other.start < one.end
}

/// The texts of the files after changes that do not meet.
pub(super) fn applied<'c>(changes: impl IntoIterator<Item = &'c Change>) -> HashMap<String, Arc<Source>> {
    let mut by_file: HashMap<&str, Vec<&TextEdit>> = HashMap::new();
    for edit in changes.into_iter().flat_map(|change| &change.edits) {
        by_file.entry(edit.source.path()).or_default().push(edit);
    }
    by_file.into_iter().filter_map(|(path, edits)| Some((path.to_owned(), with_edits(edits)?))).collect()
}

fn with_edits(mut edits: Vec<&TextEdit>) -> Option<Arc<Source>> {
    edits.sort_by_key(|edit| edit.span);
    let source = &edits.first()?.source;
    let mut text = String::with_capacity(source.text().len());
    let mut end = 0;
    for edit in &edits {
        text.push_str(source.text().get(end..edit.span.start)?);
        text.push_str(&edit.text);
        end = edit.span.end;
    }
    text.push_str(source.text().get(end..)?);
    Some(Arc::new(source.with_text(text)))
}

#[cfg(test)]
#[allow(clippy::expect_used)] // A test may fail loudly.
mod tests {
    use super::*;

    fn change(source: &Arc<Source>, edits: &[(usize, usize, &str)]) -> Change {
        let edit = |&(start, end, text): &(usize, usize, &str)| TextEdit {
            source: Arc::clone(source),
            span: Span::new(start, end),
            text: text.to_owned(),
        };
        Change {
            rule: "a-rule",
            fingerprint: String::new(),
            title: String::new(),
            is_safe: false,
            keeps_meaning: false,
            edits: edits.iter().map(edit).collect(),
        }
    }

    #[test]
    fn the_first_of_overlapping_changes_is_made() {
        let source = Arc::new(Source::new("a", "0123456789"));
        let changes = vec![
            change(&source, &[(8, 9, "h")]),
            change(&source, &[(2, 5, "c")]),
            change(&source, &[(4, 6, "d")]),
            change(&source, &[(5, 6, "f")]),
            change(&source, &[(2, 2, "i")]),
            change(&source, &[(0, 1, "a"), (8, 10, "x")]),
        ];
        let kept = without_overlaps(changes);
        // The first has two edits, and both count: (8, 9) meets the second of them. Of two at one place the shorter is first.
        let spans: Vec<usize> = kept.iter().filter_map(|change| Some(change.first()?.span.start)).collect();
        assert_eq!(spans, [0, 2, 4]);
        let texts = applied(&kept);
        assert_eq!(texts.get("a").expect("a text").text(), "a1i23d67x");
    }
}
