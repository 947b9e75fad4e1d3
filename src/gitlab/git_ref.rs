//! Git refs as pipelines have them, and the rules that protect them.

use super::Version;
use super::releases::PROTECTED_MERGE_REQUESTS;

/// The ref that a pipeline runs on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GitRef {
    /// A branch, by its name.
    Branch(String),
    /// A tag, by its name.
    Tag(String),
    /// A name that may be a branch's or a tag's.
    BranchOrTag(String),
    /// The head of a merge request, its merged result or its place in a merge train; the whole ref.
    MergeRequest(String),
    /// A workload of GitLab Duo, which is neither branch nor tag (`app/models/concerns/ci/has_ref.rb`).
    Workload,
}

/// What protects the refs of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefProtection<'r> {
    /// The rules of protected branches; `None` if they are not known.
    pub branches: Option<&'r [Box<str>]>,
    /// The rules of protected tags; `None` if they are not known.
    pub tags: Option<&'r [Box<str>]>,
    /// What protects the pipelines of merge requests.
    pub merge_requests: MergeRequestProtection,
}

/// What protects the pipelines of merge requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MergeRequestProtection {
    /// Their ref, taken as a branch of that whole name, which no protection of the source branch reaches: a rule such as `*` matches it.
    #[default]
    ByRef,
    /// Nothing does.
    Never,
    /// The project's setting, both branches, and the rights of the user who starts the pipeline, which nobody knows beforehand.
    Open,
}

impl MergeRequestProtection {
    /// What a release does, given the project's setting `protect_merge_request_pipelines` and its protected branches, as far as they are known.
    ///
    /// From 18.1 a pipeline is protected if the setting is on, source and target lie in the same project, both branches are protected, and the user who
    /// started it may push or merge to both. Two branches cannot be protected where fewer than two are.
    /// Source: `app/models/ci/pipeline.rb`; gitlab!188008, gitlab!198754.
    #[must_use]
    pub fn of(version: Version, setting: Option<bool>, branches: Option<&[Box<str>]>) -> Self {
        let has_two = |rules: &[Box<str>]| {
            let first = rules.first();
            rules.iter().any(|rule| rule.contains('*') || Some(rule) != first)
        };
        match (setting, branches) {
            _ if version < PROTECTED_MERGE_REQUESTS => Self::ByRef,
            (Some(false), _) => Self::Never,
            (_, Some(rules)) if !has_two(rules) => Self::Never,
            _ => Self::Open,
        }
    }
}

impl GitRef {
    /// Reads `main`, `refs/heads/main`, `refs/tags/v1` or `refs/merge-requests/1/head`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match (text.strip_prefix("refs/heads/"), text.strip_prefix("refs/tags/")) {
            (Some(branch), _) => Self::Branch(branch.to_owned()),
            (_, Some(tag)) => Self::Tag(tag.to_owned()),
            _ if text.starts_with("refs/merge-requests/") => Self::MergeRequest(text.to_owned()),
            _ if text.starts_with("refs/workloads/") => Self::Workload,
            _ if text.starts_with("refs/") => Self::Branch(text.to_owned()),
            _ => Self::BranchOrTag(text.to_owned()),
        }
    }

    /// Whether the ref is protected; `None` where something that decides is not known.
    ///
    /// A ref is protected when it is a branch that a protected branch's rule matches, or a tag that a protected tag's
    /// rule matches (`app/models/project.rb`).
    #[must_use]
    pub fn is_protected(&self, protection: &RefProtection<'_>) -> Option<bool> {
        let RefProtection { branches, tags, merge_requests } = *protection;
        let by = |rules: Option<&[Box<str>]>, name: &str| {
            rules.map(|rules| rules.iter().any(|rule| ref_rule_matches(rule, name)))
        };
        match self {
            Self::Branch(name) => by(branches, name),
            Self::Tag(name) => by(tags, name),
            Self::BranchOrTag(name) => {
                let (as_branch, as_tag) = (by(branches, name)?, by(tags, name)?);
                (as_branch == as_tag).then_some(as_branch)
            }
            Self::MergeRequest(name) => match merge_requests {
                MergeRequestProtection::ByRef => by(branches, name),
                MergeRequestProtection::Never => Some(false),
                MergeRequestProtection::Open => None,
            },
            Self::Workload => Some(false),
        }
    }
}

