//! The jobs of a project as rows for readers: cases that differ in name and environment only stand together.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::super::most;
use super::agents::{self, AgentNames, AgentRow};
use super::answers::{AgentAccess, Answers, may_run};
use super::selects::{self, Granted, Selected};
use super::unseen::names_client;
use super::{Section, names_of, runs};
use crate::access::jobs::{By, JobCase, JobView, StartedBy};
use crate::access::{AgentId, Certainly};
use crate::words;

/// How many agents stand in a cell before the others are counted.
const MOST_AGENTS: usize = 3;

/// How many environments or names of cases do.
const MOST_NAMES: usize = 3;

/// How many agents are told in a row of their own.
const MOST_AGENT_ROWS: usize = 20;

/// The jobs of a project for readers.
pub(super) struct Overview {
    pub rows: Vec<CaseRow>,
    /// The agents that stand in the rows.
    pub agents: Vec<AgentRow>,
    /// How many more agents there are.
    pub more_agents: usize,
    /// What marks such as `[1]` stand for.
    pub notes: Vec<String>,
    /// Jobs that touch no cluster.
    pub without_cluster: Vec<String>,
    /// Jobs that run what was not read, and touch no cluster as far as they were.
    pub not_followed: Vec<String>,
    /// Jobs that are in no pipeline.
    pub in_no_pipeline: Vec<String>,
    /// Whether any job selects a context.
    selects_context: bool,
}

/// Cases of a job with the same outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CaseRow {
    pub job: String,
    pub environments: Vec<String>,
    pub outcome: CaseOutcome,
}

/// In front of the name of a job in a child pipeline, for each level.
const BELOW: &str = "↳ ";

impl CaseRow {
    /// The jobs that start a child pipeline, above the rows of its jobs.
    fn of_start(by: &StartedBy, depth: usize, width: usize) -> Self {
        let names = names_of(by, most(MOST_NAMES, width)).join(", ");
        let row = Self { job: names, environments: vec![String::new()], outcome: CaseOutcome::default() };
        row.below(depth)
    }

    fn below(self, depth: usize) -> Self {
        Self { job: format!("{}{}", BELOW.repeat(depth), self.job), ..self }
    }

    /// Whether it names what starts a child pipeline.
    pub fn is_start(&self) -> bool {
        self.outcome.runs.is_empty()
    }
}

/// What cases come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct CaseOutcome {
    /// Marks of what the environment gets of the agent that the job names for it.
    pub of_environment: String,
    pub runs: Vec<String>,
    pub selects: Vec<String>,
    pub on_protected: Vec<String>,
    pub on_others: Vec<String>,
}

/// Gathers what is told below a table.
#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    /// `[1]`
    fn mark(&mut self, note: String) -> String {
        let known = self.0.iter().position(|known| *known == note);
        let at = known.unwrap_or_else(|| {
            self.0.push(note);
            self.0.len() - 1
        });
        format!("[{}]", at + 1)
    }
}

impl Overview {
    pub fn of(section: &Section<'_, '_>) -> Self {
        let mut builder = Builder {
            section,
            answers: Answers::new(section.report, section.jobs.project.facts.path.as_deref()),
            names: AgentNames::of(section.report.index),
            notes: Notes::default(),
            chosen: BTreeSet::new(),
            seen: BTreeSet::new(),
            selects_context: false,
        };
        let (mut rows, mut without_cluster, mut in_no_pipeline) = (Vec::new(), Vec::new(), Vec::new());
        // The child pipeline that the last row is in, by what starts it and what starts that.
        let mut within: Vec<*const StartedBy> = Vec::new();
        let mut not_followed = Vec::new();
        let run_unread: HashSet<&Arc<str>> =
            section.jobs.not_read().filter_map(|unread| unread.run.as_ref()).map(|run| &run.job).collect();
        for job in section.views() {
            let of_job = builder.rows(job);
            let name = words::printable(&job.job.name);
            match of_job.is_empty() {
                // A part of it stands where nothing was read.
                true if !job.job.is_script_known() => not_followed.push(name),
                true if job.cases.is_empty() => in_no_pipeline.push(name),
                true if run_unread.contains(&job.job.name) || names_client(job) => not_followed.push(name),
                true => without_cluster.push(name),
                false => {
                    let starts: Vec<&StartedBy> = job.started_by.iter().flat_map(|by| by.outermost_first()).collect();
                    for (depth, by) in starts.iter().enumerate() {
                        if within.get(depth) != Some(&std::ptr::from_ref(*by)) {
                            rows.push(CaseRow::of_start(by, depth, section.report.width));
                            within.truncate(depth);
                            within.push(std::ptr::from_ref(*by));
                        }
                    }
                    within.truncate(starts.len());
                    rows.extend(of_job.into_iter().map(|row| row.below(starts.len())));
                }
            }
        }
        let mut agents = Vec::new();
        let seen = builder.seen.difference(&builder.chosen);
        let met = builder.chosen.iter().chain(seen).copied();
        let met: Vec<AgentId> = met.filter(|agent| section.report.is_asked(*agent)).collect();
        let most_rows = most(MOST_AGENT_ROWS, section.report.width);
        for &agent in met.iter().take(most_rows) {
            agents.extend(builder.agent_rows(agent));
        }
        let more_agents = met.len().saturating_sub(most_rows);
        let selects_context = builder.selects_context;
        Self {
            rows,
            agents,
            more_agents,
            notes: builder.notes.0,
            without_cluster,
            not_followed,
            in_no_pipeline,
            selects_context,
        }
    }

