//! `invalid-value`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::diagnostic::{Finding, Safety, Severity};
use crate::gitlab::Tier;
use crate::inventory::Instance;
use crate::project::AgentFile;
use crate::schema::{self, ProblemKind};
use crate::source::Span;
use crate::words::{REFUSED, brief};

rule! {
    /// The value is of the right type and not allowed.
    ///
    /// An id or an environment must not be empty, `access_as` takes exactly one member, log levels are written in lower
    /// case, durations as a number of seconds (`3600s`, not `1h`). GitLab refuses the whole file for any of these.
    ///
    /// A few values are checked later: when a value of `remote_development` does not suit GitLab's Rails side, or `dns_zone` is missing, none of that
    /// section's settings is saved, not even `enabled: false`, while everything else takes effect. A self-managed GitLab on Free does not look at the section. A zero where a number from 1 on belongs does not reach Rails, since the agent server passes on no values that protobuf has anyway: it counts as not set. For `container_scanning.cadence` from 17.0 on, and for
    /// severities and resource types, public sources do not settle what GitLab does; these are warnings, as is what
    /// GitLab refuses under a licence that is not known.
    ///
    /// Source: `pkg/agentcfg/agentcfg.pb.validate.go` of gitlab-agent; protobuf-go's `well_known_types.go`;
    /// `ee/app/models/remote_development/workspaces_agent_config.rb` and `doc/user/workspace/settings.md` of GitLab.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       access_as: {}
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml tier=premium
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       access_as:
    ///         ci_job: {}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write a value that the message names.
    InvalidValue = "invalid-value", Error in Keys
}

impl Rule for InvalidValue {
    fn check_problem(&self, problem: &schema::Problem, cx: &FileContext<'_>, findings: &mut Findings) {
        let finding =
            |message: String| Finding::new(&INFO, &cx.file.source, problem.span, message).route(&problem.route);
        let refused = |message: String| finding(format!("{message}: {REFUSED}"));
        let finding = match &problem.kind {
            ProblemKind::UnknownName { names, found } => unknown_name(
                refused(format!("{} is no value of `{}`", brief(found), problem.name)),
                names,
                found,
                problem.span,
            ),
            ProblemKind::BadDuration(found) => {
                bad_duration(refused(format!("{} is no duration", brief(found))), found, problem.span)
            }
            ProblemKind::OutOfRange { bits, found } => {
                refused(format!("{found} does not fit {bits} bits")).help("write a smaller number")
            }
            ProblemKind::SecondMember { message, first, first_span, second } => finding(format!(
                "`{second}` stands beside `{first}`: {REFUSED}, as {} takes exactly one of its keys",
                message.name
            ))
            .label("the second")
            .related(*first_span, "the first")
            .help("keep one of them"),
            ProblemKind::NoMember { message, null_members } => {
                no_member(&finding, message, null_members, problem, cx.file)
            }
            ProblemKind::Missing(key) => refused(format!("`{}` is missing", key.name))
                .help(format!("add `{}: …`. {}", key.name, key.doc))
                .key(&*key.name),
            ProblemKind::Empty(key) => {
                refused(format!("`{}` must not be empty", key.name)).label("empty").help(match &*key.name {
                    "environments" => "write the environment's name, or remove the item",
                    _ => "write a value",
                })
            }
            ProblemKind::NoItems(key) => {
                refused(format!("`{}` needs at least one item", key.name)).help("write an item, such as `[value]`")
            }
            ProblemKind::NotAllowed { key, allowed, found } => {
                let help = format!("write {}", schema::listed(allowed));
                refused(format!("`{}` cannot be {}", key.name, brief(found))).help(help)
            }
            ProblemKind::OverLimit { key, found, allowed } => finding(format!(
                "`{}` cannot be {}: {REFUSED}, as it must {allowed} by the schema that was given",
                key.name,
                brief(found)
            ))
            .key(allowed.as_str()),
            ProblemKind::NotPositive(key) => {
                refused(format!("`{}` must be longer than nothing", key.name)).help("write e.g. `3600s`")
            }
            ProblemKind::NotDocumented { key, documented, found } => finding(format!(
                "{} may have GitLab {} refuse the whole file: `{}` is documented with {} only",
                brief(found),
                cx.gitlab().version,
                key.name,
                schema::listed_and(documented)
            ))
            .severity(Severity::Warning)
            .help(match schema::nearest(found, documented.iter().map(String::as_str)) {
                Some(near) => format!("write `{near}`"),
                None => format!("write {}", schema::listed(documented)),
            })
            .proposal(schema::nearest(found, documented.iter().map(String::as_str)), problem.span),
            ProblemKind::MaybeMissing(key) => finding(format!(
                "`{}` is missing. GitLab up to 16.x refuses the whole file for it; whether {} does is not known",
                key.name,
                cx.gitlab().version
            ))
            .severity(Severity::Warning)
            .help(format!("add `{}: '0 0 * * *'`", key.name))
            .key(&*key.name),
            ProblemKind::UnsetZero(key) => {
                if licence_of_workspaces(cx).is_none() {
                    return;
                }
                let default =
                    key.default.as_ref().map(|default| format!(", and {default} applies")).unwrap_or_default();
                finding(format!("`{}: 0` counts as not set{default}", key.name))
                    .severity(Severity::Warning)
                    .help("write another number, or remove the key")
            }
            ProblemKind::RailsRefusal { key, what } => {
                let Some(licence) = licence_of_workspaces(cx) else { return };
                let (with, severity) = match licence {
                    Licence::There => ("GitLab", Severity::Error),
                    Licence::Unknown => ("GitLab Premium or Ultimate", Severity::Warning),
                };
                let message = format!("`{}` keeps {with} from saving settings of workspaces: {what}", key.name);
                finding(message)
                    .severity(severity)
                    .help("write another value, or take the section out; everything else in the file takes effect")
                    .key(what.clone())
            }
            _ => return,
        };
        findings.report(finding);
    }
}

