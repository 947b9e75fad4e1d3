//! The patterns of `environments`, sorted into what can be said about each: at most one thing.

use crate::access::EnvironmentMatcher;
use crate::access::environment_pattern::{Fault, NewPattern, OldPattern, Verdict};
use crate::agent_config::{CiEntry, Spanned};
use crate::diagnostic::Severity;
use crate::gitlab::releases::{NEW_MATCHER, OLD_MATCHER_LAST};
use crate::gitlab::{EnvironmentTier, MAX_ENVIRONMENT_NAME, Version};
use crate::project::AgentFile;

/// What is to be said about a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PatternPitfall {
    /// Ruby refuses it.
    Invalid(Fault),
    /// It matches every environment.
    MatchesAll,
    /// This character has a meaning of its own.
    Metacharacter(char),
    /// It has this character, which no environment's name can have, so it matches none.
    MatchesNothing(char),
    /// It also matches this name, which the author did not mean.
    Unanchored {
        /// The name.
        name: String,
        /// Whether the name is of another tier than those that are meant.
        is_of_other_tier: bool,
    },
}

/// By which matcher something is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// By each that the release may have.
    Surely,
    /// By the old one, which the release may have.
    IfOld,
    /// By the new one, which the release may have.
    IfNew,
}

/// What is to be said about a pattern at a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AtRelease {
    /// What.
    pub pitfall: PatternPitfall,
    /// By which matcher.
    pub holds: Holds,
    /// The character by which the pattern matches nothing where the release has the new matcher, and not the old one.
    pub else_nothing: Option<char>,
}

impl AtRelease {
    /// Looks at a pattern; `None` for a plain name, and for one that matches what it seems to.
    pub(super) fn of(pattern: &str, matcher: EnvironmentMatcher) -> Option<Self> {
        if !has_star(pattern) {
            return None;
        }
        let surely = |pitfall| Self { pitfall, holds: Holds::Surely, else_nothing: None };
        let (old, new) = (|| PatternPitfall::by_old(pattern), || PatternPitfall::by_new(pattern));
        match matcher {
            EnvironmentMatcher::Old => old().map(surely),
            EnvironmentMatcher::New => new().map(surely),
            EnvironmentMatcher::Either => match (old(), new()) {
                (old, new) if old == new => old.map(surely),
                (Some(pitfall @ PatternPitfall::Metacharacter(_)), Some(PatternPitfall::MatchesNothing(sign))) => {
                    Some(Self { pitfall, holds: Holds::Surely, else_nothing: Some(sign) })
                }
                (Some(PatternPitfall::Unanchored { .. }) | None, Some(pitfall)) => {
                    Some(Self { pitfall, holds: Holds::IfNew, else_nothing: None })
                }
                (Some(pitfall), new) => {
                    let else_nothing = match new {
                        Some(PatternPitfall::MatchesNothing(sign)) => Some(sign),
                        _ => None,
                    };
                    Some(Self { pitfall, holds: Holds::IfOld, else_nothing })
                }
                (None, None) => None,
            },
        }
    }

    /// The severity, a step lower where it is not known whether the release does so.
    pub(super) fn severity(&self, severity: Severity) -> Severity {
        match (self.holds, severity) {
            (Holds::Surely, severity) => severity,
            (_, Severity::Error) => Severity::Warning,
            (_, Severity::Warning | Severity::Note) => Severity::Note,
        }
    }

    /// "may match" where it is not known whether it does, else "matches": the two ways to say what GitLab does.
    pub(super) fn verb(&self, sure: &'static str, maybe: &'static str) -> &'static str {
        if self.holds == Holds::Surely { sure } else { maybe }
    }

    /// What is known of the release and what is not, as the end of a message; nothing where all is known.
    pub(super) fn by_release(&self, version: Version) -> String {
        let new = match self.else_nothing {
            Some(sign) => {
                format!("compares the whole name, in which no environment can have `{}`", sign.escape_debug())
            }
            None => "compares the whole name with it as it stands".to_owned(),
        };
        match (self.holds, self.else_nothing) {
            (Holds::Surely, None) => String::new(),
            _ => format!(
                ". Up to {OLD_MATCHER_LAST} GitLab takes it for a regular expression, from {NEW_MATCHER} it {new}; what {version} does is not known"
            ),
        }
    }
}

impl PatternPitfall {
    /// By the matcher of old releases.
    fn by_old(pattern: &str) -> Option<Self> {
        if !has_star(pattern) {
            return None;
        }
        let impossible = || NewPattern::new(pattern).impossible_character().map(Self::MatchesNothing);
        let compiled = OldPattern::new(pattern);
        if let Some(fault) = compiled.fault() {
            return Some(Self::Invalid(fault));
        }
        let core = unanchored(pattern);
        // An environment's name has at least one character.
        if core.chars().all(|character| matches!(character, '*' | '.')) && core.matches('.').count() <= 1 {
            return Some(Self::MatchesAll);
        }
        if let Some(sign) = metacharacter(core) {
            return Some(Self::Metacharacter(sign));
        }
        if core.len() == pattern.len()
            && let Some(nothing) = impossible()
        {
            return Some(nothing);
        }
        unmeant_name(core, &compiled)
    }

