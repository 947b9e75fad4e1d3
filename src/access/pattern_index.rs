//! Which of many patterns may match a name, so that a name is not compared with each.
//!
//! A pattern without `*` matches its own text alone. Of any other that has nothing but letters, digits and stars in it, each piece between the stars
//! occurs in every name that it matches, by whichever matcher of GitLab's; the longest piece is looked for. All others are compared with every name.

use std::borrow::Borrow;
use std::collections::{BTreeSet, HashMap, HashSet};

use aho_corasick::AhoCorasick;

use crate::agent_config::Spanned;
use crate::gitlab::PartialText;

/// From how many patterns on an index is worth it.
const FEW: usize = 8;

/// Some patterns, by what a name must have to match.
#[derive(Debug, Default)]
pub(crate) struct PatternIndex {
    /// By the whole name.
    exact: HashMap<Box<str>, usize>,
    /// By a piece that the name holds: the pieces, and the patterns of each.
    pieces: Option<AhoCorasick>,
    by_piece: Vec<Vec<usize>>,
    /// Those that say no more of names.
    others: Vec<usize>,
    /// All of them, each text once.
    all: Vec<usize>,
}

impl PatternIndex {
    /// Indexes patterns. Of equal ones only the first is ever a candidate.
    pub fn of<P: Borrow<str>>(patterns: impl IntoIterator<Item = P>) -> Self {
        let mut index = Self::default();
        let (mut known, mut pieces) = (HashSet::new(), Vec::<String>::new());
        let mut piece_at: HashMap<String, usize> = HashMap::new();
        for (at, pattern) in patterns.into_iter().enumerate() {
            let pattern = pattern.borrow();
            if !known.insert(pattern.to_owned()) {
                continue;
            }
            index.all.push(at);
            if !pattern.contains('*') {
                index.exact.insert(pattern.into(), at);
                continue;
            }
            match piece_of(pattern) {
                Some(piece) => {
                    let number = *piece_at.entry(piece.to_owned()).or_insert_with(|| {
                        pieces.push(piece.to_owned());
                        pieces.len() - 1
                    });
                    if number == index.by_piece.len() {
                        index.by_piece.push(Vec::new());
                    }
                    index.by_piece.get_mut(number).into_iter().for_each(|patterns| patterns.push(at));
                }
                None => index.others.push(at),
            }
        }
        if !pieces.is_empty() {
            match AhoCorasick::new(&pieces) {
                Ok(automaton) => index.pieces = Some(automaton),
                // Of so many pieces that none can be made, all are compared.
                Err(_) => index.others.extend(std::mem::take(&mut index.by_piece).into_iter().flatten()),
            }
        }
        index
    }

    /// The positions of the patterns that may match a name, in their order.
    pub fn candidates(&self, name: &str) -> Vec<usize> {
        let mut found = self.others.clone();
        found.extend(self.exact.get(name));
        if let Some(pieces) = &self.pieces {
            let met: BTreeSet<usize> = pieces.find_overlapping_iter(name).map(|met| met.pattern().as_usize()).collect();
            found.extend(met.into_iter().filter_map(|piece| self.by_piece.get(piece)).flatten());
        }
        found.sort_unstable();
        found
    }

    /// The same for a name of which parts are not known: those may hold any piece.
    pub fn candidates_partial(&self, name: &PartialText) -> Vec<usize> {
        name.as_known().map_or_else(|| self.all.clone(), |known| self.candidates(known))
    }

    /// Which of the patterns match any of these names, when `matches` tells of each by its position; equal ones do together.
    pub fn met<'n>(
        patterns: &[Spanned<String>],
        names: impl Iterator<Item = &'n PartialText>,
        matches: impl Fn(usize, &PartialText) -> bool,
    ) -> Vec<bool> {
        let index = Self::of(patterns.iter().map(|pattern| &*pattern.value));
        let mut met = vec![false; patterns.len()];
        let mut open: BTreeSet<usize> = index.all.iter().copied().collect();
        for name in names {
            if open.is_empty() {
                break;
            }
            let candidates = match name.as_known() {
                Some(known) => index.candidates(known),
                None => open.iter().copied().collect(),
            };
            for at in candidates {
                if open.contains(&at) && matches(at, name) {
                    open.remove(&at);
                    met[at] = true;
                }
            }
        }
        let first: HashMap<&str, bool> =
            index.all.iter().filter_map(|&at| Some((&*patterns.get(at)?.value, *met.get(at)?))).collect();
        patterns.iter().map(|pattern| first.get(&*pattern.value).copied().unwrap_or_default()).collect()
    }

    /// Whether so many patterns are worth an index.
    pub fn is_worth(patterns: usize) -> bool {
        patterns > FEW
    }
}

/// The longest piece that every name has that the pattern matches.
fn piece_of(pattern: &str) -> Option<&str> {
    // `.` is any character to one matcher; with anything else a pattern is a regular expression to it.
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "/_-. *".contains(character);
    let pieces = pattern.split(['*', '.']).filter(|piece| !piece.is_empty());
    pieces.max_by_key(|piece| piece.len()).filter(|_| pattern.chars().all(is_plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_with_few_of_many_patterns() {
        let pattern = |number: usize| Spanned { value: format!("e{number}/*x"), span: crate::source::Span::default() };
        let patterns: Vec<Spanned<String>> = (0..1_000).map(pattern).collect();
        let names: Vec<PartialText> = (0..1_000).map(|number| PartialText::known(&format!("e{number}/a"))).collect();
        let compared = std::cell::Cell::new(0);
        let met = PatternIndex::met(&patterns, names.iter(), |_, _| {
            compared.set(compared.get() + 1);
            false
        });
        assert_eq!((met.len(), compared.get()), (1_000, 1_000));
    }

    proptest::proptest! {
        #[test]
        fn every_pattern_that_matches_is_a_candidate(
            patterns in proptest::collection::vec("[ab.*(/]{0,5}", 0..20), name in "[ab./]{0,6}",
        ) {
            let candidates = PatternIndex::of(patterns.iter().map(String::as_str)).candidates(&name);
            for (at, text) in patterns.iter().enumerate() {
                let pattern = crate::access::EnvironmentPattern::new(text, crate::access::EnvironmentMatcher::Either);
                let is_known = patterns.iter().position(|other| other == text).is_some_and(|at| candidates.contains(&at));
                let is_out = pattern.compare_partial(&PartialText::known(&name)) == crate::access::Comparison::Settled(crate::access::PartialVerdict::Never);
                proptest::prop_assert!(is_known || is_out, "{at} {text}");
            }
        }
    }

    #[test]
    fn few_of_many_patterns_are_candidates() {
        let patterns: Vec<String> = (0..1_000).map(|number| format!("e{number}/*x")).collect();
        let index = PatternIndex::of(patterns.iter().map(String::as_str));
        assert_eq!(index.candidates("e7/ax"), [7]);
        assert_eq!(index.candidates("f7/a"), [0_usize; 0]);
        let index = PatternIndex::of(["prod", "*", "a.c*", "prod", "(x)*", "*b*", "p*"]);
        assert_eq!(index.candidates("prod"), [0, 1, 4, 6]);
        assert_eq!(index.candidates("abc"), [1, 2, 4, 5]);
        assert_eq!(index.candidates_partial(&PartialText::unknown("X", crate::gitlab::Shape::Any)), [0, 1, 2, 4, 5, 6]);
    }
}
