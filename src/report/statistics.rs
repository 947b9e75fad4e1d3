//! Counts per rule: what `--statistics` shows, and the end of the report for people.

use std::collections::HashMap;

use crate::diagnostic::{Finding, Safety, Severity};

/// How often a rule speaks with one severity.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub rule: &'static str,
    pub severity: Severity,
    pub count: usize,
    /// How many of the findings `--fix` mends.
    pub fixable: usize,
}

impl Row {
    /// Whether `--fix` mends these findings: `[*]` all, `[-]` some, `[ ]` none.
    pub fn mark(self) -> &'static str {
        match self.fixable {
            0 => "[ ]",
            fixable if fixable == self.count => "[*]",
            _ => "[-]",
        }
    }
}

/// The rules that speak, the most frequent first.
pub(super) fn rows<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<Row> {
    let mut rows: HashMap<(&'static str, Severity), Row> = HashMap::new();
    for finding in findings {
        let (rule, severity) = (finding.rule.name, finding.severity);
        let row = rows.entry((rule, severity)).or_insert(Row { rule, severity, count: 0, fixable: 0 });
        row.count += 1;
        row.fixable += usize::from(is_fixable(finding));
    }
    let mut rows: Vec<Row> = rows.into_values().collect();
    rows.sort_by_key(|row| (std::cmp::Reverse((row.count, row.severity)), row.rule));
    rows
}

/// Whether `--fix` mends a finding.
pub(super) fn is_fixable(finding: &Finding) -> bool {
    finding.fix.as_ref().is_some_and(|fix| fix.safety == Safety::Safe)
}

/// The rows as lines of a table.
pub(super) fn lines(rows: &[Row]) -> Vec<String> {
    let digits = rows.iter().map(|row| row.count.to_string().len()).max().unwrap_or_default();
    let line = |row: &Row| format!("{:>digits$}  {:7}  {} {}", row.count, row.severity.name(), row.mark(), row.rule);
    rows.iter().map(line).collect()
}
