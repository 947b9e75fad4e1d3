//! Finds configuration projects and their agent configurations, and reads files within bounds.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::Unusable;
use crate::agent_config::location::{self, CI_FILE, Location, Unread};
use crate::fixing::Texts;
use crate::source::Source;

/// A project on disk: a configuration project, one with a CI file, or both.
#[derive(Debug)]
pub(crate) struct Found {
    /// The folder that holds `.gitlab`.
    pub root: PathBuf,
    /// Its files, by path.
    pub files: Vec<FoundFile>,
    /// Its CI file.
    pub ci_file: Option<PathBuf>,
    /// Its full path, where an inventory says it.
    pub project: Option<String>,
    /// The files that were named; `None` where the whole project is meant. The others are there to be known.
    pub named: Option<BTreeSet<PathBuf>>,
}

impl Found {
    /// How many files are to be read, without those that a CI file includes.
    pub fn count(&self) -> usize {
        self.files.len() + usize::from(self.ci_file.is_some())
    }

    /// A project at a folder of which nothing lies on disk.
    pub fn nothing_at(root: &Path) -> Self {
        Self { root: root.to_owned(), files: Vec::new(), ci_file: None, project: None, named: None }
    }
}

/// A path that is, or looks like, an agent configuration.
#[derive(Debug)]
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
}

impl Search {
    /// Adds a file that need not lie on the disk, if it is a CI file, is an agent configuration or looks like one, with what lies in
    /// the same project.
    pub fn add(&mut self, path: &Path) {
        let is_ci_file = path.file_name().is_some_and(|name| name == CI_FILE);
        let (root, location) = match is_ci_file {
            true => (path.parent().map(Path::to_owned).unwrap_or_default(), None),
            false => locate(path),
        };
        if !is_ci_file && location.is_none() {
            return;
        }
        let known = self.projects.iter().position(|found| found.root == root);
        let at = known.unwrap_or_else(|| {
            self.projects.push(at_root(&root).unwrap_or_else(|| Found::nothing_at(&root)));
            self.projects.len() - 1
        });
        let Some(found) = self.projects.get_mut(at) else { return };
        match location {
            None => found.ci_file = Some(path.to_owned()),
            Some(location) if !found.files.iter().any(|file| file.path == path) => {
                found.files.push(FoundFile { path: path.to_owned(), location });
                found.files.sort_by(|a, b| a.path.cmp(&b.path));
            }
            Some(_) => {}
        }
    }
}

/// What lies at a path.
#[derive(Debug)]
pub(crate) enum Content {
    Text(Vec<u8>),
    TooLarge(u64),
    NoFile(&'static str),
}

impl Content {
    /// What lies there, in words.
    pub fn in_words(&self) -> &'static str {
        match self {
            Self::Text(_) => "a file",
            Self::TooLarge(_) => "too large",
            Self::NoFile(what) => what,
        }
    }
}

/// What has been found of one project so far.
#[derive(Debug, Default)]
struct Gathered {
    files: BTreeMap<PathBuf, Location>,
    ci_file: Option<PathBuf>,
    named: BTreeSet<PathBuf>,
    /// Whether a folder was searched, so that all of it is meant.
    is_whole: bool,
}

impl Gathered {
    fn into_found(self, root: PathBuf) -> Found {
        let files = self.files.into_iter().map(|(path, location)| FoundFile { path, location }).collect();
        let named = (!self.is_whole).then_some(self.named);
        Found { root, files, ci_file: self.ci_file, project: None, named }
    }

    /// Takes the project's CI file, if it has one.
    fn add_ci_file(&mut self, root: &Path) {
        let path = root.join(CI_FILE);
        if fs::symlink_metadata(&path).is_ok() {
            self.ci_file = Some(path);
        }
    }
}

/// Searches files and folders.
pub(crate) fn search(paths: &[PathBuf]) -> Search {
    search_within(paths, usize::MAX)
}

/// The same, looking at about so many files and folders of each path at the most.
pub(crate) fn search_within(paths: &[PathBuf], limit: usize) -> Search {
    let mut search = Search::default();
    let mut roots: BTreeMap<PathBuf, Gathered> = BTreeMap::new();
    for path in paths {
        match fs::symlink_metadata(path) {
            Err(error) => search.errors.push(format!("cannot read {}: {}", path.display(), plain(&error))),
            // A link that is named is followed, other than one that is found.
            Ok(_) if path.is_dir() && !is_config_path(path) => {
                search_folder(path, limit, &mut roots, &mut search);
            }
            Ok(_) => name_file(path, &mut roots),
        }
    }
    search.projects = roots.into_iter().map(|(root, gathered)| gathered.into_found(root)).collect();
    search
}

