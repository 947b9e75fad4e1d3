//! The typed entries of `ci_access` and `user_access`, each with the places where it is written.

use crate::schema::{Data, Field, MessageValue, Value};
use crate::source::Span;

/// A value and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it is written.
    pub span: Span,
}

/// `ci_access`.
#[derive(Clone, Debug)]
pub struct CiAccess {
    /// `projects`, in order.
    pub projects: Vec<CiEntry>,
    /// `groups`, in order.
    pub groups: Vec<CiEntry>,
    /// `instance`.
    pub instance: Option<CiEntry>,
}

/// Which list an entry stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// `projects`.
    Project,
    /// `groups`.
    Group,
    /// `instance`.
    Instance,
}

impl EntryKind {
    /// The key of the list.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Project => "projects",
            Self::Group => "groups",
            Self::Instance => "instance",
        }
    }

    /// What the entry names.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Group => "group",
            Self::Instance => "instance",
        }
    }
}

/// Which of the two sections with entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessSection {
    /// `ci_access`.
    Ci,
    /// `user_access`.
    User,
}

impl AccessSection {
    /// The section's key.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Ci => "ci_access",
            Self::User => "user_access",
        }
    }
}

/// An entry of `ci_access`.
#[derive(Clone, Debug)]
pub struct CiEntry {
    /// Which list it stands in.
    pub kind: EntryKind,
    /// 0-based position in the list; 0 for `instance`.
    pub index: usize,
    /// The whole entry.
    pub span: Span,
    /// Where a report should point when it means the entry: its id, or what stands for it.
    pub head: Span,
    /// `id`, if it is a text.
    pub id: Option<Spanned<String>>,
    /// `default_namespace`, if not empty.
    pub default_namespace: Option<Spanned<String>>,
    /// `access_as`, if it decodes to one identity.
    pub access_as: Option<AccessAs>,
    /// `environments`, item by item; empty for no restriction.
    pub environments: Vec<Spanned<String>>,
    /// The key `environments`, if it is written with a list.
    pub environments_key: Option<Span>,
    /// `protected_branches_only`, if it is written.
    pub protected_branches_only: Option<Spanned<bool>>,
    /// `resource_management.enabled`.
    pub resource_management: Option<Spanned<bool>>,
}

impl CiEntry {
    /// Where the entry stands, e.g. `ci_access.projects[2]`.
    #[must_use]
    pub fn route(&self) -> String {
        match self.kind {
            EntryKind::Instance => "ci_access.instance".to_owned(),
            kind => format!("ci_access.{}[{}]", kind.key(), self.index),
        }
    }

    /// Whether only protected refs get in.
    #[must_use]
    pub fn is_protected_only(&self) -> bool {
        is_true(self.protected_branches_only.as_ref())
    }

    /// Whether it turns managed resources on.
    #[must_use]
    pub fn manages_resources(&self) -> bool {
        is_true(self.resource_management.as_ref())
    }

    /// As whom jobs act.
    #[must_use]
    pub fn mode(&self) -> Mode {
        AccessAs::identity(self.access_as.as_ref()).0
    }
}

/// Whether a key is written with `true`.
#[must_use]
pub fn is_true(written: Option<&Spanned<bool>>) -> bool {
    written.is_some_and(|written| written.value)
}

/// The identity that an entry gives.
#[derive(Clone, Debug)]
pub struct AccessAs {
    /// Which.
    pub mode: Mode,
    /// The member's key, e.g. `ci_job`.
    pub span: Span,
    /// The fixed user of `impersonate`.
    pub impersonation: Option<Impersonation>,
}

impl AccessAs {
    /// As whom an entry has jobs act, and which fixed user that is; an entry that does not say has the agent act.
    #[must_use]
    pub fn identity(of: Option<&Self>) -> (Mode, Option<&Impersonation>) {
        let Some(Self { mode, span: _, impersonation }) = of else { return (Mode::Agent, None) };
        (*mode, impersonation.as_ref())
    }
}

/// As whom the cluster is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// The agent's service account.
    Agent,
    /// The CI job.
    CiJob,
    /// A fixed user.
    Impersonate,
    /// The GitLab user (`user_access` only).
    User,
}

impl Mode {
    /// The member's key.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::CiJob => "ci_job",
            Self::Impersonate => "impersonate",
            Self::User => "user",
        }
    }

    fn from_key(key: &str) -> Option<Self> {
        [Self::Agent, Self::CiJob, Self::Impersonate, Self::User].into_iter().find(|mode| mode.key() == key)
    }
}

/// The fixed user of `impersonate`.
#[derive(Clone, Debug, Default)]
pub struct Impersonation {
    /// `username`.
    pub username: Option<Spanned<String>>,
    /// `groups`.
    pub groups: Vec<Spanned<String>>,
    /// `uid`.
    pub uid: Option<Spanned<String>>,
    /// `extra`: keys with their values, in order.
    pub extra: Vec<(Spanned<String>, Vec<String>)>,
}

/// `user_access`.
#[derive(Clone, Debug)]
pub struct UserAccess {
    /// `projects`, in order.
    pub projects: Vec<UserEntry>,
    /// `groups`, in order.
    pub groups: Vec<UserEntry>,
    /// `access_as`, if it decodes to one identity.
    pub access_as: Option<AccessAs>,
    /// The key `user_access`.
    pub key_span: Span,
}

