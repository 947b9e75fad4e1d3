//! The reports of `check`: which formats, and where each goes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;

use super::known_values::Known;
use super::output::{self, Staged};
use crate::diagnostic::{PAGES, Severity};
use crate::project::Unusable;
use crate::report::{Format, Limits, Outcome, View};

/// The options that say how to report.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Report")]
pub(super) struct Reports {
    /// How to report: human, concise, json, sarif, gitlab (Code Quality), github (workflow commands), junit or markdown (for
    /// a merge request comment). FORMAT=FILE writes to a file; may be given several times.
    #[arg(long, value_name = "FORMAT[=FILE]", default_value = "human", hide_possible_values = true,
        value_parser = Known { names: formats, read: parse_format })]
    format: Vec<FormatChoice>,
    /// Write the report to this file instead of standard output; as a whole or not at all.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Show findings from this severity on (error, warning or note); exit status and counts are of all.
    #[arg(long, value_name = "SEVERITY", value_enum, hide_possible_values = true)]
    min_severity: Option<MinSeverity>,
    /// Show at most so many findings, the worst first; exit status and counts are of all. In the human report, equal findings are one.
    #[arg(long, value_name = "NUMBER")]
    max_findings: Option<u32>,
    /// Show how many findings each rule has in place of the findings, and whether `--fix` mends them: `[*]` all, `[-]` some. Formats for
    /// programs keep the findings; json counts as well.
    #[arg(long)]
    statistics: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum MinSeverity {
    Error,
    Warning,
    Note,
}

impl From<MinSeverity> for Severity {
    fn from(severity: MinSeverity) -> Self {
        match severity {
            MinSeverity::Error => Self::Error,
            MinSeverity::Warning => Self::Warning,
            MinSeverity::Note => Self::Note,
        }
    }
}

#[derive(Clone, Debug)]
struct FormatChoice {
    format: Format,
    file: Option<PathBuf>,
}

fn parse_format(text: &str) -> Result<FormatChoice, String> {
    use clap::ValueEnum as _;
    let (name, file) = match text.split_once('=') {
        Some((_, "")) => return Err("a file's name belongs behind `=`".to_owned()),
        Some((name, file)) => (name, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let format = Format::from_str(name, false).map_err(|_| {
        let formats = formats();
        let names: Vec<&str> = formats.iter().map(PossibleValue::get_name).collect();
        format!("there is no format `{name}`; choose one of {}", names.join(", "))
    })?;
    Ok(FormatChoice { format, file })
}

fn formats() -> Vec<PossibleValue> {
    use clap::ValueEnum as _;
    Format::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value).collect()
}

impl Reports {
    /// Where a report goes; `None` for standard output.
    fn destination<'a>(&'a self, choice: &'a FormatChoice) -> Option<&'a Path> {
        choice.file.as_deref().or(self.output.as_deref())
    }

    /// Two reports in one place would spoil each other; that is said before anything is done.
    pub(super) fn check(&self) -> Result<(), Unusable> {
        if self.output.is_some() && self.format.iter().all(|choice| choice.file.is_some()) {
            return Err(Unusable::new("--output has no report: every --format names a file of its own".to_owned()));
        }
        let mut taken = BTreeSet::new();
        for choice in &self.format {
            let destination = self.destination(choice);
            if taken.insert(destination.map(output::identity)) {
                continue;
            }
            return Err(Unusable::new(match destination {
                Some(file) => format!("two reports cannot go to one file, {}", file.display()),
                None => "only one format can go to standard output; name a file for the others: --format json=FILE"
                    .to_owned(),
            }));
        }
        Ok(())
    }

    /// Writes the reports: files only if all of them can be written, then standard output; standard error where that has
    /// the text itself.
    pub(super) fn write(&self, outcome: &Outcome, is_quiet: bool, has_text: bool) -> Result<(), Unusable> {
        let limits = Limits {
            min_severity: self.min_severity.map(Severity::from),
            max_findings: self.max_findings.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
            statistics: self.statistics,
        };
        let pages = Some(PAGES).filter(|pages| !pages.is_empty() && !has_text && output::shows_links());
        let in_file = View { limits, ..View::new(output::DEFAULT_WIDTH, is_quiet) };
        let view = View { limits, pages, ..View::new(output::width(), is_quiet) };
        let mut files = Vec::new();
        for choice in &self.format {
            if let Some(file) = self.destination(choice) {
                files
                    .push(Staged::new(file, &|out| choice.format.write(outcome, in_file, out)).map_err(Unusable::new)?);
            }
        }
        for file in files {
            file.persist().map_err(Unusable::new)?;
        }
        for choice in self.format.iter().filter(|choice| self.destination(choice).is_none()) {
            let write = |out: &mut output::Outlet<'_>| choice.format.write(outcome, view, out);
            if has_text { output::to_stderr(&write)? } else { output::to_stdout(&write)? }
        }
        Ok(())
    }
}
