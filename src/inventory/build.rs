//! From rows to the resolved inventory: groups that are only implied, look-ups by path, an order of projects, and
//! everything that does not fit together.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::Loaded;
use super::model::{
    Environment, Instance, Inventory, Namespace, NamespaceId, NamespaceKind, Project, ProjectId, RegisteredAgent,
    Target, is_gitlab_com,
};
use super::problem::{PathUse, Problem, ProblemKind};
use super::rows::{EnvironmentRows, GroupRow, NamedRow, ProjectRow, Rows, Text};
use super::shared_list::SharedList;
use super::unread::Unread;
use crate::gitlab::{MAX_ANCESTORS, is_agent_name, lower_path, parent_path, path_fault};
use crate::source::Span;

/// Resolves the rows and adds what is wrong with them to the problems of the file.
pub(super) fn build(rows: Rows, problems: Vec<Problem>) -> Loaded {
    let mut builder = Builder { inventory: Inventory::default(), problems };
    builder.instance(&rows);
    let paths = rows.groups.len() + rows.users.len() + rows.projects.len();
    builder.inventory.targets.reserve(paths);
    for user in rows.users {
        builder.user(user);
    }
    for group in rows.groups {
        builder.group(group);
    }
    builder.inventory.projects.reserve(rows.projects.len());
    for project in rows.projects {
        builder.project(project);
    }
    let unread = rows.unread.into_iter().filter_map(|row| {
        // A word that is none is a problem of the table's.
        let fact = row.what.value.parse().ok()?;
        Some(Unread { path: row.project.map(|path| path.value), fact, reason: row.reason, needs: row.needs })
    });
    builder.inventory.unread = unread.collect();
    builder.inventory.namespaces.shrink_to_fit();
    builder.check_ids();
    order_projects(&mut builder.inventory);
    let Builder { inventory, mut problems } = builder;
    problems.sort_by_key(|problem| problem.span);
    Loaded { inventory, problems: each_once(problems) }
}

/// Makes one problem of those that say the same: a path that stands there a thousand times is one mistake.
fn each_once(problems: Vec<Problem>) -> Vec<Problem> {
    let mut told: Vec<Problem> = Vec::with_capacity(problems.len());
    let mut known: HashMap<String, usize> = HashMap::new();
    for problem in problems {
        let Some(same) = problem.repeats() else {
            told.push(problem);
            continue;
        };
        let position = *known.entry(same).or_insert(told.len());
        match told.get_mut(position) {
            Some(first) => first.add(problem.span),
            None => told.push(problem),
        }
    }
    told
}

struct Builder {
    inventory: Inventory,
    problems: Vec<Problem>,
}

impl Builder {
    fn problem(&mut self, kind: ProblemKind, span: Span, related: Option<Span>) {
        self.problems.push(Problem::new(kind, span).related(related));
    }

