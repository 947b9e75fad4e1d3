//! Values of keys that are called as secrets are, and what tells a secret from a name.
//!
//! The thresholds are kaslint's own. They lie where gitleaks' `generic-api-key` has them (3.5 bits for a character, and a digit), or
//! lower for what is masked and not reported, as nobody is harmed by an asterisk too many.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::Secret;
use crate::source::Span;

/// So much of a value says whether it is a secret, in bytes.
const LOOKED_AT: usize = 128;

/// How a key is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// For a password, which somebody may have thought up.
    Password,
    /// For a token or a secret, which a machine has made.
    Token,
    /// For a key, if what stands in front says which.
    Key,
    /// For a signature, if it is a parameter of an address.
    Signature,
    /// For a user and a password in base64.
    UserAndPassword,
}

/// Ends of the keys, of which case does not count.
pub(super) const NAMES: &[(&str, Name)] = &[
    ("password", Name::Password),
    ("passwd", Name::Password),
    ("passphrase", Name::Password),
    ("pwd", Name::Password),
    ("token", Name::Token),
    ("secret", Name::Token),
    ("authorization", Name::Token),
    // A shared access signature of Azure.
    ("sig", Name::Signature),
    ("key", Name::Key),
    // Of Docker's `config.json`.
    ("auth", Name::UserAndPassword),
];

/// What stands in front of a `key` that gives access.
const GIVING_ACCESS: &[&str] =
    &["api", "private", "access", "secret", "encryption", "signing", "account", "master", "shared"];

/// Keys that GitLab's own clients send tokens with, in addresses and as headers, so that the value is one, however it looks.
const GITLAB: &[&str] = &["private_token", "access_token", "job_token", "deploy_token", "feed_token"];

/// The values without quotes that were looked at last, by what ends them, each with whether it is a secret. None is walked over twice,
/// and what stands within a secret is not looked at again.
#[derive(Debug, Default)]
pub(super) struct Ends([(Span, bool); 2]);

/// The value of the key that ends in this word.
pub(super) fn of_key(text: &str, word: Span, name: Name, ends: &mut Ends) -> Option<Secret> {
    let bytes = text.as_bytes();
    if name == Name::Signature && !matches!(bytes.get(word.start.checked_sub(1)?), Some(b'?' | b'&')) {
        return None;
    }
    let key = key_around(text, word);
    let ahead = text.get(key.start..word.start)?;
    if name == Name::Key && !gives_access(ahead) {
        return None;
    }
    let behind = text.get(key.end..)?;
    let value = key.end + behind.len() - value_behind(behind, ahead.starts_with("--"))?.len();
    let before = key.start.checked_sub(1).and_then(|before| bytes.get(before));
    let is_parameter = matches!(before, Some(b'?' | b'&' | b'#')) && bytes.get(key.end) == Some(&b'=');
    let (span, is_quoted) = ends.value(text, value, is_parameter)?;
    let written = text.get(span.start..span.end)?;
    // Tags, anchors, aliases, lists and mappings of YAML are no values, nor is what is remarked; none of them has quotes.
    if !is_quoted && !is_parameter && written.starts_with(['*', '&', '!', '[', '{', '(']) {
        return None;
    }
    // What a machine has made holds no brackets; a call in a program does.
    let has_bracket = || beginning(written).contains(['(', ')', '[', ']', '{', '}', '!']);
    if !is_quoted && name != Name::Password && has_bracket() {
        return None;
    }
    let is_certain = judge((name, ahead, text.get(key.start..key.end)?), written, is_parameter)?;
    if let Some((_, is_secret)) = ends.0.get_mut(usize::from(is_parameter)).filter(|_| !is_quoted) {
        *is_secret = true;
    }
    let kind = match name {
        Name::Password => "a password",
        Name::UserAndPassword => "a user's password",
        Name::Token | Name::Key | Name::Signature => "a secret",
    };
    Some(Secret { span, kind, is_certain })
}

/// Whether the value of a key is to be masked.
pub(super) fn is_secret(key: &str, value: &str) -> bool {
    let numbered = key.trim_end_matches(|last: char| last.is_ascii_digit());
    let ends = if numbered.len() < key.len() { numbered.trim_end_matches('_') } else { key };
    NAMES.iter().any(|(word, name)| {
        let ahead = ends.len().checked_sub(word.len()).and_then(|at| ends.split_at_checked(at));
        ahead.is_some_and(|(ahead, end)| {
            *name != Name::Signature
                && end.eq_ignore_ascii_case(word)
                && judge((*name, ahead, key), value, false).is_some()
        })
    })
}

