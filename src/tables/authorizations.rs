//! `authorizations`: what GitLab makes of the entries.

use std::io;

use super::{Cell, Push, Rows, Standing, Table, Tables, flag, key, optional, standing, text};
use crate::access::decision::is_usable;
use crate::access::{Agent, Authorization, Candidate, CandidateKind, DropReason, Unknown};
use crate::agent_config::CiEntry;
use crate::inventory::Inventory;

pub(super) const TABLE: Table = Table {
    name: "authorizations",
    row: "what becomes of an entry, or of implicit access: the jobs of what it names may be let in, or not",
    columns: &[
        text("agent", "the agent, as `agents` has it"),
        text("entry", "the entry, or `implicit`"),
        text("kind", "`project`, `group`, `instance` or `implicit`"),
        optional(text("target", "the project or group, as the inventory writes it if it can; null for the instance")),
        text(
            "state",
            "`kept`, `dropped`, or `depends`: kept if all holds that `needs_…` names; `dropped` as well for an agent that is not registered, `unread` for one whose file is refused",
        ),
        optional(text("reason", "why it is dropped")),
        flag("needs_paid_tier", "Premium or Ultimate"),
        flag("needs_instance_authorization", "the instance setting \"Enable instance level authorization\""),
        flag("needs_group", "that the top of the configuration project's path is a group, and no user"),
        flag(
            "needs_place",
            "that the configuration project, whose path is not known, lies where it may name the target",
        ),
    ],
    rows: Rows::One(rows),
};

fn rows(tables: &Tables<'_, '_>, push: &mut Push<'_>) -> io::Result<()> {
    let (index, settings) = (tables.index, tables.index.settings());
    for (id, agent) in index.agent_ids() {
        let own = match agent.project {
            Some(_) => Authorization::Kept,
            None => Authorization::Depends([(Unknown::OwnProject, DropReason::NotOwnProject)].into()),
        };
        push(&mut row(agent, None, agent.project, in_force(agent, standing(&own, Some(true)))))?;
        for (entry, authorization) in index.entry_authorizations(id) {
            let usable = is_usable(Candidate::of(entry, None), settings);
            let target = target(entry, index.inventory());
            push(&mut row(agent, Some(entry), target, in_force(agent, standing(&authorization, usable))))?;
        }
    }
    Ok(())
}

/// What is left of it, given what becomes of the agent's file.
fn in_force(agent: &Agent<'_>, of_entry: Standing) -> Standing {
    match (agent.is_registered, agent.is_refused()) {
        (false, _) => Standing { state: "dropped", reason: Some("not_registered"), ..Standing::default() },
        (true, true) => Standing { state: "unread", reason: Some("file_refused"), ..Standing::default() },
        (true, false) => of_entry,
    }
}

fn target<'c>(entry: &'c CiEntry, inventory: Option<&'c Inventory>) -> Option<&'c str> {
    let id = &*entry.id.as_ref()?.value;
    let listed = match CandidateKind::from(entry.kind) {
        CandidateKind::Project => inventory.and_then(|inventory| inventory.find_project(id)).map(|found| &*found.path),
        CandidateKind::Group => inventory.and_then(|inventory| inventory.find_group(id)).map(|found| &*found.path),
        CandidateKind::Instance | CandidateKind::Implicit => return None,
    };
    Some(listed.unwrap_or(id))
}

fn row<'c>(
    agent: &Agent<'c>,
    entry: Option<&'c CiEntry>,
    target: Option<&'c str>,
    standing: Standing,
) -> [Cell<'c>; 10] {
    let kind = entry.map_or(CandidateKind::Implicit, |entry| entry.kind.into());
    [
        Cell::owned(key(agent)),
        Cell::or_null(entry, |entry| Cell::owned(entry.route())).or_word("implicit"),
        Cell::word(kind.name()),
        Cell::or_null(target, Cell::text),
        Cell::word(standing.state),
        Cell::or_null(standing.reason, Cell::word),
        Cell::Flag(standing.needs_paid_tier),
        Cell::Flag(standing.needs_instance_authorization),
        Cell::Flag(standing.needs_group),
        Cell::Flag(standing.needs_place),
    ]
}
