//! `unmatched-environment`.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::access::environment_pattern::NewPattern;
use crate::access::jobs::KnownEnvironments;
use crate::access::pattern_index::PatternIndex;
use crate::access::{Comparison, EnvironmentPattern, PartialVerdict};
use crate::agent_config::{CiEntry, Spanned};
use crate::diagnostic::{Finding, Safety};
use crate::gitlab::{PartialText, environment_slug};
use crate::project::AgentFile;
use crate::schema;
use crate::words::{brief, excerpt, in_quotes};

rule! {
    /// No known environment matches, so the line lets no job in.
    ///
    /// A line without `*` is compared with the full name of the job's environment, letter case and all; neither its slug nor a
    /// folder of names counts. What matches nothing restricts more than it seems to.
    ///
    /// Source: `lib/gitlab/ci/environment_matcher.rb` of GitLab.
    ///
    /// Releases: from 15.7.
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
        // A name by itself matches itself, by whichever matcher, and most entries list what is there.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/');
        let is_there = |pattern: &Spanned<String>| {
            let name = &pattern.value;
            !name.is_empty() && name.bytes().all(is_plain) && known.has_whole(name)
        };
        if entry.environments.iter().all(is_there) {
            return;
        }
        let matcher = cx.gitlab().access_settings().environment_matcher();
        let compiled: Vec<EnvironmentPattern<'_>> =
            entry.environments.iter().map(|pattern| EnvironmentPattern::new(&pattern.value, matcher)).collect();
        let never = Comparison::Settled(PartialVerdict::Never);
        let may_match = |at: usize, name: &PartialText| {
            compiled.get(at).is_none_or(|compiled| compiled.compare_partial(name) != never)
        };
        // `pattern-metacharacter` says why.
        let matches_nothing = |pattern: &str| {
            pattern.contains('*') && !matcher.may_be_old() && NewPattern::new(pattern).impossible_character().is_some()
        };
        let met = PatternIndex::met(&entry.environments, known.names.iter(), may_match);
        let names = OnceCell::new();
        for (index, (pattern, _)) in entry.environments.iter().zip(met).enumerate().filter(|(_, (_, is_met))| !is_met) {
            if matches_nothing(&pattern.value) {
                continue;
            }
            let names = names.get_or_init(|| Names::of(&known, &entry.environments));
            let finding = unmatched(pattern, names, cx.file).route(format!("{}.environments[{index}]", entry.route()));
            findings.report(finding.key(&pattern.value));
        }
    }
}

fn unmatched(pattern: &Spanned<String>, known: &Names<'_>, file: &AgentFile) -> Finding {
    let text = brief(&pattern.value);
    let message = format!("{text} lets nobody in: no known environment of these jobs matches it");
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

/// The known names, found by what a pattern may have in common with one.
struct Names<'k> {
    known: &'k KnownEnvironments,
    by_lower: HashMap<String, &'k str>,
    by_slug: HashMap<String, &'k str>,
    /// With what is known of their start, in the order of that.
    starts: Vec<(String, &'k PartialText)>,
    /// Those that a misspelt pattern is compared with: what the entry lists as well is not meant.
    others: Vec<&'k str>,
    /// What the entry lists.
    listed: HashSet<&'k str>,
}

/// How many comparisons there are, about, for the misspelt patterns of one entry.
const COMPARISONS: usize = 100_000;

impl<'k> Names<'k> {
    fn of(known: &'k KnownEnvironments, patterns: &'k [Spanned<String>]) -> Self {
        let (mut by_lower, mut by_slug) = (HashMap::new(), HashMap::new());
        for name in known.whole_names() {
            by_lower.entry(name.to_lowercase()).or_insert(name);
            by_slug.entry(environment_slug(name)).or_insert(name);
        }
        let starts = known.names.iter().map(|name| (name.known_start().to_owned(), name));
        let mut starts: Vec<(String, &PartialText)> = starts.collect();
        starts.sort_by(|one, other| one.0.cmp(&other.0));
        let listed: HashSet<&str> = patterns.iter().map(|pattern| &*pattern.value).collect();
        let others = known.whole_names().take(COMPARISONS / patterns.len().max(1));
        let others = others.filter(|name| !listed.contains(name)).collect();
        Self { known, by_lower, by_slug, starts, others, listed }
    }

    fn other_case(&self, pattern: &str) -> Option<&'k str> {
        self.by_lower.get(&pattern.to_lowercase()).copied()
    }

    fn of_slug(&self, pattern: &str) -> Option<&'k str> {
        self.by_slug.get(pattern).copied()
    }

    fn inside(&self, folder: &str) -> Option<&'k PartialText> {
        let at = self.starts.partition_point(|(start, _)| **start < *folder);
        self.starts.get(at).filter(|(start, _)| start.starts_with(folder)).map(|(_, name)| *name)
    }

    fn nearest(&self, pattern: &str) -> Option<&'k str> {
        schema::nearest(pattern, self.others.iter().copied())
    }
}

/// The known name that differs in letter case only, or that this is the slug of, and that the entry does not list as well.
fn meant<'k>(pattern: &str, known: &Names<'k>) -> Option<&'k str> {
    match known.other_case(pattern).or_else(|| known.of_slug(pattern)) {
        Some(name) => Some(name).filter(|name| !known.listed.contains(name)),
        None if known.inside(&format!("{pattern}/")).is_some() => None,
        None => known.nearest(pattern),
    }
}

fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || " -_./".contains(character)
}

/// What was probably meant: a label and the help.
fn explained(pattern: &str, names: &Names<'_>) -> (String, String) {
    let folder = format!("{pattern}/");
    let same = names.other_case(pattern).or_else(|| names.of_slug(pattern));
    if let Some(name) = same.filter(|name| names.listed.contains(name)) {
        let name = excerpt(name);
        return (
            format!("{name} is listed already"),
            format!("remove the line: GitLab compares with the name, and {name} is listed"),
        );
    }
    if let Some(name) = names.other_case(pattern) {
        return ("letter case counts".to_owned(), format!("write {}", excerpt(name)));
    }
    if let Some(name) = names.of_slug(pattern) {
        return (
            format!("this is the slug of {}", excerpt(name)),
            format!("GitLab compares the name and not the slug: write {}", excerpt(name)),
        );
    }
    let all_inside = format!("{folder}*");
    if let Some(name) = names.inside(&folder).filter(|_| !names.listed.contains(&*all_inside)) {
        let name = name.to_string();
        return (
            format!("does not match {}", excerpt(&name)),
            format!(
                "a line without `*` is compared with the whole name: write the names out, or {}",
                excerpt(&all_inside)
            ),
        );
    }
    if let Some(near) = names.nearest(pattern) {
        return ("matches nothing".to_owned(), format!("did you mean {}?", excerpt(near)));
    }
    let known = names.known;
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
