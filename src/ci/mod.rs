//! GitLab's CI/CD configuration, as far as it decides which job talks to which cluster.

pub mod script;
