//! `unanchored-wildcard`.

use super::findings::Findings;
use super::given::FileContext;
use super::patterns::{PatternPitfall, patterns, unmeant_among};
use super::rule::{Rule, rule};
use crate::agent_config::CiEntry;
use crate::diagnostic::Finding;
use crate::words::{excerpt, list_and};

rule! {
    /// A pattern with `*` matches any part of an environment's name, not the whole name.
    ///
    /// GitLab turns each `*` of a pattern into "any characters" and looks for the result anywhere in the name: `prod*` lets
    /// jobs of `preprod` in, too. The message names environments that the inventory or CI files know and that a wildcard for the whole name
    /// would not match; where there are none, a name that is made up.
    ///
    /// Source: `lib/gitlab/ci/environment_matcher.rb` of GitLab.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: [prod*]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
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
    /// says, and on ends that `^` and `$` hold.
    UnanchoredWildcard = "unanchored-wildcard", Warning in Access
}

impl Rule for UnanchoredWildcard {
    fn check_entry(&self, entry: &CiEntry, cx: &FileContext<'_>, findings: &mut Findings) {
        let mut known = None;
        for (pattern, route) in patterns(entry) {
            let Some(PatternPitfall::Unanchored(made_up)) = PatternPitfall::of(&pattern.value) else { continue };
            let known = known.get_or_insert_with(|| cx.environments_of(entry));
            let real = unmeant_among(&pattern.value, known.whole_names());
            let (message, label) = match &real[..] {
                [] => (
                    format!(
                        "{} also lets in jobs of an environment called {}, if there is one: GitLab looks for the pattern anywhere in the name",
                        excerpt(&pattern.value),
                        excerpt(&made_up)
                    ),
                    format!("also matches {}", excerpt(&made_up)),
                ),
                real => (
                    format!(
                        "{} also lets in jobs of {}: GitLab looks for the pattern anywhere in the name",
                        excerpt(&pattern.value),
                        in_words(real)
                    ),
                    format!("also matches {}", in_words(real)),
                ),
            };
            let finding = Finding::new(&INFO, &cx.file.source, pattern.span, message).label(label);
            let finding = finding.route(route).key(&pattern.value);
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
