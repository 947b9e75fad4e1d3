//! Agent configurations on disk, or what lies in their place.

use std::sync::Arc;

use super::Unusable;
use super::discover::{self, Content, FoundFile};
use crate::agent_config::location::{ENVIRONMENT_TEMPLATE, Location};
use crate::fixing::Texts;
use crate::project::{Context, Input, InputContent};
use crate::source::Source;

/// Reads what was found, where no text goes before it.
pub(crate) fn read_input(file: &FoundFile, context: &Context, texts: &Texts) -> Result<Input, Unusable> {
    let shown = discover::shown_path(&file.path);
    let empty = |content| Input::without_text(file.location.clone(), Arc::new(Source::new(shown.clone(), "")), content);
    let text = texts.get(&shown);
    let metadata = match std::fs::symlink_metadata(&file.path) {
        Ok(metadata) => Some(metadata),
        Err(_) if text.is_some() => None,
        Err(error) => return Err(Unusable::new(format!("cannot read {shown}: {error}"))),
    };
    if metadata.is_some_and(|metadata| metadata.is_symlink()) && file.location != Location::Loose {
        let target = std::fs::read_link(&file.path).unwrap_or_default();
        return Ok(empty(InputContent::Link(target.to_string_lossy().into_owned())));
    }
    let content = match text {
        Some(text) => match text.text().len() as u64 {
            size if size > context.max_file_size => Content::TooLarge(size),
            _ => return Ok(with_text(file, Arc::clone(text))),
        },
        None => discover::read_file(&file.path, context.max_file_size)?,
    };
    Ok(match content {
        Content::Text(bytes) => with_text(file, Arc::new(Source::from_bytes(shown, &bytes))),
        Content::TooLarge(size) => empty(InputContent::TooLarge(size)),
        Content::NoFile(what) => empty(InputContent::NoFile(what)),
    })
}

fn with_text(file: &FoundFile, source: Arc<Source>) -> Input {
    Input { has_template: has_template(file), ..Input::text(file.location.clone(), source) }
}

/// Whether the agent has an environment template of its own beside its configuration.
fn has_template(file: &FoundFile) -> Option<bool> {
    let folder = file.path.parent().filter(|_| matches!(file.location, Location::Config { .. }))?;
    Some(folder.join(ENVIRONMENT_TEMPLATE).is_file())
}
