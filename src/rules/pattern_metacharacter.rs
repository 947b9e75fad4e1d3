//! `pattern-metacharacter`.

use super::findings::Findings;
use super::given::FileContext;
use super::patterns::{AtRelease, PatternPitfall, patterns};
use super::rule::{Rule, rule};
use crate::access::EnvironmentMatcher;
use crate::agent_config::CiEntry;
use crate::diagnostic::{Finding, Severity};
use crate::words::brief;

rule! {
    /// A character of the pattern does not stand for itself, or is one that no environment's name has.
    ///
    /// Up to 18.9 a pattern with a `*` is a Ruby regular expression to GitLab once each `*` has become `.*`; nothing is escaped. So `v1.*`
    /// wants one more character of any kind behind `v1`, and matches `v1x` and `dev1-a`. From 19.5 everything but `*` stands for itself.
    /// Which of the two 18.10 to 19.4 do, and patch releases of those and of older lines, is not known; what only one of them makes of a pattern is a note there.
    ///
    /// Names of environments have ASCII letters, digits, blanks and `-`, `_`, `/`, `$`, `{`, `}`, `.` only. A pattern that takes any other
    /// character as itself matches nothing, so it lets nobody in: `(prod|stage)*` from 19.5 on. A pattern without `*` is compared as it is, in every release.
    ///
    /// Source: `lib/gitlab/ci/environment_matcher.rb` of GitLab, in both of its forms; `lib/gitlab/regex.rb` for names.
    ///
    /// Releases: from 15.7.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: ["(prod|stage)*"]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: [production, stage-1]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write the names out. Where a regular expression is meant for an old release, mind that `*` alone is "any characters" already, so that `.*` asks for one
    /// character more.
    ///
    /// ## When it stays silent
    ///
    /// Up to 18.9 on `^` at the start and `$` at the end, which can only be meant.
    PatternMetacharacter = "pattern-metacharacter", Warning in Access
}

impl Rule for PatternMetacharacter {
    fn check_entry(&self, entry: &CiEntry, cx: &FileContext<'_>, findings: &mut Findings) {
        let version = cx.gitlab().version;
        for (pattern, route) in patterns(entry) {
            let Some(found) = AtRelease::of(&pattern.value, EnvironmentMatcher::of(version)) else { continue };
            let text = brief(&pattern.value);
            let takes = found.verb("takes", "may take");
            let (message, label, help) = match found.pitfall {
                PatternPitfall::Metacharacter(sign) if found.else_nothing.is_some() => (
                    format!("GitLab does not take `{sign}` of {text} for itself, or {text} matches nothing"),
                    format!("`{sign}` does not stand for itself, or matches nothing"),
                    "write the names out, without `*`; those are compared as they are",
                ),
                PatternPitfall::Metacharacter(sign) => (
                    format!(
                        "GitLab {takes} {text} for a regular expression because of its `*`; `{sign}` {}",
                        meaning(sign)
                    ),
                    format!("`{sign}` {} not stand for itself", found.verb("does", "may")),
                    "write the names out, without `*`; those are compared as they are",
                ),
                PatternPitfall::MatchesNothing(sign) => (
                    format!(
                        "{text} {} nobody in: it matches no environment, since no environment's name can have `{}`",
                        found.verb("lets", "may let"),
                        sign.escape_debug()
                    ),
                    "matches nothing".to_owned(),
                    "write the names of environments; beside `*`, every character stands for itself",
                ),
                _ => continue,
            };
            let message = format!("{message}{}", found.by_release(version));
            let finding = Finding::new(&INFO, &cx.file.source, pattern.span, message)
                .label(label)
                .route(route())
                .key(&pattern.value)
                .severity(found.severity(Severity::Warning));
            findings.report(finding.help(help));
        }
    }
}

/// What the character does in Ruby's regular expressions, as the end of a sentence.
fn meaning(sign: char) -> &'static str {
    match sign {
        '.' => "stands for one character of any kind in it",
        '+' => "repeats what is in front of it",
        '?' => "belongs to what is in front of it and does not stand for a character",
        '(' | ')' => "groups in it and does not stand for itself",
        '[' => "begins a set of characters in it",
        '{' => "begins a count in it",
        '|' => "separates alternatives in it",
        '^' => "is the start of the name in it",
        '$' => "is the end of the name in it",
        _ => "gives the character behind it another meaning",
    }
}
