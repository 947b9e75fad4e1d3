//! Inside a CI job: what its files and variables say, and with `--live` what GitLab and the agent server answer, against what is predicted for
//! it. What is looked at comes in as data; nothing here opens a socket.

mod allowed;
mod answer;
mod code;
mod examine;
mod kubeconfig;
mod proxy;

pub use allowed::{Allowed, AllowedAgent, allowed_agents};
pub use answer::{Asked, Live, Question};
pub use code::Code;
pub use examine::{Line, Verdict, examine};
pub use kubeconfig::{Authority, Context, Kubeconfig, TokenForm};
pub use proxy::version_of_cluster;

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
    /// Of how many agents that GitLab lets the job to the settings are those that are predicted.
    pub same_settings: usize,
    /// The contexts of which they are not: with those of GitLab and those that are predicted, in words.
    pub other_settings: Vec<(String, String, String)>,
}

impl Prediction {
    /// Adds what is predicted by other things that are known. Of an agent about which they differ, nothing is known.
    pub fn add(&mut self, other: Self) {
        let what_is = |prediction: &Self, context: &str| {
            let allowed = prediction.allowed.iter().find(|(known, _)| known == context);
            let denied = prediction.denied.iter().any(|denied| denied.context == context);
            let unknown = prediction.unknown.iter().any(|(known, _)| known == context);
            (allowed.map(|(_, conditions)| conditions.clone()), denied, unknown)
        };
        let nothing = (None, false, false);
        let mut contexts: Vec<String> = other.contexts().map(str::to_owned).collect();
        contexts.sort_unstable();
        contexts.dedup();
        for context in contexts {
            let (here, there) = (what_is(self, &context), what_is(&other, &context));
            if here == nothing {
                self.allowed.extend(other.allowed.iter().filter(|(known, _)| *known == context).cloned());
                self.denied.extend(other.denied.iter().filter(|denied| denied.context == context).cloned());
                self.unknown.extend(other.unknown.iter().filter(|(known, _)| *known == context).cloned());
            } else if here != there {
                self.allowed.retain(|(known, _)| *known != context);
                self.denied.retain(|denied| denied.context != context);
                self.unknown.retain(|(known, _)| *known != context);
                self.unknown
                    .push((context, "what is known of its project differs between the inventories at hand".to_owned()));
            }
        }
        if self.release != other.release {
            self.release = None;
        }
        if self.tier != other.tier {
            self.tier = None;
        }
        self.same_settings += other.same_settings;
        for settings in other.other_settings {
            if !self.other_settings.contains(&settings) {
                self.other_settings.push(settings);
            }
        }
    }

    /// The contexts of which something is said.
    fn contexts(&self) -> impl Iterator<Item = &str> {
        let denied = self.denied.iter().map(|denied| &*denied.context);
        self.allowed
            .iter()
            .map(|(context, _)| &**context)
            .chain(denied)
            .chain(self.unknown.iter().map(|(context, _)| &**context))
    }
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
    /// Whether `~/.kube/config` is there, which tools read where `KUBECONFIG` is not set.
    pub has_home_kubeconfig: bool,
    /// The mode of the file of `KUBECONFIG`, where the system has modes.
    pub mode: Option<u32>,
    /// The cache of tools.
    pub cache: Cache,
    /// kubectl's version, `1.27.1`; `None` where it is not there or does not say.
    pub kubectl: Option<String>,
    /// helm's version.
    pub helm: Option<String>,
    /// What is predicted; `None` where no configuration of an agent is at hand.
    pub prediction: Option<Prediction>,
    /// What was answered; `None` where nobody was asked.
    pub live: Option<Live>,
}

impl Observed {
    /// The variables that are looked at. None of them is secret.
    pub const VARIABLES: [&'static str; 16] = [
        "CI_API_V4_URL",
        "CI_COMMIT_REF_PROTECTED",
        "CI_DEBUG_TRACE",
        "CI_ENVIRONMENT_NAME",
        "CI_JOB_ID",
        "CI_MERGE_REQUEST_PROJECT_ID",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID",
        "CI_PIPELINE_SOURCE",
        "CI_PROJECT_DIR",
        "CI_PROJECT_ID",
        "CI_PROJECT_PATH",
        "CI_SERVER_URL",
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

    /// Whether the project has the licence for `ci_job` and `impersonate`; `None` outside of a job. In a job, `GITLAB_FEATURES` is empty or missing
    /// where there is no licence.
    #[must_use]
    pub fn has_licence(&self) -> Option<bool> {
        let features = self.variable("GITLAB_FEATURES").unwrap_or_default();
        self.is_job().then(|| features.split(',').any(|feature| feature == IMPERSONATION))
    }

    /// Whether this is a CI job.
    #[must_use]
    pub fn is_job(&self) -> bool {
        self.variable("CI_JOB_ID").is_some() && self.variable("CI_PROJECT_PATH").is_some()
    }
}
