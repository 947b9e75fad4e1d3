//! The jobs of child pipelines: which of them run, and with what variables, hangs on the jobs that start them.
//!
//! The same child that gets the same is worked out once, however many jobs start it. Where there would be too much to tell apart, what differs
//! is taken as not known.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use super::case::{Basis, ByVariables, Reading, Workflow, Written};
use super::{CiProject, JobView};
use crate::ci::variables::Scope;
use crate::ci::{Job, MAX_CHILD_LEVELS, Pipeline, Trigger, Unread, Variable};
use crate::gitlab::{PartialText, Shape};
use crate::pipeline_rules::{Certainty, PipelineSource, Run, Start, Starts, Value, runs_below};
use crate::source::{Place, Source, Span};

/// How many jobs of child pipelines are looked at: of one child however often it is started, and of all.
const MOST_JOBS: (usize, usize) = (5_000, 20_000);

/// How many variables that are handed down are looked at one by one.
const MOST_VARIABLES: usize = 1_000_000;

/// How many jobs that start one child are asked where they run, if these are taken together.
const MOST_ASKED: usize = 8;

/// How many jobs are told that would start one child too deep.
const MOST_TOO_DEEP: usize = 20;

/// The name of a job that starts a pipeline, and where that stands.
pub type StartingJob = (Arc<str>, Place);

/// What starts a child pipeline.
#[derive(Debug)]
pub struct StartedBy {
    /// The jobs; at least one.
    pub jobs: Vec<StartingJob>,
    /// What starts the pipeline of these, if that is a child itself.
    pub by: Option<Arc<StartedBy>>,
    words: OnceLock<Arc<str>>,
}

impl StartedBy {
    /// What somebody says of it, put together once: thousands of jobs may start it, and it may have thousands of jobs.
    pub fn said_once(&self, say: impl FnOnce(&Self) -> String) -> Arc<str> {
        Arc::clone(self.words.get_or_init(|| say(self).into()))
    }

    /// What starts it, after what starts that.
    pub fn outermost_first(&self) -> impl Iterator<Item = &Self> {
        let above: Vec<&Self> = std::iter::successors(Some(self), |by| by.by.as_deref()).collect();
        above.into_iter().rev()
    }
}

/// A child pipeline that jobs start.
#[derive(Debug)]
pub struct ChildPipeline<'p> {
    /// Its configuration.
    pub pipeline: &'p Pipeline,
    /// What starts it.
    pub started_by: Arc<StartedBy>,
}

/// The child pipelines of a project.
pub(super) struct Children<'p> {
    pub list: Vec<ChildPipeline<'p>>,
    pub not_read: Vec<Unread>,
    pub too_deep: Vec<&'p Job>,
    pub is_cut: bool,
}

/// Adds the jobs of child pipelines to those of the main one.
pub(super) fn jobs<'p>(
    main: &'p Pipeline,
    project: &'p CiProject,
    views: Vec<(usize, JobView<'p>)>,
    basis: Arc<Basis>,
    reading: Reading<'p, '_>,
) -> (Vec<JobView<'p>>, Children<'p>) {
    let mut walk = Walk {
        main,
        project,
        reading,
        scope: Scope::predefined(&project.facts)
            .with_values([("CI_PIPELINE_SOURCE", PartialText::known(PipelineSource::ParentPipeline.name()))]),
        workflows: HashMap::new(),
        nodes: vec![Node { views, below: Vec::new() }],
        children: Children { list: Vec::new(), not_read: Vec::new(), too_deep: Vec::new(), is_cut: false },
        known_unread: HashSet::new(),
        jobs_left: MOST_JOBS.1,
        variables_left: MOST_VARIABLES,
    };
    walk.descend(&[Instance { node: 0, pipeline: main, basis, starts: None, started_by: None }], MAX_CHILD_LEVELS);
    let mut jobs = Vec::new();
    let mut nodes: Vec<Option<Node<'p>>> = walk.nodes.into_iter().map(Some).collect();
    in_order(&mut nodes, 0, &mut jobs);
    (jobs, walk.children)
}

