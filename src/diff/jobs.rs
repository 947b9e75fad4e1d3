//! The changes for jobs.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::cases::{Facts, Pair};
use super::cells::{Cell, Named, joined};
use super::change::{
    Because, Change, Effect, Failing, Granted, Kind, Of, Open, OpenFact, Origin, Part, Projects, Refs, Region, Who,
    Witness,
};
use super::regions::{Names, Regions};
use super::standing::{Found, Standing};
use super::terms::{Allowed, Deciding, Terms};
use crate::access::names::Untold;
use crate::access::{Condition, Index};
use crate::inventory::{Inventory, Project};

/// Names that people recognise, tried before those that a search finds.
const FAMILIAR: [&str; 10] = [
    "production",
    "prod",
    "staging",
    "preprod",
    "review/feature-x",
    "review/1",
    "dev",
    "testing",
    "qa",
    "production-eu",
];

/// What two agents' jobs are compared by, whatever the agent.
pub(super) struct Jobs<'w> {
    pub pairs: Vec<Pair>,
    pub regions: Regions,
    /// Agents with patterns that raise, with what stands for them.
    pub raising: Vec<Standing<'w>>,
    /// The inventory of either side, for examples that people know.
    pub inventory: Option<&'w Index<'w>>,
}

/// What makes changes one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    kind: Kind,
    effect: Effect,
    before: Option<Granted>,
    after: Option<Granted>,
    region: Region,
    fails: Option<Failing>,
}

/// A change at one part of the projects.
struct Row {
    key: Key,
    refs: Refs,
    conditions: Vec<Vec<Condition>>,
    because: Because,
    /// A name that lies in the region.
    name: Option<String>,
}

/// What one agent's comparison comes to.
#[derive(Default)]
pub(super) struct Compared {
    pub changes: Vec<Change>,
    pub unknown: BTreeSet<Open>,
    /// The pairs in which something is widened.
    pub widened: BTreeSet<Pair>,
    pub cells: usize,
}

impl<'w> Jobs<'w> {
    /// Compares what stands for one agent.
    pub fn compare(&mut self, context: &str, standing: &Standing<'w>) -> Compared {
        let mut compared = Compared::default();
        let mut named = Named::default();
        for one in std::iter::once(standing).chain(&self.raising) {
            named.add(&one.base);
            named.add(&one.head);
        }
        let cells = named.cells();
        compared.cells = cells.len();
        // By what makes them one, then by place and by pair.
        let mut rows: Vec<(Pair, usize, Row)> = Vec::new();
        for pair in self.pairs.clone() {
            for (at, cell) in cells.iter().enumerate() {
                for row in self.of_cell(context, standing, cell, pair, &mut compared) {
                    if row.key.effect == Effect::Widened {
                        compared.widened.insert(pair);
                    }
                    rows.push((pair, at, row));
                }
            }
        }
        compared.changes = self.condensed(context, standing, &cells, rows);
        compared
    }

    fn of_cell(
        &mut self,
        context: &str,
        standing: &Standing<'w>,
        cell: &Cell,
        pair: Pair,
        compared: &mut Compared,
    ) -> Vec<Row> {
        let of_side = |of: fn(&Standing<'w>) -> Found<'w>| -> Vec<Found<'w>> { self.raising.iter().map(of).collect() };
        let (base_raising, head_raising) = (of_side(|standing| standing.base), of_side(|standing| standing.head));
        let base = Deciding::of(&standing.base, &base_raising, &cell.path);
        let head = Deciding::of(&standing.head, &head_raising, &cell.path);
        let mut facts = Facts::default();
        base.iter().chain(&head).for_each(|deciding| deciding.add_facts(&mut facts));
        if facts.are_too_many() {
            compared.unknown.insert(Open { context: context.to_owned(), fact: OpenFact::Budget });
            return Vec::new();
        }
        let mut found: BTreeMap<(Key, bool), BTreeSet<usize>> = BTreeMap::new();
        let mut details: HashMap<Key, (Because, Option<String>)> = HashMap::new();
        for (number, settled) in facts.assignments().into_iter().enumerate() {
            let terms = |deciding: &Option<Deciding<'w>>, is_new| {
                deciding.as_ref().and_then(|deciding| deciding.terms(&settled, is_new))
            };
            let (before, after) = (terms(&base, pair.base_is_new), terms(&head, pair.head_is_new));
            if before == after {
                continue;
            }
            let because = Because {
                base: before.as_ref().and_then(|terms| terms.cause.clone()),
                head: after.as_ref().and_then(|terms| terms.cause.clone()),
            };
            for is_protected in [true, false] {
                let (keys, untold) = self.keys(before.as_ref(), after.as_ref(), is_protected);
                compared.unknown.extend(untold.into_iter().map(|untold| open(context, untold)));
                for (key, name) in keys {
                    if key.kind == Kind::Identity
                        && key.effect == Effect::Changed
                        && let (Some(Granted::As(before)), Some(Granted::As(after))) = (&key.before, &key.after)
                    {
                        let fact = OpenFact::Identity(before.clone(), after.clone());
                        compared.unknown.insert(Open { context: context.to_owned(), fact });
                    }
                    details.entry(key.clone()).or_insert_with(|| (because.clone(), name));
                    found.entry((key, is_protected)).or_default().insert(number);
                }
            }
        }
        // What is the same on both refs is told once.
        let mut by_key: BTreeMap<(Key, Vec<usize>), Refs> = BTreeMap::new();
        for ((key, is_protected), numbers) in found {
            let refs = by_key.entry((key, numbers.into_iter().collect())).or_default();
            refs.protected |= is_protected;
            refs.unprotected |= !is_protected;
        }
        let row = |((key, numbers), refs): ((Key, Vec<usize>), Refs)| {
            let (because, name) = details.get(&key).cloned().unwrap_or_default();
            let conditions = facts.conditions(&numbers.into_iter().collect());
            Row { key, refs, conditions, because, name }
        };
        by_key.into_iter().map(row).collect()
    }

