//! Who may use an agent as a user, and as whom: `user_access`.
//!
//! Sources: `app/services/clusters/agents/authorizations/user_access/refresh_service.rb` for the entries,
//! `app/services/clusters/agents/authorize_proxy_user_service.rb` for the identity,
//! `doc/user/clusters/agent/user_access.md` for roles, `user_access/finder.rb` and `group_authorization.rb` for who counts as a member. There is no
//! implicit access and no order of precedence: whoever holds at least the role Developer in one of the listed projects, or as a direct member in one of the
//! listed groups or a group above, is let in; so are administrators in releases that say so.

use super::agent::{Agent, AgentId};
use super::authorization::{Authorization, DropReason};
use super::condition::{Condition, Unknown};
use super::entries::user_authorizations;
use super::hierarchy::Hierarchy;
use super::index::Index;
use super::world::Settings;
use crate::agent_config::{AccessAs, AccessSection, EntryKind, Mode, RefusedAt, UserAccess, UserEntry};
use crate::gitlab::Tier;
use crate::gitlab::releases::{ADMINISTRATORS, USER_ACCESS, USER_ACCESS_AS_OPTIONAL};
use crate::inventory::Inventory;

/// What `user_access` of an agent's file grants.
#[derive(Clone, Debug)]
pub struct UserGrants<'w> {
    /// The agent.
    pub agent: AgentId,
    /// The step at which GitLab refuses the file; the rest is then what it would grant.
    pub refused: Option<RefusedAt>,
    /// As whom users act, or why none gets in.
    pub identity: UserIdentity,
    /// What must hold for anyone to get in.
    pub conditions: Vec<Condition>,
    /// Whether administrators get in, members or not: by any entry that counts, or may.
    pub lets_in_administrators: bool,
    /// The entries, in the order of the file: projects, groups.
    pub grants: Vec<UserGrant<'w>>,
}

/// As whom users act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserIdentity {
    /// The agent's service account.
    Agent,
    /// The GitLab user, `gitlab:user:<user name>`, with groups for the roles held.
    User,
    /// Nobody gets in.
    Nobody(UserDenial),
}

/// Why no user gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserDenial {
    /// The file has no `user_access`.
    NoSection,
    /// It has no `access_as`, which releases before 18.3 answer with 403.
    NoAccessAs,
    /// `user` needs Premium or Ultimate.
    Tier,
}

/// An entry of `user_access`.
#[derive(Clone, Debug)]
pub struct UserGrant<'w> {
    /// The entry.
    pub entry: &'w UserEntry,
    /// The project or group that it names, as the inventory writes it if it can.
    pub target: Option<&'w str>,
    /// What becomes of it.
    pub authorization: Authorization,
    /// For the identity of a user: the group of its Kubernetes user, with `<role>` for each role up to the one held.
    pub role_group: String,
}

impl<'w> Index<'w> {
    /// Who may use an agent as a user.
    #[must_use]
    pub fn user_grants(&self, id: AgentId) -> UserGrants<'w> {
        let agent = self.agent(id);
        let settings = self.settings();
        let access = agent.file.and_then(|file| file.user_access);
        let (identity, conditions) = identity(access, settings);
        let grants = access.map(|access| grants(agent, access, self.inventory(), settings)).unwrap_or_default();
        let refused = agent.file.and_then(|file| file.refused);
        let is_stored = grants.iter().any(|grant| grant.dropped().is_none());
        let lets_in_administrators =
            settings.version >= ADMINISTRATORS && is_stored && !matches!(identity, UserIdentity::Nobody(_));
        UserGrants { agent: id, refused, identity, conditions, lets_in_administrators, grants }
    }
}

