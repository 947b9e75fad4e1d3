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
    /// The text is no YAML since a block text ends before a line that is indented less.
    BlockTextEnds {
        /// The line in which the block text starts, from 1.
        from: usize,
        /// By how many blanks its lines are indented.
        blanks: usize,
    },
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
    JobNoMap {
        /// Its name.
        name: String,
        /// The block text that ends with the line above it: the line in which that starts, and by how many blanks it is indented.
        below: Option<(usize, usize)>,
    },
    /// A job without `script`, `run` or `trigger`.
    JobWithoutScript(String),
    /// A job that has a keyword of the top level as its name.
    KeywordAsJob(String),
    /// A job whose name is no text, as `on` or `1`.
    JobName(String),
    /// A parent in `extends` that is defined nowhere.
    UnknownParent {
        /// Its name.
        name: String,
        /// What is defined and has a name that is near.
        near: Option<String>,
    },
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
    /// `rules` without a rule.
    NoRules,
    /// A text that is empty, or longer than this many characters.
    WrongLength {
        /// The keyword.
        keyword: &'static str,
        /// How long it may be.
        most: usize,
    },
    /// A key that is none of those that are known.
    StrayKey {
        /// Of what it is none, in words.
        of: &'static str,
        /// The key.
        key: String,
        /// The known key that is near; without one, a release that is not known may have it.
        near: Option<&'static str>,
    },
    /// A key of jobs with a script in a job that starts a pipeline.
    NotOfTrigger(String),
    /// A key of jobs that `default` does not take.
    NotInDefault(String),
    /// A job in `on_stop` that cannot stop the environment.
    OnStop {
        /// The name in `on_stop`.
        job: String,
        /// Why it cannot.
        fault: OnStopFault,
    },
    /// A job in `needs` that there is not.
    UndefinedNeed {
        /// The name in `needs`.
        job: String,
        /// The job whose name is near.
        near: Option<String>,
    },
    /// A matrix of more than [`MAX_MATRIX`](super::MAX_MATRIX) jobs.
    MatrixTooLarge(usize),
    /// So many files under `trigger:include`, of which GitLab takes three.
    TooManyTriggerIncludes(usize),
}

