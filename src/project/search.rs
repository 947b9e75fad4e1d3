//! Finds configuration projects, their agent configurations and their CI files.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ahash::RandomState;
use rayon::prelude::*;

use super::files::{FileSource, Kind, Walk};
use super::paths::{absolute, is_config_path, lexical, locate};
use super::{InventoryFile, SettingsFile};
use crate::agent_config::location::{CI_FILE, Location, TEMPLATES_FOLDER, Unread, UnusedTemplate};
use crate::gitlab::ByName;
use crate::words::io_error;

/// From how many paths on looking is shared: threads cost more to start than a few paths cost to look at.
const FEW: usize = 16;

/// The name that tells an inventory folder.
const INVENTORY_FILE: &str = "inventory.yaml";

/// The folder beside an inventory in which the projects lie that it gives no other.
const PROJECTS_FOLDER: &str = "projects";

/// An inventory with the settings that name it.
pub(crate) type Listing = (Arc<InventoryFile>, Arc<SettingsFile>);

/// A project that was found: a configuration project, one with a CI file, or both.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The folder that holds `.gitlab`.
    pub root: PathBuf,
    /// The folder that was asked for and that led here.
    pub given: PathBuf,
    /// Its files, by path.
    pub files: Vec<FoundFile>,
    /// Its CI file.
    pub ci_file: Option<PathBuf>,
    /// Its full path, where an inventory says it.
    pub project: Option<String>,
    /// That inventory, with the settings that name it.
    pub listed_by: Option<Listing>,
    /// Whether it lies below a project or in a repository, and so is none to GitLab.
    pub is_nested: bool,
    /// The files that were named; `None` where the whole project is meant. The others are there to be known.
    pub named: Option<BTreeSet<PathBuf>>,
    /// What of it could not be looked at, a clause each.
    pub errors: Vec<String>,
}

impl Found {
    /// How many files are to be read, without those that a CI file includes.
    pub fn count(&self) -> usize {
        self.files.len() + usize::from(self.ci_file.is_some())
    }

    /// A project at a folder of which nothing was found.
    pub fn nothing_at(root: &Path) -> Self {
        Gathered::new(root).into_found(root.to_owned())
    }

    /// Whether anything of it was asked for; others are there to be known.
    pub fn is_asked_for(&self) -> bool {
        self.named.as_ref().is_none_or(|named| !named.is_empty())
    }

    /// Whether a path of it was asked for.
    pub fn is_meant(&self, path: &Path) -> bool {
        self.named.as_ref().is_none_or(|named| named.contains(path))
    }
}

/// A path that is, or looks like, an agent configuration or an environment template.
#[derive(Clone, Debug)]
pub(crate) struct FoundFile {
    pub path: PathBuf,
    pub location: Location,
}

/// What a search found, and what it could not look at.
#[derive(Debug, Default)]
pub(crate) struct Search {
    pub projects: Vec<Found>,
    pub errors: Vec<String>,
    /// Whether there were more files than were to be looked at.
    pub is_cut: bool,
    /// Folders that were passed over because they hold what the system makes up.
    pub passed_over: Vec<PathBuf>,
}

/// What has been found of one project so far.
#[derive(Debug)]
struct Gathered {
    given: PathBuf,
    files: BTreeMap<PathBuf, Location>,
    ci_file: Option<PathBuf>,
    named: BTreeSet<PathBuf>,
    /// Whether a folder was searched, so that all of it is meant.
    is_whole: bool,
    is_nested: bool,
    errors: Vec<String>,
}

impl Gathered {
    fn new(given: &Path) -> Self {
        let given = given.to_owned();
        Self {
            given,
            files: BTreeMap::new(),
            ci_file: None,
            named: BTreeSet::new(),
            is_whole: false,
            is_nested: false,
            errors: Vec::new(),
        }
    }

    /// Takes a file that was found.
    fn add(&mut self, path: PathBuf, location: Location) {
        if !self.named.iter().any(|named| lexical(named) == lexical(&path)) {
            self.files.insert(path, location);
        }
    }

