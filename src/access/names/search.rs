//! The search for the shortest name in some sets and not in others.

use std::collections::HashMap;

use super::automaton::{ALL, Automaton, CHARACTERS, Characters, State};
use crate::gitlab::MAX_ENVIRONMENT_NAME;

/// The most nodes of one search.
const MAX_NODES: usize = 20_000;

/// The most work of one search: one for each state of a set that is built or compared.
const MAX_WORK: usize = 5_000_000;

/// What a search came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// No name; this is proved.
    Nothing,
    /// The first of the shortest names, in the order of characters that examples prefer.
    Name(String),
    /// There were too many possibilities to rule out.
    TooMany,
}

/// What a search took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Nodes.
    pub nodes: usize,
    /// Work: one for each state of a set that is built or compared.
    pub work: usize,
}

/// What stands for everything behind: the name is matched however it goes on.
const MATCHED: u32 = u32::MAX;

/// How far a name can end here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Shape {
    Empty,
    /// Blanks alone, which are no name.
    Blank,
    /// The last character is `/`, where no name ends.
    Slash,
    /// A name.
    Name,
}

impl Shape {
    /// Behind one more character; `None` where no name begins so.
    fn then(self, character: u8) -> Option<Self> {
        match (self, character) {
            (Self::Empty, b'/') => None,
            (_, b'/') => Some(Self::Slash),
            (Self::Empty | Self::Blank, b' ') => Some(Self::Blank),
            _ => Some(Self::Name),
        }
    }
}

struct Node {
    /// A state of each union that the name has to be in.
    at: Vec<u32>,
    shape: Shape,
    /// The states of what it must not be in, less those that are always there.
    avoided: Vec<u32>,
    from: usize,
    by: u8,
    length: usize,
}

/// Whether an environment can have this name. Source: `environment_name_regex` in `lib/gitlab/regex.rb`, `app/models/environment.rb`.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let shape = name.bytes().try_fold(Shape::Empty, |shape, character| {
        CHARACTERS.contains(&character).then(|| shape.then(character)).flatten()
    });
    shape == Some(Shape::Name) && name.len() <= MAX_ENVIRONMENT_NAME
}

/// The shortest name that is in all of `within` and not in `without`.
#[must_use]
pub fn shortest(within: &[&Automaton], without: &Automaton) -> (Found, Spent) {
    shortest_up_to(MAX_ENVIRONMENT_NAME, within, without)
}

/// The same of other texts of these characters, such as paths in lower case, with at most so many of them.
#[must_use]
pub fn shortest_up_to(longest: usize, within: &[&Automaton], without: &Automaton) -> (Found, Spent) {
    if within.iter().enumerate().any(|(at, one)| within.iter().take(at).any(|other| one.is_apart_from(other))) {
        return (Found::Nothing, Spent::default());
    }
    let mut search = Search::new(longest, within, without);
    let found = search.run();
    (found, Spent { nodes: search.nodes.len(), work: search.work })
}

/// States in order, with a bit for each of them.
type Set = (u64, Vec<u32>);

struct Search<'a> {
    longest: usize,
    within: &'a [&'a Automaton],
    without: &'a Automaton,
    /// Characters that nothing tells apart, by the first of each in the preferred order.
    classes: Vec<(u8, Characters)>,
    /// Where what is always there leads, for each class.
    from_always: Vec<Vec<u32>>,
    nodes: Vec<Node>,
    /// The smallest sets of what is to be avoided that were met at the same states.
    met: HashMap<(Vec<u32>, Shape), Vec<Set>>,
    work: usize,
}

