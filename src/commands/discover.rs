//! Finds configuration projects and their agent configurations, and reads files within bounds.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::Unusable;
use crate::layout::{self, Location, Unread};

/// A configuration project on disk.
#[derive(Debug)]
pub(super) struct Found {
    /// The folder that holds `.gitlab`.
    pub root: PathBuf,
    /// Its files, by path.
    pub files: Vec<FoundFile>,
}

/// A path that is, or looks like, an agent configuration.
#[derive(Debug)]
pub(super) struct FoundFile {
    pub path: PathBuf,
    pub location: Location,
}

/// What a search found, and what it could not look at.
#[derive(Debug, Default)]
pub(super) struct Search {
    pub projects: Vec<Found>,
    pub errors: Vec<String>,
}

/// What lies at a path.
#[derive(Debug)]
pub(super) enum Content {
    Text(Vec<u8>),
    TooLarge(u64),
    NoFile(&'static str),
}

/// Searches files and folders.
pub(super) fn search(paths: &[PathBuf]) -> Search {
    let mut search = Search::default();
    let mut files: BTreeMap<PathBuf, BTreeMap<PathBuf, Location>> = BTreeMap::new();
    for path in paths {
        match fs::symlink_metadata(path) {
            Err(error) => search.errors.push(format!("cannot read {}: {}", path.display(), plain(&error))),
            Ok(metadata) if metadata.is_dir() && !is_config_path(path) => {
                search_folder(path, &mut files, &mut search.errors);
            }
            Ok(_) => {
                let (root, location) = locate(path);
                files.entry(root).or_default().insert(path.clone(), location.unwrap_or(Location::Loose));
            }
        }
    }
    search.projects = files
        .into_iter()
        .map(|(root, files)| {
            let files = files.into_iter().map(|(path, location)| FoundFile { path, location }).collect();
            Found { root, files }
        })
        .collect();
    search
}

fn search_folder(top: &Path, files: &mut BTreeMap<PathBuf, BTreeMap<PathBuf, Location>>, errors: &mut Vec<String>) {
    let agents = agents_glob();
    let mut repositories: Vec<PathBuf> = Vec::new();
    let mut found: BTreeMap<PathBuf, Vec<(PathBuf, Location)>> = BTreeMap::new();
    let mut walk = ignore::WalkBuilder::new(top);
    walk.hidden(false).filter_entry(|entry| entry.file_name() != ".git");
    for entry in walk.build() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                errors.push(format!("cannot read {}", explain_walk(&error)));
                continue;
            }
        };
        let path = entry.path();
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        if is_folder && path.join(".git").exists() {
            repositories.push(path.to_owned());
        }
        // Most of a repository lies elsewhere; only what may match is looked at closely.
        if !agents.is_match(path) && !agents.is_match(std::path::absolute(path).unwrap_or_default()) {
            continue;
        }
        let (root, location) = locate(path);
        match location {
            Some(location) if !is_folder || matches!(location, Location::Config { .. }) => {
                found.entry(root).or_default().push((path.to_owned(), location));
            }
            _ => {}
        }
    }
    let roots: Vec<PathBuf> = found.keys().cloned().collect();
    for (root, entries) in found {
        let is_nested = is_nested(&root, top, &roots, &repositories);
        let project = files.entry(root).or_default();
        for (path, location) in entries {
            let location = match location {
                Location::Config { agent } if is_nested => Location::Unread { why: Unread::NotAtTheTop, agent: Some(agent) },
                location => location,
            };
            project.insert(path, location);
        }
    }
}

/// Everything below something like `.gitlab/agents`, whatever the letter case.
fn agents_glob() -> GlobSet {
    let pattern = GlobBuilder::new("**/.gitlab/{agents,agent,kubernetes-agents}/**").case_insensitive(true).build();
    // The pattern is a constant; were it invalid, nothing would be found and every test would fail.
    pattern.and_then(|glob| GlobSetBuilder::new().add(glob).build()).unwrap_or_else(|_| GlobSet::empty())
}

/// Whether the project lies within another project or repository, where GitLab does not look. The projects of an inventory
/// folder (`projects/<full path>` beside `inventory.yaml`) stand for repositories of their own.
fn is_nested(root: &Path, top: &Path, roots: &[PathBuf], repositories: &[PathBuf]) -> bool {
    if repositories.iter().any(|repository| repository == root) {
        return false;
    }
    for ancestor in root.ancestors().skip(1) {
        if ancestor.as_os_str().is_empty() && top != Path::new("") && top != Path::new(".") {
            return false;
        }
        if ancestor.join("inventory.yaml").exists() {
            return false;
        }
        if roots.iter().any(|other| other == ancestor) || repositories.iter().any(|repository| repository == ancestor) {
            return true;
        }
        if ancestor == top {
            return false;
        }
    }
    false
}

/// The configuration project that a path belongs to, and what the path is within it.
pub(super) fn locate(path: &Path) -> (PathBuf, Option<Location>) {
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
    (root, layout::locate(&components))
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

fn is_config_path(path: &Path) -> bool {
    matches!(locate(path).1, Some(Location::Config { .. }))
}

fn explain_walk(error: &ignore::Error) -> String {
    match error {
        ignore::Error::WithPath { path, err } => match err.io_error() {
            Some(error) => format!("{}: {}", path.display(), plain(error)),
            None => format!("{}: {err}", path.display()),
        },
        ignore::Error::WithDepth { err, .. } => explain_walk(err),
        other => other.to_string(),
    }
}

/// An I/O error without the number that the operating system gives it.
fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// The path in reports: relative to the working directory, with slashes.
pub(super) fn shown_path(path: &Path) -> String {
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

/// Reads a file that has at most `limit` bytes; a symbolic link is followed.
pub(super) fn read_file(path: &Path, limit: u64) -> Result<Content, Unusable> {
    let unreadable = |error: &io::Error| Unusable(format!("cannot read {}: {}", path.display(), plain(error)));
    let metadata = fs::metadata(path).map_err(|error| unreadable(&error))?;
    if let Some(what) = no_file(&metadata.file_type()) {
        return Ok(Content::NoFile(what));
    }
    if metadata.len() > limit {
        return Ok(Content::TooLarge(metadata.len()));
    }
    let file = fs::File::open(path).map_err(|error| unreadable(&error))?;
    read_within(file, limit).map_err(|error| unreadable(&error))
}

/// Reads standard input.
pub(super) fn read_stdin(limit: u64) -> Result<Content, Unusable> {
    read_within(io::stdin().lock(), limit)
        .map_err(|error| Unusable(format!("cannot read standard input: {}", plain(&error))))
}

/// One byte more than allowed tells a file that grew from one that fits.
fn read_within(reader: impl io::Read, limit: u64) -> io::Result<Content> {
    let mut bytes = Vec::new();
    reader.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    let size = bytes.len() as u64;
    Ok(if size > limit { Content::TooLarge(size) } else { Content::Text(bytes) })
}

/// What a path is that is no regular file; opening some of these would wait for ever.
pub(super) fn no_file(kind: &fs::FileType) -> Option<&'static str> {
    if kind.is_dir() {
        return Some("a directory");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return Some("a named pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_block_device() || kind.is_char_device() {
            return Some("a device");
        }
    }
    None
}
