//! Reports of `check`: one file a format. They know findings, not rules' insides.

mod concise;
mod excerpt;
mod github;
mod gitlab;
mod human;
pub(crate) mod json;
mod junit;
pub(crate) mod left_out;
mod markdown;
pub(crate) mod markup;
pub(crate) mod not_read;
mod sarif;
mod shown;
mod statistics;
mod summary;

use std::collections::HashSet;
use std::io;

pub use human::Human;
pub use shown::Limits;
pub use summary::Summary;

use shown::Shown;

use crate::analysis::Analysis;
use crate::ci::Unread;
use crate::diagnostic::{Finding, LeftOut, Need, RuleInfo};
use crate::fixing::Fixed;
use crate::outlet::Outlet;
use crate::source::Printable;

/// What all analysed projects gave together.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The findings, by path and place.
    pub findings: Vec<Finding>,
    /// Rules that could not run for want of knowledge, each once.
    pub unchecked: Vec<(&'static RuleInfo, Need)>,
    /// The paths of the configurations that were found.
    pub files: Vec<String>,
    /// How many configuration projects were found.
    pub projects: usize,
    /// Whether a rule failed inside.
    pub has_internal_error: bool,
    /// Whether some path could not be looked at.
    pub is_incomplete: bool,
    /// What comments and settings keep out of the report.
    pub left_out: LeftOut,
    /// How many findings the baseline leaves out.
    pub in_baseline: usize,
    /// How many fixes were made before this report; `None` where nobody asked for them.
    pub fixed: Option<usize>,
    /// What CI files name and was not read, each with its project's path where that is known.
    pub not_read: Vec<(Option<String>, Unread)>,
    /// Further lines for the summary, such as a version that is newer than what is known.
    pub remarks: Vec<String>,
    /// The same, to add each once.
    pub(crate) told: HashSet<String>,
}

impl Outcome {
    /// Adds a line to the summary, once.
    pub fn remark(&mut self, remark: Option<String>) {
        self.remarks.extend(remark.filter(|remark| self.told.insert(remark.clone())));
    }

    /// Adds what fixes came to.
    pub fn add_fixes(&mut self, fixed: &Fixed) {
        self.fixed = Some(fixed.count());
        for remark in fixed.effects_in_words().chain(fixed.remarks.iter().cloned()) {
            self.remark(Some(remark));
        }
    }

    /// Adds a project's analysis.
    pub fn add(&mut self, analysis: Analysis) {
        self.findings.extend(analysis.findings);
        for (rule, need) in analysis.unchecked {
            if !self.unchecked.iter().any(|(known, wanted)| known.name == rule.name && *wanted == need) {
                self.unchecked.push((rule, need));
            }
        }
        for remark in analysis.remarks {
            self.remark(Some(remark));
        }
        self.files.extend(analysis.files);
        let project = analysis.project;
        self.not_read.extend(analysis.not_read.into_iter().map(|unread| (project.clone(), unread)));
        self.left_out.add(analysis.left_out);
        self.projects += 1;
        self.has_internal_error |= analysis.has_internal_error;
    }
}

/// A format of `check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// The text of the file with what is wrong beside it.
    Human,
    /// One line a finding.
    Concise,
    /// One object for programs.
    Json,
    /// SARIF 2.1.0, for code scanning and editors.
    Sarif,
    /// A Code Quality report for GitLab's merge requests.
    Gitlab,
    /// Workflow commands, which GitHub shows beside the lines.
    Github,
    /// JUnit XML: one suite a file, one case a finding.
    Junit,
    /// A comment on a merge request.
    Markdown,
}

/// How reports for people are shown; programs get the same whatever it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether findings are all that is wanted, without summary and remarks.
    pub is_quiet: bool,
    /// How much of the findings is shown.
    pub limits: Limits,
    /// Where rules have their pages, if what shows the report shows links.
    pub pages: Option<&'static str>,
}

impl View {
    /// All findings for so many columns, without links.
    #[must_use]
    pub fn new(width: usize, is_quiet: bool) -> Self {
        Self { width, is_quiet, limits: Limits::default(), pages: None }
    }
}

impl Format {
    /// Writes the report.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn write(self, outcome: &Outcome, view: View, out: &mut Outlet<'_>) -> io::Result<()> {
        let shown = || Shown::of(outcome, view.limits);
        match self {
            Self::Human => Human::write(outcome, view, out),
            Self::Concise => concise::write(&shown(), view.is_quiet, out),
            Self::Json => json::write(&shown(), out),
            Self::Sarif => sarif::write(&shown(), out),
            Self::Gitlab => gitlab::write(&shown(), out),
            Self::Github => github::write(&shown(), out),
            Self::Junit => junit::write(&shown(), out),
            Self::Markdown => markdown::write(&shown(), view.is_quiet, out),
        }
    }
}

/// Message and help in one text, for formats with one field for both.
fn whole_message(finding: &Finding, between: &str) -> String {
    let message = Printable::of(&finding.message);
    let behind = help_line(finding).into_iter().chain(fix_line(finding));
    std::iter::once(message.into_string()).chain(behind).collect::<Vec<_>>().join(between)
}

/// What the fix changes of who gets in as a line of its own; `None` where that is nothing.
fn fix_line(finding: &Finding) -> Option<String> {
    let fix = finding.fix.as_ref()?;
    Some(format!("fix ({}): {}", fix.safety.name(), Printable::of(fix.effect.as_ref()?)))
}

/// The help as a line of its own.
fn help_line(finding: &Finding) -> Option<String> {
    finding.help.as_deref().map(|help| format!("help: {}", Printable::of(help)))
}
