//! What a comparison comes to, as data.

use super::cases::Pair;
use super::standing::{Refused, Side};
use crate::access::Condition;
use crate::access::names::NamePattern;

/// What becomes otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Who was not let in is.
    Gained,
    /// As whom.
    Identity,
    /// Whether resources are managed.
    Managed,
    /// The default namespace.
    Namespace,
    /// Who was let in is not.
    Lost,
}

impl Kind {
    /// Its name in machine formats.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gained => "gained",
            Self::Identity => "identity",
            Self::Managed => "managed",
            Self::Namespace => "namespace",
            Self::Lost => "lost",
        }
    }
}

/// Whether more or less may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// More.
    Widened,
    /// Something else, of which neither is known to be more.
    Changed,
    /// Less.
    Narrowed,
}

impl Effect {
    /// Its name in machine formats.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Widened => "widened",
            Self::Changed => "changed",
            Self::Narrowed => "narrowed",
        }
    }
}

/// As whom somebody acts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Who {
    /// The agent's service account.
    Agent,
    /// The CI job.
    CiJob,
    /// A fixed user, of whom the order of groups and of extra values says nothing.
    Fixed {
        /// Its name.
        username: Option<String>,
        /// Its groups, in order.
        groups: Vec<String>,
        /// Its uid.
        uid: Option<String>,
        /// Its extra keys with their values, in order.
        extra: Vec<(String, Vec<String>)>,
    },
    /// The GitLab user, for people.
    User,
}

/// What is granted on one side.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Granted {
    /// The agent, as somebody, with a default namespace.
    Agent(Who, Option<String>),
    /// As whom.
    As(Who),
    /// A default namespace.
    Namespace(Option<String>),
    /// Whether resources are managed.
    Managed(bool),
}

/// Projects and groups that a part leaves out, by path in order; a group with all below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Except {
    /// Projects.
    pub projects: Vec<String>,
    /// Groups.
    pub groups: Vec<String>,
}

/// A part of all projects, those to come among them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Projects {
    /// All of the organization that nothing names.
    Anywhere(Except),
    /// All below a group.
    Below(String, Except),
    /// One.
    One(String),
}

/// Refs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Refs {
    /// Protected ones.
    pub protected: bool,
    /// Others.
    pub unprotected: bool,
}

/// Patterns of one side: a name is met by any of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PatternList {
    /// The patterns, in order.
    pub patterns: Vec<NamePattern>,
    /// Whether the new matcher compares them.
    pub is_new: bool,
}

/// Names that each of some lists meets and none of some patterns.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Part {
    /// The lists; none for every name.
    pub within: Vec<PatternList>,
    /// The patterns.
    pub without: PatternList,
}

impl Part {
    /// Whether a name lies in it.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        let meets = |list: &PatternList| list.patterns.iter().any(|pattern| pattern.matches(name) == Some(true));
        self.within.iter().all(meets) && !meets(&self.without)
    }

    /// Whether some pattern of it has a star, so that the matcher counts.
    #[must_use]
    pub fn has_star(&self) -> bool {
        let patterns = self.within.iter().chain([&self.without]).flat_map(|list| &list.patterns);
        patterns.into_iter().any(NamePattern::has_star)
    }
}

/// Environments: none, or names of some parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region {
    /// Whether jobs without an environment are in it.
    pub without: bool,
    /// Names; what lies in any of these.
    pub names: Vec<Part>,
}

impl Region {
    /// Whether a job's environment lies in it.
    #[must_use]
    pub fn holds(&self, environment: Option<&str>) -> bool {
        environment.map_or(self.without, |name| self.names.iter().any(|part| part.holds(name)))
    }

    /// Whether it is every job there can be.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.without && self.has_every_name()
    }

    /// Whether it has every name.
    #[must_use]
    pub fn has_every_name(&self) -> bool {
        self.names.iter().any(|part| part.within.is_empty() && part.without.patterns.is_empty())
    }
}

/// Whoever is a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Member {
    /// Directly of a group.
    Group(String),
    /// Of a project, directly or by an invited group.
    Project(String),
    /// Of nothing: administrators of the instance.
    Administrators,
}

/// Where the name of an example is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// The inventory has an environment of this name.
    Inventory,
    /// It is made up.
    Example,
}

