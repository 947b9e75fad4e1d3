//! The patterns of `environments`, as GitLab's server compares them with the name of a job's environment.
//!
//! Source: `lib/gitlab/ci/environment_matcher.rb`, which exists in two forms. The old one ([`OldPattern`]) looks for a regular
//! expression anywhere in the name, the new one ([`NewPattern`]) compares the whole name and takes only `*` for anything but itself. Which of them
//! a release has is [`EnvironmentMatcher::of`]'s to say. A pattern without `*` is compared as it is by both.

mod new;
mod old;

pub use new::NewPattern;
pub(in crate::access) use old::Reading;
pub use old::{Fault, OldPattern, RubyOnly, Verdict, is_expression};

use crate::gitlab::releases::{NEW_MATCHER, NEW_MATCHER_POSSIBLE};
use crate::gitlab::{PartialText, Version};

/// With more known and unknown parts than this, whether a name matches is not worked out: no name has room for as many, and it takes the product of both lengths.
const MOST_PARTS: usize = 64;

/// Which of its two matchers GitLab compares patterns with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EnvironmentMatcher {
    /// The old one.
    Old,
    /// One of the two, and it is not known which.
    Either,
    /// The new one.
    New,
}

impl EnvironmentMatcher {
    /// What is known of a release. A patch release may have been given the new one before its line's successors had it.
    #[must_use]
    pub fn of(version: Version) -> Self {
        match version {
            _ if version >= NEW_MATCHER => Self::New,
            _ if version >= NEW_MATCHER_POSSIBLE || version.patch > 0 => Self::Either,
            _ => Self::Old,
        }
    }

    /// Whether the old one may be in.
    #[must_use]
    pub fn may_be_old(self) -> bool {
        self != Self::New
    }

    /// Whether the new one may be in.
    #[must_use]
    pub fn may_be_new(self) -> bool {
        self != Self::Old
    }

    /// The one of the two that is known, or taken, to be in.
    #[must_use]
    pub fn taken(is_new: bool) -> Self {
        if is_new { Self::New } else { Self::Old }
    }
}

/// Whether a pattern lets in a job of whose environment's name parts may hang on variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartialVerdict {
    /// It does, whatever the variables are.
    Always,
    /// It does not, whatever the variables are.
    Never,
    /// That hangs on the variables.
    Depends,
    /// It is no regular expression for Ruby: the server raises an error in place of an answer.
    Raises(Fault),
    /// It cannot be told without Ruby.
    Unknown(RubyOnly),
}

impl From<Verdict> for PartialVerdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Matches => Self::Always,
            Verdict::Differs => Self::Never,
            Verdict::Raises(fault) => Self::Raises(fault),
            Verdict::Unknown(unknown) => Self::Unknown(unknown),
        }
    }
}

impl From<bool> for PartialVerdict {
    fn from(matches: bool) -> Self {
        if matches { Self::Always } else { Self::Never }
    }
}

/// What comparing a pattern comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// This, by every matcher that may be in.
    Settled(PartialVerdict),
    /// The two matchers differ, and either may be in.
    Open {
        /// What the old one says.
        old: PartialVerdict,
        /// What the new one says.
        new: PartialVerdict,
    },
}

impl Comparison {
    /// Whether every matcher that may be in says this.
    #[must_use]
    pub fn is(&self, verdict: &PartialVerdict) -> bool {
        matches!(self, Self::Settled(settled) if settled == verdict)
    }

    /// Whether some matcher that may be in says this.
    #[must_use]
    pub fn may_be(&self, verdict: &PartialVerdict) -> bool {
        match self {
            Self::Settled(settled) => settled == verdict,
            Self::Open { old, new } => old == verdict || new == verdict,
        }
    }
}

/// A pattern, ready to be compared with names by the matchers that may be in.
#[derive(Clone, Debug)]
pub struct EnvironmentPattern<'p> {
    old: Option<OldPattern<'p>>,
    new: Option<NewPattern<'p>>,
}

impl<'p> EnvironmentPattern<'p> {
    /// Reads a pattern.
    #[must_use]
    pub fn new(pattern: &'p str, matcher: EnvironmentMatcher) -> Self {
        Self {
            old: matcher.may_be_old().then(|| OldPattern::new(pattern)),
            new: matcher.may_be_new().then(|| NewPattern::new(pattern)),
        }
    }

    /// Compares the pattern with the full name of an environment.
    #[must_use]
    pub fn compare(&self, environment: &str) -> Comparison {
        self.both(|old| old.compare(environment).into(), |new| new.matches(environment).into())
    }

    /// Compares the pattern with the name of an environment that is known in part.
    #[must_use]
    pub fn compare_partial(&self, environment: &PartialText) -> Comparison {
        self.both(|old| old.compare_partial(environment), |new| new.compare_partial(environment))
    }

    fn both(
        &self,
        by_old: impl Fn(&OldPattern<'p>) -> PartialVerdict,
        by_new: impl Fn(&NewPattern<'p>) -> PartialVerdict,
    ) -> Comparison {
        match (self.old.as_ref().map(by_old), self.new.as_ref().map(by_new)) {
            (Some(old), Some(new)) if old != new => Comparison::Open { old, new },
            (Some(one), _) | (None, Some(one)) => Comparison::Settled(one),
            (None, None) => Comparison::Settled(PartialVerdict::Never),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_release_has_the_matchers_that_it_may_have() {
        use EnvironmentMatcher::{Either, New, Old};
        for (matcher, releases) in [
            (Old, &["13.7", "18.4", "18.9", "18.9.0-ee"][..]),
            (Either, &["15.11.13", "18.4.2-ee", "18.9.1", "18.10", "18.11", "19.0", "19.4", "19.4.9"]),
            (New, &["19.5", "19.5.1", "19.6", "20.0"]),
        ] {
            for release in releases {
                assert_eq!(EnvironmentMatcher::of(release.parse().expect(release)), matcher, "{release}");
            }
        }
    }

    #[test]
    fn where_either_may_be_in_only_what_both_say_is_settled() {
        let compare = |pattern, name| EnvironmentPattern::new(pattern, EnvironmentMatcher::Either).compare(name);
        for (pattern, name) in [("prod*", "production"), ("v1.*", "v1.2"), ("*", "x"), ("pro*ion", "production")] {
            assert!(compare(pattern, name).is(&PartialVerdict::Always), "{pattern} {name}");
        }
        for (pattern, name) in [("prod", "production"), ("review/*", "review"), ("prod*", "staging")] {
            assert!(compare(pattern, name).is(&PartialVerdict::Never), "{pattern} {name}");
        }
        for (pattern, name) in [("prod*", "preprod"), ("*/prod", "eu/production"), ("(prod|stage)*", "production")] {
            let open = Comparison::Open { old: PartialVerdict::Always, new: PartialVerdict::Never };
            assert_eq!(compare(pattern, name), open, "{pattern} {name}");
        }
        let open = Comparison::Open { old: PartialVerdict::Never, new: PartialVerdict::Always };
        assert_eq!(compare("${X}*", "${X}-1"), open);
        assert!(matches!(
            compare("(*", "x"),
            Comparison::Open { old: PartialVerdict::Raises(_), new: PartialVerdict::Never }
        ));
    }
}
