//! `instance-access-off`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::access::{Authorization, DropReason};
use crate::agent_config::{AccessSection, EntryKind};
use crate::diagnostic::Finding;
use crate::project::AgentFile;

rule! {
    /// `ci_access.instance` has no effect: the instance setting behind it is off.
    ///
    /// The entry for the whole instance, that is for the organization of the agent's project, counts only where administrators of a self-managed instance turned on
    /// "Enable instance level authorization". Elsewhere, and always on GitLab.com, it is read and grants nothing.
    ///
    /// While the setting is off, GitLab neither uses nor touches what it stored of the entry before. So taking `instance` out of the file then does not delete it: it
    /// is in force again once the setting is on, until the next configuration. Turned on, the setting takes effect for a new entry with the next
    /// configuration that the agent server sends: at a commit on the default branch, or when an agent starts anew.
    ///
    /// Source: `doc/user/clusters/agent/ci_cd_workflow.md` and
    /// `app/services/clusters/agents/authorizations/ci_access/refresh_service.rb` of GitLab; gitlab#357516.
    ///
    /// Releases: from 17.11.
    ///
    /// ## Bad
    ///
    /// ```yaml instance-authorization=false
    /// ci_access:
    ///   instance:
    ///     protected_branches_only: true
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml instance-authorization=true
    /// ci_access:
    ///   instance:
    ///     protected_branches_only: true
    /// ```
    ///
    /// ## How to fix
    ///
    /// List groups and projects, or have the setting turned on and push a commit.
    ///
    /// ## When it stays silent
    ///
    /// Where nobody said how the setting is (`gitlab.instance_authorization` in `.kaslint.yaml` or the inventory). Of ids of other top-level
    /// groups, which need the same setting, `outside-hierarchy` speaks.
    InstanceAccessOff = "instance-access-off", Warning in Access, needs InstanceSetting
}

impl Rule for InstanceAccessOff {
    fn concerns(&self, file: &AgentFile) -> bool {
        file.config.ci_access.as_ref().is_some_and(|access| access.instance.is_some())
    }

    fn check_file(&self, file: &AgentFile, cx: &FileContext<'_>, findings: &mut Findings) {
        let entry = file.config.ci_access.as_ref().and_then(|access| access.instance.as_ref());
        let authorization = cx.entries.authorization(AccessSection::Ci, EntryKind::Instance, 0);
        let is_off = authorization == Some(&Authorization::Dropped(DropReason::SettingOff));
        let Some(entry) = entry.filter(|_| is_off) else { return };
        let message = "`instance` grants nothing: it needs the instance setting \"Enable instance level authorization\", which is off";
        let finding =
            Finding::new(&INFO, &file.source, entry.head, message).label("has no effect").route(entry.route());
        findings.report(finding.help("list groups and projects, or have an administrator turn the setting on"));
    }
}
