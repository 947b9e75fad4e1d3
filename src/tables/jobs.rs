//! `jobs`: the jobs of CI files, and the contexts that they select.

use std::io;

use super::{Cell, Push, Rows, Table, Tables, flag, key, number, optional, text};
use crate::access::jobs::{JobCase, JobView, ProjectJobs, Resolved, Selection};

pub(super) const TABLE: Table = Table {
    name: "jobs",
    row: "a way in which a job of a CI file may run, for each context that it selects; jobs with scripts or environments, where CI files are at hand",
    columns: &[
        optional(text("project", "the job's project; null for not known")),
        text("job", "the job"),
        text("combination", "the job with the combination of its matrix; the same as `job` without one"),
        text("path", "the CI file"),
        number("line", "the line of the job, from 1"),
        optional(text("environment", "its environment; null for none")),
        flag("environment_known", "whether that is the whole name: it hangs on no variable"),
        flag("runs_protected", "whether it may run on protected refs"),
        flag("runs_unprotected", "whether it may run on refs that are not protected"),
        optional(text("context", "the context that it selects; null for none that was found")),
        optional(text("agent", "the agent that this is, as `agents` has it; null for none that is known")),
    ],
    rows: Rows::One(rows),
};

fn rows(tables: &Tables<'_, '_>, push: &mut Push<'_>) -> io::Result<()> {
    for jobs in tables.jobs {
        for job in &jobs.jobs {
            for (number, case) in job.cases.iter().enumerate() {
                let selections = job.selections().iter().filter(|one| one.cases.contains(&number));
                let selected: Vec<Option<&Selection>> = selections.map(Some).collect();
                let selected = if selected.is_empty() { vec![None] } else { selected };
                for selection in selected {
                    push(&mut row(tables, jobs, (job, case), selection))?;
                }
            }
        }
    }
    Ok(())
}

fn row<'c>(
    tables: &Tables<'_, '_>,
    jobs: &'c ProjectJobs<'_>,
    (job, case): (&'c JobView<'_>, &'c JobCase),
    selection: Option<&Selection>,
) -> [Cell<'c>; 11] {
    let place = &job.job.name_place;
    let environment = case.environment.as_ref();
    let agent = selection.and_then(|selection| match selection.resolve(tables.index) {
        Resolved::Agent(agent) => Some(key(tables.index.agent(agent))),
        _ => None,
    });
    [
        Cell::or_null(jobs.project.facts.path.as_deref(), Cell::text),
        Cell::text(&job.job.name),
        Cell::text(&case.name),
        Cell::owned(place.source.path().to_owned()),
        Cell::count(place.source.position(place.span.start).line),
        Cell::or_null(environment, |name| Cell::owned(name.to_string())),
        Cell::Flag(environment.is_none_or(|name| name.as_known().is_some())),
        Cell::Flag(case.may_run(true)),
        Cell::Flag(case.may_run(false)),
        Cell::or_null(selection, |selection| Cell::owned(selection.context.to_string())),
        Cell::or_null(agent, Cell::owned),
    ]
}
