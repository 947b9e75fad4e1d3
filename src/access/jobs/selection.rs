//! The contexts that a job selects, each with the place where its name stands.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::context::{ContextName, context_name};
use super::{JobView, ProjectJobs};
use crate::access::{AgentId, Index};
use crate::ci::variables::Scope;
use crate::ci::{Pipeline, Variable};
use crate::gitlab::PartialText;
use crate::shell::{Action, ActionKind, Argument, Contact, InForce, Tool};
use crate::source::{Place, Span};

/// How many selections a job may have; those behind are not looked at.
const MOST: usize = 10_000;

/// By what a context is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// `kubectl config use-context` or its like.
    UseContext,
    /// An option or a variable of one command.
    Command,
    /// `KUBE_CONTEXT`, which the jobs of Auto DevOps select.
    AutoDevops,
    /// `environment:kubernetes:agent`, which selects nothing for scripts.
    Environment,
    /// Nothing that was read: a variable or an input that is named after a context holds it.
    Value,
}

/// A context that a job selects.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Its name.
    pub context: PartialText,
    /// By what.
    pub by: By,
    /// Where the name stands, or the variable that holds it.
    pub place: Place,
    /// Where in the job, e.g. `deploy.script[1]`; empty for a file that it runs.
    pub route: String,
    /// Whether a file that the job runs selects it on a condition, so that this job may mean another one.
    pub hangs: bool,
    /// The cases of the job in which it is selected.
    pub cases: Vec<usize>,
}

/// What a context's name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved<'t> {
    /// An agent that is known.
    Agent(AgentId),
    /// An agent that differs in letter case alone.
    OtherCase(AgentId),
    /// The form of an agent's context, and no agent that is known.
    NoAgent {
        /// The configuration project.
        project: &'t str,
        /// The agent.
        agent: &'t str,
    },
    /// The certificate-based cluster.
    Certificate,
    /// It hangs on variables.
    Open,
    /// Some other name.
    Other(&'t str),
}

