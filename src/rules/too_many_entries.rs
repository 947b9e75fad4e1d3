//! `too-many-entries`.

use super::support::*;

rule! {
    /// Entries after the 500th of a list are dropped.
    ///
    /// GitLab cuts each list to its first 500 entries (100 before 17.0) before it looks at them, duplicates included, without
    /// a word. The limit holds for `projects` and `groups` apart, and for `ci_access` and `user_access` apart.
    ///
    /// Source: `app/services/clusters/agents/authorizations/ci_access/refresh_service.rb` of GitLab, gitlab!149844.
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
    TooManyEntries = "too-many-entries", Error in Ids
}

impl Rule for TooManyEntries {
    fn check_file(&self, file: &AgentFile, context: &Context, findings: &mut Findings) {
        let mut lists: Vec<(&str, &str, Vec<(Span, Option<&str>)>)> = Vec::new();
        if let Some(access) = &file.config.ci_access {
            for (key, entries) in [("projects", &access.projects), ("groups", &access.groups)] {
                let entries = entries.iter().map(|entry| (entry.head, entry.id.as_ref().map(|id| id.value.as_str())));
                lists.push(("ci_access", key, entries.collect()));
            }
        }
        if let Some(access) = &file.config.user_access {
            for (key, entries) in [("projects", &access.projects), ("groups", &access.groups)] {
                let entries = entries.iter().map(|entry| {
                    (entry.id.as_ref().map_or(entry.span, |id| id.span), entry.id.as_ref().map(|id| id.value.as_str()))
                });
                lists.push(("user_access", key, entries.collect()));
            }
        }
        let limit = context.entry_limit();
        for (section, key, entries) in lists {
            let (Some(first), Some(last)) = (entries.get(limit), entries.last()) else { continue };
            let count = entries.len();
            let dropped = count - limit;
            let which = match (dropped, first.1, last.1) {
                (1, Some(first), _) => format!("`{first}`"),
                (_, Some(first), Some(last)) => format!("`{first}` to `{last}`"),
                _ => "the rest".to_owned(),
            };
            let verb = if dropped == 1 { "is" } else { "are" };
            let message = format!(
                "`{section}.{key}` has {count} entries, and GitLab {} looks at the first {limit}: {which} {verb} dropped without a word",
                context.version
            );
            let mut finding = Finding::new(&INFO, &file.source, first.0, message)
                .label(format!("entry {} and all after it are dropped", limit + 1))
                .route(format!("{section}.{key}"));
            if dropped > 1 {
                finding = finding.related(last.0, "the last one dropped");
            }
            findings.report(finding.help("authorize a group instead of its projects, or split the list over two agents"));
        }
    }
}
