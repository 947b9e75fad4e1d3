//! `csv`: one row for each job of each project, then for the people.

use std::io;

use super::super::columns::{self, SEPARATOR};
use super::Who;
use crate::agent_config::Mode;
use crate::outlet::Outlet;
use crate::words;

/// The header.
const HEADER: [&str; 19] = [
    "context",
    "project",
    "job",
    "environments",
    "on_protected_refs",
    "on_other_refs",
    "people_kind",
    "people_id",
    "entry_kind",
    "entry_id",
    "path",
    "line",
    "route",
    "identity",
    "username",
    "groups",
    "namespace",
    "conditions",
    "refused_at",
];

pub(super) fn write(who: &Who<'_, '_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let index = who.report.index;
    let mut rows = out.rows();
    rows.record(HEADER)?;
    for (id, agent) in index.agent_ids().filter(|(id, _)| who.report.is_asked(*id)) {
        if let Some(step) = agent.file.and_then(|file| file.refused) {
            let mut cells = vec![String::new(); HEADER.len() - 1];
            cells[0] = agent.context();
            cells.push(step.name().to_owned());
            rows.record(cells)?;
            continue;
        }
        for project in who.admissions.of(id) {
            for admission in &project.list {
                let mut cells = vec![
                    agent.context(),
                    project.project.as_deref().unwrap_or_default().to_owned(),
                    admission.job.as_deref().unwrap_or_default().to_owned(),
                    admission.environments.as_deref().unwrap_or_default().join(SEPARATOR),
                    admission.on_protected.to_string(),
                    admission.on_others.to_string(),
                    String::new(),
                    String::new(),
                ];
                cells.extend(columns::place(Some(&admission.by), agent));
                let (mode, username, groups) = columns::identity(&admission.identity);
                // The groups of a job hang on its project.
                let is_told = project.project.is_some() || admission.by.mode() != Mode::CiJob;
                let of_project = |text: String| if is_told { text } else { String::new() };
                cells.extend([mode.to_owned(), of_project(username), of_project(groups)]);
                cells.push(admission.namespace.map(|namespace| namespace.value.clone()).unwrap_or_default());
                cells.push(columns::conditions(&admission.conditions));
                cells.push(String::new());
                rows.record(cells)?;
            }
        }
        let users = index.user_grants(id);
        for grant in users.let_in() {
            let target = grant.target.unwrap_or_default().to_owned();
            let mut cells = vec![String::new(); 6];
            cells[0] = agent.context();
            cells.extend([grant.entry.kind.noun().to_owned(), target.clone()]);
            cells.extend([grant.entry.kind.noun().to_owned(), target]);
            cells.push(agent.file.map(|file| file.path.to_owned()).unwrap_or_default());
            cells.push(agent.line(grant.entry.span).map(|line| line.to_string()).unwrap_or_default());
            cells.push(grant.entry.route());
            cells.push(users.identity.mode().map(|mode| mode.key().to_owned()).unwrap_or_default());
            cells.extend([String::new(), String::new(), String::new()]);
            cells.push(words::conditions_for_users(&users.conditions_of(grant)));
            cells.push(String::new());
            rows.record(cells)?;
        }
    }
    rows.flush()
}
