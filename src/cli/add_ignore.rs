//! `check --add-ignore`: writes comments that hide the findings of a rule which are there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::output;
use crate::diagnostic::added_ignores::AddedIgnores;
use crate::diagnostic::{Finding, RuleInfo, Topic};
use crate::project::Unusable;
use crate::rules;
use crate::source::{Source, acts};
use crate::words;
use crate::writing::InPlace;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Accepted findings")]
pub(super) struct AddIgnoreArguments {
    /// For each finding of this rule that is there, write a comment that hides it: `# kaslint: ignore[RULE] TEXT`.
    #[arg(long, value_name = "RULE", requires = "reason", value_parser = super::known_values::rule(),
        hide_possible_values = true,
        conflicts_with_all = ["fix", "diff", "with_unsafe", "baseline", "write_baseline", "output", "isolated", "stdin_filename"])]
    add_ignore: Option<String>,
    /// With --add-ignore: why the findings are accepted.
    #[arg(long, value_name = "TEXT", requires = "add_ignore", value_hint = clap::ValueHint::Other)]
    reason: Option<String>,
}

/// What is to be hidden, and why.
#[derive(Clone, Copy)]
pub(super) struct Accepted<'a> {
    rule: &'static RuleInfo,
    reason: &'a str,
}

impl AddIgnoreArguments {
    /// What is to be hidden; `None` for a report.
    pub fn accepted(&self) -> Result<Option<Accepted<'_>>, Unusable> {
        let (Some(name), Some(reason)) = (&self.add_ignore, self.reason.as_deref().map(str::trim)) else {
            return Ok(None);
        };
        let Some(rule) = rules::TABLE.find(name) else {
            return Err(Unusable::new(format!("there is no rule `{name}`; {}", rules::TABLE.nearest(name))));
        };
        if rule.topic == Topic::Linter {
            let message = format!("`{name}` is about kaslint's own settings and comments, and no comment hides it");
            return Err(Unusable::new(message));
        }
        if reason.is_empty() || reason.contains(acts) {
            return Err(Unusable::new("--reason says why the findings are accepted, in one line of text".to_owned()));
        }
        Ok(Some(Accepted { rule, reason }))
    }
}

/// A file that may be changed.
pub(super) struct Own {
    /// Where it lies.
    pub path: PathBuf,
    /// The folder of its project.
    pub folder: PathBuf,
    /// The size up to which GitLab reads it, in bytes, where it does not read a larger one.
    pub limit: Option<u64>,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Added {
    comments: usize,
    hidden: usize,
    /// The findings that are not hidden, with the reason.
    left: Vec<String>,
    /// The files that could not be written, with the reason.
    pub errors: Vec<String>,
}

impl Accepted<'_> {
    /// Whether a finding is one of those.
    pub fn is_about(&self, finding: &Finding) -> bool {
        finding.rule.name == self.rule.name
    }

    /// Writes the comments for these findings, each file as a whole or not at all.
    pub fn write(&self, findings: &[&Finding], own: &BTreeMap<String, Own>) -> Added {
        let mut added = Added::default();
        let mut by_file: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        for finding in findings {
            by_file.entry(finding.place.source.path()).or_default().push(finding);
        }
        let mut in_place = InPlace::default();
        for (path, findings) in by_file {
            match own.get(path) {
                Some(own) => self.write_file(own, &findings, &mut in_place, &mut added),
                None => findings.iter().for_each(|finding| {
                    added.leave(finding, "the file is one that jobs run, or belongs to another project")
                }),
            }
        }
        added
    }

    fn write_file(&self, own: &Own, findings: &[&Finding], in_place: &mut InPlace, added: &mut Added) {
        let Some(source) = findings.first().map(|finding| &finding.place.source) else { return };
        let mut lines: BTreeMap<usize, bool> = BTreeMap::new();
        for finding in findings {
            let span = finding.place.span;
            // What is said of a file as such is said of its first line, whatever that is.
            *lines.entry(source.line_index(span.start)).or_default() |= span.is_empty() && span.start == 0;
        }
        let AddedIgnores { source: changed, left } =
            AddedIgnores::of(source, &lines, (self.rule.name, self.reason), rules::TABLE);
        let line_of = |finding: &&&Finding| source.line_index(finding.place.span.start);
        if let Some(limit) = own.limit.filter(|&limit| size(source) <= limit && size(&changed) > limit) {
            let reason = format!("the file would have more than {limit} bytes, and GitLab would refuse it");
            return findings.iter().for_each(|finding| added.leave(finding, &reason));
        }
        for finding in findings.iter().filter(|finding| left.contains(&line_of(finding))) {
            added.leave(finding, "no comment can stand here; `ignore` in .kaslint.yaml can name it");
        }
        if left.len() == lines.len() {
            return;
        }
        match in_place.replace(&own.path, &own.folder, (source, &changed)) {
            Ok(()) => {
                added.comments += lines.len() - left.len();
                added.hidden += findings.iter().filter(|finding| !left.contains(&line_of(finding))).count();
            }
            Err(error) => added.errors.push(format!("cannot write {}: {error}", source.path())),
        }
    }

    /// Tells what came of it.
    pub fn tell(&self, added: &Added, is_quiet: bool) -> Result<(), Unusable> {
        let rule = self.rule.name;
        output::to_stdout(&|out| {
            added.left.iter().try_for_each(|line| out.line(format_args!("{line}")))?;
            let is_nothing = added.comments == 0 && added.left.is_empty() && added.errors.is_empty();
            match added.comments {
                _ if is_quiet => Ok(()),
                0 if is_nothing => out.line(format_args!("There is no finding of `{rule}` to hide.")),
                0 => Ok(()),
                comments => out.line(format_args!(
                    "Wrote {}: {} of `{rule}` hidden.",
                    words::count(comments, "comment"),
                    words::count(added.hidden, "finding"),
                )),
            }
        })
    }
}

impl Added {
    /// Whether findings are there that are not hidden now.
    pub fn is_partial(&self) -> bool {
        !self.left.is_empty()
    }

    fn leave(&mut self, finding: &Finding, reason: &str) {
        let position = finding.place.source.position(finding.place.span.start);
        let path = finding.place.source.path();
        self.left.push(format!("{path}:{}:{}: {reason}", position.line, position.column));
    }
}

fn size(source: &Arc<Source>) -> u64 {
    source.to_bytes().map_or(0, |bytes| bytes.len() as u64)
}

/// The folder and the path of a file.
pub(super) fn own(path: &Path, folder: &Path, limit: Option<u64>) -> Own {
    Own { path: path.to_owned(), folder: folder.to_owned(), limit }
}
