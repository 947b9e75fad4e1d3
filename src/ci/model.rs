//! The jobs of a pipeline as the rest of kaslint sees them.

use std::ops::Range;
use std::sync::Arc;

use super::files::{FileContent, JobFiles};
use super::matrix::Matrix;
use super::problem::{Problem, Unread, UnreadKind};
use super::text::Text;
use super::trigger::Trigger;
use crate::source::{Place, Source, Span};

/// What a CI configuration comes to.
#[derive(Clone, Debug, Default)]
pub struct Pipeline {
    /// The jobs that are not hidden, in the order of the merged configuration.
    pub jobs: Vec<Job>,
    /// The names of `stages`, if they are given.
    pub stages: Option<Vec<Arc<str>>>,
    /// The files that were read, the main one first; those of child pipelines behind the others.
    pub sources: Vec<Arc<Source>>,
    /// Why GitLab refuses the configuration, or why not all of it could be read.
    pub problems: Vec<Problem>,
    /// Keys that no release that is known has: GitLab refuses the configuration for them unless its release has them.
    pub unverified: Vec<Problem>,
    /// What it includes and is not at hand.
    pub unread: Vec<Unread>,
    /// The files of the repository that jobs run; `None` where no line of a job can run one, or nobody looked.
    pub job_files: Option<JobFiles>,
    /// The inputs that it gives to what is not at hand.
    pub inputs: Vec<Variable>,
    /// Files that were read and that `include:rules` may keep out of a pipeline.
    pub conditional: Vec<Arc<Source>>,
    /// `workflow:rules`
    pub workflow_rules: Option<Vec<Rule>>,
    /// The top level's `variables`.
    pub variables: Vec<Variable>,
    /// The child pipelines that its jobs start, and those that these start, each configuration once. They have none of their own here.
    pub children: Vec<Pipeline>,
    /// Whether work stopped at a limit or a part of a file was skipped behind a syntax error.
    pub(super) stopped: bool,
}

impl Pipeline {
    /// Whether jobs, variables or other parts may be missing: something included was not read, a parent or a reference is
    /// not known, a file has syntax errors, or the configuration is too large.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.stopped || !self.unread.is_empty() || self.jobs.iter().any(|job| job.is_partial)
    }

    /// This one and its child pipelines.
    pub fn with_children(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.children)
    }

    /// The texts that jobs run.
    pub fn job_texts(&self) -> impl Iterator<Item = &Arc<Source>> {
        let contents = self.job_files.iter().flat_map(|files| files.contents.values());
        contents.filter_map(|content| match content {
            FileContent::Text(source) => Some(source),
            _ => None,
        })
    }

    /// What it includes of GitLab's templates with the deploy jobs of Auto DevOps.
    #[must_use]
    pub fn auto_devops(&self) -> Option<&Unread> {
        const TEMPLATES: [&str; 3] =
            ["Auto-DevOps.gitlab-ci.yml", "Jobs/Deploy.gitlab-ci.yml", "Jobs/Deploy.latest.gitlab-ci.yml"];
        let is_one = |name: &str| TEMPLATES.iter().any(|template| name.eq_ignore_ascii_case(template));
        self.unread.iter().find(|unread| unread.kind == UnreadKind::Template && is_one(&unread.name))
    }

    /// The job of this name.
    #[must_use]
    pub fn job(&self, name: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| &*job.name == name)
    }
}

/// A job.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its name.
    pub name: Arc<str>,
    /// Where its name is written, in the last file that writes it.
    pub name_place: Place,
    /// The first of those that it takes over by `extends`.
    pub parents: Vec<Arc<str>>,
    /// Its stage, if it is given; GitLab takes `test` otherwise.
    pub stage: Option<Arc<str>>,
    /// Where its stage stands.
    pub stage_place: Option<Place>,
    /// The lines of `before_script`, `script` and `after_script`, in this order.
    pub script: Vec<ScriptLine>,
    /// The top level's variables with the job's own over them, as far as it inherits them. Variables of the project, its
    /// groups, the instance and whoever starts the pipeline go before all of these (`Gitlab::Ci::Variables::Builder`).
    pub variables: Vec<Variable>,
    /// Its own variables alone; they go before those of `workflow:rules`.
    pub own_variables: Vec<Variable>,
    /// Its environment.
    pub environment: Option<Environment>,
    /// Its `rules`, nested lists flattened.
    pub rules: Option<Vec<Rule>>,
    /// Its `only`.
    pub only: Option<OnlyExcept>,
    /// Its `except`.
    pub except: Option<OnlyExcept>,
    /// Its `when`.
    pub when: Option<Arc<str>>,
    /// The jobs of this pipeline in `needs`, without those that may be missing (`optional`).
    pub needs: Vec<Text>,
    /// The combinations of `parallel:matrix`; none without one.
    pub matrix: Matrix,
    /// The name of its image.
    pub image: Option<Text>,
    /// Whether it starts another pipeline (`trigger`), so that it has no script.
    pub is_trigger: bool,
    /// What it starts.
    pub trigger: Option<Trigger>,
    /// What it takes from `default` and from the top level's variables.
    pub inherit: Inherit,
    /// Whether a parent, a reference or a value of a wrong type keeps a part of it from being known.
    pub is_partial: bool,
    /// Whether a part of it comes from a file that `include:rules` may keep out, or hangs on such a file.
    pub is_conditional: bool,
    /// What of it such a file gives or sets differently, where the job is there without that as well.
    pub in_doubt: InDoubt,
}

