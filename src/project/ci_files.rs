//! A repository as CI files include from it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::files::{Content, FileSource, Folder, Listing, Met};
use super::paths::{folder_or_here, shown_path};
use super::{InventoryFile, Project};
use crate::access::jobs::{self, CiProject};
use crate::ci::{FileContent, Files, Globbed, MAX_INCLUDES, Pipeline};
use crate::gitlab::FullPath;

/// The largest CI file that is read, in bytes.
///
/// Source: `max_yaml_size_bytes` in `doc/administration/instance_limits.md`, 2 MiB unless an administrator says otherwise.
pub(crate) const MAX_CI_FILE_SIZE: u64 = 2 << 20;

impl Project {
    /// Its CI file with what that includes; `None` without one.
    #[must_use]
    pub fn read_pipeline(&self, files: &dyn FileSource) -> Option<Pipeline> {
        self.read_pipeline_in(files.hold(&self.folder, &self.real).ok(), files)
    }

    /// The same with its folder, where that could be held.
    pub(super) fn read_pipeline_in(&self, held: Option<Folder>, files: &dyn FileSource) -> Option<Pipeline> {
        let file = self.ci_file.as_ref()?;
        // An inventory may name another file than `.gitlab-ci.yml`, in a folder of the project.
        let name = file.strip_prefix(&self.folder).ok().or_else(|| file.file_name().map(Path::new))?.to_str()?;
        let root = folder_or_here(&self.folder).to_owned();
        // The folders of an inventory often hold what kaslint reads and no more.
        let is_whole = !self.is_listed || files.is_there(&root.join(".git"));
        let inventory = self.inventory.as_deref();
        let repository = Repository { files, root, held, inventory, is_whole, listing: Mutex::default() };
        let known = self.ci_project();
        let mut pipeline = Pipeline::read(name, &repository, &known.facts);
        jobs::gather(&mut pipeline, &known, &repository);
        Some(pipeline)
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
    /// Its files, once a pattern was asked for.
    listing: Mutex<Option<Listing>>,
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

    fn glob(&self, pattern: &str) -> Globbed {
        let mut listing = self.listing.lock().unwrap_or_else(PoisonError::into_inner);
        let listing = listing.get_or_insert_with(|| self.files.list(&self.root));
        // One more than is included tells that there are too many.
        let Met { paths, is_whole } = listing.matching(pattern, MAX_INCLUDES + 1);
        Globbed { paths, is_whole }
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

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::files::{Content, FileSource, Folder, Kind, Memory, Walk, Walked};
    use super::super::{Context, Project};

    /// Counts how often the tree is walked.
    struct Counting(Memory, AtomicUsize);

    impl FileSource for Counting {
        fn kind(&self, path: &Path) -> io::Result<Kind> {
            self.0.kind(path)
        }

        fn link_target(&self, path: &Path) -> io::Result<PathBuf> {
            self.0.link_target(path)
        }

        fn real(&self, path: &Path) -> io::Result<PathBuf> {
            self.0.real(path)
        }

        fn read(&self, path: &Path, limit: u64) -> io::Result<Content> {
            self.0.read(path, limit)
        }

        fn hold(&self, folder: &Path, real: &Path) -> io::Result<Folder> {
            self.0.hold(folder, real)
        }

        fn read_at(&self, folder: &Folder, below: &Path, path: &Path, limit: u64) -> io::Result<Content> {
            self.0.read_at(folder, below, path, limit)
        }

        fn walk(&self, walk: &Walk<'_>) -> Walked {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.walk(walk)
        }

        fn remote(&self, repository: &Path) -> Option<String> {
            self.0.remote(repository)
        }
    }

    #[test]
    fn all_patterns_of_a_pipeline_share_one_walk() {
        let mut tree = Memory::default();
        let mut main = "include:\n".to_owned();
        for number in 0..10 {
            tree.write(format!("w/ci/{number}/a.yml"), format!("job-{number}: {{script: [x]}}\n"));
            main.push_str(&format!("  - '**/{number}/*.yml'\n"));
        }
        tree.write("w/.gitlab-ci.yml", main);
        let files = Counting(tree, AtomicUsize::new(0));
        let mut project = Project::new(Vec::new(), Context::default());
        project.folder = PathBuf::from("w");
        project.real = PathBuf::from("w");
        project.ci_file = Some(PathBuf::from("w/.gitlab-ci.yml"));
        let pipeline = project.read_pipeline(&files).expect("a pipeline");
        assert_eq!((pipeline.jobs.len(), pipeline.problems.len()), (10, 0));
        assert_eq!(files.1.load(Ordering::Relaxed), 1);
    }
}