    /// By the matcher of new releases.
    fn by_new(pattern: &str) -> Option<Self> {
        if !has_star(pattern) {
            return None;
        }
        match NewPattern::new(pattern).impossible_character() {
            Some(sign) => Some(Self::MatchesNothing(sign)),
            None if pattern.chars().all(|character| character == '*') => Some(Self::MatchesAll),
            None => None,
        }
    }
}

/// Whether a file has a pattern of which the old matcher makes this, whatever the release.
pub(super) fn has_by_old(file: &AgentFile, is_meant: impl Fn(&PatternPitfall) -> bool) -> bool {
    let entries = file.config.ci_access.iter().flat_map(|access| access.entries());
    let mut patterns = entries.flat_map(|entry| &entry.environments);
    patterns.any(|pattern| PatternPitfall::by_old(&pattern.value).is_some_and(|pitfall| is_meant(&pitfall)))
}

/// Whether it is more than a name. Patterns are short, and most are names.
fn has_star(pattern: &str) -> bool {
    pattern.bytes().any(|byte| byte == b'*')
}

/// The patterns of an entry, with their routes.
pub(super) fn patterns(entry: &CiEntry) -> impl Iterator<Item = (&Spanned<String>, impl FnOnce() -> String)> {
    let patterns = entry.environments.iter().enumerate();
    patterns.map(move |(index, pattern)| (pattern, move || format!("{}.environments[{index}]", entry.route())))
}

/// The pattern without `^` and `$` at its ends: whoever writes those knows that it is a regular expression.
fn unanchored(pattern: &str) -> &str {
    let core = pattern.strip_prefix('^').unwrap_or(pattern);
    core.strip_suffix('$').filter(|core| !core.ends_with('\\')).unwrap_or(core)
}

/// The first character that does not stand for itself. `]` and `}` alone do, and so does `{` without a count.
fn metacharacter(core: &str) -> Option<char> {
    let mut characters = core.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek();
        let is_count = character == '{' && next.is_some_and(|next| next.is_ascii_digit() || *next == ',');
        if is_count || ".+?()[^$|\\".contains(character) {
            return Some(character);
        }
    }
    None
}

/// The longest pattern that is held against its evident meaning, in bytes; names are shorter.
const MAX_PATTERN: usize = 4 * MAX_ENVIRONMENT_NAME;

/// Those of the names that the old matcher matches and the new one, the evident meaning, does not.
pub(crate) fn unmeant_among<'n>(pattern: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let compiled = OldPattern::new(pattern);
    let core = unanchored(pattern);
    if core.len() > MAX_PATTERN {
        return Vec::new();
    }
    let meaning = NewPattern::new(core);
    names.filter(|name| compiled.compare(name) == Verdict::Matches && !meaning.matches(name)).collect()
}

/// A name that the old matcher matches and the new one, the evident meaning, does not: whole, with only `*` standing for other characters.
fn unmeant_name(core: &str, compiled: &OldPattern<'_>) -> Option<PatternPitfall> {
    if core.len() > MAX_ENVIRONMENT_NAME {
        return None;
    }
    let meaning = NewPattern::new(core);
    let meant = plain_name(core);
    let in_front = if meant.starts_with(|first: char| first.is_alphanumeric()) { "my-" } else { "my" };
    // `preprod` and `prelive` are what people call what comes before production.
    let is_production = ["prod", "prd", "live"].iter().any(|start| meant.starts_with(start));
    let names = [format!("{}{meant}", if is_production { "pre" } else { in_front }), format!("{meant}-old")];
    let name = names.into_iter().find(|name| {
        name.chars().count() <= MAX_ENVIRONMENT_NAME
            && compiled.compare(name) == Verdict::Matches
            && !meaning.matches(name)
    })?;
    let is_of_other_tier = EnvironmentTier::guess(&name) != EnvironmentTier::guess(&meant);
    Some(PatternPitfall::Unanchored { name, is_of_other_tier })
}

