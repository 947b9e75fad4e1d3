//! A tree in memory, for tests and for whatever comes from elsewhere than the disk.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::git::Objects;
use super::{Content, FileSource, Folder, Kind, Walk, Walked};
use crate::project::paths::{lexical, shown_path};
use crate::source::Source;

/// Files by path; a folder is there as long as something lies in it. Links are not followed.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: BTreeMap<PathBuf, Entry>,
    remotes: BTreeMap<PathBuf, String>,
    /// Where texts are read that are not at hand.
    objects: Option<Arc<Objects>>,
}

#[derive(Clone, Debug)]
enum Entry {
    Text(Arc<Source>),
    /// An object of git, by its name.
    Object(Box<str>),
    Link(PathBuf),
    /// Something that is no file; what, with its article.
    Other(&'static str),
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

    /// What objects are read from.
    pub(super) fn reading(&mut self, objects: Arc<Objects>) -> &mut Self {
        self.objects = Some(objects);
        self
    }

    /// Puts an object of git at a path.
    pub(super) fn object(&mut self, path: &Path, name: &str) -> &mut Self {
        self.files.insert(normal(path), Entry::Object(name.into()));
        self
    }

    /// Puts what is no file at a path.
    pub(super) fn other(&mut self, path: &Path, what: &'static str) -> &mut Self {
        self.files.insert(normal(path), Entry::Other(what));
        self
    }

    /// The paths of all files, in order.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(PathBuf::as_path)
    }

    /// Takes away what lies at a path.
    pub fn remove(&mut self, path: &Path) -> &mut Self {
        self.files.remove(&normal(path));
        self
    }

    /// Puts what another tree has at a path there, or takes it away where that has nothing.
    pub fn as_in(&mut self, other: &Self, path: &Path) -> &mut Self {
        let path = normal(path);
        match other.files.get(&path) {
            Some(entry) => self.files.insert(path, entry.clone()),
            None => self.files.remove(&path),
        };
        self
    }

    fn object_at(&self, name: &str, path: &Path, limit: u64) -> io::Result<Content> {
        let Some(objects) = &self.objects else { return Err(Self::missing(path)) };
        Ok(match objects.read(name, limit)? {
            Ok(bytes) => Content::Text(Arc::new(Source::from_bytes(shown_path(path), &bytes))),
            Err(size) => Content::TooLarge(size),
        })
    }

    fn missing(path: &Path) -> io::Error {
        io::Error::new(io::ErrorKind::NotFound, format!("no such file or folder: {}", path.display()))
    }

    fn is_folder(&self, path: &Path) -> bool {
        let behind = self.files.range(path.to_owned()..).map(|(file, _)| file).find(|file| *file != path);
        path.as_os_str().is_empty() || behind.is_some_and(|file| file.starts_with(path))
    }
}

/// A path without `.` and with `..` worked out, from the working directory.
fn normal(path: &Path) -> PathBuf {
    let here = path.is_absolute().then(|| lexical(Path::new("")));
    let path = here.as_deref().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path);
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
            Some(Entry::Text(_) | Entry::Object(_)) => Ok(Kind::File),
            Some(Entry::Other(what)) => Ok(Kind::Other(what)),
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
            Some(Entry::Object(name)) => self.object_at(name, path, limit),
            Some(Entry::Other(what)) => Ok(Content::NoFile(what)),
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
        let mut folders = HashSet::new();
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
            let kind = match entry {
                Entry::Text(_) | Entry::Object(_) => Kind::File,
                Entry::Link(_) => Kind::Link,
                Entry::Other(what) => Kind::Other(what),
            };
            // With the folders on the way, as a disk has them.
            for folder in path.ancestors().skip(1).take_while(|folder| *folder != top && folder.starts_with(&top)) {
                if folders.insert(folder.to_owned()) && (walk.wanted)(folder, Kind::Folder) {
                    walked.met.push((folder.to_owned(), Kind::Folder));
                }
            }
            if (walk.wanted)(path, kind) {
                walked.met.push((path.clone(), kind));
            }
        }
        walked
    }

    fn remote(&self, repository: &Path) -> Option<String> {
        self.remotes.get(&normal(repository)).cloned()
    }
}
