//! One object: regions are data, which a program can evaluate at any point.

use std::io;

use serde_json::{Map, Value as Json, json};

use super::sentences::{open_sentences, refused_sentence, sentence, settle};
use super::{DiffReport, State, Stated, release, tier};
use crate::access::{Condition, Unknown};
use crate::diff::{
    Because, Cause, Change, Effect, Except, Granted, Member, Of, Origin, Pair, Part, PatternList, Projects, Refs,
    Refused, Side, Who,
};
use crate::outlet::Outlet;
use crate::source::secrets;

pub(super) fn write(report: &DiffReport<'_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let mut json = object(report);
    secrets::mask_json(&mut json);
    out.json_line(&json)
}

pub(super) fn object(report: &DiffReport<'_>) -> Json {
    let diff = report.diff;
    let count = |effect: Effect| diff.changes.iter().filter(|change| change.effect == effect).count();
    let refused = diff.refused.iter().map(|(side, refused)| {
        json!({
            "context": refused.context,
            "side": side.name(),
            "stage": refused.step.name(),
            "message": refused_sentence(*side, refused),
            "path": refused.path,
            "line": refused.line,
            "in_force": in_force(*side, refused),
        })
    });
    let unknown = diff.unknown.iter().map(|open| {
        json!({ "context": open.context, "fact": open.fact.name(), "why": open_sentences(open, report), "settle": settle(&open.fact) })
    });
    json!({
        "version": 1,
        "verdict": diff.verdict.name(),
        "base": stated(&report.base),
        "head": stated(&report.head),
        "evidence_changed": report.evidence.iter().map(|evidence| json!({ "what": evidence.what, "path": evidence.path, "message": evidence.message })).collect::<Vec<_>>(),
        "findings": report.findings.iter().map(|finding| json!({
            "rule": finding.rule, "policy": finding.policy, "message": finding.message, "path": finding.path, "line": finding.line,
        })).collect::<Vec<_>>(),
        "refused": refused.collect::<Vec<_>>(),
        "unknown": unknown.collect::<Vec<_>>(),
        "changes": diff.changes.iter().map(|one| change(one, report)).collect::<Vec<_>>(),
        "would_be": diff.would_be.iter().map(|one| change(one, report)).collect::<Vec<_>>(),
        "proof": { "cells": diff.proof.cells, "comparisons": diff.proof.comparisons, "nodes": diff.proof.nodes },
        "summary": {
            "widened": count(Effect::Widened), "changed": count(Effect::Changed), "narrowed": count(Effect::Narrowed), "unknown": diff.unknown.len(),
        },
    })
}

fn stated(stated: &Stated) -> Json {
    let settings = stated.settings;
    let matcher = settings.environment_matcher();
    let mut matchers = Vec::new();
    matchers.extend(matcher.may_be_old().then_some("old"));
    matchers.extend(matcher.may_be_new().then_some("new"));
    let mut object = Map::new();
    let (key, value) = match &stated.state {
        State::Revision(name) => ("revision", name),
        State::Path(path) => ("path", path),
    };
    object.insert(key.to_owned(), json!(value));
    object.insert("gitlab_version".to_owned(), json!(release(settings.version)));
    object.insert("tier".to_owned(), json!(tier(settings)));
    object.insert("instance_authorization".to_owned(), json!(settings.instance_authorization));
    object.insert("matchers".to_owned(), json!(matchers));
    Json::Object(object)
}

fn in_force(side: Side, refused: &Refused) -> Json {
    match (side, &refused.in_force) {
        (Side::Head, _) if refused.base_is_in_force => json!("base"),
        (_, Some(revision)) => json!({ "revision": revision }),
        _ => Json::Null,
    }
}

fn change(change: &Change, report: &DiffReport<'_>) -> Json {
    let (is_ci, is_uneven) = (matches!(change.of, Of::Jobs { .. }), is_uneven(change, report));
    let mut object = json!({
        "kind": change.kind.name(),
        "effect": change.effect.name(),
        "access": if is_ci { "ci" } else { "user" },
        "context": change.context,
        "agent": { "project": change.project, "name": change.name },
    });
    match &change.of {
        Of::Jobs { projects: of, refs: on, region, witness } => {
            object["projects"] = of.iter().map(projects).collect();
            object["refs"] = refs(*on);
            let names: Vec<Json> = region.names.iter().map(|one| part(one, is_uneven)).collect();
            object["environments"] = json!({ "without": region.without, "names": names });
            object["witness"] = json!({
                "project": witness.project,
                "environment": witness.environment,
                "protected": witness.protected,
                "origin": match witness.origin { Origin::Inventory => "inventory", Origin::Example => "example" },
            });
        }
        Of::People(members) => {
            object["members"] = members.iter().map(member).collect();
            object["witness"] = json!({ "member_of": members.first().map(member) });
        }
    }
    object["before"] = granted(change.before.as_ref(), is_ci);
    object["after"] = granted(change.after.as_ref(), is_ci);
    object["conditions"] = conditions(change);
    object["fails"] = change.fails.as_ref().map_or(
        Json::Null,
        |fails| json!({ "context": fails.context, "pattern": fails.pattern, "path": fails.path, "line": fails.line }),
    );
    object["because"] = because(&change.because);
    object["message"] = json!(sentence(change, report));
    object
}

