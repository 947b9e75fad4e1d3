//! Which context is in force where a command talks to a cluster.

use super::Script;
use super::action::{Action, ActionKind, Argument, ClusterCommand, Section};
use super::flow::{Decision, HomeKubeconfig, Use};
use crate::gitlab::PartialText;

/// The context that a command works with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InForce {
    /// A context of the job's kubeconfig.
    Selected {
        /// Its name; the range is in the item of `selection`, or of the command itself.
        context: Argument,
        /// The action that selected it; `None` where the command or its environment names it.
        selection: Option<usize>,
    },
    /// A context that the script itself puts together.
    Handmade {
        /// Its name.
        context: Argument,
        /// The action that selected it.
        selection: Option<usize>,
        /// The `set-context`.
        set_context: usize,
        /// The `set-credentials` of its user.
        credentials: Option<usize>,
        /// The `set-cluster` of its cluster.
        cluster: Option<usize>,
    },
    /// Nothing selects one before.
    Nothing,
    /// Selected in `script`, which says nothing to `after_script`: the runner writes the file of `KUBECONFIG` anew.
    Forgotten {
        /// The action that selected it.
        selection: usize,
    },
    /// It cannot be told.
    Unknown(Why),
}

/// Why a context cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A kubeconfig that is not the job's own.
    OwnKubeconfig,
    /// The script has written `~/.kube/config`, which counts where GitLab sets no `KUBECONFIG`.
    HomeKubeconfig,
    /// A server is given on the command line.
    Server,
    /// Something ran that is not seen from here.
    Opaque,
    /// It is selected on a condition.
    Conditional,
    /// A part of the script before is not understood.
    NotUnderstood,
    /// Options of the command stand in a variable.
    Options,
    /// The program's own file can name one: `helmfile.yaml`, `skaffold.yaml`.
    ToolSettings,
    /// Contexts are renamed, deleted or unset before.
    Changed,
    /// Cluster and user are named on the command line, in place of a context.
    ClusterAndUser,
}

impl Script {
    /// The calls that talk to a cluster, or may, each with the context that is in force.
    pub fn cluster_commands(&self) -> impl Iterator<Item = (usize, &ClusterCommand, InForce)> {
        self.actions.iter().enumerate().filter_map(|(index, action)| match &action.kind {
            ActionKind::Cluster(command) => Some((index, command, self.in_force(index)?)),
            _ => None,
        })
    }

    /// The context that is in force for a call of a program; `None` if the action of this number is none.
    #[must_use]
    pub fn in_force(&self, index: usize) -> Option<InForce> {
        let found = self.in_force_of_gitlabs(index)?;
        let is_of_file = !matches!(found, InForce::Unknown(Why::OwnKubeconfig | Why::Server));
        let is_home = is_of_file && self.home_kubeconfig_before(index).is_some();
        Some(if is_home { InForce::Unknown(Why::HomeKubeconfig) } else { found })
    }

    /// The same where GitLab sets `KUBECONFIG`, so that no `~/.kube/config` is read.
    #[must_use]
    pub fn in_force_of_gitlabs(&self, index: usize) -> Option<InForce> {
        let action = self.actions.get(index)?;
        let ActionKind::Cluster(command) = &action.kind else { return None };
        if command.kubeconfig.is_some() || self.own_kubeconfig_before(index) {
            return Some(InForce::Unknown(Why::OwnKubeconfig));
        }
        if command.server.is_some() {
            return Some(InForce::Unknown(Why::Server));
        }
        if let Some(context) = &command.context {
            return Some(self.named(context.clone(), None, index));
        }
        if command.cluster.is_some() && command.user.is_some() {
            return Some(InForce::Unknown(Why::ClusterAndUser));
        }
        if command.open {
            return Some(InForce::Unknown(Why::Options));
        }
        let found = self.selected_before(index, action);
        let is_nothing = found == InForce::Nothing;
        Some(match command.settings {
            Some(_) if is_nothing => InForce::Unknown(Why::ToolSettings),
            // A cluster without a user is one that nobody has logged in to.
            _ if is_nothing && command.cluster.is_some() => InForce::Unknown(Why::ClusterAndUser),
            _ => found,
        })
    }

    /// Whether a kubeconfig of another origin may be in use before an action: its contexts are then no agents'.
    #[must_use]
    pub fn own_kubeconfig_before(&self, index: usize) -> bool {
        self.standings.get(index).is_some_and(|standing| standing.own_kubeconfig || standing.exported)
    }

    /// What has written `~/.kube/config` before an action.
    #[must_use]
    pub fn home_kubeconfig_before(&self, index: usize) -> Option<HomeKubeconfig> {
        self.standings.get(index)?.home
    }

    /// Whether the shell of an action has the `KUBECONFIG` that the job started with, as far as all that ran before is seen.
    #[must_use]
    pub fn keeps_kubeconfig_before(&self, index: usize) -> bool {
        let item = self.actions.get(index).map_or(0, |action| action.item);
        let is_understood = self.not_understood.first().is_none_or(|first| *first > item);
        is_understood && self.standings.get(index).is_some_and(|standing| !standing.exported && !standing.may_be_unset)
    }

