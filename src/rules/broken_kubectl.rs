//! `broken-kubectl`.

use super::given::JobContext;
use super::jobs::{finding_at, script_place};
use super::rule::{Findings, Rule, rule};
use crate::access::jobs::JobView;
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
        if !cx.uses_agents {
            return;
        }
        let report = |place: &crate::ci::Place, version: &str, route: String, findings: &mut Findings| {
            let message = format!(
                "kubectl {version} fails to validate through the agent's proxy: the server responds with the status code 426"
            );
            let finding = finding_at(&INFO, place, message).label("has the mistake").route(route).key(version);
            findings.report(finding.help("use kubectl 1.27.2 or newer, or one before 1.27"));
        };
        let mut seen: Vec<(usize, std::ops::Range<usize>)> = Vec::new();
        for case in &job.cases {
            if let (Some(image), true) = (&job.job.image, seen.is_empty())
                && let Some(version) = case.scope.expand(image).as_known().and_then(image_version)
            {
                seen.push((usize::MAX, 0..0));
                report(&image.place, version, format!("{}.image", job.job.name), findings);
            }
            for action in &case.script.actions {
                let ActionKind::KubectlVersion { version } = &action.kind else { continue };
                let key = (action.item, version.range.clone());
                let Some(broken) = version.text.as_known().and_then(is_broken).filter(|_| !seen.contains(&key)) else {
                    continue;
                };
                seen.push(key);
                let Some(place) = script_place(job, action.item, &version.range) else { continue };
                report(&place, broken, crate::access::jobs::script_route(job.job, action.item), findings);
            }
        }
    }
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
