//! What jobs of every project of an inventory get, as one word for each agent, environment and kind of ref: for tables of all of them.
//!
//! It comes to what [`Index::query`] answers, with the outcomes of one agent taken together: where what is not known makes a difference, the word
//! is "unknown". A pattern that has no expression for others to compare is not known here either ([`super::portable`]), so that whoever decides by the
//! tables comes to the same.

use std::collections::HashMap;

use super::agent::AgentId;
use super::authorization::Authorization;
use super::candidate::Candidate;
use super::decision::{Ranked, certain_drop, is_usable, winners};
use super::environment_pattern::EnvironmentMatcher;
use super::index::Index;
use super::portable::{PortablePattern, Said};
use crate::agent_config::CiEntry;
use crate::gitlab::releases::PROTECTED_WITHOUT_FLAG;
use crate::inventory::Project;

/// How many verdicts of entries about environments are kept at a time.
const MOST_KEPT: usize = 1 << 16;

/// What the jobs of a project get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The agent's context.
    Allowed,
    /// Nothing.
    Denied,
    /// That hangs on something that is not known.
    Unknown,
}

impl Word {
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Unknown => "unknown",
        }
    }
}

/// A decision.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'e, 'w> {
    /// The environment of the jobs; `None` for jobs without one.
    pub environment: Option<&'e str>,
    /// Whether their refs are protected.
    pub protected: bool,
    /// The agent.
    pub agent: AgentId,
    /// What they get.
    pub word: Word,
    /// Why not, or what it hangs on; `None` for what is allowed.
    pub reason: Option<&'static str>,
    /// What decides; `None` where nothing does, or more than one thing may.
    pub winner: Option<Candidate<'w>>,
}

/// The name of an environment.
#[derive(Clone, Copy, Debug)]
pub struct Name<'e> {
    /// Its full name.
    pub name: &'e str,
    /// Whether others can compare it with patterns. Where they cannot, it is taken not to be known which of them match.
    pub is_comparable: bool,
}

/// Outcomes as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Outcomes {
    allows: bool,
    denies: bool,
    /// Why not: that of the first outcome that is none.
    denial: Option<&'static str>,
}

impl Outcomes {
    const ALLOWED: Self = Self { allows: true, denies: false, denial: None };
    const UNKNOWN: Self = Self { allows: true, denies: true, denial: None };

    const fn denied(denial: &'static str) -> Self {
        Self { allows: false, denies: true, denial: Some(denial) }
    }

    fn and(self, other: Self) -> Self {
        Self {
            allows: self.allows || other.allows,
            denies: self.denies || other.denies,
            denial: self.denial.or(other.denial),
        }
    }

    fn word(self) -> Word {
        match (self.allows, self.denies) {
            (true, true) => Word::Unknown,
            (true, false) => Word::Allowed,
            (false, _) => Word::Denied,
        }
    }
}

/// What the patterns of an entry say of an environment, by one matcher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Verdict {
    passes: bool,
    differs: bool,
    raises: bool,
}

/// The patterns of entries as each matcher that may be in reads them, and what they say of environments.
#[derive(Debug)]
pub struct Decider<'i, 'w> {
    index: &'i Index<'w>,
    matchers: Vec<EnvironmentMatcher>,
    /// By the entry's place in memory, which stays while the index does.
    patterns: HashMap<usize, [Vec<PortablePattern<'w>>; 2]>,
}

/// Verdicts that one thread keeps, by environment and the place of the entry's patterns in memory.
#[derive(Debug, Default)]
pub struct Kept {
    verdicts: HashMap<Box<str>, HashMap<usize, [Verdict; 2]>>,
    count: usize,
}

/// What may decide about the jobs of a project at one agent.
struct Standing<'w> {
    agent: AgentId,
    is_refused: bool,
    /// One for each state of what is not known; `None` for nothing.
    winners: Vec<Option<Candidate<'w>>>,
}

