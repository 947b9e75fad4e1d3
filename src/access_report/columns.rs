//! The rows of answers and grants for formats of rows: what stands in which column.

use super::AccessReport;
use crate::access::{
    Agent, AgentGrants, Answer, Candidate, Case, Condition, Denial, Effect, Grant, Identity, Outcome, Row, Settings,
    UserGrants, UserIdentity,
};
use crate::agent_config::{AccessAs, CiEntry, Impersonation, Mode, UserEntry, is_true};
use crate::words;

/// What stands between the values of one cell.
pub(super) const SEPARATOR: &str = "; ";

/// The header of answers: one row for each agent of each question, and one more for each further outcome of what is
/// not known.
pub(super) const ANSWER: [&str; 18] = [
    "project",
    "environment",
    "protected",
    "context",
    "outcome",
    "conditions",
    "entry_kind",
    "entry_id",
    "path",
    "line",
    "route",
    "overridden",
    "identity",
    "username",
    "groups",
    "namespace",
    "denial",
    "reason",
];

/// The header of what agents grant: one row for each entry of each agent, under each state of what is not known.
pub(super) const GRANTS: [&str; 19] = [
    "context",
    "registered",
    "refused_at",
    "section",
    "conditions",
    "entry_kind",
    "entry_id",
    "path",
    "line",
    "route",
    "environments",
    "protected_branches_only",
    "identity",
    "username",
    "groups",
    "namespace",
    "projects",
    "effect",
    "managed_resources",
];

fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn joined<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> String {
    values.into_iter().map(|value| value.as_ref().to_owned()).collect::<Vec<_>>().join(SEPARATOR)
}

pub(super) fn conditions(of: &[Condition]) -> String {
    joined(of.iter().map(words::condition))
}

/// `entry_kind`, `entry_id`, `path`, `line`, `route`.
pub(super) fn place(candidate: Option<&Candidate<'_>>, agent: &Agent<'_>) -> [String; 5] {
    let entry = candidate.and_then(|candidate| candidate.entry);
    [
        text(candidate.map(|candidate| candidate.kind.name())),
        text(candidate.and_then(|candidate| candidate.target)),
        text(entry.and(agent.file).map(|file| file.path)),
        text(entry.and_then(|entry| agent.line(entry.head))),
        text(entry.map(CiEntry::route)),
    ]
}

/// A row under [`ANSWER`].
pub(super) fn answer_row<'w>(report: &AccessReport<'_, 'w>, answer: &Answer<'w, '_>, row: &Row<'w>) -> Vec<String> {
    let agent = report.index.agent(row.agent);
    let mut cells = vec![
        answer.project_path().to_owned(),
        text(answer.query.environment),
        text(answer.query.protected),
        agent.context(),
        words::verdict(row).to_owned(),
        conditions(&row.conditions),
    ];
    cells.extend(place(row.winner.as_ref(), agent));
    cells.push(joined(
        row.overridden.iter().map(|candidate| candidate.route().unwrap_or_else(|| "implicit".to_owned())),
    ));
    let (mode, username, groups) =
        row.is_allowed().then(|| answer.identity(row, agent)).map(|as_whom| identity(&as_whom)).unwrap_or_default();
    cells.extend([mode.to_owned(), username, groups]);
    cells.push(text(answer.namespace(row).filter(|_| row.is_allowed()).map(|namespace| &namespace.value)));
    cells.push(text(denial_name(row)));
    cells.push(words::reason(answer, row, agent));
    cells
}

/// `identity`, `username`, `groups`.
pub(super) fn identity(identity: &Identity<'_>) -> (&'static str, String, String) {
    match identity {
        Identity::Agent => (Mode::Agent.key(), String::new(), String::new()),
        Identity::CiJob(job) => (Mode::CiJob.key(), job.username.clone(), joined(&job.groups)),
        Identity::Impersonate(user) => {
            let (username, groups) = fixed_user(*user);
            (Mode::Impersonate.key(), username, groups)
        }
    }
}

