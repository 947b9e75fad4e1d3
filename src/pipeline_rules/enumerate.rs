//! Which kinds of pipelines a project can have.

use std::sync::Arc;

use crate::gitlab::{GitRef, MergeRequestProtection, PartialText, RefProtection, Shape, ref_rule_matches};

use super::scenario::{BranchName, Names, PipelineKind, ProtectedMergeRequest, RefFacts, Scenario, TagName};

/// The most names of branches, and of tags, that get a scenario of their own.
const MAX_NAMES: usize = 24;

/// The most rules with `*` that get a scenario of their own.
const MAX_RULES: usize = 12;

/// The names of refs that conditions mention.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentioned {
    /// The names of branches.
    pub branches: Vec<String>,
    /// The names of tags.
    pub tags: Vec<String>,
    /// Names that may be a branch's or a tag's: those of `only`, and what `CI_COMMIT_REF_NAME` is compared with.
    ///
    /// They are taken for a branch's alone, unless they look like a version or a rule of protected tags matches them:
    /// hardly anybody has a tag with the name of a branch.
    pub either: Vec<String>,
    /// What the branches of merge requests are compared with.
    pub of_merge_requests: Vec<String>,
}

impl Mentioned {
    fn is_tag(name: &str, rules: Option<&[Box<str>]>) -> bool {
        let is_protected = rules.is_some_and(|rules| rules.iter().any(|rule| ref_rule_matches(rule, name)));
        is_protected || name.trim_start_matches('v').starts_with(|first: char| first.is_ascii_digit())
    }
}

/// The kinds of pipelines: of the default branch, of every branch and tag that is mentioned or that a rule of protection
/// names, of branches and tags that other rules match, of all others, and of merge requests.
///
/// Where the rules are not known, the others are taken once as protected and once as not.
#[must_use]
pub fn scenarios(facts: &RefFacts, mentioned: &Mentioned) -> Vec<Scenario> {
    let tag_rules = facts.protected_tags.as_deref();
    let (either_tags, no_tags): (Vec<&String>, Vec<&String>) =
        mentioned.either.iter().partition(|name| Mentioned::is_tag(name, tag_rules));
    let branch_names = mentioned.branches.iter().chain(&mentioned.either);
    let branches = Refs::new(branch_names, facts.protected_branches.as_deref(), facts.default_branch.as_deref());
    let tags = Refs::new(mentioned.tags.iter().chain(either_tags), tag_rules, None);
    let default_branch = facts.default_branch.as_deref();
    let default_text =
        default_branch.map_or_else(|| PartialText::unknown("CI_DEFAULT_BRANCH", Shape::NotEmpty), PartialText::known);
    let known = |refs: &Refs<'_>| refs.names.iter().map(|name| PartialText::known(name)).collect::<Vec<_>>();
    let names = Arc::new(Names {
        branches: [known(&branches), vec![default_text.clone()]].concat().into(),
        tags: no_tags.into_iter().map(|name| PartialText::known(name)).chain(known(&tags)).collect(),
        default_branch: default_text,
        protected_merge_request: protected_merge_request(facts, mentioned),
    });
    let scenario = |kind: PipelineKind, protected| {
        let sources = kind.possible_sources();
        Scenario { kind, sources, protected, names: names.clone() }
    };
    let default = BranchName::Default(default_branch.map(Into::into));
    let default_protection = match default_branch {
        Some(name) => branches.protection(name),
        None => branches.protection_of_any(),
    };
    let mut all = vec![scenario(PipelineKind::Branch(default), default_protection)];
    for (name, protected) in branches.each(BranchName::Named, BranchName::Matching, || BranchName::Other) {
        all.push(scenario(PipelineKind::Branch(name), protected));
    }
    for (name, protected) in tags.each(TagName::Named, TagName::Matching, || TagName::Other) {
        all.push(scenario(PipelineKind::Tag(name), protected));
    }
    all.push(scenario(PipelineKind::MergeRequest, merge_request_protection(facts)));
    all
}

/// Whether pipelines of merge requests are protected. Where their ref decides, rules that protect it must be known.
fn merge_request_protection(facts: &RefFacts) -> Option<bool> {
    let RefFacts { protected_branches, protected_tags, merge_requests, .. } = facts;
    let (branches, tags) = (protected_branches.as_deref(), protected_tags.as_deref());
    let protection = RefProtection { branches, tags, merge_requests: *merge_requests };
    let is_protected = GitRef::parse("refs/merge-requests/1/head").is_protected(&protection);
    is_protected.or((*merge_requests == MergeRequestProtection::ByRef).then_some(false))
}

/// What holds of a merge request whose pipeline is protected, where more than its ref decides about that.
fn protected_merge_request(facts: &RefFacts, mentioned: &Mentioned) -> Option<ProtectedMergeRequest> {
    let is_open = facts.merge_requests == MergeRequestProtection::Open;
    is_open.then(|| {
        let names = mentioned.of_merge_requests.iter().chain(&mentioned.either).chain(&facts.default_branch);
        let is_other = |name: &&String| {
            let rules = facts.protected_branches.as_ref();
            rules.is_some_and(|rules| !rules.iter().any(|rule| ref_rule_matches(rule, name)))
        };
        let other_branches = names.filter(is_other).map(|name| PartialText::known(name)).collect();
        ProtectedMergeRequest { project: facts.project.clone(), other_branches }
    })
}

/// The branches or the tags.
struct Refs<'f> {
    names: Vec<&'f str>,
    rules: Option<&'f [Box<str>]>,
    /// The rules with `*`.
    wildcards: Vec<&'f str>,
    /// Whether there are more names or rules than are looked at.
    has_more: bool,
}

