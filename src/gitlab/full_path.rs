//! Full paths of groups and projects: `acme/web/shop`.

use std::borrow::Cow;
use std::collections::HashMap;

use ahash::RandomState;

/// A map by paths, or by names of files or variables, which are asked for so often that the hash of each counts. Its keys are drawn by
/// lot for each process: whoever writes a file cannot choose names that all have the same.
pub type ByName<K, V> = HashMap<K, V, RandomState>;

/// How many groups may stand above a group.
///
/// Source: GitLab's documentation of subgroups, "up to 20 levels of nested subgroups".
pub const MAX_ANCESTORS: usize = 20;

/// The form of a path by which GitLab compares: lower case.
///
/// Ids are put into lower case with Ruby's `downcase`, which knows all of Unicode, as this does
/// (`app/services/clusters/agents/authorizations/ci_access/refresh_service.rb`).
#[must_use]
pub fn lower_path(path: &str) -> Cow<'_, str> {
    // All bytes are looked at, which goes many at once: most paths are in lower case.
    let is_lower = path.bytes().fold(true, |all, byte| all & byte.is_ascii() & !byte.is_ascii_uppercase());
    if is_lower { Cow::Borrowed(path) } else { Cow::Owned(path.to_lowercase()) }
}

/// The path of the group or user that holds a group or project; `None` at the top.
#[must_use]
pub fn parent_path(path: &str) -> Option<&str> {
    // Paths are short, so that a plain loop finds the slash sooner than a search that is set up first.
    path.get(..path.as_bytes().iter().rposition(|byte| *byte == b'/')?)
}

/// The top-level group or user of a path.
#[must_use]
pub fn root_path(path: &str) -> &str {
    path.as_bytes().iter().position(|byte| *byte == b'/').and_then(|at| path.get(..at)).unwrap_or(path)
}

/// The paths above a path, innermost first.
pub fn ancestor_paths(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(parent_path(path), |path| parent_path(path))
}

/// What keeps a text from being a full path, as a clause; `None` for one that can be.
///
/// Source: GitLab's documentation of names, "Limitations on project and group names": letters, digits, `_`, `-` and
/// `.`, no `-` in front, neither `.` nor `.git` nor `.atom` at the end.
#[must_use]
pub fn path_fault(path: &str) -> Option<String> {
    if is_plain_path(path) {
        return None;
    }
    if path.is_empty() {
        return Some("it is empty".to_owned());
    }
    if path.trim() != path {
        return Some("it has blanks around it".to_owned());
    }
    if path.contains("://") {
        return Some("it is a URL".to_owned());
    }
    if path.starts_with('/') || path.ends_with('/') {
        return Some("it has a slash at an end".to_owned());
    }
    path.split('/').find_map(segment_fault)
}

/// Whether a text can be a full path for certain: what most paths are is seen in one pass.
fn is_plain_path(path: &str) -> bool {
    let bytes = path.as_bytes();
    let is_plain = |byte: &u8| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'/');
    // What cannot begin a segment.
    let is_inner = |byte: u8| matches!(byte, b'-' | b'/');
    let pairs = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
    bytes.first().is_some_and(|first| !is_inner(*first))
        && !path.ends_with('/')
        && bytes.iter().fold(true, |all, byte| all & is_plain(byte))
        && pairs.fold(true, |all, (before, byte)| all & !((*before == b'/') & is_inner(*byte)))
}

fn segment_fault(segment: &str) -> Option<String> {
    let is_allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.');
    if segment.is_empty() {
        return Some("it has two slashes in a row".to_owned());
    }
    if let Some(character) = segment.chars().find(|&character| !is_allowed(character)) {
        return Some(format!("`{character}` cannot be part of a path"));
    }
    if segment.starts_with('-') {
        return Some(format!("`{segment}` starts with `-`"));
    }
    let endings = [".git", ".atom", "."];
    let lower = segment.to_ascii_lowercase();
    let ending = endings.into_iter().find(|ending| lower.ends_with(ending))?;
    Some(format!("`{segment}` ends with `{ending}`"))
}

/// A full path: segments separated by slashes, compared without regard to letter case.
#[derive(Clone, Debug)]
pub struct FullPath {
    written: String,
    lower: String,
}

impl FullPath {
    /// The path as written; surrounding slashes are dropped.
    #[must_use]
    pub fn new(path: &str) -> Self {
        let written = path.trim_matches('/').to_owned();
        let lower = lower_path(&written).into_owned();
        Self { written, lower }
    }

    /// The path as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The path in lower case, as GitLab looks it up.
    #[must_use]
    pub fn lower(&self) -> &str {
        &self.lower
    }

    /// The top-level group or user namespace, in lower case.
    #[must_use]
    pub fn top_level(&self) -> &str {
        root_path(&self.lower)
    }

    /// The path of the namespace that holds it, in lower case; empty for a top-level path.
    #[must_use]
    pub fn parent(&self) -> &str {
        parent_path(&self.lower).unwrap_or_default()
    }

    /// Whether it lies below `ancestor`, a path in lower case.
    #[must_use]
    pub fn is_below(&self, ancestor: &str) -> bool {
        self.lower.strip_prefix(ancestor).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl PartialEq for FullPath {
    fn eq(&self, other: &Self) -> bool {
        self.lower == other.lower
    }
}

impl Eq for FullPath {}

impl std::fmt::Display for FullPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_apart_at_their_slashes() {
        assert_eq!(parent_path("a/b/c"), Some("a/b"));
        assert_eq!(parent_path("a"), None);
        assert_eq!(root_path("a/b/c"), "a");
        assert_eq!(ancestor_paths("a/b/c").collect::<Vec<_>>(), ["a/b", "a"]);
    }

    #[test]
    fn paths_compare_in_lower_case() {
        assert_eq!(lower_path("Acme/Web"), "acme/web");
        assert!(matches!(lower_path("acme/web"), Cow::Borrowed(_)));
        // The sign for kelvin is a `k` to Ruby's `downcase` too.
        assert_eq!(lower_path("acme/to\u{212A}en"), "acme/token");
    }

    #[test]
    fn what_no_path_can_be_is_said() {
        for path in ["acme", "acme/web.shop/_x", "Acme/a-b", "acme/9", "acme/.hidden"] {
            assert_eq!(path_fault(path), None, "{path}");
        }
        for path in ["", " acme", "/acme", "acme/", "a//b", "acme/*", "https://x/y", "a/../b", "-a", "a/b.git", "a b"] {
            assert!(path_fault(path).is_some(), "{path}");
        }
    }

    #[test]
    fn paths_compare_without_letter_case() {
        let path = FullPath::new("Acme/Web/shop");
        assert_eq!(path, FullPath::new("acme/web/SHOP"));
        assert_eq!((path.top_level(), path.parent()), ("acme", "acme/web"));
        assert!(path.is_below("acme") && !path.is_below("ac") && !path.is_below("acme/web/shop"));
    }
}
