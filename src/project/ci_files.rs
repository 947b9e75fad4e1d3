//! A repository as CI files include from it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::files::{Content, FileSource, Folder, Kind, Walk};
use super::paths::{folder_or_here, shown_path};
use super::{InventoryFile, Project};
use crate::access::jobs::CiProject;
use crate::ci::{FileContent, Files, Pipeline};
use crate::gitlab::FullPath;

/// The largest CI file that is read, in bytes.
///
/// Source: `max_yaml_size_bytes` in `doc/administration/instance_limits.md`, 2 MiB unless an administrator says otherwise.
pub(crate) const MAX_CI_FILE_SIZE: u64 = 2 << 20;

/// How many paths are looked at for one pattern.
const MAX_PATHS: usize = 200_000;

impl Project {
    /// Its CI file with what that includes; `None` without one.
    #[must_use]
    pub fn read_pipeline(&self, files: &dyn FileSource) -> Option<Pipeline> {
        self.read_pipeline_in(files.hold(&self.folder, &self.real).ok(), files)
    }

    /// The same with its folder, where that could be held.
    pub(super) fn read_pipeline_in(&self, held: Option<Folder>, files: &dyn FileSource) -> Option<Pipeline> {
        let name = self.ci_file.as_ref()?.file_name()?.to_str()?;
        let root = folder_or_here(&self.folder).to_owned();
        // The folders of an inventory often hold what kaslint reads and no more.
        let is_whole = !self.is_listed || files.is_there(&root.join(".git"));
        let repository = Repository { files, root, held, inventory: self.inventory.as_deref(), is_whole };
        Some(Pipeline::read(name, &repository, &self.ci_project().facts))
    }

    /// What is known of it as a project whose jobs run.
    #[must_use]
    pub fn ci_project(&self) -> CiProject {
        let path = self.context.project.as_ref().map(FullPath::as_str);
        CiProject::of(path, self.context.inventory.as_deref(), self.context.version)
    }
}

/// The files of one repository, and those of other projects of an inventory.
struct Repository<'f> {
    files: &'f dyn FileSource,
    root: PathBuf,
    /// `None` where it cannot be opened.
    held: Option<Folder>,
    inventory: Option<&'f InventoryFile>,
    is_whole: bool,
}

impl Files for Repository<'_> {
    fn shown(&self, path: &str) -> String {
        shown_path(&self.root.join(path))
    }

    fn read(&self, path: &str) -> FileContent {
        match &self.held {
            Some(held) => read_below(self.files, held, &self.root, path),
            None => FileContent::NoFile("not readable"),
        }
    }

    /// `**` stands for any characters and `*` for any but `/`, over the whole path.
    ///
    /// Source: `search_files_by_wildcard_path` in `app/models/repository.rb`.
    fn glob(&self, pattern: &str) -> Vec<String> {
        let expression = regex::escape(pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]*");
        let Ok(expression) = Regex::new(&format!("^(?s:{expression})$")) else { return Vec::new() };
        // What only an editor has goes by the path that reports show.
        let relative = |path: &Path| -> Option<String> {
            let absolute = || std::path::absolute(&self.root).ok();
            let path = match path.strip_prefix(&self.root) {
                Ok(relative) => relative.to_owned(),
                Err(_) => std::path::absolute(path).ok()?.strip_prefix(absolute()?).ok()?.to_owned(),
            };
            let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
            Some(parts?.join("/"))
        };
        let wanted = |path: &Path| relative(path).is_some_and(|path| expression.is_match(&path));
        let walk =
            Walk { top: &self.root, limit: MAX_PATHS, leaves_out_ignored: true, is_large: false, wanted: &wanted };
        let met = self.files.walk(&walk).met.into_iter().filter(|(_, kind)| *kind == Kind::File);
        let mut paths: Vec<String> = met.filter_map(|(path, _)| relative(&path)).collect();
        paths.sort();
        paths.dedup();
        paths
    }

    fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// A file of another project of the inventory, as it is on the default branch.
    fn project_file(&self, project: &str, git_ref: Option<&str>, path: &str) -> FileContent {
        let listed = self.inventory.and_then(|file| Some((file, file.inventory.find_project(project)?)));
        let Some((file, project)) = listed else { return FileContent::Missing };
        let is_default = git_ref.is_none_or(|name| name == "HEAD" || project.default_branch.as_deref() == Some(name));
        if !is_default {
            return FileContent::Missing;
        }
        let root = file.folder_of(project);
        match file.hold(&root, self.files) {
            Ok(Some((held, _))) => read_below(self.files, &held, &root, path.trim_start_matches('/')),
            Ok(None) => FileContent::NoFile("outside of what the inventory may name"),
            Err(_) => FileContent::Missing,
        }
    }
}

/// Reads a file below a folder, and nothing that a link leads to: GitLab follows none.
fn read_below(files: &dyn FileSource, folder: &Folder, root: &Path, path: &str) -> FileContent {
    match files.read_at(folder, Path::new(path), &root.join(path), MAX_CI_FILE_SIZE) {
        Ok(Content::Text(source)) => FileContent::Text(source),
        Ok(Content::TooLarge(size)) => FileContent::TooLarge(size),
        Ok(content @ (Content::Link(_) | Content::Outside | Content::NoFile(_))) => {
            FileContent::NoFile(content.in_words())
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => FileContent::Missing,
        Err(_) => FileContent::NoFile("not readable"),
    }
}
