//! What an answer may hang on and nobody has said: the licence, the ref, the instance setting …

/// Something that is not known and decides.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Unknown {
    /// The job's project has Premium or Ultimate.
    PaidTier,
    /// The pipeline runs on a protected ref.
    ProtectedRef,
    /// The pipeline of the merge request is protected: by the project's setting, both of its branches, and what the user who starts it may do.
    ProtectedMergeRequest,
    /// The instance setting "Enable instance level authorization" is on.
    InstanceAuthorization,
    /// The namespace of this path is a group, and no user's.
    Group(Box<str>),
    /// What this id names lies where the configuration project, whose path is not known, may let it in.
    InHierarchy(Box<str>),
    /// The job runs in the configuration project itself, whose path is not known.
    OwnProject,
    /// The release has the new matcher of environment patterns, and not the old one.
    NewMatcher,
    /// This pattern of the entry, or another of its patterns that only Ruby can judge, matches the environment.
    PatternMatches(Box<str>),
    /// The environment of this name, of which parts hang on variables, is one that a pattern of the entry matches.
    EnvironmentMatches(Box<str>),
    /// The feature flag is on.
    FeatureFlag(&'static str),
    /// Another agent's entry makes GitLab answer the request for the job's agents with an error.
    RequestFails,
}

/// An unknown that is taken to hold, or not to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Condition {
    /// The unknown.
    pub unknown: Unknown,
    /// Whether it holds.
    pub holds: bool,
}
