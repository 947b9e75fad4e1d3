//! What an answer may hang on and nobody has said: the licence, the ref, the instance setting …

use std::fmt;

/// Something that is not known and decides.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// The job's project has Premium or Ultimate.
    PaidTier,
    /// The pipeline runs on a protected ref.
    ProtectedRef,
    /// The instance setting "Enable instance level authorization" is on.
    InstanceAuthorization,
    /// The namespace of this path is a group, and no user's.
    Group(Box<str>),
    /// What this id names lies where the configuration project, whose path is not known, may let it in.
    InHierarchy(Box<str>),
    /// The job runs in the configuration project itself, whose path is not known.
    OwnProject,
    /// This pattern of the entry, or another of its patterns that only Ruby can judge, matches the environment.
    PatternMatches(Box<str>),
    /// The environment of this name, of which parts hang on variables, is one that a pattern of the entry matches.
    EnvironmentMatches(Box<str>),
    /// The feature flag is on.
    FeatureFlag(&'static str),
    /// Another agent's entry makes GitLab answer the request for the job's agents with an error.
    RequestFails,
}

/// A fact that is taken to hold, or not to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Condition {
    /// The fact.
    pub fact: Fact,
    /// Whether it holds.
    pub holds: bool,
}

impl Condition {
    /// The clause for `user_access`, where there is no job.
    #[must_use]
    pub fn for_users(&self) -> String {
        match (&self.fact, self.holds) {
            (Fact::PaidTier, true) => "the licence is Premium or Ultimate".to_owned(),
            (Fact::PaidTier, false) => "the licence is Free".to_owned(),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Condition {
    /// A clause that fits behind "if".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let choose = |yes: &'static str, no: &'static str| if self.holds { yes } else { no };
        match &self.fact {
            Fact::PaidTier => {
                f.write_str(choose("the job's project has Premium or Ultimate", "the job's project is on Free"))
            }
            Fact::ProtectedRef => f.write_str(choose("the ref is protected", "the ref is not protected")),
            Fact::InstanceAuthorization => {
                let state = choose("on", "off");
                write!(f, "the instance setting \"Enable instance level authorization\" is {state}")
            }
            Fact::Group(path) => write!(f, "`{path}` is {}", choose("a group", "a user")),
            Fact::InHierarchy(id) => {
                let lies = choose("lies", "does not lie");
                write!(f, "`{id}` {lies} in the hierarchy of the configuration project")
            }
            Fact::OwnProject => {
                let is = choose("is", "is not");
                write!(f, "the job's project {is} the configuration project")
            }
            Fact::PatternMatches(pattern) => {
                let matches = choose("matches", "does not match");
                write!(f, "`{pattern}`, which only Ruby can judge, {matches} the environment")
            }
            Fact::EnvironmentMatches(name) => {
                let is = choose("is one that the entry lists", "is none that the entry lists");
                write!(f, "the environment `{name}` {is}")
            }
            Fact::FeatureFlag(name) => write!(f, "the feature flag `{name}` is {}", choose("on", "off")),
            Fact::RequestFails => f.write_str(choose(
                "the request for the job's agents fails at another agent's pattern",
                "the request for the job's agents does not fail at another agent's pattern",
            )),
        }
    }
}
