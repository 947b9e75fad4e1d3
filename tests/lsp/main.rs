//! The language server as an editor meets it: the real binary behind a pair of pipes. One program, so that it links once.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests lay out folders and run programs")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)] // A test may fail loudly.

mod actions;
mod agent_schema;
mod cancellation;
mod client;
mod edits;
mod encodings;
mod hostile;
mod hostile_names;
mod hostile_params;
mod hovers;
mod inventories;
mod lifecycle;
mod navigation;
mod places;
mod projects;
mod pulled;
mod pushed;
mod scripts;
mod secrets;
mod settings;
mod templates;
mod text;
mod watching;
