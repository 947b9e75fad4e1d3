//! Programs besides kubectl that read a kubeconfig, in one table: which of their calls talk to a cluster, and what selects
//! the context.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::super::action::Contact::{self, Maybe, No, Yes};
use super::super::action::{ActionKind, ClusterCommand, Tool};
use super::super::words::Word;
use super::flags::Flags;
use super::names::Names;
use super::{Call, Recognized, kubectl};

/// A program that can talk to a cluster.
struct Client {
    tool: Tool,
    names: &'static [&'static str],
    /// Options whose value is the next word.
    valued: &'static [&'static str],
    /// Options that name the context.
    context: &'static [&'static str],
    /// Variables that name it where no option does.
    context_variables: &'static [&'static str],
    /// A call with the context behind it.
    context_behind: &'static str,
    /// A file or variable of the program's own in which a context can stand.
    settings: Option<&'static str>,
    /// Options and variables with a kubeconfig, beside `KUBECONFIG`.
    kubeconfig: &'static [&'static str],
    kubeconfig_variables: &'static [&'static str],
    server: &'static [&'static str],
    server_variables: &'static [&'static str],
    token: &'static str,
    token_variables: &'static [&'static str],
    insecure: &'static str,
    authority: &'static str,
    /// Whether `--cluster` and `--user` name parts of a kubeconfig, as kubectl's do.
    takes_parts: bool,
    /// What calls do, the first row that fits. See [`fits`].
    calls: &'static [(&'static str, Contact)],
    /// What a call without any argument does.
    alone: Contact,
    /// What other calls do.
    other: Contact,
}

const PLAIN: Client = Client {
    tool: Tool::Other,
    names: &[],
    valued: &[],
    context: &[],
    context_variables: &[],
    context_behind: "",
    settings: None,
    kubeconfig: &["--kubeconfig"],
    kubeconfig_variables: &[],
    server: &[],
    server_variables: &[],
    token: "",
    token_variables: &[],
    insecure: "",
    authority: "",
    takes_parts: false,
    calls: &[],
    alone: No,
    other: Maybe,
};

