//! `unprotected-job`.

use super::findings::{Findings, Wording};
use super::given::{JobContext, JobSelection};
use super::jobs::{finding_on, job_name, refused};
use super::rule::{Rule, rule};
use crate::access::jobs::Refusal;
use crate::pipeline_rules::PipelineKind;
use crate::words::{a_few, brief};

rule! {
    /// The agent's entry takes protected refs, and the job runs on none.
    ///
    /// With `protected_branches_only` GitLab leaves the context out unless the pipeline's ref is a protected branch or tag. Merge request
    /// pipelines run on a ref of their own. Up to 18.0 that is not protected even where the source branch is. From 18.1 it is if the project has
    /// `protect_merge_request_pipelines` on, source and target are protected branches of the same project, and the user who started the pipeline may push or merge to
    /// both; a rule `*` is not enough any more.
    ///
    /// Source: `app/services/clusters/agents/authorizations/ci_access/filter_service.rb`, `app/models/project.rb` and
    /// `app/models/ci/pipeline.rb` of GitLab.
    ///
    /// Releases: from 17.3.
    ///
    /// ## Bad
    ///
    /// ```yaml ci project=acme/web/shop
    /// deploy:
    ///   rules:
    ///     - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    ///   script:
    ///     - kubectl config use-context acme/agents:prod
    ///     - kubectl apply -f app.yaml
    /// ```
    ///
    /// ```yaml of=acme/agents path=.gitlab/agents/prod/config.yaml
    /// ci_access: {projects: [{id: acme/web/shop, protected_branches_only: true}]}
    /// ```
    ///
    /// ```yaml inventory
    /// projects: [{path: acme/agents}, {path: acme/web/shop, protect_merge_request_pipelines: false}]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml ci project=acme/web/shop
    /// deploy:
    ///   rules:
    ///     - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
    ///   script:
    ///     - kubectl config use-context acme/agents:prod
    ///     - kubectl apply -f app.yaml
    /// ```
    ///
    /// ```yaml of=acme/agents path=.gitlab/agents/prod/config.yaml
    /// ci_access: {projects: [{id: acme/web/shop, protected_branches_only: true}]}
    /// ```
    ///
    /// ```yaml inventory
    /// projects: [{path: acme/agents}, {path: acme/web/shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Run the job on a protected branch, or use another agent for merge requests.
    ///
    /// ## When it stays silent
    ///
    /// Where the job may run on a ref whose protection is not known. From 18.1 so may one for merge requests, unless the inventory says
    /// `protect_merge_request_pipelines: false` of the project, or that fewer than two of its branches are protected.
    UnprotectedJob = "unprotected-job", Warning in Jobs
}

impl Rule for UnprotectedJob {
    fn check_selection<'p>(&self, selection: &JobSelection<'p>, cx: &JobContext<'p>, findings: &mut Findings) {
        let Some(refused) = refused(selection, cx, |refusal| *refusal == Refusal::Unprotected) else { return };
        let context = cx.index.agent(refused.agent).context();
        let mut pipelines: Vec<String> = Vec::new();
        for run in refused.case.runs.iter() {
            let name = match run.scenario.kind {
                PipelineKind::MergeRequest => "merge requests".to_owned(),
                _ => run.scenario.to_string(),
            };
            let name = name.strip_prefix("other ").map(str::to_owned).unwrap_or(name);
            if !pipelines.contains(&name) {
                pipelines.push(name);
            }
        }
        let (job, pipelines) = (job_name(refused.case), a_few(&pipelines));
        let before = format!("{} does not let in ", brief(&context));
        let job = format!("{job} ({pipelines})");
        let after = ": it takes protected refs only, and kubectl says that no context exists with the name";
        let message = format!("{before}{job}{after}");
        let wording = Wording { job, before, after: after.to_owned(), instead: None };
        let finding = finding_on(&INFO, selection.selected, message).label("never on a protected ref");
        let finding = refused.show_winner(finding, cx, "this entry takes protected refs only");
        let help = "run the job on a protected branch or tag, or select an agent that takes other refs";
        findings.report_naming(finding.help(help), wording);
    }
}
