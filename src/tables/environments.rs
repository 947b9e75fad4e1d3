//! `environments`: the environments of projects.

use std::io;

use super::{Cell, Push, Rows, Table, Tables, decisions, flag, optional, text};
use crate::access::jobs::ProjectJobs;
use crate::gitlab::EnvironmentTier;

pub(super) const TABLE: Table = Table {
    name: "environments",
    row: "an environment of a project, as the inventory lists it or a job of its CI file names it whole",
    columns: &[
        text("project", "the project"),
        text("environment", "its full name"),
        optional(text("tier", "its tier, where the inventory gives it")),
        flag("listed", "whether the inventory lists it"),
        flag(
            "comparable",
            "whether its name can be compared with patterns: it has no control character, and nothing of it is masked",
        ),
    ],
    rows: Rows::One(rows),
};

/// The environments that jobs name whole, with their projects.
pub(super) fn of_jobs<'j>(jobs: &'j ProjectJobs<'_>) -> impl Iterator<Item = (&'j str, &'j str)> {
    let project = jobs.project.facts.path.as_deref();
    let cases = jobs.jobs.iter().flat_map(|job| &job.cases);
    let names = cases.filter_map(|case| case.environment.as_ref()?.as_known());
    names.filter_map(move |name| Some((project?, name)))
}

fn rows(tables: &Tables<'_, '_>, push: &mut Push<'_>) -> io::Result<()> {
    let Some(inventory) = tables.index.inventory() else { return Ok(()) };
    for project in inventory.projects() {
        for name in tables.environments(project) {
            let listed = project.environment(name);
            let tier = listed.and_then(|listed| listed.tier).map(EnvironmentTier::name);
            push(&mut [
                Cell::text(&project.path),
                Cell::text(name),
                Cell::or_null(tier, Cell::word),
                Cell::Flag(listed.is_some()),
                Cell::Flag(decisions::name(name).is_comparable),
            ])?;
        }
    }
    Ok(())
}
