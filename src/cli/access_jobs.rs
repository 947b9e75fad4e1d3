//! The CI files whose jobs `access` tells.

use rayon::prelude::*;

use crate::access::jobs::{CiProject, ProjectJobs};
use crate::access_report::has_job;
use crate::analysis::Steps;
use crate::ci::Pipeline;
use crate::gitlab::lower_path;
use crate::project::Unusable;
use crate::project::ci_files::{ci_project, read_pipeline};
use crate::project::discover::{Found, Search};
use crate::project::knowledge::Knowledge;
use crate::schema::nearest;

/// From how many files on work is shared: threads cost more to start than a few small files cost to read.
const MANY: usize = 4;

/// A CI file with what is known of its project.
pub(super) struct CiFile {
    pipeline: Pipeline,
    project: CiProject,
}

/// Reads the CI files of the projects that were found, or that of one.
pub(super) fn read(
    search: &Search,
    wanted: Option<&str>,
    knowledge: &Knowledge<'_>,
    steps: &Steps,
) -> Result<Vec<CiFile>, Unusable> {
    let is_only = search.projects.len() == 1;
    let read = |found: &Found| -> Result<Option<CiFile>, Unusable> {
        if found.ci_file.is_none() || !is_meant(found) {
            return Ok(None);
        }
        let known = knowledge.context_for(&found.root, found.project.as_deref(), is_only)?;
        let project = ci_project(&known);
        let is_wanted =
            |wanted: &str| project.facts.path.as_deref().is_some_and(|path| lower_path(path) == lower_path(wanted));
        if !wanted.is_none_or(is_wanted) {
            return Ok(None);
        }
        let pipeline = read_pipeline(found, &known);
        steps.add(1);
        Ok(pipeline.map(|pipeline| CiFile { pipeline, project }))
    };
    let files: Vec<Result<Option<CiFile>, Unusable>> = match search.projects.len() > MANY {
        true => search.projects.par_iter().map(read).collect(),
        false => search.projects.iter().map(read).collect(),
    };
    files.into_iter().filter_map(Result::transpose).collect()
}

/// Whether the CI file is meant, and not only there to be known beside a file that was named.
fn is_meant(found: &Found) -> bool {
    let is_named = |path| found.named.as_ref().is_none_or(|named| named.contains(path));
    found.ci_file.as_ref().is_some_and(is_named)
}

/// Works out the jobs of each.
pub(super) fn work_out<'f>(files: &'f [CiFile]) -> Vec<ProjectJobs<'f>> {
    let jobs = |file: &'f CiFile| ProjectJobs::of(&file.pipeline, &file.project);
    match files.len() > MANY {
        true => files.par_iter().map(jobs).collect(),
        false => files.iter().map(jobs).collect(),
    }
}

/// Whether there is what was asked for.
pub(super) fn check(jobs: &[ProjectJobs<'_>], project: Option<&str>, name: Option<&str>) -> Result<(), Unusable> {
    if let (true, Some(project)) = (jobs.is_empty(), project) {
        return Err(Unusable::new(format!("no CI file of `{project}` is at hand; name its folder")));
    }
    let Some(name) = name.filter(|name| !jobs.iter().any(|project| has_job(project, name))) else { return Ok(()) };
    let names = || jobs.iter().flat_map(|project| &project.jobs).map(|job| &*job.job.name);
    let help = match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`--jobs` lists the jobs".to_owned(),
    };
    Err(Unusable::new(format!("no CI file at hand has a job `{name}` with a script; {help}")))
}