/// An entry of `user_access`.
#[derive(Clone, Debug)]
pub struct UserEntry {
    /// Which list it stands in.
    pub kind: EntryKind,
    /// 0-based position in the list.
    pub index: usize,
    /// The whole entry.
    pub span: Span,
    /// `id`, if it is a text.
    pub id: Option<Spanned<String>>,
}

impl UserEntry {
    /// Where it stands, e.g. `user_access.projects[2]`.
    #[must_use]
    pub fn route(&self) -> String {
        format!("user_access.{}[{}]", self.kind.key(), self.index)
    }
}

impl CiAccess {
    pub(super) fn from_value(root: &MessageValue) -> Option<Self> {
        let section = root.set("ci_access")?.value.as_message()?;
        let entries = |kind: EntryKind| match section.set(kind.key()) {
            Some(list) => numbered(list).map(|(index, value)| ci_entry(kind, index, value, value.span)).collect(),
            None => Vec::new(),
        };
        let instance = section.set("instance").filter(|field| field.value.as_message().is_some());
        Some(Self {
            projects: entries(EntryKind::Project),
            groups: entries(EntryKind::Group),
            instance: instance.map(|field| ci_entry(EntryKind::Instance, 0, &field.value, field.key_span)),
        })
    }

    /// All entries: projects, groups, instance.
    pub fn entries(&self) -> impl Iterator<Item = &CiEntry> {
        self.projects.iter().chain(&self.groups).chain(&self.instance)
    }
}

impl UserAccess {
    pub(super) fn from_value(root: &MessageValue) -> Option<Self> {
        let field = root.set("user_access")?;
        let section = field.value.as_message()?;
        let entries = |kind: EntryKind| match section.set(kind.key()) {
            Some(list) => numbered(list)
                .map(|(index, value)| UserEntry {
                    kind,
                    index,
                    span: value.span,
                    id: value.as_message().and_then(|entry| text(entry, "id")),
                })
                .collect(),
            None => Vec::new(),
        };
        Some(Self {
            projects: entries(EntryKind::Project),
            groups: entries(EntryKind::Group),
            access_as: access_as(section),
            key_span: field.key_span,
        })
    }
}

fn numbered(list: &Field) -> impl Iterator<Item = (usize, &Value)> {
    list.value.items().iter().enumerate()
}

fn ci_entry(kind: EntryKind, index: usize, value: &Value, fallback: Span) -> CiEntry {
    let empty = MessageValue { message: (&super::keys::CONFIGURATION).into(), fields: Vec::new() };
    let entry = value.as_message().unwrap_or(&empty);
    let id = text(entry, "id");
    let head = match (&id, entry.fields.first()) {
        (Some(id), _) => id.span,
        (None, Some(field)) if kind != EntryKind::Instance => field.key_span,
        _ => fallback,
    };
    let environments = entry.set("environments").filter(|field| matches!(field.value.data, Data::List(_)));
    let managed = entry.set("resource_management").and_then(|field| field.value.as_message());
    CiEntry {
        kind,
        index,
        span: value.span,
        head,
        id,
        default_namespace: text(entry, "default_namespace").filter(|namespace| !namespace.value.is_empty()),
        access_as: access_as(entry),
        environments: environments.map(|field| texts(&field.value)).unwrap_or_default(),
        environments_key: environments.map(|field| field.key_span),
        protected_branches_only: boolean(entry, "protected_branches_only"),
        resource_management: managed.and_then(|managed| boolean(managed, "enabled")),
    }
}

fn access_as(entry: &MessageValue) -> Option<AccessAs> {
    let members = entry.set("access_as")?.value.as_message()?;
    let mut set = members.fields.iter().filter(|field| matches!(field.value.data, Data::Message(_)));
    // Two members are refused, and say nothing about the identity.
    let (Some(member), None) = (set.next(), set.next()) else { return None };
    let mode = Mode::from_key(&member.key.name)?;
    let impersonation = (mode == Mode::Impersonate).then(|| impersonation(member)).flatten();
    Some(AccessAs { mode, span: member.key_span, impersonation })
}

fn impersonation(member: &Field) -> Option<Impersonation> {
    let user = member.value.as_message()?;
    let extra = user.set("extra").map(|field| field.value.items()).unwrap_or_default();
    let extra = extra.iter().filter_map(|item| {
        let item = item.as_message()?;
        let values = item.set("val").map(|field| texts(&field.value)).unwrap_or_default();
        Some((text(item, "key")?, values.into_iter().map(|value| value.value).collect()))
    });
    Some(Impersonation {
        username: text(user, "username"),
        groups: user.set("groups").map(|field| texts(&field.value)).unwrap_or_default(),
        uid: text(user, "uid"),
        extra: extra.collect(),
    })
}

fn text(entry: &MessageValue, name: &str) -> Option<Spanned<String>> {
    let value = &entry.set(name)?.value;
    Some(Spanned { value: value.as_text()?.to_owned(), span: value.span })
}

fn boolean(entry: &MessageValue, name: &str) -> Option<Spanned<bool>> {
    let value = &entry.set(name)?.value;
    Some(Spanned { value: value.as_bool()?, span: value.span })
}

fn texts(list: &Value) -> Vec<Spanned<String>> {
    let items = list.items().iter();
    items.filter_map(|item| Some(Spanned { value: item.as_text()?.to_owned(), span: item.span })).collect()
}
