//! Programs besides kubectl that read a kubeconfig.

use super::super::action::{ActionKind, ClusterCommand, Contact, Tool};
use super::super::words::Word;
use super::flags::Flags;
use super::kubectl::{self, own_kubeconfig};
use super::{Call, Recognized};

/// Helm's options that take a value: the global ones (<https://helm.sh/docs/helm/helm/>) and common others.
const HELM: &[&str] = &[
    "--burst-limit",
    "--color",
    "--kube-apiserver",
    "--kube-as-group",
    "--kube-as-user",
    "--kube-ca-file",
    "--kube-context",
    "--kube-tls-server-name",
    "--kube-token",
    "--kubeconfig",
    "--namespace",
    "-n",
    "--qps",
    "--registry-config",
    "--repository-cache",
    "--repository-config",
    "-f",
    "--values",
    "--set",
    "--set-string",
    "--set-file",
    "--set-json",
    "--timeout",
    "--version",
    "--repo",
    "--history-max",
    "--post-renderer",
    "--username",
    "--password",
    "-o",
    "--output",
    "-l",
    "--selector",
];

fn cluster(tool: Tool, flags: &Flags, call: &Call<'_>, contacts_cluster: Contact) -> ClusterCommand {
    ClusterCommand {
        tool,
        verb: flags.verb(0),
        contacts_cluster,
        context: None,
        kubeconfig: own_kubeconfig(flags, call),
        server: None,
        token: false,
        insecure_skip_tls_verify: None,
        certificate_authority: false,
        open: flags.open,
    }
}

fn one(command: ClusterCommand) -> Vec<Recognized> {
    vec![(ActionKind::Cluster(command), None)]
}

fn asks_for_help(flags: &Flags) -> bool {
    flags.has("--help") || flags.has("-h") || flags.positional.is_empty()
}

pub(super) fn helm(call: &Call<'_>) -> Vec<Recognized> {
    let flags = Flags::read(call.arguments, &[HELM]);
    let option = |name: &str| flags.value(name).map(Word::argument);
    let mut command = cluster(Tool::Helm, &flags, call, helm_contact(&flags));
    command.context = option("--kube-context").or_else(|| call.environment.helm_context.clone());
    command.server = option("--kube-apiserver").or_else(|| call.environment.helm_server.clone());
    command.token = flags.has("--kube-token");
    command.insecure_skip_tls_verify = flags.switch("--kube-insecure-skip-tls-verify").map(Word::range);
    command.certificate_authority = flags.has("--kube-ca-file");
    one(command)
}

/// <https://helm.sh/docs/helm/>: which commands are about charts and repositories alone.
fn helm_contact(flags: &Flags) -> Contact {
    const LOCAL: [&str; 21] = [
        "completion",
        "create",
        "dependency",
        "dep",
        "dependencies",
        "env",
        "fetch",
        "help",
        "inspect",
        "lint",
        "package",
        "plugin",
        "pull",
        "push",
        "registry",
        "repo",
        "search",
        "show",
        "verify",
        "version",
        "unittest",
    ];
    const CLUSTER: [&str; 14] = [
        "install",
        "upgrade",
        "uninstall",
        "delete",
        "del",
        "un",
        "rollback",
        "list",
        "ls",
        "status",
        "history",
        "hist",
        "get",
        "test",
    ];
    // Plugins that take a helm command as theirs.
    let verb = match &*flags.verb(0) {
        "secrets" | "s3" | "vals" => flags.verb(1),
        "diff" => "upgrade".to_owned(),
        other => other.to_owned(),
    };
    let dry_run_here = flags.value("--dry-run").is_some_and(|value| value.is("client"));
    match &*verb {
        _ if asks_for_help(flags) => Contact::No,
        "template" if flags.switch("--validate").is_some() => Contact::Yes,
        "template" if flags.value("--dry-run").is_some_and(|value| value.is("server")) => Contact::Yes,
        "template" => Contact::No,
        verb if LOCAL.contains(&verb) => Contact::No,
        _ if dry_run_here => Contact::Maybe,
        verb if CLUSTER.contains(&verb) => Contact::Yes,
        _ => Contact::Maybe,
    }
}

pub(super) fn flux(call: &Call<'_>) -> Vec<Recognized> {
    let flags = Flags::read(
        call.arguments,
        &[kubectl::GLOBAL, &["--path", "--url", "--branch", "--kube-api-qps", "--timeout"]],
    );
    let mut command = cluster(Tool::Flux, &flags, call, flux_contact(&flags));
    command.context = flags.value("--context").map(Word::argument);
    command.server = flags.value("--server").map(Word::argument);
    command.token = flags.has("--token") && flags.verb(0) != "bootstrap";
    command.insecure_skip_tls_verify = flags.switch("--insecure-skip-tls-verify").map(Word::range);
    command.certificate_authority = flags.has("--certificate-authority");
    one(command)
}

