//! Whether an environment whose job names an agent, `environment:kubernetes:agent`, gets the agent's dashboard.
//!
//! Source: `app/services/deployments/update_environment_service.rb`: at each deployment GitLab gives the environment the agent only if the user who runs
//! the job is let in by an entry of `user_access` for the job's own project or for a group above it. `ci_access` has no part in it. Who looks at the dashboard
//! is let in by `user_access` as well.

use super::agent::AgentId;
use super::authorization::{Authorization, DropReason};
use super::claims::{Claims, Target};
use super::condition::Condition;
use super::entries::user_authorizations;
use super::hierarchy::Hierarchy;
use super::index::{Index, of_agents};
use super::user_access::{UserDenial, UserGrant, UserIdentity, grant, identity};
use crate::agent_config::{AccessSection, RefusedAt, UserEntry};
use crate::gitlab::lower_path;

/// What an agent answers the jobs of a project that name it.
#[derive(Clone, Debug)]
pub enum Dashboard<'w> {
    /// GitLab refuses the agent's file at this step, and what is in force instead is not known.
    Unknown(RefusedAt),
    /// Nobody gets in as a user.
    Nobody(UserDenial),
    /// No entry for the project or a group above it counts; those that would but for these reasons.
    NotNamed(Vec<(UserGrant<'w>, DropReason)>),
    /// These entries count, or may: the project's own first, then those of groups from the innermost on.
    Named {
        /// The entries.
        grants: Vec<UserGrant<'w>>,
        /// What must hold for anyone to get in.
        conditions: Vec<Condition>,
    },
}

/// An entry of an agent's `user_access`.
#[derive(Clone, Debug)]
pub(super) struct UserClaim {
    agent: AgentId,
    /// Its position, projects before groups.
    position: usize,
    authorization: Authorization,
}

impl<'w> Index<'w> {
    /// Whether an environment gets the dashboard of an agent that a job of this project names.
    ///
    /// Costs in proportion to the groups above the project; the first time, to the entries of all agents.
    #[must_use]
    pub fn dashboard(&self, agent: AgentId, project: &str) -> Dashboard<'w> {
        let known = self.agent(agent);
        if let Some(step) = known.file.and_then(|file| file.refused) {
            return Dashboard::Unknown(step);
        }
        let access = known.file.and_then(|file| file.user_access);
        let (whom, conditions) = identity(access, self.settings());
        if let UserIdentity::Nobody(denial) = whom {
            return Dashboard::Nobody(denial);
        }
        let lower = lower_path(project);
        let (mut grants, mut dropped) = (Vec::new(), Vec::new());
        for level in self.user_claims().levels(Target::Project(&lower)) {
            for claim in of_agents(level.claims, Some(agent), |claim| claim.agent) {
                let entry = access.and_then(|access| {
                    access
                        .projects
                        .get(claim.position)
                        .or_else(|| access.groups.get(claim.position.checked_sub(access.projects.len())?))
                });
                let Some(entry) = entry else { continue };
                let grant = grant(entry, claim.authorization.clone(), self.inventory());
                match &claim.authorization {
                    Authorization::Dropped(reason) => dropped.push((grant, reason.clone())),
                    Authorization::Kept | Authorization::Depends(_) => grants.push(grant),
                }
            }
        }
        match grants.is_empty() {
            true => Dashboard::NotNamed(dropped),
            false => Dashboard::Named { grants, conditions },
        }
    }

    /// The entries of all agents by what they name, each with what becomes of it.
    fn user_claims(&self) -> &Claims<'static, UserClaim> {
        self.user_claims.get_or_init(|| {
            let mut claims = Claims::default();
            for (id, agent) in self.agent_ids().filter(|(_, agent)| agent.is_registered) {
                let Some(access) = agent.file.and_then(|file| file.user_access) else { continue };
                let hierarchy = Hierarchy::new(self.inventory(), self.settings(), AccessSection::User, agent.project);
                let authorizations = user_authorizations(access, &hierarchy, self.settings());
                for (position, (entry, authorization)) in authorizations.into_iter().enumerate() {
                    let UserEntry { kind, index: _, span: _, id: name } = entry;
                    let Some(name) = name else { continue };
                    let claim = UserClaim { agent: id, position, authorization };
                    claims.add(*kind, lower_path(&name.value).into_owned().into(), claim);
                }
            }
            claims
        })
    }
}
