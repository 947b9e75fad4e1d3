//! The ways in which a job may run.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::ci::variables::{JobScopes, Scope};
use crate::ci::{Job, OnlyExcept, Rule, Section};
use crate::gitlab::{EnvironmentTier, PartialText, Shape};
use crate::pipeline_rules::{JobConditions, OnlyInput, RefFacts, RuleInput, Run, Starts, Value, runs_below};
use crate::shell::{self, Item, Library, Lookup, Script, Shells};

/// How many cases a job may have; those behind are not looked at, and [`JobView::is_cut`](super::JobView::is_cut) says so.
const MOST: usize = 1_000;

/// How many cases the jobs of one pipeline may have together; each job has at least one that is looked at.
const MOST_OF_ALL: usize = 200_000;

/// One way in which a job may run.
#[derive(Clone, Debug)]
pub struct JobCase {
    /// The job's name, with the combination of its matrix.
    pub name: Arc<str>,
    /// The name of its environment.
    pub environment: Option<PartialText>,
    /// The tier that the job gives its environment.
    pub tier: Option<EnvironmentTier>,
    /// The kinds of pipelines, at least one.
    pub runs: Arc<[Run]>,
    /// What its scripts do.
    pub script: Arc<Script>,
    /// The agent of `environment:kubernetes`; few have one.
    pub kubernetes_agent: Option<Box<PartialText>>,
    /// The number of the combination of its matrix.
    combination: usize,
}

/// What the cases of all jobs of a pipeline start from.
#[derive(Debug, Default)]
pub(super) struct Basis {
    /// The predefined variables.
    pub scope: Scope,
    pub workflow: Arc<Workflow>,
    /// What goes before all variables of the configuration: in a child pipeline what the job hands down that starts it.
    pub forwarded: Option<Scope>,
}

/// What is read once for all jobs of a pipeline, and how many cases they may have together.
pub(super) struct Reading<'p, 'l> {
    /// By the items of scripts: jobs of one template have the same.
    scripts: HashMap<Vec<(shell::Section, &'p str)>, Scripts>,
    /// By what decides about a job beside `workflow`, which is the same for all.
    runs: HashMap<Own<'p>, ByVariables<Arc<[Run]>>>,
    library: &'l Library<'l>,
    /// Of which jobs anybody wants to know.
    pub is_wanted: &'l dyn Fn(&Job) -> bool,
    left: usize,
}

/// What scripts of the same text do.
#[derive(Default)]
struct Scripts {
    by_variables: ByVariables<Arc<Script>>,
    /// How often they were read, each time with other values of variables.
    times: usize,
    /// The text parsed, from the second time on: most are read once.
    shells: Option<Shells>,
}

/// What a job itself says about the pipelines that it is in, and its `when`.
type Own<'p> = (Written, Option<&'p str>);

impl Reading<'_, '_> {
    /// Goes on with the jobs of another pipeline: what is known of scripts holds there, and nothing of where jobs run.
    pub fn of_another_pipeline(&mut self) {
        self.runs.clear();
    }
}

impl<'l> Reading<'_, 'l> {
    /// With the files that jobs run, of some jobs.
    pub fn of(library: &'l Library<'l>, is_wanted: &'l dyn Fn(&Job) -> bool) -> Self {
        Self { scripts: HashMap::new(), runs: HashMap::new(), library, is_wanted, left: MOST_OF_ALL }
    }
}

/// One case, before its script is read.
struct Open {
    environment: Option<PartialText>,
    /// The rule by which the job runs, if that sets variables.
    rule: Option<usize>,
    runs: Vec<Run>,
}

