//! What rules are made of: their description, their hooks, and what they are told.

use std::collections::HashMap;
use std::ops::Range;
pub(super) use std::sync::Arc;
use std::sync::{Mutex, OnceLock};

pub(super) use crate::access::jobs::{JobView, ProjectJobs, Selection};
pub(super) use crate::access::{AgentId, Index};
pub(super) use crate::agent_config::location::{Location, Unread};
pub(super) use crate::agent_config::{AccessSection, AgentConfig, CiAccess, CiEntry, EntryKind, Mode};
pub(super) use crate::diagnostic::{Finding, Place, Safety, Severity};
pub(super) use crate::gitlab::{FullPath, Tier, Version};
pub(super) use crate::inventory::{Inventory, NamespaceKind};
pub(super) use crate::schema::{self, Found, ProblemKind};
pub(super) use crate::source::{Source, Span};

use super::environments::Known;
use super::schema_violation::OrganisationSchema;
use crate::access;
use crate::gitlab::{PartialText, lower_path};
use crate::yaml;

/// What a rule must know beyond the file; without it, the rule stays silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The configuration project's full path.
    Project,
    /// An inventory.
    Inventory,
    /// The instance setting "Enable instance level authorization".
    InstanceSetting,
}

impl Need {
    /// The option that provides it, for the line that says what was not checked.
    #[must_use]
    pub fn option(self) -> &'static str {
        match self {
            Self::Project => "--project",
            Self::Inventory => "--inventory",
            Self::InstanceSetting => "gitlab.instance_authorization in .kaslint.yaml or the inventory",
        }
    }
}

/// What a rule is about; the documentation is ordered by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The file as such.
    File,
    /// Keys and values: one of these refuses the whole file.
    Keys,
    /// Ids that match nothing.
    Ids,
    /// Where the file reads stricter than it is.
    Access,
    /// As whom jobs act in the cluster.
    Identity,
    /// What jobs of CI files do with agents.
    Jobs,
    /// The linter itself.
    Linter,
}

impl Topic {
    /// All topics, in the order of the documentation.
    pub const ALL: [Self; 7] =
        [Self::File, Self::Keys, Self::Ids, Self::Access, Self::Identity, Self::Jobs, Self::Linter];

    /// The heading of the topic.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::File => "The file",
            Self::Keys => "Keys and values",
            Self::Ids => "Ids",
            Self::Access => "Access",
            Self::Identity => "Identity",
            Self::Jobs => "Jobs",
            Self::Linter => "The linter's own",
        }
    }
}

/// The description of a rule.
#[derive(Debug)]
pub struct RuleInfo {
    /// The name, which never changes.
    pub name: &'static str,
    /// The severity unless settings say otherwise.
    pub severity: Severity,
    /// What it is about.
    pub topic: Topic,
    /// What it must know beyond the file.
    pub needs: &'static [Need],
    /// Whether it runs only where settings or `--select` ask for it.
    pub is_off: bool,
    /// How editors show what it is about, beside the severity.
    pub tag: Option<Tag>,
    /// The doc comment, line by line.
    pub doc: &'static [&'static str],
}

impl RuleInfo {
    /// The first line of the documentation.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.doc.first().map_or("", |line| line.trim())
    }

    /// The documentation as Markdown, without the blank that starts each line of a doc comment.
    #[must_use]
    pub fn markdown(&self) -> String {
        self.doc.iter().map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect()
    }

    /// What `kaslint rules` shows beside the name: the severity, or `off`.
    #[must_use]
    pub fn level(&self) -> &'static str {
        if self.is_off { "off" } else { self.severity.name() }
    }

    /// The page of the rule, from the top of the project.
    #[must_use]
    pub fn url(&self) -> String {
        format!("docs/rules.md#{}", self.name)
    }
}

/// How editors show a place, beside the severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// It has no effect: faded out.
    NoEffect,
    /// It is going away, or gone: struck through.
    GoingAway,
}

