//! Holds policies against what a state grants, for every project, environment name and ref, and for people.

use std::collections::{BTreeMap, BTreeSet};

use super::globs::Globs;
use super::search::{Search, Set, Untold};
use super::statement::{People, Policy, Required};
use crate::access::{AgentId, Condition};
use crate::agent_config::Mode;
use crate::diff::{Allowed, Cause, Granting, Member, Projects, State, Terms, Who};
use crate::gitlab::{EnvironmentTier, lower_path};
use crate::inventory::{Inventory, Project};

/// The most projects of an inventory of which one is looked for that shows a violation, in all.
const MOST_LOOKS: usize = 200_000;

/// The most environments of one part of the projects whose tier is another than their name says.
const MOST_KNOWN_TIERS: usize = 200;

/// What is asked of whoever is let in and does not hold, or holds and may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Broken {
    /// `protected_branches_only` of `require`.
    Protected,
    /// `environments` of `require`.
    Environments,
    /// `tier` of `require`.
    Tier,
    /// `projects` of `require`.
    Projects,
    /// `people` of `require`.
    People,
    /// `identity` of `require`.
    Identity,
    /// `forbid`.
    Forbidden,
}

/// Somebody who is let in against a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A job.
    Job {
        /// The full path of its project.
        project: String,
        /// Whether it is one that the inventory or an entry names, and not made up.
        is_known: bool,
        /// Its environment.
        environment: Option<String>,
        /// The tier of that, where the inventory knows another than the name says.
        known_tier: Option<EnvironmentTier>,
        /// Whether its ref is protected.
        protected: bool,
        /// Whether it is let in by managed resources, which neither environments nor refs bind.
        managed: bool,
    },
    /// A member.
    Member(Member),
}

/// What comes of holding a policy against an agent.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Somebody is let in against it.
    Broken {
        /// By what of it.
        broken: Broken,
        /// Who.
        shown: Shown,
        /// As whom.
        who: Who,
        /// What must hold for that.
        conditions: Vec<Condition>,
    },
    /// It is not told whether somebody is.
    NotProved(Untold),
}

/// A policy that an agent breaks, or may break.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The position of the policy.
    pub policy: usize,
    /// What lets in; `None` where nothing is known to.
    pub cause: Option<Cause>,
    /// What comes of it.
    pub outcome: Outcome,
}

/// What is broken and who shows it, or why that is not told.
type FirstBroken = Result<(Broken, Point), Untold>;

/// The cases in which the same is broken by the same entry, with one who shows it.
type InCases = (BTreeSet<usize>, Point, Who);

/// A project, and environments with their tiers.
type KnownTiers<'w> = (&'w str, Vec<(&'w str, EnvironmentTier)>);

/// Something of projects, by path in lower case, in order.
type ByName<T> = Vec<(String, T)>;

/// Those that may lie in a part of the projects.
fn around<'a, T>(all: &'a [(String, T)], part: &Projects) -> &'a [(String, T)] {
    let (from, to) = match part {
        Projects::Anywhere(_) => return all,
        Projects::One(path) => (lower_path(path).into_owned(), format!("{}\u{0}", lower_path(path))),
        // Behind `/` comes `0`.
        Projects::Below(group, _) => (format!("{}/", lower_path(group)), format!("{}0", lower_path(group))),
    };
    let at = |bound: &str| all.partition_point(|(path, _)| path.as_str() < bound);
    all.get(at(&from)..at(&to)).unwrap_or_default()
}

/// Holds policies against the agents of a state.
pub struct Holding<'s, 'w> {
    state: &'s State<'w>,
    policies: &'s [Policy],
    search: Search,
    looks: usize,
    /// Projects with environments of which the inventory knows another tier than the name says, with those.
    known_tiers: ByName<KnownTiers<'w>>,
    /// The projects of the inventory, once one is looked for.
    listed: Option<ByName<&'w Project>>,
}