/// The ways in which a job may run, and whether there are more.
pub(super) fn cases<'p>(
    job: &'p Job,
    basis: &Basis,
    refs: &RefFacts,
    starts: Option<&Starts<'_>>,
    reading: &mut Reading<'p, '_>,
) -> (Vec<JobCase>, bool) {
    let written = Written::of(job);
    let all_runs = reading.runs.entry((written.clone(), job.when.as_deref())).or_default();
    let conditions = written.conditions(job, basis);
    let most = MOST.min(reading.left.max(1));
    let items = items(job);
    let library = reading.library;
    let scripts = reading.scripts.entry(items.iter().map(|item| (item.section, item.text)).collect()).or_default();
    let mut shared: Vec<Arc<[Run]>> = Vec::new();
    let plain = basis.scopes(job, None);
    let mut by_rule: HashMap<usize, JobScopes<'_>> = HashMap::new();
    let (mut cases, mut is_cut) = (Vec::new(), false);
    for combination in 0..plain.count() {
        let mut scopes: Vec<(Option<usize>, Scope)> = vec![(None, plain.of(combination))];
        let runs = all_runs.get(&scopes[0].1, |scope| {
            let variable = |name: &str| scope.known(name).map_or(Value::Unknown, Value::Text);
            runs_below(&conditions, starts, refs, &variable).into()
        });
        let mut open: Vec<Open> = Vec::new();
        for run in &*runs {
            let rule = basis.rule_with_variables(job, run);
            let at = scopes.iter().position(|(of, _)| *of == rule.map(|(at, _)| at)).unwrap_or_else(|| {
                let scope = rule.map(|(at, rule)| {
                    by_rule.entry(at).or_insert_with(|| basis.scopes(job, Some(rule))).of(combination)
                });
                scopes.push((rule.map(|(at, _)| at), scope.unwrap_or_default()));
                scopes.len() - 1
            });
            let environment = job
                .environment
                .as_ref()
                .zip(scopes.get(at))
                .map(|(environment, (_, scope))| run.scenario.put_into(&scope.environment_name(environment)));
            let environment = environment.filter(|name| !name.is_empty());
            let rule = rule.map(|(at, _)| at);
            let count = cases.len() + open.len();
            match open.iter_mut().find(|case| case.environment == environment && case.rule == rule) {
                Some(case) => case.runs.push(run.clone()),
                None if count < most => open.push(Open { environment, rule, runs: vec![run.clone()] }),
                None => {
                    is_cut = true;
                    break;
                }
            }
        }
        for Open { environment, rule, runs } in open {
            let Some((_, scope)) = scopes.iter().find(|(of, _)| *of == rule) else { continue };
            // One of the last is the same for most combinations.
            let known = shared.iter().rev().take(8).find(|known| ***known == *runs).cloned();
            let runs = known.unwrap_or_else(|| {
                shared.push(runs.into());
                shared.last().cloned().unwrap_or_default()
            });
            cases.push(case(job, scope, combination, environment, runs, |scope| {
                let Scripts { by_variables, times, shells } = &mut *scripts;
                by_variables.get(scope, |recorder| {
                    *times += 1;
                    let parsed = || Shells::of(&items);
                    let script = match *times {
                        1 => parsed().read(recorder, library),
                        _ => shells.get_or_insert_with(parsed).read(recorder, library),
                    };
                    Arc::new(script)
                })
            }));
        }
        if is_cut {
            break;
        }
    }
    reading.left = reading.left.saturating_sub(cases.len());
    (cases, is_cut)
}

fn case(
    job: &Job,
    scope: &Scope,
    combination: usize,
    environment: Option<PartialText>,
    runs: Arc<[Run]>,
    read: impl FnOnce(&Scope) -> Arc<Script>,
) -> JobCase {
    let written = job.environment.as_ref().filter(|_| environment.is_some());
    let within = written.map(|written| scope.in_environment(written));
    let scope = within.as_ref().unwrap_or(scope);
    let tier = written.filter(|written| !written.in_doubt).and_then(|written| {
        let tier = scope.expand_environment(written.deployment_tier.as_ref()?);
        tier.as_known()?.parse().ok()
    });
    let agent = written.and_then(|written| written.kubernetes.as_ref()?.agent.as_ref());
    let name = scope.value("CI_JOB_NAME").as_known().map_or_else(|| Arc::clone(&job.name), Arc::from);
    JobCase {
        name,
        environment,
        tier,
        runs,
        script: read(scope),
        kubernetes_agent: agent.map(|agent| Box::new(scope.expand(agent))),
        combination,
    }
}

