//! One state as the data of a page: what `json` says of each agent, with the projects of entries as places in one list.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value as Json, json};

use super::Side;
use crate::access::{Agent, AgentGrants, AgentId, Candidate, Case, Effect, Grant, Index, Query, Reach};
use crate::access_report::json::{agent_grants, user_grants};
use crate::agent_config::{CiEntry, UserEntry};
use crate::gitlab::Tier;
use crate::inventory::Inventory;
use crate::report::json::finding;
use crate::source::{Source, Span, secrets, visible};

/// So many lines of an entry are shown, and of a file around what is found in it.
const MOST_LINES: usize = 16;

/// How many lines are shown in front of a finding and behind it.
const AROUND: usize = 2;

/// From a line so many characters are shown.
const LONG_LINE: usize = 240;

/// The data of one state.
#[derive(Debug)]
pub(super) struct World {
    pub json: Json,
    /// The agents in few words.
    pub agents: Vec<AgentLine>,
    /// How many rows the longest list of the page has.
    pub rows: usize,
}

/// An agent for who runs no script.
#[derive(Debug)]
pub(super) struct AgentLine {
    pub context: String,
    pub file: String,
    pub entries: usize,
    /// How many projects it lets in, in words.
    pub projects: String,
}

impl World {
    pub fn of(side: Side<'_, '_>) -> Self {
        let report = side.report;
        let index = report.index;
        let settings = index.settings();
        let inventory = index.inventory();
        let mut files = Files::default();
        let (mut agents, mut lines) = (Vec::new(), Vec::new());
        let mut grants = 0;
        for (id, agent) in index.agent_ids().filter(|(id, _)| report.is_asked(*id)) {
            let granted = report.agent_grants(id);
            grants += granted.cases.iter().map(rows_of).max().unwrap_or_default();
            lines.push(AgentLine::of(agent, &granted));
            // A page of too many rows is not written, so that nobody waits for it.
            if grants <= super::MOST_ROWS {
                agents.push(self::agent(index, &granted, &mut files));
            }
        }
        let listed = |inventory: &Inventory| -> Vec<Json> {
            inventory.ordered(0..inventory.project_count()).map(|project| Json::from(&*project.path)).collect()
        };
        let projects = inventory.map(listed).unwrap_or_default();
        let groups: Vec<Json> = inventory
            .map(Inventory::namespaces)
            .unwrap_or_default()
            .iter()
            .map(|group| Json::from(&*group.path))
            .collect();
        let jobs = report.jobs_for_page(side.jobs);
        let findings: Vec<Json> = side.findings.iter().map(|found| found_in(found, &mut files)).collect();
        let rows = [grants, projects.len() + groups.len(), lines.len(), jobs.len(), findings.len()];
        let mut json = json!({
            "label": side.label,
            "gitlab_version": settings.version.line().to_string(),
            "release_is_assumed": settings.is_release_assumed,
            "tier": settings.tier.map(Tier::name),
            "instance_authorization": settings.instance_authorization,
            "has_inventory": inventory.is_some(),
            "agent": report.agent,
            "environment": report.environment,
            "projects": projects,
            "groups": groups,
            "agents": agents,
            "jobs": jobs,
            "findings": findings,
        });
        secrets::mask_json(&mut json);
        json["files"] = files.json();
        Self { json, agents: lines, rows: rows.into_iter().max().unwrap_or_default() }
    }
}

/// How many rows a case has: one for each project of an entry, one for an entry whose projects are not known.
fn rows_of(case: &Case<'_>) -> usize {
    let rows = case.grants.iter().map(|grant| match &grant.effect {
        Effect::Decides(reach) | Effect::Depends(_, reach) => reach.count().map_or(1, |count| count as usize),
        Effect::Dropped(_) => 0,
    });
    rows.sum()
}

