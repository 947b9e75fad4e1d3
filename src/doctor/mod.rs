//! Inside a CI job: what its files and variables say, against what is predicted for it. What is looked at comes in as data.

mod examine;
mod kubeconfig;
mod live;

pub use examine::{Line, Verdict, examine};
pub use kubeconfig::{Access, Authority, Context, Kubeconfig, TokenForm};
pub use live::{AllowedAgent, Asked, Tried};

use std::collections::BTreeMap;

use crate::gitlab::Version;

/// The feature behind `ci_job` and `impersonate`, as `GITLAB_FEATURES` names it (`ee/app/models/gitlab_subscriptions/features.rb`).
const IMPERSONATION: &str = "cluster_agents_ci_impersonation";

/// What is predicted for the job.
#[derive(Clone, Debug, Default)]
pub struct Prediction {
    /// The contexts that it has, each with the conditions on which that hangs, as clauses.
    pub allowed: Vec<(String, Vec<String>)>,
    /// The contexts that it does not have although something names its project.
    pub denied: Vec<Denied>,
    /// The contexts of which nothing can be told, each with the reason.
    pub unknown: Vec<(String, String)>,
    /// The release that the prediction went by, if somebody named one.
    pub release: Option<Version>,
    /// The licence that it went by, if somebody named one.
    pub tier: Option<&'static str>,
}

/// An agent that a job does not get.
#[derive(Clone, Debug)]
pub struct Denied {
    /// Its context.
    pub context: String,
    /// Why.
    pub reason: String,
    /// What of the job would have to be otherwise.
    pub hangs_on: HangsOn,
}

/// What of a job keeps it from an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HangsOn {
    /// Its environment.
    Environment,
    /// Its ref.
    Ref,
    /// Nothing of it.
    Nothing,
}

/// What lies where `KUBECONFIG` points.
#[derive(Clone, Debug, Default)]
pub enum Seen {
    /// The variable is not set.
    #[default]
    Unset,
    /// It cannot be read, or is no kubeconfig; why.
    Unreadable(String),
    /// It was read.
    Read(Kubeconfig),
}

/// Whether tools can keep what they learn of a cluster, in `~/.kube/cache`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cache {
    /// They can.
    #[default]
    Writable,
    /// They cannot.
    NotWritable,
    /// There is no home folder.
    NoHome,
}

/// What was seen of a job.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Variables that say nothing secret, by name; those that are empty are not set.
    pub variables: BTreeMap<String, String>,
    /// What `KUBECONFIG` leads to.
    pub kubeconfig: Seen,
    /// The mode of that file, where the system has modes.
    pub mode: Option<u32>,
    /// The cache of tools.
    pub cache: Cache,
    /// kubectl's version, `1.27.1`; `None` where it is not there or does not say.
    pub kubectl: Option<String>,
    /// helm's version.
    pub helm: Option<String>,
    /// What is predicted; `None` where no configuration of an agent is at hand.
    pub prediction: Option<Prediction>,
    /// What servers answered; `None` where none was asked.
    pub asked: Option<Asked>,
}

impl Observed {
    /// The variables that are looked at. None of them is secret.
    pub const VARIABLES: [&'static str; 13] = [
        "CI_COMMIT_REF_PROTECTED",
        "CI_DEBUG_TRACE",
        "CI_ENVIRONMENT_NAME",
        "CI_JOB_ID",
        "CI_MERGE_REQUEST_PROJECT_ID",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID",
        "CI_PIPELINE_SOURCE",
        "CI_PROJECT_ID",
        "CI_PROJECT_PATH",
        "CI_SERVER_VERSION",
        "GITLAB_FEATURES",
        "KUBECONFIG",
        "KUBE_CONTEXT",
    ];

    /// A variable, if it is set to something.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The release of the instance, as far as it counts: `18.9` of `18.9.2-ee`.
    #[must_use]
    pub fn release(&self) -> Option<Version> {
        self.variable("CI_SERVER_VERSION").and_then(Version::told).map(Version::line)
    }

    /// Whether the project has the licence for `ci_job` and `impersonate`.
    #[must_use]
    pub fn has_licence(&self) -> bool {
        self.variable("GITLAB_FEATURES")
            .is_some_and(|features| features.split(',').any(|feature| feature == IMPERSONATION))
    }

    /// Whether this is a CI job.
    #[must_use]
    pub fn is_job(&self) -> bool {
        self.variable("CI_JOB_ID").is_some() && self.variable("CI_PROJECT_PATH").is_some()
    }
}