/// The project at a folder, without looking elsewhere; `None` if nothing of it is there.
pub(crate) fn at_root(root: &Path) -> Option<Found> {
    let mut gathered = Gathered { is_whole: true, ..Gathered::default() };
    gathered.add_ci_file(root);
    gather_agents(root, &mut gathered);
    let is_found = gathered.ci_file.is_some() || !gathered.files.is_empty();
    is_found.then(|| gathered.into_found(root.to_owned()))
}

/// A file that was named, together with what lies in the same project.
fn name_file(path: &Path, roots: &mut BTreeMap<PathBuf, Gathered>) {
    if path.file_name().is_some_and(|name| name == CI_FILE) {
        let root = path.parent().map(Path::to_owned).unwrap_or_default();
        let gathered = roots.entry(root.clone()).or_default();
        gather_agents(&root, gathered);
        gathered.ci_file = Some(path.to_owned());
        gathered.named.insert(path.to_owned());
        return;
    }
    let (root, location) = locate(path);
    let gathered = roots.entry(root.clone()).or_default();
    if location.is_some() && gathered.ci_file.is_none() {
        gathered.add_ci_file(&root);
        gather_agents(&root, gathered);
    }
    gathered.files.insert(path.to_owned(), location.unwrap_or(Location::Loose));
    gathered.named.insert(path.to_owned());
}

/// Everything in `.gitlab` that is, or looks like, an agent configuration.
fn gather_agents(root: &Path, gathered: &mut Gathered) {
    let folder = root.join(".gitlab");
    if !folder.is_dir() {
        return;
    }
    for met in walk(&folder, usize::MAX) {
        if let Met::Config(found, path, location) = met
            && found == root
        {
            gathered.files.insert(path, location);
        }
    }
}

/// What a walk comes across.
enum Met {
    Repository(PathBuf),
    Config(PathBuf, PathBuf, Location),
    Error(String),
    /// The limit.
    Cut,
}

fn search_folder(top: &Path, limit: usize, roots: &mut BTreeMap<PathBuf, Gathered>, search: &mut Search) {
    let mut repositories: HashSet<PathBuf> = HashSet::new();
    let mut found: BTreeMap<PathBuf, Vec<(PathBuf, Location)>> = BTreeMap::new();
    for met in walk(top, limit) {
        match met {
            Met::Repository(path) => drop(repositories.insert(path)),
            Met::Config(root, path, location) => found.entry(root).or_default().push((path, location)),
            Met::Error(error) => search.errors.push(error),
            Met::Cut => search.is_cut = true,
        }
    }
    search.errors.sort();
    for root in repositories.iter().map(PathBuf::as_path).chain([top]) {
        if fs::symlink_metadata(root.join(CI_FILE)).is_ok() {
            let gathered = roots.entry(root.to_owned()).or_default();
            gathered.is_whole = true;
            gathered.add_ci_file(root);
        }
    }
    let mut nesting =
        Nesting { top, roots: found.keys().cloned().collect(), repositories, inventories: HashMap::new() };
    for (root, entries) in found {
        let is_nested = nesting.is_nested(&root);
        let project = roots.entry(root.clone()).or_default();
        project.is_whole = true;
        if !is_nested {
            project.add_ci_file(&root);
        }
        for (path, location) in entries {
            let location = match location {
                Location::Config { agent } if is_nested => {
                    Location::Unread { why: Unread::NotAtTheTop, agent: Some(agent) }
                }
                location => location,
            };
            project.files.insert(path, location);
        }
    }
}

