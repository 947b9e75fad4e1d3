//! A tree in memory, for tests and for whatever comes from elsewhere than the disk.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::{Content, FileSource, Folder, Kind, Walk, Walked};
use crate::project::paths::shown_path;
use crate::source::Source;

/// Files by path; a folder is there as long as something lies in it. Links are not followed.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: BTreeMap<PathBuf, Entry>,
    remotes: BTreeMap<PathBuf, String>,
}

#[derive(Clone, Debug)]
enum Entry {
    Text(Arc<Source>),
    Link(PathBuf),
}

impl Memory {
    /// Puts a text at a path.
    pub fn write(&mut self, path: impl AsRef<Path>, text: impl Into<String>) -> &mut Self {
        let path = normal(path.as_ref());
        let source = Arc::new(Source::new(shown_path(&path), text.into()));
        self.files.insert(path, Entry::Text(source));
        self
    }

    /// Puts a link at a path.
    pub fn link(&mut self, path: impl AsRef<Path>, target: impl Into<PathBuf>) -> &mut Self {
        self.files.insert(normal(path.as_ref()), Entry::Link(target.into()));
        self
    }

    /// Makes a folder the top of a git repository, with the address of its remote.
    pub fn repository(&mut self, folder: impl AsRef<Path>, remote: Option<&str>) -> &mut Self {
        let folder = normal(folder.as_ref());
        self.write(folder.join(".git/HEAD"), "ref: refs/heads/main\n");
        self.remotes.extend(remote.map(|remote| (folder, remote.to_owned())));
        self
    }

    fn missing(path: &Path) -> io::Error {
        io::Error::new(io::ErrorKind::NotFound, format!("no such file or folder: {}", path.display()))
    }

    fn is_folder(&self, path: &Path) -> bool {
        path.as_os_str().is_empty() || self.files.keys().any(|file| file != path && file.starts_with(path))
    }
}

/// A path without `.` and with `..` worked out.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(normal.pop()),
            other => normal.push(other),
        }
    }
    normal
}

impl FileSource for Memory {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        let path = normal(path);
        match self.files.get(&path) {
            Some(Entry::Text(_)) => Ok(Kind::File),
            Some(Entry::Link(_)) => Ok(Kind::Link),
            None if self.is_folder(&path) => Ok(Kind::Folder),
            None => Err(Self::missing(&path)),
        }
    }

    fn link_target(&self, path: &Path) -> io::Result<PathBuf> {
        match self.files.get(&normal(path)) {
            Some(Entry::Link(target)) => Ok(target.clone()),
            _ => Err(Self::missing(path)),
        }
    }

    fn real(&self, path: &Path) -> io::Result<PathBuf> {
        self.kind(path).map(|_| normal(path))
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Content> {
        match self.files.get(&normal(path)) {
            Some(Entry::Text(text)) => Ok(Content::within(text, limit)),
            Some(Entry::Link(target)) => Ok(Content::Link(target.clone())),
            None if self.is_folder(&normal(path)) => Ok(Content::NoFile("a directory")),
            None => Err(Self::missing(path)),
        }
    }

    fn hold(&self, folder: &Path, _real: &Path) -> io::Result<Folder> {
        self.kind(folder).map(|_| Folder::unheld(folder))
    }

    fn read_at(&self, _folder: &Folder, _below: &Path, path: &Path, limit: u64) -> io::Result<Content> {
        self.read(path, limit)
    }

    fn walk(&self, walk: &Walk<'_>) -> Walked {
        let mut walked = Walked::default();
        let top = normal(walk.top);
        for (count, (path, entry)) in self.files.iter().filter(|(path, _)| path.starts_with(&top)).enumerate() {
            if count >= walk.limit {
                walked.is_cut = true;
                break;
            }
            if let Some(git) = path.ancestors().find(|folder| folder.file_name().is_some_and(|name| name == ".git")) {
                let folder = git.parent().map(Path::to_owned).unwrap_or_default();
                if !walked.repositories.contains(&folder) {
                    walked.repositories.push(folder);
                }
                continue;
            }
            let kind = if matches!(entry, Entry::Link(_)) { Kind::Link } else { Kind::File };
            // With the folders on the way, as a disk has them.
            for folder in path.ancestors().skip(1).take_while(|folder| *folder != top && folder.starts_with(&top)) {
                if (walk.wanted)(folder) && !walked.met.iter().any(|(met, _)| met == folder) {
                    walked.met.push((folder.to_owned(), Kind::Folder));
                }
            }
            if (walk.wanted)(path) {
                walked.met.push((path.clone(), kind));
            }
        }
        walked
    }

    fn remote(&self, repository: &Path) -> Option<String> {
        self.remotes.get(&normal(repository)).cloned()
    }
}
