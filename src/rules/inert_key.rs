//! `inert-key`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::diagnostic::Finding;
use crate::gitlab::releases::USER_ACCESS_AS_OPTIONAL;
use crate::project::AgentFile;
use crate::schema::{self, ProblemKind};

rule! {
    /// The key is read and has no effect.
    ///
    /// Some keys decode in releases that do nothing with them: `gitops` in 17.x only makes the agent log an error,
    /// `user_access.instance` is ignored by GitLab's Rails side, as are the two oldest limits on the life of workspaces from about 17.9 on;
    /// `default_namespace` reaches the kubeconfig from 15.3 on.
    /// Before 18.3, `user_access` without `access_as` lets nobody in, whomever it lists.
    ///
    /// Source: gitlab-agent!1436, gitlab!93423, gitlab#570346, `app/services/clusters/agents/authorize_proxy_user_service.rb` of GitLab.
    ///
    /// Releases: from 17.0 up to 17.11.
    ///
    /// ## Bad
    ///
    /// ```yaml gitlab-version=17.5
    /// gitops:
    ///   manifest_projects:
    ///     - id: acme/web/manifests
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml gitlab-version=17.5
    /// flux:
    ///   webhook_receiver_url: http://webhook-receiver.flux-system.svc.cluster.local
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove the key; the message says what does its work instead, if anything does.
    InertKey = "inert-key", Warning in Keys, tag NoEffect
}

impl Rule for InertKey {
    fn check_file(&self, file: &AgentFile, cx: &FileContext<'_>, findings: &mut Findings) {
        let Some(access) = &file.config.user_access else { return };
        let has_identity = file
            .config
            .value
            .as_ref()
            .and_then(|value| value.set("user_access")?.value.as_message()?.set("access_as").map(|_| ()));
        let lists_anybody = !access.projects.is_empty() || !access.groups.is_empty();
        if has_identity.is_none() && lists_anybody && cx.gitlab().version < USER_ACCESS_AS_OPTIONAL {
            let message = format!(
                "`user_access` lets nobody in without `access_as`: before GitLab {USER_ACCESS_AS_OPTIONAL} every user is then turned away (this is {})",
                cx.gitlab().version
            );
            let finding =
                Finding::new(&INFO, &file.source, access.key_span, message).route("user_access").key("access_as");
            findings.report(
                finding
                    .label("lets nobody in")
                    .help("write `access_as: {agent: {}}` or `access_as: {user: {}}` below it"),
            );
        }
    }

    fn check_problem(&self, problem: &schema::Problem, cx: &FileContext<'_>, findings: &mut Findings) {
        let ProblemKind::InertKey(key, why) = &problem.kind else { return };
        let message = format!("`{}` has no effect in GitLab {}: {why}", key.name, cx.gitlab().version);
        let finding = Finding::new(&INFO, &cx.file.source, problem.span, message)
            .label("read without effect")
            .route(&problem.route);
        findings.report(match (key.until, key.replacement) {
            (Some(until), Some(replacement)) => {
                finding.help(format!("{replacement} (from {until} on the key refuses the whole file)"))
            }
            _ => finding.help("remove the key"),
        });
    }
}
