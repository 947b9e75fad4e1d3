//! `include`: which files a configuration takes in, and the one map that they make together.
//!
//! Source: `lib/gitlab/ci/config/external/` (`processor.rb`, `mapper/*`, `file/*`) and `doc/ci/yaml/includes.md`: a
//! file is laid over all that it includes, a later include over an earlier one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::doubt::Conditions;
use super::inputs::interpolate;
use super::load::{Loaded, load};
use super::location::{Certainty, Location, Target, locations};
use super::model::Variable;
use super::problem::{Problem, ProblemKind, Unread, UnreadKind, UnreadReason};
use super::text::Text;
use super::trigger::content_of;
use super::value::{Entry, Map, Value, Work, merge_into, merge_under};
use super::variables::Scope;
use super::{FileContent, Files, Globbed, MAX_INCLUDES};
use crate::source::{Place, Source, Span};

/// Where the paths of `include:local` start.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Origin {
    /// The repository of the pipeline.
    Here,
    /// Another project, and the ref at which it is read.
    Project(Arc<str>, Option<Arc<str>>),
}

/// What came up on the way.
#[derive(Default)]
pub(super) struct Included {
    pub sources: Vec<Arc<Source>>,
    pub problems: Vec<Problem>,
    pub unread: Vec<Unread>,
    /// The inputs of what was not read.
    pub inputs: Vec<Variable>,
    /// The files that `rules` may keep out of a pipeline.
    pub conditional: Vec<Arc<Source>>,
}

/// What files are read from, with what was read of them so far.
pub(super) struct Reader<'a> {
    files: &'a dyn Files,
    loaded: HashMap<(Origin, String), Fetched>,
    /// How many bytes and files may still be read for child pipelines.
    left: (usize, usize),
}

/// The most files and bytes that the child pipelines of a configuration have together. Each has its [`MAX_INCLUDES`] besides.
///
/// The bytes are those of `ci_max_total_yaml_size_bytes` in `doc/administration/instance_limits.md`.
const MOST_FOR_CHILDREN: (usize, usize) = (300 << 20, 1_000);

/// What was found at a place.
#[derive(Clone)]
enum Fetched {
    File(Arc<Loaded>),
    Missing,
    TooLarge(u64),
    NoFile(&'static str),
}

impl<'a> Reader<'a> {
    pub fn new(files: &'a dyn Files) -> Self {
        Self { files, loaded: HashMap::new(), left: MOST_FOR_CHILDREN }
    }

    /// Whether nothing more may be read for child pipelines.
    pub fn is_exhausted(&self) -> bool {
        self.left.0 == 0 || self.left.1 == 0
    }

    /// Reads the main file and all that it includes; `None` where there is no main file that could be read.
    pub fn main(&mut self, main: &str, scope: &Scope, work: &Work) -> (Option<Arc<Map>>, Included) {
        let mut includer = Includer::new(self, scope, work, None);
        let root = includer.main(main);
        (root, includer.included)
    }

    /// Reads what a job names for a child pipeline.
    pub fn child(&mut self, include: &Value, scope: &Scope, work: &Work, child: ChildOf) -> (Arc<Map>, Included) {
        let mut includer = Includer::new(self, scope, work, Some(child));
        let root = includer.child(include);
        (root, includer.included)
    }