impl<'i, 'w> Decider<'i, 'w> {
    /// Reads the patterns of all entries.
    #[must_use]
    pub fn new(index: &'i Index<'w>) -> Self {
        let matcher = index.settings().environment_matcher();
        let all = [EnvironmentMatcher::Old, EnvironmentMatcher::New];
        let is_in = |one: &EnvironmentMatcher| matcher == EnvironmentMatcher::Either || matcher == *one;
        let accesses = index.agents().iter().filter_map(|agent| agent.file?.ci_access);
        let entries = accesses.flat_map(crate::agent_config::CiAccess::entries);
        let patterns = entries.filter(|entry| !entry.environments.is_empty()).map(|entry| {
            let read = |wanted: EnvironmentMatcher| -> Vec<PortablePattern<'w>> {
                let of_wanted = entry.environments.iter().map(|pattern| PortablePattern::of(&pattern.value, wanted));
                of_wanted.flatten().map(|(_, read)| read).collect()
            };
            let of = |one: EnvironmentMatcher| if is_in(&one) { read(one) } else { Vec::new() };
            (address(entry), all.map(of))
        });
        Self { index, matchers: all.into_iter().filter(is_in).collect(), patterns: patterns.collect() }
    }

    /// Decides about the jobs of a project: for jobs without environment and for those of each of these, on protected refs and on others, one decision
    /// for each agent of which something names the project, or whose file GitLab refuses.
    ///
    /// Costs in proportion to what is decided.
    pub fn decide<'e>(
        &self,
        project: &'w Project,
        environments: &[Name<'e>],
        kept: &mut Kept,
        tell: &mut dyn FnMut(Decision<'e, 'w>),
    ) {
        let standings = self.standings(project);
        let mut verdicts: Vec<[Verdict; 2]> = Vec::with_capacity(standings.len());
        for name in std::iter::once(None).chain(environments.iter().copied().map(Some)) {
            let environment = name.map(|name| name.name);
            verdicts.clear();
            let winners = standings.iter().flat_map(|standing| &standing.winners);
            self.verdicts(winners, name, kept, &mut verdicts);
            let raised = self.raised(&standings, &verdicts);
            for protected in [true, false] {
                let mut left = &verdicts[..];
                for standing in &standings {
                    let verdicts;
                    (verdicts, left) = left.split_at(left.len().min(standing.winners.len()));
                    let (word, reason) = self.word(standing, verdicts, (environment, protected), raised);
                    let winner = match &standing.winners[..] {
                        [only] => *only,
                        _ => None,
                    };
                    tell(Decision { environment, protected, agent: standing.agent, word, reason, winner });
                }
            }
        }
    }

    /// What may decide at each agent.
    fn standings(&self, project: &'w Project) -> Vec<Standing<'w>> {
        let settings = self.index.settings();
        let mut claimed = self.index.all_candidates(project);
        claimed.sort_by_key(|(agent, rank, _)| (*agent, *rank));
        let mut standings: Vec<Standing<'w>> = claimed
            .chunk_by(|one, other| one.0 == other.0)
            .filter_map(|of_agent| {
                let agent = of_agent.first()?.0;
                let sure = |ranked: &Ranked<'w, '_>| {
                    *ranked.authorization == Authorization::Kept && is_usable(ranked.candidate, settings) == Some(true)
                };
                let ranked = of_agent.iter().map(|(_, _, ranked)| ranked);
                let first = ranked.clone().find(|ranked| certain_drop(ranked, settings).is_none());
                let winners = match first {
                    Some(first) if sure(first) => vec![Some(first.candidate)],
                    _ => {
                        let ranked: Vec<Ranked<'w, '_>> = ranked.copied().collect();
                        winners(&ranked, settings).into_iter().map(|(_, winner)| winner).collect()
                    }
                };
                Some(Standing { agent, is_refused: false, winners })
            })
            .collect();
        let refused = self.index.refused_agents();
        if refused.len() > 0 {
            let refused = refused.map(|agent| Standing { agent, is_refused: true, winners: Vec::new() });
            standings.extend(refused);
            standings.sort_by_key(|standing| standing.agent);
        }
        standings
    }

    /// What the patterns of winners say, by each matcher.
    fn verdicts<'a>(
        &self,
        winners: impl Iterator<Item = &'a Option<Candidate<'w>>>,
        environment: Option<Name<'_>>,
        kept: &mut Kept,
        verdicts: &mut Vec<[Verdict; 2]>,
    ) where
        'w: 'a,
    {
        let passes = Verdict { passes: true, ..Verdict::default() };
        let Some(environment) = environment else {
            verdicts.extend(winners.map(|_| [passes; 2]));
            return;
        };
        if kept.count >= MOST_KEPT {
            *kept = Kept::default();
        }
        if !kept.verdicts.contains_key(environment.name) {
            kept.verdicts.insert(environment.name.into(), HashMap::new());
        }
        let Some(known) = kept.verdicts.get_mut(environment.name) else { return };
        let before = known.len();
        verdicts.extend(winners.map(|winner| {
            let entry = winner.and_then(|winner| winner.entry).filter(|entry| !entry.environments.is_empty());
            let patterns = entry.and_then(|entry| self.patterns.get(&address(entry)));
            let Some(patterns) = patterns else { return [passes; 2] };
            *known.entry(std::ptr::from_ref(patterns).addr()).or_insert_with(|| {
                [0, 1].map(|at| patterns.get(at).map(|patterns| compare(patterns, environment)).unwrap_or_default())
            })
        }));
        kept.count += 1 + known.len() - before;
    }

    /// Whether a pattern of some agent fails the request for all of them under the old matcher: for certain, or perhaps.
    fn raised(&self, standings: &[Standing<'w>], verdicts: &[[Verdict; 2]]) -> Option<bool> {
        if !self.matchers.contains(&EnvironmentMatcher::Old) {
            return None;
        }
        let mut raised = None;
        let mut left = verdicts;
        for standing in standings {
            let verdicts;
            (verdicts, left) = left.split_at(left.len().min(standing.winners.len()));
            for [old, _] in verdicts.iter().filter(|[old, _]| old.raises) {
                let is_sure = verdicts.len() == 1 && !old.passes;
                raised = Some(is_sure || raised == Some(true));
            }
        }
        raised
    }

    fn word(
        &self,
        standing: &Standing<'w>,
        verdicts: &[[Verdict; 2]],
        job: (Option<&str>, bool),
        raised: Option<bool>,
    ) -> (Word, Option<&'static str>) {
        if standing.is_refused {
            return (Word::Unknown, Some("file_refused"));
        }
        let by_matcher = |matcher: EnvironmentMatcher| {
            let at = usize::from(matcher == EnvironmentMatcher::New);
            let of_winners =
                standing.winners.iter().zip(verdicts).map(|(winner, verdicts)| {
                    self.outcomes(*winner, verdicts.get(at).copied().unwrap_or_default(), job)
                });
            let all = of_winners.reduce(Outcomes::and).unwrap_or(Outcomes::denied("no_entry"));
            match raised.filter(|_| matcher == EnvironmentMatcher::Old && all.allows) {
                None => all,
                Some(true) => Outcomes { allows: false, denies: true, denial: all.denial.or(Some("request_fails")) },
                Some(false) => Outcomes { allows: true, denies: true, denial: None },
            }
        };
        let reason = |of: Outcomes| match of.word() {
            Word::Allowed => None,
            Word::Denied => of.denial,
            Word::Unknown => Some("not_known"),
        };
        match self.matchers[..] {
            [only] => {
                let only = by_matcher(only);
                (only.word(), reason(only))
            }
            _ => {
                let (old, new) = (by_matcher(EnvironmentMatcher::Old), by_matcher(EnvironmentMatcher::New));
                match old.word() == new.word() {
                    true => (old.word(), reason(new).or(reason(old))),
                    false => (Word::Unknown, Some("matcher_not_known")),
                }
            }
        }
    }

    /// What comes of the filters behind the choice.
    fn outcomes(
        &self,
        winner: Option<Candidate<'w>>,
        verdict: Verdict,
        (environment, protected): (Option<&str>, bool),
    ) -> Outcomes {
        let Some(winner) = winner else { return Outcomes::denied("no_entry") };
        let Some(entry) = winner.entry else { return Outcomes::ALLOWED };
        if !entry.environments.is_empty() && environment.is_none() {
            return Outcomes::denied("no_environment");
        }
        let mut all = Outcomes::default();
        if verdict.passes {
            let is_flagged = self.index.settings().version < PROTECTED_WITHOUT_FLAG;
            all = all.and(match entry.is_protected_only() && !protected {
                false => Outcomes::ALLOWED,
                true if is_flagged => Outcomes::UNKNOWN,
                true => Outcomes::denied("not_protected"),
            });
        }
        if verdict.raises {
            all = all.and(Outcomes::denied("pattern_raises"));
        }
        if verdict.differs {
            all = all.and(Outcomes::denied("other_environment"));
        }
        all
    }
}

fn address(entry: &CiEntry) -> usize {
    std::ptr::from_ref(entry).addr()
}

/// Compares patterns one after the other, until one decides.
fn compare(patterns: &[PortablePattern<'_>], environment: Name<'_>) -> Verdict {
    let mut is_open = false;
    for pattern in patterns {
        match pattern.compare(environment.name) {
            Said::Raises => return Verdict { passes: is_open, differs: false, raises: true },
            _ if !environment.is_comparable => is_open = true,
            Said::Differs => {}
            Said::Unknown => is_open = true,
            Said::Matches => return Verdict { passes: true, differs: false, raises: false },
        }
    }
    Verdict { passes: is_open, differs: true, raises: false }
}
