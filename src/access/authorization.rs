//! From the entries of a list to authorizations: which ids the server resolves, and why it drops the others.
//!
//! Source: `app/services/clusters/agents/authorizations/{ci_access,user_access}/refresh_service.rb`. A list is cut first;
//! then ids are put into lower case, where the last of equal ones replaces those before it whole; then they are looked
//! up among the projects or groups that the configuration project may name. What is not found there is dropped
//! without a word.

use std::borrow::Cow;

use super::condition::Unknown;
use super::releases::list_limit;
use crate::gitlab::{ByName, Version, lower_path};

/// Why an entry has no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// It stands behind the last entry that the server looks at.
    BeyondLimit(usize),
    /// A later entry of the same id replaces it; that one's index in the list.
    Replaced(usize),
    /// The inventory has no such project, or no such group.
    NotFound,
    /// A group is listed as a project.
    IsGroup,
    /// A project is listed as a group.
    IsProject,
    /// A user's personal namespace is listed as a group.
    IsUser,
    /// It lies outside the configuration project's hierarchy.
    Outside(Outside),
    /// The instance setting is off.
    SettingOff,
    /// It needs Premium or Ultimate, and the job's project is on Free.
    Tier,
    /// The project is not the configuration project, so implicit access does not apply.
    NotOwnProject,
    /// The entry has no id that could be read.
    NoId,
}

/// Why an id lies outside what a configuration project may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// Before 15.6: not in the sub-tree of the configuration project's group.
    SubTree,
    /// Before 15.7: the configuration project lies in a personal namespace and can name nothing.
    PersonalNamespace,
    /// The configuration project lies in a personal namespace, where no group can match.
    GroupFromPersonalNamespace,
    /// Another top-level group or personal namespace.
    OtherRoot,
}

/// What becomes of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// It is an authorization.
    Kept,
    /// It has no effect.
    Dropped(DropReason),
    /// It is an authorization if all of these hold; each with what drops it otherwise.
    Depends(Box<[(Unknown, DropReason)]>),
}

/// The ids of one list that survive the cut and equal ids, and what became of the others; by position in the list.
pub(super) fn settle<'e>(
    ids: impl Iterator<Item = Option<&'e str>>,
    version: Version,
) -> Vec<(Cow<'e, str>, Option<DropReason>)> {
    let limit = list_limit(version);
    let count = ids.size_hint().0;
    let mut last: ByName<Cow<'e, str>, usize> = ByName::default();
    last.reserve(count);
    let mut settled: Vec<(Cow<'e, str>, Option<DropReason>)> = Vec::with_capacity(count);
    for (index, id) in ids.enumerate() {
        let lower = id.map(lower_path).unwrap_or_default();
        let reason = match id {
            _ if index >= limit => Some(DropReason::BeyondLimit(limit)),
            None => Some(DropReason::NoId),
            Some(_) => {
                if let Some(before) = last.insert(lower.clone(), index)
                    && let Some((_, replaced)) = settled.get_mut(before)
                {
                    *replaced = Some(DropReason::Replaced(index));
                }
                None
            }
        };
        settled.push((lower, reason));
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drops(ids: &[&str], version: Version) -> Vec<Option<DropReason>> {
        settle(ids.iter().map(|&id| Some(id)), version).into_iter().map(|(_, reason)| reason).collect()
    }

    #[test]
    fn the_last_of_equal_ids_replaces_the_others() {
        let drops = drops(&["a/b", "A/B", "a/c", "a/b"], Version::new(18, 4));
        assert_eq!(drops, [Some(DropReason::Replaced(1)), Some(DropReason::Replaced(3)), None, None]);
    }

    #[test]
    fn the_cut_comes_before_equal_ids() {
        let mut ids = vec!["a/b"; 100];
        ids.push("a/c");
        ids.push("a/b");
        let before_17 = drops(&ids, Version::new(16, 11));
        assert_eq!(before_17[99], None, "the hundredth is the last that counts");
        assert_eq!(before_17[100..], [Some(DropReason::BeyondLimit(100)), Some(DropReason::BeyondLimit(100))]);
        let from_17 = drops(&ids, Version::new(17, 0));
        assert_eq!(from_17[99..], [Some(DropReason::Replaced(101)), None, None]);
    }
}
