//! The projects that the editor shows files of, and those around them.
//!
//! Everything is read once; a change of an open document then replaces one text. What may change more than that, such as
//! settings, an inventory or files on the disk, has everything read again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::documents::{Document, Documents};
use super::options::EditorOptions;
use crate::agent_config::location::CI_FILE;
use crate::analysis::{self, Analysis, Asked, Facts, Project, Steps};
use crate::ci::{Pipeline, ProblemKind};
use crate::diagnostic::Finding;
use crate::diagnostic::Selection;
use crate::fixing::{ReadPipeline, Texts};
use crate::gitlab::{NEWEST, Tier};
use crate::project::Context;
use crate::project::ci_files::read_pipeline_with;
use crate::project::discover::{self, Found, Search, shown_path};
use crate::project::inputs::read_input;
use crate::project::knowledge::{FoundSettings, Knowledge, Listing, MAX_FILES_OF_EDITOR};
use crate::project::settings::{FILE_NAME, INVALID_SETTINGS, SETTINGS, Settings};
use crate::project::{self, Unusable};
use crate::rules;
use crate::schema::{self, Value};
use crate::source::Source;
use crate::{inventory, yaml};

/// A folder that the editor has open.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    /// Where it lies.
    pub path: PathBuf,
    /// What the client's settings say for it.
    pub options: EditorOptions,
}

/// What an open document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// An agent's configuration, or what looks like one: the positions of its project and of it in there.
    Agent(usize, usize),
    /// A CI file, or a file that one includes: the position of its project.
    Ci(usize),
    /// A settings file.
    Settings,
    /// An inventory.
    Inventory,
}

/// What belongs to a project at the same position.
struct Member {
    found: Found,
    settings: Arc<FoundSettings>,
    listing: Option<Arc<Listing>>,
}

/// The projects and what is known about them.
#[derive(Default)]
pub(super) struct World {
    /// The folders that the editor has open.
    pub folders: Vec<Folder>,
    /// What the client's settings say for files outside of them.
    pub options: EditorOptions,
    projects: Vec<Project>,
    members: Vec<Member>,
    /// The mistakes of settings files and inventories, by path.
    mistakes: BTreeMap<String, Vec<Finding>>,
    /// The inventories that were read, by the path that reports show.
    inventories: BTreeSet<String>,
    /// The findings of the last analysis, by path.
    findings: Option<BTreeMap<String, Vec<Finding>>>,
}

impl World {
    /// The options that hold for a file.
    pub fn options_for(&self, path: &Path) -> &EditorOptions {
        let around = self.folders.iter().filter(|folder| path.starts_with(&folder.path));
        around.max_by_key(|folder| folder.path.as_os_str().len()).map_or(&self.options, |folder| &folder.options)
    }

    /// Reads everything anew. Returns what the user should know.
    pub fn load(&mut self, documents: &Documents) -> Vec<String> {
        let texts = documents.texts();
        let warnings = Mutex::new(Vec::new());
        let warn = |warning: &str| {
            let warning = warning.trim_start_matches("warning: ").to_owned();
            warnings.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
        };
        let before = std::mem::take(&mut self.members);
        let projects_before = std::mem::take(&mut self.projects);
        let mut loading = Loading { before: before.iter().zip(&projects_before).collect(), ..Loading::new(&texts) };
        for folder in &self.folders {
            loading.add_folder(folder, &self.folders, documents, &warn);
        }
        let outside: Vec<&Document> = documents
            .iter()
            .filter(|document| !self.folders.iter().any(|folder| document.path.starts_with(&folder.path)))
            .collect();
        loading.add_files(&outside, &self.options, &warn);
        let Loading { projects, members, mistakes, inventories, troubles, .. } = loading;
        self.inventories = inventories;
        (self.projects, self.members, self.mistakes, self.findings) = (projects, members, mistakes, None);
        let mut told = warnings.into_inner().unwrap_or_else(PoisonError::into_inner);
        told.extend(troubles);
        told.dedup();
        told
    }

