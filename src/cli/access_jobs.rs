//! The jobs that `access` is asked for.

use crate::access::jobs::ProjectJobs;
use crate::access_report::has_job;
use crate::project::Unusable;
use crate::schema::nearest;

/// Whether there is what was asked for.
pub(super) fn check(jobs: &[&ProjectJobs<'_>], project: Option<&str>, name: Option<&str>) -> Result<(), Unusable> {
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
