//! `invalid-pattern`.

use super::findings::Findings;
use super::given::FileContext;
use super::patterns::{AtRelease, Holds, PatternPitfall, has_by_old, patterns};
use super::rule::{Rule, rule};
use crate::access::EnvironmentMatcher;
use crate::agent_config::CiEntry;
use crate::diagnostic::{Finding, Severity};
use crate::project::AgentFile;
use crate::words::{brief, pattern_fault};

rule! {
    /// The pattern is no valid regular expression: GitLab fails wherever it compares it.
    ///
    /// Up to 18.9 a pattern with a `*` becomes a Ruby regular expression, without any escaping. Where Ruby refuses it, GitLab raises an error when
    /// it looks for the agents of a job, in place of an answer, so that the job gets none of its agents. The agent server accepts the file all the same.
    ///
    /// From 19.5 nothing raises: all but `*` stands for itself, and such a pattern matches no environment, which `pattern-metacharacter` says. Which of the two
    /// 18.10 to 19.4 do, and patch releases of those and of older lines, is not known; there the finding is a warning.
    ///
    /// Source: `lib/gitlab/ci/environment_matcher.rb` of GitLab, in both of its forms.
    ///
    /// Releases: from 15.7 up to 18.9, perhaps up to 19.4.
    ///
    /// ## Bad
    ///
    /// ```yaml gitlab-version=18.9
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: ["review/(*"]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml gitlab-version=18.9
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: [staging]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove the character that Ruby stumbles over, or write the names out without `*`.
    InvalidPattern = "invalid-pattern", Error in Access, needs Release
}

impl Rule for InvalidPattern {
    fn concerns(&self, file: &AgentFile) -> bool {
        has_by_old(file, |pitfall| matches!(pitfall, PatternPitfall::Invalid(_)))
    }

    fn check_entry(&self, entry: &CiEntry, cx: &FileContext<'_>, findings: &mut Findings) {
        let version = cx.gitlab().version;
        for (pattern, route) in patterns(entry) {
            let Some(found) = AtRelease::of(&pattern.value, EnvironmentMatcher::of(version)) else { continue };
            let PatternPitfall::Invalid(fault) = found.pitfall else { continue };
            let why = pattern_fault(fault);
            let text = brief(&pattern.value);
            let message = match found.holds {
                Holds::Surely => format!(
                    "{text} raises an error in GitLab: a pattern with `*` is compared with a job's environment as a regular expression, which this is not, since {why}"
                ),
                _ => format!(
                    "{text} may fail each request for a job's agents: as a regular expression it is not valid, since {why}{}",
                    found.by_release(version)
                ),
            };
            let finding = Finding::new(&INFO, &cx.file.source, pattern.span, message)
                .label(why)
                .route(route())
                .key(&pattern.value);
            let finding = finding.severity(found.severity(Severity::Error));
            findings.report(finding.help("write the names out, without `*`"));
        }
    }
}
