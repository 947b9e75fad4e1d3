//! What a script does with Kubernetes contexts, as values.

use std::ops::Range;

use crate::gitlab::PartialText;

/// A list of commands of a job, and the shell that runs it.
///
/// The runner joins `before_script` and `script` and runs them in one shell; `after_script` gets a shell of its own
/// (GitLab's CI/CD YAML reference, `after_script`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Section {
    /// `before_script`.
    BeforeScript,
    /// `script`.
    Script,
    /// `after_script`.
    AfterScript,
}

/// One item of a job's list of commands.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The text as YAML gives it.
    pub text: &'a str,
    /// The list that it stands in.
    pub section: Section,
}

/// What is known of the variables that the job starts with.
pub trait Lookup {
    /// The variable's value; [`PartialText::unknown`] of the very name if nothing is known of it.
    fn variable(&self, name: &str) -> PartialText;
}

/// A word's value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// The value after the shell's expansions.
    pub text: PartialText,
    /// Its bytes in the text that the action stands in, without quotes where what remains is one piece.
    pub range: Range<usize>,
}

/// One thing that a script does.
#[derive(Clone, Debug)]
pub struct Action {
    /// The item that holds it, or that runs the file that does.
    pub item: usize,
    /// The file that holds it, by its number in [`Script::files`](super::Script::files); `None` for the item.
    pub file: Option<usize>,
    /// The word that matters, in bytes of the file's or the item's text.
    pub range: Range<usize>,
    /// The whole command, in bytes of the same.
    pub command: Range<usize>,
    /// Whether it happens in every run that gets this far: not in a branch, a loop or a function that nothing calls.
    ///
    /// A subshell is certain: what it does to files stays.
    pub certain: bool,
    /// What it does.
    pub kind: ActionKind,
    /// The branches around it.
    pub(super) path: Vec<Arm>,
}

/// One arm of a place where a script branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arm {
    /// The place, counted through the script.
    pub fork: u32,
    /// The arm: of the arms of one place, one run takes one.
    pub arm: u32,
}

/// The kinds of what a script does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// A context becomes the current one: `kubectl config use-context X`.
    UseContext {
        /// The context's name.
        context: Argument,
        /// The kubeconfig, where it is not the job's own.
        kubeconfig: Option<PartialText>,
    },
    /// No context is the current one any more, or it is renamed or deleted.
    ChangeContexts {
        /// What a context is called from now on.
        new_name: Option<Argument>,
    },
    /// A program that can talk to a cluster.
    Cluster(ClusterCommand),
    /// `kubectl config set-credentials`.
    SetCredentials {
        /// The user's name in the kubeconfig.
        name: Argument,
        /// `--token`.
        token: Option<Argument>,
        /// Whether a certificate, password or plugin is given.
        other_auth: bool,
    },
    /// `kubectl config set-cluster`.
    SetCluster {
        /// The cluster's name in the kubeconfig.
        name: Argument,
        /// `--server`.
        server: Option<Argument>,
        /// `--insecure-skip-tls-verify`, unless it is set to false.
        insecure_skip_tls_verify: Option<Range<usize>>,
        /// Whether `--certificate-authority` is given.
        certificate_authority: bool,
    },
    /// `kubectl config set-context`.
    SetContext {
        /// The context's name; `None` with `--current`.
        name: Option<Argument>,
        /// `--cluster`.
        cluster: Option<Argument>,
        /// `--user`.
        user: Option<Argument>,
        /// `--namespace`.
        namespace: Option<Argument>,
    },
    /// A kubeconfig that is not the job's own: from here on its contexts are the script's business.
    OwnKubeconfig {
        /// What makes it, e.g. `aws eks update-kubeconfig`.
        how: String,
        /// Whether it lies at `~/.kube/config`, which the tools read only where `KUBECONFIG` is not set.
        is_home: bool,
    },
    /// A variable that decides about clusters gets a value.
    Export {
        /// The variable.
        name: String,
        /// Its value.
        value: Argument,
    },
    /// kubectl is installed in a version.
    KubectlVersion {
        /// The version without `v`, e.g. `1.27.1`.
        version: Argument,
    },
    /// The tools cannot write their cache, `~/.kube/cache`.
    CacheUnwritable,
    /// Something runs that is not seen from here: a script, `make`, `source`.
    Opaque {
        /// The program.
        program: String,
    },
}

