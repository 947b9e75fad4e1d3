//! `outside-hierarchy`.

use super::findings::Findings;
use super::given::FileContext;
use super::malformed_id::is_malformed;
use super::rule::{Rule, rule};
use crate::access::Authorization;
use crate::agent_config::EntryKind;
use crate::diagnostic::{Finding, Severity};
use crate::gitlab::lower_path;
use crate::gitlab::releases::USER_NAMESPACES;
use crate::project::EntryId;
use crate::words::brief;

rule! {
    /// The id lies outside the configuration project's top-level group, so the entry is dropped.
    ///
    /// GitLab looks for projects and groups under the top-level group of the configuration project only, and drops everything
    /// else without a word. Before 15.6 it looked only below the configuration project's own group, and before 15.7 a configuration project in a
    /// personal namespace could name no project. From 18.1 (`ci_access`)
    /// and 18.4 (`user_access`) ids of any top-level group of the same organization count on a self-managed instance whose administrators turned on
    /// instance level authorization; never on GitLab.com. One organization for the whole instance is the usual case.
    ///
    /// The setting counts twice. Turned on, it lets ids of other groups in with the next configuration that the agent server sends, which takes a commit on
    /// the default branch. Turned off, it shuts jobs of other groups out at once; users stay let in until the next configuration.
    ///
    /// Where the instance setting may open it and is not known, it is a warning.
    ///
    /// Source: `app/services/clusters/agents/authorizations/ci_access/refresh_service.rb` of GitLab; gitlab#346566, gitlab#377932, gitlab#557818.
    ///
    /// ## Bad
    ///
    /// ```yaml project=acme/platform/agents gitlab-version=17.0
    /// ci_access:
    ///   projects:
    ///     - id: partner/web/shop
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml project=acme/platform/agents gitlab-version=17.0
    /// ci_access:
    ///   projects:
    ///     - id: acme/platform/shop
    /// ```
    ///
    /// ## How to fix
    ///
    /// Register an agent in a project of the other top-level group. On a self-managed instance from 18.1 on, instance level
    /// authorization helps; say so to kaslint with `gitlab.instance_authorization: true` in `.kaslint.yaml`.
    ///
    /// ## When it stays silent
    ///
    /// Without the path of the configuration project (`--project`), and on ids that are no path at all, which are
    /// `malformed-id`.
    OutsideHierarchy = "outside-hierarchy", Error in Ids, needs Project
}

impl Rule for OutsideHierarchy {
    fn check_id(&self, id: &EntryId<'_>, cx: &FileContext<'_>, findings: &mut Findings) {
        let hierarchy = cx.entries.hierarchy(id.section);
        let Some((project, scope)) = cx.gitlab().project.as_ref().zip(hierarchy.scope()) else { return };
        // Of a group that can match nothing anyway, `group-in-user-namespace` speaks.
        if is_malformed(id) || (id.kind == EntryKind::Group && hierarchy.personal_namespace().is_some()) {
            return;
        }
        let path = lower_path(id.text);
        let noun = id.kind.noun();
        if id.kind == EntryKind::Project && hierarchy.names_no_project() {
            let message = format!(
                "{} does not count, nor does any other project: before {USER_NAMESPACES} GitLab drops all entries of a configuration project in a personal namespace without a word",
                brief(id.text)
            );
            let finding = Finding::new(&INFO, &cx.file.source, id.span, message)
                .label("has no effect")
                .route(id.route())
                .key(path);
            let help = format!(
                "`{project}` itself gets in without an entry; use an agent of a group for others, or GitLab {USER_NAMESPACES}"
            );
            findings.report(finding.help(help));
            return;
        }
        let (message, severity, help) = match hierarchy.by_place(id.kind, &path) {
            Authorization::Kept => return,
            Authorization::Dropped(_) => (
                format!(
                    "{} is dropped without a word: the {noun} is not below `{scope}`",
                    brief(id.text)
                ),
                Severity::Error,
                format!("only ids below `{scope}` count, as the configuration project is `{project}`"),
            ),
            // Whatever the instance allows, what does not exist is dropped, and `unknown-id` says so.
            Authorization::Depends(_) if hierarchy.lists_root_of(&path) && hierarchy.missing(id.kind, &path).is_some() => return,
            Authorization::Depends(_) => (
                format!(
                    "{} is dropped without a word, unless a self-managed instance has instance level authorization on: the {noun} is not below `{scope}`",
                    brief(id.text)
                ),
                Severity::Warning,
                "if the instance allows it, set `gitlab.instance_authorization: true` in .kaslint.yaml; else use an agent of that top-level group".to_owned(),
            ),
        };
        let finding = Finding::new(&INFO, &cx.file.source, id.span, message)
            .severity(severity)
            .label(format!("not below `{scope}`"))
            .route(id.route())
            .key(path);
        findings.report(finding.help(help));
    }
}