    fn fetch(&mut self, key: &(Origin, String), work: &Work, is_of_child: bool) -> Fetched {
        if let Some(known) = self.loaded.get(key) {
            return known.clone();
        }
        let (origin, path) = key;
        let content = match origin {
            Origin::Here => self.files.read(path),
            Origin::Project(project, git_ref) => self.files.project_file(project, git_ref.as_deref(), path),
        };
        let fetched = match content {
            FileContent::Text(source) => {
                if is_of_child {
                    let (bytes, files) = self.left;
                    self.left = (bytes.saturating_sub(source.text().len()), files.saturating_sub(1));
                }
                Fetched::File(Arc::new(load(&source, work)))
            }
            FileContent::Missing => Fetched::Missing,
            FileContent::TooLarge(size) => Fetched::TooLarge(size),
            FileContent::NoFile(why) => Fetched::NoFile(why),
        };
        self.loaded.insert(key.clone(), fetched.clone());
        fetched
    }
}

/// Whose child pipeline it is.
pub(super) struct ChildOf {
    /// The job that starts it.
    pub job: Arc<str>,
    /// Whether variables of the job decide which files it has, so that none of these is said to be missing.
    pub is_by_variables: bool,
}

struct Includer<'r, 'a> {
    reader: &'r mut Reader<'a>,
    scope: &'r Scope,
    work: &'r Work,
    included: Included,
    /// The files that this configuration has.
    taken: HashSet<(Origin, String)>,
    /// The files that are being expanded, outermost first.
    stack: Vec<(Origin, String)>,
    count: usize,
    /// The `rules` on which the file hangs that is being included.
    conditions: Conditions,
    /// Numbers of `rules`: those that say the same hold together.
    numbers: HashMap<(Origin, Option<String>), u32>,
    child: Option<ChildOf>,
}

impl<'r, 'a> Includer<'r, 'a> {
    fn new(reader: &'r mut Reader<'a>, scope: &'r Scope, work: &'r Work, child: Option<ChildOf>) -> Self {
        let (included, taken, stack) = (Included::default(), HashSet::new(), Vec::new());
        let (conditions, numbers) = (Conditions::default(), HashMap::new());
        Self { reader, scope, work, included, taken, stack, count: 0, conditions, numbers, child }
    }

    fn child(&mut self, include: &Value) -> Arc<Map> {
        let mut merged = Arc::new(Map::new(include.place().clone()));
        self.take_all(include, &Origin::Here, &mut merged);
        merged
    }

    fn main(&mut self, main: &str) -> Option<Arc<Map>> {
        let content = self.reader.files.read(main);
        let source = match content {
            FileContent::Text(source) => source,
            other => {
                let kind = match other {
                    FileContent::TooLarge(size) => ProblemKind::FileTooLarge(main.to_owned(), size),
                    FileContent::NoFile(why) => ProblemKind::NoFile(main.to_owned(), why),
                    _ => ProblemKind::NoMainFile(main.to_owned()),
                };
                let place = Place::new(&Arc::new(Source::new(self.reader.files.shown(main), "")), Span::default());
                self.problem(kind, &place);
                self.included.sources.push(place.source);
                return None;
            }
        };
        let key = (Origin::Here, main.to_owned());
        let loaded = Arc::new(load(&source, self.work));
        self.reader.loaded.insert(key.clone(), Fetched::File(Arc::clone(&loaded)));
        self.add(&loaded);
        self.stack.push(key);
        let content = interpolate(&loaded, None, None, self.work, &mut self.included.problems)?;
        Some(self.expand(&content, &Origin::Here))
    }

    fn problem(&mut self, kind: ProblemKind, place: &Place) {
        self.included.problems.push(Problem::new(kind, place.clone()));
    }

    fn unread(&mut self, kind: UnreadKind, name: impl Into<String>, place: &Place) {
        let unread = match self.child.as_ref().filter(|_| self.stack.is_empty()) {
            Some(child) => Unread::run(kind, name.into(), place.clone(), &child.job, UnreadReason::of_child(kind)),
            None => Unread::included(kind, name.into(), place.clone()),
        };
        self.included.unread.push(unread);
    }

    fn add(&mut self, loaded: &Loaded) {
        self.included.problems.extend_from_slice(&loaded.problems);
        self.included.sources.push(Arc::clone(&loaded.source));
    }

