//! The decision for one agent and one job: which candidate wins, and whether the filters let the job through.
//!
//! Where something that decides is not known, the decision forks, and every branch carries what it takes to be so.

use super::answer::JobEnvironment;
use super::authorization::{Authorization, DropReason};
use super::candidate::{Candidate, CandidateKind};
use super::condition::{Condition, Unknown};
use super::environment_pattern::Fault;
use super::filters::{self, Passage, Patterns};
use super::releases::needs_licence;
use super::world::Settings;
use crate::agent_config::{CiEntry, RefusedAt, Spanned, is_true};
use crate::gitlab::Tier;

/// What a job gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<'w> {
    /// The agent's context.
    Allowed,
    /// Nothing.
    Denied(Denial<'w>),
    /// GitLab refuses the agent's file at this step, and what is in force instead is not known.
    Unknown(RefusedAt),
}

/// Why a job does not get an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial<'w> {
    /// No entry lets the project in.
    NoEntry,
    /// The winning entry has patterns, and the job has no environment.
    NoEnvironment,
    /// No pattern of the winning entry matches the job's environment.
    OtherEnvironment,
    /// A pattern of the winning entry is no regular expression, which fails the request for all of the job's agents.
    PatternRaises(&'w Spanned<String>, Fault),
    /// The winning entry is for protected refs, and the job's is not.
    NotProtected,
    /// An entry of the agent with this context has a pattern that fails the request for all of the job's agents.
    RequestFails(Box<str>),
}

/// One branch of the decision.
#[derive(Clone, Debug)]
pub(super) struct Leaf<'w> {
    pub conditions: Vec<Condition>,
    pub outcome: Outcome<'w>,
    pub winner: Option<Candidate<'w>>,
    pub overridden: Vec<Candidate<'w>>,
    pub fell_out: Vec<(Candidate<'w>, DropReason)>,
}

/// A candidate and what became of its entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ranked<'w, 'a> {
    pub candidate: Candidate<'w>,
    pub authorization: &'a Authorization,
}

/// What a decision is about.
#[derive(Clone, Copy)]
pub(super) struct Job<'q> {
    pub environment: Option<JobEnvironment<'q>>,
    pub protected: Option<bool>,
    pub is_merge_request: bool,
    pub settings: Settings,
}

/// Whether an entry has an effect at all for projects of this licence; `None` where that hangs on a licence that is
/// not known.
///
/// Entries that are not usable fall out before the most specific is chosen. The licence is that of the job's project.
/// Source: `config_scopes.rb` of the authorizations and its EE extension; gitlab!73226.
pub(crate) fn is_usable(candidate: Candidate<'_>, settings: Settings) -> Option<bool> {
    let is_free = !needs_licence(candidate.mode(), settings.version);
    match settings.tier {
        _ if is_free || candidate.kind == CandidateKind::Implicit => Some(true),
        Some(tier) => Some(tier > Tier::Free),
        None => None,
    }
}

/// Why a candidate falls out whatever is not known; `None` for one that counts or may.
pub(super) fn certain_drop<'a>(ranked: &Ranked<'_, 'a>, settings: Settings) -> Option<&'a DropReason> {
    match ranked.authorization {
        Authorization::Dropped(reason) => Some(reason),
        _ if is_usable(ranked.candidate, settings) == Some(false) => Some(&DropReason::Tier),
        Authorization::Kept | Authorization::Depends(_) => None,
    }
}

/// Decides; candidates come most specific first.
pub(super) fn decide<'w>(candidates: &[Ranked<'w, '_>], job: Job<'_>, patterns: &Patterns) -> Vec<Leaf<'w>> {
    let mut leaves = Vec::new();
    let mut branches = vec![Branch::default()];
    while let Some(mut branch) = branches.pop() {
        let winner = branch.choose(candidates, job.settings, &mut branches);
        match winner.and_then(|position| Some((position, candidates.get(position)?))) {
            None => leaves.push(branch.leaf(None, Outcome::Denied(Denial::NoEntry), candidates, job.settings)),
            Some((position, winner)) => {
                for (conditions, passage) in passages(winner.candidate, job, patterns) {
                    let mut leaf = branch.clone().leaf(
                        Some((position, winner.candidate)),
                        outcome(passage),
                        candidates,
                        job.settings,
                    );
                    leaf.conditions.extend(conditions);
                    leaves.push(leaf);
                }
            }
        }
    }
    leaves
}

/// Which candidate counts, whatever it asks of environments and refs; one for each state of what is not known. Candidates come most specific first.
pub(super) fn winners<'w>(
    candidates: &[Ranked<'w, '_>],
    settings: Settings,
) -> Vec<(Vec<Condition>, Option<Candidate<'w>>)> {
    let mut winners = Vec::new();
    let mut branches = vec![Branch::default()];
    while let Some(mut branch) = branches.pop() {
        let winner = branch.choose(candidates, settings, &mut branches);
        let winner = winner.and_then(|position| Some(candidates.get(position)?.candidate));
        winners.push((branch.conditions, winner));
    }
    winners
}

