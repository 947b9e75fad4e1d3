//! Files of kaslint's own: settings, inventories, schemas, baselines, recorded results, queries.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::Unusable;
use super::files::{Content, FileSource};
use super::gate::Granted;
use super::paths::shown_path;
use crate::source::Source;
use crate::words::io_error;

/// Reads a file that the caller names and that can be nothing else than a text of at most `limit` bytes; `what` says what it is.
///
/// # Errors
/// When it is not there, is none, or is too large.
pub fn read_own_file(what: &str, path: &Path, limit: u64, files: &dyn FileSource) -> Result<Arc<Source>, Unusable> {
    text_of(what, path, files.read(path, limit))
}

/// The same for a file of which the gate said that it may be read.
///
/// # Errors
/// When it is not there, is none, is too large, or leads elsewhere than it did.
pub(crate) fn read_granted(
    what: &str,
    granted: &Granted,
    limit: u64,
    files: &dyn FileSource,
) -> Result<Arc<Source>, Unusable> {
    text_of(what, &granted.path, granted.read(files, limit))
}

fn text_of(what: &str, path: &Path, content: io::Result<Content>) -> Result<Arc<Source>, Unusable> {
    let shown = shown_path(path);
    let unusable = |message: String| Err(Unusable::new(message));
    match content {
        Ok(Content::Text(source)) => Ok(source),
        Ok(Content::TooLarge(size)) => unusable(format!("the {what} {shown} has {size} bytes, which is too much")),
        Ok(Content::Outside) => unusable(format!("the {what} {shown} leads outside of the repository")),
        Ok(content @ (Content::Link(_) | Content::NoFile(_))) => {
            unusable(format!("the {what} {shown} is {}", content.in_words()))
        }
        Err(error) => unusable(format!("cannot read the {what} {shown}: {}", io_error(&error))),
    }
}
