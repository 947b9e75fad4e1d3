//! `invalid-agent-name`.

use super::findings::Findings;
use super::given::ProjectContext;
use super::rule::{Rule, rule};
use crate::agent_config::location::Location;
use crate::diagnostic::Finding;
use crate::gitlab::is_agent_name;
use crate::project::Input;
use crate::source::Span;
use crate::words::brief;

rule! {
    /// The folder's name cannot be an agent's name, so the file is never read.
    ///
    /// An agent's name has at most 63 lower-case letters, digits and hyphens, with a letter or digit at both ends. No agent
    /// can be registered under another name, and the agent server does not list the folder as a configuration.
    ///
    /// Source: `app/models/clusters/agent.rb` of GitLab, `internal/module/configuration_project/server/server.go` of gitlab-agent.
    ///
    /// ## Bad
    ///
    /// ```yaml path=.gitlab/agents/Prod_EU/config.yaml
    /// ci_access: {}
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml path=.gitlab/agents/prod-eu/config.yaml
    /// ci_access: {}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Rename the folder to the name under which the agent is registered.
    InvalidAgentName = "invalid-agent-name", Error in File
}

impl Rule for InvalidAgentName {
    fn check_input(&self, input: &Input, _cx: &ProjectContext<'_>, findings: &mut Findings) {
        let Location::Config { agent } = &input.location else { return };
        if is_agent_name(agent) {
            return;
        }
        let reason = if agent.len() > 63 {
            format!("it has {} characters, and 63 are the most", agent.chars().count())
        } else if agent.starts_with('-') || agent.ends_with('-') {
            "it starts or ends with a hyphen".to_owned()
        } else {
            "only lower-case letters, digits and hyphens are allowed".to_owned()
        };
        let message = format!("{} is no agent's name, so GitLab never reads this file: {reason}", brief(agent));
        let finding = Finding::new(&INFO, &input.source, Span::default(), message);
        findings.report(finding.help(format!("rename the folder, e.g. to `{}`", suggestion(agent))));
    }
}

fn suggestion(name: &str) -> String {
    let mapped: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).take(63).collect();
    let trimmed = mapped.trim_matches('-');
    if trimmed.is_empty() { "my-agent".to_owned() } else { trimmed.to_owned() }
}
