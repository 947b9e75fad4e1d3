//! The environments that jobs of an entry's projects are known to have.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use super::support::*;
use crate::gitlab::{EnvironmentTier, PartialText, lower_path};

/// The environments of the projects that an entry names.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Their names; parts of those from CI files may hang on variables.
    pub names: Arc<BTreeSet<PartialText>>,
    /// Names of the tier production, by what the inventory says or else by the name.
    production: Arc<BTreeSet<String>>,
    /// Whether no job of any of the projects can have another.
    pub is_complete: bool,
}

impl Known {
    /// Looks at the inventory and at the CI files of the projects that an entry names; once for all entries that name the
    /// same, so that the cost is that of the projects and not that of entries times projects.
    pub fn of(entry: &CiEntry, context: &Context) -> Arc<Self> {
        Self::named(entry.kind, entry.id.as_ref().map(|id| &*id.value).unwrap_or_default(), context)
    }

    /// The same for an entry of this kind and id.
    pub fn named(kind: EntryKind, id: &str, context: &Context) -> Arc<Self> {
        // Projects of several inventories may be checked together.
        let inventory = context.inventory.as_ref().map(|inventory| Arc::as_ptr(inventory).addr());
        let key = (inventory, kind, lower_path(id).into_owned());
        let cache = &context.job_environments.known;
        // A panic elsewhere leaves the map as good as it was.
        if let Some(known) = cache.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(known);
        }
        let known = Arc::new(Self::find(kind, id, context));
        cache.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&known));
        known
    }

    fn find(kind: EntryKind, id: &str, context: &Context) -> Self {
        let jobs = &context.job_environments;
        let inventory = context.inventory.as_deref();
        let places = inventory.and_then(|inventory| match kind {
            EntryKind::Project => inventory.find_project(id).map(|project| {
                let place = inventory.place(project);
                place..place + 1
            }),
            EntryKind::Group => inventory.find_group(id).map(|group| inventory.places(group)),
            EntryKind::Instance => Some(0..inventory.project_count()),
        });
        let Some((inventory, places)) = inventory.zip(places) else {
            // A project that is not listed may have a CI file at hand.
            let in_jobs = jobs.of(id).filter(|_| kind == EntryKind::Project);
            let mut known = Self { is_complete: in_jobs.is_some(), ..Self::default() };
            known.extend(in_jobs.into_iter().flatten());
            return known;
        };
        let listed = inventory.listed_environments(places.clone());
        let has_jobs = |place: &u32| {
            let mut project = inventory.ordered(*place..place + 1);
            project.next().is_some_and(|project| jobs.of(&project.path).is_some())
        };
        let mut known = Self {
            names: Arc::clone(&listed.names),
            production: Arc::clone(&listed.production),
            is_complete: !listed.is_cut && listed.unlisted.iter().all(has_jobs),
        };
        known.extend(jobs.within(places, inventory));
        known
    }

    fn extend<'n>(&mut self, names: impl Iterator<Item = &'n PartialText>) {
        for name in names.filter(|name| !self.names.contains(name)).collect::<Vec<_>>() {
            let whole = name.as_known().filter(|name| EnvironmentTier::guess(name) == EnvironmentTier::Production);
            if let Some(whole) = whole.filter(|name| !self.production.contains(*name)) {
                Arc::make_mut(&mut self.production).insert(whole.to_owned());
            }
            Arc::make_mut(&mut self.names).insert(name.clone());
        }
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
