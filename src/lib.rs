//! kaslint: what GitLab makes of the configuration of its agents for Kubernetes.
//!
//! The floors, from the ground: [`source`] (text, lines, columns), [`yaml`] (a tree as GitLab's parser reads it),
//! [`gitlab`] (versions, tiers, paths) and [`shape`] (tables of keys, and decoding against them), [`agent_config`] and
//! [`inventory`], [`access`]. An arrow between modules never runs upwards.

pub mod access;
pub mod agent_config;
pub mod gitlab;
pub mod inventory;
pub mod shape;
pub mod source;
pub mod yaml;
