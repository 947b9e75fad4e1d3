//! What a policy says.

use super::globs::Globs;
use crate::agent_config::Mode;
use crate::gitlab::EnvironmentTier;
use crate::source::Place;

/// A statement about who may be let in.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What it is called; no two have the same name.
    pub name: String,
    /// Where its name is written.
    pub place: Place,
    /// The contexts that it is about; `None` for all.
    pub agents: Option<Globs>,
    /// The projects of jobs that it is about, by full path; `None` for all.
    pub projects: Option<Globs>,
    /// The environments of jobs that it is about; `None` for all jobs, those without an environment among them.
    pub environments: Option<Globs>,
    /// The people that it is about; `None` for a rule about jobs.
    pub people: Option<People>,
    /// What has to hold of whoever is let in.
    pub require: Option<Required>,
    /// What may not hold, all of it at once, of anybody who is let in.
    pub forbid: Option<Required>,
    /// Jobs by which it is tried.
    pub examples: Vec<Example>,
}

/// People, by what they are members of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct People {
    /// Groups and projects; `None` for none of them.
    pub members: Option<Globs>,
    /// Whether administrators of the instance are among them.
    pub administrators: bool,
}

/// What is said of whoever is let in; what is left out is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Required {
    /// Whether the ref is protected.
    pub protected: Option<bool>,
    /// The environment's name.
    pub environments: Option<Globs>,
    /// As whom.
    pub identity: Option<Vec<Mode>>,
    /// The tier of the environment.
    pub tier: Option<Vec<EnvironmentTier>>,
    /// The job's project.
    pub projects: Option<Globs>,
    /// The people.
    pub people: Option<People>,
}

/// A job that is supposed to be let in.
#[derive(Clone, Debug)]
pub struct Example {
    /// The full path of its project.
    pub project: String,
    /// Its environment.
    pub environment: Option<String>,
    /// Whether its ref is protected.
    pub protected: bool,
    /// Whether the policy holds then.
    pub holds: bool,
    /// Where it is written.
    pub place: Place,
}
