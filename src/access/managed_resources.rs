//! Whether GitLab makes managed resources for the environments of a project's jobs that name an agent.
//!
//! Source: `lib/gitlab/ci/build/prerequisite/managed_resource.rb` and `app/services/environments/create_for_job_service.rb`: the most specific entry of
//! `ci_access` for the job's project decides, and neither its environments nor protected refs are asked for. `ee/app/models/ee/clusters/agent.rb`: the licence
//! is that of the configuration project. The configuration project's own access has none.

use super::agent::AgentId;
use super::candidate::Candidate;
use super::condition::{Condition, Unknown};
use super::decision::{Ranked, winners};
use super::index::Index;
use super::world::Settings;
use crate::agent_config::{CiEntry, RefusedAt};
use crate::gitlab::Tier;
use crate::gitlab::releases::{MANAGED_RESOURCES, MANAGED_RESOURCES_WITHOUT_FLAG};

/// The feature flag that managed resources waited for at first. Source: gitlab!178824.
pub const MANAGED_RESOURCES_FLAG: &str = "gitlab_managed_cluster_resources";

/// What an agent answers the jobs of a project that name it, on any ref and for any environment.
#[derive(Clone, Debug)]
pub struct ManagedResources<'w> {
    /// The step at which GitLab refuses the agent's file, so that what is in force is not known; there are no cases then.
    pub refused: Option<RefusedAt>,
    /// One, or one for each state of what is not known.
    pub cases: Vec<ManagedCase<'w>>,
}

/// What holds under some conditions.
#[derive(Clone, Debug)]
pub struct ManagedCase<'w> {
    /// What must hold; empty for certain.
    pub conditions: Vec<Condition>,
    /// What counts for the project; `None` where nothing lets it in.
    pub winner: Option<Candidate<'w>>,
    /// Why no resources are made; `None` where they are.
    pub unmade: Option<Unmade>,
}

/// Why no resources are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmade {
    /// The release has no managed resources.
    Release,
    /// Nothing lets the project in.
    NoEntry,
    /// The project is the configuration project, whose own access has none.
    Implicit,
    /// The entry that counts does not turn them on.
    Off,
    /// They need Premium or Ultimate.
    Tier,
    /// The feature flag is off.
    Flag,
}

impl ManagedResources<'_> {
    /// Whether resources are made for certain, never, or under some conditions; `None` where the agent's file is refused.
    #[must_use]
    pub fn are_made(&self) -> Option<Certainly> {
        let made = self.cases.iter().filter(|case| case.unmade.is_none()).count();
        match made {
            _ if self.refused.is_some() => None,
            0 => Some(Certainly::No),
            _ if made == self.cases.len() => Some(Certainly::Yes),
            _ => Some(Certainly::Depends),
        }
    }
}

/// How sure an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainly {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// It holds under conditions.
    Depends,
}

impl<'w> Index<'w> {
    /// Whether an agent makes resources for the environments of a project's jobs that name it.
    ///
    /// Costs in proportion to the entries that name the project or a group above it.
    #[must_use]
    pub fn managed_resources(&self, agent: AgentId, project: &str) -> ManagedResources<'w> {
        let refused = self.agent(agent).file.and_then(|file| file.refused);
        if refused.is_some() {
            return ManagedResources { refused, cases: Vec::new() };
        }
        let ranked = self.candidates_of(agent, project);
        ManagedResources { refused, cases: cases(&ranked, self.settings()) }
    }
}

fn cases<'w>(candidates: &[Ranked<'w, '_>], settings: Settings) -> Vec<ManagedCase<'w>> {
    let mut cases = Vec::new();
    for (conditions, winner) in winners(candidates, settings) {
        let unmade = match winner.map(|winner| winner.entry) {
            _ if settings.version < MANAGED_RESOURCES => Some(Unmade::Release),
            None => Some(Unmade::NoEntry),
            Some(None) => Some(Unmade::Implicit),
            Some(Some(entry)) if !entry.manages_resources() => Some(Unmade::Off),
            Some(Some(_)) if settings.tier == Some(Tier::Free) => Some(Unmade::Tier),
            Some(Some(_)) => None,
        };
        let mut case = ManagedCase { conditions, winner, unmade };
        let needs = needs(settings).filter(|_| unmade.is_none());
        for (unknown, otherwise) in needs {
            match case.conditions.iter().find(|known| known.unknown == unknown).map(|known| known.holds) {
                Some(true) => {}
                Some(false) => {
                    case.unmade = Some(otherwise);
                    break;
                }
                None => {
                    let mut other = case.clone();
                    other.conditions.push(Condition { unknown: unknown.clone(), holds: false });
                    other.unmade = Some(otherwise);
                    cases.push(other);
                    case.conditions.push(Condition { unknown, holds: true });
                }
            }
        }
        cases.push(case);
    }
    cases
}

/// What has to hold for an entry, where it counts, to have resources made, beyond what is known to hold; `None` where none are.
#[must_use]
pub fn managed_resources_of(entry: &CiEntry, settings: Settings, known: &[Condition]) -> Option<Vec<Condition>> {
    let is_off = settings.version < MANAGED_RESOURCES || settings.tier == Some(Tier::Free);
    if is_off || !entry.manages_resources() {
        return None;
    }
    let needs = needs(settings).map(|(unknown, _)| Condition { unknown, holds: true });
    let needs: Vec<Condition> = needs.filter(|need| !known.contains(need)).collect();
    let is_against = |need: &Condition| known.iter().any(|known| known.unknown == need.unknown);
    (!needs.iter().any(is_against)).then_some(needs)
}

/// What resources need that is not known, each with what keeps them from being made otherwise.
fn needs(settings: Settings) -> impl Iterator<Item = (Unknown, Unmade)> {
    let flag = (settings.version < MANAGED_RESOURCES_WITHOUT_FLAG)
        .then_some((Unknown::FeatureFlag(MANAGED_RESOURCES_FLAG), Unmade::Flag));
    flag.into_iter().chain(settings.tier.is_none().then_some((Unknown::PaidTier, Unmade::Tier)))
}

/// The keys of an entry that keep some jobs of its projects out, and do not bind managed resources.
#[must_use]
pub fn restrictions_that_do_not_bind(entry: &CiEntry) -> Vec<&'static str> {
    // Resources are made for environments only, and this pattern matches all of them.
    let is_all = |pattern: &str| !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'*');
    let lists = !entry.environments.is_empty() && !entry.environments.iter().any(|pattern| is_all(&pattern.value));
    let mut keys = Vec::new();
    keys.extend(lists.then_some("environments"));
    keys.extend(entry.is_protected_only().then_some("protected_branches_only"));
    keys
}
