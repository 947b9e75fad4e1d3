//! Files of kaslint's own: settings, inventories, schemas, baselines, recorded results, queries.

use std::path::Path;
use std::sync::Arc;

use super::Unusable;
use super::files::{Content, FileSource};
use super::paths::shown_path;
use crate::source::Source;
use crate::words::io_error;

/// Reads a file that can be nothing else than a text of at most `limit` bytes; `what` says what it is.
///
/// # Errors
/// When it is not there, is none, or is too large.
pub fn read_own_file(what: &str, path: &Path, limit: u64, files: &dyn FileSource) -> Result<Arc<Source>, Unusable> {
    let shown = shown_path(path);
    let unusable = |message: String| Err(Unusable::new(message));
    match files.read(path, limit) {
        Ok(Content::Text(source)) => Ok(source),
        Ok(Content::TooLarge(size)) => unusable(format!("the {what} {shown} has {size} bytes, which is too much")),
        Ok(content @ Content::NoFile(_)) => unusable(format!("the {what} {shown} is {}", content.in_words())),
        Err(error) => unusable(format!("cannot read the {what} {shown}: {}", io_error(&error))),
    }
}
