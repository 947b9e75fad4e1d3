//! What is wrong with a CI configuration, and what of it could not be read.

use std::sync::Arc;

use crate::schema::{listed, nearest};
use crate::source::Place;
use crate::yaml;

/// Why GitLab refuses a CI configuration, or why this reading of it stops short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The text is no YAML.
    Syntax(yaml::ProblemKind),
    /// The file has no content.
    EmptyFile,
    /// The top of the file is no map.
    NoMap,
    /// Nested more than [`MAX_DEPTH`](super::MAX_DEPTH) levels deep.
    TooDeep,
    /// Aliases, `extends` or `!reference` make the configuration many times larger than it is written.
    TooLarge,
    /// A date or time without quotes.
    Date(String),
    /// The main file is not there.
    NoMainFile(String),
    /// An included file of this repository is not there.
    MissingFile(String),
    /// An included file is larger than is read, with its size in bytes.
    FileTooLarge(String, u64),
    /// What is included is no file; why.
    NoFile(String, &'static str),
    /// A path with `..`.
    OutsideRepository(String),
    /// An included file whose name does not end in `.yml` or `.yaml`.
    Extension(String),
    /// A file that includes itself, directly or through others.
    IncludeCycle(String),
    /// More than [`MAX_INCLUDES`](super::MAX_INCLUDES) files.
    TooManyIncludes,
    /// An `include` that names nothing to include.
    BadInclude,
    /// An included file wants an input that it is not given.
    MissingInput(String),
    /// A job that is no map.
    JobNoMap(String),
    /// A job without `script`, `run` or `trigger`.
    JobWithoutScript(String),
    /// A job whose name is no text, as `on` or `1`.
    JobName(String),
    /// A parent in `extends` that is defined nowhere.
    UnknownParent(String),
    /// A parent in `extends` that is no map.
    ParentNoMap(String),
    /// `extends` in a circle.
    ExtendsCycle(String),
    /// `extends` over more than [`MAX_EXTENDS`](super::MAX_EXTENDS) levels.
    ExtendsTooDeep(String),
    /// A `!reference` that is no list of texts.
    BadReference,
    /// A `!reference` to something that is defined nowhere.
    MissingReference(String),
    /// A `!reference` that leads back to itself.
    ReferenceCycle(String),
    /// A keyword of `default` that is at the top level as well.
    DefinedTwice(String),
    /// A value that has another type than its keyword takes.
    WrongType {
        /// The keyword.
        keyword: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// A job's stage that the pipeline does not have; whether the job names it, and the stages that there are.
    UnknownStage {
        /// The stage.
        stage: Arc<str>,
        /// Whether the job names it, rather than none.
        is_named: bool,
        /// Those that there are.
        stages: Vec<Arc<str>>,
    },
    /// An environment without a name.
    EnvironmentWithoutName,
    /// A key that its keyword does not take.
    UnknownKey {
        /// The keyword.
        keyword: &'static str,
        /// The key.
        key: String,
        /// The keys that it takes.
        keys: &'static [&'static str],
    },
    /// A value that is none of those that its keyword takes.
    UnknownValue {
        /// The keyword.
        keyword: &'static str,
        /// The value.
        value: String,
        /// The values that it takes.
        values: &'static [&'static str],
    },
    /// A keyword without another one that it needs.
    NeedsKey {
        /// The keyword.
        keyword: &'static str,
        /// What it needs.
        needs: &'static str,
    },
    /// Two keywords that say the same.
    Beside {
        /// The one.
        keyword: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A map without keys, of a keyword that needs some.
    EmptyMap(&'static str),
    /// A text that is empty, or longer than this many characters.
    WrongLength {
        /// The keyword.
        keyword: &'static str,
        /// How long it may be.
        most: usize,
    },
    /// A matrix of more than [`MAX_MATRIX`](super::MAX_MATRIX) jobs.
    MatrixTooLarge(usize),
    /// So many files under `trigger:include`, of which GitLab takes three.
    TooManyTriggerIncludes(usize),
}

/// One thing that is wrong with a CI configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// Where.
    pub place: Place,
    /// Another place that explains it.
    pub related: Option<Place>,
}

impl Problem {
    pub(super) fn new(kind: ProblemKind, place: Place) -> Self {
        Self { kind, place, related: None }
    }

