//! What clap says of a call: help, the version, or what is wrong with the arguments.

use std::ffi::OsString;

use clap::Parser as _;
use clap::error::{Error, ErrorKind};

use super::{Cli, Exit, output};
use crate::project::Unusable;
use crate::source::Printable;

/// Tells what clap has to say in place of running a command.
pub(super) fn tell(arguments: &[OsString], error: Error) -> Exit {
    let text = |error: &Error| error.render().ansi().to_string();
    let result: Result<(), Unusable> = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let text = text(&error);
            output::to_stdout(&|out| out.drawn(&text))
        }
        kind => {
            // A mistake is told with the arguments in it, in lines of which only clap knows who began them.
            let printable: Vec<OsString> = arguments.iter().map(printable).collect();
            let text = match Cli::try_parse_from(printable) {
                Err(error) if error.kind() == kind => text(&error),
                _ => format!("error: {kind}; `--help` tells how kaslint is called"),
            };
            output::to_stderr(&|out| out.drawn(&text))
        }
    };
    match (result, error.exit_code()) {
        (Ok(()), 0) => Exit::Fine,
        _ => Exit::Unusable,
    }
}

fn printable(argument: &OsString) -> OsString {
    Printable::of(&argument.to_string_lossy()).into_string().into()
}