fn outcome(passage: Passage<'_>) -> Outcome<'_> {
    match passage {
        Passage::Passes => Outcome::Allowed,
        Passage::NoEnvironment => Outcome::Denied(Denial::NoEnvironment),
        Passage::OtherEnvironment => Outcome::Denied(Denial::OtherEnvironment),
        Passage::Raises(pattern, fault) => Outcome::Denied(Denial::PatternRaises(pattern, fault)),
        Passage::NotProtected => Outcome::Denied(Denial::NotProtected),
    }
}

/// Both filters, one behind the other.
fn passages<'w>(winner: Candidate<'w>, job: Job<'_>, patterns: &Patterns) -> Vec<(Vec<Condition>, Passage<'w>)> {
    let Some(entry) = winner.entry else { return vec![(Vec::new(), Passage::Passes)] };
    let CiEntry {
        kind: _,
        index: _,
        span: _,
        head: _,
        id: _,
        default_namespace: _,
        access_as: _,
        environments,
        environments_key: _,
        protected_branches_only,
        resource_management: _,
    } = entry;
    let protected_only = is_true(protected_branches_only.as_ref());
    let mut all = Vec::new();
    let matcher = job.settings.environment_matcher();
    for (of_environment, passage) in filters::environment(environments, job.environment, matcher, patterns) {
        if passage != Passage::Passes {
            all.push((of_environment, passage));
            continue;
        }
        let protected = (job.protected, job.is_merge_request);
        for (conditions, passage) in filters::protection(protected_only, protected, job.settings.version) {
            all.push((of_environment.iter().cloned().chain(conditions).collect(), passage));
        }
    }
    all
}

#[derive(Clone, Default)]
struct Branch<'w> {
    conditions: Vec<Condition>,
    /// The next candidate to look at.
    position: usize,
    fell_out: Vec<(Candidate<'w>, DropReason)>,
}

impl<'w> Branch<'w> {
    fn holds(&self, unknown: &Unknown) -> Option<bool> {
        self.conditions.iter().find(|condition| condition.unknown == *unknown).map(|condition| condition.holds)
    }

    /// The position of the first candidate that counts. Where that hangs on an unknown, this branch takes it to hold and a
    /// new one takes it not to.
    fn choose(&mut self, candidates: &[Ranked<'w, '_>], settings: Settings, branches: &mut Vec<Self>) -> Option<usize> {
        while let Some(ranked) = candidates.get(self.position) {
            let position = self.position;
            self.position += 1;
            if let Some(reason) = certain_drop(ranked, settings) {
                self.fell_out.push((ranked.candidate, reason.clone()));
                continue;
            }
            let needs: &[(Unknown, DropReason)] = match ranked.authorization {
                Authorization::Kept | Authorization::Dropped(_) => &[],
                Authorization::Depends(needs) => needs,
            };
            let tier = is_usable(ranked.candidate, settings).is_none().then_some((Unknown::PaidTier, DropReason::Tier));
            if self.all_hold(needs.iter().cloned().chain(tier), ranked.candidate, branches) {
                return Some(position);
            }
        }
        None
    }

    /// Whether everything that a candidate needs holds in this branch.
    fn all_hold(
        &mut self,
        needs: impl Iterator<Item = (Unknown, DropReason)>,
        candidate: Candidate<'w>,
        branches: &mut Vec<Self>,
    ) -> bool {
        for (unknown, reason) in needs {
            match self.holds(&unknown) {
                Some(true) => {}
                Some(false) => {
                    self.fell_out.push((candidate, reason));
                    return false;
                }
                None => {
                    let mut other = self.clone();
                    other.conditions.push(Condition { unknown: unknown.clone(), holds: false });
                    other.fell_out.push((candidate, reason));
                    branches.push(other);
                    self.conditions.push(Condition { unknown, holds: true });
                }
            }
        }
        true
    }

    /// Closes the branch: what stands behind the winner is overridden, unless it has no effect anyway.
    fn leaf(
        mut self,
        winner: Option<(usize, Candidate<'w>)>,
        outcome: Outcome<'w>,
        candidates: &[Ranked<'w, '_>],
        settings: Settings,
    ) -> Leaf<'w> {
        let mut overridden = Vec::new();
        let behind = winner.map_or(candidates.len(), |(position, _)| position + 1);
        for ranked in candidates.iter().skip(behind) {
            let candidate = ranked.candidate;
            let fails = |needs: &[(Unknown, DropReason)]| {
                needs.iter().find(|(unknown, _)| self.holds(unknown) == Some(false)).map(|(_, reason)| reason.clone())
            };
            let reason = match ranked.authorization {
                Authorization::Kept => None,
                Authorization::Depends(needs) => fails(needs),
                Authorization::Dropped(reason) => Some(reason.clone()),
            };
            let usable = is_usable(candidate, settings).or_else(|| self.holds(&Unknown::PaidTier));
            match reason.or((usable == Some(false)).then_some(DropReason::Tier)) {
                Some(reason) => self.fell_out.push((candidate, reason)),
                None => overridden.push(candidate),
            }
        }
        let winner = winner.map(|(_, candidate)| candidate);
        Leaf { conditions: self.conditions, outcome, winner, overridden, fell_out: self.fell_out }
    }
}