    /// Takes a file that was named; one that is there under another way of writing its path stays as it is.
    fn name(&mut self, path: &Path, location: Location) {
        let is_same = |known: &&PathBuf| lexical(known) == lexical(path);
        let known = self.files.keys().find(is_same).cloned().unwrap_or_else(|| path.to_owned());
        self.files.entry(known.clone()).or_insert(location);
        self.named.insert(known);
    }

    fn name_ci_file(&mut self, path: &Path) {
        let known = self.ci_file.take().filter(|known| lexical(known) == lexical(path));
        let path = known.unwrap_or_else(|| path.to_owned());
        self.named.insert(path.clone());
        self.ci_file = Some(path);
    }

    fn into_found(self, root: PathBuf) -> Found {
        let files = self.files.into_iter().map(|(path, location)| FoundFile { path, location }).collect();
        let named = (!self.is_whole).then_some(self.named);
        Found {
            root,
            given: self.given,
            files,
            ci_file: self.ci_file,
            project: None,
            listed_by: None,
            is_nested: self.is_nested,
            named,
            errors: self.errors,
        }
    }
}

/// What has been found of all projects so far, by folder, however that was written.
#[derive(Debug, Default)]
struct Roots(ByName<PathBuf, (PathBuf, Gathered)>);

impl Roots {
    /// What was found in a folder, with the folder as it was written first; `given` led there.
    fn at(&mut self, root: &Path, given: &Path) -> (&Path, &mut Gathered) {
        let (root, gathered) = self.0.entry(lexical(root)).or_insert_with(|| (root.to_owned(), Gathered::new(given)));
        (root, gathered)
    }

    /// In the order of the folders.
    fn into_found(self) -> Vec<Found> {
        let mut all: Vec<(PathBuf, (PathBuf, Gathered))> = self.0.into_iter().collect();
        sort_by(&mut all, |(folder, _)| folder);
        all.into_iter().map(|(_, (root, gathered))| gathered.into_found(root)).collect()
    }
}

/// Sorts by a path, on several threads where there are many; what has the same path stays in order.
fn sort_by<T: Send>(all: &mut [T], path: impl Fn(&T) -> &PathBuf + Sync) {
    match all.len() {
        0..=FEW => all.sort_by(|one, other| path(one).cmp(path(other))),
        _ => all.par_sort_by(|one, other| path(one).cmp(path(other))),
    }
}

/// Searches files and folders of a source.
pub(crate) struct Searcher<'s> {
    files: &'s dyn FileSource,
    /// About how many files and folders of each path are looked at, at the most.
    limit: usize,
}

impl<'s> Searcher<'s> {
    pub fn new(files: &'s dyn FileSource, limit: usize) -> Self {
        Self { files, limit }
    }

    /// What lies at paths: files that are named, folders with all projects in them.
    pub fn search(&self, paths: &[PathBuf]) -> Search {
        let mut search = Search::default();
        let mut roots = Roots::default();
        for path in paths {
            match self.files.kind(path) {
                Err(error) => search.errors.push(format!("cannot read {}: {}", path.display(), io_error(&error))),
                // A link that is named is followed, other than one that is found.
                Ok(kind) if self.is_folder(path, kind) && !is_config_path(path) => {
                    self.search_folder(path, &mut roots, &mut search);
                }
                Ok(_) => self.name_file(path, &mut roots),
            }
        }
        search.projects = roots.into_found();
        search
    }

    fn is_folder(&self, path: &Path, kind: Kind) -> bool {
        let is_there = |real: PathBuf| self.files.kind(&real).ok();
        match kind {
            Kind::Folder => true,
            Kind::Link => self.files.real(path).ok().and_then(is_there) == Some(Kind::Folder),
            Kind::File | Kind::Other(_) => false,
        }
    }

    /// The project at a folder, without looking elsewhere; `None` if nothing of it is there.
    pub fn at_root(&self, root: &Path) -> Option<Found> {
        let mut gathered = Gathered { is_whole: true, ..Gathered::new(root) };
        self.add_ci_file(root, &mut gathered);
        self.gather_agents(root, &mut gathered);
        let is_found = gathered.ci_file.is_some() || !gathered.files.is_empty() || !gathered.errors.is_empty();
        is_found.then(|| gathered.into_found(root.to_owned()))
    }

