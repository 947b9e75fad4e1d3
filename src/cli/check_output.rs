//! What `check` shows beside its reports, and what makes its exit status.

use std::cell::Cell;

use super::output;
use crate::diagnostic::Severity;
use crate::project::Unusable;

/// From which severity on findings count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FailOn {
    Error,
    Warning,
    Note,
    Never,
}

impl FailOn {
    pub fn includes(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Note => true,
            Self::Never => false,
        }
    }
}

/// Shows a difference, with escapes for what would act on a terminal or in a log, and says so: then it is not the text of the files.
pub(super) fn show_difference(difference: &str) -> Result<(), Unusable> {
    let has_escapes = Cell::new(false);
    output::to_stdout(&|out| {
        has_escapes.set(out.difference(difference)?);
        Ok(())
    })?;
    if has_escapes.get() {
        output::complain(
            "warning: the difference has escapes such as \\u{1b} for characters that would act where it is shown, so its hunks \
             with them are not for `patch`; `--fix` writes the files as they are meant",
        );
    }
    Ok(())
}
