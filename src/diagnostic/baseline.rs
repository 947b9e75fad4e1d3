//! Baselines: findings that were there when a repository took up kaslint, so that only new ones fail.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::diagnostic::Finding;
use crate::source::secrets;

/// The version of the file's form.
const VERSION: u32 = 1;

/// Recorded findings.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    version: u32,
    findings: Vec<Recorded>,
}

/// A finding as it is recorded. Only the fingerprint counts; the rest is for those who read the file.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    path: String,
    rule: String,
    route: String,
    message: String,
    fingerprint: String,
}

impl Baseline {
    /// Records findings, in an order that does not change when lines move.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        let mut recorded: Vec<Recorded> = findings
            .iter()
            .map(|finding| Recorded {
                path: secrets::mask(finding.place.source.path()).into_owned(),
                rule: finding.rule.name.to_owned(),
                route: finding.anchor.clone(),
                message: finding.message.clone(),
                fingerprint: finding.fingerprint(),
            })
            .collect();
        recorded.sort();
        Self { version: VERSION, findings: recorded }
    }

    /// Reads a recorded baseline.
    ///
    /// # Errors
    /// What is wrong with the text, as a clause.
    pub fn read(text: &str) -> Result<Self, String> {
        let baseline: Self = serde_json::from_str(text).map_err(|error| {
            // The rest of what the library says may hold what stands there.
            format!("it is no baseline (line {}, column {})", error.line(), error.column())
        })?;
        match baseline.version {
            VERSION => Ok(baseline),
            other => Err(format!("it is of version {other}, and this kaslint knows version {VERSION}")),
        }
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        // Texts and numbers always serialize.
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    /// How many findings are recorded.
    #[must_use]
    pub fn len(&self) -> usize {
        self.findings.len()
    }

    /// Whether nothing is recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// Takes out the findings that are recorded, each as often as it is. Returns how many that were, and how many of those
    /// recorded were not there.
    pub fn apply(&self, findings: &mut Vec<Finding>) -> (usize, usize) {
        let mut left: HashMap<&str, usize> = HashMap::new();
        for recorded in &self.findings {
            *left.entry(&recorded.fingerprint).or_default() += 1;
        }
        let before = findings.len();
        findings.retain(|finding| match left.get_mut(finding.fingerprint().as_str()) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        (before - findings.len(), left.into_values().sum())
    }
}
