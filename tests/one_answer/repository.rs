//! Small repositories as plain data, which proptest can make smaller, and how they are laid out on the disk.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// What kaslint is asked about, and how it is called.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    /// Whether the folder is a git repository.
    pub git: Option<Git>,
    /// What lies at the top.
    pub top: Option<Project>,
    /// Further `.gitlab/agents` in folders below.
    pub below: Vec<Below>,
    /// `inventory.yaml` at the top.
    pub inventory: Option<Inventory>,
    /// What `.kaslint.yaml` says.
    pub settings: Option<Settings>,
    /// `--project`
    pub project: Option<&'static str>,
    /// `CI_PROJECT_PATH`
    pub pipeline: Option<&'static str>,
    /// `--gitlab-version`
    pub version: Option<&'static str>,
    /// From where it is called.
    pub start: Start,
    /// Whether the first agent's file is named by two paths as well.
    pub twice: Option<Spelling>,
    /// Which of all questions is asked by `--for`, counted round and round.
    pub question: usize,
}

#[derive(Clone, Debug, Default)]
pub struct Git {
    /// The project's path in the address of the remote origin.
    pub remote: Option<&'static str>,
}

#[derive(Clone, Debug, Default)]
pub struct Project {
    pub agents: Vec<Agent>,
    /// The jobs of its CI file.
    pub jobs: Option<Vec<Job>>,
}

#[derive(Clone, Debug)]
pub struct Below {
    pub folder: &'static str,
    /// Whether the folder is a git repository of its own.
    pub git: Option<Git>,
    pub project: Project,
}

#[derive(Clone, Debug, Default)]
pub struct Agent {
    pub entries: Vec<Entry>,
    pub padding: Padding,
    pub flaw: Option<Flaw>,
    pub form: Form,
}

/// What follows the configuration as a comment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Padding {
    #[default]
    None,
    /// 400 bytes
    Little,
    /// 150,000 bytes, over the agent server's limit unless that is raised
    Much,
}

/// Why GitLab refuses the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    NoYaml,
    UnknownKey,
    WrongType,
    /// What the validation refuses.
    NotValid,
}

/// What lies at the path of the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    #[default]
    File,
    /// A symbolic link to the text.
    Link,
    Directory,
    /// `config.yml`, which GitLab never reads.
    Misnamed,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub is_group: bool,
    pub id: Id,
    pub environments: Option<Vec<&'static str>>,
    pub is_protected_only: bool,
    pub access_as: &'static str,
}

/// What an entry names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Id {
    Path(&'static str),
    /// A project with jobs, counted round and round.
    WithJobs(usize),
}

#[derive(Clone, Debug)]
pub struct Job {
    pub environment: Option<&'static str>,
    pub runs: Runs,
    pub selects: Selects,
}

/// In which pipelines a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    Anywhere,
    MergeRequests,
    DefaultBranch,
    Tags,
}

/// The context that a job selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selects {
    /// That of an agent, counted round and round.
    Agent(usize),
    /// The same by `$CI_PROJECT_PATH`.
    Own(usize),
    /// One that nobody has.
    Nobody,
}

#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// Whether `--inventory` names it, and not the settings.
    pub is_option: bool,
    /// The path that it gives the project at the top.
    pub top: Option<&'static str>,
    /// Projects with files of their own.
    pub listed: Vec<Listed>,
    /// Projects without.
    pub others: Vec<&'static str>,
    pub version: Option<&'static str>,
    pub tier: Option<&'static str>,
    /// Whether it holds a mistake.
    pub is_flawed: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Listed {
    pub path: &'static str,
    /// Where its files are, unless they are where an inventory has them by default.
    pub repository: Option<&'static str>,
    pub project: Project,
    /// Whether the inventory lists its agents: all of them, or none.
    pub registered: Option<bool>,
    /// Whether protected refs are known.
    pub has_refs: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Whether `--settings` names them, and they lie in a folder below.
    pub is_option: bool,
    pub project: Option<&'static str>,
    pub limit: Option<u64>,
    pub version: Option<&'static str>,
    pub tier: Option<&'static str>,
    pub instance_authorization: Option<bool>,
    /// Whether they hold a mistake.
    pub is_flawed: bool,
}

