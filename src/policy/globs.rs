//! Patterns of paths, names and contexts in policies.

use std::collections::BTreeSet;

use globset::{Glob, GlobBuilder, GlobSet};

use crate::diagnostic::suppression::AcceptedFinding;
use crate::gitlab::lower_path;

/// How texts are compared with patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Paths: letter case does not count.
    InAnyCase,
    /// Contexts and names of environments: it counts.
    AsWritten,
}

/// A list of patterns, in which `*` stops at `/` and `**` does not.
#[derive(Clone, Debug)]
pub struct Globs {
    compared: Compared,
    patterns: Vec<(String, Glob)>,
    set: GlobSet,
}

impl Globs {
    /// Reads patterns.
    ///
    /// # Errors
    /// At the first that is none, with its position; and for all of them, without one, where they are too large together.
    pub fn read<'t>(
        texts: impl IntoIterator<Item = &'t str>,
        compared: Compared,
    ) -> Result<Self, (Option<usize>, String)> {
        let mut patterns = Vec::new();
        for (at, text) in texts.into_iter().enumerate() {
            AcceptedFinding::pattern(text).map_err(|why| (Some(at), why))?;
            let glob = GlobBuilder::new(text)
                .literal_separator(true)
                .case_insensitive(compared == Compared::InAnyCase)
                .build();
            patterns.push((text.to_owned(), glob.map_err(|error| (Some(at), error.kind().to_string()))?));
        }
        let set = GlobSet::new(patterns.iter().map(|(_, glob)| glob.clone()));
        let set = set.map_err(|error| (None, error.kind().to_string()))?;
        Ok(Self { compared, patterns, set })
    }

    /// Whether one of them matches a text.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.set.is_match(text)
    }

    /// The patterns as they are written.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(|(text, _)| &**text)
    }

    /// The patterns as expressions, of texts in lower case where letter case does not count.
    pub(super) fn expressions(&self) -> Vec<String> {
        self.patterns.iter().map(|(_, glob)| glob.regex().to_owned()).collect()
    }

    /// The patterns as what tells them apart.
    pub(super) fn distinct(&self) -> BTreeSet<String> {
        let text = |text: &str| match self.compared {
            Compared::InAnyCase => lower_path(text).into_owned(),
            Compared::AsWritten => text.to_owned(),
        };
        self.texts().map(text).collect()
    }
}

impl PartialEq for Globs {
    fn eq(&self, other: &Self) -> bool {
        self.compared == other.compared && self.distinct() == other.distinct()
    }
}

impl Eq for Globs {}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(text: &str, compared: Compared) -> Globs {
        Globs::read([text], compared).expect("a pattern")
    }

    #[test]
    fn a_star_stops_at_a_slash_and_two_do_not() {
        let is_match = |glob: &str, text: &str| globs(glob, Compared::AsWritten).is_match(text);
        assert!(is_match("acme/*", "acme/shop") && !is_match("acme/*", "acme/web/shop"));
        assert!(is_match("acme/**", "acme/web/shop") && is_match("**", "acme/web/shop"));
        assert!(is_match("acme/agents:prod-*", "acme/agents:prod-eu"));
        assert!(is_match("{prod,live}*", "prod-eu") && is_match("[!a]", "b") && is_match("pro?", "prod"));
        assert!(!is_match("pro?", "pro/"), "`?` stops there too");
    }

    #[test]
    fn letter_case_counts_in_names_and_not_in_paths() {
        assert!(globs("Acme/*", Compared::InAnyCase).is_match("aCME/Shop"));
        assert!(!globs("Prod*", Compared::AsWritten).is_match("production"));
        assert_eq!(globs("Acme/*", Compared::InAnyCase), globs("acme/*", Compared::InAnyCase));
        assert_ne!(globs("Prod*", Compared::AsWritten), globs("prod*", Compared::AsWritten));
    }

    #[test]
    fn what_is_no_pattern_is_told_with_its_position() {
        let (at, why) = Globs::read(["a", "[b"], Compared::AsWritten).expect_err("no pattern");
        assert_eq!((at, why.contains("character class")), (Some(1), true), "{why}");
    }
}
