//! The resolved inventory and its look-ups.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::environments::KnownEnvironments;
use super::nearest::Neighbours;
use super::shared_list::SharedList;
use super::unread::{Fact, Unread};
use crate::gitlab::{
    ByName, EnvironmentTier, GitRef, MergeRequestProtection, RefProtection, Tier, Version, lower_path,
};
use crate::source::Span;

/// Index of a group or personal namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamespaceId(pub(super) u32);

impl NamespaceId {
    /// Its place in [`Inventory::namespaces`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Index of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectId(pub(super) u32);

/// What is known of the GitLab instance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Instance {
    /// Its address.
    pub url: Option<Arc<str>>,
    /// Its release.
    pub version: Option<Version>,
    /// The licence of the CI projects.
    pub tier: Option<Tier>,
    /// Whether "Enable instance level authorization" is on.
    pub instance_authorization: Option<bool>,
}

impl Instance {
    /// Whether it is GitLab.com; `None` where its address is not known.
    #[must_use]
    pub fn is_gitlab_com(&self) -> Option<bool> {
        self.url.as_deref().map(is_gitlab_com)
    }
}

/// Whether an address is GitLab.com's.
pub(super) fn is_gitlab_com(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', ':', '?', '#']).next().unwrap_or_default();
    matches!(host, "gitlab.com" | "www.gitlab.com")
}

/// What holds projects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespaceKind {
    /// A group.
    Group,
    /// A user's personal namespace.
    User,
}

/// A group or personal namespace.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Its full path, as listed, or else as the first path below it writes it.
    pub path: Arc<str>,
    /// Which of the two.
    pub kind: NamespaceKind,
    /// Its number.
    pub id: Option<i64>,
    /// The group that holds it.
    pub parent: Option<NamespaceId>,
    /// Its own setting for Auto DevOps; `None` where it inherits, or is not known.
    pub auto_devops: Option<bool>,
    /// Where it is listed; `None` for one that only appears as a parent.
    pub span: Option<Span>,
    /// Where it first appears as a parent, if it is not listed.
    pub(super) implied_by: Span,
    /// The places of its projects, and those of its subgroups, in the order of [`Inventory::ordered`].
    pub(super) range: Range<u32>,
}

impl Namespace {
    pub(super) fn new(
        path: Arc<str>,
        kind: NamespaceKind,
        parent: Option<NamespaceId>,
        span: Option<Span>,
        implied_by: Span,
    ) -> Self {
        Self { path, kind, id: None, parent, auto_devops: None, span, implied_by, range: 0..0 }
    }
}

impl Namespace {
    /// The folder, relative to the inventory's, in which those of its projects lie that are given no other.
    #[must_use]
    pub fn folder(&self) -> String {
        folder_by_path(&self.path)
    }
}

/// The folder of what is given no other.
fn folder_by_path(path: &str) -> String {
    ["projects/", path].concat()
}

/// An environment of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its name.
    pub name: Box<str>,
    /// Its tier, where the inventory gives it.
    pub tier: Option<EnvironmentTier>,
}

/// An agent that is registered in a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredAgent {
    /// Its name.
    pub name: Box<str>,
    /// Its number.
    pub id: Option<i64>,
    /// Where it is listed.
    pub span: Span,
}

/// A project.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its full path.
    pub path: Arc<str>,
    /// Its number.
    pub id: Option<i64>,
    /// What holds it.
    pub namespace: NamespaceId,
    /// Its default branch.
    pub default_branch: Option<Arc<str>>,
    /// Rules of protected branches; `None` for not known.
    pub protected_branches: Option<SharedList<Box<str>>>,
    /// Rules of protected tags; `None` for not known.
    pub protected_tags: Option<SharedList<Box<str>>>,
    /// Whether merge request pipelines between protected branches are protected, from 18.1; `None` for not known.
    pub protect_merge_request_pipelines: Option<bool>,
    /// Its environments; `None` for not known.
    pub environments: Option<SharedList<Environment>>,
    /// Its registered agents; `None` when every agent folder counts as registered.
    pub agents: Option<Box<[RegisteredAgent]>>,
    /// Whether it is archived; `None` for not known.
    pub archived: Option<bool>,
    /// Its setting for Auto DevOps; `None` for not known.
    pub auto_devops: Option<bool>,
    /// Its CI file, where that is not `.gitlab-ci.yml`.
    pub ci_config_path: Option<Arc<str>>,
    /// The folder of its files, relative to the inventory; `None` for `projects/<full path>`.
    pub repository: Option<Arc<str>>,
    /// Where its path is listed.
    pub span: Span,
    /// Its place in the order of [`Inventory::ordered`].
    pub(super) position: u32,
}

impl Project {
    /// Whether a ref is protected here by a release; `None` where something that decides is not known.
    #[must_use]
    pub fn is_protected(&self, git_ref: &GitRef, version: Version) -> Option<bool> {
        let (branches, tags) = (self.protected_branches.as_deref(), self.protected_tags.as_deref());
        git_ref.is_protected(&RefProtection { branches, tags, merge_requests: self.merge_request_protection(version) })
    }

    /// What protects pipelines of its merge requests by a release.
    #[must_use]
    pub fn merge_request_protection(&self, version: Version) -> MergeRequestProtection {
        let (setting, branches) = (self.protect_merge_request_pipelines, self.protected_branches.as_deref());
        MergeRequestProtection::of(version, setting, branches)
    }

