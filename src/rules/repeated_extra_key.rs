//! `repeated-extra-key`.

use std::collections::HashMap;

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::agent_config::CiEntry;
use crate::diagnostic::Finding;
use crate::source::Span;
use crate::words::brief;

rule! {
    /// The same `extra` key is there twice.
    ///
    /// Each item of `extra` is one key with all its values. No public source says which values reach the cluster where a key comes
    /// twice, so do not rely on either.
    ///
    /// Source: the schema of the agent's configuration, `pkg/agentcfg/agentcfg.proto` of the agent, which asks for no such thing.
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
    ///           extra:
    ///             - key: team
    ///               val: [web]
    ///             - key: team
    ///               val: [ops]
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
    ///           extra:
    ///             - key: team
    ///               val: [web, ops]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Put all values of the key into one item.
    RepeatedExtraKey = "repeated-extra-key", Warning in Identity
}

impl Rule for RepeatedExtraKey {
    fn check_entry(&self, entry: &CiEntry, cx: &FileContext<'_>, findings: &mut Findings) {
        let Some(user) = entry.access_as.as_ref().and_then(|access_as| access_as.impersonation.as_ref()) else {
            return;
        };
        let mut first: HashMap<&str, Span> = HashMap::new();
        for (at, (key, _)) in user.extra.iter().enumerate() {
            let Some(&earlier) = first.get(key.value.as_str()) else {
                first.insert(&key.value, key.span);
                continue;
            };
            let message = format!(
                "{} is there twice in `extra`: which of its values reach the cluster is not documented",
                brief(&key.value)
            );
            let finding = Finding::new(&INFO, &cx.file.source, key.span, message)
                .label("the same key again")
                .related(earlier, "it is here already")
                .route(format!("{}.access_as.impersonate.extra[{at}].key", entry.route()));
            findings.report(finding.key(&key.value).help("put all values of the key into one item"));
        }
    }
}
