//! `redundant-entry`.

use super::findings::Findings;
use super::given::FileContext;
use super::removal;
use super::rule::{Rule, rule};
use crate::access::{Authorization, CandidateKind};
use crate::agent_config::{AccessSection, CiEntry, EntryKind};
use crate::diagnostic::{Finding, Safety};
use crate::gitlab::FullPath;
use crate::project::AgentFile;
use crate::words::{self, excerpt};

rule! {
    /// The entry changes nothing.
    ///
    /// A project or group below a listed group, with the same settings as the innermost such group's entry, gets in all the same; so
    /// does one with the settings of the entry for the instance. So does the configuration project itself, which always has access to its own agents: an entry without settings adds nothing.
    ///
    /// Source: `app/finders/clusters/agents/authorizations/ci_access/finder.rb` of GitLab.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///   groups:
    ///     - id: acme/web
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// ci_access:
    ///   groups:
    ///     - id: acme/web
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove the entry, or give it the settings that it was meant to have.
    ///
    /// ## When it stays silent
    ///
    /// On entries that GitLab does not look at: behind the limit, overridden by a later one of the same id, dropped for want of a licence.
    RedundantEntry = "redundant-entry", Note in Ids, tag NoEffect
}

impl Rule for RedundantEntry {
    fn check_file(&self, file: &AgentFile, cx: &FileContext<'_>, findings: &mut Findings) {
        let tier = cx.gitlab().tier;
        for entry in cx.entries.usable(tier) {
            let Some(id) = &entry.id else { continue };
            let path = FullPath::new(&id.value);
            let Some(next) = cx.entries.in_place_of(entry, tier) else { continue };
            let finding = if next.kind == CandidateKind::Implicit {
                // The configuration project's own access hides the group's; its entry does what the group's does not.
                if !same_settings(entry, None) {
                    continue;
                }
                let message = format!(
                    "{} is the configuration project, whose jobs may use the agent without an entry",
                    excerpt(&id.value)
                );
                Finding::new(&INFO, &file.source, id.span, message).label("changes nothing")
            } else {
                let counts = |other: &&CiEntry| {
                    let authorization = cx.entries.authorization(AccessSection::Ci, other.kind, other.index);
                    let is_on = other.kind != EntryKind::Instance || authorization == Some(&Authorization::Kept);
                    is_on && same_settings(entry, Some(other))
                };
                let Some(covering) = next.entry.filter(counts) else { continue };
                let message = format!(
                    "{} gets in without this entry: {} has the same settings and covers it",
                    excerpt(&id.value),
                    words::entry(covering)
                );
                Finding::new(&INFO, &file.source, id.span, message)
                    .label("changes nothing")
                    .related(covering.head, "this entry covers it")
            };
            let finding = finding.route(format!("{}.id", entry.route())).key(path.lower());
            let finding = finding.help("remove the entry, unless it is there to be read");
            let title = format!("Remove the entry of {}", excerpt(&id.value));
            findings.report(finding.removal(Safety::Unsafe, title, removal::of_item(file, entry.span)));
        }
    }
}

/// Whether two entries grant the same; `None` is an entry without settings.
fn same_settings(entry: &CiEntry, other: Option<&CiEntry>) -> bool {
    let environments = |entry: &CiEntry| {
        let mut names: Vec<String> = entry.environments.iter().map(|name| name.value.clone()).collect();
        names.sort();
        names.dedup();
        names
    };
    let namespace = |entry: &CiEntry| entry.default_namespace.as_ref().map(|namespace| namespace.value.clone());
    let managed = |entry: &CiEntry| entry.resource_management.as_ref().is_some_and(|enabled| enabled.value);
    let identity = |entry: &CiEntry| {
        let user = entry.access_as.as_ref().and_then(|access_as| access_as.impersonation.as_ref()).map(|user| {
            (
                user.username.as_ref().map(|name| name.value.clone()),
                user.groups.iter().map(|group| group.value.clone()).collect::<Vec<_>>(),
                user.uid.as_ref().map(|uid| uid.value.clone()),
                user.extra.iter().map(|(key, values)| (key.value.clone(), values.clone())).collect::<Vec<_>>(),
            )
        });
        (entry.mode(), user)
    };
    match other {
        Some(other) => {
            environments(entry) == environments(other)
                && entry.is_protected_only() == other.is_protected_only()
                && namespace(entry) == namespace(other)
                && managed(entry) == managed(other)
                && identity(entry) == identity(other)
        }
        None => {
            entry.environments.is_empty()
                && !entry.is_protected_only()
                && namespace(entry).is_none()
                && !managed(entry)
                && entry.access_as.is_none()
        }
    }
}
