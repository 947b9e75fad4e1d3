//! The environments that an inventory lists for many projects at once.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::model::{Environment, Inventory};
use crate::gitlab::{ByName, EnvironmentTier, PartialText};

/// How many projects and environments are looked at for one range. Whoever asks says less where there are more.
const MOST: usize = 20_000;

/// How many answers are kept.
const MOST_KEPT: usize = 4_096;

/// The environments that an inventory lists for some projects.
#[derive(Clone, Debug, Default)]
pub struct ListedEnvironments {
    /// Their names.
    pub names: Arc<BTreeSet<PartialText>>,
    /// Names of the tier production, by what the inventory says or else by the name.
    pub production: Arc<BTreeSet<String>>,
    /// The places of projects whose environments are not known, in the order of [`Inventory::ordered`].
    pub unlisted: Vec<u32>,
    /// Whether there were too many to look at all of them.
    pub is_cut: bool,
}

/// What was found out, by range of places: an editor asks the same at every keystroke.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownEnvironments(Arc<Mutex<HashMap<Range<u32>, Arc<ListedEnvironments>>>>);

impl Inventory {
    /// The environments of the projects at these places.
    ///
    /// Costs in proportion to the projects and their environments the first time.
    #[must_use]
    pub fn listed_environments(&self, places: Range<u32>) -> Arc<ListedEnvironments> {
        // A panic elsewhere leaves the map as good as it was.
        let kept = || self.environments.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept().get(&places) {
            return Arc::clone(known);
        }
        let listed = Arc::new(self.gather_environments(places.clone()));
        let mut kept = kept();
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(places, Arc::clone(&listed));
        listed
    }

    fn gather_environments(&self, places: Range<u32>) -> ListedEnvironments {
        let (mut names, mut production, mut unlisted) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        let mut seen = 0;
        let mut is_cut = false;
        // Most projects have environments of the same names.
        let mut told: ByName<(&str, Option<EnvironmentTier>), ()> = ByName::default();
        for project in self.ordered(places) {
            seen += 1 + project.environments.as_ref().map_or(0, |environments| environments.len());
            if seen > MOST {
                is_cut = true;
                break;
            }
            match &project.environments {
                None => unlisted.push(project.position),
                Some(environments) => {
                    for environment in environments {
                        if told.insert((&environment.name, environment.tier), ()).is_some() {
                            continue;
                        }
                        names.insert(PartialText::known(&environment.name));
                        if is_production(environment) {
                            production.insert(environment.name.to_string());
                        }
                    }
                }
            }
        }
        ListedEnvironments { names: Arc::new(names), production: Arc::new(production), unlisted, is_cut }
    }
}

fn is_production(environment: &Environment) -> bool {
    let tier = environment.tier.unwrap_or_else(|| EnvironmentTier::guess(&environment.name));
    tier == EnvironmentTier::Production
}
