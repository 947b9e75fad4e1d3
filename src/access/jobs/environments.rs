//! The environments that jobs of an entry's projects are known to have.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::agent_config::{CiEntry, EntryKind};
use crate::gitlab::{EnvironmentTier, FullPath, PartialText, lower_path};
use crate::inventory::Inventory;

/// The environments of the projects that an entry names.
#[derive(Debug, Default)]
pub struct KnownEnvironments {
    /// Their names; parts of those from CI files may hang on variables.
    pub names: Arc<BTreeSet<PartialText>>,
    /// Names of the tier production, by what the inventory says or else by the name.
    production: Arc<BTreeSet<String>>,
    /// Whether no job of any of the projects can have another.
    pub is_complete: bool,
}

impl KnownEnvironments {
    /// Looks at the inventory and at the CI files of the projects that an entry names; once for all entries that name the
    /// same, so that the cost is that of the projects and not that of entries times projects.
    #[must_use]
    pub fn of(entry: &CiEntry, inventory: Option<&Arc<Inventory>>, jobs: &JobEnvironments) -> Arc<Self> {
        Self::named(entry.kind, entry.id.as_ref().map(|id| &*id.value).unwrap_or_default(), inventory, jobs)
    }

    /// The same for an entry of this kind and id.
    #[must_use]
    pub fn named(kind: EntryKind, id: &str, inventory: Option<&Arc<Inventory>>, jobs: &JobEnvironments) -> Arc<Self> {
        if inventory.is_none() && jobs.by_project.is_empty() {
            return Arc::clone(&jobs.nothing);
        }
        // What the inventory alone says, it keeps.
        if jobs.by_project.is_empty() {
            return Arc::new(Self::find(kind, id, inventory.map(|inventory| &**inventory), jobs));
        }
        // Projects of several inventories may be checked together.
        let address = inventory.map(|inventory| Arc::as_ptr(inventory).addr());
        let key = (address, kind, lower_path(id).into_owned());
        let cache = &jobs.known;
        // A panic elsewhere leaves the map as good as it was.
        if let Some(known) = cache.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(known);
        }
        let known = Arc::new(Self::find(kind, id, inventory.map(|inventory| &**inventory), jobs));
        cache.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&known));
        known
    }

    fn find(kind: EntryKind, id: &str, inventory: Option<&Inventory>, jobs: &JobEnvironments) -> Self {
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

    /// Whether one of the names is this text, known as a whole.
    pub fn has_whole(&self, text: &str) -> bool {
        // Most projects have a few, and for those nothing need be made to look it up by.
        match self.names.len() {
            0..=8 => self.whole_names().any(|name| name == text),
            _ => self.names.contains(&PartialText::known(text)),
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

/// The environments that the jobs of projects have, from CI files that could be read in full.
#[derive(Debug, Default)]
pub struct JobEnvironments {
    /// By the project's path in lower case.
    by_project: HashMap<String, Vec<PartialText>>,
    /// What is known of an entry where there are neither these nor an inventory.
    nothing: Arc<KnownEnvironments>,
    /// What was found out about entries.
    known: Mutex<HashMap<KnownKey, Arc<KnownEnvironments>>>,
}

/// The address of the inventory, and what an entry names.
type KnownKey = (Option<usize>, EntryKind, String);

impl JobEnvironments {
    /// Adds the environments of a project's jobs.
    pub fn insert(&mut self, project: &FullPath, names: Vec<PartialText>) {
        self.by_project.insert(project.lower().to_owned(), names);
    }

    /// The environments of a project's jobs; `None` where its CI file is not known, or not in full.
    #[must_use]
    pub fn of(&self, project: &str) -> Option<&[PartialText]> {
        if self.by_project.is_empty() {
            return None;
        }
        self.by_project.get(&*lower_path(project)).map(Vec::as_slice)
    }

    /// The environments of the jobs of the projects at these places of an inventory.
    pub(crate) fn within(&self, places: Range<u32>, inventory: &Inventory) -> impl Iterator<Item = &PartialText> {
        let is_within = move |path: &str| {
            inventory.find_project(path).is_some_and(|project| places.contains(&inventory.place(project)))
        };
        self.by_project.iter().filter(move |(path, _)| is_within(path)).flat_map(|(_, names)| names)
    }
}