impl Job {
    /// Whether its script is known as a whole.
    #[must_use]
    pub fn is_script_known(&self) -> bool {
        !self.is_partial && !self.in_doubt.script
    }
}

/// What of a job hangs on files that `include:rules` may keep out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InDoubt {
    /// What its script is, or the jobs of its matrix.
    pub script: bool,
    /// In which pipelines it is, by what is written for it: its `rules`, `only`, `except` or `when`. Each may have it.
    pub runs: bool,
    /// Which pipelines there are: `workflow:rules`.
    pub workflow: bool,
    /// Something of its environment.
    pub environment: bool,
    /// The value of a variable that it names.
    pub variables: bool,
    /// What it starts.
    pub trigger: bool,
}

impl InDoubt {
    /// Whether anything is.
    #[must_use]
    pub fn has_any(self) -> bool {
        let Self { script, runs, workflow, environment, variables, trigger } = self;
        script || runs || workflow || environment || variables || trigger
    }
}

/// `inherit`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inherit {
    /// What of `default`.
    pub default: Inherited,
    /// What of the top level's variables.
    pub variables: Inherited,
}

/// What a job takes over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Inherited {
    /// Everything.
    #[default]
    All,
    /// Nothing.
    None,
    /// What is named.
    Only(Vec<Arc<str>>),
}

impl Inherited {
    /// Whether it takes over what has this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Only(names) => names.iter().any(|known| &**known == name),
        }
    }
}

/// The part of a job's script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// `before_script`
    BeforeScript,
    /// `script`
    Script,
    /// `after_script`, which runs in a shell of its own.
    AfterScript,
}

impl Section {
    /// Its keyword.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match self {
            Self::BeforeScript => "before_script",
            Self::Script => "script",
            Self::AfterScript => "after_script",
        }
    }
}

/// An item of a script, which may have several lines of its own.
#[derive(Clone, Debug)]
pub struct ScriptLine {
    /// The part of the script.
    pub section: Section,
    /// The text that the shell sees.
    pub text: Text,
}

impl ScriptLine {
    /// The file that it stands in.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.text.place.source
    }

    /// Where a range of bytes of the text stands in the file; the whole item where that cannot be said.
    #[must_use]
    pub fn span_of(&self, range: Range<usize>) -> Span {
        self.text.span_of(range)
    }
}

/// A variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: Arc<str>,
    /// Its value as written, other variables in it not expanded.
    pub value: Arc<str>,
    /// Whether other variables in it are expanded.
    pub expand: bool,
    /// Whether a file gives it that `include:rules` may keep out, so that its value is not known.
    pub in_doubt: bool,
    /// Where the value stands.
    pub place: Place,
}

/// A rule of `rules` or `workflow:rules`.
#[derive(Clone, Debug)]
pub struct Rule {
    /// `if`
    pub condition: Option<Text>,
    /// Whether it has `changes`.
    pub has_changes: bool,
    /// Whether `changes` has `compare_to`.
    pub has_compare_to: bool,
    /// Whether it has `exists`.
    pub has_exists: bool,
    /// `when`
    pub when: Option<Arc<str>>,
    /// `allow_failure`; a list of exit codes counts as true.
    pub allow_failure: Option<bool>,
    /// The variables that it sets.
    pub variables: Vec<Variable>,
    /// Where it stands.
    pub place: Place,
}

/// `only` or `except`, as written. `only` without `refs` means branches and tags (`DEFAULT_ONLY` in
/// `lib/gitlab/ci/config/entry/policy.rb`); that is not filled in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnlyExcept {
    /// Names, patterns and keywords such as `merge_requests`.
    pub refs: Vec<Arc<str>>,
    /// Expressions as in `rules:if`.
    pub variables: Vec<Arc<str>>,
    /// Whether it asks for `kubernetes: active`.
    pub kubernetes: bool,
    /// Whether it has `changes`.
    pub changes: bool,
    /// Where it stands.
    pub place: Place,
}

/// A job's `environment`.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its name, variables not expanded.
    pub name: Text,
    /// Whether a file gives its name or tier that `include:rules` may keep out, so that the job may have another one or none.
    pub in_doubt: bool,
    /// `action`; GitLab takes `start` otherwise.
    pub action: Option<Arc<str>>,
    /// `deployment_tier`
    pub deployment_tier: Option<Text>,
    /// `kubernetes`
    pub kubernetes: Option<Kubernetes>,
    /// `on_stop`
    pub on_stop: Option<Text>,
    /// Where it stands.
    pub place: Place,
}

impl Environment {
    /// Whether the job makes a deployment: it starts the environment, as it does where no `action` says otherwise.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.action.as_deref().is_none_or(|action| action == "start")
    }
}

/// `environment:kubernetes`
#[derive(Clone, Debug)]
pub struct Kubernetes {
    /// `agent`: `<full path of the configuration project>:<agent name>`.
    pub agent: Option<Text>,
    /// `namespace`
    pub namespace: Option<Text>,
    /// `flux_resource_path`, of `dashboard` or of its own.
    pub flux_resource_path: Option<Text>,
    /// `dashboard:namespace`
    pub dashboard_namespace: Option<Text>,
    /// `managed_resources:enabled`
    pub managed_resources: Option<(bool, Place)>,
    /// Where it stands.
    pub place: Place,
}
