//! `file-too-large`.

use super::findings::Findings;
use super::given::ProjectContext;
use super::rule::{Rule, rule};
use crate::diagnostic::Finding;
use crate::project::{Input, InputContent};
use crate::source::Span;

rule! {
    /// The file is over the agent server's limit, 128 KiB unless configured, and is refused unread.
    ///
    /// The limit is on the bytes of the file (`agent.configuration.max_configuration_file_size` of the agent server, 131072
    /// by default). What was configured before stays in force.
    ///
    /// Source: `internal/module/agent_configuration/server/defaulting.go` of gitlab-agent.
    ///
    /// ## Bad
    ///
    /// ```yaml size=131073
    /// ci_access: {}
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// ci_access: {}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Authorize a group instead of its projects one by one, or register a second agent for the same cluster. If the
    /// instance has another limit, say so: `gitlab.max_configuration_file_size` in `.kaslint.yaml`.
    FileTooLarge = "file-too-large", Error in File
}

impl Rule for FileTooLarge {
    fn check_input(&self, input: &Input, cx: &ProjectContext<'_>, findings: &mut Findings) {
        let InputContent::TooLarge(size) = input.content else { return };
        if input.location.is_template() {
            return;
        }
        let limit = cx.gitlab.max_file_size;
        let message = format!("the file has {size} bytes; over {limit} GitLab refuses it unread");
        let finding = Finding::new(&INFO, &input.source, Span::default(), message);
        findings
            .report(finding.help("authorize groups instead of single projects, or split the entries over two agents"));
    }
}
