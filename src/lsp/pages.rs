//! The pages of rules, as editors open them: documents of an own scheme, whose text the server gives.

use crate::diagnostic::RuleInfo;
use crate::rules;

/// The scheme of the pages.
pub(super) const SCHEME: &str = "kaslint";

/// The address of a rule's page: on the web where somebody says so, else a document of the server's.
pub(super) fn link(rule: &RuleInfo, documentation_url: Option<&str>) -> String {
    match documentation_url {
        Some(url) => format!("{}#{}", url.trim_end_matches('#'), rule.name),
        None => format!("{SCHEME}:rules/{}.md", rule.name),
    }
}

/// The rule that an address names.
pub(super) fn rule(uri: &str) -> Option<&'static RuleInfo> {
    let path = uri.strip_prefix(SCHEME)?.strip_prefix(':')?.trim_start_matches('/');
    let name = path.strip_prefix("rules/")?;
    rules::TABLE.find(name.strip_suffix(".md").unwrap_or(name))
}

/// The page of a rule.
pub(super) fn text(rule: &RuleInfo) -> String {
    format!("# {}\n\n{}", rule.name, rule.markdown())
}