impl<'s, 'w> Holding<'s, 'w> {
    /// Holds policies against the agents of this state.
    #[must_use]
    pub fn of(state: &'s State<'w>, policies: &'s [Policy]) -> Self {
        let asks = |required: &Option<Required>| required.as_ref().is_some_and(|required| required.tier.is_some());
        let asks_tier = policies.iter().any(|policy| asks(&policy.require) || asks(&policy.forbid));
        let known_tiers = if asks_tier { known_tiers(state.index().inventory()) } else { Vec::new() };
        Self { state, policies, search: Search::default(), looks: 0, known_tiers, listed: None }
    }

    /// The policies that are about an agent, with their positions; none for an agent that is not registered.
    #[must_use]
    pub fn in_scope(&self, agent: AgentId) -> Vec<(usize, &'s Policy)> {
        let known = self.state.index().agent(agent);
        let context = known.context();
        let is_in_scope = |policy: &Policy| {
            policy.agents.as_ref().is_none_or(|agents| match known.project {
                Some(_) => agents.is_match(&context),
                // It may be any project's.
                None => agents.texts().any(|text| may_name(text, known.name)),
            })
        };
        let policies = (0..).zip(self.policies).filter(|_| known.is_registered);
        policies.filter(|(_, policy)| is_in_scope(policy)).collect()
    }

    /// What an agent breaks of policies, by policy and by what lets in. Its configuration has to be in force.
    pub fn agent(&mut self, agent: AgentId) -> Vec<Violation> {
        let in_scope = self.in_scope(agent);
        if in_scope.is_empty() {
            return Vec::new();
        }
        let is_about_jobs = in_scope.iter().any(|(_, policy)| policy.people.is_none());
        let grantings = if is_about_jobs { self.state.jobs(agent) } else { Vec::new() };
        let mut violations = Vec::new();
        for (at, policy) in in_scope {
            let found = match &policy.people {
                None => self.jobs(policy, &grantings),
                Some(scope) => self.people(agent, policy, scope),
            };
            violations.extend(found.into_iter().map(|(cause, outcome)| Violation { policy: at, cause, outcome }));
        }
        violations
    }

    fn jobs(&mut self, policy: &Policy, grantings: &[Granting]) -> Vec<(Option<Cause>, Outcome)> {
        let asked = asked(policy);
        // The worst of each entry: certain before conditional, conditional before not proved.
        let mut worst: BTreeMap<Option<Cause>, (usize, Outcome)> = BTreeMap::new();
        let mut note = |cause: Option<Cause>, outcome: Outcome| {
            let rank = match &outcome {
                Outcome::Broken { conditions, .. } => conditions.len(),
                Outcome::NotProved(_) => usize::MAX,
            };
            let known = worst.entry(cause);
            let known = known.or_insert_with(|| (rank, outcome.clone()));
            if rank < known.0 {
                *known = (rank, outcome);
            }
        };
        for granting in grantings {
            let Some(cases) = &granting.cases else {
                note(None, Outcome::NotProved(Untold::Facts));
                continue;
            };
            // Cases of one entry that are broken alike.
            let mut by_cause: BTreeMap<(Option<Cause>, Broken), InCases> = BTreeMap::new();
            let mut known: Vec<(&Terms, Option<FirstBroken>)> = Vec::new();
            for (number, terms) in (0..).zip(cases) {
                let Some(terms) = terms else { continue };
                let found = match known.iter().find(|(known, _)| *known == terms) {
                    Some((_, found)) => found.clone(),
                    None => {
                        let found = self.first_broken(&asked, granting, terms);
                        known.push((terms, found.clone()));
                        found
                    }
                };
                match found {
                    None => {}
                    Some(Err(untold)) => note(terms.cause.clone(), Outcome::NotProved(untold)),
                    Some(Ok((broken, point))) => {
                        let key = (terms.cause.clone(), broken);
                        by_cause
                            .entry(key)
                            .or_insert_with(|| (BTreeSet::new(), point, terms.who.clone()))
                            .0
                            .insert(number);
                    }
                }
            }
            for ((cause, broken), (numbers, point, who)) in by_cause {
                let lists = granting.conditions(&numbers).into_iter();
                let conditions = lists.min_by_key(Vec::len).unwrap_or_default();
                note(cause, Outcome::Broken { broken, shown: point.shown(), who, conditions });
            }
        }
        worst.into_iter().map(|(cause, (_, outcome))| (cause, outcome)).collect()
    }

