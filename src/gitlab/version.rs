//! GitLab's releases, by which keys come and go.

use std::fmt;
use std::str::FromStr;

/// A GitLab release, as far as it decides anything: patch releases change no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// `18` in 18.4.
    pub major: u16,
    /// `4` in 18.4.
    pub minor: u16,
}

/// The oldest release whose keys are known: the first that documented the agent's configuration.
pub const OLDEST: Version = Version::new(13, 7);

/// The newest release whose keys are known.
pub const NEWEST: Version = Version::new(18, 5);

impl Version {
    /// A release by its numbers.
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Why a text is no release that can be modelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionError {
    /// Not of the form `18.4`, with or without a patch number and suffix.
    Malformed(String),
    /// Before [`OLDEST`].
    TooOld(Version),
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(text) => {
                write!(f, "`{text}` is not a GitLab version; write it as major.minor, e.g. {NEWEST}")
            }
            Self::TooOld(version) => {
                write!(f, "GitLab {version} is older than {OLDEST}, the first release whose keys are known")
            }
        }
    }
}

impl std::error::Error for VersionError {}

impl FromStr for Version {
    type Err = VersionError;

    /// Takes `18.4`, `18.4.2`, `v18.4.2-ee`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || VersionError::Malformed(text.to_owned());
        let release = text.strip_prefix('v').unwrap_or(text).split(['-', '+']).next().unwrap_or_default();
        let mut parts = release.split('.').map(|part| {
            let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if is_number { part.parse::<u16>().ok() } else { None }
        });
        let major = parts.next().flatten().ok_or_else(malformed)?;
        let minor = parts.next().flatten().ok_or_else(malformed)?;
        let patch: Vec<_> = parts.collect();
        if patch.len() > 1 || patch.iter().any(Option::is_none) {
            return Err(malformed());
        }
        let version = Self::new(major, minor);
        if version < OLDEST { Err(VersionError::TooOld(version)) } else { Ok(version) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_gitlab_writes_them() {
        for text in ["18.4", "18.4.2", "v18.4.0-ee", "18.4.0-rc42"] {
            assert_eq!(text.parse(), Ok(Version::new(18, 4)), "{text}");
        }
        for text in ["18", "", "18.x", "18.4.2.1", "newest", "18."] {
            assert!(matches!(text.parse::<Version>(), Err(VersionError::Malformed(_))), "{text}");
        }
        assert!(matches!("12.3".parse::<Version>(), Err(VersionError::TooOld(_))));
        assert!(Version::new(15, 10) > Version::new(15, 9));
    }
}