    /// Adds the project of a file that need not lie anywhere, if the file is a CI file, is an agent configuration or looks like one.
    pub fn add(&self, search: &mut Search, path: &Path) {
        let is_ci_file = path.file_name().is_some_and(|name| name == CI_FILE);
        let (root, location) = match is_ci_file {
            true => (path.parent().map(Path::to_owned).unwrap_or_default(), None),
            false => locate(path),
        };
        if !is_ci_file && location.is_none() {
            return;
        }
        let known = search.projects.iter().position(|found| lexical(&found.root) == lexical(&root));
        let at = known.unwrap_or_else(|| {
            search.projects.push(self.at_root(&root).unwrap_or_else(|| Found::nothing_at(&root)));
            search.projects.len() - 1
        });
        let Some(found) = search.projects.get_mut(at) else { return };
        match location {
            None => found.ci_file = Some(path.to_owned()),
            Some(location) if !found.files.iter().any(|file| lexical(&file.path) == lexical(path)) => {
                found.files.push(FoundFile { path: path.to_owned(), location });
                found.files.sort_by(|a, b| a.path.cmp(&b.path));
            }
            Some(_) => {}
        }
    }

    /// Takes the project's CI file, if it has one.
    fn add_ci_file(&self, root: &Path, gathered: &mut Gathered) {
        let path = root.join(CI_FILE);
        if self.files.is_there(&path) {
            gathered.ci_file = Some(path);
        }
    }

    /// A file that was named, together with what lies in the same project.
    fn name_file(&self, path: &Path, roots: &mut Roots) {
        if path.file_name().is_some_and(|name| name == CI_FILE) {
            let root = path.parent().map(Path::to_owned).unwrap_or_default();
            let (root, gathered) = roots.at(&root, &root);
            self.gather_agents(root, gathered);
            gathered.name_ci_file(path);
            return;
        }
        let (root, location) = locate(path);
        let (root, gathered) = roots.at(&root, &root);
        if location.is_some() && gathered.ci_file.is_none() {
            self.add_ci_file(root, gathered);
            self.gather_agents(root, gathered);
        }
        gathered.name(path, location.unwrap_or(Location::Loose));
    }

