//! `environment-not-granted`.

use std::sync::Arc;

use super::auto_devops;
use super::findings::{Findings, Wording};
use super::given::{JobContext, JobSelection};
use super::insertion;
use super::jobs::{finding_on, job_name, refused};
use super::rule::{Rule, rule};
use crate::access::jobs::{Refusal, Selection};
use crate::agent_config::Spanned;
use crate::source::Place;
use crate::words::{a_few_of, brief, excerpt};
use crate::yaml::written;

rule! {
    /// The agent's entry lists environments, and the job has none of them.
    ///
    /// An entry with `environments` lets in jobs whose environment one of its lines matches, by its name and letter by letter; up to 18.9 a line with `*` may
    /// match anywhere in the name, from 19.5 it is compared with the whole. A job without `environment` passes no such entry.
    ///
    /// Source: `app/services/clusters/agents/authorizations/ci_access/filter_service.rb` and `lib/gitlab/ci/environment_matcher.rb` of GitLab.
    ///
    /// Releases: from 15.7.
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
    /// ci_access: {projects: [{id: acme/web/shop, environments: [production]}]}
    /// ```
    ///
    /// ```yaml inventory
    /// projects: [{path: acme/agents}, {path: acme/web/shop, environments: [production]}]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml ci project=acme/web/shop
    /// deploy:
    ///   environment: production
    ///   script:
    ///     - kubectl config use-context acme/agents:prod
    ///     - kubectl apply -f app.yaml
    /// ```
    ///
    /// ```yaml of=acme/agents path=.gitlab/agents/prod/config.yaml
    /// ci_access: {projects: [{id: acme/web/shop, environments: [production]}]}
    /// ```
    ///
    /// ```yaml inventory
    /// projects: [{path: acme/agents}, {path: acme/web/shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Give the job an environment that the entry lists, or add the job's environment to the entry.
    ///
    /// ## When it stays silent
    ///
    /// Where the environment's name hangs on variables with which it could match, and where it is not known which of the two ways to compare the
    /// release has, and one of them lets the job in.
    EnvironmentNotGranted = "environment-not-granted", Error in Jobs
}

/// How many of the entry's environments are offered to a job without one.
const MOST_OFFERS: usize = 3;

impl Rule for EnvironmentNotGranted {
    fn check_context(&self, selection: &Selection, cx: &JobContext<'_>, findings: &mut Findings) {
        let is_meant = |refusal: &Refusal| *refusal == Refusal::Environment;
        let Some(auto_devops::RefusedTarget { words, agent, row }) = auto_devops::refused(selection, cx, is_meant)
        else {
            return;
        };
        let entry = row.winner.and_then(|winner| winner.entry);
        let patterns = entry.map(|entry| &entry.environments[..]).unwrap_or_default();
        let message = format!(
            "the agent {} takes jobs of the environments {} only, and Auto DevOps deploys to {words} by it",
            excerpt(&cx.index.agent(agent).context()),
            a_few_of(patterns.iter().map(|pattern| excerpt(&pattern.value)))
        );
        let mut finding = auto_devops::finding(&INFO, selection, message).label("not for all that is deployed");
        if let Some(place) = entry.and_then(|entry| cx.entry_place(agent, entry)) {
            finding = finding.related_at(place, "this entry decides");
        }
        findings.report(finding.help(format!(
            "name the agent of {words} by a `KUBE_CONTEXT` of that job, or add the environment to the entry"
        )));
    }

    fn check_selection<'p>(&self, selection: &JobSelection<'p>, cx: &JobContext<'p>, findings: &mut Findings) {
        let Some(refused) = refused(selection, cx, |refusal| *refusal == Refusal::Environment) else { return };
        let context = cx.index.agent(refused.agent).context();
        let entry = refused.row.winner.and_then(|winner| winner.entry);
        let patterns = entry.map(|entry| &entry.environments[..]).unwrap_or_default();
        let listed = || a_few_of(patterns.iter().map(|pattern| excerpt(&pattern.value)));
        let job = job_name(refused.case);
        let first = || patterns.first().map(|pattern| excerpt(&pattern.value)).unwrap_or_default();
        let (label, help) = match &refused.case.environment {
            None => {
                ("the job has no environment", format!("add `environment: {}` to the job", first().trim_matches('`')))
            }
            Some(environment) => {
                let name = environment.to_string();
                let wanted: String = name.chars().flat_map(char::to_lowercase).collect();
                let is_alike =
                    |pattern: &&Spanned<String>| pattern.value.chars().flat_map(char::to_lowercase).eq(wanted.chars());
                let alike = patterns.iter().find(is_alike).map(|pattern| &pattern.value);
                let help = match alike {
                    Some(pattern) => format!(
                        "letter case counts: write `environment: {pattern}`, or {} in the agent's entry",
                        excerpt(&name)
                    ),
                    None => {
                        format!("add {} to `environments` of the agent's entry, or use another agent", excerpt(&name))
                    }
                };
                ("not for the job's environment", help)
            }
        };
        let of_job = match &refused.case.environment {
            Some(environment) => excerpt(&environment.to_string()),
            None => "no environment".to_owned(),
        };
        let noun = if patterns.len() == 1 { "environment" } else { "environments" };
        let wording = Wording {
            job: format!("{job} ({of_job})"),
            before: format!("{} does not let in ", brief(&context)),
            after: format!(
                ": it takes the {noun} {} only, and kubectl says that no context exists with the name",
                listed()
            ),
            instead: Some((
                "not for the jobs' environments",
                "give the jobs an environment that the agent's entry lists, add theirs to it, or use another agent",
            )),
        };
        let message = format!("{}{}{}", wording.before, wording.job, wording.after);
        let finding = finding_on(&INFO, selection.selected, message).label(label);
        let finding = refused.show_winner(finding, cx, "this entry decides").help(help);
        let name = refused.case.environment.as_ref().and_then(|environment| environment.as_known());
        let place = entry.and_then(|entry| Some((entry, cx.entry_place(refused.agent, entry)?, name?)));
        let insertion = place.and_then(|(entry, Place { source, .. }, name)| {
            let (span, text) = insertion::of_environment(entry, &source, name)?;
            Some((Place { source, span }, text, excerpt(name)))
        });
        let mut finding = match insertion {
            Some((place, text, name)) => {
                finding.offer(format!("Add {name} to `environments` of the agent {}", excerpt(&context)), place, text)
            }
            None => finding,
        };
        if refused.case.environment.is_none() {
            let names =
                entry.into_iter().flat_map(|entry| &entry.environments).filter(|name| !name.value.contains('*'));
            let place = &selection.job.job.name_place;
            for name in names.take(MOST_OFFERS) {
                let line = format!("environment: {}", written(&name.value, false, None));
                let Some((span, text)) = insertion::of_job_line(&place.source, place.span, &line) else { break };
                let place = Place { source: Arc::clone(&place.source), span };
                finding = finding.offer(format!("Give {job} the environment {}", excerpt(&name.value)), place, text);
            }
        }
        findings.report_naming(finding, wording);
    }
}