/// Whether a value is a secret for certain; `None` if it is none. Of a key it takes the name, what stands in front of that in it, and
/// all of it.
fn judge((name, ahead, key): (Name, &str, &str), value: &str, is_parameter: bool) -> Option<bool> {
    if name == Name::UserAndPassword {
        return is_user_and_password(value).then_some(true);
    }
    let looked_at = beginning(value);
    let has_blank = name != Name::Password && looked_at.contains(' ');
    let is_none = has_blank || !is_literal(looked_at) || is_path(looked_at) || is_code(looked_at);
    if (name == Name::Key && !gives_access(ahead)) || is_none {
        return None;
    }
    let is_gitlab = || GITLAB.contains(&&*key.to_ascii_lowercase().replace('-', "_"));
    let is_masked = match name {
        _ if is_parameter => value.len() >= 4,
        Name::Password => is_password(looked_at),
        _ => is_password(looked_at) && (value.len() >= 12 || is_gitlab()),
    };
    let is_certain = is_random(looked_at) && !is_uuid(looked_at) && !may_name_variable(looked_at);
    (is_certain || is_masked).then_some(is_certain)
}

/// What stands behind a word that says how a header gives access: `Bearer …`, `Basic …`.
pub(super) fn of_scheme(text: &str, start: usize, is_basic: bool) -> Option<Secret> {
    let behind = text.get(start..)?;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    // Whoever writes more than this will not have meant a header.
    let length = behind.bytes().take(16 << 10).take_while(|&byte| is_part(byte)).count();
    let value = behind.get(..length)?.trim_end_matches('.');
    let span = Span::new(start, start + value.len());
    if is_basic {
        return is_user_and_password(value).then_some(Secret { span, kind: "a user's password", is_certain: true });
    }
    let looked_at = beginning(value);
    let is_certain = is_random(looked_at);
    let is_one = is_certain || (value.len() >= 8 && is_literal(looked_at) && is_password(looked_at));
    is_one.then_some(Secret { span, kind: "a bearer token", is_certain })
}

/// The whole key, of which a word is known: `CI_DEPLOY_PASSWORD_2`, `--kube-token`.
fn key_around(text: &str, word: Span) -> Span {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let bytes = text.as_bytes();
    let ahead = bytes.get(word.start.saturating_sub(64)..word.start).unwrap_or_default();
    let start = word.start - ahead.iter().rev().take_while(|byte| is_part(byte)).count();
    let behind = bytes.get(word.end..).unwrap_or_default();
    let number = behind.strip_prefix(b"_").unwrap_or(behind);
    let digits = number.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    let suffix = if digits > 0 { behind.len() - number.len() + digits } else { 0 };
    Span::new(start, word.end + suffix)
}

fn gives_access(before: &str) -> bool {
    let before = before.strip_suffix(['_', '-', '.']).unwrap_or(before).as_bytes();
    GIVING_ACCESS.iter().any(|word| {
        before
            .len()
            .checked_sub(word.len())
            .and_then(|at| before.get(at..))
            .is_some_and(|end| end.eq_ignore_ascii_case(word.as_bytes()))
    })
}

/// What stands behind the sign between a key and its value; `None` where there is no such sign.
fn value_behind(behind: &str, is_flag: bool) -> Option<&str> {
    const BLANKS: [char; 2] = [' ', '\t'];
    // JSON within JSON has backslashes in front of its quotes.
    let unquoted = behind.trim_start_matches('\\');
    let unquoted = unquoted.strip_prefix(['"', '\'']).filter(|_| behind.len() - unquoted.len() < 4).unwrap_or(behind);
    let rest = unquoted.trim_start_matches(BLANKS);
    if unquoted.len() - rest.len() > 16 {
        return None;
    }
    let value = match rest.strip_prefix([':', '=']) {
        // `Token::of` is a name in a program.
        Some(value) if rest.starts_with(':') && value.starts_with(':') => return None,
        Some(value) => value.strip_prefix(['=', '>']).unwrap_or(value),
        None if is_flag && rest.len() < unquoted.len() => rest,
        None => return None,
    };
    let value = value.trim_start_matches(BLANKS);
    // A text of several lines begins on the next one.
    let block = value.strip_prefix(['|', '>']).map(|rest| rest.trim_start_matches(['-', '+', ' ', '1', '2', '4']));
    Some(
        block
            .filter(|rest| rest.starts_with(['\n', '\r']))
            .map_or(value, |rest| rest.trim_start_matches(['\n', '\r', ' '])),
    )
}

