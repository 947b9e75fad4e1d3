//! Texts on top of another source: what an editor shows and has not saved, standard input, texts with fixes.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Content, FileSource, Folder, Kind, Walk, Walked};
use crate::project::paths::shown_path;
use crate::source::Source;

/// Texts by the paths that reports show.
pub type Texts = HashMap<String, Arc<Source>>;

/// A source in which some files have other texts, or have texts although they do not lie there.
///
/// A link or folder stays one, whatever text an editor shows of it: that is what GitLab meets.
pub struct Overlay<'s> {
    below: &'s dyn FileSource,
    texts: &'s Texts,
}

impl<'s> Overlay<'s> {
    /// These texts on top of a source.
    #[must_use]
    pub fn new(below: &'s dyn FileSource, texts: &'s Texts) -> Self {
        Self { below, texts }
    }

    fn text(&self, path: &Path) -> Option<&Arc<Source>> {
        if self.texts.is_empty() { None } else { self.texts.get(&shown_path(path)) }
    }
}

impl FileSource for Overlay<'_> {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        self.below.kind(path).or_else(|error| if self.text(path).is_some() { Ok(Kind::File) } else { Err(error) })
    }

    fn link_target(&self, path: &Path) -> io::Result<PathBuf> {
        self.below.link_target(path)
    }

    fn real(&self, path: &Path) -> io::Result<PathBuf> {
        self.below.real(path).or_else(|error| {
            if self.text(path).is_none() {
                return Err(error);
            }
            // Of a file that does not lie there, one of the folders above may.
            let folders = || path.ancestors().skip(1);
            let real = folders().find_map(|folder| Some((folder, self.below.real(folder).ok()?)));
            let rest = |(folder, real): (&Path, PathBuf)| path.strip_prefix(folder).ok().map(|rest| real.join(rest));
            Ok(real.and_then(rest).unwrap_or_else(|| path.to_owned()))
        })
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Content> {
        match self.text(path) {
            Some(text) => Ok(Content::within(text, limit)),
            None => self.below.read(path, limit),
        }
    }

    fn hold(&self, folder: &Path, real: &Path) -> io::Result<Folder> {
        self.below.hold(folder, real).or_else(|error| match error.kind() {
            // A file that only an editor has lies nowhere yet, and its folder need not either.
            io::ErrorKind::NotFound if !self.texts.is_empty() => Ok(Folder::unheld(folder)),
            _ => Err(error),
        })
    }

    fn read_at(&self, folder: &Folder, below: &Path, path: &Path, limit: u64) -> io::Result<Content> {
        let Some(text) = self.text(path) else { return self.below.read_at(folder, below, path, limit) };
        match self.below.read_at(folder, below, path, 0) {
            Ok(Content::Text(_) | Content::TooLarge(_)) | Err(_) => Ok(Content::within(text, limit)),
            Ok(other) => Ok(other),
        }
    }

    fn walk(&self, walk: &Walk<'_>) -> Walked {
        let mut walked = self.below.walk(walk);
        for shown in self.texts.keys() {
            let path = Path::new(shown);
            let is_below =
                path.starts_with(walk.top) || std::path::absolute(path).is_ok_and(|path| path.starts_with(walk.top));
            if is_below && (walk.wanted)(path) && self.below.kind(path).is_err() {
                walked.met.push((path.to_owned(), Kind::File));
            }
        }
        walked
    }

    fn remote(&self, repository: &Path) -> Option<String> {
        self.below.remote(repository)
    }
}
