//! Paths: how reports show them, and which of them are agent configurations.

use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use crate::agent_config::location::{self, Location};

/// The path in reports: relative to the working directory, with slashes.
#[must_use]
pub fn shown_path(path: &Path) -> String {
    let here = || working_directory().and_then(|here| path.strip_prefix(here).ok());
    let path = if path.is_absolute() { here().unwrap_or(path) } else { path };
    let mut shown = String::with_capacity(path.as_os_str().len());
    let mut is_first = true;
    for component in path.components().filter(|component| !matches!(component, Component::CurDir)) {
        if !std::mem::take(&mut is_first) {
            shown.push('/');
        }
        if component != Component::RootDir {
            shown.push_str(&component.as_os_str().to_string_lossy());
        }
    }
    if is_first { path.to_string_lossy().into_owned() } else { shown }
}

/// The working directory. It is asked for once, since thousands of paths are looked at and nothing here leaves it.
#[allow(clippy::disallowed_methods, reason = "reports name files as the caller sees them")]
fn working_directory() -> Option<&'static Path> {
    static HERE: OnceLock<Option<PathBuf>> = OnceLock::new();
    HERE.get_or_init(|| std::env::current_dir().ok()).as_deref()
}

/// The folder itself; an empty path stands for the working directory.
#[must_use]
pub fn folder_or_here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

/// The path from the top of the file system, links and all; as it is where there is no working directory.
#[must_use]
pub fn absolute(path: &Path) -> PathBuf {
    let path = folder_or_here(path);
    match working_directory() {
        // As `std::path::absolute`, but for a slash at the end, and without asking for the working directory again.
        Some(here) if cfg!(unix) && path.is_relative() => here.join(path).components().collect(),
        _ => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    }
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
        None => match split_at_gitlab(&absolute(path)) {
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
