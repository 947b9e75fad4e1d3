//! Inventories: read once, with the folder that their paths start from.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::Unusable;
use super::files::{FileSource, Folder, Kind};
use super::gate::{Gate, Granted, NamedBy, Root};
use super::own_file::read_granted;
use super::paths::{folder_or_here, lexical, shown_path};
use super::search::{Found, Listing, Searcher};
use crate::diagnostic::{Finding, INVALID_INVENTORY};
use crate::gitlab::{ByName, ci_file_here, lower_path, parent_path};
use crate::inventory::{self, Inventory, Problem, ProblemKind, Project};
use crate::schema;
use crate::source::Source;
use crate::words::{YamlFault, yaml_fault};
use crate::yaml;

/// The largest inventory that is read, in bytes.
const MAX_SIZE: u64 = 1 << 28;

/// An inventory that was read.
#[derive(Debug)]
pub struct InventoryFile {
    /// What it says.
    pub inventory: Arc<Inventory>,
    /// The file.
    pub file: PathBuf,
    /// Its text.
    pub source: Arc<Source>,
    /// Projects whose folder the inventory names and that lies nowhere, by path.
    pub missing: Vec<MissingFolder>,
    /// What was added to it.
    adding: Option<Arc<Source>>,
    /// The path of its folder without links.
    real: PathBuf,
    /// The folders in which the folders of its projects have to lie, by their paths without links.
    within: Vec<PathBuf>,
}

/// A folder that an inventory names as that of a project's files, and that is not there.
#[derive(Clone, Debug)]
pub struct MissingFolder {
    /// The project.
    pub project: String,
    /// The folder as reports show it.
    pub folder: String,
}

impl InventoryFile {
    /// Reads an inventory; one that is known by the same text is not read again.
    ///
    /// # Errors
    /// When it cannot be read, has mistakes, or names a folder that lies outside of what it may name.
    pub(crate) fn read(
        granted: &Granted,
        files: &dyn FileSource,
        gate: &Gate<'_>,
        root: &Root,
        adding: Option<&Arc<Source>>,
        known: &[Arc<Self>],
    ) -> Result<Self, Unusable> {
        let file = &*granted.path;
        let source = read_granted("inventory", granted, MAX_SIZE, files)?;
        let same = known.iter().find(|known| {
            known.source.text() == source.text()
                && known.adding.as_ref().map(|adding| adding.text()) == adding.map(|adding| adding.text())
        });
        let (source, inventory) = match same {
            Some(known) => (Arc::new(known.source.at(source.path())), Arc::clone(&known.inventory)),
            None => {
                let inventory = read(&source, adding.map(|adding| &**adding))?;
                (source, Arc::new(inventory))
            }
        };
        let folder = folder_or_here(file.parent().unwrap_or(Path::new("")));
        let real = files.real(folder).unwrap_or_else(|_| lexical(folder));
        let within = gate.within(&gate.bound_of(file, root));
        let (missing, adding) = (Vec::new(), adding.cloned());
        let mut read = Self { inventory, file: file.to_owned(), source, missing, adding, real, within };
        let mut missing = Vec::new();
        for project in read.inventory.projects() {
            let Some(written) = &project.repository else { continue };
            if read.hold(&read.folder_of(project), files).is_ok_and(|held| held.is_some()) {
                continue;
            }
            let what = format!("repository` of `{}", project.path);
            let folder = gate.resolve(Path::new(&**written), NamedBy::File(file), root, &what)?.path;
            if !files.is_there(&folder) {
                missing.push(MissingFolder { project: project.path.to_string(), folder: shown_path(&folder) });
            }
        }
        read.missing = missing;
        Ok(read)
    }

    /// Holds the folder of a project's files, and says what its path without links is; `None` where it lies outside of what the
    /// inventory may name.
    ///
    /// # Errors
    /// When it is not there, or cannot be opened.
    pub(crate) fn hold(&self, folder: &Path, files: &dyn FileSource) -> io::Result<Option<(Folder, PathBuf)>> {
        let is_plain = |below: &&Path| below.components().all(|part| matches!(part, Component::Normal(_)));
        if let Some(below) = folder.strip_prefix(self.folder()).ok().filter(is_plain) {
            let real = self.real.join(below);
            if let Ok(held) = files.hold(folder, &real) {
                return Ok(Some((held, real)));
            }
        }
        // A link may lead to another place that the inventory may name.
        let real = files.real(folder)?;
        if !self.within.iter().any(|within| real.starts_with(within)) {
            return Ok(None);
        }
        Ok(Some((files.hold(folder, &real)?, real)))
    }