/// <https://fluxcd.io/flux/cmd/>: artifacts live in registries; `--export` prints; `build kustomization` asks the cluster
/// unless it runs dry.
fn flux_contact(flags: &Flags) -> Contact {
    let artifact = flags.verb(1).starts_with("artifact");
    match &*flags.verb(0) {
        _ if asks_for_help(flags) => Contact::No,
        "completion" | "help" | "push" | "pull" | "tag" | "envsubst" | "plugin" => Contact::No,
        "version" if flags.switch("--client").is_some() => Contact::No,
        "version" => Contact::Maybe,
        "build" | "diff" | "list" if artifact => Contact::No,
        "build" if flags.switch("--dry-run").is_some() => Contact::No,
        "install" | "create" if flags.switch("--export").is_some() => Contact::No,
        "bootstrap" | "build" | "check" | "create" | "debug" | "delete" | "diff" | "events" | "export" | "get"
        | "install" | "logs" | "reconcile" | "resume" | "stats" | "suspend" | "trace" | "tree" | "uninstall" => {
            Contact::Yes
        }
        _ => Contact::Maybe,
    }
}

/// kustomize builds; it never talks to a cluster (<https://kubectl.docs.kubernetes.io/references/kustomize/cmd/>).
pub(super) fn kustomize(call: &Call<'_>) -> Vec<Recognized> {
    let flags = Flags::read(call.arguments, &[&["-o", "--output"]]);
    one(cluster(Tool::Kustomize, &flags, call, Contact::No))
}

/// Only `kpt live` is about clusters (<https://kpt.dev/reference/cli/live/>).
pub(super) fn kpt(call: &Call<'_>) -> Vec<Recognized> {
    let flags = Flags::read(call.arguments, &[kubectl::GLOBAL, &["-o", "--output", "--reconcile-timeout"]]);
    let contact = match (&*flags.verb(0), &*flags.verb(1)) {
        _ if asks_for_help(&flags) => Contact::No,
        ("live", "init") => Contact::Maybe,
        ("live" | "alpha", _) => Contact::Yes,
        _ => Contact::No,
    };
    let mut command = cluster(Tool::Kpt, &flags, call, contact);
    command.context = flags.value("--context").map(Word::argument);
    one(command)
}

/// <https://skaffold.dev/docs/references/cli/>.
pub(super) fn skaffold(call: &Call<'_>) -> Vec<Recognized> {
    let valued: &[&str] = &[
        "--kube-context",
        "--kubeconfig",
        "-n",
        "--namespace",
        "-f",
        "--filename",
        "-p",
        "--profile",
        "-t",
        "--tag",
        "-d",
        "--default-repo",
    ];
    let flags = Flags::read(call.arguments, &[valued]);
    let contact = match &*flags.verb(0) {
        _ if asks_for_help(&flags) => Contact::No,
        "run" | "dev" | "debug" | "deploy" | "apply" | "delete" => Contact::Yes,
        "completion" | "config" | "init" | "schema" | "version" | "options" | "survey" | "fix" => Contact::No,
        _ => Contact::Maybe,
    };
    let mut command = cluster(Tool::Skaffold, &flags, call, contact);
    command.context = flags.value("--kube-context").map(Word::argument);
    one(command)
}

/// <https://helmfile.readthedocs.io/en/latest/#cli-reference>.
pub(super) fn helmfile(call: &Call<'_>) -> Vec<Recognized> {
    let valued: &[&str] = &[
        "--kube-context",
        "--kubeconfig",
        "-n",
        "--namespace",
        "-f",
        "--file",
        "-e",
        "--environment",
        "-l",
        "--selector",
        "--args",
        "--log-level",
        "--set",
        "--state-values-set",
        "--state-values-file",
        "-b",
        "--helm-binary",
        "--concurrency",
    ];
    let flags = Flags::read(call.arguments, &[valued]);
    let contact = match &*flags.verb(0) {
        _ if asks_for_help(&flags) => Contact::No,
        "apply" | "sync" | "destroy" | "delete" | "diff" | "status" | "test" | "charts" => Contact::Yes,
        "template" if flags.switch("--validate").is_some() => Contact::Yes,
        "template" | "lint" | "build" | "deps" | "repos" | "fetch" | "list" | "init" | "version" | "completion"
        | "cache" | "write-values" | "show-dag" => Contact::No,
        _ => Contact::Maybe,
    };
    let mut command = cluster(Tool::Helmfile, &flags, call, contact);
    command.context = flags.value("--kube-context").map(Word::argument);
    one(command)
}
