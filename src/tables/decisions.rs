//! `decisions`: what the jobs of each project get at each agent.

use std::collections::HashMap;
use std::io;

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use super::parquet::{Encoded, Form, Group, TextId, Writer};
use super::{Cell, Receiver, Rows, Table, Tables, flag, key, masked, optional, text};
use crate::access::AgentId;
use crate::access::decisions::{Decider, Decision, Kept, Name};
use crate::inventory::Project;

pub(super) const TABLE: Table = Table {
    name: "decisions",
    row: "what the jobs of a project get at an agent, with an environment or without, on protected refs or on others; none for agents of which nothing names the project",
    columns: &[
        text("project", "the job's project"),
        optional(text("environment", "the job's environment; null for a job without one")),
        flag("protected", "whether the pipeline's ref is protected"),
        text("agent", "the agent, as `agents` has it"),
        text("decision", "`allowed`, `denied` or `unknown`"),
        optional(text("reason", "why it is not allowed; null where it is")),
        optional(text("entry", "the entry that decides, or `implicit`; null where none does, or more than one may")),
    ],
    rows: Rows::Decisions,
};

/// So many rows are worked out side by side at a time, about.
const WANTED_ROWS: usize = 1 << 18;

/// How many groups are worked out at a time, whatever the machine has: what is written does not hang on it.
const SIDE_BY_SIDE: usize = 4;

/// How many projects are looked at first to see how many rows they have.
const FIRST: usize = 64;

pub(super) fn write<W: Receiver>(tables: &Tables<'_, '_>, writer: &mut Writer<W>) -> io::Result<()> {
    let Some(inventory) = tables.index.inventory() else { return Ok(()) };
    let decider = Decider::new(tables.index);
    let form = writer.form();
    let contexts: Vec<String> = tables.index.agents().iter().map(key).collect();
    let mut left = inventory.projects();
    let mut length = FIRST;
    while !left.is_empty() {
        let (now, behind) = left.split_at(left.len().min(length.saturating_mul(SIDE_BY_SIDE)));
        left = behind;
        let ranges: Vec<&[Project]> = now.chunks(length).collect();
        let encoded: io::Result<Vec<Vec<Encoded>>> =
            ranges.into_par_iter().map(|range| encode(tables, &decider, &form, &contexts, range)).collect();
        let mut rows = 0;
        for group in encoded?.into_iter().flatten() {
            rows += group.rows();
            writer.append(group)?;
        }
        // What is behind has about as many rows as what was before.
        length = now.len().saturating_mul(WANTED_ROWS).checked_div(rows).unwrap_or(WANTED_ROWS).clamp(1, WANTED_ROWS);
    }
    Ok(())
}

/// The rows of some projects.
fn encode<'w>(
    tables: &Tables<'_, 'w>,
    decider: &Decider<'_, 'w>,
    form: &Form,
    contexts: &[String],
    projects: &'w [Project],
) -> io::Result<Vec<Encoded>> {
    let mut done = Vec::new();
    let (mut group, mut known) = (form.group(), Known::default());
    let mut kept = Kept::default();
    for project in projects {
        if group.is_full() {
            done.push(std::mem::replace(&mut group, form.group()).close()?);
            known = Known::default();
        }
        let path = group.share(masked(&project.path))?;
        let names: Vec<Name<'_>> = tables.environments(project).map(name).collect();
        let mut told = Ok(());
        decider.decide(project, &names, &mut kept, &mut |decision| {
            if told.is_ok() {
                told = known.push(&mut group, path, contexts, &decision);
            }
        });
        told?;
    }
    done.push(group.close()?);
    Ok(done)
}

/// The name of an environment, and whether whoever has the tables can compare it with patterns.
pub(super) fn name(name: &str) -> Name<'_> {
    let is_comparable = !name.chars().any(char::is_control) && masked(name) == name;
    Name { name, is_comparable }
}

/// The texts that the rows of a group share.
#[derive(Default)]
struct Known<'e> {
    words: HashMap<&'static str, TextId>,
    environments: HashMap<&'e str, TextId>,
    agents: HashMap<AgentId, TextId>,
    /// By the place of the entry in memory.
    entries: HashMap<usize, TextId>,
}

impl<'e> Known<'e> {
    fn push(
        &mut self,
        group: &mut Group<'_>,
        project: TextId,
        contexts: &[String],
        decision: &Decision<'e, '_>,
    ) -> io::Result<()> {
        let environment = match decision.environment {
            None => Cell::Null,
            Some(name) => Cell::Shared(shared(&mut self.environments, name, group, || masked(name).into_owned())?),
        };
        let agent = decision.agent;
        let context = || contexts.get(agent.index()).map(|context| masked(context).into_owned()).unwrap_or_default();
        let agent = shared(&mut self.agents, agent, group, context)?;
        let mut word = |word: &'static str| shared(&mut self.words, word, group, || word.to_owned());
        let said = word(decision.word.name())?;
        let reason = decision.reason.map(&mut word).transpose()?;
        let entry = match decision.winner.map(|winner| winner.entry) {
            None => None,
            Some(None) => Some(word("implicit")?),
            Some(Some(entry)) => {
                Some(shared(&mut self.entries, std::ptr::from_ref(entry).addr(), group, || entry.route())?)
            }
        };
        group.push(&mut [
            Cell::Shared(project),
            environment,
            Cell::Flag(decision.protected),
            Cell::Shared(agent),
            Cell::Shared(said),
            Cell::or_null(reason, Cell::Shared),
            Cell::or_null(entry, Cell::Shared),
        ])
    }
}

fn shared<K: std::hash::Hash + Eq>(
    known: &mut HashMap<K, TextId>,
    key: K,
    group: &mut Group<'_>,
    text: impl FnOnce() -> String,
) -> io::Result<TextId> {
    if let Some(id) = known.get(&key) {
        return Ok(*id);
    }
    let id = group.share(text().into())?;
    known.insert(key, id);
    Ok(id)
}