impl Ends {
    /// The value that begins here, without quotes and what stands behind it, and whether it has quotes.
    fn value(&mut self, text: &str, start: usize, is_parameter: bool) -> Option<(Span, bool)> {
        let rest = text.get(start..)?;
        let opened = rest.trim_start_matches('\\');
        if let Some(quote) = opened.bytes().next().filter(|quote| matches!(quote, b'"' | b'\'')) {
            let inside = start + rest.len() - opened.len() + 1;
            // Within a text of JSON, the quote has a backslash itself.
            let is_nested = opened.len() < rest.len();
            let end = inside + quoted_length(text.get(inside..)?.as_bytes(), quote, is_nested);
            return (end > inside).then_some((Span::new(inside, end), true));
        }
        let (known, is_secret) = self.0.get_mut(usize::from(is_parameter))?;
        if start < known.start || start >= known.end {
            *known = Span::new(start, start + plain_length(rest.as_bytes(), is_parameter));
            *is_secret = false;
        }
        let written = text.get(start..known.end).filter(|_| !*is_secret)?;
        let value = written.trim_end_matches([',', ';', ':', ')', ']', '}']);
        (!value.is_empty()).then_some((Span::new(start, start + value.len()), false))
    }
}

/// How long a value is that a quote closes; a line break ends it as well.
fn quoted_length(bytes: &[u8], quote: u8, is_nested: bool) -> usize {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'\n' | b'\r', _) => break,
            (b'\\', Some(next)) if is_nested && *next == quote => break,
            (b'\\', _) if quote == b'"' || is_nested => at += 2,
            (b'\'', Some(b'\'')) if quote == b'\'' => at += 2,
            _ if byte == quote => break,
            _ => at += 1,
        }
    }
    at.min(bytes.len())
}

/// How long a value without quotes is. What ends a line or a text within a text of JSON ends it as well.
fn plain_length(bytes: &[u8], is_parameter: bool) -> usize {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'\\', Some(b'n' | b'r' | b't' | b'u' | b'"' | b'\'')) => break,
            (b'\\', Some(b'\\')) => at += 2,
            (b'\0'..=b' ' | b'"' | b'\'' | b'`' | b'<' | b'>', _) => break,
            (b'&' | b'#', _) if is_parameter => break,
            (b'&', _) if begins_parameter(bytes.get(at + 1..).unwrap_or_default()) => break,
            _ => at += 1,
        }
    }
    at.min(bytes.len())
}

/// Whether the name of a parameter and `=` stand here.
fn begins_parameter(bytes: &[u8]) -> bool {
    let name = bytes.iter().take(32).take_while(|byte| byte.is_ascii_lowercase() || **byte == b'_').count();
    name > 0 && bytes.get(name) == Some(&b'=')
}

fn beginning(text: &str) -> &str {
    let mut end = text.len().min(LOOKED_AT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// Whether a text stands for itself: not for a variable, something else that is put in, or something that the reader shall put
/// there.
pub(super) fn is_literal(value: &str) -> bool {
    let is_variable = value.strip_prefix('$').is_some_and(|name| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | '{' | '(' | '['))
    });
    // Further behind, the name of a variable is one that no password has by chance.
    let names_variable = value
        .split('$')
        .skip(1)
        .any(|name| name.bytes().take_while(|byte| byte.is_ascii_uppercase() || *byte == b'_').count() > 3);
    let is_between = |open: char, close: char| value.starts_with(open) && value.ends_with(close);
    let is_reference = is_variable
        || names_variable
        || [('<', '>'), ('{', '}'), ('[', ']'), ('%', '%')].into_iter().any(|(open, close)| is_between(open, close))
        || ["${", "$(", "{{", "%{", "$[["].iter().any(|sign| value.contains(sign))
        // Encrypted by SOPS, and references of secret managers.
        || ["ENC[", "vault:", "op://", "secret://", "ref+", "arn:"].iter().any(|start| value.starts_with(start));
    !value.is_empty() && !is_reference && !is_placeholder(value)
}

/// Whether a text says that something else is to be put in its place.
pub(super) fn is_placeholder(value: &str) -> bool {
    const ANYWHERE: [&str; 16] = [
        "xxxx",
        "****",
        "....",
        "changeme",
        "change-me",
        "change_me",
        "your-",
        "your_",
        "yourtoken",
        "example",
        "placeholder",
        "dummy",
        "redacted",
        "replace",
        "todo",
        "masked",
    ];
    const WHOLE: [&str; 8] = ["null", "none", "true", "false", "string", "undefined", "unset", "empty"];
    let lower = value.to_ascii_lowercase();
    let mut bytes = lower.bytes();
    let first = bytes.next();
    // The example of AWS's own documentation is no placeholder for whoever looks for keys: it is told apart where that matters.
    let has_word = ANYWHERE.iter().any(|word| lower.contains(word)) && !value.ends_with("EXAMPLE");
    bytes.all(|byte| Some(byte) == first) || has_word || WHOLE.contains(&&*lower)
}