    /// What is wrong, as a sentence without capital and full stop.
    #[must_use]
    pub fn message(&self) -> String {
        use ProblemKind as K;
        match &self.kind {
            K::Syntax(yaml::ProblemKind::Syntax(words)) => format!("this is no YAML: {words}"),
            K::Syntax(yaml::ProblemKind::UnknownAnchor(name)) => format!("no anchor `{name}` stands above this alias"),
            K::Syntax(_) => format!("this is no YAML: {REFUSES_WHOLE}"),
            K::EmptyFile => "the file has no content".to_owned(),
            K::NoMap => "a CI configuration must be a map of keywords and jobs".to_owned(),
            K::TooDeep => format!("nested more than {} levels deep", super::MAX_DEPTH),
            K::TooLarge => "the configuration becomes too large to be read as a whole".to_owned(),
            K::Date(text) => format!("`{text}` is a date, which GitLab refuses in a CI configuration"),
            K::NoMainFile(path) => format!("there is no file `{path}`"),
            K::MissingFile(path) => format!("`{path}` is included and does not exist: {REFUSES}"),
            K::FileTooLarge(path, size) => format!(
                "`{path}` has {size} bytes and is not read: GitLab takes 2 MiB unless its settings say otherwise"
            ),
            K::NoFile(path, why) => format!("`{path}` is {why}, and is not read"),
            K::OutsideRepository(path) => format!("`{path}` leads to no file for GitLab: a path must not hold `..`"),
            K::Extension(path) => format!("`{path}` is not included: GitLab takes `.yml` and `.yaml` files only"),
            K::IncludeCycle(path) => format!("`{path}` includes itself"),
            K::TooManyIncludes => format!("GitLab includes at most {} files", super::MAX_INCLUDES),
            K::BadInclude => "this names nothing that could be included".to_owned(),
            K::MissingInput(name) => format!("the included file wants the input `{name}`"),
            K::JobNoMap(name) => format!("`{name}` must be a map, as a job: {REFUSES}"),
            K::JobWithoutScript(name) => format!("`{name}` has no `script`, `run` or `trigger`: {REFUSES}"),
            K::JobName(name) => format!("`{name}` is no text, which a job's name must be: {REFUSES}"),
            K::UnknownParent(name) => format!("`{name}` is defined nowhere: {REFUSES}"),
            K::ParentNoMap(name) => format!("`{name}` is no map and cannot be extended"),
            K::ExtendsCycle(name) => format!("`{name}` extends itself"),
            K::ExtendsTooDeep(name) => format!("`{name}` extends over more than {} levels", super::MAX_EXTENDS),
            K::BadReference => "`!reference` takes a list of texts".to_owned(),
            K::MissingReference(path) => format!("`!reference [{path}]` leads to nothing"),
            K::ReferenceCycle(path) => format!("`!reference [{path}]` leads back to itself"),
            K::DefinedTwice(keyword) => format!("`{keyword}` stands at the top level and in `default`"),
            K::WrongType { keyword, expected } => format!("`{keyword}` must be {expected}: {REFUSES}"),
            K::UnknownStage { stage, is_named: true, .. } => {
                format!("`{stage}` is no stage of this pipeline: {REFUSES}")
            }
            K::UnknownStage { stage, .. } => {
                format!("`{stage}` is the stage of jobs that name none, and no stage of this pipeline: {REFUSES}")
            }
            K::EnvironmentWithoutName => format!("`environment` must have a `name`: {REFUSES}"),
            K::UnknownKey { keyword, key, .. } => {
                format!("`{key}` is no key of `{keyword}`: {REFUSES}")
            }
            K::UnknownValue { keyword, value, .. } => format!("`{keyword}` cannot be `{value}`: {REFUSES}"),
            K::NeedsKey { keyword, needs } => format!("`{keyword}` needs `{needs}`: {REFUSES}"),
            K::Beside { keyword, other } => format!("`{keyword}` must not stand beside `{other}`: {REFUSES}"),
            K::EmptyMap(keyword) => format!("`{keyword}` must not be empty: {REFUSES}"),
            K::WrongLength { keyword, most } => format!("`{keyword}` must have 1 to {most} characters: {REFUSES}"),
            K::MatrixTooLarge(count) => {
                format!("the matrix makes {count} jobs, and GitLab takes {}", super::MAX_MATRIX)
            }
            K::TooManyTriggerIncludes(count) => {
                format!("`trigger:include` has {count} items, and GitLab takes three: {REFUSES}")
            }
        }
    }

    /// The same of the configuration of a child pipeline, where GitLab refuses that: the pipeline that starts it goes on.
    #[must_use]
    pub fn message_in_child(&self) -> Option<String> {
        let message = self.message();
        let start = message.strip_suffix(REFUSES).or_else(|| message.strip_suffix(REFUSES_WHOLE))?;
        Some(format!("{start}GitLab refuses the child pipeline"))
    }

