//! `broken-kubectl`.

use super::findings::Findings;
use super::given::{JobAction, JobContext};
use super::jobs::finding_at;
use super::rule::{Rule, rule};
use crate::access::jobs::JobView;
use crate::diagnostic::Finding;
use crate::shell::ActionKind;

rule! {
    /// kubectl 1.27.0 and 1.27.1 fail to validate through the agent's proxy, with status 426.
    ///
    /// A mistake in the Kubernetes libraries of these two releases asks the proxy for a protocol that it does not speak.
    ///
    /// Source: `doc/user/clusters/agent/ci_cd_workflow.md` of GitLab, "Validation errors"; kubernetes/kubernetes#117463.
    ///
    /// ## Bad
    ///
    /// ```yaml ci project=acme/web/shop
    /// deploy:
    ///   image: bitnami/kubectl:1.27.1
    ///   script:
    ///     - kubectl config use-context acme/agents:prod
    ///     - kubectl apply -f app.yaml
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml ci project=acme/web/shop
    /// deploy:
    ///   image: bitnami/kubectl:1.27.2
    ///   script:
    ///     - kubectl config use-context acme/agents:prod
    ///     - kubectl apply -f app.yaml
    /// ```
    ///
    /// ## How to fix
    ///
    /// Use another release, 1.27.2 or newer.
    ///
    /// ## When it stays silent
    ///
    /// In projects that have nothing to do with agents, and where the version hangs on a variable that is not known.
    BrokenKubectl = "broken-kubectl", Warning in Jobs
}

impl Rule for BrokenKubectl {
    fn check_job(&self, job: &JobView<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        let Some(image) = job.job.image.as_ref().filter(|_| cx.uses_agents) else { return };
        // A name without variables is the same in all cases.
        let cases = if image.contains(['$', '%']) { job.cases.len() } else { 1 };
        let versions = job.cases.iter().take(cases).map(|case| job.scope(case).expand(image));
        let Some(version) = versions.into_iter().find_map(|image| image.as_known().and_then(image_version)) else {
            return;
        };
        let finding = finding_at(&INFO, &image.place, message(version)).route(format!("{}.image", job.job.name));
        findings.report(explained(finding, version));
    }

    fn check_action(&self, action: &JobAction<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        let ActionKind::KubectlVersion { version } = &action.action.kind else { return };
        let Some(broken) = version.text.as_known().and_then(is_broken).filter(|_| cx.uses_agents) else { return };
        let finding = action.finding(&INFO, &version.range, message(broken));
        finding.into_iter().for_each(|finding| findings.report_once_a_place(explained(finding, broken)));
    }
}

fn message(version: &str) -> String {
    format!(
        "kubectl {version} fails to validate through the agent's proxy: the server responds with the status code 426"
    )
}

fn explained(finding: Finding, version: &str) -> Finding {
    finding.label("has the mistake").key(version).help("use kubectl 1.27.2 or newer, or one before 1.27")
}

/// The release, if it is one with the mistake.
fn is_broken(version: &str) -> Option<&'static str> {
    let version = version.strip_prefix('v').unwrap_or(version);
    ["1.27.0", "1.27.1"].into_iter().find(|broken| {
        version
            .strip_prefix(broken)
            .is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_digit() || next == '.'))
    })
}

/// The broken release of kubectl that an image is known to hold by its tag: `bitnami/kubectl:1.27.1`, `alpine/k8s:1.27.0`.
fn image_version(image: &str) -> Option<&'static str> {
    let (name, tag) = image.split('@').next()?.rsplit_once(':')?;
    let last = name.rsplit('/').next()?;
    matches!(last, "kubectl" | "k8s").then(|| is_broken(tag)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_tell_the_release() {
        for (image, broken) in [
            ("bitnami/kubectl:1.27.1", Some("1.27.1")),
            ("bitnami/kubectl:1.27.1-debian-11-r0", Some("1.27.1")),
            ("registry.example.com:5000/kubectl:v1.27.0", Some("1.27.0")),
            ("alpine/k8s:1.27.0@sha256:abc", Some("1.27.0")),
            ("bitnami/kubectl:1.27.10", None),
            ("bitnami/kubectl:1.27", None),
            ("bitnami/kubectl", None),
            ("postgres:1.27.1", None),
        ] {
            assert_eq!(image_version(image), broken, "{image}");
        }
    }
}