const CLIENTS: &[Client] = &[
    // <https://helm.sh/docs/helm/>: the global options and common others; which commands are about charts alone; plugins that
    // take a helm command as theirs.
    Client {
        tool: Tool::Helm,
        names: &["helm"],
        valued: &[
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
        ],
        context: &["--kube-context"],
        context_variables: &["HELM_KUBECONTEXT"],
        server: &["--kube-apiserver"],
        server_variables: &["HELM_KUBEAPISERVER"],
        token: "--kube-token",
        token_variables: &["HELM_KUBETOKEN"],
        insecure: "--kube-insecure-skip-tls-verify",
        authority: "--kube-ca-file",
        calls: &[
            ("template --validate", Yes),
            ("template --dry-run=server", Yes),
            (
                "template|completion|create|dependency|dep|dependencies|env|fetch|help|inspect|lint|package|plugin|pull|push|registry|repo|search|show|verify|version|unittest",
                No,
            ),
            ("secrets|s3|vals template --validate", Yes),
            ("secrets|s3|vals template|lint|package|pull|push|repo|search|show|env|dependency", No),
            ("--dry-run=client", Maybe),
            ("install|upgrade|uninstall|delete|del|un|rollback|list|ls|status|history|hist|get|test|diff", Yes),
            (
                "secrets|s3|vals install|upgrade|uninstall|delete|del|un|rollback|list|ls|status|history|hist|get|test|diff",
                Yes,
            ),
        ],
        ..PLAIN
    },
    // <https://fluxcd.io/flux/cmd/>: artifacts live in registries; `--export` prints; `build kustomization` asks the cluster
    // unless it runs dry.
    Client {
        tool: Tool::Flux,
        names: &["flux"],
        valued: FLUX,
        context: &["--context"],
        server: &["--server"],
        token: "--token",
        insecure: "--insecure-skip-tls-verify",
        authority: "--certificate-authority",
        takes_parts: true,
        calls: &[
            ("completion|help|push|pull|tag|envsubst|plugin", No),
            ("version --client", No),
            ("version", Maybe),
            ("build|diff|list artifact|artifacts", No),
            ("build --dry-run", No),
            ("install|create --export", No),
            (
                "bootstrap|build|check|create|debug|delete|diff|events|export|get|install|logs|reconcile|resume|stats|suspend|trace|tree|uninstall",
                Yes,
            ),
        ],
        ..PLAIN
    },
    // kustomize builds; it never talks to a cluster (<https://kubectl.docs.kubernetes.io/references/kustomize/cmd/>).
    Client { tool: Tool::Kustomize, names: &["kustomize"], valued: &["-o", "--output"], other: No, ..PLAIN },
    // Only `kpt live` is about clusters (<https://kpt.dev/reference/cli/live/>).
    Client {
        tool: Tool::Kpt,
        names: &["kpt"],
        valued: KPT,
        context: &["--context"],
        calls: &[("live init", Maybe), ("live|alpha", Yes)],
        other: No,
        ..PLAIN
    },
    // <https://skaffold.dev/docs/references/cli/>; `deploy.kubeContext` of its file.
    Client {
        tool: Tool::Skaffold,
        names: &["skaffold"],
        valued: &[
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
        ],
        context: &["--kube-context"],
        settings: Some("skaffold.yaml"),
        calls: &[
            ("run|dev|debug|deploy|apply|delete", Yes),
            ("completion|config|init|schema|version|options|survey|fix", No),
        ],
        ..PLAIN
    },
    // <https://helmfile.readthedocs.io/en/latest/#cli-reference>; `kubeContext` of its file. gl-helmfile of GitLab's image for
    // cluster management projects hands its arguments on (`doc/user/clusters/management_project_template.md`).
    Client {
        tool: Tool::Helmfile,
        names: &["helmfile", "gl-helmfile"],
        valued: &[
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
        ],
        context: &["--kube-context"],
        settings: Some("helmfile.yaml"),
        calls: &[
            ("template --validate", Yes),
            ("apply|sync|destroy|delete|diff|status|test|charts", Yes),
            ("template|lint|build|deps|repos|fetch|list|init|version|completion|cache|write-values|show-dag", No),
        ],
        ..PLAIN
    },
    // The other programs of that image, which call kubectl and helm.
    Client {
        tool: Tool::Kubectl,
        names: &[
            "gl-ensure-namespace",
            "gl-fail-if-helm2-releases-exist",
            "gl-adopt-resource-with-helm-v3",
            "gl-adopt-crds-with-helm-v3",
        ],
        other: Yes,
        ..PLAIN
    },
    // <https://argo-cd.readthedocs.io/en/stable/user-guide/commands/argocd/>: it talks to its own server, unless `--core` or
    // `--port-forward` go by the kubeconfig; `cluster add CONTEXT` makes an account in that cluster.
    Client {
        tool: Tool::Argocd,
        names: &["argocd"],
        valued: &[
            "--kube-context",
            "--context",
            "--kubeconfig",
            "--argocd-context",
            "--server",
            "--auth-token",
            "--config",
            "--port-forward-namespace",
            "--name",
            "--namespace",
            "-n",
            "--project",
            "-H",
            "--header",
            "-o",
            "--output",
            "--grpc-web-root-path",
            "--loglevel",
            "--logformat",
            "--service-account",
            "--system-namespace",
            "--label",
            "--annotation",
            "--shard",
            "--revision",
            "--timeout",
            "--username",
            "--password",
            "-l",
            "--selector",
        ],
        context: &["--kube-context", "--context"],
        context_behind: "cluster add",
        calls: &[
            ("login|logout|relogin|context|completion|help", No),
            ("version --client", No),
            ("cluster add", Yes),
            ("admin", Maybe),
            ("--core", Yes),
            ("--port-forward", Yes),
            ("--port-forward-namespace", Yes),
        ],
        other: No,
        ..PLAIN
    },
    // <https://werf.io/docs/latest/usage/deploy/authentication.html> and the reference of its commands. Its page on GitLab keeps
    // the kubeconfig in `WERF_KUBE_CONFIG_BASE64`, a CI/CD variable of the project, which no file shows.
    Client {
        tool: Tool::Werf,
        names: &["werf"],
        valued: &[
            "--kube-context",
            "--kube-config",
            "--kube-config-base64",
            "--kube-api-server",
            "--kube-token",
            "--namespace",
            "--env",
            "--repo",
            "--final-repo",
            "--dir",
            "--config",
            "--release",
            "--tag",
            "--set",
            "--values",
        ],
        context: &["--kube-context"],
        context_variables: &["WERF_KUBE_CONTEXT"],
        settings: Some("WERF_KUBE_CONFIG_BASE64"),
        kubeconfig: &["--kube-config", "--kube-config-base64"],
        kubeconfig_variables: &[
            "WERF_KUBE_CONFIG",
            "WERF_KUBECONFIG",
            "WERF_KUBE_CONFIG_BASE64",
            "WERF_KUBECONFIG_BASE64",
        ],
        server: &["--kube-api-server"],
        server_variables: &["WERF_KUBE_API_SERVER"],
        token: "--kube-token",
        token_variables: &["WERF_KUBE_TOKEN"],
        insecure: "--skip-tls-verify-kube",
        calls: &[
            ("converge|deploy|dismiss|kube-run|plan|rollback", Yes),
            ("bundle apply", Yes),
            ("cleanup --without-kube", No),
            ("cleanup", Yes),
            ("render --validate", Yes),
            (
                "bundle|build|build-and-publish|ci-env|compose|completion|config|cr|export|help|host|images|includes|lint|managed-images|publish|render|run|slugify|stage|stages|synchronization|version",
                No,
            ),
        ],
        ..PLAIN
    },
    // <https://carvel.dev/kapp/docs/latest/>: `kapp tools` is about files.
    Client {
        tool: Tool::Kapp,
        names: &["kapp"],
        valued: &[
            "--kubeconfig",
            "--kubeconfig-context",
            "--kubeconfig-yaml",
            "-a",
            "--app",
            "-f",
            "--file",
            "-n",
            "--namespace",
            "--into-ns",
            "--map-ns",
            "-g",
            "--group",
            "-d",
            "--directory",
            "--labels",
            "--filter",
        ],
        context: &["--kubeconfig-context"],
        context_variables: &["KAPP_KUBECONFIG_CONTEXT"],
        kubeconfig: &["--kubeconfig", "--kubeconfig-yaml"],
        kubeconfig_variables: &["KAPP_KUBECONFIG", "KAPP_KUBECONFIG_YAML"],
        calls: &[
            (
                "deploy|dep|delete|list|ls|inspect|logs|app-group|ag|app-change|ac|service-account|sa|config-map|cm|rename",
                Yes,
            ),
            ("tools|completion|version|help", No),
        ],
        ..PLAIN
    },
    // <https://kluctl.io/docs/kluctl/commands/>; `context` of a target in its file; each option has a variable `KLUCTL_…`.
    Client {
        tool: Tool::Kluctl,
        names: &["kluctl"],
        valued: &[
            "--context",
            "--kubeconfig",
            "-t",
            "--target",
            "-T",
            "--target-name-override",
            "-a",
            "--arg",
            "--args-from-file",
            "--project-dir",
            "-I",
            "--include-tag",
            "-E",
            "--exclude-tag",
            "--timeout",
            "--discriminator",
            "-o",
            "--output-format",
        ],
        context: &["--context"],
        context_variables: &["KLUCTL_CONTEXT"],
        settings: Some(".kluctl.yaml"),
        kubeconfig_variables: &["KLUCTL_KUBECONFIG"],
        calls: &[
            ("deploy|delete|prune|diff|validate|poke-images|downscale", Yes),
            ("render|list-images|seal --offline-kubernetes", No),
            (
                "list-targets|list-target-images|helm-pull|helm-update|oci|check-image-updates|version|completion|help",
                No,
            ),
        ],
        ..PLAIN
    },
    // <https://docs.helmwave.app/>; `context` of a release in its file. Plans are compared with what is deployed unless
    // `--diff-mode` says otherwise.
    Client {
        tool: Tool::Helmwave,
        names: &["helmwave"],
        valued: &[
            "--log-format",
            "--log-level",
            "--plandir",
            "-p",
            "-f",
            "--file",
            "--tpl",
            "-t",
            "--tags",
            "--diff-mode",
        ],
        context_variables: &["HELM_KUBECONTEXT"],
        settings: Some("helmwave.yml"),
        server_variables: &["HELM_KUBEAPISERVER"],
        calls: &[
            (
                "up|list|ls|rollback|status|down|install|apply|sync|deploy|release|uninstall|destroy|delete|del|rm|remove",
                Yes,
            ),
            ("yml|validate|check|lint|schema|graph|version|ver|completion|help|planfile|manifest", No),
        ],
        ..PLAIN
    },
    // <https://istio.io/latest/docs/reference/commands/istioctl/>.
    Client {
        tool: Tool::Istioctl,
        names: &["istioctl"],
        valued: &[
            "--context",
            "-c",
            "--kubeconfig",
            "-n",
            "--namespace",
            "-i",
            "--istioNamespace",
            "-f",
            "--filename",
            "-s",
            "--set",
            "-r",
            "--revision",
            "-d",
            "--manifests",
            "--vklog",
            "-o",
            "--output",
            "--readiness-timeout",
        ],
        context: &["--context"],
        kubeconfig: &["--kubeconfig", "-c"],
        calls: &[
            ("version --remote=false", No),
            ("version", Maybe),
            ("analyze --use-kube=false", No),
            ("install|upgrade|uninstall --dry-run", Maybe),
            ("manifest generate --cluster-specific", Yes),
            ("manifest install|apply", Yes),
            ("manifest|profile|validate|completion|help|options", No),
            (
                "install|upgrade|uninstall|operator|analyze|verify-install|proxy-status|ps|proxy-config|pc|dashboard|dash|d|create-remote-secret|remote-clusters|tag|waypoint|ztunnel-config|zc|bug-report",
                Yes,
            ),
        ],
        ..PLAIN
    },
    // <https://velero.io/docs/main/> and `velero --help`.
    Client {
        tool: Tool::Velero,
        names: &["velero"],
        valued: &[
            "--kubecontext",
            "--kubeconfig",
            "-n",
            "--namespace",
            "--features",
            "-o",
            "--output",
            "-l",
            "--selector",
        ],
        context: &["--kubecontext"],
        calls: &[
            ("install --dry-run", No),
            ("version --client-only", No),
            ("version", Maybe),
            ("client|completion|help|bug", No),
            (
                "install|uninstall|backup|restore|schedule|get|describe|create|delete|backup-location|snapshot-location|plugin|repo|debug",
                Yes,
            ),
        ],
        ..PLAIN
    },
    // <https://docs.tilt.dev/cli/tilt.html>: most commands are about Tilt's own server.
    Client {
        tool: Tool::Tilt,
        names: &["tilt"],
        valued: &["--context", "--namespace", "-f", "--file", "--host", "--port"],
        context: &["--context"],
        kubeconfig: &[],
        calls: &[("up|ci|down", Yes), ("doctor|alpha|demo|docker|docker-prune", Maybe)],
        other: No,
        ..PLAIN
    },
    // <https://k9scli.io/topics/commands/>.
    Client {
        tool: Tool::K9s,
        names: &["k9s"],
        valued: &[
            "--context",
            "--kubeconfig",
            "--cluster",
            "--user",
            "-n",
            "--namespace",
            "-c",
            "--command",
            "-l",
            "--logLevel",
            "--logFile",
            "-r",
            "--refresh",
            "--token",
        ],
        context: &["--context"],
        takes_parts: true,
        calls: &[("version|info|completion|help", No)],
        alone: Yes,
        other: Yes,
        ..PLAIN
    },
    // <https://github.com/stern/stern#cli-flags>.
    Client {
        tool: Tool::Stern,
        names: &["stern"],
        valued: &[
            "--context",
            "--kubeconfig",
            "--completion",
            "-n",
            "--namespace",
            "-l",
            "--selector",
            "-c",
            "--container",
            "-o",
            "--output",
            "-s",
            "--since",
            "--tail",
            "-t",
            "--template",
            "-e",
            "--exclude",
            "-i",
            "--include",
            "--color",
        ],
        context: &["--context"],
        calls: &[("--version", No), ("-v", No), ("--completion", No), ("--stdin", No)],
        alone: Yes,
        other: Yes,
        ..PLAIN
    },
    // <https://github.com/ahmetb/kubectx>: kubens asks the cluster whether the namespace is there, unless it is forced.
    Client {
        tool: Tool::Kubens,
        names: &["kubens", "kubectl-ns"],
        kubeconfig: &[],
        calls: &[
            ("-c", No),
            ("--current", No),
            ("-u", No),
            ("--unset", No),
            ("-V", No),
            ("--version", No),
            ("-f", Maybe),
            ("--force", Maybe),
        ],
        alone: Yes,
        other: Yes,
        ..PLAIN
    },
];

