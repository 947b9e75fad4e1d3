//! Which rules run, and how severe they are.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::path_patterns::{PathPattern, PathPatterns, PatternFolder};
use super::suppression::AcceptedFinding;
use super::{OffIn, RuleInfo, RuleTable, RulesOff, Severity};

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

/// Other levels for some files; of several that match a file, the last that names a rule counts.
#[derive(Clone, Debug, Default)]
pub struct PerPath {
    patterns: PathPatterns,
    /// What each says.
    levels: Vec<Vec<(&'static str, Level)>>,
    /// The rules that some file has on, and those that some file has off.
    on: BTreeSet<&'static str>,
    off: BTreeSet<&'static str>,
}

/// What `per-path` says of a file, by rule.
#[derive(Clone, Debug, Default)]
pub struct LevelsAt(BTreeMap<&'static str, Level>);

impl PerPath {
    /// The files that each item is for, and its levels by rule.
    ///
    /// # Errors
    /// When the patterns are too large together.
    pub fn of(items: Vec<(PathPattern, Vec<(&'static str, Level)>)>) -> Result<Self, String> {
        let (patterns, levels): (Vec<_>, Vec<_>) = items.into_iter().unzip();
        let with = |is_on: bool| {
            let all = levels.iter().flatten().filter(|(_, level)| (*level != Level::Off) == is_on);
            all.map(|(name, _)| *name).collect()
        };
        Ok(Self { patterns: PathPatterns::of(patterns)?, on: with(true), off: with(false), levels })
    }

    /// Whether some file has the rule off.
    #[must_use]
    pub fn turns_off(&self, rule: &RuleInfo) -> bool {
        self.off.contains(rule.name)
    }

    /// What it says of a path below its folder.
    fn at(&self, path: &str) -> LevelsAt {
        let matching = self.patterns.matching(path).into_iter().rev().filter_map(|item| self.levels.get(item));
        let mut levels = BTreeMap::new();
        let named = self.on.union(&self.off).count();
        for item in matching {
            for (rule, level) in item {
                levels.entry(*rule).or_insert(*level);
            }
            // What stands above says nothing more.
            if levels.len() == named {
                break;
            }
        }
        LevelsAt(levels)
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
    /// Findings that the settings file accepts.
    pub accepted: Vec<AcceptedFinding>,
    /// Other levels for some files.
    pub per_path: PerPath,
    /// The files that are not looked at.
    pub exclude: PathPatterns,
    /// The files that are looked at whatever `exclude` says, because the caller names them: from the top of the file system.
    pub named: BTreeSet<String>,
    /// The folder that patterns of paths start from.
    pub folder: PatternFolder,
    /// The settings file as reports show it; empty where there is none.
    pub settings: Arc<str>,
    /// Whether comments in files hide nothing, because a stranger may have written them.
    pub is_isolated: bool,
}

impl Selection {
    /// Whether the rule runs.
    #[must_use]
    pub fn runs(&self, rule: &RuleInfo) -> bool {
        let named = |names: &[String]| names.iter().any(|name| name == rule.name);
        let is_selected = self.only.is_empty() || named(&self.only);
        let is_on = self.is_on(rule, self.level(rule)) || self.per_path.on.contains(rule.name);
        is_selected && !named(&self.without) && (is_on || named(&self.only))
    }

    /// Whether a rule that runs speaks at a level; one that the caller selects does so whatever settings say.
    fn is_on(&self, rule: &RuleInfo, level: Option<Level>) -> bool {
        match level {
            Some(Level::On(_)) => true,
            Some(Level::Off) => self.only.iter().any(|name| name == rule.name),
            None => !rule.is_off || self.only.iter().any(|name| name == rule.name),
        }
    }

    /// Whether a rule that runs speaks of a file of which `per-path` says this.
    #[must_use]
    pub fn speaks(&self, rule: &RuleInfo, at: &LevelsAt) -> bool {
        self.is_on(rule, self.level_at(rule, at))
    }

    /// What settings say of the rule for a file of which `per-path` says this.
    #[must_use]
    pub fn level_at(&self, rule: &RuleInfo, at: &LevelsAt) -> Option<Level> {
        at.0.get(rule.name).copied().or_else(|| self.level(rule))
    }

    /// What `per-path` says of a file.
    #[must_use]
    pub fn at(&self, path: &str) -> LevelsAt {
        match self.per_path.levels.is_empty() {
            true => LevelsAt::default(),
            false => self.per_path.at(&self.folder.relative(path)),
        }
    }

    /// Whether a file is not looked at.
    #[must_use]
    pub fn excludes(&self, path: &str) -> bool {
        !self.exclude.is_empty()
            && self.exclude.is_match(&self.folder.relative(path))
            && !self.named.contains(&self.folder.whole(path))
    }

    /// The rules that settings turn off, which would run without them: those for all files, and those for one of which `at` says this.
    #[must_use]
    pub fn rules_off<L: Borrow<LevelsAt>>(&self, table: RuleTable, files: impl IntoIterator<Item = L>) -> RulesOff {
        if !self.only.is_empty() {
            return RulesOff::new();
        }
        let is_own = |rule: &&'static RuleInfo| !self.without.iter().any(|name| name == rule.name);
        let levels = self.levels.iter().filter(|(_, level)| *level == Level::Off);
        let everywhere = levels.filter_map(|(name, _)| table.find(name)).filter(|rule| !rule.is_off);
        let mut off: RulesOff = everywhere.filter(is_own).map(|rule| (rule.name, OffIn::AllFiles)).collect();
        for at in files {
            let at = at.borrow();
            let named = at.0.keys().filter_map(|name| table.find(name)).filter(is_own);
            let would_speak = named.filter(|rule| self.is_on(rule, self.level(rule)));
            for rule in would_speak.filter(|rule| !self.speaks(rule, at)) {
                off.entry(rule.name).or_insert(OffIn::SomeFiles);
            }
        }
        off
    }

    /// What settings say of the rule.
    #[must_use]
    pub fn level(&self, rule: &RuleInfo) -> Option<Level> {
        self.levels.iter().find(|(name, _)| name == rule.name).map(|(_, level)| *level)
    }
}
