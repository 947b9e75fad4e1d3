//! `malformed-id`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::agent_config::EntryKind;
use crate::diagnostic::{Finding, Safety};
use crate::project::EntryId;
use crate::words::brief;
use crate::yaml;

rule! {
    /// The id can never be the full path of a project or group, so the entry matches nothing.
    ///
    /// GitLab compares the id with full paths and drops what matches none without a word. A URL, a leading or trailing slash,
    /// `.git`, a wildcard, an agent's name behind a colon, a numeric id or a project without its group can be no full path.
    ///
    /// Source: `app/services/clusters/agents/authorizations/ci_access/refresh_service.rb` of GitLab; the agent server checks only that the id is
    /// not empty. The characters of a path: `lib/gitlab/path_regex.rb` of GitLab.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: https://gitlab.example.com/acme/web/shop.git
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
    /// Write the full path: all groups and the project, separated by slashes, as in the project's address.
    MalformedId = "malformed-id", Error in Ids
}

impl Rule for MalformedId {
    fn check_id(&self, id: &EntryId<'_>, cx: &FileContext<'_>, findings: &mut Findings) {
        // An empty id refuses the file and is said so elsewhere.
        if id.text.is_empty() {
            return;
        }
        let Some(Malformed { why, instead, is_guess }) = malformed(id.text, id.kind) else { return };
        let noun = id.kind.noun();
        let message = match is_placeholder(id.text) {
            true => {
                format!("{} is {why}: GitLab drops an entry that matches no {noun} without a word", brief(id.text))
            }
            false => {
                format!("{} is dropped without a word, since it can be no {noun}'s full path: {why}", brief(id.text))
            }
        };
        let mut finding = Finding::new(&INFO, &cx.file.source, id.span, message)
            .label(format!("matches no {noun}"))
            .route(id.route());
        finding = match instead {
            Some(path) => {
                let is_listed = cx.lists(id.section, id.kind, &path);
                let written = cx.file.slice(id.span);
                // Where a block's text ends is not certain in a broken file, and what follows would become part of the id.
                let is_open = written.starts_with(['|', '>']) && !cx.file.config.document.problems().is_empty();
                // With another entry of this id, one of both would be lost.
                let safety = if is_guess || is_listed || is_open { Safety::Unsafe } else { Safety::Safe };
                let text = as_written(written, &path);
                finding.help(format!("write `{path}`")).fix(safety, format!("Write `{path}`"), id.span, text).changing()
            }
            None if id.kind == EntryKind::Project => finding.help("write the full path, such as `group/project`"),
            None => finding.help("write the full path, such as `group` or `group/subgroup`"),
        };
        findings.report(finding);
    }
}

struct Malformed {
    why: String,
    instead: Option<String>,
    /// Whether something else may be meant.
    is_guess: bool,
}

/// The path in the quotes of the id, or in quotes if it would be no text without.
pub(super) fn as_written(id: &str, path: &str) -> String {
    let is_text = matches!(yaml::untagged(path, yaml::Style::Plain), yaml::Scalar::Str(_));
    match id.chars().next() {
        Some(quote @ ('"' | '\'')) => format!("{quote}{path}{quote}"),
        _ if is_text => path.to_owned(),
        _ => format!("'{path}'"),
    }
}

/// Whether this rule speaks of an id, so that what else is wrong with it need not be told.
pub(super) fn is_malformed(id: &EntryId<'_>) -> bool {
    id.text.is_empty() || malformed(id.text, id.kind).is_some()
}

/// Whether nothing is wrong with an id for certain: what most ids are is seen in one pass.
fn is_plain(id: &str, kind: EntryKind) -> bool {
    const PLACEHOLDER: &[u8] = b"path/to";
    let (mut before, mut slashes, mut is_number) = (b'/', 0_usize, true);
    for &byte in id.as_bytes() {
        match byte {
            b'0'..=b'9' => {}
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'-' => is_number = false,
            b'/' if before != b'/' => slashes += 1,
            _ => return false,
        }
        before = byte;
    }
    let is_placeholder =
        id.as_bytes().get(..PLACEHOLDER.len()).is_some_and(|start| start.eq_ignore_ascii_case(PLACEHOLDER));
    before != b'/' && !is_placeholder && if slashes == 0 { kind == EntryKind::Group && !is_number } else { true }
}

