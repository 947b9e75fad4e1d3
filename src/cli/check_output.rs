//! What `check` shows beside its reports, and what makes its exit status.

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

/// Shows a difference: to a program as it is, to a terminal without what would act on it.
pub(super) fn show_difference(difference: &str) -> Result<(), Unusable> {
    if !output::is_terminal() {
        return output::bytes_to_stdout(difference.as_bytes());
    }
    let is_plain = |character: char| !character.is_control() || matches!(character, '\n' | '\t');
    let shown: String = difference.chars().map(|c| if is_plain(c) || c == '\r' { c } else { '\u{fffd}' }).collect();
    output::bytes_to_stdout(shown.as_bytes())
}
