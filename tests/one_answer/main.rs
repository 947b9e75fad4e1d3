//! One house, one answer: `check`, `access`, `decode` and the editor are asked about random small repositories, and what they say of
//! which files count, of projects and their paths, and of who gets in has to agree. `contradictions.rs` has the repositories about which they
//! once did not.
//!
//! `PROPTEST_CASES` makes more repositories, `PROPTEST_RNG_SEED` other ones; `KASLINT_UNDER_TEST` names another binary to ask.

#![cfg(unix)] // Repositories hold symbolic links.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests lay out folders and run programs")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)] // A test may fail loudly.

mod ask;
mod call;
mod claims;
mod contract;
mod contradictions;
mod editor;
mod entries;
mod hovers;
mod jobs;
mod property;
mod reports;
mod repository;
mod rows;
mod strategy;
