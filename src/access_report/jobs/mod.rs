//! The jobs of projects: the environment of each, the pipelines that it runs in, the context that it selects, and the agents
//! that it sees on protected refs and on others.

mod agents;
mod answers;
mod csv;
mod human;
mod json;
mod markdown;
mod overview;
mod runs;
mod selects;
mod unseen;
mod why;
mod written;

use std::io;

use serde_json::Value as Json;

use super::{AccessReport, Format};
use crate::access::jobs::{JobCase, JobView, ProjectJobs, StartedBy};
use crate::ci::Unread;
use crate::outlet::Outlet;
use crate::words;
use overview::Overview;

impl<'w> AccessReport<'_, 'w> {
    /// Writes the jobs of projects, or those of one name.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn write_jobs(
        &self,
        projects: &[&ProjectJobs<'_>],
        name: Option<&str>,
        out: &mut Outlet<'_>,
    ) -> io::Result<()> {
        let asked = projects.iter().filter(|project| name.is_none_or(|name| has_job(project, name)));
        let mut sections = asked.map(|jobs| Section { report: self, jobs, name });
        match self.format {
            Format::Human | Format::Markdown => {
                let mut is_first = true;
                for section in sections {
                    if !is_first {
                        out.empty_line()?;
                    }
                    is_first = false;
                    section.write(out)?;
                }
                if is_first {
                    out.line(format_args!("There is no CI file at hand."))?;
                }
                Ok(())
            }
            Format::Json => sections.try_for_each(|section| json::write(&section, out)),
            Format::Csv => csv::write(&mut sections, out),
            Format::Html => self.write_page(out),
        }
    }

    /// The jobs of projects as `json` has them, each with its project and with the agents that let it in.
    pub(super) fn jobs_for_page(&self, projects: &[&ProjectJobs<'_>]) -> Vec<Json> {
        let sections = projects.iter().map(|jobs| Section { report: self, jobs, name: None });
        sections.flat_map(|section| json::for_page(&section)).collect()
    }

    /// Writes the jobs of those projects that have to do with agents, behind what else is told.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn append_jobs(&self, projects: &[&ProjectJobs<'_>], out: &mut Outlet<'_>) -> io::Result<()> {
        for jobs in projects {
            let section = Section { report: self, jobs, name: None };
            let overview = Overview::of(&section);
            if overview.is_about_agents() {
                out.empty_line()?;
                section.write_table(&overview, out)?;
            }
        }
        Ok(())
    }
}

/// Whether a project has a job of this name, or a combination of a matrix, or a job that starts a child pipeline.
#[must_use]
pub fn has_job(project: &ProjectJobs<'_>, name: &str) -> bool {
    project.jobs.iter().any(|job| is_named(job, name))
}

fn is_named(job: &JobView<'_>, name: &str) -> bool {
    &*job.job.name == name || job.cases.iter().any(|case| &*case.name == name) || is_started_by(job, name)
}

/// Whether a job is in a child pipeline that a job of this name starts, or a child of that.
fn is_started_by(job: &JobView<'_>, name: &str) -> bool {
    let mut all = job.started_by.as_ref().into_iter().flat_map(|by| by.outermost_first());
    all.any(|by| by.jobs.iter().any(|(job, _)| &**job == name))
}

/// The names of the jobs that start a child pipeline, of many the first.
fn names_of(by: &StartedBy, most: usize) -> Vec<String> {
    let mut names: Vec<String> = by.jobs.iter().take(most).map(|(name, _)| words::printable(name)).collect();
    if by.jobs.len() > most {
        names.push(format!("{} more", by.jobs.len() - most));
    }
    names
}

/// The jobs of one project that are shown.
struct Section<'s, 'w> {
    report: &'s AccessReport<'s, 'w>,
    jobs: &'s ProjectJobs<'s>,
    /// Only jobs of this name.
    name: Option<&'s str>,
}

