//! Which of many accepted findings is about a finding, without asking each.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use super::Finding;
use super::suppression::AcceptedFinding;

/// Positions by rule and route.
type Routes<'a> = HashMap<(&'static str, Option<&'a str>), usize>;

/// The accepted findings of a settings file, found by rule, route and file.
#[derive(Debug)]
pub(crate) struct AcceptedIndex<'a> {
    all: &'a [AcceptedFinding],
    /// Those of every file.
    anywhere: Routes<'a>,
    /// Those of one file.
    by_path: HashMap<&'a str, Routes<'a>>,
    /// The positions of those of all files that a pattern matches.
    with_pattern: Vec<usize>,
    /// The same as routes, for each file that was asked about.
    by_pattern: RefCell<HashMap<String, Routes<'a>>>,
    /// How long the routes are.
    lengths: HashMap<&'static str, BTreeSet<usize>>,
}

impl<'a> AcceptedIndex<'a> {
    pub fn of(all: &'a [AcceptedFinding]) -> Self {
        let mut index = Self {
            all,
            anywhere: HashMap::new(),
            by_path: HashMap::new(),
            with_pattern: Vec::new(),
            by_pattern: RefCell::default(),
            lengths: HashMap::new(),
        };
        for (at, accepted) in all.iter().enumerate() {
            index.lengths.entry(accepted.rule).or_default().extend(accepted.at.as_ref().map(String::len));
            let routes = match (&accepted.path, &accepted.file) {
                (None, _) => &mut index.anywhere,
                (Some(_), Some(file)) => index.by_path.entry(file).or_default(),
                (Some(_), None) => {
                    index.with_pattern.push(at);
                    continue;
                }
            };
            routes.entry((accepted.rule, accepted.at.as_deref())).or_insert(at);
        }
        index
    }

    /// The position of the first that is about a finding, of which `path` is the file from the folder of the settings file on.
    ///
    /// Costs in proportion to the lengths that routes have, and once a file to the patterns.
    pub fn first(&self, finding: &Finding, path: &str) -> Option<usize> {
        let rule = finding.rule.name;
        let lengths = self.lengths.get(rule)?;
        let anchor = &*finding.anchor;
        let above = lengths.range(..=anchor.len()).filter_map(|&length| {
            let (at, rest) = (anchor.get(..length)?, anchor.get(length..)?);
            (rest.is_empty() || rest.starts_with(['.', '['])).then_some(Some(at))
        });
        let keys: Vec<(&'static str, Option<&str>)> = [None].into_iter().chain(above).map(|at| (rule, at)).collect();
        let least = |routes: &Routes<'_>| keys.iter().filter_map(|key| routes.get(key)).min().copied();
        let mut found = least(&self.anywhere);
        found = found.into_iter().chain(self.by_path.get(path).and_then(least)).min();
        if !self.with_pattern.is_empty() {
            let mut by_pattern = self.by_pattern.borrow_mut();
            if !by_pattern.contains_key(path) {
                by_pattern.insert(path.to_owned(), self.matching(path));
            }
            found = found.into_iter().chain(by_pattern.get(path).and_then(least)).min();
        }
        found
    }

    /// Those with a pattern that matches a file.
    fn matching(&self, path: &str) -> Routes<'a> {
        let mut routes = Routes::new();
        for &at in &self.with_pattern {
            if let Some(accepted) = self.all.get(at).filter(|accepted| accepted.is_of(path)) {
                routes.entry((accepted.rule, accepted.at.as_deref())).or_insert(at);
            }
        }
        routes
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::{INVALID_IGNORE, INVALID_SETTINGS, RuleInfo};
    use crate::source::{Place, Source, Span};

    const RULES: [&RuleInfo; 2] = [&INVALID_IGNORE, &INVALID_SETTINGS];

    fn accepted() -> impl Strategy<Value = AcceptedFinding> {
        let at = prop::option::of(prop::sample::select(vec!["a", "a.b", "a[x]", "a.b.c", "ab", "é"]));
        let path = prop::option::of(prop::sample::select(vec!["f", "g/h", "g/*", "*", "{f,g/h}", "?"]));
        (0..2usize, at, path).prop_map(|(rule, at, path)| AcceptedFinding {
            rule: RULES[rule].name,
            at: at.map(str::to_owned),
            path: path.map(|path| AcceptedFinding::pattern(path).expect("a pattern")),
            file: path.and_then(AcceptedFinding::only_path),
            place: Place { source: Arc::new(Source::new("s", "")), span: Span::default() },
        })
    }

    proptest! {
        #[test]
        fn the_first_is_the_first_that_hides(
            all in prop::collection::vec(accepted(), 0..12), rule in 0..2usize,
            anchor in "(a|ab|é)(\\.b|\\[x\\]|\\.c){0,3}", path in prop::sample::select(vec!["f", "g/h", "g", "é"]),
        ) {
            let finding = Finding::new(RULES[rule], &Arc::new(Source::new("x", "")), Span::default(), "").route(anchor);
            let first = all.iter().position(|accepted| accepted.hides(&finding, path));
            prop_assert_eq!(AcceptedIndex::of(&all).first(&finding, path), first);
        }
    }
}
