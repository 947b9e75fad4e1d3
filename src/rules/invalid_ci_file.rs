//! `invalid-ci-file`.

use super::findings::Findings;
use super::given::JobContext;
use super::jobs::finding_at;
use super::rule::{Rule, rule};
use crate::access::jobs::{JobView, ProjectJobs, rule_inputs};
use crate::ci::{Problem, ProblemKind};
use crate::diagnostic::{Finding, Severity};
use crate::gitlab::releases::{ENVIRONMENT_AGENT, ENVIRONMENT_DASHBOARD, TIER_VARIABLES};
use crate::gitlab::{TextPart, environment_name_fault, is_environment_character};
use crate::pipeline_rules::{ConditionRoute, JobConditions};
use crate::source::secrets::mask;
use crate::words::{brief, excerpt, jobs as jobs_by_name, starts as starts_of};

rule! {
    /// GitLab cannot use the CI file, or kaslint cannot see all jobs in it.
    ///
    /// This is no linter for pipelines: it says what keeps it from telling which jobs reach which cluster, such as an `extends` that leads
    /// nowhere, an included file that does not exist, YAML that cannot be read, or an environment's name that no environment can have, which fails the job. It also says for which keys and values
    /// that decide whether and where a job runs GitLab refuses the whole configuration, so that no job runs: stages and jobs (`needs`, `on_stop`) that there are not, keys and values
    /// of jobs, rules and `environment` that there are none of, `only` beside `rules`. What else is wrong with a CI file, GitLab's own pipeline editor tells.
    ///
    /// A mistake in the file of a child pipeline refuses that child alone, and fails the job that starts it. A key that is near none that kaslint knows is a note: a newer GitLab may have it.
    ///
    /// Source: `lib/gitlab/ci/config/` of GitLab, file by file as docs/ci-keywords.md and `src/ci/` name them; `lib/gitlab/regex.rb` for names of environments.
    ///
    /// ## Bad
    ///
    /// ```yaml ci
    /// deploy:
    ///   extends: .deploy
    ///   script: [echo]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml ci
    /// .deploy:
    ///   stage: deploy
    ///
    /// deploy:
    ///   extends: .deploy
    ///   script: [echo]
    /// ```
    ///
    /// ## How to fix
    ///
    /// As the message says.
    ///
    /// ## When it stays silent
    ///
    /// On what comes of files that are not at hand, or what they may define; the summary names those. On hidden jobs that no job extends, which GitLab does not look at.
    InvalidCiFile = "invalid-ci-file", Warning in Jobs
}

impl Rule for InvalidCiFile {
    fn check_pipeline(&self, jobs: &ProjectJobs<'_>, _cx: &JobContext<'_>, findings: &mut Findings) {
        for problem in &jobs.pipeline.problems {
            findings.report(of_problem(problem, problem.message()));
        }
        for problem in &jobs.pipeline.unverified {
            findings.report(of_problem(problem, problem.message()).severity(Severity::Note));
        }
        // A child whose configuration is refused keeps only itself from running, and the jobs that start it fail.
        for (child, starts) in jobs.children_with_starts() {
            let names: Vec<String> = starts.iter().map(|(name, _)| excerpt(name)).collect();
            let report = |problem: &Problem, severity: Severity, findings: &mut Findings| {
                let message = match (problem.message_in_child(), &names[..]) {
                    (Some(message), [name]) => format!("{message}, and {name} fails"),
                    (Some(message), names) => format!("{message}, and {} fail", jobs_by_name(names)),
                    (None, _) => problem.message(),
                };
                let mut finding = of_problem(problem, message).severity(severity);
                if let Some((_, place)) = starts.first() {
                    finding = finding.related_at(place.clone(), format!("{} this child pipeline", starts_of(&names)));
                }
                findings.report(finding);
            };
            child.problems.iter().for_each(|problem| report(problem, INFO.severity, findings));
            child.unverified.iter().for_each(|problem| report(problem, Severity::Note, findings));
        }
        for job in &jobs.too_deep {
            let name = excerpt(&job.name);
            let message = format!("{name} fails: it would start a third level of child pipelines, and GitLab has two");
            let place = job.trigger.as_ref().map_or(&job.name_place, |trigger| &trigger.place);
            let finding = finding_at(&INFO, place, message).route(format!("{}.trigger", job.name)).key(&*job.name);
            findings
                .report(finding.help("start it one level above, or keep the job out of such pipelines with `rules`"));
        }
    }

