//! `removed-key`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::diagnostic::{Finding, Safety};
use crate::schema::{self, ProblemKind};
use crate::words::REFUSED;

rule! {
    /// The key is gone since a release of GitLab, and refuses the whole file.
    ///
    /// A key that a release no longer knows is an unknown key. The whole file is refused, the grants in it included, and what
    /// was configured before stays in force: `cilium` since 15.0, `starboard` since 16.0, the sync intervals of
    /// `remote_development` since 17.0, `gitops` since 18.0, even if it is empty.
    ///
    /// Source: `pkg/agentcfg/agentcfg.proto` of gitlab-agent, gitlab-agent!1436, gitlab-agent!1425.
    ///
    /// Releases: from 18.0.
    ///
    /// ## Bad
    ///
    /// ```yaml gitlab-version=18.0
    /// gitops: {}
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml gitlab-version=18.0
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove the key; the message says what does its work now, if anything does.
    RemovedKey = "removed-key", Error in Keys, tag GoingAway
}

impl Rule for RemovedKey {
    fn check_problem(&self, problem: &schema::Problem, cx: &FileContext<'_>, findings: &mut Findings) {
        let ProblemKind::RemovedKey(key) = &problem.kind else { return };
        let Some(until) = key.until else { return };
        let gone = if until == cx.gitlab().version { "with".to_owned() } else { "since".to_owned() };
        let message = format!("`{}` is gone {gone} GitLab {until}: {REFUSED}", key.name);
        let finding = Finding::new(&INFO, &cx.file.source, problem.span, message)
            .label(format!("unknown to GitLab {}", cx.gitlab().version))
            .route(&problem.route);
        let finding = finding.help(key.replacement.unwrap_or("remove the key"));
        // An older release may still need it.
        let title = format!("Remove `{}`", key.name);
        findings.report(finding.removal(Safety::Unsafe, title, cx.without_key(problem.span)));
    }
}