impl AgentLine {
    fn of(agent: &Agent<'_>, granted: &AgentGrants<'_>) -> Self {
        let entries = agent.file.and_then(|file| file.ci_access).map_or(0, |access| access.entries().count());
        let counts = granted.cases.iter().map(|case| {
            let counts = case.grants.iter().map(|grant| match &grant.effect {
                Effect::Decides(reach) | Effect::Depends(_, reach) => reach.count(),
                Effect::Dropped(_) => Some(0),
            });
            counts.sum::<Option<u32>>()
        });
        let counts: Option<Vec<u32>> = counts.collect();
        let ends = counts.and_then(|counts| Some((*counts.iter().min()?, *counts.iter().max()?)));
        let projects = match ends {
            _ if granted.refused.is_some() => "not known: GitLab refuses the file".to_owned(),
            None => "not known without an inventory".to_owned(),
            Some((least, most)) if least == most => most.to_string(),
            Some((least, most)) => format!("{least} to {most}"),
        };
        let file = agent.file.map(|file| file.path.to_owned()).unwrap_or_default();
        Self { context: agent.context(), file, entries, projects }
    }
}

/// An agent as `json` has it. Its entries have the places of their projects, what each overrides there, and their last lines.
fn agent(index: &Index<'_>, granted: &AgentGrants<'_>, files: &mut Files) -> Json {
    let id = granted.agent;
    let agent = index.agent(id);
    let mut object = agent_grants(index, granted, 0);
    for (case, told) in granted.cases.iter().zip(object["cases"].as_array_mut().into_iter().flatten()) {
        let mut beside = Beside::of(index, id, case);
        for (grant, told) in case.grants.iter().zip(told["entries"].as_array_mut().into_iter().flatten()) {
            if let Some(entry) = told.as_object_mut() {
                entry.shift_remove("projects");
            }
            if let Some(last) = grant.candidate.entry.and_then(|entry| files.entry(agent, entry)) {
                told["entry"]["last_line"] = last.into();
            }
            let (Effect::Decides(reach) | Effect::Depends(_, reach)) = &grant.effect else { continue };
            if let Reach::Places(places) = reach {
                told["places"] = places.iter().flat_map(|range| [range.start, range.end]).collect();
                told["beside"] = beside.along(grant, reach);
            }
        }
        told["sets"] = beside.sets.into();
    }
    let users = index.user_grants(id);
    let mut told = user_grants(index, &users);
    for (grant, told) in users.grants.iter().zip(told["entries"].as_array_mut().into_iter().flatten()) {
        let UserEntry { kind: _, index: _, span, id: _ } = grant.entry;
        told["path"] = agent.file.map(|file| file.path).into();
        told["line"] = agent.line(*span).into();
        told["route"] = grant.entry.route().into();
        told["last_line"] = files.lines_of(agent, *span).into();
    }
    object["user_access"] = told;
    object["path"] = agent.file.map(|file| file.path).into();
    object
}

/// What stands beside the entry that decides: what it overrides and what fell out before.
struct Beside<'i, 'w> {
    index: &'i Index<'w>,
    agent: AgentId,
    /// The position of an entry by its kind and its position in the file.
    positions: HashMap<Key, usize>,
    /// Positions of what is overridden and of what fell out, each pair once.
    sets: Vec<Json>,
    known: HashMap<Pair, usize>,
}

