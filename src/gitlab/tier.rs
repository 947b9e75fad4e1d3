//! GitLab's licences.

use std::fmt;
use std::str::FromStr;

/// The licence that a feature needs, or that the CI projects have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// No licence.
    Free,
    /// Premium.
    Premium,
    /// Ultimate.
    Ultimate,
}

impl Tier {
    /// All tiers, cheapest first.
    pub const ALL: [Self; 3] = [Self::Free, Self::Premium, Self::Ultimate];

    /// The tier's name as options and settings write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Premium => "premium",
            Self::Ultimate => "ultimate",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Free => "Free",
            Self::Premium => "Premium",
            Self::Ultimate => "Ultimate",
        })
    }
}

impl FromStr for Tier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|tier| tier.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| format!("`{text}` is not a tier; write free, premium or ultimate"))
    }
}
