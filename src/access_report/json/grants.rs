//! What agents grant as JSON: an object for each agent with its entries and their projects, for jobs and for users.
//!
//! Of what is not known there is a case each. Texts are as they stand in files: whoever writes the line out masks it.

use serde_json::{Map, Value as Json, json};

use super::rows::{agent, candidate, impersonation, resource_management};
use crate::access::{
    AgentGrants, Authorization, Case, Condition, Effect, Grant, Index, UserDenial, UserGrants, UserIdentity,
};
use crate::agent_config::{AccessAs, CiEntry, Mode, UserEntry, is_true};
use crate::words;

/// One agent: what it grants to jobs. Of an entry's projects at most `most` are listed; their number always is.
#[must_use]
pub fn agent_grants(index: &Index<'_>, granted: &AgentGrants<'_>, most: usize) -> Json {
    let of = index.agent(granted.agent);
    let mut object = Map::new();
    object.insert("context".to_owned(), of.context().into());
    object.insert("agent".to_owned(), agent(of));
    object.insert("registered".to_owned(), of.is_registered.into());
    object.extend(granted.refused.map(|step| ("refused_at".to_owned(), step.name().into())));
    let cases = granted.cases.iter().map(|case| self::case(index, granted, case, most));
    object.insert("cases".to_owned(), cases.collect());
    Json::Object(object)
}

fn case(index: &Index<'_>, granted: &AgentGrants<'_>, case: &Case<'_>, most: usize) -> Json {
    let conditions: Vec<String> = case.conditions.iter().map(words::condition).collect();
    let entries: Vec<Json> = case.grants.iter().map(|grant| self::grant(index, (granted, case), grant, most)).collect();
    json!({ "conditions": conditions, "entries": entries })
}

fn grant(index: &Index<'_>, (granted, case): (&AgentGrants<'_>, &Case<'_>), grant: &Grant<'_>, most: usize) -> Json {
    let mut object = Map::new();
    object.insert("entry".to_owned(), candidate(index.agent(granted.agent), grant.candidate));
    if let Some(entry) = grant.candidate.entry {
        object.extend(terms(entry));
    }
    object.entry("identity").or_insert_with(|| json!({ "mode": Mode::Agent.key() }));
    let (reach, unknowns) = match &grant.effect {
        Effect::Decides(reach) => (reach, &[][..]),
        Effect::Depends(unknowns, reach) => (reach, &unknowns[..]),
        Effect::Dropped(reason) => {
            object.insert("dropped".to_owned(), words::dropped(reason).into());
            return Json::Object(object);
        }
    };
    let holds = unknowns.iter().map(|unknown| Condition { unknown: unknown.clone(), holds: true });
    let needs: Vec<Condition> = holds.chain(grant.needs.iter().cloned()).collect();
    if !needs.is_empty() {
        object.insert("conditions".to_owned(), needs.iter().map(words::condition).collect());
    }
    if let Some(needs) = grant.managed_resources_to_come(index.settings(), &case.conditions) {
        object.insert("resource_management".to_owned(), resource_management(&needs));
    }
    if let (Some(count), Some(inventory)) = (reach.count(), index.inventory()) {
        let projects = reach.projects(inventory).take(most).map(|project| Json::from(&*project.path));
        object.insert("project_count".to_owned(), count.into());
        object.insert("projects".to_owned(), projects.collect());
    }
    Json::Object(object)
}

/// What an entry says beside its id.
fn terms(entry: &CiEntry) -> Map<String, Json> {
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
    let mut terms = Map::new();
    let identity = match AccessAs::identity(access_as.as_ref()) {
        (Mode::Impersonate, user) => impersonation(user),
        (mode, _) => json!({ "mode": mode.key() }),
    };
    terms.insert("identity".to_owned(), identity);
    if !environments.is_empty() {
        let patterns = environments.iter().map(|pattern| Json::from(pattern.value.as_str()));
        terms.insert("environments".to_owned(), patterns.collect());
    }
    if is_true(protected_branches_only.as_ref()) {
        terms.insert("protected_branches_only".to_owned(), true.into());
    }
    terms.extend(default_namespace.as_ref().map(|namespace| ("namespace".to_owned(), namespace.value.as_str().into())));
    terms
}

/// One agent: whom it lets in as users.
#[must_use]
pub fn user_grants(index: &Index<'_>, granted: &UserGrants<'_>) -> Json {
    let of = index.agent(granted.agent);
    let mut object = Map::new();
    object.insert("context".to_owned(), of.context().into());
    object.insert("agent".to_owned(), agent(of));
    object.extend(granted.refused.map(|step| ("refused_at".to_owned(), step.name().into())));
    match granted.identity {
        UserIdentity::Agent => object.insert("identity".to_owned(), json!({ "mode": "agent" })),
        UserIdentity::User => object.insert("identity".to_owned(), json!({ "mode": "user" })),
        UserIdentity::Nobody(denial) => object.insert("denied".to_owned(), words::user_denial(denial).into()),
    };
    if !granted.conditions.is_empty() {
        object.insert("conditions".to_owned(), granted.conditions.iter().map(words::condition_for_users).collect());
    }
    if granted.lets_in_administrators {
        object.insert("administrators".to_owned(), true.into());
    }
    let entries = granted.grants.iter().map(|grant| {
        let UserEntry { kind, index: _, span: _, id: _ } = grant.entry;
        let mut entry = json!({ "kind": kind.noun() });
        entry["id"] = grant.target.into();
        entry["role_group"] = grant.role_group.as_str().into();
        match &grant.authorization {
            Authorization::Kept => {}
            Authorization::Dropped(reason) => entry["dropped"] = words::dropped(reason).into(),
            Authorization::Depends(needs) => {
                let holds = needs.iter().map(|(unknown, _)| Condition { unknown: unknown.clone(), holds: true });
                entry["conditions"] = holds.map(|condition| words::condition_for_users(&condition)).collect();
            }
        }
        entry
    });
    object.insert("entries".to_owned(), entries.collect());
    if granted.identity == UserIdentity::Nobody(UserDenial::NoSection) {
        object.remove("entries");
    }
    Json::Object(object)
}