/// Why a job in `on_stop` cannot stop the environment.
///
/// Source: `validate_on_stop_job!` in `lib/gitlab/ci/yaml_processor.rb`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnStopFault {
    /// There is no such job.
    Undefined {
        /// The job whose name is near.
        near: Option<String>,
    },
    /// It has no environment.
    NoEnvironment {
        /// The environment that it should have.
        name: String,
    },
    /// It has another environment, as written.
    OtherEnvironment {
        /// The environment that it should have.
        name: String,
        /// The one that it has.
        other: String,
    },
    /// Its `action` is another one than `stop`.
    Starts,
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
        let what = self.kind.what();
        if self.kind.is_refused() { format!("{what}: {REFUSES}") } else { what }
    }

    /// The same of the configuration of a child pipeline, where GitLab refuses that: the pipeline that starts it goes on.
    #[must_use]
    pub fn message_in_child(&self) -> Option<String> {
        self.kind.is_refused().then(|| format!("{}: GitLab refuses the child pipeline", self.kind.what()))
    }

    /// The name that may be meant, where one is near to what is written.
    #[must_use]
    pub fn meant(&self) -> Option<&str> {
        match &self.kind {
            ProblemKind::UnknownKey { key, keys, .. } => nearest(key, keys.iter().copied()),
            ProblemKind::UnknownValue { value, values, .. } => nearest(value, values.iter().copied()),
            ProblemKind::StrayKey { near, .. } => *near,
            ProblemKind::OnStop { fault: OnStopFault::Undefined { near }, .. }
            | ProblemKind::UndefinedNeed { near, .. }
            | ProblemKind::UnknownParent { near, .. } => near.as_deref(),
            _ => None,
        }
    }

    /// What to write instead, where there is something to say.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        use ProblemKind as K;
        if let Some(near) = self.meant() {
            return Some(format!("did you mean `{near}`?"));
        }
        let help = match &self.kind {
            K::Syntax(kind) => syntax(kind).1?.to_owned(),
            K::BlockTextEnds { blanks, .. } => format!("indent it by {blanks} blanks, as the text above it"),
            K::JobNoMap { below: Some((from, blanks)), .. } => {
                format!("if it belongs to the block text that starts in line {from}, indent it by {blanks} blanks")
            }
            K::Date(text) => format!("quote it: '{text}'"),
            K::JobName(_) => "quote the name".to_owned(),
            K::KeywordAsJob(_) => "give the job another name".to_owned(),
            K::OutsideRepository(_) => "write the path from the top of the repository".to_owned(),
            K::IncludeCycle(_) => "take one `include` out of the circle".to_owned(),
            K::ExtendsCycle(_) => "take one `extends` out of the circle".to_owned(),
            K::WrongType { keyword: "script" | "before_script" | "after_script", .. } => {
                "quote the whole line: `: ` makes a map of it".to_owned()
            }
            K::JobWithoutScript(name) => format!("add `script`, or hide it: `.{name}`"),
            K::UnknownKey { keys, .. } => format!("it takes {}", listed(keys)),
            K::UnknownValue { keyword: "when", value, .. } if value == "never" => {
                "write it in a rule: `rules: [{when: never}]`".to_owned()
            }
            K::UnknownValue { values, .. } => format!("write {}", listed(values)),
            K::Beside { keyword, other } => format!("keep `{other}`, and take `{keyword}` out"),
            K::UnknownStage { stage, stages, .. } => match nearest(stage, stages.iter().map(|known| &**known)) {
                Some(near) => format!("write `{near}`, or add `{stage}` to `stages`"),
                None => format!("add it to `stages`, or name {}", listed(stages)),
            },
            K::NotOfTrigger(_) => "take it out: what runs are the jobs of the other pipeline".to_owned(),
            K::NotInDefault(key) if key == "variables" => "write it at the top level".to_owned(),
            K::NotInDefault(_) => "write it in the jobs, or in a hidden job that they extend".to_owned(),
            K::OnStop { fault: OnStopFault::Starts, .. } => "write `action: stop` there".to_owned(),
            K::OnStop {
                fault: OnStopFault::NoEnvironment { name } | OnStopFault::OtherEnvironment { name, .. },
                ..
            } => {
                format!("name `{name}` there, with `action: stop`")
            }
            K::EmptyMap(keyword) => format!("take `{keyword}` out, or name an agent"),
            K::NoRules => "take `rules` out, or write a rule".to_owned(),
            K::DefinedTwice(_) => "keep the one in `default`".to_owned(),
            _ => return None,
        };
        Some(help)
    }
}

impl ProblemKind {
    /// Whether GitLab refuses the configuration for it, and its sentence does not say so by itself.
    fn is_refused(&self) -> bool {
        use ProblemKind as K;
        !matches!(
            self,
            K::TooDeep
                | K::TooManyIncludes
                | K::TooLarge
                | K::Date(_)
                | K::NoMainFile(_)
                | K::FileTooLarge(..)
                | K::NoFile(..)
                | K::StrayKey { near: None, .. }
        )
    }

    /// Whether the text is no YAML.
    pub(super) fn is_of_syntax(&self) -> bool {
        matches!(self, Self::Syntax(_) | Self::BlockTextEnds { .. })
    }

