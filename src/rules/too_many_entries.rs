//! `too-many-entries`.

use std::collections::BTreeMap;

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::access::{Authorization, DropReason};
use crate::agent_config::{AccessSection, EntryKind};
use crate::diagnostic::Finding;
use crate::project::{AgentFile, EntryId};
use crate::words::excerpt;

rule! {
    /// Entries after the 500th of a list are dropped.
    ///
    /// GitLab cuts each list to its first 500 entries (100 before 17.0) before it looks at them, duplicates included, without
    /// a word. The limit holds for `projects` and `groups` apart, and for `ci_access` and `user_access` apart.
    ///
    /// Source: `app/services/clusters/agents/authorizations/ci_access/refresh_service.rb` of GitLab, gitlab!149844.
    ///
    /// Releases: up to 16.11.
    ///
    /// ## Bad
    ///
    /// ```yaml gitlab-version=16.11 repeat=101
    /// ci_access:
    ///   projects:
    ///     - id: acme/shop-{n}
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml gitlab-version=16.11 repeat=100
    /// ci_access:
    ///   projects:
    ///     - id: acme/shop-{n}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Authorize a group instead of its projects one by one, or register a second agent for the same cluster.
    TooManyEntries = "too-many-entries", Error in Ids, tag NoEffect
}

impl Rule for TooManyEntries {
    fn check_file(&self, file: &AgentFile, cx: &FileContext<'_>, findings: &mut Findings) {
        let mut lists: BTreeMap<(AccessSection, EntryKind), Vec<EntryId<'_>>> = BTreeMap::new();
        for id in file.config.entry_ids() {
            lists.entry((id.section, id.kind)).or_default().push(id);
        }
        let cut = |id: &EntryId<'_>| match cx.entries.authorization(id.section, id.kind, id.index) {
            Some(Authorization::Dropped(DropReason::BeyondLimit(limit))) => Some(*limit),
            _ => None,
        };
        for ((section, kind), ids) in lists {
            // Entries without an id take a place as well; a position is one in the list as written.
            let first = ids.iter().find_map(|id| Some((id, cut(id)?)));
            let (Some((first, limit)), Some(last)) = (first, ids.last()) else { continue };
            let count = last.index + 1;
            let dropped = count - limit;
            let which = match dropped {
                1 => excerpt(first.text),
                _ => format!("{} to {}", excerpt(first.text), excerpt(last.text)),
            };
            let (section, key) = (section.key(), kind.key());
            let verb = if dropped == 1 { "is" } else { "are" };
            let message = format!(
                "`{section}.{key}` has {count} entries, and GitLab {} looks at the first {limit}: {which} {verb} dropped without a word",
                cx.gitlab().version
            );
            let mut finding = Finding::new(&INFO, &file.source, first.span, message)
                .label(format!("entry {} and all after it are dropped", limit + 1))
                .route(format!("{section}.{key}"));
            if dropped > 1 {
                finding = finding.related(last.span, "the last one dropped");
            }
            findings
                .report(finding.help("authorize a group instead of its projects, or split the list over two agents"));
        }
    }
}
