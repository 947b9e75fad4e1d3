//! Which projects are looked at, and which of them the caller's word about a path is for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::Kind;
use super::loader::{Loader, Request};
use super::paths::{lexical, locate};
use super::search::{Found, Listing, Search, Searcher};
use super::{InventoryFile, Snapshot, Unusable};

/// How many files of a folder are looked at for an editor; that takes about a second.
pub const MAX_FILES_OF_EDITOR: usize = 200_000;

/// What is to be loaded.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'p> {
    /// These files and folders, or the working directory where there are none, and all projects of the inventory.
    Paths(&'p [PathBuf]),
    /// A folder that an editor has open, with documents of which not all need lie in it.
    Folder(&'p Path, &'p [PathBuf]),
    /// Documents of an editor that lie in no folder that is open.
    Documents(&'p [PathBuf]),
}

/// Which other projects of an inventory are loaded beside those that paths name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbours {
    /// All of them.
    Always,
    /// All of them where jobs are asked for, which may use agents of any.
    ForJobs,
}

/// The project that the caller's word about a path is for.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    /// Its position.
    pub at: usize,
    /// Whether it is the top of what was asked for, and not the only one somewhere below.
    pub is_top: bool,
}

impl Loader<'_> {
    /// The projects to look at: those of the paths, or else everything here, and all projects of the inventory. A folder that an
    /// inventory gives to a project has that project's path.
    pub(super) fn search(&self, request: &Request<'_>, snapshot: &mut Snapshot) -> Search {
        let all = Searcher::new(self.files, usize::MAX);
        let here = Path::new(".");
        match request.scope {
            Scope::Paths(paths) => {
                let inventory = self.inventory_around(here, snapshot);
                let mut search = match (paths.is_empty(), &inventory) {
                    (false, _) => all.search(paths),
                    // With an inventory at hand, an unrelated folder is not searched; this project is looked at all the same.
                    (true, Some(_)) if self.options.inventory.is_some() => {
                        Search { projects: all.at_root(here).into_iter().collect(), ..Search::default() }
                    }
                    (true, _) => all.search(&[here.to_owned()]),
                };
                let mut inventories: Vec<Listing> = inventory.into_iter().collect();
                for path in paths {
                    let folder = match self.files.kind(path) {
                        Ok(Kind::File) => locate(path).0,
                        _ => path.clone(),
                    };
                    let around = self.inventory_around(&folder, snapshot);
                    let is_new = |new: &Listing| !inventories.iter().any(|(known, _)| Arc::ptr_eq(known, &new.0));
                    let around = around.filter(is_new);
                    inventories.extend(around);
                }
                let asked = search.projects.len();
                let needs_others = |found: &Found| {
                    request.neighbours == Neighbours::Always
                        || found.ci_file.as_ref().is_some_and(|file| found.is_meant(file))
                };
                let with_others = paths.is_empty() || search.projects.iter().any(needs_others);
                let folders: Vec<PathBuf> = paths.iter().map(|path| lexical(path)).collect();
                let is_below = |folder: &Path| {
                    let folder = lexical(folder);
                    paths.is_empty() || folders.iter().any(|given| folder.starts_with(given))
                };
                for inventory in &inventories {
                    let is_wanted = |folder: &Path| with_others || is_below(folder);
                    InventoryFile::name_projects(inventory, self.files, &mut search.projects, &is_wanted);
                }
                for other in search.projects.iter_mut().skip(asked).filter(|other| !is_below(&other.root)) {
                    other.named = Some(BTreeSet::new());
                    other.ci_file = None;
                }
                search
            }
            Scope::Folder(folder, documents) => {
                let some = Searcher::new(self.files, MAX_FILES_OF_EDITOR);
                let mut search = some.search(&[folder.to_owned()]);
                if let Some(inventory) = self.inventory_around(folder, snapshot) {
                    InventoryFile::name_projects(&inventory, self.files, &mut search.projects, &|_| true);
                }
                documents.iter().for_each(|document| some.add(&mut search, document));
                search
            }
            Scope::Documents(documents) => {
                let mut search = Search::default();
                documents.iter().for_each(|document| all.add(&mut search, document));
                let roots: Vec<PathBuf> = search.projects.iter().map(|found| found.root.clone()).collect();
                for root in roots {
                    if let Some(inventory) = self.inventory_around(&root, snapshot) {
                        InventoryFile::name_projects(&inventory, self.files, &mut search.projects, &|_| true);
                    }
                }
                search
            }
        }
    }

    fn inventory_around(&self, folder: &Path, snapshot: &mut Snapshot) -> Option<Listing> {
        let root = self.gate.root_of(folder, folder);
        let inventory = self.settings_for(folder, &root).and_then(|settings| {
            let inventory = self.inventory_of(&settings, &root)?;
            Ok(inventory.map(|inventory| (inventory, settings)))
        });
        inventory.unwrap_or_else(|unusable| {
            snapshot.unusable.push(unusable);
            None
        })
    }

    /// The project that `--project` and `CI_PROJECT_PATH` are the path of: a pipeline's project is the one whose repository is
    /// checked out, and so is the caller's.
    pub(super) fn owner(
        &self,
        projects: &[Found],
        scope: Scope<'_>,
        snapshot: &mut Snapshot,
    ) -> Result<Option<Owner>, Unusable> {
        let is_own = |found: &Found| found.is_asked_for() && !found.is_nested;
        let candidates: Vec<(usize, &Found)> = projects.iter().enumerate().filter(|(_, found)| is_own(found)).collect();
        let tops: Vec<PathBuf> = match scope {
            Scope::Paths([]) => vec![lexical(Path::new("."))],
            Scope::Paths(paths) => paths.iter().map(|path| lexical(path)).collect(),
            Scope::Folder(folder, _) => vec![lexical(folder)],
            Scope::Documents(_) => Vec::new(),
        };
        let is_top = |found: &Found| {
            let folder = lexical(&found.root);
            // The second look is one at the disk, and few projects get there.
            tops.iter().any(|top| top.starts_with(&folder)) && self.gate.root_of(&folder, &found.given).path == folder
        };
        let at_top: Vec<usize> = candidates.iter().filter(|(_, found)| is_top(found)).map(|(at, _)| *at).collect();
        if let [at] = at_top[..] {
            return Ok(Some(Owner { at, is_top: true }));
        }
        let unlisted: Vec<usize> =
            candidates.iter().filter(|(_, found)| found.project.is_none()).map(|(at, _)| *at).collect();
        if let [at] = unlisted[..] {
            return Ok(Some(Owner { at, is_top: false }));
        }
        let count = unlisted.len();
        if count > 1 {
            if self.options.project.is_some() {
                return Err(Unusable::new(format!(
                    "--project names one project, and {count} configuration projects were found; check them one by one"
                )));
            }
            if let Some(path) = &self.surroundings.ci_project_path {
                snapshot.remarks.insert(format!(
                    "CI_PROJECT_PATH ({path}) was left out: {count} configuration projects were found, and none is the top of what was asked for."
                ));
            }
        }
        Ok(None)
    }
}