/// Whether a change is of pairs in which the two sides have different matchers.
pub(super) fn is_uneven(change: &Change, report: &DiffReport<'_>) -> bool {
    let possible = report.pairs();
    change.pairs.as_ref().unwrap_or(&possible).iter().any(|pair| !pair.is_even())
}

fn projects(projects: &Projects) -> Json {
    let with = |mut object: Json, except: &Except| {
        if *except != Except::default() {
            let mut left_out = Map::new();
            if !except.projects.is_empty() {
                left_out.insert("projects".to_owned(), json!(except.projects));
            }
            if !except.groups.is_empty() {
                left_out.insert("groups".to_owned(), json!(except.groups));
            }
            object["except"] = Json::Object(left_out);
        }
        object
    };
    match projects {
        Projects::One(path) => json!({ "project": path }),
        Projects::Below(group, except) => with(json!({ "below": group }), except),
        Projects::Anywhere(except) => with(json!({ "anywhere": true }), except),
    }
}

fn refs(refs: Refs) -> Json {
    let mut names = Vec::new();
    names.extend(refs.protected.then_some("protected"));
    names.extend(refs.unprotected.then_some("unprotected"));
    json!(names)
}

fn part(part: &Part, is_uneven: bool) -> Json {
    let texts = |list: &PatternList| -> Json { list.patterns.iter().map(|pattern| pattern.text()).collect() };
    let mut object = json!({ "in": part.within.iter().map(texts).collect::<Vec<_>>(), "not_in": texts(&part.without) });
    if is_uneven && part.has_star() {
        let matcher = |is_new: bool| if is_new { "new" } else { "old" };
        object["in_matchers"] = part.within.iter().map(|list| matcher(list.is_new)).collect();
        object["not_in_matchers"] = part.without.patterns.iter().map(|_| matcher(part.without.is_new)).collect();
    }
    object
}

fn member(member: &Member) -> Json {
    match member {
        Member::Group(path) => json!({ "group": path }),
        Member::Project(path) => json!({ "project": path }),
        Member::Administrators => json!({ "administrators": true }),
    }
}

fn who(who: &Who) -> Json {
    match who {
        Who::Agent => json!({ "mode": "agent" }),
        Who::CiJob => json!({ "mode": "ci_job" }),
        Who::User => json!({ "mode": "user" }),
        Who::Fixed { username, groups, uid, extra } => {
            let mut object = Map::new();
            object.insert("mode".to_owned(), json!("impersonate"));
            object.extend(username.as_ref().map(|name| ("username".to_owned(), json!(name))));
            object.extend((!groups.is_empty()).then(|| ("groups".to_owned(), json!(groups))));
            object.extend(uid.as_ref().map(|uid| ("uid".to_owned(), json!(uid))));
            if !extra.is_empty() {
                let extra: Map<String, Json> = extra.iter().map(|(key, values)| (key.clone(), json!(values))).collect();
                object.insert("extra".to_owned(), Json::Object(extra));
            }
            Json::Object(object)
        }
    }
}

fn granted(granted: Option<&Granted>, is_ci: bool) -> Json {
    match granted {
        None => Json::Null,
        Some(Granted::Agent(as_whom, namespace)) if is_ci => {
            json!({ "identity": who(as_whom), "namespace": namespace })
        }
        Some(Granted::Agent(as_whom, _) | Granted::As(as_whom)) => json!({ "identity": who(as_whom) }),
        Some(Granted::Namespace(namespace)) => json!({ "namespace": namespace }),
        Some(Granted::Managed(managed)) => json!({ "managed": managed }),
    }
}

fn conditions(change: &Change) -> Json {
    let side = |is_new: bool| if is_new { "new" } else { "old" };
    let pair = |pair: &Pair| json!({ "base": side(pair.base_is_new), "head": side(pair.head_is_new) });
    let matchers = change
        .pairs
        .as_ref()
        .map(|pairs| json!({ "fact": "environment-matcher", "holds": pairs.iter().map(pair).collect::<Vec<_>>() }));
    matchers.into_iter().chain(change.conditions.iter().map(condition)).collect()
}

fn condition(condition: &Condition) -> Json {
    let holds = condition.holds;
    match &condition.unknown {
        Unknown::Group(path) => json!({ "fact": "group", "path": path, "holds": holds }),
        Unknown::InHierarchy(id) => json!({ "fact": "in-hierarchy", "id": id, "holds": holds }),
        Unknown::OwnProject => json!({ "fact": "own-project", "holds": holds }),
        Unknown::PaidTier => json!({ "fact": "paid-tier", "holds": holds }),
        Unknown::InstanceAuthorization => json!({ "fact": "instance-authorization", "holds": holds }),
        Unknown::FeatureFlag(name) => json!({ "fact": "feature-flag", "name": name, "holds": holds }),
        other => json!({ "fact": format!("{other:?}"), "holds": holds }),
    }
}

fn because(because: &Because) -> Json {
    let one = |cause: &Option<Cause>| {
        cause.as_ref().map_or(Json::Null, |cause| {
            json!({ "entry": cause.entry.as_deref().unwrap_or("implicit"), "path": cause.path, "line": cause.line })
        })
    };
    json!({ "base": one(&because.base), "head": one(&because.head) })
}
