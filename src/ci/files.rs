//! What a pipeline's configuration is read from.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::source::Source;

/// What lies in a repository. Implemented elsewhere, on a disk or in memory.
pub trait Files: Sync {
    /// The file at a path from the top of the repository, without `.`, `..` and a slash in front.
    fn read(&self, path: &str) -> FileContent;

    /// How reports name the file at a path.
    fn shown(&self, path: &str) -> String {
        path.to_owned()
    }

    /// The paths that match a pattern of `include:local` with `*` and `**`.
    fn glob(&self, pattern: &str) -> Globbed;

    /// Whether all files of the repository are at hand, so that one that is missing does not exist.
    fn is_whole(&self) -> bool {
        true
    }

    /// A file of another project, where that is at hand.
    fn project_file(&self, _project: &str, _git_ref: Option<&str>, _path: &str) -> FileContent {
        FileContent::Missing
    }
}

/// What a pattern of `include:local` matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Globbed {
    /// The paths, sorted; no more than one above [`MAX_INCLUDES`](super::MAX_INCLUDES) are needed.
    pub paths: Vec<String>,
    /// Whether no path is missing.
    pub is_whole: bool,
}

/// What lies at a path.
#[derive(Clone, Debug)]
pub enum FileContent {
    /// A text.
    Text(Arc<Source>),
    /// Nothing, or nothing that is at hand.
    Missing,
    /// A file that is too large to be read, with its size in bytes.
    TooLarge(u64),
    /// Something that is no file; what it is.
    NoFile(&'static str),
}

/// The files of the repository that jobs run, as they were read.
#[derive(Clone, Debug, Default)]
pub struct JobFiles {
    /// What lies at each path that was asked for.
    pub contents: BTreeMap<String, FileContent>,
    /// The files of folders, by folder and ending.
    pub folders: BTreeMap<(String, String), Vec<String>>,
}

/// What is known of the project whose pipeline it is. Predefined variables get their values from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectFacts {
    /// Its full path.
    pub path: Option<String>,
    /// Its number.
    pub id: Option<i64>,
    /// Its default branch.
    pub default_branch: Option<String>,
    /// The address of its instance.
    pub server_url: Option<String>,
}
