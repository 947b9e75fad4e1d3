//! The environments that jobs of an entry's projects are known to have.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use super::support::*;
use crate::gitlab::{EnvironmentTier, PartialText, lower_path};
use crate::inventory::{Environment, Project};

/// How many environments are looked at for one entry. Rules say less where there are more, and never something wrong.
const MOST: usize = 20_000;

/// The environments of the projects that an entry names.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Their names; parts of those from CI files may hang on variables.
    pub names: BTreeSet<PartialText>,
    /// Names of the tier production, by what the inventory says or else by the name.
    production: BTreeSet<String>,
    /// Whether no job of any of the projects can have another.
    pub is_complete: bool,
}

impl Known {
    /// Looks at the inventory and at the CI files of the projects that an entry names; once for all entries that name the
    /// same, so that the cost is that of the projects and not that of entries times projects.
    pub fn of(entry: &CiEntry, context: &Context) -> Arc<Self> {
        let id = entry.id.as_ref().map(|id| &*id.value).unwrap_or_default();
        // Projects of several inventories may be checked together.
        let inventory = context.inventory.as_ref().map(|inventory| Arc::as_ptr(inventory).addr());
        let key = (inventory, entry.kind, lower_path(id).into_owned());
        let cache = &context.job_environments.known;
        // A panic elsewhere leaves the map as good as it was.
        if let Some(known) = cache.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(known);
        }
        let known = Arc::new(Self::find(entry, id, context));
        cache.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&known));
        known
    }

    fn find(entry: &CiEntry, id: &str, context: &Context) -> Self {
        let mut known = Self { is_complete: true, ..Self::default() };
        match (entry.kind, context.inventory.as_deref()) {
            (EntryKind::Project, inventory) => {
                known.add(id, inventory.and_then(|inventory| inventory.find_project(id)), context);
            }
            (_, None) => known.is_complete = false,
            (EntryKind::Group, Some(inventory)) => match inventory.find_group(id) {
                Some(group) => known.add_all(inventory.ordered(inventory.places(group)), context),
                None => known.is_complete = false,
            },
            (EntryKind::Instance, Some(inventory)) => known.add_all(inventory.projects().iter(), context),
        }
        known
    }

    fn add_all<'p>(&mut self, projects: impl Iterator<Item = &'p Project>, context: &Context) {
        let mut seen = 0;
        for project in projects {
            seen += 1 + project.environments.as_ref().map_or(0, |environments| environments.len());
            if seen > MOST {
                self.is_complete = false;
                return;
            }
            self.add(&project.path, Some(project), context);
        }
    }

    fn add(&mut self, path: &str, listed: Option<&Project>, context: &Context) {
        let listed = listed.and_then(|project| project.environments.as_deref());
        let in_jobs = context.job_environments.of(path);
        for environment in listed.into_iter().flatten() {
            self.names.insert(PartialText::known(&environment.name));
            if is_production(environment) {
                self.production.insert(environment.name.to_string());
            }
        }
        for name in in_jobs.into_iter().flatten() {
            let known = name.as_known().filter(|name| EnvironmentTier::guess(name) == EnvironmentTier::Production);
            self.production.extend(known.map(str::to_owned));
            self.names.insert(name.clone());
        }
        self.is_complete &= listed.is_some() || in_jobs.is_some();
    }

    /// The names that are known as a whole.
    pub fn whole_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().filter_map(PartialText::as_known)
    }

    /// The names of the tier production.
    pub fn production_names(&self) -> Vec<String> {
        self.production.iter().cloned().collect()
    }
}

fn is_production(environment: &Environment) -> bool {
    let tier = environment.tier.unwrap_or_else(|| EnvironmentTier::guess(&environment.name));
    tier == EnvironmentTier::Production
}
