//! Sets of environment names: whether some name is matched by patterns of these lists and by none of those, and which is the shortest.
//!
//! This answers for every name that an environment can have (`environment_name_regex` in `lib/gitlab/regex.rb`), not for those at hand. The search
//! keeps, for each way into the wanted patterns, only the smallest sets of states of the unwanted ones: antichains, after De Wulf, Doyen, Henzinger
//! and Raskin (CAV 2006). It has a budget, counted in steps and not in time, so that two machines say the same.

mod automata;
mod automaton;
mod pattern;
mod search;

pub use automata::{Automata, Made, Untold};
pub use automaton::{Automaton, Unjudged};
pub use pattern::NamePattern;
pub use search::{Found, Spent, is_name, shortest, shortest_up_to};