    /// The name that may be meant, where one is near to what is written.
    #[must_use]
    pub fn meant(&self) -> Option<&'static str> {
        match &self.kind {
            ProblemKind::UnknownKey { key, keys, .. } => nearest(key, keys.iter().copied()),
            ProblemKind::UnknownValue { value, values, .. } => nearest(value, values.iter().copied()),
            _ => None,
        }
    }

    /// What to write instead, where there is something to say.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        use ProblemKind as K;
        let help = match &self.kind {
            K::Date(text) => format!("quote it: '{text}'"),
            K::JobName(_) => "quote the name".to_owned(),
            K::OutsideRepository(_) => "write the path from the top of the repository".to_owned(),
            K::IncludeCycle(_) => "take one `include` out of the circle".to_owned(),
            K::ExtendsCycle(_) => "take one `extends` out of the circle".to_owned(),
            K::WrongType { keyword: "script" | "before_script" | "after_script", .. } => {
                "quote the whole line: `: ` makes a map of it".to_owned()
            }
            K::JobWithoutScript(name) => format!("add `script`, or hide it: `.{name}`"),
            K::UnknownKey { key, keys, .. } => match nearest(key, keys.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it takes {}", listed(keys)),
            },
            K::UnknownValue { value, values, .. } => match nearest(value, values.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write {}", listed(values)),
            },
            K::Beside { keyword, other } => format!("keep `{other}`, and take `{keyword}` out"),
            K::UnknownStage { stage, stages, .. } => match nearest(stage, stages.iter().map(|known| &**known)) {
                Some(near) => format!("write `{near}`, or add `{stage}` to `stages`"),
                None => format!("add it to `stages`, or name {}", listed(stages)),
            },
            K::EmptyMap(keyword) => format!("take `{keyword}` out, or name an agent"),
            K::DefinedTwice(_) => "keep the one in `default`".to_owned(),
            _ => return None,
        };
        Some(help)
    }
}

/// What GitLab does with most of these.
const REFUSES: &str = "GitLab refuses the configuration";

/// What it does with what is no YAML.
const REFUSES_WHOLE: &str = "GitLab refuses the whole configuration";

/// What kind of configuration is not at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnreadKind {
    /// A file of the repository, of which not all files are at hand.
    Local,
    /// `include:remote`
    Remote,
    /// `include:template`
    Template,
    /// `include:project`, or a file that such a file includes.
    Project,
    /// `include:component`
    Component,
    /// `include:artifact`: a file that a job writes.
    Artifact,
    /// A path that hangs on a variable or input which is not known.
    VariableInPath,
    /// A script or another file that a job runs.
    Script,
    /// The pipeline of another project, which a job starts.
    OtherPipeline,
}

impl UnreadKind {
    /// What it is, in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "a file of the repository",
            Self::Remote => "a file from another server",
            Self::Template => "a template of GitLab's",
            Self::Project => "a file of another project",
            Self::Component => "a CI/CD component",
            Self::Artifact => "a file that a job writes",
            Self::VariableInPath => "a file whose name hangs on a variable",
            Self::Script => "a script",
            Self::OtherPipeline => "a pipeline of another project",
        }
    }
}

/// Why something that a job runs was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnreadReason {
    /// Nothing of the name is there.
    NotHere,
    /// It lies outside of the repository.
    Outside,
    /// It is no text.
    NoText,
    /// It is larger than is read.
    TooLarge,
    /// It is no file; what it is, with its article.
    NoFile(&'static str),
    /// A job writes it.
    Generated,
    /// Its name hangs on a variable that is not known.
    Variable,
    /// It is written in a language that is not read.
    Language,
    /// It belongs to another project.
    OtherProject,
    /// There is more than is read.
    TooMany,
}

impl UnreadReason {
    /// Why what a job names for a child pipeline was not read.
    pub(super) fn of_child(kind: UnreadKind) -> Self {
        match kind {
            UnreadKind::Artifact => Self::Generated,
            UnreadKind::VariableInPath => Self::Variable,
            UnreadKind::Project | UnreadKind::OtherPipeline => Self::OtherProject,
            _ => Self::NotHere,
        }
    }

    /// The reason in few words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotHere => "not here",
            Self::Outside => "outside of the repository",
            Self::NoText => "no text",
            Self::TooLarge => "too large",
            Self::NoFile(what) => what,
            Self::Generated => "written by a job",
            Self::Variable => "its name hangs on a variable",
            Self::Language => "written in a language that is not read",
            Self::OtherProject => "of another project",
            Self::TooMany => "more than is read",
        }
    }

    /// The same as a clause: "which is not here".
    #[must_use]
    pub fn clause(self) -> String {
        match self {
            Self::Variable => "whose name hangs on a variable".to_owned(),
            other => format!("which is {}", other.name()),
        }
    }
}

/// A part of the configuration, or of what its jobs run, that is not at hand and is not guessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Of what kind it is.
    pub kind: UnreadKind,
    /// Its name as written, e.g. the address or `project: path`.
    pub name: String,
    /// Where it is named.
    pub place: Place,
    /// The job that runs it and why it was not read; `None` for what the configuration includes.
    pub run: Option<UnreadRun>,
}

/// Which job runs what was not read, and why it was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadRun {
    /// The name of the job.
    pub job: Arc<str>,
    /// Why.
    pub reason: UnreadReason,
}

impl Unread {
    /// Something that the configuration includes.
    pub(super) fn included(kind: UnreadKind, name: String, place: Place) -> Self {
        Self { kind, name, place, run: None }
    }

    /// Something that a job runs.
    #[must_use]
    pub fn run(kind: UnreadKind, name: String, place: Place, job: &Arc<str>, reason: UnreadReason) -> Self {
        Self { kind, name, place, run: Some(UnreadRun { job: Arc::clone(job), reason }) }
    }
}
