//! What a command is to Kubernetes contexts: one file a family of programs.

mod clients;
mod config;
mod elsewhere;
mod flags;
mod install;
mod kubectl;
mod wrappers;

use std::ops::Range;

use super::action::{ActionKind, Argument};
use super::words::Word;
use crate::gitlab::PartialText;

pub(super) use elsewhere::is_unwritable_home;
pub(super) use wrappers::{Inner, unwrap};

/// What the environment says to the tools.
pub(super) struct Environment {
    /// `KUBECONFIG`, where something is known of it: then it is not the file that GitLab writes.
    pub kubeconfig: Option<PartialText>,
    /// `HELM_KUBECONTEXT`.
    pub helm_context: Option<Argument>,
    /// `HELM_KUBEAPISERVER`.
    pub helm_server: Option<Argument>,
}

/// A command with its wrappers taken off.
pub(super) struct Call<'w> {
    pub program: &'w str,
    pub arguments: &'w [Word],
    pub environment: &'w Environment,
    /// Whether a path is where the tools look for their kubeconfig.
    pub is_kubeconfig: &'w dyn Fn(&PartialText) -> bool,
}

/// An action, and the word that matters where it is not the program's name.
pub(super) type Recognized = (ActionKind, Option<Range<usize>>);

/// All that a command does.
pub(super) fn recognize(call: &Call<'_>) -> Vec<Recognized> {
    match call.program {
        "kubectl" | "oc" | "kubectl.real" | "microk8s.kubectl" => kubectl::recognize(call),
        "kubectx" | "kubectl-ctx" => config::kubectx(call.arguments),
        "helm" | "helm3" => clients::helm(call),
        "flux" => clients::flux(call),
        "kustomize" => clients::kustomize(call),
        "kpt" => clients::kpt(call),
        "skaffold" => clients::skaffold(call),
        "helmfile" => clients::helmfile(call),
        _ => {
            let mut found = install::recognize(call);
            found.extend(elsewhere::recognize(call));
            found
        }
    }
}
