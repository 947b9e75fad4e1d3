//! A fetch, step by step: the instance, groups, projects, agent files, includes, and what entries need.

mod by_rest;
mod files;
mod lists;
mod needed;
mod pages;
mod settings;

use std::collections::HashSet;

use super::ask::Ask;
use super::gathered::Gathered;
use super::includes::ci_file_of;
use super::instance;
use super::needs::Needs;
use super::queries::Queries;
use crate::api::ApiError;
use crate::gitlab::{Version, is_plain_file_path};
use crate::inventory::Fact;

/// What is said of a group or project that GitLab hides or does not have, which it does not tell apart.
const NOT_THERE: &str = "not there, or not shown to this token";

/// What is to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    /// Groups with all below them.
    Groups(Vec<String>),
    /// Projects.
    Projects(Vec<String>),
    /// Everything that the token sees.
    Instance,
}

/// What the caller wants.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// What is to be fetched.
    pub targets: Targets,
    /// How many requests are in flight at a time.
    pub concurrency: usize,
    /// Whether CI files are fetched as GitLab merges them.
    pub merged_ci: bool,
}

/// Somebody who watches.
pub trait Watch: Sync {
    /// So much is done of a step; of how much, where that is known.
    fn step(&self, doing: &'static str, done: usize, of: Option<usize>);
}

/// Files of a fetch before this one.
pub trait Before: Sync {
    /// The bytes of a project's file, if there are any.
    fn file(&self, project: &str, path: &str) -> Option<Vec<u8>>;
    /// Whether there was one at all.
    fn is_there(&self) -> bool;
}

/// Fetches what there is to know.
///
/// # Errors
/// When the instance does not answer, refuses the token, or stops answering on the way.
pub fn fetch(
    ask: &dyn Ask,
    url: &str,
    wishes: &Wishes,
    before: &dyn Before,
    watch: &dyn Watch,
) -> Result<Gathered, ApiError> {
    watch.step("asking for the release", 0, None);
    let instance = instance::look(ask)?;
    let mut gathered = Gathered { url: Some(url.to_owned()), ..Gathered::default() };
    gathered.version = instance.version.map(|version| format!("{}.{}", version.major, version.minor));
    let mut fetch = Fetch {
        ask,
        watch,
        before,
        concurrency: wishes.concurrency,
        queries: Queries::new(instance.version_or_newest()),
        version: instance.version_or_newest(),
        is_by_rest: instance.is_asked_by_rest(),
        gathered,
        absent: HashSet::new(),
    };
    match fetch.is_by_rest {
        true => fetch.groups_and_projects_by_rest(&wishes.targets)?,
        false => fetch.groups_and_projects(&wishes.targets)?,
    }
    fetch.what_is_not_listed(&wishes.targets, &instance)?;
    fetch.agent_files()?;
    let needs = Needs::of(&fetch.gathered, fetch.version);
    fetch.includes(&needs)?;
    fetch.environments(&needs)?;
    fetch.protected_refs(&needs)?;
    fetch.settings(&needs, &instance)?;
    if wishes.merged_ci {
        fetch.merged_ci(&needs)?;
    }
    Ok(fetch.end())
}

struct Fetch<'f> {
    ask: &'f dyn Ask,
    watch: &'f dyn Watch,
    before: &'f dyn Before,
    concurrency: usize,
    queries: Queries,
    version: Version,
    /// Whether the release is older than the texts of our queries.
    is_by_rest: bool,
    gathered: Gathered,
    /// Files that were asked for and are not there, by project in lower case.
    absent: HashSet<(String, String)>,
}

/// The largest file that is kept, in bytes: of CI files `max_yaml_size_bytes`, which is larger than that of agent files.
const MAX_FILE_SIZE: usize = 2 << 20;

impl Fetch<'_> {
    /// What is written: files that came, and which of them hold what looks like a secret.
    fn end(mut self) -> Gathered {
        for field in self.queries.dropped() {
            let reason = format!(
                "GitLab {} has no field {field}",
                self.gathered.version.as_deref().unwrap_or("of this release")
            );
            let what = match field.as_str() {
                // Without the rights, an empty list of agents may as well be a hidden one.
                "clusterAgents" | "userPermissions" | "readEnvironment" | "createDeployment" | "adminProject" => {
                    Fact::Agents
                }
                "ciConfigPathOrDefault" => Fact::CiConfiguration,
                "autoDevopsEnabled" => Fact::AutoDevops,
                "environments" => Fact::Environments,
                "tree" => Fact::AgentConfiguration,
                // What is left out of a project is not known anyway.
                _ => continue,
            };
            self.gathered.unread(None, what, reason, None);
        }
        self.gathered.settle();
        for project in self.gathered.projects.values_mut() {
            // An address of another place may hold a token, and nothing is read there.
            if ci_file_of(project).is_none() {
                project.ci_config_path =
                    project.ci_config_path.take().map(|path| crate::source::secrets::mask(&path).into_owned());
            }
            project.files.retain(|path, file| {
                is_plain_file_path(path) && file.bytes.as_ref().is_some_and(|bytes| bytes.len() <= MAX_FILE_SIZE)
            });
            for (path, file) in &project.files {
                let bytes = file.bytes.as_deref().unwrap_or_default();
                if std::str::from_utf8(bytes).is_ok_and(|text| !crate::source::secrets::find(text).is_empty()) {
                    self.gathered.with_secrets.insert(format!("projects/{}/{path}", project.path));
                }
            }
        }
        self.gathered
    }
}