impl<'a> Search<'a> {
    fn new(longest: usize, within: &'a [&'a Automaton], without: &'a Automaton) -> Self {
        let classes = classes(within.iter().copied().chain([without]));
        let from_always = classes.iter().map(|(_, characters)| {
            let mut reached = Vec::new();
            without.always.iter().for_each(|state| step(without, *state, *characters, &mut reached));
            sorted(&mut reached);
            less(reached, &without.always)
        });
        let from_always = from_always.collect();
        Self { longest, within, without, classes, from_always, nodes: Vec::new(), met: HashMap::new(), work: 0 }
    }

    fn run(&mut self) -> Found {
        let state = |number: &u32| self.without.states.get(*number as usize);
        if self.without.first.iter().filter_map(state).any(|state| state.matched) {
            return Found::Nothing;
        }
        // No state that is always there has matched, or every name would be.
        let always_ends = self.without.always.iter().filter_map(state).any(|state| state.ends);
        let avoided = less(self.without.first.clone(), &self.without.always);
        let first: Vec<Vec<u32>> = self.within.iter().map(|union| reduced(union, &union.first)).collect();
        for at in combinations(&first) {
            let node = Node { at, shape: Shape::Empty, avoided: avoided.clone(), from: usize::MAX, by: 0, length: 0 };
            self.nodes.push(node);
        }
        let mut next = 0;
        while next < self.nodes.len() {
            if let Some(found) = self.expand(next, always_ends) {
                return found;
            }
            if self.nodes.len() > MAX_NODES || self.work > MAX_WORK {
                return Found::TooMany;
            }
            next += 1;
        }
        Found::Nothing
    }

    /// Goes one character on from a node.
    fn expand(&mut self, from: usize, always_ends: bool) -> Option<Found> {
        let node = self.nodes.get(from).filter(|node| node.length < self.longest)?;
        let (at, shape, avoided, length) = (node.at.clone(), node.shape, node.avoided.clone(), node.length + 1);
        for index in 0..self.classes.len() {
            let (Some(&(character, characters)), Some(from_always)) =
                (self.classes.get(index), self.from_always.get(index))
            else {
                break;
            };
            let Some(shape) = shape.then(character) else { continue };
            let reached: Vec<Vec<u32>> =
                self.within.iter().zip(&at).map(|(union, state)| on(union, *state, characters)).collect();
            if reached.iter().any(Vec::is_empty) {
                continue;
            }
            let mut set = from_always.clone();
            avoided.iter().for_each(|state| step(self.without, *state, characters, &mut set));
            sorted(&mut set);
            let set = less(set, &self.without.always);
            self.work += 1 + avoided.len() + set.len();
            let state = |number: &u32| self.without.states.get(*number as usize);
            if set.iter().filter_map(state).any(|state| state.matched) {
                continue;
            }
            let is_avoided = always_ends || set.iter().filter_map(state).any(|state| state.ends);
            for at in combinations(&reached) {
                let is_in = |(union, state): (&&Automaton, &u32)| {
                    *state == MATCHED || union.states.get(*state as usize).is_some_and(|state| state.ends)
                };
                if shape == Shape::Name && !is_avoided && self.within.iter().zip(&at).all(is_in) {
                    return Some(Found::Name(self.name(from, character)));
                }
                if self.is_new(&at, shape, &set) {
                    self.nodes.push(Node { at, shape, avoided: set.clone(), from, by: character, length });
                }
            }
        }
        None
    }

    /// Whether no smaller set was met at these states: what a larger one can still avoid, that can as well, and as soon.
    fn is_new(&mut self, at: &[u32], shape: Shape, set: &[u32]) -> bool {
        let bits = set.iter().fold(0, |bits, state| bits | 1 << (state % 64));
        let met = self.met.entry((at.to_vec(), shape)).or_default();
        self.work += met.len();
        for (known, smaller) in &*met {
            if known & !bits == 0 {
                self.work += smaller.len();
                if is_subset(smaller, set) {
                    return false;
                }
            }
        }
        met.retain(|(known, larger)| !(bits & !known == 0 && is_subset(set, larger)));
        met.push((bits, set.to_vec()));
        true
    }

    fn name(&self, mut from: usize, last: u8) -> String {
        let mut name = vec![char::from(last)];
        while let Some(node) = self.nodes.get(from).filter(|node| node.length > 0) {
            name.push(char::from(node.by));
            from = node.from;
        }
        name.iter().rev().collect()
    }
}

