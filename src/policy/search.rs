//! Whether there is an environment's name, or a project's path, that some sets take and others do not.

use std::collections::HashMap;
use std::sync::Arc;

use crate::access::names::{self, Automata, Automaton, Found, Made, NamePattern, Spent, is_name, shortest_up_to};
use crate::diff::{PatternList, Projects};
use crate::gitlab::{MAX_ENVIRONMENT_NAME, lower_path};

/// Names that people recognise, tried before a search.
const FAMILIAR: [&str; 8] =
    ["production", "staging", "review/feature-x", "dev", "testing", "preprod", "production-eu", "main"];

/// What every project's path looks like, in lower case; a group or user, and at least one segment below it.
const PROJECT_PATH: &str = r"^[a-z0-9_.][a-z0-9_.-]*(/[a-z0-9_.][a-z0-9_.-]*)+$";

/// The most characters of a path that is looked for.
const LONGEST_PATH: usize = 1_000;

/// The most work of all searches for one state, and what each takes besides that has to look further than at beginnings; some seconds in all.
const MOST_WORK: usize = 200_000_000;
const WORK_OF_EACH: usize = 500;

/// Of more patterns than these in a list, not the shortest name of all is looked for.
const MANY: usize = 100;

/// Why it is not told whether there is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Untold {
    /// Only Ruby can judge this pattern.
    Expression(String),
    /// There were too many possibilities to rule out.
    Budget,
    /// There are more unknown facts than can be told apart.
    Facts,
}

impl From<names::Untold> for Untold {
    fn from(untold: names::Untold) -> Self {
        match untold {
            names::Untold::Expression(pattern) => Self::Expression(pattern),
            names::Untold::Budget => Self::Budget,
        }
    }
}

/// A set of names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Set {
    /// Those that a pattern of an entry matches.
    Patterns(Vec<NamePattern>),
    /// Those that an expression matches.
    Expressions(Vec<String>),
}

impl From<&PatternList> for Set {
    fn from(list: &PatternList) -> Self {
        Self::Patterns(list.patterns.clone())
    }
}

/// One that was found, or `None` where it is proved that there is none.
pub(super) type Told = Result<Option<String>, Untold>;

/// A part of the projects, lists of which each has to match, and what may not.
type PathKey = (Projects, Vec<Vec<String>>, Vec<String>);

/// Answers, each worked out once.
#[derive(Debug, Default)]
pub(super) struct Search {
    automata: Automata,
    of_expressions: HashMap<Vec<String>, Result<Arc<Automaton>, Untold>>,
    names: HashMap<(Vec<Set>, Vec<String>), Told>,
    paths: HashMap<PathKey, Told>,
    /// The work of all searches.
    work: usize,
}

impl Search {
    /// A name that is in all sets and that no expression matches.
    pub fn name(&mut self, within: &[Set], without: &[String]) -> Told {
        let key = (within.to_vec(), without.to_vec());
        if let Some(known) = self.names.get(&key) {
            return known.clone();
        }
        let told = match FAMILIAR.into_iter().find(|name| self.fits(name, within, without)) {
            Some(name) => Ok(Some(name.to_owned())),
            None => self.shortest_name(within, without),
        };
        self.names.insert(key, told.clone());
        told
    }

    /// Whether it is certain that a name is in all sets and that no expression matches it.
    pub fn fits(&mut self, name: &str, within: &[Set], without: &[String]) -> bool {
        let avoided = self.of_expressions(without);
        // What policies ask is short, and entries may list many patterns.
        let is_asked = |set: &Set| match set {
            Set::Patterns(_) => true,
            Set::Expressions(expressions) => {
                self.of_expressions(expressions).is_ok_and(|automaton| automaton.holds(name))
            }
        };
        let is_let_in = |set: &Set| match set {
            Set::Patterns(patterns) => patterns.iter().any(|pattern| pattern.matches(name) == Some(true)),
            Set::Expressions(_) => true,
        };
        is_name(name)
            && avoided.is_ok_and(|automaton| !automaton.holds(name))
            && within.iter().all(is_asked)
            && within.iter().all(is_let_in)
    }

