//! Who reaches one agent: every project that it lets in, job by job where its jobs are at hand.
//!
//! Each is asked about as a single job is, so that the answer for all of them is that for each.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use super::{JobCase, JobView, ProjectJobs};
use crate::access::{
    AgentId, Answer, Authorization, Candidate, CandidateKind, Condition, Identity, Index, JobEnvironment, Query, Row,
    Unknown,
};
use crate::agent_config::{CiEntry, Spanned};
use crate::gitlab::{EnvironmentTier, PartialText, Shape, lower_path};

/// A part of a path that no project has.
const NO_PROJECT: &str = "\0";

/// Jobs that an agent lets in by one entry and as one identity.
#[derive(Clone, Debug)]
pub struct Admission<'w> {
    /// The job's name; `None` for any job of the project.
    pub job: Option<Arc<str>>,
    /// The environments of the job, none for a job without one; without a job the patterns of the entry, `None` where it has none.
    pub environments: Option<Vec<String>>,
    /// Whether it is let in on protected refs.
    pub on_protected: bool,
    /// Whether it is let in on other refs.
    pub on_others: bool,
    /// What lets it in.
    pub by: Candidate<'w>,
    /// What must hold for it; empty for certain.
    pub conditions: Vec<Condition>,
    /// As whom it acts.
    pub identity: Identity<'w>,
    /// The namespace of the agent's context.
    pub namespace: Option<&'w Spanned<String>>,
}

/// What an agent lets in of one project.
#[derive(Clone, Debug)]
pub struct ProjectAdmissions<'w> {
    /// The project; `None` for any that the entry of its admissions names, where no inventory lists them.
    pub project: Option<Arc<str>>,
    /// The jobs that are let in, in the order of the CI file; then any other that is not at hand.
    pub list: Vec<Admission<'w>>,
    /// Whether all of its jobs are at hand and none is let in, although a job of it could be.
    pub could_have: bool,
}

/// Who reaches agents.
#[derive(Debug)]
pub struct Admissions<'a, 'w> {
    index: &'a Index<'w>,
    /// By the project's path in lower case.
    jobs: HashMap<Cow<'a, str>, Vec<&'a ProjectJobs<'a>>>,
    /// Only jobs that may have this environment.
    environment: Option<&'a str>,
    any_environment: PartialText,
}

/// What is asked about.
enum Target<'w> {
    Project(Arc<str>),
    /// The projects that an entry names and nobody lists; or none, for the configuration project that is not known.
    NotListed(Option<&'w CiEntry>),
}

/// What a case gets, before it is put together with others.
struct Passed<'w> {
    by: Candidate<'w>,
    conditions: Vec<Condition>,
    identity: Identity<'w>,
    namespace: Option<&'w Spanned<String>>,
    key: Key,
}

/// By what admissions are the same: entry, conditions, identity.
type Key = (Option<*const CiEntry>, Vec<Condition>, String);

/// What decides about a case beside its project, with the kind of ref.
type Asked<'j> = (Option<&'j PartialText>, Option<EnvironmentTier>, bool);

impl<'a, 'w> Admissions<'a, 'w> {
    /// Who reaches agents; with an environment, only jobs that may have it.
    #[must_use]
    pub fn new(index: &'a Index<'w>, projects: &[&'a ProjectJobs<'a>], environment: Option<&'a str>) -> Self {
        let mut jobs: HashMap<Cow<'a, str>, Vec<&'a ProjectJobs<'a>>> = HashMap::new();
        for project in projects {
            if let Some(path) = project.project.facts.path.as_deref() {
                jobs.entry(lower_path(path)).or_default().push(project);
            }
        }
        let any_environment = PartialText::unknown("CI_ENVIRONMENT_NAME", Shape::NotEmpty);
        Self { index, jobs, environment, any_environment }
    }

