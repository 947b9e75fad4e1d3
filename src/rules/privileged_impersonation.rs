//! `privileged-impersonation`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::agent_config::CiEntry;
use crate::diagnostic::Finding;
use crate::words::brief;

rule! {
    /// Jobs act as a user or group that Kubernetes itself uses.
    ///
    /// Names that begin with `system:` belong to Kubernetes. `system:masters` may do everything in the cluster, whatever the roles say; other such
    /// names carry the rights of the cluster's own parts.
    ///
    /// Source: Kubernetes, "Using RBAC Authorization", default roles and role bindings.
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
    ///           groups: ["system:masters"]
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
    /// Give a group of your own the rights that the jobs need, and name that group.
    ///
    /// ## When it stays silent
    ///
    /// On service accounts outside `kube-system`, and on the groups that Kubernetes gives to everyone who is or is not logged in.
    PrivilegedImpersonation = "privileged-impersonation", Error in Identity
}

impl Rule for PrivilegedImpersonation {
    fn check_entry(&self, entry: &CiEntry, cx: &FileContext<'_>, findings: &mut Findings) {
        let Some(user) = entry.access_as.as_ref().and_then(|access_as| access_as.impersonation.as_ref()) else {
            return;
        };
        let route = format!("{}.access_as.impersonate", entry.route());
        let username = user.username.iter().map(|name| (name, format!("{route}.username"), "user"));
        let groups = user.groups.iter().enumerate().map(|(at, name)| (name, format!("{route}.groups[{at}]"), "group"));
        for (name, route, noun) in username.chain(groups) {
            if !name.value.starts_with("system:") || is_harmless(&name.value) {
                continue;
            }
            let why = match name.value.as_str() {
                "system:masters" => "may do everything in the cluster, whatever its roles say",
                _ => "has a name that Kubernetes keeps for its own parts",
            };
            let message = format!("the {noun} {} {why}; jobs of this entry act with its rights", brief(&name.value));
            let finding = Finding::new(&INFO, &cx.file.source, name.span, message)
                .label("a name of Kubernetes' own")
                .route(route);
            findings.report(
                finding.key(&name.value).help(format!("bind the rights that jobs need to a {noun} of your own")),
            );
        }
    }
}

/// Whether the name is a service account's outside `kube-system`, a group that comes along with such users, or no name of Kubernetes' own for a
/// blank in it: names are compared as they are.
fn is_harmless(name: &str) -> bool {
    if name.contains(char::is_whitespace) {
        return true;
    }
    let of_accounts = ["system:serviceaccount:", "system:serviceaccounts:"];
    match of_accounts.into_iter().find_map(|prefix| name.strip_prefix(prefix)) {
        Some(account) => account.split(':').next() != Some("kube-system"),
        None => matches!(name, "system:serviceaccounts" | "system:authenticated" | "system:unauthenticated"),
    }
}
