//! Violations in words.

use super::globs::Globs;
use super::hold::{Broken, Holding, Outcome, Shown, Violation};
use super::search::Untold;
use super::statement::{People, Policy, Required};
use crate::access::{Agent, Index};
use crate::agent_config::Mode;
use crate::diff::{Cause, Member, State, Who};
use crate::schema::listed;
use crate::source::Place;
use crate::words::{conditions, conditions_for_users, cut, excerpt, mode};

/// How many patterns of a policy are named.
const MOST: usize = 3;

impl Violation {
    /// What is told of it, as a clause: what lets in, the policy, who shows it, and on what that hangs.
    #[must_use]
    pub fn message(&self, policy: &Policy, agent: &Agent<'_>) -> String {
        let what = what_lets_in(self.cause.as_ref(), agent);
        let name = excerpt(&policy.name);
        let context = excerpt(&agent.context());
        match &self.outcome {
            Outcome::Broken { broken: _, shown, who, conditions: needs } => {
                let (who_gets, needs) = match shown {
                    Shown::Member(member) => (people(member, &context, who), conditions_for_users(needs)),
                    Shown::Job { .. } => (job(shown, &context, who), conditions(needs)),
                };
                let needs = if needs.is_empty() { String::new() } else { format!(", if {needs}") };
                format!("{what} breaks the policy {name}: {who_gets}{needs}")
            }
            Outcome::NotProved(untold) => {
                let why = match untold {
                    Untold::Expression(pattern) => format!("only Ruby can tell what {} matches", excerpt(pattern)),
                    Untold::Budget => "there are too many possibilities to rule out".to_owned(),
                    Untold::Facts => "it hangs on too much that is not known".to_owned(),
                };
                format!("{what} may break the policy {name}, and it is not proved that it does not: {why}")
            }
        }
    }

    /// What to do.
    #[must_use]
    pub fn help(&self, policy: &Policy) -> String {
        let is_own = self.cause.as_ref().is_some_and(|cause| cause.entry.is_none());
        match &self.outcome {
            Outcome::Broken { broken, shown, .. } => {
                let asked = asked(*broken, policy);
                let more = match shown {
                    _ if is_own => {
                        ". The configuration project's own jobs get in by no entry; one for it under `projects`, with restrictions, replaces that"
                    }
                    Shown::Job { managed: true, .. } => {
                        ". Neither `environments` nor `protected_branches_only` of the entry bind managed resources"
                    }
                    Shown::Job { .. } if asks_tier(policy, *broken) => {
                        ". The tier is the one that the inventory knows, else guessed from the name, and a job may set another (`deployment_tier`)"
                    }
                    _ => "",
                };
                format!("{asked}{more}")
            }
            Outcome::NotProved(Untold::Expression(_)) => "write a simpler pattern".to_owned(),
            Outcome::NotProved(Untold::Budget) => "write fewer patterns with `*`".to_owned(),
            Outcome::NotProved(Untold::Facts) => {
                "say more of the instance: the release, the licence, an inventory".to_owned()
            }
        }
    }

    /// What tells it apart from others, whatever the position of its entry: for comparing two states that are held to the same policies.
    #[must_use]
    pub fn key(&self, policy: &Policy, agent: &Agent<'_>) -> String {
        let broken = match &self.outcome {
            Outcome::Broken { broken, shown, conditions, .. } => {
                let managed = matches!(shown, Shown::Job { managed: true, .. });
                let needs = if conditions.is_empty() { "certainly" } else { "perhaps" };
                format!("{broken:?} {managed} {needs}")
            }
            Outcome::NotProved(_) => "not proved".to_owned(),
        };
        format!("{}\n{}\n{}\n{broken}", policy.name, agent.context(), what_lets_in(self.cause.as_ref(), agent))
    }
}

/// A violation as reports of a whole state tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The policy's name.
    pub policy: String,
    /// What tells it apart from others, in another state as well.
    pub key: String,
    /// What is told, without a full stop.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The agent's file, or the settings file for an agent without one.
    pub path: String,
    /// The line of the entry in it, or of the policy.
    pub line: Option<usize>,
}

/// What all agents of a state break of policies. Of agents whose files GitLab refuses nothing is told: what is in force there is for the caller to
/// know.
#[must_use]
pub fn violations(index: &Index<'_>, policies: &[Policy]) -> Vec<Told> {
    let state = State::of(index);
    let mut holding = Holding::of(&state, policies);
    let mut all = Vec::new();
    for (id, agent) in index.agent_ids().filter(|(_, agent)| !policies.is_empty() && !agent.is_refused()) {
        for violation in holding.agent(id) {
            let Some(policy) = policies.get(violation.policy) else { continue };
            let at_policy = || {
                let Place { source, span } = &policy.place;
                (source.path().to_owned(), Some(source.position(span.start).line))
            };
            let file = agent.file.map(|file| file.path.to_owned());
            let line = violation.cause.as_ref().and_then(|cause| cause.line);
            let (path, line) = file.map_or_else(at_policy, |path| (path, line));
            all.push(Told {
                policy: policy.name.clone(),
                key: violation.key(policy, agent),
                message: violation.message(policy, agent),
                help: violation.help(policy),
                path,
                line,
            });
        }
    }
    all
}