    /// A file's content over what it includes.
    fn expand(&mut self, content: &Arc<Map>, origin: &Origin) -> Arc<Map> {
        let Some(include) = content.get("include") else { return Arc::clone(content) };
        let mut merged = Arc::new(Map::new(content.place.clone()));
        self.take_all(include, origin, &mut merged);
        merge_into(&mut merged, content, self.work);
        merged
    }

    /// Takes in what the items of an `include` name, a later one over an earlier.
    fn take_all(&mut self, include: &Value, origin: &Origin, merged: &mut Arc<Map>) {
        for location in locations(include) {
            let location = match location {
                Ok(location) => location,
                Err(place) => {
                    self.problem(ProblemKind::BadInclude, &place);
                    continue;
                }
            };
            if self.count > MAX_INCLUDES {
                break;
            }
            match location.certainty {
                Certainty::Never => {}
                Certainty::Always => self.take(&location, origin, merged),
                Certainty::Maybe => {
                    let number = self.number(location.rules.as_ref(), origin);
                    let with = self.conditions.with(number).unwrap_or_else(|| self.conditions.clone());
                    let outside = std::mem::replace(&mut self.conditions, with);
                    self.take(&location, origin, merged);
                    self.conditions = outside;
                }
            }
        }
    }

    fn number(&mut self, rules: Option<&Value>, origin: &Origin) -> u32 {
        let content = rules.and_then(|rules| content_of(rules, self.work));
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        *self.numbers.entry((origin.clone(), content)).or_insert(next)
    }

    fn take(&mut self, location: &Location, origin: &Origin, merged: &mut Arc<Map>) {
        let read_before = self.included.unread.len();
        self.take_target(location, origin, merged);
        if let Some(inputs) = location.inputs.as_ref().filter(|_| self.included.unread.len() > read_before) {
            let input = |entry: &Entry| {
                let value = entry.value.as_text()?;
                let place = value.place.clone();
                Some(Variable {
                    name: entry.key.text.shared(),
                    value: value.shared(),
                    expand: true,
                    in_doubt: false,
                    place,
                })
            };
            self.included.inputs.extend(inputs.entries().iter().filter_map(input));
        }
    }

    fn take_target(&mut self, location: &Location, origin: &Origin, merged: &mut Arc<Map>) {
        match &location.target {
            Target::Local(path) => self.local(path, location, origin, merged),
            Target::Project { project, git_ref, files } => {
                let (Some(known), Some(git_ref)) = (
                    self.known(project),
                    git_ref.as_ref().map(|at| self.known(at)).map_or(Some(None), |at| at.map(Some)),
                ) else {
                    return self.unread(UnreadKind::VariableInPath, project.as_str(), &project.place);
                };
                let origin = Origin::Project(known.as_str().into(), git_ref.map(|at| at.as_str().into()));
                for file in files {
                    match self.known(file) {
                        Some(path) => self.file(&path, &file.place, location, &origin, merged),
                        None => self.unread(UnreadKind::VariableInPath, format!("{known}: {file}"), &file.place),
                    }
                }
            }
            Target::Elsewhere(kind, name) => self.unread(*kind, name.as_str(), &name.place),
        }
    }

    /// A path or name with its variables put in, if all are known. Variables of the file itself do not count here.
    fn known(&self, text: &Text) -> Option<String> {
        self.scope.expand(text).as_known().map(str::to_owned)
    }

    fn local(&mut self, path: &Text, location: &Location, origin: &Origin, merged: &mut Arc<Map>) {
        let Some(known) = self.known(path) else {
            return self.unread(UnreadKind::VariableInPath, path.as_str(), &path.place);
        };
        if known.starts_with("http://") || known.starts_with("https://") {
            return self.unread(UnreadKind::Remote, known, &path.place);
        }
        if !known.contains('*') {
            return self.file(&known, &path.place, location, origin, merged);
        }
        if *origin != Origin::Here {
            return self.unread(UnreadKind::Project, known, &path.place);
        }
        let Some(pattern) = normalised(&known) else {
            return self.problem(ProblemKind::OutsideRepository(known), &path.place);
        };
        let Globbed { paths, is_whole } = self.reader.files.glob(&pattern);
        if !is_whole {
            self.unread(UnreadKind::Local, known, &path.place);
        }
        for file in paths {
            if self.count > MAX_INCLUDES {
                break;
            }
            self.file(&file, &path.place, location, origin, merged);
        }
    }

