//! What a change takes out of policies, or loosens in them.

use std::collections::BTreeSet;

use super::globs::Globs;
use super::statement::{People, Policy, Required};
use crate::source::Place;
use crate::words;

/// A policy that a change weakens.
#[derive(Clone, Debug)]
pub struct Weakened {
    /// The policy's name.
    pub policy: String,
    /// What is weaker, as a sentence.
    pub message: String,
    /// Where the policy stands behind the change; `None` where it is gone.
    pub place: Option<Place>,
    /// Where it stood before.
    pub before: Place,
}

impl Weakened {
    /// The line on which the policy stands behind the change; `None` where it is gone.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.place.as_ref().map(|place| place.source.position(place.span.start).line)
    }
}

/// The policies that a change weakens, in their order before it.
///
/// It goes by the text, and what is in doubt is weaker: a policy of another name is another policy, and whether its other patterns take the
/// same is not asked. A policy more, a key more in `require`, a value less in one of its lists, a pattern more in a scope, a scope left out
/// and other examples weaken nothing.
#[must_use]
pub fn weakened(before: &[Policy], after: &[Policy]) -> Vec<Weakened> {
    let mut all = Vec::new();
    for old in before {
        let new = after.iter().find(|new| new.name == old.name);
        let reasons = match new {
            None => vec!["it is gone".to_owned()],
            Some(new) => reasons(old, new),
        };
        if !reasons.is_empty() {
            all.push(Weakened {
                policy: old.name.clone(),
                message: format!("The policy {} is weakened: {}.", words::excerpt(&old.name), reasons.join("; ")),
                place: new.map(|new| new.place.clone()),
                before: old.place.clone(),
            });
        }
    }
    all
}

fn reasons(old: &Policy, new: &Policy) -> Vec<String> {
    let mut reasons = Vec::new();
    for (key, old, new) in [
        ("agents", &old.agents, &new.agents),
        ("projects", &old.projects, &new.projects),
        ("environments", &old.environments, &new.environments),
    ] {
        reasons.extend(scope(key, old.as_ref(), new.as_ref()));
    }
    if old.people != new.people {
        reasons.push("`people` is another list".to_owned());
    }
    if let Some(old) = &old.require {
        reasons.extend(loosened(old, &new.require.clone().unwrap_or_default()));
    }
    if old.forbid != new.forbid {
        reasons.push(match (&old.forbid, &new.forbid) {
            (Some(_), None) => "it no longer has `forbid`".to_owned(),
            (None, _) => "it has `forbid`, and had none".to_owned(),
            _ => "`forbid` says something else".to_owned(),
        });
    }
    reasons
}

fn scope(key: &str, old: Option<&Globs>, new: Option<&Globs>) -> Option<String> {
    let new = new?;
    let Some(old) = old else { return Some(format!("it is about some of the {key} only, and was about all")) };
    let gone = less(&old.distinct(), &new.distinct());
    (!gone.is_empty()).then(|| format!("`{key}` no longer has {gone}"))
}

/// What `require` no longer asks.
fn loosened(old: &Required, new: &Required) -> Vec<String> {
    let mut reasons = Vec::new();
    let mut compare = |key: &str, old: Option<BTreeSet<String>>, new: Option<BTreeSet<String>>| match (old, new) {
        (Some(_), None) => reasons.push(format!("`require` no longer has `{key}`")),
        (Some(old), Some(new)) => {
            let more = less(&new, &old);
            if !more.is_empty() {
                reasons.push(format!("`{key}` of `require` takes {more} as well"));
            }
        }
        (None, _) => {}
    };
    let globs = |globs: &Option<Globs>| globs.as_ref().map(Globs::distinct);
    compare("environments", globs(&old.environments), globs(&new.environments));
    compare("projects", globs(&old.projects), globs(&new.projects));
    let identity = |of: &Required| {
        of.identity.as_ref().map(|modes| modes.iter().map(|mode| mode.key().to_owned()).collect::<BTreeSet<_>>())
    };
    compare("identity", identity(old), identity(new));
    let tier = |of: &Required| {
        of.tier.as_ref().map(|tiers| tiers.iter().map(|tier| tier.name().to_owned()).collect::<BTreeSet<_>>())
    };
    compare("tier", tier(old), tier(new));
    compare("people", old.people.as_ref().map(distinct), new.people.as_ref().map(distinct));
    match (old.protected, new.protected) {
        (Some(_), None) => reasons.push("`require` no longer has `protected_branches_only`".to_owned()),
        (Some(old), Some(new)) if old != new => {
            reasons.push(format!("`protected_branches_only` of `require` is `{new}`, and was `{old}`"));
        }
        _ => {}
    }
    reasons
}

fn distinct(people: &People) -> BTreeSet<String> {
    let members = people.members.iter().flat_map(Globs::distinct);
    members.chain(people.administrators.then(|| "administrators".to_owned())).collect()
}

