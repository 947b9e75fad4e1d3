//! The inventory as it is written, item by item, before anything is resolved.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::model::Environment;
use super::shared_list::SharedList;
use crate::gitlab::{is_agent_name, lower_path, path_fault, root_path};
use crate::source::Span;

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rows {
    pub url: Option<Text>,
    pub version: Option<Text>,
    pub tier: Option<Text>,
    pub instance_authorization: Option<(bool, Span)>,
    pub groups: Vec<GroupRow>,
    pub users: Vec<Text>,
    pub projects: Vec<ProjectRow>,
    pub unread: Vec<UnreadRow>,
}

impl Rows {
    /// Adds the groups, projects and registered agents of others that are not here. Costs in proportion to both.
    pub fn add(&mut self, others: Self) {
        let users: HashSet<String> = self.users.iter().map(|user| lower_path(&user.value).into_owned()).collect();
        let is_of_user = |path: &str| users.contains(&*lower_path(root_path(path)));
        let mut known: HashSet<String> =
            self.groups.iter().map(|group| lower_path(&group.path.value).into_owned()).collect();
        let places: HashMap<String, usize> =
            (0..).zip(&self.projects).map(|(at, project)| (lower_path(&project.path.value).into_owned(), at)).collect();
        for group in others.groups {
            let lower = lower_path(&group.path.value).into_owned();
            let is_path = path_fault(&group.path.value).is_none();
            if is_path && !is_of_user(&lower) && !places.contains_key(&lower) && known.insert(lower) {
                self.groups.push(GroupRow { path: group.path, id: None, auto_devops: None });
            }
        }
        for project in others.projects {
            let lower = lower_path(&project.path.value).into_owned();
            match places.get(&lower).and_then(|at| self.projects.get_mut(*at)) {
                Some(here) => {
                    // Where it is not said which are registered, every folder counts as one.
                    let Some(agents) = here.agents.take() else { continue };
                    let mut agents = agents.into_vec();
                    for agent in project
                        .agents
                        .into_iter()
                        .flatten()
                        .filter(|agent| is_agent_name(&agent.name.value))
                        .map(without_id)
                    {
                        if agents.iter().all(|known| known.name.value != agent.name.value) {
                            agents.push(agent);
                        }
                    }
                    here.agents = Some(agents.into());
                }
                None if known.contains(&lower) || (is_of_user(&lower) && lower.matches('/').count() > 1) => {}
                None if path_fault(&project.path.value).is_some() => {}
                None => self.projects.push(ProjectRow {
                    agents: project.agents.map(|agents| agents.into_iter().map(without_id).collect()),
                    repository: project.repository,
                    ..ProjectRow::new(project.path)
                }),
            }
        }
    }
}

/// A registered agent of which the name counts alone: numbers of two files need not fit together.
fn without_id(agent: NamedRow) -> NamedRow {
    NamedRow { id: None, ..agent }
}

/// What could not be read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct UnreadRow {
    pub project: Option<Text>,
    pub what: Text,
    pub reason: Option<Arc<str>>,
    pub needs: Option<Arc<str>>,
}

/// A text and where it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Text {
    pub value: Arc<str>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct GroupRow {
    pub path: Text,
    pub id: Option<(i64, Span)>,
    pub auto_devops: Option<bool>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct ProjectRow {
    pub path: Text,
    pub id: Option<(i64, Span)>,
    pub default_branch: Option<Arc<str>>,
    pub protected_branches: Option<SharedList<Box<str>>>,
    pub protected_tags: Option<SharedList<Box<str>>>,
    pub protect_merge_request_pipelines: Option<bool>,
    pub environments: Option<EnvironmentRows>,
    pub agents: Option<Box<[NamedRow]>>,
    pub archived: Option<bool>,
    pub auto_devops: Option<bool>,
    pub ci_config_path: Option<Arc<str>>,
    pub repository: Option<Arc<str>>,
}

impl ProjectRow {
    pub fn new(path: Text) -> Self {
        Self {
            path,
            id: None,
            default_branch: None,
            protected_branches: None,
            protected_tags: None,
            protect_merge_request_pipelines: None,
            environments: None,
            agents: None,
            archived: None,
            auto_devops: None,
            ci_config_path: None,
            repository: None,
        }
    }
}

/// An environment with its tier, or an agent with its id.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NamedRow {
    pub name: Text,
    pub tier: Option<Arc<str>>,
    pub id: Option<(i64, Span)>,
}

/// The environments of a project, each once.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct EnvironmentRows {
    pub listed: SharedList<Environment>,
    /// Those that are listed before, each with where that is.
    pub again: Box<[(Text, Span)]>,
}

impl FromIterator<NamedRow> for EnvironmentRows {
    fn from_iter<I: IntoIterator<Item = NamedRow>>(rows: I) -> Self {
        let mut seen: HashMap<Arc<str>, Span> = HashMap::new();
        let (mut listed, mut again) = (Vec::new(), Vec::new());
        for row in rows {
            if let Some(first) = seen.insert(Arc::clone(&row.name.value), row.name.span) {
                again.push((row.name, first));
            } else {
                let tier = row.tier.and_then(|tier| tier.parse().ok());
                listed.push(Environment { name: (&*row.name.value).into(), tier });
            }
        }
        Self { listed: listed.into_iter().collect(), again: again.into() }
    }
}
