//! What clap says of a call: help, the version, or what is wrong with the arguments.

use std::ffi::OsString;
use std::path::Path;

use clap::error::{Error, ErrorKind};
use clap::{CommandFactory as _, Parser as _};

use super::{Cli, Exit, output};
use crate::project::Unusable;
use crate::project::files::{Disk, FileSource as _};
use crate::schema::nearest;
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

/// Tells that the first argument is neither a command nor a path, where it is near a command's name; `None` otherwise.
pub(super) fn tell_misspelt_command(arguments: &[OsString]) -> Option<Exit> {
    let first = arguments.get(1)?.to_str()?;
    let is_word = !first.is_empty() && first.chars().all(|letter| letter.is_alphabetic() || letter == '_');
    if !is_word || Disk.is_there(Path::new(first)) {
        return None;
    }
    let command = Cli::command();
    let names = || command.get_subcommands().map(clap::Command::get_name).chain(["help"]);
    if names().any(|name| name == first) {
        return None;
    }
    let near = nearest(first, names())?;
    output::complain(&format!("error: there is no command and no path `{first}`; did you mean `kaslint {near}`?"));
    Some(Exit::Unusable)
}

fn printable(argument: &OsString) -> OsString {
    Printable::of(&argument.to_string_lossy()).into_string().into()
}
