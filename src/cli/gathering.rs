//! What `inventory fetch` and `inventory from-api` say at their end: what is there now, and what could not be read.

use std::collections::{BTreeMap, BTreeSet};

use super::output::{self, Outlet};
use crate::fetch::{Gathered, inventory_text};
use crate::inventory::{Fact, Unread};
use crate::project::Unusable;
use crate::words::in_lines;

/// So many files with secrets are named.
const MOST_FILES: usize = 10;

/// The files of the inventory folder: `inventory.yaml`, and those of projects.
pub(super) fn files_of(gathered: &Gathered, text: String) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![("inventory.yaml".to_owned(), text.into_bytes())];
    for project in gathered.projects.values() {
        for (path, file) in &project.files {
            let bytes = file.bytes.clone().unwrap_or_default();
            files.push((format!("projects/{}/{path}", project.path), bytes));
        }
    }
    files
}

/// The text of the inventory.
pub(super) fn text_of(gathered: &Gathered) -> Result<String, Unusable> {
    inventory_text(gathered).map_err(|error| Unusable::new(format!("the inventory cannot be written: {error}")))
}

/// Says what was gathered and what was not, on standard error.
pub(super) fn tell(gathered: &Gathered, head: &str) {
    let _ = output::to_stderr(&|out| {
        out.line(format_args!("{head}"))?;
        unread(gathered, out)?;
        secrets(gathered, out)
    });
}

/// `12 projects`, `1 project`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// The counts of what was gathered.
pub(super) fn counts(gathered: &Gathered) -> String {
    let files: usize = gathered.projects.values().map(|project| project.files.len()).sum();
    let groups = counted(gathered.groups.len(), "group");
    let projects = counted(gathered.projects.len(), "project");
    let known: Vec<usize> =
        gathered.projects.values().filter_map(|project| project.agents.as_ref()).map(BTreeMap::len).collect();
    let agents = match known.is_empty() {
        // None is not what is known of them.
        true => String::new(),
        false => format!("{}, ", counted(known.iter().sum(), "registered agent")),
    };
    format!("{groups}, {projects}, {agents}{}", counted(files, "file"))
}

/// Tells what was not read, that of one fact and one need in one sentence.
///
/// # Errors
/// When the receiver does not take it.
pub(super) fn tell_unread<'i>(unread: impl Iterator<Item = &'i Unread>, out: &mut Outlet<'_>) -> std::io::Result<()> {
    let mut kinds: BTreeMap<(Fact, Option<&str>), Vec<&Unread>> = BTreeMap::new();
    for row in unread {
        kinds.entry((row.fact, row.needs.as_deref())).or_default().push(row);
    }
    for ((what, needs), rows) in kinds {
        let of: BTreeSet<&str> = rows.iter().filter_map(|row| row.path.as_deref()).collect();
        let of = match (of.len(), of.first()) {
            (0, _) => "of the instance".to_owned(),
            (1, Some(only)) => format!("of {only}"),
            (count, _) => format!("of {count} projects"),
        };
        let reasons: BTreeSet<&str> = rows.iter().filter_map(|row| row.reason.as_deref()).collect();
        let reason = match (reasons.first(), reasons.len()) {
            (None, _) => String::new(),
            (Some(reason), 1) => format!(": {reason}"),
            (Some(reason), count) => format!(": {reason}, and {}", counted(count - 1, "other reason")),
        };
        let needs = needs.map(|needs| format!("; needs {needs}")).unwrap_or_default();
        let sentence = format!("{} {of}{reason}{needs}", what.word());
        for line in in_lines(&sentence, output::width(), "  ", "      ") {
            out.line(format_args!("{line}"))?;
        }
    }
    Ok(())
}

fn unread(gathered: &Gathered, out: &mut Outlet<'_>) -> std::io::Result<()> {
    if gathered.unread.is_empty() {
        return Ok(());
    }
    out.empty_line()?;
    out.line(format_args!("Not read, and so not known (`unread` in inventory.yaml):"))?;
    tell_unread(gathered.unread.iter(), out)
}

fn secrets(gathered: &Gathered, out: &mut Outlet<'_>) -> std::io::Result<()> {
    if gathered.with_secrets.is_empty() {
        return Ok(());
    }
    out.empty_line()?;
    out.line(format_args!("Holds what looks like a secret; look before this folder is shared:"))?;
    for path in gathered.with_secrets.iter().take(MOST_FILES) {
        out.line(format_args!("  {path}"))?;
    }
    match gathered.with_secrets.len().saturating_sub(MOST_FILES) {
        0 => Ok(()),
        more => out.line(format_args!("  and {more} more")),
    }
}
