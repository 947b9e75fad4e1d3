//! Who reaches an agent: projects, jobs and people, one file a format.

mod csv;
mod human;
mod json;
mod markdown;
mod overview;

use std::io;

use super::{AccessReport, Format};
use crate::access::jobs::{Admissions, ProjectJobs};
use crate::outlet::Outlet;

impl<'w> AccessReport<'_, 'w> {
    /// Writes who reaches the agents that are asked about.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn write_who(&self, jobs: &[&ProjectJobs<'_>], out: &mut Outlet<'_>) -> io::Result<()> {
        let who = Who { report: self, admissions: Admissions::new(self.index, jobs, self.environment) };
        match self.format {
            Format::Human => human::write(&who, out),
            Format::Json => json::write(&who, out),
            Format::Markdown => markdown::write(&who, out),
            Format::Csv => csv::write(&who, out),
            Format::Html => self.write_page(out),
        }
    }
}

/// What is asked.
struct Who<'r, 'w> {
    report: &'r AccessReport<'r, 'w>,
    admissions: Admissions<'r, 'w>,
}
