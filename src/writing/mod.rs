//! Writing files, as a whole or not at all: reports, and fixes in place. Nothing else in kaslint writes to a disk.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "this is where files are written")]

mod replace;
mod staged;

use std::io;

pub use replace::replace_text;
pub use staged::{Staged, identity};

/// What writes a report.
pub type Write<'a> = dyn Fn(&mut dyn io::Write) -> io::Result<()> + 'a;

/// An I/O error without the number that the operating system gives it.
fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