impl Basis {
    /// The variables that a job sees in one of its cases. They are put together anew: a pipeline has tens of thousands of cases, and few are
    /// asked about.
    pub fn scope_of(&self, job: &Job, case: &JobCase) -> Scope {
        let rule = case.runs.first().and_then(|run| self.rule_with_variables(job, run));
        let scope = self.scopes(job, rule.map(|(_, rule)| rule)).of(case.combination);
        match job.environment.as_ref().filter(|_| case.environment.is_some()) {
            Some(written) => scope.in_environment(written),
            None => scope,
        }
    }

    /// The rule by which the job is in a kind of pipeline, if that sets variables.
    pub fn rule_with_variables<'j>(&self, job: &'j Job, run: &Run) -> Option<(usize, &'j Rule)> {
        let at = run.rule?;
        job.rules.as_ref()?.get(at).filter(|rule| !rule.variables.is_empty()).map(|rule| (at, rule))
    }

    /// The variables that a job sees, for each combination of its matrix.
    pub fn scopes<'j>(&self, job: &'j Job, rule: Option<&Rule>) -> JobScopes<'j> {
        let scopes = self.own_scopes(job, rule);
        match &self.forwarded {
            Some(forwarded) => scopes.below(forwarded),
            None => scopes,
        }
    }

    fn own_scopes<'j>(&self, job: &'j Job, rule: Option<&Rule>) -> JobScopes<'j> {
        let scopes = job.scopes(&self.scope, None, rule);
        let of_rule = rule.map(|rule| &rule.variables[..]).unwrap_or_default();
        let own = |name: &Arc<str>| job.own_variables.iter().chain(of_rule).any(|variable| variable.name == *name);
        let open: Vec<&Arc<str>> = self.workflow.open.iter().filter(|name| !own(name)).collect();
        if open.is_empty() {
            return scopes;
        }
        let unknown = |name: &Arc<str>| (Arc::clone(name), PartialText::unknown(name, Shape::Any));
        scopes.with_values(open.into_iter().map(unknown))
    }
}

/// What is written of when a job runs, in the form in which conditions are evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Written {
    rules: Option<Vec<RuleInput>>,
    only: Option<OnlyInput>,
    except: Option<OnlyInput>,
}

impl Written {
    pub fn of(job: &Job) -> Self {
        if job.in_doubt.runs {
            return Self { rules: None, only: Some(any_pipeline()), except: None };
        }
        let policy = |policy: &Option<OnlyExcept>| policy.as_ref().map(only_input);
        Self { rules: rule_inputs(job.rules.as_deref()), only: policy(&job.only), except: policy(&job.except) }
    }

    /// Whether anything decides about the job but its `when`.
    pub fn has_conditions(&self) -> bool {
        self.rules.is_some() || self.only.is_some() || self.except.is_some()
    }

    pub fn conditions<'w>(&'w self, job: &'w Job, basis: &'w Basis) -> JobConditions<'w> {
        JobConditions {
            workflow: basis.workflow.rules.as_deref(),
            rules: self.rules.as_deref(),
            only: self.only.as_ref(),
            except: self.except.as_ref(),
            when: job.when.as_deref().filter(|_| !job.in_doubt.runs),
        }
    }
}

/// What may let a job into a pipeline of any kind, or may not: which conditions it has, hangs on what is included.
fn any_pipeline() -> OnlyInput {
    let refs = ["branches", "tags", "merge_requests"].map(str::to_owned).into();
    OnlyInput { refs, variables: Vec::new(), kubernetes: true, changes: false }
}

/// `workflow:rules`
#[derive(Debug, Default)]
pub(super) struct Workflow {
    rules: Option<Vec<RuleInput>>,
    /// The variables that any of the rules sets. Which rule applies is not told, so neither are their values.
    pub open: BTreeSet<Arc<str>>,
}

impl Workflow {
    pub fn has_rules(&self) -> bool {
        self.rules.is_some()
    }

    pub fn of(rules: Option<&[Rule]>) -> Self {
        let variables = rules.into_iter().flatten().flat_map(|rule| &rule.variables);
        Self { rules: rule_inputs(rules), open: variables.map(|variable| Arc::clone(&variable.name)).collect() }
    }
}

