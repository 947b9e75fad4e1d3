//! `agent-identity`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::agent_config::{CiEntry, EntryKind, Mode};
use crate::diagnostic::Finding;
use crate::words::brief;

rule! {
    /// Jobs act as the agent's own service account.
    ///
    /// That is what an entry without `access_as`, or with `agent`, means. The agent's Helm chart binds this account to `cluster-admin`
    /// unless told otherwise, so a job may then do everything in the cluster.
    ///
    /// Source: GitLab's documentation of the agent's CI/CD workflow, "Restrict project and group access by using impersonation".
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml tier=premium
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       access_as:
    ///         ci_job: {}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write `access_as: {ci_job: {}}`, which needs Premium, and give CI jobs the rights they need in the cluster; or restrict the service
    /// account itself.
    AgentIdentity = "agent-identity", Note in Access, off
}

impl Rule for AgentIdentity {
    fn check_entry(&self, entry: &CiEntry, cx: &FileContext<'_>, findings: &mut Findings) {
        if entry.mode() != Mode::Agent {
            return;
        }
        let span = entry.access_as.as_ref().map_or(entry.head, |access_as| access_as.span);
        let whose = match (entry.kind, &entry.id) {
            (EntryKind::Project, Some(id)) => brief(&id.value),
            (_, Some(id)) => format!("projects of {}", brief(&id.value)),
            (_, None) => "all projects".to_owned(),
        };
        let message = format!("jobs of {whose} act as the agent itself, with all rights of its service account");
        let finding =
            Finding::new(&INFO, &cx.file.source, span, message).label("as the agent itself").route(entry.route());
        findings.report(finding.help("write `access_as: {ci_job: {}}` (Premium), or restrict the service account"));
    }
}
