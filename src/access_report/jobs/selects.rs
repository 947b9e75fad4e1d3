//! Which contexts a case of a job selects, and whether the agents behind them let it in.

use super::Section;
use super::answers::{AgentAccess, Answers, EnvironmentAgent};
use crate::access::jobs::{By, ContextName, JobCase, JobView, Resolved, Selection, context_name};
use crate::access::{AgentId, Certainly, Index};
use crate::gitlab::PartialText;
use crate::shell::{ActionKind, Contact, InForce, Tool, Why};
use crate::words::{self, Told};

/// Whether the agent of a context lets a case in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Granted {
    Yes,
    No,
    Depends,
    Unknown,
}

/// A context that a case selects.
pub(super) struct Selected<'j> {
    pub selection: &'j Selection,
    /// The agent, if it is known.
    pub agent: Option<AgentId>,
    pub granted: Granted,
    /// Why, in a clause.
    pub reason: String,
    /// For the agent of an environment, to which the answer above is whether it shows its dashboard: whether managed resources are made.
    pub managed_resources: Option<Told>,
}

/// What commands work with that talk to a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Works {
    Nothing,
    OwnKubeconfig,
    /// Its own `~/.kube/config`, if the job sees no agent.
    HomeKubeconfig,
    /// The job writes `~/.kube/config` and sees an agent, so that the file is not read.
    ShadowedKubeconfig,
    OwnContext(String),
    Unknown,
}

impl From<Option<Certainly>> for Granted {
    fn from(holds: Option<Certainly>) -> Self {
        match holds {
            Some(Certainly::Yes) => Self::Yes,
            Some(Certainly::No) => Self::No,
            Some(Certainly::Depends) => Self::Depends,
            None => Self::Unknown,
        }
    }
}

impl Granted {
    /// The word in machine formats.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Depends => "depends",
            Self::Unknown => "unknown",
        }
    }

    /// The same for people, with the reason.
    pub fn in_words(self, reason: &str) -> String {
        let holds = match self {
            Self::Yes => Some(Certainly::Yes),
            Self::No => Some(Certainly::No),
            Self::Depends => Some(Certainly::Depends),
            Self::Unknown => None,
        };
        words::certainly(holds, reason)
    }
}

impl Works {
    /// The word in machine formats.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::OwnKubeconfig => "own_kubeconfig",
            Self::HomeKubeconfig => "depends",
            Self::ShadowedKubeconfig => "shadowed_kubeconfig",
            Self::OwnContext(_) => "own_context",
            Self::Unknown => "unknown",
        }
    }

    /// The same for people.
    pub fn in_words(&self) -> String {
        match self {
            Self::Nothing => "nothing".to_owned(),
            Self::OwnKubeconfig => "own kubeconfig".to_owned(),
            Self::HomeKubeconfig => "depends: own kubeconfig".to_owned(),
            Self::ShadowedKubeconfig => "own kubeconfig, not read".to_owned(),
            Self::OwnContext(name) => format!("own context {name}"),
            Self::Unknown => "unknown".to_owned(),
        }
    }
}

/// By what a context is selected, in machine formats.
pub(super) fn by_name(by: By) -> &'static str {
    match by {
        By::UseContext => "use_context",
        By::Command => "command",
        By::AutoDevops => "auto_devops",
        By::Environment => "environment",
        By::Value => "value",
    }
}

/// The contexts that a case selects, in the order of its scripts.
pub(super) fn selected<'j>(
    section: &Section<'_, '_>,
    job: &'j JobView<'_>,
    number: usize,
    answers: &mut Answers<'_, '_, 'j>,
) -> Vec<Selected<'j>> {
    let Some(case) = job.cases.get(number) else { return Vec::new() };
    let selections = job.selections().iter().filter(|selection| selection.cases.contains(&number));
    selections.map(|selection| judged(section, selection, (job, case), answers)).collect()
}

