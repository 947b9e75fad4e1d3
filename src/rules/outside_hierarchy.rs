//! `outside-hierarchy`.

use super::given::FileContext;
use super::rule::{Findings, Rule, rule};
use crate::agent_config::EntryKind;
use crate::diagnostic::{Finding, Severity};
use crate::gitlab::FullPath;
use crate::gitlab::releases::WHOLE_HIERARCHY;
use crate::project::{Context, EntryId};
use crate::words::excerpt;

rule! {
    /// The id lies outside the configuration project's top-level group, so the entry is dropped.
    ///
    /// GitLab looks for projects and groups under the top-level group of the configuration project only, and drops everything
    /// else without a word. Before 15.6 it looked only below the configuration project's own group. From 18.1 (`ci_access`)
    /// and 18.4 (`user_access`) ids of any top-level group count on a self-managed instance whose administrators turned on
    /// instance level authorization; never on GitLab.com.
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
    ///     - id: acme/web/shop
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
        let Some((project, scope)) = outside(id, cx.gitlab()) else { return };
        let path = FullPath::new(id.text);
        let setting = crosses_hierarchies(id, cx.gitlab());
        let noun = id.kind.noun();
        let (message, severity) = match setting {
            Some(true) => return,
            Some(false) => (
                format!(
                    "the {noun} {} is not below `{scope}`, so GitLab drops the entry without a word",
                    excerpt(id.text)
                ),
                Severity::Error,
            ),
            None => (
                format!(
                    "the {noun} {} is not below `{scope}`: GitLab drops the entry without a word, unless it is a self-managed instance with instance level authorization",
                    excerpt(id.text)
                ),
                Severity::Warning,
            ),
        };
        let help = match setting {
            None => "if the instance allows it, set `gitlab.instance_authorization: true` in .kaslint.yaml; else use an agent of that top-level group".to_owned(),
            Some(_) => format!("only ids below `{scope}` count, as the configuration project is `{project}`"),
        };
        let finding = Finding::new(&INFO, &cx.file.source, id.span, message)
            .severity(severity)
            .label(format!("not below `{scope}`"))
            .route(id.route())
            .key(path.lower());
        findings.report(finding.help(help));
    }
}

/// The configuration project and what an id should lie below, if the id can be a path and lies elsewhere.
fn outside<'c>(id: &EntryId<'_>, context: &'c Context) -> Option<(&'c FullPath, &'c str)> {
    let project = context.project.as_ref()?;
    let is_group = id.kind == EntryKind::Group;
    // Of a group that can match nothing anyway, `group-in-user-namespace` speaks.
    if !is_path(id.text) || (is_group && context.personal_namespace().is_some()) {
        return None;
    }
    let scope = if context.version < WHOLE_HIERARCHY { project.parent() } else { project.top_level() };
    let path = FullPath::new(id.text);
    let is_inside = path.is_below(scope) || (is_group && path.lower() == scope);
    (!is_inside).then_some((project, scope))
}

/// Whether ids of other top-level groups count for this id's section; `None` where nobody said.
fn crosses_hierarchies(id: &EntryId<'_>, context: &Context) -> Option<bool> {
    if context.version < crate::access::across_hierarchies(id.section) {
        return Some(false);
    }
    context.instance_authorization
}

/// Whether GitLab certainly drops the id for its place, whatever it names.
pub(super) fn is_dropped_for_its_place(id: &EntryId<'_>, context: &Context) -> bool {
    outside(id, context).is_some() && crosses_hierarchies(id, context) == Some(false)
}

/// Whether the id could be a path; others are said to be malformed.
pub(super) fn is_path(id: &str) -> bool {
    let is_segment = |segment: &str| {
        !segment.is_empty()
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    };
    id.split('/').all(is_segment) && !id.ends_with(".git")
}
