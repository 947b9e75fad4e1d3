//! What jobs use of agents today, and what cannot be told of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::jobs::{JobCase, JobView, ProjectJobs, Resolved};
use crate::access::{Agent, Condition, Index, Outcome, Query, managed_resources_of};
use crate::agent_config::{CiEntry, EntryKind};
use crate::ci::UnreadKind;
use crate::diff::{Who, who};
use crate::gitlab::lower_path;
use crate::gitlab::releases::NAMESPACE_IN_KUBECONFIG;
use crate::pipeline_rules::{PipelineKind, Run};
use crate::shell::{ActionKind, Contact, InForce};
use crate::words::excerpt;

/// A case of a job that an agent lets in, or may, and that selects it, or may.
#[derive(Debug)]
pub(super) struct Use<'p> {
    /// The path of the job's project.
    pub project: &'p str,
    /// The case.
    pub case: &'p JobCase,
    /// The agent's configuration project.
    pub home: Option<String>,
    /// The agent's name.
    pub agent: String,
    /// The agent's context.
    pub context: String,
    /// The file in which the job selects it, and the line.
    pub path: String,
    /// The line in it.
    pub line: usize,
    /// Whether it is known to select the agent.
    pub is_certain: bool,
    /// Whether the ref is protected, and whether the pipeline is that of a merge request.
    pub asked: BTreeSet<(Option<bool>, bool)>,
    /// What it gets today.
    pub gets: Vec<Gets>,
}

/// What a case gets in one kind of pipeline, under some conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gets {
    conditions: Vec<Condition>,
    /// Whether it is let in; `None` for not known.
    is_let_in: Option<bool>,
    who: Option<Who>,
    namespace: Option<String>,
    managed: Option<Vec<Condition>>,
}

/// What is used, and what was not read.
#[derive(Debug, Default)]
pub(super) struct Uses<'p> {
    /// The uses.
    pub list: Vec<Use<'p>>,
    /// The projects whose jobs are all known, in lower case.
    pub read: BTreeSet<String>,
    /// Why others are not, by path.
    pub unread: BTreeMap<String, String>,
}

impl<'p> Uses<'p> {
    /// What the jobs of some projects use.
    pub fn of(jobs: impl Iterator<Item = &'p ProjectJobs<'p>>, index: &Index<'_>) -> Self {
        let mut uses = Self::default();
        for project in jobs {
            let Some(path) = project.project.facts.path.as_deref() else { continue };
            // The jobs of another project's pipeline are that project's.
            let mut not_read = project.not_read().filter(|unread| unread.kind != UnreadKind::OtherPipeline);
            // What stands in a value is selected by something that was not read.
            let unread = not_read.next().map(|unread| excerpt(&unread.name)).or_else(|| {
                project
                    .contexts_in_values()
                    .first()
                    .map(|selection| format!("what uses {}", excerpt(&selection.context.to_string())))
            });
            let unread = unread.map(|what| format!("{what} was not read")).or_else(|| {
                let in_doubt = project
                    .pipeline
                    .with_children()
                    .flat_map(|pipeline| &pipeline.jobs)
                    .find(|job| job.in_doubt.has_any())?;
                let name = excerpt(&in_doubt.name);
                Some(format!("a part of {name} comes from a file that `include:rules` may keep out"))
            });
            let is_whole = project.environments().is_some();
            match (unread, is_whole) {
                (None, true) => {
                    uses.read.insert(lower_path(path).into_owned());
                }
                (Some(why), _) => {
                    uses.unread.insert(path.to_owned(), why);
                }
                (None, false) => {
                    uses.unread.insert(path.to_owned(), "not all of its jobs are known".to_owned());
                }
            }
            for job in &project.jobs {
                uses.add_job(path, job, index);
            }
        }
        for project in index.inventory().into_iter().flat_map(|inventory| inventory.projects()) {
            if !uses.read.contains(&*lower_path(&project.path)) {
                let why = || "no CI file of it is at hand".to_owned();
                uses.unread.entry(project.path.to_string()).or_insert_with(why);
            }
        }
        uses
    }

