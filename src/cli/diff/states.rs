//! The two states that are named, and how they are read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::Arguments;
use super::evidence::{self, Evidences};
use super::loaded::{Load, Loaded};
use crate::diff_report::State;
use crate::project::files::{
    Content, Disk, FileSource, GitFault, Judged, Memory, NoRevision, Overlay, Repository, Revision, Texts,
};
use crate::project::paths::{lexical, shown_path};
use crate::project::{FILE_NAME, Options, Unusable, read_own_file};
use crate::source::Source;

/// The largest file of settings or inventory that is compared, in bytes.
pub(super) const MAX_SIZE: u64 = 1 << 28;

/// One state.
pub(super) enum Named {
    /// A folder of its own.
    Folder(PathBuf, String),
    /// What a revision, or the index, holds.
    Tree(Memory, String),
    /// The working tree of a repository, with the texts of what a sparse checkout leaves out.
    Working(PathBuf, Texts),
}

impl Named {
    /// Where it comes from, as reports say it.
    pub fn stated(&self) -> State {
        match self {
            Self::Folder(_, name) => State::Path(name.clone()),
            Self::Tree(_, name) => State::Revision(name.clone()),
            Self::Working(..) => State::Path("the working tree".to_owned()),
        }
    }

    /// What it is read from, and the folder that it begins at.
    pub fn files(&self) -> (Overlay<'_>, &Path) {
        match self {
            Self::Folder(folder, _) => (Overlay::new(&Disk, nothing()), folder),
            Self::Working(folder, texts) => (Overlay::new(&Disk, texts), folder),
            Self::Tree(tree, _) => (Overlay::new(tree, nothing()), Path::new("")),
        }
    }
}

/// No texts.
fn nothing() -> &'static Texts {
    static NOTHING: OnceLock<Texts> = OnceLock::new();
    NOTHING.get_or_init(Texts::new)
}

/// Both states.
pub(super) struct States {
    pub base: Named,
    pub head: Named,
    /// The repository and BASE's commit, where BASE is a revision.
    pub repository: Option<(Repository, Revision)>,
}

impl States {
    /// Finds the states that are named.
    ///
    /// # Errors
    /// When there is no such state, or more than one.
    pub fn of(arguments: &Arguments) -> Result<Self, Unusable> {
        let repository = repository_around();
        let is_folder = |name: &str| is_written_as_folder(name);
        let wants_git = !is_folder(&arguments.base) || arguments.staged || arguments.merge_base;
        if !wants_git {
            let head = arguments.head.as_deref().unwrap_or(".");
            if !is_folder(head) {
                return Err(Unusable::new(format!(
                    "BASE is a folder and HEAD is not; write ./{head} for a folder, or name two revisions"
                )));
            }
            let named = |name: &str| folder(name).map(|path| Named::Folder(path, shown_path(Path::new(name))));
            return Ok(Self { base: named(&arguments.base)?, head: named(head)?, repository: None });
        }
        let Some(repository) = repository else {
            return Err(Unusable::new(
                "revisions are compared within a repository of git, and there is none here; two folders are written ./BASE ./HEAD",
            ));
        };
        if let Some(head) = arguments.head.as_deref().filter(|head| is_folder(head)) {
            return Err(Unusable::new(format!("BASE is a revision and HEAD, {head}, a folder; name two of a kind")));
        }
        let mut base = resolve(&repository, &arguments.base)?;
        let head = match &arguments.head {
            Some(name) => Some((resolve(&repository, name)?, name.clone())),
            None => None,
        };
        if arguments.merge_base {
            let other = match &head {
                Some((revision, _)) => revision.clone(),
                None => resolve(&repository, "HEAD")?,
            };
            base = merge_base(&repository, &base, &other)?;
        }
        let tree = |revision: &Revision| repository.tree(revision).map_err(|fault| unusable(&fault));
        let base_tree = Named::Tree(tree(&base)?, arguments.base.clone());
        let head = match head {
            Some((revision, name)) => Named::Tree(tree(&revision)?, name),
            None if arguments.staged => match repository.index().map_err(|fault| unusable(&fault))? {
                Some(index) => Named::Tree(index, "the index".to_owned()),
                None => {
                    return Err(Unusable::new(
                        "the index has conflicts, so there is no next commit; solve them and `git add` the files",
                    ));
                }
            },
            None => Named::Working(repository.top().to_owned(), left_out(&repository)?),
        };
        Ok(Self { base: base_tree, head, repository: Some((repository, base)) })
    }

