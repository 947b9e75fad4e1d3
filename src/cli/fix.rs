//! `check --fix` and `--diff`: writes files with their fixes, or shows what would change.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use similar::TextDiff;

use super::output;
use crate::analysis::Project;
use crate::diagnostic::Safety;
use crate::fixing::{Fixed, FixedFile};
use crate::project::Unusable;
use crate::project::discover::{self, Found};
use crate::source::secrets;

/// How long the smallest difference is looked for; after that a larger one does.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, clap::Args)]
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

/// The files of a project that may be changed, by their paths in reports: those that were asked for and lie in the
/// project's own folder. What it includes of other projects does not.
pub(super) fn own_files(found: &Found, project: &Project, roots: &[PathBuf]) -> BTreeMap<String, PathBuf> {
    let mut files: BTreeMap<String, PathBuf> =
        found.files.iter().map(|file| (discover::shown_path(&file.path), file.path.clone())).collect();
    let root = real(&found.root);
    for source in project.pipeline.iter().flat_map(|pipeline| &pipeline.sources) {
        let path = PathBuf::from(source.path());
        let Ok(place) = fs::canonicalize(&path) else { continue };
        let nearest = roots.iter().filter(|root| place.starts_with(root)).max_by_key(|root| root.as_os_str().len());
        if nearest.is_some() && nearest == root.as_ref() {
            files.insert(source.path().to_owned(), path);
        }
    }
    files.retain(|path, _| project.named.as_ref().is_none_or(|named| named.contains(path)));
    files
}

/// A project's folder without links and relative parts.
pub(super) fn real(root: &Path) -> Option<PathBuf> {
    fs::canonicalize(if root.as_os_str().is_empty() { Path::new(".") } else { root }).ok()
}

/// Writes the files; returns those that could not be, with the reason.
pub(super) fn write(fixed: &Fixed, files: &BTreeMap<String, PathBuf>) -> Vec<(String, String)> {
    let mut errors = Vec::new();
    for file in &fixed.files {
        let path = file.before.path();
        let place = files.get(path).cloned().unwrap_or_else(|| PathBuf::from(path));
        if let Err(error) = write_file(&place, file) {
            errors.push((path.to_owned(), format!("cannot fix {path}: {error}")));
        }
    }
    errors
}

fn write_file(path: &Path, file: &FixedFile) -> Result<(), String> {
    let (Some(before), Some(after)) = (file.before.to_bytes(), file.after.to_bytes()) else {
        return Err("not all of it is text".to_owned());
    };
    let metadata = fs::symlink_metadata(path).map_err(|error| discover::plain(&error))?;
    if metadata.is_symlink() {
        return Err("it is a symbolic link; name the file that it leads to".to_owned());
    }
    if !metadata.is_file() {
        return Err("it is no file any more".to_owned());
    }
    // A file that is moved over another one needs no leave from that one, so it is asked for.
    if metadata.permissions().readonly() {
        return Err("it is read-only".to_owned());
    }
    fs::OpenOptions::new().write(true).open(path).map_err(|error| discover::plain(&error))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let in_folder = |error: io::Error| format!("no file can be written beside it ({})", discover::plain(&error));
    let mut beside = tempfile::NamedTempFile::new_in(folder).map_err(in_folder)?;
    beside.write_all(&after).and_then(|()| beside.flush()).map_err(in_folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        // Only a superuser may give files away, and for anybody else the owner is the same in most cases.
        let _ = std::os::unix::fs::chown(beside.path(), Some(metadata.uid()), Some(metadata.gid()));
    }
    beside.as_file().set_permissions(metadata.permissions()).map_err(in_folder)?;
    let now = fs::read(path).map_err(|error| discover::plain(&error))?;
    let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    if now != before || is_link {
        return Err("it was changed by somebody else meanwhile; run kaslint again".to_owned());
    }
    beside.persist(path).map(drop).map_err(|error| discover::plain(&error.error))
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
    for remark in &fixed.remarks {
        output::complain(remark);
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::Source;

    /// A folder whose one file reads `now`, and what writing a fix over the text that was read before comes to.
    fn written(now: &str) -> (Result<(), String>, String, usize) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.yaml");
        fs::write(&path, now).expect("a file");
        let file = FixedFile {
            before: Arc::new(Source::new("config.yaml", "a: 1\n")),
            after: Arc::new(Source::new("config.yaml", "b: 1\n")),
            count: 1,
        };
        let outcome = write_file(&path, &file);
        let text = fs::read_to_string(&path).expect("the file");
        (outcome, text, fs::read_dir(folder.path()).expect("the folder").count())
    }

    #[test]
    fn a_file_that_is_as_it_was_read_is_written() {
        assert_eq!(written("a: 1\n"), (Ok(()), "b: 1\n".to_owned(), 1));
    }

    #[test]
    fn a_file_that_somebody_changed_after_it_was_read_stays() {
        let (outcome, text, files) = written("a: 2\n");
        assert_eq!(outcome, Err("it was changed by somebody else meanwhile; run kaslint again".to_owned()));
        assert_eq!((text.as_str(), files), ("a: 2\n", 1));
    }
}