/// The working directory, and the path that is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// At the top, and no path.
    #[default]
    Top,
    /// At the top, and `.`.
    Dot,
    /// Beside it.
    Beside,
    /// Above it; of git repositories alone, since of others the working directory is the root.
    Above,
}

/// How a file is named a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    Dotted,
    Absolute,
}

/// Whose files they are.
#[derive(Clone, Copy, Debug)]
pub enum Owner<'r> {
    Top,
    Below(&'r Below),
    Listed(&'r Listed),
}

/// A project in its folder.
#[derive(Clone, Debug)]
pub struct Place<'r> {
    pub owner: Owner<'r>,
    /// Relative to the top, which is the empty text.
    pub folder: String,
    pub project: &'r Project,
}

/// An agent in its folder.
#[derive(Clone, Debug)]
pub struct Config<'r> {
    /// Unlike that of all others.
    pub name: String,
    /// Relative to the top.
    pub path: String,
    pub place: Place<'r>,
    pub agent: &'r Agent,
    pub text: String,
    /// What each of the agent's entries names.
    pub ids: Vec<&'static str>,
}

/// The name of the folder that is the repository, between its neighbours.
pub const FOLDER: &str = "repo";
/// A folder beside it, in which nothing lies.
pub const NEIGHBOUR: &str = "elsewhere";

const SETTINGS_BESIDE: &str = ".kaslint.yaml";
const SETTINGS_BELOW: &str = "etc/settings.yaml";
pub const INVENTORY: &str = "inventory.yaml";
/// Folders below in which a `.gitlab/agents` may lie.
pub const FOLDERS_BELOW: [&str; 2] = ["examples/demo", "deploy"];

/// What lies at a path.
enum Content {
    Text(String),
    Link(String),
    Folder,
}

