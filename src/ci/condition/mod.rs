//! In which kinds of pipelines a CI job runs: `rules`, `only`, `except` and `workflow:rules`, as far as they can be
//! told without GitLab.
//!
//! Everything here answers with a [`Truth`] of three values. A wrong yes or no is worse than a maybe, so whatever
//! hangs on files, on settings of the project or on a construct that is not understood is a maybe.

mod evaluate;
mod expression;
mod lexer;
mod regexp;
mod truth;

pub use evaluate::Value;
pub use expression::{Expression, ExpressionError};
pub use truth::Truth;
