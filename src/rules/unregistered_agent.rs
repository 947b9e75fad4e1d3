//! `unregistered-agent`.

use super::findings::Findings;
use super::given::ProjectContext;
use super::rule::{Rule, rule};
use crate::agent_config::location::Location;
use crate::diagnostic::Finding;
use crate::gitlab::is_agent_name;
use crate::project::Input;
use crate::schema;
use crate::source::Span;
use crate::words::{brief, excerpt};

rule! {
    /// No agent of the folder's name is registered, so the file is never read.
    ///
    /// An agent is registered in its configuration project under a name, and reads the folder of that name. A folder without an agent
    /// grants nothing, and renaming a folder does not rename the agent: that one then has an empty configuration.
    ///
    /// Source: `internal/module/agent_configuration/server/server.go` of gitlab-agent; `doc/user/clusters/agent/install/index.md` of GitLab.
    ///
    /// ## Bad
    ///
    /// ```yaml project=acme/agents path=.gitlab/agents/prod/config.yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    /// ```
    ///
    /// ```yaml inventory
    /// projects: [{path: acme/agents, agents: [production]}, {path: acme/web/shop}]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml project=acme/agents path=.gitlab/agents/production/config.yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    /// ```
    ///
    /// ```yaml inventory
    /// projects: [{path: acme/agents, agents: [production]}, {path: acme/web/shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Give the folder the agent's name, register an agent of this name, or remove the folder.
    ///
    /// ## When it stays silent
    ///
    /// Where the inventory does not list the agents of the configuration project.
    UnregisteredAgent = "unregistered-agent", Warning in File, needs Project Inventory
}

impl Rule for UnregisteredAgent {
    fn check_input(&self, input: &Input, cx: &ProjectContext<'_>, findings: &mut Findings) {
        let Location::Config { agent } = &input.location else { return };
        let (Some(path), Some(inventory)) = (&cx.gitlab.project, cx.gitlab.inventory.as_deref()) else { return };
        let Some(agents) = inventory.find_project(path.as_str()).and_then(|project| project.agents.as_deref()) else {
            return;
        };
        if !is_agent_name(agent) || agents.iter().any(|registered| *registered.name == **agent) {
            return;
        }
        let message =
            format!("{} is not registered in {}, so GitLab never reads this file", brief(agent), brief(path.as_str()));
        let names: Vec<String> = agents.iter().take(5).map(|agent| excerpt(&agent.name)).collect();
        let help = match schema::nearest(agent, agents.iter().map(|agent| &*agent.name)) {
            Some(near) => {
                format!("did you mean the agent `{near}`? Name the folder so, or register {}", excerpt(agent))
            }
            None if names.is_empty() => format!("register an agent {} there", excerpt(agent)),
            None => {
                format!("name the folder as one of its agents ({}), or register {}", names.join(", "), excerpt(agent))
            }
        };
        findings.report(Finding::new(&INFO, &input.source, Span::default(), message).key(agent.as_str()).help(help));
    }
}