/// Puts the jobs of a node in their order, those of child pipelines where the job stands that starts them.
fn in_order<'p>(nodes: &mut [Option<Node<'p>>], at: usize, jobs: &mut Vec<JobView<'p>>) {
    let Some(Node { views, below }) = nodes.get_mut(at).and_then(Option::take) else { return };
    let mut below = below.into_iter().peekable();
    for (position, view) in views {
        while let Some((_, node)) = below.next_if(|(started_at, _)| *started_at < position) {
            in_order(nodes, node, jobs);
        }
        jobs.push(view);
    }
    for (_, node) in below {
        in_order(nodes, node, jobs);
    }
}

/// The jobs of one pipeline, by their positions in it, and by the position of the job that starts them the nodes of its children.
struct Node<'p> {
    views: Vec<(usize, JobView<'p>)>,
    below: Vec<(usize, usize)>,
}

/// A pipeline that runs, with what it gets.
struct Instance<'p, 's> {
    node: usize,
    pipeline: &'p Pipeline,
    basis: Arc<Basis>,
    starts: Option<Starts<'s>>,
    started_by: Option<Arc<StartedBy>>,
}

/// A job that starts a child pipeline, in a combination of its matrix and by a rule.
#[derive(Clone)]
struct Starting<'p> {
    /// The position of its instance, its own in the pipeline, and that of the child.
    at: (usize, usize, usize),
    job: &'p Job,
    combination: usize,
    /// The rule that sets variables, and by which items of `rules` the job starts the child.
    rule: Option<usize>,
    rules: Option<Vec<Option<usize>>>,
    /// What it hands down.
    variables: Vec<Variable>,
    /// Whether it stands for further combinations and rules, with other variables.
    has_more: bool,
}

/// By what two starts of a child come to the same.
#[derive(PartialEq, Eq, Hash)]
struct Same {
    instance: usize,
    written: Written,
    when: Option<Arc<str>>,
    rules: Option<Vec<Option<usize>>>,
    forwards: bool,
    /// Name, value, whether it is expanded, and whether it is in doubt.
    variables: Vec<(Arc<str>, Arc<str>, [bool; 2])>,
    /// The name of the job, if values may hang on it.
    own: Option<(Arc<str>, Option<Arc<str>>)>,
}

/// What starts a child: starts that come to the same, or that are taken together.
#[derive(Default)]
struct Group<'p> {
    child: usize,
    /// The first of those that differ.
    starts: Vec<Starting<'p>>,
    /// Whether there are more.
    has_more: bool,
    /// The jobs: the instance of each, and its position.
    jobs: Vec<(usize, usize)>,
}

struct Walk<'p, 'l> {
    main: &'p Pipeline,
    project: &'p CiProject,
    reading: Reading<'p, 'l>,
    /// The predefined variables of child pipelines.
    scope: Scope,
    workflows: HashMap<usize, Arc<Workflow>>,
    nodes: Vec<Node<'p>>,
    children: Children<'p>,
    /// What is among `not_read`, by its name, job and place.
    known_unread: HashSet<(String, Option<Arc<str>>, *const Source, Span)>,
    jobs_left: usize,
    variables_left: usize,
}

