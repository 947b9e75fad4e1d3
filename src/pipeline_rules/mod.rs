//! In which kinds of pipelines a CI job runs: `rules`, `only`, `except` and `workflow:rules`, as far as they can be
//! told without GitLab.
//!
//! Everything here answers with a [`Truth`] of three values. A wrong yes or no is worse than a maybe, so whatever
//! hangs on files, on settings of the project or on a construct that is not understood is a maybe.
//!
//! [`runs`] tries a job's conditions on every kind of pipeline that [`scenarios`] finds. A [`Scenario`] knows which
//! predefined variables its pipelines have; an [`Expression`] is the language of `rules:if`.

mod conditions;
mod enumerate;
mod evaluate;
mod expression;
mod lexer;
mod policy;
mod regexp;
mod runs;
mod scenario;
mod source;
mod starts;
mod truth;
mod variables;

pub use conditions::{ConditionRoute, JobConditions, RuleInput};
pub use enumerate::{Mentioned, scenarios};
pub use evaluate::Value;
pub use expression::{Expression, ExpressionError};
pub use policy::OnlyInput;
pub use runs::{Certainty, Run, may_run_on_protected, may_run_on_unprotected, runs, runs_below};
pub use scenario::{BranchName, PipelineKind, RefFacts, Scenario, TagName};
pub use source::{PipelineSource, Sources};
pub use starts::{Start, Starts};
pub use truth::Truth;
