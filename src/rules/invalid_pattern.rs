//! `invalid-pattern`.

use super::findings::Findings;
use super::given::FileContext;
use super::patterns::{PatternPitfall, patterns};
use super::rule::{Rule, rule};
use crate::agent_config::CiEntry;
use crate::diagnostic::Finding;
use crate::words::{excerpt, pattern_fault};

rule! {
    /// The pattern is no valid regular expression: GitLab fails wherever it compares it.
    ///
    /// A pattern with a `*` becomes a Ruby regular expression, without any escaping. Where Ruby refuses it, GitLab raises an error when
    /// it looks for the agents of a job, in place of an answer. The agent server accepts the file all the same.
    ///
    /// Source: `lib/gitlab/ci/environment_matcher.rb` of GitLab.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: ["review/(*"]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: [staging]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove the character that Ruby stumbles over, or write the names out without `*`.
    InvalidPattern = "invalid-pattern", Error in Access
}

impl Rule for InvalidPattern {
    fn check_entry(&self, entry: &CiEntry, cx: &FileContext<'_>, findings: &mut Findings) {
        for (pattern, route) in patterns(entry) {
            let Some(PatternPitfall::Invalid(fault)) = PatternPitfall::of(&pattern.value) else { continue };
            let why = pattern_fault(fault);
            let message = format!(
                "{} is no valid regular expression, which a pattern with `*` is to GitLab: {why}; comparing it with a job's environment raises an error",
                excerpt(&pattern.value)
            );
            let finding =
                Finding::new(&INFO, &cx.file.source, pattern.span, message).label(why).route(route).key(&pattern.value);
            findings.report(finding.help("write the names out, without `*`"));
        }
    }
}