/// The items of a job's scripts as the shell takes them.
fn items(job: &Job) -> Vec<Item<'_>> {
    let items = job.script.iter().map(|line| Item {
        text: line.text.as_str(),
        section: match line.section {
            Section::BeforeScript => shell::Section::BeforeScript,
            Section::Script => shell::Section::Script,
            Section::AfterScript => shell::Section::AfterScript,
        },
    });
    items.collect()
}

/// What is worked out once for all scopes in which the variables that it asks for are the same.
pub(super) struct ByVariables<T> {
    names: BTreeSet<Arc<str>>,
    /// By those of the variables that there are, with their values.
    known: HashMap<Vec<(Arc<str>, PartialText)>, T>,
}

impl<T> Default for ByVariables<T> {
    fn default() -> Self {
        Self { names: BTreeSet::new(), known: HashMap::new() }
    }
}

impl<T: Clone> ByVariables<T> {
    pub fn get(&mut self, scope: &Scope, work: impl FnOnce(&Recorder<'_>) -> T) -> T {
        let values = |names: &BTreeSet<Arc<str>>| -> Vec<(Arc<str>, PartialText)> {
            let with_value = |name: &Arc<str>| (Arc::clone(name), scope.value(name));
            // Thousands of jobs may see a few variables each, and their conditions ask for thousands.
            match names.len() <= scope.size() {
                true => names.iter().filter(|name| scope.has(name)).map(with_value).collect(),
                false => {
                    let there: BTreeSet<&Arc<str>> = scope.names().filter_map(|name| names.get(name)).collect();
                    there.into_iter().map(with_value).collect()
                }
            }
        };
        let mut key = values(&self.names);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let recorder = Recorder { scope, known: &self.names, others: RefCell::default() };
        let made = work(&recorder);
        let others = recorder.others.into_inner();
        if !others.is_empty() {
            // What is known does not tell those with other values of these from each other.
            self.known.clear();
            self.names.extend(others);
            key = values(&self.names);
        }
        self.known.insert(key, made.clone());
        made
    }
}

/// Hands variables out, and keeps in mind which, beyond those that were asked for before.
pub(super) struct Recorder<'s> {
    scope: &'s Scope,
    known: &'s BTreeSet<Arc<str>>,
    others: RefCell<BTreeSet<Arc<str>>>,
}

impl Recorder<'_> {
    fn record(&self, name: &str) {
        if !self.known.contains(name) && !self.others.borrow().contains(name) {
            self.others.borrow_mut().insert(name.into());
        }
    }

    /// The value of a variable of which conditions see something that is known.
    pub fn known(&self, name: &str) -> Option<PartialText> {
        self.record(name);
        self.scope.in_condition(name)
    }
}

impl Lookup for Recorder<'_> {
    fn variable(&self, name: &str) -> PartialText {
        self.record(name);
        self.scope.value(name)
    }
}

/// Rules in the form in which conditions are evaluated.
pub(crate) fn rule_inputs(rules: Option<&[Rule]>) -> Option<Vec<RuleInput>> {
    let input = |rule: &Rule| RuleInput {
        condition: rule.condition.as_ref().map(|condition| condition.to_string()),
        has_changes: rule.has_changes,
        has_compare_to: rule.has_compare_to,
        has_exists: rule.has_exists,
        when: rule.when.as_deref().map(str::to_owned),
    };
    rules.map(|rules| rules.iter().map(input).collect())
}

