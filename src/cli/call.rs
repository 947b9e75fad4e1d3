//! From the arguments of a call to the command and its options.
//!
//! Of all commands and their two hundred options clap makes a tree that takes longer than to check a small file. A call that names a command first is
//! tried with the options of that alone; whatever is not right in it is for the whole tree to tell.

use std::ffi::OsString;

use clap::Parser;
use clap::error::Error;

use super::{Cli, Command, Exit, output};

/// What is called.
#[derive(Debug)]
pub(super) struct Call {
    pub color: output::Color,
    pub command: Command,
}

/// A command by itself, with the option that all commands have.
#[derive(Debug, Parser)]
#[command(name = "kaslint")]
struct Alone<T: clap::Args> {
    // As of `Cli`.
    #[arg(long, value_enum, default_value = "auto")]
    color: output::Color,
    #[command(flatten)]
    arguments: T,
}

/// The call that the arguments make, whatever they are. The first of them is the program.
///
/// # Errors
/// When clap has something to say in place of running a command.
pub(super) fn of_any(arguments: &[OsString]) -> Result<Call, Error> {
    let cli = Cli::try_parse_from(arguments)?;
    Ok(Call { color: cli.color, command: cli.command.unwrap_or(Command::Check(cli.check)) })
}

/// The call of a command that is named first, or of no command and without arguments; `None` for any other, and for one with a mistake.
pub(super) fn alone(arguments: &[OsString]) -> Option<Call> {
    let (program, rest) = arguments.split_first()?;
    let Some((name, rest)) = rest.split_first() else { return parsed(program, rest, Command::Check) };
    match name.to_str()? {
        "check" => parsed(program, rest, Command::Check),
        "decode" => parsed(program, rest, Command::Decode),
        "access" => parsed(program, rest, Command::Access),
        "diff" => parsed(program, rest, Command::Diff),
        "doctor" => parsed(program, rest, Command::Doctor),
        "lsp" => parsed(program, rest, Command::Lsp),
        _ => None,
    }
}

fn parsed<T: clap::Args>(program: &OsString, rest: &[OsString], command: fn(T) -> Command) -> Option<Call> {
    let Alone { color, arguments } = Alone::<T>::try_parse_from(std::iter::once(program).chain(rest)).ok()?;
    Some(Call { color, command: command(arguments) })
}

/// Tells the version, if nothing else is asked for.
pub(super) fn tell_version(arguments: &[OsString]) -> Option<Exit> {
    let [_, asked] = arguments else { return None };
    if asked != "--version" && asked != "-V" {
        return None;
    }
    let told = output::to_stdout(&|out| out.line(format_args!("{VERSION}")));
    Some(if told.is_ok() { Exit::Fine } else { Exit::Unusable })
}

const VERSION: &str = concat!("kaslint ", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn arguments(call: &str) -> Vec<OsString> {
        std::iter::once("kaslint").chain(call.split_whitespace()).map(OsString::from).collect()
    }

    #[test]
    fn a_command_by_itself_is_called_as_from_the_whole_tree() {
        let options = [
            "",
            "a b",
            "--color never",
            "-- --color",
            "check",
            "help",
            "--inventory i.yaml a",
            "--format json --color=always",
            "-q",
            "--gitlab-version 18.4",
        ];
        let mut count = 0;
        for command in ["", "check", "decode", "access", "diff", "doctor", "lsp"] {
            for options in options.iter().filter(|options| !command.is_empty() || options.is_empty()) {
                let arguments = arguments(&format!("{command} {options}"));
                let Some(call) = alone(&arguments) else { continue };
                let whole = of_any(&arguments).unwrap();
                assert_eq!(format!("{call:?}"), format!("{whole:?}"), "{arguments:?}");
                count += 1;
            }
        }
        assert!(count > 20, "{count}");
    }

    #[test]
    fn what_is_not_right_is_told_by_the_whole_tree() {
        for call in [
            "check --nonsense",
            "check --help",
            "check -h",
            "check --version",
            "check --color",
            "--help",
            "chek",
            "a",
            "help check",
            "check --color never --color never",
        ] {
            assert!(alone(&arguments(call)).is_none(), "{call}");
        }
    }

    #[test]
    fn the_version_is_told_as_clap_tells_it() {
        assert_eq!(format!("{VERSION}\n"), Cli::command().render_version());
        assert!(tell_version(&arguments("--version a")).is_none() && tell_version(&arguments("version")).is_none());
    }
}