    /// Loads both. Between revisions, HEAD is judged by the settings and the inventory of BASE.
    ///
    /// # Errors
    /// When one cannot be used.
    pub fn load(&self, arguments: &Arguments) -> Result<(Loaded, Loaded), Unusable> {
        let mut base_options = arguments.options.clone();
        base_options.gitlab_version = arguments.base_gitlab_version.or(base_options.gitlab_version);
        base_options.tier = arguments.base_tier.or(base_options.tier);
        base_options.inventory = arguments.base_inventory.clone().or(base_options.inventory);
        let Named::Tree(tree, _) = &self.base else {
            let load = |named: &Named, mut options: Options, earlier: Option<&Loaded>| {
                let (_, folder) = named.files();
                let texts = instead_of_its_own(folder, &mut options)?;
                let load = Load { name: "", purpose: arguments.purpose(), earlier };
                Loaded::of(&Overlay::new(&Disk, &texts), folder, options, load)
            };
            let base = load(&self.base, base_options, None)?;
            let head = load(&self.head, arguments.options.clone(), Some(&base))?;
            return Ok((base, head));
        };
        let named = caller_named(arguments);
        let load = Load { name: &arguments.base, purpose: arguments.purpose(), earlier: None };
        // Which inventory is BASE's is known once BASE is loaded.
        let first = load_judged((tree, Path::new("")), tree, &|_| false, &named, base_options.clone(), load)?;
        let listed = listed_of(&first, &named);
        // One that HEAD brings along in its place is none.
        let is_inventory =
            |path: &Path| path == Path::new("inventory.yaml") || listed.iter().any(|listed| listed == path);
        let is_evidence = |path: &Path| is_settings(path) || is_inventory(path);
        let adding = self.adding(&listed);
        base_options.adding_to_inventory.clone_from(&adding);
        let base = match &adding {
            None => first,
            Some(_) => {
                let load = Load { earlier: Some(&first), ..load };
                load_judged((tree, Path::new("")), tree, &|_| false, &named, base_options, load)?
            }
        };
        let head_options = Options { adding_to_inventory: adding, ..arguments.options.clone() };
        let (files, top) = self.head.files();
        let load = Load { name: "HEAD", earlier: Some(&base), ..load };
        let head = load_judged((&files, top), tree, &is_evidence, &named, head_options, load)?;
        Ok((base, head))
    }

    /// HEAD's text of BASE's inventory, where that is another one.
    fn adding(&self, listed: &[PathBuf]) -> Option<Arc<Source>> {
        let Named::Tree(tree, _) = &self.base else { return None };
        let path = listed.first()?;
        let (files, top) = self.head.files();
        let text = |files: &dyn FileSource, path: &Path| match files.read(path, MAX_SIZE) {
            Ok(Content::Text(source)) => Some(source),
            _ => None,
        };
        let (before, after) = (text(tree, path), text(&files, &top.join(path))?);
        before.is_none_or(|before| before.text() != after.text()).then_some(after)
    }

    /// What of BASE is in force where GitLab refuses its files.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub fn in_force(&self, arguments: &Arguments, base: &Loaded) -> Result<Option<InForce>, Unusable> {
        let (Some((repository, revision)), Named::Tree(tree, _)) = (&self.repository, &self.base) else {
            return Ok(None);
        };
        let refused = base.with(None, |index, _| {
            let refused = index.agents().iter().filter(|agent| agent.is_refused() && agent.is_registered);
            Ok(refused.filter_map(|agent| Some((agent.context(), agent.file?.path.to_owned()))).collect::<Vec<_>>())
        })?;
        if refused.is_empty() {
            return Ok(None);
        }
        let mut older = tree.clone();
        let (mut settled, mut commits) = (Vec::new(), Vec::new());
        let version = base.with(None, |index, _| Ok(index.settings().version))?;
        for (context, path) in refused {
            let path = Path::new(&path);
            let changes = repository
                .changes_of(revision, path, arguments.history.saturating_add(1))
                .map_err(|fault| unusable(&fault))?;
            for commit in changes {
                let at = repository.tree(&commit).map_err(|fault| unusable(&fault))?;
                let is_taken = match at.read(path, MAX_SIZE) {
                    Ok(Content::Text(source)) => {
                        crate::agent_config::AgentConfig::read(&source, version).refused_at().is_none()
                    }
                    // A file that is gone takes all that it granted along.
                    Err(_) => true,
                    Ok(_) => false,
                };
                if is_taken {
                    older.as_in(&at, path);
                    settled.push(context.clone());
                    commits.push((context.clone(), commit.object.clone()));
                    break;
                }
            }
        }
        let named = caller_named(arguments);
        let mut options = arguments.options.clone();
        options.gitlab_version = arguments.base_gitlab_version.or(options.gitlab_version);
        options.tier = arguments.base_tier.or(options.tier);
        options.adding_to_inventory = self.adding(&listed_of(base, &named));
        let load = Load { name: &arguments.base, purpose: arguments.purpose(), earlier: Some(base) };
        let loaded = load_judged((&older, Path::new("")), tree, &|_| false, &named, options, load)?;
        Ok(Some(InForce { loaded, settled, commits }))
    }

    /// What HEAD changes of what the report goes by.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn evidence(&self, arguments: &Arguments, base: &Loaded, head: &Loaded) -> Result<Evidences, Unusable> {
        let Named::Tree(tree, _) = &self.base else {
            let ((before, base), (after, head)) = (self.base.files(), self.head.files());
            return Ok(evidence::changed_judgement((&before, base), (&after, head)));
        };
        let listed = listed_of(base, &caller_named(arguments));
        let (files, top) = self.head.files();
        let added = evidence::added(base, head, self.adding(&listed).as_deref());
        Ok(evidence::changed((tree, Path::new("")), (&files, top), &listed, &added))
    }
}

