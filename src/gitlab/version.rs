//! GitLab's releases, by which keys come and go.

use std::fmt;
use std::str::FromStr;

use super::releases::{LAST_OF_LINES, NEWEST, OLDEST};

/// A GitLab release. Patch releases change no keys; they count where a fault may have been mended in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// `18` in 18.4.
    pub major: u16,
    /// `4` in 18.4.
    pub minor: u16,
    /// `2` in 18.4.2; 0 where none is named.
    pub patch: u16,
}

impl Version {
    /// The first release of a line, `18.4` or `18.4.0`.
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor, patch: 0 }
    }

    /// The line that it belongs to: 18.4 for 18.4.2.
    #[must_use]
    pub const fn line(self) -> Self {
        Self::new(self.major, self.minor)
    }

    /// Whether it came after everything that is known.
    #[must_use]
    pub fn is_newer_than_known(self) -> bool {
        self.line() > NEWEST
    }

    /// The last release before the next major one, for the majors that have one.
    #[must_use]
    pub fn last_of_major(major: u16) -> Option<Self> {
        LAST_OF_LINES.into_iter().find(|last| last.major == major)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        match self.patch {
            0 => Ok(()),
            patch => write!(f, ".{patch}"),
        }
    }
}

/// Why a text is no release that can be modelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionError {
    /// Not of the form `18.4`, with or without a patch number and suffix.
    Malformed(String),
    /// Before [`OLDEST`].
    TooOld(Version),
    /// After the last release of its major one.
    NeverWas {
        /// What was written.
        version: Version,
        /// The last release that there was.
        last: Version,
    },
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
            Self::NeverWas { version, last } => {
                write!(f, "there never was a GitLab {version}: {last} is the last release of {}.x", last.major)
            }
        }
    }
}

impl std::error::Error for VersionError {}

impl Version {
    /// The release that a server tells of itself, `18.9.2-ee` or `18.9.0-pre`, whatever is known of it; `None` for what is none.
    #[must_use]
    pub fn told(text: &str) -> Option<Self> {
        match text.parse() {
            Ok(version) | Err(VersionError::TooOld(version) | VersionError::NeverWas { version, .. }) => Some(version),
            Err(VersionError::Malformed(_)) => None,
        }
    }
}

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
        let version = Self { major, minor, patch: patch.first().copied().flatten().unwrap_or_default() };
        match Self::last_of_major(major) {
            _ if version < OLDEST => Err(VersionError::TooOld(version)),
            Some(last) if version.line() > last => Err(VersionError::NeverWas { version, last }),
            _ => Ok(version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_tells_is_taken_whatever_is_known_of_it() {
        assert_eq!(Version::told("18.9.0-pre").map(Version::line), Some(Version::new(18, 9)));
        assert_eq!(Version::told("18.1.1-ee").map(Version::line), Some(Version::new(18, 1)));
        assert_eq!(Version::told("12.0.3-ee").map(Version::line), Some(Version::new(12, 0)));
        assert_eq!(Version::told("18.12.0").map(Version::line), Some(Version::new(18, 12)));
        for text in ["eighteen", "-1.2", "", "18"] {
            assert_eq!(Version::told(text), None, "{text}");
        }
    }

    #[test]
    fn versions_are_read_as_gitlab_writes_them() {
        for text in ["18.4", "v18.4.0-ee", "18.4.0-rc42"] {
            assert_eq!(text.parse(), Ok(Version::new(18, 4)), "{text}");
        }
        assert_eq!("18.4.2-ee".parse(), Ok(Version { patch: 2, ..Version::new(18, 4) }));
        for text in ["18", "", "18.x", "18.4.2.1", "newest", "18."] {
            assert!(matches!(text.parse::<Version>(), Err(VersionError::Malformed(_))), "{text}");
        }
        assert!(matches!("12.3".parse::<Version>(), Err(VersionError::TooOld(_))));
        assert!(Version::new(15, 10) > Version::new(15, 9));
    }

    #[test]
    fn a_release_is_written_as_it_was_asked_for() {
        let shown = |text: &str| text.parse::<Version>().map(|version| version.to_string());
        assert_eq!(shown("v18.4.0-ee"), Ok("18.4".to_owned()));
        assert_eq!(shown("18.4.12"), Ok("18.4.12".to_owned()));
    }

    #[test]
    fn releases_that_never_were_are_none() {
        for (text, last) in [
            ("13.13", "13.12"),
            ("14.11", "14.10"),
            ("15.12", "15.11"),
            ("16.12", "16.11"),
            ("17.12.3", "17.11"),
            ("18.12", "18.11"),
            ("18.99", "18.11"),
        ] {
            let error = text.parse::<Version>().expect_err(text).to_string();
            assert!(error.contains(&format!("{last} is the last release")), "{error}");
        }
        for text in ["13.12", "14.10", "15.11", "16.11", "17.11", "18.11.9", "19.12", "20.0"] {
            assert!(text.parse::<Version>().is_ok(), "{text}");
        }
    }

    #[test]
    fn the_newest_known_is_the_last_that_is_not_newer() {
        assert!(!Version { patch: 3, ..NEWEST }.is_newer_than_known());
        assert!(Version::new(NEWEST.major, NEWEST.minor + 1).is_newer_than_known());
        assert!(Version::new(NEWEST.major + 1, 0).is_newer_than_known());
    }
}
