//! `no-context-selected`.

use super::given::JobContext;
use super::jobs::{finding_at, script_place, usable_contexts};
use super::rule::{Findings, Rule, rule};
use crate::access::jobs::JobView;
use crate::ci::UnreadKind;
use crate::shell::{Contact, InForce, Tool};
use crate::words::excerpt;

rule! {
    /// A command talks to a cluster, and nothing selects a context before.
    ///
    /// GitLab's kubeconfig has a context for each agent and chooses none. Without one kubectl talks to `localhost:8080`, or, on a runner inside
    /// a cluster, to that cluster as the runner's own account. What `script` selects is forgotten in `after_script`, whose shell gets a fresh
    /// kubeconfig.
    ///
    /// Source: `app/services/ci/generate_kubeconfig_service.rb` of GitLab; `shells/abstract.go` of gitlab-runner.
    ///
    /// ## Bad
    ///
    /// ```yaml ci project=acme/agents
    /// deploy:
    ///   script:
    ///     - kubectl apply -f app.yaml
    /// ```
    ///
    /// ```yaml of=acme/agents path=.gitlab/agents/prod/config.yaml
    /// ci_access: {}
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml ci project=acme/agents
    /// deploy:
    ///   script:
    ///     - kubectl config use-context acme/agents:prod
    ///     - kubectl apply -f app.yaml
    /// ```
    ///
    /// ```yaml of=acme/agents path=.gitlab/agents/prod/config.yaml
    /// ci_access: {}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Select the context first, or name it in the command: `kubectl --context`, `helm --kube-context`.
    ///
    /// ## When it stays silent
    ///
    /// In projects that have nothing to do with agents, as far as is known; where a kubeconfig, a script or a tool's own file may select one;
    /// where a part of the job may stand in a file that was not read.
    NoContextSelected = "no-context-selected", Warning in Jobs
}

impl Rule for NoContextSelected {
    fn check_job(&self, job: &JobView<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        // What GitLab's own templates set at the top level selects nothing.
        let may_be_elsewhere = cx.jobs.pipeline.unread.iter().any(|unread| unread.kind != UnreadKind::Template);
        if !cx.uses_agents || job.job.is_partial || may_be_elsewhere {
            return;
        }
        for case in &job.cases {
            for (number, command, in_force) in case.script.cluster_commands() {
                if command.contacts_cluster != Contact::Yes {
                    continue;
                }
                let Some(action) = case.script.actions.get(number) else { continue };
                let Some(place) = script_place(job, action.item, &action.range) else { continue };
                let program = program(command.tool);
                let (message, related) = match in_force {
                    InForce::Nothing => (
                        format!(
                            "`{program}` talks to a cluster here, and nothing selects a context before: GitLab chooses none, so it turns to localhost"
                        ),
                        None,
                    ),
                    InForce::Forgotten { selection } => (
                        format!(
                            "`{program}` runs in `after_script`, whose shell gets a fresh kubeconfig: the context that `script` selected is forgotten"
                        ),
                        case.script.actions.get(selection),
                    ),
                    _ => continue,
                };
                let mut finding = finding_at(&INFO, &place, message)
                    .label("no context")
                    .route(crate::access::jobs::script_route(job.job, action.item))
                    .key(program);
                if let Some(place) = related.and_then(|action| script_place(job, action.item, &action.range)) {
                    finding = finding.related_at(super::jobs::at(&place), "selected here, for another shell");
                }
                findings.report(finding.help(help(cx)));
                // One is enough to see: those behind it have the same cause.
                return;
            }
        }
    }
}

fn help(cx: &JobContext<'_>) -> String {
    match &usable_contexts(cx)[..] {
        [only] => format!("select it first: `kubectl config use-context {}`", excerpt(only).trim_matches('`')),
        [] => "select one first: `kubectl config use-context <project path>:<agent name>`".to_owned(),
        [first, rest @ ..] => {
            let others: Vec<String> = rest.iter().take(3).map(|context| excerpt(context)).collect();
            format!(
                "select one first: `kubectl config use-context {}` (or {})",
                excerpt(first).trim_matches('`'),
                others.join(", ")
            )
        }
    }
}

pub(super) fn program(tool: Tool) -> &'static str {
    match tool {
        Tool::Kubectl => "kubectl",
        Tool::Helm => "helm",
        Tool::Flux => "flux",
        Tool::Kustomize => "kustomize",
        Tool::Kpt => "kpt",
        Tool::Skaffold => "skaffold",
        Tool::Helmfile => "helmfile",
    }
}
