//! As whom jobs act at agents, and what agents are called.

use std::collections::BTreeSet;

use super::answers::{Answers, CaseAnswer, rows as rows_of};
use crate::access::{AgentId, Condition, Index, Row, Unknown};
use crate::agent_config::{CiEntry, is_true};
use crate::words;

/// How many patterns stand in a cell before the others are counted.
const MOST_NAMES: usize = 3;

/// As whom jobs act at an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AgentRow {
    pub context: String,
    pub decided_by: String,
    pub only_for: Vec<String>,
    pub identity: Vec<String>,
    pub namespace: String,
    /// A mark.
    pub condition: String,
}

/// What agents are called in cells: by name where no other has the name.
pub(super) struct AgentNames<'i, 'w> {
    index: &'i Index<'w>,
    often: BTreeSet<&'w str>,
}

impl<'i, 'w> AgentNames<'i, 'w> {
    pub fn of(index: &'i Index<'w>) -> Self {
        let mut known = BTreeSet::new();
        let often = index.agents().iter().map(|agent| agent.name).filter(|name| !known.insert(*name)).collect();
        Self { index, often }
    }

    pub fn name(&self, id: AgentId) -> String {
        let agent = self.index.agent(id);
        words::printable(&if self.often.contains(agent.name) { agent.context() } else { agent.name.to_owned() })
    }
}

/// The rows of an agent, each with what it hangs on. What decides there is the same for all jobs of a project.
pub(super) fn rows(index: &Index<'_>, answers: &Answers<'_, '_, '_>, id: AgentId) -> Vec<(AgentRow, String)> {
    let mut found: Vec<(AgentRow, String)> = Vec::new();
    let agent = index.agent(id);
    for answered in answers.given() {
        let of_agent = rows_of(&answered.answer).filter(|row| row.agent == id);
        for row in of_agent.filter(|row| row.winner.is_some()) {
            let condition = words::conditions_of_jobs(&lasting(row));
            let agent_row = agent_row(answered, row, index, words::printable(&agent.context()));
            if !found.iter().any(|known| known.0 == agent_row && known.1 == condition) {
                found.push((agent_row, condition));
            }
        }
    }
    found.sort_by(|one, other| (&one.1, &one.0.decided_by).cmp(&(&other.1, &other.0.decided_by)));
    if found.is_empty() {
        let decided_by = if agent.is_refused() { "not known: its file is refused" } else { "nothing" };
        let row = AgentRow {
            context: words::printable(&agent.context()),
            decided_by: decided_by.to_owned(),
            only_for: Vec::new(),
            identity: Vec::new(),
            namespace: String::new(),
            condition: String::new(),
        };
        found.push((row, String::new()));
    }
    found
}

/// The conditions of a row that hold for all jobs of the project alike.
fn lasting(row: &Row<'_>) -> Vec<Condition> {
    let of_job = |condition: &&Condition| {
        !matches!(
            condition.unknown,
            Unknown::EnvironmentMatches(_)
                | Unknown::PatternMatches(_)
                | Unknown::NewMatcher
                | Unknown::RequestFails
                | Unknown::ProtectedRef
                | Unknown::ProtectedMergeRequest
        )
    };
    row.conditions.iter().filter(of_job).cloned().collect()
}

fn agent_row(answered: &CaseAnswer<'_, '_>, row: &Row<'_>, index: &Index<'_>, context: String) -> AgentRow {
    let agent = index.agent(row.agent);
    let (mut only_for, mut identity) = (Vec::new(), words::identity_parts(None));
    if let Some(entry) = row.winner.and_then(|winner| winner.entry) {
        // Whether the namespace counts hangs on the release, so the answer says it.
        let CiEntry {
            kind: _,
            index: _,
            span: _,
            head: _,
            id: _,
            default_namespace: _,
            access_as,
            environments,
            environments_key: _,
            protected_branches_only,
            resource_management: _,
        } = entry;
        let patterns: Vec<String> = environments.iter().map(|pattern| words::printable(&pattern.value)).collect();
        only_for = words::cut(&patterns, MOST_NAMES);
        only_for.extend(is_true(protected_branches_only.as_ref()).then(|| "protected refs".to_owned()));
        identity = words::identity_parts(access_as.as_ref());
    }
    AgentRow {
        context,
        decided_by: row.winner.map(|winner| words::candidate_name(&winner, agent)).unwrap_or_default(),
        only_for,
        identity,
        namespace: answered
            .answer
            .namespace(row)
            .map(|namespace| words::printable(&namespace.value))
            .unwrap_or_default(),
        condition: String::new(),
    }
}
