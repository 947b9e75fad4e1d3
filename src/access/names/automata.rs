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
    made: HashMap<Vec<NamePattern>, Made>,
    /// Those of the patterns of a list, each by itself.
    parts: HashMap<Vec<NamePattern>, Arc<[Made]>>,
}

/// An automaton, or why there is none.
pub type Made = Result<Arc<Automaton>, Untold>;

impl Automata {
    /// That of a list.
    ///
    /// # Errors
    /// Where a pattern of it cannot be judged here.
    pub fn of(&mut self, patterns: &[NamePattern]) -> Made {
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

    /// Those of the patterns of a list, each by itself, in its order.
    pub fn of_each(&mut self, patterns: &[NamePattern]) -> Arc<[Made]> {
        if let Some(known) = self.parts.get(patterns) {
            return Arc::clone(known);
        }
        let made: Arc<[Made]> = patterns.iter().map(|pattern| self.of(std::slice::from_ref(pattern))).collect();
        self.parts.insert(patterns.to_vec(), Arc::clone(&made));
        made
    }
}
