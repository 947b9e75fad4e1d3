//! Tests through the real binary and through the library's public face. One program, so that they link once.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests lay out folders and run programs")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)] // A test may fail loudly.

mod access;
mod access_report;
mod add_ignore;
mod agent_schema;
mod baseline;
mod by_release;
mod cases;
mod colours;
mod command_line;
mod common;
mod company;
mod confinement;
mod contexts;
mod dictionaries;
#[cfg(unix)]
mod diff_evidence;
mod diff_git;
mod diff_report;
mod doctor;
mod documents;
mod environment_patterns;
mod environment_templates;
mod fix_command;
mod fixes;
mod fixing;
mod formats;
mod hostile;
mod hostile_ci;
mod hostile_names;
mod inventory;
mod job_access;
mod job_scripts;
mod jobs;
mod junit;
mod left_out;
mod manners;
mod models;
mod never_read;
mod outputs;
mod page;
mod plain_texts;
mod policies;
mod properties;
mod ranges;
mod recommend;
mod releases;
mod rules;
mod said_once;
mod schemas;
mod setting_up;
mod settings;
mod short_report;
mod silent;
mod silent_jobs;
mod suppression;
#[cfg(feature = "parquet")]
mod tables;
mod terminal;
mod who;
mod workspaces;
