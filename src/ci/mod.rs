//! What a project's `.gitlab-ci.yml` says: its jobs with their scripts, variables, environments and rules, after
//! `include`, `extends`, `!reference` and `default`.
//!
//! [`Pipeline::read`] makes a [`Pipeline`] of the main file. It does no I/O of its own: [`Files`] hands the texts over. What is
//! not at hand is named in [`Pipeline::unread`], never guessed. What the values of variables come to is the matter of
//! [`variables`].

mod block_text;
mod children;
mod doubt;
mod environment;
mod extends;
mod files;
mod include;
mod inputs;
mod job;
mod keys;
mod keywords;
mod load;
mod location;
mod matrix;
mod model;
mod named;
mod pipeline;
mod problem;
mod references;
mod resolver;
mod ruby_yaml;
mod rules;
mod text;
mod trigger;
mod value;
pub mod variables;

#[cfg(test)]
mod tests;

pub use files::{FileContent, Files, Globbed, JobFiles, ProjectFacts};
pub use matrix::Matrix;
pub use model::{
    Environment, InDoubt, Inherit, Inherited, Job, Kubernetes, OnlyExcept, Pipeline, Rule, ScriptLine, Section,
    Variable,
};
pub use problem::{OnStopFault, Problem, ProblemKind, Unread, UnreadKind, UnreadReason, UnreadRun};
pub use text::Text;
pub use trigger::Trigger;

/// How many levels a CI configuration may have.
///
/// Source: `max_yaml_depth` in `doc/administration/instance_limits.md`; an instance may set another one, and gitlab#370116
/// speaks of a higher default to come.
pub const MAX_DEPTH: usize = 100;

/// How many files a configuration may include, however deep.
///
/// Source: `doc/ci/yaml/_index.md`, `include`; an instance may set another one (`ci_max_includes`).
pub const MAX_INCLUDES: usize = 150;

/// Over how many levels `extends` may go.
///
/// Source: `MAX_NESTING_LEVELS` in `lib/gitlab/ci/config/extendable/entry.rb`, with the job itself on top.
pub const MAX_EXTENDS: usize = 11;

/// How deep child pipelines may start others.
///
/// Source: `MAX_NESTED_CHILDREN` in `app/services/ci/create_downstream_pipeline_service.rb`.
pub const MAX_CHILD_LEVELS: usize = 2;

/// How many jobs one matrix may make.
///
/// Source: `PARALLEL_LIMIT` in `lib/gitlab/ci/config/entry/product/parallel.rb`.
pub const MAX_MATRIX: usize = 200;