/// Walks a folder with all cores, in no order.
fn walk(top: &Path, limit: usize) -> Vec<Met> {
    let agents = agents_glob();
    let (sender, receiver) = mpsc::channel();
    let repositories = sender.clone();
    let mut walk = ignore::WalkBuilder::new(top);
    walk.hidden(false).filter_entry(move |entry| {
        let is_git = entry.file_name() == ".git";
        if is_git && let Some(folder) = entry.path().parent() {
            let _ = repositories.send(Met::Repository(folder.to_owned()));
        }
        !is_git
    });
    let seen = AtomicUsize::new(0);
    walk.build_parallel().run(|| {
        let sender = sender.clone();
        let (agents, seen) = (&agents, &seen);
        Box::new(move |entry| {
            match seen.fetch_add(1, Ordering::Relaxed) {
                count if count < limit => {}
                count => {
                    if count == limit {
                        let _ = sender.send(Met::Cut);
                    }
                    return ignore::WalkState::Quit;
                }
            }
            let met = match entry {
                Ok(entry) => met(&entry, agents),
                Err(error) => Some(Met::Error(format!("cannot read {}", explain_walk(&error)))),
            };
            if let Some(met) = met {
                let _ = sender.send(met);
            }
            ignore::WalkState::Continue
        })
    });
    drop((walk, sender));
    receiver.into_iter().collect()
}

fn met(entry: &ignore::DirEntry, agents: &GlobSet) -> Option<Met> {
    let path = entry.path();
    // Most of a repository lies elsewhere; only what may match is looked at closely.
    if !agents.is_match(path) && !agents.is_match(std::path::absolute(path).unwrap_or_default()) {
        return None;
    }
    let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
    let (root, location) = locate(path);
    let location = location.filter(|location| !is_folder || matches!(location, Location::Config { .. }))?;
    Some(Met::Config(root, path.to_owned(), location))
}

/// Everything below something like `.gitlab/agents`, whatever the letter case.
fn agents_glob() -> GlobSet {
    let pattern = GlobBuilder::new("**/.gitlab/{agents,agent,kubernetes-agents}/**").case_insensitive(true).build();
    // The pattern is a constant; were it invalid, nothing would be found and every test would fail.
    pattern.and_then(|glob| GlobSetBuilder::new().add(glob).build()).unwrap_or_else(|_| GlobSet::empty())
}

/// Tells projects that lie within another project or repository, where GitLab does not look. The projects of an inventory
/// folder (`projects/<full path>` beside `inventory.yaml`) stand for repositories of their own.
struct Nesting<'t> {
    top: &'t Path,
    roots: HashSet<PathBuf>,
    repositories: HashSet<PathBuf>,
    /// Folders, and whether an inventory lies in them.
    inventories: HashMap<PathBuf, bool>,
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
            if self.holds_inventory(ancestor) {
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
        let holds = folder.join("inventory.yaml").exists();
        self.inventories.insert(folder.to_owned(), holds);
        holds
    }
}

/// The configuration project that a path belongs to, and what the path is within it.
pub(crate) fn locate(path: &Path) -> (PathBuf, Option<Location>) {
    let relative = split_at_gitlab(path);
    let (root, components) = match relative {
        Some(split) => split,
        // Within `.gitlab`, the path as given may not show it.
        None => match std::path::absolute(path).ok().as_deref().and_then(split_at_gitlab) {
            Some(split) => split,
            None => return (path.parent().map(Path::to_owned).unwrap_or_default(), None),
        },
    };
    let components: Vec<&str> = components.iter().map(String::as_str).collect();
    (root, location::locate(&components))
}

/// The folder before the last `.gitlab`, whatever its letter case, and the components from there on.
fn split_at_gitlab(path: &Path) -> Option<(PathBuf, Vec<String>)> {
    let components: Vec<Component<'_>> = path.components().collect();
    let at = components.iter().rposition(|component| {
        component.as_os_str().to_str().is_some_and(|name| name.eq_ignore_ascii_case(".gitlab"))
    })?;
    let root: PathBuf = components.get(..at)?.iter().collect();
    let rest = components.get(at..)?.iter().map(|component| component.as_os_str().to_string_lossy().into_owned());
    Some((root, rest.collect()))
}

fn is_config_path(path: &Path) -> bool {
    matches!(locate(path).1, Some(Location::Config { .. }))
}

fn explain_walk(error: &ignore::Error) -> String {
    match error {
        ignore::Error::WithPath { path, err } => match err.io_error() {
            Some(error) => format!("{}: {}", path.display(), plain(error)),
            None => format!("{}: {err}", path.display()),
        },
        ignore::Error::WithDepth { err, .. } => explain_walk(err),
        other => other.to_string(),
    }
}

/// An I/O error without the number that the operating system gives it.
pub(crate) fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// The path in reports: relative to the working directory, with slashes.
pub(crate) fn shown_path(path: &Path) -> String {
    let relative = std::env::current_dir().ok().and_then(|folder| path.strip_prefix(folder).ok().map(Path::to_owned));
    let path = relative.unwrap_or_else(|| path.to_owned());
    let parts = path.components().filter(|component| !matches!(component, Component::CurDir));
    let shown = parts.map(|component| match component {
        Component::RootDir => String::new(),
        other => other.as_os_str().to_string_lossy().into_owned(),
    });
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() { path.to_string_lossy().into_owned() } else { shown.join("/") }
}

