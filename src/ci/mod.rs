//! GitLab CI/CD's side of a project: what a pipeline makes of its jobs.

pub mod condition;
