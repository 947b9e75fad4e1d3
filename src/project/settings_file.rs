//! Settings files: the one beside `.gitlab`, or above it up to the root.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::FileSource;
use super::gate::{Gate, Granted, NamedBy, Root};
use super::own_file::read_granted;
use super::paths::{absolute, lexical, shown_path};
use super::settings::Settings;
use super::{OrganisationSchema, Unusable};
use crate::diagnostic::path_patterns::PatternFolder;
use crate::diagnostic::{RuleTable, Selection};

/// The largest settings file that is read, in bytes.
const MAX_SIZE: u64 = 1 << 20;

/// What the caller says about which rules run, and on what.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// Only these rules; empty for all.
    pub select: &'a [String],
    /// Not these rules.
    pub ignore: &'a [String],
    /// Files that are looked at although `exclude` names them.
    pub paths: &'a [PathBuf],
    /// Whether comments in files hide nothing.
    pub is_isolated: bool,
}

/// A settings file that was read, with what it names.
#[derive(Debug, Default)]
pub struct SettingsFile {
    /// What it says.
    pub settings: Settings,
    /// The organisation's own schemas that it names.
    pub schemas: Arc<Vec<OrganisationSchema>>,
    /// The file itself; `None` where there is none.
    pub file: Option<PathBuf>,
    /// The inventory that it names.
    pub(crate) inventory: Option<Granted>,
    /// Why that may not be read; it matters only where no option names another one.
    pub(crate) inventory_refused: Option<Unusable>,
    /// The agent's published schema that it names.
    pub(crate) agent_schema: Option<Granted>,
    /// Why that may not be read; it matters only where no option names another one.
    pub(crate) agent_schema_refused: Option<Unusable>,
    schema_files: Vec<PathBuf>,
}

impl SettingsFile {
    /// Reads a settings file.
    ///
    /// # Errors
    /// When it cannot be read, has mistakes, or names what lies outside of what it may name.
    pub(crate) fn read(
        granted: &Granted,
        rules: RuleTable,
        files: &dyn FileSource,
        gate: &Gate<'_>,
        root: &Root,
    ) -> Result<Self, Unusable> {
        let path = &*granted.path;
        let shown = shown_path(path);
        let source = read_granted("settings file", granted, MAX_SIZE, files)?;
        let settings = Settings::read(&source, rules).map_err(|mistakes| {
            Unusable::with_mistakes(format!("the settings file {shown} cannot be used"), mistakes)
        })?;
        let named = |written: &str, what: &str| gate.resolve(Path::new(written), NamedBy::File(path), root, what);
        let inventory = settings.inventory.as_deref().map(|written| named(written, "inventory")).transpose();
        let (inventory, inventory_refused) = match inventory {
            Ok(inventory) => (inventory, None),
            Err(refused) => (None, Some(refused)),
        };
        let agent_schema = settings.agent_schema.as_deref().map(|written| named(written, "gitlab.agent_schema"));
        let (agent_schema, agent_schema_refused) = match agent_schema.transpose() {
            Ok(agent_schema) => (agent_schema, None),
            Err(refused) => (None, Some(refused)),
        };
        let granted: Vec<Granted> =
            settings.schemas.iter().map(|written| named(written, "schemas")).collect::<Result<_, _>>()?;
        let schemas = granted.iter().map(|file| read_schema(file, files)).collect::<Result<_, _>>()?;
        let schema_files = granted.into_iter().map(|granted| granted.path).collect();
        let (schemas, file) = (Arc::new(schemas), Some(path.to_owned()));
        Ok(Self {
            settings,
            schemas,
            file,
            inventory,
            inventory_refused,
            agent_schema,
            agent_schema_refused,
            schema_files,
        })
    }

    /// The path of the inventory that it names.
    #[must_use]
    pub fn inventory(&self) -> Option<&Path> {
        self.inventory.as_ref().map(|granted| &*granted.path)
    }

    /// The JSON Schemas that it names.
    pub fn schema_files(&self) -> &[PathBuf] {
        &self.schema_files
    }

    /// Which rules run on projects with these settings, and on which of their files: those that `asked` says.
    #[must_use]
    pub fn selection(&self, asked: &Asked<'_>) -> Selection {
        let folder = self.folder();
        let named = match self.settings.exclude.is_empty() {
            true => BTreeSet::new(),
            false => asked.paths.iter().map(|path| folder.whole(&path.to_string_lossy())).collect(),
        };
        Selection {
            only: asked.select.to_vec(),
            without: asked.ignore.to_vec(),
            levels: self.settings.levels.clone(),
            accepted: self.settings.ignore.clone(),
            per_path: self.settings.per_path.clone(),
            exclude: self.settings.exclude.clone(),
            named,
            folder,
            settings: self.file.as_deref().map(shown_path).unwrap_or_default().into(),
            is_isolated: asked.is_isolated,
        }
    }

    /// The folder that patterns of files start from.
    fn folder(&self) -> PatternFolder {
        let folder = self.file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        PatternFolder::new(&lexical(folder), &absolute(Path::new("")))
    }
}

/// An organisation's own schema that a settings file names.
fn read_schema(file: &Granted, files: &dyn FileSource) -> Result<OrganisationSchema, Unusable> {
    let source = read_granted("schema", file, MAX_SIZE, files)?;
    OrganisationSchema::read(source.path(), source.text())
        .map_err(|error| Unusable::new(format!("cannot use the schema {}: {error}", source.path())))
}
