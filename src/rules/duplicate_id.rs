//! `duplicate-id`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::access::{Authorization, DropReason};
use crate::agent_config::{AccessSection, CiEntry, EntryKind, Spanned, is_true};
use crate::diagnostic::{Finding, Safety};
use crate::project::{AgentFile, EntryId};
use crate::schema;
use crate::source::Span;
use crate::words::{brief, excerpt};

rule! {
    /// The same id twice in one list: only the last entry applies, and nothing is merged.
    ///
    /// GitLab compares ids without regard to letter case and keeps the last of equal ones, whole. Environments of one entry and
    /// restrictions of the other do not add up.
    ///
    /// Source: `app/services/clusters/agents/authorizations/ci_access/refresh_service.rb` of GitLab; gitlab#459946.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: [staging]
    ///     - id: Acme/Web/Shop
    ///       environments: [production]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: [staging, production]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Keep one entry for each id and put into it what shall apply.
    ///
    /// ## When it stays silent
    ///
    /// On entries behind the 500th, which are dropped before duplicates are looked at.
    DuplicateId = "duplicate-id", Error in Ids, tag NoEffect
}

impl Rule for DuplicateId {
    fn check_id(&self, id: &EntryId<'_>, cx: &FileContext<'_>, findings: &mut Findings) {
        let Some(Authorization::Dropped(DropReason::Replaced(by))) =
            cx.entries.authorization(id.section, id.kind, id.index)
        else {
            return;
        };
        let file = cx.file;
        let entry = |at| entry(file, id.section, id.kind, at);
        let (Some(lost), Some(kept)) = (entry(id.index), entry(*by)) else { return };
        // An empty id refuses the file and is said so elsewhere.
        let Some(kept_id) = kept.id.filter(|kept| !kept.value.is_empty()) else { return };
        let list = format!("{}.{}", id.section.key(), id.kind.key());
        let message = format!(
            "{} is dropped here, whole{}: GitLab keeps the last of its entries in `{list}`",
            brief(id.text),
            lost.ci.map(lost_settings).unwrap_or_default()
        );
        let finding = Finding::new(&INFO, &file.source, id.span, message)
            .label("this entry is lost")
            .related(kept_id.span, "this entry is kept")
            .route(id.route())
            .key(id.text.to_lowercase());
        let finding = finding.help("put everything that shall apply into one entry");
        // Of two that say the same, nothing is lost with one of them.
        let is_same = file.slice(lost.span) == file.slice(kept.span);
        let safety = if is_same { Safety::Safe } else { Safety::Unsafe };
        let cut = cx.without_item(lost.span);
        findings.report(finding.removal(safety, format!("Remove the entry that is lost, {}", excerpt(id.text)), cut));
    }
}

/// An entry of either section.
struct Entry<'f> {
    span: Span,
    id: Option<&'f Spanned<String>>,
    ci: Option<&'f CiEntry>,
}

fn entry(file: &AgentFile, section: AccessSection, kind: EntryKind, index: usize) -> Option<Entry<'_>> {
    let is_project = kind == EntryKind::Project;
    match section {
        AccessSection::Ci => {
            let access = file.config.ci_access.as_ref()?;
            let entry = if is_project { &access.projects } else { &access.groups }.get(index)?;
            Some(Entry { span: entry.span, id: entry.id.as_ref(), ci: Some(entry) })
        }
        AccessSection::User => {
            let access = file.config.user_access.as_ref()?;
            let entry = if is_project { &access.projects } else { &access.groups }.get(index)?;
            Some(Entry { span: entry.span, id: entry.id.as_ref(), ci: None })
        }
    }
}

/// What the entry sets besides its id, as the end of a sentence.
fn lost_settings(entry: &CiEntry) -> String {
    let CiEntry {
        kind: _,
        index: _,
        span: _,
        head: _,
        id: _,
        default_namespace,
        access_as,
        environments,
        environments_key: _,
        protected_branches_only,
        resource_management,
    } = entry;
    let settings = [
        ("environments", !environments.is_empty()),
        ("protected_branches_only", is_true(protected_branches_only.as_ref())),
        ("access_as", access_as.is_some()),
        ("default_namespace", default_namespace.is_some()),
        ("resource_management", resource_management.is_some()),
    ];
    let set: Vec<&str> = settings.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect();
    if set.is_empty() { String::new() } else { format!(", with its {}", schema::listed_and(&set)) }
}