    /// Whether any job has to do with a cluster, and selects a context or sees an agent.
    pub fn is_about_agents(&self) -> bool {
        !self.rows.is_empty() && (self.selects_context || !self.agents.is_empty())
    }
}

struct Builder<'s, 'w> {
    section: &'s Section<'s, 'w>,
    answers: Answers<'s, 'w, 's>,
    names: AgentNames<'s, 'w>,
    notes: Notes,
    /// The agents that jobs select.
    chosen: BTreeSet<AgentId>,
    /// The agents that jobs see.
    seen: BTreeSet<AgentId>,
    selects_context: bool,
}

impl<'s, 'w> Builder<'s, 'w> {
    /// The rows of a job; none if it touches no cluster and nobody asks about it.
    fn rows(&mut self, job: &'s JobView<'_>) -> Vec<CaseRow> {
        let mut groups: Vec<(CaseOutcome, Vec<&'s JobCase>)> = Vec::new();
        let mut known: HashMap<CaseOutcome, usize> = HashMap::new();
        for (number, case) in self.section.cases(job) {
            let selected = selects::selected(self.section, job, number, &mut self.answers);
            let works =
                selects::works(self.section, job, case, selected.iter().any(|one| one.selection.by != By::Environment));
            if selected.is_empty() && works.is_empty() && self.section.name.is_none() {
                continue;
            }
            self.selects_context |= !selected.is_empty();
            let (of_environment, by_script): (Vec<&Selected<'_>>, Vec<&Selected<'_>>) =
                selected.iter().partition(|one| one.selection.by == By::Environment);
            let mut selects: Vec<String> = Vec::new();
            for one in &by_script {
                let text = self.selected_in_words(one);
                if !selects.contains(&text) {
                    selects.push(text);
                }
            }
            selects.extend(works.iter().map(selects::Works::in_words));
            let chosen: Vec<AgentId> = by_script.iter().filter_map(|one| one.agent).collect();
            let of_environment = of_environment.iter().map(|one| self.notes.mark(of_environment_in_words(one)));
            let outcome = CaseOutcome {
                of_environment: of_environment.collect(),
                runs: runs::in_words(&case.runs),
                selects,
                on_protected: self.seen(case, true, &chosen),
                on_others: self.seen(case, false, &chosen),
            };
            let at = *known.entry(outcome.clone()).or_insert(groups.len());
            match groups.get_mut(at) {
                Some((_, cases)) => cases.push(case),
                None => groups.push((outcome, vec![case])),
            }
        }
        let mark = self.job_mark(job, !groups.is_empty());
        let is_only =
            groups.len() == 1 && job.cases.len() == groups.iter().map(|(_, cases)| cases.len()).sum::<usize>();
        let row = |(outcome, cases): (CaseOutcome, Vec<&'s JobCase>)| CaseRow {
            job: format!("{}{mark}", names_of_cases(job, &cases, is_only)),
            environments: environments_of(&cases, most(MOST_NAMES, self.section.report.width), &outcome.of_environment),
            outcome,
        };
        groups.into_iter().map(row).collect()
    }

    fn job_mark(&mut self, job: &JobView<'_>, is_shown: bool) -> String {
        let mut marks = String::new();
        if is_shown && job.job.is_partial {
            marks.push_str(&self.notes.mark("a part of the job is not at hand, or GitLab does not take it".to_owned()));
        }
        if is_shown && job.job.is_conditional {
            marks.push_str(
                &self.notes.mark("a part of the job comes from a file that `include:rules` may keep out".to_owned()),
            );
        }
        marks
    }

    fn selected_in_words(&mut self, one: &Selected<'_>) -> String {
        let name = match one.agent {
            Some(agent) => self.names.name(agent),
            None => words::printable(&one.selection.context.to_string()),
        };
        match one.granted {
            Granted::Yes => name,
            Granted::No => format!("{name} (no: {})", one.reason),
            Granted::Depends if one.reason.starts_with("on ") && !one.reason.contains(" if ") => {
                format!("{name} ({})", one.reason)
            }
            // What it hangs on stands behind the agent in other columns.
            Granted::Depends => format!("{name} (depends)"),
            // That nothing is known without the project's path is said above.
            Granted::Unknown if !self.answers.is_project_known() && one.agent.is_some() => name,
            Granted::Unknown if one.agent.is_some() => format!("{name} (not known)"),
            Granted::Unknown => format!("{name}{}", self.notes.mark(one.reason.clone())),
        }
    }

    /// The agents that a case sees, those that it selects first.
    fn seen(&mut self, case: &'s JobCase, protected: bool, chosen: &[AgentId]) -> Vec<String> {
        if !may_run(case, protected) {
            return vec!["–".to_owned()];
        }
        let Some(answered) = self.answers.of(case, protected) else { return Vec::new() };
        let mut seen: Vec<(AgentId, &AgentAccess)> = answered.seen().collect();
        if seen.is_empty() {
            return vec!["none".to_owned()];
        }
        seen.sort_by_key(|(agent, _)| (!chosen.contains(agent), *agent));
        // Of many, those are named that the case selects.
        let most_agents = most(MOST_AGENTS, self.section.report.width);
        let of_many = seen.iter().take(most_agents - 1).filter(|(agent, _)| chosen.contains(agent)).count();
        let shown = if seen.len() > most_agents { of_many } else { seen.len() };
        let mut parts: Vec<String> = Vec::new();
        for (agent, access) in seen.iter().take(shown) {
            let mark = match access {
                AgentAccess::If(clause) => self.notes.mark(format!("if {clause}")),
                AgentAccess::Unknown => self.notes.mark(
                    "GitLab refuses the agent's file: what was configured before stays in force, and is not known"
                        .to_owned(),
                ),
                AgentAccess::Yes | AgentAccess::No(_) => String::new(),
            };
            parts.push(format!("{}{mark}", self.names.name(*agent)));
        }
        if shown == 0 {
            parts.push(words::count(seen.len(), "agent"));
        } else if seen.len() > shown {
            parts.push(format!("{} more", seen.len() - shown));
        }
        self.chosen.extend(chosen);
        self.seen.extend(seen.iter().map(|(agent, _)| *agent));
        parts
    }

    /// The rows of an agent, with marks for what they hang on.
    fn agent_rows(&mut self, id: AgentId) -> Vec<AgentRow> {
        let rows = agents::rows(self.section.report.index, &self.answers, id);
        let marked = rows.into_iter().map(|(row, condition)| {
            let condition = if condition.is_empty() { condition } else { self.notes.mark(format!("if {condition}")) };
            AgentRow { condition, ..row }
        });
        marked.collect()
    }
}

/// "deploy", "deploy (20 jobs)" for a whole matrix, "deploy (3 of 20 jobs)" for a part of it.
fn names_of_cases(job: &JobView<'_>, cases: &[&JobCase], is_whole: bool) -> String {
    let mut names: Vec<String> = cases.iter().map(|case| words::printable(&case.name)).collect();
    names.sort();
    names.dedup();
    match &names[..] {
        [only] => only.clone(),
        [_, ..] if is_whole => format!("{} ({} jobs)", words::printable(&job.job.name), names.len()),
        names => {
            let all: BTreeSet<&str> = job.cases.iter().map(|case| &*case.name).collect();
            format!("{} ({} of {} jobs)", words::printable(&job.job.name), names.len(), all.len())
        }
    }
}

/// What an environment gets of the agent that the job names for it.
fn of_environment_in_words(one: &Selected<'_>) -> String {
    let context = words::printable(&one.selection.context.to_string());
    let dashboard = one.granted.in_words(&one.reason);
    // That none are made is told where the job asks for them, by `check`, and by `--why`.
    let resources = one.managed_resources.as_ref().filter(|told| told.holds != Some(Certainly::No));
    let resources = resources.map(|told| format!("; managed resources: {}", told.in_words())).unwrap_or_default();
    format!("`environment:kubernetes` names {context}; dashboard: {dashboard}{resources}")
}

/// The names of environments, with marks behind the last.
fn environments_of(cases: &[&JobCase], most_names: usize, marks: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut known = BTreeSet::new();
    for case in cases {
        let name = case.environment.as_ref().map_or_else(|| "–".to_owned(), |name| words::printable(&name.to_string()));
        if known.insert(name.clone()) {
            names.push(name);
        }
    }
    let mut names = words::cut(&names, most_names);
    if let Some(last) = names.last_mut() {
        last.push_str(marks);
    }
    names
}
