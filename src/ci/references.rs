//! Jobs that others name: in `needs`, and in `environment:on_stop`.
//!
//! Source: `validate_job_needs!` and `validate_on_stop_job!` in `lib/gitlab/ci/yaml_processor.rb`.

use std::collections::{HashMap, HashSet};

use super::keys::is_open;
use super::model::Job;
use super::problem::{OnStopFault, Problem, ProblemKind};
use super::text::Text;
use crate::schema::nearest;

/// How many jobs are told, each of a kind.
const MOST: usize = 20;

/// What is wrong with the jobs that others name, of a pipeline that is known as a whole.
pub(super) fn undefined(jobs: &[Job]) -> Vec<Problem> {
    let names = Names { jobs, by_name: jobs.iter().map(|job| (&*job.name, job)).collect() };
    let needs = jobs.iter().flat_map(|job| &job.needs).filter(|need| !names.has(need));
    // Of each name that is missing, the first place is told.
    let mut told = HashSet::new();
    let needs = needs.filter(|need| told.insert(need.as_str())).take(MOST).map(|need| {
        let kind = ProblemKind::UndefinedNeed { job: need.to_string(), near: names.nearest(need) };
        Problem::new(kind, need.place.clone())
    });
    let on_stop = jobs.iter().filter_map(|job| on_stop(job, &names)).take(MOST);
    needs.chain(on_stop).collect()
}

struct Names<'j> {
    jobs: &'j [Job],
    by_name: HashMap<&'j str, &'j Job>,
}

impl Names<'_> {
    /// Whether a job has a name; what may be a job of `parallel`, as `deploy: [eu]` and `test 1/5`, counts as one.
    fn has(&self, name: &str) -> bool {
        let before = |mark: &str| name.split_once(mark).map(|(job, _)| job);
        let of_parallel = [before(": ["), before(": "), name.rsplit_once(' ').map(|(job, _)| job)];
        is_open(name)
            || std::iter::once(Some(name)).chain(of_parallel).flatten().any(|name| self.by_name.contains_key(name))
    }

    fn nearest(&self, name: &str) -> Option<String> {
        nearest(name, self.jobs.iter().map(|job| &*job.name)).map(str::to_owned)
    }
}

fn on_stop(job: &Job, names: &Names<'_>) -> Option<Problem> {
    let environment = job.environment.as_ref()?;
    let stop = environment.on_stop.as_ref()?;
    let name = || environment.name.to_string();
    let fault = match names.by_name.get(stop.as_str()) {
        None if names.has(stop) => return None,
        None => OnStopFault::Undefined { near: names.nearest(stop) },
        // Jobs of a matrix have names of their own.
        Some(target) if !target.matrix.is_empty() => return None,
        Some(target) => match &target.environment {
            None => OnStopFault::NoEnvironment { name: name() },
            Some(other) if is_other(&other.name, &environment.name) => {
                OnStopFault::OtherEnvironment { name: name(), other: other.name.to_string() }
            }
            Some(other) if other.action.as_deref().is_none_or(|action| action != "stop" && !is_open(action)) => {
                OnStopFault::Starts
            }
            Some(_) => return None,
        },
    };
    Some(Problem::new(ProblemKind::OnStop { job: stop.to_string(), fault }, stop.place.clone()))
}

/// Whether two names of environments differ as they are written, which is how GitLab compares them.
fn is_other(one: &Text, other: &Text) -> bool {
    one.as_str() != other.as_str() && !is_open(one) && !is_open(other)
}
