//! `inventory.yaml`: the same answers give the same bytes.

use serde::Serialize;

use super::gathered::Gathered;

#[derive(Serialize)]
struct Written<'g> {
    gitlab: Instance<'g>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<Group<'g>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    users: Vec<&'g str>,
    projects: Vec<Project<'g>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unread: Vec<Unread<'g>>,
}

#[derive(Serialize)]
struct Instance<'g> {
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'g str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'g str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<&'g str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance_authorization: Option<bool>,
}

#[derive(Serialize)]
struct Group<'g> {
    path: &'g str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auto_devops: Option<bool>,
}

#[derive(Serialize)]
struct Project<'g> {
    path: &'g str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_branch: Option<&'g str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auto_devops: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ci_config_path: Option<&'g str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protected_branches: Option<Vec<&'g str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protected_tags: Option<Vec<&'g str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environments: Option<Vec<Environment<'g>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agents: Option<Vec<Agent<'g>>>,
}

#[derive(Serialize)]
struct Environment<'g> {
    name: &'g str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<&'g str>,
}

#[derive(Serialize)]
struct Agent<'g> {
    name: &'g str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
}

#[derive(Serialize)]
struct Unread<'g> {
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<&'g str>,
    what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'g str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<&'g str>,
}

/// The text of `inventory.yaml`.
///
/// # Errors
/// What the serializer says; a text has nothing that it refuses.
pub fn inventory_text(gathered: &Gathered) -> Result<String, String> {
    let written = Written {
        gitlab: Instance {
            url: gathered.url.as_deref(),
            version: gathered.version.as_deref(),
            tier: gathered.tier.map(crate::gitlab::Tier::name),
            instance_authorization: gathered.instance_authorization,
        },
        groups: gathered
            .groups
            .values()
            .map(|group| Group { path: &group.path, id: group.id, auto_devops: group.auto_devops })
            .collect(),
        users: gathered.users.values().map(String::as_str).collect(),
        projects: gathered.projects.values().map(project).collect(),
        unread: gathered
            .unread
            .iter()
            .map(|row| Unread {
                project: row.path.as_deref(),
                what: row.fact.word(),
                reason: row.reason.as_deref(),
                needs: row.needs.as_deref(),
            })
            .collect(),
    };
    serde_yaml::to_string(&written).map_err(|error| error.to_string())
}

fn project(project: &super::gathered::Project) -> Project<'_> {
    let environments = project.environments.as_ref().map(|environments| {
        let written = environments.iter().map(|(name, tier)| Environment { name, tier: tier.as_deref() });
        written.collect()
    });
    let agents = project.agents.as_ref();
    Project {
        path: &project.path,
        id: project.id,
        default_branch: project.default_branch.as_deref(),
        archived: project.archived,
        auto_devops: project.auto_devops,
        ci_config_path: project.ci_config_path.as_deref(),
        protected_branches: project.protected_branches.as_ref().map(|set| set.iter().map(String::as_str).collect()),
        protected_tags: project.protected_tags.as_ref().map(|set| set.iter().map(String::as_str).collect()),
        environments,
        agents: agents.map(|agents| agents.iter().map(|(name, id)| Agent { name, id: *id }).collect()),
    }
}