impl<'f> Refs<'f> {
    fn new(mentioned: impl Iterator<Item = &'f String>, rules: Option<&'f [Box<str>]>, default: Option<&str>) -> Self {
        let mut refs = Self { names: Vec::new(), rules, wildcards: Vec::new(), has_more: false };
        let (wildcards, exact): (Vec<&str>, Vec<&str>) =
            rules.unwrap_or_default().iter().map(|rule| &**rule).partition(|rule| rule.contains('*'));
        for name in mentioned.map(|name| &**name).filter(|name| !name.is_empty()) {
            refs.add_name(name, default, false);
        }
        for name in exact {
            refs.add_name(name, default, true);
        }
        for rule in wildcards {
            if refs.wildcards.len() == MAX_RULES {
                refs.has_more = true;
                break;
            }
            if !refs.wildcards.contains(&rule) {
                refs.wildcards.push(rule);
            }
        }
        refs
    }

    fn add_name(&mut self, name: &'f str, default: Option<&str>, is_rule: bool) {
        if default == Some(name) || self.names.contains(&name) {
        } else if self.names.len() < MAX_NAMES {
            self.names.push(name);
        } else {
            self.has_more |= is_rule;
        }
    }

    fn protection(&self, name: &str) -> Option<bool> {
        self.rules.map(|rules| rules.iter().any(|rule| ref_rule_matches(rule, name)))
    }

    /// The protection of a name that is not known.
    fn protection_of_any(&self) -> Option<bool> {
        if self.protects_all() { Some(true) } else { self.rules.filter(|rules| rules.is_empty()).map(|_| false) }
    }

    fn protects_all(&self) -> bool {
        self.wildcards.iter().any(|rule| rule.chars().all(|character| character == '*'))
    }

    /// Every name, every rule with `*`, and the rest, with the protection of each.
    fn each<N>(
        &self,
        named: fn(Box<str>) -> N,
        matching: fn(Box<str>) -> N,
        other: impl Fn() -> N,
    ) -> Vec<(N, Option<bool>)> {
        let names = self.names.iter().map(|name| (named((*name).into()), self.protection(name)));
        let wildcards = self.wildcards.iter().map(|rule| (matching((*rule).into()), Some(true)));
        let mut all: Vec<_> = names.chain(wildcards).collect();
        if self.rules.is_none() || self.has_more {
            all.push((other(), Some(true)));
        }
        // Where a rule is `*`, all are protected.
        if !self.protects_all() {
            all.push((other(), Some(false)));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(facts: &RefFacts, branches: &[&str], tags: &[&str]) -> Vec<String> {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let mentioned = Mentioned { branches: owned(branches), tags: owned(tags), ..Mentioned::default() };
        let words = |scenario: &Scenario| match scenario.protected {
            Some(true) => format!("{scenario} +"),
            Some(false) => format!("{scenario} -"),
            None => scenario.to_string(),
        };
        scenarios(facts, &mentioned).iter().map(words).collect()
    }

    #[test]
    fn without_facts_others_are_taken_both_ways() {
        let expected = [
            "the default branch",
            "the branch `main`",
            "other protected branches +",
            "other branches that are not protected -",
            "protected tags +",
            "tags that are not protected -",
            "merge request pipelines -",
        ];
        assert_eq!(words(&RefFacts::default(), &["main", "main", ""], &[]), expected);
    }

    #[test]
    fn with_facts_each_has_its_protection() {
        let facts = RefFacts {
            default_branch: Some("main".to_owned()),
            protected_branches: Some(vec!["main".into(), "stable".into(), "release/*".into()]),
            protected_tags: Some(vec!["v*".into()]),
            ..RefFacts::default()
        };
        let expected = [
            "the default branch `main` +",
            "the branch `develop` -",
            "the branch `release/1` +",
            "the branch `stable` +",
            "branches that match `release/*` +",
            "other branches that are not protected -",
            "the tag `v1` +",
            "tags that match `v*` +",
            "tags that are not protected -",
            "merge request pipelines -",
        ];
        assert_eq!(words(&facts, &["develop", "main", "release/1"], &["v1"]), expected);
    }

    #[test]
    fn a_rule_for_everything_protects_merge_requests_where_their_ref_decides() {
        let rules = |rules: &[&str]| Some(rules.iter().map(|rule| (*rule).into()).collect());
        let mut facts =
            RefFacts { protected_branches: rules(&["*"]), protected_tags: rules(&[]), ..RefFacts::default() };
        let mut expected = [
            "the default branch +",
            "branches that match `*` +",
            "tags that are not protected -",
            "protected merge request pipelines +",
        ];
        assert_eq!(words(&facts, &[], &[]), expected);
        // From 18.1 no rule does.
        facts.merge_requests = MergeRequestProtection::Never;
        expected[3] = "merge request pipelines -";
        assert_eq!(words(&facts, &[], &[]), expected);
        facts.merge_requests = MergeRequestProtection::Open;
        expected[3] = "merge request pipelines";
        assert_eq!(words(&facts, &[], &[]), expected);
    }

    #[test]
    fn there_are_never_many() {
        let names: Vec<String> = (0..1_000).map(|number| format!("b{number}")).collect();
        let rules: Vec<Box<str>> =
            names.iter().flat_map(|name| [name.as_str().into(), format!("{name}*").into()]).collect();
        let facts =
            RefFacts { protected_branches: Some(rules.clone()), protected_tags: Some(rules), ..RefFacts::default() };
        let mentioned =
            Mentioned { branches: names.clone(), tags: names.clone(), either: names, ..Mentioned::default() };
        assert!(scenarios(&facts, &mentioned).len() < 90);
    }
}
