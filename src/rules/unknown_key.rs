//! `unknown-key`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::diagnostic::{Finding, Safety};
use crate::gitlab::Version;
use crate::project::AgentFile;
use crate::schema::{self, ProblemKind, Suggestion};
use crate::source::Span;
use crate::words::{REFUSED, brief};
use crate::yaml::Data;

rule! {
    /// GitLab knows no such key here, and refuses the whole file.
    ///
    /// Decoding is strict: one unknown key, at any depth, and nothing of the file is read. What was configured before stays
    /// in force. The only trace is a line in the agent server's log with a position in generated JSON.
    ///
    /// Keys are written with underscores: `ciAccess`, `ci-access` and `log-level` are as unknown as `foo`. A key that only holds an
    /// anchor is unknown as well. GitLab's own documentation of `protected_branches_only` writes `project:` for `projects:`.
    ///
    /// Where `gitlab.agent_schema` in the settings or `--agent-schema` names the schema that GitLab publishes of the agent's configuration, that
    /// file says which keys there are.
    ///
    /// Source: protobuf-go, `encoding/protojson/decode.go`; `internal/tool/prototool/converters.go` of gitlab-agent.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   project:
    ///     - id: acme/web/shop
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write the key that the message proposes, move the key to where it belongs, or remove it.
    UnknownKey = "unknown-key", Error in Keys
}

impl Rule for UnknownKey {
    fn check_problem(&self, problem: &schema::Problem, cx: &FileContext<'_>, findings: &mut Findings) {
        let ProblemKind::UnknownKey { key, message, path, suggestion, value: _ } = &problem.kind else { return };
        let place = if path.len() == 1 { "at the top level".to_owned() } else { format!("in {}", message.name) };
        let text = format!("{} is no key {place}: {REFUSED}", brief(key));
        let mut finding = Finding::new(&INFO, &cx.file.source, problem.span, text).route(&problem.route);
        if let Some(known) = message.left_out(key) {
            let text = format!("{} is not {place} of the schema that was given: {REFUSED}", brief(key));
            let finding = Finding::new(&INFO, &cx.file.source, problem.span, text).route(&problem.route);
            findings.report(finding.label("not in the schema").help(match known.replacement {
                Some(instead) => format!("it is gone: {instead}"),
                None => "remove it, or give the schema of the release that you run".to_owned(),
            }));
            return;
        }
        if key == "ci_user" && message.name == "`access_as`" {
            let help = "`ci_user` is described in a design document and does not exist; write `agent: {}`, `ci_job: {}` or `impersonate`";
            findings.report(finding.label("does not exist").help(help));
            return;
        }
        match suggestion {
            Some(Suggestion::Rename { key: known, certain }) => {
                let safety = if *certain { Safety::Safe } else { Safety::Unsafe };
                finding = finding
                    .label(format!("did you mean `{}`?", known.name))
                    .help(format!("write `{}`", known.name))
                    .fix(
                        safety,
                        format!("Write `{}`", known.name),
                        problem.span,
                        in_same_quotes(cx.file.slice(problem.span), &known.name),
                    );
            }
            Some(Suggestion::Up { key: known, owner }) => {
                let owner =
                    if path.first() == Some(owner) { "the top level".to_owned() } else { owner.name.to_string() };
                finding = finding.label("belongs further up").help(format!("move `{}` to {owner}", known.name));
            }
            Some(Suggestion::Down { key: known, under }) => {
                let under: Vec<String> = under.iter().map(|key| format!("`{key}`")).collect();
                let help = format!("`{}` belongs below {}", known.name, under.join(" or "));
                finding = finding.label("belongs further down").help(help);
            }
            Some(Suggestion::Elsewhere { key: known, routes }) => {
                let routes: Vec<String> = routes.iter().map(|route| place_name(route)).collect();
                finding = finding.label("belongs elsewhere").help(format!(
                    "`{}` belongs {}; {}",
                    known.name,
                    routes.join(" or "),
                    known_keys(message, cx.gitlab().version)
                ));
            }
            None => {
                let is_anchor_holder = path.len() == 1 && holds_anchor(cx.file, problem.span);
                let help = match is_anchor_holder {
                    true => {
                        "a key that only holds an anchor is unknown too; put the anchor where the value is first used"
                            .to_owned()
                    }
                    false => known_keys(message, cx.gitlab().version),
                };
                finding = finding.label("unknown").help(help);
            }
        }
        findings.report(finding);
    }
}

/// A key in the quotes of another: without them, `{"a":1}` would be one text.
pub(super) fn in_same_quotes(written: &str, name: &str) -> String {
    match written.chars().next() {
        Some(quote @ ('"' | '\'')) => format!("{quote}{name}{quote}"),
        _ => name.to_owned(),
    }
}

fn place_name(route: &str) -> String {
    if route.is_empty() { "at the top level".to_owned() } else { format!("in `{route}`") }
}

fn known_keys(message: &schema::Message, version: Version) -> String {
    let keys: Vec<&str> = message.keys.iter().filter(|key| key.is_known(version)).map(|key| &*key.name).collect();
    match keys.len() {
        0 => format!("{} takes no keys: write `{{}}`", message.name),
        1..=12 => format!("{} knows {}", message.name, schema::listed_and(&keys)),
        _ => format!("{} has no such key", message.name),
    }
}

/// Whether anything below the key is anchored.
fn holds_anchor(file: &AgentFile, key: Span) -> bool {
    // Most files have none, and each unknown key would look at the whole tree to find that out.
    if !file.source.text().contains('&') {
        return false;
    }
    let tree = file.config.document.tree();
    let Some(root) = tree.root() else { return false };
    let Data::Mapping { entries, .. } = &tree.node(root).data else { return false };
    let Some((_, value)) = entries.iter().find(|entry| tree.node(entry.0).span == key) else { return false };
    let whole = tree.node(*value).span;
    tree.nodes().any(|(id, node)| node.anchor.is_some() && (id == *value || whole.contains(node.span)))
}
