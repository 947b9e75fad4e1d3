//! `unread-file`.

use super::findings::Findings;
use super::given::ProjectContext;
use super::rule::{Rule, rule};
use crate::agent_config::location::{Location, Unread};
use crate::diagnostic::Finding;
use crate::project::{Input, InputContent};
use crate::source::Span;
use crate::words::brief;

rule! {
    /// This looks like an agent configuration, and GitLab never reads it.
    ///
    /// The agent server reads one path: `.gitlab/agents/<agent name>/config.yaml` at the top of the configuration project's
    /// default branch, exact and case-sensitive. A `config.yml`, a file outside an agent's folder, a copy, a folder
    /// called `.gitlab/agent` or a project within the repository are passed over. For GitLab the agent then has an empty
    /// configuration, which *removes* all its grants.
    ///
    /// A symbolic link is read as a file that holds the path of its target, which does not decode; behind one in place of a folder,
    /// GitLab finds nothing. A directory or submodule at the path is refused.
    ///
    /// Source: `internal/module/agent_configuration/server/server.go` of gitlab-agent.
    ///
    /// ## Bad
    ///
    /// ```yaml path=.gitlab/agents/prod/config.yml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml path=.gitlab/agents/prod/config.yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    /// ```
    ///
    /// ## How to fix
    ///
    /// Move the file to `.gitlab/agents/<agent name>/config.yaml`, or delete it.
    ///
    /// ## When it stays silent
    ///
    /// On files that do not look like a configuration, on environment templates, and on a file that was named on the
    /// command line and lies in no `.gitlab` folder.
    UnreadFile = "unread-file", Error in File
}

impl Rule for UnreadFile {
    fn check_input(&self, input: &Input, _cx: &ProjectContext<'_>, findings: &mut Findings) {
        if input.location.is_template() {
            return;
        }
        let name = name_of(input);
        let finding = match (&input.content, &input.location) {
            (InputContent::Link(target), Location::Unread { why: Unread::FolderLink, .. }) => finding(
                input,
                format!(
                    "{name} is a symbolic link, which GitLab does not follow: it finds no agent configuration behind it, in `{target}`"
                ),
                "put the folder itself here".to_owned(),
            ),
            (InputContent::Link(target), Location::Config { .. } | Location::Loose) => finding(
                input,
                format!(
                    "{name} is a symbolic link, which GitLab does not follow: it reads the path `{target}` as if it were the configuration"
                ),
                "put the file itself here".to_owned(),
            ),
            (InputContent::NoFile(what), _) => finding(
                input,
                format!("{name} is {what}, and GitLab reads a file here"),
                "put the configuration into a file of this name".to_owned(),
            ),
            (_, Location::Unread { why, agent }) => misplaced(input, *why, agent.as_deref()),
            _ => return,
        };
        findings.report(finding);
    }
}

/// The name of the file or folder, as it begins a message.
fn name_of(input: &Input) -> String {
    let path = input.source.path();
    brief(path.rsplit('/').next().unwrap_or(path))
}

fn misplaced(input: &Input, why: Unread, agent: Option<&str>) -> Finding {
    let right = format!(".gitlab/agents/{}/config.yaml", agent.unwrap_or("<agent name>"));
    let (reason, help) = match why {
        Unread::FileName => ("GitLab reads no file of this name", format!("rename it to `{right}`")),
        Unread::Copy => {
            ("this is a copy beside the file that GitLab reads", "delete it; git keeps older states".to_owned())
        }
        Unread::NoAgentFolder => ("GitLab reads no file directly in `.gitlab/agents`", format!("move it to `{right}`")),
        Unread::TooDeep => {
            ("GitLab looks for `config.yaml` directly in the agent's folder", format!("move it to `{right}`"))
        }
        Unread::Directory => ("GitLab looks only in `.gitlab/agents`, exactly so", format!("move it to `{right}`")),
        Unread::NotAtTheTop => (
            "GitLab looks for `.gitlab/agents` at the top of the repository only",
            "move it to the top, or into a project of its own".to_owned(),
        ),
        Unread::FolderLink => {
            ("this was a symbolic link, which GitLab does not follow", "run kaslint again".to_owned())
        }
    };
    finding(input, format!("{} is never read: {reason}", name_of(input)), help)
}

fn finding(input: &Input, message: String, help: String) -> Finding {
    Finding::new(&INFO, &input.source, Span::default(), message).help(help)
}
