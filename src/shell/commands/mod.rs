//! What a command is to Kubernetes contexts: one file a family of programs.

mod clients;
mod config;
mod elsewhere;
mod flags;
mod install;
mod kubectl;
mod names;
mod wrappers;

use std::ops::Range;

use super::action::{ActionKind, Argument};
use super::words::Word;
use crate::gitlab::PartialText;

pub(super) use clients::is_client;
pub(super) use elsewhere::is_unwritable_home;
pub(super) use wrappers::{Inner, unwrap};

/// A command with its wrappers taken off.
pub(super) struct Call<'w> {
    pub program: &'w str,
    pub arguments: &'w [Word],
    /// A variable's value, where something is known of it: `KUBECONFIG` is then not the file that GitLab writes.
    pub variable: &'w dyn Fn(&str) -> Option<Argument>,
    /// Whether a path is where the tools look for their kubeconfig.
    pub is_kubeconfig: &'w dyn Fn(&PartialText) -> bool,
    /// Whether a path is `~/.kube/config`.
    pub is_home: &'w dyn Fn(&PartialText) -> bool,
}

/// An action, and the word that matters where it is not the program's name.
pub(super) type Recognized = (ActionKind, Option<Range<usize>>);

impl Call<'_> {
    /// The first of these variables of which something is known, unless it is empty.
    fn named(&self, variables: &[&str]) -> Option<Argument> {
        variables.iter().filter_map(|name| (self.variable)(name)).find(|value| !value.text.is_empty())
    }
}

/// All that a command does.
pub(super) fn recognize(call: &Call<'_>) -> Vec<Recognized> {
    match clients::base_name(call.program) {
        "kubectl" | "oc" | "microk8s.kubectl" => kubectl::recognize(call),
        "kubectx" | "kubectl-ctx" => config::kubectx(call.arguments),
        name => {
            if let Some(known) = clients::recognize(name, call) {
                return vec![known];
            }
            let mut found = install::recognize(call);
            found.extend(elsewhere::with_context(call));
            found.extend(elsewhere::recognize(call));
            found
        }
    }
}
