//! `context-not-granted`.

use super::auto_devops;
use super::findings::{Findings, Wording};
use super::given::{JobContext, JobSelection};
use super::insertion;
use super::jobs::{finding_on, job_name, refused};
use super::rule::{Rule, rule};
use crate::access::jobs::{Refusal, Selection};
use crate::access::{Denial, DropReason, Outcome};
use crate::gitlab::root_path;
use crate::source::Place;
use crate::words::{brief, excerpt, pattern_fault};
use std::sync::Arc;

rule! {
    /// The agent does not let this project in, so kubectl says that no context exists with the name.
    ///
    /// GitLab writes into a job's kubeconfig only the contexts of agents whose configuration names the job's project, a group above it or
    /// the instance, and those of the project's own agents.
    ///
    /// Up to 18.9, where an entry that applies has a pattern that is no regular expression, be it this agent's or another's, the request for all of the
    /// job's agents fails. From 19.5 no pattern does that.
    ///
    /// This is the first of two gates: the kubeconfig is made when the job starts, with the name of its environment, so a grant that comes later adds no context to a running
    /// job. The second stands before each request: the agent server asks GitLab which agents the job may use and keeps the answer for a minute. It answers 403 to others, and 401
    /// once the job has ended. `KUBECONFIG` is not set at all where the job sees no agent, and not in pipelines of workloads (`refs/workloads/…`); a CI/CD variable of that name
    /// that people set hides GitLab's.
    ///
    /// Source: `app/finders/clusters/agents/authorizations/ci_access/finder.rb`, `.../ci_access/filter_service.rb` and
    /// `app/services/ci/generate_kubeconfig_service.rb` of GitLab.
    ///
    /// ## Bad
    ///
    /// ```yaml ci project=acme/web/shop
    /// deploy:
    ///   script:
    ///     - kubectl config use-context acme/agents:prod
    ///     - kubectl apply -f app.yaml
    /// ```
    ///
    /// ```yaml of=acme/agents path=.gitlab/agents/prod/config.yaml
    /// ci_access: {projects: [{id: acme/web/blog}]}
    /// ```
    ///
    /// ```yaml inventory
    /// projects: [{path: acme/agents}, {path: acme/web/blog}, {path: acme/web/shop}]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml ci project=acme/web/shop
    /// deploy:
    ///   script:
    ///     - kubectl config use-context acme/agents:prod
    ///     - kubectl apply -f app.yaml
    /// ```
    ///
    /// ```yaml of=acme/agents path=.gitlab/agents/prod/config.yaml
    /// ci_access: {projects: [{id: acme/web/shop}]}
    /// ```
    ///
    /// ```yaml inventory
    /// projects: [{path: acme/agents}, {path: acme/web/blog}, {path: acme/web/shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Add the project, or a group above it, to `ci_access` of the agent's configuration; `kaslint access --for PROJECT --why` tells what each
    /// entry comes to.
    ///
    /// Of the `KUBE_CONTEXT` that the top level gives the jobs of Auto DevOps it is a warning: CI/CD variables of the project, which no file shows, go before it.
    ///
    /// ## When it stays silent
    ///
    /// Where no file of the agent's configuration project is at hand or GitLab refuses the agent's, where the project's path is not known,
    /// and where an inventory does not list the project.
    ContextNotGranted = "context-not-granted", Error in Jobs
}

impl Rule for ContextNotGranted {
    fn check_context(&self, selection: &Selection, cx: &JobContext<'_>, findings: &mut Findings) {
        let is_meant = |refusal: &Refusal| *refusal == Refusal::NotNamed;
        let Some(auto_devops::RefusedTarget { words, agent, .. }) = auto_devops::refused(selection, cx, is_meant)
        else {
            return;
        };
        let (agent, project) = (cx.index.agent(agent), excerpt(cx.project_path().unwrap_or_default()));
        let message = format!(
            "the agent {} does not let {project} in, so Auto DevOps does not reach {words}",
            excerpt(&agent.context())
        );
        let help = match agent.file {
            Some(file) => format!("add {project} to `ci_access.projects` in {}", file.path),
            None => "give the agent a configuration that lets the project in".to_owned(),
        };
        let finding = auto_devops::finding(&INFO, selection, message).label("does not let the project in");
        findings.report(finding.help(help));
    }

    fn check_selection<'p>(&self, selection: &JobSelection<'p>, cx: &JobContext<'p>, findings: &mut Findings) {
        let is_meant = |refusal: &Refusal| matches!(refusal, Refusal::NotNamed | Refusal::Error);
        let Some(refused) = refused(selection, cx, is_meant) else { return };
        let context = cx.index.agent(refused.agent).context();
        let project = excerpt(cx.project_path().unwrap_or_default());
        let job = job_name(refused.case);
        let (before, after, label) = match &refused.row.outcome {
            Outcome::Denied(Denial::PatternRaises(pattern, fault)) => (
                format!("{} is not given to ", brief(&context)),
                format!(
                    ": GitLab answers with an error in place of all agents, since the pattern {} is no regular expression ({})",
                    excerpt(&pattern.value),
                    pattern_fault(*fault)
                ),
                "no job gets this agent",
            ),
            Outcome::Denied(Denial::RequestFails(other)) => (
                format!("{} is not given to ", brief(&context)),
                format!(
                    ": GitLab answers with an error in place of all agents, since a pattern of {} is no regular expression",
                    excerpt(other)
                ),
                "not in the job's kubeconfig",
            ),
            _ => (
                format!("{} does not let {project} in: kubectl says in ", brief(&context)),
                " that no context exists with the name".to_owned(),
                "not in the job's kubeconfig",
            ),
        };
        let mut finding = finding_on(&INFO, selection.selected, format!("{before}{job}{after}")).label(label);
        finding = refused.show_winner(finding, cx, "this entry decides");
        finding = refused.show_dropped(finding, cx);
        finding = refused.show_failing(finding, cx);
        let file = cx.index.agent(refused.agent).file;
        let falls_out = refused
            .row
            .fell_out
            .iter()
            .any(|(candidate, reason)| candidate.entry.is_some() && *reason != DropReason::NotOwnProject);
        let help = match (&refused.row.outcome, file) {
            (Outcome::Denied(Denial::PatternRaises(..)), Some(file)) => format!("mend the pattern in {}", file.path),
            (Outcome::Denied(Denial::RequestFails(other)), _) => format!("mend the pattern of {}", excerpt(other)),
            (_, Some(file)) if falls_out => format!("mend the entry of {} that is left out", file.path),
            (_, Some(file)) => format!("add {project} to `ci_access.projects` in {}", file.path),
            (_, None) => "give the agent a configuration that lets the project in".to_owned(),
        };
        let is_unnamed = !falls_out && refused.refusal == Refusal::NotNamed;
        let offer = file.filter(|file| is_unnamed && file.refused.is_none()).and_then(|file| {
            let path = cx.project_path()?;
            // An entry of another top-level group would be dropped.
            root_path(path).eq_ignore_ascii_case(root_path(file.project?)).then_some(())?;
            let source = cx.sources.get(file.path)?;
            let (span, text) = insertion::of_new_project(source, file.ci_access, path)?;
            Some((Place { source: Arc::clone(source), span }, text))
        });
        if let Some((place, text)) = offer {
            let title = format!("Add {project} to `ci_access.projects` of the agent {}", excerpt(&context));
            finding = finding.offer(title, place, text);
        }
        findings.report_naming(finding.help(help), Wording { job, before, after, instead: None });
    }
}