    /// What an agent lets in, project by project; those apart of which nothing gets in, or can. Nothing of an agent whose file GitLab refuses.
    ///
    /// Costs in proportion to the projects of the inventory and the jobs at hand.
    pub fn of(&self, agent: AgentId) -> impl Iterator<Item = ProjectAdmissions<'w>> {
        let is_known = !self.index.agent(agent).is_refused();
        let listed = self.index.inventory().filter(|_| is_known);
        let listed = listed.into_iter().flat_map(|inventory| inventory.ordered(0..inventory.project_count()));
        let not_listed = if is_known && self.index.inventory().is_none() { self.not_listed(agent) } else { Vec::new() };
        let targets = listed.map(|project| Target::Project(project.path.clone())).chain(not_listed);
        let all = targets.map(move |target| match target {
            Target::Project(path) => self.of_project(agent, path),
            Target::NotListed(entry) => self.of_entry(agent, entry),
        });
        all.filter(|project| !project.list.is_empty() || project.could_have)
    }

    /// The projects that files name where there is no inventory, and entries for more than those.
    fn not_listed(&self, agent: AgentId) -> Vec<Target<'w>> {
        let home = self.index.agent(agent).project;
        let mut named: BTreeMap<String, Arc<str>> = BTreeMap::new();
        let mut add = |path: &str| {
            named.entry(lower_path(path).into_owned()).or_insert_with(|| path.into());
        };
        home.into_iter().for_each(&mut add);
        let of_jobs = self.jobs.values().flatten().filter_map(|jobs| jobs.project.facts.path.as_deref());
        of_jobs.for_each(&mut add);
        let mut wide = Vec::new();
        for (entry, authorization) in self.index.entry_authorizations(agent) {
            match (CandidateKind::from(entry.kind), authorization) {
                (_, Authorization::Dropped(_)) => {}
                (CandidateKind::Project, _) => entry.id.iter().for_each(|id| add(&id.value)),
                _ => wide.push(Target::NotListed(Some(entry))),
            }
        }
        let own = home.is_none().then_some(Target::NotListed(None));
        named.into_values().map(Target::Project).chain(own).chain(wide).collect()
    }

    fn of_project(&self, agent: AgentId, path: Arc<str>) -> ProjectAdmissions<'w> {
        let mut list = Vec::new();
        let at_hand = self.jobs.get(&lower_path(&path)).map(Vec::as_slice).unwrap_or_default();
        let mut known = HashMap::new();
        for view in at_hand.iter().flat_map(|jobs| &jobs.jobs) {
            list.extend(self.of_job(agent, &path, view, &mut known));
        }
        let of_any = self.of_any_job(agent, &path);
        let is_whole = !at_hand.is_empty() && at_hand.iter().all(|jobs| jobs.environments().is_some());
        let could_have = is_whole && list.is_empty() && !of_any.is_empty();
        if !is_whole {
            list.extend(of_any);
        }
        ProjectAdmissions { project: Some(path), list, could_have }
    }

    /// What is let in of the projects that an entry names, when no inventory lists them.
    fn of_entry(&self, agent: AgentId, entry: Option<&CiEntry>) -> ProjectAdmissions<'w> {
        let path = match entry.and_then(|entry| entry.id.as_ref()) {
            Some(id) => format!("{}/{NO_PROJECT}", id.value),
            None => format!("{NO_PROJECT}/{NO_PROJECT}"),
        };
        let mut list = self.of_any_job(agent, &path);
        list.retain(|admission| match entry {
            Some(entry) => admission.by.is_entry(entry),
            None => admission.by.entry.is_none(),
        });
        ProjectAdmissions { project: None, list, could_have: false }
    }

    /// What is let in of a job that nobody knows.
    fn of_any_job(&self, agent: AgentId, project: &str) -> Vec<Admission<'w>> {
        let environment = match self.environment {
            Some(name) => JobEnvironment::Whole(name),
            None => JobEnvironment::Partly(&self.any_environment),
        };
        let mut list: Vec<(Key, Admission<'w>)> = Vec::new();
        for protected in [true, false] {
            let query = Query { environment: Some(environment), ..Query::new(project, None, Some(protected)) };
            let mut answer = self.index.answer_of(agent, &query);
            // Which environment it is decides about groups that are then not told.
            answer.query.environment = answer.query.environment.filter(|_| self.environment.is_some());
            for mut passed in passed(self.index, agent, &answer) {
                // Which environments these are is told by the patterns.
                let of_pattern =
                    |unknown: &Unknown| matches!(unknown, Unknown::EnvironmentMatches(_) | Unknown::PatternMatches(_));
                if self.environment.is_none() {
                    passed.conditions.retain(|condition| !of_pattern(&condition.unknown));
                    passed.key.1.clone_from(&passed.conditions);
                }
                let patterns = passed.by.entry.map(|entry| &entry.environments[..]).unwrap_or_default();
                let patterns: Vec<String> = patterns.iter().map(|pattern| pattern.value.clone()).collect();
                match list.iter_mut().find(|(key, _)| *key == passed.key) {
                    Some((_, admission)) => admission.add_ref(protected),
                    None => {
                        let environments = Some(patterns).filter(|patterns| !patterns.is_empty());
                        list.push(admission(None, environments, protected, passed));
                    }
                }
            }
        }
        list.into_iter().map(|(_, admission)| admission).collect()
    }

    fn of_job<'j>(
        &self,
        agent: AgentId,
        project: &str,
        view: &'j JobView<'_>,
        known: &mut HashMap<Asked<'j>, Rc<Vec<Rc<Passed<'w>>>>>,
    ) -> Vec<Admission<'w>> {
        // By environment first, since on which refs a job gets in may hang on it.
        let mut of_environments: Vec<(Rc<Passed<'w>>, Option<&'j PartialText>, [bool; 2])> = Vec::new();
        let mut at: HashMap<(Key, Option<&'j PartialText>), usize> = HashMap::new();
        for case in view.cases.iter().filter(|case| self.may_have_environment(case)) {
            for protected in [true, false].into_iter().filter(|&protected| case.may_run(protected)) {
                let asked = (case.environment.as_ref(), case.tier, protected);
                let all = known.entry(asked).or_insert_with(|| {
                    let mut query = case.query(project, Some(protected));
                    query.environment = self.environment.map(JobEnvironment::Whole).or(query.environment);
                    let answer = self.index.answer_of(agent, &query);
                    Rc::new(passed(self.index, agent, &answer).map(Rc::new).collect())
                });
                for passed in &**all {
                    let key = (passed.key.clone(), case.environment.as_ref());
                    let at = *at.entry(key).or_insert(of_environments.len());
                    if at == of_environments.len() {
                        of_environments.push((Rc::clone(passed), case.environment.as_ref(), [false; 2]));
                    }
                    if let Some((.., refs)) = of_environments.get_mut(at) {
                        refs[usize::from(!protected)] = true;
                    }
                }
            }
        }
        let mut list: Vec<Admission<'w>> = Vec::new();
        let mut at: HashMap<(Key, [bool; 2]), usize> = HashMap::new();
        for (passed, environment, refs) in of_environments {
            let at = *at.entry((passed.key.clone(), refs)).or_insert(list.len());
            if at == list.len() {
                list.push(Admission {
                    job: Some(Arc::clone(&view.job.name)),
                    environments: Some(Vec::new()),
                    on_protected: refs[0],
                    on_others: refs[1],
                    by: passed.by,
                    conditions: passed.conditions.clone(),
                    identity: passed.identity.clone(),
                    namespace: passed.namespace,
                });
            }
            let environments = list.get_mut(at).and_then(|admission| admission.environments.as_mut());
            environments.into_iter().for_each(|all| all.extend(environment.map(ToString::to_string)));
        }
        list
    }

    fn may_have_environment(&self, case: &JobCase) -> bool {
        self.environment.is_none_or(|asked| case.environment.as_ref().is_some_and(|name| name.could_be(asked)))
    }
}

impl Admission<'_> {
    fn add_ref(&mut self, protected: bool) {
        if protected { self.on_protected = true } else { self.on_others = true }
    }
}

fn admission<'w>(
    job: Option<Arc<str>>,
    environments: Option<Vec<String>>,
    protected: bool,
    passed: Passed<'w>,
) -> (Key, Admission<'w>) {
    let Passed { by, conditions, identity, namespace, key } = passed;
    let (on_protected, on_others) = (protected, !protected);
    (key, Admission { job, environments, on_protected, on_others, by, conditions, identity, namespace })
}

/// What an answer lets in.
fn passed<'w>(index: &Index<'w>, agent: AgentId, answer: &Answer<'w, '_>) -> impl Iterator<Item = Passed<'w>> {
    let passed = |row: &Row<'w>| {
        let by = row.winner?;
        let identity = answer.identity(row, index.agent(agent));
        let key = (by.entry.map(std::ptr::from_ref), row.conditions.clone(), format!("{identity:?}"));
        Some(Passed { by, conditions: row.conditions.clone(), identity, namespace: answer.namespace(row), key })
    };
    let all: Vec<Passed<'w>> = answer.allowed.iter().filter_map(passed).collect();
    all.into_iter()
}