    /// What is said of a project whose folder lies outside of what the inventory may name.
    pub(crate) fn refuse(&self, folder: &Path, project: &str) -> Unusable {
        Unusable::new(format!(
            "the folder {} of `{project}`, which {} lists, leads outside of what this may name; allow the folder that it leads to with `--allow-outside DIR`",
            shown_path(folder),
            shown_path(&self.file)
        ))
    }

    /// The folder that its paths start from.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// The folder of a project's files.
    #[must_use]
    pub fn folder_of(&self, project: &Project) -> PathBuf {
        self.folder().join(project.folder())
    }

    /// Gives the found projects the paths that the inventory has for their folders, and adds those of its projects that are wanted,
    /// by folder, have one and were not found.
    pub(crate) fn name_projects(
        (file, settings): &Listing,
        files: &dyn FileSource,
        found: &mut Vec<Found>,
        is_wanted: &(dyn Fn(&Path) -> bool + Sync),
    ) {
        // The same folder may be found by another way of writing its path.
        let mut known: HashMap<PathBuf, usize> = HashMap::new();
        for (position, project) in found.iter().enumerate() {
            known.extend(files.real(&project.root).ok().map(|root| (root, position)));
        }
        let mut found_at = |project: &Project, place: Option<&PathBuf>| -> bool {
            let position = place.and_then(|place| known.get(place).copied());
            if let Some(found) = position.and_then(|position| found.get_mut(position)) {
                // An inventory's word counts, wherever the folder lies.
                let is_whole = !found.is_nested && found.ci_file.is_some();
                let whole = if is_whole { None } else { Searcher::new(files, usize::MAX).at_root(&found.root) };
                if let Some(whole) = whole {
                    *found = Found { given: found.given.clone(), named: found.named.clone(), ..whole };
                }
                found.ci_file = ci_file(project, &found.root, found.ci_file.take(), files);
                found.project = Some(project.path.to_string());
                found.listed_by = Some((Arc::clone(file), Arc::clone(settings)));
            }
            position.is_some()
        };
        // An inventory may list many projects, and asking the disk about each takes long.
        let there = Folders::of(file, files).may_hold();
        let place = |lies: &Lies<'_>| lies.above.real_of(&file.folder_of(lies.project), files);
        let places: Vec<Option<PathBuf>> =
            if known.is_empty() { vec![None; there.len()] } else { there.par_iter().map(place).collect() };
        let mut others: Vec<&Project> = Vec::new();
        for (Lies { project, .. }, place) in there.iter().zip(&places) {
            if !found_at(project, place.as_ref()) && is_wanted(&file.folder_of(project)) {
                others.push(project);
            }
        }
        let at_root = |project: &&Project| {
            let root = file.folder_of(project);
            let at_root = Searcher::new(files, usize::MAX).at_root(&root);
            let ci_file = ci_file(project, &root, at_root.as_ref().and_then(|found| found.ci_file.clone()), files);
            // One with a CI file elsewhere and nothing besides was asked for as much as any.
            let alone = || ci_file.is_some().then(|| Found { named: None, ..Found::nothing_at(&root) });
            let mut at_root = at_root.or_else(alone)?;
            at_root.ci_file = ci_file;
            at_root.given = file.folder().to_owned();
            at_root.project = Some(project.path.to_string());
            at_root.listed_by = Some((Arc::clone(file), Arc::clone(settings)));
            Some(at_root)
        };
        found.par_extend(others.par_iter().filter_map(at_root));
    }
}

/// Reads the text of an inventory.
///
/// # Errors
/// When it has mistakes.
fn read(source: &Arc<Source>, adding: Option<&Source>) -> Result<Inventory, Unusable> {
    let loaded = adding.map_or_else(|| inventory::read(source), |adding| inventory::read_with(source, adding));
    let mistakes: Vec<Finding> = loaded.problems.iter().filter_map(|problem| mistake(problem, source)).collect();
    match mistakes.is_empty() {
        true => Ok(loaded.inventory),
        false => Err(Unusable::with_mistakes(format!("the inventory {} cannot be used", source.path()), mistakes)),
    }
}

/// A project in whose folder something may lie.
struct Lies<'f> {
    project: &'f Project,
    above: Above,
}

/// What is known of the folder right above a project's.
#[derive(Clone, Debug, Default)]
struct Above {
    /// Its path without links; `None` where the project's has to be looked at by itself.
    real: Option<Arc<Path>>,
    /// What lies in it, where it was worth to look at that as a whole.
    names: Option<Arc<Names>>,
}

