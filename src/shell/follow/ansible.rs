//! `ansible-playbook`: contexts of the modules of `kubernetes.core` in plays for the local host.
//!
//! Source: the collection's documentation of `k8s`, `helm` and their like, parameters `context` and `kubeconfig`
//! (`K8S_AUTH_CONTEXT`, `K8S_AUTH_KUBECONFIG`). Roles and included tasks are not read.

use std::ops::Range;

use super::super::action::{ActionKind, Argument, ClusterCommand, Contact, Tool};
use super::super::library::NotRead;
use super::super::walk::Walker;
use super::super::words::Word;
use super::paths::Named;
use super::yaml_file::{Scalar, entries, item_maps, scalar, value};
use crate::gitlab::{PartialText, Shape};
use crate::yaml::{Document, NodeId, Tree};

/// How many tasks of a playbook are looked at.
const MAX_TASKS: usize = 2_000;

impl Walker<'_> {
    pub(super) fn playbook(&mut self, program: &str, words: &[Word], set: &[(String, Word)], whole: &Range<usize>) {
        // Roles may do anything.
        self.recognize(program, words, set, whole);
        let files = words.iter().skip(1).filter(|word| {
            let written = word.text().to_string();
            !written.starts_with('-') && [".yml", ".yaml"].iter().any(|ending| written.ends_with(ending))
        });
        for file in files {
            // Variables of a call are a file as well: `-e @vars.yml`.
            if file.start().starts_with('@') {
                continue;
            }
            let read = match self.named(&file.text()) {
                Named::Here(path) => self.following.library.text(&path).map(|text| (path, text)),
                Named::Outside => Err(NotRead::Outside),
                Named::Unknown => Err(NotRead::Variable),
            };
            let read = read.and_then(|(path, text)| {
                let documents = text.documents().ok_or(NotRead::NoYaml)?;
                Ok((path, text, documents))
            });
            match read {
                Err(why) => self.not_read(file, &file.text().to_string(), program, why, whole),
                Ok((path, text, documents)) => {
                    let (_, start) = self.following.enter(&path, &text);
                    let mut left = MAX_TASKS;
                    for tree in documents.iter().map(Document::tree) {
                        for play in tree.root().into_iter().flat_map(|root| item_maps(tree, root)) {
                            if is_local(tree, play) {
                                self.play(tree, play, start, &mut left);
                            }
                        }
                    }
                }
            }
        }
    }

    fn play(&mut self, tree: &Tree, map: NodeId, start: usize, left: &mut usize) {
        for key in ["pre_tasks", "tasks", "post_tasks", "handlers", "block", "rescue", "always"] {
            for task in value(tree, map, key).into_iter().flat_map(|list| item_maps(tree, list)) {
                if *left == 0 {
                    return;
                }
                *left -= 1;
                for (module, parameters) in entries(tree, task) {
                    if let Some(name) = module_name(module) {
                        self.module(tree, name, parameters, start);
                    }
                }
                self.play(tree, task, start, left);
            }
        }
    }

    fn module(&mut self, tree: &Tree, name: &str, parameters: NodeId, start: usize) {
        let of = |keys: [&str; 2]| keys.iter().find_map(|key| scalar(tree, value(tree, parameters, key)?));
        let Some(context) = of(["context", "kube_context"]) else { return };
        let kubeconfig = of(["kubeconfig", "kubeconfig_path"]);
        let is_gitlabs = |path: &Scalar| path.text.contains("KUBECONFIG");
        if kubeconfig.as_ref().is_some_and(|path| !is_gitlabs(path)) || of(["host", "api_key"]).is_some() {
            return;
        }
        let text = match context.text.contains("{{") {
            true => PartialText::unknown(&context.text, Shape::Any),
            false => PartialText::known(&context.text),
        };
        let range = start + context.range.start..start + context.range.end;
        let command = ClusterCommand {
            tool: Tool::Ansible,
            verb: name.to_owned(),
            contacts_cluster: Contact::Yes,
            context: Some(Argument { text, range: range.clone() }),
            kubeconfig: None,
            settings: None,
            server: None,
            cluster: None,
            user: None,
            token: None,
            insecure_skip_tls_verify: None,
            certificate_authority: false,
            open: false,
        };
        self.add(ActionKind::Cluster(command), range.clone(), range);
    }
}

/// Whether a play runs where the job does.
fn is_local(tree: &Tree, play: NodeId) -> bool {
    let text = |key: &str| value(tree, play, key).and_then(|value| tree.scalar_text(value));
    matches!(text("hosts"), Some("localhost" | "127.0.0.1")) || text("connection") == Some("local")
}

/// The name of a module that talks to a cluster.
fn module_name(key: &str) -> Option<&str> {
    let name =
        key.strip_prefix("kubernetes.core.").or_else(|| key.strip_prefix("community.kubernetes.")).unwrap_or(key);
    let is_one = matches!(
        name,
        "k8s" | "helm" | "k8s_info" | "k8s_exec" | "k8s_scale" | "k8s_log" | "helm_info" | "k8s_rollback"
    );
    is_one.then_some(name)
}