impl Repository {
    /// The projects, in the order of their folders.
    pub fn places(&self) -> Vec<Place<'_>> {
        let mut places = Vec::new();
        let top = self.top.as_ref();
        places.extend(top.map(|project| Place { owner: Owner::Top, folder: String::new(), project }));
        places.extend(self.below.iter().map(|below| Place {
            owner: Owner::Below(below),
            folder: below.folder.to_owned(),
            project: &below.project,
        }));
        for listed in self.inventory.iter().flat_map(|inventory| &inventory.listed) {
            let folder = match listed.repository {
                Some(folder) => folder.trim_start_matches("./").to_owned(),
                None => format!("projects/{}", listed.path),
            };
            places.push(Place { owner: Owner::Listed(listed), folder, project: &listed.project });
        }
        places
    }

    /// All agents, each with a name of its own.
    pub fn configs(&self) -> Vec<Config<'_>> {
        let mut configs = Vec::new();
        let with_jobs = self.places().into_iter().filter(|place| place.project.jobs.is_some());
        let with_jobs: Vec<&'static str> = with_jobs.map(|place| self.path_of(&place)).collect();
        for (position, place) in self.places().into_iter().enumerate() {
            for (number, agent) in place.project.agents.iter().enumerate() {
                let whose = match place.owner {
                    Owner::Top => "top".to_owned(),
                    Owner::Below(_) => format!("below-{position}"),
                    Owner::Listed(_) => format!("listed-{position}"),
                };
                let name = format!("{whose}-{number}");
                let file = if agent.form == Form::Misnamed { "config.yml" } else { "config.yaml" };
                let path = within(&place.folder, &format!(".gitlab/agents/{name}/{file}"));
                let ids: Vec<&'static str> = agent.entries.iter().map(|entry| entry.id(&with_jobs)).collect();
                configs.push(Config { name, path, place: place.clone(), agent, text: agent.text(&ids), ids });
            }
        }
        configs
    }

    /// The settings file, if there is one.
    pub fn settings_path(&self) -> Option<&'static str> {
        let is_option = self.settings.as_ref().is_some_and(|settings| settings.is_option);
        let names_inventory = self.inventory.as_ref().is_some_and(|inventory| !inventory.is_option);
        let is_there = self.settings.is_some() || names_inventory;
        is_there.then_some(if is_option { SETTINGS_BELOW } else { SETTINGS_BESIDE })
    }

    /// Whether settings or inventory hold a mistake.
    pub fn is_flawed(&self) -> bool {
        self.settings.as_ref().is_some_and(|settings| settings.is_flawed)
            || self.inventory.as_ref().is_some_and(|inventory| inventory.is_flawed)
    }

    fn settings_text(&self) -> String {
        let default = Settings::default();
        let settings = self.settings.as_ref().unwrap_or(&default);
        let mut text = String::new();
        let mut line = |line: String| text.push_str(&(line + "\n"));
        if let Some(project) = settings.project {
            line(format!("project: {project}"));
        }
        if self.inventory.as_ref().is_some_and(|inventory| !inventory.is_option) {
            let above = if settings.is_option { "../" } else { "" };
            line(format!("inventory: {above}{INVENTORY}"));
        }
        let keys = [
            settings.version.map(|version| format!("version: \"{version}\"")),
            settings.tier.map(|tier| format!("tier: {tier}")),
            settings.limit.map(|limit| format!("max_configuration_file_size: {limit}")),
            settings.instance_authorization.map(|is_on| format!("instance_authorization: {is_on}")),
        ];
        if keys.iter().any(Option::is_some) {
            line("gitlab:".to_owned());
            keys.into_iter().flatten().for_each(|key| line(format!("  {key}")));
        }
        if settings.is_flawed {
            line("rulse: {}".to_owned());
        }
        text
    }

    /// The path by which jobs name the project of an agent: the one that it should have, or one that it may have.
    fn path_of(&self, place: &Place<'_>) -> &'static str {
        let remote = |git: Option<&Git>| git.and_then(|git| git.remote);
        let settings = self.settings.as_ref().and_then(|settings| settings.project);
        let of_top = || self.project.or(self.pipeline).or(remote(self.git.as_ref())).or(settings);
        let path = match place.owner {
            Owner::Top => self.inventory.as_ref().and_then(|inventory| inventory.top).or_else(of_top),
            Owner::Below(below) => remote(below.git.as_ref()),
            Owner::Listed(listed) => Some(listed.path),
        };
        path.unwrap_or("acme/agents")
    }

    fn ci_text(&self, jobs: &[Job]) -> String {
        let configs = self.configs();
        let mut text = String::new();
        for (number, job) in jobs.iter().enumerate() {
            let _ = writeln!(text, "job-{number}:");
            if let Some(environment) = job.environment {
                let _ = writeln!(text, "  environment: {environment}");
            }
            let condition = match job.runs {
                Runs::Anywhere => None,
                Runs::MergeRequests => Some("$CI_PIPELINE_SOURCE == \"merge_request_event\""),
                Runs::DefaultBranch => Some("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"),
                Runs::Tags => Some("$CI_COMMIT_TAG"),
            };
            if let Some(condition) = condition {
                let _ = writeln!(text, "  rules:\n    - if: {condition}");
            }
            let nth = |number: usize| configs.get(number % configs.len().max(1));
            let context = match job.selects {
                Selects::Agent(number) => {
                    nth(number).map(|config| format!("{}:{}", self.path_of(&config.place), config.name))
                }
                Selects::Own(number) => nth(number).map(|config| format!("$CI_PROJECT_PATH:{}", config.name)),
                Selects::Nobody => None,
            };
            let context = context.unwrap_or_else(|| "acme/agents:nobody".to_owned());
            let _ = writeln!(text, "  script:\n    - kubectl config use-context {context}\n    - kubectl get pods");
        }
        if jobs.is_empty() { "stages: [deploy]\n".to_owned() } else { text }
    }

    /// Everything that lies in the folder, by path.
    fn contents(&self) -> BTreeMap<String, Content> {
        let mut contents = BTreeMap::new();
        let mut add = |path: String, content: Content| drop(contents.insert(path, content));
        let git = |folder: &str, git: &Git, add: &mut dyn FnMut(String, Content)| {
            let mut config = "[core]\n\trepositoryformatversion = 0\n\tbare = false\n".to_owned();
            if let Some(remote) = git.remote {
                let _ = writeln!(config, "[remote \"origin\"]\n\turl = git@gitlab.example.com:{remote}.git");
            }
            add(within(folder, ".git/HEAD"), Content::Text("ref: refs/heads/main\n".to_owned()));
            add(within(folder, ".git/config"), Content::Text(config));
            add(within(folder, ".git/objects"), Content::Folder);
            add(within(folder, ".git/refs"), Content::Folder);
        };
        if let Some(top) = &self.git {
            git("", top, &mut add);
        }
        for below in &self.below {
            below.git.iter().for_each(|of_below| git(below.folder, of_below, &mut add));
        }
        if let Some(path) = self.settings_path() {
            add(path.to_owned(), Content::Text(self.settings_text()));
        }
        if let Some(inventory) = &self.inventory {
            add(INVENTORY.to_owned(), Content::Text(inventory.text(self)));
        }
        for place in self.places() {
            if let Some(jobs) = &place.project.jobs {
                add(within(&place.folder, ".gitlab-ci.yml"), Content::Text(self.ci_text(jobs)));
            }
        }
        for Config { name, path, place, agent, text, ids: _ } in self.configs() {
            match agent.form {
                Form::File | Form::Misnamed => add(path, Content::Text(text)),
                Form::Directory => add(format!("{path}/README"), Content::Text("nothing\n".to_owned())),
                Form::Link => {
                    add(path, Content::Link(format!("../../../real-{name}.yaml")));
                    add(within(&place.folder, &format!("real-{name}.yaml")), Content::Text(text));
                }
            }
        }
        contents
    }

    /// Writes everything below a folder.
    pub fn lay_out(&self, folder: &Path) {
        fs::create_dir_all(folder.join(NEIGHBOUR)).expect("a folder");
        let top = folder.join(FOLDER);
        fs::create_dir_all(&top).expect("a folder");
        for (path, content) in self.contents() {
            let path = top.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            match content {
                Content::Text(text) => fs::write(&path, text).expect("a file"),
                Content::Link(target) => std::os::unix::fs::symlink(target, &path).expect("a link"),
                Content::Folder => fs::create_dir_all(&path).expect("a folder"),
            }
        }
    }

    /// The tree with the texts, for who reads of a failure.
    pub fn tree(&self) -> String {
        const MOST: usize = 2_000;
        let mut tree = String::new();
        for (path, content) in self.contents() {
            match content {
                Content::Folder => {}
                Content::Text(_) if path.ends_with(".git/HEAD") => {}
                Content::Link(target) => {
                    let _ = writeln!(tree, "--- {path} -> {target}");
                }
                Content::Text(text) if text.len() > MOST => {
                    let mut lines: Vec<&str> = text.lines().collect();
                    lines.dedup_by(|line, before| line == before && line.starts_with("# x"));
                    let _ = writeln!(
                        tree,
                        "--- {path} ({} bytes, with one line many times)\n{}",
                        text.len(),
                        lines.join("\n")
                    );
                }
                Content::Text(text) => {
                    let _ = writeln!(tree, "--- {path} ({} bytes)\n{}", text.len(), text.trim_end());
                }
            }
        }
        tree
    }

    /// The files that an editor opens as documents.
    pub fn documents(&self) -> Vec<String> {
        let mut documents = Vec::new();
        for config in self.configs().iter().filter(|config| config.agent.form != Form::Directory) {
            documents.push(config.path.clone());
        }
        // Whoever opens the CI file of a folder that is no project names it, and nobody else does.
        let is_opened =
            |place: &Place<'_>| place.project.jobs.is_some() && !(place.is_mere_folder() && self.has_certain_top());
        let ci_files = self.places().into_iter().filter(is_opened);
        documents.extend(ci_files.map(|place| within(&place.folder, ".gitlab-ci.yml")));
        documents.extend(self.settings_path().map(str::to_owned));
        documents.extend(self.inventory.as_ref().map(|_| INVENTORY.to_owned()));
        documents
    }
}