/// Options of Flux with values: kubectl's and some of its own.
const FLUX: &[&str] = &[
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
    "--namespace",
    "-n",
    "--server",
    "--tls-server-name",
    "--token",
    "--user",
    "--path",
    "--url",
    "--branch",
    "--kube-api-qps",
    "--timeout",
];

/// Options of kpt with values.
const KPT: &[&str] = &[
    "--as",
    "--cluster",
    "--context",
    "--kubeconfig",
    "--namespace",
    "-n",
    "--server",
    "--token",
    "--user",
    "-o",
    "--output",
    "--reconcile-timeout",
];

/// How many sub-commands a row of calls names at most.
const DEEPEST: usize = 2;

/// Whether this is the name of a program that talks to clusters.
pub(in super::super) fn is_client(name: &str) -> bool {
    let name = base_name(name);
    matches!(name, "kubectl" | "oc" | "kubectx") || client(name).is_some()
}

/// A program's name without version and platform: `kubectl-v1.30.2`, `helm3`, `argocd-linux-amd64`.
pub(super) fn base_name(name: &str) -> &str {
    const PLATFORM: [&str; 9] = ["linux", "darwin", "windows", "amd64", "arm64", "x86", "64", "real", "bin"];
    let end = name.find(|letter: char| letter.is_ascii_digit() || matches!(letter, '-' | '_' | '.'));
    let Some((base, rest)) = end.and_then(|end| name.split_at_checked(end)) else { return name };
    let is_platform = |part: &str| {
        let number = part.strip_prefix('v').unwrap_or(part);
        number.bytes().all(|byte| byte.is_ascii_digit()) || PLATFORM.contains(&part)
    };
    let is_other = base.is_empty() || !rest.split(['-', '_', '.']).all(is_platform);
    if is_other { name } else { base }
}

