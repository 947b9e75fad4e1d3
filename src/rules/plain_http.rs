//! `plain-http`.

use super::findings::Findings;
use super::given::{JobAction, JobContext};
use super::jobs::finding_on;
use super::rule::{Rule, rule};
use crate::access::jobs::{By, JobView, ProjectJobs, Resolved};
use crate::diagnostic::Finding;
use crate::shell::{ActionKind, InForce};
use crate::words::brief;

rule! {
    /// GitLab is at plain http, over which kubectl sends no token, so nobody is logged in.
    ///
    /// The server in the job's kubeconfig follows from GitLab's own address. kubectl, helm and whatever else is built on Kubernetes' client
    /// send the token of a kubeconfig over https only: the context is there, and the agent server sees nobody. `--insecure-skip-tls-verify`
    /// changes nothing about that.
    ///
    /// Source: gitlab#352284; `doc/user/clusters/agent/ci_cd_workflow.md` of GitLab; client-go's `transport`.
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
    /// ci_access: {projects: [{id: acme/web/shop}]}
    /// ```
    ///
    /// ```yaml inventory
    /// gitlab: {url: "http://gitlab.example.com"}
    /// projects: [{path: acme/agents}, {path: acme/web/shop}]
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
    /// gitlab: {url: "https://gitlab.example.com"}
    /// projects: [{path: acme/agents}, {path: acme/web/shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Serve GitLab, and with it the agent server, over https. Where the agent server has an https address of its own, all is well, which no
    /// file shows: switch the rule off in the settings.
    ///
    /// ## When it stays silent
    ///
    /// Where the inventory does not tell GitLab's address, and in projects whose jobs select no agent. It speaks once for a project.
    PlainHttp = "plain-http", Warning in Jobs
}

impl Rule for PlainHttp {
    fn check_pipeline(&self, jobs: &ProjectJobs<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        let Some(address) = plain_address(cx) else { return };
        let told = jobs.jobs.iter().find_map(|job| at_switch(job)).map(|finding| (finding, true));
        let told =
            told.or_else(|| jobs.jobs.iter().find_map(|job| at_context(job, cx)).map(|finding| (finding, false)));
        let Some((finding, has_switch)) = told else { return };
        let mut finding = finding(format!(
            "{} gets no token: kubectl sends none over plain http, so calls through an agent end in \"You must be logged in to the server\"",
            brief(address)
        ));
        finding = finding.label(if has_switch { "changes nothing" } else { "nobody is logged in there" }).key(address);
        findings.report(finding.help("serve GitLab and its agent server over https; an agent server that has an https address of its own is as well"));
    }
}

/// The address of a GitLab that is reached by plain http.
pub(super) fn plain_address<'p>(cx: &JobContext<'p>) -> Option<&'p str> {
    let inventory = cx.index.inventory()?;
    inventory
        .instance()
        .url
        .as_deref()
        .filter(|url| url.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://")))
}

type Told<'j> = Box<dyn FnOnce(String) -> Finding + 'j>;

/// At the first switch that is to help and does not.
fn at_switch<'j>(job: &'j JobView<'_>) -> Option<Told<'j>> {
    JobAction::of(job).into_iter().find_map(|action| {
        let ActionKind::Cluster(command) = &action.action.kind else { return None };
        let range = command.insecure_skip_tls_verify.clone()?;
        matches!(action.script.in_force(action.number), Some(InForce::Selected { .. })).then_some(())?;
        let finding = action.finding(&INFO, &range, "")?;
        Some(Box::new(move |message: String| Finding { message, ..finding }) as Told<'j>)
    })
}

/// At the first context of an agent.
fn at_context<'j>(job: &'j JobView<'_>, cx: &JobContext<'_>) -> Option<Told<'j>> {
    let mut selections = job.selections().iter().filter(|selection| selection.by != By::Environment);
    let selection = selections.find(|selection| matches!(selection.resolve(cx.index), Resolved::Agent(_)))?;
    Some(Box::new(move |message: String| finding_on(&INFO, selection, message)))
}
