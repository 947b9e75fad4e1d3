//! `json`: one object a line, for each job of each project, then for the people.

use std::io;

use serde_json::{Map, Value as Json, json};

use super::super::json::rows::{agent, candidate, identity};
use super::Who;
use crate::access::jobs::Admission;
use crate::access::{Agent, Identity, UserGrant, UserGrants};
use crate::outlet::Outlet;
use crate::source::secrets;
use crate::words;

pub(super) fn write(who: &Who<'_, '_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let index = who.report.index;
    for (id, of) in index.agent_ids().filter(|(id, _)| who.report.is_asked(*id)) {
        let mut line = |mut object: Map<String, Json>| {
            let mut whole = Map::new();
            whole.insert("context".to_owned(), of.context().into());
            whole.insert("agent".to_owned(), agent(of));
            whole.append(&mut object);
            let mut whole = Json::Object(whole);
            secrets::mask_json(&mut whole);
            out.json_line(&whole)
        };
        if let Some(step) = of.file.and_then(|file| file.refused) {
            let mut object = Map::new();
            object.insert("refused_at".to_owned(), step.name().into());
            line(object)?;
            continue;
        }
        for project in who.admissions.of(id) {
            let path = project.project.as_deref();
            project.list.iter().try_for_each(|admission| line(self::admission(of, path, admission)))?;
        }
        let users = index.user_grants(id);
        users.let_in().try_for_each(|grant| line(people(of, &users, grant)))?;
    }
    Ok(())
}

fn admission(of: &Agent<'_>, project: Option<&str>, admission: &Admission<'_>) -> Map<String, Json> {
    let Admission { job, environments, on_protected, on_others, by, conditions, identity: as_whom, namespace } =
        admission;
    let refs = [("protected", *on_protected), ("unprotected", *on_others)];
    let refs: Vec<&str> = refs.into_iter().filter(|(_, is_let_in)| *is_let_in).map(|(name, _)| name).collect();
    let mut object = Map::new();
    object.insert("project".to_owned(), project.into());
    object.insert("job".to_owned(), job.as_deref().into());
    object.insert("environments".to_owned(), environments.clone().into());
    object.insert("refs".to_owned(), refs.into());
    object.insert("entry".to_owned(), candidate(of, *by));
    let as_whom = match as_whom {
        // The groups of a job hang on its project.
        Identity::CiJob(_) if project.is_none() => json!({ "mode": "ci_job" }),
        as_whom => identity(as_whom),
    };
    object.insert("identity".to_owned(), as_whom);
    object.extend(namespace.map(|namespace| ("namespace".to_owned(), namespace.value.as_str().into())));
    if !conditions.is_empty() {
        object.insert("conditions".to_owned(), conditions.iter().map(words::condition).collect());
    }
    object
}

fn people(of: &Agent<'_>, users: &UserGrants<'_>, grant: &UserGrant<'_>) -> Map<String, Json> {
    let kind = grant.entry.kind;
    let mut object = Map::new();
    object.insert("people".to_owned(), json!({ "kind": kind.noun(), "id": grant.target }));
    let mut entry = json!({ "kind": kind.noun() });
    if let Some(target) = grant.target {
        entry["id"] = target.into();
    }
    if let Some(file) = of.file {
        entry["path"] = file.path.into();
        entry["route"] = grant.entry.route().into();
    }
    if let Some(line) = of.line(grant.entry.span) {
        entry["line"] = line.into();
    }
    object.insert("entry".to_owned(), entry);
    object.extend(users.identity.mode().map(|mode| ("identity".to_owned(), json!({ "mode": mode.key() }))));
    let conditions = users.conditions_of(grant);
    if !conditions.is_empty() {
        object.insert("conditions".to_owned(), conditions.iter().map(words::condition_for_users).collect());
    }
    if users.lets_in_administrators {
        object.insert("administrators".to_owned(), true.into());
    }
    object
}
