//! Whether the arrows between rooms run one way.
//!
//! A room is a file or a folder directly in `src/`; the roots, `src/lib.rs` and `src/main.rs`, stand above all. An arrow
//! runs from a room to each room that a path in it touches, in code of tests too: `crate::a::Thing` touches `a`, and the
//! rooms that `a` has the name from by `use`. It runs to a lower floor or along its own; a cycle is a fault on one floor,
//! too.
//!
//! Only paths count. What a room gets hold of without one, the checker does not see: what an alias of a type stands for
//! (`type Here = There`), the type of a field, a macro that `#[macro_use]` lets in.

use std::collections::{BTreeMap, BTreeSet};

use crate::cycles::cycles;
use crate::fault::Fault;
use crate::modules::{Modules, Readings, is_root};
use crate::reading::{Ending, Reading, Written, read};
use crate::table::{ABOVE_ALL, Table};
use crate::ways::{Lost, rooms_of};

/// A room's use of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrow {
    /// The room that uses.
    pub from: String,
    /// The room that is used.
    pub to: String,
    /// The file of the path.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// The path as it is written.
    pub path: String,
}

/// Everything that is wrong with the rooms of files of `src/` and with the table of CONTRIBUTING.md.
///
/// The files are texts by their paths from the top of the project.
pub fn check(files: &BTreeMap<String, String>, contributing: &str) -> Vec<Fault> {
    let (table, mut faults) = Table::read(contributing, files.keys().map(String::as_str));
    let (readings, unread) = readings(files);
    faults.extend(unread);
    let modules = Modules::new(&readings);
    faults.extend(unnamed(&readings, &modules, &table));
    let (arrows, lost) = arrows(&readings, &modules);
    faults.extend(lost);
    faults.extend(arrows.iter().filter_map(|arrow| upward(arrow, &table)));
    // An arrow to a root is a fault by itself.
    let between_rooms = arrows.iter().filter(|arrow| !is_root(&arrow.from) && !is_root(&arrow.to));
    faults.extend(cycles(between_rooms).iter().map(|cycle| in_cycle(cycle)));
    faults.sort();
    faults.dedup();
    faults
}

/// What each file says. One that is no Rust says nothing, and is a fault.
fn readings(files: &BTreeMap<String, String>) -> (Readings<'_>, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut reading_of = |file: &str, text: &str| {
        read(text).unwrap_or_else(|line| {
            faults.push(Fault::new(file, line, "this is no Rust".to_owned(), "make it build"));
            Reading::empty()
        })
    };
    let readings = files.iter().map(|(file, text)| (file.as_str(), reading_of(file, text))).collect();
    (readings, faults)
}

/// The arrows between rooms, in the order of files and lines, and the faults of what leads nowhere.
fn arrows(readings: &Readings, modules: &Modules) -> (Vec<Arrow>, Vec<Fault>) {
    let mut arrows = Vec::new();
    let mut faults = Vec::new();
    for (file, reading) in readings {
        let mut paths: Vec<&Written> =
            reading.imports.iter().map(|import| &import.path).chain(&reading.paths).collect();
        paths.sort_by_key(|path| path.line);
        for path in paths {
            let module = modules.of_scope(file, path.scope);
            match rooms_of(modules, module, path) {
                Ok(rooms) => arrows.extend(arrows_of(file, modules.room(module), path, rooms)),
                Err(lost) => faults.push(nowhere(file, path, lost)),
            }
        }
    }
    (arrows, faults)
}

fn arrows_of(file: &str, from: &str, path: &Written, rooms: Vec<String>) -> impl Iterator<Item = Arrow> {
    let others = rooms.into_iter().filter(move |room| room != from);
    others.map(move |to| Arrow { from: from.to_owned(), to, file: file.to_owned(), line: path.line, path: shown(path) })
}

/// A path as it is written, on one line.
fn shown(path: &Written) -> String {
    let ending = match path.ending {
        Ending::Name => "",
        Ending::Glob => "::*",
        Ending::Metavariable => "::$…",
    };
    format!("{}{ending}", path.names.join("::"))
}

fn nowhere(file: &str, path: &Written, lost: Lost) -> Fault {
    let shown = shown(path);
    let (what, todo) = match lost {
        Lost::NoRoom => (
            format!("`{shown}` leads to no room"),
            "write the path of an item as its room has it; a macro goes by `pub(crate) use`, not by `#[macro_export]`",
        ),
        Lost::AboveRoot => (format!("`{shown}` leads out of the crate"), "write it from `crate::` down"),
        Lost::Metavariable => {
            (format!("only the macro's caller knows the room of `{shown}`"), "let the caller give the whole path")
        }
    };
    Fault::new(file, path.line, what, todo)
}

/// The rooms without a row, each at its first file.
fn unnamed(readings: &Readings, modules: &Modules, table: &Table) -> Vec<Fault> {
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for file in readings.keys() {
        let room = modules.room(modules.of_scope(file, 0));
        if table.floor(room).is_none() && seen.insert(room) {
            let what = format!("the table of CONTRIBUTING.md does not name `{room}`");
            faults.push(Fault::new(file, 1, what, "give it a row, on no floor below one that it uses"));
        }
    }
    faults
}

fn upward(arrow: &Arrow, table: &Table) -> Option<Fault> {
    let Arrow { from, to, path, .. } = arrow;
    let (own, other) = (table.floor(from)?, table.floor(to)?);
    (other > own).then(|| {
        let above = if other == ABOVE_ALL { "above all floors".to_owned() } else { format!("floor {other}") };
        let through = if is_by_another(arrow) { ", through a re-export" } else { "" };
        let what = format!("`{from}` (floor {own}) uses `{to}` ({above}) by `{path}`{through}");
        let todo = "move what it needs down, or let the room above hand it in";
        Fault::new(&arrow.file, arrow.line, what, todo)
    })
}

/// Whether the path does not name the room but another that has something from there.
fn is_by_another(arrow: &Arrow) -> bool {
    !is_root(&arrow.to) && arrow.path.split("::").all(|name| name != arrow.to)
}

fn in_cycle(cycle: &[&Arrow]) -> Fault {
    let rooms: Vec<String> = cycle.iter().chain(cycle.first()).map(|arrow| format!("`{}`", arrow.from)).collect();
    let places: Vec<String> = cycle
        .iter()
        .map(|arrow| {
            format!("`{}` uses `{}` by `{}` at {}:{}", arrow.from, arrow.to, arrow.path, arrow.file, arrow.line)
        })
        .collect();
    let what = format!("{} is a cycle ({})", rooms.join(" → "), places.join(", "));
    Fault::new(&cycle[0].file, cycle[0].line, what, "turn an arrow round, or move what both need to a room below")
}
