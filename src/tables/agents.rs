//! `agents`: each agent with its file.

use std::io;

use super::{Cell, Push, Rows, Table, Tables, flag, key, number, optional, text};

pub(super) const TABLE: Table = Table {
    name: "agents",
    row: "an agent: a folder below `.gitlab/agents/`, or a registration without one",
    columns: &[
        text(
            "agent",
            "its context, `<configuration project>:<name>`; its file where the configuration project is not known",
        ),
        optional(text("project", "the configuration project; null for not known")),
        text("name", "its name"),
        optional(number("id", "its number")),
        flag("registered", "whether it exists in GitLab, as far as is known; the file of another is never read"),
        optional(text("path", "its file; null for none")),
        optional(text(
            "refused_at",
            "the step at which GitLab refuses the file, so that what is in force is not known",
        )),
    ],
    rows: Rows::One(rows),
};

fn rows(tables: &Tables<'_, '_>, push: &mut Push<'_>) -> io::Result<()> {
    tables.index.agents().iter().try_for_each(|agent| {
        push(&mut [
            Cell::owned(key(agent)),
            Cell::or_null(agent.project, Cell::text),
            Cell::text(agent.name),
            Cell::or_null(agent.id, Cell::Number),
            Cell::Flag(agent.is_registered),
            Cell::or_null(agent.file.map(|file| file.path), Cell::text),
            Cell::or_null(agent.file.and_then(|file| file.refused), |step| Cell::word(step.name())),
        ])
    })
}