/// A name that the pattern evidently means: something short for each `*`, nothing where that reads well.
fn plain_name(core: &str) -> String {
    let mut name = String::new();
    let mut characters = core.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '*' {
            name.push(character);
            continue;
        }
        while characters.next_if_eq(&'*').is_some() {}
        let is_last = characters.peek().is_none();
        match name.chars().next_back() {
            None => name.push_str("eu"),
            Some(before) if is_last && before.is_alphanumeric() => {}
            Some(_) => name.push('1'),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_old(pattern: &str) -> Option<PatternPitfall> {
        AtRelease::of(pattern, EnvironmentMatcher::Old).map(|found| found.pitfall)
    }

    fn unanchored_name(pattern: &str) -> Option<String> {
        match by_old(pattern) {
            Some(PatternPitfall::Unanchored { name, .. }) => Some(name),
            _ => None,
        }
    }

    #[test]
    fn names_are_found_for_open_ends_only() {
        let names = [
            ("prod*", Some("preprod")),
            ("review/*", Some("my-review/1")),
            ("*/prod", Some("eu/prod-old")),
            ("eu/*/prod", Some("my-eu/1/prod")),
            ("staging**", Some("my-staging")),
            ("^*/prod", Some("eu/prod-old")),
            ("prod*$", Some("preprod")),
            ("*prod*", None),
            ("^prod*", None),
            ("^*/prod$", None),
            ("prod", None),
        ];
        for (pattern, name) in names {
            assert_eq!(unanchored_name(pattern).as_deref(), name, "{pattern}");
        }
    }

    #[test]
    fn each_pattern_has_one_trait() {
        let invalid = |pattern| matches!(by_old(pattern), Some(PatternPitfall::Invalid(_)));
        assert!(["(*", ")*", "[*", "+*", "?*", "*\\"].into_iter().all(invalid));
        for pattern in ["*", "**", ".*", "^*$", "^.*$"] {
            assert_eq!(by_old(pattern), Some(PatternPitfall::MatchesAll), "{pattern}");
        }
        for (pattern, sign) in
            [("v1.*", '.'), ("a+*", '+'), ("*\\$", '\\'), ("..*", '.'), ("(a|b)*", '('), ("a{2}*", '{')]
        {
            assert_eq!(by_old(pattern), Some(PatternPitfall::Metacharacter(sign)), "{pattern}");
        }
        assert_eq!(unanchored_name("a{b}*").as_deref(), Some("my-a{b}1"));
    }

    #[test]
    fn names_of_another_tier_are_told_apart() {
        let is_of_other_tier = |pattern: &str| match by_old(pattern) {
            Some(PatternPitfall::Unanchored { is_of_other_tier, .. }) => is_of_other_tier,
            other => panic!("{pattern}: {other:?}"),
        };
        assert!(["prod*", "prod-*", "production/*", "live*"].into_iter().all(is_of_other_tier));
        assert!(!["review/*", "staging*", "*/prod", "canary*", "eu/*/prod"].into_iter().any(is_of_other_tier));
    }

    #[test]
    fn what_holds_at_a_release_is_said_of_the_matchers_that_it_may_have() {
        use EnvironmentMatcher::{Either, New};
        use Holds::{IfNew, IfOld, Surely};
        use PatternPitfall::{MatchesAll, MatchesNothing, Metacharacter};
        let at = |pattern: &str, matcher| {
            AtRelease::of(pattern, matcher).map(|found| (found.pitfall, found.holds, found.else_nothing))
        };
        for pattern in ["prod*", "review/*", "v1.*", "prod", ".*", "*/prod", "${X}*"] {
            assert_eq!(at(pattern, New), None, "{pattern}");
        }
        for (pattern, sign) in [("(a|b)*", '('), ("^prod*", '^'), ("prod[*", '['), ("prod?*", '?')] {
            assert_eq!(at(pattern, New), Some((MatchesNothing(sign), Surely, None)), "{pattern}");
        }
        for matcher in [EnvironmentMatcher::Old, Either, New] {
            assert_eq!(at("*", matcher), Some((MatchesAll, Surely, None)));
            assert_eq!(at("prod?", matcher), None);
            assert_eq!(at("prod:*", matcher), Some((MatchesNothing(':'), Surely, None)));
        }
        assert_eq!(at("v1.*", Either), Some((Metacharacter('.'), IfOld, None)));
        assert_eq!(at("(a|b)*", Either), Some((Metacharacter('('), Surely, Some('('))));
        assert_eq!(at("^prod*", Either), Some((MatchesNothing('^'), IfNew, None)));
        assert_eq!(at(".*", Either), Some((MatchesAll, IfOld, None)));
        let invalid = at("prod[*", Either).expect("a pitfall");
        assert!(matches!(invalid, (PatternPitfall::Invalid(_), IfOld, Some('['))));
        let unanchored = at("prod*", Either).expect("a pitfall");
        assert!(matches!(unanchored, (PatternPitfall::Unanchored { .. }, IfOld, None)));
    }

    proptest::proptest! {
        #[test]
        fn an_example_is_always_matched_by_the_server(pattern in "[a-z/*^$.-]{0,12}") {
            if let Some(name) = unanchored_name(&pattern) {
                proptest::prop_assert_eq!(OldPattern::new(&pattern).compare(&name), Verdict::Matches);
            }
        }
    }
}
