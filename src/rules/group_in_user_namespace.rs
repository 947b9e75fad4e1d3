//! `group-in-user-namespace`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::agent_config::EntryKind;
use crate::diagnostic::Finding;
use crate::project::EntryId;
use crate::words::excerpt;

rule! {
    /// The configuration project lies in a personal namespace, where no group can match.
    ///
    /// GitLab looks for the groups of a list below the top-level group of the configuration project. A personal namespace holds no
    /// groups, and those of others do not count, so every entry under `groups` is dropped without a word.
    ///
    /// Source: `app/services/clusters/agents/authorizations/ci_access/refresh_service.rb` of GitLab.
    ///
    /// ## Bad
    ///
    /// ```yaml project=jdoe/agents
    /// ci_access:
    ///   groups:
    ///     - id: acme
    /// ```
    ///
    /// ```yaml inventory
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
    /// List the projects one by one, or register the agent in a project of the group.
    ///
    /// ## When it stays silent
    ///
    /// Where the inventory does not say that the namespace is a user's (`users`).
    GroupInUserNamespace = "group-in-user-namespace", Error in Ids, needs Project Inventory
}

impl Rule for GroupInUserNamespace {
    fn check_id(&self, id: &EntryId<'_>, cx: &FileContext<'_>, findings: &mut Findings) {
        let namespace = cx.entries.hierarchy(id.section).personal_namespace();
        let Some(user) = namespace.filter(|_| id.kind == EntryKind::Group) else { return };
        let message = format!(
            "the configuration project lies in the personal namespace {}, so no group can match and GitLab drops the entry of {} without a word",
            excerpt(user),
            excerpt(id.text)
        );
        let finding = Finding::new(&INFO, &cx.file.source, id.span, message)
            .label("matches no group")
            .route(id.route())
            .key(id.text.to_lowercase());
        findings
            .report(finding.help("list projects of the same namespace under `projects`, or use an agent of the group"));
    }
}
