//! The language server as an editor meets it: the real binary behind a pair of pipes. One program, so that it links once.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)] // A test may fail loudly.

mod client;
mod encodings;

mod lifecycle;
mod projects;

mod pushed;

mod settings;
mod text;