impl Place<'_> {
    /// Whether the folder lies below the top and is a git repository of its own.
    pub fn is_own_repository(&self) -> bool {
        matches!(self.owner, Owner::Below(below) if below.git.is_some())
    }

    /// Whether there is anything of a project.
    pub fn has_any(&self) -> bool {
        self.project.jobs.is_some() || !self.project.agents.is_empty()
    }

    /// Whether the folder lies below the top and nobody says that it is a project.
    pub fn is_mere_folder(&self) -> bool {
        matches!(self.owner, Owner::Below(below) if below.git.is_none())
    }
}

impl Inventory {
    fn text(&self, repository: &Repository) -> String {
        let mut text = String::new();
        let keys = [
            self.version.map(|version| format!("version: \"{version}\"")),
            self.tier.map(|tier| format!("tier: {tier}")),
        ];
        let keys: Vec<String> = keys.into_iter().flatten().collect();
        if !keys.is_empty() {
            let _ = writeln!(text, "gitlab: {{{}}}", keys.join(", "));
        }
        text.push_str("projects:\n");
        if let Some(path) = self.top {
            let _ = writeln!(text, "  - {{path: {path}, repository: .}}");
        }
        for place in repository.places() {
            let Owner::Listed(listed) = place.owner else { continue };
            let _ = write!(text, "  - {{path: {}", listed.path);
            if let Some(folder) = listed.repository {
                let _ = write!(text, ", repository: {folder}");
            }
            if listed.has_refs {
                text.push_str(", default_branch: main, protected_branches: [main], protected_tags: []");
            }
            if let Some(is_registered) = listed.registered {
                let names = repository.configs().into_iter().filter(|config| {
                    is_registered && config.place.folder == place.folder && config.agent.form != Form::Misnamed
                });
                let names: Vec<String> = names.map(|config| config.name).collect();
                let _ = write!(text, ", agents: [{}]", names.join(", "));
            }
            text.push_str("}\n");
        }
        for path in &self.others {
            let _ = writeln!(text, "  - {{path: {path}}}");
        }
        if self.is_flawed {
            text.push_str("projcts: []\n");
        }
        if text.ends_with("projects:\n") { text.replace("projects:\n", "projects: []\n") } else { text }
    }
}

