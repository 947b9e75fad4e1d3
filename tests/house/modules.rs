//! The modules of all files: which is inside which, what each defines and imports, and who sees that.

use std::collections::{BTreeMap, BTreeSet};

use crate::reading::{Ending, Import, Reading, Written};

/// The library's name, by which `src/main.rs` knows it.
const LIBRARY_NAME: &str = "kaslint";

/// The file of the library's root.
const LIBRARY: &str = "src/lib.rs";

/// The file of the program's root.
const PROGRAM: &str = "src/main.rs";

/// Whether a file is the root of library or program.
pub fn is_root(file: &str) -> bool {
    [LIBRARY, PROGRAM].contains(&file)
}

/// A module, by its position in [`Modules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModuleId(usize);

const LIBRARY_ROOT: ModuleId = ModuleId(0);
const PROGRAM_ROOT: ModuleId = ModuleId(1);

#[derive(Debug)]
struct Module {
    parent: Option<ModuleId>,
    /// The top-level module that it belongs to; for what a root's file holds, that file.
    room: String,
    children: BTreeMap<String, ModuleId>,
    items: BTreeSet<String>,
    imports: Vec<Binding>,
}

/// An import of a module.
#[derive(Debug)]
pub struct Binding {
    /// Tells it from all others.
    pub number: usize,
    /// What is imported.
    pub path: Written,
    /// Its name in the module; a glob has none.
    pub name: Option<String>,
    /// The module within which it is visible; none stands for everywhere.
    visible_in: Option<ModuleId>,
}

/// What each file says, by its path from the top of the project.
pub type Readings<'f> = BTreeMap<&'f str, Reading>;

/// All modules.
#[derive(Debug)]
pub struct Modules {
    modules: Vec<Module>,
    /// For each file the modules of its scopes.
    of_files: BTreeMap<String, Vec<ModuleId>>,
}

impl Modules {
    /// The modules of files.
    pub fn new(readings: &Readings) -> Self {
        let roots = vec![Module::new(None, LIBRARY), Module::new(None, PROGRAM)];
        let mut all = Self { modules: roots, of_files: BTreeMap::new() };
        let moved = moved_files(readings);
        for (file, reading) in readings {
            let root = if *file == PROGRAM { PROGRAM_ROOT } else { LIBRARY_ROOT };
            let names = moved.get(*file).cloned().unwrap_or_else(|| module_of(file));
            let scopes = reading.scopes.iter();
            let room = names.first().map_or(*file, String::as_str);
            let modules = scopes.map(|scope| all.insert(root, room, names.iter().chain(&scope.names), &scope.items));
            let ids = modules.collect();
            all.of_files.insert((*file).to_owned(), ids);
        }
        // Within what an import is visible is known when all modules are.
        let imports =
            readings.iter().flat_map(|(file, reading)| reading.imports.iter().map(move |import| (file, import)));
        for (number, (file, import)) in imports.enumerate() {
            let module = all.of_scope(file, import.path.scope);
            let binding = all.binding(number, module, import);
            all.modules[module.0].imports.push(binding);
        }
        all
    }

    /// The module of a file's scope.
    pub fn of_scope(&self, file: &str, scope: usize) -> ModuleId {
        self.of_files[file][scope]
    }

    /// The room of a module; for a root, and for what is written out in its file, that file.
    pub fn room(&self, module: ModuleId) -> &str {
        &self.get(module).room
    }

    /// Whether a module is the root of library or program.
    pub fn is_root(&self, module: ModuleId) -> bool {
        self.get(module).parent.is_none()
    }

    /// The module of a name directly in a module.
    pub fn child(&self, module: ModuleId, name: &str) -> Option<ModuleId> {
        self.get(module).children.get(name).copied()
    }

    /// Whether a module spells out an item of a name.
    pub fn defines(&self, module: ModuleId, name: &str) -> bool {
        self.get(module).items.contains(name)
    }

    /// The imports of a module that another sees.
    pub fn visible(&self, viewer: ModuleId, module: ModuleId) -> impl Iterator<Item = &Binding> {
        let imports = self.get(module).imports.iter();
        imports.filter(move |binding| binding.visible_in.is_none_or(|outer| self.is_within(viewer, outer)))
    }

