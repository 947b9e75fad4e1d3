//! `protected_refs`: the rules of protected branches and tags.

use std::io;

use super::{Cell, Push, Rows, Table, Tables, text};

pub(super) const TABLE: Table = Table {
    name: "protected_refs",
    row: "a rule of a project that protects branches or tags",
    columns: &[
        text("project", "the project"),
        text("kind", "`branch` or `tag`"),
        text("rule", "a name, in which `*` stands for anything"),
    ],
    rows: Rows::One(rows),
};

fn rows(tables: &Tables<'_, '_>, push: &mut Push<'_>) -> io::Result<()> {
    let Some(inventory) = tables.index.inventory() else { return Ok(()) };
    for project in inventory.projects() {
        for (kind, rules) in [("branch", &project.protected_branches), ("tag", &project.protected_tags)] {
            for rule in rules.iter().flatten() {
                push(&mut [Cell::text(&project.path), Cell::word(kind), Cell::text(rule)])?;
            }
        }
    }
    Ok(())
}