impl<'s> Section<'s, '_> {
    fn write(&self, out: &mut Outlet<'_>) -> io::Result<()> {
        match (self.report.format, self.report.why && self.name.is_some()) {
            (Format::Markdown, true) => markdown::write_why(self, out),
            (_, true) => why::write(self, out),
            (_, false) => self.write_table(&Overview::of(self), out),
        }
    }

    fn write_table(&self, overview: &Overview, out: &mut Outlet<'_>) -> io::Result<()> {
        match self.report.format {
            Format::Markdown => markdown::write(self, overview, out),
            _ => human::write(self, overview, out),
        }
    }

    /// The jobs that are asked about.
    fn views(&self) -> impl Iterator<Item = &'s JobView<'s>> {
        let name = self.name;
        self.jobs.jobs.iter().filter(move |job| name.is_none_or(|name| is_named(job, name)))
    }

    /// The cases of a job that are asked about, with their numbers.
    fn cases(&self, job: &'s JobView<'s>) -> impl Iterator<Item = (usize, &'s JobCase)> {
        let combination = self.name.filter(|name| *name != &*job.job.name && !is_started_by(job, name));
        job.cases.iter().enumerate().filter(move |(_, case)| combination.is_none_or(|name| &*case.name == name))
    }

    /// The project's path as it may be shown, if it is known.
    fn project(&self) -> Option<String> {
        self.jobs.project.facts.path.as_deref().map(words::printable)
    }

    /// The path of the CI file as it may be shown.
    fn path(&self) -> String {
        words::printable(self.jobs.pipeline.sources.first().map_or(".gitlab-ci.yml", |source| source.path()))
    }

    /// "acme/web/shop", or words for a project whose path is not known.
    fn project_in_words(&self) -> String {
        words::project(self.jobs.project.facts.path.as_deref())
    }

    /// What was not read, of jobs that are asked about.
    fn not_read(&self) -> impl Iterator<Item = &'s Unread> {
        let name = self.name;
        let is_asked = move |unread: &&Unread| match (&unread.run, name) {
            (Some(run), Some(name)) => *run.job == *name || self.views().any(|view| view.job.name == run.job),
            _ => true,
        };
        self.jobs.not_read().filter(is_asked)
    }

    /// What is not at hand of the CI configuration, each once.
    fn not_included(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for unread in self.not_read().filter(|unread| unread.run.is_none()) {
            let name = format!("{} ({})", words::printable(&unread.name), unread.kind.name());
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// What limits all that is told, in sentences.
    fn remarks(&self, most_names: usize) -> Vec<String> {
        let mut remarks = Vec::new();
        let inventory = self.report.index.inventory();
        match self.jobs.project.facts.path.as_deref() {
            None => remarks.push(
                "Who gets in cannot be told without the project's path; `--project` or the settings name it."
                    .to_owned(),
            ),
            Some(path) if inventory.is_some_and(|inventory| inventory.find_project(path).is_none()) => {
                remarks.push("Who gets in cannot be told: the inventory has no such project.".to_owned());
            }
            Some(_) => {}
        }
        let not_included = self.not_included();
        if !not_included.is_empty() {
            let names = words::some_of(&not_included, most_names);
            remarks.push(format!("Not at hand, so jobs and parts of jobs may be missing: {names}."));
        }
        let run = words::runs_unread(self.not_read());
        if !run.is_empty() {
            remarks
                .push(format!("Not read, so more may reach a cluster: {}.", words::cut(&run, most_names).join("; ")));
        }
        if let Some(problem) = self.jobs.pipeline.problems.first() {
            let path = self.path();
            let place = words::printable(problem.place.source.path());
            let line = problem.place.source.position(problem.place.span.start).line;
            remarks.push(format!(
                "GitLab refuses the CI configuration ({place}:{line}: {}); `kaslint check {path}` says what to mend. What \
                 follows is how it would be read.",
                words::printable(&problem.message())
            ));
        }
        for (child, starts) in self.jobs.children_with_starts() {
            let Some(problem) = child.problems.first() else { continue };
            if self.name.is_some() && !self.views().any(|view| std::ptr::eq(view.pipeline, child)) {
                continue;
            }
            let names: Vec<String> = starts.iter().map(|(name, _)| words::excerpt(name)).collect();
            let place = words::printable(problem.place.source.path());
            let line = problem.place.source.position(problem.place.span.start).line;
            let message = problem.message_in_child().unwrap_or_else(|| problem.message());
            remarks.push(format!(
                "{} a child pipeline with a mistake ({place}:{line}: {}).",
                words::starts(&names).replacen("jobs ", "Jobs ", 1),
                words::printable(&message)
            ));
        }
        remarks
    }
}
