//! The ways in which a job may run.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::ci::variables::Scope;
use crate::ci::{Job, OnlyExcept, Rule, Section};
use crate::gitlab::{EnvironmentTier, PartialText, Shape, TextPart};
use crate::pipeline_rules::{JobConditions, OnlyInput, RefFacts, RuleInput, Run, Scenario, Value, runs};
use crate::shell::{self, Item, Lookup, Script};

/// How many cases a job may have; those behind are not looked at.
const MOST: usize = 1_000;

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
    pub runs: Vec<Run>,
    /// What its scripts do.
    pub script: Arc<Script>,
    /// The agent of `environment:kubernetes`.
    pub kubernetes_agent: Option<PartialText>,
    /// The variables that it sees.
    pub scope: Scope,
}

/// The ways in which a job may run.
pub(super) fn cases(job: &Job, base: &Scope, workflow: &Workflow, refs: &RefFacts) -> Vec<JobCase> {
    let rules = rule_inputs(job.rules.as_deref());
    let (only, except) = (job.only.as_ref().map(only_input), job.except.as_ref().map(only_input));
    let conditions = JobConditions {
        workflow: workflow.rules.as_deref(),
        rules: rules.as_deref(),
        only: only.as_ref(),
        except: except.as_ref(),
        when: job.when.as_deref(),
    };
    let mut scripts = Scripts::new(job);
    let plain = workflow.scopes(job, base, None);
    let mut by_rule: HashMap<usize, Vec<Scope>> = HashMap::new();
    let mut cases: Vec<JobCase> = Vec::new();
    for (combination, plain) in plain.iter().enumerate() {
        let start = cases.len();
        let variable = |name: &str| match plain.has(name) {
            true => Value::Text(plain.value(name)),
            false => Value::Unknown,
        };
        for run in runs(&conditions, refs, &variable) {
            let rule = run.rule.and_then(|at| Some((at, job.rules.as_ref()?.get(at)?)));
            let scope = match rule {
                Some((at, rule)) if !rule.variables.is_empty() => {
                    let scopes = by_rule.entry(at).or_insert_with(|| workflow.scopes(job, base, Some(rule)));
                    scopes.get(combination).unwrap_or(plain)
                }
                _ => plain,
            };
            let environment = job
                .environment
                .as_ref()
                .map(|environment| in_scenario(&scope.expand_environment(&environment.name), &run.scenario));
            let environment = environment.filter(|name| !name.is_empty());
            let sets_variables = |at: Option<usize>| {
                let rule = at.and_then(|at| job.rules.as_ref()?.get(at));
                rule.is_some_and(|rule| !rule.variables.is_empty())
            };
            let alike = cases.iter().skip(start).position(|case| {
                let of_rule = case.runs.first().and_then(|first| first.rule);
                let same_variables = of_rule == run.rule || (!sets_variables(of_rule) && !sets_variables(run.rule));
                case.environment == environment && same_variables
            });
            if let Some(case) = alike.and_then(|at| cases.get_mut(start + at)) {
                case.runs.push(run);
            } else if cases.len() < MOST {
                cases.push(case(job, scope, environment, run, &mut scripts));
            } else {
                return cases;
            }
        }
    }
    cases
}

fn case(job: &Job, scope: &Scope, environment: Option<PartialText>, run: Run, scripts: &mut Scripts<'_>) -> JobCase {
    let written = job.environment.as_ref().filter(|_| environment.is_some());
    let scope = written.map_or_else(|| scope.clone(), |written| scope.in_environment(written));
    let tier = written.and_then(|written| {
        let tier = scope.expand_environment(written.deployment_tier.as_ref()?);
        tier.as_known()?.parse().ok()
    });
    let agent = written.and_then(|written| written.kubernetes.as_ref()?.agent.as_ref());
    let name = scope.value("CI_JOB_NAME").as_known().map_or_else(|| Arc::clone(&job.name), Arc::from);
    JobCase {
        name,
        environment,
        tier,
        runs: vec![run],
        script: scripts.read(&scope),
        kubernetes_agent: agent.map(|agent| scope.expand(agent)),
        scope,
    }
}

