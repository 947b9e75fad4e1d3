//! `unmatched-environment`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::access::environment_pattern::NewPattern;
use crate::access::jobs::KnownEnvironments;
use crate::access::{Comparison, EnvironmentPattern, PartialVerdict};
use crate::agent_config::{CiEntry, Spanned};
use crate::diagnostic::{Finding, Safety};
use crate::gitlab::{PartialText, environment_slug};
use crate::project::AgentFile;
use crate::schema;
use crate::words::{excerpt, in_quotes};

rule! {
    /// No known environment matches, so the line lets no job in.
    ///
    /// A line without `*` is compared with the full name of the job's environment, letter case and all; neither its slug nor a
    /// folder of names counts. What matches nothing restricts more than it seems to.
    ///
    /// Source: `lib/gitlab/ci/environment_matcher.rb` of GitLab.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: [Production]
    /// ```
    ///
    /// ```yaml inventory
    /// projects: [{path: acme/web/shop, environments: [production, staging]}]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: [production]
    /// ```
    ///
    /// ```yaml inventory
    /// projects: [{path: acme/web/shop, environments: [production, staging]}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write the name as the environment's page shows it. If the environment is still to come, add it to the inventory.
    ///
    /// ## When it stays silent
    ///
    /// Where neither the inventory nor CI files that could be read in full tell the environments of all projects that the entry names, and
    /// where a name hangs on variables with which it could match. Where it is not known whether GitLab compares patterns with the whole name (from 19.5)
    /// or looks for them anywhere in it (up to 18.9), on what matches by either way.
    UnmatchedEnvironment = "unmatched-environment", Warning in Access
}

impl Rule for UnmatchedEnvironment {
    fn check_entry(&self, entry: &CiEntry, cx: &FileContext<'_>, findings: &mut Findings) {
        if entry.environments.is_empty() {
            return;
        }
        let known = cx.environments_of(entry);
        if !known.is_complete {
            return;
        }
        let matcher = cx.gitlab().access_settings().environment_matcher();
        for (index, pattern) in entry.environments.iter().enumerate() {
            let compiled = EnvironmentPattern::new(&pattern.value, matcher);
            let never = Comparison::Settled(PartialVerdict::Never);
            let may_match = |name: &PartialText| compiled.compare_partial(name) != never;
            // `pattern-metacharacter` says why.
            let matches_nothing = (!pattern.value.contains('*') || !matcher.may_be_old())
                && NewPattern::new(&pattern.value).impossible_character().is_some();
            if matches_nothing || known.names.iter().any(may_match) {
                continue;
            }
            let finding = unmatched(pattern, &known, cx.file).route(format!("{}.environments[{index}]", entry.route()));
            findings.report(finding.key(&pattern.value));
        }
    }
}

fn unmatched(pattern: &Spanned<String>, known: &KnownEnvironments, file: &AgentFile) -> Finding {
    let text = excerpt(&pattern.value);
    let message = format!("no known environment of these jobs matches {text}, so this line lets nobody in");
    let (label, help) = explained(&pattern.value, known);
    let finding = Finding::new(&INFO, &file.source, pattern.span, message).label(label).help(help);
    // Jobs get in by it that did not before.
    match meant(&pattern.value, known).filter(|name| name.chars().all(is_plain)) {
        Some(name) => {
            let text = in_quotes(name);
            finding.fix(Safety::Unsafe, format!("Write {text}"), pattern.span, text.clone()).changing()
        }
        None => finding,
    }
}

/// The known name that differs in letter case only, or that this is the slug of.
fn meant<'k>(pattern: &str, known: &'k KnownEnvironments) -> Option<&'k str> {
    let same_but_for_case = known.whole_names().find(|name| name.to_lowercase() == pattern.to_lowercase());
    same_but_for_case.or_else(|| known.whole_names().find(|name| environment_slug(name) == pattern))
}

fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || " -_./".contains(character)
}

/// What was probably meant: a label and the help.
fn explained(pattern: &str, known: &KnownEnvironments) -> (String, String) {
    let same_but_for_case = known.whole_names().find(|name| name.to_lowercase() == pattern.to_lowercase());
    let by_slug = known.whole_names().find(|name| environment_slug(name) == pattern);
    let folder = format!("{pattern}/");
    let is_inside = |name: &&PartialText| name.known_start().starts_with(&folder);
    let inside = known.names.iter().find(is_inside);
    if let Some(name) = same_but_for_case {
        return ("letter case counts".to_owned(), format!("write {}", excerpt(name)));
    }
    if let Some(name) = by_slug {
        return (
            format!("this is the slug of {}", excerpt(name)),
            format!("GitLab compares the name and not the slug: write {}", excerpt(name)),
        );
    }
    if let Some(name) = inside {
        let name = name.to_string();
        return (
            format!("does not match {}", excerpt(&name)),
            format!(
                "a line without `*` is compared with the whole name: write the names out, or {}",
                excerpt(&format!("{folder}*"))
            ),
        );
    }
    if let Some(near) = schema::nearest(pattern, known.whole_names()) {
        return ("matches nothing".to_owned(), format!("did you mean {}?", excerpt(near)));
    }
    let names: Vec<String> = known.names.iter().take(4).map(|name| excerpt(&name.to_string())).collect();
    let help = match &names[..] {
        [] => "these jobs have no environment at all, as far as is known".to_owned(),
        names => {
            let more = if known.names.len() > names.len() { " …" } else { "" };
            format!("known environments are {}{more}", names.join(", "))
        }
    };
    ("matches nothing".to_owned(), help)
}