    /// Everything in `.gitlab` that is, or looks like, an agent configuration or an environment template, whatever ignore files say: GitLab heeds none.
    fn gather_agents(&self, root: &Path, gathered: &mut Gathered) {
        let folder = root.join(".gitlab");
        match self.files.kind(&folder) {
            Ok(Kind::Folder) => {}
            Ok(Kind::Link) => {
                let (root, link) = (root.to_owned(), self.folder_link(&folder));
                gathered.files.extend(link.filter(|(of, _)| *of == root).map(|(_, location)| (folder, location)));
                return;
            }
            Ok(Kind::File | Kind::Other(_)) => return,
            Err(error) => {
                if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) {
                    gathered.errors.push(format!("cannot read {}: {}", folder.display(), io_error(&error)));
                }
                return;
            }
        }
        let wanted = |_: &Path, _: Kind| true;
        let walk =
            Walk { top: &folder, limit: usize::MAX, leaves_out_ignored: false, is_large: false, wanted: &wanted };
        let walked = self.files.walk(&walk);
        gathered.errors.extend(walked.errors);
        for (path, kind) in walked.met {
            if let Some((found, location)) = self.configuration(&path, kind)
                && found == root
            {
                gathered.files.insert(path, location);
            }
        }
    }

    /// The project and what the path is within it, where it is or looks like an agent configuration or an environment template.
    fn configuration(&self, path: &Path, kind: Kind) -> Option<(PathBuf, Location)> {
        let (root, location) = locate(path);
        let is_folder = kind == Kind::Folder;
        match location.filter(|location| !is_folder || is_read(location)) {
            Some(location) => Some((root, location)),
            None if kind == Kind::Link => self.folder_link(path),
            None => None,
        }
    }

    /// The project of a link in place of a folder on the way to agent configurations, if some seem to lie behind it.
    fn folder_link(&self, path: &Path) -> Option<(PathBuf, Location)> {
        let (root, _) = locate(path);
        let parts: Option<Vec<&str>> = path.strip_prefix(&root).ok()?.iter().map(|part| part.to_str()).collect();
        // Elsewhere, what a link leads to may be missing.
        let leads_to_folder = || self.files.real(path).is_err() || self.is_folder(path, Kind::Link);
        let agent = match parts?[..] {
            [".gitlab"] if self.is_folder(&path.join("agents"), Kind::Link) => None,
            [".gitlab", "agents"] if leads_to_folder() => None,
            [".gitlab", "agents", agent]
                if self.files.real(path).is_err() || self.files.is_there(&path.join("config.yaml")) =>
            {
                Some(agent.to_owned())
            }
            [".gitlab", "agents", _, TEMPLATES_FOLDER]
                if self.files.real(path).is_err() || self.files.is_there(&path.join("default.yaml")) =>
            {
                return Some((root, Location::UnusedTemplate(UnusedTemplate::FolderLink)));
            }
            _ => return None,
        };
        Some((root, Location::Unread { why: Unread::FolderLink, agent }))
    }

    fn search_folder(&self, top: &Path, roots: &mut Roots, search: &mut Search) {
        // Most of a repository lies elsewhere; only what may match is looked at closely.
        let may_be_within = top.is_relative();
        let wanted = |path: &Path, kind: Kind| {
            let is_like = is_like_agents(path)
                // From within `.gitlab`, a path need not show it.
                || (may_be_within && is_like_agents(&absolute(path)));
            // Of folders, those in the place of a file alone.
            is_like && (kind != Kind::Folder || locate(path).1.is_some_and(|location| is_read(&location)))
        };
        let walked = self.files.walk(&Walk {
            top,
            limit: self.limit,
            leaves_out_ignored: true,
            is_large: true,
            wanted: &wanted,
        });
        search.errors.extend(walked.errors);
        search.is_cut |= walked.is_cut;
        search.passed_over.extend(walked.passed_over);
        let repositories: HashSet<PathBuf, RandomState> = walked.repositories.into_iter().collect();
        let located = |(path, kind): (PathBuf, Kind)| {
            let (root, location) = self.configuration(&path, kind)?;
            Some((root, (path, location)))
        };
        let mut located: Vec<(PathBuf, (PathBuf, Location))> = match walked.met.len() {
            0..=FEW => walked.met.into_iter().filter_map(located).collect(),
            _ => walked.met.into_par_iter().filter_map(located).collect(),
        };
        sort_by(&mut located, |(root, _)| root);
        let mut found: Vec<(PathBuf, Vec<(PathBuf, Location)>)> = Vec::new();
        for (root, file) in located {
            match found.last_mut() {
                Some((last, files)) if *last == root => files.push(file),
                _ => found.push((root, vec![file])),
            }
        }
        let mut agents_at: Vec<PathBuf> = Vec::new();
        for root in repositories.iter().map(PathBuf::as_path).chain([top]) {
            let has_ci_file = self.files.is_there(&root.join(CI_FILE));
            let mut agents = Gathered::new(top);
            self.gather_agents(root, &mut agents);
            if has_ci_file || !agents.files.is_empty() {
                let (_, gathered) = roots.at(root, top);
                gathered.is_whole = true;
                // What looks like a project below the top is none, be the top one with jobs alone.
                if !agents.files.is_empty() || root == top {
                    agents_at.push(root.to_owned());
                }
                std::mem::take(&mut agents.files).into_iter().for_each(|(path, location)| gathered.add(path, location));
                self.add_ci_file(root, gathered);
            }
        }
        let mut nesting = Nesting {
            files: self.files,
            top,
            roots: found.iter().map(|(root, _)| root).chain(agents_at.iter()).cloned().collect(),
            repositories,
            inventories: ByName::default(),
        };
        let has_ci_file = |(root, _): &(PathBuf, _)| self.files.is_there(&root.join(CI_FILE));
        let with_ci_file: Vec<bool> = match found.len() {
            0..=FEW => found.iter().map(has_ci_file).collect(),
            _ => found.par_iter().map(has_ci_file).collect(),
        };
        for ((root, mut entries), has_ci_file) in found.into_iter().zip(with_ci_file) {
            let is_nested = nesting.is_nested(&root);
            // Where GitLab looks for no agents, a link hides none, and what is said of a configuration says enough of its templates.
            let is_link = |location: &Location| matches!(location, Location::Unread { why: Unread::FolderLink, .. });
            entries.retain(|(_, location)| !is_nested || !(is_link(location) || location.is_template()));
            if entries.is_empty() {
                continue;
            }
            let (_, project) = roots.at(&root, top);
            project.is_whole = true;
            project.is_nested = is_nested;
            if !is_nested && has_ci_file {
                project.ci_file = Some(root.join(CI_FILE));
            }
            for (path, location) in entries {
                let location = match location {
                    Location::Config { agent } if is_nested => {
                        Location::Unread { why: Unread::NotAtTheTop, agent: Some(agent) }
                    }
                    location => location,
                };
                project.add(path, location);
            }
        }
    }
}

