//! `projects`: the projects of the inventory.

use std::io;

use super::{Cell, Push, Rows, Table, Tables, flag, number, optional, text};

pub(super) const TABLE: Table = Table {
    name: "projects",
    row: "a project of the inventory",
    columns: &[
        text("project", "its full path"),
        optional(number("id", "its number")),
        text("namespace", "the full path of the group or user that holds it"),
        optional(text("default_branch", "its default branch")),
        optional(flag("archived", "whether it is archived; null for not known")),
        optional(flag(
            "protect_merge_request_pipelines",
            "whether pipelines between protected branches are protected; null for not known",
        )),
        flag("environments_known", "whether the inventory says which environments it has"),
        flag("protected_branches_known", "whether the inventory says which branches are protected"),
        flag("protected_tags_known", "whether the inventory says which tags are protected"),
    ],
    rows: Rows::One(rows),
};

fn rows(tables: &Tables<'_, '_>, push: &mut Push<'_>) -> io::Result<()> {
    let Some(inventory) = tables.index.inventory() else { return Ok(()) };
    inventory.projects().iter().try_for_each(|project| {
        push(&mut [
            Cell::text(&project.path),
            Cell::or_null(project.id, Cell::Number),
            Cell::text(&inventory.namespace(project.namespace).path),
            Cell::or_null(project.default_branch.as_deref(), Cell::text),
            Cell::or_null(project.archived, Cell::Flag),
            Cell::or_null(project.protect_merge_request_pipelines, Cell::Flag),
            Cell::Flag(project.environments.is_some()),
            Cell::Flag(project.protected_branches.is_some()),
            Cell::Flag(project.protected_tags.is_some()),
        ])
    })
}
