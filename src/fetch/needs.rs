//! Which projects entries are about, and what has to be known of them.

use std::collections::BTreeSet;

use super::gathered::{Gathered, Project};
use crate::agent_config::{AgentConfig, EntryKind};
use crate::gitlab::{Version, lower_path};
use crate::source::Source;

/// Projects by their paths in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// Those that an entry may let in, and configuration projects.
    pub reached: BTreeSet<String>,
    /// Those of entries with `environments`.
    pub environments: BTreeSet<String>,
    /// Those of entries for protected refs only.
    pub protected: BTreeSet<String>,
}

/// The path of an agent's configuration in its project.
pub(super) fn configuration_path(agent: &str) -> String {
    format!(".gitlab/agents/{agent}/config.yaml")
}

impl Needs {
    /// What the agent files that were gathered need. Costs in proportion to their entries and the projects below the groups of these.
    pub fn of(gathered: &Gathered, version: Version) -> Self {
        let mut needs = Self::default();
        for (lower, project) in &gathered.projects {
            for (path, bytes) in configurations(project) {
                needs.reached.insert(lower.clone());
                let config = AgentConfig::read(&Source::from_bytes(path, bytes), version);
                let Some(access) = config.ci_access.as_ref().filter(|_| config.refused_at().is_none()) else {
                    continue;
                };
                for entry in access.entries() {
                    let id = entry.id.as_ref().map(|id| lower_path(&id.value).into_owned());
                    let reached = reached(gathered, entry.kind, id.as_deref());
                    for path in reached {
                        if !entry.environments.is_empty() {
                            needs.environments.insert(path.clone());
                        }
                        if entry.is_protected_only() {
                            needs.protected.insert(path.clone());
                        }
                        needs.reached.insert(path.clone());
                    }
                }
            }
        }
        needs
    }
}

/// The configurations of a project that somebody reads: of its registered agents, or of all folders where these are not known.
pub(super) fn configurations(project: &Project) -> impl Iterator<Item = (String, &[u8])> {
    project.folders.iter().filter_map(|agent| {
        let is_read = project.agents.as_ref().is_none_or(|agents| agents.contains_key(agent));
        let path = configuration_path(agent);
        let bytes = project.files.get(&path).filter(|_| is_read)?.bytes.as_deref()?;
        Some((path, bytes))
    })
}

fn reached<'g>(gathered: &'g Gathered, kind: EntryKind, id: Option<&str>) -> Vec<&'g String> {
    match (kind, id) {
        (EntryKind::Instance, _) => gathered.projects.keys().collect(),
        (EntryKind::Project, Some(id)) => {
            gathered.projects.get_key_value(id).map(|(path, _)| path).into_iter().collect()
        }
        (EntryKind::Group, Some(id)) => {
            let below = format!("{id}/");
            let from_there = gathered.projects.range(below.clone()..).map(|(path, _)| path);
            from_there.take_while(|path| path.starts_with(&below)).collect()
        }
        _ => Vec::new(),
    }
}
