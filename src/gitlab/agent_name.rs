//! Names of agents, and so of their folders.

/// Whether an agent can have this name: at most 63 lower-case letters, digits and hyphens, a letter or digit at both
/// ends (`app/models/clusters/agent.rb`).
#[must_use]
pub fn is_agent_name(name: &str) -> bool {
    let is_edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    bytes.len() <= 63
        && bytes.iter().all(|&byte| is_edge(byte) || byte == b'-')
        && bytes.first().copied().is_some_and(is_edge)
        && bytes.last().copied().is_some_and(is_edge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_rails_takes() {
        let longest = "a".repeat(63);
        for name in ["a", "prod-eu-1", "9", &longest] {
            assert!(is_agent_name(name), "{name}");
        }
        for name in ["", "-a", "a-", "Prod", "a_b", "a.b", &format!("{longest}a")] {
            assert!(!is_agent_name(name), "{name}");
        }
    }
}
