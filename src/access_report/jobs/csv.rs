//! `csv`: one row for each case of a job, kind of ref and agent.

use std::io;

use super::super::columns;
use super::answers::{Answers, may_run, rows};
use super::selects::{self, Granted, Selected};
use super::{Section, names_of, runs};
use crate::access::jobs::{By, JobCase, JobView};
use crate::outlet::Outlet;
use crate::words;

/// The columns about the job, before those of answers.
const JOB: [&str; 8] = ["job", "case", "job_path", "job_line", "runs_on", "selects", "selected", "granted"];

/// How many of the jobs are named that start a child pipeline.
const MOST_STARTS: usize = 10;

/// The columns about the agent that the job names for its environment, behind those of answers, and what starts the child pipeline that the
/// job is in.
const ENVIRONMENT: [&str; 4] = ["environment_agent", "dashboard", "managed_resources", "started_by"];

pub(super) fn write<'s>(sections: &mut dyn Iterator<Item = Section<'s, '_>>, out: &mut Outlet<'_>) -> io::Result<()> {
    let mut rows = out.rows();
    rows.record(JOB.iter().chain(&columns::ANSWER).chain(&ENVIRONMENT))?;
    for section in sections {
        let path = section.jobs.project.facts.path.as_deref();
        let mut answers = Answers::new(section.report, path);
        for job in section.views() {
            for (number, case) in section.cases(job) {
                let selected = selects::selected(&section, job, number, &mut answers);
                for record in records(&section, job, case, &selected, &mut answers) {
                    rows.record(record)?;
                }
            }
        }
    }
    rows.flush()
}

fn records<'j, 'w>(
    section: &Section<'_, 'w>,
    job: &JobView<'_>,
    case: &'j JobCase,
    selected: &[Selected<'_>],
    answers: &mut Answers<'_, 'w, 'j>,
) -> Vec<Vec<String>> {
    let place = &job.job.name_place;
    let by_script = || selected.iter().filter(|one| one.selection.by != By::Environment);
    let works = selects::works(section, job, case, by_script().next().is_some());
    let contexts = by_script().map(|one| words::printable(&one.selection.context.to_string()));
    let selects: Vec<String> = contexts.chain(works.iter().map(selects::Works::in_words)).collect();
    let first = vec![
        words::printable(&job.job.name),
        words::printable(&case.name),
        words::printable(place.source.path()),
        place.source.position(place.span.start).line.to_string(),
        runs::in_words(&case.runs).join(columns::SEPARATOR),
        selects.join(columns::SEPARATOR),
    ];
    let [agent, dashboard, resources] = of_environment(selected);
    let started_by = job.started_by.iter().flat_map(|by| by.outermost_first());
    let started_by: Vec<String> = started_by.map(|by| names_of(by, MOST_STARTS).join(columns::SEPARATOR)).collect();
    let last = [agent, dashboard, resources, started_by.join(" > ")];
    let mut records = Vec::new();
    for protected in [true, false] {
        let answered = answers.of(case, protected);
        let of_agents = answered.iter().flat_map(|answered| rows(&answered.answer).map(move |row| (answered, row)));
        for (answered, row) in of_agents {
            let chosen = by_script().find(|one| one.agent == Some(row.agent));
            let mut record = first.clone();
            record.push(chosen.is_some().to_string());
            record.push(chosen.map(|one| one.granted.name().to_owned()).unwrap_or_default());
            record.extend(columns::answer_row(section.report, &answered.answer, row));
            record.extend(last.clone());
            records.push(record);
        }
        // A case of which no agent's file knows has a row all the same.
        if answered.is_none_or(|answered| rows(&answered.answer).next().is_none()) && may_run(case, protected) {
            let mut record = first.clone();
            record.extend([String::new(), String::new()]);
            record.push(section.project().unwrap_or_default());
            record.push(case.environment.as_ref().map(|name| words::printable(&name.to_string())).unwrap_or_default());
            record.push(protected.to_string());
            record.resize(JOB.len() + columns::ANSWER.len(), String::new());
            record.extend(last.clone());
            records.push(record);
        }
    }
    records
}

/// What stands under [`ENVIRONMENT`] of the agent.
fn of_environment(selected: &[Selected<'_>]) -> [String; 3] {
    let Some(one) = selected.iter().find(|one| one.selection.by == By::Environment) else { return Default::default() };
    let resources = one.managed_resources.as_ref().map(|told| Granted::from(told.holds).name().to_owned());
    let context = words::printable(&one.selection.context.to_string());
    [context, one.granted.name().to_owned(), resources.unwrap_or_default()]
}
