//! `unanchored-wildcard`.

use super::findings::Findings;
use super::given::FileContext;
use super::patterns::{AtRelease, Holds, PatternPitfall, has_by_old, patterns, unmeant_among};
use super::rule::{Rule, rule};
use crate::access::EnvironmentMatcher;
use crate::agent_config::CiEntry;
use crate::diagnostic::{Finding, Severity};
use crate::project::AgentFile;
use crate::words::{brief, excerpt, list_and};

rule! {
    /// A pattern with `*` matches any part of an environment's name, not the whole name.
    ///
    /// Up to 18.9 GitLab turns each `*` of a pattern into "any characters" and looks for the result anywhere in the name: `prod*` lets
    /// jobs of `preprod` in, too. From 19.5 it compares the whole name, as the pattern reads, and this rule is silent. Which of the two 18.10 to
    /// 19.4 do, and patch releases of those and of older lines, is not known; there the finding is a step lower.
    ///
    /// The message names environments that the inventory or CI files know and that a wildcard for the whole name
    /// would not match; where there are none, a name that is made up. It is a warning where such a name is known, or where the made-up one is of another
    /// tier than those that are meant, such as `preprod` for `prod*`; else, as for `review/*`, a note.
    ///
    /// Source: `lib/gitlab/ci/environment_matcher.rb` of GitLab, in both of its forms.
    ///
    /// Releases: from 15.7 up to 18.9, perhaps up to 19.4.
    ///
    /// ## Bad
    ///
    /// ```yaml gitlab-version=18.9
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: [prod*]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml gitlab-version=18.9
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: [prod, prod-eu]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write the names out: a pattern without `*` is compared with the whole name. `protected_branches_only` keeps jobs of unprotected refs out
    /// where names cannot be known, as with review apps.
    ///
    /// ## When it stays silent
    ///
    /// On patterns that `invalid-pattern`, `pattern-metacharacter` or `wildcard-matches-all` speaks of, on `*prod*`, which means what it
    /// says, and on ends that `^` and `$` hold. From 19.5 on everything.
    UnanchoredWildcard = "unanchored-wildcard", Warning in Access, needs Release
}

impl Rule for UnanchoredWildcard {
    fn concerns(&self, file: &AgentFile) -> bool {
        has_by_old(file, |pitfall| matches!(pitfall, PatternPitfall::Unanchored { .. }))
    }

    fn check_entry(&self, entry: &CiEntry, cx: &FileContext<'_>, findings: &mut Findings) {
        let version = cx.gitlab().version;
        let matcher = EnvironmentMatcher::of(version);
        let mut known = None;
        for (pattern, route) in patterns(entry) {
            let Some(found) = AtRelease::of(&pattern.value, matcher) else { continue };
            let PatternPitfall::Unanchored { name: made_up, is_of_other_tier } = &found.pitfall else { continue };
            let known = known.get_or_insert_with(|| cx.environments_of(entry));
            let real = unmeant_among(&pattern.value, known.whole_names());
            let (names, if_any, severity) = match &real[..] {
                [] if *is_of_other_tier => (excerpt(made_up), ", if there is one", Severity::Warning),
                [] => (excerpt(made_up), ", if there is one", Severity::Note),
                real => (in_words(real), "", Severity::Warning),
            };
            let called = if real.is_empty() { "an environment called " } else { "" };
            let also = found.verb("also lets in", "may also let in");
            let why = match found.holds {
                Holds::Surely => ": GitLab looks for the pattern anywhere in the name".to_owned(),
                _ => found.by_release(version),
            };
            let message = format!("{} {also} jobs of {called}{names}{if_any}{why}", brief(&pattern.value));
            let label = format!("{} {names}", found.verb("also matches", "may also match"));
            let finding = Finding::new(&INFO, &cx.file.source, pattern.span, message).label(label);
            let finding = finding.route(route()).key(&pattern.value).severity(found.severity(severity));
            findings.report(finding.help("write the names out, without `*`; those are compared with the whole name"));
        }
    }
}

/// A few names, and how many there are beside them.
fn in_words(names: &[&str]) -> String {
    const MOST: usize = 3;
    let mut parts: Vec<String> = names.iter().take(MOST).map(|name| excerpt(name)).collect();
    match names.len().saturating_sub(MOST) {
        0 => {}
        1 => parts.push("one other".to_owned()),
        more => parts.push(format!("{more} others")),
    }
    list_and(&parts)
}
