//! What rules are given: what surrounds the thing that they check, and the things that are known nowhere else.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::removal::Cuts;
use crate::access::jobs::{
    By, Grants, JobCase, JobEnvironments, JobView, KnownEnvironments, ProjectJobs, Refusal, Resolved, Selection,
};
use crate::access::{Agent, AgentId, Candidate, Entries, Index, Row};
use crate::agent_config::{AccessSection, CiEntry, EntryKind};
use crate::diagnostic::{Finding, RuleInfo};
use crate::gitlab::FullPath;
use crate::project::{AgentFile, Context};
use crate::shell::{Action, Script};
use crate::source::{Place, Source, Span};

/// What rules are given about the project.
#[derive(Clone, Copy, Debug)]
pub struct ProjectContext<'p> {
    /// What is known about GitLab's side.
    pub gitlab: &'p Context,
    /// The environments of the jobs of all projects whose CI files are at hand.
    pub environments: &'p JobEnvironments,
}

/// What rules about an agent's file are given.
#[derive(Debug)]
pub struct FileContext<'p> {
    /// What is known of its project.
    pub project: ProjectContext<'p>,
    /// The file.
    pub file: &'p AgentFile,
    /// What becomes of its entries, and which of them decide.
    pub entries: Entries<'p>,
    cuts: OnceCell<Option<Cuts<'p>>>,
    /// The entries that may let somebody in, each with what would decide without it.
    usable: OnceCell<Vec<(&'p CiEntry, Option<Candidate<'p>>)>>,
    /// The ids of entries in lower case.
    ids: OnceCell<HashSet<(AccessSection, EntryKind, String)>>,
}

impl<'p> FileContext<'p> {
    /// What rules about this file are given.
    #[must_use]
    pub fn new(project: ProjectContext<'p>, file: &'p AgentFile) -> Self {
        let Context { project: home, inventory, .. } = project.gitlab;
        let home = home.as_ref().map(FullPath::as_str);
        let entries = Entries::of(&file.config, home, inventory.as_deref(), project.gitlab.access_settings());
        Self { project, file, entries, cuts: OnceCell::new(), usable: OnceCell::new(), ids: OnceCell::new() }
    }

    /// The entries that may let somebody in on the licence that is known, each with what may decide in its place. Asked once for all rules.
    pub(super) fn usable_entries(&self) -> &[(&'p CiEntry, Option<Candidate<'p>>)] {
        self.usable.get_or_init(|| {
            let tier = self.gitlab().tier;
            self.entries.usable(tier).map(|entry| (entry, self.entries.in_place_of(entry, tier))).collect()
        })
    }

    /// Whether an entry of a list has this id, however letter case has it.
    pub(super) fn lists(&self, section: AccessSection, kind: EntryKind, id: &str) -> bool {
        let ids = self.ids.get_or_init(|| {
            let ids = self.file.config.entry_ids().into_iter();
            ids.map(|id| (id.section, id.kind, id.text.to_ascii_lowercase())).collect()
        });
        ids.contains(&(section, kind, id.to_ascii_lowercase()))
    }

    /// What to cut out so that the item of a list at this place is gone; `None` where that touches more.
    pub(super) fn without_item(&self, item: Span) -> Option<Span> {
        self.cuts()?.item_at(item)
    }

    /// What to cut out so that the key at this place is gone with its value; `None` where that touches more.
    pub(super) fn without_key(&self, key: Span) -> Option<Span> {
        self.cuts()?.key_at(key)
    }

    fn cuts(&self) -> Option<&Cuts<'p>> {
        self.cuts.get_or_init(|| Cuts::of(self.file)).as_ref()
    }

    /// What is known about GitLab's side.
    #[must_use]
    pub fn gitlab(&self) -> &'p Context {
        self.project.gitlab
    }

    /// The environments that jobs of the projects that an entry names are known to have.
    #[must_use]
    pub fn environments_of(&self, entry: &CiEntry) -> Arc<KnownEnvironments> {
        KnownEnvironments::of(entry, self.gitlab().inventory.as_ref(), self.project.environments)
    }
}

/// What rules about the jobs of a project's CI file are given.
#[derive(Clone, Copy, Debug)]
pub struct JobContext<'p> {
    /// What is known of the project.
    pub project: ProjectContext<'p>,
    /// Who gets in at all agents that are known.
    pub index: &'p Index<'p>,
    /// All jobs of the project.
    pub jobs: &'p ProjectJobs<'p>,
    /// What the agents answer those.
    pub grants: &'p Grants<'p, 'p>,
    /// The text of each agent's file, by its path.
    pub sources: &'p HashMap<String, Arc<Source>>,
    /// Whether the project has to do with agents at all.
    pub uses_agents: bool,
}