/// Whether a value is a call, an index or a type in a program.
fn is_code(value: &str) -> bool {
    value.split_once(['(', '[']).is_some_and(|(name, _)| !name.is_empty() && is_wordy(name))
}

/// Whether a value names a place.
fn is_path(value: &str) -> bool {
    let is_from_somewhere = value.starts_with(['/', '~', '.']) && (value.contains('/') || is_wordy(value));
    let end = value.rsplit_once('.').map(|(_, end)| end).unwrap_or_default();
    let is_file = ["pem", "key", "crt", "txt", "json", "yml", "yaml", "env", "sh", "file"].contains(&end);
    is_from_somewhere || is_file || value.contains("://")
}

/// Whether a value could be put together from others: not every name of a variable looks like one.
pub(super) fn may_name_variable(value: &str) -> bool {
    value.contains('$')
}

/// Shannon's entropy of a text, in bits for a character (byte).
pub(super) fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let length = text.len() as f64;
    let of_byte = |count: &u32| {
        let share = f64::from(*count) / length;
        -share * share.log2()
    };
    counts.iter().filter(|count| **count > 0).map(of_byte).sum()
}

/// Whether a machine is likely to have made a value: long, and without order.
pub(super) fn is_random(value: &str) -> bool {
    let has_both =
        value.bytes().any(|byte| byte.is_ascii_digit()) && value.bytes().any(|byte| byte.is_ascii_alphabetic());
    value.len() >= 16
        && has_both
        && entropy(value) >= 3.3
        && is_literal(value)
        && !is_wordy(value)
        && mixing(value) >= 0.2
}

/// Whether a value is no mere name: six characters of two classes, and not words with numbers behind them.
pub(super) fn is_password(value: &str) -> bool {
    let classes: [fn(&u8) -> bool; 4] =
        [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit, |byte| !byte.is_ascii_alphanumeric()];
    let count = classes.iter().filter(|class| value.bytes().any(|byte| class(&byte))).count();
    value.len() >= 6 && count >= 2 && entropy(value) >= 2.0 && is_literal(value) && !is_wordy(value)
}

/// Words, small numbers and versions with signs between them: `gitlab-agent-2`, `acme/platform:prod`, `MyDatabase`.
fn is_wordy(value: &str) -> bool {
    let is_word = |part: &str| {
        let letters = part.trim_end_matches(|character: char| character.is_ascii_digit());
        let digits = part.len() - letters.len();
        let turns = letters
            .as_bytes()
            .windows(2)
            .filter(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()));
        let is_name = letters.bytes().all(|byte| byte.is_ascii_alphabetic()) && turns.count() * 4 <= letters.len();
        is_name && digits <= if letters.is_empty() { 4 } else { 2 }
    };
    value.split(['-', '_', '.', '/', ':', '@', ' ', '+', ',']).all(is_word)
}

/// How often letters, digits and other signs change within a value, and small letters become capital ones; 1 for always.
fn mixing(value: &str) -> f64 {
    let class = |byte: u8| match byte {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    };
    // A capital letter begins a word.
    let is_change =
        |pair: &[u8]| matches!(pair, [a, b] if class(*a) != class(*b) && !(class(*a) == 2 && class(*b) == 1));
    value.as_bytes().windows(2).filter(|pair| is_change(pair)).count() as f64 / value.len() as f64
}

/// `123e4567-e89b-12d3-a456-426614174000`, which names things more often than it opens them.
fn is_uuid(value: &str) -> bool {
    let parts = value.split('-').map(str::len);
    parts.eq([8, 4, 4, 4, 12]) && value.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Whether a value is a user, a colon and a password in base64.
fn is_user_and_password(value: &str) -> bool {
    const CONFIG: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);
    if !(8..=16 << 10).contains(&value.len()) {
        return false;
    }
    let Ok(decoded) = BASE64.decode(value) else { return false };
    let is_text = decoded.iter().all(|byte| (b' '..=b'~').contains(byte));
    let colon = decoded.iter().position(|byte| *byte == b':');
    is_text && colon.is_some_and(|colon| colon > 0 && colon + 1 < decoded.len())
}
