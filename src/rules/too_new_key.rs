//! `too-new-key`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::diagnostic::Finding;
use crate::schema::{self, ProblemKind};
use crate::words::REFUSED;

rule! {
    /// The release of GitLab does not know the key yet, and refuses the whole file.
    ///
    /// A key that came with a later release is an unknown key for the one at hand. Check against the release that runs:
    /// `--gitlab-version`, or `gitlab.version` in `.kaslint.yaml`.
    ///
    /// Source: the table of keys; each key's release is named in `kaslint schema agent-config`.
    ///
    /// Releases: up to 15.6.
    ///
    /// ## Bad
    ///
    /// ```yaml gitlab-version=15.6
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: [production]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml gitlab-version=15.7
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: [production]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove the key, or upgrade GitLab first.
    TooNewKey = "too-new-key", Error in Keys
}

impl Rule for TooNewKey {
    fn check_problem(&self, problem: &schema::Problem, cx: &FileContext<'_>, findings: &mut Findings) {
        let ProblemKind::TooNewKey(key) = &problem.kind else { return };
        let message =
            format!("`{}` came with {}; {} does not know it: {REFUSED}", key.name, key.since, cx.gitlab().version);
        let finding = Finding::new(&INFO, &cx.file.source, problem.span, message)
            .label(format!("unknown to GitLab {}", cx.gitlab().version))
            .route(&problem.route);
        findings.report(finding.help("remove the key, or upgrade GitLab first"));
    }
}