impl<'p> JobContext<'p> {
    /// What is known about GitLab's side.
    #[must_use]
    pub fn gitlab(&self) -> &'p Context {
        self.project.gitlab
    }

    /// The full path of the project.
    #[must_use]
    pub fn project_path(&self) -> Option<&'p str> {
        self.jobs.project.facts.path.as_deref()
    }

    /// Whether the files of a configuration project are at hand, so that an agent without one has none.
    fn has_files_of(&self, project: &str) -> bool {
        self.project_path() == Some(project)
            || self.index.agents().iter().any(|agent| agent.file.is_some() && agent.project == Some(project))
    }

    /// Whether it is known what an agent's configuration says: its file is at hand, or the project's files are and it has none.
    #[must_use]
    pub fn knows_configuration(&self, agent: AgentId) -> bool {
        let known = self.index.agent(agent);
        known.file.is_some() || known.project.is_some_and(|project| self.has_files_of(project))
    }

    /// The place of an agent's entry, where its file is at hand.
    #[must_use]
    pub fn entry_place(&self, agent: AgentId, entry: &CiEntry) -> Option<Place> {
        let path = self.index.agent(agent).file?.path;
        Some(Place { source: Arc::clone(self.sources.get(path)?), span: entry.head })
    }
}

/// What rules about who gets in at the agents of a project are given.
#[derive(Clone, Debug)]
pub struct AgentsContext<'p> {
    /// What is known of the project.
    pub project: ProjectContext<'p>,
    /// Who gets in at all agents that are known.
    pub index: &'p Index<'p>,
    /// The agents of the project: those with files that are asked about, and registered ones without.
    pub agents: Vec<AgentId>,
    /// The text of each agent's file, by its path.
    pub sources: &'p HashMap<String, Arc<Source>>,
}

impl<'p> AgentsContext<'p> {
    /// What is known about GitLab's side.
    #[must_use]
    pub fn gitlab(&self) -> &'p Context {
        self.project.gitlab
    }

    /// The text of an agent's file.
    #[must_use]
    pub fn source(&self, agent: &Agent<'_>) -> Option<&'p Arc<Source>> {
        self.sources.get(agent.file?.path)
    }
}

/// A context that a job selects, or the agent that its environment names.
#[derive(Debug)]
pub struct JobSelection<'p> {
    /// The job.
    pub job: &'p JobView<'p>,
    /// What it selects.
    pub selected: &'p Selection,
    /// Asked once for all rules.
    refused: OnceCell<Vec<RefusedCase<'p>>>,
}

/// A case of a job that an agent lets in in none of its pipelines.
#[derive(Debug)]
pub struct RefusedCase<'p> {
    /// The case.
    pub case: &'p JobCase,
    /// The agent.
    pub agent: AgentId,
    /// Why.
    pub refusal: Refusal,
    /// What the agent answers.
    pub row: Row<'p>,
}

impl<'p> JobSelection<'p> {
    /// What a job selects, of which nothing was asked yet.
    #[must_use]
    pub fn of(job: &'p JobView<'p>, selected: &'p Selection) -> Self {
        Self { job, selected, refused: OnceCell::new() }
    }

    /// The cases in which the agent that is selected does not let the job in; none where it is not known who does, or where nobody asks.
    pub fn refused_cases(&self, cx: &JobContext<'p>) -> &[RefusedCase<'p>] {
        self.refused.get_or_init(|| self.ask(cx))
    }

    fn ask(&self, cx: &JobContext<'p>) -> Vec<RefusedCase<'p>> {
        let Resolved::Agent(agent) = self.selected.resolve(cx.index) else { return Vec::new() };
        let is_asked =
            self.selected.by != By::Environment && !self.selected.hangs && cx.index.agent(agent).is_registered;
        if !is_asked || !cx.knows_configuration(agent) {
            return Vec::new();
        }
        let cases = self.selected.cases.iter().filter_map(|&at| self.job.cases.get(at));
        let refused = cases.filter_map(|case| {
            let grant = cx.grants.of(case, agent)?;
            let (refusal, row) = grant.refusal()?;
            Some(RefusedCase { case, agent, refusal, row: row.clone() })
        });
        refused.collect()
    }
}

/// Something that a script of a job does.
#[derive(Clone, Copy, Debug)]
pub struct JobAction<'p> {
    /// The job.
    pub job: &'p JobView<'p>,
    /// All that the script does.
    pub script: &'p Script,
    /// The action's number in the script.
    pub number: usize,
    /// The action.
    pub action: &'p Action,
}

impl<'p> JobAction<'p> {
    /// The actions of a job's scripts: those of each case, once where cases have the same.
    #[must_use]
    pub fn of(job: &'p JobView<'p>) -> Vec<Self> {
        let mut known: HashSet<*const Script> = HashSet::new();
        let scripts = job.cases.iter().map(|case| &*case.script).filter(|script| known.insert(*script));
        let actions = scripts.flat_map(|script| {
            (0..).zip(&script.actions).map(move |(number, action)| Self { job, script, number, action })
        });
        actions.collect()
    }

    /// Where a part of its line stands.
    #[must_use]
    pub fn place(&self, range: &Range<usize>) -> Option<Place> {
        self.job.place_of(self.script, self.action, range)
    }

    /// A finding at a part of its line.
    #[must_use]
    pub fn finding(
        &self,
        info: &'static RuleInfo,
        range: &Range<usize>,
        message: impl Into<String>,
    ) -> Option<Finding> {
        let Place { source, span } = self.place(range)?;
        let route = self.job.route_of(self.action);
        Some(Finding::new(info, &source, span, message).route(route))
    }
}
