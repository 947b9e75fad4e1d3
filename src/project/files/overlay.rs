//! Texts on top of another source: what an editor shows and has not saved, standard input, texts with fixes.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::{Content, FileSource, Folder, Kind, Listing, Listings, Walk, Walked};
use crate::project::paths::{lexical, shown_path};
use crate::source::Source;

/// Texts by the paths that reports show.
pub type Texts = HashMap<String, Arc<Source>>;

/// A source in which some files have other texts, or have texts although they do not lie there.
///
/// A link or folder stays one, whatever text an editor shows of it: that is what GitLab meets.
pub struct Overlay<'s> {
    below: &'s dyn FileSource,
    texts: &'s Texts,
    /// The last part of each of their paths.
    names: HashSet<&'s str>,
    /// Their paths from the top of the file system, once somebody asked.
    lexical: OnceLock<BTreeSet<PathBuf>>,
    listings: Option<&'s Listings>,
}

impl<'s> Overlay<'s> {
    /// These texts on top of a source.
    #[must_use]
    pub fn new(below: &'s dyn FileSource, texts: &'s Texts) -> Self {
        let names = texts.keys().map(|path| path.rsplit('/').next().unwrap_or_default()).collect();
        Self { below, texts, names, lexical: OnceLock::new(), listings: None }
    }

    /// The same, with lists of files that are kept elsewhere.
    #[must_use]
    pub fn keeping(self, listings: &'s Listings) -> Self {
        Self { listings: Some(listings), ..self }
    }

    /// The paths below a folder at which nothing lies.
    fn only_here<'a>(&'a self, top: &'a Path) -> impl Iterator<Item = &'a Path> {
        let from = lexical(top);
        let is_below = move |path: &&Path| path.starts_with(top) || lexical(path).starts_with(&from);
        let paths = self.texts.keys().map(Path::new).filter(is_below);
        paths.filter(|path| self.below.kind(path).is_err())
    }

    fn text(&self, path: &Path) -> Option<&Arc<Source>> {
        // To find out how reports show a path takes longer than to see that no text has its name.
        let may_be = path.file_name().is_none_or(|name| self.names.contains(&*name.to_string_lossy()));
        if may_be { self.texts.get(&shown_path(path)) } else { None }
    }

    /// The path without links of a text; `None` for a path without one.
    fn real_of_text(&self, path: &Path) -> Option<PathBuf> {
        self.text(path)?;
        // Of a file that does not lie there, one of the folders above may.
        let real = path.ancestors().skip(1).find_map(|folder| Some((folder, self.below.real(folder).ok()?)));
        let rest = |(folder, real): (&Path, PathBuf)| path.strip_prefix(folder).ok().map(|rest| real.join(rest));
        Some(real.and_then(rest).unwrap_or_else(|| path.to_owned()))
    }
}

impl FileSource for Overlay<'_> {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        self.below.kind(path).or_else(|error| if self.text(path).is_some() { Ok(Kind::File) } else { Err(error) })
    }

    fn may_hold(&self, folder: &Path) -> bool {
        self.below.may_hold(folder) || self.only_here(folder).next().is_some()
    }

    fn link_target(&self, path: &Path) -> io::Result<PathBuf> {
        self.below.link_target(path)
    }

    fn real(&self, path: &Path) -> io::Result<PathBuf> {
        self.below.real(path).or_else(|error| self.real_of_text(path).ok_or(error))
    }

    fn real_below(&self, path: &Path, above: &Path) -> io::Result<PathBuf> {
        self.below.real_below(path, above).or_else(|error| self.real_of_text(path).ok_or(error))
    }

    fn names_in(&self, folder: &Path, most: usize) -> Option<Vec<(OsString, Kind)>> {
        let mut names = self.below.names_in(folder, most)?;
        let from = lexical(folder);
        let texts = self.lexical.get_or_init(|| self.texts.keys().map(|path| lexical(Path::new(path))).collect());
        let within = texts.range(from.clone()..).take_while(|path| path.starts_with(&from));
        let first = |path: &PathBuf| Some(path.strip_prefix(&from).ok()?.iter().next()?.to_owned());
        names.extend(within.filter_map(first).map(|name| (name, Kind::Link)));
        Some(names)
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
        let wanted = self.only_here(walk.top).filter(|path| (walk.wanted)(path, Kind::File));
        walked.met.extend(wanted.map(|path| (path.to_owned(), Kind::File)));
        walked
    }

    fn list(&self, top: &Path) -> Listing {
        let mut listing = match self.listings {
            Some(listings) => listings.of(self.below, top),
            None => self.below.list(top),
        };
        self.only_here(top).for_each(|path| listing.add(path, top));
        listing
    }

    fn remote(&self, repository: &Path) -> Option<String> {
        self.below.remote(repository)
    }
}
