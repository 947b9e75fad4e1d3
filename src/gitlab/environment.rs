//! Environments: the tier that GitLab guesses from a name, and the slug that it makes of it.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// The tier of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EnvironmentTier {
    /// `production`
    Production,
    /// `staging`
    Staging,
    /// `testing`
    Testing,
    /// `development`
    Development,
    /// `other`
    Other,
}

impl EnvironmentTier {
    /// All tiers.
    pub const ALL: [Self; 5] = [Self::Production, Self::Staging, Self::Testing, Self::Development, Self::Other];

    /// By which words in a name a tier is guessed; the first that has one decides, and all others are [`Self::Other`].
    ///
    /// Source: `guess_tier` in `app/models/environment.rb`.
    pub const GUESSES: [(Self, &[&str]); 4] = [
        (Self::Development, &["dev", "review", "trunk"]),
        (Self::Testing, &["test", "tst", "int", "accept", "acpt", "qa", "qc", "control", "quality"]),
        (Self::Staging, &["stag", "stg", "model", "modl", "pre", "demo", "non"]),
        (Self::Production, &["prod", "prd", "live"]),
    ];

    /// The tier's name in GitLab.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
            Self::Testing => "testing",
            Self::Development => "development",
            Self::Other => "other",
        }
    }

    /// The tier that GitLab guesses for a new environment of this name; `deployment_tier` of the job goes before it.
    ///
    /// The first rule that matches anywhere in the name decides, whatever the letter case. Source:
    /// `guess_tier` in `app/models/environment.rb`.
    #[must_use]
    pub fn guess(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let rule = Self::GUESSES.into_iter().find(|(_, words)| words.iter().any(|word| name.contains(word)));
        rule.map_or(Self::Other, |(tier, _)| tier)
    }
}

impl fmt::Display for EnvironmentTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for EnvironmentTier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|tier| tier.name() == text)
            .ok_or_else(|| format!("`{text}` is not an environment tier"))
    }
}

/// The most characters that an environment's name can have. Source: `app/models/environment.rb`.
pub const MAX_ENVIRONMENT_NAME: usize = 255;

/// Whether an environment's name can have the character.
///
/// Source: `environment_name_regex` in `lib/gitlab/regex.rb`.
#[must_use]
pub fn is_environment_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, ' ' | '-' | '_' | '/' | '$' | '{' | '}' | '.')
}

/// Why no environment can have this name, as a clause; `None` for one that can.
///
/// Source: `environment_name_regex` in `lib/gitlab/regex.rb`, `app/models/environment.rb`.
#[must_use]
pub fn environment_name_fault(name: &str) -> Option<String> {
    if let Some(character) = name.chars().find(|character| !is_environment_character(*character)) {
        return Some(format!("no environment's name can have `{}`", character.escape_debug()));
    }
    let fault = match name {
        _ if name.len() > MAX_ENVIRONMENT_NAME => "the name has more than 255 characters",
        _ if name.starts_with('/') || name.ends_with('/') => "no environment's name has `/` at an end",
        _ if name.chars().all(|character| character == ' ') => "no environment's name is of blanks alone",
        _ => return None,
    };
    Some(fault.to_owned())
}

/// The slug that GitLab gives a new environment of this name.
///
/// Source: `lib/gitlab/slug/environment.rb`. A stored slug does not change when the rule does, and older releases ended
/// slugs at random.
#[must_use]
pub fn environment_slug(name: &str) -> String {
    const LONGEST: usize = 24;
    let is_kept = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    let lower = name.to_lowercase();
    let mut slug = String::with_capacity(lower.len() + 4);
    if !lower.starts_with(|first: char| first.is_ascii_lowercase()) {
        slug.push_str("env-");
    }
    for character in lower.chars().map(|character| if is_kept(character) { character } else { '-' }) {
        if character != '-' || !slug.ends_with('-') {
            slug.push(character);
        }
    }
    if slug.len() > LONGEST || slug != name {
        slug.truncate(17);
        if !slug.ends_with('-') {
            slug.push('-');
        }
        slug.push_str(&hash_suffix(name));
    } else if slug.ends_with('-') {
        slug.pop();
    }
    slug
}

/// The last six base-36 digits of the name's SHA-256.
fn hash_suffix(name: &str) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    const MODULUS: u64 = 36u64.pow(6);
    let mut rest = Sha256::digest(name).iter().fold(0, |rest, &byte| (rest * 256 + u64::from(byte)) % MODULUS);
    let mut suffix = [b'0'; 6];
    for place in suffix.iter_mut().rev() {
        let digit = usize::try_from(rest % 36).unwrap_or_default();
        *place = DIGITS.get(digit).copied().unwrap_or(b'0');
        rest /= 36;
    }
    suffix.iter().map(|&digit| char::from(digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_are_guessed_by_the_first_rule_that_matches() {
        use EnvironmentTier::{Development, Other, Production, Staging, Testing};
        for (tier, names) in [
            (Staging, &["preprod", "pre-production", "nonprod", "prelive", "Staging"][..]),
            (Testing, &["internal-prod", "print", "maintenance", "latest", "integration"]),
            (Development, &["preview", "device", "production/dev"]),
            (Production, &["deliver", "reproduce", "prod-eu", "PROD"]),
            (Other, &["canary", "uat", "sandbox", "stable", "main", "eu-west-1", ""]),
        ] {
            for name in names {
                assert_eq!(EnvironmentTier::guess(name), tier, "{name}");
            }
        }
    }

    #[test]
    fn names_that_no_environment_can_have() {
        let long = "x".repeat(256);
        for name in ["prod:eu", "prod?", "pröd", "a\tb", "/prod", "prod/", "  ", "", &long] {
            assert!(environment_name_fault(name).is_some(), "{name}");
        }
        for name in ["production", "review/a b", "${X}-1_2.3", &long[1..]] {
            assert_eq!(environment_name_fault(name), None, "{name}");
        }
    }

    #[test]
    fn slugs_are_gitlabs() {
        for (name, slug) in [
            ("production", "production"),
            ("Production", "production-iis43c"),
            ("review/my-branch", "review-my-branch-add4nu"),
            ("review/1", "review-1-8fxbic"),
            ("production/eu-west-1", "production-eu-wes-rvn3bx"),
            ("9to5", "env-9to5-r1c985"),
            ("foo--bar", "foo-bar-q006cp"),
            ("foo-", "foo"),
            ("foo", "foo"),
            ("aaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaa"),
            ("aaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaa-1n7uof"),
        ] {
            assert_eq!(environment_slug(name), slug, "{name}");
        }
    }
}