    /// Whether all jobs, and all parts of them, are known in spite of it.
    pub(super) fn hides_nothing(&self) -> bool {
        use ProblemKind as K;
        const OF_OTHER_JOBS: [&str; 7] = ["environment", "extends", "needs", "parallel", "run", "script", "stage"];
        matches!(
            self,
            K::UnknownKey { .. }
                | K::UnknownValue { .. }
                | K::NeedsKey { .. }
                | K::Beside { .. }
                | K::EmptyMap(_)
                | K::NoRules
                | K::WrongLength { .. }
                | K::DefinedTwice(_)
                | K::NotOfTrigger(_)
                | K::NotInDefault(_)
                | K::TooManyTriggerIncludes(_)
        ) || matches!(self, K::StrayKey { near: Some(near), .. } if !OF_OTHER_JOBS.contains(near))
    }

    /// What is wrong, without what GitLab does with it.
    fn what(&self) -> String {
        use ProblemKind as K;
        match self {
            K::Syntax(kind) => syntax(kind).0,
            K::BlockTextEnds { from, .. } => {
                format!(
                    "this line is indented less than the block text that starts in line {from}, so that the text ends here and no YAML follows"
                )
            }
            K::EmptyFile => "the file is empty".to_owned(),
            K::NoMap => "a CI configuration must be a map of keywords and jobs".to_owned(),
            K::TooDeep => format!("nested more than {} levels deep: {UNLESS_ALLOWED}", super::MAX_DEPTH),
            K::TooLarge => "the configuration becomes too large to be read as a whole".to_owned(),
            K::Date(text) => format!("`{text}` is a date, which GitLab refuses in a CI configuration"),
            K::NoMainFile(path) => format!("there is no file `{path}`"),
            K::MissingFile(path) => format!("`{path}` is included and does not exist"),
            K::FileTooLarge(path, size) => format!(
                "`{path}` has {size} bytes and is not read: GitLab takes 2 MiB unless its settings say otherwise"
            ),
            K::NoFile(path, why) => format!("`{path}` is {why}, and is not read"),
            K::OutsideRepository(path) => format!("`{path}` has `..`, which a path to include must not"),
            K::Extension(path) => format!("`{path}` must end in `.yml` or `.yaml` to be included"),
            K::IncludeCycle(path) => format!("`{path}` includes itself"),
            K::TooManyIncludes => format!("more than {} files are included: {UNLESS_ALLOWED}", super::MAX_INCLUDES),
            K::BadInclude => "this names nothing that could be included".to_owned(),
            K::MissingInput(name) => format!("the included file wants the input `{name}`"),
            K::JobNoMap { name, .. } => format!("`{name}` must be a map, as a job"),
            K::JobWithoutScript(name) => format!("`{name}` has no `script`, `run` or `trigger`"),
            K::KeywordAsJob(name) => format!("`{name}` is a keyword and cannot be a job's name"),
            K::JobName(name) => format!("`{name}` is no text, which a job's name must be"),
            K::UnknownParent { name, .. } => format!("`extends` names `{name}`, which is defined nowhere"),
            K::ParentNoMap(name) => format!("`{name}` is no map and cannot be extended"),
            K::ExtendsCycle(name) => format!("`{name}` extends itself"),
            K::ExtendsTooDeep(name) => format!("`{name}` extends over more than {} levels", super::MAX_EXTENDS),
            K::BadReference => "`!reference` takes a list of texts".to_owned(),
            K::MissingReference(path) => format!("`!reference [{path}]` leads to nothing"),
            K::ReferenceCycle(path) => format!("`!reference [{path}]` leads back to itself"),
            K::DefinedTwice(keyword) => format!("`{keyword}` stands at the top level and in `default`"),
            K::WrongType { keyword, expected } => format!("`{keyword}` must be {expected}"),
            K::UnknownStage { stage, is_named: true, .. } => format!("`{stage}` is no stage of this pipeline"),
            K::UnknownStage { stage, .. } => {
                format!("`{stage}` is the stage of jobs that name none, and no stage of this pipeline")
            }
            K::EnvironmentWithoutName => "`environment` must have a `name`".to_owned(),
            K::UnknownKey { keyword, key, .. } => format!("`{key}` is no key of `{keyword}`"),
            K::UnknownValue { keyword, value, .. } => format!("`{keyword}` cannot be `{value}`"),
            K::NeedsKey { keyword, needs } => format!("`{keyword}` needs `{needs}`"),
            K::Beside { keyword, other } => format!("`{keyword}` must not stand beside `{other}`"),
            K::EmptyMap(keyword) => format!("`{keyword}` must not be empty"),
            K::NoRules => "`rules` must not be empty".to_owned(),
            K::WrongLength { keyword, most } => format!("`{keyword}` must have 1 to {most} characters"),
            K::StrayKey { of, key, near: Some(_) } => format!("`{key}` is no key of {of}"),
            K::StrayKey { of, key, near: None } => {
                format!(
                    "`{key}` is no key of {of} that kaslint knows: GitLab refuses the configuration unless its release knows it"
                )
            }
            K::NotOfTrigger(key) => format!("a job that starts a pipeline must not have `{key}`"),
            K::NotInDefault(key) => format!("`{key}` is no key of `default`"),
            K::OnStop { job, fault } => match fault {
                OnStopFault::Undefined { .. } => format!("`on_stop` names `{job}`, which is no job of this pipeline"),
                OnStopFault::NoEnvironment { .. } => format!("`on_stop` names `{job}`, which has no `environment`"),
                OnStopFault::OtherEnvironment { other, .. } => {
                    format!("`on_stop` names `{job}`, whose environment is `{other}`")
                }
                OnStopFault::Starts => format!("`on_stop` names `{job}`, which does not have `action: stop`"),
            },
            K::UndefinedNeed { job, .. } => format!("`needs` names `{job}`, which is no job of this pipeline"),
            K::MatrixTooLarge(count) => {
                format!("the matrix makes {count} jobs, more than {}", super::MAX_MATRIX)
            }
            K::TooManyTriggerIncludes(count) => format!("`trigger:include` has {count} items, more than three"),
        }
    }
}