fn client(base_name: &str) -> Option<&'static Client> {
    static NAMES: LazyLock<Names> = LazyLock::new(|| Names::of(CLIENTS.iter().map(|client| client.names)));
    CLIENTS.get(NAMES.rows(base_name).next()?)
}

/// What a call of one of these programs does, by its name without version and platform.
pub(super) fn recognize(base_name: &str, call: &Call<'_>) -> Option<Recognized> {
    let client = client(base_name)?;
    let flags = Flags::read(call.arguments, &[client.valued]);
    let verbs: Vec<Cow<'_, str>> = flags.positional.iter().take(DEEPEST).map(|word| word.known()).collect();
    let option = |names: &[&str]| names.iter().find_map(|name| flags.value(name));
    let context = option(client.context).or_else(|| client.named_behind(&verbs, &flags));
    let context = context.map(Word::argument).or_else(|| call.named(client.context_variables));
    let server = option(client.server).map(Word::argument).or_else(|| call.named(client.server_variables));
    // Flux has a token of Git's there.
    let token = flags.value(client.token).filter(|_| flags.verb(0) != "bootstrap").map(Word::argument);
    let token = token.or_else(|| call.named(client.token_variables));
    let part = |name: &str| flags.value(name).filter(|_| client.takes_parts).map(Word::argument);
    let command = ClusterCommand {
        tool: client.tool,
        verb: flags.verb(0).into_owned(),
        contacts_cluster: client.contact(&verbs, &flags),
        context,
        kubeconfig: kubectl::own_kubeconfig(option(client.kubeconfig), client.kubeconfig_variables, call),
        settings: client.settings,
        server,
        token,
        cluster: part("--cluster"),
        user: part("--user"),
        insecure_skip_tls_verify: flags.switch(client.insecure).map(Word::range),
        certificate_authority: flags.has(client.authority),
        open: flags.open,
    };
    Some((ActionKind::Cluster(command), None))
}

