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
            "{:?} {} {:?}{}{}{}{}{}{}{}",
            command.tool,
            command.verb,
            command.contacts_cluster,
            maybe("context", &command.context),
            maybe("server", &command.server),
            command.kubeconfig.as_ref().map(|path| format!(" of {path}")).unwrap_or_default(),
            switch("token", command.token),
            switch("insecure", command.insecure_skip_tls_verify.is_some()),
            switch("ca", command.certificate_authority),
            switch("open", command.open),
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
        ActionKind::OwnKubeconfig { how } => format!("own {how}"),
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
        ("kubectl -s http://x --token=t get pods", "Kubectl get Yes server=http://x token"),
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
        ("helm --kube-insecure-skip-tls-verify --kube-ca-file x list", "Helm list Yes insecure ca"),
        ("helm upgrade $HELM_ARGS x .", "Helm upgrade Yes open"),
        ("helm lint . && helm template . && helm repo add x y", "Helm lint No; Helm template No; Helm repo No"),
        ("helm template --validate .", "Helm template Yes"),
        ("helm diff upgrade x .", "Helm diff Yes"),
        ("helm secrets upgrade x .", "Helm secrets Yes"),
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
            ("echo \"$K\" | base64 -d > ~/.kube/config", "own > $HOME/.kube/config"),
            ("echo \"$K\" > \"$KUBECONFIG\"", "own > $KUBECONFIG"),
            ("cp k $HOME/.kube/config", "own cp … $HOME/.kube/config"),
            ("echo $K | tee ~/.kube/config", "own tee … $HOME/.kube/config"),
            ("cat > ~/.kube/config <<E\nx: `y`\nE", "Kubectl"),
            ("oc login --token=x", "own oc login"),
        ][..12],
    );
    check(&[("oc login --token=x", "own oc login"), ("cat > ~/.kube/config <<E\nx\nE", "own > $HOME/.kube/config")]);
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
