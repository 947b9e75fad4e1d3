//! `outside-hierarchy`.

use super::support::*;
use super::words::shown;

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
    fn check_id(&self, id: &EntryId<'_>, file: &AgentFile, context: &Context, findings: &mut Findings) {
        let Some(project) = &context.project else { return };
        if !is_path(id.text) {
            return;
        }
        let path = FullPath::new(id.text);
        let is_group = id.kind == EntryKind::Group;
        let (scope, is_inside) = if context.version < Version::new(15, 6) {
            let scope = project.parent();
            (scope, path.is_below(scope) || (is_group && path.lower() == scope))
        } else {
            let scope = project.top_level();
            (scope, path.is_below(scope) || (is_group && path.lower() == scope))
        };
        if is_inside {
            return;
        }
        let since = match id.section {
            AccessSection::Ci => Version::new(18, 1),
            AccessSection::User => Version::new(18, 4),
        };
        let setting = if context.version >= since { context.instance_authorization } else { Some(false) };
        let noun = id.kind.noun();
        let (message, severity) = match setting {
            Some(true) => return,
            Some(false) => (
                format!("the {noun} {} is not below `{scope}`, so GitLab drops the entry without a word", shown(id.text)),
                Severity::Error,
            ),
            None => (
                format!(
                    "the {noun} {} is not below `{scope}`: GitLab drops the entry without a word, unless it is a self-managed instance with instance level authorization",
                    shown(id.text)
                ),
                Severity::Warning,
            ),
        };
        let help = match setting {
            None => "if the instance allows it, set `gitlab.instance_authorization: true` in .kaslint.yaml; else use an agent of that top-level group".to_owned(),
            Some(_) => format!("only ids below `{scope}` count, as the configuration project is `{project}`"),
        };
        let finding = Finding::new(&INFO, &file.source, id.span, message)
            .severity(severity)
            .label(format!("not below `{scope}`"))
            .route(id.route())
            .key(path.lower());
        findings.report(finding.help(help));
    }
}

/// Whether the id could be a path; others are said to be malformed.
fn is_path(id: &str) -> bool {
    let is_segment = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    };
    id.split('/').all(is_segment) && !id.ends_with(".git")
}