/// Whether GitLab reads what lies at a path.
fn is_read(location: &Location) -> bool {
    matches!(location, Location::Config { .. } | Location::EnvironmentTemplate { .. })
}

/// Whether a path is that of something below a folder like `.gitlab/agents`, whatever the letter case, or of what may be a link in place of that folder.
fn is_like_agents(path: &Path) -> bool {
    let is_separator = |byte: u8| std::path::is_separator(char::from(byte));
    let behind = |rest: &[u8], name: &str| -> Option<usize> {
        rest.get(..name.len()).filter(|head| head.eq_ignore_ascii_case(name.as_bytes())).map(|_| name.len())
    };
    let is_like = |rest: &[u8]| {
        let Some(folder) = behind(rest, ".gitlab").and_then(|end| rest.get(end..)) else { return false };
        let Some((&first, below)) = folder.split_first() else { return true };
        is_separator(first)
            && ["agents", "agent", "kubernetes-agents"].iter().any(|name| {
                let rest = behind(below, name).and_then(|end| below.get(end..));
                rest.is_some_and(|rest| rest.first().is_none_or(|&first| is_separator(first)))
            })
    };
    let path = path.as_os_str().as_encoded_bytes();
    let starts = path.iter().enumerate().filter(|(_, byte)| is_separator(**byte)).map(|(at, _)| at + 1);
    std::iter::once(0).chain(starts).any(|start| path.get(start..).is_some_and(is_like))
}

/// Tells projects that lie within another project or repository, where GitLab does not look. The projects of an inventory
/// folder (`projects/<full path>` beside `inventory.yaml`) stand for repositories of their own.
struct Nesting<'t> {
    files: &'t dyn FileSource,
    top: &'t Path,
    roots: HashSet<PathBuf, RandomState>,
    repositories: HashSet<PathBuf, RandomState>,
    /// Folders, and whether an inventory lies in them.
    inventories: ByName<PathBuf, bool>,
}

