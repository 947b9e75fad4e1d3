//! What the settings leave open: pairs of matchers, and facts that hold or do not.

use std::collections::BTreeSet;

use crate::access::{Condition, EnvironmentMatcher, Settings, Unknown};
use crate::gitlab::Version;

/// Which matcher either side has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pair {
    /// Whether BASE has the new one.
    pub base_is_new: bool,
    /// Whether HEAD has the new one.
    pub head_is_new: bool,
}

impl Pair {
    /// Whether both sides have the same one.
    #[must_use]
    pub fn is_even(self) -> bool {
        self.base_is_new == self.head_is_new
    }
}

/// The pairs that are possible, in order.
pub type Pairs = Vec<Pair>;

/// The pairs that two releases leave possible: one release has one matcher, and a later one does not go back.
#[must_use]
pub fn pairs(base: Settings, head: Settings) -> Pairs {
    let may_be = |settings: Settings, is_new: bool| {
        let matcher: EnvironmentMatcher = settings.environment_matcher();
        if is_new { matcher.may_be_new() } else { matcher.may_be_old() }
    };
    let line = |version: Version| (version.major, version.minor);
    let order = line(base.version).cmp(&line(head.version));
    let both = [false, true];
    let all = both.iter().flat_map(|&base| both.iter().map(move |&head| Pair { base_is_new: base, head_is_new: head }));
    let fits = |pair: &Pair| {
        may_be(base, pair.base_is_new)
            && may_be(head, pair.head_is_new)
            && match order {
                std::cmp::Ordering::Equal => pair.is_even(),
                std::cmp::Ordering::Less => pair.base_is_new <= pair.head_is_new,
                std::cmp::Ordering::Greater => pair.base_is_new >= pair.head_is_new,
            }
    };
    all.filter(fits).collect()
}

/// The most facts of one part of the projects; each doubles its cases.
const MOST_FACTS: usize = 8;

/// The facts that decide about one part of the projects.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts(Vec<Unknown>, bool);

impl Facts {
    /// Adds what conditions hang on.
    pub fn add<'c>(&mut self, conditions: impl IntoIterator<Item = &'c Condition>) {
        for condition in conditions {
            match self.0.contains(&condition.unknown) {
                true => {}
                false if self.0.len() < MOST_FACTS => self.0.push(condition.unknown.clone()),
                false => self.1 = true,
            }
        }
    }

    /// Whether there are more than can be told apart.
    pub fn are_too_many(&self) -> bool {
        self.1
    }

    /// Every way in which they can hold or not, by number.
    pub fn assignments(&self) -> Vec<Vec<Condition>> {
        let one = |number: usize| {
            let with =
                |(at, unknown): (usize, &Unknown)| Condition { unknown: unknown.clone(), holds: number >> at & 1 == 0 };
            self.0.iter().enumerate().map(with).collect()
        };
        (0..1 << self.0.len()).map(one).collect()
    }

    /// Some of the ways, as lists of conditions that all have to hold; no two lists hold at once.
    pub fn conditions(&self, numbers: &BTreeSet<usize>) -> Vec<Vec<Condition>> {
        self.divided(0, numbers)
    }

    fn divided(&self, at: usize, numbers: &BTreeSet<usize>) -> Vec<Vec<Condition>> {
        let Some(unknown) = self.0.get(at) else {
            return if numbers.is_empty() { Vec::new() } else { vec![Vec::new()] };
        };
        let half = |holds: bool| -> BTreeSet<usize> {
            let of_half = numbers.iter().filter(|number| (*number >> at & 1 == 0) == holds);
            of_half.map(|number| number & !(1 << at)).collect()
        };
        let (with, without) = (half(true), half(false));
        if with == without {
            return self.divided(at + 1, &with);
        }
        let under = |holds: bool, numbers: &BTreeSet<usize>| {
            let condition = Condition { unknown: unknown.clone(), holds };
            let with = move |rest: Vec<Condition>| std::iter::once(condition.clone()).chain(rest).collect();
            self.divided(at + 1, numbers).into_iter().map(with).collect::<Vec<Vec<Condition>>>()
        };
        let mut all = under(true, &with);
        all.extend(under(false, &without));
        all
    }
}

/// Whether conditions hold in a way in which facts are settled.
pub(super) fn hold(conditions: &[Condition], settled: &[Condition]) -> bool {
    conditions.iter().all(|condition| settled.contains(condition))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(version: &str) -> Settings {
        Settings { version: version.parse().expect("a release"), is_release_assumed: false, ..Settings::default() }
    }

    #[test]
    fn each_two_releases_leave_their_pairs() {
        let told = |base: &str, head: &str| {
            let one = |is_new| if is_new { "new" } else { "old" };
            let pairs = pairs(settings(base), settings(head)).into_iter();
            let told = pairs.map(|pair| format!("{}-{}", one(pair.base_is_new), one(pair.head_is_new)));
            told.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told("18.4", "18.4"), "old-old");
        assert_eq!(told("18.9", "19.5"), "old-new");
        assert_eq!(told("19.5", "19.6"), "new-new");
        assert_eq!(told("19.0", "19.0"), "old-old new-new");
        assert_eq!(told("18.9", "19.2"), "old-old old-new");
        assert_eq!(told("19.2", "19.5"), "old-new new-new");
        assert_eq!(told("19.1", "19.3"), "old-old old-new new-new");
        assert_eq!(told("19.3", "19.1"), "old-old new-old new-new");
    }

    #[test]
    fn conditions_are_as_few_as_the_ways_allow() {
        let mut facts = Facts::default();
        let condition = |unknown| Condition { unknown, holds: true };
        facts.add(&[condition(Unknown::PaidTier), condition(Unknown::InstanceAuthorization)]);
        let told = |numbers: &[usize]| -> Vec<Vec<bool>> {
            let lists = facts.conditions(&numbers.iter().copied().collect());
            lists.iter().map(|list| list.iter().map(|condition| condition.holds).collect()).collect()
        };
        assert_eq!(told(&[0, 1, 2, 3]), [[true; 0]]);
        assert_eq!(told(&[0, 2]), [[true]]);
        assert_eq!(told(&[3]), [[false, false]]);
        assert_eq!(told(&[0, 1, 2]), [vec![true], vec![false, true]]);
        assert!(told(&[]).is_empty());
    }
}
