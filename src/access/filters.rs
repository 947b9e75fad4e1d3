//! The filters behind the choice: the environment of the job, and the protection of its ref.
//!
//! Source: `app/services/clusters/agents/authorizations/ci_access/filter_service.rb`. They look at the winning entry only;
//! an entry that they refuse does not give way to a less specific one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::answer::JobEnvironment;
use super::condition::{Condition, Unknown};
use super::environment_pattern::{EnvironmentMatcher, Fault, NewPattern, OldPattern, PartialVerdict, is_expression};
use super::pattern_index::PatternIndex;
use crate::agent_config::Spanned;
use crate::gitlab::Version;
use crate::gitlab::releases::{PROTECTED_MERGE_REQUESTS, PROTECTED_WITHOUT_FLAG};

/// What a filter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Passage<'w> {
    Passes,
    NoEnvironment,
    OtherEnvironment,
    Raises(&'w Spanned<String>, Fault),
    NotProtected,
}

/// One outcome of a filter with what it hangs on.
pub(super) type Case<'w> = (Vec<Condition>, Passage<'w>);

/// The environment filter. A job without an environment passes no entry that has patterns.
///
/// Where the release may have either matcher and the two come to different outcomes, there are those of both.
pub(super) fn environment<'w>(
    listed: &'w [Spanned<String>],
    environment: Option<JobEnvironment<'_>>,
    matcher: EnvironmentMatcher,
    patterns: &Patterns,
) -> Vec<Case<'w>> {
    if listed.is_empty() {
        return vec![(Vec::new(), Passage::Passes)];
    }
    let Some(environment) = environment else { return vec![(Vec::new(), Passage::NoEnvironment)] };
    let by_old = |pattern: &str| patterns.by_old(pattern, environment);
    let by_new = |pattern: &str| patterns.by_new(pattern, environment);
    let listed = &patterns.candidates(listed, environment);
    match matcher {
        EnvironmentMatcher::Old => passages(listed, environment, &by_old),
        EnvironmentMatcher::New => passages(listed, environment, &by_new),
        EnvironmentMatcher::Either => {
            let (old, new) = (passages(listed, environment, &by_old), passages(listed, environment, &by_new));
            if old == new {
                return old;
            }
            let with = |holds: bool| {
                move |(mut conditions, passage): Case<'w>| {
                    conditions.insert(0, Condition { unknown: Unknown::NewMatcher, holds });
                    (conditions, passage)
                }
            };
            new.into_iter().map(with(true)).chain(old.into_iter().map(with(false))).collect()
        }
    }
}

/// The outcomes of comparing patterns one after the other, until one decides.
fn passages<'w>(
    listed: &[&'w Spanned<String>],
    environment: JobEnvironment<'_>,
    compare: &dyn Fn(&str) -> PartialVerdict,
) -> Vec<Case<'w>> {
    // What the answer hangs on, if it does: the first pattern of which it cannot be told whether it matches.
    let mut open = None;
    let mut rest = Passage::OtherEnvironment;
    for &pattern in listed {
        match compare(&pattern.value) {
            PartialVerdict::Never => {}
            PartialVerdict::Unknown(_) => {
                open.get_or_insert_with(|| Unknown::PatternMatches(pattern.value.as_str().into()));
            }
            PartialVerdict::Depends => {
                open.get_or_insert_with(|| Unknown::EnvironmentMatches(environment.to_string().into()));
            }
            PartialVerdict::Always => {
                rest = Passage::Passes;
                break;
            }
            PartialVerdict::Raises(fault) => {
                rest = Passage::Raises(pattern, fault);
                break;
            }
        }
    }
    match open {
        Some(unknown) if rest != Passage::Passes => {
            vec![
                (vec![Condition { unknown: unknown.clone(), holds: true }], Passage::Passes),
                (vec![Condition { unknown, holds: false }], rest),
            ]
        }
        _ => vec![(Vec::new(), rest)],
    }
}

/// The feature flag that `protected_branches_only` waited for at first, off by default. Source: gitlab!156626.
pub const PROTECTED_REFS_FLAG: &str = "kubernetes_agent_protected_branches";

