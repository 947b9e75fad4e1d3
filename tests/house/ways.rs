//! The way that a path takes through the modules, re-exports followed.

use crate::modules::{Binding, ModuleId, Modules};
use crate::reading::{Ending, Written};

/// Why a path leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The root knows nothing of that name.
    NoRoom,
    /// It has more `super` than there are modules around it.
    AboveRoot,
    /// Only the caller of a macro knows the room.
    Metavariable,
}

/// The rooms that a path written in a module touches, in the order in which it touches them.
///
/// What it touches only because an import of its own room leads there is left out: that import is a path itself.
pub fn rooms_of(modules: &Modules, viewer: ModuleId, path: &Written) -> Result<Vec<String>, Lost> {
    let mut search = Search { modules, home: modules.room(viewer), trail: Vec::new() };
    Ok(search.way(viewer, path)?.rooms)
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Module(ModuleId),
    Item,
    /// Another crate, or what only macros know.
    Outside,
}

/// The way of a path.
#[derive(Debug)]
struct Way {
    /// The rooms that it touches, each once.
    rooms: Vec<String>,
    end: End,
}

impl Way {
    fn new(end: End, rooms: &[&str]) -> Self {
        Self { rooms: rooms.iter().map(|room| (*room).to_owned()).collect(), end }
    }

    fn add(&mut self, rooms: impl IntoIterator<Item = String>) {
        for room in rooms {
            if !self.rooms.contains(&room) {
                self.rooms.push(room);
            }
        }
    }

    /// One way of several that a name may mean: a function and a module, say.
    fn any(ways: Vec<Self>) -> Option<Self> {
        ways.into_iter().reduce(|mut all, way| {
            all.add(way.rooms);
            if matches!(way.end, End::Module(_)) {
                all.end = way.end;
            }
            all
        })
    }
}

/// The search for where one path leads.
struct Search<'m> {
    modules: &'m Modules,
    /// The room that the path stands in.
    home: &'m str,
    /// The imports that are being followed, by number: those that lead in a cycle lead nowhere.
    trail: Vec<usize>,
}

impl<'m> Search<'m> {
    /// The way of a path that is written in the module `viewer`.
    fn way(&mut self, viewer: ModuleId, path: &Written) -> Result<Way, Lost> {
        let outside = || Way::new(End::Outside, &[]);
        let mut way = match self.modules.start(viewer, &path.names).ok_or(Lost::AboveRoot)? {
            Some((start, rest)) => self.walk(viewer, start, rest).ok_or(Lost::NoRoom)?,
            None => match path.names.split_first() {
                Some((first, rest)) => self.found(viewer, viewer, first, rest).unwrap_or_else(outside),
                None => outside(),
            },
        };
        if let End::Module(module) = way.end {
            match path.ending {
                Ending::Glob => way.add(self.rooms_of_glob(viewer, module)),
                Ending::Metavariable if self.modules.is_root(module) => return Err(Lost::Metavariable),
                Ending::Metavariable | Ending::Name => {}
            }
        }
        Ok(way)
    }

    /// Walks from a module along names that `viewer` sees; none if they lead from a root to nothing.
    fn walk(&mut self, viewer: ModuleId, at: ModuleId, names: &[String]) -> Option<Way> {
        match names.split_first() {
            Some((name, rest)) => self.found(viewer, at, name, rest).or_else(|| self.unfound(viewer, at)),
            None if self.modules.is_root(at) => Some(Way::new(End::Module(at), &[])),
            None => Some(Way::new(End::Module(at), &[self.modules.room(at)])),
        }
    }

    /// Where a name of a module leads, and the names behind it; none if the module has none of that name.
    fn found(&mut self, viewer: ModuleId, at: ModuleId, name: &str, rest: &[String]) -> Option<Way> {
        let modules = self.modules;
        let mut ways = Vec::new();
        if let Some(child) = modules.child(at, name) {
            let way = self.walk(viewer, child, rest);
            // In front of `::`, a name that is a module's can mean nothing else.
            if !rest.is_empty() {
                return way;
            }
            ways.extend(way);
        }
        if modules.defines(at, name) {
            ways.push(Way::new(End::Item, &[modules.room(at)]));
        }
        for binding in modules.visible(viewer, at).filter(|binding| binding.name.as_deref() == Some(name)) {
            ways.extend(self.through(at, binding, |search, end| match end {
                End::Module(next) => search.walk(viewer, next, rest),
                End::Item | End::Outside => Some(Way::new(End::Item, &[])),
            }));
        }
        if ways.is_empty() {
            for glob in modules.globs(viewer, at) {
                ways.extend(self.through(at, glob, |search, end| match end {
                    End::Module(next) => search.found(viewer, next, name, rest),
                    End::Item | End::Outside => None,
                }));
            }
        }
        Way::any(ways)
    }

    /// Where a name leads that nothing spells out: a macro made it, here or behind a glob, or an enum has it.
    fn unfound(&mut self, viewer: ModuleId, at: ModuleId) -> Option<Way> {
        let modules = self.modules;
        let mut ways = Vec::new();
        if !modules.is_root(at) {
            ways.push(Way::new(End::Item, &[modules.room(at)]));
        }
        for glob in modules.globs(viewer, at) {
            ways.extend(self.through(at, glob, |_, _| Some(Way::new(End::Item, &[]))));
        }
        Way::any(ways)
    }

    /// Goes through an import of the module `at`, and on from where it ends; none if that leads nowhere.
    fn through(
        &mut self,
        at: ModuleId,
        binding: &Binding,
        onward: impl FnOnce(&mut Self, End) -> Option<Way>,
    ) -> Option<Way> {
        if self.trail.contains(&binding.number) {
            return None;
        }
        self.trail.push(binding.number);
        let path = Written { ending: Ending::Name, ..binding.path.clone() };
        // One that leads nowhere is a fault where it stands.
        let import = self.way(at, &path).unwrap_or_else(|_| Way::new(End::Outside, &[]));
        let onward = onward(self, import.end);
        self.trail.pop();
        let onward = onward?;
        if self.modules.room(at) == self.home {
            let mut way = onward;
            way.rooms.retain(|room| !import.rooms.contains(room));
            Some(way)
        } else {
            let mut way = Way::new(onward.end, &[self.modules.room(at)]);
            way.add(import.rooms);
            way.add(onward.rooms);
            Some(way)
        }
    }

    /// The rooms that a glob over a module brings in: its own, and those of what it re-exports.
    fn rooms_of_glob(&mut self, viewer: ModuleId, module: ModuleId) -> Vec<String> {
        let modules = self.modules;
        let mut way = Way::new(End::Item, &[]);
        if modules.room(module) != self.home {
            way.add([modules.room(module).to_owned()]);
            for binding in modules.visible(viewer, module) {
                if !self.trail.contains(&binding.number) {
                    self.trail.push(binding.number);
                    way.add(self.way(module, &binding.path).map_or_else(|_| Vec::new(), |way| way.rooms));
                    self.trail.pop();
                }
            }
        }
        way.rooms
    }
}