    fn shortest_name(&mut self, within: &[Set], without: &[String]) -> Told {
        let avoided = self.of_expressions(without)?;
        // The list with most patterns goes pattern by pattern, which takes far fewer steps than all of them at once.
        let lists = within.iter().enumerate().filter_map(|(at, set)| match set {
            Set::Patterns(patterns) => Some((at, patterns)),
            Set::Expressions(_) => None,
        });
        let main = lists.max_by_key(|(_, patterns)| patterns.len());
        let (mut untold, mut others) = (None, Vec::new());
        for (_, set) in within.iter().enumerate().filter(|(at, _)| main.is_none_or(|(main, _)| main != *at)) {
            others.push(self.judged(set, &mut untold)?);
        }
        let each = main.map(|(_, patterns)| self.automata.of_each(patterns));
        let parts: Vec<Option<&Made>> = match &each {
            Some(each) => each.iter().map(Some).collect(),
            None => vec![None],
        };
        let (mut best, count) = (None::<String>, parts.len());
        for part in parts {
            // Others count if they are shorter, and of many patterns any will do.
            let longest = best.as_ref().map_or(MAX_ENVIRONMENT_NAME, |best| best.len().saturating_sub(1));
            if longest == 0 || (count > MANY && best.is_some()) {
                break;
            }
            let automaton = match part.map(Result::as_ref).transpose() {
                Ok(automaton) => automaton,
                Err(why) => {
                    untold.get_or_insert_with(|| why.clone().into());
                    continue;
                }
            };
            let all: Vec<&Automaton> = automaton.into_iter().chain(&others).map(|automaton| &**automaton).collect();
            match self.shortest_up_to(longest, &all, &avoided) {
                Found::Name(name) => best = Some(name),
                Found::Nothing => {}
                Found::TooMany => {
                    untold.get_or_insert(Untold::Budget);
                }
            }
        }
        match (best, untold) {
            (Some(name), _) => Ok(Some(name)),
            (None, Some(why)) => Err(why),
            (None, None) => Ok(None),
        }
    }

    /// A set without the patterns that only Ruby can judge, which are noted.
    fn judged(&mut self, set: &Set, untold: &mut Option<Untold>) -> Result<Arc<Automaton>, Untold> {
        let Set::Patterns(patterns) = set else { return self.automaton(set) };
        let mut judged = Vec::with_capacity(patterns.len());
        for pattern in patterns {
            match self.automata.of(std::slice::from_ref(pattern)) {
                Ok(_) => judged.push(pattern.clone()),
                Err(why) => drop(untold.get_or_insert(why.into())),
            }
        }
        Ok(self.automata.of(&judged)?)
    }

    /// The path of a project of a part that lists of expressions all match and that no other expression does, in lower case.
    pub fn path(&mut self, part: &Projects, some: &str, within: &[Vec<String>], without: &[String]) -> Told {
        let holds = |search: &mut Self, path: &str| {
            let mut is_in = |expressions: &[String]| -> Result<bool, Untold> {
                Ok(search.of_expressions(expressions)?.holds(path))
            };
            let is_out = is_in(without)?;
            within.iter().try_fold(!is_out, |so_far, expressions| Ok::<bool, Untold>(so_far && is_in(expressions)?))
        };
        if let Projects::One(path) = part {
            let path = lower_path(path).into_owned();
            return Ok(holds(self, &path)?.then_some(path));
        }
        if holds(self, some)? {
            return Ok(Some(some.to_owned()));
        }
        let key = (part.clone(), within.to_vec(), without.to_vec());
        if let Some(known) = self.paths.get(&key) {
            return known.clone();
        }
        let told = self.shortest_path(part, within, without);
        self.paths.insert(key, told.clone());
        told
    }

    fn shortest_path(&mut self, part: &Projects, within: &[Vec<String>], without: &[String]) -> Told {
        let literal = |path: &str| regex::escape(&lower_path(path));
        let mut sets = vec![vec![PROJECT_PATH.to_owned()]];
        sets.extend(within.iter().cloned());
        let except = match part {
            Projects::Below(group, except) => {
                sets.push(vec![format!("^{}/", literal(group))]);
                except
            }
            Projects::Anywhere(except) => except,
            Projects::One(_) => return Ok(None),
        };
        let mut avoided = without.to_vec();
        avoided.extend(except.projects.iter().map(|path| format!("^{}$", literal(path))));
        avoided.extend(except.groups.iter().map(|path| format!("^{}/", literal(path))));
        let avoided = self.of_expressions(&avoided)?;
        let sets = sets.iter().map(|set| self.of_expressions(set));
        let sets = sets.collect::<Result<Vec<Arc<Automaton>>, Untold>>()?;
        let sets: Vec<&Automaton> = sets.iter().map(|set| &**set).collect();
        match self.shortest_up_to(LONGEST_PATH, &sets, &avoided) {
            Found::Name(path) => Ok(Some(path)),
            Found::Nothing => Ok(None),
            Found::TooMany => Err(Untold::Budget),
        }
    }

    fn shortest_up_to(&mut self, longest: usize, within: &[&Automaton], without: &Automaton) -> Found {
        if self.work > MOST_WORK {
            return Found::TooMany;
        }
        let (found, spent) = shortest_up_to(longest, within, without);
        self.work += if spent == Spent::default() { 1 } else { WORK_OF_EACH + spent.work };
        found
    }

    fn automaton(&mut self, set: &Set) -> Result<Arc<Automaton>, Untold> {
        match set {
            Set::Patterns(patterns) => Ok(self.automata.of(patterns)?),
            Set::Expressions(expressions) => self.of_expressions(expressions),
        }
    }

    fn of_expressions(&mut self, expressions: &[String]) -> Result<Arc<Automaton>, Untold> {
        if let Some(known) = self.of_expressions.get(expressions) {
            return known.clone();
        }
        let made =
            Automaton::of_expressions(expressions.iter().map(String::as_str)).map(Arc::new).ok_or(Untold::Budget);
        self.of_expressions.insert(expressions.to_vec(), made.clone());
        made
    }
}
