//! Agent configurations and environment templates, or what lies in their place.

use std::sync::Arc;

use super::files::{Content, FileSource, Folder, Kind};
use super::paths::shown_path;
use super::search::FoundFile;
use super::{Input, InputContent, Unusable};
use crate::agent_config::environment_template::MAX_TEMPLATE_SIZE;
use crate::agent_config::location::{ENVIRONMENT_TEMPLATE, Location};
use crate::source::Source;
use crate::words::io_error;

/// Reads what was found in a project's folder, configurations up to so many bytes. What lies in no `.gitlab` was named by the caller and is read
/// wherever it leads.
pub(crate) fn read_input(
    file: &FoundFile,
    folder: &std::io::Result<Folder>,
    limit: u64,
    files: &dyn FileSource,
) -> Result<Input, Unusable> {
    let shown = shown_path(&file.path);
    let empty = |content| Input::without_text(file.location.clone(), Arc::new(Source::new(shown.clone(), "")), content);
    let unreadable = |error: &std::io::Error| Unusable::new(format!("cannot read {shown}: {}", io_error(error)));
    let limit = if file.location.is_template() { MAX_TEMPLATE_SIZE } else { limit };
    let content = match (&file.location, folder) {
        (Location::Loose, _) => files.read(&file.path, limit),
        (_, Ok(folder)) => files.read_below(folder, &file.path, limit),
        (_, Err(error)) => return Err(unreadable(error)),
    };
    Ok(match content.map_err(|error| unreadable(&error))? {
        Content::Text(source) => {
            let has_template = has_template(file, files);
            Input { has_template, ..Input::text(file.location.clone(), source) }
        }
        Content::TooLarge(size) => empty(InputContent::TooLarge(size)),
        Content::Link(target) => empty(InputContent::Link(target.to_string_lossy().into_owned())),
        content @ (Content::Outside | Content::NoFile(_)) => empty(InputContent::NoFile(content.in_words())),
    })
}

/// Whether the agent has an environment template of its own beside its configuration.
fn has_template(file: &FoundFile, files: &dyn FileSource) -> Option<bool> {
    let folder = file.path.parent().filter(|_| matches!(file.location, Location::Config { .. }))?;
    Some(files.kind(&folder.join(ENVIRONMENT_TEMPLATE)).is_ok_and(|kind| kind == Kind::File))
}
