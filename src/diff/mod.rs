//! What a change lets in: two states, compared for every project, environment name and ref there is or will be, and for people.
//!
//! `cells` divides projects so that one entry decides about each part in either state, `terms` says what it grants there, `regions` finds the
//! environment names at which two such grants differ, `cases` gives what is not known each of its values. Nothing is sampled: what is said
//! to be the same is proved to be, within the budget of [`crate::access::names`].

mod cases;
mod cells;
mod change;
mod compare;
mod granting;
mod jobs;
mod people;
mod regions;
mod standing;
mod terms;

pub use cases::{Pair, Pairs, pairs};
pub use change::{
    Because, Cause, Change, Diff, Effect, Except, Failing, Granted, Kind, Member, Of, Open, OpenFact, Origin, Part,
    PatternList, Projects, Proof, Refs, Region, Verdict, Who, Witness,
};
pub use compare::compare;
pub use granting::{Granting, State};
pub use people::{Way, Ways};
pub use standing::{Found, Refused, Side, Sides};
pub use terms::who;
pub use terms::{Allowed, Terms};
