//! What is said when kaslint itself fails.

use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::{Exit, output};

/// Where the code last panicked. What a panic says is not kept: it may hold what a file holds.
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// Does the work of a command. If it fails inside, that is told in one line, and [`Exit::Internal`] is its end.
///
/// A rule that fails is caught before and is a finding, and so is a request of an editor, which is answered with an error; neither
/// is told here.
pub(super) fn caught(work: impl FnOnce() -> Exit) -> Exit {
    set_hook(Box::new(note));
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| tell())
}

/// Tells that kaslint has failed inside.
pub(super) fn tell() -> Exit {
    let place = LAST.lock().unwrap_or_else(PoisonError::into_inner).take();
    let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
    output::complain(&format!(
        "error: kaslint failed inside{place}; please report this, with the files if they can be shown"
    ));
    Exit::Internal
}

fn note(info: &PanicHookInfo<'_>) {
    let place = info.location().map(|location| place(location.file(), location.line()));
    *LAST.lock().unwrap_or_else(PoisonError::into_inner) = place;
}

/// A place in the code, without the folders of the machine on which it was built: `src/source.rs:12`, `miette-7.6.0/src/lib.rs:12`.
fn place(file: &str, line: u32) -> String {
    let path = Path::new(file);
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    let package = parts.iter().rposition(|part| part == "src").map_or(0, |src| src.saturating_sub(1));
    let shown = if path.is_absolute() { parts.get(package..).unwrap_or_default() } else { &parts };
    format!("{}:{line}", shown.join("/"))
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn places_in_the_code_name_no_folder_of_the_builder() {
        assert_eq!(place("src/lsp/server.rs", 7), "src/lsp/server.rs:7");
        assert_eq!(place("/home/jo/.cargo/registry/src/index/miette-7.6.0/src/lib.rs", 7), "miette-7.6.0/src/lib.rs:7");
        assert_eq!(place("/rustc/0f1e/library/core/src/str/mod.rs", 7), "core/src/str/mod.rs:7");
    }
}
