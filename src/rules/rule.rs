//! What a rule is: its description and its hooks.

use super::findings::Findings;
use super::given::{AgentsContext, FileContext, JobAction, JobContext, JobSelection, ProjectContext};
use crate::access::jobs::{JobView, ProjectJobs, Selection};
use crate::agent_config::CiEntry;
use crate::agent_config::environment_template::EnvironmentTemplate;
use crate::diagnostic::RuleInfo;
use crate::project::{AgentFile, EntryId, Input};
use crate::schema;
use crate::yaml;

/// Declares a rule: its doc comment, type, name, severity and needs; `, tag` with a [`Tag`] in front of the needs; `, off` for one that runs only where it is asked for.
macro_rules! rule {
    ($(#[doc = $doc:literal])+ $rule:ident = $name:literal, $severity:ident in $topic:ident, off) => {
        rule! { @declare true, $(#[doc = $doc])+ $rule = $name, $severity in $topic }
    };
    ($(#[doc = $doc:literal])+ $rule:ident = $name:literal, $severity:ident in $topic:ident $(, tag $tag:ident)?
        $(, needs $($need:ident)+)?) => {
        rule! { @declare false, $(#[doc = $doc])+ $rule = $name, $severity in $topic $(, tag $tag)? $(, needs $($need)+)? }
    };
    (@declare $is_off:literal, $(#[doc = $doc:literal])+ $rule:ident = $name:literal, $severity:ident in $topic:ident
        $(, tag $tag:ident)? $(, needs $($need:ident)+)?) => {
        $(#[doc = $doc])+
        pub struct $rule;

        pub(crate) static INFO: crate::diagnostic::RuleInfo = crate::diagnostic::RuleInfo {
            name: $name,
            severity: crate::diagnostic::Severity::$severity,
            topic: crate::diagnostic::Topic::$topic,
            needs: &[$($(crate::diagnostic::Need::$need),+)?],
            is_off: $is_off,
            tag: [$(Some(crate::diagnostic::Tag::$tag),)? None][0],
            doc: concat!($($doc, "\n"),+),
        };

        impl crate::rules::rule::Described for $rule {
            fn info(&self) -> &'static crate::diagnostic::RuleInfo {
                &INFO
            }
        }
    };
}
pub(super) use rule;

/// Gives a rule its description; `rule!` writes it.
pub trait Described {
    /// The description.
    fn info(&self) -> &'static RuleInfo;
}

/// A rule. It overrides the narrowest hook that serves.
pub trait Rule: Described + Sync {
    /// A path that was found, whether its content can be read or not.
    fn check_input(&self, _input: &Input, _cx: &ProjectContext<'_>, _findings: &mut Findings) {}

    /// An agent's environment template.
    fn check_template(&self, _template: &EnvironmentTemplate, _cx: &ProjectContext<'_>, _findings: &mut Findings) {}

    /// An agent's configuration as a whole.
    fn check_file(&self, _file: &AgentFile, _cx: &FileContext<'_>, _findings: &mut Findings) {}

    /// Something that makes GitLab's YAML parser refuse the file.
    fn check_syntax(&self, _problem: &yaml::Problem, _cx: &FileContext<'_>, _findings: &mut Findings) {}

    /// Something wrong with a key or value.
    fn check_problem(&self, _problem: &schema::Problem, _cx: &FileContext<'_>, _findings: &mut Findings) {}

    /// An id of an entry, in `ci_access` or `user_access`.
    fn check_id(&self, _id: &EntryId<'_>, _cx: &FileContext<'_>, _findings: &mut Findings) {}

    /// Whether the file has anything that the rule could speak of; where not, nobody is told that it did not run.
    fn concerns(&self, _file: &AgentFile) -> bool {
        true
    }

    /// An entry of `ci_access` that counts: within the limit, not overridden by a later one of the same id, and not certain to be
    /// dropped for what its id names.
    fn check_entry(&self, _entry: &CiEntry, _cx: &FileContext<'_>, _findings: &mut Findings) {}

    /// The agents of a project, with who gets in at them; called only where the settings have policies.
    fn check_agents(&self, _cx: &AgentsContext<'_>, _findings: &mut Findings) {}

    /// A project's CI file as a whole.
    fn check_pipeline(&self, _jobs: &ProjectJobs<'_>, _cx: &JobContext<'_>, _findings: &mut Findings) {}

    /// A job of a CI file.
    fn check_job(&self, _job: &JobView<'_>, _cx: &JobContext<'_>, _findings: &mut Findings) {}

    /// Something that a script of a job does; once for all cases of the job in which the script is the same.
    fn check_action(&self, _action: &JobAction<'_>, _cx: &JobContext<'_>, _findings: &mut Findings) {}

    /// A context that a job selects, or the agent that its environment names.
    fn check_selection<'p>(&self, _selection: &JobSelection<'p>, _cx: &JobContext<'p>, _findings: &mut Findings) {}

    /// A context that a job selects or its environment names, or that the top level gives the jobs of Auto DevOps, for rules
    /// that judge the context alone.
    fn check_context(&self, _selection: &Selection, _cx: &JobContext<'_>, _findings: &mut Findings) {}
}
