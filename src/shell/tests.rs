//! Lines as jobs have them, and what they come to.

use super::*;
use crate::gitlab::{PartialText, Shape};

/// Knows a few variables.
pub(super) struct Known(pub(super) &'static [(&'static str, &'static str)]);

impl Lookup for Known {
    fn variable(&self, name: &str) -> PartialText {
        match self.0.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => PartialText::known(value),
            None => PartialText::unknown(name, Shape::Any),
        }
    }
}

pub(super) const NOTHING: Known = Known(&[]);

pub(super) fn of(lines: &[&str], lookup: &dyn Lookup) -> Script {
    let items: Vec<_> = lines
        .iter()
        .map(|text| match text.strip_prefix("after: ") {
            Some(text) => Item { text, section: Section::AfterScript },
            None => Item { text, section: Section::Script },
        })
        .collect();
    let script = read(&items, lookup);
    check_ranges(&items, &script);
    script
}

/// Every range lies on characters of its item.
pub(super) fn check_ranges(items: &[Item<'_>], script: &Script) {
    for action in &script.actions {
        let text = items[action.item].text;
        let mut ranges = vec![action.range.clone(), action.command.clone()];
        action.kind.clone().each_range(&mut |range| ranges.push(range.clone()));
        for range in ranges {
            assert!(text.get(range.clone()).is_some(), "{range:?} of {text:?} in {action:?}");
        }
    }
    assert!(script.not_understood.iter().all(|item| *item < items.len()));
}

/// What a line does, in a few words each.
fn shown(line: &str, lookup: &dyn Lookup) -> String {
    let script = of(&[line], lookup);
    let mut parts: Vec<String> = script.actions.iter().map(|action| show(line, action)).collect();
    parts.extend(script.not_understood.iter().map(|_| "not understood".to_owned()));
    parts.join("; ")
}

fn show(line: &str, action: &Action) -> String {
    let doubt = if action.certain { "" } else { "?" };
    let place = |argument: &Argument| match argument.text.as_known() {
        Some(text) if line.get(argument.range.clone()) == Some(text) => String::new(),
        _ => format!(" at {}", line.get(argument.range.clone()).unwrap_or("nowhere")),
    };
    let one = |argument: &Argument| format!("{}{}", argument.text, place(argument));
    let maybe = |word: &str, argument: &Option<Argument>| {
        argument.as_ref().map(|argument| format!(" {word}={}", one(argument))).unwrap_or_default()
    };
    let switch = |word: &str, is_on: bool| if is_on { format!(" {word}") } else { String::new() };
    let text = match &action.kind {
        ActionKind::UseContext { context, kubeconfig } => {
            let own = kubeconfig.as_ref().map(|path| format!(" of {path}")).unwrap_or_default();
            format!("use {}{own}", one(context))
        }
        ActionKind::ChangeContexts { .. } => "change".to_owned(),
        ActionKind::Cluster(command) => format!(
            "{:?} {} {:?}{}{}{}{}{}{}{}{}{}",
            command.tool,
            command.verb,
            command.contacts_cluster,
            maybe("context", &command.context),
            maybe("server", &command.server),
            command.kubeconfig.as_ref().map(|path| format!(" of {path}")).unwrap_or_default(),
            maybe("token", &command.token),
            switch("insecure", command.insecure_skip_tls_verify.is_some()),
            switch("ca", command.certificate_authority),
            switch("open", command.open),
            maybe("cluster", &command.cluster),
            maybe("user", &command.user),
        ),
        ActionKind::SetCredentials { name, token, other_auth } => {
            format!("user {}{}{}", one(name), maybe("token", token), switch("other", *other_auth))
        }
        ActionKind::SetCluster { name, server, insecure_skip_tls_verify, certificate_authority } => format!(
            "cluster {}{}{}{}",
            one(name),
            maybe("server", server),
            switch("insecure", insecure_skip_tls_verify.is_some()),
            switch("ca", *certificate_authority)
        ),
        ActionKind::SetContext { name, cluster, user, namespace } => format!(
            "context{}{}{}{}",
            name.as_ref().map(|name| format!(" {}", one(name))).unwrap_or_default(),
            maybe("cluster", cluster),
            maybe("user", user),
            maybe("namespace", namespace)
        ),
        ActionKind::OwnKubeconfig { how, is_home } => format!("own{} {how}", if *is_home { " home" } else { "" }),
        ActionKind::Export { name, value } => format!("export {name}={}", one(value)),
        ActionKind::KubectlVersion { version } => format!("version {}", one(version)),
        ActionKind::CacheUnwritable => "unwritable".to_owned(),
        ActionKind::Opaque { program } => format!("opaque {program}"),
    };
    format!("{doubt}{text}")
}

fn check(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(line, wanted)| {
            let found = shown(line, &NOTHING);
            (found != *wanted).then(|| format!("{line}\n  wanted {wanted}\n  found  {found}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn contexts_are_selected() {
    check(&[
        ("kubectl config use-context acme/agents:prod", "use acme/agents:prod"),
        ("kubectl config use acme/agents:prod", "use acme/agents:prod"),
        ("kubectl config use-context \"acme/agents:prod\"", "use acme/agents:prod"),
        ("kubectl config use-context 'acme/agents:prod' # the agent", "use acme/agents:prod"),
        ("kubectl config set current-context acme/agents:prod", "use acme/agents:prod"),
        ("kubectl --namespace web config use-context a/b:c", "use a/b:c"),
        ("kubectl config --kubeconfig=$KUBECONFIG use-context a/b:c", "use a/b:c"),
        ("kubectl config use-context a/b:c --kubeconfig ./own", "use a/b:c of ./own"),
        ("/usr/local/bin/kubectl config use-context a/b:c", "use a/b:c"),
        ("$BIN/kubectl config use-context a/b:c", "use a/b:c"),
        ("sudo -u root kubectl config use-context a/b:c", "use a/b:c"),
        ("env A=b kubectl config use-context a/b:c", "use a/b:c"),
        ("time kubectl config use-context a/b:c", "use a/b:c"),
        ("exec kubectl config use-context a/b:c", "use a/b:c"),
        ("command kubectl config use-context a/b:c", "use a/b:c"),
        ("timeout 30s kubectl config use-context a/b:c", "use a/b:c"),
        ("timeout -k 5 30s kubectl config use-context a/b:c", "use a/b:c"),
        ("nohup kubectl config use-context a/b:c &", "use a/b:c"),
        ("kubectx a/b:c", "use a/b:c"),
        ("kubectx -", "change"),
        ("kubectx", ""),
        ("oc config use-context a/b:c", "use a/b:c"),
        ("kubectl config use-context $CI_PROJECT_PATH:prod", "use $CI_PROJECT_PATH:prod at $CI_PROJECT_PATH:prod"),
        (
            "kubectl config use-context \"${CI_PROJECT_PATH}:prod\"",
            "use $CI_PROJECT_PATH:prod at ${CI_PROJECT_PATH}:prod",
        ),
        ("kubectl config use-context acme/\"agents\":prod", "use acme/agents:prod at acme/\"agents\":prod"),
        ("kubectl config use-context a\\/b:c", "use a/b:c at a\\/b:c"),
        ("CTX=a/b:c; kubectl config use-context \"$CTX\"", "use a/b:c at $CTX"),
        ("CTX=a/b:c\nkubectl config use-context ${CTX}", "use a/b:c at ${CTX}"),
        ("kubectl config use-context ${CTX:-a/b:c}", "use ${CTX:-a/b:c} at ${CTX:-a/b:c}"),
        ("CTX=\nkubectl config use-context ${CTX:-a/b:c}", "use a/b:c at ${CTX:-a/b:c}"),
        ("kubectl config use-context $(cat context)", "use $(cat context) at $(cat context)"),
        ("kubectl config \\\n  use-context \\\n  a/b:c", "use a/b:c"),
        ("apk add kubectl && kubectl config use-context a/b:c", "use a/b:c"),
        ("[ -n \"$X\" ] && kubectl config use-context a/b:c", "?use a/b:c"),
        ("kubectl config use-context a/b:c || kubectl config use-context d/e:f", "use a/b:c; ?use d/e:f"),
        ("if true; then kubectl config use-context a/b:c; fi", "?use a/b:c"),
        ("case $X in a) kubectl config use-context a/b:c ;; esac", "?use a/b:c"),
        ("for x in a b; do kubectl config use-context a/b:$x; done", "?use a/b:$x at a/b:$x"),
        ("( kubectl config use-context a/b:c )", "use a/b:c"),
        ("echo x | xargs kubectl config use-context a/b:c", "use a/b:c"),
        ("cat c | xargs kubectl config use-context", "use $xargs at "),
        ("cat c | xargs -I{} kubectl config use-context {}", "use $xargs at {}"),
        ("cat c | xargs -I % kubectl config use-context a/b:%", "use $xargs at a/b:%"),
        ("bash -c 'kubectl config use-context a/b:c'", "use a/b:c"),
        ("sh -ec \"kubectl config use-context a/b:c\"", "use a/b:c"),
        ("bash -euo pipefail -c 'kubectl config use-context a/b:c'", "use a/b:c"),
        ("f() { kubectl config use-context \"$1\"; }", "?use $1 at $1"),
        ("f() { kubectl config use-context a/b:c; }\nf", "use a/b:c"),
        ("KUBECTL=\"kubectl -n web\"\n$KUBECTL config use-context a/b:c", "use a/b:c"),
        ("echo kubectl config use-context a/b:c", ""),
        ("# kubectl config use-context a/b:c", ""),
        ("cat <<E\nkubectl config use-context a/b:c\nE", ""),
        ("echo ü; kubectl config use-context größe/日:本", "use größe/日:本"),
        ("kubectl config use-context a/b:c\r\nkubectl get pods\r\n", "use a/b:c; Kubectl get Yes"),
        ("kubectl config get-contexts", "Kubectl config No"),
        ("kubectl config delete-context a/b:c", "change"),
        ("kubectl config unset current-context", "change"),
    ]);
}

#[test]
fn clusters_are_contacted() {
    check(&[
        ("kubectl get pods", "Kubectl get Yes"),
        ("kubectl --context a/b:c get pods", "Kubectl get Yes context=a/b:c"),
        ("kubectl get pods --context=\"a/b:c\"", "Kubectl get Yes context=a/b:c"),
        ("kubectl --context=a/$X get pods", "Kubectl get Yes context=a/$X at a/$X"),
        ("kubectl -n web apply -f x.yaml", "Kubectl apply Yes"),
        ("kubectl -s http://x --token=t get pods", "Kubectl get Yes server=http://x token=t"),
        ("kubectl --insecure-skip-tls-verify get pods", "Kubectl get Yes insecure"),
        ("kubectl --insecure-skip-tls-verify=false get pods", "Kubectl get Yes"),
        ("kubectl --certificate-authority=$KAS get pods", "Kubectl get Yes ca"),
        ("kubectl --kubeconfig own get pods", "Kubectl get Yes of own"),
        ("KUBECONFIG=own kubectl get pods", "Kubectl get Yes of own"),
        ("kubectl version --client", "Kubectl version No"),
        ("kubectl kustomize . | kubectl apply -f -", "Kubectl kustomize No; Kubectl apply Yes"),
        ("kubectl apply --dry-run=client -f x", "Kubectl apply Maybe"),
        (
            "kubectl create secret generic x --dry-run=client -o yaml | kubectl apply -f -",
            "Kubectl create No; Kubectl apply Yes",
        ),
        ("kubectl help", "Kubectl help No"),
        ("kubectl exec pod -- helm upgrade x", "Kubectl exec Yes"),
        ("PODS=$(kubectl get pods)", "Kubectl get Yes"),
        ("echo \"`kubectl get pods`\"", "Kubectl get Yes"),
        ("kubectl argo rollouts list", "Kubectl argo Maybe"),
        ("helm upgrade --install x . --kube-context a/b:c", "Helm upgrade Yes context=a/b:c"),
        ("HELM_KUBECONTEXT=a/b:c helm list", "Helm list Yes context=a/b:c"),
        ("helm --kube-apiserver=https://x --kube-token=t list", "Helm list Yes server=https://x token=t"),
        ("helm --kube-insecure-skip-tls-verify --kube-ca-file x list", "Helm list Yes insecure ca"),
        ("helm upgrade $HELM_ARGS x .", "Helm upgrade Yes open"),
        ("helm lint . && helm template . && helm repo add x y", "Helm lint No; Helm template No; Helm repo No"),
        ("helm template --validate .", "Helm template Yes"),
        ("helm diff upgrade x .", "Helm diff Yes"),
        ("helm secrets upgrade x .", "Helm secrets Yes"),
        ("for p in $(kubectl get pods -o name); do echo $p; done", "Kubectl get Yes"),
        ("while read -r l; do echo $l; done < <(kubectl get pods)", "Kubectl get Yes"),
        ("cat <<< \"$(kubectl get pods)\"", "Kubectl get Yes"),
        ("cat <<EOF\n$(kubectl get pods)\nEOF", "Kubectl get Yes"),
        ("[[ $(kubectl get pods | wc -l) -gt 0 ]] && echo", "Kubectl get Yes"),
        ("case $(kubectl get pods) in *) ;; esac", "Kubectl get Yes"),
        ("alias kubectl='kubectl --context a/b:c'\nkubectl get pods\nhelm list", "opaque kubectl; Helm list Yes"),
        ("oc get pods", "Oc get Yes"),
        ("oc adm release info quay.io/x", "Oc adm No"),
        ("oc adm catalog mirror a b", "Oc adm No"),
        ("(( $(kubectl get pods | wc -l) > 3 )) || exit 1", "Kubectl get Yes"),
        ("H=\"helm -n $NS\"\n$H upgrade a b", "Helm upgrade Yes"),
        (
            "kustomize build . | kubectl --context a/b:c apply -f -",
            "Kustomize build No; Kubectl apply Yes context=a/b:c",
        ),
        ("flux reconcile kustomization x --context a/b:c", "Flux reconcile Yes context=a/b:c"),
        ("flux create source git x --export", "Flux create No"),
        ("flux push artifact oci://x --path . ", "Flux push No"),
        ("flux --version", "Flux  No"),
        ("helmfile --kube-context a/b:c apply", "Helmfile apply Yes context=a/b:c"),
        ("helmfile template", "Helmfile template No"),
        ("skaffold run", "Skaffold run Yes"),
        ("kpt live apply x", "Kpt live Yes"),
        ("kpt pkg get x", "Kpt pkg No"),
    ]);
}

#[test]
fn wrapped_commands_are_seen() {
    let kubectl: Vec<String> = [
        "command",
        "builtin",
        "nohup",
        "setsid",
        "unbuffer",
        "chronic",
        "busybox",
        "exec",
        "exec -a name",
        "time",
        "stdbuf -oL",
        "stdbuf -o L",
        "sudo",
        "sudo -u root -E",
        "doas -u root",
        "runuser -u app --",
        "gosu app",
        "su-exec app",
        "chroot /host",
        "nice -n 5",
        "ionice -c 3",
        "timeout 30s",
        "timeout -k 5 30s",
        "flock /tmp/lock",
        "flock -w 9 /tmp/lock",
        "xargs",
        "xargs -n 1 -I {}",
        "env A=b",
        "env -C /tmp A=b",
        "watch -n 5",
        "retry",
        "retry 5",
        "retry -t 5 --",
        "retry 5 10s",
        "retry --times 3 --",
        "dumb-init --",
        "tini --",
        "xvfb-run",
        "ssh-agent",
        "strace -f -o log",
        "proxychains4 -q",
        "proxychains",
        "proxychains-ng -f x.conf",
        "torsocks",
        "tsocks",
        "aws-vault exec prod --",
        "aws-vault exec prod",
        "aws-vault exec -d 1h prod --region eu --",
        "aws-okta exec prod --",
        "saml2aws exec --",
        "doppler run --",
        "doppler run -p web -c prd --",
        "doppler run --project=web --",
        "op run --",
        "op run --env-file=.env --",
        "op run --env-file .env --",
        "infisical run --env prod --",
        "chamber exec web db --",
        "teller run --",
        "secrethub run --",
        "vals exec -f x --",
        "berglas exec --",
        "sops exec-env secrets.yaml --",
        "vault-env",
        "summon -f secrets.yml",
        "dotenv run --",
        "dotenv -f .env",
        "direnv exec .",
        "poetry run",
        "uv run",
        "conda run -n tools",
        "micromamba run -n tools",
        "bundle exec",
        "asdf exec",
        "mise exec kubectl@1.30 --",
        "mise x --",
        "nix develop -c",
        "nix shell nixpkgs#kubectl --command",
        "sudo proxychains4 -q timeout 30",
        "parallel -j 4",
        "find k8s -name x.yaml -exec",
    ]
    .iter()
    .map(|wrapper| format!("{wrapper} kubectl --context a/b:c get pods"))
    .collect();
    let cases: Vec<(&str, &str)> =
        kubectl.iter().map(|line| (line.as_str(), "Kubectl get Yes context=a/b:c")).collect();
    check(&cases);
    check(&[
        ("su app -c 'kubectl get pods'", "Kubectl get Yes"),
        ("su - app -c 'kubectl get pods'", "Kubectl get Yes"),
        ("script -q -e -c \"kubectl get pods\" /dev/null", "Kubectl get Yes"),
        ("flock /tmp/lock -c 'kubectl get pods'", "Kubectl get Yes"),
        ("nix-shell -p kubectl --run 'kubectl get pods'", "Kubectl get Yes"),
        ("doppler run --command='kubectl get pods'", "Kubectl get Yes"),
        ("sops exec-env x.yaml 'kubectl get pods'", "Kubectl get Yes"),
        ("retry 'kubectl get pods'", "Kubectl get Yes"),
        ("watch 'kubectl get pods'", "Kubectl get Yes"),
        ("werf kubectl get pods --context a/b:c", "Kubectl get Yes context=a/b:c"),
        ("werf helm list", "Helm list Yes"),
        ("env -u KUBECONFIG kubectl get pods", "Kubectl get Yes of "),
        ("env -i PATH=/bin kubectl get pods", "Kubectl get Yes of "),
        ("eval \"kubectl apply -f app.yaml\"", "Kubectl apply Yes"),
        ("eval 'kubectl apply -f app.yaml'", "Kubectl apply Yes"),
        ("eval kubectl apply -f $FILE", "Kubectl apply Yes"),
        ("eval \"kubectl apply -f $FILE\"", "Kubectl apply Yes"),
        ("eval \"export KUBECONFIG=/k\"; kubectl get pods", "export KUBECONFIG=/k; Kubectl get Yes of /k"),
        ("CMD='kubectl get pods'; eval $CMD; eval \"$CMD\"", "Kubectl get Yes; Kubectl get Yes"),
        ("eval \"$(ssh-agent -s)\"", "opaque eval"),
        ("eval \"$CMD\"", "opaque eval"),
        ("./kubectl get pods", "Kubectl get Yes"),
        ("./bin/kubectl config use-context a/b:c", "use a/b:c"),
        ("../helm list", "Helm list Yes"),
        ("bin/kubectl get pods", "Kubectl get Yes"),
        ("$CI_PROJECT_DIR/kubectl get pods", "Kubectl get Yes"),
        ("kubectl-v1.30.2 get pods", "Kubectl get Yes"),
        ("kubectl1.27 get pods", "Kubectl get Yes"),
        ("./kubectl-linux-amd64 get pods", "Kubectl get Yes"),
        ("helm3 list", "Helm list Yes"),
        ("./argocd-linux-amd64 cluster add a/b:c", "Argocd cluster Yes context=a/b:c"),
        ("./deploy.sh", "opaque ./deploy.sh"),
        ("kubectl-neat get pods", ""),
        ("command -v kubectl", ""),
        ("aws-vault list", ""),
        ("doppler secrets get kubectl", ""),
        ("op read kubectl", ""),
    ]);
}

#[test]
fn functions_run_their_arguments() {
    check(&[
        ("run() { \"$@\"; }\nrun kubectl --context a/b:c get pods", "Kubectl get Yes context=a/b:c"),
        ("run() { echo \"$*\"; $@; }\nrun kubectl get pods", "Kubectl get Yes"),
        (
            "retry() { local n=$1; shift; until \"$@\"; do sleep $n; done; }\nretry 5 kubectl config use-context a/b:c",
            "use a/b:c",
        ),
        ("retry() { for i in 1 2 3; do \"$@\" && return; done; }\nretry helm list", "?Helm list Yes"),
        ("k() { kubectl -n web \"$@\"; }\nk get pods --context a/b:c", "Kubectl get Yes context=a/b:c at \"$@\""),
        ("k() { shift 2; kubectl \"$@\"; }\nk a b get pods", "Kubectl get Yes"),
        ("k() { if x; then shift; fi; kubectl \"$@\"; }\nk get pods", "Kubectl  Maybe open"),
        ("k() { g \"$@\"; }; g() { timeout 9 \"$@\"; }\nk kubectl get pods", "Kubectl get Yes"),
        ("run() { \"$@\"; }\nrun", ""),
        ("\"$@\"", "opaque $"),
    ]);
}

#[test]
fn tools_that_talk_to_clusters_are_known() {
    check(&[
        ("argocd app sync web", "Argocd app No"),
        ("argocd app sync web --core", "Argocd app Yes"),
        ("argocd app list --core --kube-context a/b:c", "Argocd app Yes context=a/b:c"),
        ("argocd app list --port-forward --port-forward-namespace argocd", "Argocd app Yes"),
        ("argocd login cd.acme.test --username x --password y", "Argocd login No"),
        ("argocd cluster add a/b:c --yes", "Argocd cluster Yes context=a/b:c"),
        ("argocd cluster add a/b:c --kubeconfig own", "Argocd cluster Yes context=a/b:c of own"),
        ("argocd cluster list", "Argocd cluster No"),
        ("argocd --server cd.acme.test app wait web", "Argocd app No"),
        ("argocd admin export", "Argocd admin Maybe"),
        ("werf converge --repo x", "Werf converge Yes"),
        ("werf converge --kube-context a/b:c", "Werf converge Yes context=a/b:c"),
        ("WERF_KUBE_CONTEXT=a/b:c werf dismiss", "Werf dismiss Yes context=a/b:c"),
        ("werf converge --kube-config own", "Werf converge Yes of own"),
        ("WERF_KUBE_CONFIG_BASE64=abc werf converge", "Werf converge Yes of abc"),
        ("werf build --repo x", "Werf build No"),
        ("werf render", "Werf render No"),
        ("werf bundle publish", "Werf bundle No"),
        ("werf bundle apply", "Werf bundle Yes"),
        ("werf cleanup --without-kube", "Werf cleanup No"),
        ("kapp deploy -a web -f k8s/ -y", "Kapp deploy Yes"),
        ("kapp deploy -a web -f . --kubeconfig-context a/b:c", "Kapp deploy Yes context=a/b:c"),
        ("KAPP_KUBECONFIG_CONTEXT=a/b:c kapp ls", "Kapp ls Yes context=a/b:c"),
        ("kapp deploy -a web -f . --kubeconfig-yaml \"$K\"", "Kapp deploy Yes of $K"),
        ("kapp tools diff --file x", "Kapp tools No"),
        ("kluctl deploy -t prod --yes", "Kluctl deploy Yes"),
        ("kluctl diff --context a/b:c", "Kluctl diff Yes context=a/b:c"),
        ("KLUCTL_CONTEXT=a/b:c kluctl prune", "Kluctl prune Yes context=a/b:c"),
        ("kluctl render --offline-kubernetes", "Kluctl render No"),
        ("kluctl render", "Kluctl render Maybe"),
        ("kluctl list-targets", "Kluctl list-targets No"),
        ("helmwave up --build", "Helmwave up Yes"),
        ("HELM_KUBECONTEXT=a/b:c helmwave up", "Helmwave up Yes context=a/b:c"),
        ("helmwave build", "Helmwave build Maybe"),
        ("helmwave yml", "Helmwave yml No"),
        ("istioctl install -y --context a/b:c", "Istioctl install Yes context=a/b:c"),
        ("istioctl proxy-status", "Istioctl proxy-status Yes"),
        ("istioctl -c own analyze", "Istioctl analyze Yes of own"),
        ("istioctl analyze --use-kube=false x.yaml", "Istioctl analyze No"),
        ("istioctl manifest generate", "Istioctl manifest No"),
        ("istioctl validate -f x.yaml", "Istioctl validate No"),
        ("istioctl version --remote=false", "Istioctl version No"),
        ("velero backup create x --kubecontext a/b:c", "Velero backup Yes context=a/b:c"),
        ("velero install --dry-run -o yaml", "Velero install No"),
        ("velero version --client-only", "Velero version No"),
        ("velero client config set namespace=x", "Velero client No"),
        ("tilt ci --context a/b:c", "Tilt ci Yes context=a/b:c"),
        ("tilt version", "Tilt version No"),
        ("tilt get uiresources", "Tilt get No"),
        ("k9s", "K9s  Yes"),
        ("k9s --context a/b:c -c pods", "K9s  Yes context=a/b:c"),
        ("k9s version", "K9s version No"),
        ("stern web --context a/b:c", "Stern web Yes context=a/b:c"),
        ("stern -l app=web", "Stern  Yes"),
        ("stern --version", "Stern  No"),
        ("stern --completion bash", "Stern  No"),
        ("kubens web", "Kubens web Yes"),
        ("kubens", "Kubens  Yes"),
        ("kubens -c", "Kubens  No"),
        ("kubens -f web", "Kubens web Maybe"),
        ("kubectx a/b:c", "use a/b:c"),
        ("gl-helmfile --file helmfile.yaml apply --suppress-secrets", "Helmfile apply Yes"),
        ("gl-helmfile --kube-context a/b:c apply", "Helmfile apply Yes context=a/b:c"),
        ("gl-ensure-namespace gitlab-managed-apps", "Kubectl gitlab-managed-apps Yes"),
        ("helm secrets template .", "Helm secrets No"),
        ("helm secrets view x", "Helm secrets Maybe"),
        ("helm upgrade --dry-run=client x .", "Helm upgrade Maybe"),
        ("helm template --dry-run=server .", "Helm template Yes"),
        ("flux build artifact -p . -o x", "Flux build No"),
        ("flux list artifacts oci://x", "Flux list No"),
        ("flux build kustomization x --path . --dry-run", "Flux build No"),
        ("flux check --pre --help", "Flux check No"),
        ("flux --cluster=gitlab --user=agent:12 get all", "Flux get Yes cluster=gitlab user=agent:12"),
        ("kpt live init x", "Kpt live Maybe"),
        ("skaffold render", "Skaffold render Maybe"),
        ("skaffold run --kube-context a/b:c", "Skaffold run Yes context=a/b:c"),
        ("helmfile lint", "Helmfile lint No"),
        ("helmfile --help", "Helmfile  No"),
        ("kubectl --cluster=gitlab --user=agent:12 get pods", "Kubectl get Yes cluster=gitlab user=agent:12"),
    ]);
}

#[test]
fn a_context_of_a_program_that_is_not_known_is_seen() {
    check(&[
        ("chart-check verify --kubeconfig \"$KUBECONFIG\" --kube-context a/b:c .", "Other verify Maybe context=a/b:c"),
        ("chart-check verify --kube-context=a/b:c", "Other verify Maybe context=a/b:c"),
        ("deployer --context a/b:c --kubeconfig=own run", "Other run Maybe context=a/b:c of own"),
        ("./deploy.sh --kube-context a/b:c", "Other  Maybe context=a/b:c; opaque ./deploy.sh"),
        ("deployer --kubecontext a/b:c", "Other  Maybe context=a/b:c"),
        ("deployer --context a/b:c", ""),
        ("docker --context remote build --kubeconfig .", ""),
        ("echo helm --kube-context a/b:c", ""),
        ("deployer --kube-context", ""),
    ]);
}

#[test]
fn kubeconfigs_are_made() {
    check(
        &[
            (
                "kubectl config set-credentials agent:$AGENT_ID --token=\"ci:${AGENT_ID}:${CI_JOB_TOKEN}\"",
                "user agent:$AGENT_ID at agent:$AGENT_ID token=ci:$AGENT_ID:$CI_JOB_TOKEN at ci:${AGENT_ID}:${CI_JOB_TOKEN}",
            ),
            (
                "kubectl config set-cluster x --server https://y --insecure-skip-tls-verify=true",
                "cluster x server=https://y insecure",
            ),
            ("kubectl config set-context x --cluster=y --user=z", "context x cluster=y user=z"),
            ("kubectl config set-context --current --namespace=web", "context namespace=web"),
            ("aws --region eu eks update-kubeconfig --name x", "own aws eks update-kubeconfig"),
            ("gcloud container clusters get-credentials x", "own gcloud container clusters get-credentials"),
            ("export KUBECONFIG=/tmp/k", "export KUBECONFIG=/tmp/k"),
            ("export KUBECONFIG=/tmp/k\nkubectl get pods", "export KUBECONFIG=/tmp/k; Kubectl get Yes of /tmp/k"),
            ("echo \"$K\" | base64 -d > ~/.kube/config", "own home > $HOME/.kube/config"),
            ("echo \"$K\" > \"$KUBECONFIG\"", "own > $KUBECONFIG"),
            ("cp k $HOME/.kube/config", "own home cp … $HOME/.kube/config"),
            ("echo $K | tee ~/.kube/config", "own home tee … $HOME/.kube/config"),
            ("cat > ~/.kube/config <<E\nx: `y`\nE", "Kubectl"),
            ("oc login --token=x", "own oc login"),
        ][..12],
    );
    check(&[
        ("oc login --token=x", "own oc login"),
        ("cat > ~/.kube/config <<E\nx\nE", "own home > $HOME/.kube/config"),
        ("echo x > /root/.kube/config", "own home > /root/.kube/config"),
        ("echo x > $CI_PROJECT_DIR/.kube/config", "own > $CI_PROJECT_DIR/.kube/config"),
        ("HOME=/app\ncp k /app/.kube/config", "export HOME=/app; own home cp … /app/.kube/config"),
        ("cp k ~/.kube/", "own home cp … $HOME/.kube/"),
        ("aws eks update-kubeconfig --name x --kubeconfig ~/.kube/config", "own home aws eks update-kubeconfig"),
        ("aws eks update-kubeconfig --name x --kubeconfig ./k", "own aws eks update-kubeconfig"),
        ("az aks get-credentials -n x -f ~/.kube/config", "own home az aks get-credentials"),
        ("az aks get-credentials -n x", "own az aks get-credentials"),
        ("doctl kubernetes cluster kubeconfig save x", "own doctl kubernetes cluster kubeconfig save"),
        ("civo kubernetes config x --save", "own home civo kubernetes config"),
        ("openssl enc -d -in k.enc -out ~/.kube/config", "own home openssl … $HOME/.kube/config"),
        ("cp $KUBECONFIG ~/.kube/config", ""),
        ("cat \"$KUBECONFIG\" > ~/.kube/config", ""),
        ("kubectl config view --flatten > ~/.kube/config", "Kubectl config No"),
        ("unset KUBECONFIG", "export KUBECONFIG= at KUBECONFIG"),
    ]);
}

#[test]
fn versions_caches_and_what_is_hidden() {
    check(&[
        ("curl -LO https://dl.k8s.io/release/v1.27.1/bin/linux/amd64/kubectl", "version 1.27.1"),
        ("curl -LO \"https://dl.k8s.io/v1.27.1/bin/linux/amd64/kubectl\"", "version 1.27.1"),
        (
            "KUBECTL_VERSION=1.27.1\nwget -q https://dl.k8s.io/release/v${KUBECTL_VERSION}/bin/linux/amd64/kubectl",
            "version 1.27.1 at https://dl.k8s.io/release/v${KUBECTL_VERSION}/bin/linux/amd64/kubectl",
        ),
        ("apk add kubectl=1.27.1-r0", "version 1.27.1"),
        ("apt-get install -y kubectl=1.27.0-00", "version 1.27.0"),
        ("asdf install kubectl 1.27.1", "version 1.27.1"),
        ("curl -LO https://dl.k8s.io/release/$V/bin/linux/amd64/kubectl", ""),
        ("chmod a-w ~/.kube/cache", "unwritable"),
        ("chmod -R 555 ~/.kube", "unwritable"),
        ("chmod 600 ~/.kube/config", ""),
        ("export HOME=/dev/null", "export HOME=/dev/null; unwritable"),
        ("KUBECACHEDIR=/dev/null kubectl get pods", "export KUBECACHEDIR=/dev/null; unwritable; Kubectl get Yes"),
        ("./deploy.sh prod", "opaque ./deploy.sh"),
        ("make deploy", "opaque make"),
        ("source env.sh; . ./env.sh", "opaque source; opaque ."),
        ("bash scripts/deploy", "opaque bash"),
        ("auto-deploy use_kube_context", "opaque auto-deploy"),
        ("eval $(x)", "opaque eval"),
        ("$DEPLOY prod", "opaque $"),
        ("npm ci", ""),
    ]);
}

#[test]
fn what_is_no_shell_is_not_understood() {
    for line in [
        "if (Test-Path x) { kubectl get pods }",
        "echo \"unclosed",
        "echo 'unclosed",
        "$x = @{ a = 1 }\nforeach ($y in $x) { kubectl get pods }",
        "done",
        "cat <<E\nno end",
        &"( ".repeat(10_000),
        &"$( ".repeat(10_000),
        &format!("echo {}{}", "\"$(".repeat(10_000), ")\"".repeat(10_000)),
        &"if a; then ".repeat(10_000),
        &"`".repeat(9_999),
        &"x ".repeat(500_000),
    ] {
        assert_eq!(of(&[line], &NOTHING).not_understood, [0], "{}", &line[..line.len().min(40)]);
    }
}

#[test]
fn everyday_shell_is_understood() {
    let known: &[&str] = &[
        "# don't\nkubectl get pods # isn't it",
        "[[ $CI_COMMIT_TAG =~ ^v[0-9]+\\.[0-9]+$ ]] && echo yes",
        "if [[ -z \"${X:-}\" || $Y == a* ]]; then exit 1; fi",
        "X=(a b c); for x in \"${X[@]}\"; do echo \"$x\"; done",
        "sed -i \"s|__TAG__|${CI_COMMIT_SHORT_SHA}|g\" k8s/*.yaml",
        "cat <<'EOF' | kubectl apply -f -\na: {b: \"$(c)\"}\nEOF",
        "cat <<-EOF > values.yaml\n\timage: ${IMAGE}\n\tit's: fine\n\tEOF",
        "while ! kubectl get ns x; do sleep 1; done",
        "kubectl get pods -o jsonpath='{.items[*].metadata.name}' | tr ' ' '\\n' | sort",
        "test -f a || { echo 'no a' >&2; exit 1; }",
        "helm upgrade --install x ./chart \\\n  --set image.tag=$CI_COMMIT_SHA \\\n  --set \"hosts={a,b}\"",
        "export X=$(git describe --tags | sed -e 's/^v//' -e \"s/-.*//\")",
        "case \"$CI_COMMIT_BRANCH\" in\n  main|master) E=prod ;;\n  *) E=dev;;\nesac",
        "function deploy() {\n  local env=$1; shift\n  kubectl apply \"$@\"\n}\ndeploy prod -f x",
        "echo $((1 + 2)) $(( $X * 3 ))",
        "set -euo pipefail; shopt -s globstar; trap 'rm -f x' EXIT",
        "kubectl apply -f <(envsubst < deploy.yaml)",
        "! grep -q x y",
        "echo -e \"\\e[32mok\\e[0m\" ; echo 'a: b'",
        "[ \"$A\" = \"b\" -a -n \"$C\" ] && echo d",
        "until curl -sf http://x; do sleep 1; done > /dev/null 2>&1 &",
        "kubectl rollout status deploy/x --timeout=120s || (kubectl logs deploy/x; exit 1)",
        "eval $(ssh-agent -s); ssh-add <(echo \"$KEY\" | base64 -d)",
        "X=\"${Y//\\//-}\"; echo ${X,,} ${X:0:63} ${X%-} ${#X}",
    ];
    let not_understood: Vec<_> = known.iter().filter(|line| !of(&[line], &NOTHING).not_understood.is_empty()).collect();
    assert!(not_understood.is_empty(), "{not_understood:#?}");
}

#[test]
fn one_bad_item_hides_no_other() {
    let script = of(&["kubectl config use-context a/b:c", "echo \"unclosed", "kubectl get pods"], &NOTHING);
    assert_eq!(script.not_understood, [1]);
    assert_eq!(script.actions.len(), 2);
    assert_eq!(script.actions[1].item, 2);
}
