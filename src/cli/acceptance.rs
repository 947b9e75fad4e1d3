//! What `check` leaves out: recorded findings.

use std::path::{Path, PathBuf};

use super::{Exit, output};
use crate::diagnostic::baseline::Baseline;
use crate::project::files::{Disk, FileSource as _};
use crate::project::paths::shown_path;
use crate::project::{Unusable, read_own_file};
use crate::report::Outcome;

/// The largest baseline that is read, in bytes.
const MAX_BASELINE_SIZE: u64 = 1 << 26;

/// Options about recorded findings.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Accepted findings")]
pub(super) struct BaselineArguments {
    /// Leave out the findings that are recorded in this file.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Record all findings in this file, to be left out from now on.
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    write_baseline: Option<PathBuf>,
}

impl BaselineArguments {
    /// The recorded findings that an option names.
    pub fn read(&self) -> Result<Option<Baseline>, Unusable> {
        self.baseline.as_deref().map(read_baseline).transpose()
    }

    /// Records the findings of a run in place of reporting them; `None` where that is not asked for.
    pub fn record(&self, outcome: &Outcome, exit: Exit) -> Result<Option<Exit>, Unusable> {
        let Some(file) = &self.write_baseline else { return Ok(None) };
        let baseline = Baseline::of(&outcome.findings);
        output::to_file(file, &|out| out.json_text(&baseline.text()))?;
        let findings = if baseline.len() == 1 { "finding" } else { "findings" };
        let shown = shown_path(file);
        let count = baseline.len();
        output::to_stdout(&|out| {
            out.line(format_args!(
                "Recorded {count} {findings} in {shown}. From now on, `--baseline {shown}` leaves them out."
            ))
        })?;
        Ok(Some(if outcome.has_internal_error { Exit::Internal } else { exit }))
    }
}

fn read_baseline(file: &Path) -> Result<Baseline, Unusable> {
    let shown = shown_path(file);
    if !Disk.is_there(file) {
        return Err(Unusable::new(format!("there is no baseline {shown}; `--write-baseline {shown}` makes one")));
    }
    let text = read_own_file("baseline", file, MAX_BASELINE_SIZE, &Disk)?;
    Baseline::read(text.text()).map_err(|error| Unusable::new(format!("cannot use {shown}: {error}")))
}

/// Leaves out what is recorded; `is_whole` if everything was looked at, so that what is not there is gone.
pub(super) fn leave_out(baseline: &Baseline, outcome: &mut Outcome, is_whole: bool) {
    let (left_out, gone) = baseline.apply(&mut outcome.findings);
    outcome.in_baseline = left_out;
    if gone > 0 && is_whole {
        let are = if gone == 1 { "finding of the baseline is" } else { "findings of the baseline are" };
        outcome.remark(Some(format!("{gone} {are} gone; `--write-baseline` records anew what is left.")));
    }
}
