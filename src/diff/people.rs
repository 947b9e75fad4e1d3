//! The changes for people.

use std::collections::{BTreeMap, BTreeSet};

use super::cases::{Facts, hold};
use super::cells::names_something;
use super::change::{Because, Cause, Change, Effect, Granted, Kind, Member, Of, Who};
use super::standing::{Found, Standing};
use crate::access::{Agent, Authorization, Condition, Unknown, UserGrant, UserIdentity};
use crate::agent_config::EntryKind;
use crate::gitlab::{ancestor_paths, lower_path, root_path};
use crate::inventory::{Inventory, NamespaceKind};

/// A way in: whose members get in by which entry, and what must hold.
#[derive(Clone, Debug)]
pub struct Way {
    /// Who.
    pub member: Member,
    /// What must hold.
    pub needs: Vec<Condition>,
    /// The entry.
    pub cause: Cause,
}

/// Whom one side lets in, and as whom.
#[derive(Clone, Debug)]
pub struct Ways {
    /// As whom; `None` where nobody gets in.
    pub who: Option<Who>,
    /// The ways in.
    pub ways: Vec<Way>,
}

/// What becomes otherwise for a member.
type Otherwise = (Kind, Effect, Option<Granted>, Option<Granted>);

/// Whom the user access of one agent lets in that it did not, and the other way round; `None` where too much is open to tell.
pub(super) fn compare(context: &str, standing: &Standing<'_>) -> Option<Vec<Change>> {
    let (base, head) = (ways(&standing.base), ways(&standing.head));
    let members: BTreeSet<&Member> = base.ways.iter().chain(&head.ways).map(|way| &way.member).collect();
    let mut by_member: BTreeMap<&Member, [Vec<&Way>; 2]> = BTreeMap::new();
    for (side, ways) in [&base, &head].into_iter().enumerate() {
        for way in &ways.ways {
            by_member.entry(&way.member).or_default()[side].push(way);
        }
    }
    // By what becomes otherwise and under which conditions.
    let mut found: BTreeMap<(Otherwise, String), Together> = BTreeMap::new();
    for member in members {
        let Some([before, after]) = by_member.get(member) else { continue };
        let mut facts = Facts::default();
        before.iter().chain(after).for_each(|way| facts.add(&way.needs));
        if facts.are_too_many() {
            return None;
        }
        let mut of_member: BTreeMap<Otherwise, (BTreeSet<usize>, Because)> = BTreeMap::new();
        for (number, settled) in facts.assignments().iter().enumerate() {
            let by = |ways: &[&Way], who: &Option<Who>| {
                let way = ways.iter().find(|way| hold(&way.needs, settled))?;
                Some((who.clone()?, way.cause.clone()))
            };
            let (before, after) = (by(before, &base.who), by(after, &head.who));
            let granted = |of: &Option<(Who, Cause)>| of.as_ref().map(|(who, _)| Granted::As(who.clone()));
            let (kind, effect) = match (&before, &after) {
                (None, Some(_)) => (Kind::Gained, Effect::Widened),
                (Some(_), None) => (Kind::Lost, Effect::Narrowed),
                (Some((Who::User, _)), Some((Who::Agent, _))) => (Kind::Identity, Effect::Widened),
                (Some((Who::Agent, _)), Some((Who::User, _))) => (Kind::Identity, Effect::Narrowed),
                _ => continue,
            };
            let key = (kind, effect, granted(&before), granted(&after));
            let because = Because { base: before.map(|(_, cause)| cause), head: after.map(|(_, cause)| cause) };
            of_member.entry(key).or_insert_with(|| (BTreeSet::new(), because)).0.insert(number);
        }
        for (otherwise, (numbers, because)) in of_member {
            let conditions = facts.conditions(&numbers);
            let together = found.entry((otherwise, format!("{conditions:?}"))).or_insert_with(|| Together {
                members: Vec::new(),
                conditions,
                because,
            });
            together.members.push(member.clone());
        }
    }
    let agent = standing.head.agent().or_else(|| standing.base.agent());
    let mut changes = Vec::new();
    for (((kind, effect, before, after), _), Together { members, conditions, because }) in found {
        for conditions in conditions {
            changes.push(Change {
                kind,
                effect,
                context: context.to_owned(),
                project: agent.and_then(|(index, id)| index.agent(id).project).map(str::to_owned),
                name: context.rsplit_once(':').map_or(context, |(_, name)| name).to_owned(),
                of: Of::People(members.clone()),
                before: before.clone(),
                after: after.clone(),
                conditions,
                pairs: None,
                fails: None,
                because: because.clone(),
            });
        }
    }
    Some(changes)
}

/// Members for whom the same becomes otherwise under the same conditions.
struct Together {
    members: Vec<Member>,
    conditions: Vec<Vec<Condition>>,
    because: Because,
}

pub(super) fn ways(found: &Found<'_>) -> Ways {
    let nobody = Ways { who: None, ways: Vec::new() };
    let Found::In(index, id) = *found else { return nobody };
    let agent = index.agent(id);
    if !agent.is_registered {
        return nobody;
    }
    let granted = index.user_grants(id);
    let who = match granted.identity {
        UserIdentity::Agent => Who::Agent,
        UserIdentity::User => Who::User,
        UserIdentity::Nobody(_) => return nobody,
    };
    let mut ways = Vec::new();
    for grant in granted.let_in().filter(|grant| grant.target.is_some_and(|id| names_something(id, grant.entry.kind))) {
        let needs = granted.conditions_of(grant);
        let cause = cause(agent, grant);
        for (member, more) in members(grant, index.inventory()) {
            let needs = needs.iter().cloned().chain(more).collect();
            ways.push(Way { member, needs, cause: cause.clone() });
        }
        // By any entry that counts.
        if granted.lets_in_administrators {
            ways.push(Way { member: Member::Administrators, needs, cause });
        }
    }
    Ways { who: Some(who), ways }
}

fn cause(agent: &Agent<'_>, grant: &UserGrant<'_>) -> Cause {
    debug_assert!(!matches!(grant.authorization, Authorization::Dropped(_)));
    Cause {
        entry: Some(grant.entry.route()),
        path: agent.file.map(|file| file.path.to_owned()),
        line: agent.line(grant.entry.span),
        is_restricted: false,
    }
}

/// Whose members an entry lets in: those of a group and of the groups above it, those of a project by whatever way and of the groups above.
///
/// Source: `group_authorization.rb` and `project_authorization.rb` of `user_access`: direct members of groups, members of projects by any way.
fn members(grant: &UserGrant<'_>, inventory: Option<&Inventory>) -> Vec<(Member, Option<Condition>)> {
    let Some(target) = grant.target else { return Vec::new() };
    let mut members = Vec::new();
    members.push(match grant.entry.kind {
        EntryKind::Project => (Member::Project(target.to_owned()), None),
        _ => (Member::Group(target.to_owned()), None),
    });
    let is_deep = target.matches('/').count() > 1 || (grant.entry.kind != EntryKind::Project && target.contains('/'));
    for above in ancestor_paths(target) {
        let listed = inventory.and_then(|inventory| inventory.find_namespace(above));
        let kind = listed.map(|namespace| namespace.kind);
        let is_root = above == root_path(target);
        let needs = match kind {
            // A user's namespace has no members.
            Some(NamespaceKind::User) => continue,
            Some(NamespaceKind::Group) => None,
            None if is_deep || !is_root => None,
            None => Some(Condition { unknown: Unknown::Group(lower_path(above).into()), holds: true }),
        };
        members.push((Member::Group(listed.map_or(above, |namespace| &namespace.path).to_owned()), needs));
    }
    members
}
