//! Effective access, from the texts of files to answers.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests lay out folders and run programs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

mod diff_laws;
mod documentation;
mod environment_agents;
mod grants;
mod identity;
mod laws;
mod policies;
mod releases;
mod setting;
mod shown;
mod unknowns;
mod worlds;
