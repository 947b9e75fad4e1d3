//! Paths: how reports show them, and which of them are agent configurations.

use std::path::{Component, Path, PathBuf};

use crate::agent_config::location::{self, Location};

/// The path in reports: relative to the working directory, with slashes.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "reports name files as the caller sees them")]
pub fn shown_path(path: &Path) -> String {
    let relative = std::env::current_dir().ok().and_then(|folder| path.strip_prefix(folder).ok().map(Path::to_owned));
    let path = relative.unwrap_or_else(|| path.to_owned());
    let parts = path.components().filter(|component| !matches!(component, Component::CurDir));
    let shown = parts.map(|component| match component {
        Component::RootDir => String::new(),
        other => other.as_os_str().to_string_lossy().into_owned(),
    });
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() { path.to_string_lossy().into_owned() } else { shown.join("/") }
}

/// The folder itself; an empty path stands for the working directory.
#[must_use]
pub fn folder_or_here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

/// The path from the top of the file system, links and all; as it is where there is no working directory.
#[must_use]
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(folder_or_here(path)).unwrap_or_else(|_| path.to_owned())
}

/// The path from the top of the file system with `..` worked out as it is written.
pub(crate) fn lexical(path: &Path) -> PathBuf {
    let mut lexical = PathBuf::new();
    for component in absolute(path).components() {
        match component {
            Component::ParentDir => drop(lexical.pop()),
            other => lexical.push(other),
        }
    }
    lexical
}

/// The configuration project that a path belongs to, and what the path is within it.
#[must_use]
pub fn locate(path: &Path) -> (PathBuf, Option<Location>) {
    let relative = split_at_gitlab(path);
    let (root, components) = match relative {
        Some(split) => split,
        // Within `.gitlab`, the path as given may not show it.
        None => match std::path::absolute(path).ok().as_deref().and_then(split_at_gitlab) {
            Some(split) => split,
            None => return (path.parent().map(Path::to_owned).unwrap_or_default(), None),
        },
    };
    let components: Vec<&str> = components.iter().map(String::as_str).collect();
    (root, location::locate(&components))
}

/// Whether a path is that of an agent's configuration.
#[must_use]
pub fn is_config_path(path: &Path) -> bool {
    matches!(locate(path).1, Some(Location::Config { .. }))
}

/// The folder before the last `.gitlab`, whatever its letter case, and the components from there on.
fn split_at_gitlab(path: &Path) -> Option<(PathBuf, Vec<String>)> {
    let components: Vec<Component<'_>> = path.components().collect();
    let at = components.iter().rposition(|component| {
        component.as_os_str().to_str().is_some_and(|name| name.eq_ignore_ascii_case(".gitlab"))
    })?;
    let root: PathBuf = components.get(..at)?.iter().collect();
    let rest = components.get(at..)?.iter().map(|component| component.as_os_str().to_string_lossy().into_owned());
    Some((root, rest.collect()))
}
