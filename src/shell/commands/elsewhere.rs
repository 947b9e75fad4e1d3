//! Kubeconfigs that are made elsewhere, caches that cannot be written, and commands that hide what they run.

use super::super::action::{ActionKind, ClusterCommand, Contact, Tool};
use super::super::words::Word;
use super::flags::Flags;
use super::{Call, Recognized, kubectl};
use crate::gitlab::PartialText;

/// A command that writes a kubeconfig with contexts of its own.
struct Writer {
    /// The words that it starts with.
    words: &'static [&'static str],
    /// The options that name the file.
    file: &'static [&'static str],
    /// Whether it writes `~/.kube/config` where no option says otherwise, whatever `KUBECONFIG` is.
    is_home: bool,
}

const fn writer(words: &'static [&'static str], file: &'static [&'static str]) -> Writer {
    Writer { words, file, is_home: false }
}

/// Their own references: `aws eks`, `gcloud container clusters`, `az aks` (`aks_get_credentials` of its module acs), `doctl`,
/// `rancher`, `kind`, `k3d`, `minikube`, `tsh`, … All but the one that is marked write into the first file of `KUBECONFIG` where
/// it is set, or lie elsewhere.
const WRITERS: &[Writer] = &[
    writer(&["aws", "eks", "update-kubeconfig"], &["--kubeconfig"]),
    writer(&["gcloud", "container", "clusters", "get-credentials"], &[]),
    writer(&["gcloud", "container", "fleet", "memberships", "get-credentials"], &[]),
    writer(&["gcloud", "container", "hub", "memberships", "get-credentials"], &[]),
    writer(&["gcloud", "beta", "container", "clusters", "get-credentials"], &[]),
    writer(&["az", "aks", "get-credentials"], &["--file", "-f"]),
    writer(&["doctl", "kubernetes", "cluster", "kubeconfig", "save"], &[]),
    writer(&["doctl", "k8s", "cluster", "kubeconfig", "save"], &[]),
    writer(&["ibmcloud", "ks", "cluster", "config"], &[]),
    writer(&["ibmcloud", "oc", "cluster", "config"], &[]),
    writer(&["scw", "k8s", "kubeconfig", "install"], &[]),
    // `--local-path`, by default in the home folder.
    Writer { words: &["civo", "kubernetes", "config"], file: &["--local-path", "-p"], is_home: true },
    writer(&["linode-cli", "lke", "kubeconfig-view"], &[]),
    writer(&["yc", "managed-kubernetes", "cluster", "get-credentials"], &["--kubeconfig"]),
    writer(&["yc", "k8s", "cluster", "get-credentials"], &["--kubeconfig"]),
    writer(&["oci", "ce", "cluster", "create-kubeconfig"], &["--file"]),
    writer(&["tsh", "kube", "login"], &[]),
    writer(&["rancher", "login"], &[]),
    writer(&["rancher", "context"], &[]),
    writer(&["kind", "create", "cluster"], &["--kubeconfig"]),
    writer(&["kind", "export", "kubeconfig"], &["--kubeconfig"]),
    writer(&["k3d", "cluster", "create"], &[]),
    writer(&["k3d", "kubeconfig", "merge"], &["--output", "-o"]),
    writer(&["minikube", "start"], &[]),
    writer(&["k3s", "server"], &[]),
    writer(&["kops", "export"], &["--kubeconfig"]),
    writer(&["eksctl", "utils", "write-kubeconfig"], &["--kubeconfig"]),
    writer(&["eksctl", "create", "cluster"], &["--kubeconfig"]),
    writer(&["kubelogin", "convert-kubeconfig"], &["--kubeconfig"]),
    writer(&["glab", "cluster", "agent", "update-kubeconfig"], &["--kubeconfig"]),
];

/// Programs that run what is not seen from here.
const OPAQUE: &[&str] = &[
    "make",
    "gmake",
    "task",
    "just",
    "source",
    ".",
    "eval",
    "terraform",
    "tofu",
    "terragrunt",
    "gitlab-terraform",
    "gitlab-tofu",
    "pulumi",
    "ansible",
    "ansible-playbook",
    "auto-deploy",
    "tk",
    "devspace",
    "garden",
    "kubie",
    "kubecm",
    "kubeswitch",
    "switch",
    "kubesess",
    "rake",
    "invoke",
    "dagger",
    "earthly",
    "glab",
    "$",
];

/// Programs that run a script if a file is among their arguments.
const INTERPRETERS: &[&str] =
    &["bash", "sh", "dash", "ash", "zsh", "ksh", "python", "python3", "node", "ruby", "perl", "pwsh"];