/// Why a job does not get an agent; `None` for one that it gets.
fn denial_name(row: &Row<'_>) -> Option<&'static str> {
    match &row.outcome {
        Outcome::Allowed => None,
        Outcome::Unknown(_) => Some("file_refused"),
        Outcome::Denied(denial) => Some(match denial {
            Denial::NoEntry => "no_entry",
            Denial::NoEnvironment => "no_environment",
            Denial::OtherEnvironment => "other_environment",
            Denial::NotProtected => "not_protected",
            Denial::PatternRaises(..) => "pattern_raises",
            Denial::RequestFails(_) => "request_fails",
        }),
    }
}

/// The row under [`ANSWER`] of a question that cannot be answered.
pub(super) fn unanswered_row(answer: &Answer<'_, '_>) -> Vec<String> {
    let mut cells = vec![String::new(); ANSWER.len()];
    let query = &answer.query;
    let filled = [
        (0, query.project.to_owned()),
        (1, text(query.environment)),
        (2, text(query.protected)),
        (4, "error".to_owned()),
        (ANSWER.len() - 1, "the inventory has no such project".to_owned()),
    ];
    for (at, cell) in filled {
        if let Some(place) = cells.get_mut(at) {
            *place = cell;
        }
    }
    cells
}

/// `username` and `groups`.
fn fixed_user(user: Option<&Impersonation>) -> (String, String) {
    let Some(Impersonation { username, groups, uid: _, extra: _ }) = user else { return Default::default() };
    (text(username.as_ref().map(|name| &name.value)), joined(groups.iter().map(|group| &group.value)))
}

/// `environments`, `protected_branches_only`, `identity`, `username`, `groups`, `namespace`.
fn terms(entry: Option<&CiEntry>) -> [String; 6] {
    let Some(entry) = entry else {
        let [no_environments, no_user, no_groups, no_namespace] = Default::default();
        return [no_environments, false.to_string(), Mode::Agent.key().to_owned(), no_user, no_groups, no_namespace];
    };
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
        resource_management: _,
    } = entry;
    let (mode, user) = AccessAs::identity(access_as.as_ref());
    let (username, groups) = fixed_user(user);
    [
        joined(environments.iter().map(|pattern| &pattern.value)),
        is_true(protected_branches_only.as_ref()).to_string(),
        mode.key().to_owned(),
        username,
        groups,
        text(default_namespace.as_ref().map(|namespace| &namespace.value)),
    ]
}

/// The first columns of what an agent grants.
fn agent_cells(agent: &Agent<'_>, section: &str) -> Vec<String> {
    vec![
        agent.context(),
        agent.is_registered.to_string(),
        text(agent.file.and_then(|file| file.refused).map(|step| step.name())),
        section.to_owned(),
    ]
}

/// The rows of an agent's `ci_access` under [`GRANTS`].
pub(super) fn ci_rows(granted: &AgentGrants<'_>, agent: &Agent<'_>, settings: Settings) -> Vec<Vec<String>> {
    let of_case = |case: &Case<'_>| -> Vec<Vec<String>> {
        case.grants.iter().map(|grant| grant_row(grant, &case.conditions, agent, settings)).collect()
    };
    granted.cases.iter().flat_map(of_case).collect()
}

fn grant_row(grant: &Grant<'_>, case: &[Condition], agent: &Agent<'_>, settings: Settings) -> Vec<String> {
    let (unknowns, projects, effect) = match &grant.effect {
        Effect::Decides(reach) => (&[][..], reach.count(), "decides".to_owned()),
        Effect::Depends(unknowns, reach) => (&unknowns[..], reach.count(), "decides".to_owned()),
        Effect::Dropped(reason) => (&[][..], Some(0), words::dropped(reason)),
    };
    let needs = unknowns.iter().map(|unknown| Condition { unknown: unknown.clone(), holds: true });
    let all: Vec<Condition> = case.iter().cloned().chain(needs).chain(grant.needs.iter().cloned()).collect();
    let mut cells = agent_cells(agent, "ci_access");
    cells.push(conditions(&all));
    cells.extend(place(Some(&grant.candidate), agent));
    cells.extend(terms(grant.candidate.entry));
    cells.push(text(projects));
    cells.push(effect);
    let needs = grant.managed_resources(settings, case);
    cells.push(needs.map(|needs| managed_resources(&needs)).unwrap_or_default());
    cells
}

/// "any ref and environment", and what must hold for that.
fn managed_resources(needs: &[Condition]) -> String {
    let condition = words::conditions_for_users(needs);
    let condition = if condition.is_empty() { condition } else { format!(", if {condition}") };
    format!("any ref and environment{condition}")
}

/// The rows of an agent's `user_access` under [`GRANTS`].
pub(super) fn user_rows(granted: &UserGrants<'_>, agent: &Agent<'_>) -> Vec<Vec<String>> {
    let denial = match granted.identity {
        UserIdentity::Nobody(denial) => Some(words::user_denial(denial).to_owned()),
        UserIdentity::Agent | UserIdentity::User => None,
    };
    let identity = granted.identity.mode().map(Mode::key).unwrap_or_default();
    let rows = granted.grants.iter().map(|grant| {
        let all = granted.conditions_of(grant);
        let effect = grant.dropped().map(words::dropped).or(denial.clone());
        let groups = if granted.identity == UserIdentity::User { grant.role_group.as_str() } else { "" };
        let mut cells = agent_cells(agent, "user_access");
        cells.push(words::conditions_for_users(&all));
        let UserEntry { kind, index: _, span, id: _ } = grant.entry;
        cells.extend([kind.noun().to_owned(), text(grant.target)]);
        cells.push(text(agent.file.map(|file| file.path)));
        cells.push(text(agent.line(*span)));
        cells.push(grant.entry.route());
        cells.extend([String::new(), String::new(), identity.to_owned(), String::new(), groups.to_owned()]);
        cells.extend([String::new(), String::new(), effect.unwrap_or_else(|| "lets in".to_owned())]);
        cells.push(String::new());
        cells
    });
    rows.collect()
}