impl Above {
    /// The path without links of what lies at a path right below; `None` where nothing does.
    fn real_of(&self, path: &Path, files: &dyn FileSource) -> Option<PathBuf> {
        let Some(above) = &self.real else { return files.real(path).ok() };
        match (self.lists(path.file_name()?), path.file_name()) {
            (Listed::Plainly, Some(name)) => Some(above.join(name)),
            (Listed::Not, _) => None,
            (Listed::Perhaps | Listed::Plainly, _) => files.real_below(path, above).ok(),
        }
    }

    fn lists(&self, name: &OsStr) -> Listed {
        self.names.as_ref().map_or(Listed::Perhaps, |names| names.lists(name))
    }
}

/// The names of what lies in a folder, in lower case, with how each is written and what it is; `None` for what has to be looked at.
#[derive(Debug)]
struct Names(ByName<String, Option<(OsString, Kind)>>);

/// Whether a folder has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    /// It has, and that is no link.
    Plainly,
    /// That has to be looked at: a file system may take one name for another.
    Perhaps,
    /// It has not.
    Not,
}

impl Names {
    fn of(listed: Vec<(OsString, Kind)>) -> Self {
        let mut names = ByName::default();
        names.reserve(listed.len());
        for (name, kind) in listed {
            let lower = name.to_string_lossy().to_lowercase();
            names.entry(lower).and_modify(|known| *known = None).or_insert(Some((name, kind)));
        }
        Self(names)
    }

    fn lists(&self, name: &OsStr) -> Listed {
        let Some(text) = name.to_str().filter(|name| name.is_ascii()) else { return Listed::Perhaps };
        match self.0.get(&*lower_path(text)) {
            None => Listed::Not,
            Some(Some((known, kind))) if known == name && *kind != Kind::Link => Listed::Plainly,
            Some(_) => Listed::Perhaps,
        }
    }
}

/// The projects right below a group.
#[derive(Default)]
struct Siblings {
    count: usize,
    /// What is known of the folder that holds them, once it was looked at; `None` for one in which nothing may lie.
    above: Option<Option<Above>>,
}

/// Whether the folder of a project lies right in that of what holds it: it is named by the project's path, and letter case counts in folders.
fn is_below_its_group(project: &Project, inventory: &Inventory) -> bool {
    project.repository.is_none() && parent_path(&project.path) == Some(&inventory.namespace(project.namespace).path)
}

/// From how many projects in a folder on that is looked at as a whole.
const WORTH_A_LOOK: usize = 8;

/// How many things a folder may have for each project in it to be looked at as a whole.
const MOST_OTHERS: usize = 64;

/// Folders that were asked about, by path from the inventory's own: of most projects no folder is there, and neither are those above.
struct Folders<'f> {
    file: &'f InventoryFile,
    files: &'f dyn FileSource,
    /// `None` for one in which nothing may lie.
    known: ByName<String, Option<Above>>,
    /// What lies in those in which there are many projects.
    names: ByName<String, Option<Arc<Names>>>,
}

impl<'f> Folders<'f> {
    fn of(file: &'f InventoryFile, files: &'f dyn FileSource) -> Self {
        Self { file, files, known: ByName::default(), names: ByName::default() }
    }

