//! What may let a project in to an agent, from the most to the least specific.
//!
//! Source: `app/finders/clusters/agents/authorizations/ci_access/finder.rb`: per agent the entry for the project itself
//! comes first, then the configuration project's implicit access to its own agents, then entries for groups, the
//! innermost first, then the one for the instance. The first counts alone; nothing is merged.

use crate::agent_config::{CiEntry, EntryKind, Mode};

/// By what a project may be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CandidateKind {
    /// An entry for the project itself.
    Project,
    /// The configuration project uses its own agents, without any entry and any restriction.
    Implicit,
    /// An entry for a group above the project.
    Group,
    /// The entry for the whole instance.
    Instance,
}

impl CandidateKind {
    /// Its name in machine formats.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Implicit => "implicit",
            Self::Group => "group",
            Self::Instance => "instance",
        }
    }
}

impl From<EntryKind> for CandidateKind {
    fn from(kind: EntryKind) -> Self {
        match kind {
            EntryKind::Project => Self::Project,
            EntryKind::Group => Self::Group,
            EntryKind::Instance => Self::Instance,
        }
    }
}

/// Something that may let a project in.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'w> {
    /// By what.
    pub kind: CandidateKind,
    /// The project or group that it names, as the inventory writes it if it can.
    pub target: Option<&'w str>,
    /// The entry; `None` for implicit access.
    pub entry: Option<&'w CiEntry>,
}

impl<'w> Candidate<'w> {
    /// Implicit access.
    pub const IMPLICIT: Self = Self { kind: CandidateKind::Implicit, target: None, entry: None };

    pub(crate) fn of(entry: &'w CiEntry, target: Option<&'w str>) -> Self {
        let written = entry.id.as_ref().map(|id| &*id.value);
        Self { kind: entry.kind.into(), target: target.or(written), entry: Some(entry) }
    }

    /// As whom jobs act.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.entry.map_or(Mode::Agent, CiEntry::mode)
    }

    /// Where it stands in the file; `None` for implicit access.
    #[must_use]
    pub fn route(&self) -> Option<String> {
        self.entry.map(CiEntry::route)
    }

    /// Whether it is this entry.
    #[must_use]
    pub fn is_entry(&self, entry: &CiEntry) -> bool {
        self.entry.is_some_and(|own| std::ptr::eq(own, entry))
    }
}

impl PartialEq for Candidate<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.entry, other.entry) {
            (Some(own), Some(other)) => std::ptr::eq(own, other),
            (None, None) => self.kind == other.kind,
            _ => false,
        }
    }
}