/// "`acme/web`", "`instance`" or "the configuration project".
fn what_lets_in(cause: Option<&Cause>, agent: &Agent<'_>) -> String {
    let Some(cause) = cause else { return format!("the agent {}", excerpt(agent.name)) };
    let Some(route) = &cause.entry else {
        return match agent.project {
            Some(project) => format!("{}, the configuration project,", excerpt(project)),
            None => "the configuration project".to_owned(),
        };
    };
    let file = agent.file;
    let ci = file.and_then(|file| file.ci_access).into_iter().flat_map(|access| access.entries());
    let ci = ci.map(|entry| (entry.route(), entry.id.as_ref()));
    let user = file.and_then(|file| file.user_access).into_iter();
    let user = user
        .flat_map(|access| access.projects.iter().chain(&access.groups))
        .map(|entry| (entry.route(), entry.id.as_ref()));
    let id = ci.chain(user).find(|(known, _)| known == route).and_then(|(_, id)| id);
    id.map_or_else(|| "`instance`".to_owned(), |id| excerpt(&id.value))
}

fn job(shown: &Shown, context: &str, who: &Who) -> String {
    let Shown::Job { project, is_known, environment, known_tier, protected, managed } = shown else {
        return String::new();
    };
    let project = match is_known {
        true => excerpt(project),
        false => format!("a project such as {}", excerpt(project)),
    };
    let environment = match environment {
        None => " without an environment".to_owned(),
        Some(name) => match known_tier {
            Some(tier) => format!(" in the environment {} (tier {tier})", excerpt(name)),
            None => format!(" in the environment {}", excerpt(name)),
        },
    };
    let on = if *protected { "on a protected ref" } else { "on a ref that is not protected" };
    match managed {
        true => format!("{context} has resources managed for a job of {project}{environment}, {on}"),
        false => format!("a job of {project}{environment}, {on}, gets {context} as {}", as_whom(who)),
    }
}

fn people(member: &Member, context: &str, who: &Who) -> String {
    let whom = match member {
        Member::Group(path) => format!("members of the group {} (Developer or more)", excerpt(path)),
        Member::Project(path) => format!("members of the project {} (Developer or more)", excerpt(path)),
        Member::Administrators => "administrators of the instance, members or not,".to_owned(),
    };
    format!("{whom} use {context} as {}", as_whom(who))
}

fn as_whom(who: &Who) -> String {
    match who {
        Who::Agent => mode(Mode::Agent).to_owned(),
        Who::CiJob => mode(Mode::CiJob).to_owned(),
        Who::Fixed { username: Some(name), .. } => format!("the fixed user {}", excerpt(name)),
        Who::Fixed { username: None, .. } => mode(Mode::Impersonate).to_owned(),
        Who::User => mode(Mode::User).to_owned(),
    }
}

fn asks_tier(policy: &Policy, broken: Broken) -> bool {
    match broken {
        Broken::Tier => true,
        Broken::Forbidden => policy.forbid.as_ref().is_some_and(|forbid| forbid.tier.is_some()),
        _ => false,
    }
}

/// What a policy asks that is broken, as a clause.
fn asked(broken: Broken, policy: &Policy) -> String {
    let require = policy.require.as_ref();
    let patterns = |globs: Option<&Globs>| globs.map(patterns).unwrap_or_default();
    match broken {
        Broken::Protected => match require.and_then(|require| require.protected) {
            Some(false) => "the policy requires refs that are not protected".to_owned(),
            _ => "the policy requires protected refs".to_owned(),
        },
        Broken::Environments => {
            let globs = patterns(require.and_then(|require| require.environments.as_ref()));
            format!("the policy requires an environment that matches {globs}")
        }
        Broken::Projects => {
            let globs = patterns(require.and_then(|require| require.projects.as_ref()));
            format!("the policy requires a project that matches {globs}")
        }
        Broken::Tier => {
            format!("the policy requires an environment of tier {}", require.map(tiers).unwrap_or_default())
        }
        Broken::Identity => format!("the policy requires {}", require.map(identities).unwrap_or_default()),
        Broken::People => {
            let people = require.and_then(|require| require.people.as_ref()).map(people_in_words);
            format!("the policy requires {}", people.unwrap_or_default())
        }
        Broken::Forbidden => match policy.forbid.as_ref().map(forbidden).unwrap_or_default() {
            parts if parts.is_empty() => "the policy lets nobody in".to_owned(),
            parts => format!("the policy forbids {}", parts.join(" with ")),
        },
    }
}

fn patterns(globs: &Globs) -> String {
    let texts: Vec<String> = globs.texts().map(excerpt).collect();
    cut(&texts, MOST).join(" or ")
}

fn tiers(required: &Required) -> String {
    listed(&required.tier.iter().flatten().map(|tier| tier.name()).collect::<Vec<_>>())
}

fn identities(required: &Required) -> String {
    let modes: Vec<&str> = required.identity.iter().flatten().map(|mode| mode.key()).collect();
    format!("the identity {}", listed(&modes))
}

fn people_in_words(people: &People) -> String {
    let members = people.members.as_ref().map(|members| format!("members of {}", patterns(members)));
    let administrators = people.administrators.then(|| "administrators".to_owned());
    members.into_iter().chain(administrators).collect::<Vec<_>>().join(" or ")
}

fn forbidden(forbid: &Required) -> Vec<String> {
    let mut parts = Vec::new();
    parts.extend(forbid.identity.as_ref().map(|_| identities(forbid)));
    parts.extend(forbid.environments.as_ref().map(|globs| format!("environments that match {}", patterns(globs))));
    parts.extend(forbid.tier.as_ref().map(|_| format!("environments of tier {}", tiers(forbid))));
    parts.extend(forbid.projects.as_ref().map(|globs| format!("projects that match {}", patterns(globs))));
    parts.extend(forbid.people.as_ref().map(people_in_words));
    parts.extend(forbid.protected.map(|is_protected| match is_protected {
        true => "protected refs".to_owned(),
        false => "refs that are not protected".to_owned(),
    }));
    parts
}
