//! The agent configurations of a project, as far as they could be read.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::Context;
use crate::agent_config::environment_template::EnvironmentTemplate;
use crate::agent_config::location::Location;
use crate::agent_config::{AccessSection, AgentConfig, EntryKind, RefusedAt};
use crate::source::{Source, Span};

/// A path that is, or looks like, an agent configuration or an environment template.
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
    /// What was decoded of the text before this one, for what is the same in both.
    pub(super) earlier: Option<Arc<Mutex<Option<Arc<AgentFile>>>>>,
    /// The same of an environment template.
    pub(crate) template: OnceLock<Arc<EnvironmentTemplate>>,
}

impl Input {
    /// The configuration decoded; `None` where there is no text, or a template. It is done for the first context that asks.
    #[must_use]
    pub fn decoded(&self, context: &Context) -> Option<Arc<AgentFile>> {
        self.is_configuration()
            .then(|| Arc::clone(self.decoded.get_or_init(|| Arc::new(AgentFile::read(self, context)))))
    }

    /// The same, without holding on to what was not decoded before: of thousands of projects, one is looked at after the other.
    #[must_use]
    pub fn decoded_once(&self, context: &Context) -> Option<Arc<AgentFile>> {
        let read = || Arc::new(AgentFile::read(self, context));
        self.is_configuration().then(|| self.decoded.get().map_or_else(read, Arc::clone))
    }

    /// What its access entries say, without the rest of it; `None` where there is no text, or a template.
    #[must_use]
    pub fn decoded_for_access(&self, context: &Context) -> Option<Arc<AgentFile>> {
        let read = || Arc::new(AgentFile::read(self, context).without_document());
        self.is_configuration().then(|| self.decoded.get().map_or_else(read, Arc::clone))
    }

    /// Whether it has a text that is an agent configuration.
    fn is_configuration(&self) -> bool {
        self.content == InputContent::Text && !self.location.is_template()
    }

    /// Remembers what an earlier state of the same file was decoded to, by the same context.
    pub(super) fn remember(&mut self, before: &mut Self) {
        let decoded = before.decoded.take();
        self.earlier = decoded.map(|file| Arc::new(Mutex::new(Some(file)))).or_else(|| before.earlier.take());
    }

    /// What was decoded of the text before this one, if nobody else holds on to it.
    fn take_earlier(&self) -> Option<AgentConfig> {
        let earlier = self.earlier.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Arc::into_inner(Arc::into_inner(earlier)?.config)
    }

    /// The environment template read; `None` where there is no text, or none that is used. It is done for the first context that asks.
    #[must_use]
    pub fn template(&self, context: &Context) -> Option<Arc<EnvironmentTemplate>> {
        let Location::EnvironmentTemplate { .. } = self.location else { return None };
        let read = || Arc::new(EnvironmentTemplate::read(&self.source, context.version));
        (self.content == InputContent::Text).then(|| Arc::clone(self.template.get_or_init(read)))
    }

    /// Takes over what was decoded of the same text at another path, by the same rules, and the text with it.
    pub fn take_over(&mut self, known: &AgentFile) {
        self.source = Arc::new(self.source.shared_with(&known.source));
        let (source, location) = (Arc::clone(&self.source), self.location.clone());
        let file = AgentFile { source, location, config: Arc::clone(&known.config), has_template: self.has_template };
        self.decoded.get_or_init(|| Arc::new(file));
    }

    /// The step at which GitLab refuses what has no text here; `None` for a file that was read.
    ///
    /// Source: `internal/module/agent_configuration/server/server.go` of gitlab-agent: the size is looked at first, a directory is an
    /// error, and a link is a file that holds a path.
    #[must_use]
    pub fn refused_unread(&self) -> Option<RefusedAt> {
        match self.content {
            InputContent::Text => None,
            InputContent::TooLarge(_) => Some(RefusedAt::Size),
            InputContent::Link(_) | InputContent::NoFile(_) => Some(RefusedAt::Read),
        }
    }

    /// The same with another text.
    #[must_use]
    pub fn with_source(&self, source: Arc<Source>) -> Self {
        Self { source, decoded: OnceLock::new(), earlier: None, template: OnceLock::new(), ..self.clone() }
    }

    /// A file that was read.
    #[must_use]
    pub fn text(location: Location, source: Arc<Source>) -> Self {
        let (content, has_template) = (InputContent::Text, None);
        let (decoded, earlier, template) = (OnceLock::new(), None, OnceLock::new());
        Self { location, source, content, has_template, decoded, earlier, template }
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
    pub config: Arc<AgentConfig>,
    /// Whether the agent has an environment template of its own; `None` where nobody looked.
    pub has_template: Option<bool>,
}

impl AgentFile {
    /// Reads a configuration by the rules of the release that is meant.
    #[must_use]
    pub fn read(input: &Input, context: &Context) -> Self {
        Self {
            source: Arc::clone(&input.source),
            location: input.location.clone(),
            config: Arc::new(AgentConfig::read_after(
                input.take_earlier(),
                &input.source,
                context.version,
                &context.keys(),
            )),
            has_template: input.has_template,
        }
    }

    /// The same of which only access is asked.
    fn without_document(self) -> Self {
        let config = Arc::unwrap_or_clone(self.config).without_document();
        Self { config: Arc::new(config), ..self }
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