/// Whether the instance has a licence for workspaces.
enum Licence {
    There,
    Unknown,
}

/// The licence that makes GitLab's Rails side look at the section; `None` where it does not. It is that of the instance, so that a project
/// on Free proves nothing on GitLab.com.
///
/// Source: `ee/lib/ee/api/internal/kubernetes.rb` of GitLab.
fn licence_of_workspaces(cx: &FileContext<'_>) -> Option<Licence> {
    let context = cx.gitlab();
    let instance = context.inventory.as_ref().map(|inventory| inventory.instance());
    let is_gitlab_com = instance.and_then(Instance::is_gitlab_com);
    match (context.tier, is_gitlab_com) {
        (_, Some(true)) | (Some(Tier::Premium | Tier::Ultimate), _) => Some(Licence::There),
        (Some(Tier::Free), Some(false)) => None,
        (Some(Tier::Free), None) | (None, _) => Some(Licence::Unknown),
    }
}

fn unknown_name(finding: Finding, known: &schema::Names, found: &str, span: Span) -> Finding {
    let lower = found.to_lowercase();
    let names = known.all();
    let meant = match lower.as_str() {
        "warning" => Some("warn"),
        "fatal" | "critical" => Some("error"),
        "trace" | "verbose" => Some("debug"),
        other => {
            names.iter().copied().find(|name| *name == other).or_else(|| schema::nearest(other, names.iter().copied()))
        }
    };
    match meant.filter(|name| names.contains(name)) {
        Some(name) => {
            let safety = if lower == name || lower == "warning" { Safety::Safe } else { Safety::Unsafe };
            finding.help(format!("write `{name}`")).fix(safety, format!("Write `{name}`"), span, name)
        }
        None => finding.help(format!("write {}", known.in_words("or"))),
    }
}

/// `1h`, `5m`, `1h30m` and plain numbers have an equal in seconds.
fn bad_duration(finding: Finding, found: &str, span: Span) -> Finding {
    match in_seconds(found) {
        Some(seconds) => {
            let text = format!("{seconds}s");
            finding.help(format!("GitLab takes seconds: `{text}`")).fix(
                Safety::Safe,
                format!("Write `{text}`"),
                span,
                text.clone(),
            )
        }
        None => finding.help("GitLab takes a number of seconds, such as `3600s`"),
    }
}

fn in_seconds(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut seconds = 0u64;
    while !rest.is_empty() {
        let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u64 = rest[..length].parse().ok()?;
        rest = rest[length..].trim_start();
        let factor = match rest.chars().next() {
            None | Some('s' | 'S') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86_400,
            Some(_) => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(factor)?)?;
        rest = rest.get(1..).unwrap_or_default();
    }
    Some(seconds)
}

fn no_member(
    finding: &dyn Fn(String) -> Finding,
    message: &schema::Message,
    null_members: &[String],
    problem: &schema::Problem,
    file: &AgentFile,
) -> Finding {
    let names: Vec<&str> = message.keys.iter().map(|key| &*key.name).collect();
    match null_members {
        [] => finding(format!(
            "{} is empty: {REFUSED}, as it takes exactly one of {}",
            message.name,
            schema::listed_and(&names)
        ))
        .help(format!("write e.g. `access_as: {{{}: {{}}}}`, or remove it", names.first().unwrap_or(&"agent"))),
        [name, ..] => {
            let finding = finding(format!("`{name}` has no value, so {} is empty: {REFUSED}", message.name));
            let finding = finding.label("nothing follows").help(format!("write `{name}: {{}}`"));
            match end_of_null_member(name, problem, file) {
                Some(at) if null_members.len() == 1 && *name != "impersonate" => {
                    finding.fix(Safety::Safe, format!("Write `{name}: {{}}`"), at, " {}")
                }
                _ => finding,
            }
        }
    }
}

/// The place behind the colon of a key without value.
fn end_of_null_member(name: &str, problem: &schema::Problem, file: &AgentFile) -> Option<Span> {
    let tree = file.config.document.tree();
    let key = tree
        .nodes()
        .filter(|(_, node)| node.span.start >= problem.span.start)
        .find_map(|(id, node)| (tree.scalar_text(id) == Some(name)).then_some(node.span))?;
    let behind = file.source.text().get(key.end..)?;
    let colon = behind.find(|c: char| !c.is_whitespace()).filter(|&at| behind[at..].starts_with(':'))?;
    let at = key.end + colon + 1;
    // A written null, `~`, would stay behind the braces.
    let tail = file.source.text().get(at..)?.trim_start_matches([' ', '\t']);
    tail.is_empty().then_some(()).or_else(|| tail.starts_with(['\n', '\r', '#', '}', ',']).then_some(()))?;
    Some(Span::empty(at))
}

#[cfg(test)]
mod tests {
    #[test]
    fn durations_of_other_notations_have_an_equal_in_seconds() {
        for (text, seconds) in [
            ("1h", Some(3600)),
            ("1h30m", Some(5400)),
            ("60", Some(60)),
            ("60 s", Some(60)),
            ("1w", None),
            ("", None),
            ("h", None),
        ] {
            assert_eq!(super::in_seconds(text), seconds, "{text}");
        }
    }
}
