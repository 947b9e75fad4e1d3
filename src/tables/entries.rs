//! `entries`: the entries of `ci_access` as they are written.

use std::io;

use super::{Cell, Push, Rows, Table, Tables, flag, key, number, optional, text};
use crate::access::Agent;
use crate::agent_config::{AccessAs, CiAccess, CiEntry, Impersonation, is_true};
use crate::gitlab::releases::PROTECTED_WITHOUT_FLAG;

pub(super) const TABLE: Table = Table {
    name: "entries",
    row: "an entry of `ci_access`, or `implicit` for what a configuration project may do with its own agents",
    columns: &[
        text("agent", "the agent, as `agents` has it"),
        text("entry", "where it stands in the file, `ci_access.projects[0]`; or `implicit`"),
        text("kind", "`project`, `group`, `instance` or `implicit`"),
        optional(text("id", "the id, as it is written")),
        optional(text("path", "the agent's file; null for `implicit`")),
        optional(number("line", "the line of it, from 1")),
        text("identity", "as whom jobs act: `agent` (its service account), `ci_job` or `impersonate`"),
        optional(text("username", "the name of the user of `impersonate`")),
        optional(text("user_groups", "the groups of that user, with `; ` between them")),
        optional(text("namespace", "the default namespace, which is no boundary")),
        flag("protected_branches_only", "whether only protected refs get in"),
        flag("protection_flagged", "whether that takes a feature flag in this release, so that it is not known"),
        flag("restricts_environments", "whether it has patterns of environments, so that jobs without one stay out"),
        flag("manages_resources", "whether it has GitLab manage resources in the cluster"),
    ],
    rows: Rows::One(rows),
};

/// The entries of an agent's `ci_access`, in the order of the file.
pub(super) fn of<'w>(agent: &Agent<'w>) -> impl Iterator<Item = &'w CiEntry> {
    agent.file.and_then(|file| file.ci_access).into_iter().flat_map(CiAccess::entries)
}

fn rows(tables: &Tables<'_, '_>, push: &mut Push<'_>) -> io::Result<()> {
    let is_flagged = tables.index.settings().version < PROTECTED_WITHOUT_FLAG;
    for agent in tables.index.agents() {
        push(&mut [
            Cell::owned(key(agent)),
            Cell::word("implicit"),
            Cell::word("implicit"),
            Cell::Null,
            Cell::Null,
            Cell::Null,
            Cell::word("agent"),
            Cell::Null,
            Cell::Null,
            Cell::Null,
            Cell::Flag(false),
            Cell::Flag(false),
            Cell::Flag(false),
            Cell::Flag(false),
        ])?;
        of(agent).try_for_each(|entry| push(&mut row(agent, entry, is_flagged)))?;
    }
    Ok(())
}

fn row<'c>(agent: &Agent<'c>, entry: &'c CiEntry, is_flagged: bool) -> [Cell<'c>; 14] {
    let CiEntry {
        kind,
        index: _,
        span: _,
        head,
        id,
        default_namespace,
        access_as,
        environments,
        environments_key: _,
        protected_branches_only,
        resource_management,
    } = entry;
    let (mode, user) = AccessAs::identity(access_as.as_ref());
    let groups = user.map(|Impersonation { groups, .. }| groups).filter(|groups| !groups.is_empty());
    let groups = groups.map(|groups| groups.iter().map(|group| &*group.value).collect::<Vec<_>>().join("; "));
    [
        Cell::owned(key(agent)),
        Cell::owned(entry.route()),
        Cell::word(kind.noun()),
        Cell::or_null(id.as_ref(), |id| Cell::text(&id.value)),
        Cell::or_null(agent.file.map(|file| file.path), Cell::text),
        Cell::or_null(agent.line(*head), Cell::count),
        Cell::word(mode.key()),
        Cell::or_null(user.and_then(|user| user.username.as_ref()), |name| Cell::text(&name.value)),
        Cell::or_null(groups, Cell::owned),
        Cell::or_null(default_namespace.as_ref(), |namespace| Cell::text(&namespace.value)),
        Cell::Flag(is_true(protected_branches_only.as_ref())),
        Cell::Flag(is_true(protected_branches_only.as_ref()) && is_flagged),
        Cell::Flag(!environments.is_empty()),
        Cell::Flag(is_true(resource_management.as_ref())),
    ]
}
