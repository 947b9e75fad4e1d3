//! `kubeconfig-as-config`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::agent_config::RefusedAt;
use crate::diagnostic::Finding;
use crate::project::AgentFile;
use crate::source::Span;
use crate::words::REFUSED;

rule! {
    /// A kubeconfig lies where the agent's configuration belongs.
    ///
    /// `.gitlab/agents/<agent name>/config.yaml` says which jobs may use the agent; it needs no address and no credentials of the cluster, since
    /// the agent runs in it. None of a kubeconfig's keys is known, so the whole file is refused. It is one fault, and nothing else is said
    /// of the file but that it holds keys or tokens, if it does.
    ///
    /// Source: the table of keys; `clientcmd/api/v1/types.go` of Kubernetes' client-go.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Config
    /// clusters:
    ///   - name: lab
    ///     cluster: {server: 'https://192.0.2.1:6443'}
    /// contexts: []
    /// users: []
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    /// ```
    ///
    /// ## How to fix
    ///
    /// Take the kubeconfig out of the repository, and write who may use the agent.
    KubeconfigAsConfig = "kubeconfig-as-config", Error in File
}

/// The keys of a kubeconfig. Source: `clientcmd/api/v1/types.go` of client-go.
const KEYS: [&str; 7] = ["apiVersion", "kind", "clusters", "contexts", "current-context", "users", "preferences"];

impl Rule for KubeconfigAsConfig {
    fn check_file(&self, file: &AgentFile, _cx: &FileContext<'_>, findings: &mut Findings) {
        if file.config.refused_at() != Some(RefusedAt::Decode) {
            return;
        }
        let keys: Vec<(&str, Span)> = file.config.document.tree().root_keys().collect();
        let Some((_, span)) = keys.first() else { return };
        let has = |wanted: &[&str]| keys.iter().filter(|(key, _)| wanted.contains(key)).count();
        let is_kubeconfig = has(&KEYS) >= 3 && has(&["clusters", "contexts", "users"]) > 0;
        if !is_kubeconfig || has(&["ci_access", "user_access"]) > 0 {
            return;
        }
        let message = format!("a kubeconfig lies where the agent's configuration belongs: {REFUSED}");
        let finding = Finding::new(&INFO, &file.source, *span, message).label("a key of kubeconfigs");
        let help = "take it out of the repository, and write who may use the agent, under `ci_access`";
        findings.report(finding.help(help).for_the_file());
    }
}