impl<'p> Walk<'p, '_> {
    /// Works out the children of pipelines, over so many levels.
    fn descend(&mut self, instances: &[Instance<'p, '_>], levels: usize) {
        if levels == 0 {
            return instances.iter().for_each(|instance| self.too_deep(instance));
        }
        if instances.is_empty() {
            return;
        }
        let groups = self.groups(instances);
        let written: Vec<Vec<Written>> =
            groups.iter().map(|group| group.starts.iter().map(|start| Written::of(start.job)).collect()).collect();
        let mut below = Vec::with_capacity(groups.len());
        for (group, written) in groups.iter().zip(&written) {
            below.extend(self.instance(group, written, instances));
        }
        self.descend(&below, levels - 1);
    }

    /// The jobs that would start a child pipeline on a level that there is not, and certainly run.
    fn too_deep(&mut self, instance: &Instance<'p, '_>) {
        for job in &instance.pipeline.jobs {
            let is_told = self.children.too_deep.iter().any(|known| std::ptr::eq(*known, job));
            if is_told || !job.trigger.as_ref().is_some_and(Trigger::starts_child) {
                continue;
            }
            let written = Written::of(job);
            let scope = instance.basis.scopes(job, None).of(0);
            let variable = |name: &str| scope.in_condition(name).map_or(Value::Unknown, Value::Text);
            let conditions = written.conditions(job, &instance.basis);
            let runs = runs_below(&conditions, instance.starts.as_ref(), &self.project.refs, &variable);
            if runs.iter().any(|run| run.in_pipeline == Certainty::Yes) && self.children.too_deep.len() < MOST_TOO_DEEP
            {
                self.children.too_deep.push(job);
            }
        }
    }

    /// The starts of all children, put together.
    fn groups(&mut self, instances: &[Instance<'p, '_>]) -> Vec<Group<'p>> {
        let mut groups: Vec<Group<'p>> = Vec::new();
        let mut known: HashMap<(usize, Same), usize> = HashMap::new();
        for (at, instance) in instances.iter().enumerate() {
            let jobs = instance.pipeline.jobs.iter().enumerate();
            for (number, job) in jobs.filter(|(_, job)| job.trigger.is_some()) {
                for start in self.starts(instance, (at, number), job) {
                    let child = start.at.2;
                    let same = self.same(&start, instance);
                    let position = *known.entry((child, same)).or_insert(groups.len());
                    if position == groups.len() {
                        groups.push(Group { child, ..Group::default() });
                    }
                    let Some(group) = groups.get_mut(position) else { continue };
                    if group.jobs.last() != Some(&(at, number)) {
                        group.jobs.push((at, number));
                    }
                    group.has_more |= start.has_more;
                    if group.starts.is_empty() {
                        group.starts.push(start);
                    }
                }
            }
        }
        self.bounded(groups)
    }

    /// Takes together what would be too many jobs.
    fn bounded(&mut self, groups: Vec<Group<'p>>) -> Vec<Group<'p>> {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        groups.iter().for_each(|group| *counts.entry(group.child).or_default() += 1);
        let mut together: HashSet<usize> = HashSet::new();
        for (&child, &count) in &counts {
            let jobs = self.main.children.get(child).map_or(0, |pipeline| pipeline.jobs.len().max(1));
            if count > 1 && jobs.saturating_mul(count) > MOST_JOBS.0.min(self.jobs_left) {
                together.insert(child);
                self.children.is_cut = true;
            }
            let count = if together.contains(&child) { 1 } else { count };
            self.jobs_left = self.jobs_left.saturating_sub(jobs.saturating_mul(count));
        }
        if together.is_empty() {
            return groups;
        }
        let mut bounded: Vec<Group<'p>> = Vec::with_capacity(groups.len());
        let mut positions: HashMap<usize, usize> = HashMap::new();
        for group in groups {
            if !together.contains(&group.child) {
                bounded.push(group);
                continue;
            }
            let position = *positions.entry(group.child).or_insert(bounded.len());
            match bounded.get_mut(position) {
                None => bounded.push(group),
                Some(known) => {
                    known.starts.extend(group.starts);
                    known.jobs.extend(group.jobs);
                    known.has_more |= group.has_more;
                }
            }
        }
        bounded
    }

    /// The ways in which a job starts child pipelines; none where it never runs.
    fn starts(&mut self, instance: &Instance<'p, '_>, (at, number): (usize, usize), job: &'p Job) -> Vec<Starting<'p>> {
        let Some(trigger) = &job.trigger else { return Vec::new() };
        let written = Written::of(job);
        let conditions = written.conditions(job, &instance.basis);
        let plain = instance.basis.scopes(job, None);
        let mut all_runs: ByVariables<Arc<[Run]>> = ByVariables::default();
        let mut starts: Vec<Starting<'p>> = Vec::new();
        let mut may_run = false;
        for combination in 0..plain.count() {
            let runs = all_runs.get(&plain.of(combination), |scope| {
                let variable = |name: &str| scope.known(name).map_or(Value::Unknown, Value::Text);
                runs_below(&conditions, instance.starts.as_ref(), &self.project.refs, &variable).into()
            });
            may_run |= !runs.is_empty();
            let child = match &trigger.children[..] {
                [only] => Some(only),
                children => children.get(combination),
            };
            let Some(&child) = child else { continue };
            let mut ways: BTreeMap<Option<usize>, Vec<Option<usize>>> = BTreeMap::new();
            for run in &*runs {
                let rule = instance.basis.rule_with_variables(job, run).map(|(at, _)| at);
                let rules = ways.entry(rule).or_default();
                if !rules.contains(&run.rule) {
                    rules.push(run.rule);
                }
            }
            let is_one = ways.len() == 1;
            for (rule, rules) in ways {
                let of_rule = rule.and_then(|rule| job.rules.as_ref()?.get(rule));
                let variables = job.variables_in(combination, of_rule);
                self.variables_left = self.variables_left.saturating_sub(variables.len() + 1);
                let rules = Some(rules).filter(|_| !is_one);
                let has_more = self.variables_left == 0;
                starts.push(Starting { at: (at, number, child), job, combination, rule, rules, variables, has_more });
            }
            if self.variables_left == 0 {
                self.children.is_cut = true;
                break;
            }
        }
        if may_run {
            self.children.not_read.extend(trigger.unread.clone());
        }
        starts
    }

    fn same(&self, start: &Starting<'p>, instance: &Instance<'p, '_>) -> Same {
        let Starting { job, rules, variables, at, .. } = start;
        let forwards = job.trigger.as_ref().is_some_and(|trigger| trigger.forwards_variables);
        let hangs_on_job = |variable: &Variable| {
            ["CI_JOB_", "CI_ENVIRONMENT_", "CI_NODE_"].iter().any(|part| variable.value.contains(part))
        };
        let own = variables.iter().any(hangs_on_job) || !instance.basis.workflow.open.is_empty();
        let written = Written::of(job);
        // Where nothing asks for its variables they make no difference.
        let variables = if forwards || written.has_conditions() || instance.basis.workflow.has_rules() {
            &variables[..]
        } else {
            &[]
        };
        let variables = variables.iter().map(|variable| {
            (Arc::clone(&variable.name), Arc::clone(&variable.value), [variable.expand, variable.in_doubt])
        });
        Same {
            instance: at.0,
            written,
            when: job.when.clone(),
            rules: rules.clone(),
            forwards,
            variables: variables.collect(),
            own: own.then(|| (Arc::clone(&job.name), job.stage.clone())),
        }
    }

    /// A child that is started, with its jobs.
    fn instance<'s>(
        &mut self,
        group: &Group<'p>,
        written: &'s [Written],
        instances: &'s [Instance<'p, 's>],
    ) -> Option<Instance<'p, 's>>
    where
        'p: 's,
    {
        let pipeline = self.main.children.get(group.child)?;
        let first = group.starts.first()?;
        let asked = group.starts.iter().zip(written).take(MOST_ASKED).filter_map(|(start, written)| {
            let above = instances.get(start.at.0)?;
            let scope = above.basis.scopes(start.job, None).of(start.combination);
            let hangs = |variable: &Variable| {
                variable.value.contains("CI_PIPELINE_") || variable.value.contains("CI_COMMIT_BEFORE_SHA")
            };
            // What was handed down to the one that starts it may go on.
            let goes_on =
                above.basis.forwarded.is_some() && start.variables.iter().any(|variable| variable.value.contains('$'));
            Some(Start {
                conditions: written.conditions(start.job, &above.basis),
                variables: Box::new(move |name| scope.in_condition(name).map_or(Value::Unknown, Value::Text)),
                rules: start.rules.clone(),
                forwards_source: goes_on || start.variables.iter().any(hangs),
                above: above.starts.as_ref(),
            })
        });
        let starts = Starts::new(asked.collect(), group.has_more || group.starts.len() > MOST_ASKED);
        let forwarded = self.forwarded(group, instances);
        let workflow = self.workflows.entry(group.child);
        let workflow = workflow.or_insert_with(|| Arc::new(Workflow::of(pipeline.workflow_rules.as_deref())));
        let basis = Arc::new(Basis { scope: self.scope.clone(), workflow: Arc::clone(workflow), forwarded });
        let named = |&(instance, job): &(usize, usize)| {
            let job = instances.get(instance)?.pipeline.jobs.get(job)?;
            Some((Arc::clone(&job.name), job.name_place.clone()))
        };
        let mut jobs: Vec<StartingJob> = group.jobs.iter().filter_map(named).collect();
        let mut seen = HashSet::new();
        jobs.retain(|(name, place)| seen.insert((Arc::clone(name), Arc::as_ptr(&place.source), place.span)));
        let by = instances.get(first.at.0)?.started_by.clone();
        let started_by = Arc::new(StartedBy { jobs, by, words: OnceLock::new() });
        let views = JobView::all(pipeline, &basis, &self.project.refs, Some((&starts, &started_by)), &mut self.reading);
        let node = self.nodes.len();
        self.nodes.push(Node { views, below: Vec::new() });
        let above = instances.get(first.at.0)?.node;
        self.nodes.get_mut(above)?.below.push((first.at.1, node));
        self.not_read(pipeline, &started_by);
        self.children.list.push(ChildPipeline { pipeline, started_by: Arc::clone(&started_by) });
        Some(Instance { node, pipeline, basis, starts: Some(starts), started_by: Some(started_by) })
    }

    /// What of a child was not read: what a job names for it stands for each job that starts it.
    fn not_read(&mut self, child: &Pipeline, started_by: &StartedBy) {
        for unread in &child.unread {
            let mut add = |unread: Unread| {
                let job = unread.run.as_ref().map(|run| Arc::clone(&run.job));
                let key = (unread.name.clone(), job, Arc::as_ptr(&unread.place.source), unread.place.span);
                if self.known_unread.insert(key) {
                    self.children.not_read.push(unread);
                }
            };
            match &unread.run {
                None => add(unread.clone()),
                Some(run) => started_by.jobs.iter().for_each(|(job, _)| {
                    add(Unread::run(unread.kind, unread.name.clone(), unread.place.clone(), job, run.reason));
                }),
            }
        }
    }

    /// What a child gets of variables, which go before all others there.
    fn forwarded(&self, group: &Group<'p>, instances: &[Instance<'p, '_>]) -> Option<Scope> {
        let forwards =
            |start: &Starting<'p>| start.job.trigger.as_ref().is_some_and(|trigger| trigger.forwards_variables);
        let unknown = |name: &Arc<str>| (Arc::clone(name), PartialText::unknown(name, Shape::Any));
        if let ([start], false) = (&group.starts[..], group.has_more) {
            if !forwards(start) {
                return None;
            }
            let above = instances.get(start.at.0)?;
            let of_rule = start.rule.and_then(|rule| start.job.rules.as_ref()?.get(rule));
            let within = above.basis.scopes(start.job, of_rule).of(start.combination);
            let own = |name: &Arc<str>| {
                let of_rule = of_rule.map(|rule| &rule.variables[..]).unwrap_or_default();
                start.job.own_variables.iter().chain(of_rule).any(|variable| variable.name == *name)
            };
            let open = above.basis.workflow.open.iter().filter(|name| !own(name)).map(unknown);
            return Some(Scope::default().with_forwarded(&within, &start.variables).with_values(open));
        }
        // Of several only what all hand down alike is known.
        let mut values: BTreeMap<&Arc<str>, (&Variable, usize)> = BTreeMap::new();
        for start in group.starts.iter().filter(|start| forwards(start)) {
            for variable in &start.variables {
                let (known, count) = values.entry(&variable.name).or_insert((variable, 0));
                let is_same = known.value == variable.value && known.expand == variable.expand;
                let is_known = !variable.in_doubt && !variable.value.contains(['$', '%']);
                *count += usize::from(is_same && is_known);
            }
        }
        let all = if group.has_more { usize::MAX } else { group.starts.len() };
        let of_workflows = group.starts.iter().filter_map(|start| instances.get(start.at.0));
        let open: Vec<(Arc<str>, PartialText)> =
            of_workflows.flat_map(|above| above.basis.workflow.open.iter().map(unknown)).collect();
        let (same, other): (Vec<_>, Vec<_>) = values.into_values().partition(|(_, count)| *count == all);
        let same: Vec<Variable> = same.into_iter().map(|(variable, _)| variable.clone()).collect();
        let other = other.into_iter().map(|(variable, _)| unknown(&variable.name));
        Some(Scope::default().with_forwarded(&Scope::default(), &same).with_values(other).with_values(open))
    }
}

#[cfg(test)]
#[path = "children_tests.rs"]
mod tests;
