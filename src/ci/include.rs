//! `include`: which files a configuration takes in, and the one map that they make together.
//!
//! Source: `lib/gitlab/ci/config/external/` (`processor.rb`, `mapper/*`, `file/*`) and `doc/ci/yaml/includes.md`: a
//! file is laid over all that it includes, a later include over an earlier one.

use std::collections::HashMap;
use std::sync::Arc;

use super::inputs::interpolate;
use super::load::{Loaded, load};
use super::location::{Certainty, Location, Target, locations};
use super::model::Variable;
use super::problem::{Problem, ProblemKind, Unread, UnreadKind};
use super::text::Text;
use super::value::{Entry, Map, Work, merge_into};
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

/// Reads the main file and all that it includes; `None` where there is no main file that could be read.
pub(super) fn read_main(main: &str, files: &dyn Files, scope: &Scope, work: &Work) -> (Option<Arc<Map>>, Included) {
    let mut includer = Includer::new(files, scope, work);
    let root = includer.main(main);
    (root, includer.included)
}

struct Includer<'a> {
    files: &'a dyn Files,
    scope: &'a Scope,
    work: &'a Work,
    included: Included,
    /// Files by place, so that none is read twice.
    loaded: HashMap<(Origin, String), Option<Arc<Loaded>>>,
    /// The files that are being expanded, outermost first.
    stack: Vec<(Origin, String)>,
    count: usize,
    /// How many of them are included with `rules`.
    conditions: usize,
}

impl<'a> Includer<'a> {
    fn new(files: &'a dyn Files, scope: &'a Scope, work: &'a Work) -> Self {
        let (included, loaded, stack) = (Included::default(), HashMap::new(), Vec::new());
        Self { files, scope, work, included, loaded, stack, count: 0, conditions: 0 }
    }

    fn main(&mut self, main: &str) -> Option<Arc<Map>> {
        let content = self.files.read(main);
        let source = match content {
            FileContent::Text(source) => source,
            other => {
                let kind = match other {
                    FileContent::TooLarge(size) => ProblemKind::FileTooLarge(main.to_owned(), size),
                    FileContent::NoFile(why) => ProblemKind::NoFile(main.to_owned(), why),
                    _ => ProblemKind::NoMainFile(main.to_owned()),
                };
                let place = Place::new(&Arc::new(Source::new(self.files.shown(main), "")), Span::default());
                self.problem(kind, &place);
                self.included.sources.push(place.source);
                return None;
            }
        };
        let loaded = self.load(&source);
        self.stack.push((Origin::Here, main.to_owned()));
        let content = interpolate(&loaded, None, None, self.work, &mut self.included.problems)?;
        Some(self.expand(&content, &Origin::Here))
    }

    fn problem(&mut self, kind: ProblemKind, place: &Place) {
        self.included.problems.push(Problem::new(kind, place.clone()));
    }

    fn unread(&mut self, kind: UnreadKind, name: impl Into<String>, place: &Place) {
        self.included.unread.push(Unread::included(kind, name.into(), place.clone()));
    }

    fn load(&mut self, source: &Arc<Source>) -> Arc<Loaded> {
        let mut loaded = load(source, self.work);
        self.included.problems.append(&mut loaded.problems);
        self.included.sources.push(Arc::clone(source));
        Arc::new(loaded)
    }

    /// A file's content over what it includes.
    fn expand(&mut self, content: &Arc<Map>, origin: &Origin) -> Arc<Map> {
        let Some(include) = content.get("include") else { return Arc::clone(content) };
        let mut merged = Arc::new(Map::new(content.place.clone()));
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
                Certainty::Always => self.take(&location, origin, &mut merged),
                Certainty::Maybe => {
                    self.conditions += 1;
                    self.take(&location, origin, &mut merged);
                    self.conditions -= 1;
                }
            }
        }
        merge_into(&mut merged, content, self.work);
        merged
    }

    fn take(&mut self, location: &Location, origin: &Origin, merged: &mut Arc<Map>) {
        let read_before = self.included.unread.len();
        self.take_target(location, origin, merged);
        if let Some(inputs) = location.inputs.as_ref().filter(|_| self.included.unread.len() > read_before) {
            let input = |entry: &Entry| {
                let value = entry.value.as_text()?;
                let place = value.place.clone();
                Some(Variable { name: entry.key.text.shared(), value: value.shared(), expand: true, place })
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
        let Globbed { paths, is_whole } = self.files.glob(&pattern);
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
            if self.conditions == 0 {
                self.problem(ProblemKind::IncludeCycle(key.1), place);
            }
            return;
        }
        let Some(loaded) = self.fetch(&key, place) else { return };
        if self.conditions > 0 {
            self.included.conditional.push(Arc::clone(&loaded.source));
        }
        let given = location.inputs.as_ref();
        let problems = &mut self.included.problems;
        let Some(content) = interpolate(&loaded, given, Some(&location.place), self.work, problems) else { return };
        self.stack.push(key);
        let content = self.expand(&content, origin);
        self.stack.pop();
        merge_into(merged, &content, self.work);
    }

    fn fetch(&mut self, key: &(Origin, String), place: &Place) -> Option<Arc<Loaded>> {
        if let Some(known) = self.loaded.get(key) {
            return known.clone();
        }
        let (origin, path) = key;
        let content = match origin {
            Origin::Here => self.files.read(path),
            Origin::Project(project, git_ref) => self.files.project_file(project, git_ref.as_deref(), path),
        };
        let loaded = match content {
            FileContent::Text(source) => Some(self.load(&source)),
            FileContent::Missing => {
                match origin {
                    Origin::Project(project, _) => {
                        self.unread(UnreadKind::Project, format!("{project}: {path}"), place)
                    }
                    // Rules often ask whether the file is there.
                    Origin::Here if self.conditions > 0 => {}
                    Origin::Here if !self.files.is_whole() => self.unread(UnreadKind::Local, path.clone(), place),
                    Origin::Here => self.problem(ProblemKind::MissingFile(path.clone()), place),
                }
                None
            }
            FileContent::TooLarge(size) => {
                self.problem(ProblemKind::FileTooLarge(path.clone(), size), place);
                None
            }
            FileContent::NoFile(why) => {
                self.problem(ProblemKind::NoFile(path.clone(), why), place);
                None
            }
        };
        self.loaded.insert(key.clone(), loaded.clone());
        loaded
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