    /// Takes over the text of a document. Returns whether that is all that changes; if not, everything is to be read again.
    pub fn update(&mut self, document: &Document, documents: &Documents) -> bool {
        let shown = document.source.path();
        match self.role(document) {
            Some(Role::Agent(..)) => {
                let mut is_known = false;
                for (project, member) in self.projects.iter_mut().zip(&self.members) {
                    let Some(input) = project.inputs.iter_mut().find(|input| input.source.path() == shown) else {
                        continue;
                    };
                    // Not by position: a file that cannot be read is found and is no input.
                    let mut files = member.found.files.iter();
                    let file = files.find(|file| shown_path(&file.path) == shown);
                    // What lies on the disk may be too large, or no file, and the text may be what it should be.
                    let read = file.map(|file| read_input(file, &project.context, &documents.texts()));
                    if let Some(Ok(read)) = read {
                        *input = read;
                        is_known = true;
                    }
                }
                self.findings = None;
                is_known
            }
            Some(Role::Ci(_)) => {
                let texts = documents.texts();
                for (project, member) in self.projects.iter_mut().zip(&self.members) {
                    let reads = |path: &str| {
                        project
                            .pipeline
                            .iter()
                            .flat_map(|pipeline| &pipeline.sources)
                            .any(|source| source.path() == path)
                    };
                    if reads(shown) {
                        let listing = member.listing.as_deref();
                        project.set_pipeline(read_pipeline_with(&member.found, &project.context, listing, &texts));
                    }
                }
                self.findings = None;
                // An include may have come or gone, with which other documents come or go.
                true
            }
            Some(Role::Settings | Role::Inventory) => false,
            None => !is_of_interest(document) && !self.is_missing_include(shown),
        }
    }

    /// What a document is; `None` for what has nothing to do with agents.
    pub fn role(&self, document: &Document) -> Option<Role> {
        let shown = document.source.path();
        for (at, project) in self.projects.iter().enumerate() {
            if let Some(input) = project.inputs.iter().position(|input| input.source.path() == shown) {
                return Some(Role::Agent(at, input));
            }
        }
        let reads = |project: &Project| {
            project.pipeline.iter().flat_map(|pipeline| &pipeline.sources).any(|source| source.path() == shown)
        };
        if let Some(at) = self.projects.iter().position(reads) {
            return Some(Role::Ci(at));
        }
        if document.path.file_name().is_some_and(|name| name == FILE_NAME) {
            return Some(Role::Settings);
        }
        self.is_inventory(document).then_some(Role::Inventory)
    }

    fn is_inventory(&self, document: &Document) -> bool {
        let shown = document.source.path();
        let named =
            |options: &EditorOptions| options.known.inventory.as_deref().is_some_and(|file| shown_path(file) == shown);
        let listed = |member: &Member| member.settings.inventory_file().is_some_and(|file| shown_path(&file) == shown);
        self.inventories.contains(shown)
            || self.members.iter().any(listed)
            || self.mistakes.contains_key(shown)
            || self.folders.iter().map(|folder| &folder.options).chain([&self.options]).any(named)
            || looks_like_inventory(document)
    }

    /// The findings of a document.
    pub fn findings(&mut self, document: &Document, documents: &Documents) -> Vec<Finding> {
        let shown = document.source.path();
        match self.role(document) {
            None => Vec::new(),
            Some(Role::Inventory) => {
                let loaded = inventory::read(&document.source);
                let mistakes = loaded.problems.iter();
                mistakes.filter_map(|problem| project::inventory::mistake(problem, &document.source)).collect()
            }
            Some(Role::Settings) => match Settings::read(&document.source, rules::TABLE) {
                Err(mistakes) => mistakes,
                Ok(_) => {
                    let mut findings = missing_files(document, documents);
                    findings.extend(self.analysed(documents).get(shown).cloned().unwrap_or_default());
                    findings
                }
            },
            Some(Role::Agent(..) | Role::Ci(_)) => self.analysed(documents).get(shown).cloned().unwrap_or_default(),
        }
    }

    /// The findings of all files of all projects, by path, whether they are open or not.
    pub fn everything(&mut self) -> BTreeMap<String, Vec<Finding>> {
        for project in &mut self.projects {
            project.named = None;
        }
        self.findings = None;
        let mut all: BTreeMap<String, Vec<Finding>> = self.mistakes.clone();
        let analyses = analysis::analyse(&self.projects);
        for source in self.projects.iter().flat_map(sources) {
            all.entry(source.path().to_owned()).or_default();
        }
        all.extend(by_path(&self.projects, &analyses));
        all
    }