/// Declares a rule: its doc comment, type, name, severity and needs; `, tag` with a [`Tag`] in front of the needs; `, off` for one that runs only where it is asked for.
macro_rules! rule {
    ($(#[doc = $doc:literal])+ $rule:ident = $name:literal, $severity:ident in $topic:ident, off) => {
        rule! { @declare true, $(#[doc = $doc])+ $rule = $name, $severity in $topic }
    };
    ($(#[doc = $doc:literal])+ $rule:ident = $name:literal, $severity:ident in $topic:ident $(, tag $tag:ident)?
        $(, needs $($need:ident)+)?) => {
        rule! { @declare false, $(#[doc = $doc])+ $rule = $name, $severity in $topic $(, tag $tag)? $(, needs $($need)+)? }
    };
    (@declare $is_off:literal, $(#[doc = $doc:literal])+ $rule:ident = $name:literal, $severity:ident in $topic:ident
        $(, tag $tag:ident)? $(, needs $($need:ident)+)?) => {
        $(#[doc = $doc])+
        pub struct $rule;

        pub(crate) static INFO: crate::rules::RuleInfo = crate::rules::RuleInfo {
            name: $name,
            severity: crate::diagnostic::Severity::$severity,
            topic: crate::rules::Topic::$topic,
            needs: &[$($(crate::rules::Need::$need),+)?],
            is_off: $is_off,
            tag: [$(Some(crate::rules::Tag::$tag),)? None][0],
            doc: &[$($doc),+],
        };

        impl crate::rules::support::Described for $rule {
            fn info(&self) -> &'static crate::rules::RuleInfo {
                &INFO
            }
        }
    };
}
pub(super) use rule;

/// Gives a rule its description; `rule!` writes it.
pub trait Described {
    /// The description.
    fn info(&self) -> &'static RuleInfo;
}

/// A rule. It overrides the narrowest hook that serves.
pub trait Rule: Described + Sync {
    /// A path that was found, whether its content can be read or not.
    fn check_input(&self, _input: &Input, _context: &Context, _findings: &mut Findings) {}

    /// A file as a whole.
    fn check_file(&self, _file: &AgentFile, _context: &Context, _findings: &mut Findings) {}

    /// Something that makes GitLab's YAML parser refuse the file.
    fn check_syntax(&self, _problem: &yaml::Problem, _file: &AgentFile, _findings: &mut Findings) {}

    /// Something wrong with a key or value.
    fn check_problem(
        &self,
        _problem: &schema::Problem,
        _file: &AgentFile,
        _context: &Context,
        _findings: &mut Findings,
    ) {
    }

    /// An id of an entry, in `ci_access` or `user_access`.
    fn check_id(&self, _id: &EntryId<'_>, _file: &AgentFile, _context: &Context, _findings: &mut Findings) {}

    /// Whether the file has anything that the rule could speak of; where not, nobody is told that it did not run.
    fn concerns(&self, _file: &AgentFile) -> bool {
        true
    }

    /// An entry of `ci_access` that counts: within the limit, not overridden by a later one of the same id, and not certain to be
    /// dropped for what its id names.
    fn check_entry(&self, _entry: &CiEntry, _file: &AgentFile, _context: &Context, _findings: &mut Findings) {}

    /// A project's CI file as a whole.
    fn check_pipeline(&self, _jobs: &Jobs<'_, '_>, _findings: &mut Findings) {}

    /// A job of a CI file.
    fn check_job(&self, _job: &JobView<'_>, _jobs: &Jobs<'_, '_>, _findings: &mut Findings) {}

    /// A context that a job selects, or the agent that its environment names.
    fn check_selection(
        &self,
        _selection: &Selection,
        _job: &JobView<'_>,
        _jobs: &Jobs<'_, '_>,
        _findings: &mut Findings,
    ) {
    }

    /// A context that a job selects or its environment names, or that the top level gives the jobs of Auto DevOps, for rules
    /// that judge the context alone.
    fn check_context(&self, _selection: &Selection, _jobs: &Jobs<'_, '_>, _findings: &mut Findings) {}
}

/// What rules about jobs are told beside the job.
#[derive(Debug)]
pub struct Jobs<'a, 'w> {
    /// What is known about GitLab's side.
    pub context: &'a Context,
    /// Who gets in at all agents that are known.
    pub index: &'a Index<'w>,
    /// All jobs of the project.
    pub all: &'a ProjectJobs<'a>,
    /// The text of each agent's file, by its path.
    pub sources: &'a HashMap<String, Arc<Source>>,
    /// Whether the project has to do with agents at all.
    pub uses_agents: bool,
}

impl Jobs<'_, '_> {
    /// The full path of the project.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.all.project.facts.path.as_deref()
    }

    /// The place of an agent's entry, where its file is at hand.
    #[must_use]
    pub fn entry_place(&self, agent: AgentId, entry: &CiEntry) -> Option<Place> {
        let path = self.index.agent(agent).file?.path;
        Some(Place { source: Arc::clone(self.sources.get(path)?), span: entry.head })
    }
}

/// What is known about GitLab's side.
#[derive(Clone, Debug)]
pub struct Context {
    /// The release whose rules apply.
    pub version: Version,
    /// The licence of the CI projects.
    pub tier: Option<Tier>,
    /// The configuration project.
    pub project: Option<FullPath>,
    /// The instance setting "Enable instance level authorization"; `None` where nobody said.
    pub instance_authorization: Option<bool>,
    /// The agent server's limit on the size of a file, in bytes.
    pub max_file_size: u64,
    /// What else is known of the instance.
    pub inventory: Option<Arc<Inventory>>,
    /// An organisation's own schemas for agent files.
    pub schemas: Arc<Vec<OrganisationSchema>>,
    /// The environments in the CI files of projects.
    pub job_environments: Arc<JobEnvironments>,
}

/// The environments that the jobs of projects have, from CI files that could be read in full.
#[derive(Debug, Default)]
pub struct JobEnvironments {
    /// By the project's path in lower case.
    by_project: HashMap<String, Vec<PartialText>>,
    /// What was found out about entries.
    pub(super) known: Mutex<HashMap<KnownKey, Arc<Known>>>,
}

/// The address of the inventory, and what an entry names.
type KnownKey = (Option<usize>, EntryKind, String);

impl JobEnvironments {
    /// Adds the environments of a project's jobs.
    pub fn insert(&mut self, project: &FullPath, names: Vec<PartialText>) {
        self.by_project.insert(project.lower().to_owned(), names);
    }

    /// The environments of a project's jobs; `None` where its CI file is not known, or not in full.
    #[must_use]
    pub fn of(&self, project: &str) -> Option<&[PartialText]> {
        if self.by_project.is_empty() {
            return None;
        }
        self.by_project.get(&*lower_path(project)).map(Vec::as_slice)
    }

    /// The environments of the jobs of the projects at these places of an inventory.
    pub(super) fn within(&self, places: Range<u32>, inventory: &Inventory) -> impl Iterator<Item = &PartialText> {
        let is_within = move |path: &str| {
            inventory.find_project(path).is_some_and(|project| places.contains(&inventory.place(project)))
        };
        self.by_project.iter().filter(move |(path, _)| is_within(path)).flat_map(|(_, names)| names)
    }
}

impl Default for Context {
    fn default() -> Self {
        Self {
            version: crate::gitlab::NEWEST,
            tier: None,
            project: None,
            instance_authorization: None,
            max_file_size: crate::agent_config::MAX_FILE_SIZE,
            inventory: None,
            schemas: Arc::default(),
            job_environments: Arc::default(),
        }
    }
}

impl Context {
    /// How many entries of a list GitLab looks at: 500, and 100 before 17.0 (gitlab!149844).
    #[must_use]
    pub fn entry_limit(&self) -> usize {
        access::list_limit(self.version)
    }

    /// What access is worked out by.
    #[must_use]
    pub fn access_settings(&self) -> access::Settings {
        access::Settings { version: self.version, tier: self.tier, instance_authorization: self.instance_authorization }
    }

    /// Judges ids of `ci_access` against the place of the configuration project.
    pub(super) fn hierarchy(&self) -> access::Hierarchy<'_> {
        let home = self.project.as_ref().map(FullPath::as_str);
        access::Hierarchy::new(self.inventory.as_deref(), self.access_settings(), AccessSection::Ci, home)
    }

    /// The configuration project's personal namespace, where the inventory says that it lies in one.
    #[must_use]
    pub fn personal_namespace(&self) -> Option<&str> {
        let root = self.project.as_ref()?.top_level();
        let namespace = self.inventory.as_deref()?.find_namespace(root)?;
        (namespace.kind == NamespaceKind::User).then_some(&*namespace.path)
    }
}

/// A path that is, or looks like, an agent configuration.
#[derive(Clone, Debug)]
pub struct Input {
    /// What the path is to GitLab.
    pub location: Location,
    /// The text, or an empty one where there is none; it carries the path.
    pub source: Arc<Source>,
    /// What lies at the path.
    pub content: InputContent,
    /// Whether the agent has an environment template of its own; `None` where nobody looked.
    pub has_template: Option<bool>,
    /// The same decoded, once somebody asked: an editor asks again at every keystroke in another file.
    pub(crate) decoded: OnceLock<Arc<AgentFile>>,
}

impl Input {
    /// The file decoded; `None` where there is no text. It is done for the first context that asks.
    #[must_use]
    pub fn decoded(&self, context: &Context) -> Option<Arc<AgentFile>> {
        let is_text = self.content == InputContent::Text;
        is_text.then(|| Arc::clone(self.decoded.get_or_init(|| Arc::new(AgentFile::read(self, context)))))
    }

    /// The same with another text.
    #[must_use]
    pub fn with_source(&self, source: Arc<Source>) -> Self {
        Self { source, decoded: OnceLock::new(), ..self.clone() }
    }

    /// A file that was read.
    #[must_use]
    pub fn text(location: Location, source: Arc<Source>) -> Self {
        Self { location, source, content: InputContent::Text, has_template: None, decoded: OnceLock::new() }
    }

    /// A path at which there is no text; the source carries the path alone.
    #[must_use]
    pub fn without_text(location: Location, source: Arc<Source>, content: InputContent) -> Self {
        Self { content, ..Self::text(location, source) }
    }
}

/// What lies at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputContent {
    /// A file that was read.
    Text,
    /// A file of so many bytes, over the limit and therefore not read.
    TooLarge(u64),
    /// A symbolic link to this target.
    Link(String),
    /// Something that is no file, in words: "a directory", "a named pipe" …
    NoFile(&'static str),
}

/// A file that was read and decoded.
#[derive(Clone, Debug)]
pub struct AgentFile {
    /// The text.
    pub source: Arc<Source>,
    /// What the path is to GitLab.
    pub location: Location,
    /// The configuration.
    pub config: AgentConfig,
    /// Whether the agent has an environment template of its own; `None` where nobody looked.
    pub has_template: Option<bool>,
    /// The entries that may become authorizations, once they are known.
    pub(super) standing: OnceLock<Vec<(EntryKind, usize)>>,
}

impl AgentFile {
    /// Reads a configuration by the rules of the release that is meant.
    #[must_use]
    pub fn read(input: &Input, context: &Context) -> Self {
        Self {
            source: Arc::clone(&input.source),
            location: input.location.clone(),
            config: AgentConfig::read(&input.source, context.version),
            has_template: input.has_template,
            standing: OnceLock::new(),
        }
    }

    /// The text of a span.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.source.slice(span)
    }
}

/// The id of an entry.
#[derive(Clone, Copy, Debug)]
pub struct EntryId<'f> {
    /// The section.
    pub section: AccessSection,
    /// The list; never the instance.
    pub kind: EntryKind,
    /// 0-based position in the list.
    pub index: usize,
    /// The id as GitLab reads it.
    pub text: &'f str,
    /// Where it is written.
    pub span: Span,
}

impl EntryId<'_> {
    /// Where the id stands, e.g. `ci_access.projects[2].id`.
    #[must_use]
    pub fn route(&self) -> String {
        format!("{}.{}[{}].id", self.section.key(), self.kind.key(), self.index)
    }
}

impl AgentConfig {
    /// The ids of all entries, in the order of the lists.
    pub(crate) fn entry_ids(&self) -> Vec<EntryId<'_>> {
        let mut ids = Vec::new();
        if let Some(access) = &self.ci_access {
            ids.extend(access.projects.iter().chain(&access.groups).filter_map(|entry| {
                let id = entry.id.as_ref()?;
                let (kind, index) = (entry.kind, entry.index);
                Some(EntryId { section: AccessSection::Ci, kind, index, text: &id.value, span: id.span })
            }));
        }
        if let Some(access) = &self.user_access {
            ids.extend(access.projects.iter().chain(&access.groups).filter_map(|entry| {
                let id = entry.id.as_ref()?;
                let (kind, index) = (entry.kind, entry.index);
                Some(EntryId { section: AccessSection::User, kind, index, text: &id.value, span: id.span })
            }));
        }
        ids
    }
}

/// Where rules put their findings.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    /// Adds a finding.
    pub fn report(&mut self, finding: Finding) {
        self.list.push(finding);
    }

    /// Adds a finding, if there is one.
    pub fn report_some(&mut self, finding: Option<Finding>) {
        self.list.extend(finding);
    }

    /// All findings.
    #[must_use]
    pub fn into_vec(self) -> Vec<Finding> {
        self.list
    }
}

/// The rule of this name.
#[must_use]
pub fn explain(name: &str) -> Option<&'static RuleInfo> {
    all_rules().find(|info| info.name == name)
}

/// All rules, those of the linter itself behind the others.
pub fn all_rules() -> impl Iterator<Item = &'static RuleInfo> {
    super::RULES.iter().map(|rule| rule.info()).chain(LINTER_RULES)
}