    /// Whether the script puts a context of this name together itself.
    #[must_use]
    pub fn makes_context(&self, name: &PartialText) -> bool {
        self.made.is_whole(name)
    }

    /// Whether an action is in `after_script`.
    fn shell(&self, action: &Action) -> bool {
        self.sections.get(action.item) == Some(&Section::AfterScript)
    }

    fn selected_before(&self, index: usize, action: &Action) -> InForce {
        let Some(standing) = self.standings.get(index) else { return InForce::Nothing };
        match standing.decision {
            Some(Decision::OwnKubeconfig) => return InForce::Unknown(Why::OwnKubeconfig),
            Some(Decision::Conditional) => return InForce::Unknown(Why::Conditional),
            Some(Decision::Changed) => return InForce::Unknown(Why::Changed),
            Some(Decision::Selected(at)) => {
                if let Some(ActionKind::UseContext { context, .. }) = self.actions.get(at).map(|action| &action.kind) {
                    return self.named(context.clone(), Some(at), at);
                }
            }
            None => {}
        }
        // A file variable is written anew for each shell (gitlab-runner's shells/abstract.go, `writeExports` in
        // `writeAfterScript`, and shells/bash.go, `Variable`).
        match standing.selection {
            Some(Use { is_elsewhere: true, .. }) => InForce::Unknown(Why::OwnKubeconfig),
            _ if standing.is_opaque => InForce::Unknown(Why::Opaque),
            // Something in a text that is not understood may select a context.
            _ if self.not_understood.first().is_some_and(|item| *item <= action.item) => {
                InForce::Unknown(Why::NotUnderstood)
            }
            Some(Use { at, .. }) => InForce::Forgotten { selection: at },
            None => InForce::Nothing,
        }
    }

