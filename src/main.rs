//! The command line; everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(kaslint::cli::run() as u8)
}
