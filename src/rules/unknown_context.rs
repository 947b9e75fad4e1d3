//! `unknown-context`.

use super::context_form::is_no_project;
use super::findings::Findings;
use super::given::JobContext;
use super::jobs::{consequence, finding_on, renamed};
use super::rule::{Rule, rule};
use crate::access::jobs::{By, ContextName, Resolved, Selection, context_name};
use crate::diagnostic::{Finding, Safety, Severity};
use crate::gitlab::lower_path;
use crate::schema;
use crate::source::{Place, Span};
use crate::words::{brief, excerpt, some_of};

rule! {
    /// There is no such agent in that configuration project, so kubectl finds no context of this name.
    ///
    /// The job then ends with `error: no context exists with the name`. An agent is registered in the project that the context names;
    /// the folder of its configuration alone does not make one. The same holds for the `KUBE_CONTEXT` of Auto DevOps, and for
    /// `environment:kubernetes:agent`, where the environment then gets no agent. Variables and inputs that are named after a context
    /// (`KUBE_CONTEXT`, `kube-context`, `agent`) and that no command at hand selects are held to it as a warning: components and templates
    /// that are not read take their context from those.
    ///
    /// Source: `app/services/ci/generate_kubeconfig_service.rb` of GitLab.
    ///
    /// ## Bad
    ///
    /// ```yaml ci project=acme/web/shop
    /// deploy:
    ///   script:
    ///     - kubectl config use-context acme/agents:prodution
    ///     - kubectl apply -f app.yaml
    /// ```
    ///
    /// ```yaml inventory
    /// projects:
    ///   - {path: acme/agents, agents: [production]}
    ///   - {path: acme/web/shop}
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml ci project=acme/web/shop
    /// deploy:
    ///   script:
    ///     - kubectl config use-context acme/agents:production
    ///     - kubectl apply -f app.yaml
    /// ```
    ///
    /// ```yaml of=acme/agents path=.gitlab/agents/production/config.yaml
    /// ci_access: {projects: [{id: acme/web/shop}]}
    /// ```
    ///
    /// ```yaml inventory
    /// projects:
    ///   - {path: acme/agents, agents: [production]}
    ///   - {path: acme/web/shop}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write the context as the agent's page or `kubectl config get-contexts` shows it.
    ///
    /// ## When it stays silent
    ///
    /// On contexts of projects of which neither an inventory nor their files tell the agents. Without an inventory it speaks of agents
    /// of the same project: a warning where one has nearly the same name, else a note.
    UnknownContext = "unknown-context", Error in Jobs
}

impl Rule for UnknownContext {
    fn check_context(&self, selection: &Selection, cx: &JobContext<'_>, findings: &mut Findings) {
        match selection.resolve(cx.index) {
            Resolved::Agent(id) if !cx.index.agent(id).is_registered => {
                let agent = cx.index.agent(id);
                let message = format!(
                    "{} is not registered in {}, where only a folder bears its name, {}",
                    brief(agent.name),
                    brief(agent.project.unwrap_or_default()),
                    consequence(selection)
                );
                let finding = finding_on(&INFO, selection, message).label("not registered");
                findings.report(finding.help("register the agent, or name one that is"));
            }
            // Of what no project can be called, `malformed-context` speaks.
            Resolved::NoAgent { project, .. } if is_no_project(project, cx) => {}
            Resolved::NoAgent { project, agent } => findings.report_some(unknown(project, agent, selection, cx)),
            Resolved::Open => findings.report_some(unknown_own(selection, cx)),
            _ => {}
        }
    }
}

/// An agent of the job's own project, whose path is not known, that has no folder while another one of nearly this name has.
fn unknown_own(selection: &Selection, cx: &JobContext<'_>) -> Option<Finding> {
    let ContextName::OwnAgent { agent } = context_name(&selection.context) else { return None };
    let own = cx.index.agents().iter().filter(|known| known.project.is_none()).map(|known| known.name);
    let near = schema::nearest(agent, own)?;
    let message = format!("{} has no folder in this project, which has one for {}", brief(agent), excerpt(near));
    let finding = finding_on(&INFO, selection, message).label("no such folder").severity(Severity::Warning);
    let finding = finding.help(format!("did you mean `$CI_PROJECT_PATH:{near}`?"));
    Some(with_agent(finding, agent, (near, &format!("$CI_PROJECT_PATH:{near}")), selection))
}