pub(super) fn recognize(call: &Call<'_>) -> Vec<Recognized> {
    let (program, words) = (call.program, call.arguments);
    let plain: Vec<&Word> = words.iter().filter(|word| !word.start().starts_with('-')).collect();
    let is_writer = |writer: &&Writer| {
        let mut parts = writer.words.iter();
        // Options with values can stand between: `aws --region eu eks update-kubeconfig`.
        parts.next() == Some(&program) && {
            let mut given = plain.iter();
            parts.all(|part| given.any(|word| word.is(part)))
        }
    };
    if let Some(writer) = WRITERS.iter().find(is_writer) {
        let flags = Flags::read(words, &[writer.file]);
        let file = writer.file.iter().find_map(|option| flags.value(option));
        let is_home = file.map_or(writer.is_home, |file| (call.is_home)(&file.text()));
        return vec![(ActionKind::OwnKubeconfig { how: writer.words.join(" "), is_home }, None)];
    }
    if let Some(written) = written_kubeconfig(call, &plain) {
        // A copy of GitLab's has the same contexts.
        if words.iter().any(|word| !std::ptr::eq(word, written) && word.text().to_string() == "$KUBECONFIG") {
            return Vec::new();
        }
        let how = format!("{program} … {}", written.text());
        let is_home = (call.is_home)(&written.text());
        return vec![(ActionKind::OwnKubeconfig { how, is_home }, Some(written.range()))];
    }
    if program == "chmod" {
        return chmod(&plain);
    }
    let is_script = program.contains('/') || program.ends_with(".sh") || program.ends_with(".bash");
    let interprets = INTERPRETERS.contains(&program) && !plain.is_empty();
    let runs_script =
        matches!(program, "npm" | "yarn" | "pnpm") && plain.iter().any(|word| word.start().contains("deploy"));
    if is_script || interprets || runs_script || OPAQUE.contains(&program) {
        return vec![(ActionKind::Opaque { program: program.to_owned() }, None)];
    }
    Vec::new()
}

/// A program that is not known, and is told of a context by `--kube-context`, or by `--context` beside `--kubeconfig`.
pub(super) fn with_context(call: &Call<'_>) -> Option<Recognized> {
    // What prints or searches a text runs nothing; containers have a kubeconfig of their own.
    const TEXT: [&str; 13] =
        ["echo", "printf", ":", "true", "test", "[", "grep", "egrep", "sed", "awk", "git", "docker", "podman"];
    let given = |option: &str| call.arguments.iter().any(|word| word.begins_with(option));
    let is_told = given("--kube-context") || given("--kubecontext") || given("--context") && given("--kubeconfig");
    if !is_told || TEXT.contains(&call.program) {
        return None;
    }
    let flags = Flags::read(call.arguments, &[&["--kube-context", "--kubecontext", "--context", "--kubeconfig"]]);
    let context = ["--kube-context", "--kubecontext", "--context"].iter().find_map(|option| flags.value(option))?;
    let command = ClusterCommand {
        tool: Tool::Other,
        verb: flags.verb(0).into_owned(),
        contacts_cluster: Contact::Maybe,
        context: Some(context.argument()),
        kubeconfig: kubectl::own_kubeconfig(flags.value("--kubeconfig"), &[], call),
        settings: None,
        server: None,
        token: None,
        cluster: None,
        user: None,
        insecure_skip_tls_verify: None,
        certificate_authority: false,
        open: flags.open,
    };
    Some((ActionKind::Cluster(command), None))
}

/// The kubeconfig that `cp`, `tee` and their like write.
fn written_kubeconfig<'w>(call: &Call<'_>, plain: &[&'w Word]) -> Option<&'w Word> {
    let written: &[&Word] = match call.program {
        "cp" | "mv" | "install" | "ln" => plain.last().map(std::slice::from_ref).unwrap_or_default(),
        "tee" | "curl" | "wget" | "vault" | "sed" | "yq" | "openssl" | "gpg" | "gsutil" | "scp" | "rsync" => plain,
        _ => &[],
    };
    let into_folder = |word: &Word| {
        matches!(call.program, "cp" | "mv") && word.text().to_string().trim_end_matches('/').ends_with("/.kube")
    };
    written.iter().find(|word| (call.is_kubeconfig)(&word.text()) || into_folder(word)).copied()
}

/// `chmod` that takes writing away from the folder of the cache (GitLab's page "Using GitLab CI/CD with a Kubernetes
/// cluster": `~/.kube/cache` should be writable).
fn chmod(plain: &[&Word]) -> Vec<Recognized> {
    let Some((mode, files)) = plain.split_first() else { return Vec::new() };
    let mode = mode.known();
    let octal = !mode.is_empty() && mode.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    let owner = mode.len().checked_sub(3).and_then(|at| mode.as_bytes().get(at));
    let takes_away = if octal {
        owner.is_some_and(|owner| (owner - b'0') & 2 == 0)
    } else {
        matches!(&*mode, "a-w" | "u-w" | "ugo-w")
    };
    let file = files.iter().find(|word| {
        let path = word.text().to_string();
        let path = path.trim_end_matches('/');
        path.ends_with("/.kube") || path.ends_with("/.kube/cache")
    });
    match file {
        Some(file) if takes_away => vec![(ActionKind::CacheUnwritable, Some(file.range()))],
        _ => Vec::new(),
    }
}

/// Whether a variable's value certainly leaves the tools no folder for their cache.
pub(in super::super) fn is_unwritable_home(name: &str, value: &PartialText) -> bool {
    const NOWHERE: [&str; 3] = ["/dev/null", "/nonexistent", "/proc"];
    let Some(value) = value.as_known() else { return false };
    let is_nowhere = NOWHERE.iter().any(|place| value == *place || value.starts_with(&format!("{place}/")));
    matches!(name, "HOME" | "KUBECACHEDIR") && is_nowhere
}
