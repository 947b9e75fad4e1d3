//! What `check` writes where, and what makes its exit status.

use std::path::{Path, PathBuf};

use super::{Unusable, output};
use crate::finding::Severity;
use crate::report::{Format, Outcome};

/// A format and where its report goes.
#[derive(Clone, Debug)]
pub(super) struct FormatChoice {
    format: Format,
    file: Option<PathBuf>,
}

pub(super) fn parse_format(text: &str) -> Result<FormatChoice, String> {
    use clap::ValueEnum as _;
    let (name, file) = match text.split_once('=') {
        Some((_, "")) => return Err("a file's name belongs behind `=`".to_owned()),
        Some((name, file)) => (name, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let format = Format::from_str(name, false).map_err(|_| {
        let names: Vec<String> = Format::value_variants()
            .iter()
            .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
            .collect();
        format!("there is no format `{name}`; choose one of {}", names.join(", "))
    })?;
    Ok(FormatChoice { format, file })
}

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

/// Writes the reports; the one for standard output goes to standard error where that has the text itself.
pub(super) fn write(
    formats: &[FormatChoice],
    file: Option<&Path>,
    outcome: &Outcome,
    has_text: bool,
) -> Result<(), Unusable> {
    let to_stdout = formats.iter().filter(|choice| choice.file.is_none()).count();
    if to_stdout > 1 {
        return Err(Unusable(
            "only one format can go to standard output; name a file for the others: --format json=FILE".to_owned(),
        ));
    }
    for choice in formats {
        let width = output::width();
        let write = |out: &mut dyn std::io::Write| choice.format.write(outcome, width, out);
        match choice.file.as_deref().or(file) {
            Some(file) => output::to_file(file, &write)?,
            None if has_text => output::to_stderr(&write)?,
            None => output::to_stdout(&write)?,
        }
    }
    Ok(())
}
