//! What a deployment gives its environment of the agent that the job names, `environment:kubernetes:agent`.

use super::condition::conditions_for_users;
use super::entry::{candidate, user_entry_name};
use super::reason::{dropped, unmade, user_denial};
use super::{list_and, printable};
use crate::access::{
    AgentId, Authorization, Candidate, Certainly, Condition, Dashboard, Index, UserGrant, restrictions_that_do_not_bind,
};
use crate::agent_config::EntryKind;
use crate::ci::Environment;
use crate::gitlab::releases::ENVIRONMENT_AGENT;

/// An answer with its reason, fit to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What holds; `None` where that is not known.
    pub holds: Option<Certainly>,
    /// Why, as a clause; behind [`Certainly::Depends`] one that begins with "if".
    pub why: String,
}

impl Told {
    fn new(holds: impl Into<Option<Certainly>>, why: impl Into<String>) -> Self {
        Self { holds: holds.into(), why: why.into() }
    }

    fn refused() -> Self {
        Self::new(None, "GitLab refuses the agent's file, so what is in force is not known")
    }

    fn no_project() -> Self {
        Self::new(None, "who gets in is not known")
    }
}

impl Told {
    /// The answer with its reason: "yes, …", "no, …", "if …".
    #[must_use]
    pub fn in_words(&self) -> String {
        certainly(self.holds, &self.why)
    }
}

/// An answer with its reason: "yes, …", "no, …", "if …".
#[must_use]
pub fn certainly(holds: Option<Certainly>, why: &str) -> String {
    match holds {
        Some(Certainly::Yes) => format!("yes, {why}"),
        Some(Certainly::No) => format!("no, {why}"),
        Some(Certainly::Depends) => why.to_owned(),
        None => format!("not known, {why}"),
    }
}

/// Whether the environment gets the agent's dashboard from a job of a project; `None` for a project that is not known, or not listed.
#[must_use]
pub fn dashboard(index: &Index<'_>, agent: AgentId, environment: &Environment, project: Option<&str>) -> Told {
    if index.settings().version < ENVIRONMENT_AGENT {
        return Told::new(Certainly::No, format!("GitLab before {ENVIRONMENT_AGENT} takes no agent there"));
    }
    if !environment.is_started() {
        return Told::new(Certainly::No, "only a job that starts the environment gives it one");
    }
    match (index.dashboard(agent, project.unwrap_or_default()), project.map(printable)) {
        (Dashboard::Unknown(_), _) => Told::refused(),
        (Dashboard::Nobody(denial), _) => Told::new(Certainly::No, user_denial(denial)),
        (_, None) => Told::no_project(),
        (Dashboard::NotNamed(left_out), Some(project)) if left_out.is_empty() => {
            Told::new(Certainly::No, format!("`user_access` lists neither {project} nor a group above it"))
        }
        (Dashboard::NotNamed(left_out), Some(project)) => {
            let reason =
                |(grant, reason): &(UserGrant<'_>, _)| format!("{} {}", user_entry_name(grant), dropped(reason));
            let reasons = left_out.iter().map(reason).collect::<Vec<_>>().join("; ");
            let none = format!("no entry of `user_access` counts for {project} or a group above it");
            Told::new(Certainly::No, format!("{none}: {reasons}"))
        }
        (Dashboard::Named { grants, conditions }, Some(_)) => named(&grants, &conditions),
    }
}

/// By the entry that lets in most of those who may run the job: the project's own, else that of the innermost group, which counts members of the groups
/// above as well.
fn named(grants: &[UserGrant<'_>], conditions: &[Condition]) -> Told {
    let kept = grants.iter().find(|grant| grant.authorization == Authorization::Kept);
    let Some(grant) = kept.or(grants.first()) else { return Told::no_project() };
    let mut all = conditions.to_vec();
    if let Authorization::Depends(needs) = &grant.authorization {
        all.extend(needs.iter().map(|(unknown, _)| Condition { unknown: unknown.clone(), holds: true }));
    }
    let name = user_entry_name(grant);
    let mut clauses = Vec::new();
    if grant.entry.kind != EntryKind::Project {
        let or_above = if name.contains('/') { ", or of one above it," } else { "" };
        clauses.push(format!(
            "whoever runs the job is a direct member of {name}{or_above} with at least the role Developer"
        ));
    }
    clauses.extend(Some(conditions_for_users(&all)).filter(|clause| !clause.is_empty()));
    match clauses.is_empty() {
        true => Told::new(Certainly::Yes, format!("`user_access` lets in Developers and above of {name}")),
        false => Told::new(Certainly::Depends, format!("if {}", clauses.join(" and "))),
    }
}

/// Whether GitLab makes managed resources for the environment of a job; `None` for a project that is not known, or not listed.
#[must_use]
pub fn managed_resources(index: &Index<'_>, agent: AgentId, environment: &Environment, project: Option<&str>) -> Told {
    let written = environment.kubernetes.as_ref().and_then(|kubernetes| kubernetes.managed_resources.as_ref());
    if written.is_some_and(|(enabled, _)| !enabled) {
        return Told::new(Certainly::No, "the job turns them off");
    }
    if !environment.is_started() {
        return Told::new(Certainly::No, "only a job that starts the environment has them made");
    }
    let Some(project) = project else { return Told::no_project() };
    let answer = index.managed_resources(agent, project);
    let made = || answer.cases.iter().filter(|case| case.unmade.is_none());
    let by = || made().find_map(|case| case.winner).map(|winner| turned_on_by(&winner)).unwrap_or_default();
    match answer.are_made() {
        None => Told::refused(),
        Some(Certainly::No) => {
            let told = answer.cases.iter().find(|case| case.winner.is_some()).or(answer.cases.first());
            Told::new(Certainly::No, told.and_then(|case| case.unmade).map(unmade).unwrap_or_default())
        }
        Some(Certainly::Yes) => Told::new(Certainly::Yes, by()),
        Some(Certainly::Depends) => {
            let clauses = made().map(|case| format!("if {}", conditions_for_users(&case.conditions)));
            Told::new(Certainly::Depends, format!("{}: {}", clauses.collect::<Vec<_>>().join(", or "), by()))
        }
    }
}

/// "the entry for the project itself turns them on for any ref and environment, which its `environments` does not bind".
fn turned_on_by(winner: &Candidate<'_>) -> String {
    let keys = winner.entry.map(restrictions_that_do_not_bind).unwrap_or_default();
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    let unbound = match &keys[..] {
        [] => String::new(),
        [key] => format!("; {key} does not bind them"),
        keys => format!("; {} do not bind them", list_and(keys)),
    };
    format!("{} turns them on for any ref and environment{unbound}", candidate(winner))
}
