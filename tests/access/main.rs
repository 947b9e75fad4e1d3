//! Effective access, from the texts of files to answers.

mod documentation;
mod identity;
mod laws;
mod pictures;
mod releases;
mod setting;
mod unknowns;
mod worlds;
