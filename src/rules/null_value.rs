//! `null-value`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::diagnostic::{Finding, Safety};
use crate::gitlab::releases::USER_ACCESS_AS_OPTIONAL;
use crate::schema::{self, ProblemKind};

rule! {
    /// A key without a value counts as not set.
    ///
    /// A null value is the same as leaving the key out: `instance:` grants nothing, `projects:` lists nothing,
    /// `environments:` restricts nothing. GitLab accepts it and says nothing.
    ///
    /// Source: protobuf-go, `encoding/protojson/decode.go`.
    ///
    /// Releases: from 17.11.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   instance:
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// ci_access:
    ///   instance: {protected_branches_only: true}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write the value, or remove the key. An empty mapping is `{}`.
    NullValue = "null-value", Warning in Keys
}

impl Rule for NullValue {
    fn check_problem(&self, problem: &schema::Problem, cx: &FileContext<'_>, findings: &mut Findings) {
        let ProblemKind::NullValue(key) = &problem.kind else { return };
        // A member of a oneof without value is a mistake of its own, and a required key is missing.
        if problem.route.ends_with(&format!("access_as.{}", key.name))
            || key.checks.iter().any(|check| matches!(check, schema::Check::Required))
        {
            return;
        }
        let name = &*key.name;
        let effect = match name {
            "instance" => "grants nothing",
            "projects" | "groups" => "lists nothing",
            "environments" => "restricts nothing",
            "protected_branches_only" => "restricts nothing",
            "access_as"
                if problem.route.starts_with("user_access") && cx.gitlab().version < USER_ACCESS_AS_OPTIONAL =>
            {
                "lets nobody in"
            }
            "access_as" => "leaves the agent's own service account",
            _ => "sets nothing",
        };
        let finding = Finding::new(
            &INFO,
            &cx.file.source,
            problem.span,
            format!("`{name}` has no value, which counts as not set: it {effect}"),
        )
        .label("nothing follows")
        .route(&problem.route);
        let is_mapping = matches!(key.kind, schema::Kind::Message(_));
        let help = match (name, is_mapping) {
            ("instance", _) => "write `instance: {}` to let every project in, or remove the key".to_owned(),
            _ => format!("write a value, or remove `{name}`"),
        };
        // What it was meant to have cannot be known; that it has nothing is what GitLab reads.
        let title = format!("Remove `{name}`");
        findings.report(finding.help(help).removal(Safety::Unsafe, title, cx.without_key(problem.span)));
    }
}
