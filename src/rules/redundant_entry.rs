//! `redundant-entry`.

use std::collections::BTreeSet;

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::access::{Authorization, CandidateKind};
use crate::agent_config::{AccessAs, AccessSection, CiEntry, EntryKind, Impersonation, Mode, is_true};
use crate::diagnostic::{Finding, Safety};
use crate::gitlab::FullPath;
use crate::project::AgentFile;
use crate::words::{self, brief, excerpt};

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
        for (entry, next) in cx.usable_entries() {
            let (Some(id), Some(next)) = (&entry.id, next) else { continue };
            let finding = if next.kind == CandidateKind::Implicit {
                // The configuration project's own access hides the group's; its entry does what the group's does not.
                if !same_settings(entry, None) {
                    continue;
                }
                let message =
                    format!("{} gets in without an entry, since it is the configuration project", brief(&id.value));
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
                    brief(&id.value),
                    words::entry(covering)
                );
                Finding::new(&INFO, &file.source, id.span, message)
                    .label("changes nothing")
                    .related(covering.head, "this entry covers it")
            };
            let path = FullPath::new(&id.value);
            let finding = finding.route(format!("{}.id", entry.route())).key(path.lower());
            let finding = finding.help("remove the entry, unless it is there to be read");
            let title = format!("Remove the entry of {}", excerpt(&id.value));
            findings.report(finding.removal(Safety::Unsafe, title, cx.without_item(entry.span)));
        }
    }
}

/// Whether two entries grant the same; `None` is an entry without settings.
fn same_settings(entry: &CiEntry, other: Option<&CiEntry>) -> bool {
    match other {
        Some(other) => Terms::of(entry) == Terms::of(other),
        // Whoever writes an identity means something by it.
        None => Terms::of(entry) == Terms::default() && entry.access_as.is_none(),
    }
}

/// What an entry says beside what it names, as far as it makes a difference.
#[derive(Default, PartialEq, Eq)]
struct Terms<'e> {
    environments: BTreeSet<&'e str>,
    is_protected_only: bool,
    namespace: Option<&'e str>,
    is_managed: bool,
    mode: Option<Mode>,
    user: Option<User<'e>>,
}

/// A fixed user.
#[derive(PartialEq, Eq)]
struct User<'e> {
    name: Option<&'e str>,
    groups: Vec<&'e str>,
    uid: Option<&'e str>,
    extra: Vec<(&'e str, &'e [String])>,
}

impl<'e> Terms<'e> {
    fn of(entry: &'e CiEntry) -> Self {
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
        let (mode, user) = AccessAs::identity(access_as.as_ref());
        Self {
            environments: environments.iter().map(|name| &*name.value).collect(),
            is_protected_only: is_true(protected_branches_only.as_ref()),
            namespace: default_namespace.as_ref().map(|namespace| &*namespace.value),
            is_managed: is_true(resource_management.as_ref()),
            mode: Some(mode).filter(|mode| *mode != Mode::Agent),
            user: user.map(User::of),
        }
    }
}

impl<'e> User<'e> {
    fn of(user: &'e Impersonation) -> Self {
        let Impersonation { username, groups, uid, extra } = user;
        Self {
            name: username.as_ref().map(|name| &*name.value),
            groups: groups.iter().map(|group| &*group.value).collect(),
            uid: uid.as_ref().map(|uid| &*uid.value),
            extra: extra.iter().map(|(key, values)| (&*key.value, &values[..])).collect(),
        }
    }
}
