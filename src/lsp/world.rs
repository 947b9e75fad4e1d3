//! The projects that the editor shows files of, and those around them.
//!
//! Everything is read once; a change of an open document then replaces one text. What may change more than that, such as
//! settings, an inventory or files on the disk, has everything read again.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::documents::{Document, Documents};
use super::options::EditorOptions;
use crate::agent_config::location::CI_FILE;
use crate::analysis::{self, Analysis, Evaluation, Facts, Purpose, Subject};
use crate::ci::{Pipeline, ProblemKind};
use crate::diagnostic::{Finding, INVALID_SETTINGS};
use crate::gitlab::NEWEST;
use crate::project::files::{Disk, FileSource as _, Listings, Overlay, Texts};
use crate::project::paths::{folder_or_here, locate, shown_path};
use crate::project::settings::{FILE_NAME, SETTINGS, Settings};
use crate::project::{
    Asked, InventoryFile, Loader, MAX_FILES_OF_EDITOR, Neighbours, Project, Request, Scope, Steps, Surroundings,
    Unusable, inventory_mistake,
};
use crate::rules::{self, RULES};
use crate::schema::{self, Value};
use crate::source::{Source, Span};
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
    /// An agent's environment template, or what looks like one: the position of its project.
    Template(usize),
    /// A CI file, or a file that one includes: the position of its project.
    Ci(usize),
    /// A script or another file that jobs run.
    Script,
    /// A settings file.
    Settings,
    /// An inventory.
    Inventory,
}

/// The projects and what is known about them.
#[derive(Default)]
pub(super) struct World {
    /// The folders that the editor has open.
    pub folders: Vec<Folder>,
    /// What the client's settings say for files outside of them.
    pub options: EditorOptions,
    subjects: Vec<Subject>,
    /// The files around CI files, listed for their patterns since everything was last read or a document was saved.
    pub listings: Listings,
    /// What was worked out about them since the last change.
    evaluation: OnceCell<Evaluation>,
    /// The mistakes of settings files and inventories, by path.
    mistakes: BTreeMap<String, Vec<Finding>>,
    /// The inventories that were read, by the path that reports show.
    inventories: BTreeSet<String>,
    /// What they said, by the folder that led to them: the same text is not read again.
    inventories_before: InventoriesBefore,
    /// The files that were to be the agent's published schema, by the path that reports show.
    agent_schemas: BTreeSet<String>,
    /// The findings of the last analysis, by path.
    findings: Option<BTreeMap<String, Vec<Finding>>>,
    /// The mistakes of inventories that are open, by path, each with the text that they are of.
    inventory_findings: HashMap<String, (Arc<Source>, Vec<Finding>)>,
    /// Open documents that were nobody's business when everything was last read.
    unrelated: BTreeSet<String>,
    /// What hovers said since the last change, by path and offset.
    hovers: RefCell<HashMap<(String, usize), HoverText>>,
}

/// The inventories that were read last, by the folder that led to them; `None` for documents that lie in none.
type InventoriesBefore = HashMap<Option<PathBuf>, Vec<Arc<InventoryFile>>>;

/// What a hover says, and about which part of the text; `None` for nothing.
pub(super) type HoverText = Option<(Span, String)>;

/// How many hovers are kept.
const KEPT_HOVERS: usize = 256;

impl World {
    /// The options that hold for a file.
    pub fn options_for(&self, path: &Path) -> &EditorOptions {
        let around = self.folders.iter().filter(|folder| path.starts_with(&folder.path));
        around.max_by_key(|folder| folder.path.as_os_str().len()).map_or(&self.options, |folder| &folder.options)
    }