    /// The first of what is asked that somebody shows to be broken, or why that is not told.
    fn first_broken(&mut self, asked: &[Asked<'_>], granting: &Granting, terms: &Terms) -> Option<FirstBroken> {
        let mut untold = None;
        for one in asked {
            match self.point(one, granting, terms) {
                Ok(Some(point)) => return Some(Ok((one.broken, point))),
                Ok(None) => {}
                Err(why) => drop(untold.get_or_insert(why)),
            }
        }
        untold.map(Err)
    }

    /// A job that is let in and breaks what is asked.
    fn point(&mut self, asked: &Asked<'_>, granting: &Granting, terms: &Terms) -> Result<Option<Point>, Untold> {
        let mut untold = None;
        let any_name = Allowed { without: false, lists: Vec::new() };
        let ways = [
            (false, false, terms.unprotected.as_ref()),
            (true, false, terms.protected.as_ref()),
            (false, true, Some(&any_name).filter(|_| terms.managed)),
            (true, true, Some(&any_name).filter(|_| terms.managed)),
        ];
        for (protected, managed, allowed) in ways {
            let Some(allowed) = allowed else { continue };
            // As whom is not asked of managed resources.
            let is_who = match &asked.modes {
                None => true,
                Some(_) if managed => asked.broken == Broken::Forbidden,
                Some(modes) => modes.contains(&mode(&terms.who)),
            };
            if !is_who || asked.protected.is_some_and(|wanted| wanted != protected) {
                continue;
            }
            match self.place(asked, granting, allowed) {
                Ok(Some(place)) => return Ok(Some(Point { protected, managed, ..place })),
                Ok(None) => {}
                Err(why) => drop(untold.get_or_insert(why)),
            }
        }
        untold.map_or(Ok(None), Err)
    }

    /// A project and an environment of what is asked.
    fn place(&mut self, asked: &Asked<'_>, granting: &Granting, allowed: &Allowed) -> Result<Option<Point>, Untold> {
        let within: Vec<Vec<String>> = asked.projects.iter().map(|globs| globs.expressions()).collect();
        let without: Vec<String> = asked.not_projects.iter().flat_map(|globs| globs.expressions()).collect();
        let mut sets: Vec<Set> = allowed.lists.iter().map(Set::from).collect();
        sets.extend(asked.names.iter().map(|globs| Set::Expressions(globs.expressions())));
        let avoided: Vec<String> = asked.not_names.iter().flat_map(|globs| globs.expressions()).collect();
        let is_without = asked.without && allowed.without;
        let Some(tiers) = asked.tiers.as_ref().filter(|_| !is_without) else {
            let Some(path) = self.search.path(&granting.projects, &granting.path, &within, &without)? else {
                return Ok(None);
            };
            if is_without {
                return Ok(Some(self.recognised(asked, granting, path, None)));
            }
            let name = self.search.name(&sets, &avoided)?;
            return Ok(name.map(|name| self.recognised(asked, granting, path, Some((name, &sets, &avoided)))));
        };
        self.place_of_tiers(tiers, asked, granting, (&within, &without), (sets, avoided))
    }

    /// The same where the tier of the environment counts: the inventory knows some, all others are guessed by their names.
    fn place_of_tiers(
        &mut self,
        tiers: &[EnvironmentTier],
        asked: &Asked<'_>,
        granting: &Granting,
        (within, without): (&[Vec<String>], &[String]),
        (sets, avoided): (Vec<Set>, Vec<String>),
    ) -> Result<Option<Point>, Untold> {
        let is_asked = |path: &str| {
            granting.projects.holds(path)
                && asked.projects.iter().all(|globs| globs.is_match(path))
                && !asked.not_projects.iter().any(|globs| globs.is_match(path))
        };
        let known: Vec<_> = around(&self.known_tiers, &granting.projects)
            .iter()
            .map(|(_, known)| known)
            .filter(|(path, _)| is_asked(path))
            .cloned()
            .collect();
        for (path, environments) in &known {
            for (name, tier) in environments.iter().filter(|(_, tier)| tiers.contains(tier)) {
                if self.search.fits(name, &sets, &avoided) {
                    return Ok(Some(Point {
                        project: (*path).to_owned(),
                        is_known: true,
                        environment: Some((*name).to_owned()),
                        known_tier: Some(*tier),
                        ..Point::default()
                    }));
                }
            }
        }
        let mut untold = None;
        // A project of which nothing is known otherwise, and each of which something is.
        let mut others = without.to_vec();
        let is_cut = known.len() > MOST_KNOWN_TIERS;
        others.extend(known.iter().take(MOST_KNOWN_TIERS).map(|(path, _)| exactly(&lower_path(path))));
        let plain = match self.search.path(&granting.projects, &granting.path, within, &others) {
            Ok(path) => path,
            Err(why) => {
                untold.get_or_insert(why);
                None
            }
        };
        if is_cut {
            untold.get_or_insert(Untold::Budget);
        }
        let plain = plain.map(|path| (path, Vec::new()));
        let special = known.into_iter().take(MOST_KNOWN_TIERS).map(|(path, names)| (path.to_owned(), names));
        for (path, names) in plain.into_iter().chain(special) {
            for tier in tiers {
                let (set, mut less) = guessed(*tier);
                less.extend(avoided.iter().cloned());
                less.extend(names.iter().map(|(name, _)| exactly(name)));
                let mut all = sets.clone();
                all.extend(set.map(|words| Set::Expressions(vec![words])));
                match self.search.name(&all, &less) {
                    Ok(Some(name)) if names.is_empty() => {
                        return Ok(Some(self.recognised(asked, granting, path, Some((name, &all, &less)))));
                    }
                    Ok(Some(name)) => {
                        return Ok(Some(Point {
                            project: path,
                            is_known: true,
                            environment: Some(name),
                            ..Point::default()
                        }));
                    }
                    Ok(None) => {}
                    Err(why) => drop(untold.get_or_insert(why)),
                }
            }
        }
        untold.map_or(Ok(None), Err)
    }

    /// What was found, with a project and a name that the inventory has, if there are such.
    fn recognised(
        &mut self,
        asked: &Asked<'_>,
        granting: &Granting,
        path: String,
        name: Option<(String, &[Set], &[String])>,
    ) -> Point {
        let inventory = self.state.index().inventory();
        let environment = name.as_ref().map(|(name, ..)| name.clone());
        let mut point = Point { project: path, environment, ..Point::default() };
        let has_known_tiers = |path: &str| {
            asked.tiers.is_some()
                && self.known_tiers.binary_search_by(|(known, _)| known.as_str().cmp(&lower_path(path))).is_ok()
        };
        let listed = match &granting.projects {
            Projects::One(project) => inventory.and_then(|inventory| inventory.find_project(project)),
            part => {
                let listed = self.listed.get_or_insert_with(|| {
                    let projects = inventory.map(Inventory::projects).unwrap_or_default();
                    by_path(projects.iter().map(|project| (&*project.path, project)))
                });
                let projects = around(listed, part).iter().map(|(_, project)| *project);
                let mut projects = projects.take(MOST_LOOKS.saturating_sub(self.looks));
                let mut looks = 0;
                let found = projects.by_ref().inspect(|_| looks += 1).find(|project| {
                    part.holds(&project.path)
                        && asked.projects.iter().all(|globs| globs.is_match(&project.path))
                        && !asked.not_projects.iter().any(|globs| globs.is_match(&project.path))
                        && !has_known_tiers(&project.path)
                });
                self.looks += looks;
                found
            }
        };
        if let Projects::One(project) = &granting.projects {
            point.project.clone_from(project);
            point.is_known = true;
        }
        let Some(listed) = listed else { return point };
        point.project = listed.path.to_string();
        point.is_known = true;
        if let Some((_, sets, avoided)) = name {
            let environments = listed.environments.iter().flatten().map(|environment| &*environment.name);
            for name in environments {
                let is_plain = asked.tiers.is_none() || !has_known_tiers(&listed.path);
                if is_plain && self.search.fits(name, sets, avoided) {
                    point.environment = Some(name.to_owned());
                    break;
                }
            }
        }
        point
    }

    fn people(&mut self, agent: AgentId, policy: &Policy, scope: &People) -> Vec<(Option<Cause>, Outcome)> {
        let ways = self.state.people(agent);
        let Some(who) = ways.who else { return Vec::new() };
        let mut worst: BTreeMap<Cause, Outcome> = BTreeMap::new();
        for way in ways.ways.into_iter().filter(|way| takes(scope, &way.member)) {
            let Some(broken) = broken_by(policy, &way.member, &who) else { continue };
            let is_less = match worst.get(&way.cause) {
                Some(Outcome::Broken { conditions, .. }) => way.needs.len() < conditions.len(),
                _ => true,
            };
            if is_less {
                let shown = Shown::Member(way.member);
                worst.insert(way.cause, Outcome::Broken { broken, shown, who: who.clone(), conditions: way.needs });
            }
        }
        worst.into_iter().map(|(cause, outcome)| (Some(cause), outcome)).collect()
    }
}

fn by_path<'p, T>(all: impl Iterator<Item = (&'p str, T)>) -> ByName<T> {
    let mut all: ByName<T> = all.map(|(path, thing)| (lower_path(path).into_owned(), thing)).collect();
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    all
}

