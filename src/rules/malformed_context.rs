//! `malformed-context`.

use super::context_form::{bare, impossible, no_path, no_project};
use super::findings::Findings;
use super::given::JobContext;
use super::jobs::{finding_on, renamed};
use super::rule::{Rule, rule};
use crate::access::Agent;
use crate::access::jobs::{By, Resolved, Selection};
use crate::diagnostic::{Finding, Safety, Severity};
use crate::gitlab::{is_agent_name, path_fault, root_path};
use crate::words::{brief, excerpt};

rule! {
    /// The context is meant for an agent and can be none's: `<project path>:<agent name>`, letter case included.
    ///
    /// For each agent that a job may use, GitLab writes one context into the job's kubeconfig. Its name is the full path of the
    /// configuration project, a colon and the agent's name, and kubectl compares it letter by letter.
    ///
    /// Source: `app/services/ci/generate_kubeconfig_service.rb` of GitLab; `doc/user/clusters/agent/ci_cd_workflow.md`.
    ///
    /// ## Bad
    ///
    /// ```yaml ci project=acme/platform/agents
    /// deploy:
    ///   script:
    ///     - kubectl config use-context Acme/Platform/agents:prod
    ///     - kubectl apply -f app.yaml
    /// ```
    ///
    /// ```yaml of=acme/platform/agents path=.gitlab/agents/prod/config.yaml
    /// ci_access: {}
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml ci project=acme/platform/agents
    /// deploy:
    ///   script:
    ///     - kubectl config use-context acme/platform/agents:prod
    ///     - kubectl apply -f app.yaml
    /// ```
    ///
    /// ```yaml of=acme/platform/agents path=.gitlab/agents/prod/config.yaml
    /// ci_access: {}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write the context as `kubectl config get-contexts` shows it in a job.
    ///
    /// ## When it stays silent
    ///
    /// On names that an own kubeconfig may have, such as `arn:aws:eks:…`, after commands that make a kubeconfig or a context, and
    /// on names that hang on variables whose values are not known. Of a name without a colon it is a note; a warning where an agent has the
    /// name, and no error, since a kubeconfig that the settings of the project provide may have a context of that name.
    MalformedContext = "malformed-context", Error in Jobs
}

impl Rule for MalformedContext {
    fn check_context(&self, selection: &Selection, cx: &JobContext<'_>, findings: &mut Findings) {
        match selection.resolve(cx.index) {
            Resolved::OtherCase(agent) => {
                let context = cx.index.agent(agent).context();
                let written = brief(&selection.context.to_string());
                let message =
                    format!("{written} is no context: letter case counts, and this agent's is {}", excerpt(&context));
                let finding = finding_on(&INFO, selection, message).label("other letter case");
                let finding = renamed(finding, Safety::Safe, Some(&context), selection);
                findings.report(finding.help(format!("write {}", excerpt(&context))));
            }
            Resolved::Other(name) => {
                let finding = impossible(name, selection, cx).or_else(|| malformed(name, selection, cx));
                // What nothing at hand selects may be the name of something else, unless it comes near an agent's.
                let is_of_the_project =
                    || selection.place.written().trim_start_matches(['$', '{']).starts_with("CI_PROJECT_");
                let is_meant =
                    |finding: &Finding| selection.by != By::Value || finding.fix.is_some() || is_of_the_project();
                findings.report_some(finding.filter(is_meant));
            }
            Resolved::NoAgent { project, .. } => findings.report_some(no_project(project, selection, cx)),
            Resolved::Open => findings.report_some(no_path(selection)),
            _ => {}
        }
    }
}

/// What is wrong with a name that is evidently meant for an agent.
fn malformed(name: &str, selection: &Selection, cx: &JobContext<'_>) -> Option<Finding> {
    let finding =
        |message: String, label: &str, help: String| finding_on(&INFO, selection, message).label(label).help(help);
    let form = "`<project path>:<agent name>`";
    if let Some((project, agent)) = name.split_once(':')
        && is_path(project)
        && !agent.contains(['/', ':', '@'])
        && !is_agent_name(agent)
    {
        let known = known_agents(cx).into_iter().find(|context| context.to_lowercase() == name.to_lowercase());
        let help = match &known {
            Some(context) => format!("write {}", excerpt(context)),
            None => format!("write {form}, as `kubectl config get-contexts` shows it"),
        };
        let message = format!(
            "{} is no context: an agent's name has lower-case letters, digits and `-`, and {} is none",
            brief(name),
            excerpt(agent)
        );
        return Some(renamed(finding(message, "no agent's name", help), Safety::Safe, known.as_ref(), selection));
    }
    if name.contains(':') {
        return None;
    }
    let agents = known_agents(cx);
    let by_slash = agents.iter().find(|context| context.replace(':', "/") == name);
    let of_project = agents.iter().find(|context| context.split(':').next() == Some(name));
    let by_name = agents.iter().find(|context| context.split(':').nth(1) == Some(name));
    let is_below_top = || {
        let top = cx.project_path().map(root_path);
        is_path(name) && top.is_some_and(|top| root_path(name).eq_ignore_ascii_case(top))
    };
    let is_config_path = name.contains(".gitlab/agents") || name.ends_with("config.yaml");
    let help = match by_slash.or(of_project) {
        Some(context) => format!("write {}", excerpt(context)),
        None => format!("write {form}"),
    };
    if by_slash.is_some() || of_project.is_some() || is_config_path || is_below_top() {
        let message = format!("{} is no agent's context, which has the form {form}", brief(name));
        // A project may have several agents.
        return Some(renamed(
            finding(message, "no colon with an agent's name", help),
            Safety::Unsafe,
            by_slash.or(of_project),
            selection,
        ));
    }
    // A kubeconfig that settings of the project provide may have such a context.
    let Some(context) = by_name else { return bare(name, selection, cx) };
    let message = format!("{} is an agent's name, and its context is called {}", brief(name), excerpt(context));
    let finding = finding(message, "the name alone", format!("write {}", excerpt(context))).severity(Severity::Warning);
    Some(renamed(finding, Safety::Unsafe, Some(context), selection))
}

fn is_path(text: &str) -> bool {
    text.contains('/') && path_fault(text).is_none()
}

pub(super) fn known_agents(cx: &JobContext<'_>) -> Vec<String> {
    let may_be = |agent: &&Agent<'_>| agent.project.is_some() && is_agent_name(agent.name);
    cx.index.agents().iter().filter(may_be).map(|agent| agent.context()).collect()
}