    fn instance(&mut self, rows: &Rows) {
        let version = rows.version.as_ref().and_then(|version| match version.value.parse() {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                self.problem(ProblemKind::Version(error), version.span, None);
                None
            }
        });
        let url = rows.url.as_ref().map(|url| url.value.clone());
        // The setting is one of the instance, and GitLab.com's is off.
        let is_on_gitlab_com = url.as_deref().is_some_and(is_gitlab_com);
        if let (true, Some((true, span))) = (is_on_gitlab_com, rows.instance_authorization) {
            self.problem(ProblemKind::SettingOnGitLabCom, span, rows.url.as_ref().map(|url| url.span));
        }
        let setting = rows.instance_authorization.map(|(value, _)| value);
        self.inventory.instance = Instance {
            url,
            version,
            // A tier that does not parse is a problem of the table's.
            tier: rows.tier.as_ref().and_then(|tier| tier.value.parse().ok()),
            instance_authorization: setting.or(is_on_gitlab_com.then_some(false)),
        };
    }

    /// Whether a path can be one; what is wrong with it otherwise becomes a problem.
    fn is_path(&mut self, text: &Text) -> bool {
        if let Some(fault) = path_fault(&text.value) {
            self.problem(ProblemKind::InvalidPath { path: text.value.to_string(), fault }, text.span, None);
            return false;
        }
        let ancestors = text.value.bytes().filter(|&byte| byte == b'/').count();
        if ancestors > MAX_ANCESTORS + 1 {
            self.problem(ProblemKind::TooDeep { path: text.value.to_string(), ancestors }, text.span, None);
            return false;
        }
        true
    }

    fn user(&mut self, user: Text) {
        if !self.is_path(&user) {
            return;
        }
        if user.value.contains('/') {
            let kind = ProblemKind::WrongDepth { path: user.value.to_string(), listed: PathUse::User };
            self.problem(kind, user.span, None);
            return;
        }
        let lower = lower(&user.value);
        if let Some(&first) = self.inventory.targets.get(&lower) {
            self.duplicate(&user, PathUse::User, first);
            return;
        }
        self.add_namespace(lower, Namespace::new(user.value, NamespaceKind::User, None, Some(user.span), user.span));
    }

    fn group(&mut self, group: GroupRow) {
        if !self.is_path(&group.path) {
            return;
        }
        let ancestors = group.path.value.bytes().filter(|&byte| byte == b'/').count();
        if ancestors > MAX_ANCESTORS {
            let kind = ProblemKind::TooDeep { path: group.path.value.to_string(), ancestors };
            self.problem(kind, group.path.span, None);
            return;
        }
        let lower = lower(&group.path.value);
        let id = self.id(group.id);
        match self.inventory.targets.get(&lower).copied() {
            // A parent that a path before it implied.
            Some(Target::Namespace(before)) if self.inventory.namespace(before).span.is_none() => {
                if let Some(namespace) = self.inventory.namespaces.get_mut(before.0 as usize) {
                    namespace.path = group.path.value;
                    namespace.span = Some(group.path.span);
                    namespace.id = id;
                    namespace.auto_devops = group.auto_devops;
                }
            }
            Some(first) => self.duplicate(&group.path, PathUse::Group, first),
            None => {
                let Ok(parent) = self.parents(&group.path, true) else { return };
                let span = group.path.span;
                let mut namespace = Namespace::new(group.path.value, NamespaceKind::Group, parent, Some(span), span);
                namespace.id = id;
                namespace.auto_devops = group.auto_devops;
                self.add_namespace(lower, namespace);
            }
        }
    }

    fn project(&mut self, row: ProjectRow) {
        if !self.is_path(&row.path) {
            return;
        }
        if !row.path.value.contains('/') {
            let kind = ProblemKind::WrongDepth { path: row.path.value.to_string(), listed: PathUse::Project };
            self.problem(kind, row.path.span, None);
            return;
        }
        let lower = lower(&row.path.value);
        if let Some(&first) = self.inventory.targets.get(&lower) {
            self.duplicate(&row.path, PathUse::Project, first);
            return;
        }
        let Ok(Some(namespace)) = self.parents(&row.path, false) else { return };
        let id = ProjectId(u32::try_from(self.inventory.projects.len()).unwrap_or(u32::MAX));
        let project = Project {
            id: self.id(row.id),
            namespace,
            default_branch: row.default_branch,
            protected_branches: row.protected_branches,
            protected_tags: row.protected_tags,
            protect_merge_request_pipelines: row.protect_merge_request_pipelines,
            environments: row.environments.map(|rows| self.environments(rows, &row.path.value)),
            agents: row.agents.map(|rows| self.agents(rows, &row.path.value)),
            archived: row.archived,
            auto_devops: row.auto_devops,
            ci_config_path: row.ci_config_path,
            repository: row.repository,
            span: row.path.span,
            path: row.path.value,
            position: 0,
        };
        if project.agents.as_ref().is_some_and(|agents| !agents.is_empty()) {
            self.inventory.with_agents.push(id);
        }
        self.inventory.targets.insert(lower, Target::Project(id));
        self.inventory.projects.push(project);
    }

    fn environments(&mut self, rows: EnvironmentRows, project: &str) -> SharedList<Environment> {
        for (again, first) in rows.again {
            let (name, project) = (again.value.to_string(), project.to_owned());
            self.problem(ProblemKind::DuplicateEnvironment { name, project }, again.span, Some(first));
        }
        rows.listed
    }

    fn agents(&mut self, rows: Box<[NamedRow]>, project: &str) -> Box<[RegisteredAgent]> {
        let mut agents: Vec<RegisteredAgent> = Vec::with_capacity(rows.len());
        let mut seen: HashMap<Arc<str>, Span> = HashMap::new();
        for row in rows {
            let (name, span) = (row.name.value, row.name.span);
            if !is_agent_name(&name) {
                self.problem(ProblemKind::InvalidAgentName(name.to_string()), span, None);
            } else if let Some(&first) = seen.get(&name) {
                let (name, project) = (name.to_string(), project.to_owned());
                self.problem(ProblemKind::DuplicateAgent { name, project }, span, Some(first));
            } else {
                seen.insert(Arc::clone(&name), span);
                agents.push(RegisteredAgent { name: (&*name).into(), id: self.id(row.id), span });
            }
        }
        agents.into()
    }

    /// The namespace above a path, made together with those above it where nothing lists them.
    fn parents(&mut self, text: &Text, is_group: bool) -> Result<Option<NamespaceId>, ()> {
        let mut missing = Vec::new();
        let mut known = None;
        let mut path = parent_path(&text.value);
        while let Some(parent) = path {
            match self.inventory.targets.get(&*lower_path(parent)).copied() {
                Some(Target::Namespace(id)) => {
                    known = Some(id);
                    break;
                }
                Some(first @ Target::Project(_)) => {
                    self.duplicate(&Text { value: parent.into(), span: text.span }, PathUse::Parent, first);
                    return Err(());
                }
                None => missing.push(parent),
            }
            path = parent_path(parent);
        }
        if let Some(user) = known.filter(|&id| self.inventory.namespace(id).kind == NamespaceKind::User)
            && (is_group || !missing.is_empty())
        {
            // A user has no groups.
            let parent = Text { value: self.inventory.namespace(user).path.clone(), span: text.span };
            self.duplicate(&parent, PathUse::Parent, Target::Namespace(user));
            return Err(());
        }
        for &path in missing.iter().rev() {
            let path: Arc<str> = path.into();
            let lower = lower(&path);
            let namespace = Namespace::new(path, NamespaceKind::Group, known, None, text.span);
            known = Some(self.add_namespace(lower, namespace));
        }
        Ok(known)
    }

    fn add_namespace(&mut self, lower: Arc<str>, namespace: Namespace) -> NamespaceId {
        let id = NamespaceId(u32::try_from(self.inventory.namespaces.len()).unwrap_or(u32::MAX));
        self.inventory.targets.insert(lower, Target::Namespace(id));
        self.inventory.namespaces.push(namespace);
        id
    }

    fn duplicate(&mut self, text: &Text, listed: PathUse, first: Target) {
        let (first_path, first_listed, first_span) = match first {
            Target::Project(id) => {
                let project = self.inventory.project(id);
                (&project.path, PathUse::Project, project.span)
            }
            Target::Namespace(id) => {
                let namespace = self.inventory.namespace(id);
                let listed = match (namespace.span, namespace.kind) {
                    (None, _) => PathUse::Parent,
                    (_, NamespaceKind::Group) => PathUse::Group,
                    (_, NamespaceKind::User) => PathUse::User,
                };
                (&namespace.path, listed, namespace.span.unwrap_or(namespace.implied_by))
            }
        };
        let (path, first) = (text.value.to_string(), first_path.to_string());
        self.problem(ProblemKind::DuplicatePath { path, first, listed, first_listed }, text.span, Some(first_span));
    }

    fn id(&mut self, id: Option<(i64, Span)>) -> Option<i64> {
        let (id, span) = id?;
        if id < 1 {
            self.problem(ProblemKind::InvalidId(id), span, None);
            return None;
        }
        Some(id)
    }

    /// Groups count their ids apart from projects, and projects from agents.
    fn check_ids(&mut self) {
        let mut problems = Vec::new();
        let listed = self
            .inventory
            .namespaces
            .iter()
            .filter_map(|namespace| Some((namespace.id?, namespace.span?, &*namespace.path)));
        check_unique(listed, "the group", &mut problems);
        let projects = &self.inventory.projects;
        check_unique(
            projects.iter().filter_map(|project| Some((project.id?, project.span, &*project.path))),
            "the project",
            &mut problems,
        );
        let agents = projects.iter().flat_map(|project| project.agents.iter().flatten());
        check_unique(
            agents.filter_map(|agent| Some((agent.id?, agent.span, &*agent.name))),
            "the agent",
            &mut problems,
        );
        self.problems.extend(problems);
    }
}

