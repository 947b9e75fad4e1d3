//! `managed-resources-without-ci-job`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::agent_config::{CiEntry, Mode};
use crate::diagnostic::Finding;

rule! {
    /// Managed resources are on, and jobs act as someone whom the default template does not bind.
    ///
    /// With `resource_management`, GitLab makes a namespace for each environment and binds a role in it to the group
    /// `gitlab:project_env:<project id>:<environment slug>`. Only jobs with `access_as: {ci_job: {}}` are in that group. Jobs that act as the
    /// agent or as a fixed user get nothing by it.
    ///
    /// Source: `doc/user/clusters/agent/managed_kubernetes_resources.md` of GitLab.
    ///
    /// Releases: from 17.9.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       resource_management:
    ///         enabled: true
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
    ///       resource_management:
    ///         enabled: true
    /// ```
    ///
    /// ## How to fix
    ///
    /// Let the jobs act as themselves, or bind whom they act as in a template of your own,
    /// `.gitlab/agents/<agent name>/environment_templates/default.yaml`.
    ///
    /// ## When it stays silent
    ///
    /// Where the agent has such a template, and for a fixed user that is in a `gitlab:project_env:` group.
    ManagedResourcesWithoutCiJob = "managed-resources-without-ci-job", Warning in Identity
}

impl Rule for ManagedResourcesWithoutCiJob {
    fn check_entry(&self, entry: &CiEntry, cx: &FileContext<'_>, findings: &mut Findings) {
        let Some(enabled) = entry.resource_management.as_ref().filter(|enabled| enabled.value) else { return };
        let user = entry.access_as.as_ref().and_then(|access_as| access_as.impersonation.as_ref());
        let groups = user.map(|user| &user.groups[..]).unwrap_or_default();
        let is_bound =
            entry.mode() == Mode::CiJob || groups.iter().any(|group| group.value.starts_with("gitlab:project_env:"));
        if is_bound || cx.file.has_template == Some(true) {
            return;
        }
        let whom = match entry.mode() {
            Mode::Impersonate => "a fixed user",
            _ => "the agent's own service account",
        };
        let message = format!(
            "`resource_management` gives jobs of this entry no rights: the default template binds a role to the CI job alone, and they act as {whom}"
        );
        let mut finding = Finding::new(&INFO, &cx.file.source, enabled.span, message)
            .label("binds nobody that jobs act as")
            .route(format!("{}.resource_management.enabled", entry.route()));
        if let Some(access_as) = &entry.access_as {
            finding = finding.related(access_as.span, "as whom jobs act");
        }
        findings.report(finding.help(
            "write `access_as: {ci_job: {}}` in this entry, or bind the identity in environment_templates/default.yaml beside this file",
        ));
    }
}