/// The linter's own rules; nothing registers them, since the analysis itself says what they say.
pub static LINTER_RULES: [&RuleInfo; 3] = [&INTERNAL_ERROR, &INVALID_IGNORE, &UNUSED_IGNORE];

/// A rule that failed.
pub(crate) static INTERNAL_ERROR: RuleInfo = RuleInfo {
    name: "internal-error",
    severity: Severity::Error,
    topic: Topic::Linter,
    needs: &[],
    is_off: false,
    tag: None,
    doc: &[
        " A rule failed inside; the others still report.",
        "",
        " This is a mistake of kaslint's and not of the file. The exit status is 3. All other findings are complete. Please report it with",
        " the file, or with as much of it as can be shown.",
    ],
};

/// A comment to the linter that it cannot follow.
pub(crate) static INVALID_IGNORE: RuleInfo = RuleInfo {
    name: "invalid-ignore",
    severity: Severity::Error,
    topic: Topic::Linter,
    needs: &[],
    is_off: false,
    tag: None,
    doc: &[
        " A comment that is to hide a finding names no rule, or an unknown one, or gives no reason.",
        "",
        " `# kaslint: ignore[rule-name, other-rule] reason` hides findings of these rules on its line, or, alone on a line, on the line below. Whoever",
        " reads it later must see what is hidden and why, so both are required. In `.kaslint.yaml`, `ignore` does the same for entries by their ids.",
    ],
};

/// A comment or an item of the settings that hides nothing.
pub(crate) static UNUSED_IGNORE: RuleInfo = RuleInfo {
    name: "unused-ignore",
    severity: Severity::Warning,
    topic: Topic::Linter,
    needs: &[],
    is_off: false,
    tag: Some(Tag::NoEffect),
    doc: &[
        " A comment or an item of `ignore` hides nothing.",
        "",
        " What it was written for is gone. Left there, it would hide the next mistake on that line. Rules that did not run, because they are off or",
        " lack an inventory, are not counted.",
    ],
};