    /// Reads everything anew. Returns what the user should know.
    pub fn load(&mut self, documents: &Documents) -> Vec<String> {
        let texts = documents.texts();
        let before: Vec<Arc<Project>> = self.subjects.iter().map(|subject| Arc::clone(&subject.project)).collect();
        self.listings.drop_all();
        let inventories_before = std::mem::take(&mut self.inventories_before);
        let mut loading = Loading::new(&texts, &self.listings, (&before, &inventories_before));
        for folder in &self.folders {
            let innermost = |document: &&Document| {
                let around = self.folders.iter().filter(|folder| document.path.starts_with(&folder.path));
                around.max_by_key(|folder| folder.path.as_os_str().len()).is_some_and(|of| of.path == folder.path)
            };
            let within: Vec<PathBuf> =
                documents.iter().filter(innermost).map(|document| document.path.clone()).collect();
            loading.add(Scope::Folder(&folder.path, &within), &folder.options);
        }
        let is_inside =
            |document: &&Document| self.folders.iter().any(|folder| document.path.starts_with(&folder.path));
        let outside = documents.iter().filter(|document| !is_inside(document));
        let outside: Vec<PathBuf> = outside.map(|document| document.path.clone()).collect();
        if !outside.is_empty() {
            loading.add(Scope::Documents(&outside), &self.options);
        }
        let Loading { subjects, mistakes, inventories, inventories_now, agent_schemas, troubles, .. } = loading;
        self.inventories_before = inventories_now;
        (self.subjects, self.mistakes, self.inventories) = (subjects, mistakes, inventories);
        self.agent_schemas = agent_schemas;
        self.inventory_findings.retain(|path, _| documents.by_path(path).is_some());
        self.forget();
        let unrelated = documents.iter().filter(|document| self.role(document).is_none());
        self.unrelated = unrelated.map(|document| document.source.path().to_owned()).collect();
        troubles
    }

    /// Drops what was worked out from what has changed.
    fn forget(&mut self) {
        self.forget_evaluation();
        self.findings = None;
    }

    fn forget_evaluation(&mut self) {
        self.evaluation = OnceCell::new();
        self.hovers.get_mut().clear();
    }