/// Adds the change to another agent of the same project, where the name of the one that is selected ends what is written.
fn with_agent(finding: Finding, agent: &str, (near, context): (&str, &str), selection: &Selection) -> Finding {
    let Place { source, span } = &selection.place;
    let is_last = source.slice(*span).strip_suffix(agent).is_some_and(|before| before.ends_with(':'));
    match is_last {
        true => {
            let name = Span::new(span.end - agent.len(), span.end);
            finding.fix(Safety::Unsafe, format!("Write `{context}`"), name, near).changing()
        }
        false => finding,
    }
}

fn unknown(project: &str, agent: &str, selection: &Selection, cx: &JobContext<'_>) -> Option<Finding> {
    let lower = lower_path(project);
    let here = cx.index.agents().iter().filter(|known| known.project.is_some_and(|path| lower_path(path) == lower));
    let names: Vec<&str> = here.map(|known| known.name).collect();
    let near = schema::nearest(agent, names.iter().copied());
    let finding =
        |message: String, label: &str, help: String| finding_on(&INFO, selection, message).label(label).help(help);
    let meant =
        |finding: Finding, context: Option<String>| Some(renamed(finding, Safety::Unsafe, context.as_ref(), selection));
    let no_context = consequence(selection);
    let Some(inventory) = cx.gitlab().inventory.as_deref() else {
        // An agent without a folder has an empty configuration, and a context all the same.
        let is_own = cx.project_path().is_some_and(|own| lower_path(own) == lower);
        if !is_own || names.is_empty() {
            return None;
        }
        let Some(near) = near else {
            let message = format!(
                "{} has no folder in {}; an agent that is registered without one has a context all the same",
                brief(agent),
                brief(project)
            );
            let names: Vec<String> = names.iter().map(|name| excerpt(name)).collect();
            let help = format!("there are folders for {}", some_of(&names, 5));
            return Some(finding(message, "no such folder", help).severity(Severity::Note));
        };
        let message =
            format!("{} has no folder in {}, which has one for {}", brief(agent), brief(project), excerpt(near));
        let context = format!("{project}:{near}");
        let found = finding(message, "no such folder", format!("did you mean `{context}`?"));
        return Some(with_agent(found.severity(Severity::Warning), agent, (near, &context), selection));
    };
    let Some(listed) = inventory.find_project(project) else {
        if inventory.may_be_unread(project) {
            return None;
        }
        let message = format!("{} is no project of the inventory, {no_context}", brief(project));
        let near = inventory.nearest_project(project).map(|near| format!("{near}:{agent}"));
        if near.is_none() && selection.by == By::Value {
            return None;
        }
        let help = match &near {
            Some(context) => format!("did you mean `{context}`?"),
            None => "write the full path of the project in which the agent is registered".to_owned(),
        };
        return meant(finding(message, "no such project", help), near);
    };
    if names.is_empty() && listed.agents.is_none() {
        return None;
    }
    let message = format!("{} is not registered in {}, {no_context}", brief(agent), brief(&listed.path));
    let context = near.map(|near| format!("{}:{near}", listed.path));
    let help = match &context {
        Some(context) => format!("did you mean `{context}`?"),
        None if names.is_empty() => "no agent is registered there; name the project in which it is".to_owned(),
        None => {
            let names: Vec<String> = names.iter().map(|name| excerpt(name)).collect();
            format!("its agents are {}", some_of(&names, 5))
        }
    };
    let finding = finding(message, "no such agent", help);
    Some(match near.zip(context.as_deref()) {
        Some(near) => with_agent(finding, agent, near, selection),
        None => finding,
    })
}
