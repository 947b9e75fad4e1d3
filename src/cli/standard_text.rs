//! `check -`: a text on standard input in place of a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::output;
use crate::agent_config::location::CI_FILE;
use crate::fixing::Fixed;
use crate::project::files::{Disk, StandardInput, Texts};
use crate::project::paths::shown_path;
use crate::project::{Loader, Options, Surroundings, Unusable};
use crate::rules;
use crate::source::Source;

/// The text on standard input, under the path where it would lie.
pub(super) struct StandardText {
    /// Where it would lie.
    pub path: PathBuf,
    bytes: Vec<u8>,
    source: Arc<Source>,
}

impl StandardText {
    /// Reads it, up to what is read of a file there; `is_written` if all of it is to be printed again.
    pub fn read(filename: Option<&Path>, options: &Options, is_written: bool) -> Result<Self, Unusable> {
        let path = filename.unwrap_or(Path::new("-")).to_owned();
        let surroundings = Surroundings::of_process();
        let limit = Loader::new(&Disk, options, &surroundings, rules::TABLE)?.limit_of(&path)?;
        let is_ci_file = path.file_name().is_some_and(|file| file == CI_FILE);
        let bytes = match Disk::read_standard_input(limit)? {
            StandardInput::Bytes(bytes) => bytes,
            StandardInput::TooLarge(_) if is_ci_file || is_written => {
                return Err(Unusable::new("standard input is too large".to_owned()));
            }
            // As many bytes tell that there are too many.
            StandardInput::TooLarge(size) => vec![b' '; usize::try_from(size).unwrap_or(usize::MAX)],
        };
        let source = Arc::new(Source::from_bytes(shown_path(&path), &bytes));
        Ok(Self { path, bytes, source })
    }

    /// The text in place of the file.
    pub fn overlay(&self) -> Texts {
        Texts::from([(self.source.path().to_owned(), Arc::clone(&self.source))])
    }

    /// Prints the text as it is after fixes: byte for byte, but on a terminal with escapes for what would act on it.
    pub fn print(&self, fixed: &Fixed) -> Result<(), Unusable> {
        let after = fixed.files.iter().find(|file| file.before.path() == self.source.path());
        let after = after.and_then(|file| file.after.to_bytes());
        let bytes = after.as_deref().unwrap_or(&self.bytes);
        if output::is_terminal() {
            let text = String::from_utf8_lossy(bytes);
            return output::to_stdout(&|out| out.lines_of_file(&text).map(drop));
        }
        output::bytes_to_stdout(bytes)
    }
}