    /// Those of [`Modules::visible`] that are globs.
    pub fn globs(&self, viewer: ModuleId, module: ModuleId) -> impl Iterator<Item = &Binding> {
        self.visible(viewer, module).filter(|binding| binding.path.ending == Ending::Glob)
    }

    /// The module that a path starts from and the names that are left. The inner none is for a path that starts with a
    /// name of the module itself or of another crate, the outer for one that leads out of the crate.
    pub fn start<'n>(&self, viewer: ModuleId, names: &'n [String]) -> Option<Option<(ModuleId, &'n [String])>> {
        let (mut at, mut rest) = match names.split_first() {
            Some((first, rest)) if first == "crate" => (self.root_of(viewer), rest),
            Some((first, rest)) if first == LIBRARY_NAME => (LIBRARY_ROOT, rest),
            Some((first, rest)) if first == "self" => (viewer, rest),
            Some((first, _)) if first == "super" => (viewer, names),
            _ => return Some(None),
        };
        while let Some((first, behind)) = rest.split_first()
            && first == "super"
        {
            at = self.get(at).parent?;
            rest = behind;
        }
        Some(Some((at, rest)))
    }

    fn get(&self, module: ModuleId) -> &Module {
        &self.modules[module.0]
    }

    fn insert<'n>(
        &mut self,
        root: ModuleId,
        room: &str,
        names: impl Iterator<Item = &'n String>,
        items: &BTreeSet<String>,
    ) -> ModuleId {
        let mut at = root;
        for name in names {
            at = match self.child(at, name) {
                Some(child) => child,
                None => {
                    self.modules.push(Module::new(Some(at), room));
                    let child = ModuleId(self.modules.len() - 1);
                    self.modules[at.0].children.insert(name.clone(), child);
                    child
                }
            };
        }
        self.modules[at.0].items.extend(items.iter().cloned());
        at
    }

    fn binding(&self, number: usize, module: ModuleId, import: &Import) -> Binding {
        let visible_in = import.visible_in.as_ref().map(|names| {
            let start = self.start(module, names).flatten();
            start
                .and_then(|(start, rest)| rest.iter().try_fold(start, |at, name| self.child(at, name)))
                .unwrap_or(module)
        });
        Binding { number, path: import.path.clone(), name: import.name.clone(), visible_in }
    }

    fn is_within(&self, module: ModuleId, outer: ModuleId) -> bool {
        std::iter::successors(Some(module), |at| self.get(*at).parent).any(|at| at == outer)
    }

    fn root_of(&self, module: ModuleId) -> ModuleId {
        if self.is_within(module, PROGRAM_ROOT) { PROGRAM_ROOT } else { LIBRARY_ROOT }
    }
}

impl Module {
    fn new(parent: Option<ModuleId>, room: &str) -> Self {
        let (children, items, imports) = Default::default();
        Self { parent, room: room.to_owned(), children, items, imports }
    }
}

/// The names of the modules that lead to a file, by its place: `src/a/b/mod.rs` is `a::b`.
fn module_of(file: &str) -> Vec<String> {
    if is_root(file) {
        return Vec::new();
    }
    let inner = file.strip_prefix("src/").unwrap_or(file);
    let stem = inner.strip_suffix(".rs").unwrap_or(inner);
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    stem.split('/').map(str::to_owned).collect()
}

/// The modules of the files that `#[path = "…"]` names.
fn moved_files(readings: &Readings) -> BTreeMap<String, Vec<String>> {
    let mut moved = BTreeMap::new();
    for (file, reading) in readings {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        for declared in &reading.moved {
            let scope = &reading.scopes[declared.scope];
            let names = module_of(file).into_iter().chain(scope.names.iter().cloned()).chain([declared.name.clone()]);
            moved.insert(joined(folder, &declared.file), names.collect());
        }
    }
    moved
}

/// A path relative to a folder, without `.` and `..`.
fn joined(folder: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').collect();
    for part in relative.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}
