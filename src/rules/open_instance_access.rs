//! `open-instance-access`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::agent_config::{AccessAs, CiEntry, EntryKind, Mode, is_true};
use crate::diagnostic::Finding;

rule! {
    /// Every job of the GitLab instance gets in, as the agent itself.
    ///
    /// `instance` lets in the projects of the organization of the agent's project, personal ones among them, where the instance setting allows it. One organization for
    /// the whole instance is the usual case. Without `environments`,
    /// `protected_branches_only` or another identity, any user who can run a pipeline anywhere has the agent's rights in the cluster.
    ///
    /// A note and no warning: GitLab offers `instance: {}` as the way to let all projects in, the file says what it does, and it takes an administrator to turn the instance setting on.
    ///
    /// Source: `app/finders/clusters/agents/authorizations/ci_access/finder.rb` of GitLab; gitlab#357516.
    ///
    /// Releases: from 17.11.
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
    OpenInstanceAccess = "open-instance-access", Note in Access
}

impl Rule for OpenInstanceAccess {
    fn check_entry(&self, entry: &CiEntry, cx: &FileContext<'_>, findings: &mut Findings) {
        let CiEntry {
            kind,
            index: _,
            span: _,
            head: _,
            id: _,
            default_namespace: _,
            access_as,
            environments,
            environments_key: _,
            protected_branches_only,
            resource_management: _,
        } = entry;
        let is_restricted = !environments.is_empty() || is_true(protected_branches_only.as_ref());
        let acts_as_agent = AccessAs::identity(access_as.as_ref()).0 == Mode::Agent;
        if *kind != EntryKind::Instance || is_restricted || !acts_as_agent {
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
