//! `shadowed-kubeconfig`.

use std::collections::HashSet;
use std::sync::Arc;

use super::findings::Findings;
use super::given::{JobAction, JobContext};
use super::rule::{Rule, rule};
use crate::access::jobs::{ContextName, JobCase, JobView, context_name};
use crate::access::{AgentId, Certainly};
use crate::ci::UnreadKind;
use crate::shell::{ActionKind, Contact, InForce, Script, Why};
use crate::words::excerpt;

rule! {
    /// The job writes `~/.kube/config`, and GitLab sets `KUBECONFIG`, so kubectl does not read it.
    ///
    /// For a job that sees an agent, or has a certificate-based cluster, GitLab sets `KUBECONFIG`. kubectl, helm and their like read that file
    /// alone then. Sharing an agent with a project breaks jobs that relied on a file of their own. `--kubeconfig` goes before both.
    ///
    /// Source: `lib/gitlab/ci/variables/builder.rb` of GitLab; gitlab#510581; kubectl's reference of `config`.
    ///
    /// ## Bad
    ///
    /// ```yaml ci project=acme/web/shop
    /// deploy:
    ///   script:
    ///     - echo "$STAGING_KUBECONFIG" | base64 -d > ~/.kube/config
    ///     - kubectl --context staging apply -f app.yaml
    /// ```
    ///
    /// ```yaml of=acme/agents path=.gitlab/agents/prod/config.yaml
    /// ci_access: {projects: [{id: acme/web/shop}]}
    /// ```
    ///
    /// ```yaml inventory
    /// projects: [{path: acme/agents}, {path: acme/web/shop}]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml ci project=acme/web/shop
    /// deploy:
    ///   script:
    ///     - echo "$STAGING_KUBECONFIG" | base64 -d > ~/.kube/config
    ///     - unset KUBECONFIG
    ///     - kubectl --context staging apply -f app.yaml
    /// ```
    ///
    /// ```yaml of=acme/agents path=.gitlab/agents/prod/config.yaml
    /// ci_access: {projects: [{id: acme/web/shop}]}
    /// ```
    ///
    /// ```yaml inventory
    /// projects: [{path: acme/agents}, {path: acme/web/shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// `unset KUBECONFIG` before the first command, or write the file to another place and name it in `KUBECONFIG` or `--kubeconfig`.
    ///
    /// ## When it stays silent
    ///
    /// Where it is not known whether the job sees an agent in all of its pipelines; where the file is written on a condition, or is a copy of
    /// GitLab's; where the commands name an agent's context; where a script that is not seen may unset the variable.
    ShadowedKubeconfig = "shadowed-kubeconfig", Warning in Jobs
}

impl Rule for ShadowedKubeconfig {
    fn check_job(&self, job: &JobView<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        let may_be_elsewhere = || job.pipeline.unread.iter().any(|unread| unread.kind != UnreadKind::Template);
        let mut known: HashSet<*const Script> = HashSet::new();
        for case in job.cases.iter().filter(|case| known.insert(Arc::as_ptr(&case.script))) {
            let Some((write, command)) = shadowed(&case.script) else { continue };
            if !job.job.is_script_known() || may_be_elsewhere() {
                return;
            }
            let cases = job.cases.iter().filter(|other| Arc::ptr_eq(&other.script, &case.script));
            let Some(agent) = seen_by_all(cases, cx) else { continue };
            let Some(action) = case.script.actions.get(write) else { continue };
            let action = JobAction { job, script: &case.script, number: write, action };
            let message = format!(
                "`~/.kube/config` is not read by kubectl: the job sees {}, so GitLab sets `KUBECONFIG`, which goes before it",
                agent.map_or_else(|| "an agent".to_owned(), |agent| excerpt(&cx.index.agent(agent).context()))
            );
            let Some(mut finding) = action.finding(&INFO, &action.action.range, message) else { continue };
            let reader = case.script.actions.get(command);
            let reader = reader.and_then(|reader| job.place_of(&case.script, reader, &reader.range));
            if let Some(place) = reader {
                finding = finding.related_at(place, "reads `$KUBECONFIG`");
            }
            let help = "write `unset KUBECONFIG` before this command runs, or hand it the file with `--kubeconfig`";
            findings.report_once_a_job(finding.label("written for nothing").key("~/.kube/config").help(help));
        }
    }
}

/// The action that writes `~/.kube/config`, and a command behind it that means that file and surely gets what GitLab sets.
fn shadowed(script: &Script) -> Option<(usize, usize)> {
    let is_home = |kind: &ActionKind| matches!(kind, ActionKind::OwnKubeconfig { is_home: true, .. });
    if !script.actions.iter().any(|action| is_home(&action.kind)) {
        return None;
    }
    let mut commands = script.cluster_commands();
    commands.find_map(|(at, command, in_force)| {
        let home = script.home_kubeconfig_before(at).filter(|home| home.is_certain)?;
        let is_home = in_force == InForce::Unknown(Why::HomeKubeconfig) && command.contacts_cluster == Contact::Yes;
        if !is_home || !script.keeps_kubeconfig_before(at) {
            return None;
        }
        let means_file = match script.in_force_of_gitlabs(at)? {
            InForce::Selected { context, .. } => {
                !matches!(context_name(&context.text), ContextName::Agent { .. } | ContextName::OwnAgent { .. })
            }
            InForce::Nothing | InForce::Forgotten { .. } | InForce::Unknown(Why::Conditional | Why::ToolSettings) => {
                true
            }
            InForce::Handmade { .. } | InForce::Unknown(_) => false,
        };
        means_file.then_some((home.at, at))
    })
}

/// One of the agents that these cases see, if each of them sees some.
fn seen_by_all<'c>(cases: impl Iterator<Item = &'c JobCase>, cx: &JobContext<'_>) -> Option<Option<AgentId>> {
    let mut first = None;
    for case in cases {
        let (Certainly::Yes, agent) = cx.jobs.sees_agents(case, cx.index)? else { return None };
        first = first.or(agent);
    }
    Some(first)
}
