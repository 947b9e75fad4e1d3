//! What answers say that cannot all be true, be it that something was moved while it was read: the inventory holds none of it twice.

use std::collections::{BTreeMap, BTreeSet};

use super::gathered::Gathered;
use crate::gitlab::ancestor_paths;
use crate::inventory::Fact;

const ONE_PATH: &str = "the answers tell of a project and of a group at this path, which is one of them only";

impl Gathered {
    /// Takes out what contradicts something else, and notes it. Costs in proportion to what was gathered.
    pub(super) fn settle(&mut self) {
        self.settle_paths();
        self.settle_group_ids();
        self.settle_project_ids();
        self.settle_agent_ids();
    }

    /// What has something below it is a group, what has nothing is a project.
    fn settle_paths(&mut self) {
        let all = self.groups.keys().chain(self.projects.keys());
        let parents: BTreeSet<String> = all.flat_map(|path| ancestor_paths(path)).map(str::to_owned).collect();
        let (mut gone, mut both) = (Vec::new(), Vec::new());
        self.projects.retain(|lower, project| {
            let is_parent = parents.contains(lower);
            if is_parent {
                gone.push(project.path.clone());
            } else if self.groups.remove(lower).is_some() {
                both.push(project.path.clone());
            }
            !is_parent
        });
        for path in gone.into_iter().chain(both) {
            self.unread(Some(&path), Fact::Projects, ONE_PATH, None);
        }
        // A user has no groups.
        let users: Vec<String> = self.users.keys().filter(|user| self.is_group(user)).cloned().collect();
        for user in users {
            self.users.remove(&user);
            let reason = "the answers tell of a user and of a group of this name, which is one of them only";
            self.unread(Some(&user), Fact::Projects, reason, None);
        }
    }

    /// Whether a name at the top is that of a group, or of what holds groups.
    fn is_group(&self, top: &str) -> bool {
        let below = format!("{top}/");
        let deep = |path: &String| path.matches('/').count() > 1;
        self.groups.contains_key(top)
            || self.groups.range(below.clone()..).next().is_some_and(|(path, _)| path.starts_with(&below))
            || self
                .projects
                .range(below.clone()..)
                .take_while(|(path, _)| path.starts_with(&below))
                .any(|(path, _)| deep(path))
    }

    fn settle_group_ids(&mut self) {
        for path in shared(self.groups.iter().filter_map(|(path, group)| Some((group.id?, path)))) {
            if let Some(group) = self.groups.get_mut(&path) {
                group.id = None;
                self.unread(Some(&path), Fact::Projects, "another group is told to have its id", None);
            }
        }
    }

    fn settle_project_ids(&mut self) {
        for path in shared(self.projects.iter().filter_map(|(path, project)| Some((project.id?, path)))) {
            if let Some(project) = self.projects.get_mut(&path) {
                project.id = None;
                self.unread(Some(&path), Fact::Projects, "another project is told to have its id", None);
            }
        }
    }

    fn settle_agent_ids(&mut self) {
        let all = self.projects.iter().flat_map(|(path, project)| {
            let agents = project.agents.iter().flatten();
            agents.filter_map(move |(name, id)| Some(((*id)?, (path, name))))
        });
        let mut owners: BTreeMap<i64, Vec<(&String, &String)>> = BTreeMap::new();
        for (id, owner) in all {
            owners.entry(id).or_default().push(owner);
        }
        let shared: Vec<(String, String)> = owners
            .into_values()
            .filter(|owners| owners.len() > 1)
            .flatten()
            .map(|(path, name)| (path.clone(), name.clone()))
            .collect();
        for (path, name) in shared {
            let Some(project) = self.projects.get_mut(&path) else { continue };
            if let Some(id) = project.agents.as_mut().and_then(|agents| agents.get_mut(&name)) {
                *id = None;
            }
            let path = project.path.clone();
            self.unread(Some(&path), Fact::Agents, format!("another agent is told to have the id of {name}"), None);
        }
    }
}

/// The paths of which several have one id.
fn shared<'p>(ids: impl Iterator<Item = (i64, &'p String)>) -> Vec<String> {
    let mut owners: BTreeMap<i64, Vec<&String>> = BTreeMap::new();
    for (id, path) in ids {
        owners.entry(id).or_default().push(path);
    }
    owners.into_values().filter(|paths| paths.len() > 1).flatten().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::{Group, inventory_text};
    use crate::source::Source;

    fn group(gathered: &mut Gathered, path: &str, id: i64) {
        gathered.add_group(Group { path: path.to_owned(), id: Some(id), auto_devops: None });
    }

    fn project(gathered: &mut Gathered, path: &str, id: i64) {
        gathered.project(path).unwrap().id = Some(id);
    }

    /// The paths that are left, of groups, users and projects; of an inventory that can be read.
    fn settled(mut gathered: Gathered) -> (Vec<String>, Vec<String>, Vec<String>, usize) {
        gathered.settle();
        let text = inventory_text(&gathered).unwrap();
        let read = crate::inventory::read(&Source::from_bytes("inventory.yaml", text.as_bytes()));
        assert!(read.problems.is_empty(), "{text}{:?}", read.problems);
        let keys = |keys: Vec<&String>| keys.into_iter().cloned().collect();
        (
            keys(gathered.groups.keys().collect()),
            keys(gathered.users.keys().collect()),
            keys(gathered.projects.keys().collect()),
            gathered.unread.len(),
        )
    }

    #[test]
    fn a_path_is_a_group_or_a_project() {
        let mut gathered = Gathered::default();
        for (path, id) in [("acme", 1), ("acme/web", 2), ("acme/web/shop", 3)] {
            group(&mut gathered, path, id);
        }
        for (path, id) in [("acme/web", 1), ("Acme/Web/Shop", 2), ("acme/web/other", 3)] {
            project(&mut gathered, path, id);
        }
        gathered.users.insert("acme".to_owned(), "acme".to_owned());
        let (groups, users, projects, unread) = settled(gathered);
        assert_eq!(groups, ["acme", "acme/web"]);
        assert_eq!(projects, ["acme/web/other", "acme/web/shop"]);
        assert_eq!((users.len(), unread), (0, 3));
    }

    #[test]
    fn an_id_is_of_one_thing() {
        let mut gathered = Gathered::default();
        group(&mut gathered, "acme", 1);
        group(&mut gathered, "acme/web", 1);
        group(&mut gathered, "acme/api", 2);
        for path in ["acme/one", "acme/two"] {
            project(&mut gathered, path, 7);
            gathered.project(path).unwrap().agents = Some(BTreeMap::from([("prod".to_owned(), Some(5))]));
        }
        project(&mut gathered, "acme/three", 8);
        gathered.settle();
        let ids = |gathered: &Gathered| -> Vec<Option<i64>> {
            gathered.projects.values().map(|project| project.id).collect()
        };
        assert_eq!(ids(&gathered), [None, Some(8), None]);
        assert_eq!(gathered.groups["acme/api"].id, Some(2));
        assert_eq!((gathered.groups["acme"].id, gathered.groups["acme/web"].id), (None, None));
        let (_, _, projects, unread) = settled(gathered);
        assert_eq!((projects.len(), unread), (3, 6));
    }

    #[test]
    fn what_contradicts_nothing_stays() {
        let mut gathered = Gathered::default();
        group(&mut gathered, "acme", 1);
        project(&mut gathered, "acme/web", 1);
        project(&mut gathered, "jo/web", 2);
        gathered.users.insert("jo".to_owned(), "jo".to_owned());
        let before = gathered.clone();
        gathered.settle();
        assert_eq!(gathered, before);
    }
}