/// Text that is no YAML: what is wrong, and what to write instead.
fn syntax(kind: &yaml::ProblemKind) -> (String, Option<&'static str>) {
    use yaml::ProblemKind as Y;
    let (what, help) = match kind {
        Y::UnknownAnchor(name) => return (format!("no anchor `{name}` stands above this alias"), None),
        Y::SelfReference(name) => return (format!("the anchor `{name}` contains its own alias"), None),
        Y::Syntax(words) => return (format!("this is no YAML ({words})"), None),
        Y::ReservedStart(character) => {
            return (format!("a value cannot start with `{character}` in YAML"), Some("quote the value"));
        }
        Y::Tab => ("YAML cannot be indented with a tab", "indent with blanks"),
        Y::UnclosedQuote => ("this quote is never closed", "close it"),
        Y::UnclosedFlow => ("a comma or the closing bracket is missing here", "close `[` and `{`, or quote the value"),
        Y::ExpectedKey => ("a key with a colon belongs here", "write `key: value`, and a blank behind the colon"),
        Y::NestedColon => ("a second colon makes a map where none can be", "quote the whole value"),
        Y::Indentation => ("this line is indented as no block above it is", "line it up with its neighbours"),
        Y::Escape => {
            ("double quotes do not know this backslash sequence", "use single quotes, or `\\\\` for a backslash")
        }
        _ => return ("this is no YAML".to_owned(), None),
    };
    (what.to_owned(), Some(help))
}

/// What GitLab does with most of these.
const REFUSES: &str = "GitLab refuses the configuration";

/// What it does with what its limits refuse.
const UNLESS_ALLOWED: &str = "GitLab refuses it unless its settings allow more";

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
    /// It is no shell script that can be read.
    NoShell,
    /// It is no YAML that can be read, such as a template.
    NoYaml,
    /// It runs itself.
    Circle,
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
            Self::NoShell => "no shell script that can be read",
            Self::NoYaml => "no YAML that can be read",
            Self::Circle => "run by what it runs",
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
