//! The comparison of two states.

use std::collections::BTreeSet;

use super::cases::{Pair, pairs};
use super::cells::count_of;
use super::change::{Change, Diff, Effect, Granted, Kind, Of, Open, OpenFact, Projects, Verdict, Who};
use super::jobs::Jobs;
use super::people;
use super::regions::Regions;
use super::standing::{Found, Sides, Standing, standings};
use crate::access::AgentFile;
use crate::access::names::NamePattern;
use crate::inventory::Inventory;

/// Compares two states.
///
/// Costs in proportion to the entries of both, and to the patterns of those that differ; searches among names have a budget.
#[must_use]
pub fn compare(sides: &Sides<'_>) -> Diff {
    let pairs = pairs(sides.base.settings(), sides.head.settings());
    let (standings, refused) = standings(sides);
    let raising =
        standings.iter().map(|(_, standing)| *standing).filter(|standing| may_raise(standing, &pairs)).collect();
    let inventory = Some(sides.head).filter(|index| index.inventory().is_some()).or(Some(sides.base));
    let mut jobs = Jobs { pairs: pairs.clone(), regions: Regions::default(), raising, inventory };
    let mut changes = Vec::new();
    let mut unknown = BTreeSet::new();
    let mut widened: BTreeSet<Pair> = BTreeSet::new();
    let mut cells = 0;
    let is_same_world = sides.base.settings() == sides.head.settings()
        && jobs.raising.is_empty()
        && is_same_inventory(sides.base.inventory(), sides.head.inventory());
    for (context, standing) in &standings {
        // What is written alike is the same on both sides of the same world.
        if is_same_world && is_written_alike(standing) {
            cells += count_of(&standing.base);
            continue;
        }
        if matches!(standing.base, Found::Unknown) || matches!(standing.head, Found::Unknown) {
            unknown.insert(Open { context: context.clone(), fact: OpenFact::BaseConfiguration });
            continue;
        }
        let compared = jobs.compare(context, standing);
        cells += compared.cells;
        unknown.extend(compared.unknown);
        changes.extend(compared.changes);
        let people = people::compare(context, standing).unwrap_or_else(|| {
            unknown.insert(Open { context: context.clone(), fact: OpenFact::Budget });
            Vec::new()
        });
        let mut of_agent = compared.widened;
        if people.iter().any(|change| change.effect == Effect::Widened) {
            of_agent.extend(&pairs);
        }
        if !of_agent.is_empty() && of_agent.len() < pairs.len() {
            unknown.insert(Open { context: context.clone(), fact: OpenFact::EnvironmentMatcher });
        }
        widened.extend(of_agent);
        changes.extend(people);
    }
    let verdict = match () {
        () if widened.len() == pairs.len() => Verdict::NewAccess,
        () if widened.is_empty() && unknown.is_empty() => Verdict::NoNewAccess,
        () => Verdict::NotProved,
    };
    changes.sort_by_cached_key(order);
    let proof = super::change::Proof { cells, ..jobs.regions.proof };
    Diff { verdict, changes, unknown: unknown.into_iter().collect(), refused, proof, would_be: Vec::new() }
}

/// Whether both sides know the same of GitLab.
fn is_same_inventory(base: Option<&Inventory>, head: Option<&Inventory>) -> bool {
    match (base, head) {
        (None, None) => true,
        (Some(base), Some(head)) => std::ptr::eq(base, head) || base.lists_the_same_as(head),
        _ => false,
    }
}

/// Whether an agent's file has the same text on both sides.
fn is_written_alike(standing: &Standing<'_>) -> bool {
    let (Found::In(base, one), Found::In(head, other)) = (standing.base, standing.head) else { return false };
    let (one, other) = (base.agent(one), head.agent(other));
    let before = accepted_text(one.file);
    before.is_some() && before == accepted_text(other.file) && one.is_registered == other.is_registered
}

/// The text of a file that GitLab takes.
fn accepted_text(file: Option<AgentFile<'_>>) -> Option<&str> {
    Some(file.filter(|file| file.refused.is_none())?.source?.text())
}

/// Whether some pattern of an agent may raise under a pair that is possible.
fn may_raise(standing: &Standing<'_>, pairs: &[Pair]) -> bool {
    let raises = |found: &Found<'_>| {
        let Found::In(index, id) = *found else { return false };
        let access = index.agent(id).file.and_then(|file| file.ci_access);
        let mut patterns = access.into_iter().flat_map(|access| access.entries()).flat_map(|entry| &entry.environments);
        patterns.any(|pattern| NamePattern::new(&pattern.value, false).fault().is_some())
    };
    let is_old = pairs.iter().any(|pair| !pair.base_is_new || !pair.head_is_new);
    is_old && (raises(&standing.base) || raises(&standing.head))
}

/// By danger: what is widened first, who is let in before what changes for them, as the agent before others, more projects before fewer.
fn order(change: &Change) -> impl Ord + use<> {
    let as_agent = match &change.after {
        Some(Granted::Agent(who, _) | Granted::As(who)) => *who != Who::Agent,
        _ => true,
    };
    let (reach, refs, without) = match &change.of {
        Of::Jobs { projects, refs, region, .. } => {
            let reach = projects.iter().map(|part| match part {
                Projects::Anywhere(_) => 0,
                Projects::Below(..) => 1,
                Projects::One(_) => 2,
            });
            (reach.min().unwrap_or(3), !refs.unprotected, !region.without)
        }
        Of::People(_) => (3, false, false),
    };
    let kind = match change.kind {
        Kind::Gained | Kind::Lost => 0,
        Kind::Identity => 1,
        Kind::Managed => 2,
        Kind::Namespace => 3,
    };
    (change.effect, kind, as_agent, reach, refs, without, change.context.clone(), format!("{:?}", change.of))
}