/// The states that a character of a class leads to, or what stands for everything.
fn on(union: &Automaton, state: u32, characters: Characters) -> Vec<u32> {
    if state == MATCHED {
        return vec![MATCHED];
    }
    let mut reached = Vec::new();
    step(union, state, characters, &mut reached);
    sorted(&mut reached);
    reduced(union, &reached)
}

fn reduced(union: &Automaton, states: &[u32]) -> Vec<u32> {
    let has_matched = |number: &u32| union.states.get(*number as usize).is_some_and(|state| state.matched);
    if states.iter().any(has_matched) { vec![MATCHED] } else { states.to_vec() }
}

fn step(automaton: &Automaton, state: u32, characters: Characters, reached: &mut Vec<u32>) {
    let steps = automaton.states.get(state as usize).map(|State { steps, .. }| &steps[..]).unwrap_or_default();
    // A class is in a step whole or not at all.
    steps.iter().filter(|(on, _)| on & characters != 0).for_each(|(_, to)| reached.extend(to));
}

fn sorted(states: &mut Vec<u32>) {
    states.sort_unstable();
    states.dedup();
}

/// The states that are not among others; both in order.
fn less(mut states: Vec<u32>, others: &[u32]) -> Vec<u32> {
    if !others.is_empty() {
        states.retain(|state| others.binary_search(state).is_err());
    }
    states
}

fn is_subset(one: &[u32], other: &[u32]) -> bool {
    let mut rest = other.iter();
    one.iter().all(|wanted| rest.by_ref().find(|state| *state >= wanted) == Some(wanted))
}

fn combinations(lists: &[Vec<u32>]) -> Vec<Vec<u32>> {
    lists.iter().fold(vec![Vec::new()], |so_far, list| {
        let with = |before: &Vec<u32>, state: &u32| before.iter().chain([state]).copied().collect();
        so_far.iter().flat_map(|before| list.iter().map(move |state| with(before, state))).collect()
    })
}

