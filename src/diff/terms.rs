//! What one side grants to the jobs of a part of the projects.

use std::collections::HashMap;

use super::cases::{Facts, hold};
use super::change::{Cause, Failing, PatternList, Who};
use super::standing::Found;
use crate::access::names::NamePattern;
use crate::access::{Agent, AgentId, Candidate, Condition, Index, PROTECTED_REFS_FLAG, Unknown, managed_resources_of};
use crate::agent_config::{AccessAs, CiEntry, Impersonation, Mode};
use crate::gitlab::lower_path;
use crate::gitlab::releases::{NAMESPACE_IN_KUBECONFIG, PROTECTED_WITHOUT_FLAG};

/// The environments of the jobs that are let in on some refs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Allowed {
    /// Whether jobs without an environment are.
    pub without: bool,
    /// A name has to be met by each of these lists; none for every name.
    pub lists: Vec<PatternList>,
}

/// What one side grants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Terms {
    /// On protected refs.
    pub protected: Option<Allowed>,
    /// On others.
    pub unprotected: Option<Allowed>,
    /// As whom.
    pub who: Who,
    /// The default namespace.
    pub namespace: Option<String>,
    /// Whether resources are managed, whatever the environment and the ref.
    pub managed: bool,
    /// What decides.
    pub cause: Option<Cause>,
    /// Why requests fail, if some do.
    pub fails: Option<Failing>,
}

/// What decides under some conditions.
type Leaf<'w> = (Vec<Condition>, Option<Candidate<'w>>);

/// What decides about a part of the projects, on one side.
pub(super) struct Deciding<'w> {
    index: &'w Index<'w>,
    agent: AgentId,
    leaves: Vec<Leaf<'w>>,
    /// What decides at other agents, whose patterns may fail the request.
    others: Vec<(&'w Index<'w>, AgentId, Vec<Leaf<'w>>)>,
}

impl<'w> Deciding<'w> {
    /// What decides about the projects for which this path stands; `raising` are agents of the side with patterns that raise.
    pub fn of(found: &Found<'w>, raising: &[Found<'w>], path: &str) -> Option<Self> {
        let (index, agent) = found.agent()?;
        let other = |other: &Found<'w>| {
            let (index, id) = other.agent().filter(|(of, id)| !(std::ptr::eq(*of, index) && *id == agent))?;
            Some((index, id, leaves(other, path)))
        };
        Some(Self { index, agent, leaves: leaves(found, path), others: raising.iter().filter_map(other).collect() })
    }

    /// The facts that it hangs on.
    pub fn add_facts(&self, facts: &mut Facts) {
        let of_others = self.others.iter().flat_map(|(_, _, leaves)| leaves);
        for (conditions, winner) in self.leaves.iter().chain(of_others) {
            facts.add(conditions);
            let Some(entry) = winner.and_then(|winner| winner.entry) else { continue };
            if entry.is_protected_only() && self.index.settings().version < PROTECTED_WITHOUT_FLAG {
                facts.add(&[PROTECTED_FLAG_ON]);
            }
            facts.add(managed_resources_of(entry, self.index.settings(), &[]).iter().flatten());
        }
    }

    /// What it comes to where facts are settled; `None` where nobody is let in.
    pub fn terms(&self, settled: &[Condition], is_new: bool) -> Option<Terms> {
        let winner = decided(&self.leaves, settled)?;
        let agent = self.index.agent(self.agent);
        let version = self.index.settings().version;
        let mut guards = Vec::new();
        let mut fails = None;
        for (index, id, leaves) in &self.others {
            let entry = decided(leaves, settled).and_then(|winner| winner.entry);
            if let Some((list, fault)) = entry.and_then(|entry| cut(entry, is_new)) {
                fails.get_or_insert_with(|| failing(index.agent(*id), fault));
                guards.push(list);
            }
        }
        let implicit = CAUSE_IMPLICIT;
        let Some(entry) = winner.entry else {
            let allowed = Some(Allowed { without: true, lists: guards });
            let (protected, unprotected) = (allowed.clone(), allowed);
            let (who, namespace, managed, cause) = (Who::Agent, None, false, Some(implicit));
            return Some(Terms { protected, unprotected, who, namespace, managed, cause, fails });
        };
        let allowed = if entry.environments.is_empty() {
            Allowed { without: true, lists: guards }
        } else {
            let list = match cut(entry, is_new) {
                Some((list, fault)) => {
                    fails.get_or_insert_with(|| failing(agent, fault));
                    list
                }
                None => pattern_list(entry.environments.iter().map(|pattern| &*pattern.value), is_new),
            };
            guards.insert(0, list);
            Allowed { without: false, lists: guards }
        };
        let allowed = Allowed { lists: without_twins(allowed.lists), ..allowed };
        let is_bound = version >= PROTECTED_WITHOUT_FLAG || settled.contains(&PROTECTED_FLAG_ON);
        let is_shut = entry.is_protected_only() && is_bound;
        let managed = managed_resources_of(entry, self.index.settings(), &[]);
        Some(Terms {
            unprotected: (!is_shut).then(|| allowed.clone()),
            protected: Some(allowed),
            who: who(entry),
            namespace: entry
                .default_namespace
                .as_ref()
                .filter(|_| version >= NAMESPACE_IN_KUBECONFIG)
                .map(|namespace| namespace.value.clone()),
            managed: managed.is_some_and(|needs| hold(&needs, settled)),
            cause: Some(cause(agent, entry)),
            fails,
        })
    }
}