/// `workflow:rules`
#[derive(Default)]
pub(super) struct Workflow {
    rules: Option<Vec<RuleInput>>,
    /// The variables that any of the rules sets. Which rule applies is not told, so neither are their values.
    open: BTreeSet<Arc<str>>,
}

impl Workflow {
    pub fn of(rules: Option<&[Rule]>) -> Self {
        let variables = rules.into_iter().flatten().flat_map(|rule| &rule.variables);
        Self { rules: rule_inputs(rules), open: variables.map(|variable| Arc::clone(&variable.name)).collect() }
    }

    /// The variables that a job sees, for each combination of its matrix.
    fn scopes(&self, job: &Job, base: &Scope, rule: Option<&Rule>) -> Vec<Scope> {
        let scopes = job.scopes(base, None, rule);
        let of_rule = rule.map(|rule| &rule.variables[..]).unwrap_or_default();
        let own = |name: &Arc<str>| job.own_variables.iter().chain(of_rule).any(|variable| variable.name == *name);
        let open: Vec<&Arc<str>> = self.open.iter().filter(|name| !own(name)).collect();
        if open.is_empty() {
            return scopes;
        }
        let unknown = |name: &Arc<str>| (Arc::clone(name), PartialText::unknown(name, Shape::Any));
        scopes.iter().map(|scope| scope.with_values(open.iter().map(|name| unknown(name)))).collect()
    }
}

/// Puts in what the kind of pipeline says of the variables in a text.
fn in_scenario(text: &PartialText, scenario: &Scenario) -> PartialText {
    let mut refined = PartialText::default();
    for part in text.parts() {
        match part {
            TextPart::Known(known) => refined.push_known(known),
            TextPart::Unknown { name, shape } => match scenario.variable(name) {
                Some(Value::Text(value)) => refined.push(&value),
                Some(Value::Unset) => {}
                _ => refined.push(&PartialText::unknown(name, *shape)),
            },
        }
    }
    refined
}

/// Reads a job's scripts once for all cases in which its variables are the same.
struct Scripts<'j> {
    items: Vec<Item<'j>>,
    names: BTreeSet<String>,
    read: HashMap<Vec<PartialText>, Arc<Script>>,
}

impl<'j> Scripts<'j> {
    fn new(job: &'j Job) -> Self {
        let items = job.script.iter().map(|line| Item {
            text: line.text.as_str(),
            section: match line.section {
                Section::BeforeScript => shell::Section::BeforeScript,
                Section::Script => shell::Section::Script,
                Section::AfterScript => shell::Section::AfterScript,
            },
        });
        Self { items: items.collect(), names: BTreeSet::new(), read: HashMap::new() }
    }

    fn read(&mut self, scope: &Scope) -> Arc<Script> {
        let values = |names: &BTreeSet<String>| names.iter().map(|name| scope.value(name)).collect::<Vec<_>>();
        if !self.read.is_empty()
            && let Some(script) = self.read.get(&values(&self.names))
        {
            return Arc::clone(script);
        }
        let recorder = Recorder { scope, names: RefCell::default() };
        let script = Arc::new(shell::read(&self.items, &recorder));
        let names = recorder.names.into_inner();
        if self.names.is_empty() {
            self.names = names;
        }
        self.read.insert(values(&self.names), Arc::clone(&script));
        script
    }
}

/// Hands variables to the shell, and keeps in mind which.
struct Recorder<'s> {
    scope: &'s Scope,
    names: RefCell<BTreeSet<String>>,
}

impl Lookup for Recorder<'_> {
    fn variable(&self, name: &str) -> PartialText {
        self.names.borrow_mut().insert(name.to_owned());
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
