//! What an answer hangs on, as clauses that fit behind "if".

use super::printable;
use crate::access::{Condition, Unknown};
use crate::gitlab::releases::{NEW_MATCHER, OLD_MATCHER_LAST};

/// The clause of a condition.
#[must_use]
pub fn condition(condition: &Condition) -> String {
    let choose = |yes: &'static str, no: &'static str| if condition.holds { yes } else { no };
    match &condition.unknown {
        Unknown::PaidTier => {
            choose("the job's project has Premium or Ultimate", "the job's project is on Free").to_owned()
        }
        Unknown::ProtectedRef => choose("the ref is protected", "the ref is not protected").to_owned(),
        Unknown::ProtectedMergeRequest => match condition.holds {
            true => "the merge request pipeline is protected: the project protects those, source and target are protected branches of it, and the user who started it may push or merge to both".to_owned(),
            false => "the merge request pipeline is not protected: the project does not protect those, a branch is not protected or lies in a fork, or the user who started it may not push or merge to both".to_owned(),
        },
        Unknown::InstanceAuthorization => {
            format!("the instance setting \"Enable instance level authorization\" is {}", choose("on", "off"))
        }
        Unknown::Group(path) => format!("`{path}` is {}", choose("a group", "a user")),
        Unknown::InHierarchy(id) => {
            format!("`{id}` {} in the hierarchy of the configuration project", choose("lies", "does not lie"))
        }
        Unknown::OwnProject => {
            format!("the job's project {} the configuration project", choose("is", "is not"))
        }
        Unknown::NewMatcher => match condition.holds {
            true => format!("GitLab compares environment patterns with the whole name, as it does from {NEW_MATCHER}"),
            false => {
                format!(
                    "GitLab looks for environment patterns anywhere in the name, as it did up to {OLD_MATCHER_LAST}"
                )
            }
        },
        Unknown::PatternMatches(pattern) => {
            let matches = choose("matches", "does not match");
            format!("`{pattern}`, which only Ruby can judge, {matches} the environment")
        }
        Unknown::EnvironmentMatches(name) => {
            let is = choose("is one that the entry lists", "is none that the entry lists");
            format!("the environment `{name}` {is}")
        }
        Unknown::FeatureFlag(name) => format!("the feature flag `{name}` is {}", choose("on", "off")),
        Unknown::RequestFails => choose(
            "the request for the job's agents fails at another agent's pattern",
            "the request for the job's agents does not fail at another agent's pattern",
        )
        .to_owned(),
    }
}

/// The clause for `user_access`, where there is no job.
#[must_use]
pub fn condition_for_users(condition: &Condition) -> String {
    match (&condition.unknown, condition.holds) {
        (Unknown::PaidTier, true) => "the licence is Premium or Ultimate".to_owned(),
        (Unknown::PaidTier, false) => "the licence is Free".to_owned(),
        _ => self::condition(condition),
    }
}

/// Conditions as one clause, fit to be shown; empty for none.
#[must_use]
pub fn conditions(conditions: &[Condition]) -> String {
    all(conditions.iter().map(condition))
}

/// The same for `user_access`, where there is no job.
#[must_use]
pub fn conditions_for_users(conditions: &[Condition]) -> String {
    all(conditions.iter().map(condition_for_users))
}

/// What must hold for entries to count, in words that fit all entries of which it must, fit to be shown.
#[must_use]
pub fn conditions_of_entries(unknowns: &[Unknown]) -> String {
    all(unknowns.iter().map(|unknown| match unknown {
        Unknown::InHierarchy(_) => "what it names lies in the hierarchy of the configuration project".to_owned(),
        unknown => condition(&Condition { unknown: unknown.clone(), holds: true }),
    }))
}

/// Conditions as one clause in words that fit all jobs of which they must hold, fit to be shown.
#[must_use]
pub fn conditions_of_jobs(conditions: &[Condition]) -> String {
    all(conditions.iter().map(|condition| match (&condition.unknown, condition.holds) {
        (Unknown::EnvironmentMatches(_), true) => {
            "the environment's name, of which a part hangs on variables, is one that the entry lists".to_owned()
        }
        (Unknown::EnvironmentMatches(_), false) => {
            "the environment's name, of which a part hangs on variables, is none that the entry lists".to_owned()
        }
        _ => self::condition(condition),
    }))
}

/// The same in words that also fit all projects of which they must hold, fit to be shown.
#[must_use]
pub fn conditions_of_projects(conditions: &[Condition]) -> String {
    all(conditions.iter().map(|condition| match (&condition.unknown, condition.holds) {
        (Unknown::InHierarchy(_), true) => "it lies in the hierarchy of the configuration project".to_owned(),
        (Unknown::EnvironmentMatches(_), _) => conditions_of_jobs(std::slice::from_ref(condition)),
        _ => self::condition(condition),
    }))
}

fn all(clauses: impl Iterator<Item = String>) -> String {
    clauses.map(|clause| printable(&clause)).collect::<Vec<_>>().join(" and ")
}
