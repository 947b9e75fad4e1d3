//! kaslint: what GitLab makes of the configuration of its agents for Kubernetes.
//!
//! The floors, from the ground: [`source`] (text, lines, columns), [`yaml`] (a tree as GitLab's parser reads it),
//! [`gitlab`] (versions, tiers, paths) and [`shape`] (tables of keys, and decoding against them), [`agent_config`],
//! [`inventory`], [`layout`] and [`ci`] (what `.gitlab-ci.yml` says), [`access`] (who gets in), [`job_access`] (what jobs come to),
//! [`rules`] with [`finding`], [`analysis`] (the one function that runs them), [`fixing`], [`report`] and [`access_report`], `disk`
//! (all reading of files), [`commands`] and [`lsp`]. An
//! arrow between modules never runs upwards.

// The examples of rules carry their options on the line that opens the block.
#![allow(rustdoc::invalid_codeblock_attributes)]

pub mod access;
pub mod access_report;
pub mod agent_config;
pub mod analysis;
pub mod ci;
pub mod cli;
pub mod diagnostic;
pub mod fixing;
pub mod gitlab;
pub mod inventory;
pub mod lsp;
pub mod pipeline_rules;
pub mod project;
pub mod report;
pub mod rules;
pub mod schema;
pub mod shell;
pub mod source;
pub mod words;
pub mod yaml;
