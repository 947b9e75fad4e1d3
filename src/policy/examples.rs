//! Policies tried by their examples.

use super::statement::{Example, Policy, Required};
use crate::gitlab::EnvironmentTier;
use crate::inventory::Inventory;

impl Policy {
    /// Whether the policy holds if such a job is let in, by any agent that it is about. As whom is left out of what it asks: an example cannot
    /// speak of it.
    #[must_use]
    pub fn holds_for(&self, example: &Example, inventory: Option<&Inventory>) -> bool {
        let environment = example.environment.as_deref();
        let is_in_scope = self.people.is_none()
            && self.projects.as_ref().is_none_or(|projects| projects.is_match(&example.project))
            && self
                .environments
                .as_ref()
                .is_none_or(|globs| environment.is_some_and(|environment| globs.is_match(environment)));
        if !is_in_scope {
            return true;
        }
        let project = inventory.and_then(|inventory| inventory.find_project(&example.project));
        let tier = environment.map(|name| {
            let known = project.and_then(|project| project.environment(name)).and_then(|known| known.tier);
            known.unwrap_or_else(|| EnvironmentTier::guess(name))
        });
        // What is asked and whether it holds, one after the other.
        let answers = |required: &Required| -> Vec<bool> {
            let Required { protected, environments, identity: _, tier: tiers, projects, people: _ } = required;
            let globs = environments.as_ref();
            let environments = globs.map(|globs| environment.is_some_and(|environment| globs.is_match(environment)));
            let tiers = tiers.as_ref().map(|tiers| tier.is_some_and(|tier| tiers.contains(&tier)));
            let projects = projects.as_ref().map(|projects| projects.is_match(&example.project));
            let protected = protected.map(|wanted| wanted == example.protected);
            [protected, environments, tiers, projects].into_iter().flatten().collect()
        };
        let is_as_required = self.require.as_ref().is_none_or(|require| !answers(require).contains(&false));
        let is_forbidden = self.forbid.as_ref().is_some_and(|forbid| !answers(forbid).contains(&false));
        is_as_required && !is_forbidden
    }
}
