//! `kaslint schema`: JSON Schemas of what kaslint reads and writes.

use super::{Exit, output};
use crate::cli::schemas::Name;
use crate::project::Unusable;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Which schema.
    name: Name,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    let text = arguments.name.text();
    output::to_stdout(&|out| out.own_text(text.as_bytes()))?;
    Ok(Exit::Fine)
}
