//! `wildcard-matches-all`.

use super::findings::Findings;
use super::given::FileContext;
use super::patterns::{AtRelease, PatternPitfall, patterns};
use super::rule::{Rule, rule};
use crate::access::EnvironmentMatcher;
use crate::agent_config::CiEntry;
use crate::diagnostic::{Finding, Severity};
use crate::words::brief;

rule! {
    /// The pattern matches every environment, so it lets in every job that has one.
    ///
    /// All that `*` keeps out is jobs without an environment. Any job can name an environment, even one that does not exist yet. Up to 18.9 so does
    /// `.*`; from 19.5 that is a name with a dot in front. Which of the two 18.10 to 19.4 do is not known, so it is a note there.
    ///
    /// Source: `lib/gitlab/ci/environment_matcher.rb` of GitLab, in both of its forms.
    ///
    /// Releases: from 15.7.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: ["*"]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: [staging, production]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Name the environments, or remove `environments` if jobs are not meant to be restricted.
    WildcardMatchesAll = "wildcard-matches-all", Warning in Access
}

impl Rule for WildcardMatchesAll {
    fn check_entry(&self, entry: &CiEntry, cx: &FileContext<'_>, findings: &mut Findings) {
        let version = cx.gitlab().version;
        for (pattern, route) in patterns(entry) {
            let Some(found) = AtRelease::of(&pattern.value, EnvironmentMatcher::of(version)) else { continue };
            if found.pitfall != PatternPitfall::MatchesAll {
                continue;
            }
            let matches = found.verb("matches", "may match");
            let message = format!(
                "{} {matches} every environment: every job that has one {} in, whatever its name{}",
                brief(&pattern.value),
                found.verb("gets", "may get"),
                found.by_release(version)
            );
            let finding = Finding::new(&INFO, &cx.file.source, pattern.span, message)
                .label(format!("{matches} every environment"))
                .route(route())
                .key(&pattern.value)
                .severity(found.severity(Severity::Warning));
            findings.report(finding.help("name the environments, or remove the key if no restriction is meant"));
        }
    }
}
