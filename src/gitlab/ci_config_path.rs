//! Where a project's CI file lies: `ci_config_path` of its settings.
//!
//! Source: `doc/ci/pipelines/settings.md`, "Specify a custom CI/CD configuration file": a path in the repository, an address, or
//! `path@group/project`, with `:ref` behind it.

/// The longest path of a file that is taken, in bytes.
const LONGEST_PATH: usize = 1024;

/// Whether a path names a file below a folder and nothing of git's: plain names, one below the other.
#[must_use]
pub fn is_plain_file_path(path: &str) -> bool {
    let is_plain = |part: &str| {
        !matches!(part, "" | "." | "..")
            && !part.eq_ignore_ascii_case(".git")
            && part.len() <= 255
            && !part.chars().any(|letter| letter.is_control() || matches!(letter, '\\' | ':'))
    };
    path.len() <= LONGEST_PATH && path.split('/').all(is_plain)
}

/// The path of a CI file in the project's own repository; `None` where it lies elsewhere.
#[must_use]
pub fn ci_file_here(ci_config_path: &str) -> Option<&str> {
    let is_elsewhere = ci_config_path.contains("://") || ci_config_path.contains('@');
    (!is_elsewhere && is_plain_file_path(ci_config_path)).then_some(ci_config_path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_below_their_project() {
        for path in [".gitlab-ci.yml", ".gitlab/agents/prod/config.yaml", "ci/a b.yml"] {
            assert!(is_plain_file_path(path), "{path}");
        }
        for path in ["", "/etc/passwd", "../x", "a//b", "a/./b", ".git/config", "a/.GIT/hooks/x", "a\\b", "C:x", "a\nb"]
        {
            assert!(!is_plain_file_path(path), "{path}");
        }
    }

    #[test]
    fn a_ci_file_may_lie_elsewhere() {
        assert_eq!(ci_file_here("ci/main.yml"), Some("ci/main.yml"));
        for elsewhere in ["https://example.com/ci.yml", "ci.yml@acme/ci", "ci.yml@acme/ci:main"] {
            assert_eq!(ci_file_here(elsewhere), None, "{elsewhere}");
        }
    }
}