    fn check_job(&self, job: &JobView<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
        impossible_environment(job, findings);
        keys_of_later_releases(job, cx, findings);
        let Some(rules) = &job.job.rules else { return };
        let inputs = rule_inputs(Some(rules)).unwrap_or_default();
        let conditions = JobConditions { rules: Some(&inputs), ..JobConditions::default() };
        for (place, error) in conditions.errors().into_iter().filter(|(_, error)| error.is_certain()) {
            let ConditionRoute::Rules(number) = place else { continue };
            let Some(condition) = rules.get(number).and_then(|rule| rule.condition.as_ref()) else { continue };
            let message = format!("{} is no condition that GitLab can read: {error}", brief(condition));
            let finding = finding_at(&INFO, &condition.place, message).key(condition.as_str());
            findings.report(
                finding.route(format!("{}.{place}", job.job.name)).help("write it as `$VARIABLE == \"value\"`"),
            );
        }
    }
}

fn of_problem(problem: &Problem, message: String) -> Finding {
    let message = mask(&capital(&message)).into_owned();
    let mut finding = finding_at(&INFO, &problem.place, &message).route("ci").key(message);
    if let Some(related) = &problem.related {
        let why = match problem.kind {
            ProblemKind::BlockTextEnds { .. } => "the text starts here",
            ProblemKind::Beside { .. } => "beside this",
            ProblemKind::Syntax(_) => "opened here",
            _ => "belongs to it",
        };
        finding = finding.related_at(related.clone(), why);
    }
    if let Some(help) = problem.help() {
        finding = finding.help(help);
    }
    finding.proposal(problem.meant().filter(|name| is_plain(name)), problem.place.span)
}

/// An environment's name that GitLab cannot make an environment of, which fails the job; told of the first.
fn impossible_environment(job: &JobView<'_>, findings: &mut Findings) {
    let Some(environment) = &job.job.environment else { return };
    let written = environment.name.as_str();
    // Inputs that were not put in, and variables as Windows writes them.
    if written.contains("$[[") || written.contains('%') {
        return;
    }
    let names = job.cases.iter().filter_map(|case| case.environment.as_ref());
    let mut faults = names.filter_map(|name| {
        let fault = match name.as_known() {
            Some(known) => environment_name_fault(known),
            // Of a name that is known in part only its characters are.
            None => name.parts().iter().find_map(|part| match part {
                TextPart::Known(text) => text
                    .chars()
                    .find(|character| !is_environment_character(*character))
                    .map(|character| format!("no environment's name can have `{}`", character.escape_debug())),
                TextPart::Unknown { .. } => None,
            }),
        };
        Some((name.to_string(), fault?))
    });
    let Some((name, fault)) = faults.next() else { return };
    let message = format!("{} can be no environment, so GitLab fails the job: {fault}", brief(&name));
    let finding = finding_at(&INFO, &environment.place, message).key(name);
    let help = "names have ASCII letters, digits, blanks and `-`, `_`, `/`, `$`, `{`, `}`, `.`, and no `/` at an end";
    findings.report(finding.route(format!("{}.environment", job.job.name)).help(help));
}

/// Keys of `environment:kubernetes` that the release does not know.
fn keys_of_later_releases(job: &JobView<'_>, cx: &JobContext<'_>, findings: &mut Findings) {
    let Some(environment) = &job.job.environment else { return };
    let version = cx.gitlab().version;
    let tier = environment.deployment_tier.as_ref().filter(|tier| tier.contains('$') && !tier.contains("$[["));
    if let Some(tier) = tier.filter(|_| version < TIER_VARIABLES) {
        let message = format!(
            "`environment:deployment_tier` has a variable, and GitLab {version} refuses the configuration: it takes some from \
             GitLab {TIER_VARIABLES} on"
        );
        let finding = finding_at(&INFO, &tier.place, message).key("deployment_tier");
        findings.report(finding.route(format!("{}.environment.deployment_tier", job.job.name)));
    }
    let Some(kubernetes) = &environment.kubernetes else { return };
    let keys = [
        (&kubernetes.agent, "agent", ENVIRONMENT_AGENT),
        (&kubernetes.dashboard_namespace, "dashboard", ENVIRONMENT_DASHBOARD),
    ];
    for (written, key, since) in keys.into_iter().filter(|(_, _, since)| version < *since) {
        let Some(written) = written else { continue };
        let message = format!(
            "`environment:kubernetes:{key}` has GitLab {version} refuse the configuration: the key came with GitLab {since}"
        );
        let finding = finding_at(&INFO, &written.place, message).key(key);
        findings.report(finding.route(format!("{}.environment.kubernetes.{key}", job.job.name)));
    }
}

/// Whether a name needs no quotes in YAML, wherever it stands.
fn is_plain(name: &str) -> bool {
    let is_word = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '/' | '.');
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '.') && name.chars().all(is_word)
}

/// The sentence with a capital letter, unless it starts with code.
fn capital(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) if first.is_lowercase() => first.to_uppercase().chain(characters).collect(),
        _ => text.to_owned(),
    }
}