impl Client {
    /// The context that is the argument of a call.
    fn named_behind<'f>(&self, verbs: &[Cow<'_, str>], flags: &'f Flags) -> Option<&'f Word> {
        let is_call = !self.context_behind.is_empty() && fits(self.context_behind, verbs, flags);
        flags.argument(self.context_behind.split(' ').count()).filter(|_| is_call)
    }

    fn contact(&self, verbs: &[Cow<'_, str>], flags: &Flags) -> Contact {
        if flags.has("--help") || flags.has("-h") {
            return No;
        }
        let call = self.calls.iter().find(|(pattern, _)| fits(pattern, verbs, flags));
        match call {
            // Options alone, such as `--version`, are none of what talks.
            _ if flags.positional.is_empty() && self.alone == No => No,
            Some((_, contact)) => *contact,
            None if flags.positional.is_empty() => self.alone,
            None => self.other,
        }
    }
}

/// Whether a call is of this form: sub-commands in order, each with alternatives parted by `|`; `--option`, that is on;
/// `--option=value`.
fn fits(pattern: &str, verbs: &[Cow<'_, str>], flags: &Flags) -> bool {
    let mut at = 0;
    pattern.split(' ').all(|part| {
        if part.starts_with('-') {
            return match part.split_once('=') {
                Some((option, value)) => flags.value(option).is_some_and(|given| given.is(value)),
                None => flags.switch(part).is_some(),
            };
        }
        at += 1;
        verbs.get(at - 1).is_some_and(|verb| part.split('|').any(|name| name == verb))
    })
}