fn only_input(policy: &OnlyExcept) -> OnlyInput {
    let texts = |texts: &[Arc<str>]| texts.iter().map(ToString::to_string).collect();
    OnlyInput {
        refs: texts(&policy.refs),
        variables: texts(&policy.variables),
        kubernetes: policy.kubernetes,
        changes: policy.changes,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::access::jobs::{CiProject, ProjectJobs};
    use crate::ci::{FileContent, Files, Globbed, Pipeline, ProjectFacts};
    use crate::source::Source;

    struct OneFile(Arc<Source>);

    impl Files for OneFile {
        fn read(&self, _: &str) -> FileContent {
            FileContent::Text(Arc::clone(&self.0))
        }

        fn glob(&self, _: &str) -> Globbed {
            Globbed::default()
        }
    }

    fn pipeline(text: &str) -> Pipeline {
        Pipeline::read(".gitlab-ci.yml", &OneFile(Arc::new(Source::new("ci.yml", text))), &ProjectFacts::default())
    }

    /// Jobs of one template, with so many combinations each.
    fn wide(jobs: usize, combinations: usize) -> String {
        let values: Vec<String> = (0..combinations).map(|number| format!("v{number}")).collect();
        let mut text = format!(
            ".t:\n  parallel: {{matrix: [{{A: [{}]}}]}}\n  environment: $A/x\n  script: ['kubectl config use-context a/b:$A']\n",
            values.join(", ")
        );
        (0..jobs).for_each(|number| text.push_str(&format!("j{number}: {{extends: .t}}\n")));
        text
    }

    #[test]
    fn jobs_and_their_combinations_share_what_is_alike() {
        let (pipeline, project) = (pipeline(&wide(20, 100)), CiProject::default());
        let jobs = ProjectJobs::of(&pipeline, &project);
        let cases: Vec<&JobCase> = jobs.jobs.iter().flat_map(|job| &job.cases).collect();
        assert_eq!((cases.len(), &*cases[101].name), (2_000, "j1: [v1]"));
        let scripts: HashSet<*const Script> = cases.iter().map(|case| Arc::as_ptr(&case.script)).collect();
        assert_eq!(scripts.len(), 100, "one for each value, however many jobs");
        let runs: HashSet<*const Run> = cases.iter().map(|case| case.runs.as_ptr()).collect();
        assert_eq!(runs.len(), 20, "one for each job, however many combinations");
        assert!(size_of::<JobCase>() <= 128, "{}", size_of::<JobCase>());
    }

    #[test]
    fn the_variables_of_a_case_are_those_that_it_was_read_with() {
        let text = "variables: {T: top, W: top}\nworkflow: {rules: [{if: $CI_COMMIT_BRANCH, variables: {W: w}}]}\n\
                    j:\n  variables: {O: own}\n  parallel: {matrix: [{A: [a, b]}, {A: c, B: [d, e]}]}\n  environment: $A-$B-$O-$T-$R\n  \
                    rules: [{if: $A == \"a\", variables: {R: one}}, {if: $CI_COMMIT_BRANCH, variables: {R: two, O: rule}}]\n  script: ['echo $W']\n";
        let (pipeline, project) = (pipeline(text), CiProject::default());
        let jobs = ProjectJobs::of(&pipeline, &project);
        let told = |case: &JobCase| {
            let scope = jobs.jobs[0].scope(case);
            assert_eq!(case.environment.as_ref(), Some(&scope.value("CI_ENVIRONMENT_NAME")));
            format!("{} {} {}", case.name, scope.value("CI_ENVIRONMENT_NAME"), scope.value("W"))
        };
        let told: Vec<String> = jobs.jobs[0].cases.iter().map(told).collect();
        assert_eq!(
            told,
            [
                "j: [a] a-$B-own-top-one $W",
                "j: [b] b-$B-rule-top-two $W",
                "j: [c, d] c-d-rule-top-two $W",
                "j: [c, e] c-e-rule-top-two $W",
            ]
        );
    }

    #[test]
    fn what_is_not_looked_at_is_known_to_be_missing() {
        let (pipeline, project) = (pipeline(&wide(3, 4)), CiProject::default());
        let (basis, refs) = (Basis::default(), RefFacts::default());
        let library = Library::empty();
        let mut reading = Reading { left: 5, ..Reading::of(&library, &|_| true) };
        let counts: Vec<(usize, bool)> = pipeline
            .jobs
            .iter()
            .map(|job| cases(job, &basis, &refs, None, &mut reading))
            .map(|(cases, is_cut)| (cases.len(), is_cut))
            .collect();
        assert_eq!(counts, [(4, false), (1, true), (1, true)]);
        assert!(ProjectJobs::of(&pipeline, &project).environments().is_some());
    }
}