/// What is in force in the place of files that GitLab refuses.
pub(super) struct InForce {
    pub loaded: Loaded,
    /// The agents of which it is known.
    pub settled: Vec<String>,
    /// The commit of each.
    pub commits: Vec<(String, String)>,
}

/// The inventory that is named in the place of a folder's own, so that its projects lie where that has them.
fn instead_of_its_own(folder: &Path, options: &mut Options) -> Result<Texts, Unusable> {
    let own = folder.join("inventory.yaml");
    let mut texts = Texts::new();
    if let Some(named) =
        options.inventory.clone().filter(|named| Disk.is_there(&own) && lexical(named) != lexical(&own))
    {
        let source = read_own_file("inventory", &named, MAX_SIZE, &Disk)?;
        let shown = shown_path(&own);
        texts.insert(shown.clone(), Arc::new(source.at(shown)));
        options.inventory = Some(own);
    }
    Ok(texts)
}

/// What a sparse checkout leaves out, as the index has it: it is not deleted.
fn left_out(repository: &Repository) -> Result<Texts, Unusable> {
    let paths = repository.skipped().map_err(|fault| unusable(&fault))?;
    if paths.is_empty() {
        return Ok(Texts::new());
    }
    let Some(index) = repository.index().map_err(|fault| unusable(&fault))? else { return Ok(Texts::new()) };
    let of_interest = paths.into_iter().filter(|path| {
        let is_agents = path.to_string_lossy().contains(".gitlab/agents/");
        is_agents
            || is_settings(path)
            || path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
    });
    let mut texts = Texts::new();
    for path in of_interest {
        if let Ok(Content::Text(source)) = index.read(&path, MAX_SIZE) {
            let shown = shown_path(&repository.top().join(&path));
            texts.insert(shown.clone(), Arc::new(source.at(shown)));
        }
    }
    Ok(texts)
}

/// Whether a path from the top is that of a settings file.
pub(super) fn is_settings(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == FILE_NAME)
}

/// The paths that the caller names, which are read from the disk.
fn caller_named(arguments: &Arguments) -> Vec<PathBuf> {
    let options = &arguments.options;
    let files = [&options.settings, &options.inventory, &options.agent_schema, &arguments.base_inventory];
    files.into_iter().flatten().cloned().collect()
}

/// The inventories of BASE itself, by path from the top.
fn listed_of(base: &Loaded, named: &[PathBuf]) -> Vec<PathBuf> {
    let here = lexical(Path::new(""));
    let files = base.inventories.iter().map(|file| lexical(&file.file));
    let own = files.filter(|file| named.iter().all(|named| lexical(named) != *file));
    own.filter_map(|file| file.strip_prefix(&here).ok().map(Path::to_owned)).collect()
}

fn load_judged(
    (files, top): (&dyn FileSource, &Path),
    tree: &Memory,
    is_evidence: &(dyn Fn(&Path) -> bool + Sync),
    named: &[PathBuf],
    options: Options,
    load: Load<'_>,
) -> Result<Loaded, Unusable> {
    let judged = Judged::new((files, top), tree, is_evidence, (named, &Disk));
    Loaded::of(&judged, top, options, load)
}