/// A call of a program that can talk to a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterCommand {
    /// The program.
    pub tool: Tool,
    /// Its sub-command, e.g. `apply`; empty if there is none.
    pub verb: String,
    /// Whether this call talks to the cluster.
    pub contacts_cluster: Contact,
    /// `--context` or its like, or a variable such as `HELM_KUBECONTEXT`.
    pub context: Option<Argument>,
    /// `--kubeconfig` or `KUBECONFIG`, where it is not the job's own.
    pub kubeconfig: Option<PartialText>,
    /// A file or variable of the program's own in which a context can stand: `helmfile.yaml`.
    pub settings: Option<&'static str>,
    /// `--server` or its like.
    pub server: Option<Argument>,
    /// `--cluster`, which names a cluster of the kubeconfig.
    pub cluster: Option<Argument>,
    /// `--user`, which names a user of the kubeconfig.
    pub user: Option<Argument>,
    /// The token that is given on the command line.
    pub token: Option<Argument>,
    /// Where the server's certificate is told not to be checked.
    pub insecure_skip_tls_verify: Option<Range<usize>>,
    /// Whether a certificate authority is given.
    pub certificate_authority: bool,
    /// Whether options can hide in a variable: `helm upgrade $HELM_ARGS`.
    pub open: bool,
}

/// Programs that can talk to a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tool {
    /// kubectl, and oc in the sub-commands that are kubectl's.
    Kubectl,
    /// Helm.
    Helm,
    /// Flux's command line.
    Flux,
    /// kustomize, which only builds.
    Kustomize,
    /// kpt.
    Kpt,
    /// Skaffold.
    Skaffold,
    /// Helmfile.
    Helmfile,
    /// Argo CD's command line.
    Argocd,
    /// werf.
    Werf,
    /// kapp.
    Kapp,
    /// kluctl.
    Kluctl,
    /// Helmwave.
    Helmwave,
    /// Istio's command line.
    Istioctl,
    /// Velero.
    Velero,
    /// Tilt.
    Tilt,
    /// k9s.
    K9s,
    /// stern.
    Stern,
    /// kubens.
    Kubens,
    /// OpenShift's oc.
    Oc,
    /// Terraform and OpenTofu.
    Terraform,
    /// Modules of Ansible.
    Ansible,
    /// A program that is not known, and is told of a context.
    Other,
}

impl Tool {
    /// The program's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kubectl => "kubectl",
            Self::Helm => "helm",
            Self::Flux => "flux",
            Self::Kustomize => "kustomize",
            Self::Kpt => "kpt",
            Self::Skaffold => "skaffold",
            Self::Helmfile => "helmfile",
            Self::Argocd => "argocd",
            Self::Werf => "werf",
            Self::Kapp => "kapp",
            Self::Kluctl => "kluctl",
            Self::Helmwave => "helmwave",
            Self::Istioctl => "istioctl",
            Self::Velero => "velero",
            Self::Tilt => "tilt",
            Self::K9s => "k9s",
            Self::Stern => "stern",
            Self::Kubens => "kubens",
            Self::Oc => "oc",
            Self::Terraform => "terraform",
            Self::Ansible => "ansible",
            Self::Other => "this program",
        }
    }
}

/// Whether a call talks to a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Contact {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// That hangs on more than the call.
    Maybe,
}

impl ActionKind {
    /// Shows every range in it, so that it can be changed.
    pub(super) fn each_range(&mut self, show: &mut dyn FnMut(&mut Range<usize>)) {
        let mut arguments: Vec<&mut Argument> = Vec::new();
        match self {
            Self::UseContext { context: argument, .. }
            | Self::Export { value: argument, .. }
            | Self::KubectlVersion { version: argument } => arguments.push(argument),
            Self::Cluster(command) => {
                arguments.extend(command.context.iter_mut().chain(&mut command.server));
                arguments.extend(command.cluster.iter_mut().chain(&mut command.user).chain(&mut command.token));
                command.insecure_skip_tls_verify.iter_mut().for_each(&mut *show);
            }
            Self::SetCredentials { name, token, .. } => {
                arguments.push(name);
                arguments.extend(token);
            }
            Self::SetCluster { name, server, insecure_skip_tls_verify, .. } => {
                arguments.push(name);
                arguments.extend(server);
                insecure_skip_tls_verify.iter_mut().for_each(&mut *show);
            }
            Self::SetContext { name, cluster, user, namespace } => {
                arguments.extend(name.iter_mut().chain(cluster).chain(user).chain(namespace));
            }
            Self::ChangeContexts { .. } | Self::OwnKubeconfig { .. } | Self::CacheUnwritable | Self::Opaque { .. } => {}
        }
        arguments.into_iter().for_each(|argument| show(&mut argument.range));
    }
}