/// What the first has and the second has not, in words; empty for nothing.
fn less(first: &BTreeSet<String>, second: &BTreeSet<String>) -> String {
    let texts: Vec<String> = first.difference(second).map(|text| words::excerpt(text)).collect();
    words::cut(&texts, 5).join(", ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::gitlab::NEWEST;
    use crate::policy::{POLICY, read};
    use crate::schema::{self, Declared, Key, Kind, Message};
    use crate::source::Source;
    use crate::yaml;

    static LIST: Declared =
        Declared::new(|| Message::new("", vec![Key::new("policy", Kind::list(Kind::message(&POLICY)), "")]));

    fn policies(text: &str) -> Vec<Policy> {
        let source = Arc::new(Source::new("settings", text));
        let decoded = schema::decode(&yaml::read(&source), &LIST, NEWEST, &|_, _| None);
        assert_eq!(decoded.problems.iter().filter_map(schema::describe).collect::<Vec<_>>(), [], "{text}");
        let value = decoded.value.expect("a mapping");
        let Some(field) = value.set("policy") else { return Vec::new() };
        let (policies, mistakes) = read(field, &source);
        assert_eq!(mistakes, [], "{text}");
        policies
    }

    fn told(before: &str, after: &str) -> Vec<String> {
        let item = |text: &str| policies(&format!("policy: [{{name: p, {text}}}]"));
        weakened(&item(before), &item(after)).into_iter().map(|weakened| weakened.message).collect()
    }

    fn is_weakened(before: &str, after: &str) -> bool {
        !told(before, after).is_empty()
    }

    #[test]
    fn a_policy_that_is_gone_is_weakened_and_one_more_is_not() {
        let both = policies("policy: [{name: a, forbid: {}}, {name: b, forbid: {}}]");
        let one = policies("policy:\n- {name: b, forbid: {}}");
        let gone = weakened(&both, &one);
        let told: Vec<_> = gone.iter().map(|gone| (&*gone.policy, &*gone.message, gone.line())).collect();
        assert_eq!(told, [("a", "The policy `a` is weakened: it is gone.", None)]);
        assert!(weakened(&one, &both).is_empty());
        assert!(weakened(&both, &both).is_empty());
        let renamed = policies("policy: [{name: c, forbid: {}}]");
        assert_eq!(weakened(&one, &renamed).len(), 1, "it is known by its name");
        let other = policies("policy:\n- {name: a, forbid: {}}\n- {name: b, forbid: {identity: [agent]}}");
        assert_eq!(weakened(&both, &other).first().and_then(Weakened::line), Some(3));
    }

    #[test]
    fn what_loosens_require_weakens() {
        let strict = "require: {protected_branches_only: true, identity: [ci_job], environments: ['prod*']}";
        for looser in [
            "require: {identity: [ci_job], environments: ['prod*']}",
            "require: {protected_branches_only: false, identity: [ci_job], environments: ['prod*']}",
            "require: {protected_branches_only: true, identity: [ci_job, agent], environments: ['prod*']}",
            "require: {protected_branches_only: true, identity: [impersonate], environments: ['prod*']}",
            "require: {protected_branches_only: true, identity: [ci_job], environments: ['prod*', dev]}",
            "require: {protected_branches_only: true, identity: [ci_job], environments: ['pro*']}",
            "forbid: {}",
        ] {
            assert!(is_weakened(strict, looser), "{looser}");
        }
        for as_strict in [
            "require: {environments: ['prod*'], identity: [ci_job, ci_job], protected_branches_only: true}",
            "require: {protected_branches_only: true, identity: [ci_job], environments: ['prod*'], tier: [production]}",
            "require: {protected_branches_only: true, identity: [ci_job], environments: ['prod*']}, examples: [{project: a/b, holds: true}]",
        ] {
            assert!(!is_weakened(strict, as_strict), "{as_strict}");
        }
        assert!(!is_weakened("require: {tier: [production, staging]}", "require: {tier: [staging]}"), "a value less");
        assert!(!is_weakened("require: {projects: [Acme/A]}", "require: {projects: [acme/a]}"), "letter case");
        assert!(is_weakened("require: {environments: [A]}", "require: {environments: [a]}"), "here it counts");
        assert_eq!(
            told("require: {tier: [production]}", "require: {tier: [production, other]}"),
            ["The policy `p` is weakened: `tier` of `require` takes `other` as well."]
        );
    }

    #[test]
    fn forbid_weakens_however_it_differs() {
        for (before, after) in [
            ("forbid: {}", "forbid: {identity: [agent]}"),
            ("forbid: {identity: [agent]}", "forbid: {}"),
            ("forbid: {identity: [agent]}", "forbid: {identity: [agent, ci_job]}"),
            ("require: {identity: [agent]}, forbid: {}", "require: {identity: [agent]}"),
            ("require: {identity: [agent]}", "require: {identity: [agent]}, forbid: {tier: [other]}"),
        ] {
            assert!(is_weakened(before, after), "{before} {after}");
        }
        assert!(!is_weakened("forbid: {projects: [a/b, c/d]}", "forbid: {projects: [c/D, a/b]}"), "the same");
        assert!(!is_weakened("forbid: {identity: [agent, ci_job]}", "forbid: {identity: [ci_job, agent]}"), "the same");
    }

    #[test]
    fn a_smaller_scope_weakens() {
        for key in ["agents", "projects", "environments"] {
            let both = format!("{key}: [a/b, c/d], forbid: {{}}");
            let one = format!("{key}: [a/b], forbid: {{}}");
            assert!(is_weakened(&both, &one), "{key}");
            assert!(!is_weakened(&one, &both), "{key}");
            assert!(!is_weakened(&one, "forbid: {}"), "left out: it is about all");
            assert!(is_weakened("forbid: {}", &one), "it was about all");
        }
        for (before, after) in [
            ("people: [a], forbid: {}", "people: [a, b], forbid: {}"),
            ("people: [a], forbid: {}", "people: [administrators], forbid: {}"),
            ("people: [a], forbid: {}", "forbid: {}"),
            ("forbid: {}", "people: [a], forbid: {}"),
        ] {
            assert!(is_weakened(before, after), "{before} {after}");
        }
        assert!(!is_weakened("people: [a, b], forbid: {}", "people: [B, a], forbid: {}"));
        assert!(is_weakened(
            "people: [a], require: {people: [b]}",
            "people: [a], require: {people: [b, administrators]}"
        ));
    }
}