    /// Analyses the projects of open documents, unless that was done since the last change.
    fn analysed(&mut self, documents: &Documents) -> &BTreeMap<String, Vec<Finding>> {
        if self.findings.is_none() {
            self.mark_asked(documents);
            let analyses = analysis::analyse(&self.projects);
            self.findings = Some(by_path(&self.projects, &analyses));
        }
        self.findings.get_or_insert_default()
    }

    /// Marks the projects that somebody looks at; all others are there to be known.
    fn mark_asked(&mut self, documents: &Documents) {
        let open: BTreeSet<&str> = documents.iter().map(|document| document.source.path()).collect();
        for (project, member) in self.projects.iter_mut().zip(&self.members) {
            let settings = member.settings.file.as_deref().map(shown_path);
            let is_asked = sources(project).any(|source| open.contains(source.path()))
                || settings.is_some_and(|settings| open.contains(&*settings));
            project.named = if is_asked { None } else { Some(BTreeSet::new()) };
        }
    }

    /// Shows what was worked out about all projects, who gets in included.
    pub fn look<R>(&self, work: impl FnOnce(&Facts<'_>) -> R) -> R {
        analysis::look(&self.projects, &Steps::default(), Asked::Anyway, work)
    }

    /// What is known about the project at a position.
    pub fn project(&self, at: usize) -> Option<&Project> {
        self.projects.get(at)
    }

    /// The projects, and what reads their CI files again with other texts, for fixes.
    pub fn for_fixes(&self) -> (&[Project], Box<ReadPipeline<'_>>) {
        let read = |at: usize, texts: &Texts| {
            let (project, member) = (self.projects.get(at)?, self.members.get(at)?);
            read_pipeline_with(&member.found, &project.context, member.listing.as_deref(), texts)
        };
        (&self.projects, Box::new(read))
    }

    /// The mistakes of settings files and inventories, by path.
    pub fn mistakes(&self) -> impl Iterator<Item = (&String, &Vec<Finding>)> {
        self.mistakes.iter()
    }

    /// Whether a file has had a part in what is known.
    pub fn has_read(&self, path: &Path) -> bool {
        let shown = shown_path(path);
        let of_member = |member: &Member| {
            let settings = member.settings.file.as_deref().is_some_and(|file| shown_path(file) == shown);
            let schemas = member.settings.schema_files().any(|file| shown_path(&file) == shown);
            settings || schemas
        };
        self.mistakes.contains_key(&shown)
            || self.inventories.contains(&shown)
            || self.projects.iter().flat_map(sources).any(|source| source.path() == shown)
            || self.members.iter().any(of_member)
            || self.is_missing_include(&shown)
            || self
                .projects
                .iter()
                .any(|project| project.pipeline.as_ref().is_some_and(|pipeline| !pipeline.problems.is_empty()))
    }

    /// Whether a file lies in the folder of a project that has a CI file.
    pub fn has_pipeline_around(&self, path: &Path) -> bool {
        let mut both = self.projects.iter().zip(&self.members);
        both.any(|(project, member)| project.pipeline.is_some() && path.starts_with(&member.found.root))
    }

    /// Whether a CI file includes a file that was not there.
    fn is_missing_include(&self, shown: &str) -> bool {
        let is_it = |name: &str| {
            let name = name.trim_start_matches('/');
            !name.is_empty() && shown.ends_with(name)
        };
        let is_missing = |pipeline: &Pipeline| {
            let mut problems = pipeline.problems.iter();
            let is_problem =
                problems.any(|problem| matches!(&problem.kind, ProblemKind::MissingFile(name) if is_it(name)));
            is_problem || pipeline.unread.iter().any(|unread| is_it(&unread.name))
        };
        self.projects.iter().filter_map(|project| project.pipeline.as_ref()).any(is_missing)
    }
}

/// All texts of a project.
fn sources(project: &Project) -> impl Iterator<Item = &Arc<Source>> {
    let agents = project.inputs.iter().map(|input| &input.source);
    agents.chain(project.pipeline.iter().flat_map(|pipeline| &pipeline.sources))
}

fn by_path(projects: &[Project], analyses: &[Analysis]) -> BTreeMap<String, Vec<Finding>> {
    let mut by_path: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    let unused = analysis::unused_settings(projects, analyses);
    let findings = analyses.iter().flat_map(|analysis| analysis.findings.iter().cloned());
    for finding in findings.chain(unused) {
        by_path.entry(finding.place.source.path().to_owned()).or_default().push(finding);
    }
    // Two projects may include the same file.
    for findings in by_path.values_mut() {
        let mut seen = BTreeSet::new();
        findings.retain(|finding| {
            let span = finding.place.span;
            seen.insert((finding.rule.name, span.start, span.end, finding.message.clone()))
        });
        findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    }
    by_path
}

/// Files that a settings file names and that are neither on the disk nor in the editor.
fn missing_files(document: &Document, documents: &Documents) -> Vec<Finding> {
    let read = yaml::read(&document.source);
    let decoded = schema::decode(&read, &SETTINGS, NEWEST, &|_, _| None);
    let Some(root) = &decoded.value else { return Vec::new() };
    let folder = document.path.parent().unwrap_or(Path::new(""));
    let value = |key: &str| root.set(key).map(|field| &field.value);
    let named = value("inventory").into_iter().chain(value("schemas").map(Value::items).unwrap_or_default());
    let missing = named.filter_map(|value| {
        let file = folder.join(value.as_text().filter(|name| !name.is_empty())?);
        let is_there = file.exists() || documents.by_path(&shown_path(&file)).is_some();
        let message = format!("there is no file {}, so these settings cannot be used", shown_path(&file));
        let finding = Finding::new(&INVALID_SETTINGS, &document.source, value.span, message);
        (!is_there).then(|| finding.help("write where it lies, relative to the settings file"))
    });
    missing.collect()
}

/// Whether a document could become part of a project that is not known yet.
fn is_of_interest(document: &Document) -> bool {
    document.path.file_name().is_some_and(|name| name == CI_FILE || name == FILE_NAME)
        || discover::locate(&document.path).1.is_some()
        || looks_like_inventory(document)
}

/// Whether a file that nobody names as one is an inventory all the same. Other tools have files of that name, with other keys.
fn looks_like_inventory(document: &Document) -> bool {
    let name = document.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !["inventory.yaml", "inventory.yml", "inventory.json"].contains(&name) {
        return false;
    }
    // The beginning tells, and a large file is not read twice for it.
    const ENOUGH: usize = 4 << 10;
    let text = document.source.text();
    let mut end = text.len().min(ENOUGH);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let start = Source::new("inventory", text.get(..end).unwrap_or_default());
    let read = yaml::read(&start);
    // While it is being edited, an inventory is often no valid YAML.
    let is_key = |line: &str| ["projects:", "groups:", "gitlab:"].iter().any(|key| line.starts_with(key));
    if !read.problems().is_empty() && start.text().lines().any(is_key) {
        return true;
    }
    let tree = read.tree();
    let Some(yaml::Data::Mapping { entries, .. }) = tree.root().map(|root| &tree.node(root).data) else { return false };
    entries.iter().any(|(key, value)| {
        let is_list = matches!(tree.node(*value).data, yaml::Data::Sequence { .. });
        let is_map = matches!(tree.node(*value).data, yaml::Data::Mapping { .. });
        match tree.scalar_text(*key) {
            Some("projects" | "groups") => is_list,
            Some("gitlab") => is_map,
            _ => false,
        }
    })
}

/// Reads projects.
struct Loading<'l> {
    texts: &'l Texts,
    /// What was known before, for where settings cannot be used.
    before: Vec<(&'l Member, &'l Project)>,
    roots: HashMap<PathBuf, usize>,
    projects: Vec<Project>,
    members: Vec<Member>,
    mistakes: BTreeMap<String, Vec<Finding>>,
    inventories: BTreeSet<String>,
    troubles: Vec<String>,
}