    /// What differs between two grants on some refs, each with a name that shows it.
    fn keys(
        &mut self,
        before: Option<&Terms>,
        after: Option<&Terms>,
        is_protected: bool,
    ) -> (Vec<(Key, Option<String>)>, Vec<Untold>) {
        let on = |terms: Option<&Terms>| -> Option<Allowed> {
            terms.and_then(|terms| if is_protected { terms.protected.clone() } else { terms.unprotected.clone() })
        };
        let (was, is) = (on(before), on(after));
        let mut keys = Vec::new();
        let mut untold = Vec::new();
        let granted =
            |terms: Option<&Terms>| terms.map(|terms| Granted::Agent(terms.who.clone(), terms.namespace.clone()));
        let mut add = |names: Names, kind, effect, before, after, fails: Option<Failing>| {
            untold.extend(names.untold.iter().cloned());
            if names.is_empty() {
                return;
            }
            let name = names.parts.iter().map(|(_, name)| name).min_by_key(|name| name.len()).cloned();
            let mut parts: Vec<Part> = names.parts.into_iter().map(|(part, _)| part).collect();
            parts.sort();
            parts.dedup();
            let region = Region { without: names.without, names: parts };
            keys.push((Key { kind, effect, before, after, region, fails }, name));
        };
        let fails = |terms: Option<&Terms>, other: Option<&Terms>| {
            terms
                .and_then(|terms| terms.fails.clone())
                .filter(|failing| other.and_then(|other| other.fails.as_ref()) != Some(failing))
        };
        let gained = self.regions.difference(is.as_ref(), was.as_ref());
        add(gained, Kind::Gained, Effect::Widened, None, granted(after), fails(before, after));
        let lost = self.regions.difference(was.as_ref(), is.as_ref());
        add(lost, Kind::Lost, Effect::Narrowed, granted(before), None, fails(after, before));
        if let Some((old, new)) = before.zip(after) {
            if old.who != new.who {
                let both = self.regions.common(was.as_ref(), is.as_ref());
                let effect = effect_of(&old.who, &new.who);
                let (old, new) = (Granted::As(old.who.clone()), Granted::As(new.who.clone()));
                add(both, Kind::Identity, effect, Some(old), Some(new), None);
            }
            if old.namespace != new.namespace {
                let both = self.regions.common(was.as_ref(), is.as_ref());
                let (old, new) = (Granted::Namespace(old.namespace.clone()), Granted::Namespace(new.namespace.clone()));
                add(both, Kind::Namespace, Effect::Changed, Some(old), Some(new), None);
            }
        }
        let managed = |terms: Option<&Terms>| terms.is_some_and(|terms| terms.managed);
        if managed(before) != managed(after) {
            // Neither environments nor refs bind them, and jobs without an environment have none.
            let every = Names { without: false, ..self.regions.difference(Some(&EVERY), None) };
            let effect = if managed(after) { Effect::Widened } else { Effect::Narrowed };
            let (old, new) = (Granted::Managed(managed(before)), Granted::Managed(managed(after)));
            add(every, Kind::Managed, effect, Some(old), Some(new), None);
        }
        (keys, untold)
    }

