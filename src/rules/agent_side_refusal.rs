//! `agent-side-refusal`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::diagnostic::Finding;
use crate::schema::{self, ProblemKind};
use crate::words::brief;

rule! {
    /// GitLab accepts the value, and the agent then rejects the whole configuration.
    ///
    /// The agent checks some values itself: the schedule in `cadence` and the number of a log level. When it cannot use one,
    /// no module of the agent gets the new configuration and all of them go on with the old one, while GitLab has
    /// already taken over the new grants.
    ///
    /// Source: `internal/module/starboard_vulnerability/agent` and `cmd/agentk/agentkapp/module_runner.go` of gitlab-agent; schedules are
    /// parsed by robfig/cron v3's standard parser.
    ///
    /// Releases: from 15.4.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// container_scanning:
    ///   cadence: "0 0 * * 7"
    ///   vulnerability_report:
    ///     namespaces: [default]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// container_scanning:
    ///   cadence: "0 0 * * sun"
    ///   vulnerability_report:
    ///     namespaces: [default]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write a schedule with five fields, or one of `@daily`, `@weekly` and the like; write log levels by name.
    AgentSideRefusal = "agent-side-refusal", Error in Keys
}

const REJECTED: &str = "the agent rejects the whole file, which GitLab takes";

impl Rule for AgentSideRefusal {
    fn check_problem(&self, problem: &schema::Problem, cx: &FileContext<'_>, findings: &mut Findings) {
        let (message, help) = match &problem.kind {
            ProblemKind::BadCron { found, reason } => (
                format!("{} is no schedule: {REJECTED}, since {reason}", brief(found)),
                "write five fields, e.g. '0 0 * * *', or `@daily`".to_owned(),
            ),
            ProblemKind::UnknownNumber { key, found } => (
                format!("{found} is the number of no log level: {REJECTED}"),
                format!("write one of {}", listed_names(key)),
            ),
            _ => return,
        };
        let finding = Finding::new(&INFO, &cx.file.source, problem.span, message).route(&problem.route);
        findings.report(finding.help(help));
    }
}

fn listed_names(key: &schema::Key) -> String {
    match &key.kind {
        schema::Kind::Enum(names) => names.all().join(", "),
        _ => String::new(),
    }
}