impl<'l> Loading<'l> {
    fn new(texts: &'l Texts) -> Self {
        Self {
            texts,
            before: Vec::new(),
            roots: HashMap::new(),
            projects: Vec::new(),
            members: Vec::new(),
            mistakes: BTreeMap::new(),
            inventories: BTreeSet::new(),
            troubles: Vec::new(),
        }
    }

    /// All projects of a folder, those of its inventory, and those of open documents in it.
    fn add_folder(&mut self, folder: &Folder, all: &[Folder], documents: &Documents, warn: &(dyn Fn(&str) + Sync)) {
        let Some(knowledge) = self.knowledge(&folder.options, warn) else { return };
        let mut search = match knowledge.search_folder(&folder.path) {
            Ok(search) => search,
            Err(unusable) => {
                self.trouble(unusable);
                discover::search_within(std::slice::from_ref(&folder.path), MAX_FILES_OF_EDITOR)
            }
        };
        if search.is_cut {
            self.troubles.push(format!(
                "{} holds more than {MAX_FILES_OF_EDITOR} files; not all of them were looked at, so that projects may be missing",
                shown_path(&folder.path)
            ));
        }
        let innermost = |document: &&Document| {
            let around = all.iter().filter(|folder| document.path.starts_with(&folder.path));
            around.max_by_key(|folder| folder.path.as_os_str().len()).is_some_and(|of| of.path == folder.path)
        };
        for document in documents.iter().filter(innermost) {
            search.add(&document.path);
        }
        self.add(search, &folder.options, &knowledge);
    }

