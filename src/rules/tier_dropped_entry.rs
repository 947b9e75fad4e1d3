//! `tier-dropped-entry`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::access::{Candidate, needs_licence};
use crate::agent_config::{AccessAs, CiEntry, Mode, is_true};
use crate::diagnostic::{Finding, Severity};
use crate::gitlab::Tier;
use crate::gitlab::releases::CI_ACCESS_FREE;
use crate::project::{AgentFile, Context};
use crate::words::{self, excerpt};

rule! {
    /// `ci_job` and `impersonate` need Premium: on Free the entry vanishes, and a less specific one applies.
    ///
    /// For jobs of projects without the licence GitLab takes only entries whose jobs act as the agent. The others fall out without an error,
    /// before the most specific entry is chosen. So a looser entry can take over, one whose jobs act as the agent's own service account.
    ///
    /// `user` of `user_access.access_as` needs the licence of the agent's configuration project: without it every user is turned away.
    ///
    /// Source: `config_scopes.rb` of the authorizations of GitLab, `app/finders/clusters/agents/authorizations/ci_access/finder.rb` and
    /// `app/services/clusters/agents/authorize_proxy_user_service.rb`; gitlab!73226.
    ///
    /// ## Bad
    ///
    /// ```yaml tier=free
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       access_as:
    ///         ci_job: {}
    ///   groups:
    ///     - id: acme/web
    /// ```
    ///
    /// ```yaml tier=free
    /// user_access:
    ///   access_as:
    ///     user: {}
    ///   projects:
    ///     - id: acme/web/shop
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml tier=premium
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       access_as:
    ///         ci_job: {}
    /// ```
    ///
    /// ## How to fix
    ///
    /// On Free, restrict by `environments` and `protected_branches_only`, and by an agent of its own with few rights in the cluster. Say which
    /// licence there is with `--tier` or `gitlab.tier` in `.kaslint.yaml`.
    ///
    /// ## When it stays silent
    ///
    /// With Premium and Ultimate. With an unknown licence it is a note: one for each entry of `ci_access` that another would replace, and one for
    /// all others, and only where GitLab accepts the file; of `user_access` nothing is said then, since no looser entry takes over.
    TierDroppedEntry = "tier-dropped-entry", Error in Access
}

impl Rule for TierDroppedEntry {
    fn check_file(&self, file: &AgentFile, cx: &FileContext<'_>, findings: &mut Findings) {
        let is_asked = match cx.gitlab().tier {
            // What is wrong with the file comes first.
            None => file.config.refused_at().is_none(),
            Some(tier) => tier == Tier::Free,
        };
        if !is_asked {
            return;
        }
        let needs = |entry: &&CiEntry| needs_licence(entry.mode(), cx.gitlab().version);
        let mut without_heir: Vec<&CiEntry> = Vec::new();
        for entry in cx.entries.counting().filter(needs) {
            match (cx.entries.in_place_of(entry, Some(Tier::Free)), cx.gitlab().tier) {
                (None, None) => without_heir.push(entry),
                (heir, _) => findings.report(finding(entry, heir, 0, file, cx.gitlab())),
            }
        }
        if let Some((first, others)) = without_heir.split_first() {
            findings.report(finding(first, None, others.len(), file, cx.gitlab()));
        }
        if cx.gitlab().tier.is_some() {
            findings.report_some(of_users(file));
        }
    }
}

/// That users are to act as themselves, which turns all of them away on Free.
fn of_users(file: &AgentFile) -> Option<Finding> {
    let access = file.config.user_access.as_ref()?;
    let AccessAs { span, .. } = access.access_as.as_ref().filter(|access_as| access_as.mode == Mode::User)?;
    let lists_anybody = !access.projects.is_empty() || !access.groups.is_empty();
    let message =
        "`user` needs Premium or Ultimate: on Free GitLab turns every user away, whomever `user_access` lists";
    lists_anybody.then(|| {
        Finding::new(&INFO, &file.source, *span, message)
            .label("not on Free")
            .route("user_access.access_as.user")
            .key("user_access")
            .help("write `access_as: {agent: {}}`, with which users act as the agent's own service account")
    })
}

/// What is said of an entry, given what applies on Free in its place.
fn finding(
    entry: &CiEntry,
    heir: Option<Candidate<'_>>,
    others: usize,
    file: &AgentFile,
    context: &Context,
) -> Finding {
    let what = match entry.mode() {
        Mode::Agent => format!("`ci_access` needs Premium or Ultimate before GitLab {CI_ACCESS_FREE}"),
        mode => format!("`{}` needs Premium or Ultimate", mode.key()),
    };
    let also = match others {
        0 => String::new(),
        1 => " and one other".to_owned(),
        _ => format!(" and {others} others"),
    };
    let whose = entry.id.as_ref().map_or_else(|| "all projects".to_owned(), |id| excerpt(&id.value));
    let then = match heir.map(|heir| heir.entry) {
        Some(Some(heir)) => format!("{} applies: {}", words::entry(heir), terms(heir)),
        Some(None) => {
            "the configuration project's own access applies: any job, as the agent's own service account".to_owned()
        }
        None if others > 0 => "their jobs do not get in".to_owned(),
        None => format!("jobs of {whose} do not get in"),
    };
    let message = format!("{what}: on Free GitLab drops this entry{also} without a word; {then}");
    let place = entry.access_as.as_ref().map_or(entry.head, |access_as| access_as.span);
    let mut finding =
        Finding::new(&INFO, &file.source, place, message)
            .label("not on Free")
            .route(entry.access_as.as_ref().map_or_else(
                || entry.route(),
                |access_as| format!("{}.access_as.{}", entry.route(), access_as.mode.key()),
            ))
            .key(entry.id.as_ref().map_or_else(String::new, |id| id.value.to_lowercase()));
    if let Some(heir) = heir.and_then(|heir| heir.entry) {
        finding = finding.related(heir.head, "on Free this entry applies");
    }
    match context.tier {
        Some(_) => finding.help("restrict by `environments` and `protected_branches_only`, which need no licence"),
        None => finding
            .severity(Severity::Note)
            .help("say which licence there is: --tier, or `gitlab.tier` in .kaslint.yaml"),
    }
}

/// Whom an entry lets in, as a clause.
fn terms(entry: &CiEntry) -> String {
    // On Free it is an entry whose jobs act as the agent.
    let CiEntry {
        kind: _,
        index: _,
        span: _,
        head: _,
        id: _,
        default_namespace: _,
        access_as: _,
        environments,
        environments_key: _,
        protected_branches_only,
        resource_management: _,
    } = entry;
    let jobs = match (environments.is_empty(), is_true(protected_branches_only.as_ref())) {
        (true, true) => "any job on a protected ref",
        (true, false) => "any job",
        (false, true) => "jobs of its environments on protected refs",
        (false, false) => "jobs of its environments",
    };
    format!("{jobs}, as the agent's own service account")
}
