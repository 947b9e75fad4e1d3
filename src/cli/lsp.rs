//! `kaslint lsp`: the language server on standard input and output.

use std::io::{self, BufReader};
use std::path::PathBuf;

use super::{Exit, failure};
use crate::lsp::{End, serve_with};
use crate::project::{Options, Unusable, lexical};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status:
  0  the editor said goodbye in order
  1  it ended without `shutdown`")]
pub(super) struct Arguments {
    /// Speak over standard input and output, as is the case anyway; some editors say so.
    #[arg(long)]
    stdio: bool,
    #[command(flatten)]
    options: Options,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    match serve_with(BufReader::new(io::stdin()), io::stdout(), options(arguments)) {
        End::Orderly => Ok(Exit::Fine),
        // The protocol asks for 1 where `exit` comes without `shutdown`.
        End::Abrupt => Ok(Exit::Found),
        End::Failed => Ok(failure::tell()),
    }
}

/// The options, with paths as an editor names files: whole, and without `..`.
fn options(arguments: &Arguments) -> Options {
    let whole = |path: &PathBuf| lexical(path);
    let options = &arguments.options;
    Options {
        inventory: options.inventory.as_ref().map(whole),
        agent_schema: options.agent_schema.as_ref().map(whole),
        settings: options.settings.as_ref().map(whole),
        ..options.clone()
    }
}