/// A job that shows a change.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Witness {
    /// Its project.
    pub project: String,
    /// Its environment.
    pub environment: Option<String>,
    /// Whether its ref is protected.
    pub protected: bool,
    /// Where the name of its environment is from.
    pub origin: Origin,
}

/// Whom a change is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Of {
    /// Jobs.
    Jobs {
        /// Of which projects.
        projects: Vec<Projects>,
        /// On which refs.
        refs: Refs,
        /// In which environments.
        region: Region,
        /// One of them.
        witness: Witness,
    },
    /// People; the first is an example of them.
    People(Vec<Member>),
}

/// An entry, or implicit access, that decides.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cause {
    /// `ci_access.projects[0]`; `None` for implicit access.
    pub entry: Option<String>,
    /// The file.
    pub path: Option<String>,
    /// The line in it.
    pub line: Option<usize>,
    /// Whether the entry asks for environments or for protected refs.
    pub is_restricted: bool,
}

/// What decides on either side; `None` for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Because {
    /// In BASE.
    pub base: Option<Cause>,
    /// In HEAD.
    pub head: Option<Cause>,
}

/// A pattern at which GitLab answers the requests of jobs with an error.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Failing {
    /// The agent whose file has it.
    pub context: String,
    /// The pattern.
    pub pattern: String,
    /// The file.
    pub path: String,
    /// The line in it.
    pub line: Option<usize>,
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What becomes otherwise.
    pub kind: Kind,
    /// Whether that is more.
    pub effect: Effect,
    /// The agent's context.
    pub context: String,
    /// Its configuration project, if that is known.
    pub project: Option<String>,
    /// Its name.
    pub name: String,
    /// Whom it is about.
    pub of: Of,
    /// What was granted; `None` for nothing.
    pub before: Option<Granted>,
    /// What is granted; `None` for nothing.
    pub after: Option<Granted>,
    /// Facts that all have to hold.
    pub conditions: Vec<Condition>,
    /// The pairs of matchers in which it happens, where these are fewer than are possible.
    pub pairs: Option<Vec<Pair>>,
    /// The pattern at which requests begin or stop to fail, where that is why.
    pub fails: Option<Failing>,
    /// What decides.
    pub because: Because,
}

/// What a proof would take.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OpenFact {
    /// What is in force in BASE.
    BaseConfiguration,
    /// Which of two identities may do more.
    Identity(Who, Who),
    /// Which matcher the release has.
    EnvironmentMatcher,
    /// What a pattern matches that only Ruby can judge.
    Expression(String),
    /// More than the budget of the search.
    Budget,
}

impl OpenFact {
    /// Its name in machine formats.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::BaseConfiguration => "base-configuration",
            Self::Identity(..) => "identity",
            Self::EnvironmentMatcher => "environment-matcher",
            Self::Expression(_) => "expression",
            Self::Budget => "budget",
        }
    }
}

/// Something that stands in the way of a proof.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Open {
    /// The agent's context.
    pub context: String,
    /// What it would take.
    pub fact: OpenFact,
}

/// What a comparison proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Somebody is let in, or may do more; a witness shows it.
    NewAccess,
    /// Nobody is; this is proved.
    NoNewAccess,
    /// Neither is proved.
    NotProved,
}

impl Verdict {
    /// Its name in machine formats.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NewAccess => "new-access",
            Self::NoNewAccess => "no-new-access",
            Self::NotProved => "not-proved",
        }
    }
}

/// What a proof took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Parts of all projects that were looked at.
    pub cells: usize,
    /// Lists of patterns that were compared.
    pub comparisons: usize,
    /// Nodes of searches.
    pub nodes: usize,
}

/// What a comparison comes to.
#[derive(Clone, Debug)]
pub struct Diff {
    /// What it proves.
    pub verdict: Verdict,
    /// The changes, the most dangerous first.
    pub changes: Vec<Change>,
    /// What stands in the way of a proof.
    pub unknown: Vec<Open>,
    /// Files that GitLab refuses, on either side.
    pub refused: Vec<(Side, Refused)>,
    /// What it took.
    pub proof: Proof,
    /// Changes that the author of a refused file meant, and that do not happen.
    pub would_be: Vec<Change>,
}
