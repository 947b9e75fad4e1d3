//! `groups`: the groups and personal namespaces of the inventory.

use std::io;

use super::{Cell, Push, Rows, Table, Tables, number, optional, text};
use crate::inventory::NamespaceKind;

pub(super) const TABLE: Table = Table {
    name: "groups",
    row: "a group or a user's personal namespace, listed or above something that is",
    columns: &[
        text("group_path", "its full path"),
        optional(number("id", "its number")),
        text("kind", "`group` or `user`"),
        optional(text("parent", "the full path of the group that holds it; null at the top")),
        number("depth", "how many names its path has"),
    ],
    rows: Rows::One(rows),
};

fn rows(tables: &Tables<'_, '_>, push: &mut Push<'_>) -> io::Result<()> {
    let Some(inventory) = tables.index.inventory() else { return Ok(()) };
    inventory.namespaces().iter().try_for_each(|namespace| {
        let kind = match namespace.kind {
            NamespaceKind::Group => "group",
            NamespaceKind::User => "user",
        };
        push(&mut [
            Cell::text(&namespace.path),
            Cell::or_null(namespace.id, Cell::Number),
            Cell::word(kind),
            Cell::or_null(namespace.parent, |parent| Cell::text(&inventory.namespace(parent).path)),
            Cell::count(1 + namespace.path.matches('/').count()),
        ])
    })
}
