//! `group-in-user-namespace`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::access::Authorization;
use crate::agent_config::EntryKind;
use crate::diagnostic::{Finding, Severity};
use crate::project::EntryId;
use crate::words::{brief, excerpt};

rule! {
    /// The configuration project lies in a personal namespace, where no group can match.
    ///
    /// GitLab looks for the groups of a list below the top-level group of the configuration project. A personal namespace holds no
    /// groups, and those of others do not count, so every entry under `groups` is dropped without a word. From 18.1 (`ci_access`) and 18.4
    /// (`user_access`) groups of the same organization match where instance level authorization is on: GitLab looks at that setting first.
    ///
    /// Where the instance setting may open it and is not known, it is a warning.
    ///
    /// Source: `app/services/clusters/agents/authorizations/ci_access/refresh_service.rb` of GitLab; gitlab!190769, gitlab!202853.
    ///
    /// ## Bad
    ///
    /// ```yaml project=jdoe/agents instance-authorization=false
    /// ci_access:
    ///   groups:
    ///     - id: acme
    /// ```
    ///
    /// ```yaml inventory
    /// gitlab: {instance_authorization: false}
    /// users: [jdoe]
    /// groups: [{path: acme}]
    /// projects: [{path: jdoe/agents}]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml project=jdoe/agents
    /// ci_access:
    ///   projects:
    ///     - id: jdoe/shop
    /// ```
    ///
    /// ```yaml inventory
    /// users: [jdoe]
    /// projects: [{path: jdoe/agents}, {path: jdoe/shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// List the projects one by one, have an administrator turn instance level authorization on, or register the agent in a project of the group.
    ///
    /// ## When it stays silent
    ///
    /// Where the inventory does not say that the namespace is a user's (`users`), and where the instance setting is said to be on in a release that looks at it.
    GroupInUserNamespace = "group-in-user-namespace", Error in Ids, needs Project Inventory
}

impl Rule for GroupInUserNamespace {
    fn check_id(&self, id: &EntryId<'_>, cx: &FileContext<'_>, findings: &mut Findings) {
        let hierarchy = cx.entries.hierarchy(id.section);
        let namespace = hierarchy.personal_namespace().filter(|_| id.kind == EntryKind::Group);
        let Some((user, authorization)) = namespace.zip(hierarchy.groups_in_personal_namespace()) else { return };
        let (severity, unless, help) = match authorization {
            Authorization::Kept => return,
            Authorization::Dropped(_) => (
                Severity::Error,
                "",
                "list projects of the same namespace under `projects`, or use an agent of the group",
            ),
            Authorization::Depends(_) => (
                Severity::Warning,
                ", unless instance level authorization is on",
                "if it is, set `gitlab.instance_authorization: true` in .kaslint.yaml; else list projects of the same namespace under `projects`, or use an agent of the group",
            ),
        };
        let message = format!(
            "{} is dropped without a word{unless}: no group can match, as the configuration project lies in the personal namespace {}",
            brief(id.text),
            excerpt(user)
        );
        let finding = Finding::new(&INFO, &cx.file.source, id.span, message)
            .severity(severity)
            .label("matches no group")
            .route(id.route())
            .key(id.text.to_lowercase());
        findings.report(finding.help(help));
    }
}
