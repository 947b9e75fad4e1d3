//! `.gitlab-ci.yml`: jobs, on which kinds of pipelines they run, what their scripts do with Kubernetes contexts.

pub mod condition;
pub mod script;
