//! Child pipelines: the configurations that `trigger:include` names, each read once however many jobs start it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::MAX_CHILD_LEVELS;
use super::include::{ChildOf, Reader};
use super::model::{Job, Pipeline, Variable};
use super::problem::{Unread, UnreadKind, UnreadReason};
use super::trigger::content_of;
use super::value::{Value, Work};
use super::variables::Scope;
use crate::source::Source;

/// How many child pipelines are read; those of further jobs are said to be not read.
const MOST: usize = 1_000;

/// How many jobs the child pipelines may have together before no further one is read.
const MOST_JOBS: usize = 20_000;

/// How many steps a job of a child pipeline counts for at least, so that reading the same jobs over and over comes to an end.
const STEPS_A_JOB: usize = 10;

/// A job that starts a child pipeline: the position of its pipeline, of the job in that, and what it includes.
type Start = (Option<usize>, usize, Value);

impl Pipeline {
    /// Reads the child pipelines that jobs start, level by level.
    pub(super) fn read_children(&mut self, reader: &mut Reader<'_>, scope: &Scope, work: &Work) {
        let mut known: HashMap<(String, Option<String>), usize> = HashMap::new();
        let mut level: Vec<Option<usize>> = vec![None];
        for _ in 0..MAX_CHILD_LEVELS {
            let first_new = self.children.len();
            for start in level.into_iter().flat_map(|parent| self.starts(parent)).collect::<Vec<Start>>() {
                self.read_child(start, &mut known, reader, scope, work);
            }
            level = (first_new..self.children.len()).map(Some).collect();
        }
        let mut sources: HashSet<*const Source> = self.sources.iter().map(Arc::as_ptr).collect();
        let of_children = self.children.iter().flat_map(|child| &child.sources);
        let new: Vec<Arc<Source>> = of_children.filter(|source| sources.insert(Arc::as_ptr(source))).cloned().collect();
        self.sources.extend(new);
    }

    fn at(&self, position: Option<usize>) -> Option<&Self> {
        position.map_or(Some(self), |at| self.children.get(at))
    }

    fn job_at(&mut self, parent: Option<usize>, job: usize) -> Option<&mut Job> {
        let jobs = match parent {
            None => &mut self.jobs,
            Some(at) => &mut self.children.get_mut(at)?.jobs,
        };
        jobs.get_mut(job)
    }

    /// The jobs of a pipeline that start child pipelines.
    fn starts(&mut self, parent: Option<usize>) -> Vec<Start> {
        let count = self.at(parent).map_or(0, |pipeline| pipeline.jobs.len());
        let start = |job: usize| {
            let include = self.job_at(parent, job)?.trigger.as_mut()?.include.take()?;
            Some((parent, job, include))
        };
        (0..count).filter_map(start).collect()
    }

    fn read_child(
        &mut self,
        (parent, number, include): Start,
        known: &mut HashMap<(String, Option<String>), usize>,
        reader: &mut Reader<'_>,
        scope: &Scope,
        work: &Work,
    ) {
        let Some(job) = self.at(parent).and_then(|pipeline| pipeline.jobs.get(number)) else { return };
        let name = Arc::clone(&job.name);
        let content = content_of(&include, work).filter(|_| !reader.is_exhausted() && !work.is_exhausted());
        let jobs = self.children.iter().map(|child| child.jobs.len()).sum::<usize>();
        let Some(content) = content.filter(|_| self.children.len() < MOST && jobs < MOST_JOBS) else {
            let text = include.as_items().iter().find_map(named).unwrap_or_default();
            let place = include.place().clone();
            let unread = Unread::run(UnreadKind::Local, text, place, &name, UnreadReason::TooMany);
            if let Some(trigger) = self.job_at(parent, number).and_then(|job| job.trigger.as_mut()) {
                trigger.unread = Some(unread);
            }
            return;
        };
        type Known = HashMap<(String, Option<String>), usize>;
        let mut read = |pipeline: &mut Self, known: &mut Known, scope: &Scope, variables: Option<String>| {
            let is_by_variables = variables.is_some();
            *known.entry((content.clone(), variables)).or_insert_with(|| {
                let child = ChildOf { job: Arc::clone(&name), is_by_variables };
                let (root, included) = reader.child(&include, scope, work, child);
                work.spend(root.entries().len().saturating_mul(STEPS_A_JOB));
                let mut child = Self::of(Some(root), included, work);
                child.settle(include.place().clone(), work);
                pipeline.children.push(child);
                pipeline.children.len() - 1
            })
        };
        let count = self.children.len();
        let plain = read(self, known, scope, None);
        let hangs_on_variables = self.children.get(plain).is_some_and(|child| {
            let mut unread = child.unread.iter();
            unread.any(|unread| unread.kind == UnreadKind::VariableInPath)
        });
        let mut children = vec![plain];
        let job = self.at(parent).and_then(|pipeline| pipeline.jobs.get(number)).filter(|_| hangs_on_variables);
        if let Some(job) = job.filter(|job| job.trigger.as_ref().is_some_and(|trigger| trigger.forwards_variables)) {
            let scopes = job.scopes(scope, None, None);
            // What differs between combinations are the values of the matrix.
            let forwarded: Vec<(Scope, String)> = scopes
                .iter()
                .take(MOST)
                .enumerate()
                .filter_map(|(combination, within)| {
                    let all = job.variables_in(combination, None);
                    let size = all.iter().map(|variable| variable.name.len() + variable.value.len()).sum::<usize>();
                    let told = |variable: &Variable| match variable.in_doubt {
                        true => format!("{}=?,", variable.name),
                        false => format!("{}={:?},", variable.name, variable.value),
                    };
                    let text = || all.iter().map(told).collect();
                    work.spend(1 + size / 64).then(|| (scope.with_forwarded(&within, &all), text()))
                })
                .collect();
            if forwarded.len() == scopes.count() {
                children = Vec::new();
                if plain == count {
                    // Nothing starts the one without variables.
                    self.children.truncate(count);
                    known.remove(&(content.clone(), None));
                }
                for (scope, variables) in forwarded {
                    children.push(read(self, known, &scope, Some(variables)));
                }
            }
        }
        if children.iter().all(|child| children.first() == Some(child)) {
            children.truncate(1);
        }
        if let Some(trigger) = self.job_at(parent, number).and_then(|job| job.trigger.as_mut()) {
            trigger.children = children;
        }
    }
}

/// The file that an item of `include` names.
fn named(item: &Value) -> Option<String> {
    let value = match item {
        Value::Map(map) => map.entries().first().map(|entry| &entry.value)?,
        other => other,
    };
    value.as_text().map(|text| text.as_str().to_owned())
}
