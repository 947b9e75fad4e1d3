//! kaslint: what GitLab makes of the configuration of its agents for Kubernetes.
//!
//! [`project`] loads projects, [`rules`] look at them, [`analysis`] runs the rules, [`report`] and [`access_report`] write what comes of it,
//! [`cli`] and [`lsp`] are for people and editors. CONTRIBUTING.md has the table of all rooms; an arrow between rooms never runs
//! upwards, and `tests/house` says so.

// The examples of rules carry their options on the line that opens the block.
#![allow(rustdoc::invalid_codeblock_attributes)]

pub mod access;
pub mod access_report;
pub mod agent_config;
pub mod analysis;
pub mod api;
pub mod ci;
pub mod cli;
pub mod diagnostic;
pub mod diff;
pub mod diff_report;
pub mod doctor;
pub mod fetch;
pub mod fixing;
pub mod gitlab;
pub mod inventory;
pub mod live;
pub mod lsp;
#[cfg(feature = "network")]
pub mod network;
pub mod outlet;
pub mod pipeline_rules;
pub mod policy;
pub mod project;
pub mod recommend;
pub mod report;
pub mod rules;
pub mod schema;
pub mod shell;
pub mod source;
#[cfg(feature = "parquet")]
pub mod tables;
pub mod words;
pub mod writing;
pub mod yaml;