    /// The environment of this name.
    #[must_use]
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        self.environments.iter().flatten().find(|environment| &*environment.name == name)
    }

    /// The folder of its files, relative to the inventory's.
    #[must_use]
    pub fn folder(&self) -> String {
        self.repository.as_ref().map_or_else(|| folder_by_path(&self.path), ToString::to_string)
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    Namespace(NamespaceId),
    Project(ProjectId),
}

/// Everything that is known about the GitLab side.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    pub(super) instance: Instance,
    pub(super) namespaces: Vec<Namespace>,
    pub(super) projects: Vec<Project>,
    /// Those that list registered agents, in the order of the file.
    pub(super) with_agents: Vec<ProjectId>,
    /// By path in lower case; most are written so, and share their text with what has them.
    pub(super) targets: ByName<Arc<str>, Target>,
    pub(super) order: Vec<ProjectId>,
    /// Made when it is first asked for.
    pub(super) neighbours: OnceLock<Neighbours>,
    pub(super) environments: KnownEnvironments,
    pub(super) unread: Box<[Unread]>,
}

impl Inventory {
    /// Whether another inventory lists the same groups, users and projects with the same agents, so that it decides about access in the same way.
    #[must_use]
    pub fn lists_the_same_as(&self, other: &Self) -> bool {
        let is_same_project = |(one, other): (&Project, &Project)| one.path == other.path && one.agents == other.agents;
        let is_same_namespace =
            |(one, other): (&Namespace, &Namespace)| (&one.path, one.kind) == (&other.path, other.kind);
        self.instance == other.instance
            && self.unread == other.unread
            && self.namespaces.len() == other.namespaces.len()
            && self.projects.len() == other.projects.len()
            && self.namespaces.iter().zip(&other.namespaces).all(is_same_namespace)
            && self.projects.iter().zip(&other.projects).all(is_same_project)
    }

    /// What is known of the instance.
    #[must_use]
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// What could not be read, in the order of the file.
    #[must_use]
    pub fn unread(&self) -> &[Unread] {
        &self.unread
    }

    /// Whether there may be groups or projects of a path that are not listed, since somebody who looked could not see all there.
    #[must_use]
    pub fn may_be_unread(&self, path: &str) -> bool {
        let path = lower_path(path);
        let holds = |unread: &Unread| match &unread.path {
            None => true,
            Some(unread) => {
                let unread = lower_path(unread);
                let below = path.strip_prefix(&*unread);
                below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
        };
        self.unread.iter().any(|unread| unread.fact == Fact::Projects && holds(unread))
    }

    /// All groups and personal namespaces, parents before children.
    #[must_use]
    pub fn namespaces(&self) -> &[Namespace] {
        &self.namespaces
    }

    /// All projects, in the order of the file.
    #[must_use]
    pub fn projects(&self) -> &[Project] {
        &self.projects
    }

    /// The projects with registered agents, in the order of the file.
    pub fn projects_with_agents(&self) -> impl Iterator<Item = &Project> {
        self.with_agents.iter().map(|&id| self.project(id))
    }

    /// The group or personal namespace behind an id of this inventory.
    #[must_use]
    pub fn namespace(&self, id: NamespaceId) -> &Namespace {
        &self.namespaces[id.0 as usize]
    }

    /// The project behind an id of this inventory.
    #[must_use]
    pub fn project(&self, id: ProjectId) -> &Project {
        &self.projects[id.0 as usize]
    }

    fn target(&self, path: &str) -> Option<Target> {
        self.targets.get(&*lower_path(path)).copied()
    }

    /// The project of this full path, letter case apart.
    #[must_use]
    pub fn find_project(&self, path: &str) -> Option<&Project> {
        match self.target(path)? {
            Target::Project(id) => Some(self.project(id)),
            Target::Namespace(_) => None,
        }
    }

    /// The group or personal namespace of this full path, letter case apart.
    #[must_use]
    pub fn find_namespace(&self, path: &str) -> Option<&Namespace> {
        match self.target(path)? {
            Target::Namespace(id) => Some(self.namespace(id)),
            Target::Project(_) => None,
        }
    }

    /// The group of this full path, letter case apart.
    #[must_use]
    pub fn find_group(&self, path: &str) -> Option<&Namespace> {
        self.find_namespace(path).filter(|namespace| namespace.kind == NamespaceKind::Group)
    }

    /// The group or personal namespace that holds a project, and those above it, innermost first.
    pub fn ancestors(&self, project: &Project) -> impl Iterator<Item = &Namespace> {
        std::iter::successors(Some(self.namespace(project.namespace)), |namespace| {
            namespace.parent.map(|parent| self.namespace(parent))
        })
    }

    /// The projects in an order in which those below one group stand together.
    pub fn ordered(&self, places: Range<u32>) -> impl Iterator<Item = &Project> {
        let places = places.start as usize..places.end as usize;
        self.order.get(places).unwrap_or_default().iter().map(|&id| self.project(id))
    }

    /// How many projects there are.
    #[must_use]
    pub fn project_count(&self) -> u32 {
        u32::try_from(self.order.len()).unwrap_or(u32::MAX)
    }

    /// The places of the projects below a group or personal namespace, in the order of [`Inventory::ordered`].
    #[must_use]
    pub fn places(&self, namespace: &Namespace) -> Range<u32> {
        namespace.range.clone()
    }

    /// The place of a project in the order of [`Inventory::ordered`].
    #[must_use]
    pub fn place(&self, project: &Project) -> u32 {
        project.position
    }
}
