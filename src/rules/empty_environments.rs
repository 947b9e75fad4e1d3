//! `empty-environments`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::agent_config::CiEntry;
use crate::diagnostic::{Finding, Safety};

rule! {
    /// An empty list of environments is no restriction.
    ///
    /// It reads like "no environment", and GitLab reads it like no `environments` at all: jobs of every environment get in, and jobs
    /// without one.
    ///
    /// Source: `app/services/clusters/agents/authorizations/ci_access/filter_service.rb` of GitLab.
    ///
    /// Releases: from 15.7.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: []
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
    /// Name the environments. If no restriction is meant, remove the key; if nobody is meant to get in, remove the entry.
    EmptyEnvironments = "empty-environments", Warning in Access
}

impl Rule for EmptyEnvironments {
    fn check_entry(&self, entry: &CiEntry, cx: &FileContext<'_>, findings: &mut Findings) {
        let Some(span) = entry.environments_key.filter(|_| entry.environments.is_empty()) else { return };
        let route = format!("{}.environments", entry.route());
        // A value of another type decodes to nothing too; `wrong-type` speaks of it.
        if cx.file.config.problems.iter().any(|problem| problem.route.starts_with(&route)) {
            return;
        }
        let message =
            "`environments` is empty and restricts nothing: jobs of every environment get in, and jobs without one";
        let finding = Finding::new(&INFO, &cx.file.source, span, message).label("restricts nothing").route(route);
        let finding = finding.help("name environments or remove the key; to let nobody in, remove the entry");
        // "Nobody" may be meant as well as "everybody".
        findings.report(finding.removal(Safety::Unsafe, "Remove `environments`", cx.without_key(span)));
    }
}