    /// Changes that differ in projects or pairs alone are one.
    fn condensed(
        &self,
        context: &str,
        standing: &Standing<'w>,
        cells: &[Cell],
        rows: Vec<(Pair, usize, Row)>,
    ) -> Vec<Change> {
        let mut by_place: BTreeMap<Place, Group> = BTreeMap::new();
        for (pair, cell, Row { key, refs, conditions, because, name }) in rows {
            // What is asked of a matcher is told with the pair, where the pair makes no difference.
            let told: Vec<Vec<String>> =
                conditions.iter().map(|list| list.iter().map(|condition| format!("{condition:?}")).collect()).collect();
            // Where the sides differ in their matchers, patterns are told with these; elsewhere each pair reads them in its own way.
            let has_own_matchers = !pair.is_even() && key.region.names.iter().any(Part::has_star);
            let group = by_place.entry((evened(key.clone(), pair), refs, told, has_own_matchers)).or_default();
            group.conditions = conditions;
            let cells = group.by_pair.entry(pair).or_default();
            cells.0.insert(cell);
            cells.1.get_or_insert((key, because, name));
        }
        let mut changes = Vec::new();
        for ((_, refs, ..), Group { conditions, by_pair }) in by_place {
            // Pairs in which the same happens to the same projects, shown by the same job.
            let mut open: Vec<(Pair, At)> = by_pair.into_iter().collect();
            while !open.is_empty() {
                let (first, (in_cells, detail)) = open.remove(0);
                let Some((key, because, name)) = detail else { continue };
                let parts: Vec<Projects> =
                    in_cells.iter().filter_map(|at| cells.get(*at)).map(|cell| cell.projects.clone()).collect();
                let projects = joined(parts.clone());
                let mut pairs = vec![first];
                let mut regions = vec![key.region.clone()];
                let mut name = name;
                open.retain(|(pair, (others, detail))| {
                    let Some((other, _, found)) = detail.as_ref().filter(|_| *others == in_cells) else { return true };
                    let mut all = regions.clone();
                    all.push(other.region.clone());
                    let serves = |found: &Option<String>| self.witness(&parts, refs, &all, found.as_deref()).is_some();
                    let served = [&name, found].into_iter().find(|found| serves(found)).cloned();
                    let Some(served) = served else { return true };
                    name = served;
                    pairs.push(*pair);
                    regions = all;
                    false
                });
                // The name that was found lies in the region, so that there is one.
                let found = Witness {
                    project: parts.iter().map(new_project).next().unwrap_or_default(),
                    environment: name.clone(),
                    protected: !refs.unprotected,
                    origin: Origin::Example,
                };
                let witness = self.witness(&parts, refs, &regions, name.as_deref()).unwrap_or(found);
                pairs.sort();
                let pairs = (pairs != self.pairs).then_some(pairs);
                for list in &conditions {
                    changes.push(Change {
                        kind: key.kind,
                        effect: key.effect,
                        context: context.to_owned(),
                        project: project_of(standing),
                        name: context.rsplit_once(':').map_or(context, |(_, name)| name).to_owned(),
                        of: Of::Jobs {
                            projects: projects.clone(),
                            refs,
                            region: key.region.clone(),
                            witness: witness.clone(),
                        },
                        before: key.before.clone(),
                        after: key.after.clone(),
                        conditions: list.clone(),
                        pairs: pairs.clone(),
                        fails: key.fails.clone(),
                        because: because.clone(),
                    });
                }
            }
        }
        changes
    }

    /// A job in some projects that lies in all of these regions: one that people know, if there is one.
    fn witness(&self, parts: &[Projects], refs: Refs, regions: &[Region], found: Option<&str>) -> Option<Witness> {
        let protected = !refs.unprotected;
        let inventory = self.inventory.and_then(Index::inventory);
        // Of many projects, the first are as good as any.
        let listed = || {
            let known = inventory.into_iter().flat_map(|inventory| parts.iter().map(move |part| (inventory, part)));
            known.flat_map(|(inventory, part)| listed_in(inventory, part)).take(MOST_LOOKED_AT)
        };
        let holds_all = |name: &str| regions.iter().all(|region| region.holds(Some(name)));
        let some = || {
            let known = listed().next().map(|project| project.path.to_string());
            known.or_else(|| parts.iter().map(new_project).next())
        };
        if regions.iter().all(|region| region.without) {
            return Some(Witness { project: some()?, environment: None, protected, origin: Origin::Example });
        }
        for project in listed() {
            let environments = project.environments.iter().flatten();
            if let Some(environment) = environments.map(|environment| &*environment.name).find(|name| holds_all(name)) {
                return Some(Witness {
                    project: project.path.to_string(),
                    environment: Some(environment.to_owned()),
                    protected,
                    origin: Origin::Inventory,
                });
            }
        }
        let familiar = FAMILIAR.iter().copied().chain(found).find(|name| holds_all(name));
        let environment = familiar.map(str::to_owned)?;
        Some(Witness { project: some()?, environment: Some(environment), protected, origin: Origin::Example })
    }
}