fn is_written_as_folder(name: &str) -> bool {
    let starts = ["./", "../", "/"];
    name == "." || name == ".." || starts.iter().any(|start| name.starts_with(start))
}

fn folder(named: &str) -> Result<PathBuf, Unusable> {
    let path = PathBuf::from(named);
    match Disk.kind(&path) {
        Ok(_) => Ok(path),
        Err(_) => Err(Unusable::new(format!("there is no folder {named}"))),
    }
}

/// The repository around the working directory.
fn repository_around() -> Option<Repository> {
    let here = lexical(Path::new(""));
    let top = here.ancestors().find(|folder| Disk.is_there(&folder.join(".git")))?;
    // Paths are told as they are from here.
    let up = here.strip_prefix(top).map(|below| below.components().count()).unwrap_or_default();
    let relative: PathBuf = std::iter::repeat_n("..", up).collect();
    Some(Repository::at(if up == 0 { Path::new(".") } else { &relative }))
}

fn resolve(repository: &Repository, name: &str) -> Result<Revision, Unusable> {
    let is_folder = !is_written_as_folder(name) && Disk.is_there(Path::new(name)) && !name.starts_with('-');
    match repository.resolve(name) {
        Ok(_) if is_folder => Err(Unusable::new(format!(
            "{name} is a revision and a folder; write refs/heads/{name} or refs/tags/{name} for the one, ./{name} for the other"
        ))),
        Ok(revision) => Ok(revision),
        Err(NoRevision::Ambiguous) => {
            Err(Unusable::new(format!("{name} is a branch and a tag; write refs/heads/{name} or refs/tags/{name}")))
        }
        Err(NoRevision::Unknown { .. }) if is_folder => {
            Err(Unusable::new(format!("there is no revision {name}; write ./{name} for the folder")))
        }
        Err(NoRevision::Unknown { is_shallow: true }) => {
            let fetch = match name.contains(['~', '^', '@', ':']) {
                true => "`git fetch --unshallow` gets the rest of it".to_owned(),
                false => format!("`git fetch --depth=1 origin {name}` gets it"),
            };
            Err(Unusable::new(format!(
                "there is no revision {name} here, and the clone is shallow: {fetch}, GIT_DEPTH: 0 in the job the whole history"
            )))
        }
        Err(NoRevision::Unknown { is_shallow: false }) if name == "HEAD" => {
            Err(Unusable::new("HEAD is no commit yet: the branch has none"))
        }
        Err(NoRevision::Unknown { is_shallow: false }) => Err(Unusable::new(format!("there is no revision {name}"))),
        Err(NoRevision::Fault(fault)) => Err(unusable(&fault)),
    }
}

#[allow(clippy::disallowed_methods, reason = "the pipeline of a merge request says where it begins")]
fn merge_base(repository: &Repository, base: &Revision, head: &Revision) -> Result<Revision, Unusable> {
    if let Some(named) = std::env::var("CI_MERGE_REQUEST_DIFF_BASE_SHA").ok().filter(|named| !named.is_empty()) {
        return resolve(repository, &named);
    }
    if repository.is_shallow() {
        return Err(Unusable::new(
            "the clone is shallow, so that another merge base may be cut off; `git fetch --unshallow`, or GIT_DEPTH: 0 in the job",
        ));
    }
    let mut bases = repository.merge_bases(base, head).map_err(|fault| unusable(&fault))?;
    match bases.len() {
        0 => Err(Unusable::new("BASE and HEAD have no commit in common, and so no merge base")),
        1 => Ok(bases.remove(0)),
        _ => {
            let names: Vec<String> = bases.iter().map(|base| base.object.clone()).collect();
            Err(Unusable::new(format!(
                "BASE and HEAD have several merge bases, with which the comparison may differ; name one of {}",
                names.join(", ")
            )))
        }
    }
}

/// What is said of what git does not say.
pub(super) fn unusable(fault: &GitFault) -> Unusable {
    Unusable::new(match fault {
        GitFault::Missing => {
            "revisions are read with git, and there is none; two folders (./BASE ./HEAD) need none".to_owned()
        }
        GitFault::Slow => "git takes too long, or the repository is too large".to_owned(),
        GitFault::Refused(said) => {
            format!("git says: {}", crate::source::visible(said.lines().next().unwrap_or("nothing")))
        }
    })
}
