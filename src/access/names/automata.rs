//! Automata that are asked for again and again, each made once.

use std::collections::HashMap;
use std::sync::Arc;

use super::automaton::{Automaton, Unjudged};
use super::pattern::NamePattern;
use crate::access::environment_pattern::RubyOnly;

/// Why it is not told whether there is a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Untold {
    /// Only Ruby can judge this pattern.
    Expression(String),
    /// There were too many possibilities to rule out.
    Budget,
}

/// Automata of lists of patterns.
#[derive(Debug, Default)]
pub struct Automata {
    made: HashMap<Vec<NamePattern>, Result<Arc<Automaton>, Untold>>,
}

impl Automata {
    /// That of a list.
    ///
    /// # Errors
    /// Where a pattern of it cannot be judged here.
    pub fn of(&mut self, patterns: &[NamePattern]) -> Result<Arc<Automaton>, Untold> {
        if let Some(known) = self.made.get(patterns) {
            return known.clone();
        }
        let made = Automaton::of(patterns).map(Arc::new).map_err(|(at, why)| match why {
            Unjudged::Ruby(RubyOnly::TooLarge) => Untold::Budget,
            _ => Untold::Expression(patterns.get(at).map(|pattern| pattern.text().to_owned()).unwrap_or_default()),
        });
        self.made.insert(patterns.to_vec(), made.clone());
        made
    }

    /// That of one pattern.
    ///
    /// # Errors
    /// Where it cannot be judged here.
    pub fn of_one(&mut self, pattern: &NamePattern) -> Result<Arc<Automaton>, Untold> {
        self.of(std::slice::from_ref(pattern))
    }
}
