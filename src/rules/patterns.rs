//! The patterns of `environments`, sorted into what can be said about each: at most one thing.

use globset::GlobBuilder;

use crate::access::environment_pattern::{EnvironmentPattern, Fault, Verdict};
use crate::agent_config::{CiEntry, Spanned};

/// What is to be said about a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PatternPitfall {
    /// Ruby refuses it.
    Invalid(Fault),
    /// It matches every environment.
    MatchesAll,
    /// This character has a meaning of its own.
    Metacharacter(char),
    /// It also matches this name, which the author did not mean.
    Unanchored(String),
}

impl PatternPitfall {
    /// Looks at a pattern; `None` for a plain name, and for one that matches what it seems to.
    pub(super) fn of(pattern: &str) -> Option<Self> {
        if !pattern.contains('*') {
            return None;
        }
        let compiled = EnvironmentPattern::new(pattern);
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
        unmeant_name(core, &compiled).map(Self::Unanchored)
    }
}

/// The patterns of an entry that are more than a name, with their routes.
pub(super) fn patterns(entry: &CiEntry) -> impl Iterator<Item = (&Spanned<String>, String)> {
    let patterns = entry.environments.iter().enumerate().filter(|(_, pattern)| pattern.value.contains('*'));
    patterns.map(|(index, pattern)| (pattern, format!("{}.environments[{index}]", entry.route())))
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

/// Those of the names that the server matches and a glob over the whole name, the evident meaning, does not.
pub(crate) fn unmeant_among<'n>(pattern: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let compiled = EnvironmentPattern::new(pattern);
    let Some(glob) = evident_meaning(unanchored(pattern)) else { return Vec::new() };
    names.filter(|name| compiled.compare(name) == Verdict::Matches && !glob.is_match(name)).collect()
}

/// A glob over the whole name in which only `*` stands for other characters.
fn evident_meaning(core: &str) -> Option<globset::GlobMatcher> {
    // A matcher of a pattern that is too large for it panics.
    if core.len() > MAX_PATTERN {
        return None;
    }
    let mut glob = globset::escape(core).replace("[*]", "*");
    while glob.contains("**") {
        glob = glob.replace("**", "*");
    }
    Some(GlobBuilder::new(&glob).literal_separator(false).build().ok()?.compile_matcher())
}

/// The longest pattern that is held against its evident meaning, in bytes; names are shorter.
const MAX_PATTERN: usize = 4 * MAX_NAME;

/// The most characters that GitLab allows in an environment's name.
const MAX_NAME: usize = 255;

/// A name that the server matches and a glob over the whole name, the evident meaning, does not.
fn unmeant_name(core: &str, compiled: &EnvironmentPattern<'_>) -> Option<String> {
    if core.len() > MAX_NAME {
        return None;
    }
    let glob = evident_meaning(core)?;
    let name = plain_name(core);
    let in_front = if name.starts_with(|first: char| first.is_alphanumeric()) { "my-" } else { "my" };
    let known = if name.starts_with("prod") { "pre" } else { in_front };
    let names = [format!("{known}{name}"), format!("{name}-old")];
    names.into_iter().find(|name| {
        name.chars().count() <= MAX_NAME && compiled.compare(name) == Verdict::Matches && !glob.is_match(name)
    })
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

    fn unanchored_name(pattern: &str) -> Option<String> {
        match PatternPitfall::of(pattern) {
            Some(PatternPitfall::Unanchored(name)) => Some(name),
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
    fn a_pattern_that_is_too_large_has_no_evident_meaning() {
        assert!(evident_meaning(&"é*".repeat(60_000)).is_none());
        assert!(evident_meaning(&"é*".repeat(300)).is_some());
    }

    #[test]
    fn each_pattern_has_one_trait() {
        let invalid = |pattern| matches!(PatternPitfall::of(pattern), Some(PatternPitfall::Invalid(_)));
        assert!(["(*", ")*", "[*", "+*", "?*", "*\\"].into_iter().all(invalid));
        for pattern in ["*", "**", ".*", "^*$", "^.*$"] {
            assert_eq!(PatternPitfall::of(pattern), Some(PatternPitfall::MatchesAll), "{pattern}");
        }
        for (pattern, sign) in
            [("v1.*", '.'), ("a+*", '+'), ("*\\$", '\\'), ("..*", '.'), ("(a|b)*", '('), ("a{2}*", '{')]
        {
            assert_eq!(PatternPitfall::of(pattern), Some(PatternPitfall::Metacharacter(sign)), "{pattern}");
        }
        assert_eq!(unanchored_name("a{b}*").as_deref(), Some("my-a{b}1"));
    }

    proptest::proptest! {
        #[test]
        fn an_example_is_always_matched_by_the_server(pattern in "[a-z/*^$.-]{0,12}") {
            if let Some(name) = unanchored_name(&pattern) {
                proptest::prop_assert_eq!(EnvironmentPattern::new(&pattern).compare(&name), Verdict::Matches);
            }
        }
    }
}