    /// What a hover says at a place, worked out unless that was asked since the last change.
    pub fn hover(&self, document: &Document, offset: usize, work: impl FnOnce(&Facts<'_>) -> HoverText) -> HoverText {
        let key = (document.source.path().to_owned(), offset);
        if let Some(known) = self.hovers.borrow().get(&key) {
            return known.clone();
        }
        let text = self.show(work);
        let mut hovers = self.hovers.borrow_mut();
        if hovers.len() >= KEPT_HOVERS {
            hovers.clear();
        }
        hovers.insert(key, text.clone());
        text
    }

    /// Takes over the text of a document. Returns whether that is all that changes; if not, everything is to be read again.
    pub fn update(&mut self, document: &Document, documents: &Documents) -> bool {
        let shown = document.source.path();
        let role = self.role(document);
        // Of ten thousand open documents few have to do with agents.
        let texts = if matches!(role, Some(Role::Agent(..) | Role::Template(_) | Role::Ci(_) | Role::Script)) {
            documents.texts()
        } else {
            Texts::new()
        };
        let files = Overlay::new(&Disk, &texts).keeping(&self.listings);
        match role {
            Some(Role::Agent(..) | Role::Template(_)) => {
                let mut is_known = false;
                for subject in &mut self.subjects {
                    // What lies on the disk may be too large, or no file, and the text may be what it should be.
                    if let Some(project) = subject.project.with_file_again(shown, &files) {
                        subject.replace(Arc::new(project), false);
                        is_known = true;
                    }
                }
                self.forget();
                is_known
            }
            Some(Role::Ci(_) | Role::Script) => {
                for subject in &mut self.subjects {
                    let is_read = subject.project.sources().any(|source| source.path() == shown);
                    if is_read {
                        subject.set_pipeline(subject.project.read_pipeline(&files));
                    }
                }
                self.forget();
                // An include may have come or gone, with which other documents come or go.
                true
            }
            Some(Role::Settings | Role::Inventory) => false,
            None if self.is_schema(shown) => false,
            None => {
                // A pattern of includes may meet it; that was tried once when it was opened.
                let is_tried = self.unrelated.contains(shown) || !self.has_pipeline_around(&document.path);
                is_tried && !is_of_interest(document) && !self.is_missing_include(shown)
            }
        }
    }

    /// Reads the CI files again whose patterns of includes may meet other files now than when these were listed.
    pub fn list_again(&mut self, documents: &Documents) {
        let has_patterns = |subject: &Subject| self.listings.has(folder_or_here(&subject.project.folder));
        let with_patterns: Vec<usize> =
            (0..).zip(&self.subjects).filter(|(_, subject)| has_patterns(subject)).map(|(at, _)| at).collect();
        if with_patterns.is_empty() {
            return;
        }
        self.listings.drop_all();
        let texts = documents.texts();
        let files = Overlay::new(&Disk, &texts).keeping(&self.listings);
        for at in with_patterns {
            if let Some(subject) = self.subjects.get_mut(at) {
                subject.set_pipeline(subject.project.read_pipeline(&files));
            }
        }
        self.forget();
    }

    /// What a document is; `None` for what has nothing to do with agents.
    pub fn role(&self, document: &Document) -> Option<Role> {
        let shown = document.source.path();
        for (at, project) in self.projects().enumerate() {
            let input = project.inputs.iter().enumerate().find(|(_, input)| input.source.path() == shown);
            if let Some((number, input)) = input {
                let is_template = input.location.is_template();
                return Some(if is_template { Role::Template(at) } else { Role::Agent(at, number) });
            }
        }
        let reads = |project: &Arc<Project>| {
            project.pipeline.iter().flat_map(|pipeline| &pipeline.sources).any(|source| source.path() == shown)
        };
        if let Some(at) = self.projects().position(reads) {
            return Some(Role::Ci(at));
        }
        let runs = |project: &Arc<Project>| {
            project.pipeline.iter().flat_map(|pipeline| pipeline.job_texts()).any(|source| source.path() == shown)
        };
        if self.projects().any(runs) {
            return Some(Role::Script);
        }
        let all_options = || self.folders.iter().map(|folder| &folder.options).chain([&self.options]);
        let is_named =
            || all_options().any(|options| options.known.settings.as_deref().map(shown_path).as_deref() == Some(shown));
        if document.path.file_name().is_some_and(|name| name == FILE_NAME) || is_named() {
            return Some(Role::Settings);
        }
        self.is_inventory(document).then_some(Role::Inventory)
    }

    fn is_inventory(&self, document: &Document) -> bool {
        let shown = document.source.path();
        let named =
            |options: &EditorOptions| options.known.inventory.as_deref().is_some_and(|file| shown_path(file) == shown);
        let listed =
            |project: &Arc<Project>| project.settings.inventory().is_some_and(|file| shown_path(file) == shown);
        self.inventories.contains(shown)
            || self.projects().any(listed)
            || self.mistakes.contains_key(shown)
            || self.folders.iter().map(|folder| &folder.options).chain([&self.options]).any(named)
            || looks_like_inventory(document)
    }

    /// The findings of a document.
    pub fn findings(&mut self, document: &Document, documents: &Documents) -> Vec<Finding> {
        let shown = document.source.path();
        match self.role(document) {
            None => Vec::new(),
            Some(Role::Inventory) => self.findings_of_inventory(document),
            Some(Role::Settings) => match Settings::read(&document.source, rules::TABLE) {
                Err(mistakes) => mistakes,
                Ok(_) => {
                    let mut findings = missing_files(document, documents);
                    findings.extend(self.analysed(documents).get(shown).cloned().unwrap_or_default());
                    findings
                }
            },
            Some(Role::Agent(..) | Role::Template(_) | Role::Ci(_) | Role::Script) => {
                self.analysed(documents).get(shown).cloned().unwrap_or_default()
            }
        }
    }

    /// The mistakes of an inventory, which takes long to read; once for each state of it.
    fn findings_of_inventory(&mut self, document: &Document) -> Vec<Finding> {
        let shown = document.source.path();
        match self.inventory_findings.get(shown) {
            Some((source, known)) if Arc::ptr_eq(source, &document.source) => known.clone(),
            _ => {
                let loaded = inventory::read(&document.source);
                let mistakes = loaded.problems.iter();
                let mistakes: Vec<Finding> =
                    mistakes.filter_map(|problem| inventory_mistake(problem, &document.source)).collect();
                let known = (Arc::clone(&document.source), mistakes.clone());
                self.inventory_findings.insert(shown.to_owned(), known);
                mistakes
            }
        }
    }

    /// The findings of all files of all projects, by path, whether they are open or not.
    pub fn everything(&mut self) -> BTreeMap<String, Vec<Finding>> {
        self.subjects.iter_mut().for_each(|subject| subject.named = None);
        self.forget();
        let mut all: BTreeMap<String, Vec<Finding>> = self.mistakes.clone();
        for source in self.projects().flat_map(|project| project.sources()) {
            all.entry(source.path().to_owned()).or_default();
        }
        all.extend(self.analyse());
        all
    }

    /// Analyses the projects of open documents, unless that was done since the last change.
    fn analysed(&mut self, documents: &Documents) -> &BTreeMap<String, Vec<Finding>> {
        if self.findings.is_none() {
            self.mark_asked(documents);
            self.findings = Some(self.analyse());
        }
        self.findings.get_or_insert_default()
    }

    fn analyse(&self) -> BTreeMap<String, Vec<Finding>> {
        let analyses = self.show(|facts| facts.analyse(RULES, &Steps::default()));
        by_path(&self.subjects, &analyses)
    }

    /// Marks the projects that somebody looks at; all others are there to be known.
    fn mark_asked(&mut self, documents: &Documents) {
        let open: BTreeSet<&str> = documents.iter().map(|document| document.source.path()).collect();
        let mut has_changed = false;
        for subject in &mut self.subjects {
            let settings = subject.project.settings.file.as_deref().map(shown_path);
            let is_asked = subject.project.sources().any(|source| open.contains(source.path()))
                || settings.is_some_and(|settings| open.contains(&*settings));
            let named = if is_asked { None } else { Some(BTreeSet::new()) };
            has_changed |= subject.named != named;
            subject.named = named;
        }
        if has_changed {
            self.forget_evaluation();
        }
    }

    /// Shows what was worked out about all projects, who gets in included. It is worked out once for all requests between two changes.
    pub fn show<R>(&self, work: impl FnOnce(&Facts<'_>) -> R) -> R {
        let steps = Steps::default();
        self.evaluation.get_or_init(|| Evaluation::of(self.subjects.clone(), Purpose::Access, &steps)).with(work)
    }

    /// The projects.
    fn projects(&self) -> impl Iterator<Item = &Arc<Project>> {
        self.subjects.iter().map(|subject| &subject.project)
    }

    /// The project at a position.
    pub fn project(&self, at: usize) -> Option<&Project> {
        self.subjects.get(at).map(|subject| &*subject.project)
    }

    /// The projects with what is asked of each.
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// The mistakes of settings files and inventories, by path.
    pub fn mistakes(&self) -> impl Iterator<Item = (&String, &Vec<Finding>)> {
        self.mistakes.iter()
    }

    /// Whether a file has had a part in what is known.
    pub fn has_read(&self, path: &Path) -> bool {
        let shown = shown_path(path);
        let is_own =
            |project: &Arc<Project>| project.settings.file.as_deref().is_some_and(|file| shown_path(file) == shown);
        self.is_schema(&shown)
            || self.mistakes.contains_key(&shown)
            || self.inventories.contains(&shown)
            || self.projects().flat_map(|project| project.sources()).any(|source| source.path() == shown)
            || self.projects().any(is_own)
            || self.is_missing_include(&shown)
            || self.projects().any(|project| {
                project
                    .pipeline
                    .iter()
                    .flat_map(|pipeline| pipeline.with_children())
                    .any(|pipeline| !pipeline.problems.is_empty())
            })
    }

    /// Whether a file is a schema by which agent files are judged.
    fn is_schema(&self, shown: &str) -> bool {
        let names = |project: &Arc<Project>| {
            let own = project.context.agent_schema.as_ref().map(|file| &file.file);
            project.settings.schema_files().iter().chain(own).any(|file| shown_path(file) == shown)
        };
        self.agent_schemas.contains(shown) || self.projects().any(names)
    }

    /// Whether a file lies in the folder of a project that has a CI file.
    pub fn has_pipeline_around(&self, path: &Path) -> bool {
        self.projects().any(|project| project.pipeline.is_some() && path.starts_with(&project.folder))
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
            let is_run = |path: &String| shown == path || shown.ends_with(&format!("/{path}"));
            is_problem
                || pipeline.job_files.iter().flat_map(|files| files.contents.keys()).any(is_run)
                || pipeline.unread.iter().any(|unread| is_it(&unread.name))
        };
        let pipelines = self.projects().filter_map(|project| project.pipeline.as_ref());
        pipelines.flat_map(|pipeline| pipeline.with_children()).any(is_missing)
    }
}

fn by_path(subjects: &[Subject], analyses: &[Analysis]) -> BTreeMap<String, Vec<Finding>> {
    let mut by_path: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    let unused = analysis::unused_settings(subjects, analyses);
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
    let gitlab = value("gitlab").and_then(Value::as_message);
    let agent_schema = gitlab.and_then(|gitlab| gitlab.set("agent_schema")).map(|field| &field.value);
    let named = value("inventory").into_iter().chain(agent_schema);
    let named = named.chain(value("schemas").map(Value::items).unwrap_or_default());
    let missing = named.filter_map(|value| {
        let file = folder.join(value.as_text().filter(|name| !name.is_empty())?);
        let is_there = Disk.is_there(&file) || documents.by_path(&shown_path(&file)).is_some();
        let message = format!("there is no file {}, so these settings cannot be used", shown_path(&file));
        let finding = Finding::new(&INVALID_SETTINGS, &document.source, value.span, message);
        (!is_there).then(|| finding.help("write where it lies, relative to the settings file"))
    });
    missing.collect()
}

/// Whether a document could become part of a project that is not known yet.
fn is_of_interest(document: &Document) -> bool {
    document.path.file_name().is_some_and(|name| name == CI_FILE || name == FILE_NAME)
        || locate(&document.path).1.is_some()
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

/// Loads projects, folder after folder.
struct Loading<'l> {
    texts: &'l Texts,
    listings: &'l Listings,
    /// What was known before, for where settings cannot be used.
    before: &'l [Arc<Project>],
    inventories_before: &'l InventoriesBefore,
    roots: HashSet<PathBuf>,
    subjects: Vec<Subject>,
    mistakes: BTreeMap<String, Vec<Finding>>,
    inventories: BTreeSet<String>,
    inventories_now: InventoriesBefore,
    agent_schemas: BTreeSet<String>,
    /// What the user should know.
    troubles: Vec<String>,
}

impl<'l> Loading<'l> {
    fn new(
        texts: &'l Texts,
        listings: &'l Listings,
        (before, inventories_before): (&'l [Arc<Project>], &'l InventoriesBefore),
    ) -> Self {
        Self {
            texts,
            listings,
            before,
            inventories_before,
            roots: HashSet::new(),
            subjects: Vec::new(),
            mistakes: BTreeMap::new(),
            inventories: BTreeSet::new(),
            inventories_now: InventoriesBefore::new(),
            agent_schemas: BTreeSet::new(),
            troubles: Vec::new(),
        }
    }