pub(super) fn identity(access: Option<&UserAccess>, settings: Settings) -> (UserIdentity, Vec<Condition>) {
    let Some(access) = access else { return (UserIdentity::Nobody(UserDenial::NoSection), Vec::new()) };
    let holds = |unknown: Unknown| Condition { unknown, holds: true };
    let mut conditions = Vec::new();
    if settings.version < USER_ACCESS {
        conditions.push(holds(Unknown::FeatureFlag("kas_user_access")));
    }
    let UserAccess { projects: _, groups: _, access_as, key_span: _ } = access;
    let mode = access_as.as_ref().map(|access_as| AccessAs::identity(Some(access_as)).0);
    let identity = match (mode, settings.tier) {
        (None, _) if settings.version < USER_ACCESS_AS_OPTIONAL => UserIdentity::Nobody(UserDenial::NoAccessAs),
        (Some(Mode::User), Some(Tier::Free)) => UserIdentity::Nobody(UserDenial::Tier),
        (Some(Mode::User), tier) => {
            conditions.extend(tier.is_none().then(|| holds(Unknown::PaidTier)));
            UserIdentity::User
        }
        _ => UserIdentity::Agent,
    };
    (identity, conditions)
}

fn grants<'w>(
    agent: &Agent<'w>,
    access: &'w UserAccess,
    inventory: Option<&'w Inventory>,
    settings: Settings,
) -> Vec<UserGrant<'w>> {
    let hierarchy = Hierarchy::new(inventory, settings, AccessSection::User, agent.project);
    let authorizations = user_authorizations(access, &hierarchy, settings).into_iter();
    authorizations.map(|(entry, authorization)| grant(entry, authorization, inventory)).collect()
}

pub(super) fn grant<'w>(
    entry: &'w UserEntry,
    authorization: Authorization,
    inventory: Option<&'w Inventory>,
) -> UserGrant<'w> {
    let UserEntry { kind, index: _, span: _, id } = entry;
    let written = id.as_ref().map(|id| &*id.value);
    let listed = inventory.zip(written).and_then(|(inventory, id)| match kind {
        EntryKind::Project => inventory.find_project(id).map(|project| (&*project.path, project.id)),
        _ => inventory.find_group(id).map(|group| (&*group.path, group.id)),
    });
    let target = listed.map(|(path, _)| path).or(written);
    let number = listed.and_then(|(_, id)| id);
    let number = number.map_or_else(|| format!("<id of {}>", target.unwrap_or_default()), |id| id.to_string());
    UserGrant { entry, target, authorization, role_group: format!("gitlab:{}_role:{number}:<role>", kind.noun()) }
}

impl UserIdentity {
    /// The mode in words of the configuration; `None` where nobody gets in.
    #[must_use]
    pub fn mode(self) -> Option<Mode> {
        match self {
            Self::Agent => Some(Mode::Agent),
            Self::User => Some(Mode::User),
            Self::Nobody(_) => None,
        }
    }
}

impl<'w> UserGrants<'w> {
    /// The entries that let people in, or may.
    pub fn let_in(&self) -> impl Iterator<Item = &UserGrant<'w>> {
        let is_anybody = self.identity.mode().is_some();
        self.grants.iter().filter(move |grant| is_anybody && grant.dropped().is_none())
    }

    /// What must hold for one of its entries to let people in.
    #[must_use]
    pub fn conditions_of(&self, grant: &UserGrant<'_>) -> Vec<Condition> {
        let needs: &[_] = if let Authorization::Depends(needs) = &grant.authorization { needs } else { &[] };
        let needs = needs.iter().map(|(unknown, _)| Condition { unknown: unknown.clone(), holds: true });
        self.conditions.iter().cloned().chain(needs).collect()
    }
}

impl UserGrant<'_> {
    /// Why the entry lets nobody in; `None` for one that does, or may.
    #[must_use]
    pub fn dropped(&self) -> Option<&DropReason> {
        match &self.authorization {
            Authorization::Dropped(reason) => Some(reason),
            Authorization::Kept | Authorization::Depends(_) => None,
        }
    }
}
