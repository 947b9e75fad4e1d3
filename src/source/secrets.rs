//! Finds keys and tokens in a text, so that they can be reported and are never printed.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::source::Span;

/// A secret in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Where it stands.
    pub span: Span,
    /// What it is, with its article.
    pub kind: &'static str,
}

/// A token that starts with fixed characters, and how long the rest is at least.
struct Prefix {
    prefix: &'static str,
    kind: &'static str,
    least: usize,
}

const fn prefix(prefix: &'static str, kind: &'static str, least: usize) -> Prefix {
    Prefix { prefix, kind, least }
}

const PREFIXES: &[Prefix] = &[
    prefix("glpat-", "a GitLab personal access token", 20),
    prefix("glagent-", "a GitLab agent's token", 20),
    prefix("gldt-", "a GitLab deploy token", 20),
    prefix("glrt-", "a GitLab runner's token", 20),
    prefix("glrtr-", "a GitLab runner registration token", 20),
    prefix("glcbt-", "a GitLab CI job token", 20),
    prefix("glptt-", "a GitLab pipeline trigger token", 20),
    prefix("glft-", "a GitLab feed token", 20),
    prefix("glimt-", "a GitLab incoming mail token", 20),
    prefix("glsoat-", "a GitLab SCIM token", 20),
    prefix("gloas-", "a GitLab OAuth application secret", 20),
    prefix("glffct-", "a GitLab feature flags client token", 20),
    prefix("ghp_", "a GitHub token", 30),
    prefix("gho_", "a GitHub token", 30),
    prefix("ghs_", "a GitHub token", 30),
    prefix("github_pat_", "a GitHub token", 30),
    prefix("xoxb-", "a Slack token", 20),
    prefix("xoxp-", "a Slack token", 20),
    prefix("AKIA", "an AWS access key", 16),
    prefix("ASIA", "an AWS access key", 16),
    prefix("AIza", "a Google API key", 35),
    prefix("dckr_pat_", "a Docker token", 20),
    prefix("npm_", "an npm token", 36),
    prefix("hvs.", "a Vault token", 24),
];

/// Keys of a kubeconfig whose base64 value gives access.
const KUBECONFIG_KEYS: &[&str] = &["client-key-data:", "client-certificate-data:"];

/// All secrets of a text, in order, none within another.
#[must_use]
pub fn find(text: &str) -> Vec<Secret> {
    let mut secrets = Vec::new();
    let Some(finder) = FINDER.as_ref() else { return secrets };
    for found in finder.find_overlapping_iter(text) {
        let (start, end) = (found.start(), found.end());
        let secret = match found.pattern().as_usize() {
            JSON_WEB_TOKEN => json_web_token(text, start),
            PRIVATE_KEY => private_key(text, start),
            index => match PREFIXES.get(index - FIRST_PREFIX) {
                Some(known) => token(text, start, known),
                None => kubeconfig_value(text, end),
            },
        };
        secrets.extend(secret);
    }
    secrets.sort_by_key(|secret| (secret.span.start, std::cmp::Reverse(secret.span.end)));
    let mut end = 0;
    secrets.retain(|secret| {
        let is_first = secret.span.start >= end;
        end = end.max(secret.span.end);
        is_first
    });
    secrets
}

/// Number of the pattern that starts a JSON web token.
const JSON_WEB_TOKEN: usize = 0;
/// Number of the pattern that starts a private key.
const PRIVATE_KEY: usize = 1;
/// Number of the first of [`PREFIXES`]; the [`KUBECONFIG_KEYS`] follow.
const FIRST_PREFIX: usize = 2;

/// Finds every start of what may be a secret in one pass.
static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let prefixes = PREFIXES.iter().map(|known| known.prefix);
    AhoCorasick::new(["eyJ", "-----BEGIN "].into_iter().chain(prefixes).chain(KUBECONFIG_KEYS.iter().copied())).ok()
});

fn token(text: &str, start: usize, known: &Prefix) -> Option<Secret> {
    let rest = &text[start + known.prefix.len()..];
    let length = rest.find(|c| !is_token_character(c)).unwrap_or(rest.len());
    // A token mixes characters; `glpat-xxxxxxxxxxxxxxxxxxxx` stands for one.
    let is_token = !is_inside_word(text, start) && length >= known.least && is_varied(&rest[..length]);
    is_token.then(|| Secret { span: Span::new(start, start + known.prefix.len() + length), kind: known.kind })
}