    /// Adds the projects of a folder, or of documents that lie in none.
    fn add(&mut self, scope: Scope<'_>, options: &EditorOptions) {
        let files = Overlay::new(&Disk, self.texts).keeping(self.listings);
        let surroundings = Surroundings::of_process();
        let folder = match scope {
            Scope::Folder(folder, _) => Some(folder.to_owned()),
            Scope::Paths(_) | Scope::Documents(_) => None,
        };
        let before = self.inventories_before.get(&folder).map(Vec::as_slice).unwrap_or_default();
        let loader = match Loader::new(&files, &options.known, &surroundings, rules::TABLE) {
            Ok(loader) => loader.remembering(before),
            Err(unusable) => return self.trouble(unusable),
        };
        let snapshot = loader.load(&Request {
            scope,
            neighbours: Neighbours::Always,
            with_ci_files: true,
            steps: &Steps::default(),
            before: Some(self.before),
        });
        // One may name no project that has a folder.
        self.inventories.extend(snapshot.inventories.iter().map(|inventory| shown_path(&inventory.file)));
        self.inventories_now.insert(folder, snapshot.inventories);
        self.agent_schemas.extend(snapshot.agent_schemas.iter().map(|file| shown_path(file)));
        snapshot.unusable.into_iter().for_each(|unusable| self.trouble(unusable));
        if let (true, Scope::Folder(folder, _)) = (snapshot.is_cut, scope) {
            self.tell(format!(
                "{} holds more than {MAX_FILES_OF_EDITOR} files; not all of them were looked at, so that projects may be missing",
                shown_path(folder)
            ));
        }
        snapshot.warnings.into_iter().for_each(|warning| self.tell(warning));
        for project in snapshot.projects {
            // An inner folder may be open as well, and an inventory may name a project of another folder.
            if !self.roots.insert(project.folder.clone()) {
                continue;
            }
            let selection = project.settings.selection(&Asked {
                select: &options.select,
                ignore: &options.ignore,
                paths: &[],
                is_isolated: options.known.isolated,
            });
            self.subjects.push(Subject::new(project, selection));
        }
    }

    fn tell(&mut self, trouble: String) {
        if !self.troubles.contains(&trouble) {
            self.troubles.push(trouble);
        }
    }

    fn trouble(&mut self, unusable: Unusable) {
        let mut told = unusable.message;
        if let Some(first) = unusable.mistakes.first() {
            let line = first.place.source.position(first.place.span.start).line;
            told = format!("{told} (line {line}: {})", first.message);
        }
        self.tell(told);
        for mistake in unusable.mistakes {
            let of_file = self.mistakes.entry(mistake.place.source.path().to_owned()).or_default();
            let is_known = |known: &Finding| known.place.span == mistake.place.span && known.message == mistake.message;
            if !of_file.iter().any(is_known) {
                of_file.push(mistake);
            }
        }
    }
}
