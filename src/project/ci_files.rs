//! A repository on disk, as CI files include from it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use regex::Regex;

use super::discover::{self, Content, Found};
use super::knowledge::{Known, Listing};
use crate::access::jobs::CiProject;
use crate::agent_config::location::CI_FILE;
use crate::ci::{FileContent, Files, Pipeline};
use crate::fixing::{Overlay, Texts};
use crate::gitlab::FullPath;
use crate::project::Context;
use crate::source::Source;

/// The largest CI file that is read, in bytes.
///
/// Source: `max_yaml_size_bytes` in `doc/administration/instance_limits.md`, 2 MiB unless an administrator says otherwise.
pub(crate) const MAX_CI_FILE_SIZE: u64 = 2 << 20;

/// How many paths are looked at for one pattern.
const MAX_PATHS: usize = 200_000;

/// A project's CI file with what it includes; `None` without one.
pub(crate) fn read_pipeline(found: &Found, known: &Known) -> Option<Pipeline> {
    read_pipeline_with(found, &known.context, known.listing.as_deref(), &Texts::new())
}

/// The same with other texts than those on disk.
pub(crate) fn read_pipeline_with(
    found: &Found,
    context: &Context,
    listing: Option<&Listing>,
    texts: &Texts,
) -> Option<Pipeline> {
    let file = found.ci_file.as_ref()?.file_name()?.to_str()?;
    let files = RepositoryFiles::new(found, listing);
    let path = context.project.as_ref().map(FullPath::as_str);
    let facts = CiProject::of(path, context.inventory.as_deref()).facts;
    Some(Pipeline::read(file, &Overlay::new(&files, texts), &facts))
}

/// The CI file of a project where its text is at hand and need not lie on disk, with what it includes of there.
pub(crate) fn read_pipeline_of(
    main: &Arc<Source>,
    found: &Found,
    context: &Context,
    listing: Option<&Listing>,
    texts: &Texts,
) -> Pipeline {
    let files = RepositoryFiles { main: Some(Arc::clone(main)), ..RepositoryFiles::new(found, listing) };
    let path = context.project.as_ref().map(FullPath::as_str);
    let facts = CiProject::of(path, context.inventory.as_deref()).facts;
    Pipeline::read(CI_FILE, &Overlay::new(&files, texts), &facts)
}

/// What is known of the project whose CI file it is.
pub(crate) fn ci_project(known: &Known) -> CiProject {
    let path = known.context.project.as_ref().map(FullPath::as_str);
    CiProject::of(path, known.context.inventory.as_deref())
}

/// The files of one repository, and those of other projects of an inventory.
pub(crate) struct RepositoryFiles<'l> {
    root: PathBuf,
    listing: Option<&'l Listing>,
    is_whole: bool,
    /// The CI file, where it does not come from disk.
    main: Option<Arc<Source>>,
}

impl<'l> RepositoryFiles<'l> {
    /// The repository in the folder of a project that was found.
    pub fn new(found: &Found, listing: Option<&'l Listing>) -> Self {
        let root = if found.root.as_os_str().is_empty() { Path::new(".") } else { &found.root };
        // The folders of an inventory often hold what kaslint reads and no more.
        let is_whole = found.project.is_none() || root.join(".git").exists();
        Self { root: root.to_owned(), listing, is_whole, main: None }
    }
}

impl Files for RepositoryFiles<'_> {
    fn shown(&self, path: &str) -> String {
        discover::shown_path(&self.root.join(path))
    }

    fn read(&self, path: &str) -> FileContent {
        if let Some(main) = self.main.as_ref().filter(|_| path == CI_FILE) {
            return FileContent::Text(Arc::clone(main));
        }
        read_below(&self.root, path)
    }

    /// `**` stands for any characters and `*` for any but `/`, over the whole path.
    ///
    /// Source: `search_files_by_wildcard_path` in `app/models/repository.rb`.
    fn glob(&self, pattern: &str) -> Vec<String> {
        let expression = regex::escape(pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]*");
        let Ok(expression) = Regex::new(&format!("^(?s:{expression})$")) else { return Vec::new() };
        let walk = ignore::WalkBuilder::new(&self.root)
            .hidden(false)
            .filter_entry(|entry| entry.file_name() != ".git")
            .build();
        let files = walk.flatten().take(MAX_PATHS).filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
        let mut paths: Vec<String> = files
            .filter_map(|entry| {
                let relative = entry.path().strip_prefix(&self.root).ok()?;
                let parts: Option<Vec<&str>> = relative.iter().map(|part| part.to_str()).collect();
                Some(parts?.join("/"))
            })
            .filter(|path| expression.is_match(path))
            .collect();
        paths.sort();
        paths
    }

    fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// A file of another project of the inventory, as it is on the default branch.
    fn project_file(&self, project: &str, git_ref: Option<&str>, path: &str) -> FileContent {
        let listed = self.listing.and_then(|listing| Some((listing, listing.inventory.find_project(project)?)));
        let Some((listing, project)) = listed else { return FileContent::Missing };
        let is_default = git_ref.is_none_or(|name| name == "HEAD" || project.default_branch.as_deref() == Some(name));
        if !is_default {
            return FileContent::Missing;
        }
        read_below(&listing.folder.join(project.folder()), path.trim_start_matches('/'))
    }
}

/// Reads a file below a folder, and nothing that a link leads to.
fn read_below(root: &Path, path: &str) -> FileContent {
    let file = root.join(path);
    let Ok(metadata) = std::fs::symlink_metadata(&file) else { return FileContent::Missing };
    if metadata.is_symlink() {
        return FileContent::NoFile("a symbolic link");
    }
    let is_below = match (std::fs::canonicalize(&file), std::fs::canonicalize(root)) {
        (Ok(file), Ok(root)) => file.starts_with(root),
        _ => false,
    };
    if !is_below {
        return FileContent::NoFile("outside of the repository");
    }
    match discover::read_file(&file, MAX_CI_FILE_SIZE) {
        Ok(Content::Text(bytes)) => {
            FileContent::Text(Arc::new(Source::from_bytes(discover::shown_path(&file), &bytes)))
        }
        Ok(Content::TooLarge(size)) => FileContent::TooLarge(size),
        Ok(Content::NoFile(what)) => FileContent::NoFile(what),
        Err(_) => FileContent::NoFile("not readable"),
    }
}