impl Selection {
    /// What the context's name stands for.
    #[must_use]
    pub fn resolve(&self, index: &Index<'_>) -> Resolved<'_> {
        match context_name(&self.context) {
            ContextName::Certificate => Resolved::Certificate,
            ContextName::Open => Resolved::Open,
            ContextName::Other(name) => Resolved::Other(name),
            ContextName::OwnAgent { agent } => {
                index.agents_named(None, agent).first().map_or(Resolved::Open, |id| Resolved::Agent(*id))
            }
            ContextName::Agent { project, agent } => match index.agents_named(Some(project), agent).last() {
                Some(&id) if index.agent(id).project == Some(project) => Resolved::Agent(id),
                Some(&id) => Resolved::OtherCase(id),
                None => Resolved::NoAgent { project, agent },
            },
        }
    }
}

/// The selections of a job, in the order of its scripts, each place once.
pub(super) fn selections(view: &JobView<'_>) -> Selections {
    let mut found = Found::default();
    for (at, case) in view.cases.iter().enumerate() {
        for (number, action) in case.script.actions.iter().enumerate() {
            match &action.kind {
                ActionKind::UseContext { context, kubeconfig: None }
                    if !case.script.own_kubeconfig_before(number)
                        && case.script.home_kubeconfig_before(number).is_none()
                        && !case.script.makes_context(&context.text) =>
                {
                    found.add(view, at, action, context, By::UseContext);
                }
                ActionKind::Cluster(command) if command.contacts_cluster != Contact::No => {
                    if let Some(InForce::Selected { context, selection: None }) = case.script.in_force(number)
                        && (command.tool != Tool::Other || is_agents(&context.text))
                    {
                        found.add(view, at, action, &context, By::Command);
                    }
                }
                _ => {}
            }
        }
        if let (Some(context), Some(written)) = (&case.kubernetes_agent, view.job.environment.as_ref())
            && let Some(agent) = written.kubernetes.as_ref().and_then(|kubernetes| kubernetes.agent.as_ref())
        {
            let route = format!("{}.environment.kubernetes.agent", view.job.name);
            found.insert(Selection {
                context: PartialText::clone(context),
                by: By::Environment,
                place: agent.place.clone(),
                route,
                hangs: false,
                cases: vec![at],
            });
        }
    }
    if let Some(variable) = view.auto_devops_variable() {
        let route = format!("{}.variables.{}", view.job.name, variable.name);
        for (at, case) in view.cases.iter().enumerate() {
            found.insert(of_auto_devops(variable, view.scope(case).value(KUBE_CONTEXT), route.clone(), vec![at]));
        }
    }
    found.selections
}

/// Whether a context is evidently meant for an agent: that of a program which is not known may be any other.
fn is_agents(context: &PartialText) -> bool {
    !matches!(context_name(context), ContextName::Other(_))
}

/// The selections of a job.
#[derive(Debug, Default)]
pub(super) struct Selections {
    pub list: Vec<Selection>,
    /// Whether there are more than are looked at.
    pub is_cut: bool,
}

/// The variable that the jobs of Auto DevOps take their context from.
///
/// Source: `use_kube_context` in `src/bin/auto-deploy` of auto-deploy-image.
/// The variable with the context that the deploy jobs of Auto DevOps select.
pub const KUBE_CONTEXT: &str = "KUBE_CONTEXT";

fn of_auto_devops(variable: &Variable, context: PartialText, route: String, cases: Vec<usize>) -> Selection {
    Selection { context, by: By::AutoDevops, place: variable.place.clone(), route, hangs: false, cases }
}

/// Whether a variable or an input is evidently there for a context: `KUBE_CONTEXT`, `AGENT_CONTEXT`, `kube-context`, `agent`.
fn is_named_after_a_context(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(|character: char| !character.is_ascii_alphanumeric()).collect();
    let is_of = |meant: &[&str]| words.iter().any(|word| meant.contains(word));
    let is_context = is_of(&["context", "ctx", "kubecontext", "kubectx"]);
    let is_of_a_cluster = is_of(&["kube", "kubernetes", "k8s", "agent", "cluster", "kubecontext", "kubectx", "gitlab"]);
    (is_context && is_of_a_cluster) || (is_of(&["agent"]) && !is_of(&["user", "id", "token", "name"]))
}

impl ProjectJobs<'_> {
    /// The contexts that stand as values and are selected by what was not read: that of the top level for Auto DevOps, and those of
    /// variables and inputs that are named after a context. None that a job selects is among them, and each place once.
    #[must_use]
    pub fn contexts_in_values(&self) -> Vec<Selection> {
        let mut found: Vec<Selection> = self.auto_devops_context().into_iter().collect();
        let mut children: Vec<&Pipeline> = self.children.iter().map(|child| child.pipeline).collect();
        let mut seen = HashSet::new();
        children.retain(|child| seen.insert(std::ptr::from_ref(*child)));
        let mut selected: Option<HashSet<String>> = None;
        for pipeline in std::iter::once(self.pipeline).chain(children) {
            self.add_values(pipeline, &mut found, &mut selected);
        }
        found
    }

