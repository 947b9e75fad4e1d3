//! What is shown of an outcome: options leave out findings of what is shown, never of what is judged and counted.

use std::collections::HashMap;

use super::Outcome;
use crate::diagnostic::{Finding, Severity};
use crate::words::count;

/// How much of the findings is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Milder findings are not shown.
    pub min_severity: Option<Severity>,
    /// How many findings are shown, the worst first.
    pub max_findings: Option<usize>,
    /// Whether only counts are shown, where a report is for people.
    pub statistics: bool,
}

/// The findings of an outcome that are shown, and how many are not.
#[derive(Debug)]
pub(super) struct Shown<'o> {
    pub outcome: &'o Outcome,
    /// By path and place.
    pub findings: Vec<&'o Finding>,
    pub limits: Limits,
    /// How many are milder than what is shown.
    pub too_mild: usize,
    /// How many are left out for their number.
    pub too_many: usize,
}

/// Findings that are told as one: they differ in their places alone.
#[derive(Debug)]
pub(super) struct Group<'o> {
    pub first: &'o Finding,
    pub others: Vec<&'o Finding>,
}

impl<'o> Shown<'o> {
    /// What is shown where each finding is told by itself.
    pub fn of(outcome: &'o Outcome, limits: Limits) -> Self {
        let mut shown = Self::severe(outcome, limits);
        let most = limits.max_findings.unwrap_or(usize::MAX);
        if shown.findings.len() > most {
            shown.findings.sort_by(|a, b| by_severity(a, b));
            shown.too_many = shown.findings.split_off(most).len();
            shown.findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        }
        shown
    }

    /// What is shown where equal findings are told as one, the worst first.
    pub fn grouped(outcome: &'o Outcome, limits: Limits) -> (Self, Vec<Group<'o>>) {
        let mut shown = Self::severe(outcome, limits);
        let mut groups = groups(shown.findings.iter().copied());
        let most = limits.max_findings.unwrap_or(usize::MAX).min(groups.len());
        shown.too_many = groups.split_off(most).iter().map(|group| 1 + group.others.len()).sum();
        (shown, groups)
    }

    fn severe(outcome: &'o Outcome, limits: Limits) -> Self {
        let is_severe = |finding: &&Finding| limits.min_severity.is_none_or(|least| finding.severity >= least);
        let findings: Vec<&Finding> = outcome.findings.iter().filter(is_severe).collect();
        let too_mild = outcome.findings.len() - findings.len();
        Self { outcome, findings, limits, too_mild, too_many: 0 }
    }

    /// That findings are not shown, in one line.
    pub fn not_shown(&self) -> Option<String> {
        if self.limits.statistics {
            // What is counted alone leaves nothing out.
            return None;
        }
        let least = self.limits.min_severity.unwrap_or(Severity::Note);
        let mild = format!("{} below `--min-severity {least}`", count(self.too_mild, "finding"));
        let most = self.limits.max_findings.unwrap_or_default();
        let many = format!("{} over `--max-findings {most}`", count(self.too_many, "finding"));
        let parts: Vec<String> = [(self.too_mild, mild), (self.too_many, many)]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(_, part)| part)
            .collect();
        (!parts.is_empty()).then(|| format!("Not shown: {}.", parts.join(", ")))
    }
}

/// The order of reports for people: the worst first, then by path and place.
fn by_severity(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    b.severity.cmp(&a.severity).then_with(|| a.sort_key().cmp(&b.sort_key()))
}

/// Findings in the order of reports for people, those that say the same with the first of them.
pub(super) fn groups<'o>(findings: impl Iterator<Item = &'o Finding>) -> Vec<Group<'o>> {
    let mut findings: Vec<&Finding> = findings.collect();
    findings.sort_by(|a, b| by_severity(a, b));
    let mut groups: Vec<Group<'o>> = Vec::new();
    let mut known = HashMap::new();
    for finding in findings {
        let title = finding.fix.as_ref().map(|fix| (&fix.title, fix.safety.name()));
        let said = (finding.rule.name, finding.severity, &finding.message, &finding.help, title);
        let at = *known.entry(said).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.others.push(finding),
            None => groups.push(Group { first: finding, others: Vec::new() }),
        }
    }
    groups
}