/// Reads a file that has at most `limit` bytes; a symbolic link is followed.
pub(crate) fn read_file(path: &Path, limit: u64) -> Result<Content, Unusable> {
    let unreadable = |error: &io::Error| Unusable::new(format!("cannot read {}: {}", path.display(), plain(error)));
    let metadata = fs::metadata(path).map_err(|error| unreadable(&error))?;
    if let Some(what) = no_file(&metadata.file_type()) {
        return Ok(Content::NoFile(what));
    }
    if metadata.len() > limit {
        return Ok(Content::TooLarge(metadata.len()));
    }
    let file = fs::File::open(path).map_err(|error| unreadable(&error))?;
    read_within(file, limit).map_err(|error| unreadable(&error))
}

/// The text of a file that has at most `limit` bytes, or what lies there in place of one. A text that an editor holds goes before
/// the file.
pub(crate) fn read_text(path: &Path, limit: u64, texts: &Texts) -> Result<Result<Arc<Source>, Content>, Unusable> {
    let shown = shown_path(path);
    if let Some(text) = texts.get(&shown) {
        let size = text.text().len() as u64;
        return Ok(if size > limit { Err(Content::TooLarge(size)) } else { Ok(Arc::clone(text)) });
    }
    Ok(match read_file(path, limit)? {
        Content::Text(bytes) => Ok(Arc::new(Source::from_bytes(shown, &bytes))),
        other => Err(other),
    })
}

/// The text of a file of kaslint's own, such as settings, which can be nothing else than a text of at most `limit` bytes.
pub(crate) fn read_own(what: &str, path: &Path, limit: u64, texts: &Texts) -> Result<Arc<Source>, Unusable> {
    let shown = shown_path(path);
    read_text(path, limit, texts)?.map_err(|content| {
        Unusable::new(match content {
            Content::TooLarge(size) => format!("the {what} {shown} has {size} bytes, which is too much"),
            content => format!("the {what} {shown} is {}", content.in_words()),
        })
    })
}

/// Reads standard input.
pub(crate) fn read_stdin(limit: u64) -> Result<Content, Unusable> {
    read_within(io::stdin().lock(), limit)
        .map_err(|error| Unusable::new(format!("cannot read standard input: {}", plain(&error))))
}

/// One byte more than allowed tells a file that grew from one that fits.
fn read_within(reader: impl io::Read, limit: u64) -> io::Result<Content> {
    let mut bytes = Vec::new();
    reader.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    let size = bytes.len() as u64;
    Ok(if size > limit { Content::TooLarge(size) } else { Content::Text(bytes) })
}

/// What a path is that is no regular file; opening some of these would wait for ever.
pub(crate) fn no_file(kind: &fs::FileType) -> Option<&'static str> {
    if kind.is_dir() {
        return Some("a directory");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return Some("a named pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_block_device() || kind.is_char_device() {
            return Some("a device");
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_stops_at_its_limit() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join(".gitlab/agents/prod/config.yaml");
        fs::create_dir_all(config.parent().expect("a parent")).expect("a folder");
        fs::write(&config, "").expect("a file");
        for number in 0..200 {
            fs::write(folder.path().join(number.to_string()), "").expect("a file");
        }
        let paths = [folder.path().to_owned()];
        let whole = search(&paths);
        assert!(!whole.is_cut && whole.projects.iter().any(|found| found.files.iter().any(|file| file.path == config)));
        assert!(search_within(&paths, 20).is_cut);
    }

    #[test]
    fn files_that_are_not_there_belong_to_a_project_all_the_same() {
        let mut search = Search::default();
        for path in ["/w/.gitlab/agents/prod/config.yaml", "/w/.gitlab-ci.yml", "/w/values.yaml"] {
            search.add(Path::new(path));
            search.add(Path::new(path));
        }
        let [found] = &search.projects[..] else { panic!("{:?}", search.projects) };
        assert_eq!((found.root.as_path(), found.files.len()), (Path::new("/w"), 1));
        assert_eq!(found.ci_file.as_deref(), Some(Path::new("/w/.gitlab-ci.yml")));
    }
}
