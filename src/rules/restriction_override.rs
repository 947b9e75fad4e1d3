//! `restriction-override`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::agent_config::{AccessAs, CiEntry, EntryKind, Mode, is_true};
use crate::diagnostic::{Finding, Severity};
use crate::gitlab::FullPath;
use crate::project::{AgentFile, Context};
use crate::schema;
use crate::words::{self, brief};

rule! {
    /// A more specific entry drops a restriction of the less specific one that would apply without it.
    ///
    /// For each project GitLab takes the most specific entry, whole: the project's own, else that of the innermost group, else that of the
    /// instance. Nothing is merged, so an entry without `protected_branches_only`, `environments` or `access_as` takes away what the less
    /// specific one asks for. Where the entry says so itself (`protected_branches_only: false`, `access_as: {agent: {}}`), it is a note for
    /// whoever reads the other one.
    ///
    /// Source: `app/finders/clusters/agents/authorizations/ci_access/finder.rb` of GitLab.
    ///
    /// Releases: from 17.3.
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
    /// `access_as: {agent: {}}` makes a note of the warning.
    ///
    /// ## When it stays silent
    ///
    /// Where the more specific entry lists other `environments`, and for the configuration project, which the
    /// group's entry does not bind anyway (`config-project-bypass`). With `gitlab.tier: free`, entries that need a licence do not count.
    RestrictionOverride = "restriction-override", Warning in Access
}

impl Rule for RestrictionOverride {
    fn check_file(&self, file: &AgentFile, cx: &FileContext<'_>, findings: &mut Findings) {
        for (entry, next) in cx.usable_entries() {
            let Some(id) = &entry.id else { continue };
            // The configuration project's own access has no restriction to lose.
            let Some(other) = next.and_then(|next| next.entry) else { continue };
            let Some(lost) = Lost::of(entry, other) else { continue };
            let path = FullPath::new(&id.value);
            let message = format!(
                "{} loses {} of {} by an entry of its own: {} get in {}",
                brief(&id.value),
                schema::listed_and(&lost.keys),
                words::entry(other),
                who_gains(entry, &path, cx.gitlab()),
                lost.gains.join(", ")
            );
            let (severity, help) = match lost.is_written {
                // Whoever writes `false` knows; whoever reads the group's entry may not.
                true => (Severity::Note, "nothing to do if this is meant; the less specific entry does not say so"),
                false => (Severity::Warning, "repeat in this entry what shall apply, or remove the entry"),
            };
            let finding = Finding::new(&INFO, &file.source, id.span, message)
                .severity(severity)
                .label("has its own entry")
                .related(other.head, "this entry asks for more, and does not apply")
                .route(format!("{}.id", entry.route()))
                .key(path.lower());
            findings.report(finding.help(help));
        }
    }
}

/// Whose jobs gain, as the start of a clause with a verb in the plural.
fn who_gains(entry: &CiEntry, path: &FullPath, context: &Context) -> String {
    if entry.kind == EntryKind::Project {
        return "its jobs".to_owned();
    }
    let inventory = context.inventory.as_deref();
    let places = inventory.and_then(|inventory| Some(inventory.places(inventory.find_group(path.lower())?)));
    match places.map(|places| places.len()) {
        Some(1) => "jobs of its one project".to_owned(),
        Some(count) => format!("jobs of its {count} projects"),
        None => "jobs of its projects".to_owned(),
    }
}

/// What an entry takes away.
struct Lost {
    /// The keys.
    keys: Vec<&'static str>,
    /// What jobs may do for want of each, as ends of a sentence.
    gains: Vec<&'static str>,
    /// Whether the entry says so itself, for all of the keys.
    is_written: bool,
}

impl Lost {
    fn of(entry: &CiEntry, other: &CiEntry) -> Option<Self> {
        // Neither the namespace nor managed resources keep anybody out.
        let CiEntry {
            kind: _,
            index: _,
            span: _,
            head: _,
            id: _,
            default_namespace: _,
            access_as,
            environments: _,
            environments_key,
            protected_branches_only,
            resource_management: _,
        } = entry;
        let lost = [
            (
                other.is_protected_only() && !is_true(protected_branches_only.as_ref()),
                protected_branches_only.is_some(),
                "protected_branches_only",
                "on unprotected refs",
            ),
            // Another list is a decision of its own; an empty one is `empty-environments`.
            (
                !other.environments.is_empty() && environments_key.is_none(),
                false,
                "environments",
                "with any environment or none",
            ),
            (
                other.mode() != Mode::Agent && AccessAs::identity(access_as.as_ref()).0 == Mode::Agent,
                access_as.is_some(),
                "access_as",
                "as the agent's own service account",
            ),
        ];
        let lost: Vec<_> = lost.into_iter().filter(|(is_lost, ..)| *is_lost).collect();
        let lost = Self {
            keys: lost.iter().map(|(_, _, key, _)| *key).collect(),
            gains: lost.iter().map(|(_, _, _, gain)| *gain).collect(),
            is_written: lost.iter().all(|(_, is_written, ..)| *is_written),
        };
        (!lost.keys.is_empty()).then_some(lost)
    }
}
