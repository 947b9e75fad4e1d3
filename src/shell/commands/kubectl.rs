//! kubectl, and oc where it is kubectl.

use super::super::action::{ActionKind, ClusterCommand, Contact, Tool};
use super::super::words::Word;
use super::elsewhere::is_unwritable_home;
use super::flags::{Flags, Given};
use super::{Call, Recognized, clients, config};
use crate::gitlab::PartialText;

/// kubectl's global options that take a value (`kubectl options`).
pub(super) const GLOBAL: &[&str] = &[
    "--as",
    "--as-group",
    "--as-uid",
    "--cache-dir",
    "--certificate-authority",
    "--client-certificate",
    "--client-key",
    "--cluster",
    "--context",
    "--kubeconfig",
    "--kuberc",
    "--log-backtrace-at",
    "--log-dir",
    "--log-file",
    "--log-file-max-size",
    "--log-flush-frequency",
    "--namespace",
    "-n",
    "--password",
    "--profile",
    "--profile-output",
    "--request-timeout",
    "--server",
    "-s",
    "--stderrthreshold",
    "--tls-server-name",
    "--token",
    "--user",
    "--username",
    "-v",
    "--v",
    "--vmodule",
];

/// Options of sub-commands that take a value, as far as they are common.
const LOCAL: &[&str] = &[
    "-f",
    "--filename",
    "-k",
    "--kustomize",
    "-l",
    "--selector",
    "-o",
    "--output",
    "-c",
    "--container",
    "-p",
    "--patch",
    "--patch-file",
    "--type",
    "--timeout",
    "--for",
    "--image",
    "--replicas",
    "--field-selector",
    "--field-manager",
    "--template",
];

/// kubectl's own sub-commands that talk to the cluster (its reference, <https://kubernetes.io/docs/reference/kubectl/generated/>).
const CLUSTER_VERBS: &[&str] = &[
    "annotate",
    "api-resources",
    "api-versions",
    "apply",
    "attach",
    "auth",
    "autoscale",
    "certificate",
    "cluster-info",
    "cordon",
    "cp",
    "create",
    "debug",
    "delete",
    "describe",
    "diff",
    "drain",
    "edit",
    "events",
    "exec",
    "explain",
    "expose",
    "get",
    "label",
    "logs",
    "patch",
    "port-forward",
    "proxy",
    "replace",
    "rollout",
    "run",
    "scale",
    "set",
    "taint",
    "top",
    "uncordon",
    "version",
    "wait",
    "process",
    "new-project",
    "new-app",
    "start-build",
    "project",
    "adm",
    "policy",
    "status",
];

pub(super) fn recognize(call: &Call<'_>) -> Vec<Recognized> {
    let first = Flags::read(call.arguments, &[GLOBAL]);
    if first.verb(0) == "config" {
        let mut found = config::recognize(&Flags::read(call.arguments, &[GLOBAL, config::VALUED]), call);
        if found.is_empty() {
            found.push((ActionKind::Cluster(command(&first, call)), None));
        }
        return found;
    }
    match (clients::base_name(call.program), &*first.verb(0)) {
        ("oc", "login") => {
            return vec![(ActionKind::OwnKubeconfig { how: "oc login".to_owned(), is_home: false }, None)];
        }
        ("kubectl", "ctx") => return config::kubectx(call.arguments.get(1..).unwrap_or_default()),
        _ => {}
    }
    let flags = Flags::read(call.arguments, &[GLOBAL, LOCAL]);
    let mut found = vec![(ActionKind::Cluster(command(&flags, call)), None)];
    if let Some(folder) = flags.value("--cache-dir").filter(|folder| is_unwritable_home("KUBECACHEDIR", &folder.text()))
    {
        found.push((ActionKind::CacheUnwritable, Some(folder.range())));
    }
    found
}

fn command(flags: &Flags, call: &Call<'_>) -> ClusterCommand {
    let server = flags.value("--server").or_else(|| flags.value("-s"));
    ClusterCommand {
        tool: if clients::base_name(call.program) == "oc" { Tool::Oc } else { Tool::Kubectl },
        verb: flags.verb(0).into_owned(),
        contacts_cluster: contact(flags),
        context: flags.value("--context").map(Word::argument),
        kubeconfig: own_kubeconfig(flags.value("--kubeconfig"), &[], call),
        settings: None,
        server: server.map(Word::argument),
        token: flags.value("--token").map(Word::argument),
        cluster: flags.value("--cluster").map(Word::argument),
        user: flags.value("--user").map(Word::argument),
        insecure_skip_tls_verify: flags.switch("--insecure-skip-tls-verify").map(Word::range),
        certificate_authority: flags.has("--certificate-authority"),
        open: flags.open,
    }
}

/// `--kubeconfig`, a variable of the program's own or `KUBECONFIG`, unless it names the job's own.
pub(super) fn own_kubeconfig(option: Option<&Word>, variables: &[&str], call: &Call<'_>) -> Option<PartialText> {
    match option.map(Word::text) {
        Some(path) if path.to_string() == "$KUBECONFIG" => None,
        Some(path) => Some(path.into_owned()),
        None => {
            let own = call.named(variables).or_else(|| (call.variable)("KUBECONFIG"));
            own.map(|value| value.text).filter(|path| path.to_string() != "$KUBECONFIG")
        }
    }
}

fn contact(flags: &Flags) -> Contact {
    let verb = flags.verb(0);
    // `--dry-run=client` "only prints the object", yet validation fetches the cluster's OpenAPI schema (kubectl's reference
    // of `apply`, `--validate`); generators such as `create secret` have nothing to validate.
    let dry_run_here = flags.options.iter().any(|Given { name, value, .. }| {
        name == "--dry-run" && value.as_ref().is_none_or(|value| matches!(&*value.known(), "client" | "true"))
    });
    let reads_files = flags.has("-f") || flags.has("--filename") || flags.has("-k") || flags.has("--kustomize");
    match &*verb {
        _ if flags.has("--help") || flags.has("-h") => Contact::No,
        "" if flags.positional.is_empty() => Contact::No,
        "config" | "kustomize" | "completion" | "help" | "options" | "plugin" | "krew" | "convert" => Contact::No,
        // oc's commands about images in registries (`oc adm release --help`).
        "adm" if matches!(&*flags.verb(1), "release" | "catalog") => Contact::No,
        "image" => Contact::No,
        "version" if flags.switch("--client").is_some() => Contact::No,
        // It prints its own version and then an error where there is no server.
        "version" => Contact::Maybe,
        "create" if dry_run_here && !reads_files => Contact::No,
        _ if dry_run_here || flags.switch("--local").is_some() => Contact::Maybe,
        verb if CLUSTER_VERBS.contains(&verb) => Contact::Yes,
        _ => Contact::Maybe,
    }
}