    fn add_job(&mut self, path: &'p str, job: &'p JobView<'p>, index: &Index<'_>) {
        let mut certain: BTreeSet<(usize, String)> = BTreeSet::new();
        let mut is_open = job.is_cut();
        for selection in job.selections() {
            let Resolved::Agent(id) = selection.resolve(index) else {
                is_open |= selection.resolve(index) == Resolved::Open;
                continue;
            };
            let agent = index.agent(id);
            let line = selection.place.source.position(selection.place.span.start).line;
            let place = (selection.place.source.path().to_owned(), line);
            for at in &selection.cases {
                let Some(case) = job.cases.get(*at) else { continue };
                if certain.insert((*at, agent.context())) {
                    self.add(index, (path, case), agent, place.clone(), !selection.hangs);
                }
            }
        }
        is_open |= job.is_cut();
        let name = &job.job.name_place;
        let place = (name.source.path().to_owned(), name.source.position(name.span.start).line);
        for (at, case) in job.cases.iter().enumerate() {
            if !(is_open || may_select(case)) {
                continue;
            }
            for agent in index.agents().iter().filter(|agent| agent.is_registered && !agent.is_refused()) {
                if !certain.contains(&(at, agent.context())) {
                    self.add(index, (path, case), agent, place.clone(), false);
                }
            }
        }
    }

    fn add(
        &mut self,
        index: &Index<'_>,
        (project, case): (&'p str, &'p JobCase),
        agent: &Agent<'_>,
        (path, line): (String, usize),
        is_certain: bool,
    ) {
        let of_run = |run: &Run| (run.scenario.protected, run.scenario.kind == PipelineKind::MergeRequest);
        let mut found = Use {
            project,
            case,
            home: agent.project.map(str::to_owned),
            agent: agent.name.to_owned(),
            context: agent.context(),
            path,
            line,
            is_certain,
            asked: case.runs.iter().map(of_run).collect(),
            gets: Vec::new(),
        };
        found.gets = found.gets_in(index);
        // What is let in nowhere uses nothing.
        if found.gets.iter().any(|gets| gets.is_let_in != Some(false) || gets.managed.is_some()) {
            self.list.push(found);
        }
    }
}

/// Whether a case may select a context that is not seen.
fn may_select(case: &JobCase) -> bool {
    case.script.actions.iter().enumerate().any(|(number, action)| match &action.kind {
        ActionKind::Opaque { .. } => true,
        ActionKind::Cluster(command) if command.contacts_cluster != Contact::No => {
            command.open || matches!(case.script.in_force(number), Some(InForce::Unknown(_)))
        }
        _ => false,
    })
}

impl Use<'_> {
    /// What it gets in another state. Of a name that is known in part this says that it hangs on the name, and not for which it holds:
    /// what becomes of these is told by [`super::touched`].
    pub fn gets_in(&self, index: &Index<'_>) -> Vec<Gets> {
        let settings = index.settings();
        let has_namespace = settings.version >= NAMESPACE_IN_KUBECONFIG;
        self.rows(index)
            .map(|(conditions, outcome, entry)| {
                let is_let_in = match outcome {
                    Outcome::Allowed => Some(true),
                    Outcome::Denied(_) => Some(false),
                    Outcome::Unknown(_) => None,
                };
                // Resources are managed for a job that names the agent, whether it is let in or not.
                let managed = entry.and_then(|entry| managed_resources_of(entry, settings, &[]));
                let entry = entry.filter(|_| is_let_in != Some(false));
                Gets {
                    is_let_in,
                    who: (is_let_in != Some(false)).then(|| entry.map_or(Who::Agent, who)),
                    namespace: entry
                        .filter(|_| has_namespace)
                        .and_then(|entry| entry.default_namespace.as_ref())
                        .map(|namespace| namespace.value.clone()),
                    managed: managed.filter(|_| is_let_in != Some(false) || self.case.kubernetes_agent.is_some()),
                    conditions,
                }
            })
            .collect()
    }

    /// The entries that let it in, or may, by kind and position.
    pub fn entries(&self, index: &Index<'_>) -> BTreeSet<(EntryKind, usize)> {
        let not_denied = self.rows(index).filter(|(_, outcome, _)| !matches!(outcome, Outcome::Denied(_)));
        not_denied.filter_map(|(.., entry)| entry.map(|entry| (entry.kind, entry.index))).collect()
    }

    fn rows<'w>(&self, index: &Index<'w>) -> impl Iterator<Item = (Vec<Condition>, Outcome<'w>, Option<&'w CiEntry>)> {
        let id = index.agents_named(self.home.as_deref(), &self.agent).first().copied();
        let rows = id.into_iter().flat_map(|id| {
            self.asked.iter().flat_map(move |(protected, is_merge_request)| {
                let query = self.case.query(self.project, *protected);
                index.query_agent(id, &Query { is_merge_request: *is_merge_request, ..query })
            })
        });
        let rows: Vec<_> =
            rows.map(|row| (row.conditions, row.outcome, row.winner.and_then(|winner| winner.entry))).collect();
        rows.into_iter()
    }
}
