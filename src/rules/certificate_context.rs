//! `certificate-context`.

use super::findings::Findings;
use super::given::{JobContext, JobSelection};
use super::jobs::finding_on;
use super::rule::{Rule, rule};
use crate::access::jobs::{By, Resolved};

rule! {
    /// `gitlab-deploy` is the context of a certificate-based cluster, which is deprecated.
    ///
    /// Where a project, a group or the instance has such a cluster for the job's environment, GitLab selects its context by default, and the job
    /// works with that cluster rather than with an agent's.
    ///
    /// Source: `doc/user/clusters/agent/ci_cd_workflow.md` of GitLab, "Environments with both certificate-based and agent-based connections".
    ///
    /// ## Bad
    ///
    /// ```yaml ci
    /// deploy:
    ///   environment: production
    ///   script:
    ///     - kubectl config use-context gitlab-deploy
    ///     - kubectl apply -f app.yaml
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml ci
    /// deploy:
    ///   environment: production
    ///   script:
    ///     - kubectl config use-context acme/agents:prod
    ///     - kubectl apply -f app.yaml
    /// ```
    ///
    /// ## How to fix
    ///
    /// Select an agent's context: `<project path>:<agent name>`.
    CertificateContext = "certificate-context", Warning in Jobs, tag GoingAway
}

impl Rule for CertificateContext {
    fn check_selection<'p>(&self, selection: &JobSelection<'p>, cx: &JobContext<'p>, findings: &mut Findings) {
        let selection = selection.selected;
        if selection.resolve(cx.index) != Resolved::Certificate || selection.by == By::Environment {
            return;
        }
        let message = "`gitlab-deploy` selects no agent: it is the context of a certificate-based cluster, and these are deprecated";
        let finding = finding_on(&INFO, selection, message).label("no agent's context");
        findings.report(finding.help("select one: `kubectl config use-context <project path>:<agent name>`"));
    }
}
