//! `no-context-selected`.

use super::findings::Findings;
use super::given::{JobAction, JobContext};
use super::jobs::usable_contexts;
use super::rule::{Rule, rule};
use crate::access::jobs::{By, KUBE_CONTEXT, Selection};
use crate::ci::UnreadKind;
use crate::shell::{ActionKind, Contact, InForce, Tool};
use crate::words::{a_few_of, excerpt};

rule! {
    /// A command talks to a cluster, and nothing selects a context before.
    ///
    /// GitLab's kubeconfig has a context for each agent and chooses none. Without one kubectl talks to `localhost:8080`, or, on a runner inside
    /// a cluster, to that cluster as the runner's own account. What `script` selects is forgotten in `after_script`, whose shell gets a fresh
    /// kubeconfig.
    ///
    /// `environment:kubernetes:agent` selects no context: it is for the environment's dashboard and for managed resources.
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
    fn check_action(&self, action: &JobAction<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        let ActionKind::Cluster(command) = &action.action.kind else { return };
        // What GitLab's own templates set at the top level selects nothing.
        let may_be_elsewhere = || action.job.pipeline.unread.iter().any(|unread| unread.kind != UnreadKind::Template);
        // What a script does on a condition is not said of each job that runs it.
        let may_not_run = action.action.file.is_some() && !action.action.certain;
        let is_seen = !may_not_run
            && cx.uses_agents
            && action.job.job.is_script_known()
            && command.contacts_cluster == Contact::Yes;
        if !is_seen || may_be_elsewhere() {
            return;
        }
        let program = command.tool.name();
        let (message, selection) = match action.script.in_force(action.number) {
            Some(InForce::Nothing) if command.tool == Tool::Kubens => (
                "`kubens` fails here: it works within a context, and neither a command before nor GitLab selects one"
                    .to_owned(),
                None,
            ),
            Some(InForce::Nothing) if !has_localhost(command.tool) => (
                format!(
                    "`{program}` has no context here: nothing selects one before and GitLab chooses none, so it finds no cluster, or on a runner inside one that"
                ),
                None,
            ),
            Some(InForce::Nothing) => (
                format!(
                    "`{program}` has no context here: nothing selects one before and GitLab chooses none, so it turns to localhost, or on a runner inside a cluster to that"
                ),
                None,
            ),
            Some(InForce::Forgotten { selection }) => (
                format!(
                    "`{program}` has no context in `after_script`: its shell gets a fresh kubeconfig, and what `script` selected is forgotten"
                ),
                action.script.actions.get(selection),
            ),
            _ => return,
        };
        let Some(finding) = action.finding(&INFO, &action.action.range, message) else { return };
        let mut finding = finding.label("no context").key(program);
        if let Some(place) =
            selection.and_then(|selected| action.job.place_of(action.script, selected, &selected.range))
        {
            finding = finding.related_at(place.clone(), "selected here, for another shell");
        }
        let named = action.job.selections().iter().find(|selection| selection.by == By::Environment);
        if let Some(named) = named {
            finding = finding.related_at(named.place.clone(), "for the environment, and no context for scripts");
        }
        let mut help = help(action, named, cx);
        if reads_for_nothing(action) {
            help.push_str("; `KUBE_CONTEXT` is read by GitLab's templates alone");
        }
        // One is enough to see: those behind it have the same cause.
        findings.report_once_a_job(finding.help(help));
    }
}

/// Whether a program falls back to localhost as kubectl does: it has kubectl's options for that (`cli-runtime` of Kubernetes).
fn has_localhost(tool: Tool) -> bool {
    match tool {
        Tool::Kubectl
        | Tool::Oc
        | Tool::Helm
        | Tool::Flux
        | Tool::Kustomize
        | Tool::Kpt
        | Tool::Skaffold
        | Tool::Helmfile
        | Tool::K9s
        | Tool::Stern => true,
        Tool::Argocd
        | Tool::Werf
        | Tool::Kapp
        | Tool::Kluctl
        | Tool::Helmwave
        | Tool::Istioctl
        | Tool::Velero
        | Tool::Tilt
        | Tool::Kubens
        | Tool::Terraform
        | Tool::Ansible
        | Tool::Other => false,
    }
}

/// Whether the job has a variable that looks as if it selected a context.
fn reads_for_nothing(action: &JobAction<'_>) -> bool {
    let mut cases = action.job.cases.iter().filter(|case| std::ptr::eq(&*case.script, action.script));
    cases.next().is_some_and(|case| action.job.scope(case).has(KUBE_CONTEXT))
}

fn help(action: &JobAction<'_>, named: Option<&Selection>, cx: &JobContext<'_>) -> String {
    let mut usable = usable_contexts(action, cx);
    let Some(named) = named else { return how_to_select(&usable) };
    // Who names an agent for the environment most likely means the same one.
    let name = named.context.to_string();
    if let Some(position) = usable.iter().position(|context| *context == name) {
        usable.swap(0, position);
        usable.truncate(1);
    }
    format!("{}; `environment:kubernetes:agent` selects none", how_to_select(&usable))
}

fn how_to_select(usable: &[String]) -> String {
    match usable {
        [only] => format!("select it first: `kubectl config use-context {}`", excerpt(only).trim_matches('`')),
        [] => "select one: `kubectl config use-context <project path>:<agent name>`".to_owned(),
        [first, rest @ ..] => format!(
            "select one: `kubectl config use-context {}` (or {})",
            excerpt(first).trim_matches('`'),
            a_few_of(rest.iter().map(|context| excerpt(context)))
        ),
    }
}