fn judged<'j>(
    section: &Section<'_, '_>,
    selection: &'j Selection,
    (job, case): (&'j JobView<'_>, &'j JobCase),
    answers: &mut Answers<'_, '_, 'j>,
) -> Selected<'j> {
    let index = section.report.index;
    let with = |agent, granted, reason: String| Selected { selection, agent, granted, reason, managed_resources: None };
    match selection.resolve(index) {
        Resolved::Agent(id) if !index.agent(id).is_registered => {
            with(Some(id), Granted::No, "no such agent is registered".to_owned())
        }
        Resolved::Agent(id) => {
            // What `ci_access` grants has no part in what the environment shows.
            if let Some(environment) = job.job.environment.as_ref().filter(|_| selection.by == By::Environment) {
                let EnvironmentAgent { dashboard, managed_resources } = answers.environment_agent(id, environment);
                let shown = with(Some(id), dashboard.holds.into(), dashboard.why);
                return Selected { managed_resources: Some(managed_resources), ..shown };
            }
            let (granted, reason) = granted(id, section, case, answers);
            with(Some(id), granted, reason)
        }
        Resolved::OtherCase(id) => {
            let context = words::printable(&index.agent(id).context());
            with(None, Granted::No, format!("its letters' case differs from {context}"))
        }
        Resolved::NoAgent { project, .. } => match knows_agents(index, project) {
            true => with(None, Granted::No, "there is no such agent".to_owned()),
            false => with(None, Granted::Unknown, "nothing is known of such an agent".to_owned()),
        },
        Resolved::Certificate => with(None, Granted::Unknown, "a certificate-based cluster".to_owned()),
        Resolved::Open => {
            let names: Vec<String> =
                selection.context.variables().map(|name| format!("`{}`", words::printable(name))).collect();
            let names = words::some_of(&names, 3);
            with(None, Granted::Unknown, format!("hangs on {names}, and that is not known"))
        }
        Resolved::Other(_) => with(None, Granted::Unknown, "this is no agent's context".to_owned()),
    }
}

/// Whether all agents of a project are known.
fn knows_agents(index: &Index<'_>, project: &str) -> bool {
    let Some(inventory) = index.inventory() else { return false };
    inventory.find_project(project).is_none_or(|listed| {
        let has_files = || index.agents().iter().any(|agent| agent.project == Some(&*listed.path));
        listed.agents.is_some() || has_files()
    })
}

fn granted<'j>(
    agent: AgentId,
    section: &Section<'_, '_>,
    case: &'j JobCase,
    answers: &mut Answers<'_, '_, 'j>,
) -> (Granted, String) {
    if !answers.is_project_known() {
        return (Granted::Unknown, "who gets in is not known".to_owned());
    }
    let context = || words::printable(&section.report.index.agent(agent).context());
    let mut access = |protected: bool| {
        let answered = answers.of(case, protected)?;
        let none = || AgentAccess::No("no entry counts".to_owned());
        Some(answered.access_to(agent).cloned().unwrap_or_else(none))
    };
    match (access(true), access(false)) {
        (None, None) => (Granted::Unknown, "it is in no pipeline".to_owned()),
        (Some(AgentAccess::Unknown), _) | (_, Some(AgentAccess::Unknown)) => {
            (Granted::Unknown, "GitLab refuses the agent's file, so what is in force is not known".to_owned())
        }
        (Some(AgentAccess::Yes) | None, Some(AgentAccess::Yes) | None) => {
            (Granted::Yes, format!("the job sees {}", context()))
        }
        (Some(AgentAccess::No(reason)), None | Some(AgentAccess::No(_))) | (None, Some(AgentAccess::No(reason))) => {
            (Granted::No, reason)
        }
        (Some(AgentAccess::Yes), Some(AgentAccess::No(_))) => (Granted::Depends, "on protected refs only".to_owned()),
        (Some(AgentAccess::No(_)), Some(AgentAccess::Yes)) => {
            (Granted::Depends, "on refs only that are not protected".to_owned())
        }
        (one, other) => {
            let mut clauses: Vec<String> = Vec::new();
            for (access, on) in [(&one, "on protected refs"), (&other, "on other refs")] {
                match access {
                    Some(AgentAccess::If(clause)) if one == other => clauses.push(format!("if {clause}")),
                    Some(AgentAccess::If(clause)) => clauses.push(format!("{on} if {clause}")),
                    Some(AgentAccess::Yes) => clauses.push(on.to_owned()),
                    _ => {}
                }
            }
            clauses.dedup();
            (Granted::Depends, clauses.join(", "))
        }
    }
}

