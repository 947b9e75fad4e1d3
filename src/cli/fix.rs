//! `check --fix` and `--diff`: writes files with their fixes, or shows what would change.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use similar::TextDiff;

use super::output;
use crate::diagnostic::Safety;
use crate::fixing::Fixed;
use crate::project::Unusable;
use crate::source::secrets;
use crate::writing::InPlace;

/// How long the smallest difference is looked for; after that a larger one does.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Fixes")]
pub(super) struct FixArguments {
    /// Make the safe fixes: write the files, then report what is left. With `-`, print the text and report on standard
    /// error.
    #[arg(long)]
    fix: bool,
    /// Print what the fixes would change, and write nothing; the exit status is 1 if there is something to fix.
    #[arg(long)]
    diff: bool,
    /// With --fix or --diff: the unsafe fixes too, which guess or change who gets in.
    #[arg(long = "unsafe")]
    with_unsafe: bool,
}

/// What is to be done with fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Write,
    Show,
}

impl FixArguments {
    /// What is to be done with fixes, and with which; `None` for a report alone.
    pub fn mode(&self) -> Result<Option<(Mode, Safety)>, Unusable> {
        let up_to = if self.with_unsafe { Safety::Unsafe } else { Safety::Safe };
        match (self.fix, self.diff) {
            // As with ruff, nothing is written where a difference is asked for.
            (_, true) => Ok(Some((Mode::Show, up_to))),
            (true, false) => Ok(Some((Mode::Write, up_to))),
            (false, false) if self.with_unsafe => {
                Err(Unusable::new("--unsafe says which fixes are made: give it with --fix or --diff".to_owned()))
            }
            (false, false) => Ok(None),
        }
    }
}

/// Writes the files, each within its project's folder; returns those that could not be, with the reason.
pub(super) fn write(fixed: &Fixed, files: &BTreeMap<&str, (&Path, &Path)>) -> Vec<(String, String)> {
    let mut errors = Vec::new();
    let mut in_place = InPlace::default();
    for file in &fixed.files {
        let path = file.before.path();
        let texts = (&*file.before, &*file.after);
        let written = match files.get(path) {
            Some((place, within)) => in_place.replace(place, within, texts),
            None => Err("no project has it".to_owned()),
        };
        if let Err(error) = written {
            errors.push((path.to_owned(), format!("cannot fix {path}: {error}")));
        }
    }
    errors
}

/// The differences of all files as `diff -u` writes them, without secrets.
pub(super) fn difference(fixed: &Fixed) -> String {
    let mut text = String::new();
    for file in &fixed.files {
        let (before, after) = (secrets::mask(file.before.text()), secrets::mask(file.after.text()));
        let path = file.before.path();
        let difference = TextDiff::configure().timeout(PATIENCE).diff_lines(&*before, &*after);
        text.push_str(&difference.unified_diff().header(path, path).to_string());
    }
    text
}

/// Says on standard error what a difference comes to.
pub(super) fn sum_up(fixed: &Fixed, up_to: Safety) {
    for remark in fixed.effects_in_words().chain(fixed.remarks.iter().cloned()) {
        output::complain(&remark);
    }
    let left = fixed.analyses.iter().flat_map(|analysis| &analysis.findings);
    let unsafe_ones = match up_to {
        Safety::Safe => {
            left.filter(|finding| finding.fix.as_ref().is_some_and(|fix| fix.safety == Safety::Unsafe)).count()
        }
        Safety::Unsafe => 0,
    };
    let more = if unsafe_ones > 0 { format!(" ({unsafe_ones} more with --unsafe)") } else { String::new() };
    match fixed.count() {
        0 => output::complain(&format!("Nothing would be fixed{more}.")),
        1 => output::complain(&format!("Would fix 1 finding{more}.")),
        count => output::complain(&format!("Would fix {count} findings{more}.")),
    }
}

/// The paths of files, for taking back what could not be written.
pub(super) fn paths(errors: &[(String, String)]) -> BTreeSet<&str> {
    errors.iter().map(|(path, _)| &**path).collect()
}