    fn file(&mut self, path: &str, place: &Place, location: &Location, origin: &Origin, merged: &mut Arc<Map>) {
        self.count += 1;
        if self.count > MAX_INCLUDES {
            if self.count == MAX_INCLUDES + 1 {
                self.problem(ProblemKind::TooManyIncludes, place);
            }
            return;
        }
        let Some(path) = normalised(path) else {
            return self.problem(ProblemKind::OutsideRepository(path.to_owned()), place);
        };
        if !has_yaml_extension(&path) {
            return self.problem(ProblemKind::Extension(path), place);
        }
        let key = (origin.clone(), path);
        if self.stack.contains(&key) {
            // GitLab goes round until the limit of files stops it; with rules it may never start.
            if self.conditions.is_none() {
                self.problem(ProblemKind::IncludeCycle(key.1), place);
            }
            return;
        }
        let Some(loaded) = self.fetch(&key, place) else { return };
        if !self.conditions.is_none() {
            self.included.conditional.push(Arc::clone(&loaded.source));
        }
        let given = location.inputs.as_ref();
        let problems = &mut self.included.problems;
        let Some(content) = interpolate(&loaded, given, Some(&location.place), self.work, problems) else { return };
        self.stack.push(key);
        let content = self.expand(&content, origin);
        self.stack.pop();
        match location.certainty {
            Certainty::Maybe => merge_under(merged, &content, &self.conditions, self.work),
            // As sure as the file that includes it.
            Certainty::Always | Certainty::Never => merge_into(merged, &content, self.work),
        }
    }

    fn fetch(&mut self, key: &(Origin, String), place: &Place) -> Option<Arc<Loaded>> {
        let is_new = self.taken.insert(key.clone());
        let fetched = self.reader.fetch(key, self.work, self.child.is_some());
        if let Fetched::File(loaded) = &fetched {
            if is_new {
                self.add(loaded);
            }
            return Some(Arc::clone(loaded));
        }
        // Each thing is said once.
        if !is_new {
            return None;
        }
        let (origin, path) = key;
        let is_by_variables = self.child.as_ref().is_some_and(|child| child.is_by_variables);
        match (fetched, origin) {
            (Fetched::TooLarge(size), _) => self.problem(ProblemKind::FileTooLarge(path.clone(), size), place),
            (Fetched::NoFile(why), _) => self.problem(ProblemKind::NoFile(path.clone(), why), place),
            (_, Origin::Project(project, _)) => self.unread(UnreadKind::Project, format!("{project}: {path}"), place),
            // Rules often ask whether the file is there.
            (_, Origin::Here) if !self.conditions.is_none() => {}
            (_, Origin::Here) if is_by_variables => self.unread(UnreadKind::VariableInPath, path.clone(), place),
            (_, Origin::Here) if !self.reader.files.is_whole() => self.unread(UnreadKind::Local, path.clone(), place),
            (_, Origin::Here) => self.problem(ProblemKind::MissingFile(path.clone()), place),
        }
        None
    }
}

/// A path from the top of the repository; `None` for one with `..`, under which git finds nothing.
fn normalised(path: &str) -> Option<String> {
    let parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
    let parts: Vec<&str> = parts.collect();
    (!parts.contains(&"..")).then(|| parts.join("/"))
}

/// Source: `YAML_ALLOWLIST_EXTENSION` in `lib/gitlab/ci/config/external/file/base.rb`.
fn has_yaml_extension(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    [".yml", ".yaml"].iter().any(|extension| name.len() > extension.len() && name.ends_with(extension))
}
