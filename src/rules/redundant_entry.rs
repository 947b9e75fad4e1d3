//! `redundant-entry`.

use super::support::*;
use super::words::shown;
use crate::agent_config::{CiAccess, CiEntry};

rule! {
    /// The entry changes nothing.
    ///
    /// A project or group below a listed group, with the same settings as that group's entry, gets in all the same. So does
    /// the configuration project itself, which always has access to its own agents: an entry without settings adds nothing.
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
    RedundantEntry = "redundant-entry", Note in Ids
}

impl Rule for RedundantEntry {
    fn check_file(&self, file: &AgentFile, context: &Context, findings: &mut Findings) {
        let Some(access) = &file.config.ci_access else { return };
        let limit = context.entry_limit();
        let groups = effective_groups(access, limit);
        for entry in access.projects.iter().chain(&access.groups).filter(|entry| entry.index < limit) {
            let Some(id) = &entry.id else { continue };
            let path = FullPath::new(&id.value);
            let is_own = entry.kind == EntryKind::Project && context.project.as_ref() == Some(&path);
            let finding = if is_own {
                if !same_settings(entry, None) {
                    continue;
                }
                let message = format!("{} is the configuration project, whose jobs may use the agent without an entry", shown(&id.value));
                Finding::new(&INFO, &file.source, id.span, message).label("changes nothing")
            } else {
                // The configuration project's own access hides the group's; its entry does what the group's does not.
                let Some(group) = innermost(&groups, &path).filter(|group| same_settings(entry, Some(group))) else { continue };
                let Some(group_id) = &group.id else { continue };
                let message = format!("{} is below {}, whose entry lets it in with the same settings", shown(&id.value), shown(&group_id.value));
                Finding::new(&INFO, &file.source, id.span, message)
                    .label("changes nothing")
                    .related(group_id.span, "this entry covers it")
            };
            let finding = finding.route(format!("{}.id", entry.route())).key(path.lower());
            findings.report(finding.help("remove the entry, unless it is there to be read"));
        }
    }
}

/// Groups by path in lower case; of equal ids the last counts.
fn effective_groups(access: &CiAccess, limit: usize) -> std::collections::HashMap<String, &CiEntry> {
    let groups = access.groups.iter().take(limit);
    groups.filter_map(|group| Some((group.id.as_ref()?.value.to_lowercase(), group))).collect()
}

/// The entry of the innermost group that holds the path.
fn innermost<'e>(groups: &std::collections::HashMap<String, &'e CiEntry>, path: &FullPath) -> Option<&'e CiEntry> {
    let mut current = path.parent();
    while !current.is_empty() {
        if let Some(group) = groups.get(current) {
            return Some(group);
        }
        current = current.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
    None
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
