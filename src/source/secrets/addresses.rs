//! Passwords in addresses: `https://user:password@host`, and `user:password@host:path` as scp writes it.

use super::Secret;
use super::values::{self, is_literal, is_random};
use crate::source::Span;

const KIND: &str = "a password in an address";

/// How far an address is read to both sides of its `@` where nothing tells where it begins or ends, in bytes.
const REACH: usize = 256;

/// What stands in no address.
fn ends_address(byte: u8) -> bool {
    byte <= b' ' || byte == 0x7F || matches!(byte, b'"' | b'<' | b'>' | b'`' | b'\\')
}

/// The password of the address whose `://` ends here.
pub(super) fn with_scheme(text: &str, start: usize) -> Option<Secret> {
    let rest = text.get(start..)?;
    let stops = |byte: u8| ends_address(byte) || matches!(byte, b'/' | b'?' | b'#');
    let length = rest.bytes().position(stops).unwrap_or(rest.len());
    let authority = rest.get(..length)?;
    // The last `@` counts, as browsers and curl read it.
    if let Some((user_info, _)) = authority.rsplit_once('@') {
        return match user_info.split_once(':') {
            Some((user, password)) => of_password(password, start + user.len() + 1),
            // A token may stand in the place of the user.
            None if is_random(user_info) => Some(secret(user_info, start, false)),
            None => None,
        };
    }
    // A password with a slash should be encoded, and is not always. What is no number is no port.
    let (user, port) = authority.split_once(':')?;
    if port.is_empty() || port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let from = user.len() + 1;
    let behind = rest.get(from..)?;
    let behind = behind.as_bytes().get(..REACH).unwrap_or(behind.as_bytes());
    let length = behind.iter().position(|byte| ends_address(*byte)).unwrap_or(behind.len());
    let at = behind.get(..length)?.iter().position(|byte| *byte == b'@')?;
    let password = rest.get(from..from + at)?;
    is_literal(password).then(|| secret(password, start + from, false))
}

/// The password in front of the `@` that stands here, where no scheme says that it is an address.
pub(super) fn without_scheme(text: &str, at: usize) -> Option<Secret> {
    let bytes = text.as_bytes();
    let ahead = bytes.get(at.saturating_sub(REACH)..at)?;
    let stops = |byte: &u8| ends_address(*byte) || matches!(byte, b'\'' | b'(' | b'[' | b'{' | b',');
    let length = ahead.iter().rev().position(stops).unwrap_or(ahead.len());
    let word = text.get(at - length..at)?;
    // Where two slashes count as one, as in paths, an address has lost one of them.
    if let Some((before, behind)) = word.rsplit_once(":/").filter(|(_, behind)| !behind.starts_with('/')) {
        let scheme = before.bytes().rev().take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
        if scheme.count() > 1 {
            return with_scheme(text, at - behind.len());
        }
    }
    let (user, password) = word.split_once(':')?;
    let user = user.rsplit(['=', '/']).next().unwrap_or_default();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if user.is_empty() || !user.bytes().all(is_name) || ["mailto", "xmpp", "sip", "sips", "acct"].contains(&user) {
        return None;
    }
    // The port and the path of an image stand in front of its digest.
    let (first, has_slash) = password.split_once('/').map_or((password, false), |(first, _)| (first, true));
    if first.bytes().all(|byte| byte.is_ascii_digit()) || password.starts_with('/') {
        return None;
    }
    let behind = text.get(at + 1..)?;
    let host_length = behind.bytes().take(REACH).take_while(|&byte| is_name(byte)).count();
    let (host, path) = behind.split_at_checked(host_length)?;
    let is_digest = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"].contains(&host);
    if host.is_empty() || is_digest {
        return None;
    }
    let start = at - password.len();
    let is_scp_like =
        path.strip_prefix(':').is_some_and(|path| path.bytes().next().is_some_and(|byte| !ends_address(byte)));
    if is_scp_like {
        return of_password(password, start);
    }
    // Anything can stand in front of an `@`, so it has to look like a password as well.
    let label = host.rsplit_once('.').map(|(_, label)| label).unwrap_or_default();
    let is_host = label.len() > 1 && label.bytes().all(|byte| byte.is_ascii_alphabetic());
    (is_host && !has_slash && values::is_password(password)).then(|| secret(password, start, false))
}

fn of_password(password: &str, start: usize) -> Option<Secret> {
    let is_certain = password.len() >= 8 && values::is_password(password) && !values::may_name_variable(password);
    is_literal(password).then(|| secret(password, start, is_certain))
}

fn secret(password: &str, start: usize, is_certain: bool) -> Secret {
    Secret { span: Span::new(start, start + password.len()), kind: KIND, is_certain }
}