fn known_tiers(inventory: Option<&Inventory>) -> ByName<KnownTiers<'_>> {
    let projects = inventory.map(Inventory::projects).unwrap_or_default();
    let known_tiers = projects.iter().filter_map(|project| {
        let environments = project.environments.iter().flatten();
        let known = environments.filter_map(|environment| {
            let tier = environment.tier.filter(|tier| *tier != EnvironmentTier::guess(&environment.name))?;
            Some((&*environment.name, tier))
        });
        let known: Vec<_> = known.collect();
        (!known.is_empty()).then_some((&*project.path, known))
    });
    by_path(known_tiers.map(|known| (known.0, known)))
}

/// Whether a pattern of contexts may take an agent of this name whose configuration project is not known.
fn may_name(glob: &str, name: &str) -> bool {
    // Nothing but the name stands behind the colon, unless a group in braces has one.
    match glob.rsplit_once(':') {
        Some((_, last)) if !glob.contains(['{', '[']) => {
            Globs::read([last], super::Compared::AsWritten).map_or(true, |globs| globs.is_match(name))
        }
        _ => true,
    }
}

fn exactly(text: &str) -> String {
    format!("^{}$", regex::escape(text))
}

/// The names of which a tier is guessed: an expression that matches them, if any is asked, and expressions that do not.
fn guessed(tier: EnvironmentTier) -> (Option<String>, Vec<String>) {
    let mut before = Vec::new();
    for (guess, words) in EnvironmentTier::GUESSES {
        let expression = format!("(?i)(?:{})", words.join("|"));
        if guess == tier {
            return (Some(expression), before);
        }
        before.push(expression);
    }
    (None, before)
}