/// A path in lower case; the same text where it is written so.
fn lower(path: &Arc<str>) -> Arc<str> {
    match lower_path(path) {
        Cow::Borrowed(_) => Arc::clone(path),
        Cow::Owned(lower) => lower.into(),
    }
}

fn check_unique<'p>(
    owners: impl Iterator<Item = (i64, Span, &'p str)> + Clone,
    noun: &str,
    problems: &mut Vec<Problem>,
) {
    // Most inventories have each id once, and in order.
    let mut ids: Vec<i64> = owners.clone().map(|(id, ..)| id).collect();
    ids.sort_unstable();
    if ids.windows(2).all(|pair| pair.first() != pair.last()) {
        return;
    }
    let mut seen: HashMap<i64, (Span, &str)> = HashMap::new();
    for (id, span, name) in owners {
        match seen.entry(id) {
            Entry::Vacant(vacant) => {
                vacant.insert((span, name));
            }
            Entry::Occupied(first) => {
                let (first_span, first_name) = *first.get();
                let owner = format!("{noun} `{name}`");
                let kind = ProblemKind::DuplicateId { id, owner, first_owner: format!("{noun} `{first_name}`") };
                problems.push(Problem::new(kind, span).related(Some(first_span)));
            }
        }
    }
}

/// Gives every namespace a range of places that holds the projects below it, and every project its place.
///
/// Parents stand before their children, so that one pass in each direction is enough.
fn order_projects(inventory: &mut Inventory) {
    let count = inventory.namespaces.len();
    let mut own = vec![0u32; count];
    for project in &inventory.projects {
        if let Some(own) = own.get_mut(project.namespace.0 as usize) {
            *own += 1;
        }
    }
    let mut below = own.clone();
    for index in (0..count).rev() {
        let parent = inventory.namespaces.get(index).and_then(|namespace| namespace.parent);
        if let Some(parent) = parent.map(|parent| parent.0 as usize) {
            let add = below.get(index).copied().unwrap_or_default();
            below[parent] += add;
        }
    }
    // Where the next project of a namespace, and where its next subgroup, is placed.
    let mut next_project = vec![0u32; count];
    let mut next_group = vec![0u32; count];
    let mut next_root = 0;
    for (index, namespace) in inventory.namespaces.iter_mut().enumerate() {
        let next = namespace.parent.map_or(&mut next_root, |parent| &mut next_group[parent.0 as usize]);
        let start = *next;
        *next += below[index];
        namespace.range = start..*next;
        next_project[index] = start;
        next_group[index] = start + own[index];
    }
    inventory.order = vec![ProjectId(0); inventory.projects.len()];
    for (index, project) in inventory.projects.iter_mut().enumerate() {
        let next = &mut next_project[project.namespace.0 as usize];
        project.position = *next;
        inventory.order[*next as usize] = ProjectId(u32::try_from(index).unwrap_or(u32::MAX));
        *next += 1;
    }
}
