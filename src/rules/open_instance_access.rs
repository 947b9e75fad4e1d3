//! `open-instance-access`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::agent_config::{CiEntry, EntryKind, Mode};
use crate::diagnostic::Finding;

rule! {
    /// Every job of the GitLab instance gets in, as the agent itself.
    ///
    /// `instance` lets in the projects of the whole instance, where the instance setting allows it. Without `environments`,
    /// `protected_branches_only` or another identity, any user who can run a pipeline anywhere has the agent's rights in the cluster.
    ///
    /// Source: `app/finders/clusters/agents/authorizations/ci_access/finder.rb` of GitLab; gitlab#357516.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   instance: {}
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml tier=premium
    /// ci_access:
    ///   instance:
    ///     access_as:
    ///       ci_job: {}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Restrict the entry: `access_as: {ci_job: {}}` with rights for CI jobs in the cluster, `protected_branches_only: true`, or
    /// `environments`. Or list the groups that need the agent.
    OpenInstanceAccess = "open-instance-access", Warning in Access
}

impl Rule for OpenInstanceAccess {
    fn check_entry(&self, entry: &CiEntry, cx: &FileContext<'_>, findings: &mut Findings) {
        let is_open = entry.environments.is_empty() && !entry.is_protected_only() && entry.mode() == Mode::Agent;
        if entry.kind != EntryKind::Instance || !is_open {
            return;
        }
        let message =
            "`instance` lets in every job of every project of the GitLab instance, as the agent's own service account";
        let finding =
            Finding::new(&INFO, &cx.file.source, entry.head, message).label("no restriction").route(entry.route());
        findings.report(
            finding.help("restrict it with `access_as`, `protected_branches_only` or `environments`, or list groups"),
        );
    }
}
