//! Patterns of file paths in a settings file, and the folder that they start from.

use std::path::{Component, Path};

use globset::{Glob, GlobBuilder, GlobSet};

use super::suppression::AcceptedFinding;

/// Patterns of files. Each also stands for all that lies in a folder that it matches.
#[derive(Clone, Debug, Default)]
pub struct PathPatterns(GlobSet);

/// One pattern that was read.
#[derive(Clone, Debug)]
pub struct PathPattern(Glob);

impl PathPattern {
    /// Reads a pattern, in which `*` stays within a folder and `**` does not.
    ///
    /// # Errors
    /// When it is no pattern, is larger than any that somebody means, or can match nothing below the folder that it starts from.
    pub fn read(text: &str) -> Result<Self, String> {
        AcceptedFinding::pattern(text)?;
        if text.starts_with('/') || text.split('/').any(|part| part == "..") {
            return Err("it leads out of the folder that it starts from".to_owned());
        }
        let text = text.strip_prefix("./").unwrap_or(text);
        let text = text.strip_suffix('/').unwrap_or(text);
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        glob.map(Self).map_err(|error| error.kind().to_string())
    }
}

impl PathPatterns {
    /// Patterns side by side.
    ///
    /// # Errors
    /// When they are too large together.
    pub fn of(patterns: impl IntoIterator<Item = PathPattern>) -> Result<Self, String> {
        let globs = patterns.into_iter().map(|PathPattern(glob)| glob);
        GlobSet::new(globs).map(Self).map_err(|error| error.kind().to_string())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The positions of those that match a path below their folder, in ascending order.
    #[must_use]
    pub fn matching(&self, path: &str) -> Vec<usize> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut matching: Vec<usize> = with_folders_above(path).flat_map(|path| self.0.matches(path)).collect();
        matching.sort_unstable();
        matching.dedup();
        matching
    }

    /// Whether one of them matches a path below their folder.
    #[must_use]
    pub fn is_match(&self, path: &str) -> bool {
        !self.is_empty() && with_folders_above(path).any(|path| self.0.is_match(path))
    }
}

/// `a`, `a/b` and `a/b/c` of `a/b/c`.
fn with_folders_above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| path.get(..at).unwrap_or_default()).chain([path])
}

/// The folder that patterns start from.
#[derive(Clone, Debug, Default)]
pub struct PatternFolder {
    /// The folder from the top of the file system, with a slash behind it.
    folder: String,
    /// The same of the working directory, from which paths of reports start.
    here: String,
}

impl PatternFolder {
    /// A folder, and the working directory; both from the top of the file system.
    #[must_use]
    pub fn new(folder: &Path, here: &Path) -> Self {
        let shown = |folder: &Path| format!("{}/", whole("", &folder.to_string_lossy()));
        Self { folder: shown(folder), here: shown(here) }
    }

    /// The path of a report as patterns have it: below the folder from there, any other as it is.
    #[must_use]
    pub fn relative(&self, path: &str) -> String {
        match whole(&self.here, path).strip_prefix(&self.folder) {
            Some(relative) => relative.to_owned(),
            None => path.to_owned(),
        }
    }

    /// The path from the top of the file system.
    #[must_use]
    pub fn whole(&self, path: &str) -> String {
        whole(&self.here, path)
    }
}

/// A path from the top of the file system, with `.` and `..` worked out as they are written.
fn whole(here: &str, path: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for component in Path::new(here).join(path).components() {
        match component {
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()),
            other => parts.push(other.as_os_str().to_string_lossy().into_owned()),
        }
    }
    parts.iter().map(|part| format!("/{part}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> PathPatterns {
        PathPatterns::of(texts.iter().map(|text| PathPattern::read(text).expect("a pattern"))).expect("patterns")
    }

    #[test]
    fn a_pattern_stands_for_a_file_or_for_all_that_lies_in_a_folder() {
        let config = "examples/.gitlab/agents/dev/config.yaml";
        for text in
            ["examples/**", "examples", "./examples/", "*", "**/dev", "**/config.yaml", "examples/.gitlab/*/dev"]
        {
            assert!(patterns(&[text]).is_match(config), "{text}");
        }
        for text in ["example", "dev", "config.yaml", "*.yaml", "*/agents", "examples/*.yaml", "Examples"] {
            assert!(!patterns(&[text]).is_match(config), "{text}");
        }
        assert_eq!(patterns(&["**/dev", "x", "examples"]).matching(config), [0, 2]);
    }

    #[test]
    fn what_leads_out_of_the_folder_is_no_pattern() {
        for text in ["/etc", "../x", "a/../../b", "[a"] {
            assert!(PathPattern::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn paths_of_reports_are_taken_from_the_folder_of_the_patterns() {
        let relative = |folder: &str, here: &str, path: &str| {
            PatternFolder::new(Path::new(folder), Path::new(here)).relative(path)
        };
        assert_eq!(relative("/r", "/r", "a/b"), "a/b");
        assert_eq!(relative("/r", "/r/sub", "a/b"), "sub/a/b");
        assert_eq!(relative("/r", "/r/sub", "../a"), "a");
        assert_eq!(relative("/r/sub", "/r", "sub/a"), "a");
        assert_eq!(relative("/r/sub", "/r", "subway/a"), "subway/a");
        assert_eq!(relative("/r", "/", "/r/a"), "a");
        assert_eq!(relative("/", "/r", "a"), "r/a");
        assert_eq!(relative("/etc", "/r", "a/b"), "a/b");
    }
}