/// What the commands of a case work with that talk to a cluster and have no context selected; empty where there are none.
pub(super) fn works(section: &Section<'_, '_>, job: &JobView<'_>, case: &JobCase, has_selection: bool) -> Vec<Works> {
    let script = &case.script;
    let of_home = || match section.jobs.sees_agents(case, section.report.index) {
        Some((Certainly::Yes, _)) => Works::ShadowedKubeconfig,
        Some((Certainly::No, _)) => Works::OwnKubeconfig,
        _ => Works::HomeKubeconfig,
    };
    let mut found: Vec<Works> = Vec::new();
    let mut add = |works: Works| {
        if !found.contains(&works) {
            found.push(works);
        }
    };
    // Whether a command surely gets the `KUBECONFIG` that GitLab sets, and what it does with it is known.
    let is_plain = |at: usize| {
        let is_other = |context: &PartialText| {
            !matches!(context_name(context), ContextName::Agent { .. } | ContextName::OwnAgent { .. })
        };
        script.keeps_kubeconfig_before(at)
            && match script.in_force_of_gitlabs(at) {
                Some(InForce::Selected { context, .. }) => is_other(&context.text),
                _ => true,
            }
    };
    for (at, command, in_force) in script.cluster_commands() {
        match (in_force, command.contacts_cluster) {
            (InForce::Selected { .. }, _) if command.tool == Tool::Other && !has_selection => add(Works::Unknown),
            (_, Contact::No) | (InForce::Selected { .. }, _) => {}
            (InForce::Unknown(Why::ClusterAndUser), Contact::Yes) if command.user.is_some() => {
                let parts = [("--cluster", &command.cluster), ("--user", &command.user)];
                let parts = parts.iter().filter_map(|(option, name)| {
                    let name = name.as_ref()?.text.to_string();
                    Some(format!("{option}={}", words::printable(&name)))
                });
                add(Works::OwnContext(parts.collect::<Vec<_>>().join(" ")))
            }
            (InForce::Handmade { context, .. }, _) => {
                add(Works::OwnContext(words::printable(&context.text.to_string())))
            }
            (InForce::Unknown(Why::OwnKubeconfig | Why::Server), _) => add(Works::OwnKubeconfig),
            (InForce::Unknown(Why::HomeKubeconfig), _) if is_plain(at) => add(of_home()),
            (InForce::Unknown(Why::HomeKubeconfig), _) => add(Works::HomeKubeconfig),
            (InForce::Nothing | InForce::Forgotten { .. }, Contact::Yes) => add(Works::Nothing),
            (InForce::Nothing | InForce::Forgotten { .. } | InForce::Unknown(_), _) if has_selection => {}
            (InForce::Nothing | InForce::Forgotten { .. } | InForce::Unknown(_), _) => add(Works::Unknown),
        }
    }
    if found.is_empty() && !has_selection {
        let own = script.actions.iter().filter_map(|action| match action.kind {
            ActionKind::OwnKubeconfig { is_home, .. } => Some(is_home),
            _ => None,
        });
        found.extend(own.max_by_key(|is_home| !is_home).map(|is_home| match is_home {
            true => of_home(),
            false => Works::OwnKubeconfig,
        }));
    }
    // A deployment by a script that is not seen from here may well reach a cluster.
    let is_opaque = || {
        let runs_other = script.actions.iter().any(|action| matches!(action.kind, ActionKind::Opaque { .. }));
        !job.job.is_script_known() || runs_other || !script.not_understood.is_empty()
    };
    if found.is_empty() && !has_selection && case.environment.is_some() && is_opaque() {
        found.push(Works::Unknown);
    }
    found
}
