//! Which rules run, and how severe they are.

use super::suppression::AcceptedFinding;
use super::{RuleInfo, Severity};

/// What a settings file or an option says about a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The rule does not run.
    Off,
    /// Its findings have this severity.
    On(Severity),
}

impl std::str::FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            _ => Severity::ALL.into_iter().find(|severity| severity.name() == text).map(Self::On).ok_or(()),
        }
    }
}

/// Which rules run, and how severe they are.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these rules; empty for all.
    pub only: Vec<String>,
    /// Not these rules.
    pub without: Vec<String>,
    /// Levels by rule name.
    pub levels: Vec<(String, Level)>,
    /// Findings that the settings file accepts, and its folder as paths of findings have it.
    pub accepted: (Vec<AcceptedFinding>, String),
    /// Whether comments in files hide nothing, because a stranger may have written them.
    pub is_isolated: bool,
}

impl Selection {
    /// Whether the rule runs.
    #[must_use]
    pub fn runs(&self, rule: &RuleInfo) -> bool {
        let named = |names: &[String]| names.iter().any(|name| name == rule.name);
        let is_selected = self.only.is_empty() || named(&self.only);
        let is_on = match self.level(rule) {
            Some(level) => level != Level::Off,
            None => !rule.is_off,
        };
        is_selected && !named(&self.without) && (is_on || named(&self.only))
    }

    /// What settings say of the rule.
    #[must_use]
    pub fn level(&self, rule: &RuleInfo) -> Option<Level> {
        self.levels.iter().find(|(name, _)| name == rule.name).map(|(_, level)| *level)
    }
}
