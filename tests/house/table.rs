//! The table of rooms in CONTRIBUTING.md.

use std::collections::BTreeMap;

use crate::fault::Fault;
use crate::modules::is_root;

/// The document that holds the table.
pub const DOCUMENT: &str = "CONTRIBUTING.md";

/// The first cells of the table's head.
const HEAD: [&str; 2] = ["floor", "module"];

/// The floor of the roots of library and program.
pub const ABOVE_ALL: u32 = u32::MAX;

/// The rooms of the table.
#[derive(Debug, Default)]
pub struct Table {
    floors: BTreeMap<String, u32>,
}

impl Table {
    /// Reads the table and holds it against the files that there are.
    pub fn read<'f>(text: &str, files: impl Iterator<Item = &'f str> + Clone) -> (Self, Vec<Fault>) {
        let mut table = Self::default();
        let mut faults = Vec::new();
        let rows = rows(text);
        if rows.is_empty() {
            faults.push(fault(1, "there is no table `| floor | module |` with rows", "name the rooms in one"));
        }
        for (line, cells) in rows {
            match (cells[0].parse(), spans(cells[1])) {
                (Ok(floor), spans) if !spans.is_empty() => {
                    for span in spans {
                        faults
                            .extend(table.add(floor, span, files.clone()).map(|(what, todo)| fault(line, &what, todo)));
                    }
                }
                (Ok(_), _) => faults.push(fault(line, "the row names no room", "write `src/NAME/` or `src/NAME.rs`")),
                (Err(_), _) => {
                    let what = format!("the floor `{}` is no number", cells[0]);
                    faults.push(fault(line, &what, "number the floors from the ground"));
                }
            }
        }
        (table, faults)
    }

    /// The floor of a room, counted from the ground; none for a room that the table does not name.
    pub fn floor(&self, room: &str) -> Option<u32> {
        if is_root(room) { Some(ABOVE_ALL) } else { self.floors.get(room).copied() }
    }

    /// Adds a room by how the table names it; else what is wrong with the name, and what to do.
    fn add<'f>(
        &mut self,
        floor: u32,
        span: &str,
        mut files: impl Iterator<Item = &'f str>,
    ) -> Option<(String, &'static str)> {
        let Some((room, is_folder)) = room_of(span) else {
            return Some((format!("`{span}` is no room"), "write `src/NAME/` or `src/NAME.rs`; the roots need no row"));
        };
        if self.floors.insert(room.to_owned(), floor).is_some() {
            return Some((format!("`{room}` has two places"), "name each room once"));
        }
        let exists = files.any(|file| if is_folder { file.starts_with(span) } else { file == span });
        (!exists).then(|| (format!("there is no `{span}`"), "take the name out, or write how the room is named now"))
    }
}

fn fault(line: usize, what: &str, todo: &str) -> Fault {
    Fault::new(DOCUMENT, line, what.to_owned(), todo)
}

/// The rows of the table with their lines, without head and rule.
fn rows(text: &str) -> Vec<(usize, Vec<&str>)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, cells(line)));
    let from_head = lines.skip_while(|(_, cells)| !cells.starts_with(&HEAD));
    let rows = from_head.take_while(|(_, cells)| cells.len() > 1);
    rows.skip(1).filter(|(_, cells)| !cells[0].chars().all(|c| c == '-' || c == ':')).collect()
}

/// The cells of a line of a table; none for another line.
fn cells(line: &str) -> Vec<&str> {
    line.trim().strip_prefix('|').map(|row| row.split('|').map(str::trim).collect()).unwrap_or_default()
}

/// What stands in backticks.
fn spans(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The room that `src/NAME/` or `src/NAME.rs` names, and whether that is a folder.
fn room_of(span: &str) -> Option<(&str, bool)> {
    let inner = span.strip_prefix("src/").filter(|_| !is_root(span))?;
    let (room, is_folder) = match inner.strip_suffix('/') {
        Some(room) => (room, true),
        None => (inner.strip_suffix(".rs")?, false),
    };
    (!room.is_empty() && !room.contains('/')).then_some((room, is_folder))
}
