//! `wildcard-matches-all`.

use super::findings::Findings;
use super::given::FileContext;
use super::patterns::{PatternPitfall, patterns};
use super::rule::{Rule, rule};
use crate::agent_config::CiEntry;
use crate::diagnostic::Finding;
use crate::words::excerpt;

rule! {
    /// The pattern matches every environment, so it lets in every job that has one.
    ///
    /// All that `*` keeps out is jobs without an environment. Any job can name an environment, even one that does not exist yet.
    ///
    /// Source: `lib/gitlab/ci/environment_matcher.rb` of GitLab.
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
        for (pattern, route) in patterns(entry) {
            if PatternPitfall::of(&pattern.value) != Some(PatternPitfall::MatchesAll) {
                continue;
            }
            let message = format!(
                "{} matches every environment: every job that has one gets in, whatever its name",
                excerpt(&pattern.value)
            );
            let finding = Finding::new(&INFO, &cx.file.source, pattern.span, message)
                .label("matches every environment")
                .route(route)
                .key(&pattern.value);
            findings.report(finding.help("name the environments, or remove `environments` if no restriction is meant"));
        }
    }
}