/// Divides characters into those that no step tells apart.
fn classes<'a>(automata: impl Iterator<Item = &'a Automaton>) -> Vec<(u8, Characters)> {
    let mut sets: Vec<Characters> = automata.flat_map(|automaton| &automaton.told_apart).copied().collect();
    sets.sort_unstable();
    sets.dedup();
    let special =
        CHARACTERS.iter().enumerate().filter(|(_, character)| b"/ ".contains(character)).map(|(at, _)| 1 << at);
    let mut classes = vec![ALL];
    for set in special.chain(sets) {
        let halves = classes.iter().flat_map(|class| [class & set, class & !set]);
        classes = halves.filter(|class| *class != 0).collect();
    }
    let first = |class: &Characters| class.trailing_zeros() as usize;
    classes.sort_by_key(first);
    classes.iter().filter_map(|class| Some((*CHARACTERS.get(first(class))?, *class))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::access::names::NamePattern;

    fn union(patterns: &[(String, bool)]) -> Automaton {
        let patterns: Vec<NamePattern> =
            patterns.iter().map(|(text, is_new)| NamePattern::new(text, *is_new)).collect();
        Automaton::of(&patterns).expect("patterns that are judged")
    }

    fn search(within: &[&[(&str, bool)]], without: &[(&str, bool)]) -> Found {
        let owned = |patterns: &[(&str, bool)]| {
            patterns.iter().map(|(text, is_new)| ((*text).to_owned(), *is_new)).collect::<Vec<_>>()
        };
        let within: Vec<Automaton> = within.iter().map(|patterns| union(&owned(patterns))).collect();
        shortest(&within.iter().collect::<Vec<_>>(), &union(&owned(without))).0
    }

    #[test]
    fn the_shortest_name_is_found_or_none_is_proved() {
        let name = |name: &str| Found::Name(name.to_owned());
        assert_eq!(search(&[], &[]), name("a"));
        assert_eq!(search(&[], &[("*", false)]), Found::Nothing);
        assert_eq!(search(&[&[("prod*", false)]], &[("production", false)]), name("prod"));
        assert_eq!(search(&[&[("production", false)]], &[("prod*", false)]), Found::Nothing);
        assert_eq!(search(&[&[("prod*", false)]], &[("prod*", true)]), name("aprod"));
        assert_eq!(search(&[&[("prod*", true)]], &[("prod*", false)]), Found::Nothing);
        assert_eq!(search(&[&[("*prod", false)]], &[("prod*", false)]), Found::Nothing);
        assert_eq!(search(&[&[("review/*", false)], &[("*eu", true)]], &[]), name("review/eu"));
        assert_eq!(search(&[&[("*/", false)]], &[]), name("a/a"), "a slash within");
        assert_eq!(search(&[&[("*/", true)]], &[]), Found::Nothing, "no name ends with one");
        assert_eq!(search(&[&[(" ", false)]], &[]), Found::Nothing, "no name is of blanks alone");
        assert_eq!(search(&[&[("^e*", false), ("^[^e]*e*$", false)]], &[("*e*", false)]), Found::Nothing);
        assert_eq!(search(&[&[("*e*", false)]], &[("^e*", false), ("^[^e]*e*$", false)]), Found::Nothing);
    }

    #[test]
    fn what_begins_otherwise_takes_no_search() {
        let spent = |one: &str, other: &str| {
            let [one, other] = [one, other].map(|text| union(&[(text.to_owned(), true)]));
            let (found, spent) = shortest(&[&one, &other], &Automaton::default());
            (found == Found::Nothing, spent)
        };
        assert_eq!(spent("app-1*", "app-2*"), (true, Spent::default()));
        assert_eq!(spent("app-1*", "production"), (true, Spent::default()));
        // These have names in common, or are searched to tell that they have none.
        assert!(!spent("app-1*", "app-1").0 && !spent("*1", "app-*").0);
        assert!(spent("app-1*", "app").0 && spent("app-1*", "app").1 != Spent::default());
    }

    #[test]
    fn what_cannot_be_ruled_out_is_said() {
        let dots = ".".repeat(16);
        let (one, other, long) = (format!("^*a{dots}$"), format!("^*[^a]{dots}$"), format!("{dots}.*"));
        let search = || search(&[&[(&long, false)]], &[(&one, false), (&other, false)]);
        assert_eq!(search(), Found::TooMany);
        assert_eq!(search(), search(), "it is the same each time");
    }

    /// All names of up to five characters of these.
    fn all_names(letters: &str) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..5 {
            last = last.iter().flat_map(|name| letters.chars().map(move |letter| format!("{name}{letter}"))).collect();
            all.extend(last.iter().cloned());
        }
        all.retain(|name| is_name(name));
        all
    }

    fn judged() -> impl Strategy<Value = (String, bool)> {
        let text = prop_oneof!["[ab/*]{1,5}", r"\^?(a|b|[ab]|\(a\|b/?\)|[.]|\*){1,4}\$?"];
        (text, any::<bool>()).prop_filter("patterns that are judged", |(text, is_new)| {
            Automaton::of(&[NamePattern::new(text, *is_new)]).is_ok()
        })
    }

    proptest! {
        #[test]
        fn it_agrees_with_trying_every_name(
            within in proptest::collection::vec(proptest::collection::vec(judged(), 1..4), 0..3),
            without in proptest::collection::vec(judged(), 0..4),
        ) {
            let automata: Vec<Automaton> = within.iter().map(|patterns| union(patterns)).collect();
            let found = shortest(&automata.iter().collect::<Vec<_>>(), &union(&without)).0;
            let matches = |patterns: &[(String, bool)], name: &str| {
                patterns.iter().any(|(text, is_new)| NamePattern::new(text, *is_new).matches(name) == Some(true))
            };
            let fits = |name: &str| within.iter().all(|patterns| matches(patterns, name)) && !matches(&without, name);
            let tried = all_names("ab/").into_iter().find(|name| fits(name));
            match (found, tried) {
                (Found::Name(found), tried) => {
                    prop_assert!(is_name(&found) && fits(&found), "{found}");
                    prop_assert!(tried.is_none_or(|tried| found.len() <= tried.len()), "{found}");
                }
                (Found::Nothing, tried) => prop_assert_eq!(tried, None),
                (Found::TooMany, _) => prop_assert!(false, "over budget"),
            }
        }
    }
}
