//! Which path of the inventory a text that is none was probably meant to be.

use std::collections::HashMap;

use super::model::{Inventory, Target};
use crate::gitlab::{lower_path, parent_path, root_path};
use crate::schema::nearest;

/// How many paths are compared for one question; beyond that nothing is suggested, so that cost stays in bounds.
const MOST: usize = 2_000;

/// The paths below each path, and those that end alike.
#[derive(Clone, Debug, Default)]
pub(super) struct Neighbours {
    /// By the path above in lower case, "" for the top.
    children: HashMap<Box<str>, Vec<Target>>,
    /// By the last segment in lower case.
    by_name: HashMap<Box<str>, Vec<Target>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Project,
    Group,
}

impl Inventory {
    /// The project that a path was probably meant to name.
    #[must_use]
    pub fn nearest_project(&self, path: &str) -> Option<&str> {
        self.nearest(&lower_path(path), Wanted::Project)
    }

    /// The group that a path was probably meant to name.
    #[must_use]
    pub fn nearest_group(&self, path: &str) -> Option<&str> {
        self.nearest(&lower_path(path), Wanted::Group)
    }

    fn nearest(&self, path: &str, wanted: Wanted) -> Option<&str> {
        let neighbours = self.neighbours.get_or_init(|| Neighbours::of(self));
        let near = self.child_near(neighbours, path, wanted);
        near.or_else(|| self.same_name(neighbours, path, wanted))
    }

    /// The child of the nearest parent whose name is nearest.
    fn child_near(&self, neighbours: &Neighbours, path: &str, wanted: Wanted) -> Option<&str> {
        let mut parent = "";
        let mut segments = path.split('/').peekable();
        while let Some(segment) = segments.next() {
            let wanted = if segments.peek().is_some() { Wanted::Group } else { wanted };
            let exact =
                if parent.is_empty() { segment.to_owned() } else { format!("{}/{segment}", lower_path(parent)) };
            let found = self.targets.get(&*exact).and_then(|&target| self.path_of(target, wanted));
            parent = match found {
                Some(found) => found,
                None => {
                    let children = neighbours.children.get(&*lower_path(parent))?;
                    let names = children.iter().take(MOST + 1).filter_map(|&child| self.path_of(child, wanted));
                    if children.len() > MOST {
                        return None;
                    }
                    let by_name: HashMap<&str, &str> = names.map(|path| (last_segment(path), path)).collect();
                    let mut candidates: Vec<&str> = by_name.keys().copied().collect();
                    candidates.sort_unstable();
                    by_name.get(nearest(segment, candidates.into_iter())?).copied()?
                }
            };
        }
        Some(parent)
    }

    /// The only path with the same last segment below the same top.
    fn same_name(&self, neighbours: &Neighbours, path: &str, wanted: Wanted) -> Option<&str> {
        let alike = neighbours.by_name.get(last_segment(path))?;
        if alike.len() > MOST {
            return None;
        }
        let root = root_path(path);
        let mut found = alike
            .iter()
            .filter_map(|&target| self.path_of(target, wanted))
            .filter(|path| lower_path(root_path(path)) == root);
        let first = found.next();
        first.filter(|_| found.next().is_none())
    }

    fn path_of(&self, target: Target, wanted: Wanted) -> Option<&str> {
        match (target, wanted) {
            (Target::Project(id), Wanted::Project) => Some(&self.project(id).path),
            (Target::Namespace(id), Wanted::Group) => Some(&self.namespace(id).path),
            _ => None,
        }
    }
}

impl Neighbours {
    fn of(inventory: &Inventory) -> Self {
        let mut neighbours = Self::default();
        for (path, &target) in &inventory.targets {
            let parent = parent_path(path).unwrap_or_default();
            neighbours.children.entry(parent.into()).or_default().push(target);
            neighbours.by_name.entry(last_segment(path).into()).or_default().push(target);
        }
        neighbours
    }
}

fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use crate::source::Source;

    #[test]
    fn a_path_is_found_by_spelling_or_by_its_end() {
        let text = "projects: [{path: acme/web/shop}, {path: acme/Web/blog}, {path: acme/agents}, {path: other/blog}]";
        let inventory = crate::inventory::read(&Source::new("inventory.yaml", text)).inventory;
        for (written, project) in [
            ("acme/web/shpo", Some("acme/web/shop")),
            ("acme/wbe/shop", Some("acme/web/shop")),
            ("acm/web/shop", Some("acme/web/shop")),
            ("acme/shop", Some("acme/web/shop")),
            ("acme/blog", Some("acme/Web/blog")),
            ("acme/warehouse", None),
            ("x", None),
        ] {
            assert_eq!(inventory.nearest_project(written), project, "{written}");
        }
        assert_eq!(inventory.nearest_group("acme/wbe"), Some("acme/web"));
    }
}