fn mode(who: &Who) -> Mode {
    match who {
        Who::Agent => Mode::Agent,
        Who::CiJob => Mode::CiJob,
        Who::Fixed { .. } => Mode::Impersonate,
        Who::User => Mode::User,
    }
}

/// A job.
#[derive(Clone, Debug, Default)]
struct Point {
    project: String,
    is_known: bool,
    environment: Option<String>,
    known_tier: Option<EnvironmentTier>,
    protected: bool,
    managed: bool,
}

impl Point {
    fn shown(self) -> Shown {
        let Self { project, is_known, environment, known_tier, protected, managed } = self;
        Shown::Job { project, is_known, environment, known_tier, protected, managed }
    }
}

/// What no job may be that is let in: all of it at once.
struct Asked<'p> {
    broken: Broken,
    protected: Option<bool>,
    modes: Option<Vec<Mode>>,
    /// Whether it may have no environment.
    without: bool,
    /// Lists that all take its environment.
    names: Vec<&'p Globs>,
    not_names: Vec<&'p Globs>,
    /// The tier of its environment is one of these.
    tiers: Option<Vec<EnvironmentTier>>,
    projects: Vec<&'p Globs>,
    not_projects: Vec<&'p Globs>,
}

/// What breaks a policy about jobs, each by itself; the most telling first.
fn asked(policy: &Policy) -> Vec<Asked<'_>> {
    let scope = |broken| Asked {
        broken,
        protected: None,
        modes: None,
        without: policy.environments.is_none(),
        names: policy.environments.iter().collect(),
        not_names: Vec::new(),
        tiers: None,
        projects: policy.projects.iter().collect(),
        not_projects: Vec::new(),
    };
    let mut all = Vec::new();
    if let Some(Required { protected, environments, identity, tier, projects, people: _ }) = &policy.require {
        if let Some(projects) = projects {
            all.push(Asked { not_projects: vec![projects], ..scope(Broken::Projects) });
        }
        if let Some(protected) = protected {
            all.push(Asked { protected: Some(!protected), ..scope(Broken::Protected) });
        }
        if let Some(environments) = environments {
            all.push(Asked { not_names: vec![environments], ..scope(Broken::Environments) });
        }
        if let Some(tier) = tier {
            let others = EnvironmentTier::ALL.into_iter().filter(|other| !tier.contains(other)).collect();
            all.push(Asked { tiers: Some(others), ..scope(Broken::Tier) });
        }
        if let Some(identity) = identity {
            let modes = [Mode::Agent, Mode::CiJob, Mode::Impersonate];
            let others = modes.into_iter().filter(|other| !identity.contains(other)).collect();
            all.push(Asked { modes: Some(others), ..scope(Broken::Identity) });
        }
    }
    if let Some(Required { protected, environments, identity, tier, projects, people: _ }) = &policy.forbid {
        let mut forbidden = scope(Broken::Forbidden);
        forbidden.protected = *protected;
        forbidden.modes.clone_from(identity);
        forbidden.tiers.clone_from(tier);
        forbidden.without &= environments.is_none() && tier.is_none();
        forbidden.names.extend(environments);
        forbidden.projects.extend(projects);
        all.push(forbidden);
    }
    all
}

/// Whether a member is among people.
fn takes(people: &People, member: &Member) -> bool {
    match member {
        Member::Administrators => people.administrators,
        Member::Group(path) | Member::Project(path) => {
            people.members.as_ref().is_some_and(|members| members.is_match(path))
        }
    }
}

fn broken_by(policy: &Policy, member: &Member, who: &Who) -> Option<Broken> {
    let is_taken = |people: &Option<People>| people.as_ref().map(|people| takes(people, member));
    let is_who = |modes: &Option<Vec<Mode>>| modes.as_ref().map(|modes| modes.contains(&mode(who)));
    if let Some(require) = &policy.require {
        if is_taken(&require.people) == Some(false) {
            return Some(Broken::People);
        }
        if is_who(&require.identity) == Some(false) {
            return Some(Broken::Identity);
        }
    }
    let forbid = policy.forbid.as_ref()?;
    let is_forbidden = is_taken(&forbid.people) != Some(false) && is_who(&forbid.identity) != Some(false);
    is_forbidden.then_some(Broken::Forbidden)
}
