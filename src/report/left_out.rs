//! What settings, comments and the baseline keep out of a report, one line each: who reads that nothing was found has to know what
//! was not to be found.

use std::collections::{BTreeMap, BTreeSet};

use super::Outcome;
use crate::diagnostic::{OffIn, RulesOff};
use crate::words::{count, list_and, printable, some_of};

/// How many rules a line names.
const MOST_RULES: usize = 10;

/// How many files a line names.
const MOST_FILES: usize = 3;

/// The lines, with what hides findings first.
pub(crate) fn lines(outcome: &Outcome) -> Vec<String> {
    let left_out = &outcome.left_out;
    [hidden(outcome), rules_off(&left_out.rules_off), lowered(outcome), files_excluded(&left_out.files_excluded)]
        .into_iter()
        .flatten()
        .collect()
}

/// The findings that are hidden, by what hides them.
fn hidden(outcome: &Outcome) -> Option<String> {
    let left_out = &outcome.left_out;
    let by_settings = left_out.by_settings.values().sum();
    let settings = files(left_out.by_settings.keys());
    let kinds = [(left_out.by_comments, "comments"), (by_settings, &*settings), (outcome.in_baseline, "the baseline")];
    let mut parts = Vec::new();
    for (number, by) in kinds.into_iter().filter(|(number, _)| *number > 0) {
        let number = if parts.is_empty() { count(number, "finding") } else { number.to_string() };
        parts.push(format!("{number} by {by}"));
    }
    (!parts.is_empty()).then(|| format!("Left out: {}.", parts.join(", ")))
}

fn rules_off(by_settings: &BTreeMap<String, RulesOff>) -> Option<String> {
    let mut rules = RulesOff::new();
    for (rule, off_in) in by_settings.values().flatten() {
        let widest = rules.entry(rule).or_insert(*off_in);
        *widest = *off_in.max(widest);
    }
    let name = |(rule, off_in): (&str, OffIn)| match off_in {
        OffIn::AllFiles => rule.to_owned(),
        OffIn::SomeFiles => format!("{rule} (in some files)"),
    };
    let names: Vec<String> = rules.into_iter().map(name).collect();
    let line = || format!("Rules turned off by {}: {}.", files(by_settings.keys()), some_of(&names, MOST_RULES));
    (!names.is_empty()).then(line)
}

/// The findings that settings give a lower severity, with which they may pass where they would not.
fn lowered(outcome: &Outcome) -> Option<String> {
    let lowered = || outcome.findings.iter().filter_map(|finding| Some((finding, finding.lowered.as_ref()?)));
    let rules: BTreeSet<&str> = lowered().map(|(finding, _)| finding.rule.name).collect();
    let rules: Vec<&str> = rules.into_iter().collect();
    let by: BTreeSet<&str> = lowered().map(|(_, lowered)| &*lowered.settings).collect();
    let number = count(lowered().count(), "finding");
    let line = || format!("Severity lowered by {}: {number} of {}.", files(by), some_of(&rules, MOST_RULES));
    (!rules.is_empty()).then(line)
}

fn files_excluded(by_settings: &BTreeMap<String, BTreeSet<String>>) -> Option<String> {
    let paths: BTreeSet<&String> = by_settings.values().flatten().collect();
    let shown: Vec<String> = paths.iter().take(MOST_FILES).map(|path| printable(path)).collect();
    let shown = match paths.len() - shown.len() {
        0 => list_and(&shown),
        more => format!("{} and {more} more", shown.join(", ")),
    };
    let line = || format!("Excluded by {}: {} ({shown}).", files(by_settings.keys()), count(paths.len(), "file"));
    (!paths.is_empty()).then(line)
}

/// Settings files by their names, or how many there are.
fn files<'n, N: AsRef<str> + ?Sized + 'n>(names: impl IntoIterator<Item = &'n N>) -> String {
    let names: Vec<&str> = names.into_iter().map(N::as_ref).collect();
    match &names[..] {
        [name] => printable(name),
        names => format!("{} settings files", names.len()),
    }
}