    /// The projects of documents that lie in no folder that is open.
    fn add_files(&mut self, documents: &[&Document], options: &EditorOptions, warn: &(dyn Fn(&str) + Sync)) {
        if documents.is_empty() {
            return;
        }
        let Some(knowledge) = self.knowledge(options, warn) else { return };
        let mut search = Search::default();
        for document in documents {
            search.add(&document.path);
        }
        if let Err(unusable) = knowledge.add_neighbours(&mut search) {
            self.trouble(unusable);
        }
        self.add(search, options, &knowledge);
    }

    fn knowledge<'o>(&mut self, options: &'o EditorOptions, warn: &'o (dyn Fn(&str) + Sync)) -> Option<Knowledge<'o>> {
        match Knowledge::with_texts(&options.known, rules::TABLE, warn, self.texts.clone()) {
            Ok(knowledge) => Some(knowledge),
            Err(unusable) => {
                self.trouble(unusable);
                None
            }
        }
    }

    fn trouble(&mut self, unusable: Unusable) {
        let mut told = unusable.message;
        if let Some(first) = unusable.mistakes.first() {
            let line = first.place.source.position(first.place.span.start).line;
            told = format!("{told} (line {line}: {})", first.message);
        }
        if !self.troubles.contains(&told) {
            self.troubles.push(told);
        }
        for mistake in unusable.mistakes {
            let of_file = self.mistakes.entry(mistake.place.source.path().to_owned()).or_default();
            let is_known = |known: &Finding| known.place.span == mistake.place.span && known.message == mistake.message;
            if !of_file.iter().any(is_known) {
                of_file.push(mistake);
            }
        }
    }

    fn add(&mut self, search: Search, options: &EditorOptions, knowledge: &Knowledge<'_>) {
        let is_only = search.projects.len() == 1;
        // One may name no project that has a folder.
        self.inventories.extend(knowledge.inventory_files().iter().map(|file| shown_path(file)));
        for found in search.projects {
            // An inner folder may be open as well, and an inventory may name a project of another folder.
            if self.roots.contains_key(&found.root) {
                continue;
            }
            self.roots.insert(found.root.clone(), self.projects.len());
            let (context, settings, listing) =
                match knowledge.context_for(&found.root, found.project.as_deref(), is_only) {
                    Ok(known) => (known.context, known.settings, known.listing),
                    Err(unusable) => {
                        self.trouble(unusable);
                        self.known_before(&found, options)
                    }
                };
            let inputs = found.files.iter().filter_map(|file| read_input(file, &context, self.texts).ok()).collect();
            let pipeline = read_pipeline_with(&found, &context, listing.as_deref(), self.texts);
            let selection = Selection {
                only: options.select.clone(),
                without: options.ignore.clone(),
                levels: settings.settings.levels.clone(),
                accepted: (settings.settings.ignore.clone(), settings.shown_folder()),
            };
            let mut project = Project::new(inputs, context, selection);
            project.pipeline = pipeline;
            self.projects.push(project);
            self.members.push(Member { found, settings, listing });
        }
    }

    /// What was known before settings or inventory became unusable; else what the client's settings say.
    fn known_before(
        &self,
        found: &Found,
        options: &EditorOptions,
    ) -> (Context, Arc<FoundSettings>, Option<Arc<Listing>>) {
        if let Some((member, project)) = self.before.iter().find(|(member, _)| member.found.root == found.root) {
            return (project.context.clone(), Arc::clone(&member.settings), member.listing.clone());
        }
        let known = &options.known;
        let tier: Option<Tier> = known.tier;
        let version = known.gitlab_version.unwrap_or(NEWEST).min(NEWEST);
        (Context { version, tier, ..Context::default() }, Arc::default(), None)
    }
}