/// So many projects of an inventory are looked at for an example.
const MOST_LOOKED_AT: usize = 1_000;

/// The projects of an inventory in a part, of which so many are looked at.
fn listed_in<'i>(inventory: &'i Inventory, part: &'i Projects) -> impl Iterator<Item = &'i Project> {
    let places = match part {
        Projects::One(path) => {
            inventory.find_project(path).map(|project| inventory.place(project)..inventory.place(project) + 1)
        }
        Projects::Below(group, _) => inventory.find_group(group).map(|group| inventory.places(group)),
        Projects::Anywhere(_) => Some(0..inventory.project_count()),
    };
    let places = places.unwrap_or(0..0);
    inventory.ordered(places).take(MOST_LOOKED_AT).filter(|project| part.holds(&project.path))
}

const EVERY: Allowed = Allowed { without: false, lists: Vec::new() };

/// A change, the refs and conditions that it is about, and whether its patterns are told with their matchers.
type Place = (Key, Refs, Vec<Vec<String>>, bool);

/// What shows a change at one pair: what it is, what decides, a name.
type Detail = (Key, Because, Option<String>);

/// The parts of the projects, by position, and what shows the change at one of them.
type At = (BTreeSet<usize>, Option<Detail>);

#[derive(Default)]
struct Group {
    conditions: Vec<Vec<Condition>>,
    by_pair: BTreeMap<Pair, At>,
}

/// The same, with patterns as both sides' one matcher would have them, whichever that is.
fn evened(mut key: Key, pair: Pair) -> Key {
    if pair.is_even() {
        for part in &mut key.region.names {
            for list in part.within.iter_mut().chain([&mut part.without]) {
                list.is_new = false;
                for pattern in &mut list.patterns {
                    *pattern = crate::access::names::NamePattern::new(pattern.text(), false);
                }
                list.patterns.sort();
            }
            part.within.sort();
        }
        key.region.names.sort();
    }
    key
}

/// A project of a part that may come.
fn new_project(part: &Projects) -> String {
    match part {
        Projects::One(path) => path.clone(),
        Projects::Below(group, except) => {
            let mut path = format!("{group}/zz-new");
            while except.projects.contains(&path) || except.groups.contains(&path) {
                path.push('z');
            }
            path
        }
        Projects::Anywhere(except) => {
            let mut root = "elsewhere".to_owned();
            let is_taken = |root: &str| {
                except.projects.iter().chain(&except.groups).any(|path| path.split('/').next() == Some(root))
            };
            while is_taken(&root) {
                root.push('z');
            }
            format!("{root}/zz-new")
        }
    }
}

fn project_of(standing: &Standing<'_>) -> Option<String> {
    let (index, id) = standing.head.agent().or_else(|| standing.base.agent())?;
    index.agent(id).project.map(str::to_owned)
}

fn open(context: &str, untold: Untold) -> Open {
    let fact = match untold {
        Untold::Expression(pattern) => OpenFact::Expression(pattern),
        Untold::Budget => OpenFact::Budget,
    };
    Open { context: context.to_owned(), fact }
}

/// Whether acting as somebody else is more: the agent may itself act as anybody, and RBAC only adds.
fn effect_of(before: &Who, after: &Who) -> Effect {
    match (before, after) {
        (_, Who::Agent) => Effect::Widened,
        (Who::Agent, _) => Effect::Narrowed,
        (
            Who::Fixed { username, groups, uid, extra },
            Who::Fixed { username: new_name, groups: new_groups, uid: new_uid, extra: new_extra },
        ) if (username, uid, extra) == (new_name, new_uid, new_extra) => {
            let is_within = |one: &[String], other: &[String]| one.iter().all(|group| other.contains(group));
            match (is_within(groups, new_groups), is_within(new_groups, groups)) {
                (true, _) => Effect::Widened,
                (_, true) => Effect::Narrowed,
                _ => Effect::Changed,
            }
        }
        _ => Effect::Changed,
    }
}