    /// A context by its name: one that the script makes itself, or one of the job's.
    fn named(&self, context: Argument, selection: Option<usize>, index: usize) -> InForce {
        let is_after = self.actions.get(index).is_some_and(|action| self.shell(action));
        // A context may be selected first and made afterwards.
        let Some(set_context) = self.made.context(is_after, &context.text) else {
            return InForce::Selected { context, selection };
        };
        let Some(ActionKind::SetContext { user, cluster, .. }) =
            self.actions.get(set_context).map(|action| &action.kind)
        else {
            return InForce::Selected { context, selection };
        };
        // `set-context NAME --namespace` alone changes a context that is there already.
        if user.is_none() && cluster.is_none() {
            return InForce::Selected { context, selection };
        }
        let credentials = user.as_ref().and_then(|user| self.made.credentials(is_after, &user.text));
        let cluster = cluster.as_ref().and_then(|cluster| self.made.cluster(is_after, &cluster.text));
        InForce::Handmade { context, selection, set_context, credentials, cluster }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Lookup;
    use super::super::tests::{Known, NOTHING, of};
    use super::*;

    /// Which context the last call of a program works with.
    fn force(lines: &[&str], lookup: &dyn Lookup) -> String {
        let script = of(lines, lookup);
        match script.cluster_commands().last() {
            None => "no command".to_owned(),
            Some((_, _, InForce::Selected { context, .. })) => context.text.to_string(),
            Some((_, _, InForce::Handmade { context, credentials, cluster, .. })) => {
                format!("handmade {} {} {}", context.text, credentials.is_some(), cluster.is_some())
            }
            Some((_, _, InForce::Unknown(why))) => format!("{why:?}"),
            Some((_, _, other)) => format!("{other:?}"),
        }
    }

    #[test]
    fn contexts_are_in_force() {
        const USE: &str = "kubectl config use-context a/b:c";
        const GET: &str = "kubectl get pods";
        let cases: &[(&[&str], &str)] = &[
            (&[GET], "Nothing"),
            (&[USE, GET], "a/b:c"),
            (&[GET, USE], "Nothing"),
            (&[USE, "kubectl config use-context d/e:f", GET], "d/e:f"),
            (&[USE, "kubectl --context d/e:f get pods"], "d/e:f"),
            (&["CTX=a/b:c", "kubectl config use-context $CTX", "helm list"], "a/b:c"),
            (&["make x", GET], "Opaque"),
            (&["make x", USE, GET], "a/b:c"),
            (&[USE, "make x", GET], "a/b:c"),
            (&["if x; then kubectl config use-context a/b:c; fi", GET], "Conditional"),
            (&["if x; then kubectl config use-context a/b:c; kubectl get pods; fi"], "a/b:c"),
            (&["if x; then kubectl config use-context a/b:c; else kubectl get pods; fi"], "Nothing"),
            (&[USE, "if x; then kubectl get pods; fi"], "a/b:c"),
            (&["if x; then", USE, "fi", GET], "Conditional"),
            (&["f() { kubectl config use-context \"$1\"; }", "f a/b:c", GET], "a/b:c"),
            (&["kubectl() { command kubectl --context a/b:c \"$@\"; }", GET], "a/b:c"),
            (&["aws eks update-kubeconfig --name x", USE, GET], "OwnKubeconfig"),
            (&["export KUBECONFIG=/tmp/k", GET], "OwnKubeconfig"),
            (&["echo \"$K\" > ~/.kube/config", GET], "HomeKubeconfig"),
            (&["echo \"$K\" > ~/.kube/config", USE, GET], "HomeKubeconfig"),
            (&["echo \"$K\" > ~/.kube/config", "unset KUBECONFIG", GET], "OwnKubeconfig"),
            (&["echo \"$K\" > ~/.kube/config", "export KUBECONFIG=~/.kube/config", GET], "OwnKubeconfig"),
            (&["echo \"$K\" > ~/.kube/config", "kubectl --kubeconfig ~/.kube/config get pods"], "OwnKubeconfig"),
            (&["echo \"$K\" > ~/.kube/config", "after: kubectl get pods"], "HomeKubeconfig"),
            (&["if x; then unset KUBECONFIG; fi", GET], "OwnKubeconfig"),
            (&["echo \"$K\" > $KUBECONFIG", GET], "OwnKubeconfig"),
            (&["cp \"$KUBECONFIG\" ~/.kube/config", USE, GET], "a/b:c"),
            (&["cat $KUBECONFIG > ~/.kube/config", USE, GET], "a/b:c"),
            (&["kubectl config view --raw > ~/.kube/config", USE, GET], "a/b:c"),
            (&["kubectl --cluster=gitlab --user=agent:12 get pods"], "ClusterAndUser"),
            (&[USE, "kubectl --cluster=gitlab --user=agent:12 get pods"], "ClusterAndUser"),
            (&["kubectl --cluster=gitlab get pods"], "ClusterAndUser"),
            (&["kubectl --user=agent:12 get pods"], "Nothing"),
            (&["werf converge"], "ToolSettings"),
            (&[USE, "werf converge"], "a/b:c"),
            (&["(export KUBECONFIG=/tmp/k; kubectl get pods)", GET], "Nothing"),
            (&["if x; then export KUBECONFIG=/tmp/k; fi", GET], "OwnKubeconfig"),
            (&["KUBECONFIG=/tmp/k kubectl get pods", GET], "Nothing"),
            (&["export HELM_KUBECONTEXT=a/b:c", "helm list"], "a/b:c"),
            (&["export HELM_KUBECONTEXT=a/b:c", GET], "Nothing"),
            (&["kubectl -s https://x get pods"], "Server"),
            (&["helm upgrade $HELM_ARGS x ."], "Options"),
            (&["helm upgrade x . --set a=$IMAGE -f $VALUES"], "Nothing"),
            (&["helmfile apply"], "ToolSettings"),
            (&["echo \"unclosed", GET], "NotUnderstood"),
            (&["kubectl config unset current-context", GET], "Changed"),
            (&[USE, "after: kubectl get pods"], "Forgotten { selection: 0 }"),
            (&["after: kubectl get pods"], "Nothing"),
            (&[USE, "after: kubectl config use-context d/e:f", "after: kubectl get pods"], "d/e:f"),
            (
                &[
                    "kubectl config set-credentials u --token=t",
                    "kubectl config set-cluster k --server=https://x/k8s-proxy/",
                    "kubectl config set-context own --cluster=k --user=u",
                    "kubectl config use-context own",
                    GET,
                ],
                "handmade own true true",
            ),
            (&["kubectl config set-context --current --namespace=x", GET], "Nothing"),
            (&["kubectl config use-context a/b:c || true", GET], "a/b:c"),
            (&["kubectl config use-context a/b:c; sleep 1", "export A=b && kubectl get pods"], "a/b:c"),
        ];
        let wrong: Vec<String> = cases
            .iter()
            .map(|(lines, wanted)| (lines, wanted, force(lines, &NOTHING)))
            .filter(|(_, wanted, found)| found != *wanted)
            .map(|(lines, wanted, found)| format!("{lines:?}\n  wanted {wanted}\n  found  {found}"))
            .collect();
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }

    #[test]
    fn the_jobs_variables_count() {
        let known = Known(&[("CTX", "a/b:c"), ("HELM_KUBECONTEXT", "d/e:f")]);
        assert_eq!(force(&["kubectl config use-context $CTX", "kubectl get pods"], &known), "a/b:c");
        assert_eq!(force(&["helm list"], &known), "d/e:f");
        let own = Known(&[("KUBECONFIG", "/own")]);
        assert_eq!(force(&["kubectl get pods"], &own), "OwnKubeconfig");
        assert_eq!(force(&["export KUBECONFIG=$KUBECONFIG", "kubectl get pods"], &NOTHING), "Nothing");
    }
}
