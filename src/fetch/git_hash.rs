//! Git's hash of a file: whether what came is what lies in the repository.

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// Whether an object id of git, of SHA-1 or SHA-256, is that of a file with these bytes.
pub(super) fn is_hash_of(oid: &str, bytes: &[u8]) -> bool {
    let head = format!("blob {}\0", bytes.len());
    let hash: Vec<u8> = match oid.len() {
        40 => Sha1::new().chain_update(head).chain_update(bytes).finalize().to_vec(),
        64 => Sha256::new().chain_update(head).chain_update(bytes).finalize().to_vec(),
        _ => return false,
    };
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    hex.eq_ignore_ascii_case(oid)
}

#[cfg(test)]
mod tests {
    use super::is_hash_of;

    #[test]
    fn hashes_are_those_of_git() {
        // `printf hello | git hash-object --stdin`, with and without `--object-format=sha256`.
        assert!(is_hash_of("b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0", b"hello"));
        assert!(!is_hash_of("b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0", b"hello\n"));
        assert!(!is_hash_of("", b""));
    }
}
