//! `pattern-metacharacter`.

use super::findings::Findings;
use super::given::FileContext;
use super::patterns::{PatternPitfall, patterns};
use super::rule::{Rule, rule};
use crate::agent_config::CiEntry;
use crate::diagnostic::Finding;
use crate::words::excerpt;

rule! {
    /// Beside a `*`, characters such as `.`, `+` or `?` do not stand for themselves.
    ///
    /// A pattern with a `*` is a Ruby regular expression to GitLab once each `*` has become `.*`; nothing is escaped. So `v1.*`
    /// wants one more character of any kind behind `v1`, and matches `v1x` and `dev1-a`. A pattern without `*` is compared as it is.
    ///
    /// Source: `lib/gitlab/ci/environment_matcher.rb` of GitLab.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: ["v1.*"]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: ["v1.0", "v1.1"]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write the names out. Where a regular expression is meant, mind that `*` alone is "any characters" already, so that `.*` asks for one
    /// character more.
    ///
    /// ## When it stays silent
    ///
    /// On `^` at the start and `$` at the end, which can only be meant.
    PatternMetacharacter = "pattern-metacharacter", Warning in Access
}

impl Rule for PatternMetacharacter {
    fn check_entry(&self, entry: &CiEntry, cx: &FileContext<'_>, findings: &mut Findings) {
        for (pattern, route) in patterns(entry) {
            let Some(PatternPitfall::Metacharacter(sign)) = PatternPitfall::of(&pattern.value) else { continue };
            let message = format!(
                "GitLab takes {} for a regular expression because of its `*`; `{sign}` {}",
                excerpt(&pattern.value),
                meaning(sign)
            );
            let finding = Finding::new(&INFO, &cx.file.source, pattern.span, message)
                .label(format!("`{sign}` does not stand for itself"))
                .route(route)
                .key(&pattern.value);
            findings.report(finding.help("write the names out, without `*`; those are compared as they are"));
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