fn malformed(id: &str, kind: EntryKind) -> Option<Malformed> {
    if is_plain(id, kind) {
        return None;
    }
    let without = |why: &str| Some(Malformed { why: why.to_owned(), instead: None, is_guess: false });
    let instead = |why: &str, path: &str| {
        let path = path.trim().trim_matches('/');
        let is_good = malformed(path, kind).is_none();
        Some(Malformed { why: why.to_owned(), instead: is_good.then(|| path.to_owned()), is_guess: false })
    };
    let guess = |malformed: Option<Malformed>| malformed.map(|malformed| Malformed { is_guess: true, ..malformed });
    if id.trim() != id {
        return instead("it starts or ends with a blank", id);
    }
    if let Some(path) = path_of_url(id) {
        // What lies elsewhere need not have the same path here.
        let is_elsewhere = ["github.com", "bitbucket.org", "codeberg.org"].iter().any(|host| id.contains(host));
        let found = instead("it is an address", path);
        return if is_elsewhere { guess(found) } else { found };
    }
    if let Some(path) = id.strip_suffix(".git") {
        return instead("`.git` belongs to the repository's address", path);
    }
    if id.starts_with('/') || id.ends_with('/') {
        return instead("it starts or ends with a slash", id);
    }
    if id.split('/').any(|segment| segment == "." || segment == "..") {
        return without("paths are not relative");
    }
    if id.contains("//") {
        return instead("it has an empty part between two slashes", &id.replace("//", "/"));
    }
    if id.contains(['*', '?', '[', ']', '{', '}']) && !is_placeholder(id) {
        return match id.strip_suffix("/*").or_else(|| id.strip_suffix("/**")) {
            Some(group) if kind == EntryKind::Group => {
                instead("wildcards have no meaning here, and a group covers everything below it", group)
            }
            Some(_) => {
                without("wildcards have no meaning here; list the group under `groups` to cover everything below it")
            }
            None => without("wildcards have no meaning here"),
        };
    }
    if is_placeholder(id) {
        return without("a placeholder from the documentation");
    }
    if id.contains('$') {
        return without("GitLab expands no variables here");
    }
    if let Some((path, agent)) = id.split_once(':')
        && !agent.is_empty()
    {
        return guess(instead("an agent's name does not belong here", path));
    }
    if id.bytes().all(|byte| byte.is_ascii_digit()) {
        // A group may be called `2024`; a project always has a group before it.
        return if kind == EntryKind::Project { without("numeric ids match nothing") } else { None };
    }
    if let Some(character) = id.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))) {
        return without(&format!("paths contain no {}", shown_character(character)));
    }
    if kind == EntryKind::Project && !id.contains('/') {
        return without("a project's full path starts with its group or user");
    }
    None
}

fn shown_character(character: char) -> String {
    match character {
        ' ' => "blanks".to_owned(),
        other => format!("`{other}`"),
    }
}

fn path_of_url(id: &str) -> Option<&str> {
    let rest = match id.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map(|(_, path)| path)?,
        None => id.strip_prefix("git@").and_then(|rest| rest.split_once(':')).map(|(_, path)| path)?,
    };
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let path = path.split("/-/").next().unwrap_or_default();
    Some(path.strip_suffix(".git").unwrap_or(path))
}

/// Whether an id or path is one that documentation writes for a path to fill in.
pub(super) fn is_placeholder(id: &str) -> bool {
    let lower = id.to_lowercase();
    id.contains(['<', '>']) || id.contains("{{") || lower.starts_with("path/to/") || lower == "path/to"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_judged_by_their_form() {
        let instead = |id: &str, kind| malformed(id, kind).map(|malformed| malformed.instead);
        for id in ["acme/web/shop", "Acme/web.shop", "a_b/c-d", "12/34"] {
            assert_eq!(instead(id, EntryKind::Project), None, "{id}");
        }
        for (id, path) in [
            ("https://gitlab.com/acme/shop.git", Some("acme/shop")),
            ("https://gitlab.com/acme/shop/-/tree/main", Some("acme/shop")),
            ("git@gitlab.com:acme/shop.git", Some("acme/shop")),
            ("/acme/shop/", Some("acme/shop")),
            (" acme/shop", Some("acme/shop")),
            ("acme/shop:prod", Some("acme/shop")),
            ("acme//shop", Some("acme/shop")),
            ("acme/shop.git", Some("acme/shop")),
            ("./shop", None),
            ("acme/*", None),
            ("123", None),
            ("shop", None),
            ("path/to/project", None),
            ("<your-group>/shop", None),
            ("acme/my shop", None),
            ("группа/проект", None),
            ("$CI_PROJECT_PATH", None),
        ] {
            assert_eq!(instead(id, EntryKind::Project), Some(path.map(str::to_owned)), "{id}");
        }
        assert_eq!(instead("2024", EntryKind::Group), None);
        assert_eq!(instead("acme", EntryKind::Group), None);
        assert_eq!(instead("acme/*", EntryKind::Group), Some(Some("acme".to_owned())));
    }
}
