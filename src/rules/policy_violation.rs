//! `policy-violation`.

use std::sync::Arc;

use super::findings::Findings;
use super::given::AgentsContext;
use super::rule::{Rule, rule};
use crate::access::{Agent, AgentId};
use crate::diagnostic::Finding;
use crate::diff::{Cause, State};
use crate::policy::{Holding, Policy, Violation};
use crate::source::{Place, Span};
use crate::words::{excerpt, list_and};

rule! {
    /// Somebody is let in against a `policy` of the settings file.
    ///
    /// A policy is held against everybody who may be let in: every project that there is or will be, every environment name, protected refs and others,
    /// people by the entries of `user_access`. Entries count, the access that the configuration project always has, and managed resources, which
    /// neither `environments` nor `protected_branches_only` bind. The finding names one job or membership that shows it; what cannot be proved is told
    /// as such. See the documentation of policies for their keys.
    ///
    /// Source: the rules by which GitLab lets jobs and people in, as in `kaslint access`.
    ///
    /// ## Bad
    ///
    /// ```yaml settings
    /// policy:
    ///   - name: the shop alone
    ///     projects: ["acme/web/**"]
    ///     require: {projects: [acme/web/shop]}
    /// ```
    ///
    /// ```yaml project=acme/agents
    /// ci_access:
    ///   groups:
    ///     - id: acme/web
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml settings
    /// policy:
    ///   - name: the shop alone
    ///     projects: ["acme/web/**"]
    ///     require: {projects: [acme/web/shop]}
    /// ```
    ///
    /// ```yaml project=acme/agents
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    /// ```
    ///
    /// ## How to fix
    ///
    /// Restrict the entry as the policy asks, or change the policy with those who set it.
    PolicyViolation = "policy-violation", Error in Access
}

impl Rule for PolicyViolation {
    fn check_agents(&self, cx: &AgentsContext<'_>, findings: &mut Findings) {
        let policies = &cx.gitlab().policies;
        if policies.is_empty() {
            return;
        }
        let state = State::of(cx.index);
        let mut holding = Holding::of(&state, policies);
        for &id in &cx.agents {
            let agent = cx.index.agent(id);
            if agent.is_refused() {
                let in_scope: Vec<&Policy> = holding.in_scope(id).into_iter().map(|(_, policy)| policy).collect();
                findings.report_some(refused(cx, agent, &in_scope));
                continue;
            }
            for violation in holding.agent(id) {
                findings.report_some(finding(cx, id, &violation));
            }
        }
    }
}

/// What is in force where a file is refused is not known, so that nothing is proved of it.
fn refused(cx: &AgentsContext<'_>, agent: &Agent<'_>, policies: &[&Policy]) -> Option<Finding> {
    let names: Vec<String> = policies.iter().map(|policy| excerpt(&policy.name)).collect();
    let source = cx.source(agent).filter(|_| !names.is_empty())?;
    let (policies, hold) = if names.len() == 1 { ("policy", "holds") } else { ("policies", "hold") };
    let message = format!(
        "{} is refused, and what is in force in its place is not known: it is not proved that the {policies} {} {hold}",
        excerpt(agent.name),
        list_and(&names)
    );
    Some(Finding::new(&INFO, source, Span::default(), message).help("mend the file first").key(names.join(" ")))
}

fn finding(cx: &AgentsContext<'_>, id: AgentId, violation: &Violation) -> Option<Finding> {
    let agent = cx.index.agent(id);
    let policy = cx.gitlab().policies.get(violation.policy)?;
    let (source, span, route) = match cx.source(agent) {
        Some(source) => {
            let (span, route) = place(agent, violation.cause.as_ref()).unwrap_or_default();
            (source, span, route)
        }
        // An agent without a file: the configuration project alone gets in.
        None => (&policy.place.source, policy.place.span, String::new()),
    };
    let key = violation.key(policy, agent);
    let finding = Finding::new(&INFO, source, span, violation.message(policy, agent));
    let finding = finding.route(route).key(key).help(violation.help(policy));
    let Place { source: at, span } = &policy.place;
    Some(match Arc::ptr_eq(at, source) {
        true => finding,
        false => finding.related_at(Place { source: Arc::clone(at), span: *span }, "the policy"),
    })
}

/// The entry that lets in: its id, or the entry.
fn place(agent: &Agent<'_>, cause: Option<&Cause>) -> Option<(Span, String)> {
    let route = cause?.entry.as_ref()?;
    let file = agent.file?;
    let ci = file.ci_access.into_iter().flat_map(|access| access.entries());
    let ci = ci.map(|entry| (entry.route(), entry.id.as_ref(), entry.head));
    let user = file.user_access.into_iter().flat_map(|access| access.projects.iter().chain(&access.groups));
    let user = user.map(|entry| (entry.route(), entry.id.as_ref(), entry.span));
    let (_, id, whole) = ci.chain(user).find(|(known, ..)| known == route)?;
    Some(match id {
        Some(id) => (id.span, format!("{route}.id")),
        None => (whole, route.clone()),
    })
}
