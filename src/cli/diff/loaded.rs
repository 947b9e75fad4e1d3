//! A state that was loaded.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use crate::access::{Index, Settings, World};
use crate::analysis::{Evaluation, Facts, Purpose};
use crate::cli::progress::Progress;
use crate::cli::subjects::subjects;
use crate::cli::usable;
use crate::diagnostic::Finding;
use crate::gitlab::Version;
use crate::inventory::Inventory;
use crate::policy::Policy;
use crate::project::files::FileSource;
use crate::project::paths::{folder_or_here, shown_path};
use crate::project::{
    AgentFile, Asked, InputContent, InventoryFile, Loader, Neighbours, Options, Project, Request, Scope, Steps,
    Surroundings, Unusable,
};
use crate::rules;

/// A state, and who gets in at its agents.
pub(super) struct Loaded {
    name: String,
    evaluation: Evaluation,
    /// The inventories that count.
    pub inventories: Vec<Arc<InventoryFile>>,
}

/// How a state is loaded.
#[derive(Clone, Copy)]
pub(super) struct Load<'l> {
    /// What messages call it; that of the folder where it is empty.
    pub name: &'l str,
    /// For whom.
    pub purpose: Purpose,
    /// The state that was loaded before.
    pub earlier: Option<&'l Loaded>,
}

impl Loaded {
    /// Loads what lies in a folder; one with an inventory, and no other named, is the folder of that.
    /// What is the same as in the state that was loaded earlier is not worked out again.
    ///
    /// # Errors
    /// When the state cannot be used.
    pub fn of(
        files: &dyn FileSource,
        folder: &Path,
        options: Options,
        Load { name, purpose, earlier }: Load<'_>,
    ) -> Result<Self, Unusable> {
        let name = if name.is_empty() { shown_path(folder) } else { name.to_owned() };
        let surroundings = Surroundings::of_process();
        let listed = folder.join("inventory.yaml");
        let paths = [folder.to_owned()];
        let progress = Progress::new(Instant::now(), "Reading", 1);
        let known = earlier.map(|earlier| &*earlier.inventories).unwrap_or_default();
        let loader_of =
            |options| Loader::new(files, options, &surroundings, rules::TABLE).map(|loader| loader.knowing(known));
        let with_listed = Options { inventory: Some(listed.clone()), ..options.clone() };
        let mut loader = loader_of(&options)?;
        let may_be_listed = options.inventory.is_none() && files.is_there(&listed);
        if may_be_listed && loader.context_of(folder_or_here(folder))?.inventory.is_none() {
            loader = loader_of(&with_listed)?;
        }
        let mut snapshot = usable(loader.load(&Request {
            scope: Scope::Paths(&paths),
            neighbours: Neighbours::Always,
            with_ci_files: false,
            steps: &progress.steps,
            before: None,
        }))?;
        if let Some(error) = snapshot.errors.first() {
            return Err(Unusable::new(format!("{name}: {error}")));
        }
        if let Some(earlier) = earlier {
            earlier.hand_over(&mut snapshot.projects);
        }
        // Comments are HEAD's word about itself.
        let subjects = subjects(&Asked { is_isolated: true, ..Asked::default() }, snapshot.projects);
        let evaluation = Evaluation::of(subjects, purpose, &progress.steps);
        Ok(Self { name, evaluation, inventories: snapshot.inventories })
    }

    /// Gives projects what was decoded here of the same texts, by the same rules.
    fn hand_over(&self, projects: &mut [Arc<Project>]) {
        // A published schema decides about keys as well, and it may be another one.
        let by_own_keys = |project: &Project| project.context.agent_schema.is_none();
        self.evaluation.with(|facts| {
            let mut decoded: HashMap<(&str, Version), &AgentFile> = HashMap::new();
            for (subject, files) in facts.subjects.iter().zip(facts.files) {
                if by_own_keys(&subject.project) {
                    let version = subject.project.context.version;
                    decoded.extend(files.iter().flatten().map(|file| ((file.source.text(), version), &**file)));
                }
            }
            // They were loaded just now, and nobody else holds them.
            for project in projects.iter_mut().filter_map(Arc::get_mut).filter(|project| by_own_keys(project)) {
                let version = project.context.version;
                for input in project.inputs.iter_mut().filter(|input| input.content == InputContent::Text) {
                    if let Some(file) = decoded.get(&(input.source.text(), version)) {
                        input.take_over(file);
                    }
                }
            }
        });
    }

    /// The policies of its settings, each once.
    pub fn policies(&self) -> Vec<Policy> {
        self.evaluation.with(|facts| {
            let mut policies: Vec<Policy> = Vec::new();
            for policy in facts.subjects.iter().flat_map(|subject| subject.project.context.policies.iter()) {
                if policies.iter().all(|known| known.name != policy.name) {
                    policies.push(policy.clone());
                }
            }
            policies
        })
    }

    /// What `check` finds in its agents' files, whatever comments in them say.
    pub fn findings(&self) -> Vec<Finding> {
        self.evaluation.with(|facts| {
            let analyses = facts.analyse(rules::RULES, &Steps::default());
            analyses.into_iter().flat_map(|analysis| analysis.findings).collect()
        })
    }

    /// What decides about its agents beside files and inventory; `None` where it has none.
    pub fn settings(&self) -> Option<Settings> {
        self.evaluation.with(|facts| facts.indexes().next().map(Index::settings))
    }

    /// Shows who gets in at its agents. A state without agents goes by the settings of the other one.
    ///
    /// # Errors
    /// Where not all that it holds goes by the same release, licence and inventory; and those of the work.
    pub fn with<R>(
        &self,
        otherwise: Option<Settings>,
        work: impl FnOnce(&Index<'_>, Option<&Inventory>) -> Result<R, Unusable>,
    ) -> Result<R, Unusable> {
        let inventory = self.inventories.first().map(|file| &*file.inventory);
        self.evaluation.with(|facts: &Facts<'_>| {
            let mut indexes = facts.indexes();
            match (indexes.next(), indexes.next()) {
                (Some(index), None) => work(index, inventory),
                (None, _) => {
                    let settings = otherwise.or(inventory.map(Settings::of)).unwrap_or_default();
                    work(&World { inventory, files: Vec::new(), settings }.authorize(), inventory)
                }
                (Some(_), Some(_)) => Err(Unusable::new(format!(
                    "the projects of {} do not have the same release, licence, instance setting and inventory; give these as options",
                    self.name
                ))),
            }
        })
    }
}
