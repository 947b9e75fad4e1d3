//! The environments at which two grants differ, and whether there are any.

use std::collections::HashMap;
use std::sync::Arc;

use super::change::{Part, PatternList, Proof};
use super::terms::Allowed;
use crate::access::names::{Automata, Automaton, Found, NamePattern, Untold, is_name, shortest};

/// From how many patterns with stars on those that a region does not need are left in it: each takes a search to be told.
const FEW: usize = 40;

/// Environments, each part with a name that lies in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// Whether jobs without an environment are among them.
    pub without: bool,
    /// Parts.
    pub parts: Vec<(Part, String)>,
    /// What is not told of the rest.
    pub untold: Vec<Untold>,
}

impl Names {
    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        !self.without && self.parts.is_empty()
    }
}

/// Compares sets of names, each two of them once.
#[derive(Debug, Default)]
pub(super) struct Regions {
    automata: Automata,
    /// Whether an expression can be judged here.
    judged: HashMap<NamePattern, bool>,
    parts: HashMap<(Vec<PatternList>, PatternList), Arc<Told>>,
    pub proof: Proof,
}

/// A part with a name in it, or none; and what is not told.
type Told = (Option<(Part, String)>, Vec<Untold>);

impl Regions {
    /// The environments that `one` lets in and `other` does not.
    pub fn difference(&mut self, one: Option<&Allowed>, other: Option<&Allowed>) -> Names {
        let Some(one) = one else { return Names::default() };
        let mut names = Names { without: one.without && other.is_none_or(|other| !other.without), ..Names::default() };
        let nothing = PatternList { patterns: Vec::new(), is_new: false };
        match other {
            None => self.add(&one.lists, &nothing, &mut names),
            Some(other) => {
                let is_same = |list: &&PatternList| one.lists.iter().all(|known| known.patterns != list.patterns);
                for list in other.lists.iter().filter(is_same) {
                    self.add(&one.lists, list, &mut names);
                }
            }
        }
        names
    }

    /// The environments that both let in.
    pub fn common(&mut self, one: Option<&Allowed>, other: Option<&Allowed>) -> Names {
        let Some((one, other)) = one.zip(other) else { return Names::default() };
        let mut lists = one.lists.clone();
        lists.extend(
            other.lists.iter().filter(|list| one.lists.iter().all(|known| known.patterns != list.patterns)).cloned(),
        );
        let mut names = Names { without: one.without && other.without, ..Names::default() };
        self.add(&lists, &PatternList { patterns: Vec::new(), is_new: false }, &mut names);
        names
    }

    fn add(&mut self, within: &[PatternList], without: &PatternList, names: &mut Names) {
        let key = (within.to_vec(), without.clone());
        let told = match self.parts.get(&key) {
            Some(told) => Arc::clone(told),
            None => {
                self.proof.comparisons += 1;
                let told = Arc::new(self.part(within, without));
                self.parts.insert(key, Arc::clone(&told));
                told
            }
        };
        names.parts.extend(told.0.clone());
        names.untold.extend(told.1.iter().cloned());
    }

    /// Looks for names that all of some lists meet and none of some patterns; with those patterns alone that have a part in it.
    fn part(&mut self, within: &[PatternList], without: &PatternList) -> Told {
        // The list with most patterns goes pattern by pattern: those that stand on both sides need no search.
        let Some((main, at)) = (0..)
            .zip(within)
            .max_by_key(|(_, list)| (list.patterns.len(), *list))
            .map(|(at, list): (usize, _)| (list, at))
        else {
            return match self.search(&[], without) {
                Ok(Some(name)) => {
                    (Some((Part { within: Vec::new(), without: self.needed(&[], without) }, name)), Vec::new())
                }
                Ok(None) => (None, Vec::new()),
                Err(untold) => (None, vec![untold]),
            };
        };
        let others: Vec<PatternList> =
            (0..).zip(within).filter(|(number, _)| *number != at).map(|(_, list)| list.clone()).collect();
        let (mut kept, mut shortest, mut untold) = (Vec::new(), None::<String>, Vec::new());
        for pattern in main.patterns.iter().filter(|pattern| !without.patterns.contains(pattern)) {
            let alone = PatternList { patterns: vec![pattern.clone()], is_new: main.is_new };
            let lists: Vec<&PatternList> = std::iter::once(&alone).chain(&others).collect();
            match self.search(&lists, without) {
                Ok(Some(name)) => {
                    kept.push(pattern.clone());
                    if shortest.as_ref().is_none_or(|known| name.len() < known.len()) {
                        shortest = Some(name);
                    }
                }
                Ok(None) => {}
                Err(why) => untold.push(why),
            }
        }
        let part = shortest.map(|name| {
            let mut within = vec![PatternList { patterns: kept, is_new: main.is_new }];
            within.extend(others);
            within.sort();
            let lists: Vec<&PatternList> = within.iter().collect();
            let without = self.needed(&lists, without);
            (Part { within, without }, name)
        });
        untold.sort();
        untold.dedup();
        (part, untold)
    }

