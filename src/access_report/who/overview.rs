//! Who reaches an agent, condensed for readers: what differs in project or job only stands together.

use std::collections::HashMap;

use super::super::overview::{Users, users};
use super::Who;
use crate::access::jobs::Admission;
use crate::access::{AgentId, CandidateKind};
use crate::words;

/// Who reaches one agent.
pub(super) struct Overview {
    pub context: String,
    /// The answer in a sentence.
    pub answer: String,
    pub rows: Vec<Row>,
    pub users: Users,
    /// Projects that could reach it, of which no job does.
    pub without_job: Vec<String>,
    /// Whether the answer is all that there is to tell.
    pub is_settled: bool,
}

/// Projects of which the same jobs get in alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Alike {
    /// Empty for any job.
    pub jobs: Vec<String>,
    /// `None` for all environments, and empty for a job without one.
    pub environments: Option<Vec<String>>,
    pub refs: &'static str,
    /// What lets them in: "group acme", "project entry".
    pub by: String,
    pub identity: Vec<String>,
    pub namespace: String,
    /// What must hold; empty for nothing.
    pub condition: String,
}

/// A row for readers.
pub(super) struct Row {
    /// Empty for those that nobody lists.
    projects: Vec<String>,
    pub alike: Alike,
}

impl Overview {
    pub fn of(who: &Who<'_, '_>, id: AgentId) -> Self {
        let index = who.report.index;
        let agent = index.agent(id);
        let granted = index.user_grants(id);
        let context = words::printable(&agent.context());
        let mut overview = Self {
            context,
            answer: String::new(),
            rows: Vec::new(),
            users: users(&granted, agent),
            without_job: Vec::new(),
            is_settled: !agent.is_registered || agent.is_refused(),
        };
        if let Some(step) = agent.file.and_then(|file| file.refused) {
            overview.answer = format!(
                "Not known: GitLab refuses its file ({}), and what was configured before stays in force.",
                step.name()
            );
            return overview;
        }
        if let Some(reason) = words::unregistered(agent) {
            overview.answer = format!("Nobody: {}.", words::printable(&reason));
            return overview;
        }
        let (mut projects, mut jobs, mut of_any, mut not_listed) = (0, 0, 0, false);
        let mut at: HashMap<Alike, usize> = HashMap::new();
        for project in who.admissions.of(id) {
            let Some(path) = project.project.as_deref().map(words::printable) else {
                not_listed = true;
                overview.add(&mut at, None, alike(agent, &project.list));
                continue;
            };
            if project.could_have {
                overview.without_job.push(path);
                continue;
            }
            let mut named: Vec<_> = project.list.iter().filter_map(|admission| admission.job.as_deref()).collect();
            named.dedup();
            jobs += named.len();
            projects += usize::from(!named.is_empty());
            of_any += usize::from(project.list.iter().any(|admission| admission.job.is_none()));
            overview.add(&mut at, Some(&path), alike(agent, &project.list));
        }
        overview.answer = answer((projects, jobs), of_any, not_listed, who.report.environment);
        overview
    }

    fn add(&mut self, at: &mut HashMap<Alike, usize>, project: Option<&str>, all: Vec<Alike>) {
        for alike in all {
            let at = *at.entry(alike.clone()).or_insert(self.rows.len());
            if at == self.rows.len() {
                self.rows.push(Row { projects: Vec::new(), alike });
            }
            if let Some(row) = self.rows.get_mut(at) {
                row.projects.extend(project.map(str::to_owned));
            }
        }
    }
}

/// "It is reached by 3 jobs of 2 projects, and any job of 40 projects whose CI files are not at hand."
fn answer((projects, jobs): (usize, usize), of_any: usize, not_listed: bool, environment: Option<&str>) -> String {
    let with = environment.map(|name| format!(" with environment `{}`", words::printable(name))).unwrap_or_default();
    let mut parts = Vec::new();
    if jobs > 0 {
        parts.push(format!("{} of {}", words::count(jobs, "job"), words::count(projects, "project")));
    }
    if of_any > 0 {
        parts.push(format!("the jobs of {} that are not at hand", words::count(of_any, "project")));
    }
    if not_listed {
        parts.push("jobs of projects that only an inventory can list".to_owned());
    }
    match parts.is_empty() {
        true => format!("No job{with} reaches it."),
        false => format!("Reached{with} by {}.", words::list_and(&parts)),
    }
}

/// What gets in, with the job, if there is one, and its environments; `None` for all.
type OfJob<'j> = (Alike, Option<&'j str>, Option<Vec<String>>);

/// What gets in of one project, jobs that do alike together.
fn alike(agent: &crate::access::Agent<'_>, list: &[Admission<'_>]) -> Vec<Alike> {
    let mut of_jobs: Vec<OfJob<'_>> = Vec::new();
    let mut at: HashMap<(Alike, Option<&str>), usize> = HashMap::new();
    for admission in list {
        let Admission { job, environments, on_protected, on_others, by, conditions, identity: _, namespace } =
            admission;
        let alike = Alike {
            jobs: Vec::new(),
            environments: None,
            refs: match (on_protected, on_others) {
                (true, true) => "all",
                (true, false) => "protected",
                (false, _) => "others",
            },
            by: match by.kind {
                CandidateKind::Project | CandidateKind::Implicit => words::through(by),
                CandidateKind::Group | CandidateKind::Instance => words::candidate_name(by, agent),
            },
            identity: words::identity_parts(by.entry.and_then(|entry| entry.access_as.as_ref())),
            namespace: namespace.map(|namespace| words::printable(&namespace.value)).unwrap_or_default(),
            condition: words::conditions_of_projects(conditions),
        };
        let job = job.as_deref();
        // A CI job is another identity in each environment, which is told once.
        let position = *at.entry((alike.clone(), job)).or_insert(of_jobs.len());
        if position == of_jobs.len() {
            of_jobs.push((alike, job, None));
        }
        if let Some((_, _, known)) = of_jobs.get_mut(position) {
            let names = environments.iter().flatten().map(|name| words::printable(name));
            match environments {
                Some(_) => known.get_or_insert_default().extend(names),
                None => *known = None,
            }
        }
    }
    together(of_jobs)
}

/// Jobs that do alike together. Any job is not one among others.
fn together(of_jobs: Vec<OfJob<'_>>) -> Vec<Alike> {
    let mut all: Vec<Alike> = Vec::new();
    let mut at: HashMap<(Alike, bool), usize> = HashMap::new();
    for (alike, job, environments) in of_jobs {
        let alike = Alike { environments, ..alike };
        let position = *at.entry((alike.clone(), job.is_none())).or_insert(all.len());
        if position == all.len() {
            all.push(alike);
        }
        if let Some(alike) = all.get_mut(position) {
            alike.jobs.extend(job.map(words::printable));
        }
    }
    all
}

impl Row {
    /// The projects, or what is known of them.
    pub fn projects(&self, most: usize) -> Vec<String> {
        if self.projects.is_empty() { vec!["not listed".to_owned()] } else { words::cut_below(&self.projects, most) }
    }
}

impl Alike {
    /// The environments in words.
    pub fn environments(&self) -> Vec<String> {
        match &self.environments {
            None => vec!["all".to_owned()],
            Some(names) if names.is_empty() => vec!["none".to_owned()],
            Some(names) => names.clone(),
        }
    }

    /// The jobs in words.
    pub fn jobs(&self) -> Vec<String> {
        if self.jobs.is_empty() { vec!["any".to_owned()] } else { self.jobs.clone() }
    }
}
