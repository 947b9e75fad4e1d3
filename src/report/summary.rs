//! The line at the end: how much was found, and what was not checked.

use std::collections::BTreeMap;

use super::{Outcome, Shown, left_out};
use crate::diagnostic::Need;
use crate::diagnostic::{Finding, Safety, Severity};
use crate::words::count;

/// Counts of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Findings that are errors.
    pub errors: usize,
    /// Findings that are warnings.
    pub warnings: usize,
    /// Findings that are notes.
    pub notes: usize,
    /// Findings with a safe fix.
    pub fixable: usize,
    /// Findings with an unsafe fix.
    pub fixable_unsafe: usize,
}

impl Summary {
    /// Counts the findings of a report.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        let count = |severity| outcome.findings.iter().filter(|finding| finding.severity == severity).count();
        let fixable = |safety| {
            let has_fix = |finding: &&Finding| finding.fix.as_ref().is_some_and(|fix| fix.safety == safety);
            outcome.findings.iter().filter(has_fix).count()
        };
        Self {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
            fixable: fixable(Safety::Safe),
            fixable_unsafe: fixable(Safety::Unsafe),
        }
    }

    /// The lines at the end of a report for people.
    pub(super) fn lines(self, shown: &Shown<'_>) -> Vec<String> {
        let mut lines: Vec<String> = self.count_line(shown.outcome).into_iter().collect();
        lines.extend(self.remarks(shown));
        lines
    }

    /// The same where `[*]` marks the findings that `--fix` mends.
    pub(super) fn marked_lines(self, shown: &Shown<'_>) -> Vec<String> {
        let mut lines = self.lines(shown);
        let is_explained = |line: &&mut String| self.fixable > 0 && self.fixable_line().as_ref() == Some(*line);
        if let Some(line) = lines.iter_mut().find(is_explained) {
            line.insert_str(0, "[*] ");
        }
        lines
    }

    /// How much was found, in one line; nothing where no path could be looked at.
    #[must_use]
    pub fn count_line(self, outcome: &Outcome) -> Option<String> {
        let files = count(outcome.files.len(), "configuration");
        let counts: Vec<String> = [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, noun)| count(number, noun))
            .collect();
        Some(match (counts.is_empty(), outcome.files.len() + outcome.findings.len()) {
            (true, 0) if outcome.is_incomplete => return None,
            (true, 0) if !outcome.left_out.files_excluded.is_empty() => "No file was looked at.".to_owned(),
            (true, 0) => {
                "No agent configuration found: GitLab reads .gitlab/agents/<agent name>/config.yaml".to_owned()
            }
            (true, _) => format!("No findings in {files}{}.", fixed(outcome, 0)),
            (false, _) => {
                format!("{} in {files}{}.", counts.join(", "), fixed(outcome, outcome.findings.len()))
            }
        })
    }

    /// What was not checked, and what else is to be said of the run, one line each.
    pub(super) fn remarks(self, shown: &Shown<'_>) -> Vec<String> {
        let outcome = shown.outcome;
        let is_silent = outcome.is_incomplete && outcome.files.is_empty() && outcome.findings.is_empty();
        if is_silent {
            return Vec::new();
        }
        let mut lines = Vec::new();
        lines.extend(shown.not_shown());
        lines.extend(left_out::lines(outcome));
        lines.extend(self.fixable_line());
        lines.extend(unchecked(outcome));
        lines.extend(few_of_each(&outcome.remarks));
        lines
    }
}

/// So many lines of the same kind are told of different projects; of more, the first.
const MOST_ALIKE: usize = 3;

/// The remarks, of which few are told that say the same of one project after the other.
fn few_of_each(remarks: &[String]) -> Vec<String> {
    const KINDS: [(&str, &str); 2] = [
        ("Not read: ", "Not read: the like of"),
        ("Not checked: which agents let the jobs of ", "Not checked: the same of"),
    ];
    let mut counts = [0usize; KINDS.len()];
    let mut lines = Vec::with_capacity(remarks.len());
    for remark in remarks {
        let kind = KINDS.iter().position(|(start, _)| remark.starts_with(start));
        let count = kind.and_then(|kind| counts.get_mut(kind)).map_or(0, |count| {
            *count += 1;
            *count
        });
        lines.push((kind, count, remark));
    }
    let is_told = |kind: Option<usize>, at: usize| {
        kind.and_then(|kind| counts.get(kind)).is_none_or(|&count| count <= MOST_ALIKE || at == 1)
    };
    let told = lines.iter().filter(|(kind, at, _)| is_told(*kind, *at)).map(|(.., remark)| (*remark).clone());
    let more = KINDS.iter().zip(counts).filter(|(_, count)| *count > MOST_ALIKE);
    told.chain(more.map(|((_, more), count)| format!("{more} {} more (`--format json` has all).", count - 1))).collect()
}

impl Summary {
    /// Which options would make how many fixes.
    fn fixable_line(self) -> Option<String> {
        match (self.fixable, self.fixable_unsafe) {
            (0, 0) => None,
            (0, unsafe_ones) => Some(format!("{unsafe_ones} fixable with `--fix --unsafe`.")),
            (safe, 0) => Some(format!("{safe} fixable with `--fix`.")),
            (safe, unsafe_ones) => {
                Some(format!("{safe} fixable with `--fix`, {unsafe_ones} more with `--fix --unsafe`."))
            }
        }
    }
}

/// What has been fixed and what is left, in brackets.
fn fixed(outcome: &Outcome, left: usize) -> String {
    match outcome.fixed {
        None => String::new(),
        Some(fixed) => format!(" ({fixed} fixed, {left} left)"),
    }
}

/// One line for each set of options that would let more be checked.
fn unchecked(outcome: &Outcome) -> Vec<String> {
    let mut missing: BTreeMap<&str, Vec<Need>> = BTreeMap::new();
    for (rule, need) in &outcome.unchecked {
        missing.entry(rule.name).or_default().push(*need);
    }
    let mut by_needs: BTreeMap<Vec<Need>, Vec<&str>> = BTreeMap::new();
    for (rule, needs) in missing {
        by_needs.entry(needs).or_default().push(rule);
    }
    by_needs
        .into_iter()
        .map(|(needs, rules)| {
            let options: Vec<&str> = needs.iter().map(|need| need.option()).collect();
            format!("Not checked: {} (needs {}).", rules.join(", "), options.join(" and "))
        })
        .collect()
}
