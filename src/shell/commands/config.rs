//! `kubectl config` and kubectx: what changes a kubeconfig.

use super::super::action::ActionKind;
use super::super::words::Word;
use super::flags::Flags;
use super::kubectl::own_kubeconfig;
use super::{Call, Recognized};
use crate::gitlab::PartialText;

/// Options of `kubectl config` and its sub-commands that take a value (kubectl's reference of `config`).
pub(super) const VALUED: &[&str] = &[
    "--auth-provider",
    "--auth-provider-arg",
    "--exec-api-version",
    "--exec-arg",
    "--exec-command",
    "--exec-env",
    "--proxy-url",
    "-o",
    "--output",
];

/// A change of contexts that gives none a name.
const CHANGE: ActionKind = ActionKind::ChangeContexts { new_name: None };

pub(super) fn recognize(flags: &Flags, call: &Call<'_>) -> Vec<Recognized> {
    let named = |kind: ActionKind, word: &Word| vec![(kind, Some(word.range()))];
    let argument = |option: &str| flags.value(option).map(Word::argument);
    let kubeconfig = own_kubeconfig(flags.value("--kubeconfig"), &[], call);
    let first = flags.argument(2);
    // `use` is an alias (kubectl's pkg/cmd/config/use_context.go).
    match (&*flags.verb(1), first) {
        ("use-context" | "use", Some(name)) => {
            named(ActionKind::UseContext { context: name.argument(), kubeconfig }, name)
        }
        ("set", Some(property)) => set(property, flags.argument(3), kubeconfig),
        ("unset", Some(property)) if changes_contexts(property) => named(CHANGE, property),
        ("delete-context", Some(name)) => named(CHANGE, name),
        ("rename-context", Some(name)) => {
            named(ActionKind::ChangeContexts { new_name: flags.argument(3).map(Word::argument) }, name)
        }
        ("set-credentials", Some(name)) => {
            let others = ["--client-certificate", "--client-key", "--username", "--password", "--exec-command"];
            let other_auth = others.iter().any(|option| flags.has(option)) || flags.has("--auth-provider");
            let token = argument("--token");
            named(ActionKind::SetCredentials { name: name.argument(), token, other_auth }, name)
        }
        ("set-cluster", Some(name)) => {
            let kind = ActionKind::SetCluster {
                name: name.argument(),
                server: argument("--server"),
                insecure_skip_tls_verify: flags.switch("--insecure-skip-tls-verify").map(Word::range),
                certificate_authority: flags.has("--certificate-authority"),
            };
            named(kind, name)
        }
        ("set-context", name) if name.is_some() || flags.has("--current") => {
            let name = name.filter(|_| flags.switch("--current").is_none());
            let kind = ActionKind::SetContext {
                name: name.map(Word::argument),
                cluster: argument("--cluster"),
                user: argument("--user"),
                namespace: argument("--namespace").or_else(|| argument("-n")),
            };
            vec![(kind, name.map(Word::range))]
        }
        _ => Vec::new(),
    }
}

fn changes_contexts(property: &Word) -> bool {
    property.is("current-context") || property.start().starts_with("contexts")
}

/// `kubectl config set PROPERTY VALUE`.
fn set(property: &Word, value: Option<&Word>, kubeconfig: Option<PartialText>) -> Vec<Recognized> {
    match value {
        Some(value) if property.is("current-context") => {
            vec![(ActionKind::UseContext { context: value.argument(), kubeconfig }, Some(value.range()))]
        }
        // Dots part the steps of the path, so parts of a context's name cannot be told from it.
        _ if property.start().starts_with("contexts.") && !property.start().ends_with(".namespace") => {
            vec![(CHANGE, Some(property.range()))]
        }
        _ => Vec::new(),
    }
}

/// `kubectx NAME`, `-` (the one before), `-u`, `-d NAME`, `NEW=OLD` (<https://github.com/ahmetb/kubectx>).
pub(super) fn kubectx(arguments: &[Word]) -> Vec<Recognized> {
    let Some(first) = arguments.first() else { return Vec::new() };
    let start = first.start();
    match &*start {
        "-c" | "--current" | "-h" | "--help" | "-V" | "--version" => Vec::new(),
        _ if start.starts_with('-') || start.contains('=') => vec![(CHANGE, Some(first.range()))],
        _ => {
            let kind = ActionKind::UseContext { context: first.argument(), kubeconfig: None };
            vec![(kind, Some(first.range()))]
        }
    }
}