/// Whether a protection rule matches a name: `*` stands for any characters, everything else for itself, over the whole
/// name. Letter case counts.
///
/// Source: `app/models/concerns/protected_ref.rb`, `lib/ref_matcher.rb`.
#[must_use]
pub fn ref_rule_matches(rule: &str, name: &str) -> bool {
    let mut parts = rule.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_match_whole_names() {
        for (rule, name, matches) in [
            ("main", "main", true),
            ("main", "maintenance", false),
            ("release/*", "release/1", true),
            ("release/*", "my-release/1", false),
            ("*-stable", "18-4-stable", true),
            ("*-stable", "18-4-stable-ee", false),
            ("v*.*", "v1.2", true),
            ("v*.*", "v1", false),
            ("v1.0", "v1x0", false),
            ("*", "refs/merge-requests/1/head", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("Main", "main", false),
        ] {
            assert_eq!(ref_rule_matches(rule, name), matches, "{rule} {name}");
        }
    }

    fn protection<'r>(
        branches: &'r [Box<str>],
        tags: Option<&'r [Box<str>]>,
        merge_requests: MergeRequestProtection,
    ) -> RefProtection<'r> {
        RefProtection { branches: Some(branches), tags, merge_requests }
    }

    #[test]
    fn refs_are_protected_by_the_rules_of_their_kind() {
        let rules: Vec<Box<str>> = vec!["main".into(), "feature".into()];
        let is_protected = |text: &str, tags: Option<&[Box<str>]>| {
            GitRef::parse(text).is_protected(&protection(&rules, tags, MergeRequestProtection::ByRef))
        };
        assert_eq!(is_protected("refs/heads/main", None), Some(true));
        assert_eq!(is_protected("refs/tags/main", None), None);
        assert_eq!(is_protected("main", Some(&[])), None, "a branch or a tag");
        assert_eq!(is_protected("topic", Some(&[])), Some(false));
    }

    #[test]
    fn merge_requests_are_protected_by_their_ref_never_or_by_what_is_not_known() {
        let all: Vec<Box<str>> = vec!["*".into()];
        let is_protected = |rules: &[Box<str>], version, setting| {
            let merge_requests = MergeRequestProtection::of(version, setting, Some(rules));
            GitRef::parse("refs/merge-requests/7/head").is_protected(&protection(rules, None, merge_requests))
        };
        let rules = |names: &[&str]| names.iter().map(|name| (*name).into()).collect::<Vec<Box<str>>>();
        let before = Version::new(18, 0);
        assert_eq!(is_protected(&all, before, Some(true)), Some(true));
        assert_eq!(is_protected(&rules(&["main", "feature"]), before, Some(true)), Some(false));
        for setting in [None, Some(true)] {
            assert_eq!(is_protected(&all, PROTECTED_MERGE_REQUESTS, setting), None);
            assert_eq!(is_protected(&rules(&["main", "develop"]), PROTECTED_MERGE_REQUESTS, setting), None);
            assert_eq!(is_protected(&rules(&["main"]), PROTECTED_MERGE_REQUESTS, setting), Some(false));
            assert_eq!(is_protected(&rules(&["main", "main"]), PROTECTED_MERGE_REQUESTS, setting), Some(false));
            assert_eq!(is_protected(&[], PROTECTED_MERGE_REQUESTS, setting), Some(false));
        }
        assert_eq!(is_protected(&all, PROTECTED_MERGE_REQUESTS, Some(false)), Some(false));
        let open = RefProtection { branches: None, tags: None, merge_requests: MergeRequestProtection::Open };
        assert_eq!(GitRef::parse("refs/merge-requests/7/train").is_protected(&open), None);
    }

    #[test]
    fn workloads_are_never_protected() {
        let all: Vec<Box<str>> = vec!["*".into()];
        let protection = protection(&all, Some(&all), MergeRequestProtection::ByRef);
        assert_eq!(GitRef::parse("refs/workloads/a1b2").is_protected(&protection), Some(false));
    }
}
