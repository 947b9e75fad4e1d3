//! What was gathered of a GitLab instance: what is known, and what could not be read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::api::shortened;
use crate::gitlab::{MAX_ANCESTORS, Tier, lower_path, path_fault};
use crate::inventory::{Fact, Unread};

/// The longest reason of a row under `unread`, in characters.
const LONGEST_REASON: usize = 300;

/// The longest part of a path between slashes, in characters. Source: `app/models/namespace.rb`, `app/models/project.rb`.
const LONGEST_PART: usize = 255;

/// What keeps a path that an answer names from being one of a group with so many above it at most.
fn fault_of(path: &str, most_above: usize) -> Option<String> {
    // What is long is not repeated.
    if path.split('/').any(|part| part.len() > LONGEST_PART) {
        return Some(format!("a part of it is longer than {LONGEST_PART} characters"));
    }
    let above = path.matches('/').count();
    let too_deep = || format!("{above} groups stand above it, and GitLab allows {most_above}");
    path_fault(path).or_else(|| (above > most_above).then(too_deep))
}

/// A group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Its full path.
    pub path: String,
    /// Its number.
    pub id: Option<i64>,
    /// Its setting for Auto DevOps; `None` where it inherits, or is not known.
    pub auto_devops: Option<bool>,
}

/// A file of a repository on its default branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Git's hash of it, where that was told.
    pub oid: Option<String>,
    /// Its bytes; `None` where they are still to be fetched.
    pub bytes: Option<Vec<u8>>,
}

/// What the token may do in a project, as far as it tells empty from hidden.
///
/// Source: `app/policies/project_policy.rb`: these lists are empty for a role that is too low.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Environments are shown: Reporter.
    pub reads_environments: bool,
    /// Agents are shown: Developer.
    pub is_developer: bool,
    /// Protected tags and Auto DevOps are shown: Maintainer.
    pub is_maintainer: bool,
}

/// A project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// Its full path.
    pub path: String,
    /// Its number.
    pub id: Option<i64>,
    /// Its default branch.
    pub default_branch: Option<String>,
    /// Whether it is archived.
    pub archived: Option<bool>,
    /// Whether it lies in a personal namespace.
    pub is_personal: bool,
    /// Whether its repository is empty.
    pub is_empty: bool,
    /// Whether its files may be read.
    pub has_files: bool,
    /// Its setting for Auto DevOps.
    pub auto_devops: Option<bool>,
    /// Its CI file, where that is not `.gitlab-ci.yml`.
    pub ci_config_path: Option<String>,
    /// Its agents; `None` for not known.
    pub agents: Option<BTreeMap<String, Option<i64>>>,
    /// The folders below `.gitlab/agents`.
    pub folders: BTreeSet<String>,
    /// Its environments with their tiers; `None` for not known.
    pub environments: Option<BTreeMap<String, Option<String>>>,
    /// Its protected branches; `None` for not known.
    pub protected_branches: Option<BTreeSet<String>>,
    /// Its protected tags; `None` for not known.
    pub protected_tags: Option<BTreeSet<String>>,
    /// Its files, by path.
    pub files: BTreeMap<String, File>,
    /// What the token may do in it.
    pub rights: Rights,
}

/// Everything that was gathered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// The address of the instance.
    pub url: Option<String>,
    /// Its release, `18.9`.
    pub version: Option<String>,
    /// The licence.
    pub tier: Option<Tier>,
    /// Whether "Enable instance level authorization" is on.
    pub instance_authorization: Option<bool>,
    /// Groups, by path in lower case.
    pub groups: BTreeMap<String, Group>,
    /// Users whose personal namespace holds a project, by name in lower case.
    pub users: BTreeMap<String, String>,
    /// Projects, by path in lower case.
    pub projects: BTreeMap<String, Project>,
    /// What could not be read.
    pub unread: BTreeSet<Unread>,
    /// Files that hold what looks like a secret.
    pub with_secrets: BTreeSet<String>,
    /// Under which path in lower case a project of a number is known.
    pub by_number: HashMap<i64, String>,
}

impl Gathered {
    /// Notes that something could not be read. A reason may repeat what the server says, and stands in a file that is shared.
    pub fn unread(&mut self, project: Option<&str>, fact: Fact, reason: impl Into<String>, needs: Option<&str>) {
        self.unread.insert(Unread {
            path: project.map(Into::into),
            fact,
            reason: Some(shortened(&reason.into(), LONGEST_REASON).into()),
            needs: needs.map(Into::into),
        });
    }

    /// Adds a group, or what is newly known of one. A path that cannot be one is noted.
    pub fn add_group(&mut self, group: Group) {
        if let Some(fault) = fault_of(&group.path, MAX_ANCESTORS) {
            self.refuse_path(&group.path, &fault);
            return;
        }
        let known = self.groups.entry(lower_path(&group.path).into_owned()).or_default();
        if known.path.is_empty() {
            known.path = group.path;
        }
        known.id = group.id.or(known.id);
        known.auto_devops = group.auto_devops.or(known.auto_devops);
    }

    /// The project of a path, made if it is not there; `None` for what can be no path of a project, which is noted.
    pub fn project(&mut self, path: &str) -> Option<&mut Project> {
        let fault = fault_of(path, MAX_ANCESTORS + 1)
            .or_else(|| (!path.contains('/')).then(|| "a project lies in a group or a user's namespace".to_owned()));
        if let Some(fault) = fault {
            self.refuse_path(path, &fault);
            return None;
        }
        let project = self.projects.entry(lower_path(path).into_owned()).or_default();
        if project.path.is_empty() {
            path.clone_into(&mut project.path);
        }
        Some(project)
    }

    /// Takes a project that has the number of one that is known out of those under its old path: it was renamed or moved while it was read.
    pub(super) fn note_number(&mut self, path: &str) {
        let lower = lower_path(path);
        let Some(number) = self.projects.get(&*lower).and_then(|project| project.id) else { return };
        let Some(before) = self.by_number.insert(number, lower.clone().into_owned()) else { return };
        if before != *lower
            && let Some(gone) = self.projects.remove(&before)
        {
            let reason = format!("it was renamed or moved to {} while it was read", shortened(path, 120));
            self.unread(Some(&gone.path), Fact::Projects, reason, None);
        }
    }

    fn refuse_path(&mut self, path: &str, fault: &str) {
        let shown = shortened(path, 60);
        self.unread(None, Fact::Projects, format!("the answer names `{shown}`, which is no path: {fault}"), None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_path_is_noted_and_not_taken() {
        let mut gathered = Gathered::default();
        for path in ["../../etc", "/acme/web", "acme", "acme/.git", ""] {
            assert!(gathered.project(path).is_none(), "{path}");
        }
        // An address would not hold them, and no inventory.
        assert!(gathered.project(&format!("acme/{}", "a".repeat(300))).is_none());
        assert!(gathered.project(&"a/".repeat(22)[..43]).is_some());
        assert!(gathered.project(&"a/".repeat(23)[..45]).is_none());
        assert_eq!((gathered.projects.len(), gathered.unread.len()), (1, 7));
    }

    #[test]
    fn paths_that_differ_in_letter_case_are_one_project() {
        let mut gathered = Gathered::default();
        gathered.project("acme/web").unwrap().id = Some(1);
        assert_eq!(gathered.project("Acme/Web").unwrap().id, Some(1));
        assert_eq!(gathered.projects.len(), 1);
    }
}
