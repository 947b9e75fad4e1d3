//! `unanchored-wildcard`.

use super::patterns::{Trait, patterns};
use super::support::*;
use super::words::shown;

rule! {
    /// A pattern with `*` matches any part of an environment's name, not the whole name.
    ///
    /// GitLab turns each `*` of a pattern into "any characters" and looks for the result anywhere in the name: `prod*` lets
    /// jobs of `preprod` in, too. The name in the message is made up; it is one that GitLab matches and that a wildcard for the whole name
    /// would not.
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
    fn check_entry(&self, entry: &CiEntry, file: &AgentFile, _context: &Context, findings: &mut Findings) {
        for (pattern, route) in patterns(entry) {
            let Some(Trait::Unanchored(name)) = Trait::of(&pattern.value) else { continue };
            let message = format!(
                "{} also lets in jobs of an environment called {}, if there is one: GitLab looks for the pattern anywhere in the name",
                shown(&pattern.value),
                shown(&name)
            );
            let finding = Finding::new(&INFO, &file.source, pattern.span, message)
                .label(format!("also matches {}", shown(&name)))
                .route(route)
                .key(&pattern.value);
            findings.report(finding.help("write the names out, without `*`; those are compared with the whole name"));
        }
    }
}
