//! `unknown-id`.

use super::findings::Findings;
use super::given::FileContext;
use super::malformed_id::is_malformed;
use super::rule::{Rule, rule};
use crate::access::{Authorization, DropReason};
use crate::agent_config::EntryKind;
use crate::diagnostic::Finding;
use crate::gitlab::lower_path;
use crate::inventory::{Inventory, NamespaceKind};
use crate::project::EntryId;
use crate::words::excerpt;

rule! {
    /// The inventory has no such project or group, so the entry is dropped.
    ///
    /// GitLab looks the ids up by full path among the projects, or the groups, of the configuration project's hierarchy. What it does not
    /// find there it drops without a word. Old paths of what was renamed or moved are not found either.
    ///
    /// Source: `app/services/clusters/agents/authorizations/ci_access/refresh_service.rb` of GitLab.
    ///
    /// ## Bad
    ///
    /// ```yaml project=acme/agents
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shpo
    ///     - id: acme/web
    /// ```
    ///
    /// ```yaml inventory
    /// projects: [{path: acme/agents}, {path: acme/web/shop}]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml project=acme/agents
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///   groups:
    ///     - id: acme/web
    ///       default_namespace: web
    /// ```
    ///
    /// ```yaml inventory
    /// projects: [{path: acme/agents}, {path: acme/web/shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write the full path as the project's or group's page shows it. If it exists, add it to the inventory.
    ///
    /// ## When it stays silent
    ///
    /// Without an inventory, and on ids of which another rule says why they are dropped: `malformed-id`, `outside-hierarchy`,
    /// `group-in-user-namespace`.
    UnknownId = "unknown-id", Error in Ids, needs Inventory
}

impl Rule for UnknownId {
    fn check_id(&self, id: &EntryId<'_>, cx: &FileContext<'_>, findings: &mut Findings) {
        let Some(inventory) = cx.gitlab().inventory.as_deref() else { return };
        let (hierarchy, path) = (cx.entries.hierarchy(id.section), lower_path(id.text));
        let is_others = is_malformed(id)
            // Of a top-level group that the inventory has nothing of, `outside-hierarchy` speaks.
            || match hierarchy.by_place(id.kind, &path) {
                Authorization::Dropped(_) => true,
                Authorization::Depends(_) => !hierarchy.lists_root_of(&path),
                Authorization::Kept => false,
            }
            || (id.kind == EntryKind::Group && hierarchy.personal_namespace().is_some());
        if is_others {
            return;
        }
        let Some(missing) = hierarchy.missing(id.kind, &path) else { return };
        let (message, label, help) = explained(id, &missing, inventory);
        let finding = Finding::new(&INFO, &cx.file.source, id.span, message)
            .label(label)
            .route(id.route())
            .key(id.text.to_lowercase());
        findings.report(finding.help(help));
    }
}

/// What is wrong with an id that names nothing of its kind: message, label, help.
fn explained(id: &EntryId<'_>, missing: &DropReason, inventory: &Inventory) -> (String, String, String) {
    let text = excerpt(id.text);
    let (noun, list) = (id.kind.noun(), id.kind.key());
    let is_user = || inventory.find_namespace(id.text).is_some_and(|found| found.kind == NamespaceKind::User);
    match missing {
        DropReason::IsGroup if !is_user() => (
            format!("{text} is a group, and `projects` takes projects only: GitLab drops the entry without a word"),
            "this is a group".to_owned(),
            "list it under `groups`".to_owned(),
        ),
        DropReason::IsProject => (
            format!("{text} is a project, and `groups` takes groups only: GitLab drops the entry without a word"),
            "this is a project".to_owned(),
            "list it under `projects`".to_owned(),
        ),
        DropReason::IsUser | DropReason::IsGroup => (
            format!(
                "{text} is a user's personal namespace, and `{list}` takes {list} only: GitLab drops the entry without a word"
            ),
            "this is a user".to_owned(),
            "list the user's projects under `projects`".to_owned(),
        ),
        _ => {
            let near = match id.kind {
                EntryKind::Group => inventory.nearest_group(id.text),
                _ => inventory.nearest_project(id.text),
            };
            let help = match near {
                Some(near) => format!("did you mean `{near}`? If {text} does exist, add it to the inventory"),
                None => format!("write the full path of a {noun} that exists; if {text} does, add it to the inventory"),
            };
            let message = format!("the inventory has no {noun} {text}: GitLab drops the entry without a word");
            (message, format!("no such {noun}"), help)
        }
    }
}
