//! What agents grant as JSON: an object for each agent with its entries and their projects, for jobs and for users.
//!
//! Of what is not known there is a case each. A tree has texts as they stand in files: whoever writes it out masks it.

use serde_json::Value as Json;

use super::members::{Members, Tree};
use super::rows::{tell_agent, tell_candidate, tell_impersonation, tell_resource_management};
use crate::access::{
    AgentGrants, Authorization, Case, Condition, Effect, Grant, Index, UserDenial, UserGrants, UserIdentity,
};
use crate::agent_config::{AccessAs, CiEntry, Mode, UserEntry, is_true};
use crate::words;

/// One agent: what it grants to jobs. Of an entry's projects at most `most` are listed; their number always is.
#[must_use]
pub fn agent_grants(index: &Index<'_>, granted: &AgentGrants<'_>, most: usize) -> Json {
    Tree::of(|object| tell_agent_grants(index, granted, most, object))
}

pub(super) fn tell_agent_grants(index: &Index<'_>, granted: &AgentGrants<'_>, most: usize, object: &mut impl Members) {
    let of = index.agent(granted.agent);
    object.text("context", &of.context());
    object.object("agent", |object| tell_agent(of, object));
    object.flag("registered", of.is_registered);
    if let Some(step) = granted.refused {
        object.text("refused_at", step.name());
    }
    object.objects("cases", granted.cases.iter(), |object, case| {
        object.texts("conditions", case.conditions.iter().map(words::condition));
        object.objects("entries", case.grants.iter(), |object, grant| {
            tell_grant(index, (granted, case), grant, most, object);
        });
    });
}

fn tell_grant(
    index: &Index<'_>,
    (granted, case): (&AgentGrants<'_>, &Case<'_>),
    grant: &Grant<'_>,
    most: usize,
    object: &mut impl Members,
) {
    object.object("entry", |object| tell_candidate(index.agent(granted.agent), grant.candidate, object));
    match grant.candidate.entry {
        Some(entry) => tell_terms(entry, object),
        None => object.object("identity", |object| object.text("mode", Mode::Agent.key())),
    }
    let (reach, unknowns) = match &grant.effect {
        Effect::Decides(reach) => (reach, &[][..]),
        Effect::Depends(unknowns, reach) => (reach, &unknowns[..]),
        Effect::Dropped(reason) => {
            object.text("dropped", &words::dropped(reason));
            return;
        }
    };
    let holds = unknowns.iter().map(|unknown| Condition { unknown: unknown.clone(), holds: true });
    let needs: Vec<Condition> = holds.chain(grant.needs.iter().cloned()).collect();
    if !needs.is_empty() {
        object.texts("conditions", needs.iter().map(words::condition));
    }
    if let Some(needs) = grant.managed_resources_to_come(index.settings(), &case.conditions) {
        object.object("resource_management", |object| tell_resource_management(&needs, object));
    }
    if let (Some(count), Some(inventory)) = (reach.count(), index.inventory()) {
        object.number("project_count", count);
        object.projects("projects", reach, inventory, most);
    }
}

/// What an entry says beside its id.
fn tell_terms(entry: &CiEntry, object: &mut impl Members) {
    let CiEntry {
        kind: _,
        index: _,
        span: _,
        head: _,
        id: _,
        default_namespace,
        access_as,
        environments,
        environments_key: _,
        protected_branches_only,
        resource_management: _,
    } = entry;
    object.object("identity", |object| match AccessAs::identity(access_as.as_ref()) {
        (Mode::Impersonate, user) => tell_impersonation(user, object),
        (mode, _) => object.text("mode", mode.key()),
    });
    if !environments.is_empty() {
        object.texts("environments", environments.iter().map(|pattern| pattern.value.as_str()));
    }
    if is_true(protected_branches_only.as_ref()) {
        object.flag("protected_branches_only", true);
    }
    if let Some(namespace) = default_namespace {
        object.text("namespace", &namespace.value);
    }
}

/// One agent: whom it lets in as users.
#[must_use]
pub fn user_grants(index: &Index<'_>, granted: &UserGrants<'_>) -> Json {
    Tree::of(|object| tell_user_grants(index, granted, object))
}

pub(super) fn tell_user_grants(index: &Index<'_>, granted: &UserGrants<'_>, object: &mut impl Members) {
    let of = index.agent(granted.agent);
    object.text("context", &of.context());
    object.object("agent", |object| tell_agent(of, object));
    if let Some(step) = granted.refused {
        object.text("refused_at", step.name());
    }
    match granted.identity {
        UserIdentity::Agent => object.object("identity", |object| object.text("mode", "agent")),
        UserIdentity::User => object.object("identity", |object| object.text("mode", "user")),
        UserIdentity::Nobody(denial) => object.text("denied", words::user_denial(denial)),
    }
    if !granted.conditions.is_empty() {
        object.texts("conditions", granted.conditions.iter().map(words::condition_for_users));
    }
    if granted.lets_in_administrators {
        object.flag("administrators", true);
    }
    if granted.identity == UserIdentity::Nobody(UserDenial::NoSection) {
        return;
    }
    object.objects("entries", granted.grants.iter(), |object, grant| {
        let UserEntry { kind, index: _, span: _, id: _ } = grant.entry;
        object.text("kind", kind.noun());
        match grant.target {
            Some(target) => object.text("id", target),
            None => object.value("id", Json::Null),
        }
        object.text("role_group", &grant.role_group);
        match &grant.authorization {
            Authorization::Kept => {}
            Authorization::Dropped(reason) => object.text("dropped", &words::dropped(reason)),
            Authorization::Depends(needs) => {
                let holds = needs.iter().map(|(unknown, _)| Condition { unknown: unknown.clone(), holds: true });
                object.texts("conditions", holds.map(|condition| words::condition_for_users(&condition)));
            }
        }
    });
}
