//! What settings and comments keep out of a report, by the settings file that says so.

use std::collections::{BTreeMap, BTreeSet};

/// Rules that are turned off.
pub type RulesOff = BTreeMap<&'static str, OffIn>;

/// For which files a rule is turned off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OffIn {
    /// For some that were looked at.
    SomeFiles,
    /// For all.
    AllFiles,
}

/// What settings and comments keep out of a report. Settings files are named as reports show them.
#[derive(Clone, Debug, Default)]
pub struct LeftOut {
    /// How many findings comments in files hide.
    pub by_comments: usize,
    /// How many findings `ignore` of a settings file hides.
    pub by_settings: BTreeMap<String, usize>,
    /// The rules that a settings file turns off, and for which files.
    pub rules_off: BTreeMap<String, RulesOff>,
    /// The files that were not looked at because of `exclude` of a settings file.
    pub files_excluded: BTreeMap<String, BTreeSet<String>>,
}

impl LeftOut {
    /// Adds what is left out elsewhere.
    pub fn add(&mut self, other: Self) {
        self.by_comments += other.by_comments;
        for (settings, count) in other.by_settings {
            *self.by_settings.entry(settings).or_default() += count;
        }
        for (settings, rules) in other.rules_off {
            let known = self.rules_off.entry(settings).or_default();
            for (rule, off_in) in rules {
                let widest = known.entry(rule).or_insert(off_in);
                *widest = off_in.max(*widest);
            }
        }
        for (settings, files) in other.files_excluded {
            self.files_excluded.entry(settings).or_default().extend(files);
        }
    }

    /// How many findings comments and settings hide.
    #[must_use]
    pub fn ignored(&self) -> usize {
        self.by_comments + self.by_settings.values().sum::<usize>()
    }

    /// The rules that settings turn off.
    #[must_use]
    pub fn all_rules_off(&self) -> BTreeSet<&'static str> {
        self.rules_off.values().flat_map(BTreeMap::keys).copied().collect()
    }

    /// The files that settings exclude.
    #[must_use]
    pub fn all_files_excluded(&self) -> BTreeSet<&str> {
        self.files_excluded.values().flatten().map(String::as_str).collect()
    }
}
