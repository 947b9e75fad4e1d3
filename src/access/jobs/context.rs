//! The names of contexts.

use crate::gitlab::{PartialText, is_agent_name, path_fault};

/// The context of a certificate-based cluster, which GitLab selects by itself.
///
/// Source: `app/services/ci/generate_kubeconfig_service.rb` and `doc/user/clusters/agent/ci_cd_workflow.md`.
pub const CERTIFICATE_CONTEXT: &str = "gitlab-deploy";

/// What a context's name is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextName<'t> {
    /// An agent's: `<full path of the configuration project>:<agent name>`.
    Agent {
        /// The configuration project.
        project: &'t str,
        /// The agent.
        agent: &'t str,
    },
    /// An agent of the job's own project, whose path is not known: `$CI_PROJECT_PATH:<agent name>`.
    OwnAgent {
        /// The agent.
        agent: &'t str,
    },
    /// That of a certificate-based cluster.
    Certificate,
    /// It hangs on variables.
    Open,
    /// Some other name; an own kubeconfig may have it.
    Other(&'t str),
}

/// What a context's name is, by its form alone.
#[must_use]
pub fn context_name(context: &PartialText) -> ContextName<'_> {
    let Some(name) = context.as_known() else { return own_agent(context) };
    if name == CERTIFICATE_CONTEXT {
        return ContextName::Certificate;
    }
    match name.rsplit_once(':') {
        Some((project, agent)) if is_agent_name(agent) && is_project(project) => ContextName::Agent { project, agent },
        _ => ContextName::Other(name),
    }
}

fn is_project(path: &str) -> bool {
    path.contains('/') && path_fault(path).is_none()
}

fn own_agent(context: &PartialText) -> ContextName<'_> {
    use crate::gitlab::TextPart::{Known, Unknown};
    let rest = match context.parts() {
        [Unknown { name, .. }, Known(rest)] if &**name == "CI_PROJECT_PATH" => rest,
        [Unknown { name: namespace, .. }, Known(slash), Unknown { name, .. }, Known(rest)]
            if (&**namespace, &**slash, &**name) == ("CI_PROJECT_NAMESPACE", "/", "CI_PROJECT_NAME") =>
        {
            rest
        }
        _ => return ContextName::Open,
    };
    match rest.strip_prefix(':') {
        Some(agent) if is_agent_name(agent) => ContextName::OwnAgent { agent },
        _ => ContextName::Open,
    }
}