    /// The projects in whose folders something may lie.
    fn may_hold(mut self) -> Vec<Lies<'f>> {
        let inventory: &'f Inventory = &self.file.inventory;
        // Projects right below a group lie side by side, so that most need no look-up by a path of their own.
        let mut below: Vec<Siblings> = inventory.namespaces().iter().map(|_| Siblings::default()).collect();
        let mut counts: ByName<String, usize> = ByName::default();
        let are_below: Vec<bool> =
            inventory.projects().iter().map(|project| is_below_its_group(project, inventory)).collect();
        for (project, is_below) in inventory.projects().iter().zip(&are_below) {
            match below.get_mut(project.namespace.index()).filter(|_| *is_below) {
                Some(siblings) => siblings.count += 1,
                None => {
                    if let Some((above, _)) = split(&project.folder()) {
                        *counts.entry(above.to_owned()).or_default() += 1;
                    }
                }
            }
        }
        let mut there = Vec::new();
        for (project, is_below) in inventory.projects().iter().zip(&are_below) {
            let above = match below.get_mut(project.namespace.index()).filter(|_| *is_below) {
                Some(siblings) => {
                    let folder = || inventory.namespace(project.namespace).folder();
                    let above = siblings.above.get_or_insert_with(|| self.above(&folder(), siblings.count));
                    let is_there = |above: &&Above| {
                        let name = project.path.rsplit('/').next().unwrap_or_default();
                        above.lists(OsStr::new(name)) != Listed::Not
                    };
                    above.as_ref().filter(is_there).cloned()
                }
                None => match split(&project.folder()) {
                    Some((above, name)) => {
                        let count = counts.get(above).copied().unwrap_or_default();
                        self.above(above, count).filter(|above| above.lists(OsStr::new(name)) != Listed::Not)
                    }
                    None => Some(Above::default()),
                },
            };
            there.extend(above.map(|above| Lies { project, above }));
        }
        there
    }

    /// What is known of a folder in which so many projects lie; `None` where nothing may lie in it, as far as the folders above it tell.
    fn above(&mut self, folder: &str, count: usize) -> Option<Above> {
        let known = match self.known.get(folder) {
            Some(known) => known.clone(),
            None => self.walk(folder),
        };
        let mut known = known?;
        if count >= WORTH_A_LOOK {
            known.names = match self.names.get(folder) {
                Some(names) => names.clone(),
                None => {
                    let listed = self.files.names_in(&self.path(folder), count.saturating_mul(MOST_OTHERS));
                    let names = listed.map(|names| Arc::new(Names::of(names)));
                    self.names.insert(folder.to_owned(), names.clone());
                    names
                }
            };
        }
        Some(known)
    }

    /// The same with what is known of each folder on the way, of which none is looked at as a whole.
    fn walk(&mut self, folder: &str) -> Option<Above> {
        let mut last = Above { real: Some(self.file.real.as_path().into()), names: None };
        let ends = folder.match_indices('/').map(|(at, _)| at).chain(Some(folder.len()).filter(|end| *end > 0));
        for above in ends.filter_map(|at| folder.get(..at)) {
            if split(above).is_none() {
                return Some(Above::default());
            }
            let known = match self.known.get(above) {
                Some(known) => known.clone(),
                None => {
                    let path = self.path(above);
                    let real = self.files.may_hold(&path).then(|| last.real_of(&path, self.files).map(Into::into));
                    let known = real.map(|real| Above { real, names: None });
                    self.known.insert(above.to_owned(), known.clone());
                    known
                }
            };
            last = known?;
        }
        Some(last)
    }

    fn path(&self, folder: &str) -> PathBuf {
        if folder.is_empty() { self.file.folder().to_owned() } else { self.file.folder().join(folder) }
    }
}

/// The folder above a folder, empty for the inventory's own, and the name there; `None` for one that is written in another way than by names.
fn split(folder: &str) -> Option<(&str, &str)> {
    let (above, name) = folder.rsplit_once('/').unwrap_or(("", folder));
    let is_name = matches!(Path::new(name).components().next(), Some(Component::Normal(part)) if part == name);
    let is_below = !above.is_empty() || !folder.starts_with('/');
    (is_name && is_below).then_some((above, name))
}

/// The CI file of a project: the one that was found, unless the inventory names another.
fn ci_file(project: &Project, root: &Path, found: Option<PathBuf>, files: &dyn FileSource) -> Option<PathBuf> {
    match &project.ci_config_path {
        None => found,
        Some(path) => ci_file_here(path).map(|path| root.join(path)).filter(|path| files.is_there(path)),
    }
}

/// A mistake of an inventory as a finding; `None` for what is none.
pub(crate) fn mistake(problem: &Problem, source: &Arc<Source>) -> Option<Finding> {
    let finding = |message: String| Finding::new(&INVALID_INVENTORY, source, problem.span, message).route("inventory");
    if let ProblemKind::Yaml(kind) = &problem.kind {
        let problem = yaml::Problem { kind: kind.clone(), span: problem.span, cause: problem.related };
        let YamlFault { what, help, related } = yaml_fault(&problem, source, None);
        let finding = finding(what).help(help);
        return Some(match related {
            Some((span, label)) => finding.related(span, label),
            None => finding,
        });
    }
    let finding = match &problem.kind {
        ProblemKind::Shape(problem) => {
            let (message, help) = schema::describe(problem)?;
            finding(message).help(help)
        }
        _ => finding(problem.message()?),
    };
    let finding = match problem.related {
        Some(related) => finding.related(related, "listed here first"),
        None => finding,
    };
    Some(problem.again.iter().fold(finding, |finding, span| finding.related(*span, "and again")))
}
