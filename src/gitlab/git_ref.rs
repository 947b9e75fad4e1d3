//! Git refs as pipelines have them, and the rules that protect them.

/// The ref that a pipeline runs on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GitRef {
    /// A branch, by its name. Pipelines of merge requests count as running on a branch whose name is the whole ref.
    Branch(String),
    /// A tag, by its name.
    Tag(String),
    /// A name that may be a branch's or a tag's.
    BranchOrTag(String),
}

impl GitRef {
    /// Reads `main`, `refs/heads/main`, `refs/tags/v1` or `refs/merge-requests/1/head`.
    ///
    /// The ref of a merge request is taken as a branch of that whole name, which no protection of the source branch
    /// reaches (`app/models/project.rb`, `app/models/ci/pipeline.rb`).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match (text.strip_prefix("refs/heads/"), text.strip_prefix("refs/tags/")) {
            (Some(branch), _) => Self::Branch(branch.to_owned()),
            (_, Some(tag)) => Self::Tag(tag.to_owned()),
            _ if text.starts_with("refs/") => Self::Branch(text.to_owned()),
            _ => Self::BranchOrTag(text.to_owned()),
        }
    }

    /// Whether the ref is protected by these rules; `None` where a list that matters is not known.
    ///
    /// A ref is protected when it is a branch that a protected branch's rule matches, or a tag that a protected tag's
    /// rule matches (`app/models/project.rb`).
    #[must_use]
    pub fn is_protected(&self, branch_rules: Option<&[Box<str>]>, tag_rules: Option<&[Box<str>]>) -> Option<bool> {
        let by = |rules: Option<&[Box<str>]>, name: &str| {
            rules.map(|rules| rules.iter().any(|rule| ref_rule_matches(rule, name)))
        };
        match self {
            Self::Branch(name) => by(branch_rules, name),
            Self::Tag(name) => by(tag_rules, name),
            Self::BranchOrTag(name) => {
                let (as_branch, as_tag) = (by(branch_rules, name)?, by(tag_rules, name)?);
                (as_branch == as_tag).then_some(as_branch)
            }
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

    #[test]
    fn a_merge_requests_ref_is_a_branch_of_its_own() {
        let rules: Vec<Box<str>> = vec!["main".into(), "feature".into()];
        let merge_request = GitRef::parse("refs/merge-requests/7/head");
        assert_eq!(merge_request.is_protected(Some(&rules), Some(&[])), Some(false));
        assert_eq!(GitRef::parse("refs/heads/main").is_protected(Some(&rules), None), Some(true));
        assert_eq!(GitRef::parse("refs/tags/main").is_protected(Some(&rules), None), None);
        assert_eq!(GitRef::parse("main").is_protected(Some(&rules), Some(&[])), None, "a branch or a tag");
        assert_eq!(GitRef::parse("topic").is_protected(Some(&rules), Some(&[])), Some(false));
    }
}
