//! Finds keys, tokens and passwords in a text, so that they can be reported and are never printed.
//!
//! One pass over the text finds every place at which one may stand; what stands around such a place then decides. What is masked is
//! more than what is reported: an asterisk too many harms nobody, and a finding too many does. [`Secret::is_certain`] tells the two apart.

mod addresses;
mod prefixes;
mod signs;
mod values;

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::source::Span;
use prefixes::{Prefix, Runs};
use values::{Ends, Name};

/// A secret in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Where it stands.
    pub span: Span,
    /// What it is, with its article.
    pub kind: &'static str,
    /// Whether it is one beyond doubt, so that it can be reported. Others are masked, and may be none.
    pub is_certain: bool,
}

/// What may be a secret, by what gives it away.
#[derive(Clone, Copy)]
enum Sign {
    Prefix(&'static Prefix),
    JsonWebToken,
    PrivateKey,
    KubeconfigKey,
    Address,
    At,
    Key(Name),
    Scheme { is_basic: bool },
    AzureSecret,
    TerraformToken,
    OldVaultToken,
}

const PRIVATE_KEY: &str = "-----BEGIN ";

/// Signs that are no prefix and no name of a key, without heed of case.
const SIGNS: &[(&str, Sign)] = &[
    ("eyJ", Sign::JsonWebToken),
    (PRIVATE_KEY, Sign::PrivateKey),
    ("client-key-data:", Sign::KubeconfigKey),
    ("client-certificate-data:", Sign::KubeconfigKey),
    ("://", Sign::Address),
    ("@", Sign::At),
    ("bearer ", Sign::Scheme { is_basic: false }),
    ("basic ", Sign::Scheme { is_basic: true }),
    ("Q~", Sign::AzureSecret),
    (".atlasv1.", Sign::TerraformToken),
    ("s.", Sign::OldVaultToken),
];

/// All secrets of a text, in order, none within another.
#[must_use]
pub fn find(text: &str) -> Vec<Secret> {
    find_on(text, &[Span::new(0, text.len())])
}

/// The lines of a part of a text, which begins and ends with whole lines, on which a secret may begin. No sign reaches over a line break.
pub(super) fn marked_lines(text: &str, part: Span) -> Vec<Span> {
    let mut lines: Vec<Span> = Vec::new();
    let within = text.get(part.start..part.end).unwrap_or_default();
    signs::each(within, |sign, _| {
        if lines.last().is_none_or(|line| part.start + sign.start > line.end) {
            let before =
                within.get(..sign.start).unwrap_or_default().rfind('\n').map_or(0, |line_break| line_break + 1);
            let behind = within.get(sign.end..).unwrap_or_default();
            let end = sign.end + behind.find('\n').unwrap_or(behind.len());
            lines.push(Span::new(part.start + before, part.start + end));
        }
    });
    lines
}

/// All secrets of a text of which the lines are known on which they may begin, in order, none within another.
pub(super) fn find_on(text: &str, marked: &[Span]) -> Vec<Secret> {
    let mut secrets: Vec<Secret> = Vec::new();
    let (mut runs, mut ends, mut key_end) = (Runs::default(), Ends::default(), 0);
    let mut take = |span: Span, sign: Sign| {
        let Span { start, end } = span;
        let secret = match sign {
            Sign::Prefix(known) => prefixes::token(text, start, known, &mut runs),
            Sign::JsonWebToken => json_web_token(text, start),
            // What stands within one has been found, and one that does not end is walked over once.
            Sign::PrivateKey if start < key_end => None,
            Sign::PrivateKey => private_key(text, start).inspect(|key| key_end = key.span.end),
            Sign::KubeconfigKey => kubeconfig_value(text, end),
            Sign::Address => addresses::with_scheme(text, end),
            Sign::At => addresses::without_scheme(text, start),
            Sign::Key(name) => values::of_key(text, span, name, &mut ends),
            Sign::Scheme { is_basic } => values::of_scheme(text, end, is_basic),
            Sign::AzureSecret => azure_secret(text, start),
            Sign::TerraformToken => terraform_token(text, start, end),
            Sign::OldVaultToken => old_vault_token(text, start, end),
        };
        secrets.extend(secret);
    };
    for line in marked {
        let within = text.get(line.start..line.end).unwrap_or_default();
        signs::each(within, |sign, kind| take(Span::new(line.start + sign.start, line.start + sign.end), kind));
    }
    joined(secrets)
}

/// Each part of the text once: of secrets that overlap, one from the start of the first to the end of the last.
fn joined(mut secrets: Vec<Secret>) -> Vec<Secret> {
    secrets.sort_by_key(|secret| (secret.span.start, !secret.is_certain, std::cmp::Reverse(secret.span.end)));
    let mut joined: Vec<Secret> = Vec::with_capacity(secrets.len());
    for secret in secrets {
        match joined.last_mut() {
            Some(last) if secret.span.start < last.span.end => {
                if secret.is_certain && !last.is_certain {
                    (last.kind, last.is_certain) = (secret.kind, true);
                }
                last.span = last.span.join(secret.span);
            }
            _ => joined.push(secret),
        }
    }
    joined
}

fn is_token_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Whether the characters before belong to the same word; a point does not, as it joins keys.
fn is_inside_word(text: &str, start: usize) -> bool {
    text.as_bytes()[..start].last().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn json_web_token(text: &str, start: usize) -> Option<Secret> {
    if is_inside_word(text, start) {
        return None;
    }
    // Three parts with points between them, of which the first two are objects of JSON in base64.
    let mut end = start;
    for part in 0..3 {
        let behind = text.as_bytes().get(end..)?;
        let is_part = |byte: u8| is_token_character(byte) && byte != b'.';
        let length = behind.iter().position(|byte| !is_part(*byte)).unwrap_or(behind.len());
        if length < 10 || (part < 2 && (!behind.starts_with(b"eyJ") || behind.get(length) != Some(&b'.'))) {
            return None;
        }
        end += length + usize::from(part < 2);
    }
    Some(Secret { span: Span::new(start, end), kind: "a JSON web token", is_certain: true })
}

fn private_key(text: &str, start: usize) -> Option<Secret> {
    const END: &str = "-----END ";
    const DASHES: &str = "-----";
    const LONGEST_NAME: usize = 64;
    let rest = text.get(start..)?;
    let name = rest.get(PRIVATE_KEY.len()..)?;
    let head = name.as_bytes().get(..LONGEST_NAME).unwrap_or(name.as_bytes());
    let length = head.windows(DASHES.len()).position(|window| window == DASHES.as_bytes())?;
    // `PRIVATE KEY`, of any kind, and the `PRIVATE KEY BLOCK` of PGP.
    if !rest.starts_with(PRIVATE_KEY) || !name.get(..length)?.contains("PRIVATE KEY") {
        return None;
    }
    let body = PRIVATE_KEY.len() + length + DASHES.len();
    let end = match rest.get(body..)?.find(END) {
        Some(at) => {
            let tail_start = body + at + END.len();
            let tail = rest.get(tail_start..)?.as_bytes();
            let tail = tail.get(..LONGEST_NAME + DASHES.len()).unwrap_or(tail);
            let close = tail.windows(DASHES.len()).position(|window| window == DASHES.as_bytes());
            tail_start + close.map_or(0, |close| close + DASHES.len())
        }
        None => rest.len(),
    };
    Some(Secret { span: Span::new(start, start + end), kind: "a private key", is_certain: true })
}

fn kubeconfig_value(text: &str, start: usize) -> Option<Secret> {
    let rest = text.get(start..)?;
    let value = rest.trim_start_matches([' ', '"', '\'']);
    let value_start = start + rest.len() - value.len();
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let length = value.bytes().position(|byte| !is_base64(byte)).unwrap_or(value.len());
    (length >= 40).then(|| Secret {
        span: Span::new(value_start, value_start + length),
        kind: "a kubeconfig's credential",
        is_certain: true,
    })
}

/// Three characters and a digit, `Q~`, and 31 to 34 more (gitleaks' `azure-ad-client-secret`).
fn azure_secret(text: &str, middle: usize) -> Option<Secret> {
    let is_part = |byte: u8| is_token_character(byte) || byte == b'~';
    let start = middle.checked_sub(4)?;
    let behind = text.as_bytes().get(middle + 2..)?;
    let length = behind.iter().take(40).take_while(|byte| is_part(**byte)).count();
    // A point ends a sentence.
    let length = length - usize::from(behind.get(..length)?.ends_with(b"."));
    let head = text.get(start..middle)?;
    let is_one =
        head.bytes().all(is_part) && head.ends_with(|last: char| last.is_ascii_digit()) && (31..=34).contains(&length);
    let written = text.get(start..middle + 2 + length)?;
    (is_one && written.contains("Q~") && values::entropy(written) >= 3.0).then(|| Secret {
        span: Span::new(start, start + written.len()),
        kind: "an Azure client secret",
        is_certain: true,
    })
}

/// Fourteen characters, `.atlasv1.`, and 60 to 70 more (gitleaks' `hashicorp-tf-api-token`).
fn terraform_token(text: &str, start: usize, end: usize) -> Option<Secret> {
    const HEAD: usize = 14;
    let head = text.as_bytes().get(start.checked_sub(HEAD)?..start)?;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'=');
    let length = text.as_bytes().get(end..)?.iter().take(80).take_while(|byte| is_part(**byte)).count();
    let is_one = head.iter().all(u8::is_ascii_alphanumeric) && length >= 60;
    is_one.then(|| Secret { span: Span::new(start - HEAD, end + length), kind: "a Terraform token", is_certain: true })
}

/// `s.` and 24 characters, as Vault wrote them before 1.10 (gitleaks' `vault-service-token`).
fn old_vault_token(text: &str, start: usize, end: usize) -> Option<Secret> {
    const LENGTH: usize = 24;
    if text.as_bytes().get(start) != Some(&b's')
        || text.as_bytes()[..start].last().copied().is_some_and(is_token_character)
    {
        return None;
    }
    let behind = text.as_bytes().get(end..)?;
    let length = behind.iter().take(LENGTH + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let value = text.get(end..end + length)?;
    (length == LENGTH && values::is_random(value)).then(|| Secret {
        span: Span::new(start, end + length),
        kind: "a Vault token",
        is_certain: true,
    })
}

/// The text with every character of every secret replaced by as many asterisks as it has bytes, line breaks kept; the
/// same text where there is none.
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    masked(text, &find(text))
}

/// The same for a text that stands in JSON behind this key, by what that says of it as well.
#[must_use]
pub fn mask_member<'t>(key: &str, text: &'t str) -> Cow<'t, str> {
    let whole = Secret { span: Span::new(0, text.len()), kind: "a secret", is_certain: false };
    if values::is_secret(key, text) { masked(text, &[whole]) } else { mask(text) }
}

/// Masks every text of a JSON value, and its keys, by what the key of a text says of it as well.
pub fn mask_json(value: &mut Json) {
    mask_behind("", value);
}

fn mask_behind(key: &str, value: &mut Json) {
    match value {
        Json::String(text) => {
            if let Cow::Owned(masked) = mask_member(key, text) {
                *text = masked;
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| mask_behind(key, item)),
        Json::Object(members) => {
            members.iter_mut().for_each(|(key, value)| mask_behind(key, value));
            if members.keys().any(|key| matches!(mask(key), Cow::Owned(_))) {
                let taken = std::mem::take(members);
                members.extend(taken.into_iter().map(|(key, value)| (mask(&key).into_owned(), value)));
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn masked<'t>(text: &'t str, secrets: &[Secret]) -> Cow<'t, str> {
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
mod tests;
