//! As whom a job acts in the cluster.
//!
//! Source: the identity tables of `doc/user/clusters/agent/ci_cd_workflow.md`. What only the running job knows stands in
//! angle brackets: `<job id>`.

use super::agent::Agent;
use super::answer::JobEnvironment;
use crate::agent_config::Impersonation;
use crate::gitlab::releases::TIER_GROUPS;
use crate::gitlab::{EnvironmentTier, Version, ancestor_paths, environment_slug};
use crate::inventory::{Inventory, NamespaceKind, Project};

/// As whom a job acts.
#[derive(Clone, Debug)]
pub enum Identity<'w> {
    /// The agent's service account; the job may name another identity itself (`kubectl --as`).
    Agent,
    /// The CI job.
    CiJob(JobIdentity),
    /// A fixed user. `None` where the file does not say which.
    Impersonate(Option<&'w Impersonation>),
}

/// The identity of a CI job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobIdentity {
    /// `gitlab:ci_job:<job id>`.
    pub username: String,
    /// Its groups.
    pub groups: Vec<String>,
    /// Its extra values, each with one value.
    pub extra: Vec<(&'static str, String)>,
    /// Whether the tier in it is what GitLab guesses from the environment's name, because nothing says the tier;
    /// `deployment_tier` of the job goes before it.
    pub tier_is_guessed: bool,
}

/// A job's project as far as it is known.
#[derive(Clone, Copy)]
pub(super) struct JobProject<'q> {
    pub path: &'q str,
    pub listed: Option<&'q Project>,
    pub inventory: Option<&'q Inventory>,
    pub environment: Option<JobEnvironment<'q>>,
    pub tier: Option<EnvironmentTier>,
    pub version: Version,
}

impl JobProject<'_> {
    /// The identity of its jobs at an agent.
    pub fn identity(&self, agent: &Agent<'_>) -> JobIdentity {
        let project = number(self.listed.and_then(|project| project.id), self.path);
        let tier = self.tier();
        let mut groups = vec!["gitlab:ci_job".to_owned()];
        for group in self.group_ids() {
            groups.push(format!("gitlab:group:{group}"));
            groups.extend(tier.iter().map(|(tier, _)| format!("gitlab:group_env_tier:{group}:{tier}")));
        }
        groups.push(format!("gitlab:project:{project}"));
        let slug = self.environment.map(|environment| match environment.whole() {
            Some(name) => environment_slug(name),
            None => format!("<slug of {environment}>"),
        });
        groups.extend(slug.iter().map(|slug| format!("gitlab:project_env:{project}:{slug}")));
        groups.extend(tier.iter().map(|(tier, _)| format!("gitlab:project_env_tier:{project}:{tier}")));
        let mut extra = vec![
            ("agent.gitlab.com/id", number(agent.id, &agent.context())),
            ("agent.gitlab.com/config_project_id", config_project(agent)),
            ("agent.gitlab.com/project_id", project),
            ("agent.gitlab.com/ci_pipeline_id", "<pipeline id>".to_owned()),
            ("agent.gitlab.com/ci_job_id", "<job id>".to_owned()),
            ("agent.gitlab.com/username", "<user name>".to_owned()),
        ];
        extra.extend(slug.map(|slug| ("agent.gitlab.com/environment_slug", slug)));
        let tier_is_guessed = tier.as_ref().is_some_and(|(_, is_guessed)| *is_guessed);
        extra.extend(tier.map(|(tier, _)| ("agent.gitlab.com/environment_tier", tier)));
        JobIdentity { username: "gitlab:ci_job:<job id>".to_owned(), groups, extra, tier_is_guessed }
    }

    /// The tier of the job's environment, and whether it is guessed; none before the release that tells it.
    fn tier(&self) -> Option<(String, bool)> {
        let environment = self.environment.filter(|_| self.version >= TIER_GROUPS)?;
        if let Some(tier) = self.tier {
            return Some((tier.to_string(), false));
        }
        let Some(name) = environment.whole() else { return Some((format!("<tier of {environment}>"), false)) };
        let known = self.listed.and_then(|project| project.environment(name)?.tier);
        Some(known.map_or_else(|| (EnvironmentTier::guess(name).to_string(), true), |tier| (tier.to_string(), false)))
    }

    /// The ids of the groups above the project, outermost first; a personal namespace is no group.
    fn group_ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = match (self.listed, self.inventory) {
            (Some(project), Some(inventory)) => {
                let groups = inventory.ancestors(project).filter(|namespace| namespace.kind == NamespaceKind::Group);
                groups.map(|group| number(group.id, &group.path)).collect()
            }
            _ => ancestor_paths(self.path).map(|path| number(None, path)).collect(),
        };
        ids.reverse();
        ids
    }
}

/// An id, or what stands for one that is not known.
fn number(id: Option<i64>, owner: &str) -> String {
    id.map_or_else(|| format!("<id of {owner}>"), |id| id.to_string())
}

fn config_project(agent: &Agent<'_>) -> String {
    let id = agent.listed_project.and_then(|project| project.id);
    number(id, agent.project.unwrap_or("the configuration project"))
}
