//! `unprotected-production`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::access::{EnvironmentPattern, PartialVerdict};
use crate::agent_config::CiEntry;
use crate::agent_config::location::Location;
use crate::diagnostic::Finding;
use crate::gitlab::EnvironmentTier;
use crate::gitlab::releases::PROTECTED_REFS;
use crate::words::{brief, excerpt};

rule! {
    /// An entry reaches production and takes jobs of refs that are not protected.
    ///
    /// Whoever may push a branch can then change production from it. Production is an environment of the tier production, which GitLab guesses
    /// from the name where nobody says it, or an agent whose name is of that kind.
    ///
    /// Source: `guess_tier` in `app/models/environment.rb` of GitLab; `doc/user/clusters/agent/ci_cd_workflow.md`.
    ///
    /// Releases: from 17.3.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: [production]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: [production]
    ///       protected_branches_only: true
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write `protected_branches_only: true`, and protect the branches and tags that production is deployed from.
    ///
    /// ## When it stays silent
    ///
    /// On entries for other environments, and on those without `environments` unless the agent's name or the inventory tells of production.
    UnprotectedProduction = "unprotected-production", Warning in Access, off
}

impl Rule for UnprotectedProduction {
    fn check_entry(&self, entry: &CiEntry, cx: &FileContext<'_>, findings: &mut Findings) {
        if entry.is_protected_only() || cx.gitlab().version < PROTECTED_REFS {
            return;
        }
        let Some(reached) = production(entry, cx) else { return };
        let (name, why) = reached;
        let message = format!("{} is open to refs that are not protected: {why}", brief(&name));
        let finding = Finding::new(&INFO, &cx.file.source, entry.head, message)
            .label("any ref")
            .route(entry.route())
            .key(entry.id.as_ref().map_or_else(String::new, |id| id.value.to_lowercase()));
        findings.report(finding.help("write `protected_branches_only: true` in this entry"));
    }
}

/// What of production the entry reaches, as a clause.
fn production(entry: &CiEntry, cx: &FileContext<'_>) -> Option<(String, String)> {
    let is_production = |name: &str| EnvironmentTier::guess(name) == EnvironmentTier::Production;
    let known = cx.environments_of(entry);
    let listed = known.production_names();
    if entry.environments.is_empty() {
        if let Location::Config { agent } = &cx.file.location
            && is_production(agent)
        {
            return Some((agent.clone(), "it is an agent of production by its name".to_owned()));
        }
        let name = listed.into_iter().next()?;
        return Some((name.to_string(), "this entry reaches it, an environment of production".to_owned()));
    }
    let matcher = cx.gitlab().access_settings().environment_matcher();
    let made_up = ["production".to_owned(), "prod".to_owned()];
    for pattern in &entry.environments {
        let compiled = EnvironmentPattern::new(&pattern.value, matcher);
        let literal = Some(pattern.value.clone()).filter(|name| !name.contains('*') && is_production(name));
        let names = || listed.iter().chain(&made_up);
        let surely = names().find(|name| compiled.compare(name).is(&PartialVerdict::Always));
        let perhaps = || names().find(|name| compiled.compare(name).may_be(&PartialVerdict::Always));
        let matches = if literal.is_some() || surely.is_some() { "matches" } else { "may match" };
        if let Some(name) = literal.or(surely.or_else(perhaps).cloned()) {
            return Some(match name == pattern.value {
                true => (name, "it is of the tier production".to_owned()),
                false => {
                    let why = format!("{} {matches} it, and it is of the tier production", excerpt(&pattern.value));
                    (name, why)
                }
            });
        }
    }
    None
}
