//! `duplicate-id`.

use std::collections::HashMap;

use super::given::FileContext;
use super::removal;
use super::rule::{Findings, Rule, rule};
use crate::agent_config::{AccessSection, EntryKind};
use crate::diagnostic::{Finding, Safety};
use crate::project::AgentFile;
use crate::schema;
use crate::source::Span;
use crate::words::excerpt;

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
    fn check_file(&self, file: &AgentFile, cx: &FileContext<'_>, findings: &mut Findings) {
        let limit = cx.gitlab().entry_limit();
        let mut last: HashMap<(AccessSection, EntryKind, String), (Span, usize, &str)> = HashMap::new();
        for id in file.config.entry_ids().into_iter().filter(|id| id.index < limit && !id.text.is_empty()) {
            let key = (id.section, id.kind, id.text.to_lowercase());
            let Some((span, index, text)) = last.insert(key, (id.span, id.index, id.text)) else { continue };
            let lost = lost_settings(file, id.section, id.kind, index);
            let list = format!("{}.{}", id.section.key(), id.kind.key());
            let message = format!(
                "{} is listed twice in `{list}`; GitLab keeps the last entry and drops this one, whole{lost}",
                excerpt(text)
            );
            let finding = Finding::new(&INFO, &file.source, span, message)
                .label("this entry is lost")
                .related(id.span, "this entry is kept")
                .route(format!("{list}[{index}].id"))
                .key(id.text.to_lowercase());
            let finding = finding.help("put everything that shall apply into one entry");
            let entry = |at| entry_span(file, id.section, id.kind, at);
            let lost = entry(index);
            // Of two that say the same, nothing is lost with one of them.
            let is_same = lost.zip(entry(id.index)).is_some_and(|(one, other)| file.slice(one) == file.slice(other));
            let safety = if is_same { Safety::Safe } else { Safety::Unsafe };
            let cut = lost.and_then(|lost| removal::of_item(file, lost));
            findings.report(finding.removal(safety, format!("Remove the entry that is lost, {}", excerpt(text)), cut));
        }
    }
}

fn entry_span(file: &AgentFile, section: AccessSection, kind: EntryKind, index: usize) -> Option<Span> {
    let is_project = kind == EntryKind::Project;
    match section {
        AccessSection::Ci => {
            let access = file.config.ci_access.as_ref()?;
            let list = if is_project { &access.projects } else { &access.groups };
            list.get(index).map(|entry| entry.span)
        }
        AccessSection::User => {
            let access = file.config.user_access.as_ref()?;
            let list = if is_project { &access.projects } else { &access.groups };
            list.get(index).map(|entry| entry.span)
        }
    }
}

/// What the entry sets besides its id, as the end of a sentence.
fn lost_settings(file: &AgentFile, section: AccessSection, kind: EntryKind, index: usize) -> String {
    if section == AccessSection::User {
        return String::new();
    }
    let Some(access) = &file.config.ci_access else { return String::new() };
    let list = if kind == EntryKind::Project { &access.projects } else { &access.groups };
    let Some(entry) = list.get(index) else { return String::new() };
    let settings = [
        ("environments", !entry.environments.is_empty()),
        ("protected_branches_only", entry.is_protected_only()),
        ("access_as", entry.access_as.is_some()),
        ("default_namespace", entry.default_namespace.is_some()),
        ("resource_management", entry.resource_management.is_some()),
    ];
    let set: Vec<&str> = settings.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect();
    if set.is_empty() { String::new() } else { format!(", with its {}", schema::listed_and(&set)) }
}
