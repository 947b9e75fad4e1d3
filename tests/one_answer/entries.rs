//! What the entries of an agent name and ask of jobs, as each source words it.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::claims::{About, Fact, Ledger, Source};
use crate::repository::Config;

/// An entry as hovers word it.
fn in_words(kind: &str, id: &str, environments: &[&str], is_protected_only: bool) -> String {
    let quoted: Vec<String> = environments.iter().map(|pattern| format!("`{pattern}`")).collect();
    let environments = (!quoted.is_empty()).then(|| format!("environments {}", quoted.join(", ")));
    let protected = is_protected_only.then(|| "protected refs only".to_owned());
    let asked: Vec<String> = environments.into_iter().chain(protected).collect();
    let asked = if asked.is_empty() { String::new() } else { format!(" ({})", asked.join("; ")) };
    format!("{kind} `{id}`{asked}")
}

fn kind(is_group: bool) -> &'static str {
    if is_group { "group" } else { "project" }
}

/// Claims what was written.
pub fn claim_written(config: &Config<'_>, ledger: &mut Ledger) {
    let entries = || config.agent.entries.iter().zip(&config.ids);
    let of_kind = |is_group: bool| {
        entries().filter(move |(entry, _)| entry.is_group == is_group).map(|(entry, id)| {
            let environments = entry.environments.as_deref().unwrap_or_default();
            in_words(kind(entry.is_group), id, environments, entry.is_protected_only)
        })
    };
    let all = of_kind(false).chain(of_kind(true)).collect();
    let names = entries().map(|(entry, id)| format!("{} {id}", kind(entry.is_group))).collect();
    ledger.claim(About::Entries, &config.name, Source::Contract, [Fact::Entries(all)]);
    ledger.claim(About::Entries, by_name(config), Source::Contract, [Fact::Names(names)]);
}

fn by_name(config: &Config<'_>) -> String {
    format!("{}, by name", config.name)
}

/// Claims what `access --format json` tells of an agent.
pub fn claim_told(told: &Json, config: &Config<'_>, source: Source, ledger: &mut Ledger) {
    let cases = told["cases"].as_array().into_iter().flatten();
    let told: Vec<&Json> = cases.flat_map(|case| case["entries"].as_array()).flatten().collect();
    let mut known = BTreeSet::new();
    let entries = told.into_iter().filter_map(|entry| {
        let [kind, id, route] = ["kind", "id", "route"].map(|key| entry["entry"][key].as_str());
        // Implicit access stands nowhere in the file, and an entry may be told in several cases.
        if !known.insert(route?) {
            return None;
        }
        let environments = entry["environments"].as_array().into_iter().flatten();
        let environments: Vec<&str> = environments.filter_map(Json::as_str).collect();
        Some(in_words(kind?, id?, &environments, entry["protected_branches_only"] == true))
    });
    ledger.claim(About::Entries, &config.name, source, [Fact::Entries(entries.collect())]);
}

/// Claims what a hover tells of an agent's entries.
pub fn claim_hovered(told: &str, config: &Config<'_>, ledger: &mut Ledger) {
    let list = told.split("\n\nIt lets in ").nth(1).and_then(|rest| rest.split('\n').next()?.strip_suffix('.'));
    let Some(list) = list else { return };
    // The configuration project comes first. A name is one, whatever signs stand in its quotes.
    let starts: Vec<usize> =
        ["project `", "group `"].iter().flat_map(|kind| list.match_indices(kind)).map(|(at, _)| at).collect();
    let starts: BTreeSet<usize> = starts.into_iter().filter(|at| list[..*at].ends_with(", ")).collect();
    let ends = starts.iter().skip(1).copied().chain([list.len()]);
    let entries = starts.iter().zip(ends).map(|(&start, end)| list[start..end].trim_end_matches(", ").to_owned());
    ledger.claim(About::Entries, &config.name, Source::Hover, [Fact::Entries(entries.collect())]);
}

/// Claims which projects and groups `access` names for people where it tells of an agent.
pub fn claim_told_to_people(stdout: &str, configs: &[Config<'_>], ledger: &mut Ledger) {
    let kinds = ["project", "group"];
    let ids: BTreeSet<&str> = configs.iter().flat_map(|config| config.ids.iter().copied()).collect();
    for config in configs {
        let is_heading = |line: &&str| line.rsplit(':').next() == Some(&config.name) && !line.starts_with(' ');
        let mut lines = stdout.lines().skip_while(|line| !is_heading(line));
        let Some(_) = lines.next() else { continue };
        let words: Vec<&str> = lines.take_while(|line| !line.is_empty()).flat_map(str::split_whitespace).collect();
        if words.contains(&"refuses") || words.contains(&"registered") {
            continue;
        }
        let is_named = |kind: &str, id: &str| {
            words.windows(2).any(|two| two[0].trim_start_matches('`') == kind && two[1].trim_matches(['`', ',']) == id)
        };
        let named = kinds.iter().flat_map(|kind| {
            ids.iter().filter(|id| is_named(kind, id)).map(|id| format!("{kind} {id}")).collect::<Vec<_>>()
        });
        let named = named.collect();
        ledger.claim(About::Entries, by_name(config), Source::AccessForPeople, [Fact::Names(named)]);
    }
}