const PROTECTED_FLAG_ON: Condition = Condition { unknown: Unknown::FeatureFlag(PROTECTED_REFS_FLAG), holds: true };

const CAUSE_IMPLICIT: Cause = Cause { entry: None, path: None, line: None, is_restricted: false };

fn leaves<'w>(found: &Found<'w>, path: &str) -> Vec<Leaf<'w>> {
    match *found {
        Found::In(index, id) => index.authorized(id, path),
        Found::Bare(index, id) => {
            let is_own = index.agent(id).project.map(|project| lower_path(project) == lower_path(path));
            let own = |holds| Condition { unknown: Unknown::OwnProject, holds };
            match is_own {
                Some(true) => vec![(Vec::new(), Some(Candidate::IMPLICIT))],
                Some(false) => vec![(Vec::new(), None)],
                None => vec![(vec![own(true)], Some(Candidate::IMPLICIT)), (vec![own(false)], None)],
            }
        }
        Found::Absent | Found::Unknown => Vec::new(),
    }
}

fn decided<'w>(leaves: &[Leaf<'w>], settled: &[Condition]) -> Option<Candidate<'w>> {
    leaves.iter().find(|(conditions, _)| hold(conditions, settled)).and_then(|(_, winner)| *winner)
}

/// The patterns of a list up to the first that raises, and that one; `None` where none does.
fn cut(entry: &CiEntry, is_new: bool) -> Option<(PatternList, &crate::agent_config::Spanned<String>)> {
    if is_new {
        return None;
    }
    let raises = |text: &str| NamePattern::new(text, false).fault().is_some();
    let at = entry.environments.iter().position(|pattern| raises(&pattern.value))?;
    let before = entry.environments.iter().take(at).map(|pattern| &*pattern.value);
    Some((pattern_list(before, false), entry.environments.get(at)?))
}

/// Patterns in order, each once; those that meet no name for want of a character are left out.
fn pattern_list<'p>(texts: impl Iterator<Item = &'p str>, is_new: bool) -> PatternList {
    let mut patterns: Vec<NamePattern> =
        texts.filter(|text| !text.trim().is_empty()).map(|text| NamePattern::new(text, is_new)).collect();
    patterns.sort();
    patterns.dedup();
    // Without a star the matchers agree, and what is the same is told once.
    let is_new = patterns.iter().any(NamePattern::is_new);
    PatternList { patterns, is_new }
}

/// Lists without those that are there already.
fn without_twins(lists: Vec<PatternList>) -> Vec<PatternList> {
    let mut kept: Vec<PatternList> = Vec::with_capacity(lists.len());
    for list in lists {
        if kept.iter().all(|known| known.patterns != list.patterns) {
            kept.push(list);
        }
    }
    kept
}

fn failing(agent: &Agent<'_>, pattern: &crate::agent_config::Spanned<String>) -> Failing {
    Failing {
        context: agent.context(),
        pattern: pattern.value.clone(),
        path: agent.file.map(|file| file.path.to_owned()).unwrap_or_default(),
        line: agent.line(pattern.span),
    }
}

fn cause(agent: &Agent<'_>, entry: &CiEntry) -> Cause {
    Cause {
        entry: Some(entry.route()),
        path: agent.file.map(|file| file.path.to_owned()),
        line: agent.line(entry.head),
        is_restricted: !entry.environments.is_empty() || entry.is_protected_only(),
    }
}

/// As whom the jobs of an entry act.
pub fn who(entry: &CiEntry) -> Who {
    match AccessAs::identity(entry.access_as.as_ref()) {
        (Mode::Agent | Mode::User, _) => Who::Agent,
        (Mode::CiJob, _) => Who::CiJob,
        (Mode::Impersonate, user) => fixed(user),
    }
}

fn fixed(user: Option<&Impersonation>) -> Who {
    let Some(Impersonation { username, groups, uid, extra }) = user else {
        return Who::Fixed { username: None, groups: Vec::new(), uid: None, extra: Vec::new() };
    };
    let sorted = |mut texts: Vec<String>| {
        texts.sort();
        texts.dedup();
        texts
    };
    let mut by_key: HashMap<&str, Vec<String>> = HashMap::new();
    for (key, values) in extra {
        by_key.entry(&key.value).or_default().extend(values.iter().map(|value| (**value).to_owned()));
    }
    let mut extra: Vec<(String, Vec<String>)> =
        by_key.into_iter().map(|(key, values)| (key.to_owned(), sorted(values))).collect();
    extra.sort();
    Who::Fixed {
        username: username.as_ref().map(|name| name.value.clone()),
        groups: sorted(groups.iter().map(|group| group.value.clone()).collect()),
        uid: uid.as_ref().map(|uid| uid.value.clone()),
        extra,
    }
}