/// By what an entry is known.
type Key = (&'static str, Option<usize>);

/// What is overridden, and what fell out.
type Pair = (Vec<usize>, Vec<usize>);

fn key(candidate: &Candidate<'_>) -> Key {
    (candidate.kind.name(), candidate.entry.map(|entry| entry.index))
}

impl<'i, 'w> Beside<'i, 'w> {
    fn of(index: &'i Index<'w>, agent: AgentId, case: &Case<'w>) -> Self {
        let positions = case.grants.iter().enumerate().map(|(at, grant)| (key(&grant.candidate), at)).collect();
        Self { index, agent, positions, sets: Vec::new(), known: HashMap::new() }
    }

    /// Along the projects of an entry: how many in a row have which set.
    fn along(&mut self, grant: &Grant<'w>, reach: &Reach) -> Json {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        let Some(inventory) = self.index.inventory().filter(|_| self.positions.len() > 1) else { return Json::Null };
        for project in reach.projects(inventory) {
            let rows = self.index.query_agent(self.agent, &Query::new(&project.path, None, None));
            let row = rows.iter().find(|row| row.winner.is_some_and(|winner| key(&winner) == key(&grant.candidate)));
            let at = |candidate: &Candidate<'w>| self.positions.get(&key(candidate)).copied();
            let pair: Pair = match row {
                Some(row) => (
                    row.overridden.iter().filter_map(at).collect(),
                    row.fell_out.iter().filter_map(|(candidate, _)| at(candidate)).collect(),
                ),
                None => Pair::default(),
            };
            let set = match self.known.get(&pair) {
                Some(set) => *set,
                None => {
                    let set = self.sets.len();
                    self.sets.push(json!({ "overridden": pair.0, "dropped": pair.1 }));
                    self.known.insert(pair, set);
                    set
                }
            };
            match runs.last_mut() {
                Some((count, last)) if *last == set => *count += 1,
                _ => runs.push((1, set)),
            }
        }
        runs.into_iter().flat_map(|(count, set)| [count, set]).collect()
    }
}

/// A finding as `check` has it, with its lines among those that are shown.
fn found_in(found: &crate::diagnostic::Finding, files: &mut Files) -> Json {
    let place = &found.place;
    let line = place.source.position(place.span.start).line;
    files.add(&place.source, line.saturating_sub(AROUND)..=line + AROUND);
    let mut object = finding(found);
    if let Some(object) = object.as_object_mut() {
        object.shift_remove("fix");
    }
    object
}

/// Lines of files that are shown, without secrets.
#[derive(Debug, Default)]
struct Files {
    lines: BTreeMap<String, BTreeMap<usize, String>>,
    /// Texts without secrets, of the same lengths, by path: a secret of several lines shows in none of them.
    masked: HashMap<String, String>,
}

impl Files {
    /// Keeps the lines of an entry. The result is the last of them.
    fn entry(&mut self, agent: &Agent<'_>, entry: &CiEntry) -> Option<usize> {
        self.lines_of(agent, entry.span)
    }

    fn lines_of(&mut self, agent: &Agent<'_>, span: Span) -> Option<usize> {
        let source = agent.file?.source?;
        let first = source.position(span.start).line;
        let text = source.slice(span);
        // What is behind the last character of an entry is its end, and no line of it.
        let last = source.position(span.start + text.trim_end().len()).line.min(first + MOST_LINES - 1);
        self.add(source, first..=last);
        Some(last)
    }

    /// Keeps 1-based lines.
    fn add(&mut self, source: &Source, lines: std::ops::RangeInclusive<usize>) {
        let path = source.path();
        if !self.masked.contains_key(path) {
            self.masked.insert(path.to_owned(), secrets::mask(source.text()).into_owned());
        }
        let Some(masked) = self.masked.get(path) else { return };
        let kept = self.lines.entry(path.to_owned()).or_default();
        let last = source.line_index(source.text().len()) + 1;
        for number in lines.filter(|number| (1..=last).contains(number)) {
            kept.entry(number).or_insert_with(|| {
                let span = source.line_span(number - 1);
                let line = masked.get(span.start..span.end).unwrap_or_default().trim_end();
                cut(&visible(line))
            });
        }
    }

    fn json(self) -> Json {
        let lines = |lines: BTreeMap<usize, String>| -> Json {
            lines.into_iter().map(|(number, text)| json!([number, text])).collect()
        };
        let files = self.lines.into_iter().map(|(path, kept)| (mask(&path), lines(kept)));
        Json::Object(files.collect())
    }
}

fn mask(text: &str) -> String {
    secrets::mask(text).into_owned()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONG_LINE) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