impl Agent {
    /// The text of its configuration; `ids` are what its entries name.
    fn text(&self, ids: &[&str]) -> String {
        let mut text = "ci_access:\n".to_owned();
        for (key, is_group) in [("projects", false), ("groups", true)] {
            let entries: Vec<String> = self
                .entries
                .iter()
                .zip(ids)
                .filter(|(entry, _)| entry.is_group == is_group)
                .map(|(entry, id)| entry.text(id))
                .collect();
            if !entries.is_empty() {
                let _ = writeln!(text, "  {key}:\n{}", entries.join("\n"));
            }
        }
        if self.entries.is_empty() {
            text = "ci_access: {}\n".to_owned();
        }
        text.push_str(match self.flaw {
            None => "",
            Some(Flaw::NoYaml) => "foo: \"\n",
            Some(Flaw::UnknownKey) => "foo: 1\n",
            Some(Flaw::WrongType) => "user_access: {projects: acme/agents}\n",
            Some(Flaw::NotValid) => "user_access: {projects: [{id: ''}]}\n",
        });
        let lines = match self.padding {
            Padding::None => 0,
            Padding::Little => 4,
            Padding::Much => 1_500,
        };
        // In front of a quote that is not closed, the comment is none.
        let padding = format!("# {}\n", "x".repeat(97)).repeat(lines);
        if self.flaw == Some(Flaw::NoYaml) { padding + &text } else { text + &padding }
    }
}

impl Entry {
    /// What it names, of the projects with jobs.
    fn id(&self, with_jobs: &[&'static str]) -> &'static str {
        match self.id {
            Id::Path(path) => path,
            Id::WithJobs(number) => with_jobs.get(number % with_jobs.len().max(1)).copied().unwrap_or("acme/agents"),
        }
    }

    fn text(&self, id: &str) -> String {
        let mut text = format!("    - {{id: {id}");
        if let Some(environments) = &self.environments {
            let quoted: Vec<String> = environments.iter().map(|pattern| format!("\"{pattern}\"")).collect();
            let _ = write!(text, ", environments: [{}]", quoted.join(", "));
        }
        if self.is_protected_only {
            text.push_str(", protected_branches_only: true");
        }
        if !self.access_as.is_empty() {
            let _ = write!(text, ", access_as: {{{}}}", self.access_as);
        }
        text + "}"
    }
}

/// A path in a folder, which may be the top.
pub fn within(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}