    /// The patterns that meet a name of all lists, so that leaving them out would be another region.
    fn needed(&mut self, within: &[&PatternList], without: &PatternList) -> PatternList {
        let stars = without.patterns.iter().filter(|pattern| pattern.has_star()).count();
        let nothing = PatternList { patterns: Vec::new(), is_new: false };
        let mut needed = Vec::new();
        for pattern in &without.patterns {
            let is_needed = if pattern.has_star() && stars > FEW {
                true
            } else {
                let alone = PatternList { patterns: vec![pattern.clone()], is_new: without.is_new };
                let mut lists = within.to_vec();
                lists.push(&alone);
                self.search(&lists, &nothing) != Ok(None)
            };
            if is_needed {
                needed.push(pattern.clone());
            }
        }
        // Without patterns no matcher is asked, and the region is the one that it is on other refs.
        let is_new = without.is_new && !needed.is_empty();
        PatternList { patterns: needed, is_new }
    }

    /// A name that all lists meet and no pattern of the other; none where that is proved.
    fn search(&mut self, within: &[&PatternList], without: &PatternList) -> Result<Option<String>, Untold> {
        // A single name is tried, which takes no automaton.
        let single = within.iter().find_map(|list| match &list.patterns[..] {
            [only] if !only.has_star() => Some(only.text()),
            _ => None,
        });
        if let Some(name) = single {
            return self.tried(name, within, without);
        }
        // Patterns that only Ruby can judge are left out where names are to be avoided, and what is found is held against them.
        let (judged, unjudged): (Vec<&NamePattern>, Vec<&NamePattern>) =
            without.patterns.iter().partition(|pattern| self.is_judged(pattern));
        let judged: Vec<NamePattern> = judged.into_iter().cloned().collect();
        let mut automata = Vec::with_capacity(within.len());
        for list in within {
            automata.push(self.automata.of(&list.patterns)?);
        }
        let automata: Vec<&Automaton> = automata.iter().map(|automaton| &**automaton).collect();
        // The first of all names is the first of those that are to be found, if it is one of them: most patterns keep apart from the others.
        let (mut found, spent) = shortest(&automata, &*self.automata.of(&[])?);
        self.proof.nodes += spent.nodes;
        let is_avoided = |name: &String| {
            judged.iter().any(|pattern| pattern.is_expression() || pattern.matches(name) != Some(false))
        };
        if matches!(&found, Found::TooMany) || matches!(&found, Found::Name(name) if is_avoided(name)) {
            let avoided = self.automata.of(&judged)?;
            let (others, spent) = shortest(&automata, &avoided);
            self.proof.nodes += spent.nodes;
            found = others;
        }
        match (found, unjudged.first()) {
            (Found::Nothing, _) => Ok(None),
            (Found::Name(name), None) => Ok(Some(name)),
            (Found::Name(_), Some(pattern)) => Err(Untold::Expression(pattern.text().to_owned())),
            (Found::TooMany, _) => Err(Untold::Budget),
        }
    }

    fn is_judged(&mut self, pattern: &NamePattern) -> bool {
        if !pattern.is_expression() {
            return pattern.matches("a").is_some();
        }
        *self.judged.entry(pattern.clone()).or_insert_with(|| pattern.matches("a").is_some())
    }

    fn tried(&self, name: &str, within: &[&PatternList], without: &PatternList) -> Result<Option<String>, Untold> {
        if !is_name(name) {
            return Ok(None);
        }
        for list in within {
            match meets(list, name) {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(untold) => return Err(untold),
            }
        }
        meets(without, name).map(|is_met| (!is_met).then(|| name.to_owned()))
    }
}

/// Whether a pattern of a list meets a name.
fn meets(list: &PatternList, name: &str) -> Result<bool, Untold> {
    let mut unjudged = None;
    for pattern in &list.patterns {
        match pattern.matches(name) {
            Some(true) => return Ok(true),
            Some(false) => {}
            None => unjudged = Some(pattern),
        }
    }
    unjudged.map_or(Ok(false), |pattern| Err(Untold::Expression(pattern.text().to_owned())))
}
