//! `restriction-override`.

use super::coverage::Coverage;
use super::support::*;
use super::words::shown;

rule! {
    /// A more specific entry drops a restriction of the group's entry that would apply without it.
    ///
    /// For each project GitLab takes the most specific entry, whole: the project's own, else that of the innermost group. Nothing is
    /// merged, so an entry without `protected_branches_only`, `environments` or `access_as` takes away what the group's entry asks for.
    ///
    /// Source: `app/finders/clusters/agents/authorizations/ci_access/finder.rb` of GitLab.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       default_namespace: shop
    ///   groups:
    ///     - id: acme/web
    ///       protected_branches_only: true
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       default_namespace: shop
    ///       protected_branches_only: true
    ///   groups:
    ///     - id: acme/web
    ///       protected_branches_only: true
    /// ```
    ///
    /// ## How to fix
    ///
    /// Repeat the restriction in the more specific entry. If it is not meant to apply there, write so: `protected_branches_only: false` or
    /// `access_as: {agent: {}}`.
    ///
    /// ## When it stays silent
    ///
    /// Where the more specific entry writes the same key with another value, and for the configuration project, which the
    /// group's entry does not bind anyway (`config-project-bypass`). With `gitlab.tier: free`, entries that need a licence do not count.
    RestrictionOverride = "restriction-override", Warning in Access
}

impl Rule for RestrictionOverride {
    fn check_file(&self, file: &AgentFile, context: &Context, findings: &mut Findings) {
        let Some(access) = &file.config.ci_access else { return };
        let coverage = Coverage::of(access, context);
        for entry in coverage.entries() {
            let Some(id) = &entry.id else { continue };
            let path = FullPath::new(&id.value);
            if entry.kind == EntryKind::Project && context.project.as_ref() == Some(&path) {
                continue;
            }
            let Some(group) = coverage.innermost_group(&path) else { continue };
            let (Some(group_id), Some(lost)) = (&group.id, Lost::of(entry, group)) else { continue };
            let whose = if entry.kind == EntryKind::Group { "jobs of its projects" } else { "its jobs" };
            let message = format!(
                "{} has an entry of its own, so that of {} does not apply and nothing is merged; {} {}: {whose} {}",
                shown(&id.value),
                shown(&group_id.value),
                shape::listed_and(&lost.keys),
                if lost.keys.len() == 1 { "is lost" } else { "are lost" },
                enumerated(&lost.gains)
            );
            let finding = Finding::new(&INFO, &file.source, id.span, message)
                .label(format!("without {}", shape::listed_and(&lost.keys)))
                .related(group_id.span, "this entry asks for more")
                .route(format!("{}.id", entry.route()))
                .key(path.lower());
            findings.report(finding.help("repeat in this entry what shall apply, or remove the entry"));
        }
    }
}

/// What an entry takes away.
struct Lost {
    /// The keys.
    keys: Vec<&'static str>,
    /// What jobs may do for want of each, as ends of a sentence.
    gains: Vec<&'static str>,
}

impl Lost {
    fn of(entry: &CiEntry, group: &CiEntry) -> Option<Self> {
        let lost = [
            (
                group.is_protected_only() && entry.protected_branches_only.is_none(),
                "protected_branches_only",
                "get in on refs that are not protected",
            ),
            (
                !group.environments.is_empty() && entry.environments_key.is_none(),
                "environments",
                "get in with any environment or none",
            ),
            (
                group.mode() != Mode::Agent && entry.access_as.is_none(),
                "access_as",
                "act as the agent's own service account",
            ),
        ];
        let lost: Vec<_> = lost.into_iter().filter(|(is_lost, ..)| *is_lost).collect();
        let lost = Self {
            keys: lost.iter().map(|(_, key, _)| *key).collect(),
            gains: lost.iter().map(|(_, _, gain)| *gain).collect(),
        };
        (!lost.keys.is_empty()).then_some(lost)
    }
}

/// Clauses as an enumeration: "a, b and c".
fn enumerated(clauses: &[&str]) -> String {
    match clauses {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}
