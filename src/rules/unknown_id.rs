//! `unknown-id`.

use super::findings::Findings;
use super::given::FileContext;
use super::malformed_id::{as_written, is_malformed};
use super::rule::{Rule, rule};
use crate::access::{Authorization, DropReason};
use crate::agent_config::EntryKind;
use crate::diagnostic::{Finding, Safety};
use crate::gitlab::lower_path;
use crate::inventory::{Inventory, NamespaceKind};
use crate::project::EntryId;
use crate::words::{brief, excerpt};

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
            || (id.kind == EntryKind::Group
                && hierarchy.groups_in_personal_namespace().is_some_and(|groups| groups != Authorization::Kept));
        if is_others {
            return;
        }
        let Some(missing) = hierarchy.missing(id.kind, &path) else { return };
        let (message, label, help) = explained(id, &missing, inventory);
        let near = match &missing {
            DropReason::IsGroup | DropReason::IsProject | DropReason::IsUser => None,
            _ => nearest(id, inventory),
        };
        let finding = Finding::new(&INFO, &cx.file.source, id.span, message)
            .label(label)
            .route(id.route())
            .key(id.text.to_lowercase());
        let finding = finding.help(help);
        findings.report(match near {
            Some(near) => finding
                .fix(Safety::Unsafe, format!("Write `{near}`"), id.span, as_written(cx.file.slice(id.span), near))
                .changing(),
            None => finding,
        });
    }
}

/// The path that may be meant.
fn nearest<'i>(id: &EntryId<'_>, inventory: &'i Inventory) -> Option<&'i str> {
    match id.kind {
        EntryKind::Group => inventory.nearest_group(id.text),
        _ => inventory.nearest_project(id.text),
    }
}

/// What is wrong with an id that names nothing of its kind: message, label, help.
fn explained(id: &EntryId<'_>, missing: &DropReason, inventory: &Inventory) -> (String, String, String) {
    let (text, shown) = (excerpt(id.text), brief(id.text));
    let (noun, list) = (id.kind.noun(), id.kind.key());
    let is_user = || inventory.find_namespace(id.text).is_some_and(|found| found.kind == NamespaceKind::User);
    match missing {
        DropReason::IsGroup if !is_user() => (
            format!("{shown} is dropped without a word: it is a group, and `projects` takes projects only"),
            "this is a group".to_owned(),
            "list it under `groups`".to_owned(),
        ),
        DropReason::IsProject => (
            format!("{shown} is dropped without a word: it is a project, and `groups` takes groups only"),
            "this is a project".to_owned(),
            "list it under `projects`".to_owned(),
        ),
        DropReason::IsUser | DropReason::IsGroup => (
            format!(
                "{shown} is dropped without a word: it is a user's personal namespace, and `{list}` takes {list} only"
            ),
            "this is a user".to_owned(),
            "list the user's projects under `projects`".to_owned(),
        ),
        _ => {
            let help = match nearest(id, inventory) {
                Some(near) => format!("did you mean `{near}`? If {text} does exist, add it to the inventory"),
                None => format!("write the full path of a {noun} that exists; if {text} does, add it to the inventory"),
            };
            let message = format!("{shown} is dropped without a word: the inventory has no such {noun}");
            (message, format!("no such {noun}"), help)
        }
    }
}
