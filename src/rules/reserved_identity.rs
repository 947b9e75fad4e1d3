//! `reserved-identity`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::agent_config::CiEntry;
use crate::diagnostic::Finding;
use crate::words::brief;

rule! {
    /// A fixed user or group passes for one that GitLab makes up.
    ///
    /// Names that begin with `gitlab:` are what the agent gives to CI jobs and users, such as `gitlab:ci_job` or `gitlab:group:<id>`. A fixed user
    /// with such a name gets the rights that the cluster gives to those.
    ///
    /// Source: GitLab's documentation of the agent's CI/CD workflow, "Impersonate the CI/CD job that accesses the cluster".
    ///
    /// ## Bad
    ///
    /// ```yaml tier=premium
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       access_as:
    ///         impersonate:
    ///           username: deployer
    ///           groups: ["gitlab:ci_job"]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml tier=premium
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       access_as:
    ///         impersonate:
    ///           username: deployer
    ///           groups: [deployers]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Name a user or group of your own. If jobs shall be told apart, write `access_as: {ci_job: {}}`.
    ReservedIdentity = "reserved-identity", Warning in Identity
}

impl Rule for ReservedIdentity {
    fn check_entry(&self, entry: &CiEntry, cx: &FileContext<'_>, findings: &mut Findings) {
        let Some(user) = entry.access_as.as_ref().and_then(|access_as| access_as.impersonation.as_ref()) else {
            return;
        };
        let route = format!("{}.access_as.impersonate", entry.route());
        let username = user.username.iter().map(|name| (name, format!("{route}.username"), "user"));
        let groups = user.groups.iter().enumerate().map(|(at, name)| (name, format!("{route}.groups[{at}]"), "group"));
        for (name, route, noun) in username.chain(groups) {
            if !name.value.starts_with("gitlab:") {
                continue;
            }
            let message = format!(
                "the fixed {noun} {} passes for one that GitLab gives to CI jobs or users, and has the rights of those",
                brief(&name.value)
            );
            let finding =
                Finding::new(&INFO, &cx.file.source, name.span, message).label("a name of GitLab's own").route(route);
            findings.report(finding.key(&name.value).help("write a name of your own, or `access_as: {ci_job: {}}`"));
        }
    }
}
