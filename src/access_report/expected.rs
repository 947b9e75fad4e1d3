//! What agents grant now, held against a recording of it by what both mean.

use std::collections::BTreeSet;
use std::io;

use serde_json::Value as Json;

use super::recording::{NOBODY, PEOPLE, Recorded, Recording};
use super::{Format, difference, facts};
use crate::access::{AgentFile, Index, World};
use crate::diff::{Change, Diff, Of, Sides, compare};
use crate::diff_report::{DiffReport, State, Stated};
use crate::outlet::Outlet;
use crate::words::excerpt;

/// A recording of `--format json` and the result of now.
#[derive(Debug)]
pub struct Expected {
    recorded: Recording,
    found: Recording,
}

/// What has become otherwise.
#[derive(Debug)]
pub struct Difference {
    diff: Diff,
    /// What sentences do not tell, a line each, behind `-` and `+`.
    rows: Vec<String>,
}

impl Expected {
    /// Reads both; `None` where they do not tell what agents grant.
    #[must_use]
    pub fn read(recorded: &str, found: &str) -> Option<Self> {
        Some(Self { recorded: Recording::read(recorded)?, found: Recording::read(found)? })
    }

    /// What differs; `index` is what the result of now is of.
    ///
    /// Entries of both are compared for every project, environment name and ref by the rules of now. Projects that came since are no
    /// difference, and neither is another way to write the same.
    #[must_use]
    pub fn difference(&self, index: &Index<'_>) -> Difference {
        let contexts: BTreeSet<&str> =
            self.recorded.agents().chain(self.found.agents()).map(|(context, _)| context).collect();
        let moved: BTreeSet<&str> = contexts
            .iter()
            .copied()
            .filter(|context| facts_of(self.recorded.agent(context)) != facts_of(self.found.agent(context)))
            .collect();
        // An agent that nobody asked about stands for itself.
        let others = index.agents().iter().filter(|agent| !contexts.contains(&*agent.context()));
        let files: Vec<AgentFile<'_>> = others
            .filter_map(|agent| agent.file)
            .chain(self.recorded.agents().map(|(_, recorded)| recorded.file()))
            .collect();
        let before = World { inventory: index.inventory(), files, settings: index.settings() }.authorize();
        let mut diff = compare(&Sides { base: &before, head: index, in_force: None, settled: &[] });
        let is_compared = |context: &str| {
            let sides = [self.recorded.agent(context), self.found.agent(context)];
            moved.contains(context) && sides.iter().flatten().all(|agent| agent.is_comparable())
        };
        diff.changes.retain(|change| is_compared(&change.context));
        diff.unknown.retain(|open| is_compared(&open.context));
        let mut rows = Vec::new();
        for context in moved.iter().copied() {
            let is_told = diff.changes.iter().map(|change| &change.context).any(|of| of == context)
                || diff.unknown.iter().map(|open| &open.context).any(|of| of == context);
            match (self.recorded.agent(context), self.found.agent(context)) {
                (Some(recorded), Some(found)) if is_compared(context) => {
                    let is_of_people =
                        |change: &Change| change.context == context && matches!(change.of, Of::People(_));
                    let tells_of_people = diff.changes.iter().any(is_of_people);
                    rows.extend(rows_of_the_world(context, (recorded, found), tells_of_people, index));
                }
                _ if is_told => {}
                (recorded, found) => rows.extend(difference::rows(&facts_of(recorded), &facts_of(found))),
            }
        }
        Difference { diff, rows }
    }
}

impl Difference {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.diff.changes.is_empty() && self.diff.unknown.is_empty() && self.rows.is_empty()
    }

    /// What the entries come to, compared.
    #[must_use]
    pub fn diff(&self) -> &Diff {
        &self.diff
    }

    /// Writes a sentence for each change of who gets in, then what else is told otherwise.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn write(&self, name: &str, index: &Index<'_>, width: usize, out: &mut Outlet<'_>) -> io::Result<()> {
        let stated = |state: &str| Stated { state: State::Path(state.to_owned()), settings: index.settings() };
        let report = DiffReport {
            diff: &self.diff,
            base: stated(name),
            head: stated("now"),
            evidence: Vec::new(),
            findings: Vec::new(),
            is_whole: true,
            inventory: index.inventory(),
            width,
        };
        report.write_changes(out)?;
        if self.rows.is_empty() {
            return Ok(());
        }
        difference::write_rows(name, &self.rows, out)
    }
}

/// What entries hang on, and what else is not written in files, where that is told otherwise.
fn rows_of_the_world(
    context: &str,
    (recorded, found): (&Recorded, &Recorded),
    tells_of_people: bool,
    index: &Index<'_>,
) -> Vec<String> {
    let (before, after) = (recorded.told_of_the_world(), found.told_of_the_world());
    let (counted, dropped) = (recorded.written(true), found.written(false));
    let no_longer: BTreeSet<&String> = counted.intersection(&dropped).map(|(key, _)| key).collect();
    let mut rows = Vec::new();
    for (key, told) in &before {
        let told_now = after.get(key);
        // What is not written any more is told by its sentences, and so is who of people gets in no more.
        let is_told = (told_now.is_none() && !no_longer.contains(key))
            || (key == PEOPLE && (tells_of_people || told.contains(NOBODY)));
        if told_now == Some(told) || is_told {
            continue;
        }
        let line = |mark: char, of: &BTreeSet<String>| {
            let of: Vec<&str> = of.iter().map(String::as_str).collect();
            format!("{mark}{context}: {key}: {}", of.join(", or "))
        };
        rows.push(line('-', told));
        rows.push(match told_now {
            Some(told) => line('+', told),
            None => format!("+{context}: {key}: does not count"),
        });
    }
    if let Some(inventory) = index.inventory() {
        let gone = recorded.projects().into_iter().filter(|project| inventory.find_project(project).is_none());
        rows.extend(gone.map(|project| format!("-{context}: project {}", excerpt(project))));
    }
    rows
}

fn facts_of(agent: Option<&Recorded>) -> Vec<String> {
    agent.map(|agent| facts(Format::Json, &Json::Object(agent.object.clone()).to_string())).unwrap_or_default()
}
