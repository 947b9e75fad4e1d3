//! Texts with a grammar of their own, and who minds.

use super::cron;
use crate::schema::Check;

/// What is wrong with a text by this check, as a clause; `None` if nothing.
pub(super) fn check(check: &Check, text: &str) -> Option<String> {
    match check {
        Check::Cron => cron::error(text),
        Check::DnsName => (!is_dns_name(text)).then(|| format!("`{text}` is no DNS name")),
        Check::RuntimeClass => (!is_runtime_class(text)).then(|| format!("`{text}` is no name of a runtime class")),
        Check::Cidr => (!is_cidr(text)).then(|| format!("`{text}` is no address range such as `10.0.0.0/8`")),
        _ => None,
    }
}

/// Labels of letters, digits and hyphens, at most 253 characters in all.
pub(super) fn is_dns_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_runtime_class(text: &str) -> bool {
    let is_edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    text.len() <= 253
        && bytes.iter().all(|&byte| is_edge(byte) || byte == b'-' || byte == b'.')
        && bytes.first().copied().is_some_and(is_edge)
        && bytes.last().copied().is_some_and(is_edge)
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let Ok(address) = address.parse::<std::net::IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    !length.starts_with('+') && length.parse::<u8>().is_ok_and(|length| length <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_judged_by_their_grammar() {
        assert!(is_dns_name("workspaces.example.dev") && !is_dns_name("https://x") && !is_dns_name("a..b"));
        assert!(is_runtime_class("gvisor") && !is_runtime_class("gVisor") && !is_runtime_class("-a"));
        assert!(is_cidr("10.0.0.0/8") && is_cidr("::/0") && !is_cidr("10.0.0.0/33") && !is_cidr("10.0.0.0"));
    }
}