impl Nesting<'_> {
    fn is_nested(&mut self, root: &Path) -> bool {
        if self.repositories.contains(root) || root == self.top {
            return false;
        }
        let top_is_here = self.top == Path::new(".") || self.top == Path::new("");
        for ancestor in root.ancestors().skip(1) {
            if ancestor.as_os_str().is_empty() && !top_is_here {
                return false;
            }
            let is_listed_by_name = || root.strip_prefix(ancestor).is_ok_and(|rest| rest.starts_with(PROJECTS_FOLDER));
            if is_listed_by_name() && self.holds_inventory(ancestor) {
                return false;
            }
            if self.roots.contains(ancestor) || self.repositories.contains(ancestor) {
                return true;
            }
            if ancestor == self.top {
                return false;
            }
        }
        false
    }

    fn holds_inventory(&mut self, folder: &Path) -> bool {
        if let Some(&known) = self.inventories.get(folder) {
            return known;
        }
        let holds = self.files.is_there(&folder.join(INVENTORY_FILE));
        self.inventories.insert(folder.to_owned(), holds);
        holds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::files::Memory;

    fn all(files: &dyn FileSource) -> Searcher<'_> {
        Searcher::new(files, usize::MAX)
    }

    fn files(search: &Search) -> Vec<(String, Vec<(String, Location)>)> {
        let shown = |path: &Path| crate::project::paths::shown_path(path);
        let of = |found: &Found| found.files.iter().map(|file| (shown(&file.path), file.location.clone())).collect();
        search.projects.iter().map(|found| (shown(&found.root), of(found))).collect()
    }

    #[test]
    fn folders_of_agents_are_told_as_a_glob_would() {
        let pattern =
            "**/{.gitlab,.gitlab/{agents,agent,kubernetes-agents},.gitlab/{agents,agent,kubernetes-agents}/**}";
        let glob = globset::GlobBuilder::new(pattern).case_insensitive(true).build().unwrap().compile_matcher();
        let parts = [
            "",
            "w",
            ".gitlab",
            ".GitLab",
            "x.gitlab",
            ".gitlabs",
            "agents",
            "Agent",
            "kubernetes-agents",
            "agentss",
            "a\nb",
            "é",
        ];
        let mut matched = 0;
        for number in 0..parts.len().pow(4) {
            let chosen =
                |place: u32| parts.get(number / parts.len().pow(place) % parts.len()).copied().unwrap_or_default();
            let path = [chosen(3), chosen(2), chosen(1), chosen(0)].join("/");
            for path in [path.trim_start_matches('/'), &path] {
                assert_eq!(is_like_agents(Path::new(path)), glob.is_match(path), "{path:?}");
                matched += usize::from(glob.is_match(path));
            }
        }
        assert!(matched > 1000);
    }

    #[test]
    fn a_search_stops_at_its_limit() {
        let mut tree = Memory::default();
        tree.write("w/.gitlab/agents/prod/config.yaml", "");
        for number in 0..200 {
            tree.write(format!("w/{number}"), "");
        }
        let paths = [PathBuf::from("w")];
        assert!(!all(&tree).search(&paths).is_cut);
        assert!(Searcher::new(&tree, 20).search(&paths).is_cut);
    }

    #[test]
    fn a_folder_below_a_project_is_none() {
        let mut tree = Memory::default();
        tree.write("w/.gitlab/agents/prod/config.yaml", "").write("w/examples/.gitlab/agents/dev/config.yaml", "");
        let search = all(&tree).search(&[PathBuf::from("w")]);
        let agent = |name: &str| Location::Config { agent: name.to_owned() };
        let nested = Location::Unread { why: Unread::NotAtTheTop, agent: Some("dev".to_owned()) };
        assert_eq!(
            files(&search),
            [
                ("w".to_owned(), vec![("w/.gitlab/agents/prod/config.yaml".to_owned(), agent("prod"))]),
                ("w/examples".to_owned(), vec![("w/examples/.gitlab/agents/dev/config.yaml".to_owned(), nested)]),
            ]
        );
        assert_eq!(search.projects.iter().map(|found| found.is_nested).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn files_that_are_not_there_belong_to_a_project_all_the_same() {
        let (tree, mut search) = (Memory::default(), Search::default());
        for path in ["/w/.gitlab/agents/prod/config.yaml", "/w/.gitlab-ci.yml", "/w/values.yaml"] {
            all(&tree).add(&mut search, Path::new(path));
            all(&tree).add(&mut search, Path::new(path));
        }
        let [found] = &search.projects[..] else { panic!("{:?}", search.projects) };
        assert_eq!((found.root.as_path(), found.files.len()), (Path::new("/w"), 1));
        assert_eq!(found.ci_file.as_deref(), Some(Path::new("/w/.gitlab-ci.yml")));
    }
}