    fn add_values(&self, pipeline: &Pipeline, found: &mut Vec<Selection>, selected: &mut Option<HashSet<String>>) {
        let of_jobs = pipeline.jobs.iter().flat_map(|job| {
            job.own_variables
                .iter()
                .map(move |variable| (format!("{}.variables.{}", job.name, variable.name), variable))
        });
        let at_top = pipeline.variables.iter().map(|variable| (format!("variables.{}", variable.name), variable));
        let inputs = pipeline.inputs.iter().map(|input| (format!("include.inputs.{}", input.name), input));
        let named = at_top.chain(inputs).chain(of_jobs).filter(|(_, variable)| {
            let value = variable.value.trim();
            value.contains([':', '/', '$']) && is_named_after_a_context(&variable.name)
        });
        let mut scope: Option<Scope> = None;
        for (route, variable) in named {
            let scope =
                scope.get_or_insert_with(|| Scope::predefined(&self.project.facts).with_variables(&pipeline.variables));
            let context = match variable.expand {
                true => scope.expand(&variable.value),
                false => PartialText::known(&variable.value),
            };
            let selected = selected.get_or_insert_with(|| {
                let of_jobs = self.jobs.iter().flat_map(JobView::selections);
                of_jobs.map(|selection| selection.context.to_string()).collect()
            });
            let is_told = found.iter().any(|known| known.place == variable.place);
            if is_told || selected.contains(&context.to_string()) {
                continue;
            }
            let place = variable.place.clone();
            found.push(Selection { context, by: By::Value, place, route, hangs: false, cases: Vec::new() });
        }
    }

    /// The context that the top level gives the jobs of Auto DevOps, which stand in GitLab's template.
    #[must_use]
    pub fn auto_devops_context(&self) -> Option<Selection> {
        let deploys = self.pipeline.auto_devops().is_some() || self.jobs.iter().any(JobView::calls_auto_deploy);
        let variable = self.pipeline.variables.iter().find(|variable| &*variable.name == KUBE_CONTEXT);
        let variable = variable.filter(|_| deploys)?;
        let scope = Scope::predefined(&self.project.facts).with_variables(&self.pipeline.variables);
        let route = format!("variables.{KUBE_CONTEXT}");
        Some(of_auto_devops(variable, scope.value(KUBE_CONTEXT), route, Vec::new()))
    }
}

impl JobView<'_> {
    /// The variable of the job's own that says which context Auto DevOps selects.
    fn auto_devops_variable(&self) -> Option<&Variable> {
        const TEMPLATES_JOBS: [&str; 5] = ["review", "staging", "canary", "production", "production_manual"];
        let own = self.job.variables.iter().find(|variable| &*variable.name == KUBE_CONTEXT)?;
        let of_all = self.pipeline.variables.iter().find(|variable| &*variable.name == KUBE_CONTEXT);
        let is_of_template = self.pipeline.auto_devops().is_some() && TEMPLATES_JOBS.contains(&&*self.job.name);
        let is_own = of_all.is_none_or(|of_all| of_all.place != own.place);
        (is_own && (is_of_template || self.calls_auto_deploy())).then_some(own)
    }

    /// Whether its script runs the program that deploys for Auto DevOps.
    fn calls_auto_deploy(&self) -> bool {
        let calls = |kind: &ActionKind| matches!(kind, ActionKind::Opaque { program } if program == "auto-deploy");
        self.cases.iter().any(|case| case.script.actions.iter().any(|action| calls(&action.kind)))
    }
}

#[derive(Default)]
struct Found {
    selections: Selections,
    /// By file and place, and the context's name.
    known: HashMap<(usize, Span, String), usize>,
}

impl Found {
    fn add(&mut self, view: &JobView<'_>, at: usize, action: &Action, context: &Argument, by: By) {
        let Some(script) = view.cases.get(at).map(|case| &case.script) else { return };
        let Some(place) = view.place_of(script, action, &context.range) else { return };
        let (route, hangs) = (view.route_of(action), action.file.is_some() && !action.certain);
        self.insert(Selection { context: context.text.clone(), by, place, route, hangs, cases: vec![at] });
    }

    fn insert(&mut self, selection: Selection) {
        let Place { source, span } = &selection.place;
        let key = (Arc::as_ptr(source).addr(), *span, selection.context.to_string());
        let Selections { list, is_cut } = &mut self.selections;
        let position = *self.known.entry(key).or_insert(list.len());
        match list.get_mut(position) {
            // Cases come in their order.
            Some(known) => {
                let last = known.cases.last().copied();
                known.cases.extend(selection.cases.into_iter().filter(|case| Some(*case) != last));
            }
            None if position < MOST => list.push(selection),
            None => *is_cut = true,
        }
    }
}