const PROTECTED_FLAG: Unknown = Unknown::FeatureFlag(PROTECTED_REFS_FLAG);

/// The filter for protected refs; with what must hold for each outcome.
pub(super) fn protection(
    protected_only: bool,
    (protected, is_merge_request): (Option<bool>, bool),
    version: Version,
) -> Vec<(Vec<Condition>, Passage<'static>)> {
    if !protected_only {
        return vec![(Vec::new(), Passage::Passes)];
    }
    let flag = |holds: bool| Condition { unknown: PROTECTED_FLAG, holds };
    let is_flagged = version < PROTECTED_WITHOUT_FLAG;
    let with_flag: Vec<Condition> = if is_flagged { vec![flag(true)] } else { Vec::new() };
    let protected_ref = |holds: bool| {
        let mut conditions = with_flag.clone();
        let hangs_on_more = is_merge_request && version >= PROTECTED_MERGE_REQUESTS;
        let unknown = if hangs_on_more { Unknown::ProtectedMergeRequest } else { Unknown::ProtectedRef };
        conditions.push(Condition { unknown, holds });
        conditions
    };
    let mut cases = match protected {
        Some(true) => return vec![(Vec::new(), Passage::Passes)],
        Some(false) => vec![(with_flag.clone(), Passage::NotProtected)],
        None => vec![(protected_ref(true), Passage::Passes), (protected_ref(false), Passage::NotProtected)],
    };
    if is_flagged {
        cases.push((vec![flag(false)], Passage::Passes));
    }
    cases
}

/// Compares patterns, and keeps those that have to be compiled.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    compiled: Mutex<HashMap<Box<str>, Arc<OldPattern<'static>>>>,
    /// By the place of the list in memory, which stays while the index does.
    indexes: Mutex<HashMap<(usize, usize), Arc<PatternIndex>>>,
}

/// How many compiled patterns are kept; an honest world has a handful.
const MAX_COMPILED: usize = 1_000;

impl Patterns {
    /// The patterns that may match, in their order.
    fn candidates<'w>(
        &self,
        listed: &'w [Spanned<String>],
        environment: JobEnvironment<'_>,
    ) -> Vec<&'w Spanned<String>> {
        if !PatternIndex::is_worth(listed.len()) {
            return listed.iter().collect();
        }
        let key = (listed.as_ptr().addr(), listed.len());
        let mut all = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        let index = Arc::clone(
            all.entry(key).or_insert_with(|| Arc::new(PatternIndex::of(listed.iter().map(|pattern| &*pattern.value)))),
        );
        drop(all);
        let candidates = match environment {
            JobEnvironment::Whole(name) => index.candidates(name),
            JobEnvironment::Partly(name) => index.candidates_partial(name),
        };
        candidates.into_iter().filter_map(|at| listed.get(at)).collect()
    }

    fn by_new(&self, pattern: &str, environment: JobEnvironment<'_>) -> PartialVerdict {
        let pattern = NewPattern::new(pattern);
        match environment {
            JobEnvironment::Whole(name) => pattern.matches(name).into(),
            JobEnvironment::Partly(name) => pattern.compare_partial(name),
        }
    }

    fn by_old(&self, pattern: &str, environment: JobEnvironment<'_>) -> PartialVerdict {
        let compare = |pattern: &OldPattern<'_>| match environment {
            JobEnvironment::Whole(name) => pattern.compare(name).into(),
            JobEnvironment::Partly(name) => pattern.compare_partial(name),
        };
        if !is_expression(pattern) {
            return compare(&OldPattern::new(pattern));
        }
        // A panic elsewhere leaves the map as good as it was.
        let known = self.compiled.lock().unwrap_or_else(PoisonError::into_inner).get(pattern).cloned();
        let compiled = known.unwrap_or_else(|| {
            let compiled = Arc::new(OldPattern::of_expression(pattern));
            let mut all = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
            if all.len() < MAX_COMPILED {
                all.insert(pattern.into(), Arc::clone(&compiled));
            }
            compiled
        });
        compare(&compiled)
    }
}
