//! What is tried with inputs made at random: each target takes any bytes, has kaslint do its work on them and panics where a law
//! does not hold.
//!
//! cargo-fuzz drives the targets through `fuzz_targets/`, and `src/bin/stable.rs` where there is no cargo-fuzz. An input is what a person
//! could write: a file, or several behind lines of the form `-- path --` ([`archive`]).

pub mod archive;
pub mod laws;
pub mod panics;
pub mod repository;
pub mod targets;
