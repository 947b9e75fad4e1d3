//! `config-project-bypass`.

use std::sync::Arc;

use super::findings::Findings;
use super::given::FileContext;
use super::insertion;
use super::rule::{Rule, rule};
use crate::access::{CandidateKind, Target};
use crate::agent_config::{AccessAs, CiEntry, Mode, is_true};
use crate::diagnostic::Finding;
use crate::project::AgentFile;
use crate::schema;
use crate::source::Place;
use crate::words::{brief, excerpt};

rule! {
    /// Restrictions on a group or the instance do not bind the configuration project's own jobs.
    ///
    /// The project that holds the configuration always has access to its own agents, without any restriction, and this goes before the
    /// entries of groups and of the instance. Only an entry under `projects` for the project itself replaces it.
    ///
    /// Source: `app/finders/clusters/agents/authorizations/ci_access/finder.rb` of GitLab.
    ///
    /// Releases: from 17.3.
    ///
    /// ## Bad
    ///
    /// ```yaml project=acme/ops/agents
    /// ci_access:
    ///   groups:
    ///     - id: acme
    ///       protected_branches_only: true
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml project=acme/ops/agents
    /// ci_access:
    ///   projects:
    ///     - id: acme/ops/agents
    ///       default_namespace: ops
    ///       protected_branches_only: true
    ///   groups:
    ///     - id: acme
    ///       protected_branches_only: true
    /// ```
    ///
    /// ## How to fix
    ///
    /// List the configuration project under `projects` with the restrictions that shall bind it.
    ConfigProjectBypass = "config-project-bypass", Warning in Access, needs Project
}

impl Rule for ConfigProjectBypass {
    fn check_file(&self, file: &AgentFile, cx: &FileContext<'_>, findings: &mut Findings) {
        let Some(project) = &cx.gitlab().project else { return };
        let mut candidates = cx.entries.candidates(Target::Project(project.lower()), cx.gitlab().tier);
        // An entry for the project itself would stand in the place of its own access.
        if candidates.next().is_none_or(|first| first.kind != CandidateKind::Implicit) {
            return;
        }
        let Some(entry) = candidates.next().and_then(|next| next.entry) else { return };
        let (place, route, whose) = match &entry.id {
            Some(id) => (id.span, format!("{}.id", entry.route()), "in this group"),
            None => (entry.head, entry.route(), "in the instance"),
        };
        let restrictions = restrictions(entry);
        let keys: Vec<&str> = restrictions.into_iter().filter(|(_, is_set)| *is_set).map(|(key, _)| key).collect();
        if keys.is_empty() {
            return;
        }
        let message = format!(
            "{} is not bound by {} here: it is {whose} and holds the configuration, so its jobs always get in",
            brief(project.as_str()),
            schema::listed_and(&keys),
        );
        let finding = Finding::new(&INFO, &file.source, place, message)
            .label("does not bind the configuration project")
            .route(route)
            .key(project.lower());
        let finding =
            finding.help(format!("list {} under `projects`, with the same restrictions", excerpt(project.as_str())));
        findings.report(match insertion::of_project(file, project.as_str(), entry) {
            Some((span, text)) => {
                let of = entry.id.as_ref().map_or_else(|| "`instance`".to_owned(), |id| excerpt(&id.value));
                let title =
                    format!("List {} under `projects` with the restrictions of {of}", excerpt(project.as_str()));
                finding.offer(title, Place { source: Arc::clone(&file.source), span }, text)
            }
            None => finding,
        });
    }
}

/// What an entry may restrict, and whether it does.
fn restrictions(entry: &CiEntry) -> [(&'static str, bool); 3] {
    let CiEntry {
        kind: _,
        index: _,
        span: _,
        head: _,
        id: _,
        default_namespace: _,
        access_as,
        environments,
        environments_key: _,
        protected_branches_only,
        resource_management: _,
    } = entry;
    [
        ("protected_branches_only", is_true(protected_branches_only.as_ref())),
        ("environments", !environments.is_empty()),
        ("access_as", AccessAs::identity(access_as.as_ref()).0 != Mode::Agent),
    ]
}