/// Whether the characters before belong to the same word; a point does not, as it joins keys.
fn is_inside_word(text: &str, start: usize) -> bool {
    text[..start].chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

fn is_token_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.')
}

/// At least six different characters, so that placeholders pass.
fn is_varied(text: &str) -> bool {
    let mut seen = [false; 128];
    text.bytes().filter(|byte| byte.is_ascii()).for_each(|byte| seen[usize::from(byte) & 127] = true);
    seen.iter().filter(|seen| **seen).count() >= 6
}

fn json_web_token(text: &str, start: usize) -> Option<Secret> {
    if is_inside_word(text, start) {
        return None;
    }
    let rest = &text[start..];
    let length = rest.find(|c| !is_token_character(c)).unwrap_or(rest.len());
    let parts: Vec<&str> = rest[..length].split('.').collect();
    let is_token = parts.len() == 3 && parts[1].starts_with("eyJ") && parts.iter().all(|part| part.len() >= 10);
    is_token.then(|| Secret { span: Span::new(start, start + length), kind: "a JSON web token" })
}

fn private_key(text: &str, start: usize) -> Option<Secret> {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END ";
    const DASHES: &str = "-----";
    let rest = &text[start..];
    let header_end = rest[BEGIN.len()..].find(DASHES)? + BEGIN.len();
    if !rest[..header_end].ends_with("PRIVATE KEY") {
        return None;
    }
    let body = header_end + DASHES.len();
    let end = match rest[body..].find(END) {
        Some(at) => {
            let tail_start = body + at + END.len();
            tail_start + rest[tail_start..].find(DASHES).map_or(0, |close| close + DASHES.len())
        }
        None => rest.len(),
    };
    Some(Secret { span: Span::new(start, start + end), kind: "a private key" })
}

fn kubeconfig_value(text: &str, start: usize) -> Option<Secret> {
    let rest = &text[start..];
    let value = rest.trim_start_matches([' ', '"', '\'']);
    let value_start = start + rest.len() - value.len();
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let length = value.find(|c| !is_base64(c)).unwrap_or(value.len());
    (length >= 40)
        .then(|| Secret { span: Span::new(value_start, value_start + length), kind: "a kubeconfig's credential" })
}

/// The text with every character of every secret replaced by as many asterisks as it has bytes, line breaks kept; the
/// same text where there is none.
#[must_use]
pub fn mask(text: &str) -> std::borrow::Cow<'_, str> {
    let secrets = find(text);
    if secrets.is_empty() {
        return text.into();
    }
    let mut masked = String::with_capacity(text.len());
    let mut position = 0;
    for secret in secrets {
        masked.push_str(&text[position..secret.span.start]);
        masked.extend(text[secret.span.start..secret.span.end].chars().flat_map(|c| {
            let replacement = if matches!(c, '\n' | '\r') { c } else { '*' };
            std::iter::repeat_n(replacement, c.len_utf8())
        }));
        position = secret.span.end;
    }
    masked.push_str(&text[position..]);
    masked.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_by_their_form() {
        let token = "glpat-aAbBcCdDeEfFgGhHiIjJ";
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow==\n-----END RSA PRIVATE KEY-----";
        let text = format!("a: {token}\nb: |\n  {key}\nc: x");
        let kinds: Vec<&str> = find(&text).iter().map(|secret| secret.kind).collect();
        assert_eq!(kinds, ["a GitLab personal access token", "a private key"]);
        assert_eq!(&text[find(&text)[0].span.start..find(&text)[0].span.end], token);
        assert!(find("a: glpat-xxxxxxxxxxxxxxxxxxxx\nb: my-glpat-thing\nc: AKIA\nd: eyJhbGciOi").is_empty());
    }

    #[test]
    fn masking_keeps_length_and_lines() {
        let text = "é: glagent-aAbBcCdDeEfFgGhHiIjJ\nb: 1";
        let masked = mask(text);
        assert_eq!(masked.len(), text.len());
        assert!(!masked.contains("glagent") && masked.ends_with("\nb: 1"));
    }
}
