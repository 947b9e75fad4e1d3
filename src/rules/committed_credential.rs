//! `committed-credential`.

use std::sync::Arc;

use super::findings::Findings;
use super::given::{FileContext, ProjectContext};
use super::rule::{Rule, rule};
use crate::agent_config::environment_template::EnvironmentTemplate;
use crate::diagnostic::Finding;
use crate::project::AgentFile;
use crate::source::Source;

rule! {
    /// The file holds a key, a token, a password or a kubeconfig.
    ///
    /// Whoever can read the repository can use it, and git keeps it for good. An agent's configuration needs no secret: the
    /// agent's own token is given to it when it is installed. kaslint masks the value in everything that it prints.
    ///
    /// Told are tokens by their published forms (GitLab, GitHub, AWS, Azure, Google, Docker, npm, PyPI, Slack, Vault, Terraform and
    /// more), private keys, JSON web tokens, credentials of a kubeconfig, `Authorization` headers, passwords in addresses, and values of
    /// keys such as `password`, `token` and `api_key` that look as if a machine had made them. Variables, placeholders and names are
    /// none. What only may be a secret is masked and not told.
    ///
    /// Source: the prefixes of GitLab's tokens are those of its documentation `security/tokens/_index.md`; the other forms are those that
    /// gitleaks publishes.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// # token: glagent-aAbBcCdDeEfFgGhHiIjJ0123456789
    /// ci_access: {}
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// # token: in the agent's Secret
    /// ci_access: {}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Revoke it first, then remove it. Removing it from the file alone leaves it in the history.
    CommittedCredential = "committed-credential", Error in File
}

impl Rule for CommittedCredential {
    fn check_file(&self, file: &AgentFile, _cx: &FileContext<'_>, findings: &mut Findings) {
        report(&file.source, "an agent's configuration", findings);
    }

    fn check_template(&self, template: &EnvironmentTemplate, _cx: &ProjectContext<'_>, findings: &mut Findings) {
        report(&template.source, "an environment template", findings);
    }
}

fn report(source: &Arc<Source>, what: &str, findings: &mut Findings) {
    for secret in source.secrets().into_iter().filter(|secret| secret.is_certain) {
        let message = format!("this is {}: whoever reads the repository can use it", secret.kind);
        let finding = Finding::new(&INFO, source, secret.span, message).label("masked by kaslint").key(secret.kind);
        findings.report(finding.help(format!("revoke it, then remove it; {what} needs no secret")));
    }
}
