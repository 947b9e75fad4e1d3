//! `user_access`: whom agents let in as users.

use std::io;

use super::{Cell, Push, Rows, Table, Tables, flag, key, number, optional, standing, text};
use crate::access::UserIdentity;
use crate::agent_config::{Mode, UserEntry};
use crate::words;

pub(super) const TABLE: Table = Table {
    name: "user_access",
    row: "an entry of `user_access`: who holds at least the role Developer there uses the agent as a user",
    columns: &[
        text("agent", "the agent, as `agents` has it"),
        text("entry", "where it stands in the file"),
        text("kind", "`project` or `group`"),
        optional(text("target", "the project or group, as the inventory writes it if it can")),
        optional(text("path", "the agent's file")),
        optional(number("line", "the line of the entry, from 1")),
        optional(text("identity", "as whom users act: `agent` or `user`; null where nobody gets in")),
        optional(text(
            "role_group",
            "for `user`, the group of the user in the cluster, with `<role>` for each role held",
        )),
        flag("administrators", "whether administrators get in as well, members or not"),
        text("state", "`kept`, `dropped` or `depends`; `unread` for an agent whose file is refused"),
        optional(text("reason", "why it is dropped, or what it hangs on")),
    ],
    rows: Rows::One(rows),
};

fn rows(tables: &Tables<'_, '_>, push: &mut Push<'_>) -> io::Result<()> {
    for (id, agent) in tables.index.agent_ids() {
        let granted = tables.index.user_grants(id);
        for grant in &granted.grants {
            let of_entry = standing(&grant.authorization, Some(true));
            let needs = granted.conditions_of(grant);
            let (state, reason) = match (agent.is_registered, granted.refused, granted.identity) {
                (false, ..) => ("dropped", Cell::word("not_registered")),
                (_, Some(_), _) => ("unread", Cell::word("file_refused")),
                (_, _, UserIdentity::Nobody(denial)) => ("dropped", Cell::text(words::user_denial(denial))),
                _ if of_entry.state == "dropped" => ("dropped", Cell::or_null(of_entry.reason, Cell::word)),
                _ if needs.is_empty() => ("kept", Cell::Null),
                _ => ("depends", Cell::owned(words::conditions_for_users(&needs))),
            };
            let UserEntry { kind, index: _, span, id: _ } = grant.entry;
            let is_user = granted.identity == UserIdentity::User;
            push(&mut [
                Cell::owned(key(agent)),
                Cell::owned(grant.entry.route()),
                Cell::word(kind.noun()),
                Cell::or_null(grant.target, Cell::text),
                Cell::or_null(agent.file.map(|file| file.path), Cell::text),
                Cell::or_null(agent.line(*span), Cell::count),
                Cell::or_null(granted.identity.mode().map(Mode::key), Cell::word),
                Cell::or_null(Some(&*grant.role_group).filter(|_| is_user), Cell::text),
                Cell::Flag(granted.lets_in_administrators),
                Cell::word(state),
                reason,
            ])?;
        }
    }
    Ok(())
}
