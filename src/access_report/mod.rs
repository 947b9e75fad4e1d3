//! How effective access is shown: one file a format. It knows answers and grants, and no I/O but the receiver.

mod columns;
mod csv;
mod difference;
mod expected;
mod html;
mod human;
mod jobs;
pub mod json;
mod layout;
mod markdown;
mod meaning;
mod overview;
mod recording;
mod who;
mod why;

use std::io;

pub use difference::{is_recording, is_same, write_difference};
pub use expected::{Difference, Expected};
pub use html::{Page, Side, TooManyRows};
pub use jobs::has_job;
pub use meaning::facts;

use crate::access::{AgentGrants, AgentId, Answer, Index, Query};
use crate::outlet::Outlet;

/// A format of `access`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Tables.
    Human,
    /// One object a line: an answer for each question, an agent without questions, or a project with its jobs.
    Json,
    /// A comment on a merge request.
    Markdown,
    /// Rows for a spreadsheet. Cells that it would run as formulas have a `'` in front.
    Csv,
    /// A page that holds all that it needs, to look at and to search.
    Html,
}

/// Effective access, and what of it is shown how.
#[derive(Clone, Copy, Debug)]
pub struct AccessReport<'r, 'w> {
    /// The authorizations.
    pub index: &'r Index<'w>,
    /// Only agents with this name or context.
    pub agent: Option<&'r str>,
    /// Without a question, only what lets jobs with this environment in.
    pub environment: Option<&'r str>,
    /// Whether answers are explained step by step.
    pub why: bool,
    /// The format.
    pub format: Format,
    /// Columns of the terminal.
    pub width: usize,
}

/// The width of a report that is kept rather than looked at: no line is broken, and no name counted in place of told.
pub const WHOLE: usize = 1 << 40;

/// How many names are told in one place before the others are counted, where the eye takes so many.
fn most(for_the_eye: usize, width: usize) -> usize {
    if width == WHOLE { usize::MAX } else { for_the_eye }
}

impl<'w> AccessReport<'_, 'w> {
    /// Writes what every agent grants.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn write_grants(&self, out: &mut Outlet<'_>) -> io::Result<()> {
        match self.format {
            Format::Human => human::grants(self, out),
            Format::Json => json::grants(self, out),
            Format::Markdown => markdown::grants(self, out),
            Format::Csv => csv::grants(self, out),
            Format::Html => self.write_page(out),
        }
    }

    /// Answers questions, in their order.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn write_answers(&self, queries: &[Query<'_>], out: &mut Outlet<'_>) -> io::Result<()> {
        let mut answers = queries.iter().map(|query| self.answer(query));
        match self.format {
            Format::Human => answers.enumerate().try_for_each(|(number, answer)| {
                if number > 0 {
                    out.empty_line()?;
                }
                human::answer(self, &answer, out)
            }),
            Format::Json => json::answers(self, &mut answers, out),
            Format::Markdown => answers.try_for_each(|answer| markdown::answer(self, &answer, out)),
            Format::Csv => csv::answers(self, &mut answers, out),
            Format::Html => self.write_page(out),
        }
    }

    /// The page, which answers whatever is asked of it, with what agents grant alone.
    fn write_page(&self, out: &mut Outlet<'_>) -> io::Result<()> {
        Page::of(Side { report: self, label: None, jobs: &[], findings: &[] }).write(out)
    }

    /// The answer to a question, of all agents: who asks about some changes nothing in what is said of a job.
    fn whole_answer<'q>(&self, query: &Query<'q>) -> Answer<'w, 'q> {
        AccessReport { agent: None, ..*self }.answer(query)
    }

    /// The answer to a question, without the agents that nobody asks about.
    fn answer<'q>(&self, query: &Query<'q>) -> Answer<'w, 'q> {
        let mut answer = self.index.query(query);
        for rows in [&mut answer.allowed, &mut answer.denied, &mut answer.unknown] {
            rows.retain(|row| self.is_asked(row.agent));
        }
        // Who asks about an agent wants to hear about it in any case.
        if self.why || self.agent.is_some() {
            why::add_unnamed(self, &mut answer);
        }
        answer
    }

    /// Whether there is an agent that is asked about.
    #[must_use]
    pub fn has_agent(&self) -> bool {
        self.index.agent_ids().any(|(id, _)| self.is_asked(id))
    }

    /// What an agent grants, as far as it is asked about.
    fn agent_grants(&self, id: AgentId) -> AgentGrants<'w> {
        match self.environment {
            Some(name) => self.index.agent_grants_with(id, name),
            None => self.index.agent_grants(id),
        }
    }

    fn is_asked(&self, id: AgentId) -> bool {
        let agent = self.index.agent(id);
        self.agent.is_none_or(|asked| agent.name == asked || agent.context() == asked)
    }
}
