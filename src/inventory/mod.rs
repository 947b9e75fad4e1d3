//! The inventory: what is known about the GitLab side. Groups, users, projects with their agents, environments and
//! protected refs, the release, the licence.
//!
//! It is written by hand or fetched, in YAML or JSON, and read with the same table machinery as agent configurations, so
//! that a mistake in it is told as well as one in those. An inventory counts as complete: what it does not list does
//! not exist. Paths are compared as GitLab compares them, in lower case.

mod build;
mod document;
mod environments;
mod events;
mod keys;
mod model;
mod nearest;
mod problem;
mod rows;
mod shared_list;
mod unread;

pub use environments::ListedEnvironments;
pub use keys::INVENTORY;
pub use model::{
    Environment, Instance, Inventory, Namespace, NamespaceId, NamespaceKind, Project, ProjectId, RegisteredAgent,
};
pub use problem::{PathUse, Problem, ProblemKind};
pub use shared_list::SharedList;
pub use unread::{Fact, Unread};

use crate::source::Source;

/// An inventory with everything that is wrong with its file.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What could be read. With problems it may lack what they name, so nothing should be answered from it.
    pub inventory: Inventory,
    /// What is wrong, in the order of the file.
    pub problems: Vec<Problem>,
}

/// Reads an inventory.
///
/// A file without mistakes and without anchors or tags is read in one pass that builds no tree; any other is read
/// again as a whole, to say what is wrong with it.
#[must_use]
pub fn read(source: &Source) -> Loaded {
    let (rows, problems) = rows_of(source);
    build::build(rows, problems)
}

/// Reads an inventory, with the groups, projects and registered agents that another one only adds.
///
/// Nothing else of that one counts. A group below what the first has as a user's namespace does not either: no such group can be.
#[must_use]
pub fn read_with(source: &Source, adding: &Source) -> Loaded {
    let (mut rows, problems) = rows_of(source);
    let (added, faults) = rows_of(adding);
    if faults.is_empty() {
        rows.add(added);
    }
    build::build(rows, problems)
}

fn rows_of(source: &Source) -> (rows::Rows, Vec<Problem>) {
    events::read(source).map_or_else(|| document::read(source), |rows| (rows, Vec::new()))
}

#[cfg(test)]
mod tests;
